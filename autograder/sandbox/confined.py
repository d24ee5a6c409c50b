"""Functions of ours on bytes of others, in a confined child: a file that breaks its reader breaks nothing else.

A parser can be made to hang, to take all memory, or to fail in a way that was not thought of. So what reads a file runs
in a child without files, network or secrets of its own; what comes back is data, whose length is checked here and
whose type is checked by the caller. After any fault the child is replaced.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import select
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import msgspec

from . import confine, entry
from .clock import Clock
from .terms import ONE_CORE, GraderFault

_LENGTH = struct.Struct("<Q")
_MAX_REPLY = 128 << 20
_START_SECONDS = 60.0
_TICK = 0.25
_DONE, _FAILED = b"+", b"-"


class CallFailed(Exception):
    """A function did not give a result for these bytes; the message says why, in words fit for their author."""


class Confined:
    """A child that runs the functions it was made with."""

    def __init__(
        self,
        functions: Sequence[str],
        *,
        level: str,
        path: Sequence[str] = (),
        seconds: float = 20.0,
        memory: int = 1 << 30,
    ):
        """Describe the child; it is started by the first call.

        Args:
            functions: each as "module:name"; it takes and returns what msgpack can hold.
            level: of the sandbox: "B" (and "A", which adds nothing here) or "D" for none.
            path: folders from which modules are imported.
            seconds: for a call, of computing and of waiting.
            memory: bytes for a call beyond what the modules take.
        """
        self._functions = list(functions)
        policy = {"level": "B" if level == "A" else level, "memory": memory, "threads": 0}
        self._options = json.dumps(
            {"functions": self._functions, "path": list(path), "policy": policy}
        )
        self._path = [str(folder) for folder in path]
        self._seconds = seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0

    def ready(self) -> None:
        """Start the child, unless it is there.

        Raises:
            GraderFault: it does not start, as where its level cannot be entered.
        """
        if self._process is None or self._owner != os.getpid():
            self._start()

    def call(self, function: str, *arguments: Any) -> bytes:
        """Run a function; return its result as msgpack, of a type that the caller has to check.

        Raises:
            CallFailed: it raised, took too long or too much memory, or gave something too long.
            GraderFault: the child does not start.
        """
        self.ready()
        request = msgspec.msgpack.encode([self._functions.index(function), list(arguments)])
        self._clock.start()
        try:
            _write(self._requests, _LENGTH.pack(len(request)) + request, self._in_time)
            (length,) = _LENGTH.unpack(_read(self._replies, _LENGTH.size, self._in_time))
            if length > _MAX_REPLY:
                raise CallFailed("holds too much")
            reply = _read(self._replies, length, self._in_time)
        except CallFailed:
            self.close()
            raise
        except (EOFError, BrokenPipeError):
            self.close()
            raise CallFailed(
                "takes too much memory to read, or more than its reader bears"
            ) from None
        if reply[:1] == _DONE:
            return reply[1:]
        raise CallFailed(reply[1:200].decode(errors="replace"))

    def _in_time(self) -> None:
        used = self._clock.used()
        if max(used.computing, used.waiting) > self._seconds:
            raise CallFailed("takes too long to read")

    def _start(self) -> None:
        self._owner = os.getpid()
        theirs_in, self._requests = os.pipe()
        self._replies, theirs_out = os.pipe()
        for pipe in (self._requests, self._replies):
            os.set_blocking(pipe, False)
        program = entry.code("from sandbox import confined; confined.main(*sys.argv[1:])")
        try:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-P", "-s", "-B", "-c", program),
                    *(str(theirs_in), str(theirs_out), self._options),
                ],
                pass_fds=[theirs_in, theirs_out],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env={**ONE_CORE, "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONHASHSEED": "0"},
                start_new_session=True,
            )
        finally:
            os.close(theirs_in)
            os.close(theirs_out)
        deadline = time.monotonic() + _START_SECONDS

        def started() -> None:
            if time.monotonic() > deadline:
                raise CallFailed("is not read: its reader does not start")

        try:
            (pid,) = _LENGTH.unpack(_read(self._replies, _LENGTH.size, started))
        except (EOFError, CallFailed) as error:
            self._clock = Clock(self._process.pid)
            self.close()
            raise GraderFault("the confined reader does not start") from error
        self._clock = Clock(pid)

    def close(self) -> None:
        """End the child. Safe to call twice."""
        if self._process is None:
            return
        process, self._process = self._process, None
        for pipe in (self._requests, self._replies):
            os.close(pipe)
        self._clock.close()
        if self._owner == os.getpid():
            process.kill()
            process.wait()


def confined(
    functions: Sequence[str], path: Sequence[str], *, seconds: float, memory: int
) -> Confined:
    """Return a child that is ready: confined, or a process like any other where no sandbox can be entered.

    There only one's own code is graded.

    Raises:
        GraderFault: it does not start.
    """
    for level in ("B", "D"):
        child = Confined(functions, level=level, path=path, seconds=seconds, memory=memory)
        try:
            child.ready()
        except GraderFault:
            if level == "D":
                raise
        else:
            return child
    raise AssertionError("unreachable")


def _write(pipe: int, data: bytes, check: Callable[[], None]) -> None:
    view = memoryview(data)
    poll = select.poll()
    poll.register(pipe, select.POLLOUT)
    while view:
        try:
            view = view[os.write(pipe, view) :]
        except BlockingIOError:
            if not poll.poll(1000 * _TICK):
                check()


def _read(pipe: int, length: int, check: Callable[[], None]) -> bytes:
    parts = bytearray()
    poll = select.poll()
    poll.register(pipe, select.POLLIN)
    while len(parts) < length:
        try:
            part = os.read(pipe, min(length - len(parts), 1 << 20))
        except BlockingIOError:
            if not poll.poll(1000 * _TICK):
                check()
            continue
        if not part:
            raise EOFError
        parts += part
    return bytes(parts)


# --- the child ------------------------------------------------------------------------------------------------------


def main(requests: str, replies: str, options: str) -> NoReturn:
    """Import the functions, confine a child of this process, and have it answer until the pipe ends."""
    given = json.loads(options)
    sys.path[:0] = given["path"]
    functions = []
    for text in given["functions"]:
        module, _, name = text.partition(":")
        functions.append(getattr(importlib.import_module(module), name))
    prepared = confine.prepare(confine.Policy(**given["policy"]))
    child = os.fork()
    if child == 0:
        prepared.enter()
        os.write(int(replies), _LENGTH.pack(os.getpid()))
        _serve(int(requests), int(replies), functions)
        os._exit(0)
    for pipe in (requests, replies):
        os.close(int(pipe))
    # Killed itself, this process takes the child along.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(1))
    os.waitpid(child, 0)
    os._exit(0)


def _serve(requests: int, replies: int, functions: Sequence[Callable[..., Any]]) -> None:
    with contextlib.suppress(EOFError, BrokenPipeError):
        while True:
            (length,) = _LENGTH.unpack(_receive(requests, _LENGTH.size))
            number, arguments = msgspec.msgpack.decode(_receive(requests, length))
            reply = _answer(functions[number], arguments)
            _send(replies, _LENGTH.pack(len(reply)) + reply)


def _answer(function: Callable[..., Any], arguments: list[Any]) -> bytes:
    try:
        return _DONE + msgspec.msgpack.encode(function(*arguments))
    except MemoryError:
        return _FAILED + b"takes too much memory to read"
    except Exception as error:
        return _FAILED + f"cannot be read ({type(error).__name__})".encode()


def _receive(pipe: int, length: int) -> bytes:
    parts = bytearray()
    while len(parts) < length:
        part = os.read(pipe, min(length - len(parts), 1 << 20))
        if not part:
            raise EOFError
        parts += part
    return bytes(parts)


def _send(pipe: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(pipe, view) :]
