"""Asks for input in an ordinary cell."""

from tests.campaigns.attacks.making import write_notebook


def make(folder, source, places):
    """Fill the submission's folder."""
    write_notebook(folder, source, "name = input('who? ')", "print('on')")
