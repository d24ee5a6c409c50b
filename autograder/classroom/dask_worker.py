"""What runs in a Dask worker: bytes in, bytes out. Student code is two processes away, in the sandbox of a grader.

Graders are kept warm in the worker's process: one for each of its threads that grades, so one with `--nthreads 1`.
"""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from autograder.classroom.grader_process import GraderProcess
from autograder.classroom.scheduler import Conditions
from autograder.course.source import Chapter, chapters
from autograder.grading.engine import Usage
from autograder.grading.submissions import Submission
from autograder.grading.version import fingerprint
from autograder.results import SubmissionResult
from autograder.sandbox.confine import threads_for
from autograder.sandbox.doctor import available


class Order(msgspec.Struct, frozen=True, tag=True):
    """One submission, and by whom and how it wants to be graded."""

    fingerprint: str
    conditions: Conditions
    least_level: str
    submission: Submission


class Delivered(msgspec.Struct, frozen=True, tag=True):
    """The result of an order."""

    result: SubmissionResult
    usage: Usage


class Refused(msgspec.Struct, frozen=True, tag=True):
    """This worker must not or cannot grade; another one may."""

    worker: str
    reason: str


class Description(msgspec.Struct, frozen=True):
    """What a worker is."""

    fingerprint: str
    level: str


Reply = Delivered | Refused


@functools.cache
def _level() -> str:
    return available().level


@functools.cache
def _threads() -> int:
    # How many workers share this machine is not known; one per core is usual.
    return threads_for(os.cpu_count() or 1)


@functools.cache
def _course() -> dict[str, Chapter]:
    return chapters()


def describe() -> bytes:
    """Return the description of this worker."""
    return msgspec.msgpack.encode(Description(fingerprint(), _level()))


def objection(described: Description, wanted: str, least_level: str) -> str:
    """Say why a worker may not grade for a submitter; empty where it may."""
    if described.fingerprint != wanted:
        return (
            f"it has another version of the grader or its libraries, or other settings ({described.fingerprint}, not "
            f"{wanted}); bring it to the same commit, locked packages and course.toml, and restart it"
        )
    if described.level > least_level:
        return f"its sandbox reaches only level {described.level}"
    return ""


class GraderPool:
    """Grader processes that are kept between tasks. Threads share it; a grader is lent to one at a time."""

    def __init__(self) -> None:
        self._idle: list[GraderProcess] = []
        self._lock = threading.Lock()

    @contextmanager
    def lend(self, conditions: Conditions) -> Iterator[GraderProcess]:
        """Lend a grader that was made under these conditions; it comes back only where all went well."""
        with self._lock:
            process = self._idle.pop() if self._idle else None
        if process is not None and process.conditions != conditions:
            process.close()
            process = None
        if process is None:
            process = GraderProcess(_course(), conditions)
        try:
            yield process
        except BaseException:
            process.close()
            raise
        with self._lock:
            self._idle.append(process)

    def close(self) -> None:
        """End the graders that are not lent."""
        with self._lock:
            idle, self._idle = self._idle, []
        for process in idle:
            process.close()


POOL = GraderPool()


def grade(data: bytes) -> bytes:
    """Answer an order with a reply."""
    from distributed import get_worker  # only there on a cluster

    return msgspec.msgpack.encode(answer(read_order(data), get_worker().address))


def read_order(data: bytes) -> Order:
    """Read an order.

    Raises:
        msgspec.DecodeError: the bytes are none.
    """
    return msgspec.msgpack.decode(data, type=Order)


def answer(order: Order, address: str) -> Reply:
    """Grade what is ordered, or say why not."""
    level = _level()
    described = Description(fingerprint(), level)
    if reason := objection(described, order.fingerprint, order.least_level):
        return Refused(address, reason)
    conditions = msgspec.structs.replace(order.conditions, level=level, threads=_threads())
    try:
        with POOL.lend(conditions) as process:
            return Delivered(*process.grade(order.submission))
    except OSError as error:
        return Refused(address, f"it cannot run a grader: {error}")
