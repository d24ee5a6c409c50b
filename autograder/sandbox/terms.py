"""What both sides of the sandbox talk about: cells, limits, how a call ended and what came of it."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta


class Cell(msgspec.Struct, frozen=True):
    """A code cell that counts: its number in the notebook and its source."""

    number: int
    source: str


SAFE_LEVELS = ("A", "B")
"""Levels of the sandbox at which code of others may be graded."""
ONE_CORE = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""Environment of whatever runs side by side, one to a core: with more threads each they wait for one another."""


class Limits(msgspec.Struct, frozen=True):
    """What a submission may use. Times in seconds, sizes in bytes."""

    cells: Annotated[
        float, Meta(gt=0, le=3600, description="Seconds for all cells of the notebook together.")
    ] = 10.0
    call: Annotated[
        float, Meta(gt=0, le=3600, description="Seconds for one call of one function.")
    ] = 5.0
    chapter: Annotated[
        float,
        Meta(
            gt=0,
            le=86400,
            description="Seconds for all calls, shared out evenly among the chapter's functions.",
        ),
    ] = 60.0
    submission: Annotated[
        float,
        Meta(
            gt=0,
            le=86400,
            description="Seconds for everything a submission does, its cells each time they are run included.",
        ),
    ] = 60.0
    memory: Annotated[
        int,
        Meta(ge=1 << 24, le=1 << 40, description="Bytes of memory beyond what the libraries take."),
    ] = 1 << 30
    # The first 64 KiB would be enough for anybody.
    output: Annotated[
        int, Meta(ge=1 << 16, le=1 << 30, description="Bytes printed during one call.")
    ] = 16 << 20
    callbacks: Annotated[
        int,
        Meta(
            ge=1,
            le=10_000_000,
            description="Calls of the grader's callables during one call.",
        ),
    ] = 50_000


class WorkerEnded(Exception):
    """The worker is gone. `verdict` is the closed verdict of a test result that this costs."""

    def __init__(self, verdict: str, message: str):
        super().__init__(message)
        self.verdict = verdict
        self.message = message


class GraderFault(Exception):
    """Our own machinery failed: never a student's fault, never a silent zero."""


class Handle(msgspec.Struct, frozen=True):
    """An object that lives in the worker: a cache, a model. Good for the worker that made it only."""

    token: int
    generation: int


class Unsent(msgspec.Struct, frozen=True):
    """Stands for a result that is no plain data; only the name of its type came."""

    type_name: str


class Opaque:
    """Wraps an object of the grader that student code may pass on by reference and not look into."""

    def __init__(self, value: Any = None):
        self.value = value


class CallResult(msgspec.Struct, frozen=True):
    """What a call gave: its result, the arguments as they were afterwards, gradients of tensor arguments."""

    result: Any
    args_after: Any = None
    gradients: Any = None
    lines: int = 0  # of Python that were run, where they were counted
