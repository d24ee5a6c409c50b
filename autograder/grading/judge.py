"""Run the hidden tests of a chapter against one submission after another, and judge how each ends."""

from __future__ import annotations

import re
import types
import warnings
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from autograder.course.settings import Grading
from autograder.course.source import Chapter, load_reference
from autograder.grading.collect import HiddenTest, collect
from autograder.grading.toolkit import (
    HANDLE,
    TELLING,
    Student,
    TestEnded,
    returns_nothing,
    state,
)
from autograder.grading.traces import PLACE, Call, Trace, trace
from autograder.results import NO_EVIDENCE, TestResult
from autograder.sandbox.session import Session, StudentRaised, limited_memory
from autograder.sandbox.terms import GraderFault, Limits, WorkerEnded
from autograder.sandbox.timer import PROCESSOR_TIME, limited
from autograder.sandbox.wire import MADE

_NEEDED = re.compile(r"needs `\w+`, which the grader does not have")

EXAMINING_SECONDS = 10.0
"""Processor time that the grader itself may spend on the results of one test."""


@dataclass
class Judgement:
    """What the tests said of one submission: outcomes, and what failed tests saw, by function and test name."""

    outcomes: dict[str, dict[str, TestResult]] = field(default_factory=dict)
    traces: dict[str, dict[str, list[Trace]]] = field(default_factory=dict)


class Suite:
    """The hidden tests of a chapter, collected once."""

    def __init__(self, chapter: Chapter, grading: Grading | None = None):
        """Collect the tests.

        Raises:
            SuiteError: they cannot be collected, or leave a function of the chapter untested.
        """
        self.chapter = chapter
        grading = grading or Grading()
        self.limits = grading.limits
        self.seed = grading.seed
        self.tests = collect(chapter)
        self._reference: types.ModuleType | None = None

    @property
    def reference(self) -> types.ModuleType:
        """The chapter's source as a module, loaded when it is first needed."""
        if self._reference is None:
            self._reference = load_reference(self.chapter)
        return self._reference

    def takes_long(self, test: HiddenTest) -> bool:
        """Tell whether a test has a longer limit than others: it trains.

        Such a test says little about a mistake, and naming would have to run it for each of the catalogue.
        """
        return (test.seconds or 0.0) > self.limits.call

    def run(
        self,
        session: Session,
        only: Callable[[HiddenTest], bool] = lambda _test: True,
        before: Callable[[HiddenTest], None] = lambda _test: None,
        after: Callable[[HiddenTest, str], None] = lambda _test, _verdict: None,
        until: Callable[[Judgement], bool] = lambda _so_far: False,
        without: Container[str] = (),
    ) -> Judgement:
        """Run every test, or only some, for the submission in `session`.

        `before` and `after` are called around each; no more are run once `until` holds. Tests of
        the functions in `without`, whose results have ended a grader process, are not run and count as failed.
        """
        state.seed = self.seed
        judge = Judge(self, session)
        with limited_memory(self.limits.memory), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # numpy's, on values that a submission returned
            for test in filter(only, self.tests):
                before(test)
                ended = judge.give_up(test) if test.function in without else judge.run(test)
                after(test, ended.verdict if ended else "passed")
                if until(judge.judgement):
                    break
        return judge.finish()


