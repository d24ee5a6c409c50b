"""`similarity`: show pairs of submissions that are alike beyond the stub and chance."""

from __future__ import annotations

import argparse
from pathlib import Path

from autograder.commands.shared import OK, UsageError, about, chapter_names
from autograder.course.source import chapters
from autograder.files import write_file
from autograder.similarity import compare as similarity
from autograder.similarity import report as similarity_report


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    parser.add_argument("--submissions", type=Path, default=Path("submitted"), metavar="DIR")
    parser.add_argument("--output", type=Path, default=Path("graded"), metavar="DIR")
    parser.add_argument("--chapter", required=True)


def run(options: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    course = chapters()
    [name] = chapter_names([options.chapter], course)
    if not options.submissions.is_dir():
        raise UsageError(f"there is no folder {options.submissions}; name one with --submissions")
    try:
        comparison = similarity.compare(course[name], options.submissions)
    except similarity.SimilarityError as error:
        raise UsageError(str(error)) from error
    path = options.output / f"similarity-{name}.html"
    write_file(path, similarity_report.render(comparison, about(options.settings)))
    for line in similarity_report.lines(comparison):
        print(line)
    print(f"Side by side: {path}")
    return OK
