"""The same bytes on a quiet machine and on a busy one: `make determinism`.

The reference and every sound alternative of all chapters are graded alone, and once more beside busy loops, and the
results are compared byte for byte. A limit by the wall clock, or a test that reads one, shows here.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from autograder.classroom.local import LocalProcesses
from autograder.classroom.run import Selection, grade_class
from autograder.classroom.scheduler import Conditions
from autograder.course.source import Chapter, chapters
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


def main() -> int:
    """Grade, compare, print what differs."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.determinism")
    parser.add_argument("--loops", type=int, default=8, metavar="N")
    parser.add_argument("--times", type=int, default=1, metavar="N", help="how often when busy")
    parser.add_argument("--chapter", action="append", default=[])
    options = parser.parse_args()
    course = {n: c for n, c in chapters().items() if not options.chapter or n in options.chapter}
    with tempfile.TemporaryDirectory(prefix="determinism-") as scratch:
        submitted = Path(scratch, "submitted")
        submitted.mkdir()
        write_alternatives(submitted, course)
        quiet = graded(submitted, Path(scratch, "quiet"), course, 0)
        different = set()
        for number in range(options.times):
            now = graded(submitted, Path(scratch, f"busy{number}"), course, options.loops)
            different |= {name for name in quiet if quiet[name] != now.get(name)}
    for name in sorted(different):
        print(f"DIFFERS: {name}")
    print(f"determinism: {len(quiet)} results, {len(different)} differ")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
