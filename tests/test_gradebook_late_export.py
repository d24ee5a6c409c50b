"""Late days and what is exported."""

from __future__ import annotations

import csv
import io
import shutil
from datetime import datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbgrader.api import Gradebook

from autograder.course import settings
from autograder.course.release import commands_found, write_sources
from autograder.course.settings import Late
from autograder.platforms.gradebook.export import Canvas, Moodle, PlainCsv, finals, lines
from autograder.platforms.gradebook.late import (
    LateChapter,
    LatePolicy,
    assign_penalties,
    days_late,
    days_that_count,
    penalty,
    policy_in_force,
)
from autograder.platforms.gradebook.writer import write_gradebook
from autograder.reports import final_grades
from autograder.reports.final_grades import FinalGrade
from tests import gradebook_course as made
from tests.gradebook_course import CHAPTER, COURSE

# nbgrader's own, at every submission that it adds.
pytestmark = pytest.mark.filterwarnings("ignore:Object of type <:sqlalchemy.exc.SAWarning")

DUE = datetime(2026, 2, 27, 12)
DAY = timedelta(days=1)


# --- the rule


@pytest.mark.parametrize(
    ("seconds", "days"), [(0, 0), (-5, 0), (1, 1), (86400, 1), (86401, 2), (5 * 86400, 5)]
)
def test_a_started_day_is_a_day(seconds, days):
    assert days_late(seconds) == days


def test_slip_days_go_to_what_was_due_first():
    lates = [
        LateChapter("b", DUE + DAY, 2 * 86400),
        LateChapter("a", DUE, 86400),
        LateChapter("c", DUE + 2 * DAY, 60),
    ]
    assert days_that_count(lates, 0) == {"a": 1, "b": 2, "c": 1}
    assert days_that_count(lates, 2) == {"a": 0, "b": 1, "c": 1}
    assert days_that_count(lates, 9) == {"a": 0, "b": 0, "c": 0}


@given(
    st.floats(0, 100), st.integers(0, 400), st.floats(0, 100, allow_nan=False), st.integers(0, 9)
)
def test_a_penalty_is_within_the_score(score, days, percent, _slip):
    lost = penalty(score, days, percent)
    assert 0.0 <= lost <= score + 0.005
    assert days or lost == 0.0


# --- in the gradebook


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    """A gradebook of two students, two chapters with due dates and one without; ada is 30 hours late."""
    path = tmp_path_factory.mktemp("late") / "gradebook.db"
    with commands_found(), Gradebook(f"sqlite:///{path}", "c") as gradebook:
        for number, chapter in enumerate(["ch01", "ch02", "ch03"]):
            due = DUE + number * DAY if chapter != "ch03" else None
            gradebook.add_assignment(chapter, duedate=due)
            gradebook.add_notebook(chapter, chapter)
            gradebook.add_grade_cell("t", chapter, chapter, max_score=80, cell_type="code")
        for student, late in (("ada", timedelta(hours=30)), ("=bob, jr.", timedelta(0))):
            gradebook.add_student(student, last_name='Ma"x', first_name="<b>", email="+1@x")
            for number, chapter in enumerate(["ch01", "ch02", "ch03"]):
                gradebook.add_submission(chapter, student, timestamp=DUE + number * DAY + late)
                gradebook.find_grade("t", chapter, chapter, student).auto_score = 80.0
        gradebook.db.commit()
    return path


@pytest.fixture
def two_chapters(database, tmp_path):
    """A copy of it to change."""
    copy = shutil.copy(database, tmp_path / "gradebook.db")
    with Gradebook(f"sqlite:///{copy}", "c") as gradebook:
        yield gradebook


def penalties(gradebook, student):
    return [
        gradebook.find_submission(chapter, student).late_submission_penalty
        for chapter in ("ch01", "ch02", "ch03")
    ]


def test_penalties_follow_the_policy_and_go_when_it_is_off(two_chapters):
    policy = Late(slip_days=3, percent_per_day=10.0)
    found = assign_penalties(two_chapters, policy, ["ada", "=bob, jr."])
    two_chapters.db.commit()
    assert found == {("ada", "ch01"): 0.0, ("ada", "ch02"): 8.0}
    assert penalties(two_chapters, "ada") == [0.0, 8.0, 0.0]
    assert penalties(two_chapters, "=bob, jr.") == [0.0, 0.0, 0.0]
    assign_penalties(two_chapters, None, ["ada"])
    two_chapters.db.commit()
    assert penalties(two_chapters, "ada") == [0.0, 0.0, 0.0]


