"""seccomp: the policy of `syscalls.py` as a classic BPF program, and its installation.

The program looks the call's number up by halving, so that any call costs about nine comparisons, and the kernel's own
dry run over all numbers when a filter is installed stays cheap.
"""

from __future__ import annotations

import ctypes
import errno
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from . import kernel, syscalls
from .kernel import ConfinementError
from .syscalls import Action, AllBits, Below, Condition, NoBits, Null, OneOf, OwnPid

LAYER = "seccomp"

AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
# x86_64 kernels take numbers with this bit for the x32 ABI, under the same architecture token.
_X32_BIT = 0x40000000

_LD_ABS, _JA, _JEQ, _JGE, _JSET, _AND, _RET = 0x20, 0x05, 0x15, 0x35, 0x45, 0x54, 0x06
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data

_RETURN_KILL_PROCESS = 0x80000000
_RETURN_ERRNO = 0x00050000
_RETURN_ALLOW = 0x7FFF0000
RETURNS = {
    Action.ALLOW: _RETURN_ALLOW,
    Action.REFUSE: _RETURN_ERRNO | errno.EPERM,
    Action.NO_ACCESS: _RETURN_ERRNO | errno.EACCES,
    Action.UNKNOWN: _RETURN_ERRNO | errno.ENOSYS,
    Action.KILL: _RETURN_KILL_PROCESS,
}

_SET_MODE_FILTER = 1
_FLAG_TSYNC = 1
_INSTRUCTION = struct.Struct("=HBBI")


class Instruction(NamedTuple):
    """One BPF instruction; where `own_pid` is set, the process id takes the place of `k`."""

    code: int
    k: int
    jump_true: int = 0
    jump_false: int = 0
    own_pid: bool = False


@dataclass(frozen=True)
class Template:
    """An assembled program with gaps for the process id."""

    code: bytes
    gaps: tuple[int, ...]
    installer: int  # number of the call that installs it

    def fill(self, pid: int) -> bytes:
        """Return the program for one process."""
        code = bytearray(self.code)
        for offset in self.gaps:
            struct.pack_into("=I", code, offset, pid)
        return bytes(code)


def _return(action: Action) -> list[Instruction]:
    return [Instruction(_RET, RETURNS[action])]


def _load(argument: int, high: bool = False) -> Instruction:
    # Both architectures are little endian: the low word comes first.
    return Instruction(_LD_ABS, _ARGUMENTS + 8 * argument + (4 if high else 0))


def _check(condition: Condition, otherwise: Action) -> list[Instruction]:
    """Code that goes on behind itself where the condition holds and returns otherwise."""
    refuse = _return(otherwise)
    match condition:
        case OneOf(argument, values):
            tests = [Instruction(_JEQ, value) for value in values]
        case OwnPid(argument, values):
            tests = [Instruction(_JEQ, value) for value in values]
            tests.append(Instruction(_JEQ, 0, own_pid=True))
        case NoBits(argument, bits):
            return [_load(argument), Instruction(_JSET, bits, 0, 1), *refuse]
        case AllBits(argument, bits):
            masked = [_load(argument), Instruction(_AND, bits)]
            return [*masked, Instruction(_JEQ, bits, 1, 0), *refuse]
        case Below(argument, limit):
            return [_load(argument), Instruction(_JGE, limit, 0, 1), *refuse]
        case Null(argument):
            low = [_load(argument), Instruction(_JEQ, 0, 0, 2)]
            high = [_load(argument, high=True), Instruction(_JEQ, 0, 1, 0)]
            return [*low, *high, *refuse]
    # A test that succeeds jumps over those behind it and the refusal.
    count = len(tests)
    jumping = [test._replace(jump_true=count - i) for i, test in enumerate(tests)]
    return [_load(argument), *jumping, *refuse]


def _body(rule: syscalls.Rule) -> list[Instruction]:
    if not rule.conditions:
        return _return(rule.action)
    checks: list[Instruction] = []
    for condition in rule.conditions:
        checks += _check(condition, rule.action)
    return checks + _return(Action.ALLOW)


def _search(spans: Sequence[tuple[int, list[Instruction]]]) -> list[Instruction]:
    """Code that finds the last span whose first number is not above the loaded one."""
    if len(spans) == 1:
        return spans[0][1]
    middle = len(spans) // 2
    left, right = _search(spans[:middle]), _search(spans[middle:])
    first = spans[middle][0]
    if len(left) <= 255:
        return [Instruction(_JGE, first, len(left), 0), *left, *right]
    # A conditional jump reaches no further than a byte can say.
    return [Instruction(_JGE, first, 0, 1), Instruction(_JA, len(left)), *left, *right]


def assemble(architecture: str, threads: bool) -> Template:
    """Turn the policy into a program.

    Args:
        architecture: a key of `AUDIT_ARCH`.
        threads: see `syscalls.profile`.

    Raises:
        ConfinementError: there is no table for the architecture.
    """
    if architecture not in AUDIT_ARCH:
        raise ConfinementError(LAYER, f"no system call table for {architecture}")
    table = syscalls.numbers()[architecture]
    rules = syscalls.profile(threads)
    bodies = {table[name]: _body(rule) for name, rule in rules.items() if name in table}
    unknown = _return(Action.UNKNOWN)
    spans: list[tuple[int, list[Instruction]]] = [(0, bodies.get(0, unknown))]
    for number in range(1, max(bodies) + 2):
        body = bodies.get(number, unknown)
        if body != spans[-1][1]:
            spans.append((number, body))
    program = [
        Instruction(_LD_ABS, _ARCHITECTURE),
        Instruction(_JEQ, AUDIT_ARCH[architecture], 1, 0),
        *_return(Action.KILL),
        Instruction(_LD_ABS, _NUMBER),
    ]
    if architecture == "x86_64":
        program += [Instruction(_JGE, _X32_BIT, 0, 1), *_return(Action.KILL)]
    program += _search(spans)
    code = b"".join(
        _INSTRUCTION.pack(i.code, i.jump_true, i.jump_false, i.k & 0xFFFFFFFF) for i in program
    )
    gaps = [8 * index + 4 for index, i in enumerate(program) if i.own_pid]
    return Template(code, tuple(gaps), table["seccomp"])


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def enter(template: Template, pid: int) -> None:
    """Filter the system calls of this process, for good. It must have no_new_privs set."""
    code = template.fill(pid)
    program = ctypes.byref(_Program(len(code) // _INSTRUCTION.size, code))
    try:
        other = kernel.syscall(template.installer, _SET_MODE_FILTER, _FLAG_TSYNC, program)
    except OSError as error:
        raise ConfinementError(LAYER, str(error)) from error
    if other:
        raise ConfinementError(LAYER, f"thread {other} has a filter of its own")
