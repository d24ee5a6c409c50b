"""Does sound code in single precision pass whatever the processor? Each kernel of OpenBLAS sums in an order of its own.

The kernel is chosen when the library is loaded, so each has a child process. There the alternatives that compute in
float32 run against the whole suite, without a sandbox, and each comparison's distance to its tolerance is noted.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from autograder.certification.errors import largest_error
from autograder.course.catalogue import alternatives
from autograder.course.settings import Grading
from autograder.course.source import ROOT, Chapter, chapters, module_source
from autograder.grading import toolkit
from autograder.grading.collect import HiddenTest
from autograder.grading.judge import Suite
from autograder.sandbox.inprocess import InProcessZygote, load_session

KERNELS = ("Haswell", "SkylakeX", "Sandybridge", "generic")
SEEDS = {"numpy": 3, "torch": 1}  # trainings take long
_SECONDS = 900


class Near(msgspec.Struct, frozen=True):
    """The comparison of a chapter that comes nearest to its tolerance.

    Attributes:
        ratio: tolerance by error, infinite where there is no error.
        alternative: whose result it was.
        test: where.
        seed: of the inputs.
    """

    ratio: float | None = None
    alternative: str = ""
    test: str = ""
    seed: int = 0


class Ran(msgspec.Struct, frozen=True):
    """What one kernel made of a chapter.

    Attributes:
        kernel: the one that was asked for.
        loaded: the one that OpenBLAS took, "" where this cannot be asked.
        threads: of torch.
        nearest: the least distance to a tolerance.
        lost: "alternative: function: test (seed)" for every test that failed.
    """

    kernel: str
    loaded: str
    threads: int
    nearest: Near
    lost: list[str]


def loaded_kernel() -> str:
    """Return the name of the kernel that numpy's OpenBLAS uses in this process, "" where there is none to ask."""
    for path in Path(np.__file__).parent.with_name("numpy.libs").glob("*openblas*.so"):
        library = ctypes.CDLL(str(path))
        for name in ("scipy_openblas_get_corename64_", "scipy_openblas_get_corename"):
            if hasattr(library, name):
                function = getattr(library, name)
                function.restype = ctypes.c_char_p
                return str(function().decode())
    return ""


def single_precision(chapter: Chapter) -> dict[str, str]:
    """Return the alternatives of a chapter that compute in float32; the reference itself where no other does."""
    found = {s: source for s, source in alternatives(chapter.name).items() if "float32" in source}
    return found or {"reference": ""}


def run_here(chapter: Chapter, seeds: Sequence[int]) -> tuple[Near, list[str]]:
    """Run the alternatives in single precision with the kernel of this process."""
    suite = Suite(chapter, Grading())
    nearest, lost = Near(), []
    for seed in seeds:
        suite.seed = seed
        for style, source in single_precision(chapter).items():
            watch = _Nearest()
            session = load_session(
                InProcessZygote(chapter.libraries), [module_source(chapter), source], suite.limits
            )
            with toolkit.observed(watch.compared):
                suite.run(
                    session,
                    lambda test: not suite.takes_long(test),
                    before=watch.begin,
                    after=watch.end,
                )
            lost += [f"{style}: {test} (seed {seed})" for test in watch.failed]
            if watch.ratio is not None and (nearest.ratio is None or watch.ratio < nearest.ratio):
                nearest = Near(watch.ratio, style, watch.place, seed)
    return nearest, lost


class _Nearest:
    """Notes by how much each comparison meets its tolerance."""

    def __init__(self) -> None:
        self.ratio: float | None = None
        self.place = ""
        self.failed: list[str] = []
        self._test = ""

    def begin(self, test: HiddenTest) -> None:
        self._test = f"{test.function}: {test.name}"

    def end(self, _test: HiddenTest, verdict: str) -> None:
        # Two threads on one processor wait for one another at the cost of both: time is not what is tried here.
        if verdict not in ("passed", "timeout"):
            self.failed.append(self._test)

    def compared(self, got: Any, want: Any, tolerance: float, _passed: bool) -> None:
        error = largest_error(got, want)
        if 0.0 < error < float("inf") and (self.ratio is None or tolerance / error < self.ratio):
            self.ratio, self.place = tolerance / error, self._test


def run_under(chapter: str, kernel: str, threads: int, seeds: int) -> Ran | str:
    """Run a chapter in a child process with a kernel; a text where the processor does not have it."""
    command = [sys.executable, "-m", __name__, chapter, kernel, str(threads), str(seeds)]
    environment = {**os.environ, "OPENBLAS_CORETYPE": kernel, "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(
        command, env=environment, cwd=ROOT, capture_output=True, timeout=_SECONDS, check=False
    )
    if done.returncode < 0:
        return f"{kernel}: the child process ended with signal {-done.returncode}"
    if done.returncode:
        raise RuntimeError(f"{chapter}, {kernel}: {done.stderr.decode(errors='replace')[-500:]}")
    ran = msgspec.json.decode(done.stdout, type=Ran)
    if ran.loaded and ran.loaded.lower() != kernel.lower():
        return f"{kernel}: OpenBLAS took {ran.loaded} in its place"
    return ran


def run_all(chapter: Chapter, seeds: int = 0) -> tuple[list[Ran], list[str]]:
    """Run a chapter under every kernel that the processor has, on torch with one and two threads under the first; and what was not run."""
    ran, left_out = [], []
    torch = chapter.libraries == "torch"
    for number, kernel in enumerate(KERNELS):
        # How many threads there are has to do with no kernel, so the first is enough.
        for threads in (1, 2) if torch and number == 0 else (1,):
            one = run_under(chapter.name, kernel, threads, seeds or SEEDS[chapter.libraries])
            if isinstance(one, str):
                left_out.append(one)
                break
            ran.append(one)
    return ran, left_out


def _main(name: str, kernel: str, threads: str, seeds: str) -> None:
    chapter = chapters()[name]
    if chapter.libraries == "torch":
        import torch

        torch.set_num_threads(int(threads))
    first = Grading().seed
    numbers = [first, *(first + 1000 + number for number in range(int(seeds) - 1))]
    nearest, lost = run_here(chapter, numbers)
    ran = Ran(kernel, loaded_kernel(), int(threads), nearest, lost)
    sys.stdout.buffer.write(msgspec.json.encode(ran))


if __name__ == "__main__":
    _main(*sys.argv[1:])