def test_an_extension_counts(two_chapters):
    two_chapters.grant_extension("ch02", "ada", days=1)
    found = assign_penalties(two_chapters, Late(slip_days=2, percent_per_day=10.0), ["ada"])
    assert found == {("ada", "ch01"): 0.0, ("ada", "ch02"): 8.0}


def test_the_policy_is_off_by_default():
    assert policy_in_force() is None
    assert LatePolicy().late_submission_penalty("ada", 80.0, 1e6) is None


def test_both_ways_take_the_same_points_off(tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "FILE", tmp_path / "course.toml")
    settings.FILE.write_text(
        "[course]\ntime_zone = 'Asia/Tokyo'\n"
        "[late]\nenabled = true\nslip_days = 1\npercent_per_day = 25\n"
    )
    courses = [tmp_path / "bulk", tmp_path / "theirs"]
    for course in courses:
        submitted = made.make_class(course)
        # At noon in UTC; nbgrader alone would take it for nine hours later.
        (submitted / "ada" / CHAPTER / "timestamp.txt").write_text("2026-03-01 21:00:00")
        results = made.results_of(course)
        if course == courses[0]:
            write_gradebook(course, submitted, results[:1], COURSE)
            made.execute(course, "update assignment set duedate = '2026-02-27 12:00:00.000000'")
            write_gradebook(course, submitted, results, COURSE)
        else:
            write_sources([COURSE[CHAPTER]])
            api = made.nbgrader_api(course)
            assert api.generate_assignment(CHAPTER, force=True, create=True)["success"]
            made.execute(course, "update assignment set duedate = '2026-02-27 12:00:00.000000'")
            assert api.autograde(CHAPTER, "ada")["success"]
    ours, theirs = (
        {row[0]: row for row in made.gradebook_rows_of(course)["submissions"]} for course in courses
    )
    assert ours["ada"] == theirs["ada"]
    assert ours["ada"][2] > 10  # two days late, one of them a slip day: a quarter of the score
    assert {row[2] for name, row in ours.items() if name != "ada"} == {None}


# --- export


def exported(gradebook, plugin, tmp_path, **options):
    exporter = plugin(to=str(tmp_path / "out.csv"), **options)
    exporter.export(gradebook)
    text = (tmp_path / "out.csv").read_text(encoding="utf-8")
    return list(csv.reader(io.StringIO(text, newline="")))


def test_plain_csv_is_quoted_and_defused(two_chapters, tmp_path):
    two_chapters.find_grade("t", "ch01", "ch01", "ada").auto_score = None
    two_chapters.find_grade("t", "ch02", "ch02", "ada").extra_credit = 1.5
    two_chapters.add_student("late comer")
    two_chapters.db.commit()
    head, *rows = exported(two_chapters, PlainCsv, tmp_path)
    assert all(len(row) == len(head) for row in rows)
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)
    told = {(row[0], row[3]): dict(zip(head, row, strict=True)) for row in rows}
    assert len(told) == 9
    assert told["ch01", "ada"]["score"] == "", "points that are not known are no zero"
    assert told["ch02", "ada"]["score"] == "81.5"
    assert told["ch01", "'=bob, jr."]["last_name"] == 'Ma"x'
    assert told["ch01", "late comer"]["score"] == "0.0"


def test_penalties_are_taken_off_and_no_score_is_negative(two_chapters, tmp_path):
    for chapter, lost in (("ch01", 30.0), ("ch02", 500.0)):
        two_chapters.find_submission_notebook(
            chapter, chapter, "ada"
        ).late_submission_penalty = lost
    two_chapters.db.commit()
    head, *rows = exported(two_chapters, PlainCsv, tmp_path, student=["ada"])
    assert [row[head.index("score")] for row in rows] == ["50.0", "0.0", "80.0"]
    assert [row[head.index("raw_score")] for row in rows] == ["80.0"] * 3


def test_a_selection_is_exported(two_chapters, tmp_path):
    rows = exported(two_chapters, PlainCsv, tmp_path, student=["ada"], assignment=["ch02"])
    assert [row[0] for row in rows] == ["assignment", "ch02"]


