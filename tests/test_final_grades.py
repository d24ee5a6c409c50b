"""One number: gradebook, `final_grades.csv` and every page show the same total, whatever an instructor decides later."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from nbgrader.api import Gradebook

from autograder import cli
from autograder.course import settings
from autograder.grading.choice import Found
from autograder.platforms.gradebook.export import PlainCsv
from autograder.platforms.gradebook.writer import write_gradebook
from autograder.reports.files import Filed, rendered
from autograder.reports.final_grades import FINAL_GRADES, HEAD, FinalGrade
from autograder.reports.statistics import Run
from autograder.reports.text import points
from tests import gradebook_course as made
from tests.gradebook_course import CHAPTER, COURSE

# nbgrader's own, at every submission that it adds.
pytestmark = pytest.mark.filterwarnings("ignore:Object of type <:sqlalchemy.exc.SAWarning")

LATE = "[late]\nenabled = true\nslip_days = 0\npercent_per_day = 10\n"


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A course folder in which everything was graded once, before there was a deadline."""
    monkeypatch.setattr(settings, "FILE", tmp_path / "course.toml")
    settings.FILE.write_text("")
    folder = tmp_path / "course"
    made.make_class(folder)
    write(folder, made.results_of(folder))
    return folder


def write(course, results):
    return write_gradebook(course, course / "submitted", results, COURSE)


def due(course, when):
    made.execute(course, f"update assignment set duedate = '{when:%Y-%m-%d %H:%M:%S}.000000'")


def by_student(data):
    return {row["student"]: row for row in csv.DictReader(io.StringIO(data.decode(), newline=""))}


def pages(results, finals):
    """Every report by its path."""
    run = Run("A")
    filed = [Filed(result.student, result) for result in results]
    return {str(path): data for path, data in rendered(filed, run, COURSE, finals)}


def test_every_page_shows_the_total_of_the_gradebook(course, tmp_path):
    settings.FILE.write_text(LATE)
    results = made.results_of(course)
    due(course, datetime(2026, 2, 27, 12))  # ada handed in two days later
    made.execute(
        course,
        "update grade set extra_credit = 1.5 where id = (select min(g.id) from grade g "
        "join submitted_notebook n on n.id = g.notebook_id "
        "join submitted_assignment a on a.id = n.assignment_id where a.student_id = 'ada')",
    )
    finals = write(course, results).finals
    told = pages(results, finals)
    rows = by_student(told[FINAL_GRADES])
    ada = rows["ada"]
    assert list(ada) == list(HEAD)
    assert float(ada["penalty"]) > 0
    for name, row in rows.items():
        final = finals[name, CHAPTER]
        if final.total is None:
            assert row["total"] == ""
            continue
        parts = (float(row[part]) for part in ("automatic", "manual", "bonus"))
        assert float(row["total"]) == pytest.approx(max(0.0, sum(parts) - float(row["penalty"])))
        graded = next(result for result in results if result.student == name)
        if graded.status == "graded":
            total = points(final.total)
            assert f"{total} of 100 points" in told[f"feedback/{name}/{CHAPTER}.html"].decode()
            assert json.loads(told[f"gradescope/{name}/{CHAPTER}.json"])["score"] == final.total
    assert b"taken off for being late" in told[f"feedback/ada/{CHAPTER}.html"]
    assert ada["bonus"] == "1.5"
    # The class report rounds to whole percents.
    shown = re.search(r"<bdi>ada</bdi><td>(\d+)", told["report.html"].decode())
    assert shown and int(shown[1]) == round(finals["ada", CHAPTER].total)
    by_tests_alone = re.search(
        r"<bdi>ada</bdi><td>(\d+)", pages(results, None)["report.html"].decode()
    )
    assert by_tests_alone and by_tests_alone[1] != shown[1]
    # The contract's file stays: what the tests gave.
    by_tests = by_student(told["grades.csv"])
    assert by_tests["ada"]["score"] == ada["automatic"]
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "c") as gradebook:
        PlainCsv(to=str(tmp_path / "out.csv")).export(gradebook)
    exported = csv.DictReader((tmp_path / "out.csv").open(newline=""))
    assert {row["student_id"]: row["score"] for row in exported} == {
        name: row["total"] for name, row in rows.items()
    }


def test_penalties_are_taken_back_where_the_policy_is_switched_off(course):
    results = made.results_of(course)
    due(course, datetime(2026, 2, 27, 12))
    settings.FILE.write_text(LATE)
    assert write(course, results).finals["ada", CHAPTER].penalty > 0
    settings.FILE.write_text("")
    after = write(course, results).finals["ada", CHAPTER]
    assert after.penalty == 0.0 and after.total == after.automatic


