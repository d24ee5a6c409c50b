"""When something was handed in: every way in which people and platforms write a time, and what is no time."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from autograder import cli
from autograder.grading.choice import Found
from autograder.grading.timestamps import parsed, read_timestamp, unreadable
from autograder.platforms.gradebook.late import days_late, seconds_late
from tests import gradebook_course as made
from tests.gradebook_course import CHAPTER

UTC, ZURICH = ZoneInfo("UTC"), ZoneInfo("Europe/Zurich")
AT_0029 = datetime(2036, 3, 21, 0, 29)


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2036-03-21 00:29:00.123456 UTC", AT_0029.replace(microsecond=123456)),
        ("2036-03-21T00:29:00Z", AT_0029),
        ("2036-03-21t00:29:00z", AT_0029),
        ("2036-03-21T00:29Z", AT_0029),
        ("2036-03-21T00:29:00.5Z", AT_0029.replace(microsecond=500000)),
        ("2036-03-21T00:29:00,25Z", AT_0029.replace(microsecond=250000)),
        ("2036-03-21T00:29:00.123456789Z", AT_0029.replace(microsecond=123456)),
        ("2036-03-21 01:29:00 CET", AT_0029),
        ("2036-03-20 19:29:00 EST", AT_0029),
        ("2036-03-21 02:29:00 +0200", AT_0029),
        ("2036-03-21 02:29:00+02:00", AT_0029),
        ("2036-03-21 02:29:00 +02", AT_0029),
        ("2036-03-21 02:29:00 UTC+02:00", AT_0029),
        ("2036-03-21 02:29:00 GMT+0200", AT_0029),
        ("2036-03-20 20:59:00 -0330", AT_0029),
        ("2036-03-21 05:59:00 +0530", AT_0029),
        ("2036-03-21 01:29:00 Europe/Zurich", AT_0029),
        ("2036-03-21 01:29:00", AT_0029),  # the course's own zone
        (
            "2015-02-02 15:58:23.948203 America/Los_Angeles",
            datetime(2015, 2, 2, 23, 58, 23, 948203),
        ),
    ],
)
def test_times(text, utc):
    found = parsed(text, ZURICH)
    assert (found.time, found.problem) == (utc, "")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("gestern abend", "is no time"),
        ("2036-03-21 02:29:00 PST", "names no zone that is known: PST"),
        ("2036-03-21 02:29:00 IST", "names no zone that is known: IST"),
        ("2036-03-21 02:29:00 CEST", "names no zone that is known: CEST"),
        ("2036-13-21 02:29:00", "is no time that there is"),
        ("2036-03-21 02:29:00 +0299", "is no time that there is"),
        ("2036-03-21 02:29:00 ../../etc/passwd", "is no time"),
        ("LATE", "the platform marked it late"),
        ("late", "the platform marked it late"),
    ],
)
def test_what_is_no_time_is_said(text, words):
    found = parsed(text, UTC)
    assert found.time is None and words in found.problem


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_byte_order_mark_is_fine(tmp_path, encoding):
    (tmp_path / "timestamp.txt").write_bytes("2036-03-21 00:29:00 UTC\r\n".encode(encoding))
    assert read_timestamp(tmp_path, ZURICH).time == AT_0029


def test_a_class_is_told_by_name(tmp_path):
    for student, text in (("ada", "2036-03-21 00:29:00 UTC"), ("bob", "soon"), ("eve", "")):
        (tmp_path / student).mkdir()
        (tmp_path / student / "timestamp.txt").write_text(text)
    found = [Found(name, "ch01", str(tmp_path / name)) for name in ("ada", "bob", "eve", "nobody")]
    [problem] = unreadable(found, UTC)
    assert problem.where == "bob/ch01/timestamp.txt"
    assert problem.what.startswith("is no time") and "not known" in problem.what


def test_the_run_and_the_class_report_say_it(tmp_path, capsys):
    course = tmp_path / "course"
    course.mkdir()
    made.hand_in(course / "submitted", "ada", made._json_ready(made.untouched()))
    (course / "submitted" / "ada" / CHAPTER / "timestamp.txt").write_text("gestern <abend>")
    arguments = ["grade", "--submissions", str(course / "submitted"), "--no-gradebook"]
    assert cli.main([*arguments, "--output", str(tmp_path / "graded")]) == 0
    said = "".join(capsys.readouterr())
    assert f"ada/{CHAPTER}/timestamp.txt" in said
    page = Path(tmp_path / "graded" / "report.html").read_text(encoding="utf-8")
    assert f"ada/{CHAPTER}/timestamp.txt: is no time such as" in page


# --- late days are calendar days in the zone of the course

NOTHING = timedelta(0)


@pytest.mark.parametrize(
    ("due", "handed_in", "zone", "days"),
    [
        # 24 October, 23:59 in Zurich; the night to the 25th has 25 hours.
        ("2026-10-24 21:59", "2026-10-24 21:59", "Europe/Zurich", 0),
        ("2026-10-24 21:59", "2026-10-24 22:00", "Europe/Zurich", 1),
        ("2026-10-24 21:59", "2026-10-25 22:59", "Europe/Zurich", 1),
        ("2026-10-24 21:59", "2026-10-25 23:00", "Europe/Zurich", 2),
        ("2026-10-24 21:59", "2026-10-25 22:59", "UTC", 2),
        # 28 March, 23:59 in Zurich; the 29th has 23 hours.
        ("2026-03-28 22:59", "2026-03-29 21:59", "Europe/Zurich", 1),
        ("2026-03-28 22:59", "2026-03-29 22:00", "Europe/Zurich", 2),
        ("2026-03-28 22:59", "2026-03-29 22:00", "UTC", 1),
        # The hour that clocks show twice: later, though clocks show an earlier time.
        ("2026-10-25 00:50", "2026-10-25 01:10", "Europe/Zurich", 1),
        ("2026-02-27 12:00", "2026-02-28 12:00", "Asia/Tokyo", 1),
        ("2026-02-27 12:00", "2026-02-28 12:01", "Asia/Tokyo", 2),
    ],
)
def test_late_days(due, handed_in, zone, days):
    times = (datetime.fromisoformat(due), datetime.fromisoformat(handed_in))
    assert days_late(seconds_late(*times, ZoneInfo(zone), NOTHING)) == days


def test_an_extension_is_of_calendar_days():
    due = datetime(2026, 10, 24, 21, 59)  # 23:59 in Zurich
    one_day = timedelta(days=1)
    in_time, late = datetime(2026, 10, 25, 22, 59), datetime(2026, 10, 25, 23, 0)
    assert seconds_late(due, in_time, ZURICH, one_day) == 0.0
    assert seconds_late(due, late, ZURICH, one_day) == 60.0
