"""The interface between a run and whatever grades for it: tasks in, outcomes out, in any order."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import NamedTuple, Protocol

import msgspec

from autograder.course.settings import Grading
from autograder.course.source import Chapter
from autograder.grading.choice import Found
from autograder.grading.engine import Usage
from autograder.grading.submissions import Submission
from autograder.results import SubmissionResult
from autograder.sandbox.confine import MOST_THREADS

LOST_TWICE = 2
"""How often a submission may take its grader with it, outside all tests, before that is a fault of ours."""
MOST_LOSSES = 3
"""For how many functions a submission may end its grader and still have the others graded."""
LOOK_SECONDS = 1.0
"""How often a scheduler looks whether its graders get on."""


class Task(msgspec.Struct, frozen=True):
    """One submission to grade. Where it lies stays with the run: its path means nothing on another machine."""

    found: Found
    submission: Submission


class Conditions(msgspec.Struct, frozen=True):
    """What a grader is made with: the settings that a result depends on, and what the machine gives.

    Attributes:
        grading: the settings.
        level: of the sandbox.
        threads: how many a submission may start, where they can be counted.
    """

    grading: Grading = Grading()
    level: str = "B"
    threads: int = MOST_THREADS


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
