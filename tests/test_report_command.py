"""`autograder grade` and the files that it leaves: whose they are, what they are made from, and what it says."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest

from autograder import cli
from autograder.classroom.run import RunSummary
from autograder.commands import grade as grade_command
from autograder.commands import grading
from autograder.course.source import chapters, module_source
from autograder.files import write_file
from autograder.grading import reader
from autograder.grading.engine import Usage
from autograder.grading.layouts import find
from autograder.grading.one_file import printable
from autograder.reports.files import Place, read_results, rendered, write_reports
from autograder.results import TestResult, from_json, function_result, to_json
from autograder.sandbox.doctor import Available
from autograder.sandbox.terms import GraderFault
from tests import needs
from tests.made_up_class import result

ROOT = Path(__file__).resolve().parent.parent
CHAPTER = "ch02_vanilla_rnn"
OTHER = "ch03_gradients"
STUDENTS = ["ada", "Žofie O'Neil", "a\n::error::owned", "..%2f", "<b>"]


@pytest.fixture
def class_folder(tmp_path):
    folder = tmp_path / "submitted"
    for student in STUDENTS:
        for chapter in (CHAPTER, OTHER):
            (folder / student / chapter).mkdir(parents=True)
            (folder / student / chapter / f"{chapter}.py").write_text("x = 1\n")
    return folder


@pytest.fixture
def graded_by_hand(monkeypatch):
    """Grading is somebody else's test: here every submission gets 5 of 10 points."""

    def grade_class(selection, output, *_with, **_options):
        found, passed_over = find(selection.root, selection.chapters, selection.students)
        summary = RunSummary([], {}, passed_over=passed_over)
        for place in found:
            tests = [
                TestResult("a", "passed", 1.0, ""),
                TestResult("b", "failed", 1.0, "h is wrong"),
            ]
            half = function_result("rnn_forward", 10, tests)
            graded = result(printable(place.student), place.chapter, (half,))
            write_file(
                output / "results" / place.student / f"{place.chapter}.json", to_json(graded)
            )
            summary.results.append(graded)
            summary.usages[f"{graded.student}/{graded.chapter}"] = Usage()
            summary.graded += 1
        return summary

    monkeypatch.setattr(grading, "grade_class", grade_class)


def grade(folder: Path, output: Path, *options: str) -> int:
    arguments = ["grade", "--submissions", str(folder), "--output", str(output), "--no-gradebook"]
    return cli.main([*arguments, "--jobs", "1", *options])


def files(output: Path) -> dict[str, bytes]:
    found = (path for path in output.rglob("*") if path.is_file())
    return {str(path.relative_to(output)): path.read_bytes() for path in found}


@pytest.mark.usefixtures("graded_by_hand")
def test_every_report_is_where_the_contract_has_it(class_folder, tmp_path):
    assert grade(class_folder, tmp_path / "graded") == 0
    made = files(tmp_path / "graded")
    single = {"grades.csv", "junit.xml", "report.html", "run.json"}
    for student in STUDENTS:
        for chapter in (CHAPTER, OTHER):
            place = f"{student}/{chapter}"
            single |= {
                f"results/{place}.json",
                f"feedback/{place}.html",
                f"gradescope/{place}.json",
            }
            assert json.loads(made[f"gradescope/{place}.json"])["score"] == 5.0
            assert b"5 of 10 points" in made[f"feedback/{place}.html"]
    assert set(made) == single
    assert len(ElementTree.fromstring(made["junit.xml"])) == 2 * len(STUDENTS)


@pytest.mark.usefixtures("graded_by_hand")
def test_grading_one_student_again_keeps_the_others_in_the_reports(class_folder, tmp_path):
    output = tmp_path / "graded"
    grade(class_folder, output)
    before = files(output)
    grade(class_folder, output, "--student", "ada", "--chapter", CHAPTER)
    after = files(output)
    # The class report says of this run how much was graded in it; nothing else differs.
    changed = {name for name in before | after if before.get(name) != after.get(name)}
    assert changed <= {"report.html", "run.json"}
    # Who left the course leaves the reports.
    shutil.rmtree(class_folder / "<b>")
    grade(class_folder, output, "--student", "ada")
    assert "<b>" not in (output / "grades.csv").read_text()
    assert b"&lt;b&gt;" not in (output / "report.html").read_bytes()


@pytest.mark.usefixtures("graded_by_hand")
def test_reports_are_made_from_the_result_files_alone(class_folder, tmp_path):
    output = tmp_path / "graded"
    grade(class_folder, output)
    path = output / "results" / "ada" / f"{CHAPTER}.json"
    path.write_bytes(path.read_bytes().replace(b"h is wrong", b"quite otherwise"))
    damaged = output / "results" / "<b>" / f"{CHAPTER}.json"
    damaged.write_bytes(path.read_bytes())  # of somebody else
    (output / "results" / "..%2f" / f"{CHAPTER}.json").write_bytes(b"{")
    grade(class_folder, output, "--chapter", OTHER)
    assert b"quite otherwise" in (output / "feedback" / "ada" / f"{CHAPTER}.html").read_bytes()
    assert b"quite otherwise" in (output / "report.html").read_bytes()
    rows = (output / "grades.csv").read_text().count(CHAPTER)
    assert rows == len(STUDENTS) - 2


