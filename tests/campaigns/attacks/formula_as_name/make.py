"""A student whose name is a formula and markup."""

from tests.campaigns.attacks.making import write_module


def make(folder, source, places):
    """Fill the submission's folder."""
    write_module(folder, source)
