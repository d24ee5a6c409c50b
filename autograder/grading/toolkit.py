"""What a hidden suite is written with: the remote student, cases computed once, strict comparison."""

from __future__ import annotations

import functools
import re
import types
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import pytest

from autograder.results import MAX_MESSAGE
from autograder.sandbox.session import FunctionMissing, Session, StudentRaised
from autograder.sandbox.terms import CallResult, Handle, Opaque, Unsent, WorkerEnded
from seqlab.compare import TOLERANCE, Layout, describe_difference, relative_error
from seqlab.nested import leaves, mapped

__all__ = [
    "HANDLE",
    "CallResult",
    "Layout",
    "Opaque",
    "TestEnded",
    "calls_counted",
    "compare",
    "insist",
    "once",
    "raises",
    "require",
    "scores",
    "unchanged",
    "well_conditioned",
]

F = TypeVar("F", bound=Callable[..., Any])

HANDLE = "handle"  # in RESULTS: this result stays in the worker
TELLING, NOTHING = "telling", "nothing"  # what a right result shows: see `State.evidence`
MAX_DRAWS = 100  # of a case; the first is nearly always well conditioned


@dataclass
class State:
    """What the functions of a suite share with what runs it: one suite at a time in a process.

    Attributes:
        seed: of all hidden inputs; set before any case is made.
        evidence: what the right results of the running test show: TELLING, or the constant that a trivial one consists of.
        given: arguments of the calls of the running test; a result that equals one of them is trivial.
        drawn: whether a test has asked for inputs that depend on the seed; for certification.
        nothing: the function whose latest call returned None, "" where it returned something.
        observer: gets every comparison: got, wanted, tolerance, whether it was right; for certification.
    """

    seed: int = 0
    evidence: set[str] = field(default_factory=set)
    given: list[Any] = field(default_factory=list)
    drawn: bool = False
    nothing: str = ""
    observer: Callable[[Any, Any, float, bool], None] | None = None


state = State()


class TestEnded(Exception):
    """A test of the suite ended without passing; `verdict` and `message` go into the result."""

    __test__ = False

    def __init__(self, verdict: str, message: str):
        super().__init__(f"{verdict}: {message}")
        self.verdict = verdict
        self.message = message[:MAX_MESSAGE]


# --- declaring ------------------------------------------------------------------------------------------------------


def scores(
    function: str,
    weight: float = 1.0,
    steps: Sequence[str] = (),
    seconds: float | None = None,
    title: str = "",
) -> Callable[[F], F]:
    """Declare which function's points a test decides.

    Args:
        function: its name in the contract.
        weight: its share among the tests of the function.
        steps: functions of the same submission that this one is likely built on. Where they lost points themselves, a
            failed test is run again with these names bound to the reference.
        seconds: time limit of a call, where the default is too short.
        title: what students and reports are shown of the test, which names no hidden input. It is read from the source
            (`course.titles`), so it is a plain string.
    """
    del title
    return pytest.mark.scores(function, weight=float(weight), steps=tuple(steps), seconds=seconds)


def once(function: F) -> F:
    """Compute a case once per run: `function(rng, *args)` becomes `function(*args)`, remembered by seed and arguments.

    The generator depends on the seed, the function's name and the arguments, so that adding a case changes no other. A
    case on whose inputs sound code in single precision would miss the tolerance is drawn again (`well_conditioned`).
    """

    @functools.cache
    def compute(seed: int, *args: Any) -> Any:
        named = [arg for arg in args if not isinstance(arg, types.ModuleType)]
        suite = function.__module__.rpartition(".")[2]  # wherever its file lies
        key = zlib.crc32(f"{suite}.{function.__qualname__}{named!r}".encode())
        rng = np.random.default_rng([seed, key])
        for _draw in range(MAX_DRAWS):
            with suppress(_IllConditioned):
                return function(rng, *args)
        raise RuntimeError(f"{function.__qualname__}: {MAX_DRAWS} draws were all ill-conditioned")

    @functools.wraps(function)
    def cached(*args: Any) -> Any:
        state.drawn = True
        return compute(state.seed, *args)

    return cached  # type: ignore[return-value]


class _IllConditioned(Exception):
    """The inputs of a case make a result that says nothing, or nearly cancels."""


def insist(condition: bool) -> None:
    """Draw the case again unless this holds, for use within a case that is computed `once`.

    For a draw by which sound code cannot be told from a mistake.
    """
    if not condition:
        raise _IllConditioned


def well_conditioned(compute: Callable[..., Any], *arguments: Any) -> Any:
    """Return `compute(*arguments)`, a tree of arrays, for use within a case that is computed `once`.

    Where rounding the arguments to float32 alone moves a result by more than a fifth of the tolerance, the result nearly
    cancels, and whether sound code in single precision passes would depend on the processor's order of summation. Such
    a case is drawn again. All is computed in float64, so every processor draws the same inputs.
    """
    wanted = compute(*arguments)
    moved = compute(*mapped(_in_single_precision, arguments))
    for one, other in zip(leaves(wanted), leaves(moved), strict=True):
        if relative_error(other, one) > TOLERANCE / 5:
            raise _IllConditioned
    return wanted


