"""Visible checks: how one is written, and how one is run on the functions of a notebook.

A check calls the student's functions through a `Check`, which notes what it finds and goes on as long as that makes
sense. The outcome is a `CheckResult`: plain data that `%check` renders.
"""

from __future__ import annotations

import importlib
import linecache
import pkgutil
import re
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from seqlab.compare import TOLERANCE, describe_difference

MAX_FINDINGS = 8

# Central differences: steps and tolerance for functions that compute in double precision, and for those that
# compute in single precision inside, whose rounding drowns a small step.
_FINE_STEP = 1e-5
_COARSE_STEP = 1e-2
_COARSE_TOLERANCE = 2e-4

_STUDENT_FILES = re.compile(r"<ipython-input|ipykernel_\d+|^<(?!frozen|string)[^>]+>$")

CheckFunction = Callable[["Check"], None]


@dataclass(frozen=True)
class VisibleCheck:
    """A registered check with what is said when it fails: first a question, then a likely mistake."""

    function: str
    run: CheckFunction
    question: str
    likely: str


@dataclass(frozen=True)
class CheckResult:
    """What a check found; `ok` where it found nothing wrong."""

    function: str
    ok: bool
    findings: tuple[str, ...] = ()
    question: str = ""
    likely: str = ""


_registry: dict[str, dict[str, VisibleCheck]] = {}


def visible_check(
    function: str, *, question: str, likely: str
) -> Callable[[CheckFunction], CheckFunction]:
    """Register the check of a function for the chapter after which the module is named.

    Args:
        function: its name in the notebook.
        question: shown at the first failure; leads to the place to look at.
        likely: shown when the check fails again: the mistake that is made most often.
    """

    def register(check: CheckFunction) -> CheckFunction:
        chapter = check.__module__.rpartition(".")[2]
        checks = _registry.setdefault(chapter, {})
        if function in checks:
            raise ValueError(f"{chapter} has two visible checks of {function}")
        checks[function] = VisibleCheck(function, check, question, likely)
        return check

    return register


def chapters_with_checks() -> list[str]:
    """Names of the chapters that have a module of checks; none of them is imported."""
    package = importlib.import_module("seqlab.checks")
    return sorted(module.name for module in pkgutil.iter_modules(package.__path__))


def checks_of(chapter: str) -> dict[str, VisibleCheck]:
    """Function to check of one chapter, in the order of its module, which is imported now.

    Raises:
        KeyError: there is no such chapter.
    """
    if chapter not in _registry:
        if chapter not in chapters_with_checks():
            raise KeyError(chapter)
        importlib.import_module(f"seqlab.checks.{chapter}")
    return dict(_registry.get(chapter, {}))


def run_check(check: VisibleCheck, namespace: Mapping[str, Any]) -> CheckResult:
    """Run a check on the functions of a namespace.

    Exceptions of the functions become findings. What is no `Exception`, such as the interrupt of a kernel, passes.
    """
    c = Check(namespace)
    try:
        check.run(c)
    except _Stopped:
        pass
    except Exception as error:
        # What a check does with a result works for every right one, so the result's form is at fault. After an
        # earlier finding this is only a consequence of it.
        if not c.findings:
            c.note(
                f"a result of {c.last_called or check.function} is not of the form that the docstring gives "
                f"({type(error).__name__}: {error})"
            )
    findings = tuple(c.findings[:MAX_FINDINGS])
    if len(c.findings) > MAX_FINDINGS:
        findings += (f"and {len(c.findings) - MAX_FINDINGS} more",)
    return CheckResult(check.function, not findings, findings, check.question, check.likely)


class _Stopped(Exception):
    """A call gave nothing to go on with; its finding is noted."""


