"""Classic BPF as the kernel runs it on a system call: the tests' oracle for what seccomp assembles."""

from __future__ import annotations

import struct
from collections.abc import Sequence

INSTRUCTION = struct.Struct("=HBBI")  # struct sock_filter: code, jt, jf, k

LOAD, JUMP, EQUAL, NOT_BELOW, ANY_BIT, AND, RETURN = 0x20, 0x05, 0x15, 0x35, 0x45, 0x54, 0x06


def interpret(code: bytes, architecture: int, number: int, arguments: Sequence[int] = ()) -> int:
    """Run a program as the kernel would.

    Args:
        code: an assembled program.
        architecture: the audit token of the calling ABI.
        number: of the call.
        arguments: up to six, 64 bits each; the rest are 0.

    Returns:
        The filter's return value.
    """
    padded = [*arguments, *[0] * (6 - len(arguments))]
    data = struct.pack("=IIQ6Q", number & 0xFFFFFFFF, architecture, 0, *padded)
    accumulator = 0
    position = 0
    while True:
        operation, jump_true, jump_false, k = INSTRUCTION.unpack_from(code, 8 * position)
        position += 1
        if operation == LOAD:
            (accumulator,) = struct.unpack_from("=I", data, k)
        elif operation == AND:
            accumulator &= k
        elif operation == JUMP:
            position += k
        elif operation == EQUAL:
            position += jump_true if accumulator == k else jump_false
        elif operation == NOT_BELOW:
            position += jump_true if accumulator >= k else jump_false
        elif operation == ANY_BIT:
            position += jump_true if accumulator & k else jump_false
        elif operation == RETURN:
            return int(k)
        else:
            raise ValueError(f"unknown operation {operation:#x}")
