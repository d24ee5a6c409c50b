"""What other hidden tests would make of results that are filed: who gains, who loses, by which test, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from autograder.files import csv_bytes
from autograder.results import FunctionResult, SubmissionResult, TestResult

COLUMNS = (
    "chapter",
    "function",
    "test",
    "student",
    "moved",
    "old_verdict",
    "new_verdict",
    "old_score",
    "new_score",
    "why",
)
GAINS, LOSES, SAME = "gains", "loses", "same points"


class Moved(msgspec.Struct, frozen=True):
    """One test that says something else of a submission than before; scores are those of its function."""

    chapter: str
    function: str
    test: str
    student: str
    moved: str
    old: str
    new: str
    old_score: float
    new_score: float
    why: str


class Replayed(msgspec.Struct, frozen=True):
    """A run compared with what is filed.

    Attributes:
        moved: the tests that say something else, sorted by chapter, function, test and student.
        totals: student and chapter to the score before and now, where it is another.
        compared: how many submissions had a result of the same bytes.
        passed_over: submissions without one, with the reason.
    """

    moved: list[Moved]
    totals: dict[tuple[str, str], tuple[float | None, float | None]]
    compared: int
    passed_over: list[tuple[str, str, str]]


def compare_runs(before: Sequence[SubmissionResult], after: Sequence[SubmissionResult]) -> Replayed:
    """Compare results of a run with those that were filed for the same submissions."""
    filed = {(result.student, result.chapter): result for result in before}
    moved: list[Moved] = []
    totals, passed_over, compared = {}, [], 0
    for new in after:
        key = new.student, new.chapter
        old = filed.get(key)
        if old is None or old.submission != new.submission:
            why = (
                "was not graded before" if old is None else "is not the submission that was graded"
            )
            passed_over.append((*key, why))
            continue
        compared += 1
        if old.score != new.score:
            totals[key] = (old.score, new.score)
        moved += _moved(old, new)
    moved.sort(key=lambda one: (one.chapter, one.function, one.test, one.student))
    return Replayed(moved, totals, compared, passed_over)


def _moved(old: SubmissionResult, new: SubmissionResult) -> Iterator[Moved]:
    earlier = {function.name: function for function in old.functions}
    for function in new.functions:
        known = earlier.get(function.name, FunctionResult(function.name, 0.0, 0.0, ()))
        tests = {test.name: test for test in known.tests}
        names = dict.fromkeys([*tests, *(test.name for test in function.tests)])
        now = {test.name: test for test in function.tests}
        for name in names:
            one, other = tests.get(name), now.get(name)
            if _verdict(one) == _verdict(other) and _weight(one) == _weight(other):
                continue
            difference = function.score - known.score
            direction = GAINS if difference > 0 else LOSES if difference < 0 else SAME
            yield Moved(
                new.chapter,
                function.name,
                name,
                new.student,
                direction,
                _verdict(one),
                _verdict(other),
                known.score,
                function.score,
                _why(one, other),
            )


def _verdict(test: TestResult | None) -> str:
    return "no such test" if test is None else test.verdict


def _weight(test: TestResult | None) -> float:
    return 0.0 if test is None else test.weight


def _why(old: TestResult | None, new: TestResult | None) -> str:
    """What the test says now; where it passes now, what it said before."""
    if new is None:
        return "the test is gone"
    if new.verdict != "passed":
        return new.message
    if old is None:
        return "a new test"
    if old.verdict == "passed":
        return f"its weight was {old.weight:g} and is {new.weight:g}"
    return f"before: {old.message}"


def replay_csv(replayed: Replayed) -> bytes:
    """Return the table of all that moved."""
    return csv_bytes([COLUMNS, *(msgspec.structs.astuple(one) for one in replayed.moved)])


def lines(replayed: Replayed) -> Iterator[str]:
    """Yield what a human reads: for each test who would gain and lose, then the scores that change."""
    groups: dict[tuple[str, str, str], list[Moved]] = {}
    for one in replayed.moved:
        groups.setdefault((one.chapter, one.function, one.test), []).append(one)
    for (chapter, function, test), group in groups.items():
        gain = sum(one.moved == GAINS for one in group)
        lose = sum(one.moved == LOSES for one in group)
        yield f"{chapter} {function}: {test}: {gain} gain, {lose} lose, {len(group)} changed"
        for direction in (GAINS, LOSES):
            reasons: dict[str, list[str]] = {}
            for one in group:
                if one.moved == direction:
                    reasons.setdefault(f"{one.old} → {one.new}: {one.why}", []).append(one.student)
            for reason, students in reasons.items():
                others = f" and {len(students) - 3} more" if len(students) > 3 else ""
                yield f"  {direction}: {', '.join(students[:3])}{others}: {reason}"
    for (student, chapter), (old, new) in sorted(replayed.totals.items()):
        yield f"{student}, {chapter}: {_shown(old)} → {_shown(new)}"
    for student, chapter, why in replayed.passed_over:
        yield f"not compared: {student}, {chapter}: {why}"


def _shown(score: float | None) -> str:
    return "no score" if score is None else f"{score:g}"
