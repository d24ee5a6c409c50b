"""Bulk downloads of learning platforms: who becomes whom, which attempt counts, what is left to a human."""

from __future__ import annotations

import io
import os
import stat
import subprocess
import sys
import zipfile
from zoneinfo import ZoneInfo

import pytest

from autograder import cli
from autograder.course.source import ROOT
from autograder.platforms.collect import archive as archive_module
from autograder.platforms.collect import plan as planning
from autograder.platforms.collect.archive import ArchiveError, opened
from autograder.platforms.collect.gradescope_metadata import read_metadata
from autograder.platforms.collect.plan import make_plan
from autograder.platforms.collect.roster import RosterError, read_roster

CHAPTER = "ch03_gradients"
BOOK = f"{CHAPTER}.ipynb"
ZONE = ZoneInfo("Europe/Zurich")


def zipped(path, files):
    """An archive of these files: a text, or the ZipInfo of its entry and a text."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            made.writestr(name, content)
    return path


def planned(tmp_path, platform, files, roster=None, zone=ZONE):
    path = zipped(tmp_path / "download.zip", files)
    table = None
    if roster is not None:
        (tmp_path / "roster.csv").write_text(roster, encoding="utf-8")
        table = read_roster(tmp_path / "roster.csv")
    with opened(path) as archive:
        chapters = [CHAPTER, "ch04_lstm"]
        return make_plan(archive, platform, CHAPTER, tmp_path / "submitted", zone, table, chapters)


def targets(plan):
    """Target to the bytes that go there."""
    return {one.target: one.data.decode() for one in plan.writes}


def reasons(plan):
    return dict(plan.unmatched)


# --- each platform


def test_canvas(tmp_path):
    plan = planned(
        tmp_path,
        "canvas",
        {
            f"lovelaceada_4711_998877_{BOOK}": "ada",
            f"hopperg_LATE_4712_998878_{CHAPTER}-1.ipynb": "grace",
            f"noetheremmy_4713_998879_{CHAPTER}.py": "emmy",
            f"turing_alan_4714_998880_{BOOK}": "alan",
            f"anon_LATE_aB3x9_998881_{BOOK}": "somebody",
            "lovelaceada_4711_998882_plot.png": "picture",
        },
    )
    assert targets(plan) == {
        f"lovelaceada/{CHAPTER}/{BOOK}": "ada",
        f"hopperg/{CHAPTER}/{BOOK}": "grace",
        f"hopperg/{CHAPTER}/timestamp.txt": "LATE\n",
        f"noetheremmy/{CHAPTER}/{CHAPTER}.py": "emmy",
        f"turing_alan/{CHAPTER}/{BOOK}": "alan",
        f"anon_aB3x9/{CHAPTER}/{BOOK}": "somebody",
        f"anon_aB3x9/{CHAPTER}/timestamp.txt": "LATE\n",
    }
    assert [path for path, _ in plan.left_out] == ["lovelaceada_4711_998882_plot.png"]
    assert plan.people["hopperg (4712)"] == "hopperg"
    assert plan.is_clear


def test_canvas_counts_the_last_attempt(tmp_path):
    plan = planned(
        tmp_path,
        "canvas",
        {
            f"hopperg_4712_1_{BOOK}": "first",
            f"hopperg_4712_2_{CHAPTER}-1.ipynb": "second",
            f"hopperg_4712_3_{CHAPTER}-2.ipynb": "third",
        },
    )
    assert targets(plan) == {f"hopperg/{CHAPTER}/{BOOK}": "third"}
    assert [path for path, _ in plan.earlier] == [
        f"hopperg_4712_1_{BOOK}",
        f"hopperg_4712_2_{CHAPTER}-1.ipynb",
    ]


def test_moodle_flat(tmp_path):
    files = {
        f"Ada Lovelace_123456_assignsubmission_file_{BOOK}": "ada",
        f"Zoë_Ann Smith_123457_assignsubmission_file_{BOOK}": "zoe",
        "Ada Lovelace_123456_assignsubmission_onlinetext_onlinetext.html": "words",
        f"Ada Lovelace_123456_{BOOK}": "odd",
    }
    plan = planned(tmp_path, "moodle", files)
    assert targets(plan) == {
        f"Ada Lovelace/{CHAPTER}/{BOOK}": "ada",
        f"Zoë_Ann Smith/{CHAPTER}/{BOOK}": "zoe",
    }
    assert len(plan.unmatched) == 2 and not plan.is_clear


def test_moodle_folders(tmp_path):
    files = {
        f"Ada Lovelace_123456_assignsubmission_file/{BOOK}": "ada",
        "Grace Hopper_123457_assignsubmission_file_/work.ipynb": "grace",
        f"Alan Turing_123458_assignsubmission_file_/sub/{BOOK}": "alan",
        f"Alan Turing_123458_assignsubmission_file_/.ipynb_checkpoints/{BOOK}": "old",
        "__MACOSX/._x": "mac",
    }
    plan = planned(tmp_path, "moodle-folders", files)
    assert targets(plan) == {
        f"Ada Lovelace/{CHAPTER}/{BOOK}": "ada",
        f"Alan Turing/{CHAPTER}/{BOOK}": "alan",
        f"Grace Hopper/{CHAPTER}/{BOOK}": "grace",
    }
    assert plan.is_clear
    flat = planned(tmp_path, "moodle", files)
    assert not flat.writes and "FROM=moodle-folders" in flat.unmatched[0][1]


def test_blackboard(tmp_path):
    head, time = "Chapter 3", "2036-03-20-21-00-00"
    note = "Name: Ada Lovelace (a_love)\nAssignment: Chapter 3\n\nFiles:\n"
    plan = planned(
        tmp_path,
        "blackboard",
        {
            f"{head}_alovelace_attempt_{time}_{BOOK}": "first",
            f"{head}_alovelace_attempt_2036-03-21-00-29-05_{BOOK}": "second",
            f"{head}_alovelace_attempt_{time}.txt": "Name: Ada (alovelace)\n",
            f"{head}_a_love_attempt_{time}_{BOOK}": "other",
            f"{head}_a_love_attempt_{time}.txt": note,
            f"{head}_b_hop_attempt_{time}_{BOOK}": "hop",
            f"{head}_bad_attempt_2036-13-20-21-00-00_{BOOK}": "no time",
        },
    )
    assert targets(plan) == {
        f"a_love/{CHAPTER}/{BOOK}": "other",
        f"a_love/{CHAPTER}/timestamp.txt": "2036-03-20 20:00:00 UTC\n",
        f"alovelace/{CHAPTER}/{BOOK}": "second",
        f"alovelace/{CHAPTER}/timestamp.txt": "2036-03-20 23:29:05 UTC\n",
        f"b_hop/{CHAPTER}/{BOOK}": "hop",
        f"b_hop/{CHAPTER}/timestamp.txt": "2036-03-20 20:00:00 UTC\n",
    }
    [(path, why)] = plan.earlier
    assert path.endswith(f"alovelace_attempt_{time}_{BOOK}") and "the latest counts" in why
    assert list(reasons(plan)) == [f"{head}_bad_attempt_2036-13-20-21-00-00_{BOOK}"]


@pytest.mark.parametrize(
    ("written", "utc"),
    [
        ("Mar 20, 2036 900 PM", "2036-03-20 20:00:00"),
        ("Mar 20, 2036 9:00 PM".replace(":", ""), "2036-03-20 20:00:00"),
        ("Mar 20, 2036 1200 AM", "2036-03-19 23:00:00"),
        ("Mar 20, 2036 1200 PM", "2036-03-20 11:00:00"),
        ("March 5, 2036 1015 AM", "2036-03-05 09:15:00"),
        ("20 March, 2036 2105", "2036-03-20 20:05:00"),
        ("Jul 1, 2036 905 AM", "2036-07-01 07:05:00"),
    ],
)
def test_brightspace(tmp_path, written, utc):
    plan = planned(
        tmp_path,
        "brightspace",
        {
            f"123-456 - Ada Lovelace - {written}/{BOOK}": "ada",
            "index.html": "<html>",
        },
    )
    assert targets(plan) == {
        f"Ada Lovelace/{CHAPTER}/{BOOK}": "ada",
        f"Ada Lovelace/{CHAPTER}/timestamp.txt": f"{utc} UTC\n",
    }
    assert plan.is_clear


def test_brightspace_counts_the_latest(tmp_path):
    plan = planned(
        tmp_path,
        "brightspace",
        {
            f"123-456 - Ada - King - Mar 20, 2036 1000 PM/{BOOK}": "late",
            f"123-456 - Ada - King - Mar 20, 2036 900 PM/{BOOK}": "early",
            f"124-456 - Grace - some day/{BOOK}": "grace",
        },
    )
    assert targets(plan)[f"Ada - King/{CHAPTER}/{BOOK}"] == "late"
    assert f"Grace/{CHAPTER}/timestamp.txt" not in targets(plan)
    assert len(plan.earlier) == 1


METADATA = """---
submission_1:
  :submitters:
  - :name: Ada Lovelace
    :sid: '4711'
    :email: ada@example.org
  :created_at: 2036-03-20 20:00:00.000000000 Z
  :history:
  - :id: 7
    :created_at: 2036-03-19 20:00:00.000000000 Z
