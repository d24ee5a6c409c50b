"""Visible checks: how one is written, and how one is run on the functions of a notebook.

A check calls the student's functions through a `Check`, which notes what it finds and goes on as long as that makes
sense. The outcome is a `CheckResult`: plain data that `%check` renders.
"""

from __future__ import annotations

import importlib
import inspect
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from seqlab import grader, numpynames, timelimit
from seqlab.asgraded import Lacking, importing, numpy_of_grader
from seqlab.chapters import chapters_with_checks, function_names
from seqlab.checking import Check, LibraryMissing, Stopped, Why
from seqlab.results import CheckResult

__all__ = [
    "Check",
    "CheckResult",
    "VisibleCheck",
    "chapters_with_checks",
    "checks_of",
    "function_names",
    "run_check",
    "visible_check",
]

MAX_FINDINGS = 8

CheckFunction = Callable[["Check"], None]


@dataclass(frozen=True)
class VisibleCheck:
    """A registered check with what is said when it fails: first a question, then a likely mistake."""

    function: str
    run: CheckFunction
    question: str
    likely: str
    chapter: str = ""
    seconds: float = timelimit.SECONDS


_registry: dict[str, dict[str, VisibleCheck]] = {}


def visible_check(
    function: str, *, question: str, likely: str, seconds: float = timelimit.SECONDS
) -> Callable[[CheckFunction], CheckFunction]:
    """Register the check of a function for the chapter after which the module is named.

    Args:
        function: its name in the notebook.
        question: shown at the first failure; leads to the place to look at.
        likely: shown when the check fails again: the mistake that is made most often.
        seconds: after which the function is stopped; more than usual for one that trains a model.
    """

    def register(check: CheckFunction) -> CheckFunction:
        chapter = check.__module__.rpartition(".")[2]
        checks = _registry.setdefault(chapter, {})
        if function in checks:
            raise ValueError(f"{chapter} has two visible checks of {function}")
        checks[function] = VisibleCheck(function, check, question, likely, chapter, seconds)
        return check

    return register


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


def run_check(
    check: VisibleCheck,
    namespace: Mapping[str, Any],
    seconds: float | None = None,
    lacking: Lacking | None = None,
    why: Why = lambda _function, _error: "",
) -> CheckResult:
    """Run a check on the functions of a namespace.

    Exceptions of the functions become findings, and so does a function that has not finished after so many seconds,
    those of the check unless given.
    What is no `Exception`, such as the interrupt of a kernel, passes. `why` tells of an exception what the notebook around
    the function has to do with it. The grader's rules hold: `seqlab.asgraded`.
    """
    c = _observe(check, namespace, seconds or check.seconds, lacking, why)
    findings = (*_findings(c), *_beyond_numpy(check.function, namespace))
    if not findings:
        return CheckResult(check.function, True, (), check.question, check.likely)
    if c.stopped:  # trying its parts would take as long again
        mend_first = tuple({c.last_called} - {check.function, ""})
    else:
        mend_first = tuple(_broken_parts(check, c.called, namespace))
    # Differences of a forward that is wrong would send the student after mistakes that are none.
    rows = () if mend_first else tuple(c.gradients.values())
    return CheckResult(
        check.function, False, findings, check.question, check.likely, rows, mend_first
    )


def _beyond_numpy(function: str, namespace: Mapping[str, Any]) -> Iterator[str]:
    """Name what a function takes from an older numpy and the grader's does not have."""
    numpy = sys.modules.get("numpy")
    code = inspect.unwrap(namespace.get(function, None)) if function in namespace else None
    version = grader.numpy_version()
    if numpy is None or numpy.__version__ == version or not inspect.isfunction(code):
        return
    try:
        source = textwrap.dedent(inspect.getsource(code))
    except (OSError, TypeError):
        return  # as of a function that was made by `exec`
    if "hasattr" in source or "AttributeError" in source:
        return  # it asks first
    known = {name: value.__name__ for name, value in namespace.items() if inspect.ismodule(value)}
    for line, name in numpynames.missing(source, known):
        yield f"{function} uses `{name}`, which numpy {version}, the grader's, does not have (its line {line})"


def _observe(
    check: VisibleCheck,
    namespace: Mapping[str, Any],
    seconds: float,
    lacking: Lacking | None = None,
    why: Why = lambda _function, _error: "",
) -> Check:
    c = Check(namespace, lacking or Lacking(check.chapter), why)
    try:
        with (
            importing(namespace, check.chapter),
            numpy_of_grader(),
            timelimit.limited(seconds),
        ):
            check.run(c)
    except Stopped:
        pass
    except timelimit.TimeIsUp:
        c.stopped = True
        c.note(timelimit.said(c.last_called or check.function, seconds))
    except LibraryMissing as missing:
        c.note(str(missing))
    except Exception as error:
        # What a check does with a result works for every right one, so the result's form is at fault. After an
        # earlier finding this is only a consequence of it.
        if not c.findings and not c.gradient_findings:
            c.note(
                c.nothing
                or f"a result of {c.last_called or check.function} is not of the form that the docstring gives "
                f"({type(error).__name__}: {error})"
            )
    return c


def _findings(c: Check) -> tuple[str, ...]:
    """Return what a check noted. Of several wrong gradients the first is described; the table shows the others."""
    findings = [*c.findings, *c.gradient_findings[:1]]
    shown = findings[:MAX_FINDINGS]
    if len(findings) > MAX_FINDINGS:
        shown.append(f"and {len(findings) - MAX_FINDINGS} more")
    wrong = [name for name, row in c.gradients.items() if not row.ok]
    if len(wrong) > 1:
        shown.append(f"{len(wrong)} of {len(c.gradients)} gradients differ: {', '.join(wrong)}")
    return tuple(shown)


def _broken_parts(
    check: VisibleCheck, called: Sequence[str], namespace: Mapping[str, Any]
) -> Iterator[str]:
    """Name the other functions of the chapter that the check called and that fail their own check."""
    others = _registry.get(check.chapter, {})
    for function in called:
        if function != check.function and function in others:
            own = _observe(others[function], namespace, others[function].seconds)
            if own.findings or own.gradient_findings:
                yield function
