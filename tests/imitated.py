"""Folders that imitate a service's layout, so that its scripts can be run here as they are written there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from autograder.course.source import ROOT

LEFT_OUT = (
    ".venv",
    ".git",
    ".sample_class",
    ".nbgrader_source",
    ".hypothesis",
    "build",
    "submitted",
    "graded",
    "autograded",
    "feedback",
    "gradebook.db*",
    ".*_cache",
    "__pycache__",
    "*.egg-info",
)


def copy_of_the_repository(folder: Path) -> Path:
    """Copy what a checkout has, and give it an environment that counts as installed."""
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*LEFT_OUT))
    lend_environment(folder)
    return folder


def lend_environment(folder: Path) -> None:
    """Make a `.venv` of links to the one that runs this, with the mark of a finished `make setup`.

    The mark says which packages are meant, so `make setup` has nothing to do. It lies in a folder of its own: nothing
    here writes into the environment that is lent.
    """
    own = folder / ".venv"
    own.mkdir()
    for entry in Path(sys.prefix).iterdir():
        if not entry.name.startswith(".ready-"):
            (own / entry.name).symlink_to(entry)
    locks = ("requirements.lock", "requirements-cluster.lock")
    parts = (*locks, "assignments/seqlab/pyproject.toml", "datasets/pyproject.toml")
    content = b"".join((folder / part).read_bytes() for part in parts)
    summed = subprocess.run(["cksum"], input=content, capture_output=True, check=True).stdout
    (own / f".ready-{summed.split()[0].decode()}").touch()


def stand_ins(folder: Path, *names: str) -> Path:
    """Programs that only write down what they were called with: `apt-get`, `sudo`. Return the file they write to."""
    folder.mkdir(parents=True, exist_ok=True)
    record = folder / "calls.txt"
    record.touch()
    for name in names:
        program = folder / name
        program.write_text(f'#!/bin/sh\necho "{name} $*" >>"{record}"\n')
        program.chmod(0o755)
    return record


def environment(home: Path, programs: Path, **more: str) -> dict[str, str]:
    """A clean environment with stand-ins first on the path. Should pip be called after all, it changes nothing."""
    home.mkdir(parents=True, exist_ok=True)
    return {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "OMP_NUM_THREADS": "1",
        "PIP_DRY_RUN": "1",
        "PIP_NO_INDEX": "1",
        **more,
    }
