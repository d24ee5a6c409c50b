"""A function that the student wrote in another chapter, taken from that chapter's notebook."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

from seqlab import notebook, timelimit
from seqlab.chapters import chapters_of
from seqlab.child import definitions, run_cell
from seqlab.registry import checks_of, run_check
from seqlab.statements import Cells


class Waiting(ImportError):
    """An experiment needs a function that is not there yet. A notebook shows the message alone."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


_modules: dict[Path, tuple[int, types.ModuleType, dict[str, str]]] = {}


def function(name: str, folder: Path | None = None) -> Callable[..., Any]:
    """Return a function of an earlier chapter as the student wrote it.

    Args:
        name: the function's name.
        folder: where to look for the notebook: here, below or beside; the current folder unless given.

    Raises:
        Waiting: no chapter has such a function, its notebook is not there, or its check fails.
    """
    chapters = chapters_of(name)
    if len(chapters) != 1:
        where = f"several chapters have one: {', '.join(chapters)}" if chapters else "none has it"
        raise Waiting(f"There is no single `{name}` in the course; {where}.")
    [chapter] = chapters
    waits = f"This experiment waits for `{name}` of Chapter {int(chapter[2:4])}"
    path = notebook.find(chapter, folder or Path.cwd())
    if path is None:
        raise Waiting(f"{waits}: there is no {chapter}.ipynb here or beside this folder.")
    try:
        module, broken = _run(path)
    except (notebook.NotebookError, OSError) as error:
        raise Waiting(f"{waits}: {error}.") from error
    check = checks_of(chapter)[name]
    result = run_check(check, module.__dict__)
    if not result.ok:
        if result.unwritten:
            found = broken.get(name, f"it is not written yet in {path.name}")
        else:
            found = f"its check fails ({result.findings[0]}). Run `%check {name}` there"
        raise Waiting(f"{waits}: {found}.")
    return getattr(module, name)


def _run(path: Path) -> tuple[types.ModuleType, dict[str, str]]:
    """Run the cells of a notebook that define things, once for each state of the file."""
    path, changed = path.resolve(), path.stat().st_mtime_ns
    if path not in _modules or _modules[path][0] != changed:
        module = types.ModuleType(path.stem)
        sys.modules.setdefault(path.stem, module)  # what looks up a class's module finds it
        reading = notebook.read(path)
        runner = Cells(module.__dict__, reading.is_notebook, (timelimit.TimeIsUp,))
        broken: dict[str, str] = {}
        for cell in reading.cells:
            for line, what in run_cell(path, cell, runner, {}, timelimit.SECONDS, _quietly):
                said = f"cell {cell.number}, line {line}: {what}"
                defined = definitions(cell)
                broken |= {name: said for name, first in defined.items() if first <= line}
        _modules[path] = changed, module, broken
    return _modules[path][1:]


def _quietly(_event: str, **_details: Any) -> None:
    """Tell of no progress: an experiment waits for the result alone."""
