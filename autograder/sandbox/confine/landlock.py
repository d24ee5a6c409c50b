"""Landlock: which files a process may open, decided by the kernel for the rest of its life.

A binding of the three system calls (landlock(7)). What the kernel's ABI does not know is left out, so that a newer
kernel restricts more and an older one still restricts what it can.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterable
from dataclasses import dataclass

from . import kernel
from .kernel import ConfinementError

LAYER = "landlock"

# The same numbers on every architecture.
_CREATE_RULESET = 444
_ADD_RULE = 445
_RESTRICT_SELF = 446

_CREATE_RULESET_VERSION = 1
_RULE_PATH_BENEATH = 1
# ABI 7: refusals of the worker's own code need not fill the machine's audit log.
_RESTRICT_SELF_LOG_SAME_EXEC_OFF = 1

EXECUTE = 1 << 0
WRITE_FILE = 1 << 1
READ_FILE = 1 << 2
READ_DIR = 1 << 3
TRUNCATE = 1 << 14
_ABI_1 = (1 << 13) - 1  # EXECUTE to MAKE_SYM
_REFER = 1 << 13  # ABI 2
_IOCTL_DEV = 1 << 15  # ABI 5
_NET_TCP = 0b11  # ABI 4: bind and connect
_SCOPE = 0b11  # ABI 6: abstract UNIX sockets and signals to processes outside
_ON_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | _IOCTL_DEV

LIST = READ_DIR
READ = READ_FILE | READ_DIR


@dataclass(frozen=True)
class Rule:
    """Access to a file, or to a folder and everything beneath it."""

    path: str
    access: int


class _RulesetAttributes(ctypes.Structure):
    _fields_ = (
        ("handled_access_fs", ctypes.c_uint64),
        ("handled_access_net", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    )


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32))


def abi() -> int:
    """Return the kernel's Landlock version, 0 where there is none or it is switched off."""
    try:
        return kernel.syscall(_CREATE_RULESET, None, 0, _CREATE_RULESET_VERSION)
    except OSError:
        return 0


def handled(version: int) -> tuple[int, int, int, int]:
    """Return what a ruleset takes charge of at an ABI: file access, network access, scopes, size of the C structure."""
    files = _ABI_1
    files |= _REFER if version >= 2 else 0
    files |= TRUNCATE if version >= 3 else 0
    files |= _IOCTL_DEV if version >= 5 else 0
    network = _NET_TCP if version >= 4 else 0
    scope = _SCOPE if version >= 6 else 0
    size = 8 if version < 4 else 16 if version < 6 else 24
    return files, network, scope, size


def build(rules: Iterable[Rule], version: int) -> int:
    """Make a ruleset: everything is refused but what a rule allows.

    Args:
        rules: paths must exist; links are followed.
        version: the result of `abi`.

    Returns:
        The ruleset's descriptor. Any number of processes may enter it.

    Raises:
        ConfinementError: no Landlock, a missing path.
    """
    if version < 1:
        raise ConfinementError(
            LAYER, "this kernel has none, or it is not among its security modules"
        )
    files, network, scope, size = handled(version)
    attributes = _RulesetAttributes(files, network, scope)
    try:
        ruleset = kernel.syscall(_CREATE_RULESET, ctypes.byref(attributes), size, 0)
    except OSError as error:
        raise ConfinementError(LAYER, str(error)) from error
    try:
        for rule in rules:
            _add(ruleset, rule, files)
    except OSError as error:
        os.close(ruleset)
        raise ConfinementError(LAYER, str(error)) from error
    return ruleset


def _add(ruleset: int, rule: Rule, files: int) -> None:
    descriptor = os.open(rule.path, os.O_PATH | os.O_CLOEXEC)
    try:
        access = rule.access & files
        if not os.path.isdir(rule.path):
            access &= _ON_FILES  # the kernel refuses rights that only folders have
        if access:
            beneath = _PathBeneath(access, descriptor)
            kernel.syscall(_ADD_RULE, ruleset, _RULE_PATH_BENEATH, ctypes.byref(beneath), 0)
    finally:
        os.close(descriptor)


def enter(ruleset: int, version: int) -> None:
    """Restrict this process, for good. It must have no_new_privs set."""
    flags = _RESTRICT_SELF_LOG_SAME_EXEC_OFF if version >= 7 else 0
    try:
        kernel.syscall(_RESTRICT_SELF, ruleset, flags)
    except OSError as error:
        raise ConfinementError(LAYER, str(error)) from error
