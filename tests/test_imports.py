"""What reading a chapter and writing reports load, each in a fresh interpreter."""

from __future__ import annotations

import json
import subprocess
import sys

import msgspec

from autograder.course.source import ROOT, chapters
from autograder.results import to_json
from tests.made_up_class import class_of

HEAVY = {"jupytext", "nbclient", "nbconvert", "nbformat", "nbgrader", "numpy", "pytest", "torch"}

_SAY_WHAT_IS_LOADED = "import json, sys; print(json.dumps(sorted(sys.modules)))"

_READ_A_CHAPTER = """
from autograder.course.quiz import quiz_key
from autograder.course.source import chapters, solution_source
for chapter in chapters().values():  # read by jupytext now or from the cache of an earlier reading
    solution_source(chapter, chapter.functions[0].name)
    quiz_key(chapter)
"""

_WRITE_REPORTS = """
import sys
from pathlib import Path
import msgspec
from autograder.course.source import Chapter
from autograder.reports.files import Place, read_results, write_reports
from autograder.reports.statistics import Run
graded = Path(sys.argv[1])
course = msgspec.json.decode((graded / "course.json").read_bytes(), type=dict[str, Chapter])
found = sorted((graded / "results").glob("*/*.json"))
filed = read_results(graded, [Place(p.parent.name, p.parent.name, p.stem) for p in found])
assert len(filed) == len(found) > 0
write_reports(graded, filed, Run("A"), course, lambda path, data: (
    path.parent.mkdir(parents=True, exist_ok=True), path.write_bytes(data)
))
"""


def loaded_by(code: str, *arguments: str) -> set[str]:
    """Run code in a fresh interpreter; return the modules that it has loaded at its end."""
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{_SAY_WHAT_IS_LOADED}", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


def ours(modules: set[str]) -> set[str]:
    """The rooms of the grader among these modules."""
    return {name.split(".")[1] for name in modules if name.startswith("autograder.")}


def test_reports_load_little():
    loaded = loaded_by("import autograder.reports.files")
    assert not HEAVY & loaded
    assert ours(loaded) <= {"course", "files", "reports", "results"}
    assert len(loaded) < 200


def test_reports_are_written_from_data_alone(tmp_path):
    course = chapters()
    (tmp_path / "course.json").write_bytes(msgspec.json.encode(course))
    for result in class_of(6, course):
        path = tmp_path / "results" / result.student / f"{result.chapter}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(to_json(result))
    loaded = loaded_by(_WRITE_REPORTS, str(tmp_path))
    assert (tmp_path / "report.html").stat().st_size > 1000
    assert any(name.endswith(".mistakes") for name in loaded), "no mistake was named"
    assert not HEAVY & loaded
    assert ours(loaded) <= {"chapters", "course", "files", "reports", "results"}


def test_reading_a_chapter_loads_nothing_that_executes_or_releases():
    first, again = loaded_by(_READ_A_CHAPTER), loaded_by(_READ_A_CHAPTER)
    assert not {"nbclient", "nbconvert", "nbgrader", "numpy", "pytest", "torch"} & first
    assert not HEAVY & again
    assert {name for name in first | again if name.startswith("autograder.")} == {
        "autograder.course",
        "autograder.files",
        "autograder.course.quiz",
        "autograder.course.source",
    }
