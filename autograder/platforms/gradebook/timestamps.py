"""When a submission was handed in, and how a time is shown. The gradebook keeps UTC, without saying so.

`timestamp.txt` beside a submission holds whatever a student wants it to.

nbgrader takes the text for granted: it waits for a pipe, follows a link, reads a name of a zone as the path of a file,
`+0200` as 200 seconds and a time without a zone as one of UTC. Every reader in this process therefore uses `read_timestamp`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from nbgrader.apps import NbGraderAPI
from nbgrader.coursedir import CourseDirectory

from autograder.course import settings
from autograder.grading.one_file import SubmissionError, read_bytes
from autograder.results import Problem, SubmissionResult

TIMESTAMP = "timestamp.txt"
_MOST_BYTES = 256
_TIME = re.compile(
    r"(?P<clock>\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?)"
    r" ?(?P<zone>[A-Za-z][A-Za-z0-9_+/-]{0,39}|[+-]\d\d:?\d\d)?",
    re.ASCII,
)
_UTC = ("Z", "UTC", "GMT")


@dataclass(frozen=True)
class HandedIn:
    """A time in UTC, without a zone as nbgrader keeps it; None where it is not known, and why that is."""

    time: datetime | None
    problem: str = ""


def zone() -> ZoneInfo:
    """Return the time zone of the course.

    Raises:
        SettingsError: `course.toml` cannot be used.
    """
    return ZoneInfo(settings.load().course.time_zone)


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
    remark = Problem(TIMESTAMP, f"{handed_in.problem}; when it was handed in is not known")
    return msgspec.structs.replace(result, problems=(*result.problems, remark))


def parsed(text: str, here: ZoneInfo) -> HandedIn:
    """Read a time such as `2026-03-01 12:00:00 UTC`, with a numeric offset, or with the name of a zone.

    Without either, it is one of the zone `here`.
    """
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
    """Fill the fraction of a second up: this Python reads three digits or six."""
    whole, dot, fraction = clock.partition(".")
    return f"{whole}.{fraction:0<6}" if dot else whole


def _zone(name: str) -> tzinfo:
    if name in _UTC:
        return UTC
    if name[0] in "+-":
        hours, minutes = int(name[1:3]), int(name[-2:])
        if minutes > 59:
            raise ValueError("an hour has 60 minutes")
        offset = timedelta(hours=hours, minutes=minutes)
        return timezone(-offset if name[0] == "-" else offset)
    return ZoneInfo(name)


def local(moment: datetime, here: ZoneInfo) -> datetime:
    """Return a time of the gradebook as clocks in the zone `here` show it."""
    try:
        return moment.replace(tzinfo=UTC).astimezone(here).replace(tzinfo=None)
    except OverflowError:  # the first or the last day that there is
        return moment


def guard_nbgrader() -> None:
    """Let nbgrader's own commands and formgrader read these files with `read_timestamp`."""

    def get_existing_timestamp(self: Any, dest_path: str) -> datetime | None:
        found = read_timestamp(Path(dest_path), zone())
        if found.problem:
            self.log.warning("%s/%s %s", dest_path, TIMESTAMP, found.problem)
        return found.time

    def get_submitted_timestamp(self: Any, assignment_id: str, student_id: str) -> datetime | None:
        place = self.coursedir.submitted_directory
        folder = self.coursedir.format_path(place, student_id, assignment_id)
        return read_timestamp(Path(folder), zone()).time

    CourseDirectory.get_existing_timestamp = get_existing_timestamp
    NbGraderAPI.get_submitted_timestamp = get_submitted_timestamp
