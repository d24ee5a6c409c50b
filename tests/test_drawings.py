"""The chapters' figures: drawn by the generator, named in the text, readable on a phone, and nothing but a picture."""

from __future__ import annotations

import functools
import re
import xml.etree.ElementTree as ElementTree

import pytest
from matplotlib import font_manager
from matplotlib.ft2font import FT2Font
from nbconvert import HTMLExporter

from autograder.course.source import ROOT, SOLUTIONS, chapters, text_cells
from autograder.drawings import figures, write
from autograder.drawings.canvas import STYLE, WIDTH, Figure, formula

SVG = "{http://www.w3.org/2000/svg}"
PHONE = 360
LEAST_WORDS, LEAST_INDEX = 10.5, 9.4
MOST_BYTES = 12_500
ELEMENTS = {"svg", "title", "desc", "style", "defs", "marker", "rect", "circle", "path", "text", "tspan"}  # fmt: skip
PICTURE = re.compile(r"!\[([^\]]*)\]\(([^)]*)\)")
FILES = sorted(SOLUTIONS.glob("*/figures/*"))


def named(chapter):
    """The figures that a chapter's text names: description and address."""
    return PICTURE.findall("\n\n".join(text_cells(chapters()[chapter])))


@functools.cache
def font(family, style, weight):
    wanted = font_manager.FontProperties(family=family, style=style, weight=weight)
    found = FT2Font(font_manager.findfont(wanted))
    found.set_size(1000, 72)
    return found


def length(text, size, kinds):
    """How long a text is in fonts that are wider than those of most systems."""
    family = "DejaVu Serif" if "m" in kinds else "DejaVu Sans"
    style = "italic" if "m" in kinds and "u" not in kinds else "normal"
    face = font(family, style, "bold" if "b" in kinds else "normal")
    face.set_text(text)
    return face.get_width_height()[0] / 64 / 1000 * size


def text_runs(text):
    """The runs of a text element: what is written, its size, its classes, how far it is moved."""

    def walk(node, size, kinds):
        own = node.get("class", "").split()
        kinds = kinds | set(own)
        if "m" in own:
            size = formula_size
        if "s" in own:
            size *= 0.72
        move = float(node.get("dx", "0em").removesuffix("em")) * size
        yield node.text or "", size, kinds, move
        for child in node:
            yield from walk(child, size, kinds)
            yield child.tail or "", size, kinds, 0.0

    words, formula_size = declared("fw"), declared("fs")
    yield from walk(text, words, set())


def declared(name):
    return float(re.search(rf"--{name}:([\d.]+)px", STYLE)[1])


def faults(svg):
    """What is wrong with a figure."""
    root = ElementTree.fromstring(svg)
    said = []
    frame = [float(part) for part in root.get("viewBox").split()]
    if frame[:3] != [0, 0, WIDTH]:
        said.append("is not as wide as the others")
    names = {node.get("id") for node in root.iter()} - {None}
    for node in root.iter():
        if node.tag.removeprefix(SVG) not in ELEMENTS:
            said.append(f"holds {node.tag}")
        for key, value in node.attrib.items():
            outside = re.search(r"https?:|//|data:|url\((?!#)", value)
            lost = [name for name in re.findall(r"url\(#([^)]*)\)", value) if name not in names]
            if key.startswith("on") or "href" in key or outside or lost or "font" in value:
                said.append(f"has {key}={value}")
    for tag in ("title", "desc"):
        node = root.find(SVG + tag)
        if node is None or len((node.text or "").strip()) < 10:
            said.append(f"has no {tag}")
        elif node.get("id") not in root.get("aria-labelledby", "").split():
            said.append(f"is not labelled by its {tag}")
    style = root.find(SVG + "style")
    if root.get("role") != "img" or style is None or style.text != STYLE:
        said.append("is not of the family")
    texts = list(root.iter(SVG + "text"))
    if len(texts) < 5:
        said.append("holds hardly any text")
    for text in texts:
        runs = list(text_runs(text))
        long = sum(length(words, size, kinds) + move for words, size, kinds, move in runs if words)
        kinds = text.get("class", "").split()
        start = float(text.get("x")) - long * (0.5 if "mid" in kinds else "end" in kinds)
        written = "".join(words for words, *_ in runs)
        if not (start >= 0 and start + long <= WIDTH and 8 <= float(text.get("y")) <= frame[3] - 4):
            said.append(f"does not hold {written}")
        for words, size, kinds, _ in runs:
            least = LEAST_INDEX if "s" in kinds else LEAST_WORDS
            if words.strip() and size * PHONE / WIDTH < least:
                said.append(f"writes {words} too small")
    return said


