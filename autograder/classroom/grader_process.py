"""A grader in a process of its own, which may die without harm: `python -m autograder.classroom.grader_process`.

It is started as a command and not through multiprocessing: a Dask worker under its nanny may not have children of that
kind. What crosses the pipe is msgpack, checked against its type on both sides.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from multiprocessing.connection import Connection, Pipe

import msgspec

from autograder.classroom.scheduler import LOST_TWICE, Conditions
from autograder.course.source import ROOT, Chapter
from autograder.grading.engine import Grader, Usage, lost
from autograder.grading.submissions import Submission
from autograder.results import SubmissionResult
from autograder.sandbox.terms import ONE_CORE

_PR_SET_PDEATHSIG = 1
_END_SECONDS = 2.0


class _Setting(msgspec.Struct, frozen=True):
    """The first message: what the grader is made with."""

    course: dict[str, Chapter]
    conditions: Conditions


class GraderProcess:
    """A grader process with its own zygotes."""

    def __init__(self, course: dict[str, Chapter], conditions: Conditions):
        self.conditions = conditions
        self._course = course
        self._start()

    def _start(self) -> None:
        self.connection, theirs = Pipe()
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
        arguments = [str(theirs.fileno()), str(os.getpid())]
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "autograder.classroom.grader_process", *arguments],
            pass_fds=[theirs.fileno()],
            env={**os.environ, **ONE_CORE, "PYTHONPATH": path},
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the parent to answer
        )
        theirs.close()
        self._send(msgspec.msgpack.encode(_Setting(self._course, self.conditions)))

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def _send(self, data: bytes) -> None:
        try:
            self.connection.send_bytes(data)
        except (BrokenPipeError, ConnectionResetError):
            return  # the process is gone; take() sees the end of the pipe

    def give(self, submission: Submission) -> None:
        """Hand over a submission; `take` gets its result when the connection is ready."""
        self._send(msgspec.msgpack.encode(submission))

    def take(self) -> tuple[SubmissionResult, Usage] | None:
        """Return the result, None where the process died."""
        try:
            data = self.connection.recv_bytes()
        except (EOFError, ConnectionResetError):
            return None
        return msgspec.msgpack.decode(data, type=tuple[SubmissionResult, Usage])

    def grade(self, submission: Submission) -> tuple[SubmissionResult, Usage]:
        """Give and take; where the process dies, another one tries again, and then that is the result."""
        for _attempt in range(LOST_TWICE):
            self.give(submission)
            answer = self.take()
            if answer is not None:
                return answer
            self.restart()
        chapter = self._course[submission.chapter]
        return lost(submission, chapter, self.conditions.grading), Usage()

    def restart(self) -> None:
        """Start a new process in place of a dead one."""
        self.close()
        self._start()

    def close(self) -> None:
        """End the process."""
        self.connection.close()
        try:
            self._process.wait(timeout=_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _work(connection: Connection) -> None:
    """Grade what comes until the pipe ends."""
    setting = msgspec.msgpack.decode(connection.recv_bytes(), type=_Setting)
    conditions = setting.conditions
    grader = Grader(
        setting.course,
        grading=conditions.grading,
        policy={"level": conditions.level},
    )
    decoder = msgspec.msgpack.Decoder(Submission)
    try:
        while True:
            submission = decoder.decode(connection.recv_bytes())
            connection.send_bytes(msgspec.msgpack.encode(grader.grade(submission)))
    finally:
        grader.close()


def _die_with(parent: int) -> None:
    """End with the parent, even where it is killed while we wait for a worker. Linux only; elsewhere the pipe tells."""
    try:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    except (OSError, AttributeError):
        return
    if os.getppid() != parent:
        os._exit(1)


def main() -> None:
    """Grade for the process that started this one."""
    descriptor, parent = map(int, sys.argv[1:])
    _die_with(parent)
    with Connection(descriptor) as connection:
        try:
            _work(connection)
        except (EOFError, BrokenPipeError, ConnectionResetError):
            return  # nobody waits for results any more


if __name__ == "__main__":
    main()
