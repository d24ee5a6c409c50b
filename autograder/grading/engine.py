"""One submission and one suite give one result. Knows no folders and no database."""

from __future__ import annotations

import gc
import io
import sys
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from typing import Any

import msgspec
import pytest

from autograder.course.catalogue import CatalogueError, Mistake, mistaken_source, mistakes
from autograder.course.quiz import GradedQuestion, graded_questions
from autograder.course.source import ROOT, SUITES, Chapter
from autograder.grading.judge import DEFAULT_SEED, SuiteError, SuitePlugin
from autograder.grading.submissions import QUIZ, Submission
from autograder.grading.trace_store import KnownTraces
from autograder.grading.traces import Namer, Traces, by_accident
from autograder.grading.version import grader_version
from autograder.results import (
    SCHEMA,
    FunctionResult,
    Problem,
    SubmissionResult,
    TestResult,
    function_result,
    total_score,
)
from autograder.sandbox.client import Zygote
from autograder.sandbox.inprocess import StandInZygote, load_session
from autograder.sandbox.session import Session
from autograder.sandbox.terms import GraderFault, Limits
from seqlab.answers import LETTER, NUMBER, ORDER, readable

_ATTEMPTS = 2
_KNOWN_TRACES = ROOT / ".cache" / "known_traces.sqlite"
_NAMING_SECONDS = 2.0  # for a call of a catalogued mistake: what takes longer hangs


class Usage(msgspec.Struct):
    """What grading a submission took, in seconds. Never goes into a result; the first three go into `run.json`.

    `cpu` is processor time, of the grader and of the workers of whose end it heard meanwhile: at most one too many and
    one too few.
    """

    load: float = 0.0
    calls: float = 0.0
    total: float = 0.0
    cpu: float = 0.0


class Suite:
    """A chapter's hidden suite, collected by pytest once and run for one submission after another."""

    def __init__(self, chapter: Chapter, limits: Limits | None = None, seed: int = DEFAULT_SEED):
        """Collect the suite.

        Raises:
            SuiteError: it cannot be collected, or leaves a function of the chapter untested.
        """
        self.chapter = chapter
        path = SUITES / chapter.name / f"test_{chapter.name}.py"
        if not path.is_file():
            raise SuiteError(f"there is no suite {path.name}")
        self.plugin = SuitePlugin(chapter, limits, seed)
        arguments = [
            str(path),
            "--collect-only",
            "-qq",
            f"--rootdir={SUITES}",
            "--disable-plugin-autoload",  # whatever else is installed beside the grader
            "--override-ini=addopts=",
            "-pno:cacheprovider",
            "-pno:faulthandler",
        ]
        sys.modules.pop(path.stem, None)  # a suite of this name from elsewhere
        quiet = io.StringIO()
        with redirect_stdout(quiet), redirect_stderr(quiet):
            ended = pytest.main(arguments, [self.plugin])
        self.items = self.plugin.items
        if ended is not pytest.ExitCode.OK or not self.items:
            raise self.plugin.error or SuiteError(
                f"{path.name} cannot be collected; run pytest {path} to see why"
            )
        # What is there now stays: the collector need not walk over torch and pytest again and again.
        gc.collect()
        gc.freeze()
        if self.plugin.untested:
            raise SuiteError(f"{path.name} leaves untested: {', '.join(self.plugin.untested)}")

    def run(
        self,
        session: Session,
        only: Callable[[pytest.Function], bool] = lambda _item: True,
        before: Callable[[], None] = lambda: None,
        after: Callable[[pytest.Function, str], None] = lambda _item, _verdict: None,
    ) -> dict[str, dict[str, TestResult]]:
        """Run every test, or only some, for the submission in `session`; outcomes by function and test name.

        Tests are called through the same hook as by hand, but without pytest's set-up and tear-down around each of
        them: their arguments are the parameters, `student` and `reference`, so there is nothing to set up, and it would
        cost more than all the comparisons together. `before` and `after` are called around each.
        """
        self.plugin.start(session)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # numpy's, on values that a submission returned
            for item in filter(only, self.items):
                before()
                self.plugin.pytest_pyfunc_call(item)
                after(item, self.plugin.last_verdict)
        return self.plugin.finish()


