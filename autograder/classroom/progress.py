"""A scheduler that tells what is being graded."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing

from autograder.classroom.scheduler import Conditions, Outcome, Scheduler, Task
from autograder.course.source import Chapter
from autograder.grading.one_file import printable


class Watched:
    """Grades as another scheduler does, and says after each change which tasks were taken and have not come back."""

    def __init__(self, scheduler: Scheduler, running: Callable[[Sequence[str]], None]):
        self._scheduler = scheduler
        self._running = running

    def grade(
        self, tasks: Iterable[Task], course: dict[str, Chapter], conditions: Conditions
    ) -> Generator[Outcome, None, None]:
        """Yield the outcome of every task as soon as it is there."""
        taken: dict[tuple[str, str], str] = {}

        def noted() -> Iterator[Task]:
            for task in tasks:
                name = f"{printable(task.found.student)} {task.found.chapter}"
                taken[task.found.student, task.found.chapter] = name
                self._running(tuple(taken.values()))
                yield task

        with closing(self._scheduler.grade(noted(), course, conditions)) as outcomes:
            for outcome in outcomes:
                taken.pop((outcome.task.found.student, outcome.task.found.chapter), None)
                self._running(tuple(taken.values()))
                yield outcome
