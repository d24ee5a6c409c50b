"""Grading with the workers of a Dask cluster, which run the same checkout of this repository.

Submissions are read here and cross as msgpack, so that no worker needs the submitted files and nothing of a submission
is ever unpickled. Results come back the same way, and whoever asked for them writes them.
"""

from __future__ import annotations

import logging
import queue
import time
import uuid
from collections import Counter, deque
from collections.abc import Generator, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from autograder.classroom import dask_worker
from autograder.classroom.dask_worker import Delivered, Description, Order, Refused, Reply
from autograder.classroom.scheduler import LOST_TWICE, Conditions, Outcome, SchedulerError, Task
from autograder.course.source import Chapter
from autograder.grading.choice import Found
from autograder.grading.engine import Usage, lost_in_process
from autograder.grading.version import fingerprint, grader_version
from autograder.results import SubmissionResult

CONNECT_SECONDS = 10
PATIENCE = 60.0
"""So many seconds a run goes on while the cluster has no worker that may grade."""

_AHEAD = 3  # tasks per thread that are on their way: a worker never waits, and memory stays small
_LOOK_AGAIN = 2.0  # seconds after which the list of workers is old


def missing() -> ImportError | None:
    """Why Dask, which is an optional extra, cannot be had; None where it can."""
    try:
        import distributed  # noqa: F401
    except ImportError as error:
        return error
    return None


class Cluster:
    """A Dask scheduler and the workers that may grade for us. `refused` says which may not, and why."""

    def __init__(self, address: str, *, least_level: str = "B", patience: float = PATIENCE):
        """Connect, and ask every worker what it is.

        Raises:
            SchedulerError: there is no cluster at this address, or none of its workers may grade.
        """
        if error := missing():
            raise SchedulerError(
                "grading on a cluster needs more packages: pip install -r requirements-cluster.lock"
            ) from error
        import distributed

        for name in ("distributed", "distributed.client"):
            # Whatever they would log with a traceback reaches the user as the message of a SchedulerError.
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self.least_level = least_level
        self.patience = patience
        self.refused: dict[str, str] = {}
        self.level = "A"
        self._threads: dict[str, int] = {}
        self._looked = 0.0
        try:
            self.client: Any = distributed.Client(
                address, timeout=CONNECT_SECONDS, set_as_default=False, name="autograder"
            )
        except (OSError, ValueError) as error:
            reason = str(error) or type(error).__name__
            raise SchedulerError(
                f"there is no Dask scheduler to talk to at {address}: {reason}"
            ) from error
        try:
            self._meet()
        except BaseException:
            self.close()
            raise

    def _meet(self) -> None:
        """Ask the workers what they are; the worst sandbox of those that may grade is the level of the run."""
        answers = self.client.run(dask_worker.describe, on_error="return")
        levels = []
        for worker, said in answers.items():
            if isinstance(said, bytes):
                described = msgspec.msgpack.decode(said, type=Description)
                reason = dask_worker.objection(described, fingerprint(), self.least_level)
            else:
                reason = f"it cannot import the grader or read its settings; start it in a checkout of it ({said})"
            if reason:
                self.refused[worker] = reason
            else:
                levels.append(described.level)
        if not levels:
            raise SchedulerError(self.nobody())
        self.level = max(levels)

    def nobody(self) -> str:
        """Say why there is nobody to grade."""
        address = self.client.scheduler.address
        if not self.refused:
            return f"the Dask scheduler at {address} has no workers"
        worker, reason = next(iter(self.refused.items()))
        others = len(self.refused) - 1
        more = f"; nor may {others} others" if others else ""
        return f"no worker of {address} may grade: {worker}: {reason}{more}"

    @property
    def threads(self) -> int:
        """How many submissions are graded at the same time."""
        return sum(self.willing().values())

    def willing(self) -> dict[str, int]:
        """Threads of the workers that have not refused, by address. Workers come and go.

        Raises:
            SchedulerError: the Dask scheduler is gone.
        """
        if not self._looked or time.monotonic() - self._looked > _LOOK_AGAIN:
            try:
                self._threads = self.client.nthreads()
            except OSError as error:
                raise SchedulerError("the Dask scheduler does not answer") from error
            self._looked = time.monotonic()
        return {
            worker: count for worker, count in self._threads.items() if worker not in self.refused
        }

    def grade(
        self, tasks: Iterable[Task], course: dict[str, Chapter], conditions: Conditions
    ) -> Generator[Outcome, None, None]:
        """Yield the outcome of every task as soon as it is there."""
        run = _Run(self, course, conditions)
        source = iter(tasks)
        try:
            while True:
                while run.wants_more():
                    task = run.again.popleft() if run.again else next(source, None)
                    if task is None:
                        break
                    run.submit(task)
                if not run.pending:
                    return
                outcome = run.next_outcome()
                if outcome is not None:
                    yield outcome
        finally:
            run.cancel()

    def close(self) -> None:
        """Leave the cluster; it stays for others."""
        self.client.close()


