"""`settings`: print the settings of the course, or write the page that describes them."""

from __future__ import annotations

import argparse
from pathlib import Path

from autograder.commands.shared import OK
from autograder.course import settings
from autograder.files import write_file


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    parser.add_argument(
        "--page", type=Path, metavar="FILE", help="instead, write the page that describes them"
    )


def run(options: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    if options.page:
        write_file(options.page, settings.page())
        print(f"written: {options.page}")
        return OK
    for line in settings.lines(options.settings):
        print(line)
    return OK
