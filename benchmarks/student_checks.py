"""How long a student waits: `%check`, a cold `seqlab check`, from saving to the result in `seqlab watch`, a loop's end.

The notebook is chapter 4 with the reference solutions, since a function that works runs longest. Prints a table with
the limits, and ends with status 1 where one is exceeded.
"""

from __future__ import annotations

import functools
import json
import queue
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from autograder.course.source import ROOT, Chapter, chapters, load_reference, solution_source
from seqlab import timelimit
from seqlab.magic import CheckMagics
from seqlab.registry import checks_of
from seqlab.watch import Watch

CHAPTER = "ch04_lstm"
REPEATS = 5
LIMITS = {
    "%check of one function, slowest": 0.150,
    "seqlab check, cold": 1.0,
    "seqlab watch, save to result": 0.300,
    "endless loop, until its sentence": 7.0,
}


def write_notebook(chapter: Chapter, path: Path, replace: dict[str, str] | None = None) -> None:
    """Write the released notebook with the reference solutions in it, or with other code for some functions."""
    notebook = json.loads((ROOT / "assignments" / chapter.name / path.name).read_text("utf-8"))
    for cell in notebook["cells"]:
        nbgrader = cell["metadata"].get("nbgrader", {})
        if nbgrader.get("solution"):
            name = nbgrader["grade_id"]
            cell["source"] = (replace or {}).get(name) or solution_source(chapter, name)
    path.write_text(json.dumps(notebook), encoding="utf-8")


def seconds(action: Callable[[], object]) -> float:
    """Return how long it takes."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def slowest_magic() -> tuple[float, str]:
    """Return the longest median of `%check function` over all chapters but those that train, with its function."""
    times = {}
    for chapter in chapters().values():
        shell = InteractiveShell()
        shell.register_magics(CheckMagics(shell))
        shell.user_ns.update(vars(load_reference(chapter)))
        shell.run_line_magic("chapter", chapter.name)
        for name, check in checks_of(chapter.name).items():
            if check.seconds > timelimit.SECONDS:
                continue  # it trains a model
            with capture_output():
                taken = [
                    seconds(functools.partial(shell.run_line_magic, "check", name))
                    for _ in range(3)
                ]
            times[f"{name} of {chapter.name}"] = statistics.median(taken)
    name = max(times, key=lambda key: times[key])
    return times[name], name


def cold_check(path: Path) -> float:
    """Return the median of `seqlab check` on a chapter, in a new process each time."""
    command = [sys.executable, "-m", "seqlab", "check", str(path)]

    def once() -> None:
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)

    return statistics.median(seconds(once) for _ in range(REPEATS))


def endless(chapter: Chapter, path: Path) -> float:
    """Return how long `seqlab check` takes with a function that never ends."""
    loop = "def cell_highway(f):\n    while True:\n        pass\n"
    write_notebook(chapter, path, {"cell_highway": loop})
    command = [sys.executable, "-m", "seqlab", "check", "cell_highway"]

    def once() -> None:
        ran = subprocess.run(command, cwd=path.parent, capture_output=True, text=True)
        assert "had not finished" in ran.stdout, ran

    return seconds(once)


def watching(chapter: Chapter, path: Path) -> float:
    """Return the median time from saving a notebook to the result of the current exercise."""
    wrong = {
        "lstm_step_backward": "def lstm_step_backward(dh, dc, cache):\n    return dh, dh, dc, {}"
    }
    write_notebook(chapter, path, wrong)
    inbox: queue.Queue[object] = queue.Queue()
    watch = Watch(path, chapter.name, inbox)
    watch.draw = lambda: None  # type: ignore[method-assign]

    def until(done: Callable[[], bool]) -> None:
        while not done():
            watch.step()

    until(lambda: watch.state.took is not None and not watch.state.running)
    taken = []
    for _ in range(REPEATS):
        saved: list[float] = []

        def save(saved: list[float] = saved) -> None:
            watch.state.took = None
            write_notebook(chapter, path, wrong)
            saved.append(time.perf_counter())

        # From a thread of its own, so that the loop is at any place when the file changes. A student does not save
        # twice within a second.
        threading.Timer(1.0, save).start()
        until(lambda saved=saved: bool(saved) and watch.state.took is not None)
        taken.append(time.perf_counter() - saved[0])
        until(lambda: not watch.state.running)
    watch.close()
    return statistics.median(taken)


def main() -> int:
    """Measure and print."""
    chapter = chapters()[CHAPTER]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{CHAPTER}.ipynb"
        write_notebook(chapter, path)
        slowest, which = slowest_magic()
        measured = [slowest, cold_check(path), watching(chapter, path), endless(chapter, path)]
    print(f"slowest: {which}")
    for (name, limit), value in zip(LIMITS.items(), measured, strict=True):
        verdict = "" if value < limit else "  too slow"
        print(f"{name:34} {1000 * value:7.0f} ms   (limit {1000 * limit:.0f} ms){verdict}")
    return int(any(value >= limit for value, limit in zip(measured, LIMITS.values(), strict=True)))


if __name__ == "__main__":
    sys.exit(main())
