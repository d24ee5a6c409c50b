"""When a submission was handed in, and how a time is shown. The gradebook keeps UTC, without saying so."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import dateutil.parser
from nbgrader import utils

from autograder.course import settings
from autograder.grading.submissions import SubmissionError, read_bytes

TIMESTAMP = "timestamp.txt"


def zone() -> ZoneInfo:
    """Return the time zone of the course.

    Raises:
        SettingsError: `course.toml` cannot be used.
    """
    return ZoneInfo(settings.load().course.time_zone)


def read_timestamp(folder: Path, here: ZoneInfo) -> datetime | None:
    """Return when a submission was handed in, in UTC, None where nobody knows: a file of the student's may hold anything.

    A time that names no zone is one of the zone `here`.
    """
    try:
        text = read_bytes(folder / TIMESTAMP).decode().strip()
        if not text:
            return None
        found = utils.parse_utc(text)
        if _names_zone(text):
            return found
        return found.replace(tzinfo=here).astimezone(UTC).replace(tzinfo=None)
    except (SubmissionError, ValueError, OverflowError):
        return None


def _names_zone(text: str) -> bool:
    """Whether a text that nbgrader can read has a zone: as its third word, or at the end of the time."""
    return text.count(" ") == 2 or dateutil.parser.parse(text).tzinfo is not None


def local(moment: datetime, here: ZoneInfo) -> datetime:
    """Return a time of the gradebook as clocks in the zone `here` show it."""
    try:
        return moment.replace(tzinfo=UTC).astimezone(here).replace(tzinfo=None)
    except OverflowError:  # the first or the last day that there is
        return moment
