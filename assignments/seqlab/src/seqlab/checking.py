"""What a visible check is written with: calls of the student's functions, and what is expected of them."""

from __future__ import annotations

import linecache
import re
import sys
import traceback
from collections.abc import Callable, Mapping
from typing import Any

from seqlab import grader
from seqlab.asgraded import Lacking, numpy_rule
from seqlab.causes import raise_to_delete
from seqlab.compare import TOLERANCE, Layout, describe_difference
from seqlab.differences import compare_with_differences
from seqlab.outline import at_line, is_stub, outline, raise_left
from seqlab.results import GradientRow
from seqlab.snapshots import is_data, restore, snapshot

_STUDENT_FILES = re.compile(r"<ipython-input|ipykernel_\d+|^<(?!frozen|string)[^>]+>$")


Why = Callable[[str, BaseException], str]
"""Of a function that was called and what it raised: why, where the notebook around it tells; else ""."""


class LibraryMissing(Exception):
    """A check needs a library that the notebook has not imported."""


def loaded(library: str) -> Any:
    """Return a library that the notebook has imported; seqlab itself imports none.

    Raises:
        LibraryMissing: it has not.
    """
    if library not in sys.modules:
        raise LibraryMissing(f"{library} is missing here: run the cell that imports it")
    return sys.modules[library]


class Stopped(Exception):
    """A call gave nothing to go on with; its finding is noted."""


