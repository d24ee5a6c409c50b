"""A good module beside a notebook in which nothing is solved."""

from tests.campaigns.attacks.making import write_module, write_notebook


def make(folder, source, places):
    """Fill the submission's folder."""
    write_module(folder, source)
    write_notebook(folder, source, "del sample")
