"""The grader's end of the pipe: start a zygote, fork workers from it, exchange one frame for another.

Everything a worker sends is taken for hostile: lengths are checked before reading, types are closed, a reply must carry
the random id of its request. A worker that breaks a rule is killed and the call ends with a verdict.
"""

from __future__ import annotations

import fcntl
import functools
import json
import os
import secrets
import select
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from . import entry, wire
from .clock import Clock, Used, computing_seconds
from .confine import MOST_THREADS, ConfinementError, cgroups, namespaces
from .confine import libraries as confine_libraries
from .terms import ONE_CORE, GraderFault, Limits, WorkerEnded

_F_SETPIPE_SZ = 1031
_PIPE_SIZE = 1 << 20
_REAP_SECONDS = 5.0
_END_SECONDS = 2
_MEMORY_TICK = 0.05
_CLOCK_TICK = 0.01
_MEMORY_MARGIN = (
    1 << 30
)  # resident memory beyond the budget: the libraries, shared pages among them
START_SECONDS = 30.0
FORK_SECONDS = 20.0
"""How long the system may refuse a process before that is a fault of ours."""
_IMPORT_SECONDS = (
    600.0  # the first import of a large build of PyTorch from a slow disk takes minutes
)
_COMPLAINT = 4096
_EXITS_KEPT = 256
# Of a zygote with its libraries, the worker at work and the one forked in advance.
_GROUP_MEMORY = 4 << 30
# Wall-clock limits come first; processor time is bounded for what they do not see.
DEFAULT_POLICY: dict[str, Any] = {"level": "B", "cpu_seconds": 600}

Answer = Callable[[wire.CallBack, list[np.ndarray]], list[Any]]
"""Makes the frame that answers a callback."""


def usual_cache_folder() -> Path:
    """Where matplotlib and torch keep what they compute once. Zygotes may write there, workers cannot."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "seqlab-grader"


def is_own_folder(folder: Path) -> bool:
    """Make a folder for this user alone, where it is not there; whether it is one now and can be written to."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
    except OSError:
        return False
    own = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()
    return own and not found.st_mode & 0o002 and os.access(folder, os.W_OK | os.X_OK)


@functools.cache
def _cache_folder() -> str:
    """The usual folder, or where the home is read-only one among the temporary files."""
    temporary = Path(tempfile.gettempdir(), f"seqlab-grader-{os.geteuid()}")
    for folder in (usual_cache_folder(), temporary):
        if is_own_folder(folder):
            return str(folder)
    return tempfile.mkdtemp(prefix="seqlab-grader-")


KERNEL = "OPENBLAS_CORETYPE"
"""Names the kernel that numpy's linear algebra uses; a submission computes with the grader's."""


def _environment() -> dict[str, str]:
    """The clean environment of a zygote: nothing of the instructor's own reaches student code."""
    return {
        **ONE_CORE,
        "OMP_THREAD_LIMIT": "1",  # OpenMP ends a process that may not start a thread it wants
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "MPLBACKEND": "Agg",
        "MPLCONFIGDIR": _cache_folder(),
        "HOME": "/nonexistent",
        "TORCH_COMPILE_DISABLE": "1",  # a compiler writes files and starts processes
        "TORCHINDUCTOR_CACHE_DIR": _cache_folder(),  # importing torch._dynamo makes it
        **{name: os.environ[name] for name in (KERNEL,) if name in os.environ},
        **confine_libraries.NO_ACCELERATORS,
    }


def _wrapped(
    libraries: str, policy: dict[str, Any], beside: Iterable[str] = ()
) -> tuple[list[str], dict[str, Any]]:
    """Return what to run a zygote within, and its policy: at level A namespaces of its own, else nothing.

    Args:
        libraries: "numpy" or "torch".
        policy: fields of `confine.Policy`.
        beside: what there has to be in the namespaces beside the libraries' own files.
    """
    if policy["level"] != "A":
        return [], policy
    readable = confine_libraries.find(
        libraries == "torch", tuple(policy.get("modules", ()))
    ).readable
    here = Path(__file__).parent
    own = [str(here), str(Path(msgspec.__file__).parent)]
    # What runs cells is linked to the package of which students have a copy.
    own += [str(file.resolve()) for file in (here / "inside").glob("*.py") if file.is_symlink()]
    cache = [folder] if os.path.isdir(folder := _cache_folder()) else []
    prefix = namespaces.command([*readable, *own, *beside], cache)
    return prefix, {**policy, "outside": namespaces.identifiers()}


