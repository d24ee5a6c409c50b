"""Asks for input and never ends in experiment cells, which are not run."""

from tests.campaigns.attacks.making import code, write_notebook


def make(folder, source, places):
    """Fill the submission's folder."""
    asks = code("name = input('who? ')\nwhile True:\n    pass", tags=["experiment"])
    write_notebook(folder, asks, source, asks)