class Judge:
    """Runs tests on one submission and records typed outcomes."""

    def __init__(self, suite: Suite, session: Session):
        self._suite = suite
        self._session = session
        self._budget = _TimeBudget(session, suite.limits, len(suite.chapter.functions))
        self.judgement = Judgement()
        self._places: dict[str, str] = {}
        self._needs: dict[str, str] = {}
        self._evidence: dict[tuple[str, str], frozenset[str]] = {}

    def run(self, test: HiddenTest) -> TestEnded | None:
        """Run a test, once more with substituted steps where that can excuse it; None where it passed."""
        state.nothing = ""
        attempts: list[Trace] = []
        ended = self._excused(test, attempts)
        self._evidence[test.function, test.name] = frozenset(state.evidence)
        self._record(test, ended)
        if ended is not None and not self._suite.takes_long(test):
            self.judgement.traces.setdefault(test.function, {})[test.name] = attempts
        return ended

    def give_up(self, test: HiddenTest) -> TestEnded:
        """Record a test that is not run, as the grader did not survive what the submission returned there."""
        ended = TestEnded("crashed", f"{test.function} gave a result that could not be examined")
        self._record(test, ended)
        return ended

    def finish(self) -> Judgement:
        """Return what the tests said.

        To leave an argument alone or to raise a named error is worth something beside right results only. So is what a
        function gives that computes nothing: where one has failed, and whatever its passed tests found right is one and
        the same trivial thing (zeros, ones, None, an argument), the passed ones do not count.
        """
        for function, tests in self.judgement.outcomes.items():
            passed = [name for name, test in tests.items() if test.verdict == "passed"]
            shown = frozenset[str]().union(*(self._evidence[function, name] for name in passed))
            if len(passed) < len(tests) and len(shown) < 2 and TELLING not in shown:
                for name in passed:
                    tests[name] = TestResult(name, "failed", tests[name].weight, NO_EVIDENCE)
        return self.judgement

    def _record(self, test: HiddenTest, ended: TestEnded | None) -> None:
        verdict, message = ("passed", "") if ended is None else (ended.verdict, ended.message)
        # One place for a function: which line was reached in which test could carry what the tests are about.
        place = PLACE.search(message) if verdict == "error" else None
        if place and self._places.setdefault(test.function, place[0]) != place[0]:
            message = message.replace(place[0], "")
        needed = _NEEDED.search(message)  # one module for a function, for the same reason
        if needed and self._needs.setdefault(test.function, needed[0]) != needed[0]:
            message = f"{test.function} raised ImportError"
        result = TestResult(test.name, verdict, test.weight, message)  # type: ignore[arg-type]
        self.judgement.outcomes.setdefault(test.function, {})[test.name] = result

    def _excused(self, test: HiddenTest, attempts: list[Trace]) -> TestEnded | None:
        wrong = [step for step in test.steps if self._lost_points(step)]
        if not wrong:
            return self._attempt(test, attempts, None)
        loan = self._loan(test, wrong)
        # A step that runs into its limit would do so in every test: try without it first.
        slow = any(self._lost_points(step, "timeout") for step in wrong)
        first = self._attempt(test, attempts, loan if slow else None)
        if first is None:
            return None
        second = self._attempt(test, attempts, None if slow else loan)
        if second is None:
            return None
        shown = second if slow else first
        if shown.verdict not in ("failed", "error"):
            return shown
        lent = ", ".join(loan.functions)
        return TestEnded(shown.verdict, f"{shown.message}; so it is with a right {lent}")

    def _lost_points(self, function: str, verdict: str = "") -> bool:
        outcomes = self.judgement.outcomes.get(function, {}).values()
        return any(
            outcome.verdict == verdict if verdict else outcome.verdict != "passed"
            for outcome in outcomes
        )

    def _attempt(
        self, test: HiddenTest, attempts: list[Trace], loan: _Loan | None
    ) -> TestEnded | None:
        calls: list[Call] = []
        ended = self._run_once(test, calls, loan)
        if ended is not None:
            try:
                with limited(PROCESSOR_TIME, EXAMINING_SECONDS, _ExaminedTooLong):
                    seen = trace(ended.verdict, ended.message, calls)
            except (Exception, _ExaminedTooLong):  # values that cannot be sketched name no mistake
                seen = trace(ended.verdict, ended.message, ())
            attempts.append(seen)
        return ended

    def _run_once(
        self, test: HiddenTest, calls: list[Call], loan: _Loan | None
    ) -> TestEnded | None:
        state.evidence, state.given = set(), []
        substituted = loan is not None
        student = self._student(test, calls, substituted)
        given = {"student": student, "reference": self._suite.reference, **test.parameters}
        self._session.settle(loan.names if loan else ())
        replies = self._session.replies
        try:
            with (
                self._budget.spent_on(test, substituted),
                limited(PROCESSOR_TIME, EXAMINING_SECONDS, _ExaminedTooLong),
            ):
                if loan:
                    self._session.bind(loan.functions, loan.caches, loan.uncalled)
                test.run(**{name: given[name] for name in test.arguments})
        except TestEnded as ended:
            return ended
        except GraderFault as fault:
            return TestEnded("grader_error", f"the grader failed: {fault}")
        except (Exception, _ExaminedTooLong) as error:
            if self._session.replies == replies and not isinstance(error, WorkerEnded):
                return TestEnded("grader_error", f"the test itself failed: {type(error).__name__}")
            return _blamed(test.function, error)
        return None

    def _student(self, test: HiddenTest, calls: list[Call], substituted: bool) -> Student:
        seconds = self._budget.of(test, substituted)
        return _Recorded(self._session, test.declared, seconds, self._suite.seed, calls)

    def _loan(self, test: HiddenTest, wrong: Sequence[str]) -> _Loan:
        """What is lent for a test: the steps that lost points, and the backward of a forward that is lent.

        A right step stays the submission's own, with its cache. The lent backward of such a step makes its cache anew
        from the arguments that the worker has noted. Where the forward is lent, the cache is still the submission's.
        """
        makers = {
            step: _cache_place(test.declared.get(step, ""))
            for step in test.steps
            if _cache_place(test.declared.get(step, "")) is not None
        }
        users = {step for step in test.steps if step not in makers and _backward_of(step, makers)}
        lent = [
            step
            for step in test.steps
            if step in wrong or (step in users and _backward_of(step, makers) in wrong)
        ]
        reference = self._suite.reference
        functions = {step: _lend(step, reference, makers) for step in lent}
        caches = {
            maker: place
            for maker, place in makers.items()
            if place is not None
            and (maker in lent or any(_backward_of(step, makers) == maker for step in lent))
        }
        uncalled = [
            step for step in caches if any(self._lost_points(step, end) for end in _NO_ANSWER)
        ]
        return _Loan(functions, caches, uncalled)


