"""Code that only another encoding shows."""

from tests.campaigns.attacks.making import write_module


def make(folder, source, places):
    """Fill the submission's folder."""
    text = "# -*- coding: utf-7 -*-\nimport numpy as np\n" + source.replace("+", "+-").replace(
        "~", "+AH4-"
    )
    text += "\n# note: +AAo-sample = len\n"
    write_module(folder, text)