def test_files_are_what_the_generator_draws(tmp_path):
    fresh = {path.relative_to(tmp_path): path.read_bytes() for path in write(tmp_path)}
    kept = {path.relative_to(SOLUTIONS): path.read_bytes() for path in FILES}
    assert sorted(kept) == sorted(fresh), (
        "run make figures; a figure that is drawn no more is to be removed"
    )
    assert [path for path in kept if kept[path] != fresh[path]] == [], "run make figures"


@pytest.mark.parametrize("chapter", chapters())
def test_a_chapter_names_its_figures_each_once(chapter):
    addresses = [address for _, address in named(chapter)]
    there = [f"figures/{path.name}" for path in FILES if path.parts[-3] == chapter]
    assert sorted(addresses) == sorted(there)
    assert len(there) >= 2


@pytest.mark.parametrize("chapter", chapters())
def test_descriptions_say_something(chapter):
    for words, address in named(chapter):
        assert 60 <= len(words) <= 260 and words.endswith("."), address


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_figure_is_one_of_the_family(path):
    text = path.read_text(encoding="utf-8")
    assert faults(text) == []
    assert len(text.encode()) <= MOST_BYTES


def test_names_differ():
    names = [figure.name for _, figure in figures()]
    assert len(set(names)) == len(names)


SOUND = Figure("made_up", "A figure for a test", "Five words in a row, one of them a formula.", 100)
for place in range(4):
    SOUND.text(20 + 100 * place, 50, "word")
SOUND.text(420, 50, r"$\s{h_t}$ = 1")


@pytest.mark.parametrize(
    "old, new, said",
    [
        ("", "", ""),
        ('x="20"', 'x="500"', "does not hold word"),
        ('y="50"', 'y="99"', "does not hold word"),
        ("word</text>", "word<script>1</script></text>", "holds"),
        ("<defs>", '<defs onload="x()">', "onload"),
        ('class="paper"', 'class="paper" fill="url(https://example.org/#a)"', "https"),
        ('class="paper"', 'class="paper" fill="url(#nothing)"', "nothing"),
        ('x="20"', 'x="20" style="font-size:9px"', "font-size"),
        ('<tspan class="m">', '<tspan class="s">', "too small"),
        ("--fw:15.5px", "--fw:14px", "family"),
        ('viewBox="0 0 520', 'viewBox="0 0 600', "wide"),
        ("Five words in a row, one of them a formula.", "", "no desc"),
        ('aria-labelledby="made_up-t made_up-d"', 'aria-labelledby="made_up-t"', "desc"),
    ],
)
def test_what_is_wrong_is_found(old, new, said):
    changed = SOUND.svg().replace(old, new, 1) if old else SOUND.svg()
    found = "; ".join(faults(changed))
    assert (said in found) if said else found == ""


@pytest.mark.parametrize(
    "source, spans",
    [
        ("x", "x"),
        ("x + 1", 'x <tspan class="u">+ 1</tspan>'),
        ("h_t", 'h<tspan class="s" dy="0.28em">t</tspan>'),
        (
            r"\s{h_{t−1}} x",
            '<tspan class="cs">h</tspan><tspan class="cs s" dy="0.28em">t</tspan>'
            '<tspan class="cs u s">−1</tspan><tspan class="u" dy="-0.2em"> </tspan>x',
        ),
        (r"\b{W}^⊤", '<tspan class="b">W</tspan><tspan class="u s" dy="-0.5em">⊤</tspan>'),
        (r"a < b", 'a <tspan class="u">&lt; </tspan>b'),
    ],
)
def test_formulas(source, spans):
    assert formula(source) == spans


def test_a_brace_too_many_is_refused():
    with pytest.raises(ValueError, match="brace"):
        formula("h_{t}}")


@pytest.mark.parametrize("chapter", chapters())
def test_an_exported_page_holds_the_figures_itself(chapter):
    notebook = ROOT / "assignments" / chapter / f"{chapter}.ipynb"
    exporter = HTMLExporter(embed_images=True, exclude_input=True)
    page, _ = exporter.from_filename(str(notebook))
    assert page.count('src="data:image/svg+xml;base64,') == len(named(chapter))
    assert 'src="figures/' not in page
