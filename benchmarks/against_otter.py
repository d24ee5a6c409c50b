"""This grader, nbgrader and otter-grader side by side on the same notebooks, in one run.

The assignment for otter is made from the same source with its own `otter assign`: a question for each function, with the
function's visible check as its test. nbgrader runs the same checks. This grader runs its hidden suite, which is longer.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
from rich.console import Console
from rich.table import Table

from autograder.course.source import (
    BEGIN_SOLUTION,
    END_SOLUTION,
    EXPERIMENT,
    ROOT,
    Chapter,
    chapters,
    read_notebook,
)
from benchmarks.against_nbgrader import Cost, hand_in, measure, nbgrader, ours

REQUIREMENTS = Path(__file__).with_name("requirements-otter.txt")
HOME = ROOT / "build" / "otter"
PYTHON = HOME / "bin" / "python"
SEQLAB = ROOT / "assignments" / "seqlab" / "src"
_MARKERS = (BEGIN_SOLUTION, END_SOLUTION)
EXPECTED_NBGRADER, EXPECTED_OTTER = 40, 60


def install() -> None:
    """Make otter's environment, unless it is there with these requirements."""
    stamp = HOME / "installed.txt"
    wanted = REQUIREMENTS.read_text()
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    print(f"Installing otter-grader into {HOME.relative_to(ROOT)}", flush=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(HOME)], check=True)
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "-r", str(REQUIREMENTS)], check=True)
    stamp.write_text(wanted)


# --- the assignment -------------------------------------------------------------------------------------------------


