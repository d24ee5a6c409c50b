"""Thousands of other files with long names beside the module."""

from tests.campaigns.attacks.making import write_module


def make(folder, source, places):
    """Fill the submission's folder."""
    for number in range(3000):
        (folder / f"{number:04}{'x' * 200}").touch()
    write_module(folder, source)
