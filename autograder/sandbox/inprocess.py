"""Workers without a process, for code of our own: catalogued mistakes, alternatives, the reference.

Requests, replies and callbacks are encoded, decoded and answered by the same code as in a confined worker, only the pipe
is left out, which makes a run several times cheaper. There is no confinement: never for code of others.
"""

from __future__ import annotations

import functools
import math
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import Any

import msgspec
import numpy as np

from autograder.sandbox import timer, wire
from autograder.sandbox.clock import Used
from autograder.sandbox.confine import MOST_THREADS
from autograder.sandbox.inside import statements, worker
from autograder.sandbox.session import Session
from autograder.sandbox.terms import Cell, Limits, WorkerEnded


class _TimeUp(BaseException):
    """The limit of a call. No Exception, so that a mistake's `except Exception` does not swallow it."""


class InProcessZygote:
    """Stands in for `worker.client.Zygote`."""

    def __init__(self, libraries: str, most_seconds: float = math.inf):
        """Prepare for numpy or torch chapters; no call gets more than `most_seconds`, whatever its limit."""
        self.libraries = libraries
        self.most_seconds = most_seconds
        self.cpu_seconds = 0.0
        self.threads = MOST_THREADS

    def fork(self, limits: Limits) -> InProcessWorker:
        """Return a fresh worker, which is no process."""
        self.latest = InProcessWorker(self.libraries, limits, self.most_seconds)
        return self.latest

    def close(self) -> None:
        """Nothing to end."""


def load_session(
    zygote: InProcessZygote,
    sources: Sequence[str],
    limits: Limits,
    kind: type[Session] = Session,
    **more: Any,
) -> Any:
    """Run source texts, a cell each, in a session (of this kind) that needs no process."""
    cells = [Cell(number, source) for number, source in enumerate(sources, start=1)]
    session = kind(zygote, cells, is_notebook=False, limits=limits, **more)  # type: ignore[arg-type]
    session.load()
    return session


class InProcessWorker:
    """Stands in for `worker.client.Worker`."""

    def __init__(self, libraries: str, limits: Limits, most_seconds: float):
        self._limits = limits
        self._most_seconds = most_seconds
        self._server = _server_class()(libraries)
        self.alive = True
        self.used = Used(0.0, 0.0)

    @property
    def namespace(self) -> dict[str, Any]:
        """The names that the cells have bound."""
        return self._server.namespace

    def greet(self, _seconds: float) -> None:
        """Nothing to wait for."""

    def threads(self) -> dict[int, float]:
        """None beside its own, as far as a session is concerned."""
        return {}

    def has_stale_reply(self) -> bool:
        """Nothing is written without being asked."""
        return False

    def exchange(
        self,
        message: Any,
        packer: wire.Packer | None,
        seconds: float,
        answer: Callable[[wire.CallBack, list[np.ndarray]], list[Any]] | None = None,
        running: Callable[[wire.Running], None] | None = None,
    ) -> tuple[Any, list[np.ndarray]]:
        """Answer a request within the limit; raises WorkerEnded as a worker's end of the pipe does."""
        request, arrays = _crossed(wire.frame(message, packer), wire.decode_request_head)
        self._server.ask(answer, self._limits.callbacks)
        began = time.process_time()
        try:
            # Our code only computes, so that its processor time is what it takes on any machine.
            limit = min(seconds, self._most_seconds)
            with timer.limited(timer.PROCESSOR_TIME, limit, _TimeUp), _silent():
                parts = self._server.reply(request, arrays)
        except _TimeUp:
            self.close()
            raise WorkerEnded("timeout", "took too long") from None
        except _FormatBroken as error:
            self.close()
            raise WorkerEnded("crashed", f"broke the grader's format: {error}") from None
        finally:
            self.used = Used(time.process_time() - began, 0.0)
        return _crossed(parts, wire.decode_reply_head)

    def close(self) -> None:
        """Let go of everything that the code made."""
        self.alive = False


class _FormatBroken(BaseException):
    """What ends a real worker: a callback too many, or one that cannot cross."""


def _crossed(parts: list[Any], decode: Callable[[bytes], Any]) -> tuple[Any, list[np.ndarray]]:
    """A frame as its reader sees it."""
    whole = b"".join(bytes(part) for part in parts)
    start = wire.HEADER.size
    head, _body = wire.read_header(whole[:start], wire.MAX_CELL)
    message, specs = wire.decode_head(decode, whole[start : start + head])
    return message, wire.split_body(specs, bytearray(whole[start + head :]))


@contextmanager
def _silent() -> Iterator[None]:
    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):
        yield


@functools.lru_cache(maxsize=1024)
def _parsed(source: str, name: str) -> tuple[statements.Statement, ...]:
    return tuple(statements.parse(source, name))


_compiled = functools.lru_cache(maxsize=16384)(statements.compiled)


class _Cells(statements.Cells):
    """Cells whose source is parsed and compiled once for all the runs that share it."""

    def _parsed(self, source: str, name: str) -> Sequence[statements.Statement]:
        return _parsed(source, name)

    def _compiled(
        self, statement: statements.Statement, name: str, flags: int, as_value: bool
    ) -> Any:
        return _compiled(statement, name, flags, as_value)


@functools.cache
def _server_class() -> type[Any]:
    class Server(worker.Server):  # type: ignore[name-defined, misc]
        """The worker's server with its ends of the pipe joined to ours."""

        def __init__(self, libraries: str):
            super().__init__(-1, -1)
            if libraries != "torch":
                self.torch = None
            self._answer_callback: Any = None
            self._callbacks_left = 0
            self._answered: list[Any] = []

        def ask(self, answer: Any, callbacks: int) -> None:
            self._answer_callback = answer
            self._callbacks_left = callbacks

        def reply(self, message: Any, arrays: list[np.ndarray]) -> list[Any]:
            self.current_id = message.id
            try:
                return wire.frame(*self._answer(message, arrays))
            except (_TimeUp, _FormatBroken):
                raise
            except wire.WireError as error:
                return wire.frame(self._raised(message.id, ValueError(str(error))))
            except BaseException as error:  # as the worker does: a SystemExit is an answer, too
                return wire.frame(self._raised(message.id, error))

        def _run_cell(self, message: Any) -> Any:
            message = msgspec.structs.replace(message, module_name=worker.MODULE)
            return super()._run_cell(message)

        def _new_cells(self, notebook: bool, needed: Sequence[str]) -> statements.Cells:
            return _Cells(self.namespace, notebook, (_TimeUp, _FormatBroken))

        def _send(self, message: Any, packer: Any = None) -> None:
            """A callback goes out; which statement of a cell runs is of no interest here."""
            if isinstance(message, wire.Running):
                return
            self._callbacks_left -= 1
            if self._answer_callback is None or self._callbacks_left < 0:
                raise _FormatBroken("a callback too many")
            callback, arrays = _crossed(wire.frame(message, packer), wire.decode_reply_head)
            try:
                self._answered = self._answer_callback(callback, arrays)
            except wire.WireError as error:
                raise _FormatBroken(str(error)) from None

        def _receive(self, decode: Any) -> tuple[Any, list[np.ndarray]]:
            """And its answer comes back."""
            return _crossed(self._answered, decode)

    return Server
