"""A class from folder to files: the same bytes at any parallelism, nothing graded twice, nothing lost."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from autograder import cli
from autograder.classroom import local
from autograder.classroom.grader_process import GraderProcess
from autograder.classroom.scheduler import Conditions, Task
from autograder.commands import grade as grade_command
from autograder.course.source import chapters, module_source
from autograder.files import csv_bytes
from autograder.grading.choice import Found
from autograder.grading.submissions import parse
from autograder.reports import grades_csv
from autograder.results import SubmissionResult, from_json, to_json
from autograder.sandbox.doctor import Available
from tests import needs

CHAPTER = "ch02_vanilla_rnn"
pytestmark = needs.graded(CHAPTER)
ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def source():
    return module_source(chapters()[CHAPTER])


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory, source):
    """Six students, most of them in trouble."""
    folder = tmp_path_factory.mktemp("class") / "submitted"
    files = {
        "ada": (f"{CHAPTER}.py", source),
        "Žofie O'Neil": (f"{CHAPTER}.py", source.replace("np.tanh", "np.sin")),
        "=evil()": (f"{CHAPTER}.py", "raise SystemExit"),
        "broken": (f"{CHAPTER}.ipynb", "{"),
        "killer": (f"{CHAPTER}.py", source + "\n\ndef sample(*a):\n    import os; os._exit(0)\n"),
    }
    for student, (name, text) in files.items():
        (folder / student / CHAPTER).mkdir(parents=True)
        (folder / student / CHAPTER / name).write_text(text)
    (folder / "absent").mkdir()
    return folder


@pytest.fixture(scope="module")
def graded(handed_in):
    """The class, graded once with two jobs."""
    output = handed_in.parent / "graded"
    assert grade(handed_in, output, "--jobs", "2") == 0
    return output


@pytest.fixture
def class_folder(tmp_path, handed_in):
    """A copy of the class to change."""
    return Path(shutil.copytree(handed_in, tmp_path / "submitted"))


@pytest.fixture
def output(tmp_path, graded):
    """A copy of its results to change."""
    return Path(shutil.copytree(graded, tmp_path / "graded"))


def grade(folder, output, *options):
    arguments = ["grade", "--submissions", str(folder), "--output", str(output), *options]
    arguments += ["--no-gradebook"]  # tests/test_gradebook.py is about that
    return cli.main(arguments)


def files_of(output):
    """Every file with its bytes, but for the two that tell when and how long a run was."""
    return {
        str(path.relative_to(output)): path.read_bytes()
        for path in sorted(output.rglob("*"))
        if path.is_file() and path.name not in ("run.json", "report.html")
    }


def graded_anew(output):
    return {
        name.partition("/")[0]
        for name in json.loads((output / "run.json").read_text())["submissions"]
    }


def test_a_class_has_the_results_it_deserves(graded):
    rows = list(csv.DictReader(io.StringIO((graded / "grades.csv").read_text())))
    found = {row["student"]: (row["status"], float(row["score"])) for row in rows}
    assert found["ada"][0] == "graded"
    assert found["ada"][1] > 80  # all but the quiz, which the module source answers too
    assert found["absent"] == ("missing", 0.0)
    assert found["broken"] == ("unreadable", 0.0)
    assert found["'=evil()"] == ("graded", 0.0)
    assert 0 < found["Žofie O'Neil"][1] < found["ada"][1]
    assert 0 < found["killer"][1] < found["ada"][1]
    assert [row["student"].removeprefix("'") for row in rows] == sorted(
        name.removeprefix("'") for name in found
    )
    assert not list(graded.rglob(".*"))


def test_the_command_says_what_it_did_and_where(class_folder, output, capsys):
    assert grade(class_folder, output) == 0
    printed = capsys.readouterr().err
    assert "broken" in printed
    assert str(output) in printed


def test_jobs_order_and_repetition_change_no_byte(class_folder, tmp_path, graded):
    alone = tmp_path / "alone"
    # One job, another order, in several runs.
    grade(class_folder, alone, "--student", "killer", "--student", "absent", "--jobs", "1")
    grade(class_folder, alone, "--jobs", "1")
    assert files_of(alone) == files_of(graded)
    grade(class_folder, alone, "--jobs", "1", "--no-cache", "--student", "Žofie O'Neil")
    grade(class_folder, alone)
    assert files_of(alone) == files_of(graded)


def test_what_is_unchanged_is_not_graded_again(class_folder, output, graded, source):
    grade(class_folder, output)
    assert graded_anew(output) == set()
    assert files_of(output) == files_of(graded)
    (class_folder / "ada" / CHAPTER / f"{CHAPTER}.py").write_text(source + "\n# a comment\n")
    grade(class_folder, output)
    assert graded_anew(output) == {"ada"}


def test_damaged_results_are_made_anew(class_folder, output, graded):
    damages = {
        "killer": b"{",
        "=evil()": b'{"schema": 99}',
        "Žofie O'Neil": (output / "results" / "ada" / f"{CHAPTER}.json").read_bytes(),
        "ada": b"",
    }
    for student, damage in damages.items():
        (output / "results" / student / f"{CHAPTER}.json").write_bytes(damage)
    grade(class_folder, output, "--jobs", "1")
    assert graded_anew(output) == set(damages)
    assert files_of(output) == files_of(graded)


def test_a_run_that_was_killed_goes_on_where_it_was(class_folder, tmp_path, graded):
    shutil.rmtree(class_folder / "killer")
    for number in range(12):
        shutil.copytree(class_folder / "ada", class_folder / f"twin{number}")
    output = tmp_path / "resumed"
    command = [sys.executable, "-m", "autograder", "grade", "--jobs", "2"]
    command += ["--submissions", str(class_folder), "--output", str(output)]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while len(list(output.glob("**/results/*/*.json"))) < 3:
        assert process.poll() is None
        assert time.monotonic() < deadline
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = list(output.glob("**/results/*/*.json"))
    students = {from_json(path.read_bytes()).student for path in before}  # whole, every one
    assert grade(class_folder, output, "--jobs", "1") == 0
    assert graded_anew(output).isdisjoint(students)
    everybody = set(os.listdir(class_folder))
    assert {path.parent.name for path in output.glob("results/*/*.json")} == everybody
    ada = (graded / "results" / "ada" / f"{CHAPTER}.json").read_bytes()
    for number in range(12):
        twin = output / "results" / f"twin{number}" / f"{CHAPTER}.json"
        assert twin.read_bytes().replace(f"twin{number}".encode(), b"ada") == ada
    assert not list(output.rglob(".*"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--submissions", "no/such/folder"], "there is no folder"),
        (["--chapter", "ch99_none"], "there is no chapter ch99_none"),
        (["--student", "nobody"], "there is no student nobody"),
        (["--jobs", "-1"], "at least 1"),
    ],
)
def test_usage_errors_are_one_line_and_status_two(class_folder, tmp_path, capsys, arguments, words):
    assert grade(class_folder, tmp_path / "graded", *arguments) == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1


def test_fail_under_gives_status_one(class_folder, output):
    assert grade(class_folder, output, "--student", "ada", "--fail-under", "50") == 0
    assert grade(class_folder, output, "--student", "ada", "--fail-under", "100.5") == 1
    assert grade(class_folder, output, "--fail-under", "50") == 1


def test_an_unwritable_output_is_said_plainly(class_folder, tmp_path, capsys):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    assert grade(class_folder, blocked / "graded", "--student", "ada") == 1
    error = capsys.readouterr().err
    assert "cannot write" in error
    assert str(blocked) in error


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@x", "\tx", "a,b", 'q"q', "new\nline"])
def test_csv_cells_are_quoted_and_defused(name):
    result = SubmissionResult(1, name, CHAPTER, "graded", 1.5, 100.0, (), (), "", "")
    rows = list(csv.reader(io.StringIO(grades_csv.render([result]).decode(), newline="")))
    assert rows[1][0].removeprefix("'") == name
    assert not rows[1][0].startswith(("=", "+", "-", "@", "\t"))
    assert rows[1][1:] == [CHAPTER, "graded", "1.5", "100.0"]


def test_in_every_table_texts_are_defused_and_numbers_are_not():
    rows = [["a", "=1", "  @x", "-1"], [-1.5, None, "", "x"]]
    assert csv_bytes(rows) == b"a,'=1,'  @x,'-1\n-1.5,,,x\n"


def test_a_table_has_a_line_for_each_row_whatever_ends_a_line_elsewhere():
    rows = [["a\rb", "1"], ["c\nd", "2"], ["e\r\nf", "3"], ["g\x85\u2028", "4"]]
    assert list(csv.reader(io.StringIO(csv_bytes(rows).decode(), newline=""))) == rows


def some_tasks(source, count):
    """So many tasks that differ in their place alone."""
    submission = parse("ada", CHAPTER, f"{CHAPTER}.py", source.encode())
    return [Task(Found(f"s{number}", CHAPTER, ""), submission) for number in range(count)]


def test_a_grader_that_is_killed_again_and_again_costs_nobody_else(source, monkeypatch):
    course = {CHAPTER: chapters()[CHAPTER]}
    gives = []

    class Fragile(GraderProcess):
        """Dies with the second submission, each time that this one is given."""

        def give(self, submission, losses):
            if submission.student == "bad":
                gives.append(submission)
                os.kill(self.pid, signal.SIGKILL)
            super().give(submission, losses)

    monkeypatch.setattr(local, "GraderProcess", Fragile)
    tasks = some_tasks(source, 4)
    bad = msgspec.structs.replace(tasks[1].submission, student="bad")
    tasks[1] = Task(tasks[1].found, bad)
    outcomes = list(local.LocalProcesses(1).grade(tasks, course, Conditions()))
    found = {outcome.task.found.student: outcome.result for outcome in outcomes}
    assert len(gives) == 2
    assert sorted(found) == ["s0", "s1", "s2", "s3"]
    assert found["s1"].status == "grader_error"
    assert found["s1"].score is None
    others = {to_json(result) for name, result in found.items() if name != "s1"}
    assert len(others) == 1
    assert b'"status": "graded"' in others.pop()


def test_submissions_are_read_only_when_a_grader_is_free_for_them(source):
    course = {CHAPTER: chapters()[CHAPTER]}
    taken = []

    def reading():
        for task in some_tasks(source, 20):
            taken.append(task)
            yield task

    outcomes = local.LocalProcesses(1).grade(reading(), course, Conditions())
    assert not taken
    next(outcomes)
    assert len(taken) == 2
    outcomes.close()
    assert len(taken) == 2


def test_what_nothing_held_is_never_taken_for_a_result_of_the_sandbox(
    class_folder, tmp_path, monkeypatch, capsys
):
    output, only = tmp_path / "graded", ("--student", "ada", "--student", "absent")
    with monkeypatch.context() as machine:
        machine.setattr(grade_command, "_available", lambda: Available("D", {"seccomp": "none"}))
        assert grade(class_folder, output, *only, "--unsafe-own-code") == 0
        assert graded_anew(output) == {"ada"}
        assert grade(class_folder, output, *only, "--unsafe-own-code") == 0
        assert graded_anew(output) == set()
    capsys.readouterr()
    # A run that grades another student still says what lies beside the new result.
    assert grade(class_folder, output, "--student", "killer") == 0
    assert b"--unsafe-own-code" in (output / "report.html").read_bytes()
    assert grade(class_folder, output, *only) == 0
    assert graded_anew(output) == {"ada"}
    assert b"--unsafe-own-code" not in (output / "report.html").read_bytes()


def test_the_same_bytes_under_another_name_are_another_submission(class_folder, output):
    """A script is no notebook: its result does not go on counting when it is handed in as one."""
    place = class_folder / "ada" / CHAPTER
    (place / f"{CHAPTER}.py").rename(place / f"{CHAPTER}.ipynb")
    assert from_json((output / "results" / "ada" / f"{CHAPTER}.json").read_bytes()).score == 100.0
    assert grade(class_folder, output) == 0
    after = from_json((output / "results" / "ada" / f"{CHAPTER}.json").read_bytes())
    assert (after.status, after.score) == ("unreadable", 0.0)


def test_a_file_beside_the_one_that_counts_is_said_at_the_next_run(class_folder, output):
    (class_folder / "ada" / CHAPTER / "notes.py").write_text("x = 1\n")
    assert grade(class_folder, output) == 0
    after = from_json((output / "results" / "ada" / f"{CHAPTER}.json").read_bytes())
    assert after.score == 100.0
    assert any("notes.py" in f"{each.where} {each.what}" for each in after.problems)
