"""The archive for Gradescope: the two scripts it asks for, and of the course what grades the chosen chapters."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from autograder.course.source import ROOT

HERE = Path(__file__).parent
SCRIPTS = ("setup.sh", "run_autograder")
# What the course sets is graded by there too; without the file everything has its default there as here.
_SETTINGS = "course.toml"
_FILES = (
    "Makefile",
    "install.py",
    "requirements.lock",
    "requirements-cluster.lock",
    "pyproject.toml",
)
# Folders of which a chapter's part is taken only with the chapter: what is not there cannot leak.
_BY_CHAPTER = ("solutions", "autograder/chapters")
_FOLDERS = ("autograder", "assignments/seqlab", "datasets", "solutions")
_LEFT_OUT = (
    "alternatives",
    "build",
    "collect",
    "drawings",
    "figures",
    "gradebook",
    "sample_class",
    "__pycache__",
)
_DATE = (1980, 1, 1, 0, 0, 0)  # none: the same course gives the same bytes


def archive(chosen: Sequence[str], visibility: str) -> bytes:
    """Return the archive.

    Args:
        chosen: the chapters to be graded.
        visibility: from when on students see scores and messages.
    """
    content = {name: (HERE / name).read_bytes() for name in SCRIPTS}
    content |= {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in _taken(chosen)}
    content["visibility.txt"] = f"{visibility}\n".encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name in sorted(content):
            entry = zipfile.ZipInfo(name, _DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            executable = content[name].startswith(b"#!")
            entry.external_attr = (0o100755 if executable else 0o100644) << 16
            file.writestr(entry, content[name])
    return buffer.getvalue()


def _taken(chosen: Sequence[str]) -> Iterator[Path]:
    yield from (ROOT / name for name in _FILES)
    if (ROOT / _SETTINGS).is_file():
        yield ROOT / _SETTINGS
    for folder in _FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            inside = path.relative_to(ROOT)
            if path.is_file() and not _left_out(inside) and _wanted(inside, chosen):
                yield path


def _left_out(path: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.parts)
    return (
        hidden
        or path.suffix == ".pyc"
        or any(part in _LEFT_OUT or part.endswith(".egg-info") for part in path.parts)
    )


def _wanted(path: Path, chosen: Sequence[str]) -> bool:
    """Whether a file belongs to all chapters or to a chosen one."""
    if not path.as_posix().startswith(_BY_CHAPTER):
        return True
    folder = path.relative_to(next(part for part in _BY_CHAPTER if path.is_relative_to(part))).parts
    return len(folder) == 1 or folder[0] in chosen
