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


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise `TimeIsUp` in the body after so many seconds.

    Where the system has no interval timer, and outside the main thread, there is no limit: a notebook's stop button and
    the process that started this one remain.
    """
    if (
        not hasattr(signal, "setitimer")
        or threading.current_thread() is not threading.main_thread()
    ):
        yield
        return

    def ring(_signal: int, _frame: FrameType | None) -> None:
        raise TimeIsUp

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds, _AGAIN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def said(function: str, seconds: float = SECONDS) -> str:
    """Return the sentence for a function that was stopped."""
    return f"{function} had not finished after {seconds:g} s and was stopped: is there a loop that never ends?"
