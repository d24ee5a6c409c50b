"""From a result to what the gradebook holds of it. Both ways into the gradebook begin with `gradebook_rows`."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment
from markupsafe import Markup, escape

from autograder.course.titles import title
from autograder.reports.page import environment
from autograder.results import FunctionResult, SubmissionResult, TestResult

TEMPLATES = Path(__file__).parent / "templates"
TEST_PREFIX = "test_"
_VERDICTS = {
    "failed": "failed",
    "error": "raised an error",
    "missing": "nothing to test",
    "timeout": "took too long",
    "memory": "needed too much memory",
    "crashed": "ended the process",
    "output": "printed too much",
}
_REASONS = {
    "missing": "Nothing was handed in.",
    "unreadable": "The submission cannot be read.",
    "refused": "The submission was refused.",
}
# A worker that died may have been ended by the code under test or by the machine; a human can tell.
_FOR_A_HUMAN = ("crashed",)


class NothingToPublish(Exception):
    """The grader failed on this submission, so the gradebook keeps what it has."""


@dataclass(frozen=True)
class GradeRow:
    """The grade of one test cell. `html` and `text` are shown below the cell."""

    cell: str
    score: float
    max_score: float
    needs_manual_grade: bool
    html: str
    text: str


@dataclass(frozen=True)
class CommentRow:
    """The automatic comment on one solution cell, None where there is nothing to say."""

    cell: str
    text: str | None


@dataclass(frozen=True)
class Rows:
    """Everything that the gradebook and the graded notebook hold of one result. `summary` is HTML."""

    student: str
    chapter: str
    summary: str
    grades: tuple[GradeRow, ...]
    comments: tuple[CommentRow, ...]


def gradebook_rows(result: SubmissionResult, max_scores: Mapping[str, float] | None = None) -> Rows:
    """Return the rows of a result.

    Args:
        result: of any status but `grader_error`.
        max_scores: what the gradebook says that a test cell is worth, where that is known. A score above it would make
            nbgrader fail.

    Raises:
        NothingToPublish: the result is a grader error.
    """
    if result.score is None or result.status == "grader_error":
        raise NothingToPublish(_problems_line(result) or "the grader failed")
    reason = "" if result.status == "graded" else _reason(result)
    grades, comments = [], []
    for function in result.functions:
        cell = TEST_PREFIX + function.name
        limit = (max_scores or {}).get(cell, function.max_score)
        score = plain_score(function.score, limit)
        grades.append(
            GradeRow(
                cell,
                0.0 if reason else score,
                limit,
                bool(reason)
                or not math.isfinite(function.score)
                or any(test.verdict in _FOR_A_HUMAN for test in function.tests),
                _function_html(function, result.chapter, score, reason),
                _function_text(function, result.chapter, score, reason),
            )
        )
        said = _function_text(function, result.chapter, score, reason)
        complete = not reason and all(test.verdict == "passed" for test in function.tests)
        comments.append(CommentRow(function.name, None if complete else said))
    return Rows(
        result.student, result.chapter, _summary(result, reason), tuple(grades), tuple(comments)
    )


def plain_score(score: float, max_score: float) -> float:
    """Return a score as nbgrader understands it: a Python float from 0 to the maximum, two decimals, never NaN.

    Everything else (NaN, a negative number, a numpy scalar's repr) is full marks to nbgrader.
    """
    value = float(score)
    if not math.isfinite(value):
        return 0.0
    return min(max(round(value, 2), 0.0), float(max_score))


def _reason(result: SubmissionResult) -> str:
    said = _problems_line(result)
    return f"{_REASONS[result.status]} {said}".strip()


def _problems_line(result: SubmissionResult) -> str:
    return "; ".join(f"{problem.where}: {problem.what}" for problem in result.problems)


def _lines(text: str) -> list[str]:
    """Lines without anything that a browser, a spreadsheet or Markdown takes for the end of one."""
    # First the control characters, which no page can hold: what is nothing else is no line.
    lines = (
        "".join(char for char in line if char >= " " or char == "\t") for line in text.splitlines()
    )
    return [line.rstrip() for line in lines if line.strip()]


def _grouped(tests: Sequence[TestResult], chapter: str) -> list[tuple[str, str, str]]:
    """Titles, verdict and message of the tests that did not pass; what would be said twice is said once."""
    groups: dict[tuple[str, str], list[str]] = {}
    for test in tests:
        if test.verdict != "passed":
            groups.setdefault((test.verdict, test.message), []).append(title(chapter, test.name))
    return [
        (", ".join(dict.fromkeys(names)), verdict, said)
        for (verdict, said), names in groups.items()
    ]


def _headline(function: FunctionResult, score: float) -> str:
    passed = sum(test.verdict == "passed" for test in function.tests)
    return (
        f"{score:g} of {function.max_score:g} points: "
        f"{passed} of {len(function.tests)} tests passed."
    )


def _function_text(function: FunctionResult, chapter: str, score: float, reason: str) -> str:
    """Plain text that is Markdown too: what comes from elsewhere is indented, which makes it code."""
    if reason:
        return "Not graded, 0 points.\n\n" + "\n".join(f"    {line}" for line in _lines(reason))
    parts = [_headline(function, score)]
    for names, verdict, message in _grouped(function.tests, chapter):
        told = [f"{names}: {_VERDICTS[verdict]}", *(f"  {line}" for line in _lines(message))]
        parts.append("\n".join(f"    {line}" for line in told))
    return "\n\n".join(parts)


def _function_html(function: FunctionResult, chapter: str, score: float, reason: str) -> str:
    return _render(
        "grade.html",
        reason=reason,
        headline=_headline(function, score),
        tests=[
            (names, _VERDICTS[verdict], "\n".join(_lines(message)))
            for names, verdict, message in _grouped(function.tests, chapter)
        ],
    )


def _summary(result: SubmissionResult, reason: str) -> str:
    """What is said of the submission as a whole."""
    return _render(
        "summary.html",
        not_graded=bool(reason),
        score=f"{result.score:g}",
        max_score=f"{result.max_score:g}",
        problems=[
            (" ".join(problem.where.split()), " ".join(problem.what.split()))
            for problem in result.problems
        ],
    )


def _render(template: str, **values: Any) -> str:
    return _environment().get_template(template).render(values)


@functools.cache
def _environment() -> Environment:
    return environment(TEMPLATES, finalize=_plain)


def _plain(value: Any) -> Any:
    """Escape a text here already: where it ends up in a text cell, Markdown must not take any of it for mathematics.

    Control characters, which no page can hold, are left out.
    """
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    kept = escape("".join(char for char in value if char >= " " or char in "\n\t"))
    return kept.replace("$", Markup("&#36;")).replace("\\", Markup("&#92;"))
