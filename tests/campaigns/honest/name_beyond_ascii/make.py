"""A student whose name has spaces, quotes and accents."""

from tests.campaigns.attacks.making import write_notebook


def make(folder, source, places):
    """Fill the submission's folder."""
    write_notebook(folder, source)
