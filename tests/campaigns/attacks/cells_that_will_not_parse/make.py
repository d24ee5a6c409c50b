"""Cells made to keep the parser of magics busy."""

from tests.campaigns.attacks.making import write_notebook


def make(folder, source, places):
    """Fill the submission's folder."""
    depth = "(" * 100_000
    signs = "x = " + "-" * 200_000 + "1"
    quotes = "%%time\n" * 1000 + "'" * 9999 + "!"
    lines = "!ls \\\n" * 20_000
    write_notebook(folder, source, depth, signs, quotes, lines, "sample = len")
