"""Find a chapter's notebook or script, and read it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from seqlab import cells
from seqlab.cells import Cell, Reading
from seqlab.chapters import chapters_with_checks

SUFFIXES = (".ipynb", ".py")


class NotebookError(Exception):
    """A file is no notebook and no script that could be run."""


def chapter_of(path: Path) -> str | None:
    """Return the chapter to which a file belongs: by its name, or by its folder's."""
    known = chapters_with_checks()
    for word in (path.stem, path.absolute().parent.name):
        for name in known:
            if word.startswith(name):
                return name
    return None


def find(chapter: str, folder: Path) -> Path | None:
    """Find a chapter's notebook or script in a folder, below it or beside it."""
    places = [
        folder,
        folder / chapter,
        folder / "assignments" / chapter,
        folder.absolute().parent / chapter,
    ]
    for place in places:
        for suffix in SUFFIXES:
            path = place / f"{chapter}{suffix}"
            if path.is_file():
                return path
    return None


def read(path: Path) -> Reading:
    """Read a notebook or script.

    Raises:
        NotebookError: it is neither.
        OSError: it cannot be read.
    """
    reading = cells.read(path.name, path.read_bytes())
    if reading.status != "graded":
        raise NotebookError(f"{path.name} is not readable ({reading.remarks[-1].what})")
    return reading


def imported(read_cells: Iterable[Cell]) -> set[str]:
    """Return the libraries that the cells import, be it within `try`."""
    found = set()
    for cell in read_cells:
        for match in re.finditer(r"^[ \t]*(?:import|from)[ \t]+(\w+)", cell.source, re.MULTILINE):
            found.add(match[1])
    return found
