"""Two machines give the same bytes only where they run the same grader; a digest says whether they do."""

from __future__ import annotations

import functools
import hashlib
import sys
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

from autograder.course import ROOT

_CODE = ("autograder", "assignments/seqlab/src", "solutions")
_LIBRARIES = ("msgspec", "numpy", "pytest", "scipy", "torch")


@functools.cache
def fingerprint() -> str:
    """Name everything that a result may depend on, the submission and the conditions aside.

    Wider than `grader_version`, which is for one chapter: all code of the grader and of all chapters, and libraries.
    """
    libraries = (f"{name} {version(name)}" for name in _LIBRARIES)
    return digest(ROOT, [f"Python {sys.version_info[0]}.{sys.version_info[1]}", *libraries])


def digest(root: Path, versions: Iterable[str]) -> str:
    """Digest the Python files below `root` that matter, and version numbers."""
    hashed = hashlib.sha256("\n".join(versions).encode())
    for folder in _CODE:
        for file in sorted((root / folder).rglob("*.py")):
            name = file.relative_to(root).as_posix()
            hashed.update(f"\0{name}\0".encode() + hashlib.sha256(file.read_bytes()).digest())
    return hashed.hexdigest()[:16]
