"""`notebooks`: run the chapters with the reference solutions."""

from __future__ import annotations

import argparse

from autograder.commands.shared import NOT_ALL_WELL, OK, chapter_names, jobs_for
from autograder.course.execute import execute_all
from autograder.course.source import chapters

_NOTEBOOKS = 2  # kernels at a time: a chapter on torch takes gigabytes


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    parser.add_argument("--chapter", action="append", default=[], help="only this one")
    parser.add_argument(
        "--jobs",
        type=int,
        default=0,
        metavar="N",
        help="so many at a time; 2 unless this or course.toml says",
    )


def run(options: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    course = chapters()
    chosen = [course[name] for name in chapter_names(options.chapter, course)]
    executed = execute_all(chosen, jobs_for(options, _NOTEBOOKS))
    for run in executed:
        print(f"{run.chapter}: {run.seconds:.0f} s{': ' + run.error if run.error else ''}")
    return NOT_ALL_WELL if any(run.error for run in executed) else OK
