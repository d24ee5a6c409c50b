"""Ranges side by side, each in a process of its own that an attack may as well end."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path

from .runner import Range

_RANGES = 2


@dataclass(frozen=True)
class Row:
    """How a submission ended, as far as the table needs it; `harm` and `otherwise` as in `Attempt`."""

    folder: Path
    score: str = "–"
    seconds: float = 0.0
    harm: list[str] = field(default_factory=list)
    otherwise: list[str] = field(default_factory=list)


def _serve(level: str, connection: Connection) -> None:
    """Be one range: take the path of a submission, send back how it ended, until there is no more."""
    with Range(level) as attacked:
        while (folder := connection.recv()) is not None:
            outcome = attacked.run(folder)
            score = "–" if outcome.result.score is None else f"{outcome.result.score:g}"
            connection.send(Row(folder, score, outcome.seconds, outcome.harm, outcome.otherwise))


def run_level(level: str, folders: Sequence[Path], ranges: int = _RANGES) -> Iterator[Row]:
    """Run submissions at one level, in a few ranges side by side."""
    context = multiprocessing.get_context("spawn")
    waiting = list(reversed(folders))
    busy: dict[Connection, tuple[multiprocessing.process.BaseProcess, Path]] = {}

    def start() -> None:
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(level, theirs))
        process.start()
        theirs.close()
        proceed(ours, process)

    def proceed(connection: Connection, process: multiprocessing.process.BaseProcess) -> None:
        folder = waiting.pop() if waiting else None
        connection.send(folder)
        if folder is None:
            process.join()
            connection.close()
        else:
            busy[connection] = (process, folder)

    for _ in range(min(ranges, len(waiting))):
        start()
    while busy:
        for connection in wait(list(busy)):
            assert isinstance(connection, Connection)
            process, folder = busy.pop(connection)
            try:
                row = connection.recv()
            except EOFError:
                process.join()
                ended = f"the grader ended (exit status {process.exitcode})"
                yield Row(folder, harm=[ended])
                if waiting:
                    start()
                continue
            proceed(connection, process)
            yield row
