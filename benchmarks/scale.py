"""A synthetic class graded for real, and what follows for a larger one: `make scale`.

Writes every number to a file, and the tables of `docs/scale.md` on demand.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
from rich.console import Console
from rich.markdown import Markdown

from autograder.classroom.dask_worker import Delivered, Order
from autograder.classroom.local import LocalProcesses
from autograder.classroom.run import SAFE_LEVELS, Selection, grade_class
from autograder.classroom.scheduler import Conditions
from autograder.course.source import ROOT, Chapter
from autograder.files import write_file
from autograder.grading.choice import Found
from autograder.grading.submissions import read
from autograder.grading.version import fingerprint
from autograder.sample_class import finished
from autograder.sandbox.doctor import available
from benchmarks.scale_fit import Footprint, Grading, Measured, put_into, render
from benchmarks.synthetic_class import hand_in

_SAMPLES = 40  # of memory, for each chapter


class Watch:
    """Collects times and memory as submissions are graded."""

    def __init__(self, students: int):
        self.footprints: list[Footprint] = []
        self._every = max(1, students // _SAMPLES)

    def progress(self, done: int, total: int, name: str) -> None:
        """Look at the processes now and then."""
        if done % self._every == 0 and name:
            chapter = name.rpartition(" ")[2]
            for process, resident in processes():
                self.footprints.append(Footprint(process, chapter, done, resident))
        if done and (done == total or done % max(1, total // 10) == 0):
            print(f"{done} of {total}", file=sys.stderr, flush=True)


def processes() -> Iterator[tuple[str, int]]:
    """This process, its graders and their zygotes, each with its kind, number and resident bytes."""
    own = os.getpid()
    yield f"main {own}", _resident(own)
    for grader in _children(own):
        command = _command(grader)
        if b"autograder.classroom.grader_process" not in command:
            continue
        yield f"grader {grader}", _resident(grader)
        for zygote in _zygotes(grader):
            yield f"zygote {zygote}", _resident(zygote)


def _zygotes(pid: int) -> Iterator[int]:
    """The zygotes below a process, those within bubblewrap too, and not the workers below them."""
    for child in _children(pid):
        program, _, rest = _command(child).partition(b"\0")
        if program.endswith(b"bwrap"):
            yield from _zygotes(child)
        elif b"zygote.py" in rest:
            yield child


def _children(pid: int) -> list[int]:
    found = []
    try:
        for thread in Path(f"/proc/{pid}/task").iterdir():
            found += map(int, (thread / "children").read_text().split())
    except OSError:
        return []  # it has just ended
    return found


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def measure(
    folder: Path, course: dict[str, Chapter], students: int, seed: int, jobs: int
) -> Measured:
    """Make the class and grade it."""
    level = available().level
    if level not in SAFE_LEVELS:
        raise SystemExit(f"the sandbox reaches only level {level} here")
    submitted, output = folder / "submitted", folder / "graded"
    hand_in(submitted, course, students, seed)
    watch = Watch(students)
    load_average = os.getloadavg()[0]
    own = time.process_time()
    started = time.perf_counter()
    summary = grade_class(
        Selection(submitted, list(course)),
        output,
        course,
        LocalProcesses(jobs),
        Conditions(level=level),
        progress=watch.progress,
    )
    seconds = time.perf_counter() - started
    own = time.process_time() - own
    failed = [result for result in summary.results if result.status != "graded"]
    if failed:
        raise SystemExit(f"{len(failed)} were not graded, {failed[0].student} {failed[0].chapter}")
    gradings = [
        Grading(name.rpartition("/")[2], usage.load, usage.calls, usage.total)
        for name, usage in summary.usages.items()
    ]
    results = list(output.glob("results/*/*.json"))
    messages = 0
    for result in summary.results:
        place = Found(
            result.student, result.chapter, str(submitted / result.student / result.chapter)
        )
        order = Order(fingerprint(), Conditions(), "B", read(place))
        reply = Delivered(result, summary.usages[f"{result.student}/{result.chapter}"])
        messages += len(msgspec.msgpack.encode(order)) + len(msgspec.msgpack.encode(reply))
    return Measured(
        students=students,
        seed=seed,
        jobs=jobs,
        cores=os.cpu_count() or 1,
        level=level,
        libraries={name: chapter.libraries for name, chapter in course.items()},
        seconds=seconds,
        cpu=own + sum(usage.cpu for usage in summary.usages.values()),
        main_cpu=own,
        gradings=gradings,
        footprints=watch.footprints,
        handed_in_bytes=sum(path.stat().st_size for path in submitted.rglob("*.ipynb")),
        result_files=len(results),
        result_bytes=sum(path.stat().st_size for path in results),
        message_bytes=messages,
        load_average=load_average,
    )


def main() -> int:
    """Measure, fit and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=200)
    parser.add_argument("--chapter", action="append", default=[], help="may be repeated")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "scale.json")
    parser.add_argument(
        "--page", type=Path, metavar="FILE", help="put the tables into this page, docs/scale.md"
    )
    parser.add_argument(
        "--again", action="store_true", help="show the tables of the last run, without a new one"
    )
    options = parser.parse_args()
    if options.again:
        measured = msgspec.json.decode(options.output.read_bytes(), type=Measured)
    else:
        course = finished()
        if unknown := set(options.chapter) - set(course):
            parser.error(f"there is no finished chapter {', '.join(sorted(unknown))}")
        chosen = {name: course[name] for name in options.chapter or course}
        folder = Path(tempfile.mkdtemp(prefix="scale-"))
        try:
            measured = measure(folder, chosen, options.students, options.seed, options.jobs)
        finally:
            shutil.rmtree(folder)
        write_file(options.output, msgspec.json.encode(measured) + b"\n")
    section = render(measured)
    if options.page:
        put_into(options.page, section)
    Console().print(Markdown(section))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
