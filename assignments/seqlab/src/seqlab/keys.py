"""Single keys from the terminal, without Enter."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def single_keys() -> Iterator[None]:
    """Let the terminal hand over each key at once, and put it back at the end."""
    try:
        import termios
        import tty
    except ImportError:  # Windows reads single keys without any mode
        yield
        return
    if not sys.stdin.isatty():
        yield
        return
    before = termios.tcgetattr(sys.stdin)
    tty.setcbreak(sys.stdin)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


def listen(tell: Callable[[str], None]) -> None:
    """Tell each key from a thread of its own, until the input ends."""
    threading.Thread(target=_read, args=(tell,), daemon=True).start()


def _read(tell: Callable[[str], None]) -> None:
    if sys.platform == "win32" and sys.stdin.isatty():
        import msvcrt

        while True:
            tell(msvcrt.getwch())
    while key := os.read(sys.stdin.fileno(), 1):
        tell(key.decode("ascii", "ignore"))
