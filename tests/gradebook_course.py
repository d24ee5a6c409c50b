"""A course folder for the tests of the gradebook: submissions, and results as if the grader had just written them."""

from __future__ import annotations

import copy
import json
import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import nbformat

from autograder.course.settings import Grading
from autograder.course.source import QUIZ, ROOT, Chapter, chapters
from autograder.files import write_file
from autograder.grading.choice import Found
from autograder.grading.engine import make_result, ungraded
from autograder.grading.submissions import read
from autograder.grading.version import grader_version
from autograder.platforms.gradebook import settings
from autograder.platforms.gradebook.handed_in import GivenCell, read_cells
from autograder.results import FunctionResult, SubmissionResult, TestResult, to_json
from autograder.sample_class import released

CHAPTER = "ch02_vanilla_rnn"
COURSE = chapters()
OURS: Chapter = COURSE[CHAPTER]
FUNCTIONS = [function.name for function in OURS.functions if function.name != QUIZ]
SEEN = ("<script>alert(1)</script>", "onerror=alert")
HOSTILE = (
    "step <script>alert(1)</script> & $x$ \\begin{a}<b>\\end{a}\n\n    <img src=x onerror=alert(1)>"
)


def config_text() -> str:
    """A course folder's own `nbgrader_config.py`."""
    return (
        "import sys\nfrom pathlib import Path\n"
        f"sys.path.insert(0, {str(ROOT)!r})\n"
        "from autograder.platforms.gradebook.settings import configure\n"
        "c = get_config()\n"
        "configure(c, Path(__file__).resolve().parent)\n"
        "c.Exchange.root = str(Path(__file__).resolve().parent.parent / 'exchange')\n"
        "c.Exchange.cache = str(Path(__file__).resolve().parent.parent / 'cache')\n"
    )


def by_id(notebook: Any) -> dict[str, Any]:
    return {
        cell["metadata"]["nbgrader"]["grade_id"]: cell
        for cell in notebook["cells"]
        if cell["metadata"].get("nbgrader", {}).get("grade_id")
    }


def given_cells(cells: Any) -> list[GivenCell]:
    """The cells of a notebook that holds these and nothing else."""
    return read_cells("x.ipynb", json.dumps({"cells": cells, "nbformat": 4}).encode())


def untouched() -> Any:
    return copy.deepcopy(released(OURS))


def duplicated() -> Any:
    """The first function's cell three times: an early version, the answer, and a copy of another one's cell."""
    notebook = untouched()
    name = FUNCTIONS[0]
    cell = by_id(notebook)[name]
    place = notebook["cells"].index(cell)
    cell["source"] = f"def {name}():\n    return 'the second'"
    first, last = copy.deepcopy(cell), copy.deepcopy(cell)
    first["source"] = f"def {name}():\n    return 'an early version'"
    last["source"] = "print('only looks like it')"
    notebook["cells"][place:place] = [first]
    notebook["cells"].append(last)
    test = by_id(notebook)[f"test_{FUNCTIONS[1]}"]
    notebook["cells"].append(copy.deepcopy(test))
    return notebook


def deleted() -> Any:
    """Without two functions' cells, their test cells and the very first cell that nbgrader knows."""
    notebook = untouched()
    gone = {"load_seqlab", FUNCTIONS[0], f"test_{FUNCTIONS[0]}", f"test_{FUNCTIONS[2]}"}
    notebook["cells"] = [
        cell
        for cell in notebook["cells"]
        if cell["metadata"].get("nbgrader", {}).get("grade_id") not in gone
    ]
    return notebook


def renamed() -> Any:
    """A cell under another id, a solution without metadata, a test cell that students' tools turned into text."""
    notebook = untouched()
    cells = by_id(notebook)
    cells[FUNCTIONS[0]]["metadata"]["nbgrader"]["grade_id"] = "mine"
    cells[FUNCTIONS[1]]["metadata"] = {}
    cells[f"test_{FUNCTIONS[1]}"]["cell_type"] = "markdown"
    cells[f"test_{FUNCTIONS[2]}"]["source"] = "1000.0"
    return notebook


def hostile() -> Any:
    """Everything that a page might print."""
    notebook = untouched()
    notebook["metadata"] = {
        "kernelspec": {"name": "evil", "display_name": SEEN[0], "language": "x"},
        "language_info": {"name": SEEN[0], "pygments_lexer": 5},
        "title": SEEN[0],
        "widgets": {"application/vnd.jupyter.widget-state+json": {"x": SEEN[0]}},
    }
    name = FUNCTIONS[0]
    for cell in notebook["cells"]:
        cell["metadata"]["tags"] = ['"><script>alert(1)</script>', "fine", 5]
    cells = by_id(notebook)
    cells[name]["metadata"]["nbgrader"] |= {"schema_version": 1, "points": SEEN[0], "grade": True}
    cells[name]["source"] = f"# {SEEN[0]}\nprint('''<img src=x onerror=alert(1)>''')"
    cells[f"test_{name}"]["metadata"]["nbgrader"] |= {"points": 1e9, "schema_version": 99}
    cells[f"test_{name}"]["outputs"] = [
        {
            "output_type": "execute_result",
            "execution_count": 1,
            "data": {"text/plain": "1e9"},
            "metadata": {},
        }
    ]
    notebook["cells"] += [
        {
            "cell_type": "markdown",
            "id": '"><script>alert(1)</script>',
            "metadata": {"nbgrader": {"grade_id": SEEN[0], "locked": True, "schema_version": 0}},
            "source": [
                SEEN[0],
                " $a<b$ [x](javascript:alert(1)) <img src=x onerror=alert(1)>",
                "\ud800",
            ],
            "attachments": {"a.svg": {"image/svg+xml": SEEN[0]}, "b.png": {"image/png": "aGk="}},
        },
        {"cell_type": "raw", "metadata": {"raw_mimetype": "text/html"}, "source": SEEN[0]},
        {"cell_type": "applet", "metadata": 5, "source": {"a": 1}},
        "no cell",
    ]
    return notebook


