"""Start a grader process before anything is known about what it will grade: it imports while others find that out.

Imports next to nothing itself, for the same reason.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from multiprocessing.connection import Connection, Pipe
from typing import IO

from autograder.course.source import ROOT
from autograder.sandbox.terms import ONE_CORE

_END_SECONDS = 2.0


@dataclass(frozen=True)
class Launched:
    """A process that waits for its first message, our end of its pipe, and the file in which it notes where it is."""

    process: subprocess.Popen[bytes]
    connection: Connection
    journal: IO[bytes]

    def close(self) -> None:
        """End the process."""
        self.connection.close()
        self.journal.close()
        try:
            self.process.wait(timeout=_END_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def launch() -> Launched:
    """Start a process that runs `autograder.classroom.grader_process`."""
    connection, theirs = Pipe()
    journal = tempfile.TemporaryFile()  # noqa: SIM115  # closed by close()
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    descriptors = [theirs.fileno(), journal.fileno()]
    arguments = [*map(str, descriptors), str(os.getpid())]
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "autograder.classroom.grader_process", *arguments],
        pass_fds=descriptors,
        env={**os.environ, **ONE_CORE, "PYTHONPATH": path},
        stdin=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is for the parent to answer
    )
    theirs.close()
    return Launched(process, connection, journal)
