"""Attempt from inside what the layers forbid, and what they must not hinder: what held, row by row.

Everything runs in a fresh interpreter that plays the zygote and forks confined children, so that neither the grader's
threads nor its memory are part of it. `make doctor` prints the rows.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import json
import mmap
import os
import random
import resource
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from . import entry
from .confine import (
    MOST_THREADS,
    ConfinementError,
    Policy,
    Prepared,
    identity,
    kernel,
    libraries,
    namespaces,
    prepare,
    syscalls,
)

_SECONDS = 60.0
_MEMORY = 256 << 20
_CANNOT_CONFINE = 70
_DENIED = (errno.EPERM, errno.EACCES, errno.ENOSYS)
# In a mount namespace the file is simply not there.
_HIDDEN = (*_DENIED, errno.ENOENT)


@dataclass(frozen=True)
class Row:
    """One attempt.

    Attributes:
        what: the act.
        wanted: "refused", "allowed", "ended" (the process is to be ended for it) or "not promised".
        outcome: what happened.
        held: whether that is what was wanted.
    """

    what: str
    wanted: str
    outcome: str
    held: bool


@dataclass(frozen=True)
class _Stage:
    """What the acts act upon."""

    parent: int
    secrets: tuple[str, ...]
    folder: str


@dataclass(frozen=True)
class _Act:
    what: str
    run: Callable[[_Stage], object]
    refused_by: tuple[int, ...] = _DENIED  # empty: it must succeed


def _call(name: str, *arguments: object) -> int:
    return kernel.syscall(syscalls.numbers()[kernel.machine()][name], *arguments)


def _read(path: str) -> None:
    with open(path, "rb") as file:
        file.read(1)


def _write(path: str) -> None:
    with open(path, "wb") as file:
        file.write(b"x")


def _read_secrets(stage: _Stage) -> None:
    readable = []
    for path in stage.secrets:
        with contextlib.suppress(OSError):
            _read(path)
            readable.append(path)
    if not readable:
        raise PermissionError(errno.EACCES, "none of them")


def _open_accelerator(_stage: _Stage) -> None:
    # By name: the folder cannot be listed in there.
    for name in ("nvidiactl", "nvidia0", "nvidia-uvm", "kfd", "dri/renderD128", "dri/card0"):
        with contextlib.suppress(FileNotFoundError):
            os.close(os.open(f"/dev/{name}", os.O_RDONLY))
            return
    raise FileNotFoundError(errno.ENOENT, "none of them")


def _fork(_stage: _Stage) -> None:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)


def _clone_process(_stage: _Stage) -> None:
    # No flag but the signal at its end: an ordinary child process, whatever the C library would call.
    pid = _call("clone", signal.SIGCHLD, 0, 0, 0, 0)
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)


def _read_memory_of(pid: int) -> None:
    buffer = ctypes.create_string_buffer(8)

    class Vector(ctypes.Structure):
        _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))

    here = Vector(ctypes.addressof(buffer), 8)
    # The child has the parent's memory layout, so this address is there too.
    there = Vector(ctypes.addressof(buffer), 8)
    _call("process_vm_readv", pid, ctypes.byref(here), 1, ctypes.byref(there), 1, 0)


def _own_by_signal(_stage: _Stage) -> None:
    reading, writing = os.pipe()
    try:
        fcntl.fcntl(reading, fcntl.F_SETOWN, os.getppid())
    finally:
        os.close(reading)
        os.close(writing)


def _push_into_terminal(_stage: _Stage) -> None:
    fcntl.ioctl(0, 0x5412, b"x")  # TIOCSTI; what is no terminal answers ENOTTY, which is not held


def _set_limit(_stage: _Stage) -> None:
    limit = (ctypes.c_uint64 * 2)(16, 16)
    _call("prlimit64", 0, resource.RLIMIT_NOFILE, ctypes.byref(limit), None)


def _pair_of_sockets(_stage: _Stage) -> None:
    for end in socket.socketpair():
        end.close()


def _open_pipe(_stage: _Stage) -> None:
    for end in os.pipe():
        os.close(end)


def _shared_memory(_stage: _Stage) -> None:
    _call("shmctl", _call("shmget", 0, 4096, 0o1600), 0, None)  # IPC_RMID: leave nothing behind


def _message_queue(_stage: _Stage) -> None:
    _call("msgctl", _call("msgget", 0, 0o1600), 0, None)


def _shared_memory_by_name(stage: _Stage) -> None:
    name = f"/dev/shm/confine-probe-{stage.parent}"
    try:
        _write(name)
    finally:
        with contextlib.suppress(OSError):
            os.unlink(name)


def _touch(size: int, flags: int) -> None:
    with mmap.mmap(-1, size, flags=flags) as area:
        area[0] = 1


def _fill_descriptors(_stage: _Stage) -> None:
    opened = []
    try:
        for _ in range(4096):
            opened.append(os.dup(0))
    finally:
        for descriptor in opened:
            os.close(descriptor)


def _end_with_parent_no_more(_stage: _Stage) -> None:
    kernel.prctl(kernel.PR_SET_PDEATHSIG, 0)


def _import_unloaded(_stage: _Stage) -> None:
    if "numpy" in sys.modules:
        assert "numpy.polynomial.laguerre" not in sys.modules
        import numpy.polynomial.laguerre  # noqa: F401
    assert "wave" not in sys.modules
    import wave  # noqa: F401  (of the standard library)


def _start_thread(_stage: _Stage) -> None:
    done = threading.Event()
    thread = threading.Thread(target=done.set)
    thread.start()
    thread.join()
    assert done.is_set()


def _start_no_thread(stage: _Stage) -> None:
    try:
        _start_thread(stage)
    except RuntimeError as error:
        raise PermissionError(errno.EPERM, str(error)) from error


def _start_many_threads(_stage: _Stage) -> None:
    done = threading.Event()
    started: list[threading.Thread] = []
    try:
        for _ in range(8 * MOST_THREADS):
            thread = threading.Thread(target=done.wait, daemon=True)
            thread.start()
            started.append(thread)
    except RuntimeError as error:
        raise OSError(errno.EAGAIN, f"after {len(started)}") from error
    finally:
        done.set()
        for thread in started:
            thread.join()


def _compute(_stage: _Stage) -> None:
    import numpy as np

    matrix = np.random.default_rng(0).normal(size=(64, 64))
    residual = matrix @ np.linalg.inv(matrix) - np.eye(64)
    assert float(np.abs(residual).max()) < 1e-6


def _temporary_file(_stage: _Stage) -> None:
    try:
        tempfile.TemporaryFile().close()
    except FileNotFoundError as error:  # what Python says when no folder will do
        raise PermissionError(errno.EACCES, "no usable temporary folder") from error


def _look_at_clock(_stage: _Stage) -> None:
    assert time.time() > 0 and time.monotonic() > 0 and time.process_time() >= 0
    time.sleep(0)


_SPACE = errno.ENOMEM
ACTS: tuple[_Act, ...] = (
    # files
    _Act("read /etc/passwd", lambda _: _read("/etc/passwd"), refused_by=_HIDDEN),
    _Act("read the grader's files", _read_secrets, refused_by=_HIDDEN),
    _Act("open an accelerator", _open_accelerator, refused_by=_HIDDEN),
    _Act("list /", lambda _: os.listdir("/"), refused_by=_HIDDEN),
    _Act(
        "read the zygote's environment",
        lambda s: _read(f"/proc/{s.parent}/environ"),
        refused_by=_HIDDEN,
    ),
    _Act(
        "read the zygote's memory map",
        lambda s: _read(f"/proc/{s.parent}/maps"),
        refused_by=_HIDDEN,
    ),
    _Act(
        "write a file", lambda s: _write(f"{s.folder}/written"), refused_by=(*_HIDDEN, errno.EROFS)
    ),
    _Act(
        "make a folder", lambda s: os.mkdir(f"{s.folder}/made"), refused_by=(*_HIDDEN, errno.EROFS)
    ),
    _Act(
        "remove a file",
        lambda s: os.unlink(f"{s.folder}/there"),
        refused_by=(*_HIDDEN, errno.EROFS),
    ),
    _Act(
        "make a link",
        lambda s: os.symlink("/", f"{s.folder}/link"),
        refused_by=(*_HIDDEN, errno.EROFS),
    ),
    _Act("make a temporary file", _temporary_file),
    # other machines and processes
    _Act("open an internet socket", lambda _: socket.socket(socket.AF_INET).close()),
    _Act("open a local socket", lambda _: socket.socket(socket.AF_UNIX).close()),
    _Act("make a pair of sockets", _pair_of_sockets),
    _Act("fork", _fork),
    _Act("clone a process", _clone_process),
    _Act("run a program", lambda _: subprocess.run(["/bin/true"], check=True), refused_by=_HIDDEN),
    _Act("replace itself by a program", lambda _: _call("execve", None, None, None)),
    _Act(
        "trace the zygote", lambda s: _call("ptrace", 0x4206, s.parent, 0, 0)
    ),  # SEIZE: stops nobody
    _Act("read the zygote's memory", lambda s: _read_memory_of(s.parent)),
    _Act("open the zygote by pidfd", lambda s: os.close(os.pidfd_open(s.parent))),
    _Act("signal the zygote", lambda s: os.kill(s.parent, 0)),
    _Act("signal everybody", lambda _: os.kill(-1, 0)),
    _Act("have signals sent by a pipe", _own_by_signal),
    _Act("survive the zygote", _end_with_parent_no_more),
    _Act("type into the terminal", _push_into_terminal),
    # memory that no limit counts, or that others can find
    _Act("make an anonymous file", lambda _: os.close(os.memfd_create("probe"))),
    _Act("make shared memory", _shared_memory),
    _Act("make named shared memory", _shared_memory_by_name, refused_by=_HIDDEN),
    _Act("make a message queue", _message_queue),
    _Act("lock memory", lambda _: _call("mlock", 0, 0)),
    # ways around
    _Act("set up io_uring", lambda _: os.close(_io_uring())),
    _Act("make a user namespace", lambda _: _call("unshare", 0x10000000)),
    _Act(
        "mount a file system",
        lambda _: _call("mount", None, None, None, 0, None),
        refused_by=_DENIED,
    ),
    _Act("become root", lambda _: os.setuid(0)),
    _Act("set its limits", _set_limit),
    # exhaustion; limits hold at every level
    _Act(
        "take more memory than its budget",
        lambda _: _touch(4 * _MEMORY, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS),
        refused_by=(_SPACE,),
    ),
    _Act(
        "take more shared memory than its budget",
        lambda _: _touch(8 * _MEMORY, mmap.MAP_SHARED | mmap.MAP_ANONYMOUS),
        refused_by=(_SPACE,),
    ),
    _Act("open descriptors without end", _fill_descriptors, refused_by=(errno.EMFILE,)),
    # what must work
    _Act("import what is not loaded yet", _import_unloaded, refused_by=()),
    _Act("open /dev/null", lambda _: _write(os.devnull), refused_by=()),
    _Act("start a thread", _start_thread, refused_by=()),
    _Act("take half its budget", lambda _: bytearray(_MEMORY // 2), refused_by=()),
    _Act("compute with numpy", _compute, refused_by=()),
    _Act("draw random numbers", lambda _: random.SystemRandom().random(), refused_by=()),
    _Act("look at the clock", _look_at_clock, refused_by=()),
    _Act("open a pipe", _open_pipe, refused_by=()),
    # last, for the stacks of its threads stay
    _Act("start threads without end", _start_many_threads, refused_by=(errno.EAGAIN,)),
)


_NO_THREADS = _Act("start a thread, where nothing counts them", _start_no_thread)


def _io_uring() -> int:
    parameters = ctypes.create_string_buffer(256)
    return _call("io_uring_setup", 1, parameters)


def _attempt(act: _Act, stage: _Stage) -> Row:
    """Do it. At a level that does not promise a refusal the row says what would be wanted all the same."""
    wanted = "refused" if act.refused_by else "allowed"
    try:
        act.run(stage)
    except OSError as error:
        held = error.errno in act.refused_by
        return Row(act.what, wanted, errno.errorcode.get(error.errno or 0, str(error)), held)
    except MemoryError:
        return Row(act.what, wanted, "MemoryError", _SPACE in act.refused_by)
    except BaseException as error:
        return Row(act.what, wanted, f"{type(error).__name__}: {error}"[:200], False)
    return Row(act.what, wanted, "done", not act.refused_by)


def _in_child(prepared: Prepared, body: Callable[[int], None]) -> tuple[str, int]:
    """Run a body in a confined child with a pipe to write to; return what it wrote and its exit code."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        _become(prepared, lambda: body(writing))
    os.close(writing)
    with open(reading, encoding="utf-8") as file:
        text = file.read()
    return text, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _become(prepared: Prepared, body: Callable[[], None]) -> NoReturn:
    try:
        prepared.enter()
    except ConfinementError:
        traceback.print_exc()
        os._exit(_CANNOT_CONFINE)
    try:
        body()
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def _write_all(descriptor: int, text: str) -> None:
    data = text.encode()
    while data:
        data = data[os.write(descriptor, data) :]


