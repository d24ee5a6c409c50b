"""`release`: make assignments/ from solutions/."""

from __future__ import annotations

import argparse
import sys

from autograder.commands.shared import OK, UsageError, chapter_names
from autograder.course import told
from autograder.course.release import ReleaseError, release
from autograder.course.source import chapters


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    parser.add_argument(
        "--chapter", action="append", default=[], help="only this one; may be repeated"
    )


def run(options: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    course = chapters()
    chosen = [course[name] for name in chapter_names(options.chapter, course)]
    try:
        release(chosen)
    except ReleaseError as error:
        raise UsageError(str(error)) from error
    libraries = options.settings.grading.libraries
    lacking = told.not_in_sandbox(libraries, chosen) if sys.platform == "linux" else {}
    for name, promised in lacking.items():
        print(
            f"{name}: promised to students, and not in this machine's sandbox: {', '.join(promised)}"
        )
    print(f"released into assignments/: {', '.join(chapter.name for chapter in chosen)}")
    return OK
