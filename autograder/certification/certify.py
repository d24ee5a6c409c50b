"""A test of the tests: the reference and every sound alternative earn all points, the stub none, every catalogued
mistake loses points in its own function and in no other, whatever the seed, and by a wide margin; what computes nothing
earns next to nothing.

Each subject is graded once as a submission is, in a confined worker. With the other seeds it runs in a stand-in without
a process (`autograder.sandbox.inprocess`), after that has given the same result as the worker; and a mistake then meets those
tests only in which its function takes part, directly or through other functions. After the first seed it is enough
that it fails one test of its own function.
"""

from __future__ import annotations

import hashlib
import math
import multiprocessing
import platform
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from autograder.certification.errors import largest_error
from autograder.certification.kernels import Ran, loaded_kernel, run_all
from autograder.certification.shares import Shares, exceptions, share_of, shares_of
from autograder.course.catalogue import (
    CatalogueError,
    Mistake,
    alternatives,
    mistaken_source,
    mistakes,
    named_in,
)
from autograder.course.settings import Grading
from autograder.course.source import (
    QUIZ,
    ROOT,
    Chapter,
    hidden_folder,
    load_reference,
    module_source,
)
from autograder.files import csv_bytes, write_file
from autograder.grading import toolkit
from autograder.grading.collect import HiddenTest
from autograder.grading.engine import Grader
from autograder.grading.judge import Suite
from autograder.grading.submissions import Submission
from autograder.grading.version import grader_version
from autograder.results import HINT, NO_EVIDENCE, FunctionResult, SubmissionResult, TestResult
from autograder.sandbox.inprocess import InProcessZygote, load_session
from autograder.sandbox.terms import Cell

SEEDS = 20
WHOLE_SEEDS = 1  # with so many of them a mistake meets every test that it can affect
LEAST_MARGIN = 100.0
LEAST_NAMED = 0.9
LEAST_MISTAKES, LEAST_ALTERNATIVES = 500, 60  # of the whole course
_ROUNDING = float(np.finfo(np.float64).eps)  # no sound code can be asked to err by less
_WITHOUT_INPUTS = 2  # seeds for a test that has no hidden inputs

CERTIFICATES = ROOT / ".cache" / "certificates"
_HERE = Path(__file__).parent

REFERENCE, STUB, ALTERNATIVE, MISTAKE = "reference", "stub", "alternative", "mistake"


class Finding(msgspec.Struct, frozen=True):
    """Something that keeps a suite from being certified."""

    chapter: str
    subject: str
    what: str


class Subject(msgspec.Struct, frozen=True):
    """Code of which it is known what the suite should say about it."""

    kind: str
    name: str
    sources: tuple[str, ...]
    mistake: Mistake | None = None

    @property
    def title(self) -> str:
        """What it is called in a finding."""
        return self.kind if self.name == self.kind else f"{self.kind} {self.name}"


class Margin(msgspec.Struct):
    """How far sound code and mistakes are apart in one test, in relative errors of its comparisons."""

    function: str
    test: str
    sound: float = 0.0  # the largest error of sound code
    wrong: float = math.inf  # the smallest error of a mistake that the test catches by a comparison
    nearest: str = ""  # that mistake
    caught: int = 0

    @property
    def ratio(self) -> float:
        """Return the margin; infinite where no mistake is caught by a numeric comparison."""
        return self.wrong / max(self.sound, _ROUNDING)


class MistakeRecord(msgspec.Struct):
    """What became of a mistake."""

    function: str
    name: str
    caught_by: tuple[str, ...] = ()
    named: str = ""
    named_right: bool = False
    kept: float = 0.0  # the share of its function's points
    seconds: float = 0.0


class Certificate(msgspec.Struct):
    """What the certification of a chapter looked at and found."""

    chapter: str
    mistakes: int = 0
    alternatives: int = 0
    caught: int = 0
    named: int = 0
    seeds: int = 0
    seconds: float = 0.0
    findings: list[Finding] = []
    margins: list[Margin] = []
    records: list[MistakeRecord] = []
    shares: Shares | None = None
    kernels: list[Ran] = []
    left_out: list[str] = []  # kernels that the processor does not have


# --- the subjects ---------------------------------------------------------------------------------------------------


def as_submission(chapter: Chapter, sources: Sequence[str], student: str = "certify") -> Submission:
    """Make a submission of plain source texts, one cell each."""
    cells = tuple(Cell(number, source) for number, source in enumerate(sources, start=1))
    return Submission(student, chapter.name, "graded", "", cells, is_notebook=False)


