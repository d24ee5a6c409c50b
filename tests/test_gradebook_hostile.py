"""What a student hands in beside or around a notebook: it is reported by name, and the others have their rows."""

from __future__ import annotations

import os
import sqlite3
import time
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from autograder.classroom.run import sweep
from autograder.course.source import chapters
from autograder.grading.choice import Found
from autograder.grading.layouts import find, given_out
from autograder.grading.one_file import printable
from autograder.platforms.gradebook.handed_in import MAX_CODE, GivenCell, read_cells
from autograder.platforms.gradebook.notebook import SourceCell, repaired
from autograder.platforms.gradebook.timestamps import TIMESTAMP, HandedIn, parsed
from autograder.platforms.gradebook.writer import write_gradebook
from tests import gradebook_course as made
from tests.gradebook_course import CHAPTER, COURSE

NOON = datetime(2026, 3, 1, 12)


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-01 12:00:00 UTC",
        "2026-03-01 12:00:00.000000 UTC",
        "2026-03-01 12:00",
        "2026-03-01T12:00:00Z",
        "2026-03-01 14:00:00 +0200",
        "2026-03-01 06:30:00-05:30",
        "2026-03-01 13:00:00 Europe/Berlin",
        "2026-03-01 13:00:00 CET",
    ],
)
def test_a_time_is_read_whatever_its_zone(text):
    assert parsed(text, ZoneInfo("UTC")) == HandedIn(NOON)


@pytest.mark.parametrize(
    "text",
    [
        "2015-02-02 15:58:23 " + "x" * 20,
        "2015-02-02 15:58:23 ../../etc/passwd",
        "2015-02-02 15:58:23 /etc/passwd",
        "2015-02-02 15:58:23 +9999",
        "2015-02-30 15:58:23 UTC",
        "0001-01-01 00:00:00 +0500",
        "9999-12-31 23:59:59 -0500",
        "12",
        "tomorrow",
        "2026-03-01 12:00:00 UTC UTC",
        "٢٠٢٦-03-01 12:00:00",
    ],
)
def test_nonsense_is_no_time_and_says_why(text):
    assert parsed(text, ZoneInfo("UTC")).time is None
    assert parsed(text, ZoneInfo("UTC")).problem


def _pipe(path):
    os.mkfifo(path)


def _link(path):
    path.symlink_to("/etc/hostname")


KINDS = {
    "zone": lambda path: path.write_text("2015-02-02 15:58:23 " + "x" * 300),
    "pipe": _pipe,
    "link": _link,
    "folder": lambda path: path.mkdir(),
    "huge": lambda path: path.write_bytes(b"2" * (11 << 20)),
    "long": lambda path: path.write_bytes(b"2" * 5000),
    "binary": lambda path: path.write_bytes(bytes(range(256))[128:200]),
    "nonsense": lambda path: path.write_text("yesterday"),
}
GOOD = {
    "mark": lambda path: path.write_bytes(b"\xef\xbb\xbf2026-03-01 12:00:00 UTC\r\n"),
    "wide": lambda path: path.write_bytes("2026-03-01 12:00:00 UTC".encode("utf-16")),
    "offset": lambda path: path.write_text("2026-03-01 14:00:00 +0200"),
}
NAMES = (r"\xff", os.fsdecode(b"\xff"), ".x.tmp", ".ada.json.17.tmp", ".written.json", "a\nb")


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    course = tmp_path_factory.mktemp("hostile") / "course"
    course.mkdir()
    (course / "nbgrader_config.py").write_text(made.config_text())
    submitted = course / "submitted"
    for student in ("ada", *KINDS, *GOOD, *NAMES):
        made.hand_in(submitted, student, made._json_ready(made.untouched()))
    for student, make in {**KINDS, **GOOD}.items():
        make(submitted / student / CHAPTER / TIMESTAMP)
    empty = {"cell_type": "code", "source": "", "metadata": {}, "outputs": []}
    crowded = made.untouched()
    crowded["cells"] += [empty] * 200_000
    made.hand_in(submitted, "crowded", made._json_ready(crowded))
    long = made.untouched()
    long["cells"] += [{**empty, "source": "x" * (1 << 20)}] * 7 + [empty] * 4000
    made.hand_in(submitted, "long_cells", made._json_ready(long))
    (submitted / "ada" / "ch09_connections").mkdir()
    summaries = [
        write_gradebook(course, submitted, made.results_of(course), COURSE) for _ in range(2)
    ]
    return course, summaries


def test_everybody_is_in_the_gradebook_and_the_second_run_has_nothing_to_do(written):
    course, (first, second) = written
    assert first.left_out == second.left_out == []
    everybody = {printable(path.name) for path in (course / "submitted").iterdir()}
    rows = made.gradebook_rows_of(course)["submissions"]
    assert {row[0] for row in rows} == everybody
    assert (first.written, second.written) == (len(everybody), 0)


@pytest.mark.parametrize("kind", KINDS)
def test_a_time_stamp_that_is_none_is_reported_by_name(written, kind):
    course, (first, second) = written
    for summary in (first, second):
        [remark] = [one for one in summary.remarks if one.where.startswith(f"{kind}/")]
        assert remark.where == f"{kind}/{CHAPTER}/{TIMESTAMP}" and remark.what
    times = {row[0]: row[1] for row in made.gradebook_rows_of(course)["submissions"]}
    assert times[kind] is None
    folder = course / "autograded" / kind / CHAPTER
    assert (folder / TIMESTAMP).read_bytes() == b""
    assert TIMESTAMP in (folder / f"{CHAPTER}.ipynb").read_text()


