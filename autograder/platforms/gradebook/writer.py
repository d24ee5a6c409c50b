"""A class into the gradebook at once: one writer, one session, one transaction for each batch.

It leaves behind what nbgrader's own `autograde` would: the rows, and `autograded/<student>/<chapter>/` with the notebook,
its time stamp and its secret. What is there already and still true is left alone, so a run with nothing new costs
little, and what a human entered (scores, extra credit, comments) is never touched.
"""

from __future__ import annotations

import errno
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from nbformat.notebooknode import NotebookNode
from nbgrader.api import (
    Assignment,
    BaseCell,
    Comment,
    Grade,
    Gradebook,
    MissingEntry,
    Notebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
    new_uuid,
)
from nbgrader.apps import NbGraderAPI
from sqlalchemy import insert, select, update
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from traitlets.config import Config

from autograder.course import settings as course_settings
from autograder.course.release import write_sources
from autograder.course.source import Chapter
from autograder.files import write_file
from autograder.grading.choice import Found, choose
from autograder.grading.layouts import look_through
from autograder.grading.one_file import SubmissionError, printable
from autograder.platforms.gradebook import settings
from autograder.platforms.gradebook.export import finals
from autograder.platforms.gradebook.handed_in import GivenCell, read_cells
from autograder.platforms.gradebook.late import (
    assign_penalties,
    is_due,
    policy_in_force,
    take_back_penalties,
)
from autograder.platforms.gradebook.notebook import (
    SourceCell,
    fill,
    released_texts,
    repaired,
    to_bytes,
)
from autograder.platforms.gradebook.preprocessors import (
    SECRET,
    SanitizeHTML,
    beside,
    complete,
    source_cells,
)
from autograder.platforms.gradebook.rows import TEST_PREFIX, NothingToPublish, Rows, gradebook_rows
from autograder.platforms.gradebook.timestamps import (
    TIMESTAMP,
    read_timestamp,
    with_remark,
    zone,
)
from autograder.reports.final_grades import FinalGrade
from autograder.reports.text import one_line, shorten
from autograder.results import Problem, SubmissionResult

DATABASE = "gradebook.db"
STATE = ".autograded.json"
"""What was written: beside `autograded/`, in which every name is a student's."""
BATCH = 200
# What can go wrong with one submission and leave the others alone: a value that the database cannot hold, a path that
# is taken or cannot be.
_OF_ONE_SUBMISSION = (SQLAlchemyError, OSError, ValueError)
_OF_ONE_PATH = (
    errno.EEXIST,
    errno.EISDIR,
    errno.ENOTDIR,
    errno.ENOTEMPTY,
    errno.ENAMETOOLONG,
    errno.ELOOP,
    errno.EILSEQ,
    errno.EINVAL,
)
# Part of what identifies a graded notebook: raise it when notebooks are made differently.
LAYOUT = 2


class GradebookError(Exception):
    """The gradebook cannot take these results; the message says what to do."""


class Written(msgspec.Struct, frozen=True):
    """A graded notebook that was written: what it was made from, and the file as it was left."""

    made_from: str
    modified: int
    size: int


@dataclass
class Summary:
    """What became of the results.

    `left_out` says why some are not in the gradebook, `remarks` what is to be known of others that are, `finals` what
    everybody in the gradebook gets in the end.
    """

    written: int = 0
    unchanged: int = 0
    left_out: list[Problem] = field(default_factory=list)
    remarks: list[Problem] = field(default_factory=list)
    finals: dict[tuple[str, str], FinalGrade] = field(default_factory=dict)


@dataclass
class _Release:
    """A released chapter as the gradebook has it, and the rows of those who handed it in."""

    chapter: Chapter
    due: datetime | None
    assignment_id: str
    notebook_id: str
    cells: list[SourceCell]
    kernelspec: Mapping[str, Any]
    ids: dict[str, dict[str, str]]
    sanitizer: SanitizeHTML
    identity: str
    submissions: dict[str, _Stored] = field(default_factory=dict)

    def limits(self) -> dict[str, float]:
        """What each test cell is worth."""
        return {cell.name: cell.points for cell in self.cells if cell.points is not None}


