"""A class: what is to be graded, in parallel, with one writer; a run that was killed goes on where it was.

A result file that fits the submission's bytes and the grader's version is the cache: it is read instead of graded anew.
"""

from __future__ import annotations

import ctypes
import json
import multiprocessing
import os
import signal
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

import msgspec

from autograder.changes import CHANGES, record_change
from autograder.course import Chapter
from autograder.engine import Grader, Usage, grader_version, lost, unrun
from autograder.results import SCHEMA, Problem, SubmissionResult, from_json, to_json
from autograder.submissions import Found, Submission, find, read
from autograder.suites.plugin import DEFAULT_SEED
from autograder.worker.client import Limits

SAFE_LEVELS = ("A", "B")
"""Levels of the sandbox at which code of others may be graded."""

_LOST_TWICE = 2
_PR_SET_PDEATHSIG = 1


class Task(msgspec.Struct, frozen=True):
    """One submission to grade."""

    found: Found
    submission: Submission


class Graded(msgspec.Struct, frozen=True):
    """A result, where it belongs, and what it took."""

    found: Found
    result: SubmissionResult
    usage: Usage
    from_cache: bool


class RunSummary(msgspec.Struct):
    """What a run did; times go into `run.json`."""

    results: list[SubmissionResult]
    usages: dict[str, Usage]
    graded: int = 0
    reused: int = 0
    unrun: int = 0  # nothing there that could be run
    seconds: float = 0.0
    passed_over: list[Problem] = []


