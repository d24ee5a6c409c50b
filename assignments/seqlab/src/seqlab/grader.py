"""What the grader has: its Python, its numpy, the libraries of each chapter. Written with the assignments, read here.

`grader.json` is made by `make release` from the settings of the course and from the environment that makes it. Nothing
here needs numpy.
"""

from __future__ import annotations

import functools
import json
import sys
from importlib.resources import files
from typing import Any

FILE = "grader.json"
OLDEST = (3, 11)
OURS = frozenset({"seqlab", "seqdata", "mycourse"})
"""What students have of the course. The grader leaves it out, as it leaves out the experiments that need it."""
_STAND_IN = "IPython"  # the grader has one that does nothing


@functools.cache
def data() -> dict[str, Any]:
    """Return what was released: "python", "numpy", "standard", "libraries" and "modules"."""
    return json.loads(files("seqlab").joinpath(FILE).read_text(encoding="utf-8"))


def python() -> tuple[int, int]:
    """Return major and minor version of the grader's Python."""
    major, minor = data()["python"].split(".")
    return int(major), int(minor)


def libraries(chapter: str) -> tuple[str, ...]:
    """Return what may be imported in a chapter beside the standard library, in the order of the settings."""
    known = data()["libraries"]
    return (*known["common"], *known["chapters"].get(chapter, ()))


@functools.cache
def importable(chapter: str) -> frozenset[str]:
    """Return the names of the top-level modules that the grader lets a submission of a chapter import."""
    modules = data()["modules"]
    found = {name for library in libraries(chapter) for name in modules.get(library, [library])}
    return frozenset({*data()["standard"], *found, _STAND_IN})


def listed(chapter: str) -> str:
    """Return in words what may be imported in a chapter."""
    return ", ".join(["the standard library", *libraries(chapter)])


def lacks(module: str, chapter: str) -> bool:
    """Whether an import of this module, given by its full name, is refused in a chapter."""
    return bool(module) and module.partition(".")[0] not in importable(chapter)


def why_lacking(module: str, chapter: str, own: bool = False) -> str:
    """Say what is to be done about a module that the grader does not have.

    Args:
        module: its name.
        chapter: in which it is imported.
        own: it is a file beside the notebook.
    """
    top = module.partition(".")[0]
    if top in OURS:
        return f"`{top}` is not there when your work is graded: keep it to cells of experiments"
    if own:
        return f"the grader does not have `{top}`: it gets the notebook alone, so put into it what you need of {top}.py"
    return f"the grader does not have `{top}`; it has {listed(chapter)}"


def python_remark(version: tuple[int, int] = sys.version_info[:2]) -> str:
    """Say that a Python is newer than the grader's, or older than the course's; "" where it is neither."""
    newest = python()
    if OLDEST <= version <= newest:
        return ""
    wanted = " to ".join(f"{major}.{minor}" for major, minor in dict.fromkeys([OLDEST, newest]))
    which = "newer than the grader's" if version > newest else "too old"
    return (
        f"this is Python {version[0]}.{version[1]}, which is {which}: use {wanted}, "
        "or what works here may fail when it is graded"
    )


def numpy_version() -> str:
    """Return the version of the grader's numpy."""
    return data()["numpy"]["version"]


def numpy_names(module: str) -> frozenset[str]:
    """Return the public names of "numpy" or one of its parts that the grader knows; none for other modules."""
    return frozenset(data()["numpy"]["names"].get(module, "").split())


def numpy_refuses() -> dict[str, str]:
    """Return what the grader's numpy refuses and an older one only warns of: beginning of the warning, to the rule."""
    return data()["numpy"]["refuses"]
