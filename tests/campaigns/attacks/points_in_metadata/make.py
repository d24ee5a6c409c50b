"""Metadata that promises itself points and holds tests that pass."""

from tests.campaigns.attacks.making import code, write_notebook


def make(folder, source, places):
    """Fill the submission's folder."""
    test = {"grade": True, "grade_id": "test_sample", "points": 1000, "solution": False}
    mine = {"grade": True, "grade_id": "sample", "points": 1000, "score": 1000, "solution": True}
    cells = [code("assert True", nbgrader=test, locked=False), code("del sample", nbgrader=mine)]
    write_notebook(
        folder, source, *cells, metadata={"celltoolbar": "Create Assignment", "score": 100}
    )
