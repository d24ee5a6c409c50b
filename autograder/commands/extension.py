"""`extension`: let one student hand a chapter in later."""

from __future__ import annotations

import argparse
from pathlib import Path

from autograder.commands.shared import NOT_ALL_WELL, OK, UsageError, chapter_names, complain
from autograder.course.source import chapters
from autograder.grading.one_file import printable
from autograder.reports.text import one_line


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    parser.add_argument("--student", required=True)
    parser.add_argument("--chapter", required=True)
    parser.add_argument("--days", type=int, required=True, help="in all; 0 takes it back")
    parser.add_argument("--submissions", type=Path, default=Path("submitted"), metavar="DIR")
    parser.add_argument("--output", type=Path, default=Path("graded"), metavar="DIR")


def run(options: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    [chapter] = chapter_names([options.chapter], chapters())
    student = student_name(options.student)
    if not 0 <= options.days <= 366:
        raise UsageError(f"--days is between 0 and 366, not {options.days}")
    from autograder.platforms.gradebook.people import grant_extension
    from autograder.platforms.gradebook.writer import GradebookError, course_folder

    root = course_folder(options.submissions, options.output)
    try:
        granted = grant_extension(root, student, chapter, options.days)
    except GradebookError as error:
        complain(f"autograder: {root / 'gradebook.db'}: {error}")
        return NOT_ALL_WELL
    due = granted.due.strftime("%Y-%m-%d %H:%M")
    print(
        one_line(
            f"{student}: {chapter} is due on {due}. Penalties follow with the next `make grade`."
        )
    )
    if granted.is_new:
        print(one_line(f"{student} is new in the gradebook: is the name spelt like the folder?"))
    return OK


def student_name(name: str) -> str:
    """Return the name of a student as the gradebook has it.

    Raises:
        UsageError: it names no folder of a student.
    """
    if not name or "/" in name or name.startswith("."):
        raise UsageError(f"a student is the name of a folder in the submissions, not {name!r}")
    return printable(name)