def _in_single_precision(array: np.ndarray) -> np.ndarray:
    return array.astype(np.float32).astype(np.float64)


class _Counted:
    def __init__(self, function: Callable[..., Any]):
        self._function = function
        self.calls = 0

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.calls += 1
        return self._function(*args, **kwargs)


def calls_counted(function: Callable[..., Any]) -> Any:
    """Wrap a callable argument; `.calls` tells how often the submission called it."""
    return _Counted(function)


@contextmanager
def observed(observer: Callable[[Any, Any, float, bool], None]) -> Iterator[None]:
    """Tell `observer` of every comparison: got, wanted, tolerance, whether it was right. For certification."""
    before, state.observer = state.observer, observer
    try:
        yield
    finally:
        state.observer = before


# --- judging --------------------------------------------------------------------------------------------------------


def compare(
    name: str,
    got: Any,
    want: Any,
    axes: str = "",
    *,
    tolerance: float = TOLERANCE,
    dtype: Any = None,
    valid: Any = None,
    layout: Layout | None = None,
) -> None:
    """End the test as failed where a result differs from what it should be.

    `valid` (a mask or lengths) and `layout` (gates, stacked blocks) only make the message more precise.
    """
    difference = describe_difference(
        name, got, want, axes, tolerance, dtype=dtype, valid=valid, layout=layout
    )
    if state.observer is not None:
        state.observer(got, want, tolerance, difference is None)
    if difference:
        raise TestEnded("failed", (got is None and returns_nothing()) or difference)
    state.evidence |= _shown_by(want)


def require(condition: bool, message: str) -> None:
    """End the test as failed where a property does not hold. The student may see the message."""
    if not condition:
        raise TestEnded("failed", message)
    state.evidence.add(TELLING)


def _shown_by(want: Any) -> set[str]:
    """What a result shows that is as wanted: more than one constant is telling, nothing at all shows nothing."""
    shown = {_constant(leaf) for leaf in leaves(want)} - {NOTHING}
    return {TELLING} if len(shown) > 1 else shown


def _constant(leaf: Any) -> str:
    """Name what a body would return that computes nothing: zeros, ones, None, an argument; TELLING for all else."""
    if leaf is None:
        return "None"
    if hasattr(leaf, "detach"):
        leaf = leaf.detach().numpy()
    if not isinstance(leaf, bool | int | float | np.generic | np.ndarray):
        return TELLING if leaf else NOTHING
    values = np.asarray(leaf)
    if values.size == 0:
        return NOTHING
    for constant in (0, 1):
        if (values == constant).all():
            return str(constant)
    return "an argument" if any(_equal(values, each) for each in leaves(state.given)) else TELLING


def _equal(values: np.ndarray, argument: Any) -> bool:
    if hasattr(argument, "detach"):
        argument = argument.detach().numpy()
    if not isinstance(argument, int | float | np.generic | np.ndarray):
        return False
    return values.shape == np.shape(argument) and bool((values == argument).all())


def returns_nothing() -> str:
    """Say that the function that was called last gave None, which is most likely a slip; "" where it did not."""
    return f"{state.nothing} returns nothing: is a `return` missing?" if state.nothing else ""


@contextmanager
def raises(error: type[BaseException], naming: str | tuple[str, ...] | None) -> Iterator[None]:
    """Expect the submission to raise `error`, its message holding one of `naming` as a whole word."""
    words = (naming,) if isinstance(naming, str) else naming
    try:
        yield
    except _Raised as ended:
        raised = ended.raised
        if error.__name__ not in raised.bases:
            raise TestEnded(
                "failed", f"should raise {error.__name__} here; {raised.tell()}"
            ) from None
        if words and not any(
            re.search(rf"(?<!\w){re.escape(word)}(?!\w)", raised.text) for word in words
        ):
            shown = " or ".join(words)
            raise TestEnded(
                "failed", f"the message of its {error.__name__} should name {shown}"
            ) from None
        return
    raise TestEnded("failed", f"should raise {error.__name__} here; it returned a result")


class _Raised(TestEnded):
    """The submission raised; kept apart so that `raises` can look at it."""

    def __init__(self, function: str, raised: StudentRaised):
        super().__init__("error", f"{function} {raised.tell()}")
        self.raised = raised


def unchanged(student: Student, name: str, *args: Any, **kwargs: Any) -> None:
    """Call a function and fail where one of its arguments is another afterwards."""
    outcome = student.call(name, *args, echo=True, **kwargs)
    after = outcome.args_after
    for position, (before, later) in enumerate(zip(args, after, strict=True)):
        if not _same(before, later):
            raise TestEnded("failed", f"{name} modified its argument number {position + 1}")


