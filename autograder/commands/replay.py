"""`replay`: show what the tests as they are now would change in past results."""

from __future__ import annotations

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

from autograder.classroom.local import LocalProcesses
from autograder.classroom.progress import Watched
from autograder.classroom.run import Selection, grade_class
from autograder.classroom.scheduler import Conditions
from autograder.commands.grading import level_of
from autograder.commands.shared import OK, UsageError, chapter_names, jobs_for
from autograder.course.source import chapters
from autograder.files import write_file
from autograder.grading.one_file import printable
from autograder.reports import replay, terminal
from autograder.reports.files import Place, read_results
from autograder.reports.text import one_line
from autograder.sandbox.doctor import available


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    parser.add_argument("--submissions", type=Path, default=Path("submitted"), metavar="DIR")
    parser.add_argument(
        "--against", type=Path, default=Path("graded"), metavar="DIR", help="the results on file"
    )
    parser.add_argument("--output", type=Path, default=Path("build/replay.csv"), metavar="FILE")
    parser.add_argument("--chapter", action="append", default=[], help="only this one")
    parser.add_argument("--student", action="append", default=[], help="only this one")
    parser.add_argument("--jobs", type=int, default=0, metavar="N")


def run(options: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    course = chapters()
    wanted = chapter_names(options.chapter, course)
    for folder in (options.submissions, options.against):
        if not folder.is_dir():
            raise UsageError(
                f"there is no folder {folder}; name another with --submissions, --against"
            )
    console, jobs, level = (
        terminal.console(),
        jobs_for(options),
        level_of(available(), unsafe_own_code=False),
    )
    with TemporaryDirectory(prefix="replay-") as scratch, terminal.Bar(console) as bar:
        summary = grade_class(
            Selection(options.submissions, wanted, options.student, options.chapter),
            Path(scratch),
            course,
            Watched(LocalProcesses(jobs), bar.running),
            Conditions(options.settings.grading, level),
            use_cache=False,
            progress=bar.show,
        )
    places = [Place(each.student, printable(each.student), each.chapter) for each in summary.found]
    filed = [each.result for each in read_results(options.against, places)]
    replayed = replay.compare_runs(filed, summary.results)
    write_file(options.output, replay.replay_csv(replayed))
    for line in replay.lines(replayed):
        print(one_line(line))
    print(
        f"{replayed.compared} submissions compared in {summary.seconds:.0f} s; scores that would change: "
        f"{len(replayed.totals)}. Every test: {options.output}. Nothing else was written."
    )
    return OK
