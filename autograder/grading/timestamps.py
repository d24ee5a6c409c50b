"""When a submission was handed in, and how a time is shown. Times are kept in UTC, without saying so.

`timestamp.txt` beside a submission holds whatever a student wants it to.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from autograder.grading.choice import Found
from autograder.grading.one_file import SubmissionError, printable, read_bytes
from autograder.results import Problem, SubmissionResult

TIMESTAMP = "timestamp.txt"
_NOT_KNOWN = "when it was handed in is not known"
_MOST_BYTES = 256
LATE = "LATE"
"""What stands in a time stamp where a platform marked a submission late and gave no time."""
_TIME = re.compile(
    r"(?P<clock>\d{4}-\d\d-\d\d[ Tt]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?)"
    r"[ \t]*(?P<zone>(?:UTC|GMT)?[+-]\d\d(?::?\d\d)?|[A-Za-z][A-Za-z0-9_+/-]{0,39})?",
    re.ASCII,
)
_OFFSET = re.compile(r"(?:UTC|GMT)?(?P<sign>[+-])(?P<hours>\d\d):?(?P<minutes>\d\d)?", re.ASCII)
_UTC = ("Z", "UTC", "GMT")


@dataclass(frozen=True)
class HandedIn:
    """A time in UTC, without a zone as nbgrader keeps it; None where it is not known, and why that is."""

    time: datetime | None
    problem: str = ""


def read_timestamp(folder: Path, here: ZoneInfo) -> HandedIn:
    """Read when a submission was handed in. A file that is not there, or empty, is no problem.

    A time that names no zone is one of the zone `here`.
    """
    try:
        data = read_bytes(folder / TIMESTAMP)
    except SubmissionError as error:
        return HandedIn(None, "" if error.status == "missing" else error.problem.what)
    if len(data) > _MOST_BYTES:
        return HandedIn(None, f"has {len(data)} bytes; a time has fewer than {_MOST_BYTES}")
    try:
        # Editors put a mark at the beginning, and some write two bytes a character.
        wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
        text = data.decode("utf-16" if wide else "utf-8-sig").strip()
    except UnicodeDecodeError:
        return HandedIn(None, "is no text")
    return parsed(text, here) if text else HandedIn(None)


def with_remark(result: SubmissionResult, handed_in: HandedIn) -> SubmissionResult:
    """Return a result that also says what is wrong with its time stamp."""
    if not handed_in.problem:
        return result
    remark = Problem(TIMESTAMP, f"{handed_in.problem}; {_NOT_KNOWN}")
    return msgspec.structs.replace(result, problems=(*result.problems, remark))


def unreadable(found: Iterable[Found], here: ZoneInfo) -> list[Problem]:
    """Return what is wrong with the time stamps of a class, by name; such a submission is never late by itself."""
    problems = []
    for place in found:
        handed_in = read_timestamp(Path(place.folder), here)
        if handed_in.problem:
            where = f"{printable(place.student)}/{place.chapter}/{TIMESTAMP}"
            problems.append(Problem(where, f"{handed_in.problem}; {_NOT_KNOWN}"))
    return problems


def parsed(text: str, here: ZoneInfo) -> HandedIn:
    """Read a time such as `2026-03-01 12:00:00 UTC`, with a numeric offset, or with the name of a zone.

    Without either, it is one of the zone `here`.
    """
    if text.upper() == LATE:
        return HandedIn(None, "says LATE and no time: the platform marked it late and told no more")
    found = _TIME.fullmatch(text)
    if found is None:
        return HandedIn(None, "is no time such as 2026-03-01 12:00:00 UTC")
    try:
        clock = datetime.fromisoformat(_with_microseconds(found["clock"]))
        its_zone = _zone(found["zone"]) if found["zone"] else here
        return HandedIn(clock.replace(tzinfo=its_zone).astimezone(UTC).replace(tzinfo=None))
    except (ZoneInfoNotFoundError, OSError, KeyError):
        return HandedIn(None, f"names no zone that is known: {found['zone']}")
    except (ValueError, OverflowError):
        return HandedIn(None, "is no time that there is")


def _with_microseconds(clock: str) -> str:
    """Make six digits of the fraction of a second, as every Python reads it."""
    whole, dot, fraction = clock.replace(",", ".").partition(".")
    return f"{whole}.{fraction[:6]:0<6}" if dot else whole


def _zone(name: str) -> tzinfo:
    if name.upper() in _UTC:
        return UTC
    if offset := _OFFSET.fullmatch(name):
        hours, minutes = int(offset["hours"]), int(offset["minutes"] or 0)
        if minutes > 59:
            raise ValueError("an hour has 60 minutes")
        ahead = timedelta(hours=hours, minutes=minutes)
        return timezone(-ahead if offset["sign"] == "-" else ahead)
    return ZoneInfo(name)


def local(moment: datetime, here: ZoneInfo) -> datetime:
    """Return a time of the gradebook as clocks in the zone `here` show it."""
    try:
        return moment.replace(tzinfo=UTC).astimezone(here).replace(tzinfo=None)
    except OverflowError:  # the first or the last day that there is
        return moment
