"""The few C library calls that Python does not offer, and the error that every layer raises."""

from __future__ import annotations

import ctypes
import errno
import os
import platform

PR_SET_PDEATHSIG = 1
PR_SET_KEEPCAPS = 8
PR_SET_NO_NEW_PRIVS = 38

libc = ctypes.CDLL(None, use_errno=True)
# Looked up once here rather than in every forked child. Both are variadic in C, hence plain words throughout.
_syscall = libc.syscall
_syscall.restype = ctypes.c_long
_prctl = getattr(libc, "prctl", None)  # Linux only


class ConfinementError(Exception):
    """A layer could not be installed. Whoever sees this in a worker must exit before any student code."""

    def __init__(self, layer: str, reason: str):
        super().__init__(f"{layer}: {reason}")
        self.layer = layer
        self.reason = reason


def machine() -> str:
    """The name under which the system call tables know this processor."""
    name = platform.machine()
    return {"amd64": "x86_64", "arm64": "aarch64"}.get(name.lower(), name)


def syscall(number: int, *arguments: object) -> int:
    """Make a system call that the C library does not wrap.

    Args:
        number: its number on this machine.
        arguments: ctypes values or integers; an integer is passed as a C long.

    Raises:
        OSError: the kernel refused.
    """
    converted = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    result = int(_syscall(ctypes.c_long(number), *converted))
    if result == -1:
        raise last_error()
    return result


def prctl(option: int, value: int) -> None:
    """Set one attribute of the calling thread.

    Raises:
        OSError: the kernel refused.
    """
    zero = ctypes.c_ulong(0)  # the kernel refuses some options unless the unused arguments are zero
    if _prctl is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    if _prctl(ctypes.c_int(option), ctypes.c_ulong(value), zero, zero, zero) != 0:
        raise last_error()


def last_error() -> OSError:
    """The errno of the last call as an exception."""
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number))
