"""`gradescope/<student>/<chapter>.json`: a `results.json` as Gradescope's autograder specification has it."""

from __future__ import annotations

import json
from typing import Any, Literal

from autograder.reports.feedback_html import REASONS, STATES, student_problems
from autograder.reports.statistics import Run, state, told
from autograder.reports.text import clean, points, shorten
from autograder.results import FunctionResult, SubmissionResult

Visibility = Literal["visible", "hidden", "after_due_date", "after_published"]
_OUTPUT = 8000


def render(
    result: SubmissionResult, run: Run, visibility: Visibility = "visible", made_of: str = ""
) -> bytes:
    """Return the bytes of the file. After a grader error it has no score, which Gradescope reports as a failed run."""
    return (
        json.dumps(
            as_results(result, run, visibility, made_of), ensure_ascii=False, indent=1
        ).encode()
        + b"\n"
    )


def as_results(
    result: SubmissionResult, run: Run, visibility: Visibility = "visible", made_of: str = ""
) -> dict[str, Any]:
    """Return the content of the file.

    Args:
        result: of one submission.
        run: what is known of the run.
        visibility: from when on students see scores and messages.
        made_of: why the score is not that of the tests.
    """
    graded = result.status == "graded"
    lines = [run.warning, REASONS.get(result.status, "")]
    lines += [f"{problem.where}: {problem.what}" for problem in student_problems(result)]
    if graded:
        lines.append(f"{points(result.score)} of {points(result.max_score)} points")
        lines.append(made_of)
    content: dict[str, Any] = {}
    if result.status != "grader_error":
        content["score"] = max(0.0, result.score or 0.0)
    return content | {
        "output": shorten(clean("\n".join(line for line in lines if line)), _OUTPUT),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "visibility": visibility,
        # What a submission prints is dropped; a leak through standard output would be a leak of hidden inputs.
        "stdout_visibility": "hidden",
        "tests": [
            _test(number, function, result.chapter, visibility)
            for number, function in enumerate(result.functions, start=1)
            if graded
        ],
        "extra_data": {
            "student": clean(result.student),
            "chapter": result.chapter,
            "status": result.status,
            "submission": result.submission,
            "grader": result.grader,
            "sandbox_level": run.level,
        },
    }


def _test(
    number: int, function: FunctionResult, chapter: str, visibility: Visibility
) -> dict[str, Any]:
    full = function.score >= function.max_score
    lines = []
    for test in told(function, chapter):
        if test.passed < test.total:
            cases = f" ({test.passed} of {test.total} cases passed)" if test.total > 1 else ""
            lines += [f"{test.name}{cases}: {message}" for message in test.messages]
    said = "\n".join([STATES[state(function)], *lines])
    return {
        "name": clean(function.name),
        "number": str(number),
        "score": _within(function.score, function.max_score),
        "max_score": function.max_score,
        "status": "passed" if full else "failed",
        "output": shorten(clean(said), _OUTPUT),
        "visibility": visibility,
    }


def _within(score: float, most: float) -> float:
    return min(max(score, 0.0), most)
