"""The process that runs a student's cells and the checks: `python -m seqlab.child notebook chapter`.

It gets ready, imports included, then waits for one line with what to check, and tells each step in a line of JSON as
it happens, so that whoever started it knows what is going on when nothing more comes.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

from seqlab import timelimit
from seqlab.chapters import QUIZ, quiz_options
from seqlab.notebook import NotebookError, imported, label, read_cells, run_cell
from seqlab.quizzes import check_quiz
from seqlab.results import CheckResult, as_data

# What takes long to import is imported while nobody waits for it.
_LARGE = ("numpy", "scipy", "torch", "matplotlib")

Tell = Callable[..., None]


def main() -> None:
    """Run one job and end."""
    path, chapter = Path(sys.argv[1]), sys.argv[2]
    # What the student prints goes to stderr; the line to the parent is this process's own.
    line_out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    line_in = os.fdopen(os.dup(0), "r", encoding="utf-8")
    os.dup2(2, 1)
    with open(os.devnull) as nothing:
        os.dup2(nothing.fileno(), 0)

    def tell(event: str, **data: Any) -> None:
        line_out.write(json.dumps({"event": event, **data}) + "\n")
        line_out.flush()

    sys.path[0] = str(path.absolute().parent)  # as in a notebook: modules beside it can be imported
    _import_large(path)
    try:
        importlib.import_module(f"seqlab.checks.{chapter}")
    except ImportError as error:
        tell("impossible", said=f"the checks of {chapter} need {error.name or error}: install it")
        return
    tell("ready")
    job = json.loads(line_in.readline() or "null")
    if job is not None:
        _run(path, chapter, job, tell)
        tell("done")
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # whatever the student's code started does not keep this process


def _import_large(path: Path) -> None:
    try:
        wanted = imported(read_cells(path))
    except (NotebookError, OSError):
        return  # told when the cells are run
    for name in _LARGE:
        if name in wanted:
            try:
                importlib.import_module(name)
            except ImportError:
                pass  # the student's own import line will say so, with its place


def _run(path: Path, chapter: str, job: dict[str, Any], tell: Tell) -> None:
    try:
        cells = read_cells(path)
    except (NotebookError, OSError) as error:
        tell("impossible", said=str(error))
        return
    module = types.ModuleType("notebook")
    sys.modules["notebook"] = module  # what looks up a class's module finds it
    namespace = module.__dict__
    namespace["display"] = lambda *_objects, **_options: None
    broken: dict[str, str] = {}
    for cell in cells:
        if str(cell.number) in job["skip"]:
            said = f"{label(cell)} {job['skip'][str(cell.number)]}"
        else:
            tell("cell", number=cell.number)
            said = run_cell(path, cell, namespace, job["seconds"])
        if said:
            broken |= dict.fromkeys(cell.defines(), said)
            tell("cell_failed", number=cell.number, said=said)
    for function in job["functions"]:
        seconds = _seconds(chapter, function) * job["seconds"] / timelimit.SECONDS
        tell("start", function=function, seconds=seconds)
        result = _check(chapter, function, namespace, seconds)
        if result.unwritten and function in broken:
            result = CheckResult(function, False, (broken[function],), result.question)
        tell("result", result=as_data(result))


def _seconds(chapter: str, function: str) -> float:
    from seqlab.registry import checks_of

    return timelimit.SECONDS if function == QUIZ else checks_of(chapter)[function].seconds


def _check(chapter: str, function: str, namespace: dict[str, Any], seconds: float) -> CheckResult:
    from seqlab.registry import checks_of, run_check

    if function == QUIZ:
        return check_quiz(quiz_options(chapter), namespace.get(QUIZ))
    return run_check(checks_of(chapter)[function], namespace, seconds)


if __name__ == "__main__":
    main()
