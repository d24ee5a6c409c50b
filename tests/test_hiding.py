"""Results out of reach of `stat` while a run goes on, and where they were afterwards."""

from __future__ import annotations

import fcntl
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.classroom.hiding import HIDDEN, PREFIX, hidden, restore
from autograder.classroom.local import LocalProcesses
from autograder.classroom.run import Selection, grade_class, sweep
from autograder.classroom.scheduler import Conditions
from autograder.course.source import chapters, module_source
from autograder.files import write_file
from autograder.reports.changes import CHANGES
from autograder.reports.files import RESULTS
from autograder.sandbox.confine import identity
from autograder.sandbox.doctor import available
from tests import needs

RESULT = Path(RESULTS, "ada", "ch02.json")


@pytest.fixture
def output(tmp_path):
    """What an earlier run has left, and a file that is no business of ours."""
    folder = tmp_path / "graded"
    for name in (RESULT, Path("feedback/ada/ch02.html"), Path("grades.csv"), Path("notes.txt")):
        write_file(folder / name, b"old")
    return folder


def files(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_nothing_lies_where_it_is_looked_for(output):
    before = files(output)
    with hidden(output, "B") as place:
        assert sorted(os.listdir(output)) == sorted([place.name, "notes.txt"])
        assert (place / RESULT).read_bytes() == b"old"
        assert len(place.name) >= len(PREFIX) + 32
    assert files(output) == before
    with hidden(output, "B") as other:
        assert other.name != place.name


@pytest.mark.parametrize("level", ["A", "D"])
def test_other_levels_need_no_hiding(output, level):
    with hidden(output, level) as place:
        assert place == output and (output / RESULT).exists()


def test_all_that_a_run_writes_is_hidden():
    assert {RESULTS, CHANGES} <= set(HIDDEN)


def test_what_was_written_meanwhile_is_there_afterwards(output):
    with hidden(output, "B") as place:
        write_file(place / RESULTS / "bob" / "ch02.json", b"new")
        write_file(place / RESULT, b"newer")
    assert (output / RESULTS / "bob" / "ch02.json").read_bytes() == b"new"
    assert (output / RESULT).read_bytes() == b"newer"
    assert not list(output.rglob(".*"))


def test_an_output_folder_is_made(tmp_path):
    with hidden(tmp_path / "deep" / "graded", "B") as place:
        write_file(place / RESULT, b"x")
    assert (tmp_path / "deep" / "graded" / RESULT).read_bytes() == b"x"


def test_errors_name_the_known_place(output):
    with pytest.raises(OSError) as caught, hidden(output, "B") as place:
        (place / RESULT).unlink()
        (place / RESULT).mkdir()
        write_file(place / RESULT, b"x")
    assert caught.value.filename == str(output / RESULT)
    assert (output / RESULT).is_dir()


def test_an_interrupted_run_brings_all_back(output):
    with pytest.raises(KeyboardInterrupt), hidden(output, "B"):
        raise KeyboardInterrupt
    assert (output / RESULT).read_bytes() == b"old"


def test_a_killed_run_leaves_what_the_next_one_finds(output):
    code = f"""
import os, signal
from pathlib import Path
from autograder.classroom.hiding import hidden
with hidden(Path({str(output)!r}), "B") as place:
    (place / "results" / "bob.json").write_text("new")
    os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", code], timeout=60)
    assert not (output / RESULT).exists()
    sweep(output)
    assert (output / RESULT).read_bytes() == b"old"
    assert (output / RESULTS / "bob.json").read_text() == "new"
    assert not list(output.glob(f"{PREFIX}*"))


def test_the_newer_of_two_stays(output):
    place = output / f"{PREFIX}0"
    for folder, name, when in (
        (place, "a", 1), (output, "a", 2), (place, "b", 2), (output, "b", 1)
    ):  # fmt: skip
        write_file(folder / RESULTS / name, f"{when}".encode())
        os.utime(folder / RESULTS / name, (when, when))
    restore(output)
    assert [(output / RESULTS / name).read_text() for name in "ab"] == ["2", "2"]


def test_a_run_that_goes_on_keeps_its_own(output):
    with hidden(output, "B") as place:
        (place / ".half.tmp").write_text("being written")
        sweep(output)
        assert (place / RESULT).exists() and (place / ".half.tmp").exists()
        with hidden(output, "B") as second:
            assert not (second / RESULTS).exists()
            write_file(second / RESULT, b"of the second")
        (place / ".half.tmp").unlink()
    assert (output / RESULT).read_bytes() == b"of the second"


def test_a_file_system_without_locks_is_no_obstacle(output, monkeypatch):
    def refuse(_descriptor, _what):
        raise OSError(38, "no locks")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with hidden(output, "B"):
        assert not (output / RESULT).exists()
    assert (output / RESULT).exists()


own_user = pytest.mark.skipif(not identity.possible(), reason="workers have no user of their own")


def mode(folder):
    return stat.S_IMODE(folder.stat().st_mode)


@own_user
def test_folders_that_stay_are_closed_for_other_users(output, tmp_path):
    submitted = tmp_path / "submitted"
    notebook = submitted / "ada" / "ch02.ipynb"
    write_file(notebook, b"{}")
    for folder in (tmp_path, submitted, notebook.parent):
        folder.chmod(0o755)
    # The folders above belong to the test runner alone, so another user gets its look from within.
    look = f"import os; os.chdir({str(tmp_path)!r}); os.setuid(54321); os.stat('submitted/ada/ch02.ipynb')"

    def seen():
        return subprocess.run([sys.executable, "-c", look], capture_output=True).returncode == 0

    assert seen()
    with hidden(output, "B", [submitted, tmp_path / "not there"]):
        assert mode(submitted) == 0o700 and not seen()
        assert notebook.read_bytes() == b"{}"
    assert mode(submitted) == 0o755 and seen()
    assert not (output / "modes.json").exists()


@own_user
def test_a_killed_run_leaves_folders_that_the_next_one_opens(output, tmp_path):
    submitted = tmp_path / "submitted"
    submitted.mkdir(mode=0o755)
    code = f"""
import os, signal
from pathlib import Path
from autograder.classroom.hiding import hidden
with hidden(Path({str(output)!r}), "B", [Path({str(submitted)!r})]):
    os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", code], timeout=60)
    assert mode(submitted) == 0o700
    sweep(output)
    assert mode(submitted) == 0o755


@own_user
def test_of_two_runs_the_second_does_not_keep_a_folder_closed(output, tmp_path):
    submitted = tmp_path / "submitted"
    submitted.mkdir(mode=0o755)
    with hidden(output, "B", [submitted]), hidden(tmp_path / "other", "B", [submitted]):
        assert mode(submitted) == 0o700
    assert mode(submitted) == 0o755


@pytest.mark.skipif(available().level not in "AB", reason="no sandbox here")
@needs.graded("ch02_vanilla_rnn")
def test_a_run_at_level_b_hides_and_reuses(output, tmp_path):
    course = chapters()
    chapter = "ch02_vanilla_rnn"
    for student in ("ada", "bob"):
        folder = tmp_path / "submitted" / student / chapter
        folder.mkdir(parents=True)
        (folder / f"{chapter}.py").write_text(module_source(course[chapter]))
    seen = []

    def run():
        seen.clear()
        return grade_class(
            Selection(tmp_path / "submitted", [chapter]),
            output,
            course,
            LocalProcesses(1),
            Conditions(level="B"),
            progress=lambda done, _total, _name: seen.append((done, (output / RESULTS).exists())),
        )

    first = run()
    assert [result.score for result in first.results] == [100.0, 100.0]
    assert seen == [(0, True), (1, False), (2, False)]  # before the first worker all is public
    for student in ("ada", "bob"):
        assert (output / RESULTS / student / f"{chapter}.json").is_file()
    assert not list(output.glob(f"{PREFIX}*"))
    assert run().reused == 2
