"""Gradescope's `submission_metadata.yml`, read line by line: who submitted what, and when.

YAML can refer to itself and name classes; this reads the few lines that are asked for as Gradescope writes them, and
nothing else. What is written in another way is not known.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

FILE = "submission_metadata.yml"
_MOST = 32 << 20
_MOST_PEOPLE = 50  # of one submission
_SUBMISSION = re.compile(r"(submission_\d+):\s*")
_FIELD = re.compile(r"(?P<indent> *)(?P<new>- )?:(?P<key>\w+):(?: (?P<value>.*))?")
_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.\d+)? ?(?P<zone>Z|UTC|[+-]\d\d:?\d\d)?"
)


@dataclass(frozen=True)
class Submitter:
    """Somebody as Gradescope knows them; what it does not know is ""."""

    name: str = ""
    email: str = ""
    sid: str = ""


@dataclass(frozen=True)
class Submission:
    """Who submitted something, and when."""

    people: tuple[Submitter, ...]
    time: datetime | None


def read_metadata(data: bytes) -> dict[str, Submission]:
    """Return the submissions by the names of their folders; none of a file that is too large."""
    if len(data) > _MOST:
        return {}
    found: dict[str, Submission] = {}
    name, section = "", ""
    people: list[dict[str, str]] = []
    time: datetime | None = None

    def close() -> None:
        if name:
            kept = (Submitter(**one) for one in people[:_MOST_PEOPLE])
            found[name] = Submission(tuple(one for one in kept if one != Submitter()), time)

    for line in data.decode("utf-8-sig", "replace").splitlines():
        if begun := _SUBMISSION.fullmatch(line):
            close()
            name, section, people, time = begun[1], "", [], None
            continue
        field = _FIELD.fullmatch(line.rstrip())
        if field is None or not name:
            continue
        if len(field["indent"]) == 2 and not field["new"]:
            section = field["key"]
            if section == "created_at":
                time = _time(_plain(field["value"] or ""))
        elif section == "submitters":
            if field["new"]:
                people.append({})
            if people and field["key"] in ("name", "email", "sid"):
                people[-1][field["key"]] = _plain(field["value"] or "")
    close()
    return found


def _plain(value: str) -> str:
    """A scalar on one line; "" where it is empty, refers to another one or has a type of its own."""
    value = value.strip()
    if value.startswith('"'):
        try:
            text = json.loads(value)
        except ValueError:
            return ""
        return text if isinstance(text, str) else ""
    if value.startswith("'"):
        closed = len(value) > 1 and value.endswith("'")
        return value[1:-1].replace("''", "'") if closed else ""
    return "" if value[:1] in tuple("&*!|>{[@`%") or value in ("~", "null") else value


def _time(text: str) -> datetime | None:
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    try:
        clock = datetime.fromisoformat(f"{found[1]} {found[2]}")
        zone = found["zone"] or "Z"
        if zone in ("Z", "UTC"):
            return clock.replace(tzinfo=UTC)
        offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
        return clock.replace(tzinfo=timezone(-offset if zone[0] == "-" else offset))
    except ValueError:
        return None
