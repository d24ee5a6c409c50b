"""What of a submission the gradebook's pages show, as closed and bounded types.

The grader's reader, which is confined, reads the bytes. What leaves this module is text of a bounded length: nothing of a
student's metadata, outputs or ids is taken over but short names and tags.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from autograder.grading import reader
from autograder.grading.one_file import printable
from seqlab.cells import Part

CODE, TEXT = "code", "markdown"
MAX_CODE = 32 << 10
"""Characters of a code cell that are shown."""
MAX_TEXT = 12 << 10
"""Characters of a text cell that are shown; a renderer of Markdown can take the square of this in steps."""
MAX_FORMULAS = 400
"""Dollar signs, or other beginnings of formulas, up to which a text cell is shown."""
MAX_PICTURES = 2 << 20
"""Characters of a submission's pasted pictures, as base64."""
MAX_OTHERS = 300
"""Cells beyond those of the course that are shown."""
MAX_OTHERS_TEXT = 128 << 10
"""Characters of these cells together."""
MAX_SEARCHED = 256 << 10
"""Characters that are searched for functions whose cells were copied or renamed; one that is searched twice counts twice."""

_TAG = re.compile(r"[A-Za-z0-9_-]{1,40}", re.ASCII)
_MOST_TAGS = 8
_PICTURE_NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}", re.ASCII)
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff]")
_FORMULA_START = re.compile(r"\$|\\\\[(\[]|\\begin\{")


class GivenCell(msgspec.Struct, frozen=True):
    """A cell that was handed in. `name` is nbgrader's name for it, `pictures` what was pasted into a text cell."""

    cell_type: str
    source: str
    name: str | None = None
    tags: tuple[str, ...] = ()
    pictures: dict[str, dict[str, str]] = {}


def read_cells(file_name: str, data: bytes) -> list[GivenCell]:
    """Read the cells of a notebook or script.

    Raises:
        ValueError: it is neither, or has too many cells. The grader has said so of the same bytes, so there is no need
            to say why.
    """
    name = printable(file_name)
    reading = reader.reading(name, data)
    if reading.status != "graded":
        raise ValueError(f"{name} cannot be read")
    return given_cells(reading.parts)


def given_cells(parts: Iterable[Part]) -> list[GivenCell]:
    """Return what counts of the cells of a file."""
    left = MAX_PICTURES
    cells = []
    for part in parts:
        pictures = _pictures(part, left) if part.cell_type == TEXT else {}
        left -= sum(len(data) for kinds in pictures.values() for data in kinds.values())
        tags = tuple(tag for tag in part.tags[:_MOST_TAGS] if _TAG.fullmatch(tag))
        source = _shown(part.cell_type, part.source)
        cells.append(GivenCell(part.cell_type, source, part.grade_id, tags, pictures))
    return cells


def _shown(cell_type: str, source: str) -> str:
    """The source as far as it is shown, with nothing in it that a page, a file or a terminal cannot hold."""
    most = MAX_CODE if cell_type == CODE else MAX_TEXT
    length = len(source)
    source = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", source[:most])
    if length > most:
        comment = "# " if cell_type == CODE else ""
        return f"{source}\n\n{comment}… and {length - most:,} more characters, not shown here"
    if cell_type == TEXT:
        starts = list(_FORMULA_START.finditer(source))
        if len(starts) > MAX_FORMULAS:
            return (
                f"{source[: starts[MAX_FORMULAS].start()]}\n\n… and more formulas, not shown here"
            )
    return source


def _pictures(part: Part, most: int) -> dict[str, dict[str, str]]:
    """What was pasted into a text cell, by a name that a page can hold, as far as there is room."""
    kept: dict[str, dict[str, str]] = {}
    for name, bundle in part.pictures:
        if not _PICTURE_NAME.fullmatch(name):
            continue
        for kind, data in bundle:
            if len(data) <= most:
                kept.setdefault(name, {})[kind] = data
                most -= len(data)
    return kept
