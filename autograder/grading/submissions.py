"""Find submissions and read each one as data. Nothing of a submission is executed or imported here."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import stat
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from autograder.grading import reader
from autograder.results import Problem
from autograder.sandbox.terms import Cell
from seqlab import cells

MAX_BYTES = cells.MAX_RAW
_ALLOWED = f"{MAX_BYTES >> 20} MiB are allowed, and {cells.MAX_BYTES >> 20} MiB without its outputs"
MAX_PROBLEMS = 200
_WRITTEN_BYTE = re.compile(r"\\x[0-9a-f]{2}")
_TOOLS_FOLDERS = (".ipynb_checkpoints", ".git", ".DS_Store")


class Submission(msgspec.Struct, frozen=True):
    """A submission as data.

    `status` is "graded" where there is something to run; otherwise the status of the result, with the reason in
    `problems`. `digest` identifies the bytes that were read.
    """

    student: str
    chapter: str
    status: Literal["graded", "missing", "unreadable", "refused"]
    digest: str
    cells: tuple[Cell, ...] = ()
    is_notebook: bool = True
    quiz: dict[str, str] | None = None
    problems: tuple[Problem, ...] = ()


class SubmissionError(Exception):
    """A submission that cannot be read; carries the status of its result."""

    def __init__(self, status: Literal["missing", "unreadable", "refused"], where: str, what: str):
        super().__init__(f"{where}: {what}")
        self.status = status
        self.problem = Problem(where, what)


class Found(msgspec.Struct, frozen=True):
    """Where a submission lies: the folder may not exist."""

    student: str
    chapter: str
    folder: str


def printable(name: str) -> str:
    r"""Return a file name as text that UTF-8 can hold, no two names as the same text.

    A byte that is no UTF-8 is written as `\xff`. Backslashes are doubled in a name that has such a byte, or that holds
    what looks like one.
    """
    data = os.fsencode(name)
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = None
    if text is not None and not _WRITTEN_BYTE.search(text):
        return text
    return data.replace(b"\\", b"\\\\").decode("utf-8", "backslashreplace")


def given_out(handed_in: int, students: int, *, only_chapter: bool) -> bool:
    """Tell from a class whether a chapter was given out to all, so that having handed in nothing is a zero.

    One student can make a folder of any name. It takes two, and one in twenty, to say that the class has a chapter;
    where there is no other chapter to compare with, one in twenty.
    """
    least = 1 if only_chapter else min(2, students)
    return handed_in >= least and 20 * handed_in >= students


def find(
    root: Path,
    chapters: Sequence[str],
    students: Sequence[str] = (),
    expected: Sequence[str] = (),
) -> tuple[list[Found], list[Problem]]:
    """List what there is to grade: what was handed in, and every student in every chapter that was given out.

    Args:
        root: nbgrader's `submitted` folder.
        chapters: the chapters to look for.
        students: only these, where given.
        expected: chapters that everybody has; of the others, `given_out` tells.

    Returns:
        Submissions by student and chapter, and what was passed over.
    """
    passed_over = []
    everybody, people = [], []
    for entry in sorted(os.scandir(root), key=lambda entry: entry.name):
        if entry.name in _TOOLS_FOLDERS:
            continue
        if not entry.is_dir(follow_symlinks=False):
            passed_over.append(Problem(printable(entry.name), "is no student's folder; ignored"))
            continue
        everybody.append(entry.name)
        if not students or entry.name in students:
            people.append(entry.name)
    handed_in = {
        chapter: {person for person in everybody if os.path.lexists(root / person / chapter)}
        for chapter in chapters
    }
    only_chapter = sum(map(bool, handed_in.values())) == 1
    of_all = set()
    for chapter, those in handed_in.items():
        if not those:
            continue
        known = given_out(len(those), len(everybody), only_chapter=only_chapter)
        if known or chapter in expected:
            of_all.add(chapter)
        else:
            names = ", ".join(printable(person) for person in sorted(those)[:3])
            what = (
                f"handed in by {len(those)} of {len(everybody)} students only ({names}), so the others lose nothing "
                f"there; if it was given out, name it: --chapter {chapter}"
            )
            passed_over.append(Problem(chapter, what))
    found = [
        Found(person, chapter, str(root / person / chapter))
        for person in people
        for chapter, those in handed_in.items()
        if person in those or (chapter in of_all and not those.isdisjoint(people))
    ]
    return found, passed_over


def read(found: Found) -> Submission:
    """Read one submission; whatever is wrong with it becomes its status."""
    student, chapter = printable(found.student), found.chapter
    try:
        path, notes = choose(Path(found.folder), chapter)
        data = read_bytes(path)
    except SubmissionError as error:
        return Submission(student, chapter, error.status, "", problems=(error.problem,))
    return parse(student, chapter, path.name, data, notes, reader.reading)


def parse(
    student: str,
    chapter: str,
    file_name: str,
    data: bytes,
    notes: Sequence[Problem] = (),
    by: Callable[[str, bytes], cells.Reading] = cells.read,
) -> Submission:
    """Read the bytes of a notebook or module, by the reader itself unless a confined one is given."""
    digest = "sha256:" + hashlib.sha256(data).hexdigest()
    reading = by(printable(file_name), data)
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


# --- which file -----------------------------------------------------------------------------------------------------


def choose(folder: Path, chapter: str) -> tuple[Path, list[Problem]]:
    """Return the file that counts in a submission's folder, and what is to be said of the others."""
    try:
        if stat.S_ISLNK(os.lstat(folder).st_mode):
            raise SubmissionError("refused", chapter, "the folder is a link")
        names = sorted(entry.name for entry in os.scandir(folder))
    except (FileNotFoundError, NotADirectoryError):
        raise SubmissionError("missing", chapter, "nothing was handed in") from None
    except OSError as error:
        raise SubmissionError("unreadable", chapter, f"cannot be read: {error.strerror}") from None
    wanted = [f"{chapter}.ipynb", f"{chapter}.py"]
    chosen = next((name for name in wanted if name in names), None)
    notes = []
    if f"{chapter}.ipynb" not in names:
        others = [name for name in names if name.endswith(".ipynb")]
        if len(others) == 1:
            chosen = others[0]
            what = f"counts, as there is no {chapter}.ipynb"
            notes.append(Problem(printable(chosen), what))
    if chosen is None:
        raise SubmissionError(
            "missing", chapter, f"there is neither {chapter}.ipynb nor {chapter}.py"
        )
    ignored = [name for name in names if name != chosen and not name.startswith(".")]
    # nbgrader puts its own time stamp beside every submission.
    notes += [Problem(printable(name), "ignored") for name in ignored if name != "timestamp.txt"]
    return folder / chosen, _capped(notes)


def _capped(problems: list[Problem]) -> list[Problem]:
    left_out = len(problems) - MAX_PROBLEMS
    if left_out <= 0:
        return problems
    return [*problems[:MAX_PROBLEMS], Problem("", f"{left_out} more remarks are left out")]


def read_bytes(path: Path) -> bytes:
    """Read a regular file of at most 100 MiB, following no link and waiting for nobody.

    Most of a large notebook may be its outputs, which do not count: how large it may be without them, the reader knows.

    Raises:
        SubmissionError: it is something else.
    """
    name = printable(path.name)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise SubmissionError("missing", name, "is not there") from None
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise SubmissionError("refused", name, "is a link") from None
        if error.errno in (errno.ENXIO, errno.EISDIR):
            raise SubmissionError("refused", name, "is no regular file") from None
        raise SubmissionError("unreadable", name, f"cannot be read: {error.strerror}") from None
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise SubmissionError("refused", name, "is no regular file")
    with open(descriptor, "rb") as file:
        if status.st_size > MAX_BYTES:
            size = status.st_size / (1 << 20)
            raise SubmissionError("refused", name, f"has {size:.1f} MiB; {_ALLOWED}")
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise SubmissionError("refused", name, f"is too large; {_ALLOWED}")
    return data
