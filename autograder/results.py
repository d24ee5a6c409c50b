"""The closed types of a result, and their JSON: the same definition writes, validates and reads back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

SCHEMA = 1
MAX_MESSAGE = 2000
HINT = " Hint (perhaps): "
CAUSE = " Cause: "
"""Stands before why points were lost by what may be right itself."""
NO_EVIDENCE = "counts as soon as one result is right that is more than zeros, ones or an argument"

Status = Literal["graded", "missing", "unreadable", "refused", "grader_error"]
Verdict = Literal[
    "passed",
    "failed",
    "error",
    "missing",
    "timeout",
    "memory",
    "crashed",
    "output",
    "grader_error",
]


class Problem(msgspec.Struct, frozen=True):
    """Something about the submission that its author should know."""

    where: str
    what: str


class TestResult(msgspec.Struct, frozen=True):
    """One hidden test. `message` is fit for the student's eyes."""

    __test__ = False  # for pytest: no test class

    name: str
    verdict: Verdict
    weight: float
    message: str


class FunctionResult(msgspec.Struct, frozen=True):
    """One function of a chapter (or its quiz): points earned of the points there are."""

    name: str
    score: float
    max_score: float
    tests: tuple[TestResult, ...]


class SubmissionResult(msgspec.Struct, frozen=True):
    """The result of one student's chapter. `score` is None after a grader error: nothing is published then."""

    schema: int
    student: str
    chapter: str
    status: Status
    score: float | None
    max_score: float
    functions: tuple[FunctionResult, ...]
    problems: tuple[Problem, ...]
    submission: str
    grader: str


def function_result(name: str, points: float, tests: Sequence[TestResult]) -> FunctionResult:
    """Score a function: its points times the passed share of its tests' weights, to two decimals."""
    total = sum(test.weight for test in tests)
    passed = sum(test.weight for test in tests if test.verdict == "passed")
    score = round(points * passed / total, 2) if total else 0.0
    return FunctionResult(name, score, float(points), tuple(tests))


def total_score(functions: Sequence[FunctionResult]) -> float | None:
    """Add up the scores; None where a grader error leaves the total unknown."""
    if any(test.verdict == "grader_error" for function in functions for test in function.tests):
        return None
    return round(sum(function.score for function in functions), 2)


def to_json(result: SubmissionResult) -> bytes:
    """Return the bytes of a result file; the same result gives the same bytes."""
    return msgspec.json.format(msgspec.json.encode(result), indent=1) + b"\n"


_decoder = msgspec.json.Decoder(SubmissionResult)


def from_json(data: bytes) -> SubmissionResult:
    """Read a result file back.

    Raises:
        msgspec.DecodeError: the bytes are no result of this schema.
    """
    return _decoder.decode(data)


def with_hint(message: str, says: str) -> str:
    """Append a hint; where there is no room for both, the message is cut."""
    hint = HINT + says
    return message[: max(0, MAX_MESSAGE - len(hint))] + hint[:MAX_MESSAGE]


def with_cause(message: str, cause: str) -> str:
    """Put a cause behind what a message says, before a hint; none where it is empty."""
    if not cause:
        return message
    said, mark, hint = message.partition(HINT)
    told = f"{said}{CAUSE}{cause}"[:MAX_MESSAGE]
    return with_hint(told, hint) if mark else told


def split_cause(message: str) -> tuple[str, str]:
    """Return what a message says without its hint, and the cause, "" where it has none."""
    said, _, cause = message.partition(HINT)[0].partition(CAUSE)
    return said, cause
