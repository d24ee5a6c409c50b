"""Leaves cells behind that raise and do not compile."""

from tests.campaigns.attacks.making import write_notebook


def make(folder, source, places):
    """Fill the submission's folder."""
    cells = ["assert rnn_forward(1, 2, 3) == 4", "def unfinished(:\n    return", "1 / 0"]
    write_notebook(folder, source, *cells)