def _rows_inside(prepared: Prepared, stage: _Stage) -> list[Row]:
    acts: Sequence[_Act] = ACTS
    if not prepared.threads:  # nothing counts them here, so none may start
        acts = [_NO_THREADS if act.run is _start_thread else act for act in acts]

    def body(writing: int) -> None:
        for act in acts:
            _write_all(writing, json.dumps(asdict(_attempt(act, stage))) + "\n")

    text, code = _in_child(prepared, body)
    rows = [Row(**json.loads(line)) for line in text.splitlines()]
    # A child that died took the act after the last reported one with it.
    rows += [
        Row(act.what, "refused" if act.refused_by else "allowed", f"died with {code}", False)
        for act in ACTS[len(rows) :]
    ]
    return rows


def _burn_processor(_writing: int) -> None:
    while True:
        pass


def _foreign_abi(code: bytes) -> Callable[[int], None]:
    def body(_writing: int) -> None:
        area = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        area.write(code)
        function = ctypes.CFUNCTYPE(ctypes.c_long)(
            ctypes.addressof(ctypes.c_char.from_buffer(area))
        )
        function()

    return body


# x86_64 machine code: getpid by the 32-bit entry (int 0x80), and by the x32 number of the 64-bit one.
_I386_GETPID = bytes.fromhex("b814000000cd80c3")
_X32_GETPID = bytes.fromhex("b8270000400f05c3")