def _stubs(chapter: Chapter) -> tuple[str, ...]:
    """Every function as in an untouched notebook."""
    names = [function.name for function in chapter.functions if function.name != QUIZ]
    return tuple(f"def {name}(*a, **k):\n    raise NotImplementedError\n" for name in names)


def subjects(chapter: Chapter, find: Callable[[str, str], None]) -> list[Subject]:
    """Everything that is known about a chapter; an entry of the catalogue that does not fit it is a finding."""
    whole = module_source(chapter)
    found = [
        Subject(REFERENCE, REFERENCE, (whole,)),
        Subject(STUB, STUB, _stubs(chapter)),
    ]
    for style, source in alternatives(chapter.name).items():
        found.append(Subject(ALTERNATIVE, style, (whole, source)))
    for entry in mistakes(chapter.name):
        name = f"{entry.function}/{entry.name}"
        try:
            found.append(Subject(MISTAKE, name, (mistaken_source(chapter, entry),), entry))
        except CatalogueError as error:
            find(f"{MISTAKE} {name}", str(error))
    return found


def losses(functions: Sequence[FunctionResult]) -> dict[str, list[str]]:
    """Function to the tests it lost, the quiz aside."""
    return {
        function.name: [
            f"{test.name}: {test.verdict}: {test.message}"
            for test in function.tests
            if test.verdict != "passed"
        ]
        for function in functions
        if function.name != QUIZ and any(test.verdict != "passed" for test in function.tests)
    }


# --- margins --------------------------------------------------------------------------------------------------------


class _Watch:
    """Looks over the shoulder of `compare`: by how much was each test missed or met?"""

    def __init__(self, chapter_margins: dict[tuple[str, str], Margin]):
        self._margins = chapter_margins
        self._errors: list[float] = []
        self._missed: float | None = None

    def __call__(self, got: Any, want: Any, tolerance: float, passed: bool) -> None:
        error = largest_error(got, want)
        if passed:
            # What counts exactly, such as an int of another width, has passed without any error.
            self._errors.append(error if math.isfinite(error) else 0.0)
        elif self._missed is None:
            # Right numbers in the wrong form, such as a dtype, fail by no small amount.
            self._missed = error if error > tolerance else math.inf

    def begin(self) -> None:
        """A test starts."""
        self._errors = []
        self._missed = None

    def end(self, test: HiddenTest, subject: Subject, verdict: str) -> None:
        """A test has ended for a subject."""
        function = test.function
        margin = self._margins[function, test.name]
        if subject.kind in (REFERENCE, ALTERNATIVE):
            if verdict == "passed":
                margin.sound = max([margin.sound, *self._errors])
        elif subject.mistake is not None and verdict != "passed":
            if function not in (subject.mistake.function, *subject.mistake.also):
                return
            margin.caught += 1
            error = math.inf if self._missed is None else self._missed
            if error < margin.wrong:
                margin.wrong, margin.nearest = error, subject.name


# --- a chapter ------------------------------------------------------------------------------------------------------


class _Outcomes(msgspec.Struct):
    """What some tests said of a subject; keys are functions and tests."""

    tests: dict[tuple[str, str], TestResult]
    failed: set[tuple[str, str]]  # by themselves, and not for want of evidence elsewhere
    drawing: set[str]  # node ids of the tests that took inputs of the seed

    def lost(self, without: Iterable[tuple[str, str]] = ()) -> set[str]:
        """The functions that lose points, some tests aside."""
        return {key[0] for key in self.failed.difference(without)}


def _same_end(graded: TestResult, alone: TestResult) -> bool:
    """Whether two runs of a test agree; a hint may follow the message."""
    if NO_EVIDENCE in (graded.message, alone.message):
        return True  # that depends on which other tests were run
    return graded.verdict == alone.verdict and (
        graded.message == alone.message or graded.message.startswith(alone.message + HINT)
    )


