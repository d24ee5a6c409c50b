"""One submission and one suite give one result. Knows no folders and no database."""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Mapping, Sequence
from typing import Any

import msgspec

from autograder.course.catalogue import mistakes
from autograder.course.quiz import GradedQuestion, graded_questions
from autograder.course.settings import Grading, added_libraries
from autograder.course.source import QUIZ, ROOT, Chapter
from autograder.grading.causes import explained
from autograder.grading.collect import SuiteError
from autograder.grading.hints import Hints, traces_of
from autograder.grading.installed import why_not_gradable
from autograder.grading.judge import Suite
from autograder.grading.submissions import Submission
from autograder.grading.trace_store import TraceStore
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
from autograder.sandbox.session import Session
from autograder.sandbox.terms import GraderFault
from seqlab.answers import LETTER, NUMBER, ORDER, readable

_ATTEMPTS = 2
_SCIENTIFIC = ("scipy", "plot", "pylab", "pandas")
_TRACES = ROOT / ".cache" / "traces.sqlite"


class Usage(msgspec.Struct):
    """What grading a submission took, in seconds. Never goes into a result; the first three go into `run.json`.

    `cpu` is processor time, of the grader and of the workers of whose end it heard meanwhile: at most one too many and
    one too few.
    """

    load: float = 0.0
    calls: float = 0.0
    total: float = 0.0
    cpu: float = 0.0


class Grader:
    """Grades submissions one after another: a suite for each chapter and a warm zygote for each kind of chapter."""

    def __init__(
        self,
        chapters: dict[str, Chapter],
        *,
        grading: Grading | None = None,
        policy: dict[str, Any] | None = None,
    ):
        self._chapters = chapters
        self.grading = grading or Grading()
        self._policy = policy
        self._suites: dict[str, Suite] = {}
        self._hints: dict[str, Hints] = {}
        self._zygotes: dict[tuple[str, bool, tuple[str, ...]], Zygote] = {}
        self.cpu_seconds = 0.0

    def zygote(self, chapter: Chapter, *, scientific: bool = True) -> Zygote:
        """The warm zygote for chapters such as this, with or without scipy and matplotlib imported in advance."""
        added = added_libraries(self.grading, chapter.name)
        kind = chapter.libraries, scientific, added
        if kind not in self._zygotes:
            policy = {**(self._policy or {}), "modules": added}
            self._zygotes[kind] = Zygote(chapter.libraries, policy, scientific=scientific)
        return self._zygotes[kind]

    def suite(self, name: str) -> Suite:
        """The collected suite of a chapter."""
        if name not in self._suites:
            self._suites[name] = Suite(self._chapters[name], self.grading)
        return self._suites[name]

    def hints(self, name: str) -> Hints:
        """The hints that the catalogue of a chapter has to give."""
        if name not in self._hints:
            chapter, suite = self._chapters[name], self.suite(name)
            known = TraceStore(name, grader_version(chapter, self.grading), _TRACES)
            self._hints[name] = Hints(mistakes(name), lambda entry: traces_of(entry, suite), known)
        return self._hints[name]

    def grade(
        self,
        submission: Submission,
        without: Container[str] = (),
        examining: Callable[[str], None] = lambda _function: None,
    ) -> tuple[SubmissionResult, Usage]:
        """Grade one submission. Our own failures become a result of status `grader_error`.

        Args:
            submission: what was read of it.
            without: functions whose results ended the grader's process in an earlier attempt: not called, and failed.
            examining: called with the name of the function before each of its tests, and with "" after the last.
        """
        chapter = self._chapters[submission.chapter]
        usage = Usage()
        if submission.status != "graded":
            return ungraded(submission, chapter, self.grading), usage
        if reason := why_not_gradable(chapter):
            return self._failed(submission, chapter, reason), usage
        begun = self._cpu()
        result = self._attempt(submission, chapter, usage, without, examining)
        usage.cpu = self._cpu() - begun
        return result, usage

    def _cpu(self) -> float:
        workers = sum(zygote.cpu_seconds for zygote in self._zygotes.values())
        return time.process_time() + workers + self.cpu_seconds

    def _attempt(
        self,
        submission: Submission,
        chapter: Chapter,
        usage: Usage,
        without: Container[str],
        examining: Callable[[str], None],
    ) -> SubmissionResult:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return self._run(submission, chapter, usage, without, examining)
            except (GraderFault, OSError) as fault:
                self._drop_zygotes(chapter.libraries)
                if attempt == _ATTEMPTS:
                    return self._failed(submission, chapter, str(fault))
            except SuiteError as fault:
                return self._failed(submission, chapter, str(fault))
        raise AssertionError("unreachable")

    def _run(
        self,
        submission: Submission,
        chapter: Chapter,
        usage: Usage,
        without: Container[str],
        examining: Callable[[str], None],
    ) -> SubmissionResult:
        started = time.perf_counter()
        # First: it gets ready while the suite is collected.
        zygote = self.zygote(chapter, scientific=_is_scientific(submission))
        suite = self.suite(chapter.name)
        session = Session(
            zygote,
            submission.cells,
            is_notebook=submission.is_notebook,
            limits=self.grading.limits,
            needed=[each.name for each in chapter.functions if each.name != QUIZ],
        )
        begun = time.perf_counter()
        try:
            session.load()
            usage.load = time.perf_counter() - begun
            judgement = suite.run(
                session, before=lambda test: examining(test.function), without=without
            )
        finally:
            session.close()
        examining("")
        outcomes = judgement.outcomes
        if judgement.traces:
            outcomes = self.hints(chapter.name).add(outcomes, judgement.traces)
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
        functions, told = explained(functions, session.problems, submission.cells, session.rebound)
        problems = (*submission.problems, *told)
        score = total_score(functions)
        status = "grader_error" if score is None else "graded"
        return make_result(submission, chapter, self.grading, status, score, functions, problems)

    def _failed(self, submission: Submission, chapter: Chapter, reason: str) -> SubmissionResult:
        problems = (*submission.problems, Problem("grader", reason))
        return make_result(submission, chapter, self.grading, "grader_error", None, (), problems)

    def _drop_zygotes(self, libraries: str) -> None:
        for kind in [kind for kind in self._zygotes if kind[0] == libraries]:
            zygote = self._zygotes.pop(kind)
            self.cpu_seconds += zygote.cpu_seconds
            zygote.close()

    def close(self) -> None:
        """End the zygotes and give the files back."""
        for libraries in {kind[0] for kind in self._zygotes}:
            self._drop_zygotes(libraries)
        for hints in self._hints.values():
            hints.close()
        self._hints.clear()
        self._suites.clear()


