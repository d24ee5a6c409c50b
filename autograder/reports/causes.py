"""What results say of causes: one line that failed, one name that was bound again, and all the points that went with it."""

from __future__ import annotations

from dataclasses import dataclass

from autograder.results import SubmissionResult, split_cause


@dataclass(frozen=True)
class CauseFacts:
    """A cause: its words, the points that it cost, and the functions and remarks that follow from it."""

    says: str
    cost: float
    functions: tuple[str, ...]
    remarks: tuple[str, ...]


def causes_of(result: SubmissionResult) -> list[CauseFacts]:
    """Return the causes of lost points, the dearest first."""
    costs: dict[str, float] = {}
    functions: dict[str, list[str]] = {}
    for function in result.functions:
        weights = sum(test.weight for test in function.tests)
        for test in function.tests:
            cause = split_cause(test.message)[1] if test.verdict != "passed" else ""
            if not cause or not weights:
                continue
            costs[cause] = costs.get(cause, 0.0) + function.max_score * test.weight / weights
            if function.name not in functions.setdefault(cause, []):
                functions[cause].append(function.name)
    found = [
        CauseFacts(cause, round(cost, 2), tuple(functions[cause]), _remarks(result, cause))
        for cause, cost in costs.items()
    ]
    return sorted(found, key=lambda each: -each.cost)


def _remarks(result: SubmissionResult, cause: str) -> tuple[str, ...]:
    return tuple(
        f"{problem.where}: {split_cause(problem.what)[0]}"
        for problem in result.problems
        if split_cause(problem.what)[1] == cause
    )
