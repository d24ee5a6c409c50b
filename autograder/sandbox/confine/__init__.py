"""The layers that confine a worker: one file each, put together here.

The zygote prepares once what all its workers share; a forked worker enters before it reads a byte of student code.

Levels: A is B within namespaces of its own (`namespaces.command` around the zygote); B is limits, identity, Landlock and
seccomp; D is limits alone, for machines without Landlock.

Uses the standard library only and is imported both as part of the grader and from the zygote's own folder.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass

from . import cgroups, identity, kernel, landlock, libraries, limits, namespaces, seccomp
from .kernel import ConfinementError

__all__ = [
    "LEVELS",
    "MOST_THREADS",
    "ConfinementError",
    "Policy",
    "Prepared",
    "prepare",
    "threads_for",
]

LEVELS = ("A", "B", "D")
MOST_THREADS = 16
"""Threads that a submission may start at a time."""
# Where the workers of a zygote are counted together: those that are in waiting, or on their way out.
_OTHER_WORKERS = 4
# Tasks of a grader that are no submission's: itself, its reader, two zygotes and what bubblewrap needs, workers.
_TASKS_OF_A_GRADER = 20


@dataclass(frozen=True)
class Policy:
    """What a worker may use.

    Attributes:
        level: which layers there have to be, one of `LEVELS`.
        readable: files and folders it may read; None for the libraries of its zygote (`libraries.find`).
        listable: folders of which it may see the names.
        modules: top-level modules that it may import beside those of every course.
        memory: bytes beyond what the zygote has.
        cpu_seconds: processor time of a worker's whole life.
        open_files: descriptors.
        threads: how many it may start at a time. None at all where they cannot be counted.
        grouped: whether a cgroup bounds the tasks of the zygote and its workers.
        outside: at level A the grader's `namespaces.identifiers()`, to compare with.
    """

    level: str = "B"
    readable: tuple[str, ...] | None = None
    listable: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    memory: int = 1 << 30
    cpu_seconds: int = 120
    open_files: int = 64
    threads: int = MOST_THREADS
    grouped: bool = False
    outside: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.level not in LEVELS:
            raise ValueError(f"level is one of {', '.join(LEVELS)}, not {self.level!r}")
        for name in ("memory", "cpu_seconds", "open_files"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be positive")


@dataclass
class Prepared:
    """What workers share, made once in the zygote. Its descriptors must stay open in a child until `enter`.

    Attributes:
        level: the level that was prepared.
        threads: how many threads a worker may start.
    """

    level: str
    threads: int
    _parent: int
    _ruleset: int | None
    _abi: int
    _limits: limits.ResourceLimits
    _identity: identity.Identity | None
    _filter: seccomp.Template | None

    def descriptors(self) -> list[int]:
        """What a child must not close before `enter`, which closes it."""
        return [] if self._ruleset is None else [self._ruleset]

    def enter(self) -> None:
        """Confine this process, a single-threaded child of the zygote, for the rest of its life.

        Raises:
            ConfinementError: a layer could not be installed. The caller must exit at once.
        """
        limits.new_session()
        if sys.platform == "linux":
            limits.die_first_when_memory_is_short()
        self._limits.apply()
        if self._identity is not None:
            identity.enter(self._identity)
        limits.die_with(self._parent)
        if self._filter is None:
            return
        try:
            kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
        except OSError as error:
            raise ConfinementError("no_new_privs", str(error)) from error
        if self._ruleset is not None:
            landlock.enter(self._ruleset, self._abi)
            self.close()
        seccomp.enter(self._filter, os.getpid())

    def close(self) -> None:
        """Give the descriptors back. For a process that prepares without being a zygote."""
        if self._ruleset is not None:
            os.close(self._ruleset)
            self._ruleset = None


def prepare(policy: Policy) -> Prepared:
    """Build in the zygote what its workers share.

    Call it when everything is imported: memory counts from here.

    Raises:
        ConfinementError: the level cannot be had.
    """
    level = policy.level
    if level == "A":
        namespaces.require_own(policy.outside)
    ruleset: int | None = None
    version = 0
    chosen: identity.Identity | None = None
    program: seccomp.Template | None = None
    if level != "D":
        if sys.platform != "linux":
            raise ConfinementError("seccomp", f"there is none on {sys.platform}")
        found = libraries.Libraries(policy.readable or (), policy.listable)
        if policy.readable is None:
            found = libraries.find("torch" in sys.modules, tuple(policy.modules), loaded=True)
        version = landlock.abi()
        ruleset = landlock.build(_rules(found), version)
        chosen = identity.prepare([*found.readable, *found.listable])
    threads, tasks = _threads(policy, chosen)
    if level != "D":
        program = seccomp.assemble(kernel.machine(), threads=threads > 0)
    return Prepared(
        level=level,
        threads=threads,
        _parent=os.getpid(),
        _ruleset=ruleset,
        _abi=version,
        _limits=limits.prepare(
            limits.measure(),
            memory=policy.memory,
            cpu_seconds=policy.cpu_seconds,
            open_files=policy.open_files,
            tasks=tasks,
        ),
        _identity=chosen,
        _filter=program,
    )


def _rules(found: libraries.Libraries) -> list[landlock.Rule]:
    rules = [landlock.Rule(path, landlock.READ) for path in found.readable]
    rules += [landlock.Rule(path, landlock.LIST) for path in found.listable]
    # Honest code drops output there; it keeps nothing.
    rules.append(landlock.Rule(os.devnull, landlock.READ_FILE | landlock.WRITE_FILE))
    return rules


def _threads(policy: Policy, chosen: identity.Identity | None) -> tuple[int, int]:
    """Return how many threads a worker may start, and the RLIMIT_NPROC that holds it to that, 0 for none.

    No limit means anything where the kernel counts a worker's tasks together with others of its user, or not at all as
    root's. There it must not start any, or one submission could take what others need.
    """
    if policy.level == "D":
        return policy.threads, 0
    if chosen is not None and chosen.first_user is not None:
        return policy.threads, 1 + policy.threads  # nobody else has this user
    if policy.level == "A" and limits.counts_own_tasks():
        others = limits.tasks() + _OTHER_WORKERS
        return policy.threads, others + policy.threads
    return (policy.threads, 0) if policy.grouped else (0, 0)


def threads_for(jobs: int) -> int:
    """Return how many threads a submission may start so that graders side by side have what they need themselves.

    Args:
        jobs: how many graders there are to be.
    """
    free = [free for free in (cgroups.free_tasks(), limits.free_tasks()) if free is not None]
    if not free:
        return MOST_THREADS
    return max(0, min(MOST_THREADS, min(free) // max(1, jobs) - _TASKS_OF_A_GRADER))
