"""`feedback/<student>/<chapter>.html`: what a student gets back. Nothing in it that only the instructor may see."""

from __future__ import annotations

from autograder.course.source import QUIZ, Chapter
from autograder.reports.page import bar, document, prose, text
from autograder.reports.statistics import Run, Told, split_hint, state, to_repair, told
from autograder.reports.text import counted, points, shorten
from autograder.results import FunctionResult, Problem, SubmissionResult

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

_STYLE = """
main { max-width: 48rem; }
.score { font-size: 1.4rem; font-weight: 600; }
.tile { background: var(--tile); border-radius: .5rem; padding: .25rem 1rem; }
.full { color: var(--good); }
.part { color: var(--part); }
.wrong, .stopped { color: var(--bad); }
.unwritten { color: var(--soft); }
.tile h2 { margin-top: .5rem; }
.hint { border-left: 3px solid var(--blue); padding-left: .75rem; }
li { margin: .25rem 0; }
"""


def render(result: SubmissionResult, run: Run, chapter: Chapter | None = None) -> bytes:
    """Return the page of one result; `chapter` lends its title."""
    name = chapter.title if chapter else result.chapter
    score = f"{points(result.score)} of {points(result.max_score)} points"
    body = [f"<p><bdi>{text(shorten(result.student, _NAME))}</bdi> · {text(result.chapter)}</p>"]
    if result.status == "grader_error":
        body.append(f"<p class=alarm>{REASONS['grader_error']}</p>")
    else:
        share = (result.score or 0.0) / result.max_score if result.max_score else 0.0
        body.append(f"<p class=score>{score}</p><p>{bar(share)}</p>")
        body.append(f"<p>{REASONS[result.status]}</p>" if result.status in REASONS else "")
    body.append(_problems(student_problems(result)))
    if result.status == "graded":
        body.append(_first(result))
        body.append("<h2>Function by function</h2>")
        body += [_function(function) for function in result.functions]
    return document(f"Feedback: {name}", body, style=_STYLE, warning=run.warning, course=run.course)


def student_problems(result: SubmissionResult) -> list[Problem]:
    """Return the problems that are the student's business: what went wrong in the grader is not."""
    return [problem for problem in result.problems if problem.where != "grader"]


def _problems(problems: list[Problem]) -> str:
    if not problems:
        return ""
    items = "".join(
        f"<li><bdi>{text(problem.where)}</bdi>: {prose(problem.what)}</li>" for problem in problems
    )
    return f"<h2>While it was read and run</h2><ul>{items}</ul>"


def _first(result: SubmissionResult) -> str:
    functions = to_repair(result)
    if not functions:
        return "<p>Every point earned. Nothing to repair.</p>"
    items = "".join(
        f"<li><a href='#{text(function.name)}'><code>{text(function.name)}</code></a>: {_lost(function)}</li>"
        for function in functions
    )
    lead = "In this order, as later functions are built on earlier ones."
    return (
        f"<section class=tile><h2>What to repair first</h2><p>{lead}</p><ol>{items}</ol></section>"
    )


def _lost(function: FunctionResult) -> str:
    """What there is to win, and the first thing that a test said."""
    to_win = f"{points(round(function.max_score - function.score, 2))} points to win"
    if state(function) == "unwritten":
        return f"{to_win}; {'not answered' if function.name == QUIZ else 'not written'} yet"
    first = next((message for test in told(function) for message in test.messages), "")
    return f"{to_win}. {prose(split_hint(first)[0])}"


def _function(function: FunctionResult) -> str:
    which = state(function)
    score = f"{points(function.score)} of {points(function.max_score)}"
    parts = [
        f"<h3 id='{text(function.name)}'><code>{text(function.name)}</code> {score} "
        f"<span class={which}>{STATES[which]}</span></h3>"
    ]
    tests = told(function)
    if which == "unwritten":
        return "".join(parts)
    right = [_named(test) for test in tests if test.passed == test.total]
    lost = [test for test in tests if test.passed < test.total]
    if lost:
        parts.append(f"<ul>{''.join(_test(test) for test in lost)}</ul>")
        parts += [f"<p class=hint>Perhaps: {prose(hint)}</p>" for hint in hints(tests)]
    if right:
        parts.append(f"<p class=soft>Passed: {text(', '.join(right))}.</p>")
    return "".join(parts)


def hints(tests: list[Told]) -> list[str]:
    """Return the hints in the messages of a function's tests, each once."""
    found = [split_hint(message)[1] for test in tests for message in test.messages]
    return list(dict.fromkeys(hint for hint in found if hint))


def _named(test: Told) -> str:
    return f"{test.name} ({test.total})" if test.total > 1 else test.name


def _test(test: Told) -> str:
    said = list(dict.fromkeys(split_hint(message)[0] for message in test.messages))
    shown = "; ".join(prose(message) for message in said[:_MESSAGES])
    if len(said) > _MESSAGES:
        shown += f"; and {counted(len(said) - _MESSAGES, 'more message')}"
    passed = f" ({test.passed} of {test.total} cases passed)" if test.total > 1 else ""
    return f"<li>{text(test.name)}{passed}: {shown}</li>"
