"""A limit on the time of what runs in this process."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

WALL_CLOCK = signal.ITIMER_REAL
PROCESSOR_TIME = signal.ITIMER_PROF  # a busy machine changes nothing
_SIGNALS = {WALL_CLOCK: signal.SIGALRM, PROCESSOR_TIME: signal.SIGPROF}


@contextmanager
def limited(clock: int, seconds: float, error: type[BaseException]) -> Iterator[None]:
    """Raise `error` in the body after a number of seconds of a clock.

    Signals reach the main thread only; in another one there is no limit.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(_number: int, _frame: Any) -> None:
        raise error

    before = signal.signal(_SIGNALS[clock], ring)
    signal.setitimer(clock, seconds)
    try:
        yield
    finally:
        signal.setitimer(clock, 0)
        signal.signal(_SIGNALS[clock], before)
