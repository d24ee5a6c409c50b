"""The layers around a worker: tables interpreted, and every layer tried for real in forked children."""

from __future__ import annotations

import itertools
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

if sys.platform != "linux":
    pytest.skip("the layers are Linux's", allow_module_level=True)

from autograder.sandbox import confine, doctor
from autograder.sandbox.confine import (
    generate_syscall_numbers,
    identity,
    kernel,
    landlock,
    libraries,
    limits,
    namespaces,
    seccomp,
    syscalls,
)
from autograder.sandbox.confine.syscalls import Action
from tests import needs
from tests.bpf import INSTRUCTION, interpret

WORKER = Path(confine.__file__).resolve().parents[1]
ARCHITECTURES = sorted(seccomp.AUDIT_ARCH)
PID = 4321
ALLOW = seccomp.RETURNS[Action.ALLOW]
REFUSE = seccomp.RETURNS[Action.REFUSE]
NO_ACCESS = seccomp.RETURNS[Action.NO_ACCESS]
UNKNOWN = seccomp.RETURNS[Action.UNKNOWN]
KILL = seccomp.RETURNS[Action.KILL]

# Written here once more rather than taken from the policy: a name lost there must fail here.
DANGEROUS = """
socket socketpair connect bind listen accept accept4 sendto sendmsg recvfrom recvmsg
execve execveat fork vfork wait4 waitid setsid setpgid
ptrace process_vm_readv process_vm_writev process_madvise kcmp pidfd_open pidfd_getfd pidfd_send_signal
tkill rt_sigqueueinfo rt_tgsigqueueinfo
io_uring_setup io_uring_enter io_uring_register
memfd_create memfd_secret userfaultfd shmget shmat semget semop msgget msgsnd mq_open mlock mlockall
unshare setns mount umount2 pivot_root chroot open_tree move_mount fsopen name_to_handle_at open_by_handle_at
bpf perf_event_open keyctl add_key request_key seccomp landlock_restrict_self
setuid setgid setresuid setgroups capset personality setrlimit setpriority sched_setaffinity sched_setscheduler
splice tee vmsplice sendfile copy_file_range link linkat symlink symlinkat mknod mknodat chown fchownat setxattr
inotify_init1 fanotify_init timer_create timerfd_create signalfd4 reboot kexec_load init_module delete_module
clock_settime settimeofday swapon quotactl iopl ioperm modify_ldt clone3
mkdir mkdirat unlink unlinkat rename renameat2 truncate ftruncate chmod fchmodat creat
"""

NEEDED = """
read write readv writev close fstat lseek dup dup2 pipe poll ppoll mmap munmap mremap mprotect brk
futex set_robust_list rseq exit exit_group sched_yield sched_getaffinity gettid getpid getuid
rt_sigaction rt_sigprocmask rt_sigreturn sigaltstack clock_gettime clock_nanosleep getrusage getrandom
"""

# A few that everybody knows, so that a wrong table cannot agree with itself.
KNOWN_NUMBERS = {
    "x86_64": {"read": 0, "open": 2, "clone": 56, "execve": 59, "ptrace": 101, "openat": 257},
    "aarch64": {"read": 63, "openat": 56, "clone": 220, "execve": 221, "ptrace": 117},
}
EVERYWHERE = {"io_uring_setup": 425, "pidfd_open": 434, "clone3": 435, "openat2": 437}


def _filter(architecture: str, threads: bool = True) -> bytes:
    return seccomp.assemble(architecture, threads).fill(PID)


def _answer(architecture: str, name: str, *arguments: int, code: bytes | None = None) -> int:
    number = syscalls.numbers()[architecture][name]
    token = seccomp.AUDIT_ARCH[architecture]
    return interpret(code or _filter(architecture), token, number, arguments)


def _holds(condition: syscalls.Condition, arguments: list[int]) -> bool:
    """A condition by its words, without any BPF."""
    value = arguments[condition.argument]
    low = value % (1 << 32)
    if isinstance(condition, syscalls.OneOf):
        return low in condition.values
    if isinstance(condition, syscalls.OwnPid):
        return low == PID or low in condition.values
    if isinstance(condition, syscalls.NoBits):
        return not low & condition.bits
    if isinstance(condition, syscalls.AllBits):
        return low & condition.bits == condition.bits
    if isinstance(condition, syscalls.Below):
        return low < condition.limit
    return value == 0


# --- the tables


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_numbers_are_the_kernels(architecture):
    table = syscalls.numbers()[architecture]
    for name, number in (KNOWN_NUMBERS[architecture] | EVERYWHERE).items():
        assert table[name] == number, name
    assert len(set(table.values())) == len(table)


def test_committed_numbers_are_what_the_generator_writes():
    try:
        resolved = generate_syscall_numbers.resolve()
    except OSError:
        pytest.skip("libseccomp is not installed")
    assert resolved == syscalls.numbers()


