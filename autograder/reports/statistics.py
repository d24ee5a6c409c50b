"""What the results of a class say, before it is put into any format."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Literal

from autograder.course.catalogue import mistakes, named_in
from autograder.course.source import QUIZ
from autograder.course.titles import title
from autograder.reports.causes import causes_of
from autograder.reports.text import counted, listed, points
from autograder.results import (
    HINT,
    FunctionResult,
    Problem,
    SubmissionResult,
    TestResult,
    split_cause,
)

BINS = 10
State = Literal["full", "part", "wrong", "stopped", "unwritten"]

VERDICTS = {
    "passed": "passed",
    "failed": "wrong result",
    "error": "raised an exception",
    "missing": "not found",
    "timeout": "took too long",
    "memory": "needed too much memory",
    "crashed": "ended the process",
    "output": "printed too much",
    "grader_error": "fault of the grader",
}
STOPPED = ("timeout", "memory", "crashed", "output")
ONE_CAUSE = "one_cause"
"""Points that one line cost which may be right all the same: a statement that failed above, a name bound again."""

_STUB = "raised NotImplementedError"
_WAITS = " waits for "  # for another function, which is a stub
_PLACE = re.compile(r" \(cell [^()]*\)")
# Told of a passed test that does not count yet: a consequence, and nobody's mistake.
_NO_MISTAKE = "counts as soon as"

# A test is called suspect only on enough evidence: so many who tried it, so many on either side.
SUSPECT_BELOW = 0.1
_SUSPECT_TRIED = 20
_SUSPECT_SIDE = 5


@dataclass(frozen=True)
class Course:
    """What reports say of the course; of what is empty they say nothing."""

    name: str = ""
    address: str = ""
    copyright: str = ""

    def titled(self, title: str) -> str:
        """Return the title of a report with the name of the course before it."""
        return f"{self.name} · {title}" if self.name else title


UNNAMED = Course()


@dataclass(frozen=True)
class Run:
    """What is known of a run beside its results: they do not depend on it."""

    level: str
    course: Course = UNNAMED
    unsafe: bool = False
    seconds: float | None = None
    jobs: int | None = None
    graded: int = 0
    reused: int = 0
    unrun: int = 0
    passed_over: tuple[Problem, ...] = ()
    unreadable_times: tuple[Problem, ...] = ()
    seconds_each: Mapping[str, float] = field(default_factory=dict)  # "student/chapter"

    @property
    def warning(self) -> str:
        """What every page says of an unsafe run; nothing otherwise."""
        if not self.unsafe:
            return ""
        return (
            f"Graded with --unsafe-own-code at sandbox level {self.level}: nothing held the submitted code, which "
            "could read, change or forge anything here, these scores included. Fit for code of your own only."
        )


@dataclass(frozen=True)
class Spread:
    """How scores in percent lie. `bins` counts them from 0 to 100, full marks in the last."""

    count: int
    median: float
    low: float
    high: float
    full: int
    bins: tuple[int, ...]


@dataclass(frozen=True)
class ChapterFacts:
    """One chapter of the class."""

    name: str
    functions: tuple[str, ...]
    submissions: int
    missing: int
    spread: Spread | None


@dataclass(frozen=True)
class Attention:
    """A submission that a human should look at. The gravest kind comes first."""

    student: str
    chapter: str
    kind: str
    why: str


@dataclass(frozen=True)
class TestFacts:
    """A hidden test over the class. `tried` counts the submissions in which its function is written.

    `separates` is the correlation of passing it with the rest of the chapter's score, None where that says nothing.
    """

    __test__ = False  # for pytest: no test class

    chapter: str
    function: str
    name: str
    tried: int
    failed: int
    separates: float | None

    @property
    def title(self) -> str:
        """What the test is called in reports."""
        return title(self.chapter, self.name)

    @property
    def suspect(self) -> bool:
        """Whether strong submissions fail it as often as weak ones."""
        enough = self.tried >= _SUSPECT_TRIED
        enough = enough and min(self.failed, self.tried - self.failed) >= _SUSPECT_SIDE
        return enough and self.separates is not None and self.separates < SUSPECT_BELOW


@dataclass(frozen=True)
class MistakeFacts:
    """What went wrong in the same way in `students` submissions: a mistake of the catalogue, a question of the quiz, or
    else what a test said.

    `name` is empty where the catalogue has none.
    """

    chapter: str
    function: str
    name: str
    says: str
    students: int

    @property
    def named(self) -> bool:
        """Whether the catalogue knows it."""
        return bool(self.name) and not self.quiz

    @property
    def quiz(self) -> bool:
        """Whether it is a question of the quiz."""
        return self.function == QUIZ


@dataclass(frozen=True)
class Told:
    """What a student is told of tests that differ in their parameters only: those may be hidden inputs."""

    name: str
    passed: int
    total: int
    messages: tuple[str, ...]


@dataclass(frozen=True)
class ClassFacts:
    """Everything that the reports on a class show."""

    results: tuple[SubmissionResult, ...]
    chapters: tuple[ChapterFacts, ...]
    students: tuple[str, ...]
    spread: Spread | None
    attention: tuple[Attention, ...]
    missing: tuple[tuple[str, str], ...]
    hardest: tuple[TestFacts, ...]
    mistakes: tuple[MistakeFacts, ...]

    @property
    def suspects(self) -> tuple[TestFacts, ...]:
        """The suspect tests, the worst first."""
        found = [test for test in self.hardest if test.suspect]
        return tuple(sorted(found, key=lambda test: (test.separates or 0.0, test.name)))


def gather(results: Iterable[SubmissionResult]) -> ClassFacts:
    """Return the facts of a class."""
    ordered = tuple(sorted(results, key=lambda result: (result.student, result.chapter)))
    by_chapter: dict[str, list[SubmissionResult]] = defaultdict(list)
    for result in ordered:
        by_chapter[result.chapter].append(result)
    chapters = sorted(by_chapter)
    return ClassFacts(
        results=ordered,
        chapters=tuple(_chapter(name, by_chapter[name]) for name in chapters),
        students=tuple(sorted({result.student for result in ordered})),
        spread=_spread(ordered),
        attention=_attention(ordered),
        missing=tuple((r.student, r.chapter) for r in ordered if r.status == "missing"),
        hardest=_hardest(by_chapter),
        mistakes=_mistakes(ordered),
    )


# --- one function ---------------------------------------------------------------------------------------------------


def state(function: FunctionResult) -> State:
    """Say in a word how a function fared."""
    if function.score >= function.max_score:
        return "full"
    unwritten = sum(_unwritten(test) for test in function.tests)
    if not function.score and 2 * unwritten >= len(function.tests):
        return "unwritten"
    if any(test.verdict in STOPPED for test in function.tests):
        return "stopped"
    if function.score > 0:
        return "part"
    return "stopped" if all(test.verdict != "failed" for test in function.tests) else "wrong"


def _unwritten(test: TestResult) -> bool:
    said, cause = split_cause(test.message)
    if cause or _WAITS in said:
        return False
    return test.verdict == "missing" or _STUB in said


def told(function: FunctionResult, chapter: str) -> list[Told]:
    """Return what a student is told of a function's tests, those of one title put together."""
    groups: dict[str, list[TestResult]] = {}
    for test in function.tests:
        groups.setdefault(title(chapter, test.name), []).append(test)
    return [
        Told(
            name,
            sum(test.verdict == "passed" for test in tests),
            len(tests),
            tuple(
                dict.fromkeys(
                    test.message or VERDICTS[test.verdict]
                    for test in tests
                    if test.verdict != "passed"
                )
            ),
        )
        for name, tests in groups.items()
    ]


