"""Keep what is known of students out of reach of `stat` while code of students runs.

Without a mount namespace (level B) nothing stops a worker from asking whether a path is there and how large it is, and
the size of a result tells a score. Landlock does keep it from listing folders. So for the time of a run the results, and
the reports of the run before, lie in a folder whose name cannot be guessed.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = ".grading-"
HIDDEN = (
    *("results", "feedback", "gradescope"),
    *("grades.csv", "junit.xml", "report.html", "changes.csv", "run.json"),
)
"""What the output folder may hold about students."""


@contextmanager
def hidden(output: Path, level: str) -> Iterator[Path]:
    """Yield the folder to read results from and write them to in place of the output folder.

    Afterwards everything lies in the output folder, and errors name their files there. What a killed run leaves hidden
    is brought back by `restore`.

    Args:
        output: what others know; made where it is missing.
        level: of the sandbox. At level A workers see no such folder, at level D nothing is kept from them.
    """
    if level != "B":
        yield output
        return
    place = output / f"{PREFIX}{secrets.token_hex(16)}"
    place.mkdir(parents=True, mode=0o700)
    descriptor = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
    try:
        _lock(descriptor)
        for name in HIDDEN:
            with suppress(FileNotFoundError):
                os.rename(output / name, place / name)
        yield place
    except OSError as error:
        if isinstance(error.filename, str):
            error.filename = error.filename.replace(str(place), str(output), 1)
        raise
    finally:
        _merge(place, output)
        os.close(descriptor)


def restore(output: Path) -> None:
    """Bring back what killed runs left hidden; a run that still goes on keeps its own."""
    for place in sorted(output.glob(f"{PREFIX}*")):
        descriptor = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
        try:
            if _lock(descriptor):
                _merge(place, output)
        finally:
            os.close(descriptor)


def _lock(descriptor: int) -> bool:
    """Mark a folder as in use until the process ends; False where it is already."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True  # a file system without locks
    return True


def _merge(source: Path, target: Path) -> None:
    """Move everything into another folder of the same file system; of two files the newer one stays."""
    for entry in os.scandir(source):
        other = target / entry.name
        if entry.is_dir(follow_symlinks=False) and other.is_dir():
            _merge(Path(entry.path), other)
        elif not os.path.lexists(other) or _newer(entry, other):
            os.rename(entry.path, other)
        else:
            os.unlink(entry.path)
    os.rmdir(source)


def _newer(entry: os.DirEntry[str], other: Path) -> bool:
    return entry.stat(follow_symlinks=False).st_mtime_ns >= other.lstat().st_mtime_ns
