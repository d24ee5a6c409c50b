"""Which catalogued mistake a wrong function looks like: the one whose results are the same in every test of it.

What the submission returned in the tests that it failed is compared with what each mistake of the catalogue returns
there, values and not sources. Equal results are a reason to guess and no proof, and the hint says so.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from autograder.mistakes.catalogue import Mistake
from autograder.results import TestResult
from autograder.suites.toolkit import MAX_MESSAGE
from autograder.worker.session import Handle, Opaque, Outcome, Unsent

HINT = " Hint (perhaps): "
SAME = 1e-6
_MOST_VALUES = 5_000  # of a test; what is longer is cut, as a submission may return anything
_MOST_ELEMENTS = 1 << 16
_PLACE = re.compile(r" \(cell \d+, line \d+\)")
_NUMBER = re.compile(r"\d+")
# How a test ends by accident of time or space. Two codes that are too slow have that in common and nothing else.
_ACCIDENTS = ("timeout", "memory", "crashed", "output", "grader_error")


class Answer(msgspec.Struct, frozen=True):
    """What one call gave: results, arguments afterwards and gradients as a flat list, or the exception's class."""

    called: str
    values: list[Any]
    raised: str = ""


class Trace(msgspec.Struct, frozen=True):
    """What a failed test saw: every answer up to its end, and how it ended."""

    verdict: str
    said: str
    answers: list[Answer]


class Call(msgspec.Struct, frozen=True):
    """A call as it ended; `outcome` is whatever came back."""

    called: str
    outcome: Any = None
    raised: str = ""


Traces = Mapping[str, Sequence[Trace]]
"""Test name to its attempts: one, or two where it was run again with steps of the reference."""


def trace(verdict: str, message: str, calls: Iterable[Call]) -> Trace:
    """Record a failed test. The student's own places and all numbers are taken out of its message."""
    answers = []
    left = _MOST_VALUES
    for call in calls:
        given = () if call.raised else _leaves(call.outcome)
        values = list(itertools.islice(given, left))
        left -= len(values)
        answers.append(Answer(call.called, values, call.raised))
    return Trace(verdict, _NUMBER.sub("#", _PLACE.sub("", message)), answers)


def _leaves(value: Any) -> Iterable[Any]:
    """The values of a result one after the other, with marks in between that keep the structure.

    What the contract leaves free is left out: list or tuple, the width of a float, what a cache holds.
    """
    if isinstance(value, Outcome):
        yield from _leaves(value.result)
        yield from _leaves(value.args_after)
        yield from _leaves(value.gradients)
    elif isinstance(value, Mapping):
        yield f"dict {len(value)}"
        for key in sorted(value, key=repr):
            yield f"key {key!r}"
            yield from _leaves(value[key])
    elif isinstance(value, list | tuple):
        yield f"list {len(value)}"
        for item in value:
            yield from _leaves(item)
    elif hasattr(value, "detach"):
        yield "tensor"
        yield _bounded(value.detach().numpy())
    elif isinstance(value, np.ndarray):
        yield _bounded(value)
    elif isinstance(value, bool | float | complex | np.generic):
        yield np.asarray(value)
    elif isinstance(value, Handle | Opaque):
        yield "object"
    elif isinstance(value, Unsent):
        yield f"object {value.type_name}"
    elif callable(value):
        yield "object"
    else:
        yield repr(value)


def same_values(one: Any, other: Any) -> bool:
    """Whether two results of calls hold the same values, as far as the contract fixes them."""
    left, right = list(_leaves(one)), list(_leaves(other))
    return len(left) == len(right) and all(map(_same_leaf, left, right))


def _bounded(array: np.ndarray) -> Any:
    return array if array.size <= _MOST_ELEMENTS else f"array {array.shape}"


def _same_leaf(one: Any, other: Any) -> bool:
    if not (isinstance(one, np.ndarray) and isinstance(other, np.ndarray)):
        return type(one) is type(other) and one == other
    if one.shape != other.shape or _kind(one) != _kind(other):
        return False
    if one.dtype.kind not in "fc":
        return bool((one == other).all())
    wide = np.complex128 if one.dtype.kind == "c" else np.float64
    one, other = one.astype(wide), other.astype(wide)
    finite = np.isfinite(one)
    if not np.array_equal(finite, np.isfinite(other)):
        return False
    if not np.array_equal(one[~finite], other[~finite], equal_nan=True):
        return False
    one, other = one[finite], other[finite]
    scale = float(np.abs(one).max(initial=0.0))
    if scale == 0.0:
        return float(np.abs(other).max(initial=0.0)) <= 1e-13
    distance = float(np.linalg.norm((one - other) / scale))
    return distance <= SAME * float(np.linalg.norm(one / scale))