def test_the_same_results_give_the_same_files_and_none_is_written_twice(tmp_path):
    for name in ("bo", "ada"):
        write_file(tmp_path / "results" / name / f"{CHAPTER}.json", to_json(result(name, CHAPTER)))
    places = [Place(name, name, CHAPTER) for name in ("bo", "ada", "nobody")]
    filed = read_results(tmp_path, places)
    assert [each.folder for each in filed] == ["ada", "bo"]
    assert filed == read_results(tmp_path, places[::-1])
    course = chapters()
    run = grading._run(RunSummary([], {}), 1, "A")
    assert list(rendered(filed, run, course)) == list(rendered(filed, run, course))
    written: list[Path] = []

    def write(path: Path, data: bytes) -> None:
        written.append(path)
        write_file(path, data)

    write_reports(tmp_path, filed, run, course, write)
    assert len(written) == 2 * 2 + 3
    write_reports(tmp_path, filed, run, course, write)
    assert len(written) == 2 * 2 + 3


def test_a_name_that_is_no_utf_8_has_reports_of_its_own(tmp_path, class_folder, graded_by_hand):
    odd = os.fsdecode(b"\xff\xfe")
    twin = printable(odd)  # the same on paper
    for name in (odd, twin):
        (class_folder / name / CHAPTER).mkdir(parents=True)
    assert grade(class_folder, tmp_path / "graded") == 0
    for name in (odd, twin):
        assert (tmp_path / "graded" / "feedback" / name / f"{CHAPTER}.html").is_file()


@pytest.mark.usefixtures("graded_by_hand")
def test_the_log_in_actions_is_closed_before_any_name_is_in_it(
    class_folder, tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    (class_folder / "::error::a file").write_text("")
    assert grade(class_folder, tmp_path / "graded") == 0
    lines = capsys.readouterr().err.splitlines()
    token = lines[0].removeprefix("::stop-commands::")
    end = lines.index(f"::{token}::")
    assert any("ada" in line for line in lines[:end])
    assert all(line.startswith(("::error title=", "::warning title=")) for line in lines[end + 1 :])
    heading = (tmp_path / "summary.md").read_text().splitlines()[0]
    assert heading.startswith("## ")
    assert heading.endswith("Class report")


@pytest.mark.usefixtures("graded_by_hand")
def test_an_unsafe_run_says_so_on_every_page(class_folder, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(grade_command, "_available", lambda: Available("D", {"seccomp": "none"}))
    assert grade(class_folder, tmp_path / "graded") == 2
    assert grade(class_folder, tmp_path / "graded", "--unsafe-own-code") == 0
    assert "--unsafe-own-code at sandbox level D" in capsys.readouterr().err
    for name, data in files(tmp_path / "graded").items():
        if not name.startswith("results/") and name not in ("grades.csv", "run.json"):
            assert b"--unsafe-own-code" in data, name


@pytest.mark.usefixtures("graded_by_hand")
def test_complaints_are_one_line_that_nothing_obeys(class_folder, tmp_path, capsys):
    assert grade(class_folder, tmp_path / "graded", "--student", "\x1b[2J\n::error::x") == 2
    [line] = capsys.readouterr().err.splitlines()
    assert "\x1b" not in line and not line.startswith("::")
    (tmp_path / "graded").write_text("a file where a folder has to be")
    assert grade(class_folder, tmp_path / "graded") == 1
    [line] = capsys.readouterr().err.splitlines()[-1:]
    assert line.startswith("autograder: cannot write or read")


@needs.graded(CHAPTER)
def test_ctrl_c_leaves_a_state_that_goes_on(tmp_path):
    """A real run, interrupted when the first results are there, then finished."""
    many = 60  # so that the interrupt comes before the last, however busy the machine is
    source = module_source(chapters()[CHAPTER])
    folder, output = tmp_path / "submitted", tmp_path / "graded"
    for number in range(many):
        (folder / f"s{number}" / CHAPTER).mkdir(parents=True)
        (folder / f"s{number}" / CHAPTER / f"{CHAPTER}.py").write_text(source)
    command = [sys.executable, "-m", "autograder", "grade", "--jobs", "1", "--no-gradebook"]
    command += ["--submissions", str(folder), "--output", str(output)]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=needs.listen_to_interrupts,
    )
    deadline = time.monotonic() + 120
    while len(list(output.glob("results/*/*.json"))) < 2:
        assert process.poll() is None and time.monotonic() < deadline
    process.send_signal(signal.SIGINT)
    _out, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in said
    assert said.splitlines()[-1] == "Stopped. The same command goes on where this one was."
    done = len(list(output.glob("results/*/*.json")))
    assert 2 <= done < many
    again = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert again.returncode == 0, again.stderr
    assert f"{many - done} graded, {done} unchanged" in again.stderr
    paths = sorted(output.glob("results/*/*.json"))
    assert [from_json(path.read_bytes()).score for path in paths] == [100.0] * many
    assert len(list(output.glob("feedback/*/*.html"))) == many


def test_a_reader_that_does_not_start_is_a_sentence_and_no_traceback(tmp_path, monkeypatch, capsys):
    (tmp_path / "ada" / "ch04_lstm").mkdir(parents=True)
    (tmp_path / "ada" / "ch04_lstm" / "ch04_lstm.py").write_text("x = 1\n")

    def fail(*_arguments):
        raise GraderFault("the confined reader does not start")

    monkeypatch.setattr(reader, "_child", fail)
    options = ["--submissions", str(tmp_path), "--output", str(tmp_path / "out"), "--no-gradebook"]
    assert cli.main(["grade", *options, "--jobs", "1"]) == 1
    assert "the confined reader does not start" in capsys.readouterr().err
