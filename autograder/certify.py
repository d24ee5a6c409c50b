"""A test of the tests: the reference and every sound alternative earn all points, the stub none, every catalogued
mistake loses points in its own function and in no other.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from autograder.course import Chapter, load_reference, module_source, solution_source
from autograder.engine import Grader
from autograder.mistakes.catalogue import CatalogueError, Mistake, alternatives, mistakes
from autograder.results import SubmissionResult
from autograder.submissions import QUIZ, Submission
from autograder.worker.session import Cell


class Finding(msgspec.Struct, frozen=True):
    """Something that keeps a suite from being certified."""

    chapter: str
    subject: str
    what: str


class Certificate(msgspec.Struct):
    """What the certification of a chapter looked at and found."""

    chapter: str
    mistakes: int = 0
    alternatives: int = 0
    caught: int = 0
    findings: list[Finding] = []


def as_submission(chapter: Chapter, sources: Sequence[str], student: str = "certify") -> Submission:
    """Make a submission of plain source texts, one cell each."""
    cells = tuple(Cell(number, source) for number, source in enumerate(sources, start=1))
    return Submission(student, chapter.name, "graded", "", cells, is_notebook=False)


def with_mistake(chapter: Chapter, mistake: Mistake) -> Submission:
    """The reference with one mistake in it."""
    wrong = mistake.apply(solution_source(chapter, mistake.function))
    return as_submission(chapter, [module_source(chapter, {mistake.function: wrong})])


def stub(chapter: Chapter) -> Submission:
    """A submission in which every function raises NotImplementedError, as an untouched notebook."""
    names = [function.name for function in chapter.functions if function.name != QUIZ]
    return as_submission(
        chapter, [f"def {name}(*a, **k):\n    raise NotImplementedError\n" for name in names]
    )


def losses(result: SubmissionResult) -> dict[str, list[str]]:
    """Function to the tests it lost, the quiz aside."""
    return {
        function.name: [
            f"{t.name}: {t.verdict}: {t.message}" for t in function.tests if t.verdict != "passed"
        ]
        for function in result.functions
        if function.name != QUIZ and any(test.verdict != "passed" for test in function.tests)
    }


def certify(chapter: Chapter, grader: Grader) -> Certificate:
    """Run everything that is known about a chapter through its hidden suite."""
    certificate = Certificate(chapter.name)

    def find(subject: str, what: str) -> None:
        certificate.findings.append(Finding(chapter.name, subject, what))

    load_reference(chapter)
    reference = as_submission(chapter, [module_source(chapter)])
    for subject, lost in losses(grader.grade(reference)[0]).items():
        find("reference", f"{subject} loses {lost[0]}")
    for function in grader.grade(stub(chapter))[0].functions:
        if function.score:
            passed = [test.name for test in function.tests if test.verdict == "passed"]
            find("stub", f"{function.name} earns {', '.join(passed)}")
    for style, source in alternatives(chapter.name).items():
        certificate.alternatives += 1
        submission = as_submission(chapter, [module_source(chapter), source])
        result = grader.grade(submission)[0]
        for problem in result.problems:
            find(f"alternative {style}", f"{problem.where}: {problem.what}")
        for function_name, lost in losses(result).items():
            find(f"alternative {style}", f"{function_name} loses {'; '.join(lost[:3])}")
    for mistake in mistakes(chapter.name):
        certificate.mistakes += 1
        _certify_mistake(chapter, mistake, grader, certificate, find)
    return certificate


def _certify_mistake(chapter, mistake, grader, certificate, find) -> None:  # type: ignore[no-untyped-def]
    subject = f"mistake {mistake.function}/{mistake.name}"
    try:
        submission = with_mistake(chapter, mistake)
    except CatalogueError as error:
        find(subject, str(error))
        return
    result = grader.grade(submission)[0]
    for problem in result.problems:
        find(subject, f"{problem.where}: {problem.what}")
    lost = losses(result)
    if mistake.function in lost:
        certificate.caught += 1
    else:
        find(subject, "survives: its function keeps every point")
    for other, tests in lost.items():
        if other != mistake.function and other not in mistake.also:
            find(subject, f"costs {other} points: {tests[0]}")
    for other in mistake.also:
        if other not in lost:
            find(subject, f"says it costs {other} points, and does not")
