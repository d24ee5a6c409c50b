"""A chapter from release to export with nbgrader's own commands, in a course folder of its own.

The commands are run in forks of this process, in which nbgrader is imported already: its start costs seconds otherwise.
"""

from __future__ import annotations

import csv
import os
import re
import shutil
import subprocess
import sys
import time
import traceback
from datetime import UTC, datetime
from pathlib import Path

import nbformat
import nbgrader.apps.nbgraderapp as nbgraderapp
import pytest

from autograder.course import settings
from autograder.course.release import write_sources
from autograder.course.source import QUIZ, ROOT, SOLUTIONS, chapters
from autograder.sample_class import answer
from tests import gradebook_course as made
from tests import needs
from tests.test_release import IDIOM, suite_passages

CHAPTER = "ch03_gradients"
OURS = chapters()[CHAPTER]
pytestmark = needs.graded(CHAPTER)
FUNCTIONS = [function.name for function in OURS.functions if function.name != QUIZ]
RIGHT, WRONG, GONE = FUNCTIONS[0], FUNCTIONS[1], FUNCTIONS[2]
BY_HAND = "handed in by hand"


def nbgrader(folder, *arguments, status=0):
    """Run a command of nbgrader's in a folder, without an activated environment; return what it printed."""
    log = folder / "command.log"
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        code = 70
        try:
            os.chdir(folder)
            os.environ["PATH"] = "/usr/bin:/bin"
            descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(descriptor, 1)
            os.dup2(descriptor, 2)
            sys.stdout, sys.stderr = (
                os.fdopen(1, "w", closefd=False),
                os.fdopen(2, "w", closefd=False),
            )
            sys.argv = ["nbgrader", *arguments]
            nbgraderapp.main()
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    _, ended = os.waitpid(child, 0)
    text = log.read_text()
    assert os.waitstatus_to_exitcode(ended) == status, f"nbgrader {' '.join(arguments)}\n{text}"
    return text


def notebook_of(folder):
    return folder / CHAPTER / f"{CHAPTER}.ipynb"


def change(folder, **answers):
    """Do what a student does in JupyterLab."""
    path = notebook_of(folder)
    notebook = nbformat.read(str(path), as_version=4)
    cells = made.by_id(notebook)
    for name, source in answers.items():
        cells[name]["source"] = source
    nbformat.write(notebook, str(path))


def delete_and_duplicate(folder):
    path = notebook_of(folder)
    notebook = nbformat.read(str(path), as_version=4)
    cells = made.by_id(notebook)
    notebook["cells"].remove(cells[GONE])
    notebook["cells"].append(nbformat.from_dict(dict(cells[RIGHT], source="'a copy'", id="copied")))
    notebook["cells"].append(
        nbformat.v4.new_markdown_cell("<script>alert(1)</script> and $a < b$ <img src=x onerror=x>")
    )
    nbformat.write(notebook, str(path))