class Zygote:
    """A warm process that forks workers; one per grader process and kind of chapter."""

    def __init__(
        self,
        libraries: str,
        policy: dict[str, Any] | None = None,
        *,
        scientific: bool = True,
    ):
        """Start it. The first `fork` waits until its imports are done.

        Args:
            libraries: "numpy" or "torch".
            policy: fields of `confine.Policy`.
            scientific: whether scipy and matplotlib are imported in advance, which takes longer than all the rest.

        Raises:
            GraderFault: there is nothing to confine it with, or its cgroup cannot be entered.
        """
        self.libraries = libraries
        self._scientific = scientific
        self.cpu_seconds = 0.0
        self.peak_memory = 0
        self._exits: dict[int, int] = {}
        self._buffer = b""
        self._next_pipes: tuple[int, int, int] | None = None  # of the worker asked for in advance
        self._forked: tuple[int, int] | None = None  # its process id and pidfd, once they have come
        self._descriptors: list[int] = []  # they arrive with the bytes, not with the lines
        self._policy = {**DEFAULT_POLICY, **(policy or {})}
        self._searched = False
        self._refused = ""  # why the system does not let it fork just now
        self.threads = 0  # that a submission may start, once it is ready
        self._start()

    def _start(self, beside: Iterable[str] = ()) -> None:
        self._group = self._make_group()
        program = entry.code("from sandbox.inside import zygote; zygote.main()")
        try:
            command, policy = _wrapped(self.libraries, self._policy, beside)
        except ConfinementError as error:
            self._remove_group()
            raise GraderFault(f"the sandbox does not start: {error}") from error
        policy = {**policy, "grouped": self._group is not None}
        ours, theirs = socket.socketpair()
        self._control = ours
        options = json.dumps(
            {"libraries": self.libraries, "scientific": self._scientific, "policy": policy}
        )
        # What it, or bubblewrap, says on its way out.
        self._complaints = os.fdopen(os.memfd_create("complaints"), "rb")
        command += [sys.executable, "-P", "-s", "-B", "-c", program, str(theirs.fileno()), options]
        self._process = subprocess.Popen(
            command,
            pass_fds=[theirs.fileno()],
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stderr=self._complaints,
            cwd="/",
            start_new_session=True,
        )
        theirs.close()
        self._enter_group()
        self._ready = False  # it imports; meanwhile its grader can collect tests

    def _make_group(self) -> cgroups.Group | None:
        """Make what bounds the zygote and its workers together, where a cgroup has been delegated."""
        parent = cgroups.delegated()
        threads = self._policy.get("threads", MOST_THREADS)
        return cgroups.group(parent, _GROUP_MEMORY, threads) if parent else None

    def _enter_group(self) -> None:
        if self._group is None:
            return
        try:
            self._group.add(self._process.pid)
        except OSError as error:
            self._process.kill()
            self._process.wait()
            self._remove_group()
            raise GraderFault(f"the zygote cannot enter its cgroup: {error}") from error

    def _remove_group(self) -> None:
        if self._group is not None:
            self._group.remove()

    def _message(self) -> dict[str, Any]:
        while b"\n" not in self._buffer:
            data, received, _flags, _address = socket.recv_fds(self._control, 65536, 4)
            self._descriptors += received
            if not data:
                raise GraderFault(self._last_words())
            self._buffer += data
        line, self._buffer = self._buffer.split(b"\n", 1)
        return json.loads(line)

    def _last_words(self) -> str:
        """Why it ended, in a line."""
        try:
            status = self._process.wait(timeout=_REAP_SECONDS)
        except subprocess.TimeoutExpired:
            return "the zygote closed its socket"
        file = self._complaints.fileno()
        data = os.pread(file, _COMPLAINT, max(0, os.fstat(file).st_size - _COMPLAINT))
        lines = [line for line in data.decode(errors="replace").splitlines() if line.strip()]
        how = f"signal {-status}" if status < 0 else f"exit status {status}"
        return f"the zygote ended ({': '.join([how, *lines[-1:]])})"

    def _get_ready(self) -> None:
        """Wait until its libraries are there.

        Raises:
            GraderFault: it cannot start; the message says why.
        """
        while not self._ready:
            try:
                self._control.settimeout(_IMPORT_SECONDS)
                self._note(self._message())
            except TimeoutError:
                raise GraderFault(
                    f"the libraries are not imported after {_IMPORT_SECONDS:.0f} s"
                ) from None
            except (OSError, GraderFault) as error:
                reason = str(error) if isinstance(error, GraderFault) else self._last_words()
                fault = GraderFault(f"the sandbox does not start: {reason}")
                if self._policy["level"] != "A" or self._searched:
                    raise fault from None
                self._search(fault)
            finally:
                self._control.settimeout(None)

    def _search(self, fault: GraderFault) -> None:
        """Start anew with what the libraries load and their metadata do not tell, where there is any."""
        self._searched = True
        try:
            beside = confine_libraries.imported(
                self.libraries == "torch", tuple(self._policy.get("modules", ()))
            )
        except confine_libraries.CannotImport as error:
            raise GraderFault(f"the sandbox does not start: {error}") from None
        if not beside:
            raise fault
        self.close()
        self._buffer = b""
        self._start(beside)

    def _note(self, message: dict[str, Any]) -> None:
        if "ready" in message:
            self._ready = True
            self.threads = message["threads"]
            return
        if "failed" in message:
            raise GraderFault(message["failed"])
        if "pid" in message:
            self._forked = (message["pid"], self._descriptors.pop(0))
            self._refused = ""
            return
        if "waiting" in message:
            self._refused = message["waiting"]
            return
        if len(self._exits) > _EXITS_KEPT:
            self._exits.clear()  # of workers that we ended ourselves; nobody asks
        self._exits[message["exit"]] = message["status"]
        self.cpu_seconds += message["cpu"]
        self.peak_memory = max(self.peak_memory, message["memory"])

    def fork(self, limits: Limits) -> Worker:
        """Return a fresh worker, and have the next one forked while this one is at work.

        Raises:
            GraderFault: the zygote does not start, or is gone.
        """
        self._get_ready()
        try:
            if self._next_pipes is None:
                self._request_fork()
            (pid, pidfd), pipes = self._await_fork(), self._next_pipes
            self._forked = self._next_pipes = None
            assert pipes is not None
            worker = Worker(self, pid, pidfd, pipes, limits)
            self._request_fork()
        except (OSError, GraderFault) as error:
            raise GraderFault(f"the zygote cannot fork: {error}") from error
        return worker

    def _await_fork(self) -> tuple[int, int]:
        """Wait for the worker that was asked for, but not for ever where the system refuses it.

        Returns:
            Its process id and pidfd.

        Raises:
            GraderFault: it was refused for too long, or the zygote is gone.
        """
        deadline = time.monotonic() + FORK_SECONDS
        try:
            while self._forked is None:
                if self._refused:
                    self._control.settimeout(max(0.001, deadline - time.monotonic()))
                self._note(self._message())
        except TimeoutError:
            raise GraderFault(f"refused for {FORK_SECONDS:.0f} seconds: {self._refused}") from None
        finally:
            self._control.settimeout(None)
        return self._forked

    def drop_spare(self) -> None:
        """Give up the worker that was forked in advance and wait for its end; the next one is forked when needed."""
        if self._next_pipes is None:
            return
        (pid, pidfd), pipes = self._await_fork(), self._next_pipes
        self._forked = self._next_pipes = None
        for descriptor in (pidfd, *pipes):
            os.close(descriptor)  # the end of its pipe ends it
        self.exit_status(pid)

    def _request_fork(self) -> None:
        requests_read, requests_write = os.pipe()
        replies_read, replies_write = os.pipe()
        output_read, output_write = os.pipe()
        self._next_pipes = (requests_write, replies_read, output_read)
        for pipe in (requests_write, replies_read):
            try:
                fcntl.fcntl(pipe, _F_SETPIPE_SZ, _PIPE_SIZE)
            except OSError:
                continue  # the default size is slower, nothing else
        theirs = [requests_read, replies_write, output_write]
        try:
            socket.send_fds(self._control, [b"{}\n"], theirs)
        finally:
            for pipe in theirs:
                os.close(pipe)

    def exit_status(self, pid: int) -> int | None:
        """Return the exit code of a worker (negative for a signal), None where it does not come in time."""
        deadline = time.monotonic() + _REAP_SECONDS
        try:
            while pid not in self._exits:
                self._control.settimeout(max(0.001, deadline - time.monotonic()))
                self._note(self._message())
        except (TimeoutError, GraderFault):
            return None
        finally:
            self._control.settimeout(None)
        return self._exits.pop(pid)

    def close(self) -> None:
        """End it and every worker it still has."""
        spare = [self._forked[1]] if self._forked else []
        for descriptor in (*spare, *self._descriptors, *(self._next_pipes or ())):
            os.close(descriptor)
        self._forked = self._next_pipes = None
        self._descriptors.clear()
        self._control.close()
        self._complaints.close()
        try:
            self._process.wait(timeout=_REAP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._remove_group()


class Worker:
    """One worker process and the pipes to it."""

    def __init__(
        self,
        zygote: Zygote,
        pid: int,
        pidfd: int,
        pipes: tuple[int, int, int],
        limits: Limits,
    ):
        self._zygote = zygote
        self.pid = pid
        self._pidfd = pidfd
        self._requests, self._replies, self._output = pipes
        for pipe in pipes:
            os.set_blocking(pipe, False)
        self._limits = limits
        self.alive = True
        self._output_open = True
        self.used = Used(0.0, 0.0)  # by the latest request

    @functools.cached_property
    def _clock(self) -> Clock:
        return Clock(self.outer_pid)

    @functools.cached_property
    def outer_pid(self) -> int:
        """Its process id here; in a namespace of its own it goes by another number."""
        return namespaces.outer_pid(self._pidfd)

    def threads(self) -> dict[int, float]:
        """Return the processor time of each thread beside its own, by the thread's id."""
        try:
            names = map(int, os.listdir(f"/proc/{self.outer_pid}/task"))
        except OSError:
            return {}
        others = [name for name in names if name != self.outer_pid]
        times = {name: computing_seconds(self.outer_pid, name) for name in others}
        return {name: seconds for name, seconds in times.items() if seconds is not None}

    def _resident(self) -> int:
        try:
            with open(f"/proc/{self.outer_pid}/statm", "rb") as file:
                return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        except (OSError, IndexError):
            return 0

    def _end(self, verdict: str, message: str) -> WorkerEnded:
        self.close()
        return WorkerEnded(verdict, message)

    def _gone(self) -> WorkerEnded:
        """The process ended by itself: find out how."""
        status = self._zygote.exit_status(self.pid)
        if status in (-signal.SIGXCPU, None):
            return self._end("timeout", "used up its processor time")
        return self._end("crashed", "ended the process that ran it")

    def greet(self, seconds: float) -> None:
        """Wait until the worker says that it has confined itself.

        Raises:
            GraderFault: it could not, or did not say so in time. No student code has run.
        """
        reader = _FrameReader(self._replies)
        poll = select.poll()
        poll.register(self._replies, select.POLLIN)
        deadline = time.monotonic() + seconds
        try:
            while (received := reader.read()) is None:
                left = deadline - time.monotonic()
                if left <= 0 or not poll.poll(1000 * left):
                    raise GraderFault("a worker did not come up in time")
            reply, _ = wire.decode_head(wire.decode_reply_head, received[0])
            if reply.id != wire.HELLO:
                raise GraderFault("a worker said something else than hello")
        except EOFError:
            status = self._zygote.exit_status(self.pid)
            self.close()
            raise GraderFault(f"a worker could not confine itself (exit status {status})") from None
        except GraderFault:
            self.close()
            raise

    def has_stale_reply(self) -> bool:
        """Whether something was written that nobody asked for."""
        poll = select.poll()
        poll.register(self._replies, select.POLLIN)
        return bool(poll.poll(0))

    def exchange(
        self,
        message: Any,
        packer: wire.Packer | None,
        seconds: float,
        answer: Answer | None = None,
        running: Callable[[wire.Running], None] | None = None,
    ) -> tuple[Any, list[np.ndarray]]:
        """Send a request and return its reply.

        Args:
            message: one of `wire.Request`; its id must be fresh (`new_id`).
            packer: holds the arrays of the message.
            seconds: how long it may compute, and how long it may wait; not the time in which others had the processor.
            answer: makes the frame that answers a callback; None where no callback is allowed.
            running: is called when a step of a cell begins; None where no cell runs.

        Raises:
            WorkerEnded: too slow, too much memory or output, dead, or a reply that breaks the format.
        """
        if not self.alive:
            raise GraderFault("the worker has ended already")
        frame = wire.frame(message, packer)
        self._clock.start()
        exchange = _Exchange(self, message.id, frame, seconds, answer, running)
        while True:
            ready = exchange.wait()
            if self._output in ready:
                exchange.drop_output()
            if self._requests in ready:
                exchange.send()
            if self._replies in ready:
                reply = exchange.receive()
                if reply is not None:
                    self.used = self._clock.used()
                    return reply
            elif self._pidfd in ready:
                raise self._gone()

    def close(self) -> None:
        """Kill it. Safe to call twice."""
        if not self.alive:
            return
        self.alive = False
        if "_clock" in self.__dict__:
            self.used = self._clock.used()
            self._clock.close()
        several = bool(self.threads())
        try:
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
        except ProcessLookupError:
            pass  # it is what we wanted
        if several:
            # Until all are gone they count against whichever worker comes next.
            self._wait_for_end()
        for descriptor in (self._requests, self._replies, self._output, self._pidfd):
            os.close(descriptor)

    def _wait_for_end(self) -> None:
        poll = select.poll()
        poll.register(self._pidfd, select.POLLIN)
        poll.poll(1000 * _END_SECONDS)


class _Exchange:
    """One request on its way to its reply: what is still to be sent, what came, and what may still be used."""

    def __init__(
        self,
        worker: Worker,
        request: int,
        frame: list[Any],
        seconds: float,
        answer: Answer | None,
        running: Callable[[wire.Running], None] | None,
    ):
        """Begin to send a frame; the arguments are those of `Worker.exchange`."""
        self._worker = worker
        self._request = request
        self._answer = answer
        self._running = running
        self._steps_left = wire.MAX_STEPS
        self._seconds = seconds
        self._next_check = time.monotonic() + seconds
        self._next_look = time.monotonic() + _MEMORY_TICK
        self._callbacks_left = worker._limits.callbacks
        self._printed = 0
        self._poll = select.poll()
        for descriptor in (worker._replies, worker._pidfd):
            self._poll.register(descriptor, select.POLLIN)
        if worker._output_open:
            self._poll.register(worker._output, select.POLLIN)
        self._unsent: list[memoryview] = []
        self._begin(frame)

    def _begin(self, frame: list[Any]) -> None:
        """Send what the pipe takes of a frame, and expect one."""
        self._reader = _FrameReader(self._worker._replies)
        self._unsent = _write(self._worker._requests, [memoryview(p).cast("B") for p in frame])
        if self._unsent:
            self._poll.register(self._worker._requests, select.POLLOUT)

    def send(self) -> None:
        """Send what the pipe takes of the rest."""
        self._unsent = _write(self._worker._requests, self._unsent)
        if not self._unsent:
            self._poll.unregister(self._worker._requests)

    def wait(self) -> set[int]:
        """Return the descriptors at which something happened; none after a moment without.

        Raises:
            WorkerEnded: its time is up, or it takes too much memory.
        """
        worker = self._worker
        now = time.monotonic()
        if now >= self._next_check:
            used = worker._clock.used()
            left = self._seconds - max(used.computing, used.waiting)
            if left <= 0:
                raise worker._end("timeout", "took too long")
            self._next_check = now + max(left, _CLOCK_TICK)
        if now >= self._next_look:
            self._next_look = now + _MEMORY_TICK
            if worker._resident() > worker._limits.memory + _MEMORY_MARGIN:
                raise worker._end("memory", "used too much memory")
        return {fd for fd, _ in self._poll.poll(1000 * min(self._next_check - now, _MEMORY_TICK))}

    def drop_output(self) -> None:
        """Read what was printed, and count it.

        Raises:
            WorkerEnded: it is too much.
        """
        worker = self._worker
        try:
            count = len(os.read(worker._output, 1 << 16))
        except BlockingIOError:
            count = 0
        if count == 0:
            self._poll.unregister(worker._output)
            worker._output_open = False
        self._printed += count
        if self._printed > worker._limits.output:
            raise worker._end("output", "printed without end")

    def receive(self) -> tuple[Any, list[np.ndarray]] | None:
        """Read what has come; return the reply when all of it is there. A callback is answered.

        Raises:
            WorkerEnded: it is gone, or breaks the format.
        """
        try:
            received = self._reader.read()
            if received is None:
                return None
            head, body = received
            reply, specs = wire.decode_head(wire.decode_reply_head, head)
            arrays = wire.split_body(specs, body)
            if reply.id != self._request or self._unsent:
                raise wire.WireError("a reply to no request")
            if isinstance(reply, wire.Running):
                self._take_step(reply)
                self._reader = _FrameReader(self._worker._replies)
                return None
            if not isinstance(reply, wire.CallBack):
                return reply, arrays
            answer = self._answer_to(reply, arrays)
        except EOFError:
            raise self._worker._gone() from None
        except wire.WireError as error:
            raise self._worker._end("crashed", f"broke the grader's format: {error}") from error
        self._begin(answer)
        return None

    def _take_step(self, step: wire.Running) -> None:
        self._steps_left -= 1
        if self._running is None or self._steps_left < 0:
            raise wire.WireError("a step too many")
        self._running(step)

    def _answer_to(self, callback: wire.CallBack, arrays: list[np.ndarray]) -> list[Any]:
        self._callbacks_left -= 1
        if self._answer is None or self._callbacks_left < 0:
            raise wire.WireError("a callback too many")
        began = time.monotonic()
        try:
            return self._answer(callback, arrays)
        finally:
            self._worker._clock.leave_out(time.monotonic() - began)


def _write(pipe: int, buffers: list[memoryview]) -> list[memoryview]:
    """Write what fits into the pipe; return the rest."""
    while buffers:
        try:
            count = os.writev(pipe, buffers[:64])
        except BlockingIOError:
            return buffers
        except BrokenPipeError:
            return []  # the worker died; the end of its reply pipe says so
        while buffers and count >= len(buffers[0]):
            count -= len(buffers[0])
            buffers = buffers[1:]
        if count:
            buffers[0] = buffers[0][count:]
    return buffers


class _FrameReader:
    """Reads one frame from a pipe that does not block, piece by piece."""

    def __init__(self, descriptor: int):
        self._descriptor = descriptor
        self._buffer = bytearray(wire.HEADER.size)
        self._got = 0
        self._lengths: tuple[int, int] | None = None
        self._head = b""

    def read(self) -> tuple[bytes, bytearray] | None:
        """Return head and body when all of it is there, None when not yet; EOFError at the end of the pipe."""
        while True:
            if self._got < len(self._buffer):
                view = memoryview(self._buffer)[self._got :]
                try:
                    count = os.readv(self._descriptor, [view])
                except BlockingIOError:
                    return None
                if count == 0:
                    raise EOFError
                self._got += count
                continue
            if self._lengths is None:
                self._lengths = wire.read_header(bytes(self._buffer))
                self._expect(self._lengths[0])
            elif not self._head:
                self._head = bytes(self._buffer)
                self._expect(self._lengths[1])
            else:
                return self._head, self._buffer

    def _expect(self, length: int) -> None:
        self._buffer = bytearray(length)
        self._got = 0


def new_id() -> int:
    """A fresh request id that a worker cannot guess."""
    return secrets.randbits(52)
