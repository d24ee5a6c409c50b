"""formgrader as an instructor sees it: its real server on this machine, in a headless Chromium.

`make formgrader-test` runs this; it needs a Chromium and takes about a minute. Pictures go to the folder
`formgrader_pictures` in the place for temporary files.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import time
from pathlib import Path

import pytest

from autograder.course.release import commands_found, write_sources
from autograder.platforms.gradebook.writer import write_gradebook
from tests import browser
from tests import gradebook_course as made
from tests.formgrader_server import formgrader
from tests.gradebook_course import CHAPTER, COURSE, FUNCTIONS, OURS

pytestmark = pytest.mark.skipif(
    not os.environ.get("SLOW") or not browser.executable(),
    reason="slow: make formgrader-test, with a Chromium installed",
)

PICTURES = Path(tempfile.gettempdir()) / "formgrader_pictures"
ROSA = 'Rosa "<b>" O\'Neil & co'
EVIL = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course with a class, of which everybody but `new` is in the gradebook."""
    course = tmp_path_factory.mktemp("formgrader") / "course"
    (course.parent / "exchange").mkdir()
    (course.parent / "exchange").chmod(0o777)
    submitted = made.make_class(course)
    made.hand_in(submitted, EVIL, made._json_ready(made.untouched()))
    (submitted / "linked" / CHAPTER / f"{CHAPTER}.ipynb").unlink()
    shutil.rmtree(submitted / "linked")
    write_sources([OURS])
    with commands_found():
        write_gradebook(course, submitted, made.results_of(course), COURSE)
    made.execute(
        course, "update student set last_name = ?, first_name = ? where id = 'ada'", EVIL, "x"
    )
    made.hand_in(submitted, "new", made._json_ready(made.untouched()))
    return course


@pytest.fixture(scope="module")
def server(course):
    """The address of a Jupyter server in the course folder, as `jupyter lab` there would start it."""
    with formgrader(course) as address:
        yield address


@pytest.fixture
def page(server):
    page = browser.Page()
    yield page
    requests, dialogs = page.requests, page.dialogs
    page.close()
    assert dialogs == [], "a script of a student's ran"
    foreign = {
        address
        for address in requests
        if not re.match(r"http://127\.0\.0\.1:|data:|about:|chrome", address)
    }
    assert foreign == set(), "the page needs a network"


def test_manage_assignments_shows_the_submissions(page, server, course):
    page.open(
        f"{server}/formgrader/manage_assignments", "document.querySelector('td.num-submissions a')"
    )
    page.screenshot(PICTURES / "1_manage_assignments.png")
    handed_in = len(list((course / "submitted").glob(f"*/{CHAPTER}")))
    row = f"[...document.querySelectorAll('tr')].find(r => r.innerText.includes('{CHAPTER}'))"
    assert page.run(f"{row}.querySelector('td.num-submissions').innerText.trim()") == str(handed_in)


def test_the_button_grades_one_submission(page, server, course):
    assert not (course / "autograded" / "new").exists()
    address = f"{server}/formgrader/manage_submissions/{CHAPTER}"
    page.open(address, "document.querySelectorAll('td.student-id').length > 5")
    row = "[...document.querySelectorAll('tr')].find(r => r.querySelector('td.student-id')?.innerText.trim() === 'new')"
    page.run(f"{row}.querySelector('td.autograde a').click()")
    page.wait("document.querySelector('.modal.in, .modal.show')", seconds=120)
    time.sleep(1.0)  # it fades in
    page.screenshot(PICTURES / "2_the_button.png")
    assert "Success" in page.run("document.querySelector('.modal.in, .modal.show').innerText")
    grades = {row[1]: row[2] for row in made.gradebook_rows_of(course)["grades"] if row[0] == "new"}
    assert len(grades) == len(OURS.functions)
    assert (course / "graded" / "results" / "new" / f"{CHAPTER}.json").is_file()


