"""Files that others read: written whole or not at all, cells that no spreadsheet runs."""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

# How a file that is not whole yet is called.
TEMPORARY = re.compile(r"\..+\.[0-9]+\.tmp")
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def csv_bytes(rows: Iterable[Sequence[Any]]) -> bytes:
    """Return the bytes of a table. Every text is defused; numbers are left alone, negative ones too; None is empty."""
    table = []
    for row in rows:
        line = io.StringIO(newline="")
        # Only what stands in the line's end is quoted, and to readers either of the two ends a line.
        writer = csv.writer(line, lineterminator="\r\n")
        writer.writerow([_defused(cell) if isinstance(cell, str) else cell for cell in row])
        table.append(line.getvalue().removesuffix("\r\n") + "\n")
    return "".join(table).encode()


def _defused(text: str) -> str:
    """Keep a spreadsheet from taking a cell for a formula."""
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA_STARTS) else text


def write_file(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(data)
        os.replace(temporary, path)
    except BaseException as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            error.filename, error.filename2 = str(path), None  # that of a full disk names no file
        raise
