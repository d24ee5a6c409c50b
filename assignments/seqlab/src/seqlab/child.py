"""The process that runs a student's cells and the checks: `python -m seqlab.child notebook chapter`.

It gets ready, imports included, then waits for one line with what to check, and tells each step in a line of JSON as
it happens, so that the process that started it knows what is going on when nothing more comes.
"""

from __future__ import annotations

import importlib
import json
import linecache
import os
import re
import sys
import types
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from seqlab import nowrites, quiet_ipython, rebinding, timelimit
from seqlab.asgraded import Lacking, NotInGrader, importing
from seqlab.causes import Causes, Rebound, Stop
from seqlab.cells import Cell
from seqlab.chapters import QUIZ, function_names
from seqlab.checking import Why, student_frame
from seqlab.imports import imports
from seqlab.notebook import NotebookError, imported, read
from seqlab.quizzes import check_quiz, forms
from seqlab.results import CheckResult, as_data
from seqlab.statements import Cells

# What takes long to import is imported before anything has to wait for it.
_LARGE = ("numpy", "scipy", "torch", "matplotlib")

_STOPS = 4  # of one cell, after which the rest of it is left out

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
        nowrites.forbid(lambda name: name.startswith(_place(path)))
        _run(path, chapter, job, tell)
        tell("done")
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # whatever the student's code started does not keep this process


def _import_large(path: Path) -> None:
    try:
        wanted = imported(read(path).cells)
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
        reading = read(path)
    except (NotebookError, OSError) as error:
        tell("impossible", said=str(error))
        return
    quiet_ipython.take_over()
    module = types.ModuleType("notebook")
    sys.modules["notebook"] = module  # what looks up a class's module finds it
    namespace = module.__dict__
    if reading.is_notebook:
        # As in a kernel; what looks up a class's module finds it here, too.
        namespace["__name__"] = "__main__"
        sys.modules["__main__"] = module
    needed = function_names(chapter)
    runner = Cells(namespace, reading.is_notebook, (timelimit.TimeIsUp,), needed)
    stops: list[Stop] = []
    rebound: dict[str, Rebound] = {}
    lacking = Lacking(chapter)
    broken: dict[str, str] = {}
    for number, remark in enumerate(reading.remarks):
        if not remark.what.startswith("skipped: "):  # a magic does what it should where it is used
            tell("cell_failed", number=0, line=number, said=f"{remark.where}: {remark.what}")
    for cell in reading.cells:
        defined = definitions(cell)
        label = f"cell {cell.number} ({next(iter(defined))})" if defined else f"cell {cell.number}"
        skip = {
            int(step): tuple(what) for step, what in job["skip"].get(str(cell.number), {}).items()
        }
        with importing(namespace, chapter):
            failed = list(run_cell(path, cell, runner, skip, job["seconds"], tell, lacking))
        note_rebound(rebound, cell.number, runner.rebound)
        for line, what in failed:
            stops.append(Stop(cell.number, line, what))
            said = f"{label}, line {line}: {what}" if line else f"{label} {what}"
            tell("cell_failed", number=cell.number, line=line, said=said)
            for name, first in defined.items():
                if name not in broken or first <= line:
                    broken[name] = said
    causes = Causes({cell.number: cell.source for cell in reading.cells}, stops, rebound)

    def why(function: str, error: BaseException) -> str:
        return why_raised(causes, path, function, error)

    for function in job["functions"]:
        seconds = _seconds(chapter, function) * job["seconds"] / timelimit.SECONDS
        tell("start", function=function, seconds=seconds)
        result = _check(chapter, function, namespace, seconds, lacking, why)
        if function not in namespace and function in broken:
            result = CheckResult(function, False, (broken[function],), result.question)
        elif not result.ok and (reason := causes.of_name(function)):
            result = with_reason(result, reason)
        tell("result", result=as_data(result))
    if job.get("form"):
        known = [*function_names(chapter), QUIZ]
        missing = [name for name in known if name not in namespace]
        dead = [name for name in known[:-1] if name in namespace and not callable(namespace[name])]
        tell("form", missing=missing, not_callable=dead)


