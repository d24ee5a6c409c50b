"""Hold the scores and verdicts of the sample class and of all alternatives to a frozen table: `make guard`.

A change of the grader that moves a point shows here, wanted or not. Where it is wanted, `make guard WRITE=1` writes
the table anew, and the commit says why.
"""

from __future__ import annotations

import argparse
import csv
import sys
import tempfile
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from autograder.certification.certify import subjects
from autograder.classroom.local import LocalProcesses
from autograder.classroom.run import Selection, grade_class
from autograder.classroom.scheduler import Conditions
from autograder.course.settings import Grading
from autograder.course.source import Chapter, chapters
from autograder.grading.installed import why_not_gradable
from autograder.results import SubmissionResult
from autograder.sample_class import write
from autograder.sandbox.terms import Limits

TABLE = Path(__file__).with_name("guard.csv")
# An endless loop need not be waited for as long as a real one. Far above what a call takes on a loaded machine.
LIMITS = Limits(cells=5.0, call=2.0, chapter=30.0)

Row = tuple[str, ...]
HEAD = ("student", "chapter", "status", "function", "score", "verdicts")


def write_alternatives(folder: Path, course: dict[str, Chapter]) -> None:
    """Write the reference, the stub and every alternative as plain modules, a student for each style."""
    for chapter in course.values():
        for subject in subjects(chapter, _refuse):
            if subject.mistake is None:
                path = folder / subject.name / chapter.name / f"{chapter.name}.py"
                path.parent.mkdir(parents=True)
                path.write_text("\n\n# %%\n".join(subject.sources), encoding="utf-8")


def _refuse(subject: str, what: str) -> None:
    raise SystemExit(f"{subject}: {what}")


def rows(results: Sequence[SubmissionResult]) -> list[Row]:
    """Return the table's lines: one for each function, its verdicts in order, equal ones counted."""
    return [
        (result.student, result.chapter, result.status, name, score, verdicts)
        for result in results
        if result.status != "missing"
        for name, score, verdicts in _functions(result)
    ]


def _functions(result: SubmissionResult) -> list[Row]:
    if not result.functions:
        return [("", "" if result.score is None else f"{result.score:g}", "")]
    return [
        (
            function.name,
            f"{function.score:g}",
            " ".join(
                f"{verdict}:{len(list(group))}"
                for verdict, group in groupby(test.verdict for test in function.tests)
            ),
        )
        for function in result.functions
    ]


def graded(course: dict[str, Chapter], jobs: int) -> list[Row]:
    """Grade both classes in a folder that is removed afterwards; return the table."""
    table: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="guard-") as scratch:
        for name, fill in (("sample", write), ("alternatives", write_alternatives)):
            submitted = Path(scratch, name)
            submitted.mkdir()
            fill(submitted, course)
            summary = grade_class(
                Selection(submitted, list(course)),
                Path(scratch, f"graded-{name}"),
                course,
                LocalProcesses(jobs),
                Conditions(Grading(limits=LIMITS)),
            )
            table += rows(summary.results)
    return table


def differences(frozen: Sequence[Row], now: Sequence[Row]) -> list[str]:
    """Return a line for each function whose score or verdicts are not those of the table."""
    before, after = ({row[:2] + row[3:4]: row for row in table} for table in (frozen, now))
    found = []
    for key in sorted(before.keys() | after.keys()):
        old, new = before.get(key), after.get(key)
        if old != new:
            found.append(f"{' '.join(key)}: {_said(old)} -> {_said(new)}")
    return found


def _said(row: Row | None) -> str:
    return "nothing" if row is None else f"{row[2]} {row[4]} ({row[5]})"


def read_table(path: Path = TABLE) -> list[Row]:
    """Read the frozen table."""
    with path.open(encoding="utf-8", newline="") as file:
        head, *lines = csv.reader(file)
    if tuple(head) != HEAD:
        raise SystemExit(f"{path}: its columns are not {', '.join(HEAD)}")
    return [tuple(line) for line in lines]


def main() -> int:
    """Compare, or write the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.guard", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the table anew")
    parser.add_argument("--jobs", type=int, default=2, metavar="N")
    options = parser.parse_args()
    course = chapters()
    missing = {name: reason for name in course if (reason := why_not_gradable(course[name]))}
    if options.write and missing:
        raise SystemExit(next(iter(missing.values())))
    now = graded({name: course[name] for name in course if name not in missing}, options.jobs)
    if options.write:
        with TABLE.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([HEAD, *now])
        print(f"{TABLE.name}: {len(now)} functions")
        return 0
    found = differences([row for row in read_table() if row[1] not in missing], now)
    for line in found:
        print(line)
    for reason in missing.values():
        print(f"left out: {reason}")
    print(f"guard: {len(now)} functions, {len(found)} differ from the frozen table")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
