"""Milliseconds per submission that the gradebook costs: 50 students in every chapter, written, and again unchanged.

The results are made up and fit the submissions, so that nothing but the gradebook is measured. What nbgrader's own
`autograde` takes for a submission stands in the table of `benchmarks.against_nbgrader`.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from autograder.course.settings import Grading
from autograder.course.source import Chapter, chapters, read_notebook
from autograder.grading.choice import Found
from autograder.grading.engine import make_result
from autograder.grading.submissions import read
from autograder.platforms.gradebook.writer import Summary, write_gradebook
from autograder.results import FunctionResult, SubmissionResult, TestResult


def hand_in(course: Path, chapter: Chapter, student: str) -> SubmissionResult:
    """Write the solved notebook of a chapter and return a result for it, with every third function wrong."""
    folder = course / "submitted" / student / chapter.name
    folder.mkdir(parents=True)
    (folder / f"{chapter.name}.ipynb").write_text(json.dumps(read_notebook(chapter)))
    submission = read(Found(student, chapter.name, str(folder)))
    functions = []
    for number, function in enumerate(chapter.functions):
        wrong = number % 3 == 0
        tests = [TestResult(f"test_{n}", "passed", 1.0, "") for n in range(8)]
        if wrong:
            tests.append(TestResult("test_8", "failed", 8.0, "h: shape (4, 3) where (4, 5) is due"))
        score = function.points / 2 if wrong else function.points
        functions.append(FunctionResult(function.name, score, function.points, tuple(tests)))
    total = sum(function.score for function in functions)
    return make_result(submission, chapter, Grading(), "graded", total, functions, ())


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=50)
    options = parser.parse_args()
    course = chapters()
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        root = Path(scratch)
        results = [
            hand_in(root, chapter, f"student{number:03d}")
            for number in range(options.students)
            for chapter in course.values()
        ]

        def timed(some: list[SubmissionResult]) -> tuple[float, Summary]:
            started = time.perf_counter()
            summary = write_gradebook(root, root / "submitted", some, course)
            return time.perf_counter() - started, summary

        first = len(course)  # the first student's: nbgrader enters the chapters, once in a course
        entering, _ = timed(results[:first])
        written, summary = timed(results[first:])
        unchanged, again = timed(results)
    if summary.written != len(results) - first or again.written:
        raise SystemExit(f"{summary.written} were written, {again.written} of them twice")
    table = Table("", "submissions", "ms each", title="the gradebook")
    table.add_row("entering a chapter, once", str(first), f"{1000 * entering / first:.0f}")
    table.add_row("written", str(summary.written), f"{1000 * written / summary.written:.1f}")
    table.add_row("unchanged", str(len(results)), f"{1000 * unchanged / len(results):.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
