"""What nbgrader's pages are made with: text that is escaped, and mathematics that needs no network.

nbgrader and nbconvert print Markdown, names and ids into their pages as they are, and load MathJax from the network.
These are the hooks that `nbgrader_config.py` gives them instead.
"""

from __future__ import annotations

import base64
import functools
import re
import secrets
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from html import escape, unescape
from typing import Any

import bleach
from bleach.css_sanitizer import CSSSanitizer
from bleach.html5lib_shim import Filter
from jinja2 import BaseLoader, DictLoader, FileSystemLoader, pass_context
from latex2mathml.converter import convert_to_element
from nbconvert.filters.markdown_mistune import (
    InvalidNotebook,
    IPythonRenderer,
    MarkdownWithMath,
)
from nbconvert.preprocessors import Preprocessor

from autograder.course.release import FIGURES
from autograder.course.source import SOLUTIONS
from autograder.platforms.gradebook import script_policy
from autograder.platforms.gradebook.rows import TEMPLATES

_TAGS = bleach.ALLOWED_TAGS | {
    *("br", "dd", "del", "details", "div", "dl", "dt", "h1", "h2", "h3", "h4", "h5", "h6", "hr"),
    *("img", "p", "pre", "span", "sub", "summary", "sup", "table", "tbody", "td", "th", "thead"),
    "tr",
}
_EMBEDDED_PICTURE = re.compile(r"data:image/(?:png|jpeg);base64,[A-Za-z0-9+/=\s]*")
_LINK = re.compile(r"(?:https?://|mailto:|#)", re.IGNORECASE)


def _link(_tag: str, name: str, value: str) -> bool:
    return name == "title" or (name == "href" and bool(_LINK.match(value)))


@functools.cache
def _figures() -> Mapping[str, str]:
    """The course's own figures: as a text names them, to the address that holds all of them."""
    return {
        f"{FIGURES}/{path.name}": "data:image/svg+xml;base64,"
        + base64.b64encode(path.read_bytes()).decode()
        for path in SOLUTIONS.glob(f"*/{FIGURES}/*.svg")
    }


def _picture(_tag: str, name: str, value: str) -> bool:
    """Pictures that are part of the page; others would need a network, and would tell when feedback is read."""
    if name == "src":
        return bool(_EMBEDDED_PICTURE.fullmatch(value)) or value in _figures().values()
    return name in ("alt", "height", "width")


_ATTRIBUTES: Any = {
    "*": ["class", "id", "title"],
    "a": _link,
    "img": _picture,
    "td": ["align", "colspan", "rowspan", "style"],
    "th": ["align", "colspan", "rowspan", "style"],
}
_PROTOCOLS = {"http", "https", "mailto", "data"}
_STYLES = CSSSanitizer(allowed_css_properties=["text-align"])
# Elements that only draw: none that links, acts, embeds other markup or changes what is said of the formula.
_MATH_ELEMENTS = {
    *(
        "math",
        "menclose",
        "mfenced",
        "mfrac",
        "mi",
        "mlabeledtr",
        "mmultiscripts",
        "mn",
        "mo",
        "mover",
        "mpadded",
    ),
    *(
        "mphantom",
        "mprescripts",
        "mroot",
        "mrow",
        "ms",
        "mspace",
        "msqrt",
        "mstyle",
        "msub",
        "msubsup",
        "msup",
    ),
    *("mtable", "mtd", "mtext", "mtr", "munder", "munderover", "none"),
}
# What the converter writes of its own accord. Links and classes can be asked for in the formula, so they are left out.
_MATH_ATTRIBUTES = {
    *("accent", "columnalign", "columnlines", "columnspacing", "depth", "display", "displaystyle"),
    *("fence", "form", "height", "largeop", "linethickness", "lspace", "mathcolor", "mathsize"),
    *("mathvariant", "maxsize", "minsize", "movablelimits", "notation", "rowlines", "rowspacing"),
    *("rspace", "scriptlevel", "separator", "stretchy", "symmetric", "voffset", "width"),
}
_MATH_VALUE = re.compile(r"[A-Za-z0-9#.%+ -]{0,60}")
_MOST_OF_A_FORMULA = 2_000
_MOST_ELEMENTS = 4_000
_DOLLARS = re.compile(r"\$([^$<>\n]+)\$")
_TAG_COMMAND = re.compile(r"\\tag\*?\{([^{}]*)\}")


_PLACE = re.compile(r"(formula[0-9a-f]{24})")

Token = dict[str, Any]


class PlainMathRenderer(IPythonRenderer):
    """Renders Markdown with a placeholder for each formula, so that formulas are put in after all markup is parsed."""

    def __init__(self, **options: Any):
        super().__init__(escape=False, **options)
        self.formulas: dict[str, list[Token]] = {}

    def _placeholder(self, tokens: list[Token]) -> str:
        name = f"formula{secrets.token_hex(12)}"  # no cell can hold it beforehand
        self.formulas[name] = tokens
        return name

    def block_html(self, html: str) -> str:
        """Keep the formulas within HTML, such as the options of a practice question: the parser passes over them."""
        return _DOLLARS.sub(lambda found: self.inline_math(found[1]), super().block_html(html))

    def inline_math(self, body: str) -> str:
        """Keep a formula within a line."""
        return self._placeholder(_formula(body, block=False))

    def block_math(self, body: str) -> str:
        """Keep a displayed formula."""
        return self._placeholder(_formula(body, block=True))

    def latex_environment(self, name: str, body: str) -> str:
        """Keep an environment outside of dollar signs."""
        return self._placeholder(_formula(rf"\begin{{{name}}}{body}\end{{{name}}}", block=True))

    def image(self, text: str, url: str, title: str | None = None) -> str:
        """Show a picture or one of the course's figures, or its description where it is not in the notebook."""
        try:
            return super().image(text, _figures().get(url, url), title)
        except InvalidNotebook:
            return escape(text)


