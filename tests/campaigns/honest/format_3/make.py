"""A notebook of format 3."""

import json

from tests.campaigns.attacks.making import functions


def make(folder, source, places):
    """Fill the submission's folder."""
    cells = [
        {
            "cell_type": "code",
            "input": part,
            "language": "python",
            "outputs": [],
            "collapsed": False,
        }
        for part in functions(source)
    ]
    old = {
        "nbformat": 3,
        "nbformat_minor": 0,
        "metadata": {"name": ""},
        "worksheets": [{"cells": cells}],
    }
    (folder / "ch02_vanilla_rnn.ipynb").write_text(json.dumps(old))
