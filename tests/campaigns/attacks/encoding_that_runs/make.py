"""A declared encoding that is a codec of another kind."""

from tests.campaigns.attacks.making import write_module


def make(folder, source, places):
    """Fill the submission's folder."""
    write_module(folder, "# -*- coding: rot13 -*-\n" + source)
