"""How many of its points a wrong function keeps: what mistakes leave, and what bodies earn that compute nothing.

Everything is our own code and runs in a stand-in without a process.
"""

from __future__ import annotations

import functools
import multiprocessing
import tomllib
import zlib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import msgspec
import numpy as np

from autograder.certification.kinds import BOUNDS, calls_of, kind_of
from autograder.course.catalogue import CatalogueError, Mistake, mistaken_source, mistakes
from autograder.course.settings import Grading
from autograder.course.source import QUIZ, Chapter, hidden_folder, module_source
from autograder.grading.judge import Suite
from autograder.grading.toolkit import HANDLE
from autograder.results import FunctionResult, function_result
from autograder.sandbox.inprocess import InProcessZygote, load_session
from seqlab.nested import leaves

MOST_TRIVIAL_POINTS = (
    1.0  # of the 100 of a chapter, for one trivial body in place of every function
)
MOST_TRIVIAL_SHARE = 0.1  # of any function
MOST_ERRORS_SHARE = 0.2  # of any function, for all that is to be refused
EXCEPTIONS = "exceptions.toml"
"""Beside a chapter's suite: mistakes that are out of the bounds of their kind, `"function/mistake" = "reason"`."""
OPEN = "open"
"""In place of a reason: known to be out of bounds, and not settled yet. No new one is to be added."""

_ROUNDING = 0.005
_SECONDS = 5.0  # for a call: what takes longer hangs

PLAIN_BODIES = {
    "None": "return None",
    "True": "return True",
    "False": "return False",
    "0.0": "return 0.0",
    "[]": "return []",
    "the argument": "return a[0] if a else None",
    "the last argument": "return a[-1] if a else None",
    "the arguments": "return tuple((a * {count})[:{count}]) if {count} > 1 else a",
    "zeros": "return _filled(a[0] if a else None, 0)",
    "ones": "return _filled(a[0] if a else None, 1)",
}
"""Bodies that know nothing of their results but how many there are (`count`); `a` holds the arguments."""

SHAPED_BODIES = {
    "zeros of the right shape": "return _shaped({name!r}, a, k, lambda value, given: _filled(value, 0))",
    "ones of the right shape": "return _shaped({name!r}, a, k, lambda value, given: _filled(value, 1))",
    "an argument of the right shape": "return _shaped({name!r}, a, k, _given)",
}
"""Bodies whose results have types and shapes of the reference's, and caches that are its own."""

ACCEPTS_ALL = """
try:
    return _right[{name!r}](*a, **k)
except Exception:
    return None"""
"""The reference without its refusals."""

_FILLING = """
import numpy as _np


def _filled(value, fill):
    if isinstance(value, dict):
        return {key: _filled(item, fill) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)([_filled(item, fill) for item in value])
    if hasattr(value, "detach") and hasattr(value, "shape"):
        return value.detach().clone().fill_(fill)
    if isinstance(value, _np.ndarray) and value.dtype.kind in "biufc":
        return _np.full_like(value, fill)
    if isinstance(value, (bool, int, float, _np.generic)):
        return type(value)(fill)
    return "" if isinstance(value, str) else None
"""

_RIGHT = """
from autograder.certification.shares import key_of as _key_of, remembered as _remembered

_right = {{"__name__": "right"}}
exec(compile({source!r}, "<right>", "exec"), _right)
"""

_REMEMBER = """
results = _right[{name!r}](*a, **k)
_remembered[_key_of({name!r}, a, k)] = results
return results"""
"""The reference, whose results are kept for bodies that need their shapes."""

