"""Running a student's notebook in a child process, with a time limit for each cell and each function.

A `NotebookRun` is driven by messages of its child and by the clock; it never waits itself, so that the same code serves the
command that waits for the end and the one that listens to keys meanwhile.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqlab import timelimit
from seqlab.results import CheckResult, from_data

# A child stops a function itself; it is killed only where that has no effect.
GRACE = 1.0 if hasattr(signal, "setitimer") else 0.0
_STEPS = 4  # of one cell that may end a process, after which the cell is left out
READY_SECONDS = 120.0  # importing torch from a cold disk takes its time


@dataclass(frozen=True)
class Message:
    """A line of a child; `data` is None at its end."""

    child: Child
    data: dict[str, Any] | None


class Child:
    """A process that is ready, or getting ready, to run one job. Its lines go to `inbox`."""

    def __init__(self, path: Path, chapter: str, inbox: queue.Queue[Any], log: Any = None):
        environment = {
            **os.environ,
            "OMP_NUM_THREADS": "1",  # for arrays this small, more threads only cost their start
            "OPENBLAS_NUM_THREADS": "1",
            "MPLBACKEND": "Agg",
            "PYTHONUTF8": "1",
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "seqlab.child", str(path.absolute()), chapter],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            cwd=path.absolute().parent,
            env=environment,
            encoding="utf-8",
        )
        self._inbox = inbox
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                self._inbox.put(Message(self, json.loads(line)))
        self._inbox.put(Message(self, None))

    def begin(self, job: dict[str, Any]) -> None:
        """Send the job; it is read as soon as the child is ready."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(job) + "\n")
            self._process.stdin.close()
        except OSError:
            pass  # it has ended, and its last message says why

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def end(self) -> None:
        """Kill the process if it still runs."""
        self._process.kill()
        self._process.wait()


class NotebookRun:
    """One run over a notebook. `results` and `notes` grow as messages come in; `running` says whether more will come."""

    def __init__(
        self,
        path: Path,
        chapter: str,
        functions: Sequence[str],
        inbox: queue.Queue[Any],
        *,
        spare: Child | None = None,
        log: Any = None,
        seconds: float = timelimit.SECONDS,
        form: bool = False,
    ):
        self.results: dict[str, CheckResult] = {}
        self.notes: dict[tuple[int, int], str] = {}  # by cell and line
        self.missing: list[str] = []  # names of the chapter; known where `form` was asked for
        self.not_callable: list[str] = []
        self.problem = ""
        self.running = True
        self.deadline = 0.0
        self._path, self._chapter, self._inbox, self._log = path, chapter, inbox, log
        self._left = list(functions)
        self._form = form
        self._seconds = self._limit = seconds
        # Cell to its steps that are not run again: the line, and what happened when it was run.
        self._skip: dict[int, dict[int, tuple[int, str]]] = {}
        self._now: tuple[str, Any] = ("", None)
        self._child: Child
        self._start(spare)

    def _start(self, spare: Child | None = None) -> None:
        if spare is None or not spare.alive:
            spare = Child(self._path, self._chapter, self._inbox, self._log)
        self._child = spare
        self._child.begin(
            {
                "functions": self._left,
                "skip": self._skip,
                "seconds": self._seconds,
                "form": self._form,
            }
        )
        self._doing("ready", None, READY_SECONDS)

    def _doing(self, what: str, which: Any, seconds: float) -> None:
        self._now = what, which
        self.deadline = time.monotonic() + seconds

    def handle(self, message: Message) -> CheckResult | None:
        """Take in a message; return the result that it brings, if any. Messages of other children are left alone."""
        if message.child is not self._child or not self.running:
            return None
        data = message.data
        if data is None:
            self._died()
            return None
        event, limit = data["event"], timelimit.longest(self._seconds) + GRACE
        if event == "cell":
            self._doing("cell", (data["number"], data["step"], data["line"]), limit)
        elif event == "cell_failed":
            self.notes[data["number"], data["line"]] = data["said"]
        elif event == "start":
            self._limit = data["seconds"]
            self._doing("function", data["function"], timelimit.longest(self._limit) + GRACE)
        elif event == "result":
            return self._add(from_data(data["result"]))
        elif event == "form":
            self.missing, self.not_callable = data["missing"], data["not_callable"]
        elif event == "impossible":
            self.problem = data["said"]
            self._stop()
        elif event == "done":
            self._stop()
        return None

    def expire(self) -> CheckResult | None:
        """Stop what has taken too long and go on with the rest; return the result that this makes, if any."""
        if not self.running or time.monotonic() < self.deadline:
            return None
        what, which = self._now
        self._child.end()
        if what == "cell":
            self._leave_out(which, timelimit.said("it", self._seconds))
        elif what == "function":
            result = CheckResult(which, False, (timelimit.said(which, self._limit),))
            self._add(result)
            self._restart()
            return result
        else:
            self.problem = f"Python was not ready after {READY_SECONDS:g} s"
            self._stop()
        return None

    def cancel(self) -> None:
        """End the run; a newer one takes its place."""
        self._stop()

    def _died(self) -> None:
        """The student's code ended the process, as a crash in a library or `os._exit` does."""
        what, which = self._now
        if what == "function":
            self._add(CheckResult(which, False, (f"{which} ended the Python process",)))
            self._restart()
        elif what == "cell":
            self._leave_out(which, "it ended the Python process")
        else:
            self.problem = self.problem or "Python ended before it was ready"
            self._stop()

    def _leave_out(self, place: tuple[int, int, int], said: str) -> None:
        """Start anew without a step of a cell."""
        number, step, line = place
        steps = self._skip.setdefault(number, {})
        steps[step if step not in steps and len(steps) < _STEPS else -1] = (line, said)
        self._start()

    def _add(self, result: CheckResult) -> CheckResult:
        self.results[result.function] = result
        if result.function in self._left:
            self._left.remove(result.function)
        return result

    def _restart(self) -> None:
        if self._left:
            self._start()
        else:
            self._stop()

    def _stop(self) -> None:
        self.running = False
        self._child.end()


def run(
    path: Path,
    chapter: str,
    functions: Sequence[str],
    seconds: float = timelimit.SECONDS,
    log: Any = None,
    on_result: Callable[[CheckResult], None] = lambda _result: None,
    form: bool = False,
) -> NotebookRun:
    """Run a notebook and check these functions; come back when everything is known.

    Args:
        path: the notebook or script.
        chapter: its chapter.
        functions: what to check, in this order.
        seconds: the limit of a cell and of a function.
        log: where goes what the student's code prints; as in `subprocess.Popen`.
        on_result: told each result as it comes.
        form: also find out which names of the chapter are not there in the end.
    """
    inbox: queue.Queue[Message] = queue.Queue()
    current = NotebookRun(path, chapter, functions, inbox, seconds=seconds, log=log, form=form)
    try:
        while current.running:
            try:
                left = max(0.0, current.deadline - time.monotonic())
                result = current.handle(inbox.get(timeout=left))
            except queue.Empty:
                result = current.expire()
            if result is not None:
                on_result(result)
    finally:
        current.cancel()
    return current