def _ended(what: str, code: int, wanted: Iterable[int]) -> Row:
    outcome = signal.Signals(-code).name if code < 0 else f"ended with {code}"
    return Row(what, "ended", outcome, -code in wanted)


def _ends_with_parent(policy: Policy) -> Row:
    """A zygote is killed: its worker's end of a pipe must close."""
    reading, writing = os.pipe()
    zygote = os.fork()
    if zygote == 0:
        prepared = prepare(policy)  # its own: the parent that a worker looks for is this process
        if os.fork() == 0:

            def body() -> None:
                _write_all(writing, "in")
                while True:
                    signal.pause()

            _become(prepared, body)
        os.close(writing)
        while True:
            signal.pause()
    os.close(writing)
    started = os.read(reading, 2)
    os.kill(zygote, signal.SIGKILL)
    os.waitpid(zygote, 0)
    gone = bool(select.select([reading], [], [], 10.0)[0]) and os.read(reading, 1) == b""
    os.close(reading)
    what = "outlive a killed zygote"
    return Row(what, "ended", "ended with it" if gone else "lives on", started == b"in" and gone)


def _user_id(prepared: Prepared, grader: int, promised: bool) -> Row:
    """Look which user a worker is.

    Args:
        prepared: of a zygote.
        grader: the user id of the grader, outside all namespaces.
        promised: whether a worker has to have another one.
    """
    text, code = _in_child(prepared, lambda writing: _write_all(writing, str(os.getuid())))
    return judge_user(text if code == 0 else "", grader, promised, prepared.level)


