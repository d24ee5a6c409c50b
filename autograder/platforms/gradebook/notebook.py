"""The graded notebook: what a student handed in, with the course's cells in order and the results filled in.

Everything of it that a page of nbgrader's prints or interprets is made here and not taken over: the metadata of
notebook and cells, the ids, the outputs. What the student wrote is kept as the source of a cell.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import bleach
from nbconvert.preprocessors.sanitize import SanitizeHTML
from nbformat.notebooknode import NotebookNode, from_dict
from traitlets import Any as AnyTrait
from traitlets import List, Unicode, default

from autograder.course.quiz import as_released
from autograder.course.source import Chapter, cell_id, text_cells
from autograder.platforms.gradebook.handed_in import (
    CODE,
    MAX_OTHERS,
    MAX_OTHERS_TEXT,
    MAX_SEARCHED,
    TEXT,
    GivenCell,
)
from autograder.platforms.gradebook.markup import defused
from autograder.platforms.gradebook.rows import Rows
from seqlab.cells import binds

SUMMARY_ID = "grading-summary"
NBGRADER_SCHEMA = 3
_NO_CELL = (
    "# There is no cell {name} in this notebook.\n"
    "# What counts is whatever the name is bound to after all cells have run."
)


@dataclass(frozen=True)
class SourceCell:
    """A cell of the release that nbgrader knows, as its database holds it. `points` is None but for test cells."""

    name: str
    cell_type: str
    locked: bool
    source: str
    checksum: str | None
    solution: bool
    points: float | None

    def metadata(self) -> dict[str, Any]:
        """The cell's metadata in a notebook."""
        ours: dict[str, Any] = {
            "cell_type": self.cell_type,
            "grade": self.points is not None,
            "grade_id": self.name,
            "locked": self.locked,
            "schema_version": NBGRADER_SCHEMA,
            "solution": self.solution,
            "task": False,
        }
        if self.checksum is not None:
            ours["checksum"] = self.checksum
        if self.points is not None:
            ours["points"] = self.points
        return {"nbgrader": ours}


def released_texts(chapter: Chapter) -> frozenset[str]:
    """The course's own text cells: they hold mathematics that a sanitizer of HTML would damage."""
    return frozenset(as_released(text) for text in text_cells(chapter))


# --- repairing ------------------------------------------------------------------------------------------------------


def repaired(
    cells: Sequence[GivenCell],
    source_cells: Sequence[SourceCell],
    kernelspec: Mapping[str, Any] | None = None,
) -> NotebookNode:
    """Return a notebook in which every cell of the release stands exactly once.

    A cell that was duplicated is kept where the function is bound last; a solution cell that was renamed is found by
    what it defines; one that was deleted is put back with a note, a test cell with its own text.

    Args:
        cells: of the submission.
        source_cells: of the release, in the order of the text.
        kernelspec: of the release.
    """
    known = {cell.name: cell for cell in source_cells}
    roles = _roles(cells, known)
    fresh = []
    others, length = 0, 0
    for number, cell in enumerate(cells):
        if number in roles:
            fresh.append(_course_cell(known[roles[number]], cell.source))
            continue
        others += 1
        length += len(cell.source)
        if others <= MAX_OTHERS and length <= MAX_OTHERS_TEXT:
            fresh.append(_other_cell(cell))
    left_out = len(cells) - len(fresh)
    if left_out:
        fresh.append(_other_cell(GivenCell(TEXT, f"… and {left_out:,} more cells, not shown here")))
    _put_back(fresh, source_cells)
    _name_cells(fresh)
    metadata = {"kernelspec": dict(kernelspec)} if kernelspec else {}
    return from_dict({"cells": fresh, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})


def _roles(cells: Sequence[GivenCell], known: Mapping[str, SourceCell]) -> dict[int, str]:
    """Number of a cell to the name of the course's cell that it is. No name is given twice."""
    claims: dict[str, list[int]] = {}
    for number, cell in enumerate(cells):
        if cell.name is not None and cell.name in known:
            claims.setdefault(cell.name, []).append(number)
    search = _Search()
    roles = {}
    for name, numbers in claims.items():
        chosen = numbers[-1]
        if len(numbers) > 1 and known[name].solution:
            binding = [number for number in numbers if search.binds(cells[number], name)]
            chosen = binding[-1] if binding else chosen
        roles[chosen] = name
    for name, source_cell in known.items():
        if source_cell.solution and name not in claims:
            binding = [
                number
                for number, cell in enumerate(cells)
                if number not in roles and search.binds(cell, name)
            ]
            if binding:
                roles[binding[-1]] = name
    return roles


@dataclass
class _Search:
    """Looks for what cells bind, in a bounded number of characters; beyond these, nothing is found."""

    left: int = MAX_SEARCHED

    def binds(self, cell: GivenCell, name: str) -> bool:
        """Whether a code cell binds a name."""
        length = len(cell.source)
        if cell.cell_type != CODE or name not in cell.source or length > self.left:
            return False
        self.left -= length
        return binds(cell.source, name)


def _course_cell(source_cell: SourceCell, source: str) -> dict[str, Any]:
    cell: dict[str, Any] = {
        "cell_type": source_cell.cell_type,
        "metadata": source_cell.metadata(),
        "source": source_cell.source if source_cell.locked else source,
    }
    if source_cell.cell_type == "code":
        cell |= {"execution_count": None, "outputs": []}
    return cell


