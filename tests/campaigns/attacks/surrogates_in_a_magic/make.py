"""Halves of characters, as JSON's escapes, where they are told in the result."""

import json

from tests.campaigns.attacks.making import notebook


def make(folder, source, places):
    """Write the notebook."""
    answers = "quiz_answers = {'q1': '\ud800', 'q\udfff': 'a'}"
    whole = notebook(source, "%run \ud800\n!\udfff", answers)
    (folder / "ch02_vanilla_rnn.ipynb").write_text(json.dumps(whole))