def master(chapter: Chapter) -> Any:
    """The chapter as a notebook in the format of `otter assign`, without its experiments."""
    config = f"# ASSIGNMENT CONFIG\nname: {chapter.name}\nexport_cell: false\ninit_cell: true\n"
    cells = [_raw(config), *_cells(chapter)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata["kernelspec"] = {
        "display_name": "Python 3",
        "language": "python",
        "name": "python3",
    }
    return notebook


def _raw(text: str) -> Any:
    return nbformat.v4.new_raw_cell(text)


def _cells(chapter: Chapter) -> Iterator[Any]:
    points = {function.name: function.points for function in chapter.functions}
    for cell in read_notebook(chapter)["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
        if EXPERIMENT in cell["metadata"].get("tags", []) or name.startswith("test_"):
            continue
        if name in points:
            yield from _question(chapter, name, points[name], cell["source"])
        elif cell["cell_type"] == "code":
            yield nbformat.v4.new_code_cell(cell["source"])
        elif cell["cell_type"] == "markdown":
            yield nbformat.v4.new_markdown_cell(cell["source"])


def _question(chapter: Chapter, name: str, points: float, source: str) -> Iterator[Any]:
    kept = [line for line in source.split("\n") if line.strip() not in _MARKERS]
    yield _raw(f"# BEGIN QUESTION\nname: {name}\npoints: {points:g}")
    yield nbformat.v4.new_markdown_cell(f"`{name}`")
    yield _raw("# BEGIN SOLUTION")
    yield nbformat.v4.new_code_cell("\n".join(kept))
    yield _raw("# END SOLUTION")
    yield _raw("# BEGIN TESTS")
    yield nbformat.v4.new_code_cell(
        "from seqlab.magic import check_one\n"
        f"assert check_one({chapter.name!r}, {name!r}, globals()).ok"
    )
    yield _raw("# END TESTS")
    yield _raw("# END QUESTION")


def environment() -> dict[str, str]:
    """What otter's commands see: its own programs, and seqlab."""
    return {
        **os.environ,
        "PATH": os.pathsep.join([str(PYTHON.parent), os.environ.get("PATH", "")]),
        "PYTHONPATH": str(SEQLAB),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }


def assign(folder: Path, chapter: Chapter) -> tuple[Path, Path]:
    """Let otter make its assignment; return the autograder's zip and the perfect notebook."""
    nbformat.write(master(chapter), str(folder / f"{chapter.name}.ipynb"))
    command = [str(PYTHON), "-m", "otter", "assign", "--no-pdfs", f"{chapter.name}.ipynb", "made"]
    done = subprocess.run(
        command, cwd=folder, env=environment(), capture_output=True, text=True, check=False
    )
    if done.returncode:  # it also ran its tests on the solutions
        raise SystemExit(f"otter assign ended with {done.returncode}:\n{done.stderr[-3000:]}")
    made = folder / "made" / "autograder"
    [archive] = made.glob("*.zip")
    return archive, made / f"{chapter.name}.ipynb"


# --- the measurement ------------------------------------------------------------------------------------------------


def otter(folder: Path, chapter: Chapter, count: int) -> list[Cost]:
    """`otter run` for one submission after another; also what its start and an empty notebook take."""
    folder.mkdir()
    archive, perfect = assign(folder, chapter)
    run = [str(PYTHON), "-m", "otter", "run", "--no-logo", "-a", str(archive)]
    wall = cpu = 0.0
    for number in range(count):
        handed_in = folder / f"student{number:03d}"
        handed_in.mkdir()
        notebook = handed_in / f"{chapter.name}.ipynb"
        notebook.write_bytes(perfect.read_bytes())
        command = [*run, "-o", str(handed_in), str(notebook)]
        cost = measure("otter run", command, folder, 1, environment())
        wall, cpu = wall + cost.wall, cpu + cost.cpu
        _must_be_perfect(handed_in / "results.json")
    empty = folder / "empty.ipynb"
    blank = nbformat.v4.new_notebook(metadata=nbformat.read(str(perfect), as_version=4).metadata)
    nbformat.write(blank, str(empty))
    parts = {
        "otter: its imports alone": [str(PYTHON), "-m", "otter", "--version"],
        "otter: an empty notebook": [*run, "-o", str(folder), str(empty)],
    }
    return [
        Cost("otter run", count, wall, cpu),
        *(measure(name, line, folder, 1, environment()) for name, line in parts.items()),
    ]


def _must_be_perfect(path: Path) -> None:
    tests = [test for test in json.loads(path.read_text())["tests"] if test.get("max_score")]
    if not tests or any(test["score"] != test["max_score"] for test in tests):
        raise SystemExit(f"otter gave a perfect notebook {tests}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chapter", default="ch02_vanilla_rnn", help="one without torch")
    parser.add_argument("--submissions", type=int, default=20, help="graded by all three")
    parser.add_argument(
        "--more", type=int, default=300, help="graded by this grader alone, for its rate in a class"
    )
    options = parser.parse_args()
    chapter = chapters().get(options.chapter)
    if chapter is None or chapter.libraries != "numpy":
        parser.error(f"{options.chapter} is no chapter that does without torch")
    install()
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        small, large = Path(scratch) / "small", Path(scratch) / "large"
        hand_in(small, chapter.name, options.submissions)
        hand_in(large, chapter.name, options.more)
        peer, *parts = otter(Path(scratch) / "otter", chapter, options.submissions)
        costs = [
            peer,
            nbgrader(small, chapter.name, options.submissions),
            ours(small, chapter.name, options.submissions, "this grader, the same")[0],
        ]
        cores = os.cpu_count() or 1
        title = f"this grader, a class on {cores} cores"
        costs.append(ours(large, chapter.name, options.more, title, cores)[0])
        cost, our_split = ours(large, chapter.name, options.more, "this grader, a class")
        costs.append(cost)  # last: what is compared is one core with one core
        start = [sys.executable, "-m", "nbgrader", "--version"]
        parts.append(measure("nbgrader: its imports alone, once a class", start, small, 1))
    _print(chapter.name, costs, parts, {name: s / options.more for name, s in our_split.items()})


def _print(title: str, costs: list[Cost], parts: list[Cost], our_split: dict[str, float]) -> None:
    console = Console()
    table = Table("", "submissions", "s each", "CPU s each", "× otter", "× nbgrader", title=title)
    each = [cost.wall / cost.submissions for cost in costs]
    for cost, seconds in zip(costs, each, strict=True):
        table.add_row(
            cost.name,
            str(cost.submissions),
            f"{seconds:.3f}",
            f"{cost.cpu / cost.submissions:.3f}",
            f"{each[0] / seconds:.1f}",
            f"{each[1] / seconds:.1f}",
        )
    console.print(table)
    ours_by_part = Table("where our time goes, in a class", "ms each")
    for name, seconds in our_split.items():
        ours_by_part.add_row(name, f"{1000 * seconds:.1f}")
    console.print(ours_by_part)
    theirs = Table("what theirs takes without a submission", "s", "CPU s")
    for part in parts:
        theirs.add_row(part.name, f"{part.wall:.3f}", f"{part.cpu:.3f}")
    console.print(theirs)
    for name, index, expected in (("otter", 0, EXPECTED_OTTER), ("nbgrader", 1, EXPECTED_NBGRADER)):
        reached = each[index] / each[-1]
        verdict = "reached" if reached >= expected else "not reached"
        console.print(f"{expected} times {name}'s rate: {verdict}, {reached:.0f}", highlight=False)


if __name__ == "__main__":
    main()
