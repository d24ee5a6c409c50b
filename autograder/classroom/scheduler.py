"""The interface between a run and whatever grades for it: tasks in, outcomes out, in any order."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import NamedTuple, Protocol

import msgspec

from autograder.course.source import Chapter
from autograder.grading.engine import Usage
from autograder.grading.judge import DEFAULT_SEED
from autograder.grading.submissions import Found, Submission
from autograder.results import SubmissionResult
from autograder.sandbox.terms import Limits

LOST_TWICE = 2
"""How often a submission may take its grader with it before that is its result."""


class Task(msgspec.Struct, frozen=True):
    """One submission to grade. Where it lies stays with the run: its path means nothing on another machine."""

    found: Found
    submission: Submission


class Conditions(msgspec.Struct, frozen=True):
    """What a grader is made with."""

    seed: int = DEFAULT_SEED  # of the hidden inputs
    limits: Limits | None = None  # what a submission may use
    level: str = "B"  # of the sandbox


class Outcome(NamedTuple):
    """What became of a task."""

    task: Task
    result: SubmissionResult
    usage: Usage


class SchedulerError(Exception):
    """Grading cannot begin or go on, for a reason that has nothing to do with a submission."""


class Scheduler(Protocol):
    """Grades tasks, several at a time."""

    def grade(
        self, tasks: Iterable[Task], course: dict[str, Chapter], conditions: Conditions
    ) -> Generator[Outcome, None, None]:
        """Yield the outcome of every task as soon as it is there.

        A task is taken from `tasks` when there is somebody to grade it, so few are in memory at a time. Closing the
        iterator cancels what was begun.

        Raises:
            SchedulerError: it cannot go on.
        """
        ...
