"""What the chapters cite: three to eight annotated papers each, of which every one has been looked up, and what comes next."""

from __future__ import annotations

import re
from datetime import date

import pytest

from autograder.course.source import ROOT, chapters, text_cells

LIST = ROOT / "docs" / "references.md"
ENTRY = re.compile(
    r"(?P<authors>[^*]+) \((?P<year>\d{4})\)\. \*(?P<title>[^*]+)\*\.(?: (?P<place>[^\[]+)\.)?"
    r" \[(?P<name>[^\]]+)\]\((?P<address>https://\S+)\)\. (?P<note>.+)"
)
ADDRESSES = {"doi": "https://doi.org/", "arXiv": "https://arxiv.org/abs/"}


def looked_up():
    """Address to the cells of its row."""
    rows = {}
    for line in LIST.read_text(encoding="utf-8").split("\n"):
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 8 and cells[1].isdigit():
            found = re.fullmatch(r"\[([^\]]+)\]\(([^)]+)\)", cells[4])
            assert found and found[2] not in rows, line
            rows[found[2]] = [*cells[:4], found[1], *cells[5:]]
    return rows


def cited(chapter):
    """The entries of a chapter's list of papers."""
    [cell] = [text for text in text_cells(chapters()[chapter]) if text.startswith("## Papers\n")]
    entries = re.split(r"^- ", cell.split("**Up next:**")[0], flags=re.MULTILINE)[1:]
    return [" ".join(entry.split()) for entry in entries]


@pytest.mark.parametrize("chapter", chapters())
def test_a_chapter_cites_what_was_looked_up(chapter):
    rows = looked_up()
    entries = cited(chapter)
    assert 3 <= len(entries) <= 8
    for entry in entries:
        found = ENTRY.fullmatch(entry)
        assert found, entry
        row = rows[found["address"]]
        said = [
            found["authors"],
            found["year"],
            found["title"],
            found["place"] or "",
            found["name"],
        ]
        assert said == row[:5]
        assert str(int(chapter[2:4])) in row[5].split(", ")
        assert 4 <= len(found["note"].split()) <= 30, entry


def test_every_row_is_cited_dated_and_of_the_form():
    rows = looked_up()
    assert len(rows) > 25
    for address, (*_, name, named, by, day) in rows.items():
        kind, _, number = name.partition(":")
        if kind in ADDRESSES:
            assert address == ADDRESSES[kind] + number
        assert by and date.fromisoformat(day)
        for number in named.split(", "):
            [chapter] = [one for one in chapters() if one.startswith(f"ch{int(number):02d}")]
            assert any(f"]({address})" in entry for entry in cited(chapter)), (address, chapter)


@pytest.mark.parametrize("chapter", chapters())
def test_a_chapter_says_what_it_assumes_and_what_comes_next(chapter):
    first = text_cells(chapters()[chapter])[0]
    for kind in ("linear algebra", "backpropagation", "optimisation"):
        assert re.search(rf"^- {kind}: \S", first, re.MULTILINE)
    assert re.search(r"At the end of the chapter you (?:can|have)\n", first)
    [next_up] = re.findall(r"\*\*Up next:\*\* (.+)", "\n".join(text_cells(chapters()[chapter])))
    number = int(chapter[2:4]) + 1
    follows = f"Chapter {number}," if number < len(chapters()) else "Practical Methodology,"
    assert next_up.startswith(follows)
