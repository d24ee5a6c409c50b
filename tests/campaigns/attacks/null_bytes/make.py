"""A module with null bytes, which some readers end at."""

from tests.campaigns.attacks.making import write_module


def make(folder, source, places):
    """Fill the submission's folder."""
    write_module(folder, source + "\n# \0\nsample = len\n")