class Grader:
    """Grades submissions one after another: a suite for each chapter and a warm zygote for each kind of chapter."""

    def __init__(
        self,
        chapters: dict[str, Chapter],
        *,
        limits: Limits | None = None,
        seed: int = DEFAULT_SEED,
        policy: dict[str, Any] | None = None,
    ):
        self._chapters = chapters
        self._limits = limits or Limits()
        self._seed = seed
        self._policy = policy
        self._suites: dict[str, Suite] = {}
        self._namers: dict[str, Namer] = {}
        self._zygotes: dict[str, Zygote] = {}
        self.cpu_seconds = 0.0

    def zygote(self, libraries: str) -> Zygote:
        """The warm zygote for numpy or torch chapters."""
        if libraries not in self._zygotes:
            self._zygotes[libraries] = Zygote(libraries, self._policy)
        return self._zygotes[libraries]

    def suite(self, name: str) -> Suite:
        """The collected suite of a chapter."""
        if name not in self._suites:
            self._suites[name] = Suite(self._chapters[name], self._limits, self._seed)
        return self._suites[name]

    def namer(self, name: str) -> Namer:
        """Who names the mistakes of a chapter."""
        if name not in self._namers:
            chapter, suite = self._chapters[name], self.suite(name)
            known = KnownTraces(name, grader_version(chapter, self._seed), _KNOWN_TRACES)
            self._namers[name] = Namer(
                mistakes(name), lambda entry: traces_of(entry, chapter, suite), known
            )
        return self._namers[name]

    def grade(self, submission: Submission) -> tuple[SubmissionResult, Usage]:
        """Grade one submission. Our own failures become a result of status `grader_error`."""
        chapter = self._chapters[submission.chapter]
        usage = Usage()
        if submission.status != "graded":
            return unrun(submission, chapter, self._seed), usage
        begun = self._cpu()
        result = self._attempt(submission, chapter, usage)
        usage.cpu = self._cpu() - begun
        return result, usage

    def _cpu(self) -> float:
        workers = sum(zygote.cpu_seconds for zygote in self._zygotes.values())
        return time.process_time() + workers + self.cpu_seconds

    def _attempt(self, submission: Submission, chapter: Chapter, usage: Usage) -> SubmissionResult:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return self._run(submission, chapter, usage)
            except (GraderFault, OSError) as fault:
                self._drop_zygote(chapter.libraries)
                if attempt == _ATTEMPTS:
                    return self._failed(submission, chapter, str(fault))
            except SuiteError as fault:
                return self._failed(submission, chapter, str(fault))
        raise AssertionError("unreachable")

    def _run(self, submission: Submission, chapter: Chapter, usage: Usage) -> SubmissionResult:
        started = time.perf_counter()
        zygote = self.zygote(chapter.libraries)  # first: it gets ready while the suite is collected
        suite = self.suite(chapter.name)
        session = Session(
            zygote,
            submission.cells,
            is_notebook=submission.is_notebook,
            limits=self._limits,
        )
        begun = time.perf_counter()
        try:
            session.load()
            usage.load = time.perf_counter() - begun
            outcomes = suite.run(session)
        finally:
            session.close()
        if suite.plugin.traces:
            outcomes = self.namer(chapter.name).add_hints(outcomes, suite.plugin.traces)
        functions = []
        for function in chapter.functions:
            if function.name == QUIZ:
                questions = graded_questions(chapter)
                functions.append(grade_quiz(function.points, questions, submission.quiz))
            else:
                tests = list(outcomes.get(function.name, {}).values())
                functions.append(function_result(function.name, function.points, tests))
        usage.calls = session.seconds
        usage.total = time.perf_counter() - started
        problems = (*submission.problems, *(Problem(*problem) for problem in session.problems))
        score = total_score(functions)
        status = "grader_error" if score is None else "graded"
        return make_result(submission, chapter, self._seed, status, score, functions, problems)

    def _failed(self, submission: Submission, chapter: Chapter, reason: str) -> SubmissionResult:
        problems = (*submission.problems, Problem("grader", reason))
        return make_result(submission, chapter, self._seed, "grader_error", None, (), problems)

    def _drop_zygote(self, libraries: str) -> None:
        zygote = self._zygotes.pop(libraries, None)
        if zygote is not None:
            self.cpu_seconds += zygote.cpu_seconds
            zygote.close()

    def close(self) -> None:
        """End the zygotes and leave pytest."""
        for libraries in list(self._zygotes):
            self._drop_zygote(libraries)
        for namer in self._namers.values():
            namer.close()
        self._namers.clear()
        self._suites.clear()


