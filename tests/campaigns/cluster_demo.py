"""A cluster on this machine, of which a worker is killed halfway: `make cluster-demo`.

Scheduler and workers are commands, as on other machines. The results have to be those of a local run, byte for byte.
"""

from __future__ import annotations

import argparse
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from autograder.classroom.cluster import Cluster
from autograder.classroom.local import LocalProcesses
from autograder.classroom.run import Selection, grade_class
from autograder.classroom.scheduler import Conditions, Scheduler
from autograder.course.settings import Grading
from autograder.course.source import ROOT, Chapter
from autograder.sample_class import finished, write
from autograder.sandbox.terms import Limits

# An endless loop need not be waited for as long as a real one. Far above what a call takes on a loaded machine.
LIMITS = Limits(cells=4.0, call=2.0, chapter=20.0)
START_SECONDS = 60


@dataclass(frozen=True)
class Comparison:
    """What a run with a killed worker gave, beside a local run."""

    submissions: int
    killed_after: int
    cluster_seconds: float
    local_seconds: float
    differing: tuple[str, ...]
    left_behind: tuple[int, ...]  # processes of the killed worker


@contextmanager
def started(
    arguments: Sequence[str], folder: Path, path: Path = ROOT
) -> Iterator[subprocess.Popen[bytes]]:
    """A Dask command in this checkout, ended at the end. What it logs goes into a file."""
    module, *options = arguments
    environment = {**os.environ, "PYTHONPATH": str(path), "OMP_NUM_THREADS": "1"}
    log = folder / f"{module.rpartition('.')[2]}-{len(list(folder.glob('*.log')))}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", module, *options],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def scheduler_process(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A Dask scheduler on 127.0.0.1, and its address."""
    told = folder / "scheduler.json"
    options = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--no-show"]
    command = ["distributed.cli.dask_scheduler", *options, "--scheduler-file", str(told)]
    with started(command, folder) as process:
        yield process, _address(process, told)


@contextmanager
def scheduler(folder: Path) -> Iterator[str]:
    """The address of a Dask scheduler on 127.0.0.1."""
    with scheduler_process(folder) as (_process, address):
        yield address


def _address(process: subprocess.Popen[bytes], told: Path) -> str:
    """Read the address as soon as the scheduler has written it down."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the Dask scheduler ended with {process.returncode}")
        try:
            return json.loads(told.read_text())["address"]
        except (OSError, json.JSONDecodeError):
            try:
                process.wait(timeout=0.1)
            except subprocess.TimeoutExpired:
                continue
    raise TimeoutError("the Dask scheduler did not come up")


@contextmanager
def worker(address: str, folder: Path, path: Path = ROOT) -> Iterator[subprocess.Popen[bytes]]:
    """A Dask worker of one thread, without the nanny that would start another in its place."""
    command = ["distributed.cli.dask_worker", address, "--host", "127.0.0.1", "--nthreads", "1"]
    command += ["--no-nanny", "--no-dashboard", "--local-directory", str(folder)]
    with started(command, folder, path) as process:
        yield process


def wait_for_workers(address: str, count: int) -> None:
    """Return when the scheduler has so many workers."""
    import distributed

    with distributed.Client(address, set_as_default=False, timeout=START_SECONDS) as client:
        client.wait_for_workers(count, timeout=START_SECONDS)


def descendants(pid: int) -> list[int]:
    """The children of a process, theirs, and so on."""
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in map(int, (task / "children").read_text().split()):
            found += [child, *descendants(child)]
    return found


def still_running(pids: Sequence[int], seconds: float = 10.0) -> list[int]:
    """Those of the processes that have not ended after a while. A process descriptor tells when one has."""
    left = []
    deadline = time.monotonic() + seconds
    for pid in pids:
        try:
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        try:
            ready = select.poll()
            ready.register(descriptor, select.POLLIN)
            if not ready.poll(max(0.0, deadline - time.monotonic()) * 1000):
                left.append(pid)
        finally:
            os.close(descriptor)
    return left


def results_of(output: Path) -> dict[str, bytes]:
    """Every result file by its name."""
    return {str(path.relative_to(output)): path.read_bytes() for path in output.rglob("*.json")}


def compare(folder: Path, course: dict[str, Chapter], students: Sequence[str] = ()) -> Comparison:
    """Grade the sample class on a cluster of two workers, kill one halfway, and grade it here as well."""
    submitted = folder / "submitted"
    write(submitted, course)
    killed_after = 0
    orphans: list[int] = []

    def grade(output: str, grading: Scheduler, progress: Callable[..., None]) -> float:
        begun = time.perf_counter()
        grade_class(
            Selection(submitted, list(course), students),
            folder / output,
            course,
            grading,
            Conditions(Grading(limits=LIMITS)),
            progress=progress,
        )
        return time.perf_counter() - begun

    with (
        scheduler(folder) as address,
        worker(address, folder),
        worker(address, folder) as victim,
    ):
        wait_for_workers(address, 2)

        def kill_halfway(done: int, total: int, name: str) -> None:
            nonlocal killed_after
            print(f"cluster: {done} of {total} {name}", flush=True)
            if not killed_after and done >= total // 2:
                killed_after = done
                orphans.extend(descendants(victim.pid))
                victim.send_signal(signal.SIGKILL)
                victim.wait()
                print(f"killed worker {victim.pid}, which had {len(orphans)} processes", flush=True)

        with closing(Cluster(address)) as cluster:
            seconds = grade("cluster", cluster, kill_halfway)
        left_behind = still_running(orphans)
    local_seconds = grade("local", LocalProcesses(2), lambda _done, _total, _name: None)
    one, other = results_of(folder / "cluster"), results_of(folder / "local")
    differing = [name for name in sorted(one | other) if one.get(name) != other.get(name)]
    return Comparison(
        submissions=len(other),
        killed_after=killed_after,
        cluster_seconds=seconds,
        local_seconds=local_seconds,
        differing=tuple(differing),
        left_behind=tuple(left_behind),
    )


def main() -> int:
    """Run the demonstration; the exit status says whether all held."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chapter", action="append", default=[], help="may be repeated")
    options = parser.parse_args()
    course = finished()
    if unknown := set(options.chapter) - set(course):
        parser.error(f"there is no finished chapter {', '.join(sorted(unknown))}")
    chosen = {name: course[name] for name in options.chapter or course}
    folder = Path(tempfile.mkdtemp(prefix="cluster-"))
    try:
        seen = compare(folder, chosen)
    finally:
        shutil.rmtree(folder)
    print(
        f"{seen.submissions} submissions: {seen.cluster_seconds:.1f} s on the cluster, of which a worker was killed "
        f"after {seen.killed_after}; {seen.local_seconds:.1f} s with two local processes"
    )
    wrong = [f"other bytes: {name}" for name in seen.differing]
    wrong += [f"still running: process {pid} of the killed worker" for pid in seen.left_behind]
    print("\n".join(wrong) if wrong else "the same bytes, and nothing left behind")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
