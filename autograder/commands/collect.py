"""`collect`: sort a platform's bulk download into the submissions; shows first what it would do."""

from __future__ import annotations

import argparse
from pathlib import Path
from zoneinfo import ZoneInfo

from autograder.commands.shared import NOT_ALL_WELL, OK, UsageError, chapter_names
from autograder.course.source import chapters
from autograder.platforms.collect import plan
from autograder.platforms.collect.archive import ArchiveError, opened
from autograder.platforms.collect.conventions import PLATFORMS
from autograder.platforms.collect.roster import RosterError, read_roster
from autograder.reports.text import one_line


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    parser.add_argument("--from", dest="platform", choices=sorted(PLATFORMS), required=True)
    parser.add_argument("--zip", type=Path, required=True, metavar="FILE")
    parser.add_argument("--chapter", required=True)
    parser.add_argument("--submissions", type=Path, default=Path("submitted"), metavar="DIR")
    parser.add_argument(
        "--roster", type=Path, metavar="CSV", help="a column `student`, others as the platform says"
    )
    parser.add_argument("--go", action="store_true", help="write the files")
    parser.add_argument(
        "--overwrite", action="store_true", help="also where another file is there already"
    )


def run(options: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    course = chapters()
    [chapter] = chapter_names([options.chapter], course)
    here = ZoneInfo(options.settings.course.time_zone)
    try:
        roster = read_roster(options.roster) if options.roster else None
        with opened(options.zip) as archive:
            planned = plan.make_plan(
                archive, options.platform, chapter, options.submissions, here, roster, course
            )
    except RosterError as error:
        raise UsageError(str(error)) from error
    except ArchiveError as error:
        raise UsageError(f"{options.zip} {error}") from error
    for line in plan.lines(planned):
        print(one_line(line))
    if not options.go:
        print("This was a dry run, nothing was written: GO=1 (--go) writes.")
        return OK if planned.is_clear else NOT_ALL_WELL
    count = plan.write(planned, options.submissions, options.overwrite)
    print(f"{count} files written into {one_line(str(options.submissions))}")
    left = plan.not_written(planned, options.overwrite)
    return NOT_ALL_WELL if planned.unmatched or left else OK
