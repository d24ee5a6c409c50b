"""The grader's rules while a student's functions are checked: which modules there are, and what numpy accepts.

A check that passes here and fails there is worth nothing. So an import that the grader refuses is refused here, and
what an older numpy only warns of is an error where the grader's numpy makes it one.
"""

from __future__ import annotations

import builtins
import importlib
import re
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from seqlab import grader
from seqlab.imports import Imported


class NotInGrader(ModuleNotFoundError):
    """The grader refuses this import."""


class Lacking:
    """What a submission misses where it is graded: the names that an import would have bound, each with its module."""

    def __init__(self, chapter: str):
        self.chapter = chapter
        self.modules: dict[str, str] = {}

    def add(self, imported: Imported) -> None:
        """Note an import that failed."""
        for name in imported.names:
            self.modules[name] = imported.module.partition(".")[0]

    def needed(self, error: BaseException) -> str:
        """Return the module for want of which a function failed; "" where it is something else."""
        if isinstance(error, ModuleNotFoundError):
            return (error.name or "").partition(".")[0]
        if isinstance(error, NameError) and error.name:
            return self.modules.get(error.name, "")
        return ""


@contextmanager
def importing(
    namespace: Mapping[str, Any], chapter: str, folder: Path | None = None
) -> Iterator[None]:
    """Refuse imports of the code in this namespace as the grader does; libraries may import what they need.

    Args:
        namespace: of the notebook.
        chapter: whose list of libraries holds.
        folder: of the notebook, where modules of its own lie; the current one unless given.
    """
    ordinary, by_name = builtins.__import__, importlib.import_module

    def refuse(name: str, asking: Any) -> None:
        if asking is namespace and isinstance(name, str) and grader.lacks(name, chapter):
            top = name.partition(".")[0]
            own = is_own(top, folder or Path.cwd())
            raise NotInGrader(grader.why_lacking(name, chapter, own), name=top)

    def import_(
        name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0
    ) -> Any:
        if level == 0:
            refuse(name, globals)
        return ordinary(name, globals, locals, fromlist, level)

    def import_module(name: str, package: str | None = None) -> Any:
        refuse(name, sys._getframe(1).f_globals)
        return by_name(name, package)

    builtins.__import__, importlib.import_module = import_, import_module
    try:
        yield
    finally:
        builtins.__import__, importlib.import_module = ordinary, by_name


def is_own(module: str, folder: Path) -> bool:
    """Whether a module is a file, or a folder with Python files, beside the notebook."""
    if not module.isidentifier():
        return False
    return (folder / f"{module}.py").is_file() or (folder / module / "__init__.py").is_file()


@contextmanager
def numpy_of_grader() -> Iterator[None]:
    """Make an error of each warning that stands for one in the grader's numpy."""
    with warnings.catch_warnings():
        for beginning in grader.numpy_refuses():
            warnings.filterwarnings("error", re.escape(beginning), DeprecationWarning)
        yield


def numpy_rule(error: BaseException) -> str:
    """Return the rule of the grader's numpy that a warning stands for; "" where it is no such warning."""
    if not isinstance(error, DeprecationWarning):
        return ""
    text = str(error)
    for beginning, rule in grader.numpy_refuses().items():
        if text.startswith(beginning):
            return f"numpy {grader.numpy_version()}, which the grader has, refuses this: {rule}"
    return ""
