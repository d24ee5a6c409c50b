"""A student whose name commands the terminal."""

from tests.campaigns.attacks.making import write_module


def make(folder, source, places):
    """Fill the submission's folder."""
    write_module(folder, source)