class PutFormulasIn(Filter):
    """Puts formulas into a page as nodes of its parsed tree, which has been sanitized already.

    A formula is an element among the page's elements and never part of its text, so no markup that stands around it can
    be closed by what is in it. Within an attribute (the text of a picture, say) a formula is left out.
    """

    def __init__(self, source: Any, formulas: Mapping[str, Sequence[Token]]):
        super().__init__(source)
        self._formulas = formulas

    def __iter__(self) -> Iterator[Token]:
        """Yield the page's tokens with those of the formulas in their places."""
        for token in super().__iter__():
            if token["type"] in ("StartTag", "EmptyTag"):
                for name, value in token["data"].items():
                    token["data"][name] = _PLACE.sub("", value)
            if token["type"] != "Characters" or "formula" not in token["data"]:
                yield token
                continue
            for part in _PLACE.split(token["data"]):
                if part in self._formulas:
                    yield from self._formulas[part]
                elif part:
                    yield _text(part)


def _text(data: str) -> Token:
    return {"type": "Characters", "data": data}


def _start(name: str, **attributes: str) -> Token:
    data = {(None, key): value for key, value in attributes.items()}
    return {"type": "StartTag", "name": name, "namespace": None, "data": data}


def _end(name: str) -> Token:
    return {"type": "EndTag", "name": name, "namespace": None, "data": {}}


def _formula(latex: str, *, block: bool) -> list[Token]:
    """Return a formula as MathML, or as its own source where that cannot be done."""
    latex = unescape(latex).strip()  # other renderers need `<` and `&` of a formula escaped
    tags = _TAG_COMMAND.findall(latex)
    bare = _TAG_COMMAND.sub("", latex)
    bare = re.sub(r"\\(?:label\{[^{}]*\}|nonumber|notag)", "", bare)
    try:
        if len(bare) > _MOST_OF_A_FORMULA:
            raise ValueError("too long")
        tree = convert_to_element(bare, display="block" if block else "inline")
        if sum(1 for _ in tree.iter()) > _MOST_ELEMENTS:
            raise ValueError("too large")
        markup = list(_nodes(tree))
    except Exception:  # latex2mathml raises arbitrary exceptions on invalid input
        return [_start("code"), _text(latex), _end("code")]
    if not block or not tags:
        return markup
    number = [_start("span", style="float: right"), _text(f"({tags[0]})"), _end("span")]
    return [*number, *markup]


def _nodes(element: ElementTree.Element) -> Iterator[Token]:
    """Yield the tokens of an element: its name, attributes and text, as far as they only draw.

    Raises:
        ValueError: an element does something else.
    """
    name = element.tag
    if name not in _MATH_ELEMENTS:
        raise ValueError(f"{name} is no element of a formula")
    attributes = {
        key: value
        for key, value in element.attrib.items()
        if key in _MATH_ATTRIBUTES and _MATH_VALUE.fullmatch(value)
    }
    yield _start(name, **attributes)
    # The converter writes some characters as references, for the text of a page.
    if element.text:
        yield _text(unescape(element.text))
    for child in element:
        yield from _nodes(child)
        if child.tail:
            yield _text(unescape(child.tail))
    yield _end(name)


@pass_context
def markdown2html(context: Any, source: str) -> str:
    """Render the Markdown of a cell or comment; the jinja filter of that name."""
    cell = context.get("cell", {})
    return render_markdown(source, cell.get("attachments", {}))


def render_markdown(source: str, attachments: Any = None) -> str:
    """Return sanitized HTML with the mathematics drawn.

    The page is parsed and sanitized, then formulas are put into what was parsed, then it is written, once.
    """
    renderer = PlainMathRenderer(
        attachments=attachments or {}, anchor_link_text="", exclude_anchor_links=True
    )
    try:
        html = MarkdownWithMath(renderer=renderer).render(source)
    except RecursionError:
        html = f"<pre>{escape(source)}</pre>"
    cleaner = bleach.Cleaner(
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        protocols=_PROTOCOLS,
        css_sanitizer=_STYLES,
        filters=[partial(PutFormulasIn, formulas=renderer.formulas)],
    )
    return cleaner.clean(html)


class SafePages(Preprocessor):
    """Escapes what nbgrader's templates print of resources: names of students come from folders and spreadsheets.

    It also takes the place of nbconvert's template that loads MathJax, which nbgrader's templates name without an
    address of their own; the formulas are drawn already.
    """

    enabled = True

    def __init__(self, **options: Any):
        super().__init__(**options)
        if self.parent is not None:
            in_formgrader = self.parent.template_name == "formgrade"
            folder = "formgrader" if in_formgrader else "returned"
            loaders: list[BaseLoader] = [FileSystemLoader(TEMPLATES / folder)]
            if in_formgrader:
                loaders.append(DictLoader(script_policy.marked_macros()))
            self.parent.extra_loaders = [*loaders, *self.parent.extra_loaders]

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Escape the texts that formgrader passes. nbgrader's own entry stays: it is what grades are found by."""
        for key, value in list(resources.items()):
            if isinstance(value, str) and key not in ("output_files_dir", "unique_key"):
                resources[key] = escape(value)
        resources["script_nonce"] = script_policy.NONCE.get()
        return nb, resources
