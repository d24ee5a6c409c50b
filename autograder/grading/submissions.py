"""Read each submission as data. Nothing of a submission is executed or imported here."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Literal

import msgspec

from autograder.grading import reader
from autograder.grading.choice import Found, choose
from autograder.grading.one_file import SubmissionError, printable
from autograder.results import Problem
from autograder.sandbox.terms import Cell
from seqlab import cells


class Submission(msgspec.Struct, frozen=True):
    """A submission as data.

    `status` is "graded" where there is something to run; otherwise the status of the result, with the reason in
    `problems`. `digest` identifies what was read: bytes, name, and what was said of the choice.
    """

    student: str
    chapter: str
    status: Literal["graded", "missing", "unreadable", "refused"]
    digest: str
    cells: tuple[Cell, ...] = ()
    is_notebook: bool = True
    quiz: dict[str, str] | None = None
    problems: tuple[Problem, ...] = ()


def read(found: Found) -> Submission:
    """Read one submission; whatever is wrong with it becomes its status."""
    student, chapter = printable(found.student), found.chapter
    try:
        chosen = choose(found)
    except SubmissionError as error:
        return Submission(
            student, chapter, error.status, "", problems=(*found.notes, error.problem)
        )
    return parse(student, chapter, chosen.name, chosen.data, chosen.notes, reader.reading)


def parse(
    student: str,
    chapter: str,
    file_name: str,
    data: bytes,
    notes: Sequence[Problem] = (),
    by: Callable[[str, bytes], cells.Reading] = cells.read,
) -> Submission:
    """Read the bytes of a notebook or module, by the reader itself unless a confined one is given."""
    digest = _digest(file_name, data, notes)
    reading = by(file_name, data)
    return Submission(
        student,
        chapter,
        reading.status,
        digest,
        tuple(Cell(cell.number, cell.source) for cell in reading.cells),
        reading.is_notebook,
        reading.quiz,
        (*notes, *(Problem(remark.where, remark.what) for remark in reading.remarks)),
    )


def _digest(file_name: str, data: bytes, notes: Sequence[Problem]) -> str:
    """Return what a kept result is known by: the bytes that count, how they are read, and what was said of the choice.

    The name decides whether bytes are read as a notebook or as a script, and a file beside it may change what is said.
    """
    about = [printable(file_name), *([note.where, note.what] for note in notes)]
    hashed = hashlib.sha256(msgspec.json.encode(about))
    hashed.update(hashlib.sha256(data).digest())
    return "sha256:" + hashed.hexdigest()
