"""A time limit for code that may never end, in the process that runs it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SECONDS = 5.0
# A bare `except:` in a loop swallows the first interruption, but not all of them.
_AGAIN = 0.25


class TimeIsUp(BaseException):
    """The time is over. No `Exception`, so that a student's `except Exception` lets it pass."""


# Seconds of waiting for each second of computing: a machine that has others to serve is no reason to stop.
_PATIENCE = 6.0


def longest(seconds: float) -> float:
    """Return after how many seconds by the clock a limit has ended what computes or waits in it."""
    return seconds * _PATIENCE if _has_timers() else seconds


def _has_timers() -> bool:
    return hasattr(signal, "setitimer")


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise `TimeIsUp` in the body after so many seconds of computing, or six times as many by the clock.

    Where the system has no interval timers, and outside the main thread, there is no limit: a notebook's stop button
    and the process that started this one remain.
    """
    if not _has_timers() or threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(_signal: int, _frame: FrameType | None) -> None:
        raise TimeIsUp

    timers = (
        (signal.ITIMER_PROF, signal.SIGPROF, seconds),  # what this process computes
        (signal.ITIMER_REAL, signal.SIGALRM, seconds * _PATIENCE),
    )
    before = [signal.signal(number, ring) for _timer, number, _length in timers]
    for timer, _number, length in timers:
        signal.setitimer(timer, length, _AGAIN)
    try:
        yield
    finally:
        for timer, _number, _length in timers:
            signal.setitimer(timer, 0)
        for (_timer, number, _length), handler in zip(timers, before, strict=True):
            signal.signal(number, handler)


def said(function: str, seconds: float = SECONDS) -> str:
    """Return the sentence for a function that was stopped."""
    return f"{function} had not finished after {seconds:g} s and was stopped: is there a loop that never ends?"
