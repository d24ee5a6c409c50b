"""What leaves the gradebook: `nbgrader export --exporter=autograder.platforms.gradebook.export.<name>`.

A chapter that was handed in but whose points are not all known (after an error of the grader, say) has an empty score,
which no learning platform takes for a zero. Whoever handed nothing in has an explicit zero, as with nbgrader's own export,
once the chapter is due for them; before that the score is empty as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from nbgrader.api import (
    Assignment,
    Grade,
    Gradebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)
from nbgrader.plugins import ExportPlugin
from sqlalchemy import case, func, select

from autograder.files import csv_bytes, write_file
from autograder.platforms.gradebook.late import is_due
from autograder.platforms.gradebook.timestamps import local, zone
from autograder.reports.final_grades import FinalGrade


@dataclass(frozen=True)
class Line:
    """One student's chapter. `automatic` is what the tests gave; None where points are not all known.

    `manual` is what scores that were entered by hand change of it, `bonus` extra credit.
    """

    chapter: str
    due: datetime | None
    student: str
    last_name: str
    first_name: str
    email: str
    platform_id: str
    timestamp: datetime | None
    automatic: float | None
    manual: float
    bonus: float
    penalty: float
    max_score: float
    needs_manual_grade: bool

    def shown_in(self, here: ZoneInfo) -> Line:
        """The same with its times as clocks in the zone `here` show them."""
        due = self.due and local(self.due, here)
        return replace(self, due=due, timestamp=self.timestamp and local(self.timestamp, here))

    @property
    def raw(self) -> float | None:
        """What counts before the late penalty."""
        if self.automatic is None:
            return None
        return round(self.automatic + self.manual + self.bonus, 2)

    @property
    def score(self) -> float | None:
        """What counts: after the penalty, never below zero, to two decimals."""
        return None if self.raw is None else round(max(0.0, self.raw - self.penalty), 2)


def lines(
    gradebook: Gradebook, chapters: Sequence[str] = (), students: Sequence[str] = ()
) -> Iterator[Line]:
    """Yield every student in every chapter, sorted by chapter, then student; only the named ones, where any are."""
    session = gradebook.db
    scores = _scores(gradebook)
    here = zone()
    given_out = {assignment for (assignment, _), points in scores.items() if points.handed_in}
    people = session.scalars(select(Student).order_by(Student.id)).all()
    for assignment in session.scalars(select(Assignment).order_by(Assignment.name)).all():
        if chapters and assignment.name not in chapters:
            continue
        for person in people:
            if students and person.id not in students:
                continue
            found = scores.get((assignment.id, person.id), _Points())
            automatic = found.automatic
            if not found.handed_in:
                due = is_due(assignment.duedate, found.extension, here)
                if due is None:  # no date: due as soon as somebody handed it in
                    due = assignment.id in given_out
                automatic = 0.0 if due else None
            yield Line(
                assignment.name,
                assignment.duedate,
                person.id,
                person.last_name or "",
                person.first_name or "",
                person.email or "",
                person.lms_user_id or "",
                found.timestamp,
                automatic,
                found.manual,
                found.bonus,
                found.penalty,
                float(assignment.max_score),
                found.needs_manual_grade,
            )


def finals(gradebook: Gradebook) -> dict[tuple[str, str], FinalGrade]:
    """Return student and chapter to what they get in the end, of everybody in the gradebook."""
    return {
        (line.student, line.chapter): FinalGrade(
            line.automatic, line.manual, line.penalty, line.bonus, line.score, line.max_score
        )
        for line in lines(gradebook)
    }


@dataclass(frozen=True)
class _Points:
    """What the rows of one submission add up to. Rows that only hold an extension were not handed in."""

    handed_in: bool = False
    extension: timedelta = timedelta(0)
    timestamp: datetime | None = None
    automatic: float | None = 0.0
    manual: float = 0.0
    bonus: float = 0.0
    penalty: float = 0.0
    needs_manual_grade: bool = False


def _scores(gradebook: Gradebook) -> dict[tuple[str, str], _Points]:
    """Assignment and student to points, in one query."""
    by_tests = func.coalesce(Grade.auto_score, 0.0)
    by_hand = case((Grade.manual_score.is_not(None), Grade.manual_score - by_tests), else_=0.0)
    rows = gradebook.db.execute(
        select(
            SubmittedAssignment.assignment_id,
            SubmittedAssignment.student_id,
            SubmittedAssignment.timestamp,
            SubmittedAssignment.extension,
            SubmittedNotebook.late_submission_penalty,
            func.sum(by_tests),
            func.sum(by_hand),
            func.sum(func.coalesce(Grade.extra_credit, 0.0)),
            func.count(func.coalesce(Grade.manual_score, Grade.auto_score)),
            func.count(Grade.id),
            func.max(Grade.needs_manual_grade),
        )
        .join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        .join(Grade, Grade.notebook_id == SubmittedNotebook.id)
        .group_by(SubmittedNotebook.id)
    )
    found: dict[tuple[str, str], _Points] = {}
    for (
        assignment,
        student,
        timestamp,
        extension,
        penalty,
        auto,
        hand,
        bonus,
        known,
        all_,
        flag,
    ) in rows:
        before = found.get((assignment, student), _Points())
        complete = before.automatic is not None and known == all_
        found[assignment, student] = _Points(
            before.handed_in or bool(known or flag) or timestamp is not None,
            extension or timedelta(0),
            timestamp,
            round((before.automatic or 0.0) + auto, 2) if complete else None,
            round(before.manual + hand, 2),
            round(before.bonus + bonus, 2),
            round(before.penalty + (penalty or 0.0), 2),
            before.needs_manual_grade or bool(flag),
        )
    return found


class _Table(ExportPlugin):
    """Writes a table as CSV: quoted where it must be, and no cell that a spreadsheet takes for a formula."""

    default_name = "grades.csv"

    def export(self, gradebook: Gradebook) -> None:
        """Write the file."""
        here = zone()
        chosen = [str(name) for name in self.assignment], [str(name) for name in self.student]
        target = Path(self.to or self.default_name)
        self.log.info("Exporting grades to %s", target)
        write_file(
            target,
            csv_bytes(self.table([each.shown_in(here) for each in lines(gradebook, *chosen)])),
        )

    def table(self, found: Sequence[Line]) -> list[list[Any]]:
        """Return the rows, the head first."""
        raise NotImplementedError


class PlainCsv(_Table):
    """nbgrader's own columns, one row for each student and chapter, and what a human should look at."""

    def table(self, found: Sequence[Line]) -> list[list[Any]]:
        """Return the rows, the head first."""
        head = ["assignment", "duedate", "timestamp", "student_id", "last_name", "first_name"]
        head += ["email", "raw_score", "late_submission_penalty", "score", "max_score"]
        head += ["needs_manual_grade"]
        return [
            head,
            *(
                [
                    *(line.chapter, line.due or "", line.timestamp or "", line.student),
                    *(line.last_name, line.first_name, line.email),
                    *(_number(line.raw), line.penalty, _number(line.score), line.max_score),
                    "yes" if line.needs_manual_grade else "no",
                ]
                for line in found
            ),
        ]


