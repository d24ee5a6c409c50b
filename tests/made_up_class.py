"""Results of a class that nobody taught: every kind of end that a submission can have, the same at every call."""

from __future__ import annotations

import random

from autograder.course.catalogue import mistakes
from autograder.course.source import QUIZ, Chapter, chapters
from autograder.results import (
    SCHEMA,
    FunctionResult,
    Problem,
    SubmissionResult,
    TestResult,
    Verdict,
    function_result,
    total_score,
    with_hint,
)

GIVEN = [
    "ada",
    "bo",
    "chen",
    "dilek",
    "emeka",
    "farah",
    "goro",
    "hanna",
    "ilse",
    "jun",
    "kofi",
    "lena",
    "mei",
    "nour",
    "olu",
    "petra",
    "quinn",
    "ravi",
    "sade",
    "tomé",
]
FAMILY = [
    "Abe",
    "Berg",
    "Costa",
    "Diaz",
    "Ek",
    "Fofana",
    "Green",
    "Haas",
    "Ito",
    "Jansen",
    "Kaya",
    "Lund",
    "Mbeki",
    "Novak",
    "Okafor",
    "Park",
    "Ruiz",
    "Sato",
    "Tran",
    "Uz",
]
TESTS = ("values[one_sequence]", "values[batch]", "long_input", "arguments_unchanged", "batch_of_1")
_MESSAGES = (
    "{} is wrong in every entry",
    "{} has shape (3, 5) where (5, 3) is expected",
    "{} is wrong in 4 of 12 entries, beginning with the second step",
)
_STOPS: tuple[Verdict, ...] = ("timeout", "memory", "crashed", "output")


def students(count: int) -> list[str]:
    """So many names, all different."""
    names = [f"{given} {family}" for family in FAMILY for given in GIVEN]
    return [
        names[place % len(names)] + " " * (place >= len(names)) + str(place // len(names) or "")
        for place in range(count)
    ]


def class_of(count: int, course: dict[str, Chapter] | None = None) -> list[SubmissionResult]:
    """The results of so many students in every chapter. The stronger one is, the less is lost."""
    rng = random.Random(7)
    strength = {student: rng.gauss(0.0, 1.0) for student in students(count)}
    return [
        _submission(rng, student, chapter, strength[student])
        for chapter in (course or chapters()).values()
        for student in strength
    ]


def result(
    student: str,
    chapter: str,
    functions: tuple[FunctionResult, ...] = (),
    status: str = "graded",
    problems: tuple[Problem, ...] = (),
) -> SubmissionResult:
    """A result with the score that its functions add up to, of the points that they have or of 100."""
    if status == "graded":
        score, most = total_score(functions), sum(function.max_score for function in functions)
    else:
        score, most = None if status == "grader_error" else 0.0, 100.0
    return SubmissionResult(
        SCHEMA,
        student,
        chapter,
        status,
        score,
        most,
        functions,
        problems,
        "sha256:0",
        "1.0.0+0",  # type: ignore[arg-type]
    )


def _submission(
    rng: random.Random, student: str, chapter: Chapter, strength: float
) -> SubmissionResult:
    fate = rng.random()
    if fate < 0.04:
        return result(student, chapter.name, status="missing")
    if fate < 0.045:
        problem = Problem(f"{chapter.name}.ipynb", "is no notebook: it begins with PDF")
        return result(student, chapter.name, status="unreadable", problems=(problem,))
    if fate < 0.048:
        problem = Problem(f"{chapter.name}.ipynb", "is a link; hand in the file itself")
        return result(student, chapter.name, status="refused", problems=(problem,))
    if fate < 0.049:
        problem = Problem("grader", "the zygote ended")
        return result(student, chapter.name, status="grader_error", problems=(problem,))
    functions = tuple(
        _quiz(rng, function.points, strength)
        if function.name == QUIZ
        else _function(rng, chapter.name, function.name, function.points, strength - place / 6)
        for place, function in enumerate(chapter.functions)
    )
    return result(student, chapter.name, functions)


def _quiz(rng: random.Random, points: float, strength: float) -> FunctionResult:
    right = [rng.gauss(strength, 1.0) > -0.7 for _ in range(4)]
    return function_result(
        QUIZ,
        points,
        [
            TestResult(f"q{number}", "passed", 1.0, "")
            if passed
            else TestResult(f"q{number}", "failed", 1.0, "another option fits better")
            for number, passed in enumerate(right, start=1)
        ],
    )


def _function(
    rng: random.Random, chapter: str, name: str, points: float, strength: float
) -> FunctionResult:
    luck = rng.gauss(strength, 1.0)
    if luck > -0.6:
        return function_result(name, points, [TestResult(t, "passed", 1.0, "") for t in TESTS])
    if luck < -2.6:
        message = f"{name} raised NotImplementedError (cell {rng.randrange(5, 40)}, line 12)"
        return function_result(name, points, [TestResult(t, "error", 1.0, message) for t in TESTS])
    verdict: Verdict = rng.choice(_STOPS) if rng.random() < 0.03 else "failed"
    message = rng.choice(_MESSAGES).format(rng.choice(("h", "dx", "dh_prev")))
    known = [entry for entry in mistakes(chapter) if entry.function == name]
    if verdict == "failed" and known and rng.random() < 0.5:
        message = with_hint(message, known[min(int(rng.expovariate(1.0)), len(known) - 1)].says)
    lost = set(rng.sample(TESTS, rng.randrange(1, 4)))
    return function_result(
        name,
        points,
        [
            TestResult(test, verdict, 1.0, message)
            if test in lost
            else TestResult(test, "passed", 1.0, "")
            for test in TESTS
        ],
    )
