"""What a confined worker costs: start to first result, a call's round trip, memory."""

from __future__ import annotations

import argparse
import select
import statistics
import time
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from autograder.sandbox.client import Zygote
from autograder.sandbox.doctor import available
from autograder.sandbox.session import Session
from autograder.sandbox.terms import Cell, Limits

SOURCE = "import numpy as np\ndef same(x): return x\n"
SMALL = np.ones((4, 5))
LARGE = np.ones((256, 512))  # 1 MiB


def new_session(zygote: Zygote) -> Session:
    """A session with one small cell."""
    return Session(zygote, [Cell(1, SOURCE)], is_notebook=False, limits=Limits())


def wait_for_spare(zygote: Zygote) -> None:
    """Return when the worker forked in advance has said that it has confined itself."""
    assert zygote._next_pipes is not None
    poll = select.poll()
    poll.register(zygote._next_pipes[1], select.POLLIN)
    poll.poll()


def starts(zygote: Zygote, repeats: int, in_advance: bool) -> list[float]:
    """Milliseconds from the wish for a worker to its first result.

    In a run a worker waits already (`in_advance`), forked while the one before it was at work.
    """
    found = []
    for _ in range(repeats):
        if in_advance:
            wait_for_spare(zygote)
        else:
            zygote.drop_spare()
        started = time.perf_counter()
        session = new_session(zygote)
        session.call("same", [SMALL])
        found.append(1e3 * (time.perf_counter() - started))
        session.close()
    return found


def calls(session: Session, array: np.ndarray, repeats: int) -> list[float]:
    """Microseconds for a call that takes and returns an array."""
    found = []
    for _ in range(repeats):
        started = time.perf_counter()
        session.call("same", [array])
        found.append(1e6 * (time.perf_counter() - started))
    return found


def private_memory(session: Session) -> float:
    """MiB that a worker has for itself and shares with nobody."""
    worker = session._worker
    assert worker is not None
    lines = Path(f"/proc/{worker.outer_pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) / 1024


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=40)
    options = parser.parse_args()
    level = available().level
    table = Table("", "median", "best", title=f"a confined worker, level {level}")
    for libraries in ("numpy", "torch"):
        zygote = Zygote(libraries, {"level": level})
        rows = {
            "fork to first result, ms": starts(zygote, options.repeats, in_advance=False),
            "forked in advance, ms": starts(zygote, options.repeats, in_advance=True),
        }
        session = new_session(zygote)
        session.call("same", [SMALL])
        rows["call with 160 bytes, µs"] = calls(session, SMALL, 10 * options.repeats)
        rows["call with 1 MiB, µs"] = calls(session, LARGE, options.repeats)
        rows["private memory, MiB"] = [private_memory(session)]
        for what, values in rows.items():
            table.add_row(
                f"{libraries}: {what}", f"{statistics.median(values):.1f}", f"{min(values):.1f}"
            )
        session.close()
        zygote.close()
    Console().print(table)


if __name__ == "__main__":
    main()