@pytest.mark.parametrize("kind", GOOD)
def test_a_time_that_an_editor_or_a_zone_changed_counts(written, kind):
    course, _ = written
    times = {row[0]: row[1] for row in made.gradebook_rows_of(course)["submissions"]}
    assert times[kind].startswith("2026-03-01 12:00:00")


def test_nbgrader_reads_no_time_stamp_itself(written):
    course, _ = written
    api = made.nbgrader_api(course)
    for kind in KINDS:
        assert api.get_submitted_timestamp(CHAPTER, kind) is None
        assert (
            api.coursedir.get_existing_timestamp(str(course / "submitted" / kind / CHAPTER)) is None
        )
    found = {each["student"]: each["timestamp"] for each in api.get_submissions(CHAPTER)}
    assert found["pipe"] is None and found["offset"].startswith("2026-03-01T12:00")


@pytest.mark.parametrize(("student", "most"), [("crowded", 200_000), ("long_cells", 600_000)])
def test_a_graded_notebook_is_bounded(written, student, most):
    course, _ = written
    path = course / "autograded" / student / CHAPTER / f"{CHAPTER}.ipynb"
    assert path.stat().st_size < most


def test_names_that_differ_are_shown_differently():
    assert printable("Žofie") == "Žofie" and printable("a\\b") == "a\\b"
    assert len({printable(name) for name in (*NAMES, r"\\xff", os.fsdecode(b"\\\xff"))}) == 8


def test_only_a_file_that_was_half_written_is_swept_away(tmp_path):
    folder = tmp_path / "results" / ".x.9.tmp"
    folder.mkdir(parents=True)
    kept, gone = folder / "ch02.json", folder / ".ch02.json.17.tmp"
    kept.touch()
    gone.touch()
    (tmp_path / ".x.tmp").mkdir()
    for _ in range(2):
        sweep(tmp_path)
    assert kept.exists() and not gone.exists() and (tmp_path / ".x.tmp").is_dir()


def test_a_chapter_of_one_student_costs_the_others_nothing(tmp_path):
    for student, chapter in (("ada", CHAPTER), ("bob", CHAPTER), ("eve", "ch05_gru")):
        (tmp_path / student / chapter).mkdir(parents=True)
    found, passed_over = find(tmp_path, list(chapters()))
    assert {(one.student, one.chapter) for one in found} == {
        ("ada", CHAPTER),
        ("bob", CHAPTER),
        ("eve", CHAPTER),
        ("eve", "ch05_gru"),
    }
    [problem] = passed_over
    assert problem.where == "ch05_gru" and "eve" in problem.what
    named, passed_over = find(tmp_path, ["ch05_gru"], expected=["ch05_gru"])
    assert len(named) == 3 and passed_over == []
    assert Found("bob", "ch05_gru", str(tmp_path / "bob" / "ch05_gru")) in named


def test_a_chapter_counts_as_given_out_when_a_twentieth_has_it():
    assert given_out(2, 40, only_chapter=False) and not given_out(2, 41, only_chapter=False)
    assert not given_out(1, 2, only_chapter=False) and given_out(1, 2, only_chapter=True)
    assert given_out(1, 1, only_chapter=False)


def test_no_header_of_a_script_reaches_a_parser_of_yaml():
    aliases = "".join(f"# a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30))
    script = (
        f'# ---\n{aliases}# ---\n# %% [markdown]\n# text\n# %% tags=["mine"]\nx = 1\n# %check f\n'
    )
    text, code = read_cells("a.py", script.encode())
    assert (text.cell_type, text.source) == ("markdown", "text")
    assert (code.source, code.tags) == ("x = 1\n%check f", ("mine",))


def test_a_long_cell_is_cut_and_an_unreadable_notebook_is_one_error():
    [cell] = read_cells("a.py", b"x" * (MAX_CODE + 9))
    assert "9 more characters" in cell.source
    for data in (b"{", b"[]", b'{"nbformat": "4"}', b'{"nbformat": 3}', b"[" * 100_000, b"\xff"):
        with pytest.raises(ValueError, match="cannot be read"):
            read_cells("a.ipynb", data)


def test_looking_for_renamed_functions_takes_no_longer_than_an_honest_notebook_may():
    names = [f"function_{number}" for number in range(12)]
    known = [
        SourceCell(name, "code", locked=False, source="", checksum=None, solution=True, points=None)
        for name in names
    ]
    source = " ".join(names) + "\n" + "x\n" * 15_000
    started = time.process_time()
    repaired([GivenCell("code", source)] * 300, known)
    assert time.process_time() - started < 10  # 300 cells for 12 names are some minutes


def test_a_submission_that_the_database_cannot_hold_is_left_out_alone(written):
    course, _ = written
    with sqlite3.connect(course / "gradebook.db") as base:
        base.execute(
            "create trigger no before update on submitted_assignment when new.student_id = 'offset' "
            "begin select raise(abort, 'not this one'); end"
        )
    (course / ".autograded.json").unlink()
    summary = write_gradebook(course, course / "submitted", made.results_of(course), COURSE)
    assert [one.where for one in summary.left_out] == [f"offset/{CHAPTER}"]
    assert summary.written == len(list((course / "submitted").iterdir())) - 1
    (course / "autograded" / "mark" / CHAPTER / f"{CHAPTER}.ipynb").unlink()
    (course / "autograded" / "mark" / CHAPTER / f"{CHAPTER}.ipynb").mkdir()
    summary = write_gradebook(course, course / "submitted", made.results_of(course), COURSE)
    assert sorted(one.where for one in summary.left_out) == [f"mark/{CHAPTER}", f"offset/{CHAPTER}"]