def judge_user(text: str, grader: int, promised: bool, level: str) -> Row:
    """Return the row about the user id that a worker reported as text, "" where it reported none."""
    what = "be another user than the grader"
    if not text.isdigit():
        return Row(what, "allowed", "no answer", False)
    if int(text) not in (0, grader):
        return Row(what, "allowed", f"user {text}, of its own", True)
    if promised or int(text) != grader:
        return Row(what, "allowed", f"user {text}", False)
    if grader == 0:
        return Row(what, "not promised", "user 0, without its rights", True)
    where = ", mapped into a namespace of its own" if level == "A" else ""
    return Row(what, "not promised", f"user {text}, the grader's{where}", True)


def _rows(policy: Policy, stage: _Stage, user: int, promised: bool) -> list[Row]:
    """All rows, in a process that plays the zygote."""
    import numpy as np

    np.linalg.inv(np.eye(2))
    prepared = prepare(policy)
    rows = _rows_inside(prepared, stage)
    if policy.level != "D":
        rows.append(_user_id(prepared, user, promised))
    if policy.level != "D" and kernel.machine() == "x86_64":
        for what, code in (
            ("call by the 32-bit ABI", _I386_GETPID),
            ("call by the x32 ABI", _X32_GETPID),
        ):
            _, status = _in_child(prepared, _foreign_abi(code))
            rows.append(_ended(what, status, [signal.SIGSYS]))
    rows.append(_ends_with_parent(policy))
    brief = prepare(Policy(**{**asdict(policy), "cpu_seconds": 1}))
    _, status = _in_child(brief, _burn_processor)
    rows.append(_ended("compute without end", status, [signal.SIGXCPU, signal.SIGKILL]))
    return rows


