"""Read the bytes of a submission in a confined child: whatever they do to their reader, they do it there."""

from __future__ import annotations

import atexit
import functools
import os
from pathlib import Path
from typing import Any

import msgspec

import autograder
import seqlab.cells
from autograder.sandbox.confined import CallFailed, Confined, confined
from seqlab.cells import Reading, Remark

_READ = "seqlab.cells:read"
_UNPACK = "autograder.grading.archives:only_member"
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
        return _called(Reading, _READ, file_name, data)
    except CallFailed as failed:
        return Reading("unreadable", remarks=(Remark(file_name, str(failed)),))


def unpacked(data: bytes) -> tuple[str, bytes, str]:
    """Return name and bytes of the one file in an archive, or else, in the third place, why there is none.

    Raises:
        GraderFault: the reader does not start.
    """
    try:
        return _called(tuple[str, bytes, str], _UNPACK, data)
    except CallFailed as failed:
        return "", b"", str(failed)


def _called(kind: Any, function: str, *arguments: Any) -> Any:
    try:
        return msgspec.msgpack.decode(_child(os.getpid()).call(function, *arguments), type=kind)
    except msgspec.DecodeError:
        raise CallFailed("cannot be read") from None


@functools.cache
def _child(_process: int) -> Confined:
    path = [str(Path(module.__file__ or "").parents[1]) for module in (seqlab.cells, autograder)]
    child = confined([_READ, _UNPACK], path, seconds=SECONDS, memory=MEMORY)
    atexit.register(child.close)
    return child