def _other_cell(given: GivenCell) -> dict[str, Any]:
    cell: dict[str, Any] = {
        "cell_type": given.cell_type,
        "metadata": {"tags": list(given.tags)} if given.tags else {},
        "source": given.source,
    }
    if given.cell_type == CODE:
        cell |= {"execution_count": None, "outputs": []}
    if given.pictures:
        cell["attachments"] = {name: dict(kinds) for name, kinds in given.pictures.items()}
    return cell


def _put_back(cells: list[dict[str, Any]], source_cells: Sequence[SourceCell]) -> None:
    """Insert what is missing of the graded cells, each behind the course's cell that comes before it in the text."""
    place = {
        cell["metadata"]["nbgrader"]["grade_id"]: cell
        for cell in cells
        if "nbgrader" in cell["metadata"]
    }
    before: dict[str, Any] | None = None
    for source_cell in source_cells:
        present = place.get(source_cell.name)
        if present is None and (source_cell.solution or source_cell.points is not None):
            note = _NO_CELL.format(name=source_cell.name)
            present = _course_cell(source_cell, note)
            where = next((n for n, cell in enumerate(cells) if cell is before), None)
            if where is None:
                where = _before_the_next(cells, source_cells, source_cell) - 1
            cells.insert(where + 1, present)
        before = present or before


def _before_the_next(
    cells: Sequence[Mapping[str, Any]], source_cells: Sequence[SourceCell], missing: SourceCell
) -> int:
    """Where the first of the later cells of the release stands; the end where there is none."""
    later = {cell.name for cell in source_cells[source_cells.index(missing) + 1 :]}
    for number, cell in enumerate(cells):
        if cell["metadata"].get("nbgrader", {}).get("grade_id") in later:
            return number
    return len(cells)


def _name_cells(cells: Sequence[dict[str, Any]]) -> None:
    """Give every cell an id: the course's cells that of their name, in every notebook the same."""
    taken = {SUMMARY_ID}
    for cell in cells:
        ours = cell["metadata"].get("nbgrader")
        if ours:
            cell["id"] = cell_id(ours["grade_id"])
            taken.add(cell["id"])
    for number, cell in enumerate(cells, start=1):
        if "id" not in cell:
            cell["id"] = f"cell-{number}"
            while cell["id"] in taken:
                cell["id"] += "-"
            taken.add(cell["id"])


# --- results --------------------------------------------------------------------------------------------------------


def fill(notebook: NotebookNode, rows: Rows) -> None:
    """Write the results into a repaired notebook: first of every test cell's outputs the score, which nbgrader reads."""
    grades = {row.cell: row for row in rows.grades}
    for cell in notebook.cells:
        ours = cell.metadata.get("nbgrader")
        if ours and ours["grade"] and ours["grade_id"] in grades:
            row = grades[ours["grade_id"]]
            cell.execution_count = 1
            cell.outputs = [
                from_dict(
                    {
                        "output_type": "execute_result",
                        "execution_count": 1,
                        "data": {"text/plain": repr(row.score)},
                        "metadata": {},
                    }
                ),
                from_dict(
                    {
                        "output_type": "display_data",
                        "data": {"text/html": row.html, "text/plain": row.text},
                        "metadata": {},
                    }
                ),
            ]
    summary = {
        "cell_type": "markdown",
        "id": SUMMARY_ID,
        "metadata": {},
        "source": rows.summary,
    }
    notebook.cells.insert(0, from_dict(summary))


class Sanitizer(SanitizeHTML):
    """nbconvert's sanitizer, which knows the markup of our feedback and leaves the course's own text alone.

    A cell counts as the course's only where it is the released text, character by character.
    """

    trusted = AnyTrait(frozenset(), help="Sources of text cells that are left alone")
    tags = List(Unicode()).tag(config=True)
    attributes = AnyTrait(dict(bleach.ALLOWED_ATTRIBUTES)).tag(config=True)

    @default("tags")
    def _tags_default(self) -> list[str]:
        return sorted(bleach.ALLOWED_TAGS | {"br", "div", "hr", "p", "pre", "sub", "sup"})

    def preprocess_cell(self, cell: Any, resources: Any, cell_index: int) -> tuple[Any, Any]:
        """Sanitize one cell."""
        if cell.cell_type == "code":
            return super().preprocess_cell(cell, resources, cell_index)
        if cell.cell_type == "raw" or cell.source not in self.trusted:
            cell.source = defused(cell.source, cell.get("attachments", {}))
        return cell, resources


def to_bytes(notebook: NotebookNode) -> bytes:
    """Return the file's bytes, those that nbconvert's notebook exporter and writer give."""
    lines = {
        "cells": [_split(cell) for cell in notebook.cells],
        "metadata": notebook.metadata,
        "nbformat": notebook.nbformat,
        "nbformat_minor": notebook.nbformat_minor,
    }
    text = json.dumps(lines, ensure_ascii=False, indent=1, sort_keys=True, separators=(",", ": "))
    return text.encode() + b"\n"


def _split(cell: Mapping[str, Any]) -> dict[str, Any]:
    """Cut long texts into lines, as the format's files have them."""
    split = dict(cell) | {"source": cell["source"].splitlines(True)}
    if "outputs" in cell:
        split["outputs"] = [
            dict(output)
            | {"data": {kind: text.splitlines(True) for kind, text in output["data"].items()}}
            for output in cell["outputs"]
        ]
    return split
