"""`grade`: grade submissions in nbgrader's layout."""

from __future__ import annotations

import argparse
import math
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.classroom.launch import Launched, launch

if TYPE_CHECKING:
    from autograder.sandbox.doctor import Available


@dataclass(frozen=True)
class Begun:
    """A grader process that waits already, and what the sandbox reaches here, once that is found out."""

    launched: Launched
    found: Future[Available]


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    parser.add_argument("--submissions", type=Path, default=Path("submitted"), metavar="DIR")
    parser.add_argument("--output", type=Path, default=Path("graded"), metavar="DIR")
    parser.add_argument(
        "--chapter", action="append", default=[], help="only this one; may be repeated"
    )
    parser.add_argument(
        "--student", action="append", default=[], help="only this one; may be repeated"
    )
    parser.add_argument(
        "--jobs",
        type=int,
        default=0,
        metavar="N",
        help="grader processes; one per core unless this or course.toml says",
    )
    parser.add_argument(
        "--cluster",
        metavar="ADDRESS",
        help="grade on the workers of this Dask scheduler, tcp://host:8786",
    )
    parser.add_argument(
        "--fail-under", type=_percent, metavar="PERCENT", help="exit with 1 where a score is below"
    )
    parser.add_argument("--no-cache", action="store_true", help="grade unchanged submissions anew")
    parser.add_argument(
        "--no-gradebook", action="store_true", help="leave nbgrader's gradebook alone"
    )
    parser.add_argument(
        "--unsafe-own-code",
        action="store_true",
        help="grade your own code where there is no sandbox",
    )


def run(options: argparse.Namespace) -> int:
    """Run the command; return its exit status.

    What takes long is begun at once: a grader process imports, and the sandbox is tried out, while this one imports.
    """
    with ExitStack() as ends:
        begun = None
        if not options.cluster:
            launched = launch()
            ends.callback(launched.close)
            trial = ThreadPoolExecutor(1, thread_name_prefix="sandbox")
            ends.callback(trial.shutdown)
            begun = Begun(launched, trial.submit(_available))
        from autograder.commands.grading import grade

        return grade(options, begun)


def _available() -> Available:
    from autograder.sandbox.doctor import available

    return available()


def _percent(text: str) -> float:
    """Read a number of at least 0: below `nan` there is nothing, so a pipeline would pass whatever the scores are."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise argparse.ArgumentTypeError(f"takes a number of at least 0, not {text!r}")
    return value
