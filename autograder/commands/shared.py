"""What several commands need: which chapters, how many at a time, how the course calls itself."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from autograder.course.settings import Settings
from autograder.course.source import Chapter
from autograder.reports.statistics import Course
from autograder.reports.text import one_line

OK, NOT_ALL_WELL, USAGE = 0, 1, 2


class UsageError(Exception):
    """What was asked for cannot be done; the message says what to do."""


class StoppedError(Exception):
    """What was begun cannot go on; the message says why."""


def complain(line: str) -> None:
    """Say what went wrong; the names in it are not ours."""
    print(one_line(line), file=sys.stderr)


def jobs_for(options: argparse.Namespace, otherwise: int = 0) -> int:
    """How many at a time: as the command says, else the settings, else the number of cores."""
    if options.jobs < 0:
        raise UsageError("--jobs takes a number of at least 1")
    return options.jobs or options.settings.run.jobs or otherwise or os.cpu_count() or 1


def chapter_names(names: Sequence[str], course: dict[str, Chapter]) -> list[str]:
    """Return the names of the chapters asked for, of all where none was."""
    for name in names:
        if name not in course:
            raise UsageError(f"there is no chapter {name}; there are: {', '.join(course)}")
    return list(names) or list(course)


def about(settings: Settings) -> Course:
    """What reports say of the course."""
    course = settings.course
    return Course(course.name, course.address, course.copyright)
