"""Every command of the instructor's guide, run as it is written there, in a copy of this repository."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import nbformat
import pytest

from autograder.course.source import ROOT, chapters
from autograder.sample_class import answer, everything
from tests import gradebook_course as made

GUIDE = ROOT / "docs" / "instructor.md"
CHAPTER = "ch03_gradients"
LEFT_OUT = (
    ".venv",
    ".git",
    "submitted",
    "graded",
    "autograded",
    "feedback",
    "gradebook.db*",
    ".*_cache",
)
# A server that goes on until it is stopped; tests/test_gradebook_formgrader.py looks at what it shows.
SERVERS = ("jupyter lab",)


def commands():
    """Title of a section to its commands: the lines that are indented as code, outside of fences."""
    text = re.sub(r"^```.*?^```", "", GUIDE.read_text(encoding="utf-8"), flags=re.M | re.S)
    sections = re.split(r"^##+ ", text, flags=re.M)
    found = {}
    for section in sections:
        title = section.partition("\n")[0].lstrip("# ")
        found[title] = [line.strip() for line in section.split("\n") if line.startswith("    ")]
    return found


def test_the_guide_goes_from_author_to_export():
    titles = [title for title, lines in commands().items() if lines]
    wanted = ["Author", "Release", "Collect", "Grade", "Review", "Return", "Export"]
    assert [title for title in titles if title in wanted] == wanted
    every = [line for lines in commands().values() for line in lines]
    assert len(every) > 15
    assert all(re.match(r"(make|nbgrader|python -m|jupyter lab|\. \.venv)", line) for line in every)


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A copy of the repository with the environment of this one."""
    clone = tmp_path_factory.mktemp("guide") / "clone"
    shutil.copytree(ROOT, clone, ignore=shutil.ignore_patterns(*LEFT_OUT, "__pycache__"))
    (clone / ".venv").symlink_to(ROOT / ".venv")
    exchange = clone.parent / "exchange"
    exchange.mkdir()
    exchange.chmod(0o777)
    with (clone / "nbgrader_config.py").open("a") as config:
        config.write(f"\nc.Exchange.root = {str(exchange)!r}\n")
        config.write(f"c.Exchange.cache = {str(clone.parent / 'cache')!r}\n")
    return clone


def run(command, folder, clone):
    # Every line has a shell of its own here, in which the environment is activated as the guide says.
    script = f". {clone}/.venv/bin/activate\n{command}"
    ran = subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "HOME": str(clone.parent)},
    )
    assert ran.returncode == 0, f"{command}\n{ran.stdout}\n{ran.stderr}"
    return ran.stdout + ran.stderr


def hand_in(clone):
    """What students do between release and collection."""
    student = clone.parent / "student"
    student.mkdir()
    (student / "nbgrader_config.py").write_text(
        (clone / "nbgrader_config.py")
        .read_text()
        .split("configure(c")[-1]
        .partition("\n")[2]
        .join(["c = get_config()\n", ""])
    )
    run(f"nbgrader fetch_assignment {CHAPTER} --course sequences", student, clone)
    path = student / CHAPTER / f"{CHAPTER}.ipynb"
    notebook = nbformat.read(str(path), as_version=4)
    chapter = chapters()[CHAPTER]
    for name in everything(chapter):
        made.by_id(notebook)[name]["source"] = answer(chapter, name)
    nbformat.write(notebook, str(path))
    run(f"nbgrader submit {CHAPTER} --course sequences --student=ada", student, clone)
    archive = clone / "downloaded" / CHAPTER / "archive"
    archive.mkdir(parents=True)
    shutil.copy(path, archive / f"grace_{CHAPTER}.ipynb")


@pytest.mark.skipif(not os.environ.get("SLOW"), reason="slow: make formgrader-test")
def test_every_command_works_as_written(clone):
    printed = {}
    for title, lines in commands().items():
        if title == "Collect":
            hand_in(clone)
        for line in lines:
            if line not in SERVERS:
                printed[line] = run(line, clone, clone)
    assert CHAPTER in printed["nbgrader list"]
    rows = (clone / "grades.csv").read_text().splitlines()
    told = {line.split(",")[3]: line for line in rows if line.startswith(CHAPTER)}
    assert set(told) == {"ada", "grace"}
    assert all(line.endswith(",100.0,0.0,100.0,100.0,no") for line in told.values())
    for name in ("canvas.csv", "moodle.csv"):
        assert "100.0" in (clone / name).read_text()
    for student in told:
        assert (clone / "feedback" / student / CHAPTER / f"{CHAPTER}.html").is_file()
    assert Path(clone / "graded" / "results" / "grace" / f"{CHAPTER}.json").is_file()