def test_every_named_call_has_a_number_somewhere():
    known = set().union(*syscalls.numbers().values())
    assert [name for name in syscalls.names() if name not in known] == []


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_dangerous_calls_are_refused_whatever_their_arguments(architecture):
    code = _filter(architecture)
    table = syscalls.numbers()[architecture]
    checked = 0
    for name in DANGEROUS.split():
        if name not in table:
            continue
        checked += 1
        for arguments in ([0] * 6, [1] * 6, [PID] * 6, [(1 << 64) - 1] * 6):
            answer = _answer(architecture, name, *arguments, code=code)
            assert answer in (REFUSE, NO_ACCESS, UNKNOWN), name
    assert checked > 100


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_needed_calls_are_allowed(architecture):
    code = _filter(architecture)
    table = syscalls.numbers()[architecture]
    for name in NEEDED.split():
        if name in table:
            assert _answer(architecture, name, code=code) == ALLOW, name


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_calls_that_read_a_path_are_left_to_landlock(architecture):
    assert _answer(architecture, "openat") == ALLOW
    assert _answer(architecture, "mkdirat") == NO_ACCESS
    assert _answer(architecture, "symlinkat") == REFUSE


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_unknown_numbers_do_not_exist(architecture):
    code = _filter(architecture)
    named = set(syscalls.numbers()[architecture].values())
    token = seccomp.AUDIT_ARCH[architecture]
    unnamed = [number for number in range(1024) if number not in named]
    assert len(unnamed) > 600
    for number in [*unnamed, 5000, (1 << 30) - 1]:
        assert interpret(code, token, number) == UNKNOWN, number


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("threads", [True, False])
def test_program_says_what_the_policy_says(architecture, threads):
    """The assembler against the policy read word for word, over random and telling arguments."""
    code = _filter(architecture, threads)
    table = syscalls.numbers()[architecture]
    generator = random.Random(0)
    telling = [0, 1, 2, 3, 4, 8, 9, 10, 16, 99, 100, 101, PID, PID + 1, 0x3D0F00, 0x80000, 0x800]
    telling += [
        1030,
        1031,
        1032,
        0x5401,
        0x5412,
        0x53564D41,
        1 << 32,
        (1 << 32) + PID,
        (1 << 64) - 1,
    ]
    for name, rule in syscalls.profile(threads).items():
        if name not in table:
            continue
        for _ in range(60 if rule.conditions else 2):
            arguments = [
                generator.choice(telling) if generator.random() < 0.8 else generator.getrandbits(64)
                for _ in range(6)
            ]
            holds = bool(rule.conditions) and all(_holds(c, arguments) for c in rule.conditions)
            wanted = ALLOW if holds else seccomp.RETURNS[rule.action]
            assert _answer(architecture, name, *arguments, code=code) == wanted, (name, arguments)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_foreign_abis_are_killed(architecture):
    code = _filter(architecture)
    own = seccomp.AUDIT_ARCH[architecture]
    i386, arm, riscv = 0x40000003, 0x40000028, 0xC00000F3
    for token in {i386, arm, riscv, *seccomp.AUDIT_ARCH.values()} - {own}:
        for number in (0, 1, 39, 221):
            assert interpret(code, token, number) == KILL
    x32_getpid = 0x40000000 | 39
    assert interpret(code, own, x32_getpid) == (KILL if architecture == "x86_64" else UNKNOWN)


THREAD_OF_GLIBC = 0x3D0F00
THREAD_OF_MUSL = 0x7D0F00


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize(
    ("flags", "wanted"),
    [
        (THREAD_OF_GLIBC, ALLOW),
        (THREAD_OF_MUSL, ALLOW),
        (THREAD_OF_GLIBC | 1 << 40, ALLOW),  # the kernel drops the high word as well
        (0, REFUSE),
        (signal.SIGCHLD, REFUSE),  # fork
        (0x4111, REFUSE),  # vfork: VM, VFORK, SIGCHLD
        (0x100 | 0x800, REFUSE),  # VM and SIGHAND without THREAD
        (0x10000, REFUSE),  # THREAD alone
        (THREAD_OF_GLIBC | signal.SIGCHLD, REFUSE),
        *[(THREAD_OF_GLIBC | bit, REFUSE) for bit in (0x20000, 0x2000000, 0x4000000, 0x8000000)],
        *[(THREAD_OF_GLIBC | bit, REFUSE) for bit in (0x10000000, 0x20000000, 0x40000000, 0x80)],
        *[(THREAD_OF_GLIBC | bit, REFUSE) for bit in (0x1000, 0x2000, 0x4000, 0x8000, 0x80000000)],
    ],
    ids=lambda value: f"{value:#x}",
)
def test_clone_makes_threads_only(architecture, flags, wanted):
    assert _answer(architecture, "clone", flags) == wanted
    threadless = _filter(architecture, threads=False)
    assert _answer(architecture, "clone", flags, code=threadless) == REFUSE
    assert _answer(architecture, "clone3", flags) == UNKNOWN


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize(
    ("name", "arguments", "wanted"),
    [
        ("fcntl", (3, 0), ALLOW),
        ("fcntl", (3, 1030), ALLOW),
        ("fcntl", (3, 8), REFUSE),  # F_SETOWN
        ("fcntl", (3, 10), REFUSE),  # F_SETSIG
        ("fcntl", (3, 15), REFUSE),  # F_SETOWN_EX
        ("fcntl", (3, 6), REFUSE),  # F_SETLK
        ("fcntl", (3, 1024), REFUSE),  # F_SETLEASE
        ("fcntl", (3, 1026), REFUSE),  # F_NOTIFY
        ("fcntl", (3, 1031), REFUSE),  # F_SETPIPE_SZ
        ("ioctl", (0, 0x5401), ALLOW),
        ("ioctl", (0, 0x5412), REFUSE),  # TIOCSTI
        ("ioctl", (0, 0x8901), REFUSE),  # FIOSETOWN
        ("prctl", (15, 0), ALLOW),
        ("prctl", (1, 0), REFUSE),  # PR_SET_PDEATHSIG
        ("prctl", (4, 1), REFUSE),  # PR_SET_DUMPABLE
        ("prctl", (0x59616D61, 1), REFUSE),  # PR_SET_PTRACER
        ("prlimit64", (0, 7, 0, 1), ALLOW),
        ("prlimit64", (PID, 7, 0, 1), ALLOW),
        ("prlimit64", (PID + 1, 7, 0, 1), REFUSE),
        ("prlimit64", (0, 7, 1, 0), REFUSE),
        ("prlimit64", (0, 7, 1 << 32, 0), REFUSE),  # a pointer whose low word is zero
        ("kill", (PID, 9), ALLOW),
        ("kill", (PID + 1, 9), REFUSE),
        ("kill", (0, 9), REFUSE),
        ("kill", ((1 << 64) - 1, 9), REFUSE),
        ("tgkill", (PID, PID + 7, 6), ALLOW),
        ("tgkill", (PID + 1, PID, 6), REFUSE),
        ("madvise", (0, 0, 4), ALLOW),
        ("madvise", (0, 0, 100), REFUSE),
        ("pipe2", (0, 0o2000000 | 0o4000), ALLOW),
        ("pipe2", (0, 0o200), REFUSE),
    ],
)
def test_arguments_decide(architecture, name, arguments, wanted):
    assert _answer(architecture, name, *arguments) == wanted


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_programs_are_ones_the_kernel_takes(architecture):
    """Short enough, every jump forward and inside, no way past the end."""
    code = _filter(architecture)
    length = len(code) // 8
    assert length <= 4096
    for index in range(length):
        operation, jump_true, jump_false, k = INSTRUCTION.unpack_from(code, 8 * index)
        if operation == 0x06:
            continue
        targets = [index + 1]
        if operation == 0x05:
            targets = [index + 1 + k]
        elif operation & 0x07 == 0x05:
            targets = [index + 1 + jump_true, index + 1 + jump_false]
        assert all(target < length for target in targets)


