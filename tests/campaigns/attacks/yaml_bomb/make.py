"""A header whose aliases unfold to a billion entries."""

from tests.campaigns.attacks.making import write_module


def make(folder, source, places):
    """Fill the submission's folder."""
    bomb = "# ---\n# a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1]\n"
    for low, high in zip("abcdefgh", "bcdefghi", strict=True):
        bomb += f"# {high}: &{high} [{', '.join(['*' + low] * 9)}]\n"
    bomb += "# x: !!python/object/apply:os.system [touch " + places.plant + "]\n# ---\n"
    write_module(folder, bomb + "\n# %%\n" + source + "\n# %%\nsample = len\n")
