"""A class: what is to be graded, one writer, a cache; a run that was killed goes on where it was.

A result file that fits the submission's bytes and the grader's version is the cache: it is read instead of graded anew.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec

from autograder.classroom.grader_process import GraderProcess
from autograder.classroom.hiding import NBGRADERS, PREFIX, hidden, restore
from autograder.classroom.scheduler import Conditions, Scheduler, Task
from autograder.course.source import Chapter
from autograder.files import TEMPORARY, write_file
from autograder.grading.choice import Found
from autograder.grading.engine import Usage, ungraded
from autograder.grading.layouts import find, nothing_found
from autograder.grading.submissions import Submission, read
from autograder.grading.version import grader_version
from autograder.reports.changes import CHANGES, record_change
from autograder.results import SCHEMA, Problem, SubmissionResult, from_json, to_json
from autograder.sandbox.confine import threads_for
from autograder.sandbox.terms import SAFE_LEVELS

UNSAFE = ".unsafe"
"""Ends the name of the grader in results of code that nothing held."""


class Selection(msgspec.Struct, frozen=True):
    """What to grade of a folder of submissions in nbgrader's layout."""

    root: Path
    chapters: Sequence[str]
    students: Sequence[str] = ()  # only these, where given
    expected: Sequence[str] = ()  # chapters that everybody has, even where few handed them in


class NothingFound(Exception):
    """There is nothing to grade; the message says what was expected and what is there."""


class RunSummary(msgspec.Struct):
    """What a run did; times go into `run.json`."""

    results: list[SubmissionResult]
    usages: dict[str, Usage]
    graded: int = 0
    reused: int = 0
    unrun: int = 0  # nothing there that could be run
    seconds: float = 0.0
    found: list[Found] = []
    passed_over: list[Problem] = []


def sweep(output: Path) -> None:
    """Bring back what a killed run left hidden, and remove files that it left half written.

    A folder of such a name is a student's, and stays.
    """
    restore(output)
    for folder, folders, names in os.walk(output):
        folders[:] = [
            name for name in folders if not name.startswith(PREFIX)
        ]  # of a run that goes on
        for name in names:
            if TEMPORARY.fullmatch(name):
                Path(folder, name).unlink(missing_ok=True)


def result_path(output: Path, found: Found) -> Path:
    """Where the result of a submission lies."""
    return output / "results" / found.student / f"{found.chapter}.json"


def grade_class(
    selection: Selection,
    output: Path,
    course: dict[str, Chapter],
    scheduler: Scheduler,
    conditions: Conditions,
    *,
    use_cache: bool = True,
    progress: Callable[[int, int, str], None] = lambda _done, _total, _name: None,
) -> RunSummary:
    """Grade every submission of a selection and write each result as soon as it is there.

    Args:
        selection: what to grade.
        output: where `results/` goes.
        course: all chapters.
        scheduler: who grades.
        conditions: under which it is graded.
        use_cache: whether fitting results of an earlier run are taken over.
        progress: called with done, total and the name of what was done.

    Returns:
        All results, sorted by student and chapter.

    Raises:
        NothingFound: there is nothing to grade.
        SchedulerError: the scheduler cannot go on.
    """
    started = time.perf_counter()
    sweep(output)
    found, passed_over = find(
        selection.root,
        selection.chapters,
        selection.students,
        selection.expected,
        known=list(course),
    )
    if not found:
        raise NothingFound(nothing_found(selection.root, selection.chapters))
    summary = RunSummary([], {}, found=found, passed_over=passed_over)
    collected: dict[tuple[str, str], SubmissionResult] = {}

    def collect(place: Found, result: SubmissionResult) -> None:
        collected[place.student, place.chapter] = result
        progress(len(collected), len(found), f"{result.student} {result.chapter}")

    def tasks(folder: Path) -> Iterator[Task]:
        """What has to be graded; settles on the way what has not."""
        for place in sorted(found, key=_order):
            submission = read(place)
            path = result_path(folder, place)
            result = _cached(path, submission, course, conditions) if use_cache else None
            if result is not None:
                summary.reused += 1
                collect(place, result)
            elif submission.status == "graded":
                yield Task(place, submission)
            else:
                result = ungraded(submission, course[place.chapter], conditions.grading)
                result = with_level(result, conditions.level)
                _write_result(folder, place, result)
                summary.unrun += 1
                collect(place, result)

    progress(0, len(found), "")
    with (
        hidden(output, conditions.level, _about_students(selection.root)) as folder,
        closing(scheduler.grade(tasks(folder), course, conditions)) as outcomes,
    ):
        for task, graded, usage in outcomes:
            result = with_level(graded, conditions.level)
            _write_result(folder, task.found, result)
            summary.usages[f"{result.student}/{result.chapter}"] = usage
            summary.graded += 1
            collect(task.found, result)
    summary.results = [collected[key] for key in sorted(collected)]
    summary.seconds = time.perf_counter() - started
    return summary