def test_a_program_holds_the_process_id_it_was_filled_with():
    template = seccomp.assemble("x86_64", True)
    kill = syscalls.numbers()["x86_64"]["kill"]
    token = seccomp.AUDIT_ARCH["x86_64"]
    for pid in (2, 77, 4_194_303):
        code = template.fill(pid)
        assert interpret(code, token, kill, [pid, 0]) == ALLOW
        assert interpret(code, token, kill, [pid + 1, 0]) == REFUSE


def test_an_unknown_processor_has_no_table():
    with pytest.raises(confine.ConfinementError, match="riscv64") as caught:
        seccomp.assemble("riscv64", True)
    assert caught.value.layer == "seccomp"


# --- real children

_ZYGOTE = """
import json, os, sys, traceback
sys.path.insert(0, {worker!r})
import confine
{before}
prepared = confine.prepare(confine.Policy(**json.loads(sys.argv[1])))
{between}
pid = os.fork()
if pid == 0:
    try:
        prepared.enter()
    except confine.ConfinementError as error:
        print("layer:", error.layer, flush=True)
        os._exit(70)
    try:
{inside}
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    sys.stdout.flush()
    os._exit(0)
status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
{after}
print("status:", status, flush=True)
"""


def _run(
    inside: str = "pass",
    *,
    before: str = "",
    between: str = "",
    after: str = "",
    prefix: list[str] | None = None,
    **policy: object,
) -> tuple[list[str], int, str]:
    """Play a zygote with one worker; return the lines printed, the worker's exit code, and the errors printed."""
    body = textwrap.indent(textwrap.dedent(inside).strip(), " " * 8)
    script = _ZYGOTE.format(
        worker=str(WORKER),
        before=textwrap.dedent(before),
        between=textwrap.dedent(between),
        inside=body,
        after=textwrap.dedent(after),
    )
    options = json.dumps({"level": "B", **policy})
    command = [*(prefix or []), sys.executable, "-P", "-s", "-B", "-c", script, options]
    single = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=120,
        stdin=subprocess.DEVNULL,
        env={"LANG": "C.UTF-8", **single},
    )
    lines = done.stdout.splitlines()
    assert lines and lines[-1].startswith("status: "), done.stderr
    return lines[:-1], int(lines[-1].split()[1]), done.stderr


def _works(inside: str, **options: object) -> list[str]:
    lines, status, errors = _run(inside, **options)  # type: ignore[arg-type]
    assert status == 0, errors
    return lines


@pytest.fixture(scope="session")
def machine():
    return doctor.available()


@pytest.fixture
def landlocked(machine):
    if machine.level not in "AB":
        pytest.skip(f"no level B here: {machine.missing}")


@pytest.fixture
def namespaced(machine):
    if machine.level != "A":
        pytest.skip(f"no level A here: {machine.missing}")


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has this to give up")


# --- all layers together


