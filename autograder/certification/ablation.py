"""Which ingredient of the hidden inputs catches which mistakes: every catalogued mistake on weaker inputs.

The calls that a suite makes are written down once, with the reference in the student's place. Then they are made again
with one ingredient taken out, by the reference and by each mistake in the function that is tested. A mistake whose every
answer equals the reference's is one that the weaker inputs would let through.
"""

from __future__ import annotations

import inspect
import math
import multiprocessing
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from itertools import repeat
from typing import Any

import numpy as np

from autograder.course.catalogue import CatalogueError, mistaken_source, mistakes
from autograder.course.settings import Grading
from autograder.course.source import Chapter, load_reference, module_source
from autograder.grading.collect import HiddenTest
from autograder.grading.engine import Grader
from autograder.grading.judge import Suite
from autograder.grading.traces import same_values
from autograder.sandbox.inprocess import InProcessZygote, load_session
from autograder.sandbox.session import FunctionMissing, Session, StudentRaised
from autograder.sandbox.terms import Handle, WorkerEnded
from seqlab.nested import leaves, mapped

_SECONDS = 1.0  # for a call: a mistake that is slower hangs
_FAR = 50.0  # a number above is far from what a network computes with
_FEW_STEPS = 4

INITIAL_STATES = ("h0", "c0", "h_prev", "c_prev", "s_prev")
BIASES = ("bias_ih", "bias_hh")


@dataclass(frozen=True)
class Made:
    """A call that a suite made, and what the reference answered."""

    test: str
    target: str | Handle
    names: tuple[str, ...]  # of the positional arguments
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    options: Mapping[str, Any]
    answer: Any
    raised: bool

    def named(self) -> dict[str, Any]:
        """The arguments by name."""
        return {**dict(zip(self.names, self.args, strict=False)), **self.kwargs}

    def with_values(self, values: Mapping[str, Any]) -> Made:
        """The same call with other values for some of its arguments."""
        args = tuple(
            values.get(name, arg) for name, arg in zip(self.names, self.args, strict=False)
        ) + tuple(self.args[len(self.names) :])
        kwargs = {name: values.get(name, arg) for name, arg in self.kwargs.items()}
        return replace(self, args=args, kwargs=kwargs)


Weaken = Callable[[Sequence[Made]], list[Made]]


@dataclass(frozen=True)
class Ingredient:
    """Something that the inputs have, and how to take it out of the calls of a function."""

    name: str
    weaken: Weaken


@dataclass(frozen=True)
class Ablation:
    """Which mistakes of a chapter are missed without each ingredient; `seen` are those that its calls catch at all."""

    chapter: str
    mistakes: int
    seen: frozenset[str]
    missed: Mapping[str, frozenset[str]]


# --- weaker inputs --------------------------------------------------------------------------------------------------


def _each(change: Callable[[Made], Made | None]) -> Weaken:
    def weaken(calls: Sequence[Made]) -> list[Made]:
        return [changed for call in calls if (changed := change(call)) is not None]

    return weaken


def _zeros(value: Any) -> Any:
    if hasattr(value, "detach"):
        return value.detach().new_zeros(value.shape)
    if isinstance(value, np.ndarray):
        return np.zeros_like(value)
    return 0.0 if isinstance(value, float) else value


def _zero_states(call: Made) -> Made:
    named = call.named()
    return call.with_values({name: _zeros(named[name]) for name in INITIAL_STATES if name in named})


def _zero_biases(call: Made) -> Made:
    values: dict[str, Any] = {}
    for name, value in call.named().items():
        if name in BIASES:
            values[name] = _zeros(value)
        elif _is_weights(value):
            values[name] = _without_biases(value)
        elif isinstance(value, list | tuple) and value and all(map(_is_weights, value)):
            values[name] = [_without_biases(layer) for layer in value]
    return call.with_values(values)


def _is_weights(value: Any) -> bool:
    return isinstance(value, Mapping) and all(isinstance(key, str) for key in value)


def _without_biases(weights: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: _without_biases(value)
        if _is_weights(value)
        else _zeros(value)
        if key.startswith("b")
        else value
        for key, value in weights.items()
    }