def write_file(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(data)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def sweep(output: Path) -> None:
    """Remove what a killed run left half written."""
    for leftover in output.rglob(".*.tmp"):
        leftover.unlink(missing_ok=True)


def result_path(output: Path, found: Found) -> Path:
    """Where the result of a submission lies."""
    return output / "results" / found.student / f"{found.chapter}.json"


def grade_class(
    root: Path,
    output: Path,
    course: dict[str, Chapter],
    *,
    chapters: Sequence[str],
    students: Sequence[str] = (),
    jobs: int = 1,
    use_cache: bool = True,
    seed: int = DEFAULT_SEED,
    limits: Limits | None = None,
    level: str = "B",
    progress: Callable[[int, int, str], None] = lambda _done, _total, _name: None,
) -> RunSummary:
    """Grade every submission below `root` and write each result as soon as it is there.

    Args:
        root: the folder of submissions in nbgrader's layout.
        output: where `results/` goes.
        course: all chapters.
        chapters: the names to grade.
        students: only these, where given.
        jobs: how many grader processes.
        use_cache: whether fitting results of an earlier run are taken over.
        seed: of the hidden inputs.
        limits: what a submission may use.
        level: of the sandbox, "A" to "D".
        progress: called with done, total and the name of what was done.

    Returns:
        All results, sorted by student and chapter.
    """
    started = time.perf_counter()
    sweep(output)
    found, passed_over = find(root, chapters, students)
    summary = RunSummary([], {}, passed_over=passed_over)
    tasks: deque[Task] = deque()
    collected: dict[tuple[str, str], SubmissionResult] = {}
    for place in found:
        submission = read(place)
        path = result_path(output, place)
        result = _cached(path, submission, course, seed) if use_cache else None
        if result is None and submission.status == "graded":
            tasks.append(Task(place, submission))
            continue
        if result is None:
            result = unrun(submission, course[place.chapter], seed)
            _write_result(output, place, result)
            summary.unrun += 1
        else:
            summary.reused += 1
        collected[place.student, place.chapter] = result
    total = len(found)
    done = summary.reused + summary.unrun
    progress(done, total, "")
    for task, result, usage in _grade_all(tasks, course, jobs, seed, limits, level):
        _write_result(output, task.found, result)
        collected[task.found.student, task.found.chapter] = result
        summary.usages[f"{result.student}/{result.chapter}"] = usage
        summary.graded += 1
        done += 1
        progress(done, total, f"{result.student} {result.chapter}")
    summary.results = [collected[key] for key in sorted(collected)]
    summary.seconds = time.perf_counter() - started
    return summary


def _write_result(output: Path, found: Found, result: SubmissionResult) -> None:
    """Write a result; what it changes of an earlier one goes into `changes.csv` before that is gone."""
    path = result_path(output, found)
    try:
        before = from_json(path.read_bytes())
    except (OSError, msgspec.DecodeError):
        before = None
    if before is not None and (before.student, before.chapter) == (result.student, result.chapter):
        record_change(output / CHANGES, before, result)
    write_file(path, to_json(result))


class OneByOne:
    """One grader process that is kept for as long as submissions come, each with its own call."""

    def __init__(
        self,
        course: dict[str, Chapter],
        *,
        seed: int = DEFAULT_SEED,
        limits: Limits | None = None,
        level: str = "B",
    ):
        self._course = course
        self._arguments = (course, seed, limits, level)
        self._seed = seed
        self._job: _Job | None = None

    def grade(self, found: Found, output: Path) -> SubmissionResult:
        """Return the result of one submission: of an earlier run where it fits, else graded now and written."""
        submission = read(found)
        result = _cached(result_path(output, found), submission, self._course, self._seed)
        if result is not None:
            return result
        if submission.status != "graded":
            result = unrun(submission, self._course[found.chapter], self._seed)
        else:
            result = self._graded(Task(found, submission))
        _write_result(output, found, result)
        return result

    def _graded(self, task: Task) -> SubmissionResult:
        if self._job is None:
            self._job = _Job(*self._arguments)
        for _attempt in range(_LOST_TWICE):
            self._job.give(task)
            answer = self._job.take()
            if answer is not None:
                return answer[0]
            self._job.restart()
        return lost(task.submission, self._course[task.found.chapter], self._seed)

    def close(self) -> None:
        """End the process."""
        if self._job is not None:
            self._job.close()
            self._job = None


def _cached(
    path: Path, submission: Submission, course: dict[str, Chapter], seed: int
) -> SubmissionResult | None:
    try:
        result = from_json(path.read_bytes())
    except (OSError, msgspec.DecodeError):
        return None
    fits = (
        result.schema == SCHEMA
        and result.student == submission.student
        and result.chapter == submission.chapter
        and result.submission == submission.digest
        and result.grader == grader_version(course[submission.chapter], seed)
        and result.status == submission.status == "graded"
    )
    return result if fits else None


def _order(tasks: Sequence[Task]) -> list[Task]:
    """Chapter by chapter, so that a grader process meets as few suites as possible."""
    return sorted(tasks, key=lambda task: (task.found.chapter, task.found.student))


def _grade_all(
    tasks: Sequence[Task],
    course: dict[str, Chapter],
    jobs: int,
    seed: int,
    limits: Limits | None,
    level: str,
) -> Iterator[tuple[Task, SubmissionResult, Usage]]:
    todo = deque(_order(tasks))
    if not todo:
        return
    pool = [_Job(course, seed, limits, level) for _ in range(max(1, min(jobs, len(todo))))]
    losses: dict[int, int] = {}
    try:
        for job in pool:
            if todo:
                job.give(todo.popleft())
        while any(job.task for job in pool):
            busy = {job.connection: job for job in pool if job.task}
            for ready in wait(list(busy)):
                job = busy[ready]  # type: ignore[index]
                task = job.task
                assert task is not None
                answer = job.take()
                if answer is not None:
                    yield task, *answer
                else:
                    losses[id(task)] = losses.get(id(task), 0) + 1
                    job.restart()
                    if losses[id(task)] < _LOST_TWICE:
                        todo.appendleft(task)
                    else:
                        yield task, lost(task.submission, course[task.found.chapter], seed), Usage()
                if todo:
                    job.give(todo.popleft())
    finally:
        for job in pool:
            job.close()


class _Job:
    """A grader process with its own zygotes. Tasks and results cross as msgpack."""

    def __init__(self, course: dict[str, Chapter], seed: int, limits: Limits | None, level: str):
        self._arguments = (course, seed, limits, level)
        self.task: Task | None = None
        self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self._process = context.Process(target=_work, args=(theirs, *self._arguments, os.getpid()))
        self._process.start()
        theirs.close()

    def give(self, task: Task) -> None:
        """Hand over a task; `take` gets its result when the connection is ready."""
        self.task = task
        try:
            self.connection.send_bytes(msgspec.msgpack.encode(task.submission))
        except (BrokenPipeError, ConnectionResetError):
            return  # the process is gone; take() sees the end of the pipe

    def take(self) -> tuple[SubmissionResult, Usage] | None:
        """Return the result, None where the process died."""
        self.task = None
        try:
            data = self.connection.recv_bytes()
        except (EOFError, ConnectionResetError):
            return None
        return msgspec.msgpack.decode(data, type=tuple[SubmissionResult, Usage])

    def restart(self) -> None:
        """Start a new process in place of a dead one."""
        self.close()
        self._start()

    def close(self) -> None:
        """End the process."""
        self.connection.close()
        self._process.join(timeout=2)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


def _work(
    connection: Connection,
    course: dict[str, Chapter],
    seed: int,
    limits: Limits | None,
    level: str,
    parent: int,
) -> None:
    """Grade tasks until the pipe ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what Ctrl-C means
    _die_with(parent)
    grader = Grader(course, limits=limits, seed=seed, policy={"level": level})
    try:
        while True:
            try:
                submission = msgspec.msgpack.decode(connection.recv_bytes(), type=Submission)
            except EOFError:
                return
            connection.send_bytes(msgspec.msgpack.encode(grader.grade(submission)))
    except (BrokenPipeError, ConnectionResetError):
        return
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


def run_record(summary: RunSummary, level: str, jobs: int) -> bytes:
    """Return `run.json`: times of a run, which are no part of the results."""
    record: dict[str, Any] = {
        "schema": SCHEMA,
        "seconds": round(summary.seconds, 3),
        "jobs": jobs,
        "sandbox_level": level,
        "graded": summary.graded,
        "reused": summary.reused,
        "unrun": summary.unrun,
        "passed_over": [msgspec.to_builtins(problem) for problem in summary.passed_over],
        "submissions": {
            name: {field: round(getattr(usage, field), 4) for field in ("load", "calls", "total")}
            for name, usage in sorted(summary.usages.items())
        },
    }
    return json.dumps(record, indent=1, ensure_ascii=False).encode() + b"\n"
