"""The same bytes on a quiet machine and on a busy one: `make determinism`.

With `--kernels`, alone but with one kernel of OpenBLAS after the other, the sample class as well.

The reference and every sound alternative of all chapters are graded alone, and once more beside busy loops, and the
results are compared byte for byte. A limit by the wall clock, or a test that reads one, shows here.
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
from autograder.course.source import Chapter, chapters
from autograder.sample_class import write as write_sample_class
from autograder.sandbox.client import KERNEL
from autograder.sandbox.doctor import available
from tests.campaigns.guard import write_alternatives

LOOP = "while True: pass"


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
    submitted: Path, output: Path, course: dict[str, Chapter], loops: int
) -> dict[str, bytes]:
    """Grade a class beside busy loops; return the bytes of each result."""
    began = time.perf_counter()
    level = available().level
    with busy(loops):
        grade_class(
            Selection(submitted, list(course)),
            output,
            course,
            LocalProcesses(1),
            Conditions(level=level),
        )
    found = {
        str(path.relative_to(output)): path.read_bytes()
        for path in sorted((output / "results").rglob("*.json"))
    }
    print(f"beside {loops} busy loops: {len(found)} results, {time.perf_counter() - began:.0f} s")
    return found


def under_kernels(
    submitted: Path, scratch: Path, course: dict[str, Chapter]
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
            yield graded(submitted, scratch / kernel, course, 0)
        finally:
            del os.environ[KERNEL]


def main() -> int:
    """Grade, compare, print what differs."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.determinism")
    parser.add_argument("--loops", type=int, default=8, metavar="N")
    parser.add_argument("--times", type=int, default=1, metavar="N", help="how often when busy")
    parser.add_argument(
        "--kernels", action="store_true", help="compare kernels of OpenBLAS instead of loads"
    )
    parser.add_argument("--chapter", action="append", default=[])
    options = parser.parse_args()
    course = {n: c for n, c in chapters().items() if not options.chapter or n in options.chapter}
    with tempfile.TemporaryDirectory(prefix="determinism-") as scratch:
        submitted = Path(scratch, "submitted")
        submitted.mkdir()
        write_alternatives(submitted, course)
        if options.kernels:
            write_sample_class(submitted)
        quiet = graded(submitted, Path(scratch, "quiet"), course, 0)
        different = set()
        if options.kernels:
            others = under_kernels(submitted, Path(scratch), course)
        else:
            others = (
                graded(submitted, Path(scratch, f"busy{number}"), course, options.loops)
                for number in range(options.times)
            )
        for now in others:
            different |= {name for name in quiet if quiet[name] != now.get(name)}
    for name in sorted(different):
        print(f"DIFFERS: {name}")
    print(f"determinism: {len(quiet)} results, {len(different)} differ")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