@pytest.mark.parametrize("level", ["A", "B"])
def test_everything_holds(machine, level):
    if level < machine.level:
        pytest.skip(f"no level {level} here: {machine.missing}")
    rows = doctor.run(level, secrets=[__file__])
    assert [row for row in rows if not row.held] == []
    wanted = {row.wanted for row in rows} - {"not promised"}
    assert wanted == {"refused", "allowed", "ended"}
    assert len(rows) >= 45
    [user] = [row for row in rows if row.what == "be another user than the grader"]
    assert user.outcome.endswith("of its own") == identity.possible()


@pytest.mark.parametrize(
    ("text", "grader", "promised", "outcome", "held"),
    [
        ("2000000007", 0, True, "user 2000000007, of its own", True),
        ("2000000007", 1000, False, "user 2000000007, of its own", True),
        ("0", 0, True, "user 0", False),  # what a worker of root's was at level A
        ("1000", 1000, True, "user 1000", False),
        ("0", 1000, False, "user 0", False),
        ("1000", 1000, False, "user 1000, the grader's, mapped into a namespace of its own", True),
        ("0", 0, False, "user 0, without its rights", True),
        ("", 0, False, "no answer", False),
    ],
)
def test_the_doctor_notices_whose_user_a_worker_is(text, grader, promised, outcome, held):
    row = doctor.judge_user(text, grader, promised, "A")
    assert (row.outcome, row.held) == (outcome, held)
    assert "namespace" not in doctor.judge_user("1000", 1000, False, "B").outcome


def test_without_layers_the_probe_sees_what_gets_through():
    rows = {row.what: row for row in doctor.run("D", secrets=[__file__])}
    for what in ("read /etc/passwd", "read the grader's files", "open an internet socket", "fork"):
        assert not rows[what].held, what
    refused = [row for row in rows.values() if row.wanted == "refused"]
    assert sum(not row.held for row in refused) > 0.7 * len(refused)
    # Limits and the parent-death signal need no layer beyond.
    for what in (
        "take more memory than its budget",
        "compute without end",
        "outlive a killed zygote",
    ):
        assert rows[what].held, what


def test_a_probe_of_a_file_that_is_not_there_would_prove_nothing(tmp_path):
    with pytest.raises(FileNotFoundError):
        doctor.run("D", secrets=[str(tmp_path / "nothing")])


def test_what_is_missing_is_named(machine):
    assert machine.level in confine.LEVELS
    assert bool(machine.missing) == (machine.level != "A")
    assert all(machine.missing.values())


def test_the_level_is_the_one_that_this_machine_offers(machine):
    """Asked in another way, so that a broken layer is a failure here and not a skipped test elsewhere."""
    if kernel.machine() not in ARCHITECTURES or landlock.abi() == 0:
        pytest.skip("no table for this processor, or no Landlock in this kernel")
    kinds = [f"--unshare-{kind}" for kind in ("user", "ipc", "net", "pid", "uts")]
    plain = [
        "bwrap",
        "--dev-bind",
        "/",
        "/",
        *kinds[os.geteuid() == 0 :],
        "--proc",
        "/proc",
        "true",
    ]
    works = shutil.which("bwrap") is not None and subprocess.run(plain, timeout=60).returncode == 0
    assert machine.level == ("A" if works else "B"), machine.missing


# --- libraries work inside


def test_numpy_and_the_standard_library_work(landlocked):
    lines = _works(
        """
        assert not {"scipy.signal", "scipy.stats", "wave"} & set(sys.modules)
        import scipy.signal, scipy.stats, scipy.optimize, decimal, statistics, wave
        import random, subprocess, tempfile, threading, time, datetime, queue, concurrent.futures
        import importlib.metadata
        root = scipy.optimize.brentq(lambda x: x**2 - 2, 0, 2)
        assert abs(root - 2**0.5) < 1e-9
        a = np.random.default_rng(0).normal(size=(200, 200))
        assert np.allclose(np.linalg.svd(a)[1][0], np.linalg.norm(a, 2))
        assert np.fft.irfft(np.fft.rfft(a[0])).shape == (200,)
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            assert list(pool.map(abs, [-1, -2])) == [1, 2]
        assert 0 <= random.random() < 1 and len(os.urandom(8)) == 8
        assert datetime.datetime.now().year >= 2024 and time.perf_counter() > 0
        assert importlib.metadata.version("numpy") == np.__version__
        with open(os.devnull, "w") as nowhere:
            print("dropped", file=nowhere)
        os.chdir("/")
        try:
            tempfile.NamedTemporaryFile()
        except FileNotFoundError as error:
            print("tempfile:", "No usable temporary directory" in str(error))
        try:
            subprocess.run(["true"])
        except PermissionError:
            print("system")
        print(np.linspace(0, 1, 3).tolist())
        """,
        before="import numpy as np, scipy.special",
    )
    assert lines[:2] == ["tempfile: True", "system"]
    assert lines[-1] == "[0.0, 0.5, 1.0]"


