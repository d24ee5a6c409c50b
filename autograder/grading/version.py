"""A digest of everything that a result depends on, the submission aside.

Where it is equal, a result may be reused, and two machines give the same bytes.
"""

from __future__ import annotations

import functools
import hashlib
import platform
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from autograder import __version__
from autograder.course.source import ROOT, SOLUTIONS, Chapter

# Whole folders: a list of names would miss the next file.
_GRADER = (
    "assignments/seqlab/src",
    "autograder/classroom",
    "autograder/course",
    "autograder/grading",
    "autograder/sandbox",
)
_FILES = ("autograder/files.py", "autograder/results.py")
_LIBRARIES = ("msgspec", "numpy", "pytest", "scipy", "torch")


@functools.cache
def grader_version(chapter: Chapter, seed: int) -> str:
    """Name what a result of this chapter depends on: the version of the grader, and a digest."""
    return f"{__version__}+{digest(ROOT, [chapter.name], [f'seed {seed}', *versions()])}"


@functools.cache
def fingerprint() -> str:
    """Name what the results of all chapters depend on: two machines with the same one give the same bytes."""
    names = sorted(folder.name for folder in SOLUTIONS.iterdir() if folder.is_dir())
    return digest(ROOT, names, versions())


def versions() -> list[str]:
    """Return Python and the libraries that compute or judge results, with their versions."""
    libraries = [f"{name} {_version(name)}" for name in _LIBRARIES]
    return [f"Python {platform.python_version()}", *libraries]


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "none"  # PyTorch may be left out


def digest(root: Path, chapters: Sequence[str], conditions: Sequence[str]) -> str:
    """Digest the grader below `root`, sources and hidden folders of `chapters`, and other conditions of a result."""
    hashed = hashlib.sha256("\n".join(conditions).encode())
    for file in _files(root, chapters):
        name = file.relative_to(root).as_posix()
        hashed.update(f"\0{name}\0".encode() + hashlib.sha256(file.read_bytes()).digest())
    return hashed.hexdigest()[:16]


def _files(root: Path, chapters: Sequence[str]) -> Iterator[Path]:
    folders = [
        f"{part}/{name}" for name in chapters for part in ("autograder/chapters", "solutions")
    ]
    yield from (file for name in _FILES if (file := root / name).is_file())
    for folder in (*_GRADER, *folders):
        yield from sorted((root / folder).rglob("*.py"))