class _Certification:
    def __init__(self, chapter: Chapter, grader: Grader, seeds: Sequence[int]):
        self.chapter = chapter
        self.grader = grader
        self.suite: Suite = grader.suite(chapter.name)
        self.seeds = seeds
        self.certificate = Certificate(chapter.name, seeds=len(seeds))
        self.margins = {
            (test.function, test.name): Margin(test.function, test.name)
            for test in self.suite.tests
        }
        self.watch = _Watch(self.margins)
        self.touched = _functions_by_test(chapter, self.suite)

    def find(self, subject: str, what: str) -> None:
        self.certificate.findings.append(Finding(self.chapter.name, subject, what))

    def run(self) -> Certificate:
        started = time.perf_counter()
        known = subjects(self.chapter, self.find)
        first: dict[str, _Outcomes] = {}
        for subject in known:
            begun = time.perf_counter()
            result = self.grader.grade(as_submission(self.chapter, subject.sources))[0]
            self._judge(subject, result, time.perf_counter() - begun)
            graded = {(f.name, test.name): test for f in result.functions for test in f.tests}
            if any(test.verdict == "timeout" for test in graded.values()):
                self._judge_slow(subject, set(losses(result.functions)))
                continue
            alone = self._again(subject, self.seeds[0], lambda _test: True)
            if not all(_same_end(graded[key], test) for key, test in alone.tests.items()):
                self.find(subject.title, "a worker and its stand-in come to different results")
            first[subject.title] = alone
        for number, seed in enumerate(self.seeds[1:], start=2):
            for subject in known:
                before = first.get(subject.title)
                if before is None:
                    continue
                now = self._again(subject, seed, self._to_repeat(before, number), number)
                changed = before.lost() ^ (now.lost() | before.lost(without=now.tests))
                if subject.mistake is not None and number > WHOLE_SEEDS:
                    changed &= {subject.mistake.function}
                self._judge_seed(subject, seed, changed)
        for margin in self.margins.values():
            if margin.ratio < LEAST_MARGIN:
                self.find(
                    f"{margin.function}: {margin.test}",
                    f"the margin is {margin.ratio:.3g}: {margin.wrong:.3g} of {margin.nearest} against "
                    f"{margin.sound:.3g} of sound code",
                )
        self._measure_shares()
        self.certificate.margins = list(self.margins.values())
        self.certificate.seconds = time.perf_counter() - started
        return self.certificate

    def _measure_shares(self) -> None:
        kept = {(one.function, one.name): one.kept for one in self.certificate.records}
        measured = shares_of(self.suite, mistakes(self.chapter.name), kept)
        self.certificate.shares = measured

    def _judge_slow(self, subject: Subject, lost: set[str]) -> None:
        """Repeat what runs into a time limit with one other seed, in a worker, which can be stopped anywhere."""
        for seed in self.seeds[1:2]:
            with seeded(self.suite, seed):
                again = self.grader.grade(as_submission(self.chapter, subject.sources))[0]
            self._judge_seed(subject, seed, lost ^ set(losses(again.functions)))

    def _judge_seed(self, subject: Subject, seed: int, changed: set[str]) -> None:
        if changed:
            what = f"its verdict changes with seed {seed}: {', '.join(sorted(changed))}"
            self.find(subject.title, what)

    def _to_repeat(self, before: _Outcomes, number: int) -> Callable[[HiddenTest], bool]:
        """Which tests to run with seed number `number` (from 2).

        What trains at length has no hidden inputs, and once is enough. For another test without them only what a
        submission draws itself can differ, which some seeds show as well as all.
        """

        def repeated(test: HiddenTest) -> bool:
            if self.suite.takes_long(test):
                return False
            return number <= _WITHOUT_INPUTS or test.id in before.drawing

        return repeated

    def _again(
        self,
        subject: Subject,
        seed: int,
        only: Callable[[HiddenTest], bool],
        number: int = 1,
    ) -> _Outcomes:
        """Rerun a subject in-process with another seed; `number` counts the seeds.

        After the first seed a mistake meets the tests of its own function only, up to the first that it fails.
        """
        zygote = InProcessZygote(self.chapter.libraries)
        session = load_session(zygote, subject.sources, self.suite.limits)
        entry = subject.mistake
        outcomes = _Outcomes({}, set(), set())

        def concerned(test: HiddenTest) -> bool:
            if entry is not None and number > WHOLE_SEEDS:
                own = test.function == entry.function
                return own and not outcomes.failed and only(test)
            if entry is not None and entry.function not in self.touched[test.id]:
                return False
            return only(test)

        def before(_test: HiddenTest) -> None:
            toolkit.state.drawn = False
            self.watch.begin()

        def after(test: HiddenTest, verdict: str) -> None:
            self.watch.end(test, subject, verdict)
            if toolkit.state.drawn:
                outcomes.drawing.add(test.id)
            if verdict != "passed":
                outcomes.failed.add((test.function, test.name))

        with seeded(self.suite, seed), toolkit.observed(self.watch):
            judgement = self.suite.run(session, concerned, before=before, after=after)
        for function, tests in judgement.outcomes.items():
            outcomes.tests.update({(function, name): test for name, test in tests.items()})
        return outcomes

    def _judge(self, subject: Subject, result: SubmissionResult, seconds: float) -> None:
        if result.status != "graded":
            self.find(subject.title, "; ".join(problem.what for problem in result.problems))
            return
        for problem in result.problems:
            self.find(subject.title, f"{problem.where}: {problem.what}")
        lost = losses(result.functions)
        if subject.mistake is not None:
            self._judge_mistake(subject, subject.mistake, result, lost, seconds)
        elif subject.kind == STUB:
            for function in result.functions:
                if function.score:
                    passed = [test.name for test in function.tests if test.verdict == "passed"]
                    self.find(subject.title, f"{function.name} earns {', '.join(passed)}")
        else:
            self.certificate.alternatives += subject.kind == ALTERNATIVE
            for function_name, tests in lost.items():
                self.find(subject.title, f"{function_name} loses {'; '.join(tests[:3])}")

    def _judge_mistake(
        self,
        subject: Subject,
        entry: Mistake,
        result: SubmissionResult,
        lost: dict[str, list[str]],
        seconds: float,
    ) -> None:
        certificate = self.certificate
        certificate.mistakes += 1
        if entry.function in lost:
            certificate.caught += 1
        else:
            self.find(subject.title, "survives: its function keeps every point")
        for other, tests in lost.items():
            if other != entry.function and other not in entry.also:
                self.find(subject.title, f"costs {other} points: {tests[0]}")
        for other in entry.also:
            if other not in lost:
                self.find(subject.title, f"says it costs {other} points, and does not")
        function = next(f for f in result.functions if f.name == entry.function)
        failed = [test for test in function.tests if test.verdict != "passed"]
        catalogue = mistakes(self.chapter.name)
        guesses = [named_in(test.message, entry.function, catalogue) for test in failed]
        named = next((guess for guess in guesses if guess), None)
        right = named is not None and named.says == entry.says
        certificate.named += right
        certificate.records.append(
            MistakeRecord(
                entry.function,
                entry.name,
                tuple(test.name for test in failed),
                named.name if named else "",
                right,
                share_of(function),
                seconds,
            )
        )