def _about_students(submitted: Path) -> list[Path]:
    """Folders in nbgrader's layout from which a worker could tell how others did."""
    return [submitted, *(submitted.parent / name for name in NBGRADERS)]


def _order(place: Found) -> tuple[str, str]:
    """Chapter by chapter, so that a grader process meets as few suites as possible."""
    return place.chapter, place.student


def _write_result(output: Path, found: Found, result: SubmissionResult) -> None:
    """Write a result; what it changes of an earlier one goes into `changes.csv` before that is gone."""
    path = result_path(output, found)
    try:
        before = from_json(path.read_bytes())
    except (OSError, msgspec.DecodeError):
        before = None
    if before is not None and (before.student, before.chapter) == (result.student, result.chapter):
        record_change(output / CHANGES, before, result)
    write_file(path, to_json(result))


class OneByOne:
    """One grader process that is kept for as long as submissions come, each with its own call."""

    def __init__(self, course: dict[str, Chapter], conditions: Conditions):
        self._course = course
        self._conditions = msgspec.structs.replace(conditions, threads=threads_for(jobs=1))
        self._process: GraderProcess | None = None

    def grade(self, found: Found, output: Path) -> SubmissionResult:
        """Return the result of one submission: of an earlier run where it fits, else graded now and written."""
        submission = read(found)
        path = result_path(output, found)
        result = _cached(path, submission, self._course, self._conditions)
        if result is not None:
            return result
        if submission.status != "graded":
            result = ungraded(submission, self._course[found.chapter], self._conditions.grading)
        else:
            if self._process is None:
                self._process = GraderProcess(self._course, self._conditions)
            beside = _about_students(Path(found.folder).parent.parent)
            with hidden(output, self._conditions.level, beside):
                result, _usage = self._process.grade(submission)
        result = with_level(result, self._conditions.level)
        _write_result(output, found, result)
        return result

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.close()
            self._process = None


def with_level(result: SubmissionResult, level: str) -> SubmissionResult:
    """Return a result that says when nothing held the code, so that no run in a sandbox ever takes it for its own."""
    if level in SAFE_LEVELS:
        return result
    return msgspec.structs.replace(result, grader=result.grader + UNSAFE)


def _cached(
    path: Path, submission: Submission, course: dict[str, Chapter], conditions: Conditions
) -> SubmissionResult | None:
    try:
        result = from_json(path.read_bytes())
    except (OSError, msgspec.DecodeError):
        return None
    grader = grader_version(course[submission.chapter], conditions.grading)
    fits = (
        result.schema == SCHEMA
        and result.student == submission.student
        and result.chapter == submission.chapter
        and result.submission == submission.digest
        and result.grader == (grader if conditions.level in SAFE_LEVELS else grader + UNSAFE)
        and result.status == submission.status == "graded"
        # The same bytes under another name have other remarks.
        and result.problems[: len(submission.problems)] == submission.problems
    )
    return result if fits else None


def run_record(summary: RunSummary, level: str, jobs: int) -> bytes:
    """Return `run.json`: times of a run, which are no part of the results."""
    record: dict[str, Any] = {
        "schema": SCHEMA,
        "seconds": round(summary.seconds, 3),
        "jobs": jobs,
        "sandbox_level": level,
        "graded": summary.graded,
        "reused": summary.reused,
        "unrun": summary.unrun,
        "passed_over": [msgspec.to_builtins(problem) for problem in summary.passed_over],
        "submissions": {
            name: {field: round(getattr(usage, field), 4) for field in ("load", "calls", "total")}
            for name, usage in sorted(summary.usages.items())
        },
    }
    return json.dumps(record, indent=1, ensure_ascii=False).encode() + b"\n"