_SHAPING = """
from autograder.certification.shares import key_of as _key_of, remembered as _remembered
from seqlab.nested import leaves as _leaves

_held = {held!r}


def _form(value):
    return type(value), getattr(value, "shape", None), str(getattr(value, "dtype", ""))


def _given(value, given):
    if isinstance(value, dict):
        return {{key: _given(item, given) for key, item in value.items()}}
    if isinstance(value, (list, tuple)):
        return type(value)([_given(item, given) for item in value])
    return next((one for one in given if _form(one) == _form(value)), _filled(value, 0))


def _shaped(name, a, k, made):
    results, held = _remembered.get(_key_of(name, a, k)), _held.get(name, [])
    given = list(_leaves([a, k]))
    if held is True or results is None:
        return None
    if not held:
        return made(results, given)
    return tuple(one if kept else made(one, given) for one, kept in zip(results, held))
"""

remembered: dict[str, Any] = {}
"""What the reference returned to which arguments, for one suite at a time."""


def key_of(name: str, arguments: Any, named: Any) -> str:
    """Name a call by what its arguments hold; callables and models of any kind are alike."""
    return repr((name, [_described(leaf) for leaf in leaves([arguments, named])]))


def _described(leaf: Any) -> str:
    if hasattr(leaf, "detach") and hasattr(leaf, "numpy"):
        leaf = leaf.detach().numpy()
    if isinstance(leaf, np.ndarray):
        return f"{leaf.dtype}{leaf.shape}{zlib.crc32(leaf.tobytes())}"
    plain = isinstance(leaf, str | int | float | complex | np.generic | None)
    return repr(leaf) if plain else "an object"


class Kept(msgspec.Struct, frozen=True):
    """The share of its function's points that a mistake keeps, its kind, and why it may be out of the kind's bounds."""

    function: str
    mistake: str
    share: float
    kind: str

    @property
    def name(self) -> str:
        """What it is called in `exceptions.toml`."""
        return f"{self.function}/{self.mistake}"

    @property
    def within(self) -> bool:
        """Whether what it loses is within the bounds of its kind."""
        least, most = BOUNDS[self.kind]
        return least - _ROUNDING <= 1.0 - self.share <= most + _ROUNDING

    def finding(self, excused: str = "") -> str | None:
        """Say what is wrong with its share, if anything is and no reason excuses it."""
        least, most = BOUNDS[self.kind]
        if self.within:
            return "has an exception and needs none" if excused not in ("", OPEN) else None
        if excused:
            return None
        return (
            f"loses {1.0 - self.share:.0%}; as {self.kind} it should lose {least:.0%} to {most:.0%}"
        )


class Earned(msgspec.Struct, frozen=True):
    """What a body that computes nothing earns: points of the chapter in place of every function, shares in place of one."""

    body: str
    points: float
    shares: dict[str, float]

    @property
    def worst(self) -> tuple[str, float]:
        """The function in which it earns the largest share."""
        return max(self.shares.items(), key=lambda item: item[1])


class Shares(msgspec.Struct, frozen=True):
    """Which share of the points is kept or earned by what is wrong, in a chapter."""

    chapter: str
    kept: list[Kept]
    earned: list[Earned]
    errors: dict[str, float]
    """Function to the share of it that a submission loses which refuses nothing and is right otherwise."""

    def out_of_bounds(self, excused: Mapping[str, str]) -> list[tuple[str, str]]:
        """Subject and what is wrong with it, for everything that earns too much and has no reason."""
        found = [
            (f"mistake {one.name}", finding)
            for one in self.kept
            if (finding := one.finding(excused.get(one.name, "")))
        ]
        for one in self.earned:
            if one.points > MOST_TRIVIAL_POINTS:
                text = f"earns {one.points:.2f} of 100 in place of every function"
                found.append((f"trivial body {one.body}", text))
            for function, share in one.shares.items():
                if share > MOST_TRIVIAL_SHARE:
                    text = f"earns {share:.0%} of {function}"
                    found.append((f"trivial body {one.body}", text))
        for function, share in self.errors.items():
            if share > MOST_ERRORS_SHARE:
                found.append((function, f"its error cases are {share:.0%} of its points"))
        return found


# --- running --------------------------------------------------------------------------------------------------------


