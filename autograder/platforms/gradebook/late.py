"""What a late submission loses: slip days shared by all chapters, then a percentage for each further day.

Off unless `course.toml` says otherwise (`[late]`), which is the one place where it is set.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from nbgrader.api import (
    Assignment,
    Gradebook,
    SubmittedAssignment,
    SubmittedNotebook,
)
from nbgrader.plugins import LateSubmissionPlugin
from sqlalchemy import select, update

from autograder.course import settings
from autograder.course.settings import Late
from autograder.grading.timestamps import local
from autograder.platforms.gradebook.timestamps import zone

SECONDS_A_DAY = 86400.0


@dataclass(frozen=True)
class LateChapter:
    """How late one chapter is. `due` orders the chapters: slip days go to what was due first."""

    chapter: str
    due: datetime
    seconds: float


def seconds_late(due: datetime, handed_in: datetime, here: ZoneInfo, extension: timedelta) -> float:
    """Return by how much clocks in the zone `here` show that something is late, 0 where it is not.

    A late day is a calendar day: it ends when clocks show the time of the deadline again. On the day when clocks are
    put forward that is an hour sooner, and when they are put back an hour later.

    Args:
        due: the deadline, in UTC as the gradebook keeps it.
        handed_in: the same.
        here: the time zone of the course.
        extension: what the student was granted beyond the deadline, in days of the calendar.
    """
    deadline = local(due, here) + extension
    late = (local(handed_in, here) - deadline).total_seconds()
    is_late = handed_in.replace(tzinfo=UTC) > deadline.replace(tzinfo=here)
    return max(late, 1.0) if is_late else 0.0


def is_due(due: datetime | None, extension: timedelta, here: ZoneInfo) -> bool | None:
    """Return whether a deadline is over, the student's extension included; None where there is none."""
    if due is None:
        return None
    now = datetime.now(UTC).replace(tzinfo=None)
    return seconds_late(due, now, here, extension) > 0


def days_late(seconds: float) -> int:
    """Return started days: a minute late is a day late."""
    return max(0, math.ceil(seconds / SECONDS_A_DAY))


def days_that_count(lates: Iterable[LateChapter], slip_days: int) -> dict[str, int]:
    """Return chapter to late days that slip days do not cover."""
    left = slip_days
    counted = {}
    for late in sorted(lates, key=lambda late: (late.due, late.chapter)):
        days = days_late(late.seconds)
        covered = min(days, left)
        left -= covered
        counted[late.chapter] = days - covered
    return counted


def penalty(score: float, days: int, percent_per_day: float) -> float:
    """Return what a score loses, never more than all of it."""
    return round(min(1.0, max(0.0, days * percent_per_day / 100.0)) * max(0.0, score), 2)


def policy_in_force() -> Late | None:
    """Return the late policy of the course, None where it is off.

    Raises:
        SettingsError: `course.toml` cannot be used.
    """
    late = settings.load().late
    return late if late.enabled else None


class LatePolicy(LateSubmissionPlugin):
    """The course's late policy as nbgrader's `AssignLatePenalties` asks for it."""

    def late_submission_penalty(
        self, student_id: str, score: float, total_seconds_late: float
    ) -> float | None:
        """Return the penalty of the notebook that the calling preprocessor is at.

        It also brings the student's other chapters up to date, as slip days that are spent here are missing there.
        """
        policy = policy_in_force()
        if policy is None:
            return None
        gradebook: Gradebook = self.parent.gradebook
        chapter = self.parent.assignment_id
        return assign_penalties(gradebook, policy, [student_id]).get((student_id, chapter))


def take_back_penalties(gradebook: Gradebook) -> None:
    """Remove the penalties of everybody, as where no late policy is in force; the caller commits."""
    gradebook.db.execute(
        update(SubmittedNotebook)
        .where(SubmittedNotebook.late_submission_penalty.is_not(None))
        .values(late_submission_penalty=None)
    )


def assign_penalties(
    gradebook: Gradebook, policy: Late | None, students: Sequence[str]
) -> dict[tuple[str, str], float]:
    """Set the penalties of these students' notebooks in all chapters; the caller commits.

    Returns:
        Student and chapter to penalty, for what is late.
    """
    here = zone()
    penalties: dict[tuple[str, str], float] = {}
    lates: dict[str, list[LateChapter]] = {}
    notebooks: dict[tuple[str, str], Any] = {}
    for first in range(0, len(students), 500):  # SQLite takes a limited number of parameters
        rows = gradebook.db.execute(
            select(SubmittedAssignment, Assignment, SubmittedNotebook)
            .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
            .join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
            .where(SubmittedAssignment.student_id.in_(students[first : first + 500]))
        )
        for submission, assignment, notebook in rows:
            handed_in, granted = submission.timestamp, submission.extension or timedelta(0)
            seconds = 0.0
            if handed_in is not None and assignment.duedate is not None:
                seconds = seconds_late(assignment.duedate, handed_in, here, granted)
            key = (submission.student_id, assignment.name)
            notebooks[key] = notebook
            if seconds > 0:
                late = LateChapter(assignment.name, assignment.duedate, seconds)
                lates.setdefault(submission.student_id, []).append(late)
    for student, late_chapters in lates.items():
        if policy is None:
            continue
        counted = days_that_count(late_chapters, policy.slip_days)
        for chapter, days in counted.items():
            notebook = notebooks[student, chapter]
            penalties[student, chapter] = penalty(notebook.score, days, policy.percent_per_day)
    for key, notebook in notebooks.items():
        if notebook.late_submission_penalty != penalties.get(key):
            notebook.late_submission_penalty = penalties.get(key)
    return penalties