@contextmanager
def seeded(suite: Suite, seed: int) -> Iterator[None]:
    """Let a suite make its inputs from another seed for a while."""
    before = suite.seed
    suite.seed = seed
    try:
        yield
    finally:
        suite.seed = before
        toolkit.state.seed = before


_SPY = """
spied = set()
def _spied(name, function):
    def call(*args, **kwargs):
        spied.add(name)
        return function(*args, **kwargs)
    return call
for _name in {names!r}:
    if type(globals().get(_name)) is type(_spied):
        globals()[_name] = _spied(_name, globals()[_name])
"""


def _functions_by_test(chapter: Chapter, suite: Suite) -> dict[str, set[str]]:
    """Which functions of the chapter each test makes run, of the reference."""
    names = [function.name for function in chapter.functions if function.name != QUIZ]
    sources = [module_source(chapter), _SPY.format(names=names)]
    zygote = InProcessZygote(chapter.libraries)
    session = load_session(zygote, sources, suite.limits)
    found: dict[str, set[str]] = {}

    def note(test: HiddenTest, _verdict: str) -> None:
        seen = zygote.latest.namespace["spied"]
        found[test.id] = {test.function, *seen}
        seen.clear()

    suite.run(session, after=note)
    return found


def certify(chapter: Chapter, grader: Grader, seeds: int = SEEDS) -> Certificate:
    """Run everything that is known about a chapter through its hidden suite."""
    load_reference(chapter)
    first = grader.grading.seed
    others = [first + 1000 + number for number in range(max(0, seeds - 1))]
    return _Certification(chapter, grader, [first, *others]).run()


# --- the course -----------------------------------------------------------------------------------------------------


def certify_where_changed(chapter: Chapter, seeds: int, grading: Grading) -> Certificate:
    """Certify a chapter, in a process of its own as torch's threads are set, unless nothing that its certificate depends on has changed."""
    kept = CERTIFICATES / f"{chapter.name}-{_digest(chapter, seeds, grading)}"
    try:
        certificate = msgspec.msgpack.decode(kept.read_bytes(), type=Certificate)
    except (OSError, msgspec.DecodeError):
        certificate = _certified(chapter, seeds, grading)
        for older in CERTIFICATES.glob(f"{chapter.name}-*"):
            older.unlink(missing_ok=True)
        write_file(kept, msgspec.msgpack.encode(certificate))
    # Reasons are looked up anew: to give one changes nothing that was measured.
    certificate.findings += shares_findings(certificate)
    return certificate