def _valid(call: Made) -> Any:
    """The mask of a call's valid positions, [N, T], where it has one."""
    named = call.named()
    mask = named.get("mask")
    if mask is not None and getattr(mask, "ndim", 0) == 2:
        return mask
    lengths: Any = named.get("lengths")
    padded: Any = named.get("x", named.get("tokens"))
    if getattr(lengths, "ndim", 0) != 1 or getattr(padded, "ndim", 0) < 2:
        return None
    steps = range(padded.shape[1])
    rows = [[step < int(length) for step in steps] for length in lengths]
    return _like(padded, np.array(rows, dtype=bool).reshape(len(lengths), padded.shape[1]))


def _like(model: Any, array: np.ndarray) -> Any:
    if hasattr(model, "detach"):
        import torch

        return torch.from_numpy(array)
    return array


def _equal_lengths(call: Made) -> Made:
    valid, named = _valid(call), call.named()
    if valid is None:
        return call
    values: dict[str, Any] = {}
    if "mask" in named:
        values["mask"] = (
            (valid * 0 + 1) == 1 if str(valid.dtype).endswith("bool") else valid * 0 + 1
        )
    if "lengths" in named:
        values["lengths"] = named["lengths"] * 0 + valid.shape[1]
    return call.with_values(values)


def _clean_padding(call: Made) -> Made:
    valid = _valid(call)
    if valid is None:
        return call
    values = {}
    for name, value in call.named().items():
        if name == "mask" or getattr(value, "ndim", 0) < 2:
            continue
        if tuple(value.shape[:2]) == tuple(valid.shape):
            kept = valid.reshape(*valid.shape, *[1] * (value.ndim - 2))
            if hasattr(value, "detach"):
                values[name] = value.detach().where(kept != 0, value.detach() * 0)
            else:
                values[name] = np.where(kept, value, np.zeros_like(value))
    return call.with_values(values)


def _is_near(call: Made) -> bool:
    return all(map(_leaf_is_near, leaves(call.named())))


def _leaf_is_near(leaf: Any) -> bool:
    if hasattr(leaf, "detach"):
        leaf = leaf.detach().numpy()
    if not isinstance(leaf, np.ndarray | float):
        return True
    array = np.asarray(leaf)
    return array.dtype.kind not in "fc" or bool((np.abs(array) <= _FAR).all())


def _shapes(value: Any) -> Any:
    if hasattr(value, "shape"):
        return tuple(value.shape)
    if isinstance(value, Mapping):
        return tuple((key, _shapes(item)) for key, item in value.items())
    if isinstance(value, list | tuple):
        return tuple(map(_shapes, value))
    return None


def _settings(call: Made) -> tuple[Any, ...]:
    return tuple(
        (name, repr(value))
        for name, value in call.named().items()
        if isinstance(value, bool | int | float | str) and name != "seed"
    )


def _first_of(kind: Callable[[Made], Any]) -> Weaken:
    """Keep only the calls whose kind equals that of their function's first call."""

    def weaken(calls: Sequence[Made]) -> list[Made]:
        first: dict[str, Any] = {}
        return [
            call
            for call in calls
            if not isinstance(call.target, str)
            or first.setdefault(call.target, kind(call)) == kind(call)
        ]

    return weaken


def _few_steps(call: Made) -> Made | None:
    arrays = [value for value in call.named().values() if getattr(value, "ndim", 0) == 3]
    return None if any(array.shape[1] > _FEW_STEPS for array in arrays) else call


def _called_once(calls: Sequence[Made]) -> list[Made]:
    called: set[tuple[str, str]] = set()
    kept = []
    for call in calls:
        if isinstance(call.target, str):
            if (call.test, call.target) in called:
                continue
            called.add((call.test, call.target))
        kept.append(call)
    return kept


def _no_echo(call: Made) -> Made:
    return replace(call, options={**call.options, "echo": False})


INGREDIENTS = (
    Ingredient("initial states that are not zero", _each(_zero_states)),
    Ingredient("biases that are not zero", _each(_zero_biases)),
    Ingredient("lengths that differ", _each(_equal_lengths)),
    Ingredient("garbage in the padding", _each(_clean_padding)),
    Ingredient("values far from zero", _each(lambda call: call if _is_near(call) else None)),
    Ingredient("more than one shape", _first_of(lambda call: _shapes(call.named()))),
    Ingredient("more than one value of every number and word", _first_of(_settings)),
    Ingredient("more than four steps", _each(_few_steps)),
    Ingredient("a second call in the same process", _called_once),
    Ingredient("arguments compared before and after", _each(_no_echo)),
    Ingredient("calls that have to raise", _each(lambda call: None if call.raised else call)),
)


