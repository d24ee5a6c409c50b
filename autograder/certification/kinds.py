"""What kind of mistake a mistake is, read off from which results it makes wrong where the reference is called.

The tests of its function run with the reference; at each call the mistaken function gets copies of the same arguments,
and what it returns is compared. So the kind depends on inputs and results, and on no test's weight.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import numpy as np

from autograder.course.catalogue import Mistake, mistaken_source
from autograder.course.source import module_source
from autograder.grading.judge import Suite
from autograder.grading.toolkit import HANDLE
from autograder.sandbox.inprocess import InProcessZygote, load_session
from seqlab.compare import describe_difference
from seqlab.nested import leaves

MAIN, TERM, EDGE, REFUSAL, CONDUCT = "main point", "one term", "edge case", "refusal", "conduct"
BOUNDS = {
    MAIN: (0.5, 1.0),
    TERM: (0.3, 0.7),
    EDGE: (0.05, 0.15),
    REFUSAL: (0.0, 0.2),
    CONDUCT: (0.05, 1.0),
}
"""Kind to the least and the largest share of its function's points that such a mistake should lose.

A refusal is wrong only where the reference raises. Conduct is what no single call shows: a mistake that keeps something
from one call to the next, is slow, or returns the right numbers in the wrong form.
"""

_EDGE_CALLS = 1 / 5  # of the calls: what is wrong in fewer of them is wrong for some inputs only
_MAIN_RESULTS = (
    3 / 4
)  # of the results of a wrong call: from here on what the function is about is wrong
_SECONDS = 2.0

_BOTH = """
from autograder.certification.kinds import both as _both

_right, _wrong = {{"__name__": "right"}}, {{"__name__": "wrong"}}
_code = compile({wrong!r}, "<wrong>", "exec")
exec(compile({right!r}, "<right>", "exec"), _right)
exec(_code, _wrong)
for _name in {names!r}:
    globals()[_name] = _right[_name]


def {function}(*a, **k):
    return _both(_right[{function!r}], _wrong[{function!r}], _anew, a, k)


def _anew():
    namespace = {{"__name__": "wrong"}}
    exec(_code, namespace)
    return namespace[{function!r}]
