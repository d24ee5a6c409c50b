"""What tests need and a machine may lack: then they are skipped, and the reason says what is missing.

Which chapters need PyTorch follows from the chapters, as it does when a submission is graded.
"""

from __future__ import annotations

import importlib.util
import signal
from collections.abc import Iterable
from typing import Any

import pytest

from autograder.course.source import chapters
from autograder.grading.installed import why_not_gradable

NO_TORCH = "PyTorch is not installed here: make setup TORCH=auto adds it"
torch = pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason=NO_TORCH)


def listen_to_interrupts() -> None:
    """Let a program that is about to start hear Ctrl-C: what a shell starts in the background ignores it, tests too."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def why_not(names: Iterable[str]) -> str:
    """Why chapters cannot all be graded here; empty where they can."""
    course = chapters()
    return next(filter(None, (why_not_gradable(course[name]) for name in names)), "")


def graded(*names: str) -> pytest.MarkDecorator:
    """Mark a test that grades submissions of these chapters."""
    return pytest.mark.skipif(bool(reason := why_not(names)), reason=reason or "nothing is missing")


def or_skip(*names: str) -> None:
    """Skip the test that is running where these chapters cannot all be graded here."""
    if reason := why_not(names):
        pytest.skip(reason)


def each(names: Iterable[str]) -> list[Any]:
    """Return the parameters of a test that grades one chapter at a time."""
    return [pytest.param(name, marks=graded(name)) for name in names]


def each_reference(names: Iterable[str]) -> list[Any]:
    """Return the parameters of a test that runs the solutions of one chapter at a time."""
    course = chapters()
    marks = {name: [torch] if course[name].libraries == "torch" else [] for name in names}
    return [pytest.param(name, marks=each) for name, each in marks.items()]