@pytest.fixture(scope="module")
def everything(tmp_path_factory, request):
    """The whole way, once. The tests look at what is left of it."""
    base = tmp_path_factory.mktemp("end_to_end")
    course, exchange = base / "course", base / "exchange"
    for folder in (course, exchange, base / "cache"):
        folder.mkdir()
    exchange.chmod(0o777)
    (course / "nbgrader_config.py").write_text(made.config_text())
    patch = pytest.MonkeyPatch()
    request.addfinalizer(patch.undo)
    # The commands run in forks of this process.
    patch.setattr(settings, "FILE", base / "course.toml")
    settings.FILE.write_text("[late]\nenabled = true\nslip_days = 0\npercent_per_day = 10\n")
    logs = {}
    write_sources([OURS])
    nbgrader(course, "generate_assignment", CHAPTER)
    nbgrader(course, "release_assignment", CHAPTER)
    logs["list"] = nbgrader(course, "list")
    solved = {name: answer(OURS, name) for name in FUNCTIONS}
    right = {RIGHT: solved[RIGHT], GONE: solved[GONE]}
    students = {}
    for name in ("twice", "repaired", "late"):
        students[name] = base / name
        students[name].mkdir()
        (students[name] / "nbgrader_config.py").write_text(
            "c = get_config()\nc.CourseDirectory.course_id = 'sequences'\n"
            f"c.Exchange.root = {str(exchange)!r}\nc.Exchange.cache = {str(base / 'cache' / name)!r}\n"
        )
        nbgrader(students[name], "fetch_assignment", CHAPTER)
    nbgrader(students["twice"], "submit", CHAPTER, "--student=twice")
    change(students["twice"], **right, **{WRONG: f"def {WRONG}(*a):\n    return 5\n"})
    (students["twice"] / CHAPTER / "numpy.py").write_text("raise SystemExit('imported')")
    (students["twice"] / CHAPTER / "stolen.html").symlink_to(course / "gradebook.db")
    nbgrader(students["twice"], "submit", CHAPTER, "--student=twice")
    change(students["repaired"], **right)
    delete_and_duplicate(students["repaired"])
    nbgrader(students["repaired"], "submit", CHAPTER, "--student=repaired")
    time.sleep(0.05)
    due = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f UTC")
    nbgrader(course, "db", "assignment", "add", CHAPTER, f"--duedate={due}")
    change(students["late"], **right)
    nbgrader(students["late"], "submit", CHAPTER, "--student=late")
    logs["collect"] = nbgrader(course, "collect", CHAPTER)
    shutil.copytree(students["late"] / CHAPTER, course / "submitted" / BY_HAND / CHAPTER)
    logs["autograde"] = nbgrader(course, "autograde", CHAPTER, "--force")
    nbgrader(course, "generate_feedback", CHAPTER, "--force")
    nbgrader(course, "release_feedback", CHAPTER)
    for name, folder in students.items():
        nbgrader(folder, "fetch_feedback", CHAPTER, f"--student={name}")
    nbgrader(course, "export")
    for kind in ("Canvas", "Moodle"):
        plugin = f"--exporter=autograder.platforms.gradebook.export.{kind}"
        nbgrader(course, "export", plugin, "--to", f"{kind}.csv")
    return base, logs


@pytest.fixture(scope="module")
def course(everything):
    return everything[0] / "course"


