"""A clean, single-threaded process that has imported the libraries and forks a worker on request.

Started by exec with a clean environment, never forked from the grader, so nothing of the grader was ever in its memory.
It has never run a backward pass: torch's autograd threads do not survive a fork.

Control messages on the socket, one JSON line each: from the grader an options object with three descriptors (requests,
replies, output); to the grader `{"pid": …}` with a pidfd, later `{"exit": pid, "status": …, "cpu": …, "memory": …}`;
`{"waiting": reason}` while the system refuses a process. Before all of them comes `{"ready": level, "threads": …}`,
or `{"failed": reason}` from one that cannot start.
"""

from __future__ import annotations

import errno
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
import traceback
from collections import deque
from typing import Any, NoReturn

from .. import confine
from ..confine import libraries as packages
from . import hugepages, threads, worker

CANNOT_CONFINE = 70
CANNOT_START = 71
# Between attempts at a fork that the system refuses, in seconds.
_FIRST_DELAY = 0.01
_LONGEST_DELAY = 0.5

# Imported once here so that no worker pays for them.
_WARM_NUMPY = [
    "asyncio",
    "numpy",
    "numpy.fft",
    "numpy.linalg",
    "numpy.polynomial",
    "numpy.random",
    "numpy.ma",
    "numpy.lib.stride_tricks",
    "dataclasses",
    "functools",
    "itertools",
    "collections.abc",
    "typing",
    "math",
    "copy",
    "string",
    "enum",
    "abc",
    "operator",
    "json",
    "re",
    "random",
    "time",
    "heapq",
    "statistics",
    "fractions",
    "decimal",
    "inspect",
    "warnings",
    "contextlib",
    "queue",
    "threading",
    "unicodedata",
    "textwrap",
    "secrets",
    "bisect",
    "pickle",
    "tempfile",
    "timeit",
    "logging",
    "pprint",
]
# Take longer than all the others, so only where a submission speaks of them.
_WARM_SCIENTIFIC = [
    "scipy.special",
    "scipy.linalg",
    "scipy.sparse",
    "matplotlib.pyplot",  # its first import writes a cache, which a worker may not
]


def _warm_torch() -> None:
    """First calls of the common layers, forward only."""
    import torch
    from torch import nn

    importlib.import_module("torch._dynamo")  # otherwise the first optimizer imports it, in seconds
    torch.compile = _uncompiled
    nn.Module.compile = _uncompiled  # type: ignore[method-assign, assignment]
    threads.keep_torch_to_one(torch)
    torch.manual_seed(0)
    sequence = torch.zeros(2, 3, 4)
    for cell in (nn.RNN, nn.LSTM, nn.GRU):
        cell(4, 4, batch_first=True)(sequence.clone().requires_grad_(True))
    nn.Embedding(3, 4)(torch.zeros(2, dtype=torch.long))
    nn.functional.cross_entropy(torch.zeros(2, 3), torch.zeros(2, dtype=torch.long))
    torch.linalg.qr(torch.eye(3, dtype=torch.float64))
    torch.einsum("ij,jk->ik", torch.eye(2), torch.eye(2))
    linear = nn.Linear(2, 2)
    for parameter in linear.parameters():
        parameter.grad = torch.zeros_like(parameter)
    nn.utils.clip_grad_norm_(linear.parameters(), 1.0)
    for optimizer in (torch.optim.SGD, torch.optim.Adam):
        optimizer(linear.parameters(), lr=0.0).step()


def _uncompiled(model: Any = None, **_options: Any) -> Any:
    """Stands in for `torch.compile`, whose compiler writes files and starts processes: the model as it is."""
    return (lambda later: later) if model is None else model


def _warm_scientific() -> None:
    for name in _WARM_SCIENTIFIC:
        importlib.import_module(name)
    from matplotlib.figure import Figure

    # Plots are drawn nowhere.
    Figure.savefig = lambda *_args, **_kwargs: None  # type: ignore[method-assign]


def _import_libraries(libraries: str, scientific: bool) -> None:
    for name in _WARM_NUMPY:
        importlib.import_module(name)
    if scientific:
        _warm_scientific()
    if libraries == "torch":
        _warm_torch()
    import numpy as np

    np.linalg.eig(np.eye(3))
    np.linalg.svd(np.eye(3))
    np.fft.rfft(np.ones(8))
    np.random.default_rng(0).normal(size=3)


