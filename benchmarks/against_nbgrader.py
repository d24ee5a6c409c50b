"""Seconds and CPU seconds per submission: this grader and `nbgrader autograde` on the same notebooks, in one run.

Experiments are taken out of the notebooks first: nbgrader would train the models of every student.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import nbformat
from rich.console import Console
from rich.table import Table

from autograder.course.release import generate, write_sources
from autograder.course.source import EXPERIMENT, ROOT, chapters, read_notebook

ENVIRONMENT = {
    **os.environ,
    "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
    "PYTHONPATH": str(ROOT),
    # Debuggers off: a kernel starts faster without, and nobody uses one here.
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
}


@dataclass(frozen=True)
class Cost:
    """What grading a class took."""

    name: str
    submissions: int
    wall: float
    cpu: float


def hand_in(root: Path, chapter: str, count: int) -> None:
    """Write `count` copies of the chapter's perfect notebook, without its experiments."""
    notebook = read_notebook(chapters()[chapter])
    notebook["cells"] = [
        cell for cell in notebook["cells"] if EXPERIMENT not in cell["metadata"].get("tags", [])
    ]
    for number in range(count):
        folder = root / "submitted" / f"student{number:03d}" / chapter
        folder.mkdir(parents=True)
        nbformat.write(notebook, str(folder / f"{chapter}.ipynb"))


def measure(
    name: str,
    command: list[str],
    folder: Path,
    submissions: int,
    environment: dict[str, str] = ENVIRONMENT,
) -> Cost:
    """Run a command and add up the CPU time of everything it started."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    wall = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(f"{name} ended with {done.returncode}:\n{done.stderr[-3000:]}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(name, submissions, wall, cpu)


def ours(
    folder: Path, chapter: str, count: int, name: str, jobs: int = 1
) -> tuple[Cost, dict[str, float]]:
    """Grade with so many jobs; also the split of the time, of all jobs together."""
    output = folder / f"graded{jobs}"
    command = [sys.executable, "-m", "autograder", "grade", "--jobs", str(jobs)]
    command += ["--chapter", chapter]
    command += ["--submissions", str(folder / "submitted"), "--output", str(output)]
    command += ["--no-cache", "--no-gradebook"]
    cost = measure(name, command, ROOT, count)
    scores = {json.loads(path.read_text())["score"] for path in output.glob("results/*/*.json")}
    if scores != {100.0}:
        raise SystemExit(f"a perfect notebook got {scores}")
    record = json.loads((output / "run.json").read_text())
    spent = record["submissions"].values()
    load = sum(usage["load"] for usage in spent)
    calls = sum(usage["calls"] for usage in spent)
    total = sum(usage["total"] for usage in spent)
    split = {
        "start of the run: imports, collection, zygote": cost.wall - total,
        "start of the workers, student cells": load,
        "calls of student functions": calls,
        "pytest, comparison, scoring": total - load - calls,
    }
    return cost, split


def nbgrader(folder: Path, chapter: str, count: int) -> Cost:
    """`nbgrader autograde` as it comes, in a course folder of its own."""
    source = [chapters()[chapter]]
    write_sources(source, folder / "source")
    generate(source, folder / "source", folder)
    command = [sys.executable, "-m", "nbgrader", "autograde", chapter, "--create"]
    command += [f"--CourseDirectory.root={folder}", "--CourseDirectory.course_id=course"]
    command += ["--log-level=ERROR"]
    return measure("nbgrader autograde", command, folder, count)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chapter", default="ch02_vanilla_rnn")
    parser.add_argument("--submissions", type=int, default=20, help="graded by both")
    parser.add_argument(
        "--more",
        type=int,
        default=300,
        help="graded by this grader alone, for its rate in a large class",
    )
    options = parser.parse_args()
    costs = []
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        small, large = Path(scratch) / "small", Path(scratch) / "large"
        hand_in(small, options.chapter, options.submissions)
        hand_in(large, options.chapter, options.more)
        costs.append(nbgrader(small, options.chapter, options.submissions))
        shutil.rmtree(small / "autograded", ignore_errors=True)
        costs.append(ours(small, options.chapter, options.submissions, "this grader")[0])
        cost, split = ours(large, options.chapter, options.more, "this grader, a large class")
        cores = os.cpu_count() or 1
        title = f"this grader, a large class on {cores} cores"
        costs += [cost, ours(large, options.chapter, options.more, title, cores)[0]]
    console = Console()
    table = Table(
        "", "submissions", "s each", "CPU s each", "rate against nbgrader", title=options.chapter
    )
    peer = costs[0].wall / costs[0].submissions
    for cost in costs:
        each = cost.wall / cost.submissions
        table.add_row(
            cost.name,
            str(cost.submissions),
            f"{each:.3f}",
            f"{cost.cpu / cost.submissions:.3f}",
            f"{peer / each:.1f} ×",
        )
    console.print(table)
    parts = Table("where our time goes, in a large class", "ms each", title_justify="left")
    for name, seconds in split.items():
        parts.add_row(name, f"{1000 * seconds / options.more:.1f}")
    console.print(parts)


if __name__ == "__main__":
    main()
