"""What the catalogued mistakes give in the tests, kept on disk: found out once, whoever grades and however often.

A cache and nothing else. Where it cannot be kept, or is broken, a nameless file of the process takes its place.
"""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from pathlib import Path

_SECONDS = 10.0  # to wait for another grader that writes
_TABLE = """
create table if not exists traces (
    chapter text, version text, function text, mistake text, found blob,
    primary key (chapter, function, mistake)
) without rowid
"""


class TraceStore:
    """The traces of one chapter's mistakes as one version of its grader sees them; others are overwritten.

    Args:
        path: the database; None for one that ends with this process.
    """

    def __init__(self, chapter: str, version: str, path: Path | None = None):
        self._key = chapter, version
        self._database = _open(path)

    def get(self, function: str, mistake: str) -> bytes | None:
        """Return what was put there, None where nothing was or it cannot be read."""
        chapter, version = self._key
        query = (
            "select found from traces where (chapter, function, mistake, version) = (?, ?, ?, ?)"
        )
        try:
            row = self._database.execute(query, (chapter, function, mistake, version)).fetchone()
        except sqlite3.Error:
            self._database = _open(None)
            return None
        return None if row is None else row[0]

    def put(self, function: str, mistake: str, found: bytes) -> None:
        """Keep it for every grader of this version."""
        chapter, version = self._key
        command = "insert or replace into traces (chapter, version, function, mistake, found) values (?, ?, ?, ?, ?)"
        values = (chapter, version, function, mistake, found)
        try:
            self._database.execute(command, values)
        except sqlite3.Error:
            self._database = _open(None)
            self._database.execute(command, values)

    def close(self) -> None:
        """Give the file back."""
        self._database.close()


def _open(path: Path | None) -> sqlite3.Connection:
    if path is not None:
        with suppress(OSError, sqlite3.Error):
            path.parent.mkdir(parents=True, exist_ok=True)
            return _connect(str(path))
    return _connect("")  # a temporary file that nobody else sees


def _connect(name: str) -> sqlite3.Connection:
    database = sqlite3.connect(name, timeout=_SECONDS, isolation_level=None)
    try:
        # What a crash of the machine can spoil is a cache: no waiting for the disk.
        database.execute("pragma synchronous = off")
        database.execute(_TABLE)
    except sqlite3.Error:
        database.close()
        raise
    return database