def test_canvas_has_a_column_for_each_chapter(two_chapters, tmp_path):
    head, points, *rows = exported(two_chapters, Canvas, tmp_path)
    assert head == [
        "Student",
        "ID",
        "SIS User ID",
        "SIS Login ID",
        "Section",
        "ch01",
        "ch02",
        "ch03",
    ]
    assert points == ["    Points Possible", "", "", "", "", "80.0", "80.0", "80.0"]
    assert [row[2] for row in rows] == ["'=bob, jr.", "ada"]
    assert rows[1][5:] == ["80.0"] * 3


def test_moodle_has_a_column_for_each_chapter(two_chapters, tmp_path):
    head, *rows = exported(two_chapters, Moodle, tmp_path)
    assert head[:2] == ["Username", "ID number"] and head[5:] == ["ch01", "ch02", "ch03"]
    assert rows[1][0] == "ada" and rows[1][4] == "'+1@x"


# --- the one number


def test_nothing_handed_in_is_empty_until_it_is_due(two_chapters, tmp_path):
    two_chapters.add_student("late comer")
    far = datetime(2126, 1, 1)
    two_chapters.find_assignment("ch01").duedate = far
    two_chapters.add_assignment("ch04")
    two_chapters.db.commit()
    scores = {line.chapter: line.score for line in lines(two_chapters, students=["late comer"])}
    assert scores["ch01"] is None, "not due for a hundred years"
    assert scores["ch02"] == 0.0, "was due"
    assert scores["ch03"] == 0.0, "has no date, and others handed it in"
    assert scores["ch04"] is None, "has no date, and nobody handed it in"
    handed_in = {line.chapter: line.score for line in lines(two_chapters, students=["ada"])}
    assert handed_in["ch01"] == 80.0, "what was handed in counts before it is due"


def test_a_total_is_what_its_parts_add_up_to(two_chapters):
    grade = two_chapters.find_grade("t", "ch01", "ch01", "ada")
    grade.manual_score, grade.extra_credit = 70.0, 2.5
    two_chapters.find_submission_notebook("ch01", "ch01", "ada").late_submission_penalty = 9.5
    two_chapters.db.commit()
    final = finals(two_chapters)["ada", "ch01"]
    assert final == FinalGrade(80.0, -10.0, 9.5, 2.5, 63.0, 80.0)
    assert final.made_of == (
        "80 by the tests, 10 taken off by hand, 2.5 of extra credit, 9.5 taken off for being late"
    )
    assert finals(two_chapters)["ada", "ch02"].made_of == ""


@pytest.fixture
def late_course(tmp_path, monkeypatch):
    """A class of which ada was two days late, with the late policy on; the grader has run."""
    monkeypatch.setattr(settings, "FILE", tmp_path / "course.toml")
    settings.FILE.write_text("[late]\nenabled = true\nslip_days = 0\npercent_per_day = 25\n")
    course = tmp_path / "course"
    made.make_class(course)
    (course / "submitted" / "nobody").mkdir()
    write(course)
    made.execute(course, "update assignment set duedate = '2026-02-27 12:00:00.000000'")
    return course


def write(course):
    results = made.results_of(course)
    return results, write_gradebook(course, course / "submitted", results, COURSE)


def test_zeros_go_when_a_deadline_is_moved_and_come_when_it_is_over(late_course):
    _results, summary = write(late_course)
    assert summary.finals["nobody", CHAPTER].total == 0.0
    made.execute(late_course, "update assignment set duedate = '2126-01-01 12:00:00.000000'")
    _results, summary = write(late_course)
    assert summary.finals["nobody", CHAPTER].total is None
    assert summary.finals["unreadable", CHAPTER].total == 0.0, "something was handed in"
    made.execute(late_course, "update assignment set duedate = '2026-02-27 12:00:00.000000'")
    _results, summary = write(late_course)
    assert summary.finals["nobody", CHAPTER].total == 0.0


def test_a_fault_of_the_grader_is_no_zero_in_any_export(late_course):
    (late_course / "submitted" / "unlucky").mkdir()
    results = made.results_of(late_course)
    [ada] = [result for result in results if result.student == "ada"]
    failed = msgspec.structs.replace(ada, student="unlucky", status="grader_error", score=None)
    others = [result for result in results if result.student != "unlucky"]
    summary = write_gradebook(late_course, late_course / "submitted", [*others, failed], COURSE)
    assert summary.finals["unlucky", CHAPTER].total is None
    table = final_grades.render(summary.finals, [failed]).decode()
    assert f"unlucky,{CHAPTER},grader_error,,0.0,0.0,0.0,,100.0" in table.splitlines()
