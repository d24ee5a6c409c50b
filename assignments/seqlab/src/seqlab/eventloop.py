"""An event loop for `await` at the top level of a cell, without the sockets that asyncio's own loops begin with."""

from __future__ import annotations

import asyncio
import threading
from asyncio import events
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_CATCH_UP = 1_000  # rounds


class NotebookLoop(asyncio.BaseEventLoop):
    """Runs coroutines, tasks, timers and what threads hand over; knows no files and no network."""

    def __init__(self) -> None:
        super().__init__()
        self._selector = self
        self._woken = threading.Event()

    def select(self, timeout: float | None) -> list[Any]:
        """Wait until the next timer is due, or a thread hands something over."""
        if timeout is None or timeout > 0:
            self._woken.wait(timeout)
        self._woken.clear()
        return []

    def _process_events(self, event_list: list[Any]) -> None:
        """Nothing: there are no files to watch."""

    def _write_to_self(self) -> None:
        self._woken.set()

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Make this the running loop for statements that do not wait, as a kernel's is while a cell runs."""
        events._set_running_loop(self)
        try:
            yield
        finally:
            events._set_running_loop(None)

    def catch_up(self) -> None:
        """Run what is due and no longer waits, as a kernel does between cells."""
        for _ in range(_CATCH_UP):
            if not self._ready or self.is_closed():  # type: ignore[attr-defined]
                return
            self.call_soon(self.stop)
            self.run_forever()


class NotebookPolicy(asyncio.DefaultEventLoopPolicy):
    """Gives `asyncio.run` such a loop, where a process may have no sockets."""

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        """Return a new loop."""
        return NotebookLoop()
