"""A module with Windows line ends and a byte order mark."""

from tests.campaigns.attacks.making import write_module


def make(folder, source, places):
    """Fill the submission's folder."""
    write_module(folder, "\ufeff" + source.replace("\n", "\r\n"))
