"""nbgrader's own commands through this grader: what `nbgrader autograde` and formgrader's button do instead of running
a notebook in a kernel. `autograder.platforms.gradebook.settings` puts these in their places.
"""

from __future__ import annotations

import atexit
import functools
import json
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from nbconvert.exporters import NotebookExporter
from nbformat.notebooknode import NotebookNode, from_dict
from nbgrader import utils
from nbgrader.api import (
    Gradebook,
    GradeCell,
    MissingEntry,
    SolutionCell,
)
from nbgrader.api import SourceCell as StoredCell
from nbgrader.preprocessors import NbGraderPreprocessor
from sqlalchemy import select
from traitlets import Unicode

from autograder.classroom.run import OneByOne
from autograder.classroom.scheduler import Conditions
from autograder.course import settings
from autograder.course.source import Chapter, chapters
from autograder.grading.choice import Found
from autograder.grading.one_file import SubmissionError, read_bytes
from autograder.platforms.gradebook.handed_in import read_cells
from autograder.platforms.gradebook.notebook import (
    Sanitizer,
    SourceCell,
    fill,
    released_texts,
    repaired,
)
from autograder.platforms.gradebook.rows import Rows, gradebook_rows
from autograder.platforms.gradebook.timestamps import (
    TIMESTAMP,
    read_timestamp,
    with_remark,
    zone,
)
from autograder.results import SubmissionResult
from autograder.sandbox.doctor import available
from autograder.sandbox.terms import SAFE_LEVELS

SECRET = "submission_secret.txt"
MAX_SECRET = 1024
_ROWS = "autograder_rows"


class SandboxMissing(Exception):
    """This machine cannot hold student code, so nothing is graded on it."""


@functools.cache
def course() -> dict[str, Chapter]:
    """The chapters, read once in a process."""
    return chapters()


@functools.cache
def _grader(_process: int) -> OneByOne:
    level = available().level
    if level not in SAFE_LEVELS:
        raise SandboxMissing(
            f"the sandbox reaches only level {level} here, so no submission is graded into the gradebook; "
            "python -m autograder doctor says why"
        )
    grader = OneByOne(course(), Conditions(settings.load().grading, level))
    atexit.register(grader.close)
    return grader


def result_of(student: str, chapter: str, folder: Path, output: Path) -> SubmissionResult:
    """Take the result of a submission from an earlier run, or grade it now."""
    grader = _grader(os.getpid())
    return grader.grade(Found(student, chapter, str(folder)), output)


def source_cells(gradebook: Gradebook, chapter: str) -> tuple[list[SourceCell], dict[str, Any]]:
    """Return the released cells as the gradebook has them, in the order of the text, and the kernel's specification.

    Raises:
        MissingEntry: nothing of that name was released.
    """
    notebook = gradebook.find_notebook(chapter, chapter)
    session = gradebook.db
    worth = select(GradeCell.name, GradeCell.max_score).where(GradeCell.notebook_id == notebook.id)
    points = {row.name: row.max_score for row in session.execute(worth)}
    solutions = set(
        session.scalars(select(SolutionCell.name).where(SolutionCell.notebook_id == notebook.id))
    )
    stored = session.scalars(select(StoredCell).where(StoredCell.notebook_id == notebook.id))
    cells = [
        SourceCell(
            cell.name,
            cell.cell_type,
            cell.locked,
            cell.source,
            cell.checksum,
            cell.name in solutions,
            points.get(cell.name),
        )
        for cell in stored
    ]
    kernelspec = json.loads(notebook.kernelspec) if notebook.kernelspec else {}
    return in_order(cells, course().get(chapter)), kernelspec


def in_order(cells: list[SourceCell], chapter: Chapter | None) -> list[SourceCell]:
    """Put cells in the order of the text; the database keeps none."""
    order = {}
    for number, function in enumerate(chapter.functions if chapter else ()):
        order[function.name] = 2 * number
        order[f"test_{function.name}"] = 2 * number + 1
    return sorted(cells, key=lambda cell: (order.get(cell.name, -1), cell.name))


