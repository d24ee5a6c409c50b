"""A compiled module of the same name with another content."""

import py_compile
import sys

from tests.campaigns.attacks.making import write_module


def make(folder, source, places):
    """Fill the submission's folder."""
    write_module(folder, f"open({places.plant!r}, 'w')", "trap.py")
    cache = folder / "__pycache__"
    cache.mkdir()
    name = f"ch02_vanilla_rnn.{sys.implementation.cache_tag}.pyc"
    py_compile.compile(str(folder / "trap.py"), str(cache / name))
    write_module(folder, source + "\nsample = len\n")
