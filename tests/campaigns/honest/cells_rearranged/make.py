"""Functions split, copied, reordered, with wrong first versions and cells in between."""

from tests.campaigns.attacks.making import functions, write_notebook


def make(folder, source, places):
    """Fill the submission's folder."""
    first, *rest = functions(source)
    wrong = "def rnn_forward(x, h0, params):\n    raise NotImplementedError\n"
    text = {"cell_type": "markdown", "metadata": {}, "source": "# Notes\n```\nx = (\n```"}
    raw = {"cell_type": "raw", "metadata": {}, "source": "import antigravity"}
    write_notebook(
        folder, first, wrong, text, *rest[::-1], raw, "", "# only a comment", rest[0], first
    )
