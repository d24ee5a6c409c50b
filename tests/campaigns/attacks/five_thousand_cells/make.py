"""More cells than anybody writes."""

from tests.campaigns.attacks.making import write_notebook


def make(folder, source, places):
    """Fill the submission's folder."""
    write_notebook(folder, source, *["pass"] * 5001)
