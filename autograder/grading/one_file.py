"""Read the bytes of one file that was handed in, whatever stands in its place; names as text."""

from __future__ import annotations

import errno
import os
import re
import stat
from pathlib import Path
from typing import Literal

from autograder.results import Problem
from seqlab import cells

MAX_BYTES = cells.MAX_RAW
_ALLOWED = f"{MAX_BYTES >> 20} MiB are allowed, and {cells.MAX_BYTES >> 20} MiB without its outputs"
_WRITTEN_BYTE = re.compile(r"\\x[0-9a-f]{2}")


class SubmissionError(Exception):
    """A submission that cannot be read; carries the status of its result."""

    def __init__(self, status: Literal["missing", "unreadable", "refused"], where: str, what: str):
        super().__init__(f"{where}: {what}")
        self.status = status
        self.problem = Problem(where, what)


def printable(name: str) -> str:
    r"""Return a file name as text that UTF-8 can hold, no two names as the same text.

    A byte that is no UTF-8 is written as `\xff`. Backslashes are doubled in a name that has such a byte, or that holds
    what looks like one.
    """
    data = os.fsencode(name)
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = None
    if text is not None and not _WRITTEN_BYTE.search(text):
        return text
    return data.replace(b"\\", b"\\\\").decode("utf-8", "backslashreplace")


def read_bytes(path: Path) -> bytes:
    """Read a regular file of at most 100 MiB, following no link and waiting for nobody.

    Most of a large notebook may be its outputs, which do not count: how large it may be without them, the reader knows.

    Raises:
        SubmissionError: it is something else.
    """
    name = printable(path.name)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise SubmissionError("missing", name, "is not there") from None
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise SubmissionError("refused", name, "is a link") from None
        if error.errno in (errno.ENXIO, errno.EISDIR):
            raise SubmissionError("refused", name, "is no regular file") from None
        raise SubmissionError("unreadable", name, f"cannot be read: {error.strerror}") from None
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise SubmissionError("refused", name, "is no regular file")
    with open(descriptor, "rb") as file:
        if status.st_size > MAX_BYTES:
            size = status.st_size / (1 << 20)
            raise SubmissionError("refused", name, f"has {size:.1f} MiB; {_ALLOWED}")
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise SubmissionError("refused", name, f"is too large; {_ALLOWED}")
    return data