def _is_scientific(submission: Submission) -> bool:
    """Tell whether a submission speaks of scipy, matplotlib or what imports them. A wrong answer costs time only."""
    return any(name in cell.source for cell in submission.cells for name in _SCIENTIFIC)


def make_result(
    submission: Submission,
    chapter: Chapter,
    grading: Grading,
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
        grader=grader_version(chapter, grading),
    )


def ungraded(submission: Submission, chapter: Chapter, grading: Grading) -> SubmissionResult:
    """The result of a submission in which there is nothing to run: an explicit zero with its reason."""
    functions = [FunctionResult(f.name, 0.0, f.points, ()) for f in chapter.functions]
    return make_result(
        submission, chapter, grading, submission.status, 0.0, functions, submission.problems
    )


def not_examined(submission: Submission, chapter: Chapter, grading: Grading) -> SubmissionResult:
    """Return the zero of a submission whose results have ended one grader process after another."""
    functions = [FunctionResult(f.name, 0.0, f.points, ()) for f in chapter.functions]
    reason = "its results could not be examined: they took too much time or memory, test after test"
    problems = (*submission.problems, Problem("submission", reason))
    return make_result(submission, chapter, grading, "graded", 0.0, functions, problems)


def lost_in_process(submission: Submission, chapter: Chapter, grading: Grading) -> SubmissionResult:
    """The result of a submission whose grader process did not survive it."""
    problem = Problem("grader", "the grader process ended twice while grading this")
    problems = (*submission.problems, problem)
    return make_result(submission, chapter, grading, "grader_error", None, (), problems)


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
