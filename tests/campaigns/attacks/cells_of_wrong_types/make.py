"""Cells, sources and metadata that are no cells, sources and metadata."""

from tests.campaigns.attacks.making import code, write_notebook


def make(folder, source, places):
    """Fill the submission's folder."""
    odd = [None, 7, "cell", [], {"cell_type": "code"}, {"cell_type": ["code"], "source": source}]
    odd += [code({"source": source}), code([1, None, "x = 1\n"]), code(source, nbgrader="yes")]
    odd += [code("sample = len\n", tags={"experiment": True}, nbgrader={"solution": [1]})]
    write_notebook(folder, *(cell if cell != "cell" else code("1") for cell in odd))