def main(arguments: list[str]) -> None:
    """Play the zygote: `try` a level or `run` the acts, and print the result as JSON."""
    mode, options = arguments[0], json.loads(arguments[1])
    policy = Policy(**options["policy"])
    if mode == "run":
        stage = _Stage(os.getpid(), tuple(options["secrets"]), options["folder"])
        rows = _rows(policy, stage, options["user"], options["promised"])
        print(json.dumps([asdict(row) for row in rows]))
        return
    try:
        prepared = prepare(policy)
        text, code = _in_child(prepared, _say_entered)
    except ConfinementError as error:
        print(json.dumps([error.layer, error.reason]))
        return
    print(
        json.dumps(None if (text, code) == ("in", 0) else ["enter", f"a child ended with {code}"])
    )


def _say_entered(writing: int) -> None:
    _write_all(writing, "in")


def _play(level: str, mode: str, **options: object) -> Any:
    """Run `main` in a fresh interpreter, at level A within its namespaces."""
    package = Path(__file__).resolve().parent
    policy: dict[str, object] = {"level": level, "memory": _MEMORY}
    prefix: list[str] = []
    if level == "A":
        policy["outside"] = namespaces.identifiers()
        found = libraries.find(torch=False)
        own = (package / name for name in ("__init__.py", "entry.py", "doctor.py", "confine"))
        prefix = namespaces.command([*found.readable, *map(str, own)])
    command = [
        sys.executable,
        "-P",
        "-s",
        "-B",
        "-c",
        entry.code("from sandbox import doctor; doctor.main(sys.argv[1:])"),
    ]
    done = subprocess.run(
        [*prefix, *command, mode, json.dumps({"policy": policy, **options})],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        env={"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "LANG": "C.UTF-8"},
    )
    if done.returncode != 0:
        raise ConfinementError("probe", (done.stderr.strip().splitlines() or ["no answer"])[-1])
    return json.loads(done.stdout)


def try_level(level: str) -> tuple[str, str] | None:
    """Return which layer of a level cannot be had here and why; None when a child has entered them all."""
    try:
        error = _play(level, "try")
    except ConfinementError as failed:
        return failed.layer, failed.reason
    return None if error is None else (str(error[0]), str(error[1]))


def has_own_user(level: str) -> bool:
    """Return whether each worker at a level gets a user id of its own here."""
    if level == "A":
        return identity.possible()  # what it reads is mounted where every user may go
    found = libraries.find(torch=False)
    return identity.prepare([*found.readable, *found.listable]).first_user is not None


def run(level: str, secrets: Iterable[str] = ()) -> list[Row]:
    """Attempt everything at a level.

    Args:
        level: "A", "B" or "D"; at D the rows show what is not held there.
        secrets: files that a submission must not read, such as hidden tests; the grader's own client is added.

    Raises:
        ConfinementError: the level cannot be had here.
        FileNotFoundError: a secret does not exist, so nothing could be learnt from a refusal.
    """
    hidden = [str(Path(path).resolve(strict=True)) for path in secrets]
    hidden.append(str(Path(__file__).resolve().with_name("client.py").resolve(strict=True)))
    with tempfile.TemporaryDirectory(prefix="confine-probe-") as folder:
        # Open to all, so that a refusal is the layers' doing and not that of file permissions.
        os.chmod(folder, 0o777)
        Path(folder, "there").write_text("to be removed", encoding="ascii")
        rows = _play(
            level,
            "run",
            secrets=hidden,
            folder=folder,
            user=os.getuid(),
            promised=has_own_user(level),
        )
    return [Row(**row) for row in rows]


@dataclass(frozen=True)
class Available:
    """What this machine can do.

    Attributes:
        level: the best level.
        missing: why not, in a line, for each layer that cannot be had.
    """

    level: str
    missing: dict[str, str] = field(default_factory=dict)


def available() -> Available:
    """Find out by trying each level for real, in a child of a fresh interpreter. Takes a few tenths of a second."""
    if sys.platform != "linux":
        return Available("D", {"seccomp": f"there is none on {sys.platform}"})
    missing: dict[str, str] = {}
    if error := try_level("B"):
        missing[error[0]] = error[1]
        return Available("D", missing)
    if reason := namespaces.why_not(libraries.find(torch=False).readable):
        missing[namespaces.LAYER] = reason
        return Available("B", missing)
    if error := try_level("A"):
        missing[error[0]] = error[1]
        return Available("B", missing)
    return Available("A", missing)
