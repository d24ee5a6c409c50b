"""Give up the privileges of root: a user id of each worker's own where that is possible, no capabilities in any case.

A worker of root's is otherwise exempt from the limit on tasks, and every file permission is open to whatever gets
past Landlock. An ordinary user's worker has nothing to give up.
"""

from __future__ import annotations

import ctypes
import os
import secrets
import stat
from collections.abc import Iterable
from dataclasses import dataclass

from . import kernel
from .kernel import ConfinementError

LAYER = "identity"

# Numbers of <linux/capability.h>.
CAP_DAC_READ_SEARCH = 2
CAP_KILL = 5
CAP_SETGID = 6
CAP_SETUID = 7

_CAPABILITY_VERSION_3 = 0x20080522
# Above the ranges that distributions, containers and directory services hand out, below 2^31. A worker's user is this
# plus a random multiple of 2^22, the largest process id, plus its process id: nobody else's, in any pid namespace.
_FIRST_USER = 2_000_000_000
_BLOCKS = 32
_BLOCK = 1 << 22


@dataclass(frozen=True)
class Identity:
    """What a worker becomes.

    Attributes:
        first_user: its user and group id is this plus its process id; None where it stays who it is.
        keep_search: keep the capability to pass through folders that only root may enter. The libraries of an
            interpreter under /root are out of reach otherwise; Landlock still decides what can be read.
    """

    first_user: int | None
    keep_search: bool


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Set(ctypes.Structure):
    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


_Sets = _Set * 2  # the low and the high 32 capabilities
# Linux only, and looked up once rather than in every forked child.
_capget = getattr(kernel.libc, "capget", None)
_capset = getattr(kernel.libc, "capset", None)


# Made here because in a child every object that is touched first costs the copy of a page.
_SELF = ctypes.pointer(_Header(_CAPABILITY_VERSION_3, 0))
_KEPT = {
    False: _Sets(),
    True: _Sets(_Set(1 << CAP_DAC_READ_SEARCH, 1 << CAP_DAC_READ_SEARCH, 0)),
}


def capabilities() -> int:
    """Return the effective capabilities of this process as a bit mask."""
    sets = _Sets()
    if _capget is None or _capget(_SELF, sets) != 0:
        raise ConfinementError(LAYER, str(kernel.last_error()))
    return int(sets[0].effective) | int(sets[1].effective) << 32


def can_change_user() -> bool:
    """Whether root here can become another user, and its grader can still kill what has become one."""
    needed = 1 << CAP_KILL | 1 << CAP_SETGID | 1 << CAP_SETUID
    return os.geteuid() == 0 and capabilities() & needed == needed


def possible() -> bool:
    """Whether each worker started from here gets a user id of its own."""
    return can_change_user() and _all_users_mapped()


def _all_users_mapped() -> bool:
    """Whether the user ids meant here exist in this user namespace."""
    last = _FIRST_USER + _BLOCKS * _BLOCK
    for path in ("/proc/self/uid_map", "/proc/self/gid_map"):
        with open(path, encoding="ascii") as file:
            ranges = [tuple(map(int, line.split())) for line in file]
        if not any(first <= _FIRST_USER and last < first + count for first, _, count in ranges):
            return False
    return True


def _open_to_all(path: str) -> bool:
    """Whether every user may read this path and pass through the folders above it."""
    path = os.path.realpath(path)
    mode = os.stat(path).st_mode
    needed = stat.S_IROTH | (stat.S_IXOTH if stat.S_ISDIR(mode) else 0)
    if mode & needed != needed:
        return False
    while path != "/":
        path = os.path.dirname(path)
        if not os.stat(path).st_mode & stat.S_IXOTH:
            return False
    return True


def prepare(readable: Iterable[str]) -> Identity:
    """Decide once, in the zygote, what its workers become.

    Args:
        readable: paths that they must be able to read.
    """
    if not possible():
        return Identity(None, False)
    first = _FIRST_USER + secrets.randbelow(_BLOCKS) * _BLOCK
    closed = not all(_open_to_all(path) for path in readable)
    held = bool(capabilities() & 1 << CAP_DAC_READ_SEARCH)
    if closed and not held:
        return Identity(None, False)
    return Identity(first, closed)


def enter(identity: Identity) -> None:
    """Become the worker's own user and drop every capability."""
    try:
        if identity.first_user is not None:
            user = identity.first_user + os.getpid()
            if identity.keep_search:
                kernel.prctl(kernel.PR_SET_KEEPCAPS, 1)  # else the change of user clears them all
            os.setgroups([])
            os.setresgid(user, user, user)
            os.setresuid(user, user, user)
        if _capset is None or _capset(_SELF, _KEPT[identity.keep_search]) != 0:
            raise kernel.last_error()
    except OSError as error:
        raise ConfinementError(LAYER, str(error)) from error
