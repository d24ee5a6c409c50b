"""A notebook that another tool stripped of ids, metadata and outputs."""

import json

from tests.campaigns.attacks.making import functions


def make(folder, source, places):
    """Fill the submission's folder."""
    cells = [
        {"cell_type": "code", "source": part.splitlines(keepends=True)}
        for part in functions(source)
    ]
    whole = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 0}
    (folder / "ch02_vanilla_rnn.ipynb").write_text(json.dumps(whole))
