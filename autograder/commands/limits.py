"""`limits`: print what submissions may use at most, or write it into a page."""

from __future__ import annotations

import argparse
from pathlib import Path

from autograder.classroom import limit_table
from autograder.commands.shared import OK
from autograder.files import write_file


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    parser.add_argument(
        "--page", type=Path, metavar="FILE", help="instead, put the table into this page"
    )


def run(options: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    if options.page:
        text = limit_table.page(options.page.read_text(encoding="utf-8"))
        write_file(options.page, text.encode())
        print(f"written: {options.page}")
        return OK
    print(limit_table.table(), end="")
    return OK