# As a zygote does: forwards only, for a backward pass starts what does not survive a fork.
_WARM_UP = """
import torch, torch._dynamo
torch.set_num_threads(1)
torch.nn.LSTM(2, 2)(torch.zeros(1, 1, 2).requires_grad_())
parameter = torch.nn.Parameter(torch.zeros(1))
parameter.grad = torch.zeros(1)
torch.optim.Adam([parameter], lr=0.0).step()
"""
_TRAINING = """
torch.manual_seed(0)
import torch.distributions, torch.nn.utils.parametrizations
model = torch.nn.LSTM(3, 8, 2, batch_first=True)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
x = torch.randn(4, 7, 3)
losses = []
for _ in range(5):
    out, _state = model(x)
    loss = (out - 0.3).square().mean()
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    losses.append(loss.item())
assert losses[-1] < losses[0]
z = x.double().requires_grad_()
(slope,) = torch.autograd.grad(torch.tanh(z).sum(), [z])
assert torch.allclose(slope, 1 - torch.tanh(z) ** 2)
q = torch.randn(1, 2, 5, 4, requires_grad=True)
torch.nn.functional.scaled_dot_product_attention(q, q, q).sum().backward()
assert q.grad.isfinite().all()
import threading
t = threading.Thread(target=lambda: torch.ones(3, 3, requires_grad=True).sum().backward())
t.start(); t.join()
print("trained", torch.get_num_threads())
"""


@needs.torch
def test_torch_trains(landlocked):
    lines, status, errors = _run(_TRAINING, before=_WARM_UP)
    assert (lines, status, errors) == (["trained 1"], 0, "")


def test_a_numpy_worker_cannot_read_torch(landlocked):
    pytest.importorskip("torch", reason=needs.NO_TORCH)
    lines = _works(
        """
        try:
            import torch
        except (ImportError, PermissionError):
            print("refused")
        """,
        before="import numpy",
    )
    assert lines == ["refused"]


def test_packages_beside_the_libraries_cannot_be_read(landlocked):
    lines = _works(
        """
        import sysconfig
        site = sysconfig.get_path("purelib")
        seen = os.listdir(site)
        assert "pytest" in seen
        for name in ("pytest/__init__.py", "nbgrader/__init__.py"):
            try:
                open(os.path.join(site, name))
            except PermissionError:
                print("refused")
        """,
        before="import numpy",
    )
    assert lines == ["refused", "refused"]


# --- Landlock


@pytest.mark.parametrize(
    ("version", "files", "network", "scope", "size"),
    [
        (1, 0x1FFF, 0, 0, 8),
        (2, 0x3FFF, 0, 0, 8),
        (3, 0x7FFF, 0, 0, 8),
        (4, 0x7FFF, 3, 0, 16),
        (5, 0xFFFF, 3, 0, 16),
        (6, 0xFFFF, 3, 3, 24),
        (7, 0xFFFF, 3, 3, 24),
        (12, 0xFFFF, 3, 3, 24),  # newer than this binding: what it knows
    ],
)
def test_what_a_ruleset_handles_at_each_abi(version, files, network, scope, size):
    assert landlock.handled(version) == (files, network, scope, size)


_LANDLOCK_ALONE = """
from confine import kernel, landlock
version, folder = int(sys.argv[2]), sys.argv[3]
rules = [
    landlock.Rule(folder + "/open", landlock.READ),
    landlock.Rule(folder + "/names", landlock.LIST),
    landlock.Rule(folder + "/own/file", landlock.READ_FILE | landlock.WRITE_FILE),
]
ruleset = landlock.build(rules, version)
if os.fork() == 0:
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    landlock.enter(ruleset, version)
    def attempt(act):
        try:
            act()
            return True
        except PermissionError:
            return False
    result = [
        attempt(lambda: open(folder + "/open/file").read()),
        attempt(lambda: os.listdir(folder + "/names")),
        attempt(lambda: open(folder + "/own/file", "a").write("x")),
        attempt(lambda: open(folder + "/closed/file")),
        attempt(lambda: open(folder + "/names/file")),
        attempt(lambda: open(folder + "/open/new", "w")),
        attempt(lambda: open(folder + "/open/file", "a")),
        attempt(lambda: os.remove(folder + "/own/file")),
        attempt(lambda: open(folder + "/own/new", "w")),
        attempt(lambda: os.symlink("/", folder + "/own/link")),
        attempt(lambda: os.mkfifo(folder + "/own/fifo")),
        attempt(lambda: os.rename(folder + "/open/file", folder + "/own/file")),
        attempt(lambda: os.listdir("/")),
    ]
    print(json.dumps(result), flush=True)
    os._exit(0)
os.wait()
"""


