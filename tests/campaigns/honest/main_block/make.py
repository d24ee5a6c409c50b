"""A plain module with a main block that trains for ever."""

from tests.campaigns.attacks.making import write_module


def make(folder, source, places):
    """Fill the submission's folder."""
    block = "\n\nif __name__ == '__main__':\n    while True:\n        pass\n"
    write_module(folder, source + block)
