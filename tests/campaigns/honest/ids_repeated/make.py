"""A notebook whose cells were copied with their ids."""

from tests.campaigns.attacks.making import code, functions, write_notebook


def make(folder, source, places):
    """Fill the submission's folder."""
    cells = [{**code(part), "id": "a"} for part in functions(source)]
    write_notebook(folder, *cells)
