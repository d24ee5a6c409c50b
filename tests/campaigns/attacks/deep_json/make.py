"""A notebook of a million nested lists."""


def make(folder, source, places):
    """Fill the submission's folder."""
    text = '{"nbformat": 4, "metadata": ' + "[" * 1_000_000
    (folder / "ch02_vanilla_rnn.ipynb").write_text(text)