class _Sent(NamedTuple):
    """A task on its way. `workers` are those it was sent to, None where anyone may have it."""

    future: Any
    task: Task
    workers: frozenset[str] | None


class _Run:
    """What is on its way to the workers and back."""

    def __init__(self, cluster: Cluster, course: dict[str, Chapter], conditions: Conditions):
        self._cluster = cluster
        self._course = course
        self._conditions = conditions
        self._losses: Counter[Found] = Counter()
        self._finished: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.again: deque[Task] = deque()
        self.pending: dict[str, _Sent] = {}

    def wants_more(self) -> bool:
        """Whether the workers that there are could do with another task."""
        threads = sum(self._cluster.willing().values())
        return len(self.pending) < max(1, _AHEAD * threads)

    def submit(self, task: Task) -> None:
        """Send a task to whichever worker has time for it, those aside that refused."""
        cluster = self._cluster
        workers = frozenset(cluster.willing()) if cluster.refused else None
        if workers is not None and not workers:
            raise SchedulerError(cluster.nobody())
        order = Order(fingerprint(), self._conditions, cluster.least_level, task.submission)
        future = cluster.client.submit(
            dask_worker.grade,
            msgspec.msgpack.encode(order),
            key=f"grade-{uuid.uuid4().hex}",
            pure=False,
            workers=workers and list(workers),
        )
        self.pending[future.key] = _Sent(future, task, workers)
        future.add_done_callback(self._finished.put)

    def next_outcome(self) -> Outcome | None:
        """Wait for an answer; None where it was none, and the task is to be sent again."""
        future = self._wait()
        if future is None:
            return None
        task = self.pending.pop(future.key).task
        reply = self._reply(future)
        future.release()
        if isinstance(reply, Refused):
            self._cluster.refused[reply.worker] = reply.reason
            self.again.append(task)
            return None
        if isinstance(reply, Delivered):
            self._check(reply.result)
            return Outcome(task, reply.result, reply.usage)
        self._losses[task.found] += 1
        if self._losses[task.found] < LOST_TWICE:
            self.again.append(task)
            return None
        chapter, grading = self._course[task.submission.chapter], self._conditions.grading
        return Outcome(task, lost_in_process(task.submission, chapter, grading), Usage())

    def _wait(self) -> Any | None:
        """The next future that is done, however it ended; None where tasks have to be sent elsewhere instead."""
        since = time.monotonic()
        while True:
            try:
                future = self._finished.get(timeout=_LOOK_AGAIN)
            except queue.Empty:
                willing = self._cluster.willing()
                if willing:
                    since = time.monotonic()
                elif time.monotonic() - since > self._cluster.patience:
                    raise SchedulerError(self._cluster.nobody()) from None
                if willing and self._take_back(willing):
                    return None
                continue
            if future.key in self.pending:
                return future

    def _take_back(self, willing: Mapping[str, int]) -> bool:
        """Take back the tasks for workers that are all gone, while others have come."""
        stranded = [
            sent
            for sent in self.pending.values()
            if sent.workers is not None and sent.workers.isdisjoint(willing)
        ]
        self._cancel(stranded)
        self.again.extend(sent.task for sent in stranded)
        return bool(stranded)

    def _reply(self, future: Any) -> Reply | None:
        """What the worker said; None where every worker that Dask gave the task to was lost with it."""
        from distributed import KilledWorker
        from distributed.client import FutureCancelledError

        try:
            return msgspec.msgpack.decode(future.result(), type=Reply)
        except KilledWorker:
            return None
        except (FutureCancelledError, OSError) as error:
            raise SchedulerError("the Dask scheduler was lost") from error

    def _check(self, result: SubmissionResult) -> None:
        """A worker whose files were changed under it must not slip in results of another grader."""
        expected = grader_version(self._course[result.chapter], self._conditions.grading)
        if result.grader != expected:
            raise SchedulerError(
                f"a worker graded {result.student} {result.chapter} with {result.grader} in place of {expected}; "
                "restart the workers after a change of their files"
            )

    def cancel(self) -> None:
        """Give up what is on its way; a worker ends what it is at and forgets it."""
        self._cancel(list(self.pending.values()))

    def _cancel(self, given_up: Sequence[_Sent]) -> None:
        if given_up:
            futures = [sent.future for sent in given_up]
            for future in futures:
                del self.pending[future.key]
            self._cluster.client.cancel(futures, force=True)
