"""What an instructor decides for one student: an extension, or that nothing of them is kept."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry
from sqlalchemy.exc import SQLAlchemyError

from autograder.course import settings as course_settings
from autograder.platforms.gradebook import settings
from autograder.platforms.gradebook.timestamps import local, zone
from autograder.platforms.gradebook.writer import DATABASE, GradebookError, forget_state


@dataclass(frozen=True)
class Granted:
    """An extension as it is now. `is_new` says that the gradebook had not heard of the student."""

    due: datetime
    is_new: bool


@contextmanager
def _opened(root: Path) -> Iterator[Gradebook]:
    """Open the gradebook of a course folder.

    Raises:
        GradebookError: there is none, or it cannot be written.
    """
    url = settings.load(root).CourseDirectory.get("db_url", "")
    if not url and not (root / DATABASE).exists():
        raise GradebookError("is not there yet; `make grade` writes it")
    try:
        with Gradebook(
            url or f"sqlite:///{root / DATABASE}", course_settings.load().course.id
        ) as gradebook:
            yield gradebook
    except SQLAlchemyError as error:
        raise GradebookError(f"cannot be written: {str(error).splitlines()[0]}") from error


def grant_extension(root: Path, student: str, chapter: str, days: int) -> Granted:
    """Let a student hand a chapter in this many days after the others, before there is a submission too.

    Args:
        root: the course folder.
        student: the name of the folder of submissions.
        chapter: its name.
        days: of the calendar, in all; 0 takes an extension back.

    Raises:
        GradebookError: the gradebook does not have the chapter, or no deadline for it.
    """
    with _opened(root) as gradebook:
        try:
            assignment = gradebook.find_assignment(chapter)
        except MissingEntry:
            raise GradebookError(
                f"does not have {chapter} yet; `nbgrader generate_assignment {chapter}` or a first `make grade` puts it there"
            ) from None
        if assignment.duedate is None:
            raise GradebookError(
                f"has no deadline for {chapter}, so nobody needs an extension; "
                f'`nbgrader db assignment add {chapter} --duedate="2026-03-01 12:00"` sets one'
            )
        is_new = student not in {each.id for each in gradebook.students}
        if is_new:
            gradebook.add_student(student)
        try:
            submission = gradebook.find_submission(chapter, student)
        except MissingEntry:
            submission = gradebook.add_submission(chapter, student)
        submission.extension = timedelta(days=days)
        gradebook.db.commit()
        return Granted(local(assignment.duedate, zone()) + timedelta(days=days), is_new)


def knows(root: Path, student: str) -> bool:
    """Return whether the gradebook of a course folder has a student."""
    if not (root / DATABASE).exists():
        return False
    with _opened(root) as gradebook:
        return student in {each.id for each in gradebook.students}


def traces(root: Path, submissions: Path, output: Path, student: str) -> list[Path]:
    """Return the folders that hold something of a student, what was handed in among them."""
    places = [
        submissions,
        *(root / name for name in ("autograded", "feedback")),
        *(output / name for name in ("results", "feedback", "gradescope")),
    ]
    return [place / student for place in places if (place / student).is_dir()]


def forget(root: Path, submissions: Path, output: Path, student: str) -> list[Path]:
    """Remove a student from the gradebook and delete what was handed in and what was made of it.

    Tables and pages of the whole class name the student until the next `make grade`.

    Returns:
        the folders that are gone.

    Raises:
        GradebookError: the gradebook cannot be written; nothing was deleted.
    """
    if (root / DATABASE).exists():
        with _opened(root) as gradebook:
            try:
                gradebook.remove_student(student)
            except MissingEntry:
                pass  # never graded
            gradebook.db.commit()
        forget_state(root, student)
    gone = traces(root, submissions, output, student)
    for folder in gone:
        shutil.rmtree(folder)
    return gone
