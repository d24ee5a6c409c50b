"""What students are told of the grader before they hand in: its Python, its numpy, the libraries of each chapter.

All of it follows from the settings and from the environment in which `make release` runs. It goes beside the notebooks
as `grader.json`, into the first cell of each notebook and into the students' README.
"""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from typing import Any

import numpy as np

from autograder.course.settings import MODULES, Grading, Libraries
from autograder.course.source import Chapter
from seqlab.grader import OLDEST

NUMPY_PARTS = ("numpy", "numpy.linalg", "numpy.random", "numpy.fft")
# Submodules that are there once they are imported; `dir` may not name them.
_LATER = {
    "numpy": ("matlib", "typing", "testing", "version", "ctypeslib", "f2py", "lib", "rec", "char")
}
_BEGIN, _END = "<!-- the grader -->", "<!-- end -->"

# What numpy first warned of and now refuses: how the warning begins, the rule, and something that breaks it.
_EXPIRED: tuple[tuple[str, str, Callable[[], Any]], ...] = (
    (
        "Conversion of an array with ndim > 0 to a scalar",
        "an array of one entry is no number unless its shape is (); take the entry, as in `a[0]` or `a.item()`",
        lambda: float(np.ones(1)),
    ),
    (
        "The truth value of an empty array is ambiguous",
        "an empty array is neither true nor false; ask for `a.size`",
        lambda: bool(np.ones(0)),
    ),
    (
        "`newshape` keyword argument is deprecated",
        "`np.reshape` takes `shape`, not `newshape`",
        lambda: np.reshape(np.ones(4), newshape=(2, 2)),  # type: ignore[call-overload]
    ),
    (
        "Calling np.sum(generator) is deprecated",
        "`np.sum` takes no generator; Python's own `sum` does",
        lambda: np.sum(number for number in (1, 2)),  # type: ignore[call-overload]
    ),
)


def as_data(grading: Grading) -> dict[str, Any]:
    """Return what `seqlab.grader` reads."""
    libraries = grading.libraries
    return {
        "python": "{}.{}".format(*sys.version_info[:2]),
        "numpy": {
            "version": np.__version__,
            "refuses": {
                beginning: rule for beginning, rule, breaks in _EXPIRED if _refused(breaks)
            },
            "names": {part: " ".join(_public_names(part)) for part in NUMPY_PARTS},
        },
        "libraries": {
            "common": list(libraries.common),
            "chapters": {
                name: list(libraries.chapters[name]) for name in sorted(libraries.chapters)
            },
        },
        "modules": {library: list(names) for library, names in MODULES.items()},
        "standard": sorted(sys.stdlib_module_names),
    }


def not_in_sandbox(libraries: Libraries, chapters: Iterable[Chapter]) -> dict[str, list[str]]:
    """Return chapter to the libraries that the settings promise and that no import reaches in the sandbox of this machine."""
    from autograder.sandbox.confine.libraries import importable  # of Linux

    lacking = {}
    for chapter in chapters:
        promised = (*libraries.common, *libraries.chapters.get(chapter.name, ()))
        there = importable(chapter.libraries == "torch", promised) | sys.stdlib_module_names
        names = [name for name in promised if name not in there]
        if names:
            lacking[chapter.name] = names
    return lacking


def _refused(breaks: Callable[[], Any]) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            breaks()
        except (TypeError, ValueError):
            return True
    return False


def _public_names(part: str) -> Sequence[str]:
    module = import_module(part)
    names = {*dir(module), *vars(module), *_LATER.get(part, ())}
    return sorted(name for name in names if not name.startswith("_"))


def pythons() -> str:
    """Return the versions of Python that students may use, in words."""
    oldest, newest = ("{}.{}".format(*version) for version in (OLDEST, sys.version_info[:2]))
    return f"Python {oldest}" if oldest == newest else f"Python {oldest} to {newest}"


def sentence(libraries: Libraries, chapter: str) -> str:
    """Return what stands at the end of the first cell of a chapter's notebook."""
    named = [*libraries.common, *libraries.chapters.get(chapter, ())]
    listed = ", ".join(["the standard library", *(f"`{name}`" for name in named)])
    return f"Your functions may import {listed}: the grader has no others."


def _newest() -> str:
    return "{}.{}".format(*sys.version_info[:2])


def readme(text: str, libraries: Libraries) -> str:
    """Return the students' README with the part between its two marks as it should be; other text has none."""
    everywhere = ", ".join(f"`{name}`" for name in libraries.common)
    groups: dict[tuple[str, ...], list[str]] = {}
    for chapter, names in sorted(libraries.chapters.items()):
        if names:
            groups.setdefault(names, []).append(str(int(chapter[2:4])))
    more = "".join(
        f"; in {'Chapter' if len(chapters) == 1 else 'Chapters'} {' and '.join(chapters)} "
        f"{', '.join(f'`{name}`' for name in names)} as well"
        for names, chapters in groups.items()
    )
    part = (
        f"What your functions may import: the standard library, {everywhere}{more}. The grader has nothing else, and "
        f"no other file of yours. It runs Python {_newest()} and numpy {np.__version__}. Use {pythons()}: what a newer one "
        "allows may fail there. `%check` and `seqlab check` say where something will not work in the grader."
    )
    return re.sub(
        rf"(?<={_BEGIN}\n).*?(?={_END})", lambda _: f"\n{part}\n\n", text, flags=re.DOTALL
    )
