"""How a fresh interpreter comes to this package alone: under its own name, with no folder of ours on its path."""

from __future__ import annotations

from pathlib import Path

_CODE = """
import importlib.util, sys
spec = importlib.util.spec_from_file_location("sandbox", {0!r}, submodule_search_locations=[{1!r}])
sys.modules["sandbox"] = package = importlib.util.module_from_spec(spec)
spec.loader.exec_module(package)
{2}
"""


def code(lines: str) -> str:
    """Return the program that imports the package as `sandbox` and goes on with these lines."""
    here = Path(__file__).resolve().parent
    return _CODE.format(str(here / "__init__.py"), str(here), lines)