@pytest.mark.parametrize("version", range(1, 8))
def test_landlock_alone_at_each_abi(landlocked, version, tmp_path):
    if version > landlock.abi():
        pytest.skip(f"the kernel has ABI {landlock.abi()}")
    for name in ("open", "names", "own", "closed"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text("x")
    script = f"import json, os, sys; sys.path.insert(0, {str(WORKER)!r})\n{_LANDLOCK_ALONE}"
    done = subprocess.run(
        [sys.executable, "-c", script, "", str(version), str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [True] * 3 + [False] * 10


def test_a_missing_path_is_no_ruleset(landlocked, tmp_path):
    with pytest.raises(confine.ConfinementError, match="nowhere") as caught:
        landlock.build([landlock.Rule(str(tmp_path / "nowhere"), landlock.READ)], landlock.abi())
    assert caught.value.layer == "landlock"


def test_no_landlock_no_level_b(monkeypatch):
    monkeypatch.setattr(landlock, "abi", lambda: 0)
    with pytest.raises(confine.ConfinementError) as caught:
        confine.prepare(confine.Policy(level="B"))
    assert caught.value.layer == "landlock"


def test_a_link_out_of_the_readable_folder_leads_nowhere(landlocked, tmp_path):
    (tmp_path / "open").mkdir(mode=0o755)
    (tmp_path / "secret").write_text("x")
    (tmp_path / "open" / "link").symlink_to(tmp_path / "secret")
    lines = _works(
        f"""
        try:
            open({str(tmp_path / "open" / "link")!r})
        except PermissionError:
            print("refused")
        print(os.listdir({str(tmp_path / "open")!r}))
        """,
        readable=[str(tmp_path / "open")],
    )
    assert lines == ["refused", "['link']"]


# --- limits, session, parent


def test_limits_are_set_and_cannot_be_raised(landlocked):
    lines = _works(
        """
        import resource as r
        for name in ("CORE", "FSIZE", "MEMLOCK", "MSGQUEUE", "NOFILE", "CPU"):
            print(name, r.getrlimit(getattr(r, "RLIMIT_" + name)))
        for name in ("DATA", "AS"):
            assert r.getrlimit(getattr(r, "RLIMIT_" + name))[1] != r.RLIM_INFINITY
        try:
            r.setrlimit(r.RLIMIT_NOFILE, (32, 48))
        except (ValueError, PermissionError):
            print("kept")
        """,
        before="import resource",
        open_files=48,
        cpu_seconds=7,
    )
    wanted = ["CORE (0, 0)", "FSIZE (0, 0)", "MEMLOCK (0, 0)", "MSGQUEUE (0, 0)"]
    assert lines == [*wanted, "NOFILE (48, 48)", "CPU (7, 8)", "kept"]


def test_memory_counts_from_the_zygote(landlocked):
    """A zygote that holds more than the budget itself leaves the whole budget to its worker."""
    budget = 64 << 20
    lines = _works(
        f"""
        half = bytearray({budget} // 2)
        print("half")
        try:
            more = bytearray({budget})
        except MemoryError:
            print("no more")
        """,
        before=f"held = bytearray(3 * {budget})",
        memory=budget,
    )
    assert lines == ["half", "no more"]


def test_limits_never_exceed_what_the_machine_allows():
    lines, status, errors = _run(
        "import resource; print(resource.getrlimit(resource.RLIMIT_NOFILE))",
        before="import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))",
        level="D",
        open_files=64,
    )
    assert (lines, status) == (["(40, 40)"], 0), errors


def test_processor_time_ends_even_a_worker_that_ignores_the_signal(landlocked):
    _, status, _ = _run(
        """
        import signal
        signal.signal(signal.SIGXCPU, signal.SIG_IGN)
        while True:
            pass
        """,
        before="import signal",
        cpu_seconds=1,
    )
    assert status == -signal.SIGKILL


def test_a_worker_has_a_session_of_its_own(landlocked):
    assert _works("print(os.getsid(0) == os.getpgrp() == os.getpid())") == ["True"]


def test_an_orphan_does_not_enter():
    """Had the zygote died between fork and entering, nobody would send the signal any more."""
    lines, _, errors = _run(
        "print('student code')",
        # From here on another process is the parent than the one that prepared.
        between="""
        if os.fork() != 0:
            os.wait()
            os._exit(0)
        """,
        level="D",
    )
    assert lines == ["layer: parent death signal"], errors


def test_tasks_are_counted_by_user():
    assert limits.tasks(os.getuid()) >= 1
    assert limits.tasks(2**32 - 2) == 0
    assert limits.tasks() >= limits.tasks(os.getuid())


def test_what_counts_no_tasks_is_noticed():
    """Here others of the user are counted as well, and root is not counted at all."""
    assert not limits.counts_own_tasks()


# --- identity


@needs_root
def test_root_becomes_nobody_in_particular(landlocked):
    if not identity.possible():
        pytest.skip("this root cannot become others")
    lines = _works(
        """
        assert os.getuid() == os.geteuid() == os.getgid() >= 2_000_000_000
        assert os.getgroups() == [] and set(os.getresuid()) == {os.getuid()}
        print(kept)
        """,
        between="""
        os.setgroups([0, 27])
        kept = prepared._identity.keep_search
        """,
        readable=[],  # nothing to read that only root reaches
    )
    assert lines == ["False"]


@needs_root
def test_two_workers_are_two_users(landlocked):
    if not identity.possible():
        pytest.skip("this root cannot become others")
    lines = _works(
        "print(os.getuid())",
        after="""
        second = os.fork()
        if second == 0:
            prepared.enter()
            print(os.getuid(), flush=True)
            os._exit(0)
        os.waitpid(second, 0)
        """,
    )
    assert len(set(lines)) == 2


@needs_root
def test_a_thread_bomb_of_roots_ends(landlocked):
    if not identity.possible():
        pytest.skip("this root cannot become others")
    lines = _works(
        """
        import threading
        threading.stack_size(65536)
        stop = threading.Event()
        started = []
        try:
            while len(started) < 200:
                started.append(threading.Thread(target=stop.wait, daemon=True))
                started[-1].start()
        except RuntimeError:
            print(len(started) - 1)
        stop.set()
        """,
        before="import threading",
        threads=20,
    )
    assert lines == ["20"]


def test_no_threads_where_none_are_allowed(landlocked):
    lines = _works(
        """
        try:
            threading.Thread(target=print).start()
        except RuntimeError:
            print("refused")
        """,
        before="import threading",
        threads=0,
    )
    assert lines == ["refused"]


@needs_root
def test_no_capability_is_left(landlocked):
    # Without the filter, which hides the call that tells.
    lines, _, errors = _run(
        between="""
        if os.fork() == 0:
            confine.identity.enter(prepared._identity)
            print(confine.identity.capabilities(), flush=True)
            os._exit(0)
        os.wait()
        """,
        readable=[],  # nothing to read that only root reaches
    )
    assert lines == ["0"], errors


@needs_root
def test_libraries_that_only_root_reaches_are_read_all_the_same(landlocked, tmp_path):
    """Of root's capabilities one is kept then, and Landlock still decides."""
    if not identity.possible():
        pytest.skip("this root cannot become others")
    closed = tmp_path / "closed"
    (closed / "library").mkdir(parents=True)
    (closed / "library" / "file").write_text("x")
    (closed / "secret").write_text("x")
    closed.chmod(0o700)
    lines = _works(
        f"""
        print(open({str(closed / "library" / "file")!r}).read(), os.getuid() != 0)
        try:
            open({str(closed / "secret")!r})
        except PermissionError:
            print("refused")
        """,
        between="assert prepared._identity.keep_search",
        readable=[str(closed / "library")],
    )
    assert lines == ["x True", "refused"]


# --- fail closed


@pytest.mark.parametrize(
    ("break_it", "layer"),
    [
        ("os.close(prepared.descriptors()[0])", "landlock"),
        (
            "prepared._filter = type(prepared._filter)(b'\\0' * 8, (), prepared._filter.installer)",
            "seccomp",
        ),
        ("prepared._limits = confine.limits.ResourceLimits(((999, 0, 0),))", "limits"),
        # The leader of a process group cannot start a session.
        ("os.register_at_fork(after_in_child=lambda: os.setpgid(0, 0))", "session"),
    ],
)
def test_a_layer_that_cannot_be_installed_is_named(landlocked, break_it, layer):
    lines, status, errors = _run("print('student code')", between=break_it)
    assert (lines, status) == ([f"layer: {layer}"], 70), errors


def test_descriptors_are_given_back(landlocked):
    lines = _works(
        "print(prepared.descriptors(), [fd for fd in range(3, 48) if alive(fd)])",
        between="""
        assert len(prepared.descriptors()) == 1
        def alive(fd):
            try:
                return bool(os.fstat(fd))
            except OSError:
                return False
        """,
    )
    assert lines == ["[] []"]


def test_level_a_is_not_believed_but_compared():
    with pytest.raises(confine.ConfinementError, match="compare") as caught:
        confine.prepare(confine.Policy(level="A"))
    assert caught.value.layer == "namespaces"
    with pytest.raises(confine.ConfinementError, match="shared with the grader"):
        confine.prepare(confine.Policy(level="A", outside=namespaces.identifiers()))


@pytest.mark.parametrize(
    "fields",
    [{"memory": 0}, {"cpu_seconds": -1}, {"level": "C"}],
)
def test_a_policy_that_makes_no_sense_is_refused(fields):
    with pytest.raises(ValueError):
        confine.Policy(**fields)


# --- namespaces


def test_a_worker_in_namespaces_sees_its_libraries_only(namespaced):
    found = libraries.find(torch=False)
    prefix = namespaces.command([*found.readable, str(WORKER / "confine")])
    lines = _works(
        """
        import numpy
        print(numpy.add(1, 1), os.path.exists("/etc/passwd"), os.path.exists("/home"))
        """,
        prefix=prefix,
        level="A",
        outside=namespaces.identifiers(),
        # The zygote's own view: one process in front of it, one network interface.
        before="import socket; print(os.getpid() < 10, [name for _, name in socket.if_nameindex()], flush=True)",
    )
    assert lines == ["True ['lo']", "2 False False"]


def test_descriptors_reach_into_the_namespaces_and_pids_out(namespaced):
    reading, writing = os.pipe()
    found = libraries.find(torch=False)
    script = f"import os; os.write({writing}, str(os.getpid()).encode()); input()"
    process = subprocess.Popen(
        [*namespaces.command(found.readable), sys.executable, "-P", "-s", "-c", script],
        pass_fds=[writing],
        stdin=subprocess.PIPE,
    )
    os.close(writing)
    inner = int(os.read(reading, 16))
    os.close(reading)
    # Of all processes the one that this one made is found by its inner id among its descendants.
    outer = [
        int(entry)
        for entry in os.listdir("/proc")
        if entry.isdigit()
        and _inner_pids(int(entry))[1:] == [inner]
        and _descends(int(entry), process.pid)
    ]
    assert len(outer) == 1
    pidfd = os.pidfd_open(outer[0])
    assert namespaces.outer_pid(pidfd) == outer[0] != inner
    process.stdin.close()
    process.wait(timeout=30)
    assert namespaces.outer_pid(pidfd) == -1
    os.close(pidfd)
    with open(os.devnull) as file, pytest.raises(confine.ConfinementError):
        namespaces.outer_pid(file.fileno())


def _status(pid: int) -> dict[str, list[str]]:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return {}
    return {name: rest.split() for name, _, rest in (line.partition(":") for line in lines)}


def _inner_pids(pid: int) -> list[int]:
    return [int(number) for number in _status(pid).get("NSpid", [])]


def _descends(pid: int, ancestor: int) -> bool:
    while pid > 1 and pid != ancestor:
        pid = int(_status(pid).get("PPid", ["0"])[0])
    return pid == ancestor


def test_namespaces_end_with_the_grader(namespaced):
    """A killed grader takes bubblewrap and all within along."""
    reading, writing = os.pipe()
    found = libraries.find(torch=False)
    code = "import os; os.write({0}, b'in'); input()"
    command = [*namespaces.command(found.readable), sys.executable, "-P", "-s", "-c"]
    grader = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import subprocess, sys; "
            f"subprocess.run({[*command, code.format(writing)]!r}, pass_fds=[{writing}], stdin=0)",
        ],
        pass_fds=[writing],
        stdin=subprocess.PIPE,
    )
    os.close(writing)
    assert os.read(reading, 2) == b"in"
    grader.kill()
    grader.wait()
    # The write end is open in the sandbox alone, and its standard input still is too.
    assert os.read(reading, 1) == b""
    os.close(reading)
    grader.stdin.close()


def test_why_not_says_what_fails(tmp_path, monkeypatch):
    readable = libraries.find(torch=False).readable
    monkeypatch.setenv("PATH", str(tmp_path))
    assert namespaces.why_not(readable) == "bubblewrap (bwrap) is not installed"
    refusing = tmp_path / "bwrap"
    refusing.write_text(
        "#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n"
    )
    refusing.chmod(0o755)
    assert "No permissions to create new namespace" in namespaces.why_not(readable)
    # One that runs the command without any namespace is not believed either.
    pretending = '#!/bin/sh\nwhile [ "$1" != -- ]; do shift; done\nshift\nexec "$@"\n'
    refusing.write_text(pretending)
    assert "shared" in namespaces.why_not(readable)


def test_user_namespaces_refused(machine):
    """As on machines that refuse them to ordinary users: level B is left, and the reason is told."""
    if shutil.which("bwrap") is None or machine.level != "A":
        pytest.skip("bubblewrap does not work here anyway")
    code = textwrap.dedent(
        f"""
        import sys; sys.path.insert(0, {str(WORKER.parents[1])!r})
        from autograder.sandbox import doctor
        found = doctor.available()
        print(found.level, sorted(found.missing))
        """
    )
    done = subprocess.run(
        [
            *("bwrap", "--dev-bind", "/", "/", "--proc", "/proc", "--unshare-pid"),
            *("--unshare-user", "--uid", "1000", "--disable-userns"),
            *(sys.executable, "-P", "-c", code),
        ],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout == "B ['namespaces']\n", done.stderr


# --- libraries


def test_libraries_are_listed_one_by_one():
    found = libraries.find(torch=False)
    assert all(os.path.isabs(path) and os.path.exists(path) for path in found.readable)
    names = {os.path.basename(path) for path in found.readable}
    assert {"numpy", "scipy", "json", "lib-dynload"} <= names
    assert not {"torch", "pytest", "nbgrader", "site-packages", "dist-packages"} & names
    assert {os.path.basename(p) for p in libraries.find(torch=True).readable} >= {"numpy"}
    project = str(Path(__file__).resolve().parents[1])
    own = [path for path in found.readable if path.startswith(project + "/")]
    assert [path for path in own if not path.startswith(sys.prefix)] == []


def test_no_folder_of_the_project_is_above_a_readable_one():
    """Nothing readable contains the grader, whatever the layout."""
    for path in libraries.find(torch=True).readable:
        assert not str(WORKER).startswith(path.rstrip("/") + "/"), path


def test_a_folder_of_many_files_is_one_mount(tmp_path):
    """Systems that keep Python in the folder of all shared objects would need thousands of mounts."""
    if shutil.which("bwrap") is None:
        pytest.skip("bubblewrap is not installed")
    few, many = tmp_path / "few", tmp_path / "many"
    for folder, count in ((few, 3), (many, 400)):
        folder.mkdir()
        for index in range(count):
            (folder / f"lib{index}.so").touch()
    files = [str(path) for path in (*few.iterdir(), *many.iterdir())]
    command = namespaces.command(files)
    bound = [
        path
        for option, path in itertools.pairwise(command)
        if option == "--ro-bind" and path.startswith(str(tmp_path))
    ]
    assert sorted(set(bound)) == sorted([*map(str, few.iterdir()), str(many)])


def test_the_grader_is_not_readable_through_a_shared_object_beside_it(landlocked, tmp_path):
    """An extension module that somebody built in place makes itself readable, not its folder."""
    library = next(Path(path) for path in _mapped_objects() if "libc.so" in path or "libm" in path)
    copy = tmp_path / "libbeside.so"
    shutil.copy(library, copy)
    (tmp_path / "secret").write_text("x")
    lines = _works(
        f"""
        open({str(copy)!r}, "rb").read(1)
        try:
            open({str(tmp_path / "secret")!r})
        except PermissionError:
            print("refused")
        """,
        before=f"import ctypes; ctypes.CDLL({str(copy)!r})",
    )
    assert lines == ["refused"]


def _mapped_objects() -> list[str]:
    lines = Path("/proc/self/maps").read_text().splitlines()
    return sorted({line.split()[-1] for line in lines if ".so" in line})


def test_kernel_errors_carry_their_number():
    with pytest.raises(OSError) as caught:
        kernel.syscall(syscalls.numbers()[kernel.machine()]["close"], -1)
    assert caught.value.errno == 9
