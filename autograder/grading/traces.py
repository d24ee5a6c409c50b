"""What a failed test saw of a submission, kept at a bounded size so that two of them can be compared.

Values are compared and not sources: results, arguments afterwards, gradients, and how the test ended.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from autograder.sandbox.terms import CallResult, Handle, Opaque, Unsent

SAME = 1e-6
_MOST_VALUES = 5_000  # of a test; what is longer is cut, as a submission may return anything
_MOST_ELEMENTS = 1 << 16
_DIRECTIONS = 16
PLACE = re.compile(r" \(cell \d+, line \d+\)")
_NUMBER = re.compile(r"\d+")
# How a test ends by accident of time or space. Two codes that are too slow have that in common and nothing else.
_ACCIDENTS = ("timeout", "memory", "crashed", "output", "grader_error")


class Sketch(msgspec.Struct, frozen=True, array_like=True, tag="array"):
    """What is kept of an array: enough to tell whether another holds the same values, at a bounded size.

    Attributes:
        exact: digest of what must be equal bit by bit: integers, bools, texts, and where numbers are not finite.
        scale: largest finite value; everything below is in units of it.
        norm: of all values.
        values: the values themselves where they are few, else their projections on a few random directions: where two
            arrays differ by some distance, so do these, to within a small factor.
    """

    kind: str
    shape: tuple[int, ...]
    exact: bytes
    scale: float = 0.0
    norm: float = 0.0
    values: list[float] = []


Leaf = str | Sketch


class Answer(msgspec.Struct, frozen=True, array_like=True):
    """What one call gave: results, arguments afterwards and gradients as a flat list, or the exception's class."""

    called: str
    values: list[Leaf]
    raised: str = ""


class Trace(msgspec.Struct, frozen=True, array_like=True):
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

encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder(dict[str, list[Trace]]).decode


def trace(verdict: str, message: str, calls: Iterable[Call]) -> Trace:
    """Record a failed test. The student's own places and all numbers are taken out of its message."""
    answers = []
    left = _MOST_VALUES
    for call in calls:
        given = () if call.raised else _leaves(call.outcome)
        values = list(itertools.islice(given, left))
        left -= len(values)
        answers.append(Answer(call.called, values, call.raised))
    return Trace(verdict, _NUMBER.sub("#", PLACE.sub("", message)), answers)


def _leaves(value: Any) -> Iterable[Leaf]:
    """The values of a result one after the other, with marks in between that keep the structure.

    What the contract leaves free is left out: list or tuple, the width of a float, what a cache holds.
    """
    if isinstance(value, CallResult):
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
        yield _sketch(value.detach().numpy())
    elif isinstance(value, np.ndarray):
        yield _sketch(value)
    elif isinstance(value, bool | float | complex | np.generic):
        yield _sketch(np.asarray(value))
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


def _sketch(array: np.ndarray) -> Leaf:
    if array.size > _MOST_ELEMENTS:
        return f"array {array.shape}"
    kind, shape = _kind(array), tuple(array.shape)
    if kind not in "fc" and kind != "half":
        return Sketch(kind, shape, _digest(repr(array.tolist())))
    plain = np.ascontiguousarray(array, np.complex128 if kind == "c" else np.float64)
    numbers = plain.reshape(-1).view(np.float64)
    finite = np.isfinite(numbers)
    exact = (
        b""
        if finite.all()
        else _digest(repr(numbers[~finite].tolist()) + repr(np.flatnonzero(~finite).tolist()))
    )
    numbers = np.where(finite, numbers, 0.0)
    scale = float(np.abs(numbers).max(initial=0.0))
    if scale == 0.0:
        return Sketch(kind, shape, exact)
    numbers = numbers / scale
    norm = float(np.linalg.norm(numbers))
    if numbers.size > _DIRECTIONS:
        numbers = _directions()[:, : numbers.size] @ numbers / math.sqrt(_DIRECTIONS)
    return Sketch(kind, shape, exact, scale, norm, numbers.tolist())


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


@functools.cache
def _directions() -> np.ndarray:
    """Return random projections for the largest array; shorter arrays use a prefix, so memory stays bounded."""
    signs = np.array([-1, 1], np.int8)
    return np.random.default_rng(0).choice(signs, (_DIRECTIONS, 2 * _MOST_ELEMENTS))


def _same_leaf(one: Leaf, other: Leaf) -> bool:
    if not (isinstance(one, Sketch) and isinstance(other, Sketch)):
        return one == other
    if (one.kind, one.shape, one.exact) != (other.kind, other.shape, other.exact):
        return False
    if one.scale == 0.0:
        return other.scale <= 1e-13
    ratio = other.scale / one.scale
    distance = math.dist(
        one.values, [ratio * value for value in other.values or [0.0] * len(one.values)]
    )
    return distance <= SAME * one.norm


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