def _kind(array: np.ndarray) -> str:
    kind = array.dtype.kind
    return "half" if kind == "f" and array.dtype.itemsize < 4 else kind.replace("u", "i")


def _same_trace(one: Trace, other: Trace) -> bool:
    return (
        (one.verdict, one.said) == (other.verdict, other.said)
        and len(one.answers) == len(other.answers)
        and all(map(_same_answer, one.answers, other.answers))
    )


def _same_answer(one: Answer, other: Answer) -> bool:
    return (
        (one.called, one.raised) == (other.called, other.raised)
        and len(one.values) == len(other.values)
        and all(map(_same_leaf, one.values, other.values))
    )


def same(one: Traces, other: Traces) -> bool:
    """Whether two wrong functions fail the same tests with the same results."""
    return one.keys() == other.keys() and all(_same_test(one[name], other[name]) for name in one)


def _same_test(one: Sequence[Trace], other: Sequence[Trace]) -> bool:
    return any(_same_trace(left, right) for left in one for right in other)


def by_accident(traces: Traces) -> bool:
    """Whether a test ended for want of time or space, or by our own fault."""
    return any(attempt.verdict in _ACCIDENTS for tests in traces.values() for attempt in tests)


def telling(traces: Traces, some_passed: bool) -> bool:
    """Whether there is anything to tell one mistake from another by.

    A right result, a wrong one, or an error other than the one that was to be raised; not an exception in every test.
    """
    if by_accident(traces):
        return False
    attempts = [attempt for tests in traces.values() for attempt in tests]
    return some_passed or any(
        attempt.verdict == "failed" or any(answer.values for answer in attempt.answers)
        for attempt in attempts
    )


class Namer:
    """Names the mistakes of one chapter; what a catalogued mistake returns is found out when it is first needed.

    A mistake is tried in one test first, which most do not survive: all of a function cost little more than a few.
    """

    def __init__(self, mistakes: Sequence[Mistake], run: Callable[[Mistake, str], Traces]):
        """Take the catalogue of a chapter and a way to run one or all ("") tests of a mistake's own function on it."""
        self._mistakes = mistakes
        self._run = run
        self._known: dict[tuple[str, str, str], Traces] = {}

    def name(self, function: str, traces: Traces) -> Mistake | None:
        """Return the first mistake of the catalogue that gives the same results, if there is one."""
        first = next(iter(traces))
        for entry in self._mistakes:
            if entry.function != function:
                continue
            alone = self._traces(entry, first)
            if first not in alone or not _same_test(traces[first], alone[first]):
                continue
            known = self._traces(entry, "")
            if not by_accident(known) and same(traces, known):
                return entry
        return None

    def _traces(self, entry: Mistake, test: str) -> Traces:
        key = entry.function, entry.name, test
        if key not in self._known:
            self._known[key] = self._run(entry, test)
        return self._known[key]

    def add_hints(
        self, outcomes: dict[str, dict[str, TestResult]], traces: Mapping[str, Traces]
    ) -> dict[str, dict[str, TestResult]]:
        """Add a hint to the first failed test of each function whose mistake has a name."""
        hinted = dict(outcomes)
        for function, seen in traces.items():
            tests = dict(outcomes[function])
            some_passed = any(test.verdict == "passed" for test in tests.values())
            entry = self.name(function, seen) if telling(seen, some_passed) else None
            if entry is None:
                continue
            first = next(test for name, test in tests.items() if name in seen)
            message = with_hint(first.message, entry.says)
            tests[first.name] = TestResult(first.name, first.verdict, first.weight, message)
            hinted[function] = tests
        return hinted


def with_hint(message: str, says: str) -> str:
    """Append a hint; where there is no room for both, the message is cut."""
    hint = HINT + says
    return message[: max(0, MAX_MESSAGE - len(hint))] + hint[:MAX_MESSAGE]


def named_in(message: str, function: str, mistakes: Sequence[Mistake]) -> Mistake | None:
    """Return the mistake that a result's message names: the first of the catalogue with that hint."""
    _said, mark, says = message.rpartition(HINT)
    if not mark:
        return None
    return next((m for m in mistakes if m.function == function and m.says == says), None)
