"""A command, watched while it runs: how long it takes and how much memory all of its processes hold together."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_TICK = 0.25
_KIB = 1 << 10


@dataclass(frozen=True)
class Measured:
    """What a command did: exit status, seconds, the most bytes at a time, and the end of what it said."""

    status: int
    seconds: float
    memory: int
    said: str


def run(
    command: Sequence[str], *, folder: Path, environment: Mapping[str, str], most: float
) -> Measured:
    """Run a command and look at the memory of its processes four times a second.

    Memory is the proportional share (PSS), so that what processes share counts once. It includes that of processes
    which have left their session, but not of one whose parents are all gone.

    Raises:
        subprocess.TimeoutExpired: it took more seconds than `most`.
    """
    began = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    peak = 0
    over = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not over.wait(_TICK):
            peak = max(peak, sum(map(_share, _family(process.pid))))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        said, _ = process.communicate(timeout=most)
    finally:
        over.set()
        watcher.join()
        process.kill()
    return Measured(process.returncode, time.perf_counter() - began, peak, said[-2000:])


def _family(root: int) -> Iterator[int]:
    """Yield a process and all that come from it."""
    children = defaultdict(list)
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                text = Path("/proc", name, "stat").read_text(errors="replace")
            except OSError:
                continue  # it has ended
            children[int(text.rpartition(")")[2].split()[1])].append(int(name))
    waiting = [root]
    while waiting:
        one = waiting.pop()
        yield one
        waiting += children[one]


def _share(process: int) -> int:
    """Bytes that a process holds, its part of what it shares with others; 0 where it has ended."""
    try:
        text = Path(f"/proc/{process}/smaps_rollup").read_text()
    except OSError:
        return 0
    for line in text.splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * _KIB
    return 0
