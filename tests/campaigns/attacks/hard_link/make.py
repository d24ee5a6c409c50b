"""The notebook is a hard link to the gradebook."""

import os


def make(folder, source, places):
    """Fill the submission's folder."""
    os.link(places.gradebook, folder / "ch02_vanilla_rnn.ipynb")
