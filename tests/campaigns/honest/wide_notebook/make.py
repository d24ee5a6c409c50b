"""A notebook saved as UTF-16 by an editor."""

import json

from tests.campaigns.attacks.making import notebook


def make(folder, source, places):
    """Fill the submission's folder."""
    text = json.dumps(notebook(source, "# ü"), ensure_ascii=False)
    (folder / "ch02_vanilla_rnn.ipynb").write_bytes(text.encode("utf-16"))
