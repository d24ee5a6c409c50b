"""The pytest plugin that runs a hidden suite against one submission after another and records typed outcomes.

The suite is collected once; `start` puts the next submission in place. The same plugin serves the grader and
`pytest autograder/chapters --submission PATH` by hand.
"""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from autograder.course.settings import Grading
from autograder.course.source import Chapter, load_reference
from autograder.grading import traces as naming
from autograder.grading.toolkit import (
    HANDLE,
    Opaque,
    Student,
    TestEnded,
    evidence,
    set_seed,
)
from autograder.results import NO_EVIDENCE, TestResult
from autograder.sandbox.session import Session, StudentRaised
from autograder.sandbox.terms import GraderFault


class SuiteError(Exception):
    """The suite itself is wrong: a test that scores no function of the chapter, a function without a test."""


class SuitePlugin:
    """Fixtures and hooks of one chapter's suite."""

    def __init__(self, chapter: Chapter, grading: Grading | None = None):
        self.chapter = chapter
        grading = grading or Grading()
        self.limits = grading.limits
        self.seed = grading.seed
        set_seed(self.seed)
        self._reference: types.ModuleType | None = None
        self._session: Session | None = None
        self._student_called = False
        self._clock_start = 0.0
        self._spent: dict[tuple[str, bool], float] = {}
        self.items: list[pytest.Function] = []
        self.error: SuiteError | None = None
        self.outcomes: dict[str, dict[str, TestResult]] = {}
        self.traces: dict[str, dict[str, list[naming.Trace]]] = {}
        self.last_verdict = ""
        self._calls: list[naming.Call] = []  # of the running attempt
        self._attempts: list[naming.Trace] = []  # of the running test
        self._without_evidence: set[tuple[str, str]] = set()
        self.raise_failures = False  # by hand, pytest is to see them
        self._share = self.limits.chapter / max(1, len(chapter.functions))

    # --- one submission

    def start(self, session: Session) -> None:
        """Put the next submission in place and forget the last."""
        set_seed(self.seed)
        self._session = session
        self.traces = {}
        self._spent = {}
        self.outcomes = {}
        self._without_evidence = set()

    def reference_module(self) -> types.ModuleType:
        """The chapter's source as a module, loaded once."""
        if self._reference is None:
            self._reference = load_reference(self.chapter)
        return self._reference

    def takes_long(self, item: pytest.Function) -> bool:
        """Whether a test has a longer limit than others: it trains.

        Such a test says little about a mistake, and naming would have to run it for each of the catalogue.
        """
        mark = _mark(item)
        return mark is not None and (mark.kwargs["seconds"] or 0.0) > self.limits.call

    def finish(self) -> dict[str, dict[str, TestResult]]:
        """Return the outcomes of the submission.

        To leave an argument alone or to raise a named error is worth something beside right results only: where a
        function has failed and no passed test found a result right, the passed ones do not count.
        """
        for function, tests in self.outcomes.items():
            passed = [name for name, test in tests.items() if test.verdict == "passed"]
            shown = any((function, name) not in self._without_evidence for name in passed)
            if len(passed) < len(tests) and not shown:
                for name in passed:
                    tests[name] = TestResult(name, "failed", tests[name].weight, NO_EVIDENCE)
        return self.outcomes

    # --- fixtures

    @pytest.fixture(scope="session")
    def reference(self) -> types.ModuleType:
        """The reference solutions."""
        return self.reference_module()

    @pytest.fixture
    def student(self, request: pytest.FixtureRequest) -> Student:
        """The functions of the submission."""
        return self._student(request.node, substituted=False)

    def _student(self, item: pytest.Item, substituted: bool) -> Student:
        assert self._session is not None
        mark = _mark(item)
        assert mark is not None
        results = getattr(_module(item), "RESULTS", {})
        return _Recorded(
            self._session, results, self._time_left(mark, substituted), self.seed, self
        )

    def _time_left(self, mark: pytest.Mark, substituted: bool) -> Callable[[], float]:
        function = mark.args[0]
        limit = mark.kwargs["seconds"]

        def seconds() -> float:
            if limit is not None:
                return limit
            assert self._session is not None
            running = self._session.seconds - self._clock_start
            left = self._share - self._spent.get((function, substituted), 0.0) - running
            if left <= 0:
                raise TestEnded("timeout", f"{function} took too long")
            return min(left, self.limits.call)

        return seconds

    # --- hooks

    def pytest_configure(self, config: pytest.Config) -> None:
        """Register the marker."""
        config.addinivalue_line(
            "markers", "scores(function, weight, steps, seconds): what a test scores"
        )

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Check the declarations; bring the tests into the order of the chapter's functions."""
        try:
            self._check_and_sort(items)
        except SuiteError as error:
            self.error = error
            raise pytest.UsageError(str(error)) from error

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Keep what was collected: the engine calls it for one submission after another."""
        self.items = list(session.items)  # type: ignore[arg-type]

    def _check_and_sort(self, items: list[pytest.Item]) -> None:
        order = {function.name: place for place, function in enumerate(self.chapter.functions)}
        places: dict[str, int] = {}
        tested = set()
        for item in items:
            mark = _mark(item)
            if mark is None or mark.args[0] not in order:
                raise SuiteError(f"{item.nodeid} scores no function of {self.chapter.name}")
            unknown = [step for step in mark.kwargs["steps"] if step not in order]
            if unknown:
                raise SuiteError(f"{item.nodeid} names unknown steps: {', '.join(unknown)}")
            parameters = item.callspec.params if hasattr(item, "callspec") else {}
            other = _arguments(_function(item)) - {"student", "reference", *parameters}
            if other:
                raise SuiteError(f"{item.nodeid} asks for {', '.join(sorted(other))}")
            tested.add(mark.args[0])
            places[item.nodeid] = order[mark.args[0]]
        untested = [name for name in order if name not in tested and name != "quiz_answers"]
        self.untested = untested
        items.sort(key=lambda item: places[item.nodeid])

    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> bool:
        """Run a test, once more with substituted steps where that can excuse it, and record the outcome."""
        mark = _mark(pyfuncitem)
        assert mark is not None and self._session is not None
        evidence.right = 0
        self._attempts = []
        ended = self._run(pyfuncitem, mark)
        function = mark.args[0]
        name = pyfuncitem.name.removeprefix("test_")
        if not evidence.right:
            self._without_evidence.add((function, name))
        result = TestResult(
            name,
            "passed" if ended is None else ended.verdict,  # type: ignore[arg-type]
            mark.kwargs["weight"],
            "" if ended is None else ended.message,
        )
        self.outcomes.setdefault(function, {})[name] = result
        self.last_verdict = result.verdict
        if ended is not None and not self.takes_long(pyfuncitem):
            self.traces.setdefault(function, {})[name] = self._attempts
        if ended is not None and self.raise_failures:
            raise ended
        return True

    def _run(self, item: pytest.Function, mark: pytest.Mark) -> TestEnded | None:
        lost = [step for step in mark.kwargs["steps"] if self._lost(step)]
        if not lost:
            return self._attempt(item, mark, substituted=False)
        # A step that runs into its limit would do so in every test: try without it first.
        slow = any(self._lost(step, "timeout") for step in lost)
        first = self._attempt(item, mark, substituted=slow)
        if first is None:
            return None
        second = self._attempt(item, mark, substituted=not slow)
        if second is None:
            return None
        return second if slow else first

    def _lost(self, function: str, verdict: str = "") -> bool:
        outcomes = self.outcomes.get(function, {}).values()
        return any(
            outcome.verdict == verdict if verdict else outcome.verdict != "passed"
            for outcome in outcomes
        )

    def _attempt(
        self, item: pytest.Function, mark: pytest.Mark, substituted: bool
    ) -> TestEnded | None:
        self._calls = []
        ended = self._run_once(item, mark, substituted)
        if ended is not None:
            self._attempts.append(naming.trace(ended.verdict, ended.message, self._calls))
        self._calls = []
        return ended

    def _run_once(
        self, item: pytest.Function, mark: pytest.Mark, substituted: bool
    ) -> TestEnded | None:
        session = self._session
        assert session is not None
        function = mark.args[0]
        arguments = self._arguments(item, substituted)
        self._student_called = False
        lent = self._lent_steps(mark.kwargs["steps"], item) if substituted else {}
        session.settle(lent)
        self._clock_start = session.seconds
        try:
            if lent:
                session.bind(lent)
            item.obj(**arguments)
        except TestEnded as ended:
            return ended
        except GraderFault as fault:
            return TestEnded("grader_error", f"the grader failed: {fault}")
        except Exception as error:
            if not self._student_called:
                return TestEnded("grader_error", f"the test itself failed: {type(error).__name__}")
            # The same test passes with the reference, so it was the form of a result that broke it.
            return TestEnded("failed", "a result is not of the form that is asked for")
        finally:
            key = (function, substituted)
            if mark.kwargs["seconds"] is None:
                used = session.seconds - self._clock_start
                self._spent[key] = self._spent.get(key, 0.0) + used
        return None

    def _arguments(self, item: pytest.Function, substituted: bool) -> dict[str, Any]:
        parameters = item.callspec.params if hasattr(item, "callspec") else {}
        given: dict[str, Any] = {"reference": self.reference_module(), **parameters}
        names = _arguments(item.obj)
        if "student" in names:
            given["student"] = self._student(item, substituted)
        return {name: given[name] for name in names}

    def _lent_steps(
        self, steps: tuple[str, ...], item: pytest.Function
    ) -> dict[str, Callable[..., Any]]:
        results = getattr(_module(item), "RESULTS", {})
        return {
            step: _lend(getattr(self.reference_module(), step), results.get(step, ""))
            for step in steps
        }


class _Recorded(Student):
    """Tells the plugin that the submission has answered."""

    def __init__(self, *args: Any):
        super().__init__(*args[:-1])
        self._plugin = args[-1]

    def _guard(self, function: str, call: Callable[[], Any]) -> Any:
        calls = self._plugin._calls

        def recorded() -> Any:
            try:
                outcome = call()
            except StudentRaised as raised:
                calls.append(naming.Call(function, raised=raised.bases[0]))
                raise
            calls.append(naming.Call(function, outcome))
            return outcome

        result = super()._guard(function, recorded)
        self._plugin._student_called = True
        return result


def _lend(function: Callable[..., Any], declared: Any) -> Callable[..., Any]:
    """A reference step as a callback: caches cross as opaque objects and come back as themselves."""

    def step(*args: Any, **kwargs: Any) -> Any:
        plain = [arg.value if isinstance(arg, Opaque) else arg for arg in args]
        named = {k: v.value if isinstance(v, Opaque) else v for k, v in kwargs.items()}
        result = function(*plain, **named)
        if isinstance(declared, Mapping):
            kinds = declared.values()
            return tuple(
                Opaque(part) if axes == HANDLE else part
                for part, axes in zip(result, kinds, strict=True)
            )
        return Opaque(result) if declared == HANDLE else result

    return step


def _mark(item: pytest.Item) -> pytest.Mark | None:
    return item.get_closest_marker("scores")


def _module(item: pytest.Item) -> types.ModuleType:
    return item.getparent(pytest.Module).obj  # type: ignore[union-attr]


@functools.cache
def _arguments(function: Callable[..., Any]) -> frozenset[str]:
    return frozenset(inspect.signature(function).parameters)


def _function(item: pytest.Item) -> Callable[..., Any]:
    if not isinstance(item, pytest.Function):
        raise SuiteError(f"{item.nodeid} is no test function")
    return item.obj
