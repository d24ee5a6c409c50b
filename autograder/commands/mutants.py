"""`mutants`: make small changes to right code and list those that no test sees."""

from __future__ import annotations

import argparse

from autograder.certification.mutants import Mutant, survivors
from autograder.commands.shared import NOT_ALL_WELL, OK, chapter_names, jobs_for
from autograder.course.source import chapters


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    parser.add_argument("--chapter", required=True)
    parser.add_argument("--jobs", type=int, default=0, metavar="N")


def run(options: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    course = chapters()
    [name] = chapter_names([options.chapter], course)

    def said(hole: Mutant) -> None:
        place = f"{hole.origin}, line {hole.line}"
        print(f"{hole.key} ({place}): {hole.change}: {hole.before} -> {hole.after}", flush=True)

    found = survivors(course[name], jobs_for(options), options.settings.grading, said)
    for key in found.stale:
        print(f"{key}: judged as equivalent, and no longer survives")
    print(
        f"{found.mutants} mutants, {len(found.holes)} holes, {len(found.equivalent)} equivalent, "
        f"{len(found.stale)} judgements of nothing"
    )
    return NOT_ALL_WELL if found.holes or found.stale else OK
