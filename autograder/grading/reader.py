"""Read the bytes of a submission in a confined child: whatever they do to their reader, they do it there."""

from __future__ import annotations

import atexit
import functools
import os
from pathlib import Path

import msgspec

import seqlab.cells
from autograder.sandbox.confined import CallFailed, Confined, confined
from seqlab.cells import Reading, Remark

_READ = "seqlab.cells:read"
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
    child = confined([_READ], path, seconds=SECONDS, memory=MEMORY)
    atexit.register(child.close)
    return child
