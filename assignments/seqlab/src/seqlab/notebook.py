"""A student's notebook or script as cells of plain Python, read without any library of notebooks."""

from __future__ import annotations

import ast
import json
import linecache
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqlab import timelimit
from seqlab.chapters import chapters_with_checks

SUFFIXES = (".ipynb", ".py")

_MARK = re.compile(r"^# ?%%(?!%)(.*)$", re.MULTILINE)
_MAGIC = re.compile(r"^(\s*)(?:[%!]|\?|.*\?\s*$|\w+\s*=\s*[%!])")
# Cell magics whose body is the notebook's own Python.
_PYTHON_MAGICS = ("%%time", "%%timeit", "%%capture", "%%prun")


class NotebookError(Exception):
    """A file is no notebook and no script that could be run."""


@dataclass(frozen=True)
class Cell:
    """A code cell: its place among all cells, from 1, and its source."""

    number: int
    source: str

    def defines(self) -> list[str]:
        """Return the functions and classes that the cell defines at top level."""
        return re.findall(r"^(?:def|class)\s+(\w+)", self.source, re.MULTILINE)


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


def read_cells(path: Path) -> list[Cell]:
    """Return the cells that define things: no experiments, no locked cells, no magics.

    Raises:
        NotebookError: the file is neither a notebook nor text.
        OSError: it cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8")
        raw = list(_notebook(text) if path.suffix == ".ipynb" else _script(text))
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise NotebookError(f"{path.name} is not readable ({error})") from error
    return [
        Cell(number, plain) for number, source in raw if (plain := without_magics(source)).strip()
    ]


def _notebook(text: str) -> Iterator[tuple[int, str]]:
    for number, cell in enumerate(json.loads(text)["cells"], start=1):
        if cell["cell_type"] == "code" and not _left_out(cell.get("metadata", {})):
            source = cell["source"]
            yield number, source if isinstance(source, str) else "".join(source)


def _left_out(metadata: dict[str, Any]) -> bool:
    """Experiments take minutes; locked cells hold what is checked here anyway."""
    nbgrader = metadata.get("nbgrader") or {}
    locked = nbgrader.get("grade") or nbgrader.get("locked")
    return "experiment" in (metadata.get("tags") or []) or bool(
        locked and not nbgrader.get("solution")
    )


def _script(text: str) -> Iterator[tuple[int, str]]:
    marks = list(_MARK.finditer(text))
    if not marks:
        yield 1, text
        return
    yield 1, text[: marks[0].start()]
    ends = [*(mark.start() for mark in marks[1:]), len(text)]
    for number, (mark, end) in enumerate(zip(marks, ends, strict=True), start=2):
        header = mark[1]
        locked = re.search(r'"(?:grade|locked)": *true', header)
        solution = re.search(r'"solution": *true', header)
        if re.search(r"\[(?:markdown|md|raw)\]", header) or '"experiment"' in header:
            continue
        if not locked or solution:
            yield number, text[mark.end() + 1 : end]


def without_magics(source: str) -> str:
    """Put `pass` where IPython's magics and shell lines stand, so that the other lines keep their numbers."""
    lines = source.replace("\r\n", "\n").split("\n")
    first = next((k for k, line in enumerate(lines) if line.strip()), None)
    if first is not None and lines[first].startswith("%%"):
        if lines[first].split()[0] not in _PYTHON_MAGICS:
            return ""
        lines[first] = "pass"
    text = "\n".join(lines)
    if _compiles(text):
        return text
    return "\n".join(f"{magic[1]}pass" if (magic := _MAGIC.match(line)) else line for line in lines)


def _compiles(source: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def imported(cells: list[Cell]) -> set[str]:
    """Return the libraries that the cells import at top level."""
    found = set()
    for cell in cells:
        for match in re.finditer(r"^(?:import|from)\s+(\w+)", cell.source, re.MULTILINE):
            found.add(match[1])
    return found


def label(cell: Cell) -> str:
    """Name a cell: notebooks show no numbers, so that a name that it defines helps to find it."""
    defined = cell.defines()
    return f"cell {cell.number} ({defined[0]})" if defined else f"cell {cell.number}"


def run_cell(
    path: Path, cell: Cell, namespace: dict[str, Any], seconds: float = timelimit.SECONDS
) -> str:
    """Run a cell of a notebook in a namespace; return what went wrong, or nothing."""
    name = f"<{path.name} cell {cell.number}>"
    lines = cell.source.splitlines(keepends=True)
    linecache.cache[name] = (len(cell.source), None, lines, name)
    try:
        with timelimit.limited(seconds):
            exec(compile(cell.source, name, "exec", dont_inherit=True), namespace)
    except timelimit.TimeIsUp:
        return timelimit.said(label(cell), seconds)
    except SyntaxError as error:
        return f"{label(cell)}, line {error.lineno}: {error.msg}"
    except (Exception, SystemExit) as error:
        text = " ".join(str(error).split())
        return f"{label(cell)} raised {type(error).__name__}" + (f": {text}" if text else "")
    return ""
