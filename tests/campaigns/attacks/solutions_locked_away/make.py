"""Cells marked as locked, so that their errors stay unseen."""

from tests.campaigns.attacks.making import code, functions, write_notebook


def make(folder, source, places):
    """Fill the submission's folder."""
    hidden = {"grade": False, "grade_id": "x", "locked": True, "solution": False}
    parts = functions(source)
    seen = [part for part in parts if not part.startswith("def sample")]
    own = [part for part in parts if part.startswith("def sample")]
    write_notebook(folder, *seen, *(code(part, nbgrader=hidden) for part in own))
