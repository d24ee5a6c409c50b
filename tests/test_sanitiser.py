"""The attacks of `make sanitiser` without a browser: what is written for each holds nothing that could act."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from nbconvert.filters.markdown_mistune import markdown2html_mistune
from nbformat.notebooknode import from_dict

from autograder.platforms.gradebook.handed_in import MAX_TEXT
from autograder.platforms.gradebook.markup import defused
from autograder.platforms.gradebook.pages import render_markdown
from autograder.platforms.gradebook.preprocessors import SanitizeHTML
from tests import gradebook_course as made
from tests.campaigns.sanitiser.attacks import attacks, notebook, report_pages, result

ATTACKS = attacks()
_ELEMENTS = {
    *("a", "abbr", "acronym", "b", "blockquote", "br", "code", "dd", "del", "details", "div", "dl", "dt", "em"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "input", "kbd", "li", "mark", "ol", "p", "pre", "s"),
    *("small", "span", "strong", "sub", "summary", "sup", "table", "tbody", "td", "th", "thead", "tr", "u", "ul"),
}  # fmt: skip
_ATTRIBUTES = {
    *("alt", "class", "href", "id", "src", "style", "title", "checked", "disabled", "type", "align", "start"),
}  # fmt: skip
_STYLE = re.compile(r"(?:(?:text-align|float): ?(?:left|right|center);?)?")
_ADDRESS = re.compile(r"https?:|mailto:|#|data:image/(?:png|jpeg);base64,|[^:]*\Z", re.IGNORECASE)


class Reader(HTMLParser):
    """Collects what a page holds beyond what may stand in one."""

    def __init__(self) -> None:
        super().__init__()
        self.wrong: list[str] = []

    def handle_starttag(self, tag, attrs):
        in_formula = tag.startswith("m") and tag not in ("mark", "marquee", "meta", "maction")
        if tag not in _ELEMENTS and not in_formula:
            self.wrong.append(f"<{tag}>")
        for name, value in attrs:
            if in_formula:
                if name.startswith(("on", "href", "src", "style", "xlink")):
                    self.wrong.append(f"<{tag} {name}>")
                continue
            if name not in _ATTRIBUTES:
                self.wrong.append(f"<{tag} {name}>")
            elif name in ("href", "src") and not _ADDRESS.match(value or ""):
                self.wrong.append(f"{name}={value}")
            elif name == "style" and not _STYLE.fullmatch(value or ""):
                self.wrong.append(f"style={value}")


def wrong_with(page: str) -> list[str]:
    reader = Reader()
    reader.feed(page)
    reader.close()
    return reader.wrong


def text_cells(attack):
    """The text cells of an attack as they are written into the graded notebook."""
    cells = made.given_cells(notebook(attack)["cells"][-2:])
    for cell in cells:
        shown = from_dict({"cell_type": cell.cell_type, "source": cell.source, "metadata": {}})
        if cell.pictures:
            shown["attachments"] = cell.pictures
        if cell.cell_type != "code":
            yield SanitizeHTML().preprocess_cell(shown, {}, 0)[0]


def test_there_are_enough_and_no_two_have_the_same_name():
    assert len(ATTACKS) >= 300
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS)


def test_the_reader_sees_what_runs():
    for page in (
        "<script>",
        "<p onclick=x>",
        "<a href=javascript:x>",
        "<math href=x>",
        "<p style=x>",
    ):
        assert wrong_with(page), page


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_nothing_acts_in_any_renderer(attack):
    for cell in text_cells(attack):
        pages = [render_markdown(cell.source, cell.get("attachments"))]
        if cell.cell_type == "markdown" and "attachments" not in cell:
            pages.append(markdown2html_mistune(cell.source))
        for page in pages:
            assert wrong_with(page) == [], page
    # Whatever way it came into a notebook, our own page sanitizes it once more.
    assert wrong_with(render_markdown(attack.text)) == []


def test_no_report_holds_what_acts(tmp_path):
    for attack in ATTACKS:
        for kind, page in report_pages([attack], result(tmp_path, attack.student, [attack])):
            body = page.decode().split("<body>", 1)[1]
            told = [one for one in wrong_with(body) if not re.fullmatch(_OWN, one)]
            assert told == [], (kind, attack.name)


# What our reports are built with themselves.
_OWN = (
    r"<(?:main|section|svg|rect|text|line|g|title|path|circle|header|nav|figure|figcaption|caption|ins|bdi)>"
    r"|<[a-z0-9]+ (?:role|scope|tabindex|aria-[a-z]+|open|x|y|width|height|viewbox|fill|d|x1|x2|y1|y2|rx|colspan)>"
    r"|style=width:\d+%"
)


@pytest.mark.parametrize(
    "source",
    [
        "a < b and `x > y`",
        "> a quotation\n\n* a list with $a_{i < j} \\& b$",
        "H<sub>2</sub>O<br>and <b>more</b>",
        "[a link](https://example.org/a_b) and <br/>",
        "| a | b |\n|---|---|\n| 1 | 2 |",
        "```python\nx = {'data': [1]}\n```",
        "$n! [k]$ and the data: all of it",
    ],
)
def test_honest_text_is_kept(source):
    assert defused(source) == source


def test_a_formula_is_drawn_as_it_was_written():
    assert render_markdown(defused("$a<b$")) == render_markdown("$a < b$")


def test_a_picture_of_ones_own_is_kept_and_others_are_links():
    assert defused("![a](attachment:a.png)", ["a.png"]) == "![a](attachment:a.png)"
    assert "<img" not in render_markdown(defused("![a](https://example.org/a.png)"))
    assert "attachment" in markdown2html_mistune(defused("![a](attachment:b.png)", ["a.png"]))


def test_a_cell_is_cut_where_it_grows_too_long_and_says_so():
    [cell] = made.given_cells([{"cell_type": "markdown", "source": "a" * (MAX_TEXT + 5)}])
    assert len(cell.source) < MAX_TEXT + 100 and "and 5 more characters" in cell.source
    [cell] = made.given_cells([{"cell_type": "markdown", "source": "$x$ " * 1000}])
    assert cell.source.count("$") == 400
