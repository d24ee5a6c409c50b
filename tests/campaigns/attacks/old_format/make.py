"""A notebook of format 3 with worksheets in worksheets."""

import json


def make(folder, source, places):
    """Fill the submission's folder."""
    cells = [
        {
            "cell_type": "code",
            "input": [source],
            "language": "python",
            "outputs": [],
            "collapsed": 7,
        },
        {"cell_type": "code", "input": "sample = len", "language": "bash", "outputs": []},
    ]
    old = {"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": "../../x"}}
    old["worksheets"] = [{"cells": cells}, {"cells": []}]
    (folder / "ch02_vanilla_rnn.ipynb").write_text(json.dumps(old))