def split_hint(message: str) -> tuple[str, str]:
    """Return what a message says without its cause, and the hint at its end, "" where it has none."""
    said, mark, hint = message.rpartition(HINT)
    return split_cause(said if mark else hint)[0], hint if mark else ""


def to_repair(result: SubmissionResult, most: int = 3) -> list[FunctionResult]:
    """Return the functions to look at first: in the order of the text, as later ones are built on earlier ones."""
    lost = [function for function in result.functions if function.score < function.max_score]
    return sorted(lost, key=lambda function: function.name == QUIZ)[:most]


# --- the class ------------------------------------------------------------------------------------------------------


def percent(result: SubmissionResult) -> float | None:
    """Return the score in percent, None where there is none."""
    if result.score is None or not result.max_score:
        return None
    return 100.0 * result.score / result.max_score


def total_percent(results: Iterable[SubmissionResult]) -> float | None:
    """Return the score of several submissions together, those without a score left out."""
    scored = [result for result in results if result.score is not None]
    most = sum(result.max_score for result in scored)
    return 100.0 * sum(result.score or 0.0 for result in scored) / most if most else None


def _spread(results: Iterable[SubmissionResult]) -> Spread | None:
    scores = sorted(
        share
        for result in results
        if result.status == "graded" and (share := percent(result)) is not None
    )
    if not scores:
        return None
    low, _, high = quantiles(scores, n=4, method="inclusive") if len(scores) > 1 else scores * 3
    bins = Counter(min(BINS - 1, int(score * BINS / 100)) for score in scores)
    full = sum(score >= 100 for score in scores)
    places = tuple(bins[place] for place in range(BINS))
    return Spread(len(scores), median(scores), low, high, full, places)