class Canvas(_Table):
    """Canvas's gradebook import: a row for each student, a column for each chapter, points possible in a row above."""

    default_name = "canvas.csv"

    def table(self, found: Sequence[Line]) -> list[list[Any]]:
        """Return the rows, the head first."""
        chapters = _max_scores(found)
        blank = [""] * 5
        rows: list[list[Any]] = [
            ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *chapters],
            ["    Points Possible", *blank[1:], *chapters.values()],
        ]
        for person, scores in _by_student(found).items():
            name = ", ".join(part for part in (person.last_name, person.first_name) if part)
            first = [name or person.student, person.platform_id, person.student, person.student, ""]
            rows.append([*first, *(_number(scores.get(chapter)) for chapter in chapters)])
        return rows


class Moodle(_Table):
    """Moodle's grade import: a row for each student; columns are mapped to grade items when it is uploaded."""

    default_name = "moodle.csv"

    def table(self, found: Sequence[Line]) -> list[list[Any]]:
        """Return the rows, the head first."""
        chapters = _max_scores(found)
        rows: list[list[Any]] = [
            ["Username", "ID number", "First name", "Last name", "Email address", *chapters]
        ]
        for person, scores in _by_student(found).items():
            first = [person.student, person.platform_id, person.first_name, person.last_name]
            grades = [_number(scores.get(chapter)) for chapter in chapters]
            rows.append([*first, person.email, *grades])
        return rows


def _max_scores(found: Sequence[Line]) -> dict[str, float]:
    return {line.chapter: line.max_score for line in found}


def _by_student(found: Sequence[Line]) -> dict[Line, dict[str, float | None]]:
    """A line of each student, sorted, to chapter to score."""
    people: dict[str, Line] = {}
    scores: dict[str, dict[str, float | None]] = {}
    for line in found:
        people.setdefault(line.student, line)
        scores.setdefault(line.student, {})[line.chapter] = line.score
    return {people[student]: scores[student] for student in sorted(people)}


def _number(score: float | None) -> float | str:
    return "" if score is None else score
