"""What gets points or breaks a batch in stock nbgrader, one student each, through the real `nbgrader autograde`."""

from __future__ import annotations

import copy
import json
import sqlite3
import textwrap

import pytest

from autograder.course.release import write_sources
from autograder.course.source import ROOT
from autograder.sample_class import answer, released
from tests import gradebook_course as made
from tests import needs
from tests.test_nbgrader_end_to_end import (
    CHAPTER,
    FUNCTIONS,
    OURS,
    RIGHT,
    exported,
    nbgrader,
    points,
)

WRONG = f"def {RIGHT}(*args, **kwargs):\n    return None\n"
SOURCE = ROOT / "solutions" / CHAPTER / f"{CHAPTER}.py"
pytestmark = needs.graded(CHAPTER)

# What stands in a cell of its own above the wrong answer.
TRICKS = {
    "comparison_overridden": """
        import numpy as np
        import numpy.testing
        for module in (np, numpy.testing):
            for name in ("assert_allclose", "allclose", "array_equal", "assert_array_equal"):
                setattr(module, name, lambda *args, **kwargs: True)
        """,
    "syntax_transformer": """
        import ast

        class NoAssertions(ast.NodeTransformer):
            def visit_Assert(self, node):
                return ast.Pass()

        get_ipython().ast_transformers.append(NoAssertions())
        """,
    "input_transformer": """
        get_ipython().input_transformers_cleanup.append(lambda lines: ["10.0"])
        """,
    "source_read": f"""
        import glob
        for path in [{str(SOURCE)!r}, *glob.glob("../../../**/source/**/*", recursive=True)]:
            exec(open(path).read())
        """,
    "trigger_in_the_gradebook": """
        import sqlite3
        base = sqlite3.connect("@GRADEBOOK@")
        base.execute(
            "create trigger gift after update on grade begin "
            "update grade set manual_score = 100 where id = new.id; end"
        )
        base.commit()
        """,
}


def hand_in(course, student, cells, beside=(), copied=False):
    """A notebook whose first solution is replaced by `cells`."""
    folder = course / "submitted" / student / CHAPTER
    folder.mkdir(parents=True, exist_ok=True)
    notebook = copy.deepcopy(released(OURS))
    cell = made.by_id(notebook)[RIGHT]
    *before, last = cells
    cell["source"] = last
    place = notebook["cells"].index(cell)
    notebook["cells"][place:place] = [
        {
            "cell_type": "code",
            "id": f"trick{number}",
            "metadata": {},
            "source": source,
            "outputs": [],
            "execution_count": None,
        }
        for number, source in enumerate(before)
    ]
    if copied:
        notebook["cells"].append(copy.deepcopy(cell))
    (folder / f"{CHAPTER}.ipynb").write_text(json.dumps(notebook))
    for name, text in beside:
        (folder / name).write_text(text)


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    course = tmp_path_factory.mktemp("weaknesses") / "course"
    course.mkdir()
    (course / "nbgrader_config.py").write_text(made.config_text())
    right = answer(OURS, RIGHT)
    write_sources([OURS])
    nbgrader(course, "generate_assignment", CHAPTER)
    hand_in(course, "killed", [right])
    hand_in(course, "killed_and_wrong", [right])
    nbgrader(course, "autograde", CHAPTER)
    assert {float(row["score"]) for row in exported_scores(course)} == {points(RIGHT)}
    for name, trick in TRICKS.items():
        source = textwrap.dedent(trick).replace("@GRADEBOOK@", str(course / "gradebook.db"))
        hand_in(course, name, [source, WRONG])
    module = "raise SystemExit\n" + WRONG
    beside = [(name, module) for name in ("numpy.py", "seqlab.py", "conftest.py")]
    hand_in(course, "numpy_beside", [WRONG], beside)
    hand_in(course, "numpy_beside_right", [right], beside)
    hand_in(
        course,
        "noise",
        ["import sys, warnings", f"sys.stderr.write('hm')\nwarnings.warn('!')\n{right}"],
    )
    # A notebook in which the kernel would die: what was right in the last round counts no more.
    end = "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"
    hand_in(
        course, "killed", [f"def {RIGHT}(*args, **kwargs):\n    {end.replace(chr(10), '; ')}\n"]
    )
    hand_in(course, "killed_and_wrong", [end, WRONG])
    hand_in(course, "duplicated", [right], copied=True)
    nbgrader(course, "autograde", CHAPTER, "--force")
    return course


def exported_scores(course):
    nbgrader(course, "export")
    return exported(course)


@pytest.fixture(scope="module")
def rows(course):
    return {row["student_id"]: row for row in exported_scores(course)}


@pytest.mark.parametrize("name", [*TRICKS, "numpy_beside"])
def test_a_wrong_answer_gets_nothing(rows, name):
    assert float(rows[name]["score"]) == 0.0


@pytest.mark.parametrize("name", ["noise", "numpy_beside_right", "duplicated"])
def test_a_right_answer_gets_its_points(rows, name):
    assert float(rows[name]["score"]) == points(RIGHT)


@pytest.mark.parametrize("name", ["killed", "killed_and_wrong"])
def test_a_process_that_ends_itself_keeps_no_older_score(rows, name):
    assert float(rows[name]["score"]) == 0.0


def test_one_notebook_ends_no_batch(rows):
    assert len(rows) == len(TRICKS) + 6
    assert all(
        float(row["max_score"]) == sum(f.points for f in OURS.functions) for row in rows.values()
    )
    assert set(FUNCTIONS) > {RIGHT}


def test_the_gradebook_has_no_trigger(course):
    with sqlite3.connect(course / "gradebook.db") as base:
        assert (
            base.execute("select name from sqlite_master where type = 'trigger'").fetchall() == []
        )