def _chapter(name: str, results: Sequence[SubmissionResult]) -> ChapterFacts:
    # A grader error can leave a result without functions.
    functions = max((tuple(f.name for f in r.functions) for r in results), key=len)
    missing = sum(result.status == "missing" for result in results)
    return ChapterFacts(name, functions, len(results), missing, _spread(results))


def _attention(results: Iterable[SubmissionResult]) -> tuple[Attention, ...]:
    kinds = ("grader_error", "refused", "unreadable", ONE_CAUSE, *STOPPED)
    found = []
    for result in results:
        if result.status in kinds:
            why = "; ".join(f"{problem.where}: {problem.what}" for problem in result.problems)
            found.append(Attention(result.student, result.chapter, result.status, why))
            continue
        stopped = {
            kind: [f.name for f in result.functions if any(t.verdict == kind for t in f.tests)]
            for kind in STOPPED
        }
        reasons = [
            f"{cause.says} ({points(cause.cost)} points in {', '.join(cause.functions)})"
            for cause in causes_of(result)
        ]
        first = [ONE_CAUSE] * bool(reasons) + [kind for kind, names in stopped.items() if names]
        reasons += [
            f"{', '.join(names)} {VERDICTS[kind]}" for kind, names in stopped.items() if names
        ]
        if reasons:
            found.append(Attention(result.student, result.chapter, first[0], "; ".join(reasons)))
    return tuple(sorted(found, key=lambda a: (kinds.index(a.kind), a.student, a.chapter)))


def _hardest(by_chapter: Mapping[str, Sequence[SubmissionResult]]) -> tuple[TestFacts, ...]:
    found = []
    for chapter, results in by_chapter.items():
        passed: dict[tuple[str, str], list[tuple[bool, float]]] = defaultdict(list)
        for result in results:
            if result.status != "graded" or result.score is None:
                continue
            # Not the score, of which a penalty may have been taken off.
            by_tests = sum(function.score for function in result.functions)
            for function in result.functions:
                if state(function) == "unwritten":
                    continue
                weights = sum(test.weight for test in function.tests)
                for test in function.tests:
                    right = test.verdict == "passed"
                    worth = function.max_score * test.weight / weights if weights and right else 0.0
                    passed[function.name, test.name].append((right, by_tests - worth))
        for (function_name, test_name), pairs in passed.items():
            failed = sum(not right for right, _ in pairs)
            if failed:
                separates = _correlation(pairs)
                found.append(
                    TestFacts(chapter, function_name, test_name, len(pairs), failed, separates)
                )
    return tuple(
        sorted(found, key=lambda t: (-t.failed, -t.failed / t.tried, t.chapter, t.function, t.name))
    )