class SubmissionExporter(NotebookExporter):
    """Reads submissions as the grader does: no link is followed, and nothing that is handed in ends the conversion.

    What cannot be read becomes a notebook without cells. `RepairCells` puts the released ones into it, so that there is
    a place for the zero and its reason.
    """

    def from_filename(self, filename: str, resources: Any = None, **kw: Any) -> Any:
        """Convert a file."""
        if not getattr(self.parent, "_sanitizing", False):
            return super().from_filename(filename, resources, **kw)
        path = Path(filename)
        try:
            cells = read_cells(path.name, read_bytes(path))
        except (SubmissionError, ValueError) as error:
            self.log.warning("%s: %s", filename, error)
            cells = []
        resources = resources or {}
        resources["metadata"] = {"name": path.stem, "path": str(path.parent)}
        resources["autograder_cells"] = cells
        empty = from_dict({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
        return self.from_notebook_node(empty, resources, **kw)


class RepairCells(NbGraderPreprocessor):
    """Makes a submission whole before nbgrader looks at it: every graded cell once, with the metadata of the release."""

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Replace the notebook by the repaired one."""
        ours = resources["nbgrader"]
        with Gradebook(ours["db_url"]) as gradebook:
            cells, kernelspec = source_cells(gradebook, ours["assignment"])
        return repaired(resources.pop("autograder_cells"), cells, kernelspec), resources


class GradeInSandbox(NbGraderPreprocessor):
    """Takes the place of nbgrader's `Execute`: the sandboxed workers run the code, and no kernel does."""

    output = Unicode(
        "graded",
        help="Folder of the results, relative to the course folder; `make grade` has it too.",
    ).tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Write scores and feedback into the test cells.

        Raises:
            NothingToPublish: the grader failed. nbgrader reports it and leaves the scores as they are.
            SandboxMissing: this machine cannot hold student code.
        """
        ours = resources["nbgrader"]
        student, chapter = ours["student"], ours["assignment"]
        if chapter not in course():
            raise MissingEntry(f"{chapter} is no chapter of this course")
        directory = self.parent.parent.coursedir
        submitted = _submitted(directory, student, chapter)
        result = result_of(student, chapter, submitted, Path(directory.root) / self.output)
        result = with_remark(result, read_timestamp(submitted, zone()))
        with Gradebook(ours["db_url"]) as gradebook:
            cells, _ = source_cells(gradebook, chapter)
        limits = {cell.name: cell.points for cell in cells if cell.points is not None}
        rows = gradebook_rows(result, limits)
        fill(nb, rows)
        resources[_ROWS] = rows
        graded = Path(directory.format_path(directory.autograded_directory, student, chapter))
        keep_only_the_notebook(graded, f"{ours['notebook']}.ipynb", submitted)
        return nb, resources


def _submitted(directory: Any, student: str, chapter: str) -> Path:
    """The folder that was handed in."""
    return Path(directory.format_path(directory.submitted_directory, student, chapter)).resolve()


class SaveFeedback(NbGraderPreprocessor):
    """Follows `SaveAutoGrades`, which takes every automatic comment away, and what a human should look at with it."""

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Save comments and flags."""
        ours = resources["nbgrader"]
        rows: Rows = resources[_ROWS]
        with Gradebook(ours["db_url"]) as gradebook:
            notebook = gradebook.find_submission_notebook(
                ours["notebook"], ours["assignment"], ours["student"]
            )
            comments = {row.cell: row.text for row in rows.comments}
            for comment in notebook.comments:
                if comment.name in comments:
                    comment.auto_comment = comments[comment.name]
            flagged = {row.cell for row in rows.grades if row.needs_manual_grade}
            for grade in notebook.grades:
                if grade.name in flagged:
                    grade.needs_manual_grade = True
            gradebook.db.commit()
        return nb, resources


class SanitizeHTML(Sanitizer):
    """The last of the preprocessors: what is left of a submission's markup is what every page may print."""

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Sanitize all cells but the course's own text."""
        chapter = course().get(resources.get("nbgrader", {}).get("assignment", ""))
        self.trusted = released_texts(chapter) if chapter else frozenset()
        return super().preprocess(nb, resources)


def keep_only_the_notebook(folder: Path, name: str, submitted: Path) -> None:
    """Remove what nbgrader copied along from beside a submission, and see to the two files that it needs.

    Without a secret, nbgrader cannot release the feedback on a submission that was put into `submitted/` by hand.
    """
    texts = beside(submitted, zone())
    for entry in folder.iterdir():
        if (entry.name == name or entry.name in texts) and not entry.is_symlink():
            continue
        if entry.is_dir() and not entry.is_symlink():
            utils.rmtree(str(entry))
        else:
            entry.unlink()
    complete(folder)


def beside(submitted: Path, here: ZoneInfo) -> dict[str, bytes]:
    """Read nbgrader's two text files beside a submission, as far as they are what nbgrader writes into them."""
    texts = {}
    with suppress(SubmissionError):
        if read_timestamp(submitted, here).time is not None:
            texts[TIMESTAMP] = read_bytes(submitted / TIMESTAMP)
    with suppress(SubmissionError):
        secret = read_bytes(submitted / SECRET)
        if len(secret) <= MAX_SECRET:
            texts[SECRET] = secret
    return texts


def complete(folder: Path, secret: str | None = None, timestamp: str | None = None) -> None:
    """Write the two text files beside a graded notebook where they are not there. An empty time is one not known."""
    wanted = {SECRET: secret or secrets.token_hex(64), TIMESTAMP: timestamp or ""}
    for name, text in wanted.items():
        path = folder / name
        if not path.exists() or (name == SECRET and not path.stat().st_size):
            path.unlink(missing_ok=True)
            path.write_text(text)
