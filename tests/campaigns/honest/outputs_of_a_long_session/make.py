"""A notebook with megabytes of outputs and pictures."""

from tests.campaigns.attacks.making import code, write_notebook


def make(folder, source, places):
    """Fill the submission's folder."""
    cell = code(source)
    picture = {
        "output_type": "display_data",
        "data": {"image/png": "A" * (8 << 20)},
        "metadata": {},
    }
    cell["outputs"] = [
        picture,
        {"output_type": "stream", "name": "stdout", "text": ["x\n"] * 10000},
    ]
    write_notebook(folder, cell)