def _correlation(pairs: Sequence[tuple[bool, float]]) -> float | None:
    """Correlation of a yes or no with a number; None where one of them never changes."""
    count = len(pairs)
    mean_x = sum(x for x, _ in pairs) / count
    mean_y = math.fsum(y for _, y in pairs) / count
    xx = math.fsum((x - mean_x) ** 2 for x, _ in pairs)
    yy = math.fsum((y - mean_y) ** 2 for _, y in pairs)
    if xx <= 0 or yy <= 1e-12 * count * max(1.0, mean_y * mean_y):
        return None
    return math.fsum((x - mean_x) * (y - mean_y) for x, y in pairs) / math.sqrt(xx * yy)


def _mistakes(results: Iterable[SubmissionResult]) -> tuple[MistakeFacts, ...]:
    students: Counter[tuple[str, str, str, str]] = Counter()
    for result in results:
        for function in result.functions:
            found = set(_seen(result.chapter, function))
            # What else its tests said is most likely the same mistake once more.
            named = {(name, says) for name, says in found if name}
            students.update((result.chapter, function.name, *each) for each in named or found)
    facts = [MistakeFacts(*key, count) for key, count in students.items()]
    return tuple(
        sorted(
            facts, key=lambda m: (-m.students, not m.named, m.chapter, m.function, m.name, m.says)
        )
    )


def _seen(chapter: str, function: FunctionResult) -> Iterator[tuple[str, str]]:
    """What lost tests say of the mistakes behind them: a name from the catalogue, or "", and a sentence."""
    for test in function.tests:
        if (
            test.verdict not in ("failed", "error")
            or _unwritten(test)
            or split_cause(test.message)[1]
        ):
            continue  # what follows from a cause is no mistake of its own
        if function.name == QUIZ:
            yield f"question {test.name}", ""
            continue
        message, hint = split_hint(test.message)
        known = named_in(test.message, function.name, mistakes(chapter)) if hint else None
        if known is not None:
            yield known.name.replace("_", " "), known.says
        elif message and not message.startswith(_NO_MISTAKE):
            yield "", _PLACE.sub("", message)


# --- what to look at first ------------------------------------------------------------------------------------------


def look_first(facts: ClassFacts, run: Run, most: int = 3) -> list[str]:
    """Return the few things that an instructor should look at, the most pressing first."""
    return [thing for thing in _things(facts, run) if thing][:most]


def _things(facts: ClassFacts, run: Run) -> list[str]:
    errors = [f"{a.student} {a.chapter}" for a in facts.attention if a.kind == "grader_error"]
    humans = [f"{a.student} {a.chapter}" for a in facts.attention if a.kind != "grader_error"]
    names = [problem.where for problem in run.passed_over]
    times = [problem.where for problem in run.unreadable_times]
    named = [mistake for mistake in facts.mistakes if mistake.named and mistake.students > 1]
    spreads = [(c.spread.median, c.name) for c in facts.chapters if c.spread and c.spread.count > 1]
    things = [
        f"{counted(len(errors), 'submission')} without a score by a fault of the grader: {listed(errors)}"
        if errors
        else "",
        run.warning,
        f"{counted(len(humans), 'submission')} for a human to look at: {listed(humans)}"
        if humans
        else "",
        f"Passed over in the folder of submissions: {listed(names)}" if names else "",
        f"Not known when handed in, so never late: {listed(times)}" if times else "",
    ]
    things += [
        f"Suspect test “{test.title}” of {test.function} ({test.chapter}): strong submissions fail it as often as weak ones"
        for test in facts.suspects[:1]
    ]
    things += [
        f"For the next lecture, {counted(mistake.students, 'student')} in {mistake.function} ({mistake.chapter}): "
        f"{mistake.name}. {mistake.says}"
        for mistake in named[:1]
    ]
    if facts.hardest and facts.hardest[0].tried > 1:
        test = facts.hardest[0]
        things.append(
            f"Most often lost: “{test.title}” of {test.function} ({test.chapter}), "
            f"by {test.failed} of the {test.tried} who wrote the function"
        )
    if len(spreads) > 1:
        middle, chapter = min(spreads)
        things.append(f"Lowest median: {chapter} with {points(round(middle, 1))} %")
    if facts.missing:
        things.append(
            f"{counted(len(facts.missing), 'submission')} not handed in: "
            f"{listed([' '.join(pair) for pair in facts.missing])}"
        )
    return things