def note_rebound(
    rebound: dict[str, Rebound], number: int, found: Iterable[rebinding.Rebinding]
) -> None:
    """Take in what a cell bound again."""
    for each in found:
        if each.how == rebinding.RESTORED:
            rebound.pop(each.name, None)
        else:
            rebound[each.name] = Rebound(number, each.line, each.how)


def why_raised(causes: Causes, path: Path, function: str, error: BaseException) -> str:
    """Return what the cells of a notebook have to do with an exception of one of its functions, "" where nothing."""
    frame = student_frame(error)
    place = re.fullmatch(rf"<{re.escape(path.name)} cell (\d+)>", frame.filename) if frame else None
    if frame is None or place is None or isinstance(error, NotImplementedError):
        return causes.of_name(function)
    return causes.of_error(type(error).__name__, int(place[1]), frame.lineno or 0, function)


def with_reason(result: CheckResult, reason: str) -> CheckResult:
    """Return a result whose findings say why the function is not what was written."""
    if any(reason in finding for finding in result.findings):
        return result
    return replace(result, findings=(reason, *result.findings))


def definitions(cell: Cell) -> dict[str, int]:
    """Return the functions and classes at the top level of a cell, each with its line."""
    found = re.finditer(r"^(?:async +def|def|class)\s+(\w+)", cell.source, re.MULTILINE)
    return {match[1]: cell.source.count("\n", 0, match.start()) + 1 for match in found}


def run_cell(
    path: Path,
    cell: Cell,
    runner: Cells,
    skip: dict[int, tuple[int, str]],
    seconds: float,
    tell: Tell,
    lacking: Lacking | None = None,
) -> Iterator[tuple[int, str]]:
    """Run a cell; yield line and words for what goes wrong.

    Args:
        path: of the notebook.
        cell: to run.
        runner: of the notebook's cells.
        skip: steps that ended the process when they were run before; -1 is the cell as a whole.
        seconds: the limit of the cell, once more after each statement that was stopped there.
        tell: tells how far it is.
        lacking: gets the imports that failed.
    """
    tell("cell", number=cell.number, step=-1, line=0)
    yield from skip.values()
    if -1 in skip:
        return
    name = f"{_place(path)}{cell.number}>"
    lines = cell.source.splitlines(keepends=True)
    linecache.cache[name] = (len(cell.source), None, lines, name)
    now = (-1, 0)

    def started(step: int, line: int) -> None:
        nonlocal now
        now = (step, line)
        tell("cell", number=cell.number, step=step, line=line)

    left_out = set(skip)
    for _ in range(_STOPS):
        try:
            with timelimit.limited(seconds):
                for failure in runner.run(cell.source, name, started, left_out):
                    if lacking and isinstance(failure.error, ImportError):
                        _note_lacking(lacking, cell.source, failure.line)
                    yield failure.line, _told(failure.error)
            return
        except timelimit.TimeIsUp:
            yield now[1], timelimit.said("it", seconds)
            left_out.update(range(now[0] + 1))
    yield 0, "was not run to its end: it took too long again and again"


def _place(path: Path) -> str:
    """What stands before the number of a cell in the name under which tracebacks show it."""
    return f"<{path.name} cell "


def _note_lacking(lacking: Lacking, source: str, line: int) -> None:
    for found in imports(source):
        if found.line == line and not found.function:
            lacking.add(found)


def _told(error: BaseException) -> str:
    """An exception in words."""
    if isinstance(error, SyntaxError):
        return f"{type(error).__name__}: {error.msg or 'it does not compile'}"
    if isinstance(error, NotInGrader):
        return f"ModuleNotFoundError: {error}"
    try:
        text = " ".join(str(error).split())
    except Exception:  # a student's own __str__ may do anything
        text = ""
    return type(error).__name__ + (f": {text}" if text else "")


def _seconds(chapter: str, function: str) -> float:
    from seqlab.registry import checks_of

    return timelimit.SECONDS if function == QUIZ else checks_of(chapter)[function].seconds


def _check(
    chapter: str,
    function: str,
    namespace: dict[str, Any],
    seconds: float,
    lacking: Lacking,
    why: Why,
) -> CheckResult:
    from seqlab.registry import checks_of, run_check

    if function == QUIZ:
        return check_quiz(forms(chapter), namespace.get(QUIZ))
    return run_check(checks_of(chapter)[function], namespace, seconds, lacking, why)


if __name__ == "__main__":
    main()
