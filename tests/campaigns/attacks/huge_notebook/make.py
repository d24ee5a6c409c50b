"""A notebook of 11 MiB."""

from tests.campaigns.attacks.making import write_notebook


def make(folder, source, places):
    """Fill the submission's folder."""
    write_notebook(folder, source, "#" + "x" * (11 << 20))
