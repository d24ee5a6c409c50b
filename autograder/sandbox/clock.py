"""What a worker's time was spent on: a busy machine must not cost a submission anything.

The time that counts is that in which the worker's own thread computed or slept. Time in which it was ready and another
process had the processor does not count: the kernel tells it apart as run-queue delay. So one that sleeps is ended at
its limit, and one that is starved is not.
"""

from __future__ import annotations

import os
import time
from typing import NamedTuple


class Used(NamedTuple):
    """Seconds since a clock was started."""

    computing: float
    waiting: float

    @property
    def total(self) -> float:
        """What counts against the limits of a submission."""
        return self.computing + self.waiting


class Clock:
    """The time of one thread of another process, as this process has to wait for it."""

    def __init__(self, pid: int):
        """Open the thread's accounts; where the system keeps none, time is that of the wall."""
        self._theirs = _open(f"/proc/{pid}/task/{pid}/schedstat")
        self._ours = _open(f"/proc/{os.getpid()}/task/{os.getpid()}/schedstat")
        self.start()

    def start(self) -> None:
        """Begin to measure."""
        self._wall = time.monotonic()
        self._ran, self._delayed = self._last = _read(self._theirs) or (0.0, 0.0)
        self._own_delay = self._own()
        self._aside = 0.0

    def _own(self) -> float:
        return (_read(self._ours) or (0.0, 0.0))[1]

    def leave_out(self, seconds: float) -> None:
        """Count out time in which the thread waited for us."""
        self._aside += seconds

    def used(self) -> Used:
        """Return what was used since `start`."""
        wall = time.monotonic() - self._wall
        if self._theirs is None:
            return Used(0.0, max(0.0, wall - self._aside))
        ran, delayed = self._last = _read(self._theirs) or self._last  # it may be gone
        computing = ran - self._ran
        # Our own delay may overlap with theirs; both are lost to the machine, and the thread gets the benefit.
        lost = (delayed - self._delayed) + (self._own() - self._own_delay) + self._aside
        return Used(computing, max(0.0, wall - computing - lost))

    def close(self) -> None:
        """Give the descriptors back."""
        for descriptor in (self._theirs, self._ours):
            if descriptor is not None:
                os.close(descriptor)
        self._theirs = self._ours = None


def computing_seconds(pid: int, thread: int) -> float | None:
    """Return the processor time of a thread so far, None where it is gone or the system does not tell."""
    descriptor = _open(f"/proc/{pid}/task/{thread}/schedstat")
    if descriptor is None:
        return None
    try:
        found = _read(descriptor)
        return None if found is None else found[0]
    finally:
        os.close(descriptor)


def _open(path: str) -> int | None:
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None


def _read(descriptor: int | None) -> tuple[float, float] | None:
    """Return the seconds for which a thread ran, and those for which it was ready and did not; None where unknown."""
    if descriptor is None:
        return None
    try:
        ran, delayed, _times = os.pread(descriptor, 96, 0).split()
    except (OSError, ValueError):  # the thread is gone
        return None
    return int(ran) / 1e9, int(delayed) / 1e9