class Check:
    """What a visible check is written with. Each method notes a finding where something is wrong."""

    def __init__(
        self,
        namespace: Mapping[str, Any],
        lacking: Lacking | None = None,
        why: Why = lambda _function, _error: "",
    ):
        """Take the functions, what the grader lacks, and what tells why one raised beside what the exception says."""
        self._namespace = namespace
        self._lacking = lacking or Lacking("")
        self._why = why
        self._nothing = ""  # the function whose latest call returned None
        self.findings: list[str] = []
        self.last_called = ""
        self.stopped = False  # the time was over
        self.calls = 0
        self.called: list[str] = []  # in order, each once
        self.gradients: dict[str, GradientRow] = {}
        self.gradient_findings: list[str] = []
        # What the student's functions returned. Caches are among it, and only their owner looks into those.
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
        except Stopped:
            raise
        except Exception as error:
            self.note(self._described(function, error))
            raise Stopped from error
        self._keep(result)
        self._nothing = function if result is None else ""
        if results is None:
            return result
        if not isinstance(result, (tuple, list)):
            if result is None:
                self.note(f"{_returns_nothing(function)} It should return {results} results")
                raise Stopped
            kind = f"one {type(result).__name__}"
            self.note(f"{function} should return {results} results, it returned {kind}")
            raise Stopped
        if len(result) != results:
            self.note(f"{function} should return {results} results, it returned {len(result)}")
            raise Stopped
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
        valid: Any = None,
        layout: Layout | None = None,
    ) -> None:
        """Compare a result with what it should be; both may be shown.

        `valid` (a mask or lengths) and `layout` (gates, stacked blocks) make the finding more precise.
        """
        if got is None and want is not None and self._nothing:
            self.note(_returns_nothing(self._nothing))
            return
        difference = describe_difference(
            name, got, want, axes, tolerance, reveal=True, dtype=dtype, valid=valid, layout=layout
        )
        if difference:
            self.note(difference)

    def expect_gradient(
        self,
        name: str,
        got: Any,
        f: Callable[[Any], float],
        at: Any,
        axes: str = "",
        *,
        valid: Any = None,
        layout: Layout | None = None,
    ) -> None:
        """Compare a gradient with central differences of a scalar function.

        Args:
            name: what the gradient is called in a finding.
            got: the gradient, of the shape of `at`.
            f: gets an array (or tensor) like `at`; calls the student's forward.
            at: the point, in double precision.
            axes: names of the axes.
            valid: a mask or lengths, so that a finding tells padding apart.
            layout: of which blocks the gradient is stacked.
        """
        calls = self.calls
        row, difference = compare_with_differences(name, got, f, at, axes, valid, layout)
        own_forward = self.calls > calls
        before = self.gradients.get(name)
        if own_forward and (before is None or before.ok):  # of several cases, the first wrong one
            self.gradients[name] = row
        if difference and own_forward:
            self.gradient_findings.append(
                f"{difference} (by central differences of your own forward)"
            )
        elif difference:
            self.note(f"{difference} (by central differences)")

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
        except Stopped:
            raise
        except error as raised:
            words = (naming,) if isinstance(naming, str) else naming or ()
            text = " ".join(map(str, raised.args))
            if isinstance(raised, NotImplementedError) and error is not NotImplementedError:
                self.note(self._described(function, raised))
            elif words and not any(_has_word(text, word) for word in words):
                shown = " or ".join(words)
                self.note(
                    f"{function} raises {error.__name__}, but its message does not name {shown}"
                )
        except Exception as raised:
            if isinstance(raised, NotImplementedError):
                self.note(self._described(function, raised))
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
        if not any(id(arg) in self._theirs for arg in args) or not is_data(first):
            return
        kept = snapshot(first)
        second = self.call(function, *args, **kwargs)
        if describe_difference("it", second, kept):
            self.note(
                f"{function} gives another result when it is called again with the same cache"
            )

    @property
    def nothing(self) -> str:
        """Say that the function that was called last returned None, "" where it did not."""
        return _returns_nothing(self._nothing) if self._nothing else ""

    # --- inside

    def _described(self, function: str, error: BaseException) -> str:
        module = self._lacking.needed(error)
        if module and grader.lacks(module, self._lacking.chapter):
            needs = f"{function} needs `{module}`, which the grader does not have"
            return f"{needs}{_student_line(error)}"
        if rule := numpy_rule(error):
            return f"{function}: {rule}{_student_line(error)}"
        said = _describe_exception(function, error)
        why = self._why(function, error)
        if why and isinstance(error, NotImplementedError):
            return f"{function} is stopped: {why}"
        return f"{said}: {why}" if why else said

    def _invoke(self, function: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call a function; note and undo what it does to its arguments."""
        if function not in self._namespace:
            self.note(f"there is no {function} yet: run the cell that defines it")
            raise Stopped
        self.last_called = function
        self.calls += 1
        if function not in self.called:
            self.called.append(function)
        arguments = dict(enumerate(args, start=1)) | kwargs
        before = {
            place: snapshot(value)
            for place, value in arguments.items()
            if id(value) not in self._theirs
        }
        try:
            return self._namespace[function](*args, **kwargs)
        finally:
            for place, value in before.items():
                if not restore(arguments[place], value)[1]:
                    which = f"argument number {place}" if isinstance(place, int) else f"{place}"
                    self.note(f"{function} modifies its {which}: work on a copy")

    def _keep(self, result: Any) -> None:
        self._theirs[id(result)] = result


def _returns_nothing(function: str) -> str:
    return f"{function} returns nothing: is a `return` missing?"


def _describe_exception(function: str, error: BaseException) -> str:
    if isinstance(error, NotImplementedError):
        return _describe_stub(function, error)
    text = " ".join(str(error).split())
    said = f": {text}" if text else ""
    return f"{function} raised {type(error).__name__}{said[:300]}{_student_line(error)}"


def _describe_stub(function: str, error: BaseException) -> str:
    """Say whose NotImplementedError this is, and whether it is a stub's or left behind beside finished code."""
    frame = student_frame(error)
    if frame is None:
        return f"{function} is not written yet: it raises NotImplementedError"
    top = at_line(outline("".join(linecache.getlines(frame.filename))), frame.lineno or 0)
    if top is not None and raise_left(top.text, (frame.lineno or 0) - top.first + 1):
        whose = "" if top.defines == function else f" (in {top.defines or 'its cell'})"
        return f"{function} is stopped: {raise_to_delete(frame.lineno or 0)}{whose}"
    if top is not None and top.defines and top.defines != function and is_stub(top.text):
        return f"{function} waits for {top.defines}: that is not written yet"
    return f"{function} is not written yet: it raises NotImplementedError"


def student_frame(error: BaseException) -> traceback.FrameSummary | None:
    """Return the innermost place of an exception in a notebook's cell, None where there is none."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if _STUDENT_FILES.search(frame.filename):
            return frame
    return None


def _student_line(error: BaseException) -> str:
    """Say which line of a notebook's cell raised, the innermost one."""
    frame = student_frame(error)
    if frame is None:
        return ""
    code = linecache.getline(frame.filename, frame.lineno or 0).strip()
    shown = f", `{code}`" if code else ""
    return f" (line {frame.lineno} of its cell{shown})"


def _has_word(text: str, word: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text) is not None