NOTEBOOKS: dict[str, Callable[[], Any]] = {
    "ada": untouched,
    'Rosa "<b>" O\'Neil & co': duplicated,
    "deleted": deleted,
    "renamed": renamed,
    "hostile": hostile,
}


def hand_in(folder: Path, student: str, notebook: Any, chapter: str = CHAPTER) -> Path:
    """Write a submission."""
    path = folder / student / chapter / f"{chapter}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(notebook if isinstance(notebook, bytes) else msgspec.json.encode(notebook))
    return path


def make_class(course: Path) -> Path:
    """Write a small class into the course folder: what nbgrader has trouble with, and a time stamp."""
    course.mkdir(parents=True, exist_ok=True)
    (course / "nbgrader_config.py").write_text(config_text())
    submitted = course / "submitted"
    for student, make in NOTEBOOKS.items():
        hand_in(submitted, student, _json_ready(make()))
    hand_in(submitted, "unreadable", b"{")
    hand_in(submitted, "old", nbformat.writes(nbformat.convert(untouched(), 3)).encode())
    (submitted / "ada" / CHAPTER / "timestamp.txt").write_text("2026-03-01 12:00:00 UTC")
    (submitted / "ada" / CHAPTER / "submission_secret.txt").write_text("ada's secret")
    (submitted / "ada" / CHAPTER / "numpy.py").write_text("raise SystemExit('imported')")
    (submitted / "linked" / CHAPTER).mkdir(parents=True)
    (submitted / "linked" / CHAPTER / f"{CHAPTER}.ipynb").symlink_to(
        submitted / "ada" / CHAPTER / f"{CHAPTER}.ipynb"
    )
    return submitted


def _json_ready(value: Any) -> bytes:
    """JSON with whatever a notebook holds, a lone surrogate too."""
    import json

    return json.dumps(value).encode()


def made_up(found: Found, share: Mapping[str, str] | None = None) -> SubmissionResult:
    """A result that fits a submission, without a run: two tests a function, the second with this verdict."""
    submission = read(found)
    if submission.status != "graded":
        return ungraded(submission, COURSE[found.chapter], Grading())
    functions = []
    for number, function in enumerate(COURSE[found.chapter].functions):
        verdict: Any = (share or {}).get(function.name, "failed" if number % 3 else "passed")
        tests = (
            TestResult("easy", "passed", 1.0, ""),
            TestResult("hard[<b>]", verdict, 1.0, "" if verdict == "passed" else HOSTILE),
        )
        score = function.points if verdict == "passed" else round(function.points / 2, 2)
        functions.append(FunctionResult(function.name, score, function.points, tests))
    total = round(sum(function.score for function in functions), 2)
    return make_result(
        submission,
        COURSE[found.chapter],
        Grading(),
        "graded",
        total,
        functions,
        submission.problems,
    )


def results_of(
    course: Path, share: Mapping[str, str] | None = None, chapter: str = CHAPTER
) -> list[SubmissionResult]:
    """Results of all that was handed in, written where a run would write them."""
    results = []
    for folder in sorted((course / "submitted").iterdir()):
        found = Found(folder.name, chapter, str(folder / chapter))
        result = made_up(found, share)
        assert result.grader == grader_version(COURSE[chapter], Grading())
        write_file(course / "graded" / "results" / folder.name / f"{chapter}.json", to_json(result))
        results.append(result)
    return results


def gradebook_rows_of(course: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Everything in the gradebook but the ids."""
    with sqlite3.connect(course / "gradebook.db") as database:
        joined = (
            "join submitted_notebook n on n.id = x.notebook_id "
            "join submitted_assignment a on a.id = n.assignment_id "
            "join base_cell b on b.id = x.cell_id order by 1, 2"
        )
        return {
            "grades": database.execute(
                "select a.student_id, b.name, x.auto_score, x.manual_score, x.extra_credit, "
                f"x.needs_manual_grade, typeof(x.auto_score) from grade x {joined}"
            ).fetchall(),
            "comments": database.execute(
                f"select a.student_id, b.name, x.auto_comment, x.manual_comment from comment x {joined}"
            ).fetchall(),
            "submissions": database.execute(
                "select a.student_id, a.timestamp, n.late_submission_penalty, n.flagged "
                "from submitted_notebook n join submitted_assignment a on a.id = n.assignment_id order by 1"
            ).fetchall(),
        }


def execute(course: Path, statement: str, *parameters: Any) -> None:
    """Change the gradebook as a human at formgrader would."""
    with sqlite3.connect(course / "gradebook.db") as database:
        database.execute(statement, parameters)


def graded_files(course: Path) -> dict[str, bytes]:
    """The graded notebooks."""
    root = course / "autograded"
    return {
        str(path.relative_to(root)): path.read_bytes() for path in sorted(root.glob("*/*/*.ipynb"))
    }


def nbgrader_api(course: Path) -> Any:
    """nbgrader's own interface with the settings of a course folder."""
    from nbgrader.apps import NbGraderAPI

    return NbGraderAPI(config=settings.load(course))
