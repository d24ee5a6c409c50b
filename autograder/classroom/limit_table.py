"""The table of every limit in SECURITY.md, made from the constants that the code itself goes by.

A limit is described here; its value never is. One that is new has no description, and `rows` fails until it has.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import NamedTuple, get_type_hints

from autograder import results
from autograder.classroom import grader_process, scheduler
from autograder.grading import archives, choice, judge, one_file, reader
from autograder.sandbox import client, session, wire
from autograder.sandbox.confine import Policy, cgroups, limits
from autograder.sandbox.terms import Limits
from seqlab import cells

BEGIN, END = "<!-- limits: begin -->\n", "<!-- limits: end -->\n"

GRADER = "the grader, from outside"
READER = "the reader of submissions, before anything runs"
_READER_CHILD = "a confined child of the grader, replaced afterwards"
FORMAT = "the grader, which checks each frame before it is unpacked"
_BROKEN = "crashed: broke the grader's format"


class Row(NamedTuple):
    """One limit.

    Attributes:
        what: what is limited.
        value: how far.
        looks: the verdict or status, and the message, when it is exceeded.
        held: which layer holds it; where that depends, at which level and for which user of the grader.
    """

    what: str
    value: str
    looks: str
    held: str


class _Text(NamedTuple):
    what: str
    looks: str
    held: str


def _by_place(root_a: str, user_a: str, root_b: str, user_b: str) -> str:
    return f"A, root: {root_a}; A, user: {user_a}; B, root: {root_b}; B, user: {user_b}"


_SUBMISSION = {
    "cells": _Text(
        "time of all cells together",
        "remark at the cell: `stopped: it took too long`, or `not run` for those after it",
        GRADER,
    ),
    "call": _Text(
        "computing within one call, by its own thread; and as long of waiting",
        "timeout: `took too long`",
        GRADER,
    ),
    "waiting": _Text("waiting within one call", "timeout", GRADER),
    "chapter": _Text(
        "time of all calls, shared out by function",
        "timeout: `took too long`, for the tests of the slow function alone",
        GRADER,
    ),
    "submission": _Text("time of a whole submission", "timeout, for the tests left", GRADER),
    "memory": _Text(
        "memory beyond what the libraries take",
        "memory: `used too much memory`",
        "RLIMIT_DATA and RLIMIT_AS, and the grader looks at what is resident",
    ),
    "output": _Text("bytes printed during one call", "output: `printed without end`", GRADER),
    "callbacks": _Text("calls of the grader's callables during one call", _BROKEN, GRADER),
}
_POLICY = {
    "memory": _SUBMISSION["memory"]._replace(what="what RLIMIT_DATA adds to the zygote's own"),
    "cpu_seconds": _Text(
        "processor time of a worker's whole life, all threads",
        "timeout: `used up its processor time`",
        "RLIMIT_CPU",
    ),
    "open_files": _Text("open descriptors", "error: `raised OSError`", "RLIMIT_NOFILE"),
    "threads": _Text(
        "threads that a submission may start at a time; fewer where the cgroup or the user of the grader has few tasks "
        "left for each of its jobs",
        "error: `RuntimeError …: threads cannot be started here: …`, and a remark",
        _by_place(
            "RLIMIT_NPROC of the worker's own user",
            "RLIMIT_NPROC in the user namespace (Linux 5.14), else as at B",
            "RLIMIT_NPROC of the worker's own user",
            "pids.max of a delegated cgroup; without one seccomp refuses every thread",
        ),
    ),
}
_NO_LIMITS = {
    "level",
    "readable",
    "listable",
    "modules",
    "outside",
    "grouped",
}  # fields of a policy
_WIRE = {
    "MAX_HEAD": "bytes of a frame without its arrays",
    "MAX_CELL": "bytes of a cell",
    "MAX_BODY": "bytes of the arrays of a frame",
    "MAX_ARRAYS": "arrays of a frame",
    "MAX_DIMENSIONS": "dimensions of an array",
    "MAX_DEPTH": "depth of nested values",
    "MAX_NODES": "values of a frame",
    "MAX_KEY_LENGTH": "parts of a key that is a tuple",
    "MAX_TEXT": "characters of a text",
    "MAX_INTEGER": "bits of an integer",
    "MAX_FREE_KEYS": "entries of a dict whose keys are not all texts",
    "MAX_STEPS": "statements of a cell that are told apart",
    "MAX_FAILURES": "failures told of one cell",
}
_CUT = {
    "MAX_CELL": "remark at the cell: `not run: too large`",
    "MAX_TEXT": "cut",
    "MAX_STEPS": "several in a row count as one",
    "MAX_FAILURES": "the rest is not told",
    "MAX_INTEGER": "failed: the result is no value that can be sent",
}
_RAISED = (
    "error: `raised ValueError` where the worker notices, else crashed: broke the grader's format"
)


def rows() -> list[Row]:
    """Return every limit.

    Raises:
        KeyError: one has no description here.
    """
    return [*_of_submissions(), *_of_workers(), *_of_frames(), *_of_graders(), *_of_files()]


def _of_submissions() -> Iterator[Row]:
    given = Limits()
    for name in Limits.__struct_fields__:
        text = _SUBMISSION[name]
        value = getattr(given, name)
        told = f"{value:g} s" if isinstance(value, float) else _size(value)
        yield Row(text.what, f"{told} (`limits.{name}`)", text.looks, text.held)


def _of_workers() -> Iterator[Row]:
    given = {**{field.name: field.default for field in fields(Policy)}, **client.DEFAULT_POLICY}
    for name in get_type_hints(Policy):
        if name in _NO_LIMITS:
            continue
        text, value = _POLICY[name], given[name]
        told = f"{value} s" if name.endswith("seconds") else _size(value)
        yield Row(text.what, told, text.looks, text.held)
    alone = "seccomp"
    yield Row("processes", "none", "error: `raised PermissionError`", alone)
    yield Row(
        "bytes written to files", "0", "error: `raised PermissionError`", "Landlock, RLIMIT_FSIZE"
    )
    yield Row(
        "locked memory, message queues, core files",
        "0",
        "error: `raised PermissionError`",
        "seccomp, RLIMIT_MEMLOCK, RLIMIT_MSGQUEUE, RLIMIT_CORE",
    )
    yield Row(
        "stack", _size(limits._STACK), "crashed: `ended the process that ran it`", "RLIMIT_STACK"
    )
    group = "a delegated cgroup (version 2); elsewhere nothing"
    yield Row("memory of a zygote and its workers", _size(client._GROUP_MEMORY), "crashed", group)
    yield Row(
        "tasks of a zygote and its workers",
        f"{cgroups.OTHER_TASKS} beside the threads of a submission",
        "as for threads",
        group,
    )


def _of_frames() -> Iterator[Row]:
    for name in (name for name in vars(wire) if name.startswith("MAX_")):
        yield Row(_WIRE[name], _size(getattr(wire, name)), _CUT.get(name, _RAISED), FORMAT)
    yield Row(
        "elements of an array given to a callable of the grader",
        _size(session._CALLBACK_ELEMENTS),
        _BROKEN,
        FORMAT,
    )


def _of_graders() -> Iterator[Row]:
    yield Row(
        "time of a callable of the grader, called by a submission",
        f"{session._CALLBACK_SECONDS:g} s",
        "error: `raised TimeoutError` or RuntimeError in the submission",
        "a timer in the grader",
    )
    yield Row(
        "starts anew for cells that end their worker",
        f"{session._STARTS}, and {session._LOAD_SHARE} times the limit of all cells",
        "remark: `not run, nor what follows`",
        GRADER,
    )
    yield Row(
        "starts anew after calls that end their worker",
        "the time of the submission",
        "timeout: `was not called: the submission has used up all its time`",
        GRADER,
    )
    yield Row(
        "examining the results of one test",
        f"{judge.EXAMINING_SECONDS:g} s of processor time; memory as `limits.memory`",
        "timeout: `gave a result that takes too long to examine`, or memory: `… too much memory to examine`",
        "a timer and RLIMIT_DATA in the grader",
    )
    yield Row(
        "a grader without progress",
        f"{grader_process._SECONDS_WITHOUT_PROGRESS:g} s of processor time, "
        f"{grader_process._SECONDS_OF_A_SUBMISSION:g} s for a submission",
        "the function whose results it examined gets no points, the rest is graded",
        "the process that writes results, from outside the grader",
    )
    yield Row(
        "graders that a submission ends",
        f"{scheduler.MOST_LOSSES} functions; {scheduler.LOST_TWICE} times elsewhere",
        "`could not be examined`; elsewhere grader_error",
        "the process that writes results",
    )
    yield Row(
        "a worker that does not come up",
        f"{client.START_SECONDS:g} s",
        "grader_error: `a worker did not come up in time`",
        GRADER,
    )
    yield Row(
        "a fork that the system refuses",
        f"{client.FORK_SECONDS:g} s of trying again",
        "grader_error: `the zygote cannot fork: refused for …`",
        "the zygote tries, the grader gives up",
    )
    yield Row("text of a test's message", f"{results.MAX_MESSAGE} characters", "cut", "the grader")
    yield Row("remarks on a run", str(session._PROBLEMS), "the rest is not told", "the grader")


def _of_files() -> Iterator[Row]:
    refused = "refused: says how large it is"
    yield Row(
        "reading one file",
        f"{reader.SECONDS:g} s of processor time, as long of waiting, {_size(reader.MEMORY)} of memory",
        "unreadable: `takes too long to read`, `takes too much memory to read`",
        _READER_CHILD,
    )
    yield Row("a file that is handed in", _size(one_file.MAX_BYTES), refused, READER)
    yield Row("the same without outputs, or a module", _size(cells.MAX_BYTES), refused, READER)
    yield Row("cells", _size(cells.MAX_CELLS), "refused: says how many there are", READER)
    doubtful = "unreadable: says what is there, for a human to look at"
    yield Row("files and folders of one submission", f"{choice.MAX_ENTRIES:,}", doubtful, READER)
    yield Row("folders within its folder", str(choice.MAX_DEPTH), doubtful, READER)
    yield Row("files that may be the one that counts", str(choice.MAX_COMPARED), doubtful, READER)
    archive = f"{_size(archives.MAX_PACKED)}; the one file in it {_size(archives.MAX_UNPACKED)}"
    yield Row("an archive that is handed in", archive, "unreadable: says why", _READER_CHILD)
    yield Row("remarks on a file", str(cells.MAX_REMARKS), "the rest is counted", READER)


def _size(number: int) -> str:
    for power, unit in ((30, "GiB"), (20, "MiB")):
        if number >= 1 << power and number % (1 << power) == 0:
            return f"{number >> power} {unit}"
    return f"{number:,}"


def table() -> str:
    """Return the table in Markdown."""
    lines = ["| limit | value | exceeded, in a result | held by |", "|---|---|---|---|"]
    lines += [f"| {' | '.join(row)} |" for row in rows()]
    return "\n".join(lines) + "\n"


def page(text: str) -> str:
    """Return a page with the table put anew between its marks.

    Raises:
        ValueError: the marks are not there.
    """
    before, begin, rest = text.partition(BEGIN)
    _old, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"no {BEGIN.strip()} … {END.strip()}")
    return f"{before}{begin}\n{table()}\n{end}{after}"