def item_name(item: pytest.Function) -> str:
    """The name of a test in results."""
    return item.name.removeprefix("test_")


def scored_function(item: pytest.Function) -> str:
    """The function whose points a test decides."""
    mark = item.get_closest_marker("scores")
    assert mark is not None
    return mark.args[0]


def traces_of(entry: Mistake, chapter: Chapter, suite: Suite) -> Traces:
    """What the tests of a function see of a catalogued mistake in it. Needs no worker: the code is ours.

    A mistake that is too slow says nothing; it gets a short limit, so that this does not take long.
    """
    try:
        source = mistaken_source(chapter, entry)
    except CatalogueError:
        return {}  # the certificate of the chapter reports it
    zygote = StandInZygote(chapter.libraries, _NAMING_SECONDS)
    session = load_session(zygote, [source], suite.plugin.limits)

    def concerned(item: pytest.Function) -> bool:
        seen = suite.plugin.traces.get(entry.function, {})
        if scored_function(item) != entry.function or suite.plugin.takes_long(item):
            return False
        return not by_accident(seen)

    suite.run(session, concerned)
    return suite.plugin.traces.get(entry.function, {})


def make_result(
    submission: Submission,
    chapter: Chapter,
    seed: int,
    status: Any,
    score: float | None,
    functions: Sequence[FunctionResult],
    problems: Sequence[Problem],
) -> SubmissionResult:
    """Put a result together."""
    return SubmissionResult(
        schema=SCHEMA,
        student=submission.student,
        chapter=submission.chapter,
        status=status,
        score=score,
        max_score=float(sum(function.points for function in chapter.functions)),
        functions=tuple(functions),
        problems=tuple(problems),
        submission=submission.digest,
        grader=grader_version(chapter, seed),
    )


def unrun(submission: Submission, chapter: Chapter, seed: int) -> SubmissionResult:
    """The result of a submission in which there is nothing to run: an explicit zero with its reason."""
    functions = [FunctionResult(f.name, 0.0, f.points, ()) for f in chapter.functions]
    return make_result(
        submission, chapter, seed, submission.status, 0.0, functions, submission.problems
    )


def lost(submission: Submission, chapter: Chapter, seed: int) -> SubmissionResult:
    """The result of a submission whose grader process did not survive it."""
    problem = Problem("grader", "the grader process ended twice while grading this")
    problems = (*submission.problems, problem)
    return make_result(submission, chapter, seed, "grader_error", None, (), problems)


_LOST = {
    NUMBER: "another number is right",
    LETTER: "another option fits better",
    ORDER: "another order is right",
}
_UNREADABLE = {
    NUMBER: "the answer is not a number, such as 0.5 or 1/2",
    LETTER: "the answer is none of the options",
    ORDER: "the answer is not an order of all the letters",
}


def grade_quiz(
    points: float, questions: Mapping[str, GradedQuestion], answers: Mapping[str, str] | None
) -> FunctionResult:
    """Judge the quiz by what stands in the cell, as text: nothing is run, and of the right answer nothing is said."""
    tests = []
    for name, question in questions.items():
        answer = (answers or {}).get(name, "")
        if not answer.strip():
            tests.append(TestResult(name, "missing", 1.0, "no answer was found"))
        elif question.accepts(answer):
            tests.append(TestResult(name, "passed", 1.0, ""))
        else:
            said = _LOST if readable(question.form, answer) else _UNREADABLE
            tests.append(TestResult(name, "failed", 1.0, said[question.form.kind]))
    return function_result(QUIZ, points, tests)