def shares_findings(certificate: Certificate) -> list[Finding]:
    """Return what earns too much in a chapter and has no reason."""
    if certificate.shares is None:
        return []
    found = certificate.shares.out_of_bounds(exceptions(certificate.chapter))
    return [Finding(certificate.chapter, subject, what) for subject, what in found]


def _digest(chapter: Chapter, seeds: int, grading: Grading) -> str:
    """Name what a certificate depends on: the grader, suite and source, catalogue, styles, and this machine."""
    folder = hidden_folder(chapter.name)
    hashed = hashlib.sha256(grader_version(chapter, grading).encode())
    hashed.update(f"{seeds} {platform.machine()} {loaded_kernel()} {grading!r}".encode())
    for path in sorted([*folder.rglob("*.py"), *_HERE.glob("*.py")]):
        hashed.update(path.name.encode() + hashlib.sha256(path.read_bytes()).digest())
    return hashed.hexdigest()[:16]


def _certified(chapter: Chapter, seeds: int, grading: Grading) -> Certificate:
    if chapter.libraries == "torch":
        import torch

        torch.set_num_threads(1)
    grader = Grader({chapter.name: chapter}, grading=grading)
    try:
        certificate = certify(chapter, grader, seeds)
    finally:
        grader.close()
    certificate.kernels, certificate.left_out = run_all(chapter)
    for ran in certificate.kernels:
        subject = f"kernel {ran.kernel}, torch's threads {ran.threads}"
        certificate.findings += [
            Finding(chapter.name, subject, f"loses {what}") for what in ran.lost
        ]
    return certificate


def certify_all(
    chapters: Sequence[Chapter],
    *,
    seeds: int = SEEDS,
    jobs: int = 1,
    grading: Grading | None = None,
) -> Iterator[Certificate]:
    """Certify chapters, `jobs` at a time; certificates come in the order of the chapters.

    A certificate is kept in the cache folder, and taken from there while nothing that it depends on changes.
    """
    longest_first = sorted(
        chapters, key=lambda c: (c.libraries != "torch", -len(mistakes(c.name)), c.name)
    )
    with ProcessPoolExecutor(max(1, jobs), multiprocessing.get_context("spawn")) as pool:
        running = {
            c.name: pool.submit(certify_where_changed, c, seeds, grading or Grading())
            for c in longest_first
        }
        for chapter in chapters:
            yield running[chapter.name].result()


def course_findings(certificates: Sequence[Certificate], whole: bool) -> list[Finding]:
    """What the chapters together lack: mistakes that are named and, for the whole course, enough of everything."""
    found = []
    total = sum(certificate.mistakes for certificate in certificates)
    named = sum(certificate.named for certificate in certificates)
    sound = sum(certificate.alternatives for certificate in certificates)
    if named < LEAST_NAMED * total:
        found.append(Finding("course", "names", f"{named} of {total} mistakes are named right"))
    if whole and total < LEAST_MISTAKES:
        found.append(Finding("course", "mistakes", f"{total}, not {LEAST_MISTAKES}"))
    if whole and sound < LEAST_ALTERNATIVES:
        found.append(Finding("course", "alternatives", f"{sound}, not {LEAST_ALTERNATIVES}"))
    return found


def margins_csv(certificates: Sequence[Certificate]) -> bytes:
    """Return the table of margins, a line per test."""
    rows = [
        (
            certificate.chapter,
            margin.function,
            margin.test,
            margin.caught,
            f"{margin.sound:.3g}",
            f"{margin.wrong:.3g}",
            f"{margin.ratio:.3g}",
            margin.nearest,
        )
        for certificate in certificates
        for margin in certificate.margins
    ]
    head = (
        "chapter",
        "function",
        "test",
        "caught",
        "sound_error",
        "mistake_error",
        "margin",
        "nearest_mistake",
    )
    return csv_bytes([head, *rows])


def mistakes_csv(certificates: Sequence[Certificate]) -> bytes:
    """Return the table of mistakes: by how many tests each is caught and what it is named."""
    rows = [
        (
            certificate.chapter,
            record.function,
            record.name,
            len(record.caught_by),
            record.named,
            "yes" if record.named_right else "no",
            f"{record.kept:.3f}",
            " ".join(record.caught_by),
        )
        for certificate in certificates
        for record in certificate.records
    ]
    head = ("chapter", "function", "mistake", "tests", "named", "right", "kept", "caught_by")
    return csv_bytes([head, *rows])
