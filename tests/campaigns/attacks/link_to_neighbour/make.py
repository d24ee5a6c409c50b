"""The notebook is a link to another student's file."""


def make(folder, source, places):
    """Fill the submission's folder."""
    (folder / "ch02_vanilla_rnn.ipynb").symlink_to(places.neighbour)