def _same(before: Any, later: Any) -> bool:
    if isinstance(before, Mapping):
        return (
            isinstance(later, Mapping)
            and list(before) == list(later)
            and all(_same(before[key], later[key]) for key in before)
        )
    if isinstance(before, (list, tuple)):
        return (
            isinstance(later, (list, tuple))
            and len(before) == len(later)
            and all(map(_same, before, later))
        )
    if hasattr(before, "detach"):
        before = before.detach().numpy()
        later = later.detach().numpy() if hasattr(later, "detach") else later
    if isinstance(before, np.ndarray):
        return (
            isinstance(later, np.ndarray)
            and before.dtype == later.dtype
            and before.shape == later.shape
            and before.tobytes() == later.tobytes()  # bytes: NaN in padding equals itself here
        )
    if callable(before) or isinstance(before, (Opaque, Handle)):
        return True  # not data: it never left this side
    return bool(before == later)


# --- the remote student ---------------------------------------------------------------------------------------------


class Student:
    """The functions of one submission, called in its worker. Attribute access gives a function."""

    def __init__(
        self,
        session: Session,
        results: Mapping[str, Any],
        seconds: Callable[[], float | None],
        seed: int,
    ):
        self._session = session
        self._results = results
        self._seconds = seconds
        self._seed = seed

    @property
    def steps_are_lent(self) -> bool:
        """Tell whether the steps that the test names are the reference's, which take no large arrays."""
        return self._session.lends

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_"):
            raise AttributeError(name)
        return lambda *args, **kwargs: self.call(name, *args, **kwargs).result

    def call(
        self,
        function: str,
        *args: Any,
        echo: bool = False,
        cotangents: Any = None,
        strict: bool = False,
        count: bool = False,
        **kwargs: Any,
    ) -> CallResult:
        """Call a function; its results are checked for number and come back as `RESULTS` declares them.

        `echo` brings the arguments back as they are afterwards; with `strict` a RuntimeWarning of numpy's is an error;
        with `count` the result tells how many lines of Python were run.
        """
        state.given.append((args, kwargs))
        declared = self._results.get(function, "")
        hold: bool | list[bool] = declared == HANDLE
        if isinstance(declared, Mapping):
            hold = [axes == HANDLE for axes in declared.values()]
        outcome = self._guard(
            function,
            lambda: self._session.call(
                function,
                args,
                kwargs,
                hold=hold,
                echo=echo,
                cotangents=cotangents,
                seed=self._seed,
                seconds=self._seconds(),
                strict=strict,
                count=count,
            ),
        )
        state.nothing = function if outcome.result is None else ""
        if outcome.result is None and (declared == HANDLE or isinstance(declared, Mapping)):
            raise TestEnded("failed", returns_nothing())
        if isinstance(declared, Mapping):
            self._check_count(function, outcome.result, list(declared))
        return outcome

    def vjp(self, function: str, *args: Any, cotangents: Sequence[Any]) -> tuple[Any, Any]:
        """Return the results and the gradients of the tensor arguments that require one (torch chapters)."""
        outcome = self.call(function, *args, cotangents=cotangents)
        return outcome.result, outcome.gradients

    def invoke(self, handle: Handle, *args: Any, **kwargs: Any) -> Any:
        """Call an object that the submission returned, such as a model."""
        return self.method(handle, "", *args, **kwargs)

    def method(self, handle: Handle, method: str, *args: Any, **kwargs: Any) -> Any:
        """Call a method of an object that the submission returned."""
        call = functools.partial(
            self._session.call, handle, args, kwargs, method=method, seconds=self._seconds()
        )
        return self._guard(method or "the model", call).result

    def attribute(self, handle: Handle, name: str) -> Any:
        """Read an attribute of an object that the submission returned."""
        call = functools.partial(
            self._session.call, handle, (), method=name, attribute=True, seconds=self._seconds()
        )
        return self._guard(name, call).result

    def model_state(self, handle: Handle) -> dict[str, tuple[Any, bool]]:
        """Return parameters and buffers of a model by name, each with `requires_grad`."""
        return self._guard("the model", lambda: self._session.model_state(handle))

    def load_model_state(self, handle: Handle, values: Mapping[str, Any]) -> None:
        """Copy values into parameters and buffers of a model, in place."""
        self._guard("the model", lambda: self._session.load_model_state(handle, values))

    def _guard(self, function: str, call: Callable[[], Any]) -> Any:
        try:
            return call()
        except StudentRaised as raised:
            raise _Raised(function, raised) from None
        except FunctionMissing:
            raise TestEnded("missing", f"there is no function {function}") from None
        except WorkerEnded as ended:
            raise TestEnded(ended.verdict, f"{function} {ended.message}") from None

    @staticmethod
    def _check_count(function: str, result: Any, names: list[str]) -> None:
        shown = ", ".join(names)
        if not isinstance(result, (tuple, list)):
            kind = result.type_name if isinstance(result, Unsent) else type(result).__name__
            raise TestEnded(
                "failed", f"{function} returns {len(names)} results ({shown}); it gave one {kind}"
            )
        if len(result) != len(names):
            raise TestEnded(
                "failed",
                f"{function} returns {len(names)} results ({shown}); it gave {len(result)}",
            )
