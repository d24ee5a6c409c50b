"""Resource limits, the session of its own, and the signal that ends a worker together with its zygote."""

from __future__ import annotations

import _thread
import os
import resource
import signal
import sys
from dataclasses import dataclass

from . import kernel
from .kernel import ConfinementError

LAYER = "limits"

# Address space is also taken by what is reserved and never touched: a malloc arena of 64 MiB for each of the first
# threads, guard pages, alignment of large blocks. RLIMIT_DATA, which does not count that, is the sharper of the two.
_RESERVED_SPACE = 512 << 20
_STACK = 8 << 20
_SECONDS_TO_DIE = 1  # from SIGXCPU, which a submission can catch, to SIGKILL


@dataclass(frozen=True)
class Baseline:
    """What the zygote uses itself, in bytes; a budget counts from here. Zero where it is not known (no /proc)."""

    space: int = 0
    data: int = 0


@dataclass(frozen=True)
class ResourceLimits:
    """Soft and hard values by the number of the resource."""

    values: tuple[tuple[int, int, int], ...]

    def apply(self) -> None:
        """Lower the limits of this process."""
        for number, soft, hard in self.values:
            try:
                ceiling = resource.getrlimit(number)[1]
                if ceiling != resource.RLIM_INFINITY:
                    soft, hard = min(soft, ceiling), min(hard, ceiling)
                resource.setrlimit(number, (soft, hard))
            except (OSError, ValueError) as error:
                raise ConfinementError(LAYER, f"resource {number}: {error}") from error


def measure() -> Baseline:
    """Return the address space and the private writable memory of this process."""
    found = {"VmSize": 0, "VmData": 0}
    try:
        with open("/proc/self/status", encoding="ascii", errors="replace") as file:
            for line in file:
                name, _, rest = line.partition(":")
                if name in found:
                    found[name] = int(rest.split()[0]) * 1024
    except FileNotFoundError:
        return Baseline()
    return Baseline(space=found["VmSize"], data=found["VmData"])


def prepare(
    baseline: Baseline,
    *,
    memory: int,
    cpu_seconds: int,
    open_files: int,
    tasks: int,
) -> ResourceLimits:
    """Work out the limits of a worker.

    Args:
        baseline: what the zygote has before it forks.
        memory: bytes beyond the baseline.
        cpu_seconds: processor time of all threads together.
        open_files: descriptors, the standard ones included.
        tasks: limit on the tasks of the worker's user; 0 where none is to be set.
    """
    wanted: dict[str, tuple[int, int]] = {
        "RLIMIT_CORE": (0, 0),  # a core file would hold what the worker was sent
        "RLIMIT_CPU": (cpu_seconds, cpu_seconds + _SECONDS_TO_DIE),
        "RLIMIT_FSIZE": (0, 0),  # nothing may be written
        "RLIMIT_NOFILE": (open_files, open_files),
        "RLIMIT_MEMLOCK": (
            0,
            0,
        ),  # locked pages cannot be taken back from a worker under memory pressure
        "RLIMIT_MSGQUEUE": (0, 0),  # message queues outlive their maker
        "RLIMIT_STACK": (_STACK, _STACK),
    }
    if sys.platform == "linux" and baseline.space:
        wanted["RLIMIT_DATA"] = (baseline.data + memory,) * 2
        wanted["RLIMIT_AS"] = (baseline.space + memory + _RESERVED_SPACE,) * 2
    if tasks:
        wanted["RLIMIT_NPROC"] = (tasks, tasks)
    known = ((getattr(resource, name, None), soft, hard) for name, (soft, hard) in wanted.items())
    return ResourceLimits(tuple((number, s, h) for number, s, h in known if number is not None))


def tasks(user: int | None = None) -> int:
    """Return how many tasks /proc shows, all of them or those of a user."""
    count = 0
    for entry in os.scandir("/proc"):
        if not entry.name.isdigit():
            continue
        try:
            if user is None or entry.stat().st_uid == user:
                count += len(os.listdir(f"/proc/{entry.name}/task"))
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue  # it ended meanwhile, or hides its tasks
    return count


def free_tasks() -> int | None:
    """Return how many more tasks the user of this process may have; None where no limit binds it."""
    if os.geteuid() == 0 or not os.path.isdir("/proc/self/task"):
        return None
    most = resource.getrlimit(resource.RLIMIT_NPROC)[0]
    return None if most == resource.RLIM_INFINITY else max(0, most - tasks(os.getuid()))


def counts_own_tasks() -> bool:
    """Try whether RLIMIT_NPROC counts the tasks that this process sees and no others.

    So it is in a user namespace and a process namespace of its own since Linux 5.14. Older kernels count all tasks of
    the user on the machine, and root is counted nowhere.
    """
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = 0 if _only_one_more() else 1
        finally:
            os._exit(code)
    return os.waitpid(child, 0)[1] == 0


def _only_one_more() -> bool:
    """Allow one task more than there are and try to start two threads."""
    most = tasks() + 1
    resource.setrlimit(resource.RLIMIT_NPROC, (most, most))
    lock = _thread.allocate_lock()
    lock.acquire()
    for allowed in (True, False):
        try:
            _thread.start_new_thread(lock.acquire, ())
        except RuntimeError:
            return not allowed
    return False


def new_session() -> None:
    """Leave the zygote's session and process group, so that no signal to a group reaches across."""
    try:
        os.setsid()
    except OSError as error:
        raise ConfinementError("session", str(error)) from error


def die_first_when_memory_is_short() -> None:
    """Make this process the one that the kernel's out-of-memory killer prefers. Best effort; not a security layer."""
    try:
        descriptor = os.open("/proc/self/oom_score_adj", os.O_WRONLY | os.O_CLOEXEC)
    except OSError:
        return  # no such file on this system: the grader's own watch on memory remains
    try:
        os.write(descriptor, b"1000")
    except OSError:
        return
    finally:
        os.close(descriptor)


def die_with(parent: int) -> None:
    """Be killed when the parent ends. Must follow any change of user, which clears the setting.

    Args:
        parent: the process id that the parent had when it prepared.
    """
    if sys.platform == "linux":
        try:
            kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
        except OSError as error:
            raise ConfinementError("parent death signal", str(error)) from error
    # The parent may have died before the signal was asked for; then nobody would ever send it.
    if os.getppid() != parent:
        raise ConfinementError("parent death signal", "the parent is gone")
