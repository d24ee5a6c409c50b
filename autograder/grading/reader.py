"""Read the bytes of a submission in a confined child: whatever they do to their reader, they do it there."""

from __future__ import annotations

import atexit
import functools
import os
from pathlib import Path

import msgspec

import seqlab.cells
from autograder.sandbox.confined import CallFailed, Confined
from autograder.sandbox.terms import GraderFault
from seqlab.cells import Reading, Remark

_READ = "seqlab.cells:read"
# Where no sandbox is to be entered, and only then is one's own code graded, the child is a process like any other.
_LEVELS = ("B", "D")
SECONDS = 20.0
"""Computing, and waiting, for one file."""
MEMORY = 1 << 30
"""Bytes for one file, beyond what the reader itself takes."""


def reading(file_name: str, data: bytes) -> Reading:
    """Return what a file holds; one that breaks the reader is unreadable, with the reason.

    Raises:
        GraderFault: the reader does not start.
    """
    try:
        return msgspec.msgpack.decode(
            _child(os.getpid()).call(_READ, file_name, data), type=Reading
        )
    except CallFailed as failed:
        reason = str(failed)
    except msgspec.DecodeError:
        reason = "cannot be read"
    return Reading("unreadable", remarks=(Remark(file_name, reason),))


@functools.cache
def _child(_process: int) -> Confined:
    path = [str(Path(seqlab.cells.__file__).parents[1])]
    for level in _LEVELS:
        child = Confined([_READ], level=level, path=path, seconds=SECONDS, memory=MEMORY)
        try:
            child.call(_READ, "empty.py", b"")
        except GraderFault:
            if level == _LEVELS[-1]:
                raise
            continue
        atexit.register(child.close)
        return child
    raise AssertionError("unreachable")
