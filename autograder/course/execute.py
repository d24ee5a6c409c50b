"""Run every chapter from top to bottom with the reference solutions, as a student who has solved it would.

A chapter is right when it runs through in time and its experiments print the figures that its text cites.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from traitlets.config import Config

from autograder.course.figures import citations, disagreements
from autograder.course.release import chapter_notebook
from autograder.course.source import Chapter
from autograder.sandbox.terms import ONE_CORE

LIMIT = 180.0  # seconds of processor time for a chapter
PATIENCE = 900  # seconds for a single cell: the machine may be busy with other things
_TIME_SPENT = "import time; print(time.process_time())"


class Executed(msgspec.Struct, frozen=True):
    """How a chapter's notebook ran, in seconds of processor time. `error` is empty where it ran through and printed what the text cites."""

    chapter: str
    seconds: float
    error: str


def execute(chapter: Chapter) -> Executed:
    """Run one chapter's notebook in a kernel of its own."""
    # Where the chapter lies: the sources of earlier ones are beside it, as a student's notebooks are.
    seconds, error = run_notebook(chapter_notebook(chapter), Path(chapter.path).parent)
    return Executed(chapter.name, seconds, error)


def run_notebook(notebook: Any, folder: Path) -> tuple[float, str]:
    """Run a notebook in a kernel that works in a folder.

    Returns:
        The processor time in seconds, and what went wrong: a cell, the time, or a cited figure; empty where nothing
        did.
    """
    cited = citations("\n\n".join(c.source for c in notebook.cells if c.cell_type == "markdown"))
    notebook.cells.append(nbformat.v4.new_code_cell(_TIME_SPENT))
    with tempfile.TemporaryDirectory() as own:
        # Messages through files that only this user can open, not through ports of the machine.
        sockets = Config({"KernelManager": {"transport": "ipc", "ip": f"{own}/kernel"}})
        client = NotebookClient(
            notebook,
            timeout=PATIENCE,
            kernel_name="python3",
            config=sockets,
            resources={"metadata": {"path": str(folder)}},
        )
        try:
            client.execute(env=os.environ | ONE_CORE)
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as problem:
            return 0.0, str(problem)[-2000:]
    seconds = float(notebook.cells.pop().outputs[0].text)
    if seconds > LIMIT:
        return seconds, f"took {seconds:.0f} s of processor time; a chapter may take {LIMIT:.0f} s"
    return seconds, "\n".join(disagreements(cited, _printed(notebook)))


def _printed(notebook: Any) -> str:
    """Return what the cells of an executed notebook printed, line by line."""
    outputs = (output for cell in notebook.cells for output in cell.get("outputs", ()))
    return "\n".join(
        output.text
        for output in outputs
        if output.output_type == "stream" and output.name == "stdout"
    )


def execute_all(chapters: Sequence[Chapter], jobs: int) -> list[Executed]:
    """Run several chapters, at most `jobs` at a time."""
    with ThreadPoolExecutor(jobs) as pool:
        return list(pool.map(execute, chapters))
