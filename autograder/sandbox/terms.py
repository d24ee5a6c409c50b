"""What both sides of the sandbox talk about: cells, limits, how a call ended and what came of it."""

from __future__ import annotations

from typing import Any

import msgspec


class Cell(msgspec.Struct, frozen=True):
    """A code cell that counts: its number in the notebook and its source."""

    number: int
    source: str


ONE_CORE = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""Environment of whatever runs side by side, one to a core: with more threads each they wait for one another."""


class Limits(msgspec.Struct, frozen=True):
    """What a submission may use. Times in seconds, sizes in bytes."""

    cells: float = 10.0  # all cells of the notebook together
    call: float = 5.0  # one call of one function
    chapter: float = 60.0  # all calls, shared out evenly among the chapter's functions
    memory: int = 1 << 30  # beyond what the libraries take
    output: int = 16 << 20  # printed during one call; the first 64 KiB would be enough for anybody
    callbacks: int = 50_000  # calls of the grader's callables during one call


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