def _all_weaker(calls: Sequence[Made]) -> list[Made]:
    for ingredient in INGREDIENTS:
        calls = ingredient.weaken(calls)
    return list(calls)


EVERYTHING = Ingredient("all of these together", _all_weaker)


# --- writing the calls down and making them again -------------------------------------------------------------------


class _Writing(Session):
    """A session that notes every call."""

    def __init__(self, *args: Any, reference: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self._reference = reference
        self.made: list[Made] = []

    def call(
        self,
        target: str | Handle,
        args: Sequence[Any],
        kwargs: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> Any:
        names: tuple[str, ...] = ()
        if isinstance(target, str):
            names = tuple(inspect.signature(getattr(self._reference, target)).parameters)

        def note(answer: Any, raised: bool) -> None:
            given = (tuple(args), dict(kwargs or {}), options)
            self.made.append(Made("", target, names, *given, answer, raised))

        try:
            outcome = super().call(target, args, kwargs, **options)
        except StudentRaised:
            note(None, True)
            raise
        note(outcome, False)
        return outcome


def _session(chapter: Chapter, suite: Suite, source: str, kind: type[Session], **more: Any) -> Any:
    zygote = InProcessZygote(chapter.libraries, _SECONDS)
    return load_session(zygote, [source], suite.limits, kind, **more)


def calls_made(chapter: Chapter, suite: Suite) -> dict[str, list[Made]]:
    """Run a suite on the reference; return its calls by the function whose points they decide."""
    reference = load_reference(chapter)
    session = _session(chapter, suite, module_source(chapter), _Writing, reference=reference)
    found: dict[str, list[Made]] = {}

    def note(test: HiddenTest, _verdict: str) -> None:
        for call in session.made:
            found.setdefault(test.function, []).append(replace(call, test=test.id))
        session.made = []

    suite.run(session, lambda test: not suite.takes_long(test), after=note)
    return found


def _handles(value: Any) -> list[Handle]:
    return [leaf for leaf in leaves(value) if isinstance(leaf, Handle)]


def _exchanged(value: Any, handles: Mapping[Handle, Handle]) -> Any:
    return mapped(lambda leaf: handles[leaf] if isinstance(leaf, Handle) else leaf, value)


def answers(
    chapter: Chapter, suite: Suite, source: str, calls: Sequence[Made]
) -> list[tuple[str, Any]]:
    """Make calls again, every test in a fresh process; return how each ended and with what."""
    found: list[tuple[str, Any]] = []
    session: Any = None
    test = ""
    handles: dict[Handle, Handle] = {}
    for call in calls:
        if session is None or call.test != test:
            session, test, handles = _session(chapter, suite, source, Session), call.test, {}
        needed = [*_handles(call.target), *_handles(list(call.args))]
        if any(handle not in handles for handle in needed):
            found.append(("impossible", None))  # what it needs was not made
            continue
        try:
            outcome = session.call(
                _exchanged(call.target, handles),
                _exchanged(call.args, handles),
                call.kwargs,
                **call.options,
            )
        except StudentRaised as raised:
            found.append((raised.bases[0], None))
        except FunctionMissing:
            found.append(("missing", None))
        except WorkerEnded as ended:
            found.append((ended.verdict, None))
            session = None
        else:
            if call.answer is not None:
                old, new = _handles(call.answer.result), _handles(outcome.result)
                handles.update(zip(old, new, strict=False))
            found.append(("returned", outcome))
    return found


def _alike(one: Sequence[tuple[str, Any]], other: Sequence[tuple[str, Any]]) -> bool:
    return all(
        left[0] == right[0] and same_values(left[1], right[1])
        for left, right in zip(one, other, strict=True)
    )


# --- a chapter, the course ------------------------------------------------------------------------------------------


def ablate(chapter: Chapter, suite: Suite) -> Ablation:
    """Find out which mistakes of a chapter get through without each ingredient."""
    made = calls_made(chapter, suite)
    reference = module_source(chapter)
    known = [entry for entry in mistakes(chapter.name) if entry.function in made]
    seen: set[str] = set()
    missed: dict[str, set[str]] = {
        ingredient.name: set() for ingredient in (*INGREDIENTS, EVERYTHING)
    }
    for function, calls in made.items():
        entries = [entry for entry in known if entry.function == function]
        variants = {"": list(calls)} | {
            ingredient.name: ingredient.weaken(calls) for ingredient in (*INGREDIENTS, EVERYTHING)
        }
        right = {
            name: answers(chapter, suite, reference, weaker) for name, weaker in variants.items()
        }
        for entry in entries:
            title = f"{function}/{entry.name}"
            try:
                source = mistaken_source(chapter, entry)
            except CatalogueError:
                continue  # the chapter's certificate reports it
            if _alike(answers(chapter, suite, source, variants[""]), right[""]):
                continue
            seen.add(title)
            for name, weaker in variants.items():
                if name and _alike(answers(chapter, suite, source, weaker), right[name]):
                    missed[name].add(title)
    return Ablation(
        chapter.name,
        len(known),
        frozenset(seen),
        {name: frozenset(titles) for name, titles in missed.items()},
    )


def _ablate_alone(chapter: Chapter, grading: Grading) -> Ablation:
    if chapter.libraries == "torch":
        import torch

        torch.set_num_threads(1)
    grader = Grader({chapter.name: chapter}, grading=grading)
    try:
        return ablate(chapter, grader.suite(chapter.name))
    finally:
        grader.close()


def ablate_all(
    chapters: Sequence[Chapter], *, jobs: int = 1, grading: Grading | None = None
) -> list[Ablation]:
    """Ablate chapters, `jobs` at a time."""
    with ProcessPoolExecutor(max(1, jobs), multiprocessing.get_context("spawn")) as pool:
        return list(pool.map(_ablate_alone, chapters, repeat(grading or Grading())))


_HEAD = """\
# What the hidden inputs are made of, and what each ingredient catches

Written by `make ablation`; not by hand.

The calls that the hidden suites make with the reference solution in the student's place are made again with one
ingredient taken out: initial states set to zero, biases set to zero, all lengths equal, zeros in the padding, or the calls
left out that bring the ingredient in. The reference and every catalogued mistake answer them. A mistake counts under an
ingredient when it is told from the reference with all ingredients and no longer without this one. What a suite
catches by other means than the values of answers, such as the wording of an error, the number of callbacks, or the
wrong dtype of a right number, is no part of this table.

"""


def render(ablations: Sequence[Ablation]) -> bytes:
    """Return the table as a page of the docs."""
    titles = [ablation.chapter.partition("_")[0] for ablation in ablations]
    lines = [
        "| taken out | all | " + " | ".join(titles) + " |",
        "|---|" + "--:|" * (len(titles) + 1),
    ]

    def row(name: str, counts: Sequence[int]) -> str:
        return f"| {name} | {sum(counts)} | " + " | ".join(map(str, counts)) + " |"

    lines.append(row("(mistakes of the catalogue)", [a.mistakes for a in ablations]))
    lines.append(row("nothing: told from the reference", [len(a.seen) for a in ablations]))
    for ingredient in (*INGREDIENTS, EVERYTHING):
        lines.append(row(ingredient.name, [len(a.missed[ingredient.name]) for a in ablations]))
    seen = sum(len(a.seen) for a in ablations)
    through = sum(len(a.missed[EVERYTHING.name]) for a in ablations)
    share = 100 * through / seen if seen else math.nan
    closing = (
        f"\nWithout any of them {through} of {seen} mistakes ({share:.0f} of 100) would get full "
        "marks. An example for each:\n\n"
    )
    examples = []
    for ingredient in INGREDIENTS:
        missed = [
            f"{ablation.chapter}: {title}"
            for ablation in ablations
            for title in sorted(ablation.missed[ingredient.name])
        ]
        if missed:
            examples.append(f"- {ingredient.name}: `{missed[len(missed) // 2]}`")
    return (_HEAD + "\n".join(lines) + "\n" + closing + "\n".join(examples) + "\n").encode()