submission_2:
  :submitters:
  - :name: "Grace \\"G\\" Hopper"
    :sid:
    :email: grace@example.org
  - :name: 'Emmy O''Noether'
    :sid: '12'
    :email: emmy@example.org
  :created_at: 2036-03-20 23:00:00 +02:00
submission_3:
  :submitters: &people
  - :name: *people
    :sid: !ruby/object:Kernel x
    :email: {a: b}
"""


def test_gradescope(tmp_path):
    top = "assignment_99_export"
    plan = planned(
        tmp_path,
        "gradescope",
        {
            f"{top}/submission_metadata.yml": METADATA,
            f"{top}/submission_1/{BOOK}": "ada",
            f"{top}/submission_1/submission_metadata.yml": "submission_1:\n",
            f"{top}/submission_2/folder/{BOOK}": "both",
            f"{top}/submission_3/{BOOK}": "odd",
            f"{top}/submission_4/{BOOK}": "unknown",
        },
    )
    assert targets(plan) == {
        f"12/{CHAPTER}/{BOOK}": "both",
        f"12/{CHAPTER}/timestamp.txt": "2036-03-20 21:00:00 UTC\n",
        f"4711/{CHAPTER}/{BOOK}": "ada",
        f"4711/{CHAPTER}/timestamp.txt": "2036-03-20 20:00:00 UTC\n",
        f"grace@example.org/{CHAPTER}/{BOOK}": "both",
        f"grace@example.org/{CHAPTER}/timestamp.txt": "2036-03-20 21:00:00 UTC\n",
    }
    assert sorted(reasons(plan)) == [
        f"{top}/submission_3/{BOOK}",
        f"{top}/submission_4/{BOOK}",
    ]


def test_gradescopes_metadata_is_read_as_lines():
    people = read_metadata(METADATA.encode())["submission_2"].people
    assert [one.name for one in people] == ['Grace "G" Hopper', "Emmy O'Noether"]
    assert read_metadata(METADATA.encode())["submission_3"].people == ()
    bomb = "a: &a [x]\n" + "".join(f"b{n}: &b{n} [*a, *a, *a]\n" for n in range(50))
    assert read_metadata(bomb.encode()) == {}
    assert read_metadata(b"\xff\xfe\x00" * 9) == {}


def test_classroom(tmp_path):
    plan = planned(
        tmp_path,
        "classroom",
        {
            f"Chapter 3/Ada Lovelace - {BOOK}": "ada",
            f"Chapter 3/{CHAPTER} - Grace Hopper.ipynb": "grace",
            f"Chapter 3/Emmy Noether - {CHAPTER} (1).ipynb": "emmy",
            f"Chapter 3/{CHAPTER} (2).ipynb": "whose?",
        },
    )
    assert targets(plan) == {
        f"Ada Lovelace/{CHAPTER}/{BOOK}": "ada",
        f"Emmy Noether/{CHAPTER}/{BOOK}": "emmy",
        f"Grace Hopper/{CHAPTER}/{BOOK}": "grace",
    }
    assert list(reasons(plan)) == [f"Chapter 3/{CHAPTER} (2).ipynb"]
    folders = {f"Chapter 3/Ada/{BOOK}": "ada", f"Chapter 3/Anna/sub/{BOOK}": "anna"}
    assert sorted(targets(planned(tmp_path, "classroom", folders))) == [
        f"Ada/{CHAPTER}/{BOOK}",
        f"Anna/{CHAPTER}/{BOOK}",
    ]


# --- who is whom


def test_a_name_that_begins_like_another_is_another(tmp_path):
    names = ["grace", "grace_h", "gracehopper", "smithann", "smithanna"]
    files = {f"{name}_{n}_1_{BOOK}": name for n, name in enumerate(names, start=1)}
    plan = planned(tmp_path, "canvas", files)
    assert targets(plan) == {f"{name}/{CHAPTER}/{BOOK}": name for name in names}


def test_two_people_of_one_name_are_left_to_a_human(tmp_path):
    files = {f"smithann_1_10_{BOOK}": "one", f"smithann_2_11_{BOOK}": "other"}
    plan = planned(tmp_path, "canvas", files)
    assert not plan.writes and len(plan.unmatched) == 2
    assert "2 people are called smithann" in plan.unmatched[0][1]
    roster = 'student,number,name\nann.s,1,"Smith, Ann"\nanna.s,2,"Smith, Ann"\n'
    assert targets(planned(tmp_path, "canvas", files, roster)) == {
        f"ann.s/{CHAPTER}/{BOOK}": "one",
        f"anna.s/{CHAPTER}/{BOOK}": "other",
    }


def test_spellings_that_are_one_folder_elsewhere(tmp_path):
    files = {
        f"Ann Lee_1_assignsubmission_file_{BOOK}": "one",
        f"ann lee_2_assignsubmission_file_{BOOK}": "other",
    }
    plan = planned(tmp_path, "moodle", files)
    assert not plan.writes and "spelling" in plan.unmatched[0][1]


@pytest.mark.parametrize(
    ("platform", "name"),
    [
        ("canvas", f"smithann_77_1_{BOOK}"),
        ("canvas", f"nguyenvanan_78_1_{BOOK}"),
        ("moodle", f"Ann Smith_9_assignsubmission_file_{BOOK}"),
        ("moodle", f"An Nguyễn Văn_9_assignsubmission_file_{BOOK}"),
    ],
)
def test_a_roster_says_who_is_who(tmp_path, platform, name):
    roster = (
        "Student;Name;Canvas\nasmith;Smith, Ann;77\naasmith;Smith, Anna;76\n"
        "anguyen;Nguyễn Văn, An;78\n"
    )
    plan = planned(tmp_path, platform, {name: "x"}, "\ufeff" + roster)
    student = "asmith" if "mith" in name else "anguyen"
    assert targets(plan) == {f"{student}/{CHAPTER}/{BOOK}": "x"}


def test_who_is_not_in_the_roster_is_not_matched(tmp_path):
    roster = 'student,name\nasmith,"Smith, Anna"\n'
    plan = planned(tmp_path, "canvas", {f"smithann_77_1_{BOOK}": "x"}, roster)
    assert not plan.writes and "not in the roster" in plan.unmatched[0][1]


def test_two_people_who_are_one_student_in_the_roster(tmp_path):
    roster = "student,one,two\nann,smithann,smithanna\n"
    files = {f"smithann_1_1_{BOOK}": "x", f"smithanna_2_1_{BOOK}": "y"}
    plan = planned(tmp_path, "canvas", files, roster)
    assert not plan.writes and "2 people" in plan.unmatched[0][1]


@pytest.mark.parametrize("text", ["", "name\nann\n", "student,name\n,Ann\n"])
def test_a_roster_that_is_none(tmp_path, text):
    (tmp_path / "r.csv").write_text(text)
    with pytest.raises(RosterError):
        read_roster(tmp_path / "r.csv")


# --- hostile archives


@pytest.mark.parametrize(
    "name",
    [
        f"../x_1_1_{BOOK}",
        f"/etc/x_1_1_{BOOK}",
        f"a/../../x_1_1_{BOOK}",
        f"..\\..\\x_1_1_{BOOK}",
        f"C:\\x_1_1_{BOOK}",
        f"x\n_1_1_{BOOK}",
        f".._1_1_{BOOK}",
        f".ssh_1_1_{BOOK}",
        f"{'x' * 300}_1_1_{BOOK}",
        f"{'x' * 120}_1_1_{BOOK}",
    ],
)
def test_names_that_lead_elsewhere(tmp_path, name):
    plan = planned(tmp_path, "canvas", {name: "x"})
    assert not plan.writes and len(plan.unmatched) == 1
    assert planning.write(plan, tmp_path / "submitted") == 0


def test_links_are_not_followed(tmp_path):
    info = zipfile.ZipInfo(f"x_1_1_{BOOK}")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    plan = planned(tmp_path, "canvas", {info: "/etc/passwd"})
    assert list(reasons(plan).values()) == ["is a link"]


def test_bombs_are_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(archive_module, "MAX_MEMBER", 1 << 20)
    monkeypatch.setattr(archive_module, "MAX_TOTAL", 5 << 19)
    big = "0" * (2 << 20)
    plan = planned(tmp_path, "canvas", {f"x_1_1_{BOOK}": big, f"y_2_2_{BOOK}": "fine"})
    assert targets(plan) == {f"y/{CHAPTER}/{BOOK}": "fine"} and "1 MiB" in plan.unmatched[0][1]
    files = {f"x{n}_{n}_2_{BOOK}": "0" * 900_000 for n in range(1, 9)}
    with pytest.raises(ArchiveError):
        planned(tmp_path, "canvas", files)
    monkeypatch.setattr(archive_module, "MAX_MEMBERS", 3)
    with pytest.raises(ArchiveError):
        planned(tmp_path, "canvas", files)


def test_a_damaged_file_is_said(tmp_path):
    path = zipped(tmp_path / "d.zip", {f"x_1_1_{BOOK}": "abc" * 999, f"y_2_2_{BOOK}": "fine"})
    data = bytearray(path.read_bytes())
    place = data.index(BOOK.encode()) + len(BOOK)
    data[place : place + 9] = b"\xff" * 9
    path.write_bytes(data)
    with opened(path) as archive:
        plan = make_plan(archive, "canvas", CHAPTER, tmp_path / "s", ZONE)
    assert targets(plan) == {f"y/{CHAPTER}/{BOOK}": "fine"} and len(plan.unmatched) == 1


@pytest.mark.parametrize("data", [b"", b"PK", b"no archive", b"PK\x05\x06" + b"\xff" * 18])
def test_no_archive(tmp_path, data):
    (tmp_path / "x.zip").write_bytes(data)
    with pytest.raises(ArchiveError), opened(tmp_path / "x.zip") as archive:
        archive.members()


def test_names_in_utf8_that_do_not_say_so(tmp_path):
    """As macOS and many programs write them: UTF-8, decomposed, without the flag."""
    name = f"Zoe\u0308_1_assignsubmission_file_{BOOK}".encode()
    path = zipped(tmp_path / "u.zip", {"a" * len(name): "x"})
    path.write_bytes(path.read_bytes().replace(b"a" * len(name), name))
    with opened(path) as archive:
        plan = make_plan(archive, "moodle", CHAPTER, tmp_path / "s", ZONE)
    assert targets(plan) == {f"Zoë/{CHAPTER}/{BOOK}": "x"}


# --- which file


@pytest.mark.parametrize(
    ("names", "kept"),
    [
        (["work.ipynb"], [BOOK]),
        ([f"{CHAPTER} (1).ipynb"], [BOOK]),
        ([f"{CHAPTER}-Copy1.ipynb"], [BOOK]),
        ([f"{CHAPTER}.IPYNB"], [BOOK]),
        ([f"{CHAPTER}.PY"], [f"{CHAPTER}.py"]),
        ([BOOK, "notes.ipynb"], [BOOK, "notes.ipynb"]),
        ([BOOK, "helpers.py"], [BOOK, "helpers.py"]),
        (["ch04_lstm.ipynb"], ["ch04_lstm.ipynb"]),
        ([f"{CHAPTER}.ipynb.txt"], [f"{CHAPTER}.ipynb.txt"]),
        (["work.zip"], ["work.zip"]),
    ],
)
def test_a_file_gets_the_chapters_name_where_it_is_meant(tmp_path, names, kept):
    files = {f"Ada_1_assignsubmission_file_{name}": name for name in names}
    plan = planned(tmp_path, "moodle", files)
    assert sorted(targets(plan)) == sorted(f"Ada/{CHAPTER}/{name}" for name in kept)


def test_two_different_files_of_one_name(tmp_path):
    files = {
        f"Ada_1_assignsubmission_file_/a/{BOOK}": "one",
        f"Ada_1_assignsubmission_file_/b/{BOOK}": "other",
        f"Bob_2_assignsubmission_file_/a/{BOOK}": "same",
        f"Bob_2_assignsubmission_file_/b/{BOOK}": "same",
    }
    plan = planned(tmp_path, "moodle-folders", files)
    assert targets(plan) == {f"Bob/{CHAPTER}/{BOOK}": "same"}
    assert len(plan.unmatched) == 2 and "decide by hand" in plan.unmatched[0][1]


# --- writing


def test_nothing_is_overwritten_unless_that_is_said(tmp_path):
    files = {
        f"Ada_1_assignsubmission_file_{BOOK}": "new",
        f"Bob_2_assignsubmission_file_{BOOK}": "b",
    }
    there = tmp_path / "submitted" / "Ada" / CHAPTER
    there.mkdir(parents=True)
    (there / BOOK).write_text("old")
    plan = planned(tmp_path, "moodle", files)
    assert [one.state for one in plan.writes] == ["differs", "new"] and not plan.is_clear
    assert planning.write(plan, tmp_path / "submitted") == 1
    assert (there / BOOK).read_text() == "old"
    assert planning.write(plan, tmp_path / "submitted", overwrite=True) == 2
    assert (there / BOOK).read_text() == "new"
    again = planned(tmp_path, "moodle", files)
    assert [one.state for one in again.writes] == ["unchanged"] * 2 and again.is_clear
    assert planning.write(again, tmp_path / "submitted") == 0


@pytest.mark.parametrize("level", ["student", "chapter", "file"])
def test_nothing_is_written_through_a_link(tmp_path, level):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    path = tmp_path / "submitted" / "Ada" / CHAPTER / BOOK
    place = {"student": path.parents[1], "chapter": path.parent, "file": path}[level]
    place.parent.mkdir(parents=True)
    place.symlink_to(elsewhere / "x" if level == "file" else elsewhere)
    plan = planned(tmp_path, "moodle", {f"Ada_1_assignsubmission_file_{BOOK}": "new"})
    assert plan.writes[0].state == "blocked"
    assert planning.write(plan, tmp_path / "submitted", overwrite=True) == 0
    assert list(elsewhere.iterdir()) == []


def test_the_command_shows_first_and_writes_when_told(tmp_path, capsys):
    path = zipped(tmp_path / "d.zip", {f"hopperg_LATE_4712_1_{CHAPTER}-1.ipynb": "{}"})
    command = ["collect", "--from", "canvas", "--zip", str(path), "--chapter", CHAPTER]
    command += ["--submissions", str(tmp_path / "submitted")]
    assert cli.main(command) == 0
    said = capsys.readouterr().out
    assert f"-> hopperg/{CHAPTER}/{BOOK}  (LATE)".replace("  ", " ") in said
    assert "dry run" in said and not (tmp_path / "submitted").exists()
    assert cli.main([*command, "--go"]) == 0
    assert (tmp_path / "submitted" / "hopperg" / CHAPTER / BOOK).read_text() == "{}"
    zipped(path, {"nobody.ipynb": "{}"})
    assert cli.main(command) == 1
    assert "NOT MATCHED: nobody.ipynb" in capsys.readouterr().out
    path.write_bytes(b"")
    assert cli.main(command) == 2
    assert "is no ZIP archive" in capsys.readouterr().err


def test_the_make_target(tmp_path):
    path = zipped(tmp_path / "d.zip", {f"Zoë Ω_1_assignsubmission_file_{BOOK}": "{}"})
    variables = {
        **os.environ,
        "PYTHONIOENCODING": "cp1252",
        "SUBMISSIONS": str(tmp_path / "submitted"),
        "VENV": os.path.dirname(os.path.dirname(sys.executable)),
    }
    done = subprocess.run(
        ["make", "-s", "collect", "FROM=moodle", f"ZIP={path}", f"CHAPTER={CHAPTER}", "GO=1"],
        cwd=ROOT,
        env=variables,
        capture_output=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "submitted" / "Zoë Ω" / CHAPTER / BOOK).read_text() == "{}"
    assert "Zoë \\u03a9" in io.TextIOWrapper(io.BytesIO(done.stdout), "cp1252").read()