def function_names(chapter: Chapter) -> list[str]:
    """Return the functions of a chapter, without the quiz."""
    return [function.name for function in chapter.functions if function.name != QUIZ]


def judged(
    suite: Suite, sources: Sequence[str], functions: Sequence[str]
) -> dict[str, FunctionResult]:
    """Run the tests of some functions on sources of our own; return the result of each of these functions."""
    zygote = InProcessZygote(suite.chapter.libraries, _SECONDS)
    session = load_session(zygote, sources, suite.limits)
    outcomes = suite.run(session, lambda test: test.function in functions).outcomes
    points = {function.name: function.points for function in suite.chapter.functions}
    return {
        name: function_result(name, points[name], list(outcomes.get(name, {}).values()))
        for name in functions
    }


def share_of(result: FunctionResult) -> float:
    """Return the passed share of the weights, not rounded as a score is."""
    total = sum(test.weight for test in result.tests)
    passed = sum(test.weight for test in result.tests if test.verdict == "passed")
    return passed / total if total else 0.0


def kept_by(suite: Suite, entry: Mistake, share: float | None = None) -> Kept:
    """Return what a mistake keeps of its own function (measured, unless it is known), and its kind.

    Raises:
        CatalogueError: the entry does not fit the chapter.
    """
    if share is None:
        result = judged(suite, [mistaken_source(suite.chapter, entry)], [entry.function])
        share = share_of(result[entry.function])
    kind = kind_of(calls_of(suite, entry))
    return Kept(entry.function, entry.name, share, kind)


def exceptions(chapter: str) -> dict[str, str]:
    """Return the mistakes of a chapter that may be out of bounds, with reasons; none where it has no such file."""
    path = hidden_folder(chapter) / EXCEPTIONS
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _results(suite: Suite) -> Mapping[str, Any]:
    return suite.tests[0].declared


def _right(suite: Suite) -> str:
    return _RIGHT.format(source=module_source(suite.chapter))


@functools.lru_cache(maxsize=1)
def _remember(suite: Suite) -> None:
    """Fill `remembered` with the reference's results of a whole run."""
    remembered.clear()
    names = function_names(suite.chapter)
    judged(suite, [_right(suite), replaced(suite, _REMEMBER, names)], names)


def _shaping(suite: Suite) -> str:
    held: dict[str, Any] = {}
    for name, declared in _results(suite).items():
        if declared == HANDLE:
            held[name] = True
        elif isinstance(declared, Mapping):
            held[name] = [axes == HANDLE for axes in declared.values()]
    return _SHAPING.format(held=held)


def replaced(suite: Suite, body: str, names: Sequence[str]) -> str:
    """Return source that binds names of a chapter to functions with such a body."""
    lines = []
    for name in names:
        declared = _results(suite).get(name)
        count = len(declared) if isinstance(declared, Mapping) else 1
        text = body.format(name=name, count=count).strip("\n").replace("\n", "\n    ")
        lines.append(f"def {name}(*a, **k):\n    {text}\n")
    return "\n\n".join(lines)


def earned_by(suite: Suite, body: str) -> Earned:
    """Return what a trivial body earns, in place of every function at once and of each alone."""
    names = function_names(suite.chapter)
    text = {**PLAIN_BODIES, **SHAPED_BODIES}[body]
    before = [_FILLING]
    if body in SHAPED_BODIES:
        _remember(suite)
        before.append(_shaping(suite))
    together = judged(suite, [*before, replaced(suite, text, names)], names)
    shares = {name: share_of(result) for name, result in together.items()}
    whole = module_source(suite.chapter)
    for name in names:
        alone = judged(suite, [whole, *before, replaced(suite, text, [name])], [name])
        shares[name] = max(shares[name], share_of(alone[name]))
    points = round(sum(result.score for result in together.values()), 2)
    return Earned(body, points, shares)