@dataclass(frozen=True)
class _Loan:
    """Reference steps in place of a submission's own.

    Attributes:
        functions: the lent steps.
        caches: steps, lent or not, whose caches are told by what made them, and the place of the cache in the result.
        uncalled: lent steps whose own counterpart gives no answer, so that it is not called for its cache.
    """

    functions: dict[str, Callable[..., Any]]
    caches: dict[str, int]
    uncalled: list[str]

    @property
    def names(self) -> list[str]:
        """What tells a worker with these names bound from any other."""
        return [*self.functions, *(f"{name}, noted" for name in self.caches)]


_NO_ANSWER = ("timeout", "memory", "crashed", "output")


def _cache_place(declared: Any) -> int | None:
    """The place of the cache among declared results, -1 where there is nothing else; None where there is no cache."""
    if declared == HANDLE:
        return -1
    kinds = list(declared.values()) if isinstance(declared, Mapping) else []
    return kinds.index(HANDLE) if HANDLE in kinds else None


def _backward_of(step: str, makers: Container[str]) -> str | None:
    """The forward whose cache a step takes, by the course's names: `x_backward` and `x_forward`."""
    forward = step.removesuffix("backward") + "forward"
    return forward if step.endswith("backward") and forward in makers else None


def _blamed(function: str, error: BaseException) -> TestEnded:
    """Say how a test ended that broke on what the submission gave: with the reference the same test passes."""
    if isinstance(error, WorkerEnded):
        return TestEnded(error.verdict, f"{function} {error.message}")
    if isinstance(error, StudentRaised):
        return TestEnded("error", f"{function} {error.tell()}")
    if isinstance(error, MemoryError):
        return TestEnded(
            "memory", f"{function} gave a result that takes too much memory to examine"
        )
    if isinstance(error, _ExaminedTooLong):
        return TestEnded("timeout", f"{function} gave a result that takes too long to examine")
    return TestEnded("failed", returns_nothing() or "a result is not of the form that is asked for")


class _ExaminedTooLong(BaseException):
    """Our own time on what a submission returned. No Exception, so that no test swallows it."""


class _TimeBudget:
    """The time of a chapter, shared out evenly among its functions; attempts with lent steps have a share of their own."""

    def __init__(self, session: Session, limits: Limits, functions: int):
        self._session = session
        self._call = limits.call
        self._share = limits.chapter / max(1, functions)
        self._spent: dict[tuple[str, bool], float] = {}
        self._begun = 0.0

    @contextmanager
    def spent_on(self, test: HiddenTest, substituted: bool) -> Iterator[None]:
        """Count the time of the calls within, unless the test has a limit of its own."""
        self._begun = self._session.seconds
        try:
            yield
        finally:
            if test.seconds is None:
                key = test.function, substituted
                used = self._session.seconds - self._begun
                self._spent[key] = self._spent.get(key, 0.0) + used

    def of(self, test: HiddenTest, substituted: bool) -> Callable[[], float]:
        """Return what tells the seconds that the next call of a test may take."""

        def seconds() -> float:
            if test.seconds is not None:
                return test.seconds
            running = self._session.seconds - self._begun
            left = self._share - self._spent.get((test.function, substituted), 0.0) - running
            if left <= 0:
                raise TestEnded("timeout", f"{test.function} took too long")
            return min(left, self._call)

        return seconds


class _Recorded(Student):
    """Writes down what the submission answered."""

    def __init__(
        self,
        session: Session,
        declared: Mapping[str, Any],
        seconds: Callable[[], float],
        seed: int,
        calls: list[Call],
    ):
        super().__init__(session, declared, seconds, seed)
        self._calls = calls

    def _guard(self, function: str, call: Callable[[], Any]) -> Any:
        def recorded() -> Any:
            try:
                outcome = call()
            except StudentRaised as raised:
                self._calls.append(Call(function, raised=raised.bases[0]))
                raise
            self._calls.append(Call(function, outcome))
            return outcome

        return super()._guard(function, recorded)


def _lend(
    name: str, reference: types.ModuleType, makers: Mapping[str, int | None]
) -> Callable[..., Any]:
    """Make a callback of a reference step. Caches do not cross: they come as the call that made them, and none goes out.

    Such a call may be made up, as all that a worker sends. It can ask for nothing but a right step at inputs that the
    submission has anyway, and only while the step is lent.
    """
    function, place = getattr(reference, name), makers.get(name)

    def cache(value: Any) -> Any:
        maker = value.get(MADE) if isinstance(value, Mapping) else None
        if not isinstance(maker, str) or makers.get(maker) is None:
            return value
        result = getattr(reference, maker)(*value["args"], **value["kwargs"])
        where = makers[maker]
        return result if where == -1 else result[where]

    def step(*args: Any, **kwargs: Any) -> Any:
        result = function(*map(cache, args), **{key: cache(value) for key, value in kwargs.items()})
        if place is None:
            return result
        return None if place == -1 else (*result[:place], None, *result[place + 1 :])

    return step
