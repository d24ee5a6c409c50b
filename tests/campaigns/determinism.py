"""The same bytes on a quiet machine and on a busy one: `make determinism`.

The reference and every sound alternative of all chapters are graded alone, and again beside busy loops, and the results
are compared byte for byte. So is a solution in each chapter that computes for almost half of what its cells and one call
may take; it has to get what the reference gets. A limit by the wall clock, or a test that reads one, shows here. With
`--kernels` they are graded alone, but with one kernel of OpenBLAS after the other, and the sample class as well.

    python -m tests.campaigns.determinism --times 10                        a night's worth
    python -m tests.campaigns.determinism --chapter ch01_unfolding --loops 4
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from autograder.certification.kernels import KERNELS
from autograder.classroom.local import LocalProcesses
from autograder.classroom.run import Selection, grade_class
from autograder.classroom.scheduler import Conditions
from autograder.course.source import QUIZ, Chapter, chapters, module_source
from autograder.results import from_json
from autograder.sample_class import write as write_sample_class
from autograder.sandbox.client import KERNEL
from autograder.sandbox.doctor import available
from autograder.sandbox.terms import Limits
from tests.campaigns.guard import write_alternatives

LOOP = "while True: pass"
HALF = "half_of_the_limits"
_SHARE = 0.4
_SLOW = """

import time


def _compute(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


_compute({cells})
_plain, _begun = {function}, []


def {function}(*args, **kwargs):
    if not _begun:
        _begun.append(True)
        _compute({call})
    return _plain(*args, **kwargs)
"""


def write_half(submitted: Path, course: dict[str, Chapter]) -> None:
    """Write a student who has right solutions that take almost half of the limits."""
    limits = Limits()
    for chapter in course.values():
        slow = _SLOW.format(
            function=chapter.functions[0].name,
            cells=_SHARE * limits.cells,
            call=_SHARE * limits.call,
        )
        path = submitted / HALF / chapter.name / f"{chapter.name}.py"
        path.parent.mkdir(parents=True)
        path.write_text(module_source(chapter) + slow, encoding="utf-8")


@contextmanager
def busy(loops: int) -> Iterator[None]:
    """Keep the processors busy meanwhile."""
    running = [subprocess.Popen([sys.executable, "-c", LOOP]) for _ in range(loops)]
    try:
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()


def graded(
    submitted: Path, output: Path, course: dict[str, Chapter], loops: int, jobs: int
) -> dict[str, bytes]:
    """Grade a class beside busy loops; return the bytes of each result."""
    began = time.perf_counter()
    level = available().level
    with busy(loops):
        grade_class(
            Selection(submitted, list(course)),
            output,
            course,
            LocalProcesses(jobs),
            Conditions(level=level),
        )
    found = {
        str(path.relative_to(output)): path.read_bytes()
        for path in sorted((output / "results").rglob("*.json"))
    }
    minutes = (time.perf_counter() - began) / 60
    load = os.getloadavg()[0]
    print(
        f"beside {loops} busy loops: {len(found)} results, {minutes:.1f} min, load {load:.1f} at the end",
        flush=True,
    )
    return found


def verdicts(data: bytes | None) -> dict[str, str]:
    """Return each test of a result with its verdict and message, and what is remarked."""
    if data is None:
        return {}
    result = from_json(data)
    tests = {
        f"{function.name}/{test.name}": f"{test.verdict} {test.message}".strip()
        for function in result.functions
        for test in function.tests
    }
    return {**tests, **{problem.where: problem.what for problem in result.problems}}


def difference(name: str, quiet: bytes, busy: bytes | None) -> str:
    """Say where two results of one submission differ first."""
    before, after = verdicts(quiet), verdicts(busy)
    for test in {**before, **after}:
        if before.get(test) != after.get(test):
            return f"{name}: {test}: {before.get(test)!r} alone, {after.get(test)!r} beside"
    return f"{name}: not in a test"


def short_of_full(name: str, data: bytes) -> list[str]:
    """Say which functions of a right solution have lost points; a module has no answers of a student."""
    return [
        f"{name}: {function.name} has {function.score} of {function.max_score}"
        for function in from_json(data).functions
        if function.name != QUIZ and function.score != function.max_score
    ]


def under_kernels(
    submitted: Path, scratch: Path, course: dict[str, Chapter], jobs: int
) -> Iterator[dict[str, bytes]]:
    """Grade a class with each kernel that the processor has; the processes that are started take it over."""
    for kernel in KERNELS:
        os.environ[KERNEL] = kernel
        try:
            command = "from autograder.certification.kernels import loaded_kernel as k; print(k())"
            asked = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True)
            if asked.stdout.strip().lower() != kernel.lower():
                print(f"{kernel}: not on this processor")
                continue
            print(f"{kernel}:", end=" ")
            yield graded(submitted, scratch / kernel, course, 0, jobs)
        finally:
            del os.environ[KERNEL]


def main() -> int:
    """Grade, compare, print what differs."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.campaigns.determinism",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--loops", type=int, default=8, metavar="N", help="busy loops beside")
    parser.add_argument("--times", type=int, default=1, metavar="N", help="how often when busy")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="submissions at a time")
    parser.add_argument("--chapter", action="append", default=[], help="only this one")
    parser.add_argument(
        "--kernels", action="store_true", help="compare kernels of OpenBLAS instead of loads"
    )
    options = parser.parse_args()
    course = {n: c for n, c in chapters().items() if not options.chapter or n in options.chapter}
    if missing := set(options.chapter) - set(course):
        parser.error(f"there is no chapter {', '.join(sorted(missing))}")
    wrong: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="determinism-") as scratch:
        submitted = Path(scratch, "submitted")
        submitted.mkdir()
        write_alternatives(submitted, course)
        write_half(submitted, course)
        if options.kernels:
            write_sample_class(submitted)
        quiet = graded(submitted, Path(scratch, "quiet"), course, 0, options.jobs)
        for name, data in quiet.items():
            if HALF in Path(name).parts and (lost := short_of_full(name, data)):
                wrong[name] = "; ".join(lost)
        if options.kernels:
            others = under_kernels(submitted, Path(scratch), course, options.jobs)
        else:
            others = (
                graded(submitted, Path(scratch, f"busy{n}"), course, options.loops, options.jobs)
                for n in range(options.times)
            )
        passes = 0
        for now in others:
            passes += 1
            for name, data in quiet.items():
                if data != now.get(name):
                    wrong.setdefault(name, difference(name, data, now.get(name)))
    for line in wrong.values():
        print(f"DIFFERS: {line}")
    print(f"determinism: {len(quiet)} results, compared {passes} times, {len(wrong)} differ")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