@dataclass
class _Stored:
    """The rows of one submission that are there: cell name to id and what the grader said last."""

    submission_id: str
    notebook_id: str
    timestamp: datetime | None
    extension: timedelta = timedelta(0)
    is_new: bool = False
    grades: dict[str, tuple[str, float | None, float | None]] = field(default_factory=dict)
    comments: dict[str, tuple[str, str | None]] = field(default_factory=dict)


@dataclass(frozen=True)
class _Task:
    """One submission to write, all of it in memory."""

    rows: Rows
    timestamp: datetime | None
    made_from: str
    notebook: bytes
    beside: Mapping[str, bytes]


def course_folder(submissions: Path, output: Path) -> Path:
    """Return the folder whose gradebook the results of these submissions belong into.

    That of the course where they lie in its `submitted/`; what lies elsewhere is a trial, and its gradebook goes beside
    its results.
    """
    return submissions.resolve().parent if submissions.name == "submitted" else output.resolve()


def write_gradebook(
    root: Path,
    submissions: Path,
    results: Sequence[SubmissionResult],
    course: Mapping[str, Chapter],
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Summary:
    """Bring gradebook and graded notebooks up to these results.

    Args:
        root: the course folder.
        submissions: the folder of the submissions that the results are of.
        results: of any chapters and students.
        course: all chapters.
        progress: called with done and total.

    Raises:
        GradebookError: nothing can be written.
    """
    root.mkdir(parents=True, exist_ok=True)
    config = settings.load(root)
    url = config.CourseDirectory.get("db_url", "") or _database(root)
    try:
        with Gradebook(url, course_settings.load().course.id) as gradebook:
            return _write_all(gradebook, root, submissions, results, course, config, progress)
    except SQLAlchemyError as error:
        raise GradebookError(
            f"cannot be written: {str(error).splitlines()[0]}; the results are complete, and the same command goes on "
            "from them. An older gradebook wants `nbgrader db upgrade`"
        ) from error


def _write_all(
    gradebook: Gradebook,
    root: Path,
    submissions: Path,
    results: Sequence[SubmissionResult],
    course: Mapping[str, Chapter],
    config: Config,
    progress: Callable[[int, int], None],
) -> Summary:
    summary = Summary()
    state_path = root / STATE
    state = _read_state(state_path)
    students: set[str] = set()
    handed_in = look_through(submissions, list(course)).students
    places = {
        (printable(student), chapter): place
        for student, handed in handed_in.items()
        for chapter, place in handed.places.items()
    }
    by_chapter: dict[str, list[SubmissionResult]] = {}
    for result in results:
        by_chapter.setdefault(result.chapter, []).append(result)
    for name, its_results in by_chapter.items():
        try:
            release = _release(gradebook, course[name], root, config)
        except GradebookError as error:
            summary.left_out.append(Problem(name, str(error)))
            continue
        for first in range(0, len(its_results), BATCH):
            batch = its_results[first : first + BATCH]
            batch = _due(gradebook, release, batch, state, summary)
            tasks = list(_changed(release, batch, root, submissions, places, state, summary))
            failed = [result.student for result in batch if result.status == "grader_error"]
            # With rows that hold no points it is no zero in any export.
            _add_missing_rows(gradebook, release, failed)
            if tasks:
                written = _write_batch(gradebook, release, tasks, root, state, summary)
                students |= written
                summary.written += len(written)
                _write_state(state_path, state)
            progress(summary.written + summary.unchanged, len(results))
    policy = policy_in_force()
    if policy is None:
        take_back_penalties(gradebook)
    else:
        # Slip days that are spent in one chapter are missing in another, whether that was written now or not.
        students |= {result.student for result in results}
        assign_penalties(gradebook, policy, sorted(students))
    gradebook.db.commit()
    gradebook.db.expire_all()
    summary.finals = finals(gradebook)
    return summary


def _database(root: Path) -> str:
    return f"sqlite:///{root / DATABASE}"


def forget_state(root: Path, student: str) -> None:
    """Forget what was written of a student, so that the next run writes it again if it comes back."""
    state = _read_state(root / STATE)
    kept = {name: written for name, written in state.items() if not name.startswith(f"{student}/")}
    if kept != state:
        _write_state(root / STATE, kept)


# --- the release ----------------------------------------------------------------------------------------------------


def _release(gradebook: Gradebook, chapter: Chapter, root: Path, config: Config) -> _Release:
    """Read a chapter's cells, after nbgrader has entered them where they are missing or worth something else now."""
    found = _read_release(gradebook, chapter)
    if found is None or _differences(found.cells, chapter):
        gradebook.db.commit()
        _generate(chapter, root, config)
        gradebook.db.expire_all()
        found = _read_release(gradebook, chapter)
        if found is None:
            raise GradebookError("nbgrader did not enter it into the gradebook")
        different = _differences(found.cells, chapter)
        if different:
            raise GradebookError(
                f"the gradebook has other cells than solutions/{chapter.name}: {', '.join(different)}; nbgrader keeps "
                "the cells of a chapter once it was handed in, so release the changed chapter under another name"
            )
    _read_submissions(gradebook, found)
    return found


def _differences(cells: Sequence[SourceCell], chapter: Chapter) -> list[str]:
    """Names of cells that are not in both, or not worth the same."""
    ours: dict[str, float | None] = {}
    for function in chapter.functions:
        ours[function.name] = None
        ours[TEST_PREFIX + function.name] = function.points
    theirs = {cell.name: cell.points for cell in cells if cell.solution or cell.points is not None}
    return sorted(name for name in {**ours, **theirs} if ours.get(name, -1) != theirs.get(name, -1))


def _generate(chapter: Chapter, root: Path, config: Config) -> None:
    """Let nbgrader's `generate_assignment` enter a chapter, from sources and into a release of its own."""
    with tempfile.TemporaryDirectory(prefix="gradebook-") as scratch:
        write_sources([chapter], Path(scratch) / "source")
        ours = Config(config)
        ours.CourseDirectory.db_url = config.CourseDirectory.get("db_url", "") or _database(root)
        ours.CourseDirectory.source_directory = str(Path(scratch) / "source")
        ours.CourseDirectory.release_directory = str(Path(scratch) / "release")
        outcome = NbGraderAPI(config=ours).generate_assignment(
            chapter.name, force=True, create=True
        )
        if not outcome["success"]:
            log = outcome.get("log") or outcome.get("error") or ""
            if "Cannot add or remove cells" in log:
                return  # the caller names the cells
            raise GradebookError(f"nbgrader refused to enter it into the gradebook:\n{log}")


def _read_release(gradebook: Gradebook, chapter: Chapter) -> _Release | None:
    session = gradebook.db
    row = session.execute(
        select(Assignment.id, Notebook.id, Assignment.duedate)
        .join(Notebook, Notebook.assignment_id == Assignment.id)
        .where(Assignment.name == chapter.name, Notebook.name == chapter.name)
    ).first()
    if row is None:
        return None
    try:
        cells, kernelspec = source_cells(gradebook, chapter.name)
    except MissingEntry:
        return None
    ids: dict[str, dict[str, str]] = {"GradeCell": {}, "SolutionCell": {}, "TaskCell": {}}
    for kind, name, number in session.execute(
        select(BaseCell.type, BaseCell.name, BaseCell.id).where(BaseCell.notebook_id == row[1])
    ):
        ids.setdefault(kind, {})[name] = number
    sanitizer = SanitizeHTML()
    sanitizer.trusted = released_texts(chapter)
    identity = hashlib.sha256(
        repr((LAYOUT, cells, sorted(kernelspec.items()), sorted(sanitizer.trusted))).encode()
    ).hexdigest()
    return _Release(chapter, row[2], row[0], row[1], cells, kernelspec, ids, sanitizer, identity)


def _read_submissions(gradebook: Gradebook, release: _Release) -> None:
    session = gradebook.db
    by_notebook: dict[str, _Stored] = {}
    for student, submission_id, timestamp, extension, notebook_id in session.execute(
        select(
            SubmittedAssignment.student_id,
            SubmittedAssignment.id,
            SubmittedAssignment.timestamp,
            SubmittedAssignment.extension,
            SubmittedNotebook.id,
        )
        .join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        .where(SubmittedAssignment.assignment_id == release.assignment_id)
    ):
        stored = _Stored(submission_id, notebook_id, timestamp, extension or timedelta(0))
        release.submissions[student] = by_notebook[notebook_id] = stored
    for row_id, notebook_id, name, auto, manual in session.execute(
        select(Grade.id, Grade.notebook_id, BaseCell.name, Grade.auto_score, Grade.manual_score)
        .join(BaseCell, BaseCell.id == Grade.cell_id)
        .where(BaseCell.notebook_id == release.notebook_id)
    ):
        by_notebook[notebook_id].grades[name] = (row_id, auto, manual)
    for row_id, notebook_id, name, said in session.execute(
        select(Comment.id, Comment.notebook_id, BaseCell.name, Comment.auto_comment)
        .join(BaseCell, BaseCell.id == Comment.cell_id)
        .where(BaseCell.notebook_id == release.notebook_id)
    ):
        by_notebook[notebook_id].comments[name] = (row_id, said)


# --- what is not due yet ---------------------------------------------------------------------------------------------


def _due(
    gradebook: Gradebook,
    release: _Release,
    results: Sequence[SubmissionResult],
    state: dict[str, Written],
    summary: Summary,
) -> list[SubmissionResult]:
    """Return the results without those of whom nothing is due yet and nothing there: they have no score, not even 0.

    The zeros of an earlier run, before a deadline was moved, go.
    """
    here = zone()
    kept = []
    for result in results:
        stored = release.submissions.get(result.student)
        granted = stored.extension if stored else timedelta(0)
        if result.status != "missing" or is_due(release.due, granted, here) is not False:
            kept.append(result)
            continue
        summary.unchanged += 1
        zeros = (
            [row_id for row_id, auto, _ in stored.grades.values() if auto == 0] if stored else []
        )
        if zeros and stored:
            gradebook.db.execute(
                update(Grade)
                .where(Grade.id.in_(zeros))
                .values(auto_score=None, needs_manual_grade=False)
            )
            state.pop(f"{result.student}/{result.chapter}", None)
    return kept


# --- what has changed -----------------------------------------------------------------------------------------------


def _changed(
    release: _Release,
    results: Sequence[SubmissionResult],
    root: Path,
    submissions: Path,
    places: Mapping[tuple[str, str], Found],
    state: Mapping[str, Written],
    summary: Summary,
) -> Iterator[_Task]:
    here = zone()
    for result in results:
        where = f"{result.student}/{result.chapter}"
        place = places.get((result.student, result.chapter))
        folder = Path(place.folder) if place else submissions / result.student / result.chapter
        handed_in = read_timestamp(folder, here)
        timestamp = handed_in.time
        if handed_in.problem:
            result = with_remark(result, handed_in)
            summary.remarks.append(Problem(f"{where}/{TIMESTAMP}", result.problems[-1].what))
        try:
            rows = gradebook_rows(result, release.limits())
        except NothingToPublish as error:
            summary.left_out.append(Problem(where, f"nothing is published: {error}"))
            continue
        made_from = hashlib.sha256(
            release.identity.encode() + repr(timestamp).encode() + msgspec.json.encode(result)
        ).hexdigest()
        if _is_current(release, rows, timestamp, made_from, state.get(where), root):
            summary.unchanged += 1
            continue
        readable = result.status == "graded"
        notebook = to_bytes(graded_notebook(rows, place if readable else None, release))
        yield _Task(rows, timestamp, made_from, notebook, beside(folder, here))


def _is_current(
    release: _Release,
    rows: Rows,
    timestamp: datetime | None,
    made_from: str,
    written: Written | None,
    root: Path,
) -> bool:
    stored = release.submissions.get(rows.student)
    if written is None or stored is None or written.made_from != made_from:
        return False
    if timestamp is not None and stored.timestamp != timestamp:
        return False
    if any(stored.grades.get(row.cell, ("", None))[1] != row.score for row in rows.grades):
        return False
    if any(stored.comments.get(row.cell, ("", ""))[1] != row.text for row in rows.comments):
        return False
    try:
        status = os.stat(_notebook_path(root, rows))
    except OSError:
        return False
    return (written.modified, written.size) == (status.st_mtime_ns, status.st_size)


# --- writing --------------------------------------------------------------------------------------------------------


def _write_batch(
    gradebook: Gradebook,
    release: _Release,
    tasks: Sequence[_Task],
    root: Path,
    state: dict[str, Written],
    summary: Summary,
) -> set[str]:
    """Write and commit a batch; where that fails, each of its submissions alone, so that one takes none along.

    Returns:
        The students who are in the gradebook.
    """
    try:
        return _write(gradebook, release, tasks, root, state)
    except _OF_ONE_SUBMISSION as error:
        gradebook.db.rollback()
        _forget(release, tasks)
        if not _is_of_one(error):
            raise
        reason = error
    if len(tasks) == 1:
        [task] = tasks
        said = one_line(str(getattr(reason, "orig", None) or reason))
        where = f"{task.rows.student}/{task.rows.chapter}"
        summary.left_out.append(Problem(where, f"cannot be written: {shorten(said, 200)}"))
        return set()
    written = set()
    for task in tasks:
        written |= _write_batch(gradebook, release, [task], root, state, summary)
    return written


def _is_of_one(error: Exception) -> bool:
    """Whether an error comes from a single submission's names or values, and not from the database or the disk."""
    if isinstance(error, OSError):
        return error.errno in _OF_ONE_PATH
    return not isinstance(error, OperationalError)


def _forget(release: _Release, tasks: Sequence[_Task]) -> None:
    """Take back the rows that were to be inserted for a batch and are not there."""
    for task in tasks:
        stored = release.submissions.get(task.rows.student)
        if stored is not None and stored.is_new:
            del release.submissions[task.rows.student]


def _write(
    gradebook: Gradebook,
    release: _Release,
    tasks: Sequence[_Task],
    root: Path,
    state: dict[str, Written],
) -> set[str]:
    """Write and commit a batch."""
    _add_missing_rows(gradebook, release, [task.rows.student for task in tasks])
    grades, comments, submitted = [], [], []
    written: dict[str, Written] = {}
    for task in tasks:
        stored = release.submissions[task.rows.student]
        for row in task.rows.grades:
            row_id, _, manual = stored.grades[row.cell]
            flag = row.needs_manual_grade or manual is not None
            grades.append({"id": row_id, "auto_score": row.score, "needs_manual_grade": flag})
        for comment in task.rows.comments:
            row_id = stored.comments[comment.cell][0]
            comments.append({"id": row_id, "auto_comment": comment.text})
        if (
            task.timestamp is not None
        ):  # as nbgrader, which keeps the time it has where there is no file
            submitted.append({"id": stored.submission_id, "timestamp": task.timestamp})
        path = _notebook_path(root, task.rows)
        write_graded(path, task.notebook, task.beside)
        status = path.stat()
        written[f"{task.rows.student}/{task.rows.chapter}"] = Written(
            task.made_from, status.st_mtime_ns, status.st_size
        )
    for model, rows in ((Grade, grades), (Comment, comments), (SubmittedAssignment, submitted)):
        if rows:
            gradebook.db.execute(update(model), rows)
    gradebook.db.commit()
    state.update(written)
    for task in tasks:
        release.submissions[task.rows.student].is_new = False
    return {task.rows.student for task in tasks}


def _add_missing_rows(gradebook: Gradebook, release: _Release, students: Sequence[str]) -> None:
    """Insert students and empty submissions, the way nbgrader's `add_submission` mirrors a release."""
    session = gradebook.db
    new = [student for student in students if student not in release.submissions]
    if not new:
        return
    known = set(session.scalars(select(Student.id)))
    inserts: dict[Any, list[dict[str, Any]]] = {
        Student: [{"id": student} for student in new if student not in known],
        SubmittedAssignment: [],
        SubmittedNotebook: [],
        Grade: [],
        Comment: [],
    }
    for student in new:
        stored = _Stored(new_uuid(), new_uuid(), None, is_new=True)
        release.submissions[student] = stored
        inserts[SubmittedAssignment].append(
            {
                "id": stored.submission_id,
                "assignment_id": release.assignment_id,
                "student_id": student,
            }
        )
        inserts[SubmittedNotebook].append(
            {
                "id": stored.notebook_id,
                "assignment_id": stored.submission_id,
                "notebook_id": release.notebook_id,
                "flagged": False,
            }
        )
        for name, cell_id in release.ids["GradeCell"].items():
            row_id = new_uuid()
            stored.grades[name] = (row_id, None, None)
            inserts[Grade].append(
                {
                    "id": row_id,
                    "notebook_id": stored.notebook_id,
                    "cell_id": cell_id,
                    "needs_manual_grade": True,
                }
            )
        for name, cell_id in release.ids["SolutionCell"].items():
            row_id = new_uuid()
            stored.comments[name] = (row_id, None)
            inserts[Comment].append(
                {"id": row_id, "notebook_id": stored.notebook_id, "cell_id": cell_id}
            )
    for model, rows in inserts.items():
        if rows:
            session.execute(insert(model), rows)


def graded_notebook(rows: Rows, place: Found | None, release: _Release) -> NotebookNode:
    """Make the graded notebook of a submission; without a place, one that holds nothing of the student's."""
    cells: list[GivenCell] = []
    if place is not None:
        with suppress(SubmissionError, ValueError):  # the summary says why
            chosen = choose(place)
            cells = read_cells(chosen.name, chosen.data)
    notebook = repaired(cells, release.cells, release.kernelspec)
    fill(notebook, rows)
    for number, cell in enumerate(notebook.cells):
        notebook.cells[number], _ = release.sanitizer.preprocess_cell(cell, {}, number)
    return notebook


def write_graded(path: Path, notebook: bytes, texts: Mapping[str, bytes]) -> None:
    """Write a graded notebook and nbgrader's two text files, readable and no more, as nbgrader leaves them."""
    write_file(path, notebook)
    os.chmod(path, 0o444)
    for name, text in texts.items():
        write_file(path.with_name(name), text)
    complete(path.parent)
    for name in (SECRET, TIMESTAMP):
        os.chmod(path.with_name(name), 0o444)


def _notebook_path(root: Path, rows: Rows) -> Path:
    student = os.fsdecode(rows.student.encode())
    return root / "autograded" / student / rows.chapter / f"{rows.chapter}.ipynb"


def _read_state(path: Path) -> dict[str, Written]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Written])
    except (OSError, msgspec.DecodeError):
        return {}


def _write_state(path: Path, state: Mapping[str, Written]) -> None:
    write_file(path, msgspec.json.encode(state))