def _become_worker(descriptors: list[int], prepared: Any, importable: frozenset[str]) -> NoReturn:
    incoming, outgoing, output = descriptors
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    nothing = os.open("/dev/null", os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    keep = sorted({0, 1, 2, incoming, outgoing, *prepared.descriptors()})
    for low, high in zip(keep, [*keep[1:], 1 << 16], strict=True):
        os.closerange(low + 1, high)
    try:
        prepared.enter()
    except BaseException:
        traceback.print_exc()
        os._exit(CANNOT_CONFINE)  # never a byte of student code without its promised layers
    worker.run(incoming, outgoing, importable)
    os._exit(0)


def _reap(control: socket.socket) -> None:
    while True:
        try:
            pid, status, usage = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        note = {
            "exit": pid,
            "status": os.waitstatus_to_exitcode(status),
            "cpu": usage.ru_utime + usage.ru_stime,
            "memory": usage.ru_maxrss,
        }
        _say(control, note)


def _say(control: socket.socket, message: dict[str, Any]) -> None:
    control.sendall(json.dumps(message).encode() + b"\n")


def _in_a_line(error: Exception) -> str:
    # The loader's complaints begin with the library that is missing.
    lines = str(error).strip().splitlines() or [""]
    return f"{type(error).__name__}: {lines[0][:300]}"


def main() -> None:
    """Serve until the grader closes the control socket."""
    control = socket.socket(fileno=int(sys.argv[1]))
    options = json.loads(sys.argv[2])
    libraries = options["libraries"]
    try:
        _import_libraries(libraries, options["scientific"])
        policy = confine.Policy(**options["policy"])
        # A worker could not read the metadata of all packages as fast.
        importable = packages.importable(libraries == "torch", tuple(policy.modules))
        prepared = confine.prepare(policy)
    except Exception as error:
        _say(control, {"failed": _in_a_line(error)})
        os._exit(CANNOT_START)
    gc.collect()
    gc.freeze()
    hugepages.join_memory()

    wake_read, wake_write = os.pipe()
    for descriptor in (wake_read, wake_write):
        os.set_blocking(descriptor, False)
    signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    poll = select.poll()
    poll.register(control, select.POLLIN)
    poll.register(wake_read, select.POLLIN)
    try:
        _say(control, {"ready": prepared.level, "threads": prepared.threads})
        forks = _Forks(control, prepared, importable)
        while True:
            for descriptor, _event in poll.poll(forks.pause()):
                if descriptor == wake_read:
                    os.read(wake_read, 4096)
                    _reap(control)
                else:
                    forks.request()
            forks.attempt()
    except (ConnectionResetError, BrokenPipeError):
        pass  # the grader is gone; the workers go with us: parent-death signal
    os._exit(0)


class _Forks:
    """The workers that were asked for and are not there yet.

    The kernel refuses a process while its tasks or memory are short, which passes. So a fork is tried again, ever more
    slowly, until it succeeds; how long that may take is for the grader to say. Meanwhile ended workers are reaped.
    """

    def __init__(self, control: socket.socket, prepared: Any, importable: frozenset[str]):
        self._control = control
        self._prepared = prepared
        self._importable = importable
        self._wanted: deque[list[int]] = deque()  # descriptors
        self._delay = 0.0

    def request(self) -> None:
        """Take a request from the grader; end where it is gone."""
        message, descriptors, _flags, _address = socket.recv_fds(self._control, 65536, 3)
        if not message:
            os._exit(0)
        self._wanted.append(descriptors)

    def pause(self) -> int | None:
        """Milliseconds until the next attempt, None where there is nothing to attempt."""
        return round(1000 * self._delay) if self._wanted else None

    def attempt(self) -> None:
        """Fork what was asked for, as far as the system lets us."""
        while self._wanted:
            try:
                pid = os.fork()
            except OSError as error:
                if error.errno not in (errno.EAGAIN, errno.ENOMEM):
                    raise
                if not self._delay:
                    _say(self._control, {"waiting": _in_a_line(error)})
                self._delay = min(max(_FIRST_DELAY, 2 * self._delay), _LONGEST_DELAY)
                return
            descriptors = self._wanted.popleft()
            if pid == 0:
                self._control.close()
                _become_worker(descriptors, self._prepared, self._importable)
            self._delay = 0.0
            pidfd = os.pidfd_open(pid)
            line = json.dumps({"pid": pid}).encode() + b"\n"
            socket.send_fds(self._control, [line], [pidfd])
            for opened in (*descriptors, pidfd):
                os.close(opened)
