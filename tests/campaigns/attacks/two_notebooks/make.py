"""Several notebooks and modules, none of the right name."""

from tests.campaigns.attacks.making import write_notebook


def make(folder, source, places):
    """Fill the submission's folder."""
    for name in ("a.ipynb", "b.ipynb", "ch02_vanilla_rnn.ipynb.bak", "CH02_VANILLA_RNN.PY"):
        write_notebook(folder, source, name=name)
