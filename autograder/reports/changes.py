"""`changes.csv`: every score that a later run changed, with the reason. Nothing changes silently."""

from __future__ import annotations

import os
from pathlib import Path

from autograder.files import csv_bytes
from autograder.results import FunctionResult, SubmissionResult

CHANGES = "changes.csv"
COLUMNS = (
    "student",
    "chapter",
    "old_status",
    "new_status",
    "old_score",
    "new_score",
    "cause",
    "details",
)


def change(before: SubmissionResult, after: SubmissionResult) -> list[str] | None:
    """Return the row that says what became of a result, None where no score and no status changed."""
    old = {function.name: function for function in before.functions}
    new = {function.name: function for function in after.functions}
    moved = [name for name in {**old, **new} if _score(old.get(name)) != _score(new.get(name))]
    if before.status == after.status and before.score == after.score and not moved:
        return None
    details = [_details(name, old.get(name), new.get(name)) for name in moved]
    if after.status != "graded":
        details = [f"{problem.where}: {problem.what}" for problem in after.problems]
    return [
        after.student,
        after.chapter,
        before.status,
        after.status,
        _shown(before.score),
        _shown(after.score),
        _cause(before, after),
        "; ".join(details),
    ]


def record_change(path: Path, before: SubmissionResult, after: SubmissionResult) -> None:
    """Add a row to the table where there is something to say.

    It is called before the older result is overwritten, so a run that is killed loses none; at worst a row is there
    twice. A row goes to the file in one piece.
    """
    row = change(before, after)
    if row is None:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        rows = [row] if os.fstat(descriptor).st_size else [list(COLUMNS), row]
        os.write(descriptor, csv_bytes(rows))
    finally:
        os.close(descriptor)


def _cause(before: SubmissionResult, after: SubmissionResult) -> str:
    causes = []
    if before.submission != after.submission:
        causes.append("another submission")
    if before.grader != after.grader:
        causes.append("other hidden tests or another grader")
    return " and ".join(causes) or "graded anew"


def _details(name: str, old: FunctionResult | None, new: FunctionResult | None) -> str:
    verdicts = {test.name: test.verdict for test in old.tests} if old else {}
    told = [
        f"{test.name} {verdicts.get(test.name, 'new')} → {test.verdict}"
        for test in (new.tests if new else ())
        if verdicts.get(test.name, "new") != test.verdict
    ]
    gone = [
        f"{test} gone" for test in verdicts if not new or test not in {t.name for t in new.tests}
    ]
    shown = f"{name} {_shown(_score(old))} → {_shown(_score(new))}"
    return f"{shown} ({', '.join([*told, *gone])})" if told or gone else shown


def _score(function: FunctionResult | None) -> float | None:
    return None if function is None else function.score


def _shown(score: float | None) -> str:
    return "–" if score is None else f"{score:g}"
