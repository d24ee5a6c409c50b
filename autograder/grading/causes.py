"""Add to a result why functions lost points that may be right.

Told from what a result says anyway: the class of an exception and one place per function, the remarks on the cells, and the
text of the submission. So a cause carries nothing of a hidden input.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from autograder.results import CAUSE, HINT, FunctionResult, Problem, TestResult, with_cause
from autograder.sandbox.terms import Cell
from seqlab.causes import Causes, Rebound, Stop, bound_here

_RAISED = re.compile(r"raised (\w+)(?: \(cell (\d+), line (\d+)\))?")
_WHERE = re.compile(r"cell (\d+)(?:, line (\d+))?")


def explained(
    functions: Sequence[FunctionResult],
    problems: Sequence[tuple[str, str]],
    cells: Sequence[Cell],
    rebound: Mapping[str, tuple[int, int, str]],
) -> tuple[list[FunctionResult], list[Problem]]:
    """Return the functions of a submission and the remarks on its cells, each with its cause where there is one.

    Args:
        functions: as they were judged.
        problems: what was said while the cells ran: where, and what.
        cells: of the submission.
        rebound: names that were bound again: cell, line, how.
    """
    stops = {problem: stop for problem in problems if (stop := _stop(*problem))}
    places = {name: Rebound(*place) for name, place in rebound.items()}
    causes = Causes({cell.number: cell.source for cell in cells}, list(stops.values()), places)
    told = [_explained(function, causes) for function in functions]
    remarks = [
        Problem(where, with_cause(_unmarked(what), causes.of_stop(stops[where, what])))
        if (where, what) in stops
        else Problem(where, what)
        for where, what in problems
    ]
    return told, remarks + _bound_again(places, functions)


def _stop(where: str, what: str) -> Stop | None:
    place = _WHERE.fullmatch(where)
    return Stop(int(place[1]), int(place[2] or 0), _unmarked(what)) if place else None


def _unmarked(what: str) -> str:
    """Text of a submission's exception, without the marks that a result gives a meaning."""
    return what.replace(CAUSE, " ").replace(HINT, " ")


def _explained(function: FunctionResult, causes: Causes) -> FunctionResult:
    cell, line = _place(function)
    # Of a function that is not written, nothing else is the cause.
    written = causes.is_written(function.name)
    tests = []
    for test in function.tests:
        if test.verdict != "passed":
            message = test.message
            raised = _RAISED.search(message) if test.verdict == "error" else None
            if raised is not None and raised[1] == "NotImplementedError":
                other = causes.waits_for(function.name, cell, line)
                if other and written:
                    message += f": {function.name} waits for {other}, which is not written yet"
            cause = ""
            if raised is not None:
                cause = causes.of_error(raised[1], cell, line, function.name)
            elif test.verdict in ("missing", "failed"):
                cause = causes.of_name(function.name)
            message = with_cause(message, cause if written else "")
            test = TestResult(test.name, test.verdict, test.weight, message)
        tests.append(test)
    return FunctionResult(function.name, function.score, function.max_score, tuple(tests))


def _place(function: FunctionResult) -> tuple[int, int]:
    """The one place that the messages of a function name, zeros where they name none."""
    for test in function.tests:
        raised = _RAISED.search(test.message) if test.verdict == "error" else None
        if raised is not None and raised[2]:
            return int(raised[2]), int(raised[3])
    return 0, 0


def _bound_again(
    rebound: Mapping[str, Rebound], functions: Sequence[FunctionResult]
) -> list[Problem]:
    """Say where names that the course needs were bound again: built-ins only where points were lost, functions only
    where theirs were.
    """
    names = {function.name for function in functions}
    right = {each.name for each in functions if each.score >= each.max_score}
    lost = any(function.score < function.max_score for function in functions)
    remarks = []
    for name, place in sorted(rebound.items()):
        if place.how == "helper" or name in right or (place.how == "hides" and not lost):
            continue
        line = f", line {place.line}" if place.line else ""
        after = "; what it is bound to in the end counts" if name in names else ""
        remarks.append(Problem(f"cell {place.cell}{line}", bound_here(name, place.how) + after))
    return remarks
