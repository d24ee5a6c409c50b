"""A module in Latin-1 that says so."""


def ascii_only(text):
    """Leave out what Latin-1 does not have."""
    return text.encode("latin-1", "ignore").decode("latin-1")


def make(folder, source, places):
    """Fill the submission's folder."""
    text = "# -*- coding: latin-1 -*-\n# Müller, Übung 2\n" + ascii_only(source)
    (folder / "ch02_vanilla_rnn.py").write_bytes(text.encode("latin-1"))