def test_what_is_not_due_is_empty_and_no_zero(course):
    absent = made.made_up(Found("carl", CHAPTER, str(course / "submitted" / "carl" / CHAPTER)))
    assert absent.status == "missing"
    results = [*made.results_of(course), absent]
    now = datetime.now(UTC).replace(tzinfo=None)
    due(course, now - timedelta(days=3))
    assert write(course, results).finals["carl", CHAPTER].total == 0.0
    due(course, now + timedelta(days=3))
    again = write(course, results)
    assert again.finals["carl", CHAPTER].total is None
    assert by_student(pages(results, again.finals)[FINAL_GRADES])["carl"]["total"] == ""


def command(course, *arguments):
    places = ["--submissions", str(course / "submitted"), "--output", str(course / "graded")]
    return cli.main([*arguments, *places])


def test_an_extension_counts_before_and_after_a_submission(course, capsys):
    results = made.results_of(course)
    due(course, datetime(2026, 2, 27, 12))
    settings.FILE.write_text(LATE)
    lost = write(course, results).finals["ada", CHAPTER].penalty
    assert (
        command(course, "extension", "--student", "ada", "--chapter", CHAPTER, "--days", "1") == 0
    )
    assert f"ada: {CHAPTER} is due on 2026-02-28 12:00" in capsys.readouterr().out
    assert write(course, results).finals["ada", CHAPTER].penalty == pytest.approx(
        lost / 2, abs=0.01
    )
    assert (
        command(course, "extension", "--student", "ada", "--chapter", CHAPTER, "--days", "0") == 0
    )
    assert write(course, results).finals["ada", CHAPTER].penalty == lost
    capsys.readouterr()
    assert (
        command(course, "extension", "--student", "dora", "--chapter", CHAPTER, "--days", "7") == 0
    )
    assert "dora is new in the gradebook" in capsys.readouterr().out
    # As if dora handed in what ada did: four days of seven are left.
    source = (course / "submitted" / "ada" / CHAPTER / f"{CHAPTER}.ipynb").read_bytes()
    made.hand_in(course / "submitted", "dora", source)
    stamp = course / "submitted" / "dora" / CHAPTER / "timestamp.txt"
    stamp.write_text("2026-03-01 12:00:00 UTC")
    assert write(course, made.results_of(course)).finals["dora", CHAPTER].penalty == 0.0


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("--student", "ada", "--chapter", "ch99", "--days", "1"), 2, "there is no chapter ch99"),
        (("--student", "../ada", "--chapter", CHAPTER, "--days", "1"), 2, "the name of a folder"),
        (("--student", "ada", "--chapter", CHAPTER, "--days", "-1"), 2, "between 0 and 366"),
        (("--student", "ada", "--chapter", CHAPTER, "--days", "1"), 1, "has no deadline for"),
    ],
)
def test_an_extension_that_cannot_be_is_one_sentence(course, capsys, arguments, status, said):
    assert command(course, "extension", *arguments) == status
    [line] = capsys.readouterr().err.splitlines()
    assert said in line


def test_a_student_is_forgotten_and_nobody_else(course, capsys):
    results = made.results_of(course)
    before = made.gradebook_rows_of(course)
    assert command(course, "forget", "--student", "ada") == 0
    assert "Nothing was deleted" in capsys.readouterr().out
    assert made.gradebook_rows_of(course) == before
    assert command(course, "forget", "--student", "ada", "--go") == 0
    said = capsys.readouterr().out
    assert f"{course / 'submitted' / 'ada'} deleted" in said
    assert not [path for path in course.rglob("ada") if path.is_dir()]
    left = {row[0] for row in made.gradebook_rows_of(course)["submissions"]}
    assert left == {row[0] for row in before["submissions"]} - {"ada"}
    assert command(course, "forget", "--student", "ada", "--go") == 2
    # Who comes back is written anew.
    made.hand_in(course / "submitted", "ada", made._json_ready(made.untouched()))
    again = [result for result in results if result.student == "ada"]
    assert write(course, again).finals["ada", CHAPTER].total == again[0].score


def test_a_total_says_what_it_is_made_of():
    assert FinalGrade(80.0, 0.0, 0.0, 0.0, 80.0, 100.0).made_of == ""
    assert FinalGrade(80.0, -5.0, 8.0, 1.5, 68.5, 100.0).made_of == (
        "80 by the tests, 5 taken off by hand, 1.5 of extra credit, 8 taken off for being late"
    )
