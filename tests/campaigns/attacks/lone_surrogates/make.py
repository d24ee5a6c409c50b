"""A notebook with halves of characters in it."""

import json

from tests.campaigns.attacks.making import notebook


def make(folder, source, places):
    """Write them as JSON's escapes, which no encoding refuses."""
    whole = notebook(source, "text = '\ud800'\n# \udfff\n", "sample = len")
    (folder / "ch02_vanilla_rnn.ipynb").write_text(json.dumps(whole))
