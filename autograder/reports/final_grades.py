"""`final_grades.csv`: what each student gets in the end, and the parts that it is made of. The gradebook has these numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import msgspec

from autograder.files import csv_bytes
from autograder.reports.text import points
from autograder.results import SubmissionResult

FINAL_GRADES = "final_grades.csv"
HEAD = (
    *("student", "chapter", "status", "automatic", "manual"),
    *("penalty", "bonus", "total", "max_score"),
)


@dataclass(frozen=True)
class FinalGrade:
    """One student's chapter. `total` is `automatic + manual - penalty + bonus`, never below zero.

    `automatic` is what the tests gave, `manual` what scores entered by hand change of it, `penalty` what being late
    costs, `bonus` extra credit. `automatic` and `total` are None where points are not known, or where nothing was
    handed in and it is not due yet.
    """

    automatic: float | None
    manual: float
    penalty: float
    bonus: float
    total: float | None
    max_score: float

    @property
    def made_of(self) -> str:
        """The parts of the total in words, where it is not simply what the tests gave; else an empty text."""
        parts = [
            f"{points(abs(value))} {said}"
            for value, said in (
                (self.manual, "added by hand" if self.manual > 0 else "taken off by hand"),
                (self.bonus, "of extra credit"),
                (self.penalty, "taken off for being late"),
            )
            if value
        ]
        return f"{points(self.automatic)} by the tests, {', '.join(parts)}" if parts else ""


Finals = Mapping[tuple[str, str], FinalGrade]
"""Student and chapter to what they get in the end."""


def published(result: SubmissionResult, final: FinalGrade | None) -> SubmissionResult:
    """Return a result with the total in place of what the tests gave, where both are known."""
    if final is None or final.total is None or result.score is None:
        return result
    return msgspec.structs.replace(result, score=final.total, max_score=final.max_score)


def render(finals: Finals, results: Iterable[SubmissionResult]) -> bytes:
    """Return the file's bytes, sorted by student, then chapter.

    Args:
        finals: what the gradebook has.
        results: of the class. One that the gradebook does not have gets a line without a total; a student of the
            gradebook without a result is `missing`.
    """
    by_place = {(result.student, result.chapter): result for result in results}
    rows: list[tuple[object, ...]] = []
    for student, chapter in sorted({*by_place, *finals}):
        result = by_place.get((student, chapter))
        status = result.status if result else "missing"
        final = finals.get((student, chapter))
        if final is None and result is not None:
            final = FinalGrade(result.score, 0.0, 0.0, 0.0, None, result.max_score)
        if final is not None:
            rows.append(
                (
                    *(student, chapter, status, final.automatic, final.manual),
                    *(final.penalty, final.bonus, final.total, final.max_score),
                )
            )
    return csv_bytes([HEAD, *rows])
