"""`feedback/<student>/<chapter>.html`: what a student gets back. Nothing in it that only the instructor may see."""

from __future__ import annotations

from typing import NamedTuple

from autograder.course.source import QUIZ, Chapter
from autograder.reports import page
from autograder.reports.causes import CauseFacts, causes_of
from autograder.reports.statistics import Run, Told, split_hint, state, to_repair, told
from autograder.reports.text import points
from autograder.results import FunctionResult, Problem, SubmissionResult, split_cause

STATES = {
    "full": "✓ all points",
    "part": "½ some of the points",
    "wrong": "✗ not right yet",
    "stopped": "! raised an exception or had to be stopped",
    "unwritten": "· not written yet",
}
REASONS = {
    "missing": "Nothing was found to grade.",
    "unreadable": "What was handed in is neither a notebook nor a Python module that could be read.",
    "refused": "The file was refused: it is a link, no regular file, or too large.",
    "grader_error": (
        "The grader itself failed on this submission. That is no fault of yours, and there is no score until it has "
        "been graded again."
    ),
}
_NAME = 80
_MESSAGES = 6


class _Repair(NamedTuple):
    """A function to mend: what there is to win, and what is said of it; `unwritten` says that there is nothing yet."""

    function: str
    to_win: float
    unwritten: str
    said: str


class _Test(NamedTuple):
    """A test that was lost: the cases passed in words, the first messages, and how many more there are."""

    name: str
    passed: str
    messages: list[str]
    more: int


class _Cause(NamedTuple):
    """A cause, the points that it cost, and what follows from it: remarks, and functions with their tests."""

    says: str
    cost: float
    remarks: tuple[str, ...]
    functions: list[tuple[str, list[_Test]]]


class _Function(NamedTuple):
    """What is shown of one function. `lost` and `right` are its tests, none where it is not written.

    `caused` counts tests that were lost by a cause, which is shown above with what follows from it.
    """

    name: str
    score: str
    state: str
    says: str
    lost: list[_Test]
    hints: list[str]
    right: list[str]
    caused: int


def render(
    result: SubmissionResult, run: Run, chapter: Chapter | None = None, made_of: str = ""
) -> bytes:
    """Return the page of one result; `chapter` lends its title, `made_of` says why its score is not that of the tests."""
    share = min(1.0, (result.score or 0.0) / result.max_score) if result.max_score else 0.0
    return page.render(
        "feedback.html",
        title=f"Feedback: {chapter.title if chapter else result.chapter}",
        warning=run.warning,
        course=run.course,
        result=result,
        made_of=made_of,
        name_length=_NAME,
        reason=REASONS.get(result.status, ""),
        percents=page.whole_percents(share),
        causes=[_cause(cause, result) for cause in causes_of(result)],
        problems=[p for p in student_problems(result) if not split_cause(p.what)[1]],
        repairs=[_repair(function, result.chapter) for function in to_repair(result)],
        functions=[_function(function, result.chapter) for function in result.functions],
    )


def student_problems(result: SubmissionResult) -> list[Problem]:
    """Return the problems that are the student's business: what went wrong in the grader is not."""
    return [problem for problem in result.problems if problem.where != "grader"]


def _repair(function: FunctionResult, chapter: str) -> _Repair:
    unwritten = ""
    if state(function) == "unwritten":
        unwritten = "not answered yet" if function.name == QUIZ else "not written yet"
    first = next((message for test in told(function, chapter) for message in test.messages), "")
    to_win = round(function.max_score - function.score, 2)
    return _Repair(function.name, to_win, unwritten, split_cause(first)[1] or split_hint(first)[0])


def _function(function: FunctionResult, chapter: str) -> _Function:
    which = state(function)
    tests = told(function, chapter) if which != "unwritten" else []
    lost = [test for test in tests if test.passed < test.total]
    own = [test for test in lost if not all(split_cause(said)[1] for said in test.messages)]
    return _Function(
        function.name,
        f"{points(function.score)} of {points(function.max_score)}",
        which,
        STATES[which],
        [_test(test) for test in own],
        _hints(tests),
        [_named(test) for test in tests if test.passed == test.total],
        len(lost) - len(own),
    )


def _cause(cause: CauseFacts, result: SubmissionResult) -> _Cause:
    functions = []
    for function in result.functions:
        if function.name in cause.functions:
            lost = [
                test
                for test in told(function, result.chapter)
                if any(split_cause(said)[1] == cause.says for said in test.messages)
            ]
            functions.append((function.name, [_test(test) for test in lost]))
    return _Cause(cause.says, cause.cost, cause.remarks, functions)


def _hints(tests: list[Told]) -> list[str]:
    """Return the hints in the messages of a function's tests, each once."""
    found = [split_hint(message)[1] for test in tests for message in test.messages]
    return list(dict.fromkeys(hint for hint in found if hint))


def _named(test: Told) -> str:
    return f"{test.name} ({test.total})" if test.total > 1 else test.name


def _test(test: Told) -> _Test:
    said = list(dict.fromkeys(split_hint(message)[0] for message in test.messages))
    passed = f" ({test.passed} of {test.total} cases passed)" if test.total > 1 else ""
    return _Test(test.name, passed, said[:_MESSAGES], max(0, len(said) - _MESSAGES))