class Check:
    """What a visible check is written with. Each method notes a finding where something is wrong."""

    def __init__(self, namespace: Mapping[str, Any]):
        self._namespace = namespace
        self.findings: list[str] = []
        self.last_called = ""
        # What the student's functions returned. Caches are among it, and a cache is nobody else's business.
        self._theirs: dict[int, Any] = {}

    def note(self, finding: str) -> None:
        """Add a finding, once."""
        if finding not in self.findings:
            self.findings.append(finding)

    def call(self, function: str, *args: Any, results: int | None = None, **kwargs: Any) -> Any:
        """Call one of the student's functions; the check ends here where that fails.

        Args:
            function: its name.
            *args: handed over as they are. Should the function modify one, that is noted and undone.
            results: how many results there should be, where there are several.
            **kwargs: likewise.

        Returns:
            What the function returned; a tuple where `results` is given.
        """
        try:
            result = self._invoke(function, args, kwargs)
        except _Stopped:
            raise
        except Exception as error:
            self.note(_describe_exception(function, error))
            raise _Stopped from error
        self._keep(result)
        if results is None:
            return result
        if not isinstance(result, (tuple, list)):
            kind = "nothing" if result is None else f"one {type(result).__name__}"
            self.note(f"{function} should return {results} results, it returned {kind}")
            raise _Stopped
        if len(result) != results:
            self.note(f"{function} should return {results} results, it returned {len(result)}")
            raise _Stopped
        for part in result:
            self._keep(part)
        return tuple(result)

    def expect(
        self,
        name: str,
        got: Any,
        want: Any,
        axes: str = "",
        *,
        tolerance: float = TOLERANCE,
        dtype: Any = None,
    ) -> None:
        """Compare a result with what it should be; both may be shown."""
        difference = describe_difference(name, got, want, axes, tolerance, reveal=True, dtype=dtype)
        if difference:
            self.note(difference)

    def expect_gradient(
        self, name: str, got: Any, f: Callable[[Any], float], at: Any, axes: str = ""
    ) -> None:
        """Compare a gradient with central differences of a scalar function.

        Args:
            name: what the gradient is called in a finding.
            got: the gradient, of the shape of `at`.
            f: gets an array (or tensor) like `at`; calls the student's forward.
            at: the point, in double precision.
            axes: names of the axes.
        """
        point = _plain(at)
        estimate, noise = _central_differences(lambda v: f(_like(at, v)), point, _FINE_STEP)
        difference = _gradient_difference(name, got, at, estimate, noise, axes, TOLERANCE)
        if difference is None:
            return
        estimate, noise = _five_point_differences(lambda v: f(_like(at, v)), point, _COARSE_STEP)
        if _gradient_difference(name, got, at, estimate, noise, axes, _COARSE_TOLERANCE):
            self.note(f"{difference} (by central differences of your own forward)")

    def expect_error(
        self,
        error: type[Exception],
        naming: str | tuple[str, ...] | None,
        function: str,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        """Expect a call to raise `error` with one of the words `naming` in its message."""
        try:
            self._invoke(function, args, kwargs)
        except _Stopped:
            raise
        except error as raised:
            words = (naming,) if isinstance(naming, str) else naming or ()
            text = " ".join(map(str, raised.args))
            if isinstance(raised, NotImplementedError) and error is not NotImplementedError:
                self.note(_describe_exception(function, raised))
            elif words and not any(_has_word(text, word) for word in words):
                shown = " or ".join(words)
                self.note(
                    f"{function} raises {error.__name__}, but its message does not name {shown}"
                )
        except Exception as raised:
            if isinstance(raised, NotImplementedError):
                self.note(_describe_exception(function, raised))
            else:
                kind = type(raised).__name__
                self.note(f"{function} should raise {error.__name__} here, it raised {kind}")
        else:
            self.note(f"{function} should raise {error.__name__} here, it returned a result")

    def expect_unchanged(self, function: str, *args: Any, **kwargs: Any) -> None:
        """Expect a call to leave its arguments as they are.

        Where one of them is something that the student's functions returned, such as a cache, that means that a second
        call with it gives the same results.
        """
        first = self.call(function, *args, **kwargs)
        if not any(id(arg) in self._theirs for arg in args) or not _is_data(first):
            return
        kept = _snapshot(first)
        second = self.call(function, *args, **kwargs)
        if describe_difference("it", second, kept):
            self.note(
                f"{function} gives another result when it is called again with the same cache"
            )

    # --- inside

    def _invoke(self, function: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call a function; note and undo what it does to its arguments."""
        if function not in self._namespace:
            self.note(f"there is no {function} yet: run the cell that defines it")
            raise _Stopped
        self.last_called = function
        arguments = dict(enumerate(args, start=1)) | kwargs
        before = {
            place: _snapshot(value)
            for place, value in arguments.items()
            if id(value) not in self._theirs
        }
        try:
            return self._namespace[function](*args, **kwargs)
        finally:
            for place, value in before.items():
                if not _restore(arguments[place], value)[1]:
                    which = f"argument number {place}" if isinstance(place, int) else f"{place}"
                    self.note(f"{function} modifies its {which}: work on a copy")

    def _keep(self, result: Any) -> None:
        self._theirs[id(result)] = result


# --- exceptions ---------------------------------------------------------------------------------------------------


def _describe_exception(function: str, error: BaseException) -> str:
    if isinstance(error, NotImplementedError):
        return f"{function} is not written yet: it raises NotImplementedError"
    text = " ".join(str(error).split())
    said = f": {text}" if text else ""
    return f"{function} raised {type(error).__name__}{said[:300]}{_student_line(error)}"


def _student_line(error: BaseException) -> str:
    """Say which line of a notebook's cell raised, the innermost one."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if _STUDENT_FILES.search(frame.filename):
            code = linecache.getline(frame.filename, frame.lineno or 0).strip()
            shown = f", `{code}`" if code else ""
            return f" (line {frame.lineno} of its cell{shown})"
    return ""


def _has_word(text: str, word: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text) is not None


# --- arguments before and after -------------------------------------------------------------------------------------


def _is_tensor(value: Any) -> bool:
    return type(value).__module__.partition(".")[0] == "torch" and hasattr(value, "detach")


def _snapshot(value: Any) -> Any:
    """Copy arrays, tensors and containers; keep what is no data."""
    if isinstance(value, np.ndarray):
        return value.copy()
    if _is_tensor(value):
        return value.detach().clone()
    if type(value) is dict:
        return {key: _snapshot(item) for key, item in value.items()}
    if type(value) in (list, tuple):
        return type(value)(_snapshot(item) for item in value)
    return value


def _restore(value: Any, before: Any) -> tuple[Any, bool]:
    """Bring a value back to its snapshot, in place where it can be changed.

    Returns:
        What now is as it was before, and whether it still had been.
    """
    if type(value) is not type(before):
        return before, False
    if isinstance(value, np.ndarray):
        # A function may have reshaped the very array, not only changed its entries.
        if value.shape != before.shape or value.dtype != before.dtype:
            return before, False
        same = value.tobytes() == before.tobytes()  # bytes: NaN in padding equals itself here
        if not same:
            value[...] = before
        return value, same
    if _is_tensor(value):
        return value, _restore(value.detach().numpy(), before.numpy())[1]
    if type(value) is dict:
        parts = {key: _restore(value[key], before[key]) for key in before if key in value}
        same = list(value) == list(before) and all(same for _, same in parts.values())
        if not same:
            value.clear()
            value.update({key: parts[key][0] if key in parts else before[key] for key in before})
        return value, same
    if type(value) in (list, tuple):
        items = [_restore(item, old) for item, old in zip(value, before, strict=False)]
        same = len(value) == len(before) and all(same for _, same in items)
        if not same and type(value) is list:
            value[:] = [*(item for item, _ in items), *before[len(items) :]]
        return value, same
    if isinstance(value, (int, float, complex, str, bytes, np.generic)):
        return before, repr(value) == repr(before)  # as text: NaN equals itself, 1 is not True
    return before, value is before


def _is_data(value: Any) -> bool:
    """Whether a result consists of what can be compared."""
    if isinstance(value, Mapping):
        return all(map(_is_data, value.values()))
    if isinstance(value, (list, tuple)):
        return all(map(_is_data, value))
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "biuf"
    return _is_tensor(value) or isinstance(value, (bool, int, float, str, np.number, np.bool_))


# --- central differences --------------------------------------------------------------------------------------------


def _plain(at: Any) -> np.ndarray:
    return np.array(at.detach().numpy() if _is_tensor(at) else at, dtype=np.float64)


def _like(at: Any, value: np.ndarray) -> Any:
    """Return an array in the form of the point: a tensor where that is one."""
    return at.new_tensor(value) if _is_tensor(at) else value


def _differences(
    f: Callable[[np.ndarray], float],
    at: np.ndarray,
    step: float,
    weights: Sequence[tuple[int, float]],
) -> tuple[np.ndarray, float]:
    """Estimate the gradient by a stencil of `(multiple of the step, weight)`; return it with what rounding adds."""
    gradient = np.zeros(at.shape)
    largest = 0.0
    for index in np.ndindex(at.shape):
        for multiple, weight in weights:
            moved = at.copy()
            moved[index] += multiple * step
            value = float(f(moved))
            largest = max(largest, abs(value))
            gradient[index] += weight * value / step
    return gradient, 8 * np.finfo(np.float64).eps * largest / step


def _central_differences(
    f: Callable[[np.ndarray], float], at: np.ndarray, step: float
) -> tuple[np.ndarray, float]:
    return _differences(f, at, step, ((1, 0.5), (-1, -0.5)))


def _five_point_differences(
    f: Callable[[np.ndarray], float], at: np.ndarray, step: float
) -> tuple[np.ndarray, float]:
    return _differences(f, at, step, ((1, 2 / 3), (-1, -2 / 3), (2, -1 / 12), (-2, 1 / 12)))


def _gradient_difference(
    name: str,
    got: Any,
    at: Any,
    estimate: np.ndarray,
    noise: float,
    axes: str,
    tolerance: float,
) -> str | None:
    """Describe how a gradient differs from its estimate, of which `noise` is not to be trusted."""
    values = got.detach().numpy() if _is_tensor(got) else got
    comparable = isinstance(values, (np.ndarray, float, int, np.number))
    if comparable and np.shape(values) == estimate.shape:
        near = np.abs(np.asarray(values, dtype=np.float64) - estimate) <= noise
        estimate = np.where(near, values, estimate)
    want: Any = _like(at, estimate) if estimate.ndim or _is_tensor(at) else float(estimate)
    return describe_difference(name, got, want, axes, tolerance, reveal=True)
