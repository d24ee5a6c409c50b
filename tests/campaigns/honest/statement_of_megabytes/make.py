"""A table of numbers of two megabytes, written into the module."""

from tests.campaigns.attacks.making import write_module


def make(folder, source, places):
    """Fill the submission's folder."""
    rows = ",\n".join("    " + ", ".join(f"0.{n:04}" for n in range(10)) for _ in range(30_000))
    write_module(folder, f"{source}\n\nTABLE = '''\n{rows}\n'''\n")
