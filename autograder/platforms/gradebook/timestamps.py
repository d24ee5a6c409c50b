"""nbgrader's reading of time stamps, put right, and the zone of the course.

nbgrader takes the text for granted: it waits for a pipe, follows a link, reads a name of a zone as the path of a file,
`+0200` as 200 seconds and a time without a zone as one of UTC. Every reader in this process therefore uses
`read_timestamp`.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from nbgrader.apps import NbGraderAPI
from nbgrader.coursedir import CourseDirectory

from autograder.course import settings
from autograder.grading.timestamps import (
    TIMESTAMP,
    HandedIn,
    local,
    parsed,
    read_timestamp,
    with_remark,
)

__all__ = [
    "TIMESTAMP",
    "HandedIn",
    "guard_nbgrader",
    "local",
    "parsed",
    "read_timestamp",
    "with_remark",
    "zone",
]


def zone() -> ZoneInfo:
    """Return the time zone of the course.

    Raises:
        SettingsError: `course.toml` cannot be used.
    """
    return ZoneInfo(settings.load().course.time_zone)


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
