"""A notebook of a terabyte that takes no room."""


def make(folder, source, places):
    """Fill the submission's folder."""
    with open(folder / "ch02_vanilla_rnn.ipynb", "wb") as file:
        file.truncate(1 << 40)
