"""Many cells with one id and one grade_id, the wrong one last."""

from tests.campaigns.attacks.making import code, write_notebook


def make(folder, source, places):
    """Fill the submission's folder."""
    ours = {"grade": False, "grade_id": "sample", "solution": True, "locked": False}
    cells = [{**code(text, nbgrader=ours), "id": "same"} for text in (source, "1", "sample = len")]
    write_notebook(folder, *cells)
