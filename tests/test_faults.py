"""A full disk and an output folder that cannot be written: a clear error, no half file, and going on works."""

from __future__ import annotations

import errno
import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from autograder import cli
from autograder.course.source import chapters, module_source
from autograder.files import write_file
from autograder.sandbox.doctor import available
from tests import needs

ROOT = Path(__file__).resolve().parent.parent
CHAPTER = "ch02_vanilla_rnn"
pytestmark = needs.graded(CHAPTER)
DISK = 20_000_000
STUDENTS = ("ada", "bob", "eve")
OPTIONS = ("--no-gradebook", "--jobs", "1")

needs_bubblewrap = pytest.mark.skipif(
    available().level != "A", reason="needs file systems of its own: bubblewrap"
)


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory):
    """Three students; their gradebook belongs beside the results, as the folder is not nbgrader's."""
    folder = tmp_path_factory.mktemp("faults") / "handed_in"
    source = module_source(chapters()[CHAPTER])
    for student in STUDENTS:
        (folder / student / CHAPTER).mkdir(parents=True)
        (folder / student / CHAPTER / f"{CHAPTER}.py").write_text(source)
    return folder


@pytest.fixture(scope="module")
def undisturbed(handed_in):
    """The bytes of each result of a run in which nothing goes wrong."""
    output = handed_in.parent / "graded"
    assert grade(handed_in, output) == 0
    return results(output)


@pytest.fixture(scope="module")
def unread(tmp_path_factory):
    """A class whose notebooks cannot be read, so that results are written at once and nothing has to be started."""
    folder = tmp_path_factory.mktemp("faults") / "handed_in"
    for student in STUDENTS:
        (folder / student / CHAPTER).mkdir(parents=True)
        (folder / student / CHAPTER / f"{CHAPTER}.ipynb").write_text("{")
    return folder


@pytest.fixture(scope="module")
def unread_results(unread):
    """The bytes of their results."""
    output = unread.parent / "graded"
    assert grade(unread, output) == 0
    return results(output)


def grade(handed_in, output):
    return cli.main(["grade", "--submissions", str(handed_in), "--output", str(output), *OPTIONS])


def results(output):
    return {path.parent.name: path.read_bytes() for path in output.glob("results/*/*.json")}


def sandboxed(*command):
    done = subprocess.run(
        ["bwrap", "--dev-bind", "/", "/", "--proc", "/proc", "--die-with-parent", *command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode in (0, 1), done.stderr
    return done


def on_a_full_disk(tmp_path, handed_in, free, *options):
    """How a run ended with so many bytes free, how the next one did, and the results then."""
    disk, kept = tmp_path / "disk", tmp_path / "kept"
    disk.mkdir()
    small = [
        "--size",
        str(DISK),
        "--tmpfs",
        str(disk),
        sys.executable,
        "-m",
        "tests.campaigns.full_disk",
    ]
    done = sandboxed(*small, str(handed_in), str(disk), str(kept), str(free), *options)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    return told["full"], told["again"], results(kept)


def check_full(full, again, folder):
    """The first run said what is wrong and left whole files; the second one went well."""
    assert full["status"] == 1
    assert full["told"].strip().endswith("No space left on device")
    assert str(folder) in full["told"] and "Traceback" not in full["told"]
    assert all(full["files"].values())
    assert again["status"] == 0, again["told"]


@needs_bubblewrap
@pytest.mark.parametrize("free", [0, 30_000], ids=["at_once", "reports"])
def test_a_full_disk(tmp_path, unread, unread_results, free):
    full, again, kept = on_a_full_disk(tmp_path, unread, free, *OPTIONS)
    check_full(full, again, tmp_path / "disk" / "graded")
    assert kept == unread_results


@needs_bubblewrap
def test_a_disk_that_is_full_in_the_middle_of_a_class(tmp_path, handed_in, undisturbed):
    full, again, kept = on_a_full_disk(tmp_path, handed_in, 20_000, *OPTIONS)
    check_full(full, again, tmp_path / "disk" / "graded")
    done = sum(name.startswith("graded/results/") for name in full["files"])
    assert 0 < done < 3
    assert f"{3 - done} graded, {done} unchanged" in again["told"]
    assert kept == undisturbed


@needs_bubblewrap
def test_a_disk_too_full_for_the_gradebook(tmp_path, handed_in, undisturbed):
    full, again, kept = on_a_full_disk(tmp_path, handed_in, 200_000, "--jobs", "1")
    assert full["status"] == 1
    assert "gradebook.db" in full["told"] and "full" in full["told"]
    assert "Traceback" not in full["told"]
    assert all(full["files"].values())
    assert sum(name.startswith("graded/results/") for name in full["files"]) == 3
    assert again["status"] == 0, again["told"]
    assert "3 submissions written" in " ".join(again["told"].split())
    assert kept == undisturbed


@needs_bubblewrap
def test_a_read_only_output_folder(tmp_path, unread, unread_results):
    output = tmp_path / "graded"
    output.mkdir()
    command = [sys.executable, "-m", "autograder", "grade", *OPTIONS]
    command += ["--submissions", str(unread), "--output", str(output)]
    done = sandboxed("--ro-bind", str(output), str(output), *command)
    assert done.returncode == 1
    assert done.stderr.strip().endswith("Read-only file system")
    assert str(output) in done.stderr and "Traceback" not in done.stderr
    assert list(output.iterdir()) == []
    assert grade(unread, output) == 0
    assert results(output) == unread_results


def test_a_file_in_place_of_the_output_folder(tmp_path, unread, unread_results, capsys):
    output = tmp_path / "graded"
    output.write_text("mine")
    assert grade(unread, output) in (1, 2)
    told = capsys.readouterr().err
    assert str(output) in told and "Traceback" not in told
    assert output.read_text() == "mine"
    output.unlink()
    assert grade(unread, output) == 0
    assert results(output) == unread_results


def test_a_folder_in_place_of_a_result(tmp_path, unread, unread_results, capsys):
    output = tmp_path / "graded"
    blocked = output / "results" / "bob" / f"{CHAPTER}.json"
    blocked.mkdir(parents=True)
    assert grade(unread, output) == 1
    assert str(blocked) in capsys.readouterr().err
    assert list(output.rglob("*.tmp")) == []
    blocked.rmdir()
    assert grade(unread, output) == 0
    assert results(output) == unread_results


def test_a_file_that_grew_too_large_leaves_the_old_one(tmp_path):
    """The same within one process: a write that ends in the middle, here at a limit."""
    path = tmp_path / "table.csv"
    write_file(path, b"old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(OSError) as caught:
            write_file(path, bytes(10_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (caught.value.errno, caught.value.filename) == (errno.EFBIG, str(path))
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["table.csv"]
