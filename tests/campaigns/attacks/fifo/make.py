"""The notebook is a pipe on which one waits for ever."""

import os


def make(folder, source, places):
    """Fill the submission's folder."""
    os.mkfifo(folder / "ch02_vanilla_rnn.ipynb")
