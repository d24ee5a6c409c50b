"""Run every chapter from top to bottom with the reference solutions, as a student who has solved it would."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import msgspec
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from traitlets.config import Config

from autograder.course.release import chapter_notebook
from autograder.course.source import Chapter
from autograder.sandbox.terms import ONE_CORE

LIMIT = 180.0  # seconds for a chapter on one core


class Executed(msgspec.Struct, frozen=True):
    """How a chapter's notebook ran. `error` is empty where it ran through."""

    chapter: str
    seconds: float
    error: str


def execute(chapter: Chapter) -> Executed:
    """Run one chapter's notebook in a kernel of its own."""
    notebook = chapter_notebook(chapter)
    started = time.perf_counter()
    error = ""
    with tempfile.TemporaryDirectory() as own:
        # Messages through files that only this user can open, not through ports of the machine.
        sockets = Config({"KernelManager": {"transport": "ipc", "ip": f"{own}/kernel"}})
        client = NotebookClient(notebook, timeout=int(LIMIT), kernel_name="python3", config=sockets)
        try:
            client.execute(env=os.environ | ONE_CORE)
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as problem:
            error = str(problem)[-2000:]
    seconds = time.perf_counter() - started
    if not error and seconds > LIMIT:
        error = f"took {seconds:.0f} s; a chapter may take {LIMIT:.0f} s"
    return Executed(chapter.name, seconds, error)


def execute_all(chapters: Sequence[Chapter], jobs: int) -> list[Executed]:
    """Run several chapters, so many at a time."""
    with ThreadPoolExecutor(jobs) as pool:
        return list(pool.map(execute, chapters))
