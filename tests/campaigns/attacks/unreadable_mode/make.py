"""A notebook that is neither JSON nor text."""


def make(folder, source, places):
    """Fill the submission's folder."""
    (folder / "ch02_vanilla_rnn.ipynb").write_bytes(bytes(range(256)) * 64)
