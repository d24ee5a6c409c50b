"""Magics, shell lines and help in ordinary cells."""

from tests.campaigns.attacks.making import functions, write_notebook


def make(folder, source, places):
    """Fill the submission's folder."""
    first, *rest = functions(source)
    cells = [
        "%matplotlib inline\n%config InlineBackend.figure_format = 'retina'\n" + first,
        "!pip install numpy\nfiles = !ls\nrnn_step_forward?\n",
        "%%bash\necho a cell of another language",
        *["%%time\n" + part for part in rest],
        "%timeit rnn_forward\nif True:\n    %time x = 1\n",
    ]
    write_notebook(folder, *cells)
