"""Grading with processes of this machine, a grader and its zygotes in each."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Generator, Iterable
from multiprocessing.connection import Connection, wait
from typing import cast

import msgspec

from autograder.classroom.grader_process import GraderProcess, Losses
from autograder.classroom.launch import Launched
from autograder.classroom.scheduler import LOOK_SECONDS, Conditions, Outcome, Task
from autograder.course.source import Chapter
from autograder.grading.choice import Found
from autograder.sandbox.confine import threads_for


class LocalProcesses:
    """Up to `jobs` grader processes, started as they are needed.

    Args:
        jobs: how many.
        launched: one that was started before it was known what there is to grade. Its owner closes it.
    """

    def __init__(self, jobs: int, launched: Launched | None = None):
        self._jobs = max(1, jobs)
        self._launched = launched

    def grade(
        self, tasks: Iterable[Task], course: dict[str, Chapter], conditions: Conditions
    ) -> Generator[Outcome, None, None]:
        """Yield the outcome of every task as soon as it is there."""
        conditions = msgspec.structs.replace(conditions, threads=threads_for(self._jobs))
        source = iter(tasks)
        again: deque[Task] = deque()
        losses: defaultdict[Found, Losses] = defaultdict(Losses)
        busy: dict[Connection, tuple[GraderProcess, Task]] = {}
        pool: list[GraderProcess] = []

        def occupy(process: GraderProcess | None) -> bool:
            """Give the next task to a process, or to a new one; False where there is none left."""
            task = again.popleft() if again else next(source, None)
            if task is None:
                return False
            if process is None:
                process = GraderProcess(course, conditions, self._launched)
                self._launched = None
                pool.append(process)
            busy[process.connection] = process, task
            process.give(task.submission, losses[task.found])
            return True

        try:
            while len(pool) < self._jobs and occupy(None):
                pass
            while busy:
                for process, _task in busy.values():
                    process.stop_if_stuck()
                for ready in cast(list[Connection], wait(list(busy), LOOK_SECONDS)):
                    process, task = busy.pop(ready)
                    answer = process.take()
                    if answer is None:
                        lost = losses[task.found]
                        if lost.add(process.examining()):
                            again.append(task)
                        else:
                            answer = process.result_without(task.submission, lost)
                        process.restart()
                    occupy(process)
                    if answer is not None:
                        losses.pop(task.found, None)
                        yield Outcome(task, *answer)
        finally:
            for process in pool:
                process.close()
