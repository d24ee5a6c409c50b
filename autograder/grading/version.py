"""A digest of everything that a result depends on, the submission aside.

Where it is equal, a result may be reused, and two machines give the same bytes.
"""

from __future__ import annotations

import functools
import hashlib
import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from autograder import __version__
from autograder.course import settings
from autograder.course.settings import Grading
from autograder.course.source import ROOT, SOLUTIONS, SUITES, Chapter, hidden_folder

# Whole folders: a list of names would miss the next file.
_GRADER = (
    "assignments/seqlab/src",
    "autograder/classroom",
    "autograder/course",
    "autograder/grading",
    "autograder/sandbox",
    "autograder/files.py",
    "autograder/results.py",
)
_LIBRARIES = ("autograd", "msgspec", "numpy", "pytest", "scipy", "torch")


def grader_version(chapter: Chapter, grading: Grading) -> str:
    """Name what a result of this chapter depends on: the version of the grader, and a digest."""
    return f"{__version__}+{_digest((_folder(chapter), hidden_folder(chapter.name)), grading.text)}"


def fingerprint() -> str:
    """Name what the results of all chapters depend on: two machines with the same one give the same bytes.

    Raises:
        SettingsError: the settings of this machine cannot be read.
    """
    return _digest((SOLUTIONS, SUITES), settings.load().grading.text)


@functools.cache
def _digest(folders: tuple[Path, ...], grading: str) -> str:
    """Digest this grader, once for each of the settings that it grades with."""
    return digest(ROOT, folders, [grading, *versions()])


def _folder(chapter: Chapter) -> Path:
    return Path(chapter.path).parent


def versions() -> list[str]:
    """Return Python and the libraries that compute or judge results, with their versions."""
    libraries = [f"{name} {_version(name)}" for name in _LIBRARIES]
    return [f"Python {platform.python_version()}", *libraries]


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "none"  # PyTorch may be left out


def digest(root: Path, folders: Sequence[Path], conditions: Sequence[str]) -> str:
    """Digest the grader's code below `root`, that of `folders`, and other conditions of a result."""
    hashed = hashlib.sha256("\n".join(conditions).encode())
    for number, folder in enumerate([*(root / part for part in _GRADER), *folders]):
        files = sorted(folder.rglob("*.py")) if folder.is_dir() else [folder]
        for file in filter(Path.is_file, files):
            name = f"{number}/{file.relative_to(folder).as_posix()}"
            hashed.update(f"\0{name}\0".encode() + hashlib.sha256(file.read_bytes()).digest())
    return hashed.hexdigest()[:16]