def submission_id(course, student):
    import sqlite3

    with sqlite3.connect(course / "gradebook.db") as database:
        return database.execute(
            "select n.id from submitted_notebook n join submitted_assignment a on a.id = n.assignment_id "
            "where a.student_id = ?",
            [student],
        ).fetchone()[0]


def test_a_submission_shows_our_feedback_and_a_score_by_hand_survives(page, server, course):
    test = f"test_{FUNCTIONS[1]}"
    page.open(
        f"{server}/formgrader/submissions/{submission_id(course, 'ada')}/",
        f"document.getElementById('{test}') && document.getElementById('{test}').placeholder !== ''",
    )
    text = page.run("document.body.innerText")
    assert "1 of 2 tests passed" in text and "hard[<b>]" in text
    assert page.run("document.querySelectorAll('math').length") > 20
    assert page.run(
        f"document.getElementById('{FUNCTIONS[1]}-comment').placeholder || document.getElementById('{FUNCTIONS[1]}-comment').value"
    ).startswith(f"{OURS.functions[1].points / 2:g} of")
    page.run(f"document.getElementById('{test}').scrollIntoView({{block: 'center'}})")
    page.run(f"$('#{test}').val('2.5').trigger('change')")
    deadline = time.monotonic() + 30
    while by_hand(course, "ada", test) != 2.5:
        assert time.monotonic() < deadline, "the score was not saved"
        time.sleep(0.2)
    page.screenshot(PICTURES / "3_a_submission.png")
    write_gradebook(
        course,
        course / "submitted",
        made.results_of(course, dict.fromkeys(FUNCTIONS, "passed")),
        COURSE,
    )
    assert by_hand(course, "ada", test) == 2.5
    page.send("Page.reload")
    page.wait(
        f"document.getElementById('{test}') && document.getElementById('{test}').value === '2.5'"
    )
    page.screenshot(PICTURES / "4_after_a_regrade.png")


def by_hand(course, student, test):
    rows = made.gradebook_rows_of(course)["grades"]
    return next(row[3] for row in rows if row[:2] == (student, test))


@pytest.mark.parametrize("student", ["ada", "hostile", "unreadable", ROSA, EVIL])
def test_no_submission_page_runs_what_a_student_wrote(page, server, course, student):
    page.open(
        f"{server}/formgrader/submissions/{submission_id(course, student)}/",
        "document.querySelector('.name-shown')",
    )
    time.sleep(0.5)
    assert page.run("document.querySelectorAll('[onerror], [onload], img[src=x]').length") == 0
    shown = page.run("document.querySelector('a.name-shown').textContent")
    assert (EVIL if student == "ada" else student) in shown
    if student == "hostile":
        page.screenshot(PICTURES / "5_hostile.png")


@pytest.mark.parametrize("student", ["ada", ROSA, EVIL])
def test_the_pages_about_a_student_run_nothing_and_find_them(page, server, student):
    from urllib.parse import quote

    for place in (
        f"manage_students/{quote(student)}",
        f"manage_students/{quote(student)}/{CHAPTER}",
    ):
        page.open(
            f"{server}/formgrader/{place}",
            f"document.body.innerText.includes('{CHAPTER}') && document.querySelector('td.name a')",
        )
        time.sleep(0.3)
        assert page.run("document.querySelectorAll('[onerror], img[src=x]').length") == 0


@pytest.mark.parametrize(
    "place",
    [
        "manage_students",
        f"manage_submissions/{CHAPTER}",
        "gradebook",
        f"gradebook/{CHAPTER}",
        f"gradebook/{CHAPTER}/{CHAPTER}",
    ],
)
def test_the_lists_run_nothing(page, server, place):
    page.open(f"{server}/formgrader/{place}", "document.querySelector('tbody tr td')")
    time.sleep(0.5)
    assert page.run("document.querySelectorAll('[onerror], img[src=x]').length") == 0
    page.screenshot(PICTURES / f"6_{Path(place).as_posix().replace('/', '_')}.png")
