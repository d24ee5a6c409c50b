"""A roster: which student a name, number or address of the platform means. Compared as a whole, never in part."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from autograder.platforms.collect.conventions import Person

STUDENT = "student"
_MOST = 16 << 20


class RosterError(Exception):
    """The roster cannot be used; the message says why."""


class Roster:
    """Students by all that a table says of them."""

    def __init__(self, rows: list[dict[str, str]]):
        self._students: dict[str, set[str]] = {}
        for row in rows:
            for key in _keys_of_row(row):
                self._students.setdefault(key, set()).add(row[STUDENT])

    def student(self, person: Person) -> tuple[str, str]:
        """Return the student that a person is, and "" or why there is none: none fits, or several do."""
        for said in (*person.also, person.name):
            found = self._students.get(_plain(said)) or self._students.get(_squeezed(said))
            if said and found:
                if len(found) == 1:
                    return next(iter(found)), ""
                names = ", ".join(sorted(found))
                return "", f"{said} may be {names}; give the platform's number in the roster"
        return "", f"{person.name} is not in the roster"


def read_roster(path: Path) -> Roster:
    """Read a table with a column `student` and any others: numbers, names, addresses of the platform.

    Raises:
        RosterError: it is no such table.
    """
    try:
        data = path.read_bytes()
        text = data[: _MOST + 1].decode("utf-8-sig")
    except OSError as error:
        raise RosterError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise RosterError(f"{path}: is not UTF-8") from None
    if len(data) > _MOST:
        raise RosterError(f"{path}: has more than {_MOST >> 20} MiB")
    delimiter = ";" if ";" in text.partition("\n")[0] else ","
    try:
        table = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise RosterError(f"{path}: is no CSV: {error}") from None
    head = [name.strip().lower() for name in table[0]] if table else []
    if STUDENT not in head:
        raise RosterError(f"{path}: has no column {STUDENT!r} in its first line")
    rows = []
    for number, cells in enumerate(table[1:], start=2):
        row = {name: cell.strip() for name, cell in zip(head, cells, strict=False)}
        if not any(row.values()):
            continue
        if not row.get(STUDENT):
            raise RosterError(f"{path}: line {number} names no student")
        rows.append(row)
    return Roster(rows)


def _keys_of_row(row: dict[str, str]) -> Iterator[str]:
    for cell in row.values():
        if not cell:
            continue
        yield _plain(cell)
        yield _squeezed(cell)
        last, comma, first = cell.partition(",")
        if comma:
            yield _plain(f"{first} {last}")
    for first, last in (("first_name", "last_name"), ("first name", "last name")):
        if row.get(first) and row.get(last):
            yield _plain(f"{row[first]} {row[last]}")
            yield _plain(f"{row[last]}, {row[first]}")
            yield _squeezed(row[last] + row[first])


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _squeezed(text: str) -> str:
    """A name without all that is no letter or digit, as Canvas writes it; marked, so that it equals no whole name."""
    return "\0" + re.sub(r"[\W_]+", "", _plain(text))