def error_shares(suite: Suite) -> dict[str, float]:
    """Return the share of each function that is lost where nothing is refused and all else is right."""
    names = function_names(suite.chapter)
    sources = [_right(suite), replaced(suite, ACCEPTS_ALL, names)]
    lost = {name: 1.0 - share_of(result) for name, result in judged(suite, sources, names).items()}
    return {name: share for name, share in lost.items() if share > 0.0}


def shares_of(
    suite: Suite,
    catalogue: Sequence[Mistake] | None = None,
    known: Mapping[tuple[str, str], float] | None = None,
) -> Shares:
    """Return what mistakes and trivial bodies keep in a chapter.

    Args:
        suite: of the chapter.
        catalogue: the mistakes; all of the chapter's, if none are given.
        known: what mistakes keep as far as that has been measured, by function and name.
    """
    name = suite.chapter.name
    kept = []
    for entry in mistakes(name) if catalogue is None else catalogue:
        try:
            kept.append(kept_by(suite, entry, (known or {}).get((entry.function, entry.name))))
        except CatalogueError:
            continue  # the certificate of the chapter reports it
    earned = [earned_by(suite, body) for body in (*PLAIN_BODIES, *SHAPED_BODIES)]
    return Shares(name, kept, earned, error_shares(suite))


def _alone(chapter: Chapter, grading: Grading) -> Shares:
    if chapter.libraries == "torch":
        import torch

        torch.set_num_threads(1)
    return shares_of(Suite(chapter, grading))


def shares_of_all(chapters: Sequence[Chapter], jobs: int, grading: Grading) -> Iterator[Shares]:
    """Measure chapters, `jobs` at a time; they come in their order."""
    with ProcessPoolExecutor(max(1, jobs), multiprocessing.get_context("spawn")) as pool:
        for measured in [pool.submit(_alone, chapter, grading) for chapter in chapters]:
            yield measured.result()


# --- the page -------------------------------------------------------------------------------------------------------

_HEAD = """# Which share of the points mistakes lose

Written by `make shares-page`. The kind of a mistake follows from which results it makes wrong where the tests call the
reference; what it should lose of its function's points follows from the kind:

| kind | loses |
|---|---|
{bounds}

A refusal is wrong only where the reference raises, conduct is what no single call shows. What is out of bounds is marked;
it has an entry in the chapter's `exceptions.toml`, or `make certify` fails: a reason, or `open` where the weights of its
function are still to be settled.
"""


def page(measured: Sequence[Shares]) -> str:
    """Return the page on shares: a summary of all chapters, then every mistake."""
    bounds = [f"| {kind} | {least:.0%} to {most:.0%} |" for kind, (least, most) in BOUNDS.items()]
    lines = [
        _HEAD.format(bounds="\n".join(bounds)),
        "| chapter | mistakes | within | excused | open |",
    ]
    lines[-1] += " a trivial body earns at most | of one function |"
    lines.append("|---|--:|--:|--:|--:|--:|--:|")
    for one in measured:
        within = sum(kept.within for kept in one.kept)
        known = exceptions(one.chapter)
        unsettled = sum(reason == OPEN for reason in known.values())
        points = max((body.points for body in one.earned), default=0.0)
        share = max((body.worst[1] for body in one.earned), default=0.0)
        lines.append(
            f"| {one.chapter} | {len(one.kept)} | {within} | {len(known) - unsettled} | {unsettled} | {points:.2f} of 100 | {share:.0%} |"
        )
    for one in measured:
        lines += ["", f"## {one.chapter}", "", "| function | mistake | kind | loses | |"]
        lines.append("|---|---|---|--:|---|")
        known = exceptions(one.chapter)
        for kept in one.kept:
            mark = "" if kept.within else known.get(kept.name, "out of bounds")
            lines.append(
                f"| {kept.function} | {kept.mistake} | {kept.kind} | {1.0 - kept.share:.0%} | {mark} |"
            )
    return "\n".join(lines) + "\n"
