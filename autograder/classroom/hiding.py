"""Keep what is known of students out of reach of `stat` while code of students runs.

Without a mount namespace (level B) nothing stops a worker from asking whether a path is there and how large it is, and
the size of a result tells a score. Landlock does keep it from listing folders. So for the time of a run the results, and
the reports of the run before, lie in a folder whose name cannot be guessed. Folders that have to stay where they are, such
as what was handed in, are open to their owner alone, which keeps out workers that have a user of their own.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from autograder.files import write_file
from autograder.sandbox.confine import identity

PREFIX = ".grading-"
HIDDEN = (
    *("results", "feedback", "gradescope"),
    *("grades.csv", "junit.xml", "report.html", "changes.csv", "run.json"),
)
"""What the output folder may hold about students."""
NBGRADERS = ("autograded", "feedback")
"""What nbgrader keeps about students beside the folder of submissions."""
_MODES = "modes.json"
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@contextmanager
def hidden(output: Path, level: str, beside: Iterable[Path] = ()) -> Iterator[Path]:
    """Yield the folder to read results from and write them to in place of the output folder.

    Afterwards everything lies in the output folder, and errors name their files there. What a killed run leaves hidden
    is brought back by `restore`.

    Args:
        output: what others know; made where it is missing.
        level: of the sandbox. At level A workers see no such folder, at level D nothing is kept from them.
        beside: folders that are closed meanwhile, where workers have a user of their own.
    """
    if level != "B":
        yield output
        return
    place = output / f"{PREFIX}{secrets.token_hex(16)}"
    place.mkdir(parents=True, mode=0o700)
    descriptor = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
    try:
        _lock(descriptor)
        if identity.possible():
            _close(beside, place)
        for name in HIDDEN:
            with suppress(FileNotFoundError):
                os.rename(output / name, place / name)
        yield place
    except OSError as error:
        if isinstance(error.filename, str):
            error.filename = error.filename.replace(str(place), str(output), 1)
        raise
    finally:
        _open_again(place)
        _merge(place, output)
        os.close(descriptor)


def restore(output: Path) -> None:
    """Bring back what killed runs left hidden; a run that still goes on keeps its own."""
    for place in sorted(output.glob(f"{PREFIX}*")):
        descriptor = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
        try:
            if _lock(descriptor):
                _open_again(place)
                _merge(place, output)
        finally:
            os.close(descriptor)


def _close(folders: Iterable[Path], place: Path) -> None:
    """Let only the owners of folders pass through them; what they allowed before is noted first."""
    modes = {}
    for folder in folders:
        with suppress(OSError):
            mode = stat.S_IMODE(folder.stat().st_mode)
            if mode & _OTHERS:
                modes[str(folder.resolve())] = mode
    write_file(place / _MODES, json.dumps(modes).encode())
    for path, mode in modes.items():
        with suppress(OSError):  # somebody else's, or a file system without modes
            os.chmod(path, mode & ~_OTHERS)
            if not os.access(path, os.R_OK | os.X_OK):
                os.chmod(path, mode)


def _open_again(place: Path) -> None:
    """Give folders the modes back that they had before."""
    try:
        modes = json.loads((place / _MODES).read_bytes())
    except FileNotFoundError:
        return
    for path, mode in modes.items():
        with suppress(OSError):
            os.chmod(path, mode)
    (place / _MODES).unlink()


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
