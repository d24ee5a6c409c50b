"""Tabs for spaces, form feeds and trailing blanks."""

from tests.campaigns.attacks.making import write_module


def make(folder, source, places):
    """Fill the submission's folder."""
    text = source.replace("    ", "\t").replace("\n\n\n", "\n\f\n  \n\t\n")
    write_module(folder, text)
