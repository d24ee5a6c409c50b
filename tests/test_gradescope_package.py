"""The archive for Gradescope, unpacked as Gradescope does it, and its two scripts run there as they are written.

No container is at hand: a folder imitates `/autograder`, `apt-get` is a stand-in, and the environment is lent.
"""

from __future__ import annotations

import io
import json
import shutil
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest

from autograder.course.source import ROOT, chapters
from autograder.platforms.gradescope import grade as gradescope_grade
from autograder.platforms.gradescope.package import archive
from autograder.sample_class import answer, everything, fill, last, with_body
from autograder.sandbox.doctor import Available
from tests import needs
from tests.imitated import environment, lend_environment, stand_ins

CHAPTER = "ch02_vanilla_rnn"
pytestmark = needs.graded(CHAPTER)
OTHER = "ch04_lstm"
COURSE = chapters()


def unpack(data: bytes, folder: Path) -> None:
    """As `unzip` does it, permissions included."""
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        for entry in file.infolist():
            path = Path(file.extract(entry, folder))
            path.chmod(entry.external_attr >> 16 & 0o777)


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """Gradescope's folder after the build: unpacked, `setup.sh` run, `run_autograder` copied to its place."""
    root = tmp_path_factory.mktemp("service") / "autograder"
    unpack(archive([CHAPTER], "after_published"), root / "source")
    shutil.copy(root / "source" / "run_autograder", root)
    (root / "results").mkdir()
    lend_environment(root / "source")
    programs = root.parent / "bin"
    record = stand_ins(programs, "apt-get")
    ran = subprocess.run(
        ["bash", str(root / "source" / "setup.sh")],
        cwd=root,
        env=environment(root.parent / "home", programs, AUTOGRADER_ROOT=str(root)),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "level" in ran.stdout  # the doctor's word is in the log
    asked = "bubblewrap" in record.read_text()
    assert asked == (
        shutil.which("bwrap") is None
    )  # nothing else is missing, and what is there is left alone
    return root


def graded(service, files):
    """Hand these files in, run the script, return its status and `results.json`."""
    submission = service / "submission"
    shutil.rmtree(submission, ignore_errors=True)
    submission.mkdir()
    for name, content in files.items():
        if isinstance(content, Path):
            (submission / name).symlink_to(content)
        else:
            (submission / name).write_bytes(content)
    results = service / "results" / "results.json"
    results.unlink(missing_ok=True)
    ran = subprocess.run(
        [str(service / "run_autograder")],
        cwd=service,
        env=environment(
            service.parent / "home", service.parent / "bin", AUTOGRADER_ROOT=str(service)
        ),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert results.is_file(), ran.stdout + ran.stderr
    return ran, json.loads(results.read_text(encoding="utf-8"))


def notebook(**answers):
    chapter = COURSE[CHAPTER]
    return nbformat.writes(fill(chapter, everything(chapter) | answers)).encode()


def test_a_right_notebook_under_any_name_gets_everything(service):
    ran, results = graded(service, {"my homework.ipynb": notebook(), "notes.txt": b"read me"})
    assert ran.returncode == 0, ran.stderr
    assert results["score"] == 100.0
    assert results["visibility"] == "after_published"
    assert results["stdout_visibility"] == "hidden"
    names = [test["name"] for test in results["tests"]]
    assert names == [function.name for function in COURSE[CHAPTER].functions]
    for test in results["tests"]:
        assert test["status"] == "passed"
        assert test["score"] == test["max_score"]
    assert sum(test["max_score"] for test in results["tests"]) == pytest.approx(100)


def test_a_wrong_function_costs_its_points(service):
    name = last(COURSE[CHAPTER])
    wrong = with_body(COURSE[CHAPTER], name, "return None")
    _, results = graded(service, {f"{CHAPTER}.ipynb": notebook(**{name: wrong})})
    assert 0 < results["score"] < 100
    [failed] = [test for test in results["tests"] if test["status"] == "failed"]
    assert failed["name"] == name
    assert failed["output"]


def test_a_module_that_lies_there_is_not_imported(service, tmp_path):
    trap = f"open({str(tmp_path / 'ran')!r}, 'w')\n".encode()
    files = {f"{name}.py": trap for name in ("autograder", "numpy", "msgspec", "sitecustomize")}
    _, results = graded(service, files | {f"{CHAPTER}.ipynb": notebook()})
    assert results["score"] == 100.0
    assert not (tmp_path / "ran").exists()


def test_a_link_is_refused(service):
    solution = service / "source" / "solutions" / CHAPTER / f"{CHAPTER}.py"
    _, results = graded(service, {f"{CHAPTER}.py": solution})
    assert results["score"] == 0.0
    assert results["extra_data"]["status"] == "refused"


def test_nothing_handed_in_gets_nothing(service):
    _, results = graded(service, {})
    assert results["score"] == 0.0
    assert results["extra_data"]["status"] == "missing"


def test_the_archive_holds_what_grades_its_chapter_and_no_other(service):
    data = archive([CHAPTER], "visible")
    assert data == archive([CHAPTER], "visible")
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        entries = {entry.filename: entry for entry in file.infolist()}
    assert {"setup.sh", "run_autograder"} <= set(entries)
    for script in ("setup.sh", "run_autograder"):
        assert stat.S_IMODE(entries[script].external_attr >> 16) & stat.S_IXUSR
    assert f"autograder/chapters/{CHAPTER}/test_{CHAPTER}.py" in entries
    templates = ROOT.glob("autograder/reports/templates/*")
    assert {path.relative_to(ROOT).as_posix() for path in templates} <= set(entries)
    secret = [name for name in entries if OTHER in name and "seqlab" not in name]
    assert secret == []
    assert not [name for name in entries if "alternatives" in name or "/." in name]
    other = archive([OTHER], "visible")
    assert other != data


def test_the_command_writes_the_archive(tmp_path):
    output = tmp_path / "build" / "gradescope.zip"
    command = [sys.executable, "-m", "autograder.platforms.gradescope", "--chapter", CHAPTER]
    subprocess.run([*command, "--output", str(output)], cwd=ROOT, check=True, timeout=60)
    assert output.read_bytes() == archive([CHAPTER], "visible")
    wrong = subprocess.run(
        [*command[:-1], "ch99"], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert wrong.returncode == 2
    assert "ch99" in wrong.stderr


@pytest.mark.parametrize(
    ("python3", "wanted"),
    [
        ("3.10", "make bubblewrap python3.11 python3.11-venv"),
        ("3.12", "make bubblewrap python3.12-venv"),
    ],
)
def test_setup_installs_what_is_missing_and_says_when_it_cannot(tmp_path, python3, wanted):
    programs = tmp_path / "bin"
    record = stand_ins(programs, "apt-get")
    (programs / "python3").write_text(f"#!/bin/sh\necho {python3}\n")
    (programs / "python3").chmod(0o755)
    ran = subprocess.run(
        [shutil.which("bash"), str(ROOT / "autograder" / "platforms" / "gradescope" / "setup.sh")],
        env={"PATH": str(programs), "AUTOGRADER_ROOT": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.returncode == 1
    assert "newer base image" in ran.stderr
    update, install = record.read_text().splitlines()
    assert update == "apt-get update -q"
    assert install == f"apt-get install -q --yes --no-install-recommends {wanted}"


# --- in this process --------------------------------------------------------------------------------------------------


def handed_in(root, *names):
    (root / "submission").mkdir(parents=True)
    for name in names:
        (root / "submission" / name).write_text("quiz_answers = {}\n")
    return root


def results_of(root):
    return json.loads((root / "results" / "results.json").read_text(encoding="utf-8"))


def test_where_the_sandbox_is_too_weak_there_is_no_score(tmp_path, monkeypatch, capsys):
    weak = Available("D", {"landlock": "not in this kernel"})
    monkeypatch.setattr(gradescope_grade, "available", lambda: weak)
    root = handed_in(tmp_path, f"{CHAPTER}.py")
    assert gradescope_grade.grade(root) == 1
    assert "score" not in results_of(root)
    assert "no fault of yours" in results_of(root)["output"]
    assert "level D" in capsys.readouterr().err


def test_with_the_whole_course_the_name_says_which_chapter(tmp_path):
    several = handed_in(tmp_path / "several", f"{CHAPTER}.py", f"{OTHER}.py")
    assert gradescope_grade.grade(several) == 1
    assert "score" not in results_of(several)
    assert OTHER in results_of(several)["output"]
    none = handed_in(tmp_path / "none", "homework.py")
    assert gradescope_grade.grade(none) == 1
    assert "no chapter" in results_of(none)["output"]
    one = handed_in(tmp_path / "one", f"{OTHER}.py")
    quiz = answer(COURSE[OTHER], "quiz_answers")
    (one / "submission" / f"{OTHER}.py").write_text(quiz)
    assert gradescope_grade.grade(one) == 0
    points = next(f.points for f in COURSE[OTHER].functions if f.name == "quiz_answers")
    assert results_of(one)["score"] == points