"""


class Seen(msgspec.Struct, frozen=True):
    """One call.

    Attributes:
        wrong: how many of its results are wrong.
        results: how many there are.
        changed: whether an argument was changed.
        refused: whether the reference raises.
        first: whether it is wrong, too, in a namespace in which nothing was called before.
    """

    wrong: int
    results: int
    changed: bool = False
    refused: bool = False
    first: bool = True


_calls: list[Seen] = []
_held: list[bool] | bool = False


def both(
    right: Callable[..., Any],
    wrong: Callable[..., Any],
    anew: Callable[[], Callable[..., Any]],
    a: Any,
    k: Any,
) -> Any:
    """Call both functions with copies of the arguments, note how their results differ, return the right ones."""
    theirs, untouched = _copied((a, k)), _copied((a, k))
    state = np.random.get_state()
    ended = _outcome(right, a, k)
    np.random.set_state(state)
    seen = _compared(ended, _outcome(wrong, *theirs), (a, k), theirs)
    if seen.wrong and any(not call.wrong for call in _calls):
        np.random.set_state(state)
        again = _compared(ended, _outcome(anew(), *untouched), (a, k), untouched)
        seen = msgspec.structs.replace(seen, first=bool(again.wrong))
    _calls.append(seen)
    if ended[1] is not None:
        raise ended[1]
    return ended[0]


_Ended = tuple[Any, Exception | None]


def _outcome(function: Callable[..., Any], a: Any, k: Any) -> _Ended:
    try:
        return function(*a, **k), None
    except Exception as error:
        return None, error


def _copied(value: Any) -> Any:
    """Copy arrays, tensors, models and containers; leave callables, caches of any class and the rest alone."""
    if type(value) is dict:
        return {key: _copied(item) for key, item in value.items()}
    if type(value) in (list, tuple):
        return type(value)(_copied(item) for item in value)
    if isinstance(value, np.ndarray) or hasattr(value, "named_parameters"):
        return copy.deepcopy(value)
    if hasattr(value, "detach"):
        return value.detach().clone().requires_grad_(value.requires_grad)
    return value


def _plain(value: Any) -> Any:
    if hasattr(value, "named_parameters"):
        return {name: one.detach() for name, one in value.named_parameters()}
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _compared(ended: _Ended, other: _Ended, mine: Any, theirs: Any) -> Seen:
    changed = bool(describe_difference("arguments", _data(theirs), _data(mine)))
    outcome, got = ended[0], other[0]
    if ended[1] is not None:
        return Seen(int(type(ended[1]) is not type(other[1])), 1, changed, refused=True)
    if other[1] is not None:
        return Seen(1, 1, changed)
    if isinstance(_held, list) and isinstance(outcome, tuple):
        if not isinstance(got, tuple) or len(got) != len(outcome):
            return Seen(1, 1, changed)
        outcome = [one for one, kept in zip(outcome, _held, strict=True) if not kept]
        got = [one for one, kept in zip(got, _held, strict=True) if not kept]
    pairs = _pairs(_plain(outcome), _plain(got))
    differing = [bool(describe_difference("result", value, want)) for want, value in pairs]
    return Seen(sum(differing), max(1, len(differing)), changed)


def _data(value: Any) -> list[Any]:
    """The arguments that hold numbers."""
    found = []
    for leaf in leaves(_plain(value)):
        if hasattr(leaf, "detach"):
            leaf = leaf.detach().numpy()
        if isinstance(leaf, np.ndarray) and leaf.dtype.kind in "biufc":
            found.append(np.nan_to_num(leaf) if leaf.dtype.kind in "fc" else leaf)
    return found


def _pairs(want: Any, got: Any) -> list[tuple[Any, Any]]:
    """The leaves of the wanted result beside those of the other, or None beside them where it has another form."""
    if isinstance(want, dict):
        there = got if isinstance(got, dict) else {}
        return [pair for key, item in want.items() for pair in _pairs(item, there.get(key))]
    if isinstance(want, list) and want and not all(isinstance(one, int | float) for one in want):
        same = isinstance(got, list) and len(got) == len(want)
        others = got if same else [None] * len(want)
        return [
            pair for one, other in zip(want, others, strict=True) for pair in _pairs(one, other)
        ]
    return [(want, got)]


def calls_of(suite: Suite, entry: Mistake) -> list[Seen]:
    """Return how a mistake answers the calls that the tests of its function make, one by one.

    Raises:
        CatalogueError: the entry does not fit the chapter.
    """
    global _held
    declared = suite.tests[0].declared.get(entry.function)
    _held = (
        [axes == HANDLE for axes in declared.values()] if isinstance(declared, Mapping) else False
    )
    chapter = suite.chapter
    names = [function.name for function in chapter.functions if function.name != entry.function]
    source = _BOTH.format(
        right=module_source(chapter),
        wrong=mistaken_source(chapter, entry),
        names=[name for name in names if name in suite.tests[0].declared],
        function=entry.function,
    )
    _calls.clear()
    session = load_session(InProcessZygote(chapter.libraries, _SECONDS), [source], suite.limits)
    suite.run(session, lambda test: test.function == entry.function and not suite.takes_long(test))
    return list(_calls)


def kind_of(calls: list[Seen]) -> str:
    """Return the kind of a mistake from its answers."""
    wrong = [call for call in calls if call.wrong]
    if not wrong:
        return EDGE if any(call.changed for call in calls) else CONDUCT
    if all(call.refused for call in wrong):
        return REFUSAL
    if not any(call.first for call in wrong):
        return CONDUCT
    if len(wrong) < _EDGE_CALLS * len(calls):
        return EDGE
    results = sum(call.wrong / call.results for call in wrong) / len(wrong)
    return MAIN if results >= _MAIN_RESULTS else TERM
