"""Magics and shell lines that would act where the notebook is read."""

from tests.campaigns.attacks.making import write_notebook


def make(folder, source, places):
    """Fill the submission's folder."""
    lines = [
        f"!touch {places.plant}",
        f"%run {places.plant}",
        f"%%bash\ntouch {places.plant}",
        f"%%writefile {places.plant}\nloot",
        f"got = !touch {places.plant}",
        f"get_ipython().system('touch {places.plant}')",
        "%load_ext seqlab",
        "sample = len",
    ]
    write_notebook(folder, source, *lines)
