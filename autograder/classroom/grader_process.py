"""A grader in a process of its own, which may die without harm: `python -m autograder.classroom.grader_process`.

It is started as a command and not through multiprocessing: a Dask worker under its nanny may not have children of that
kind. What crosses the pipe is msgpack, checked against its type on both sides.
"""

from __future__ import annotations

import ctypes
import os
import signal
import struct
import sys
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

import msgspec

from autograder.classroom.launch import Launched, launch
from autograder.classroom.scheduler import LOOK_SECONDS, LOST_TWICE, MOST_LOSSES, Conditions
from autograder.course.source import Chapter
from autograder.grading.engine import Grader, Usage, lost_in_process, not_examined
from autograder.grading.judge import EXAMINING_SECONDS
from autograder.grading.submissions import Submission
from autograder.results import SubmissionResult

_PR_SET_PDEATHSIG = 1
_PLACE = struct.Struct("<H254s")  # length and name of the function whose results are being examined
# Processor time of the grader itself, its workers aside. The judge stops itself long before, unless it hangs in C.
_SECONDS_WITHOUT_PROGRESS = 2 * EXAMINING_SECONDS
_SECONDS_OF_A_SUBMISSION = 6 * EXAMINING_SECONDS


class _Setting(msgspec.Struct, frozen=True):
    """The first message: what the grader is made with."""

    course: dict[str, Chapter]
    conditions: Conditions


class _Order(msgspec.Struct, frozen=True):
    """A submission to grade, and the functions that are not to be called again."""

    submission: Submission
    without: list[str]


@dataclass
class Losses:
    """How a submission has ended grader processes so far, and what to try next.

    A process that ends while it examines what a function returned ends because of that: the function gets no points
    and the rest is graded. One that ends anywhere else twice is a fault of ours.
    """

    without: list[str] = field(default_factory=list)
    elsewhere: int = 0

    def add(self, function: str) -> bool:
        """Note a loss in a test of a function ("" elsewhere); tell whether to try once more."""
        if not function or function in self.without:
            self.elsewhere += 1
        else:
            self.without.append(function)
        return self.elsewhere < LOST_TWICE and len(self.without) <= MOST_LOSSES


class GraderProcess:
    """A grader process with its own zygotes."""

    def __init__(
        self,
        course: dict[str, Chapter],
        conditions: Conditions,
        launched: Launched | None = None,
    ):
        self.conditions = conditions
        self._course = course
        self._start(launched or launch())

    def _start(self, launched: Launched) -> None:
        self._launched = launched
        self._seen = b""
        self._given_at = self._moved_at = 0.0
        self._send(msgspec.msgpack.encode(_Setting(self._course, self.conditions)))

    @property
    def connection(self) -> Connection:
        """Our end of the pipe."""
        return self._launched.connection

    @property
    def pid(self) -> int:
        """The process id."""
        return self._launched.process.pid

    def _send(self, data: bytes) -> None:
        try:
            self.connection.send_bytes(data)
        except (BrokenPipeError, ConnectionResetError):
            return  # the process is gone; take() sees the end of the pipe

    def give(self, submission: Submission, losses: Losses) -> None:
        """Hand over a submission; `take` gets its result when the connection is ready."""
        self._given_at = self._moved_at = self._cpu()
        self._seen = b""
        os.pwrite(self._launched.journal.fileno(), bytes(_PLACE.size), 0)
        self._send(msgspec.msgpack.encode(_Order(submission, losses.without)))

    def _cpu(self) -> float:
        """Processor time of the process itself so far, in seconds; 0 where the system does not tell."""
        try:
            text = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii")
        except OSError:
            return 0.0
        user, system = text.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def examining(self) -> str:
        """Return the function whose results the process looks at, "" where it does something else."""
        length, name = _PLACE.unpack(os.pread(self._launched.journal.fileno(), _PLACE.size, 0))
        return name[:length].decode(errors="replace")

    def stop_if_stuck(self) -> None:
        """Kill the process where it has spent its time on what a submission returned; `take` sees the end."""
        now = self._cpu()
        place = os.pread(self._launched.journal.fileno(), _PLACE.size, 0)
        if place != self._seen:
            self._seen, self._moved_at = place, now
        if (
            now - self._moved_at > _SECONDS_WITHOUT_PROGRESS
            or now - self._given_at > _SECONDS_OF_A_SUBMISSION
        ):
            self._launched.process.kill()

    def take(self) -> tuple[SubmissionResult, Usage] | None:
        """Return the result, None where the process died."""
        try:
            data = self.connection.recv_bytes()
        except (EOFError, ConnectionResetError):
            return None
        return msgspec.msgpack.decode(data, type=tuple[SubmissionResult, Usage])

    def grade(self, submission: Submission) -> tuple[SubmissionResult, Usage]:
        """Give and take; where the process dies, another one tries again without the function of which it examined a result."""
        losses = Losses()
        while True:
            self.give(submission, losses)
            while not self.connection.poll(LOOK_SECONDS):
                self.stop_if_stuck()
            answer = self.take()
            if answer is not None:
                return answer
            again = losses.add(self.examining())
            self.restart()
            if not again:
                return self.result_without(submission, losses)

    def result_without(
        self, submission: Submission, losses: Losses
    ) -> tuple[SubmissionResult, Usage]:
        """Return the result of a submission that no process survives."""
        chapter = self._course[submission.chapter]
        result = (
            lost_in_process(submission, chapter, self.conditions.grading)
            if losses.elsewhere >= LOST_TWICE
            else not_examined(submission, chapter, self.conditions.grading)
        )
        return result, Usage()

    def restart(self) -> None:
        """Start a new process in place of a dead one."""
        self.close()
        self._start(launch())

    def close(self) -> None:
        """End the process."""
        self._launched.close()


def _work(connection: Connection, journal: int) -> None:
    """Grade what comes until the pipe ends."""
    setting = msgspec.msgpack.decode(connection.recv_bytes(), type=_Setting)
    conditions = setting.conditions
    grader = Grader(
        setting.course,
        grading=conditions.grading,
        policy={"level": conditions.level, "threads": conditions.threads},
    )
    decoder = msgspec.msgpack.Decoder(_Order)

    def examining(function: str) -> None:
        name = function.encode()[:254]
        os.pwrite(journal, _PLACE.pack(len(name), name), 0)

    try:
        while True:
            order = decoder.decode(connection.recv_bytes())
            graded = grader.grade(order.submission, order.without, examining)
            connection.send_bytes(msgspec.msgpack.encode(graded))
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
    descriptor, journal, parent = map(int, sys.argv[1:])
    _die_with(parent)
    with Connection(descriptor) as connection:
        try:
            _work(connection, journal)
        except (EOFError, BrokenPipeError, ConnectionResetError):
            return  # nobody waits for results any more


if __name__ == "__main__":
    main()