def exported(course, name="grades.csv"):
    with (course / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def points(*names):
    return sum(function.points for function in OURS.functions if function.name in names)


def test_everybody_gets_the_points_of_what_they_wrote(course):
    rows = {row["student_id"]: row for row in exported(course)}
    assert set(rows) == {"twice", "repaired", "late", BY_HAND}
    assert float(rows["twice"]["raw_score"]) == points(RIGHT, GONE)
    assert float(rows["late"]["raw_score"]) == points(RIGHT, GONE)
    assert float(rows["repaired"]["raw_score"]) == points(RIGHT)


def test_who_is_late_pays_and_nobody_else(course):
    rows = {row["student_id"]: row for row in exported(course)}
    lost = {name: float(row["late_submission_penalty"]) for name, row in rows.items()}
    assert lost == {
        "twice": 0.0,
        "repaired": 0.0,
        BY_HAND: 0.0,
        "late": pytest.approx(0.1 * points(RIGHT, GONE)),
    }


def test_the_other_platforms_get_the_same_scores(course):
    plain = {row["student_id"]: row["score"] for row in exported(course)}
    assert {row["Username"]: row[CHAPTER] for row in exported(course, "Moodle.csv")} == plain
    canvas = exported(course, "Canvas.csv")[1:]
    assert {row["SIS User ID"]: row[CHAPTER] for row in canvas} == plain


def test_nothing_but_the_notebook_comes_along(course):
    for folder in ("submitted/twice", "autograded/twice", f"autograded/{BY_HAND}"):
        names = {path.name for path in (course / folder / CHAPTER).iterdir()}
        assert names == {f"{CHAPTER}.ipynb", "timestamp.txt", "submission_secret.txt"}, folder
    exchange = course.parent / "exchange" / "sequences"
    for folder, kinds in (("outbound", {".ipynb", ".svg"}), ("feedback", {".html"})):
        found = {path.suffix for path in (exchange / folder).rglob("*") if path.is_file()}
        assert found == kinds


def test_students_fetch_the_figures_of_a_chapter(everything):
    base, _ = everything
    ours = {path.name: path.read_bytes() for path in (SOLUTIONS / CHAPTER / "figures").glob("*")}
    there = (base / "late" / CHAPTER / "figures").glob("*")
    assert ours and {path.name: path.read_bytes() for path in there} == ours


def test_repaired_cells_can_be_graded_by_hand(course):
    notebook = nbformat.read(str(notebook_of(course / "autograded" / "repaired")), as_version=4)
    cells = made.by_id(notebook)
    assert {f"test_{name}" for name in FUNCTIONS} <= set(cells)
    assert "There is no cell" in cells[GONE]["source"]
    assert f"def {RIGHT}" in cells[RIGHT]["source"]


def test_feedback_is_fetched_by_those_who_submitted(everything):
    base, _ = everything
    for name in ("twice", "repaired", "late"):
        [page] = (base / name / CHAPTER / "feedback").rglob("*.html")
        assert (
            page.read_bytes()
            == (base / "course" / "feedback" / name / CHAPTER / f"{CHAPTER}.html").read_bytes()
        )
    # The other one has none to fetch with, but their page lies in the exchange as well.
    assert len(list((base / "exchange" / "sequences" / "feedback").glob("*.html"))) == 4


def test_feedback_says_what_was_found_and_nothing_of_how(course):
    page = (course / "feedback" / "twice" / CHAPTER / f"{CHAPTER}.html").read_text()
    assert f"{points(RIGHT):g} of {points(RIGHT):g} points" in page
    assert "failed" in page and "<math" in page
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", page))
    secret = [line for line in suite_passages(IDIOM, 1) if line in text]
    assert secret == []
    assert "Traceback (most" not in page and str(ROOT) not in page


def test_feedback_needs_no_network_and_runs_nothing(course):
    for page in (course / "feedback").rglob("*.html"):
        text = page.read_text()
        assert "<script" not in text
        pictures = re.findall(r"<img[^>]*>", text)
        assert len(pictures) == len(list((SOLUTIONS / CHAPTER / "figures").glob("*.svg")))
        assert all('src="data:image/svg+xml;base64,' in picture for picture in pictures)
        # A paper's address is followed by who clicks on it; nothing is loaded.
        assert not re.search(r"""(?:src|<link[^>]*href)=["']?(?:https?:)?//""", text)
    repaired = (course / "feedback" / "repaired" / CHAPTER / f"{CHAPTER}.html").read_text()
    assert "&lt;script&gt;" in repaired


def test_the_list_shows_what_was_released(everything):
    assert CHAPTER in everything[1]["list"]


def test_no_kernel_runs(course):
    assert not list(course.rglob("kernel*")), "nbclient leaves a connection file"
    for notebook in (course / "autograded").rglob("*.ipynb"):
        for cell in nbformat.read(str(notebook), as_version=4).cells:
            if cell.cell_type == "code" and not cell.metadata.get("nbgrader", {}).get("grade"):
                assert cell.outputs == [] and cell.execution_count is None


def test_a_second_run_takes_the_results_that_are_there(course):
    before = {path: path.stat().st_mtime_ns for path in (course / "graded").rglob("*.json")}
    assert len(before) == 4
    rows = made.gradebook_rows_of(course)
    nbgrader(course, "autograde", CHAPTER, "--force")
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert made.gradebook_rows_of(course) == rows


# `python -m autograder` with the settings of another file.
_GRADE = """
import sys
from pathlib import Path
from autograder import cli
from autograder.course import settings
settings.FILE = Path(sys.argv.pop(1))
sys.exit(cli.main())
"""


def test_the_bulk_writer_agrees_with_what_the_commands_left(course, tmp_path):
    copy = Path(shutil.copytree(course, tmp_path / "course", symlinks=True))
    rows, files = made.gradebook_rows_of(copy), made.graded_files(copy)
    command = [sys.executable, "-c", _GRADE, str(course.parent / "course.toml"), "grade"]
    command += ["--chapter", CHAPTER]
    command += ["--submissions", str(copy / "submitted"), "--output", str(copy / "graded")]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert "0 graded, 4 unchanged" in ran.stderr
    assert "4 submissions written" in ran.stderr
    assert (made.gradebook_rows_of(copy), made.graded_files(copy)) == (rows, files)


def test_a_downloaded_archive_is_collected(everything, tmp_path):
    base, _ = everything
    course = Path(shutil.copytree(base / "course", tmp_path / "course", symlinks=True))
    archive = course / "downloaded" / CHAPTER / "archive"
    archive.mkdir(parents=True)
    shutil.copy(notebook_of(base / "late"), archive / f"ada_{CHAPTER}.ipynb")
    nbgrader(
        course,
        "zip_collect",
        CHAPTER,
        "--FileNameCollectorPlugin.named_regexp=.*/(?P<student_id>[a-z]+)_(?P<file_id>.*)",
    )
    assert notebook_of(course / "submitted" / "ada").is_file()
    nbgrader(course, "autograde", CHAPTER, "--student=ada")
    nbgrader(course, "export", "--student=['ada']")
    [row] = exported(course)
    assert float(row["raw_score"]) == points(RIGHT, GONE)
