"""`forget`: remove one student and all that was handed in; shows first what it would delete."""

from __future__ import annotations

import argparse
from pathlib import Path

from autograder.commands.extension import student_name
from autograder.commands.shared import NOT_ALL_WELL, OK, UsageError, complain
from autograder.reports.text import one_line


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    parser.add_argument("--student", required=True)
    parser.add_argument("--submissions", type=Path, default=Path("submitted"), metavar="DIR")
    parser.add_argument("--output", type=Path, default=Path("graded"), metavar="DIR")
    parser.add_argument("--go", action="store_true", help="delete")


def run(options: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    student = student_name(options.student)
    from autograder.platforms.gradebook.people import forget, knows, traces
    from autograder.platforms.gradebook.writer import GradebookError, course_folder

    root = course_folder(options.submissions, options.output)
    try:
        found = traces(root, options.submissions, options.output, student)
        rows = knows(root, student)
        if not found and not rows:
            raise UsageError(f"nothing is known of a student {student}")
        if options.go:
            found = forget(root, options.submissions, options.output, student)
    except GradebookError as error:
        complain(f"autograder: {root / 'gradebook.db'}: {error}")
        return NOT_ALL_WELL
    deleted = "deleted" if options.go else "would be deleted"
    for folder in found:
        print(one_line(f"{folder} {deleted}"))
    if rows:
        print(one_line(f"{student} in {root / 'gradebook.db'} {deleted}"))
    print(
        "Tables and pages of the whole class forget with the next `make grade`."
        if options.go
        else "Nothing was deleted. GO=1 (--go) deletes; there is no way back."
    )
    return OK
