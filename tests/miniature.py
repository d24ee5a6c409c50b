"""A chapter of two functions and a quiz, with its hidden suite, and right answers to it."""

from __future__ import annotations

from pathlib import Path

NAME = "ch00_mini"

SOURCE = '''
# ---
# jupyter:
#   course:
#     libraries: numpy
#     title: A miniature
#   jupytext:
#     notebook_metadata_filter: course
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %%
import numpy as np

# %% nbgrader={"grade": false, "grade_id": "step", "locked": false, "schema_version": 3, "solution": true, "task": false}
def step(x):
    """Double."""
    ### BEGIN SOLUTION
    return 2 * x, {"x": x}
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_step", "locked": true, "points": 40, "schema_version": 3, "solution": false, "task": false}
# %check step

# %% nbgrader={"grade": false, "grade_id": "twice", "locked": false, "schema_version": 3, "solution": true, "task": false}
def twice(x):
    """Apply the step two times."""
    ### BEGIN SOLUTION
    first, cache = step(x)
    second, cache = step(first)
    return second
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_twice", "locked": true, "points": 50, "schema_version": 3, "solution": false, "task": false}
# %check twice

# %% [markdown]
# #### q1
# Which?
#
# - **a** this
# - **b** that

# %% [markdown]
# #### q2
# And which?
#
# - **a** this
# - **b** that

# %% nbgrader={"grade": false, "grade_id": "quiz_answers", "locked": false, "schema_version": 3, "solution": true, "task": false}
quiz_answers = {"q1": "", "q2": ""}
### BEGIN SOLUTION
quiz_answers = {"q1": "a", "q2": "b"}
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_quiz_answers", "locked": true, "points": 10, "schema_version": 3, "solution": false, "task": false}
# %check quiz_answers
'''

SUITE = """
import numpy as np
import pytest
from autograder.grading.toolkit import HANDLE, compare, once, raises, scores, unchanged

RESULTS = {"step": {"y": "N", "cache": HANDLE}, "twice": "N"}
MADE = []

@once
def case(rng, reference, N):
    MADE.append(N)
    x = rng.normal(size=N)
    return x, reference.step(x)[0], reference.twice(x)

@scores("step", weight=3.0)
@pytest.mark.parametrize("N", [1, 3])
def test_value(student, reference, N):
    x, y, _ = case(reference, N)
    compare("y", student.step(x)[0], y, axes="N")

@scores("step", weight=2.0)
def test_pure(student, reference):
    unchanged(student, "step", case(reference, 3)[0])

@scores("twice", steps=("step",))
def test_twice(student, reference):
    x, _, y = case(reference, 3)
    compare("y", student.twice(x), y, axes="N")

@scores("twice", steps=("step",))
def test_twice_once_more(student, reference):
    x, _, y = case(reference, 1)
    value = student.twice(x)
    assert value.shape == (1,)
    compare("y", value, y, axes="N")
"""

STEP = "import numpy as np\ndef step(x): return 2 * x, {'x': x}\n"
TWICE = "def twice(x):\n    return step(step(x)[0])[0]\n"
QUIZ = "quiz_answers = {'q1': 'a', 'q2': 'B'}\n"


def write(root: Path, suite: str = SUITE) -> tuple[Path, Path]:
    """Write the course of this chapter below a folder; return its sources and its suites."""
    sources, suites = root / "solutions", root / "suites"
    (sources / NAME).mkdir(parents=True)
    (sources / NAME / f"{NAME}.py").write_text(SOURCE.lstrip())
    (suites / NAME).mkdir(parents=True)
    (suites / NAME / f"test_{NAME}.py").write_text(suite)
    return sources, suites
