"""Throw malformed data at everything that reads what a student or a worker sent: `python -m tests.campaigns.fuzz --seconds 600`.

Bytes go in and reports come out. Nothing else may come out but our own exceptions, in seconds, and no memory may be kept.
Half of the examples hypothesis makes up, the others follow the code that earlier ones reached (`guided`). The ordinary
tests run each target for a moment (test_fuzz.py).
"""

from __future__ import annotations

import argparse
import contextlib
import faulthandler
import functools
import gc
import importlib
import importlib.util
import io
import json
import os
import resource
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import Any, get_args

import msgspec
import numpy as np
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from rich.console import Console

from autograder.course.quiz import graded_questions
from autograder.course.settings import Grading
from autograder.course.source import QUIZ, ROOT, chapters, module_source
from autograder.grading.engine import grade_quiz, make_result, ungraded
from autograder.grading.submissions import Submission, parse
from autograder.platforms.gradebook.handed_in import given_cells
from autograder.platforms.gradebook.markup import defused
from autograder.platforms.gradebook.pages import render_markdown
from autograder.reports import github, terminal
from autograder.reports.changes import change
from autograder.reports.files import Filed, rendered
from autograder.reports.statistics import Run
from autograder.results import (
    Problem,
    SubmissionResult,
    TestResult,
    Verdict,
    from_json,
    function_result,
    to_json,
    total_score,
)
from autograder.sandbox import client, wire
from autograder.sandbox.terms import Handle
from autograder.similarity.compare import fingerprints
from seqlab import cells as cells_of_files
from seqlab import magics as magics_of_cells
from seqlab import quiz_text
from seqlab.cells import Part
from seqlab.compare import describe_difference
from tests.campaigns.attacks import making
from tests.campaigns.attacks.pages import acting, harm_of_reports
from tests.campaigns.guided import Corpus, Steps

HANG_SECONDS = 10
EXAMPLES = 100
"""Of one target in a round, made up and guided each."""
STUCK_SECONDS = 600
"""After so long the process ends with a traceback: a hang in C, which no signal handler of Python interrupts."""
MOST_AT_ONCE = 2 << 30
"""Bytes that one example may take beyond what is there when the campaign begins."""
MOST_GROWTH = 256 << 20
"""Bytes that may stay resident from the end of the first round to that of the last."""
LONGEST_REPORT = 4 << 20
COURSE = chapters()
CHAPTER = COURSE["ch02_vanilla_rnn"]
# Without it no tensor crosses, in either direction.
TORCH = importlib.import_module("torch") if importlib.util.find_spec("torch") else None
WATCHED = [str(ROOT / "autograder"), str(Path(quiz_text.__file__).parent)]
SOURCE = module_source(CHAPTER)
Target = Callable[..., None]
TARGETS: dict[str, Callable[[], Target]] = {}


class Hang(Exception):
    """One example took longer than it may."""


@contextlib.contextmanager
def in_time() -> Iterator[None]:
    """End an example that hangs in Python code. Only the main thread can be interrupted."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def late(_number: int, _frame: FrameType | None) -> None:
        raise Hang(f"more than {HANG_SECONDS} s")

    handler = signal.signal(signal.SIGALRM, late)
    signal.alarm(HANG_SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, handler)


def target(**strategies: st.SearchStrategy[Any]) -> Callable[[Target], Target]:
    """Register a function that takes generated data and raises where something is wrong."""

    def register(function: Target) -> Target:
        def timed(**arguments: Any) -> None:
            with in_time(), warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of the libraries, about what they are given
                function(**arguments)

        # Made anew for each run: hypothesis lets a test be given its settings once only.
        TARGETS[function.__name__] = lambda: given(**strategies)(functools.wraps(function)(timed))
        return function

    return register


# --- what is thrown ---------------------------------------------------------------------------------------------------

integers = st.integers(-(1 << 70), 1 << 70) | st.sampled_from([-1, 0, 1, 1 << 31, 1 << 62])
small = st.integers(-2, 9)
words = st.text(max_size=20)
dtypes = st.sampled_from([*wire.DTYPES, "|O8", "<M8[ns]", "|V8", "<U4", "x"])
specs = st.lists(st.tuples(dtypes, st.lists(small | integers, max_size=20)), max_size=4)


def _wire(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    many = st.lists(inner, max_size=5)
    return (
        st.builds(wire.Items, many, st.booleans())
        | st.builds(wire.Mapping, st.lists(st.tuples(inner, inner), max_size=5))
        | many  # no wire value at all
        | st.dictionaries(words, inner, max_size=3)
    )


wire_leaves = (
    st.none()
    | st.booleans()
    | st.integers(-(1 << 63), (1 << 64) - 1)
    | st.floats()
    | words
    | st.binary(max_size=8)
    | st.builds(wire.Array, st.sampled_from("astx"), small, st.booleans())
    | st.builds(wire.Large, st.text(alphabet="0123456789abcdefx-_+ z", max_size=30))
    | st.builds(wire.Held, small)
    | st.builds(wire.Lent, small, st.booleans())
    | st.builds(wire.Unsendable, words)
)
wire_values = st.recursive(wire_leaves, _wire, max_leaves=25)
numbers = st.integers(-(1 << 63), (1 << 64) - 1)
raised = st.builds(
    wire.Raised, id=numbers, bases=st.lists(words, max_size=3), text=words, first_argument=words
)
messages = (
    st.builds(wire.Done, id=numbers, value=wire_values, args_after=wire_values)
    | st.builds(wire.Missing, numbers)
    | st.builds(wire.CallBack, numbers, numbers, wire_values, wire_values)
    | raised
    | st.builds(wire.Running, numbers, numbers, numbers)
    | st.builds(wire.Ran, numbers, st.lists(raised, max_size=3))
    | wire_values
)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | words,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
    max_leaves=12,
)
pieces = st.sampled_from(
    [
        *("%", "%%", "!", "?", "??", "%%time\n", "%%bash\n", "\\\n", "'''", '"""', "#", "\t", "\f"),
        *(
            "\r",
            "\r\n",
            "\n",
            "\0",
            "\ufeff",
            "\ud800",
            " ",
            "(",
            ")",
            "[",
            "{",
            ":",
            "=",
            "f'{",
            "}",
        ),
        *("def f():\n", "    pass\n", "return", "lambda", "\\", "x = !ls\n", "a?", "%time x", "€𝐱"),
        *("# %%\n", "# ---\n", "#!sh\n", "# -*- coding: utf-7 -*-\n", "quiz_answers", "['q1']"),
        *("quiz_answers = {'q1': 'a'}\n", "dict(q1='b')", "{'q1': 'c', **x}", "-" * 500, "(" * 300),
    ]
)
code = st.lists(pieces | st.text(max_size=8), max_size=25).map("".join)


def mostly(usual: st.SearchStrategy[Any], other: Any = json_values) -> st.SearchStrategy[Any]:
    """Nine times in ten the usual: where everything is odd, nothing gets past the first check."""
    return st.integers(0, 9).flatmap(lambda number: other if number == 9 else usual)


metadata = st.fixed_dictionaries(
    {},
    optional={
        "tags": mostly(st.lists(st.sampled_from(["experiment", "x"]), max_size=2)),
        "nbgrader": mostly(
            st.fixed_dictionaries({"solution": st.booleans(), "grade": mostly(st.booleans())})
        ),
    },
)
cells = mostly(
    st.fixed_dictionaries(
        {
            "cell_type": mostly(st.sampled_from(["code", "code", "code", "markdown", "raw"])),
            "source": mostly(code | st.lists(code, max_size=3)),
            "metadata": mostly(metadata),
            "outputs": mostly(st.just([])),
        },
        optional={"id": mostly(words), "input": mostly(code)},
    )
)
documents = st.fixed_dictionaries(
    {
        "nbformat": mostly(st.just(4), st.sampled_from([1, 0, -1, 5, 99]) | json_values),
        "cells": mostly(st.lists(cells, min_size=1, max_size=5)),
        "metadata": mostly(st.just({})),
    },
    optional={"nbformat_minor": mostly(small)},
)
old_cells = mostly(
    st.fixed_dictionaries(
        {
            "cell_type": mostly(st.sampled_from(["code", "code", "heading", "html"])),
            "input": mostly(code | st.lists(code, max_size=3)),
            "source": mostly(code),
            "outputs": mostly(st.just([])),
            "language": mostly(st.just("python")),
        },
        optional={"level": mostly(small), "metadata": mostly(metadata)},
    )
)
old_documents = st.fixed_dictionaries(
    {
        "nbformat": st.sampled_from([3, 3, 2]),
        "nbformat_minor": mostly(st.just(0)),
        "metadata": mostly(st.just({"name": ""})),
        "worksheets": mostly(
            st.lists(
                mostly(st.fixed_dictionaries({"cells": st.lists(old_cells, max_size=3)})),
                max_size=2,
            )
        ),
    }
)
marks = st.sampled_from([each.encode() for each in "{}[]()\"':,\\#%!?@= \t\n\r\0\x1b0eé€𝐱"])
edits = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 12) | st.just(0), marks | mostly(marks, st.binary())),
    min_size=1,
    max_size=6,
)
encodings = mostly(
    st.just("utf-8"), st.sampled_from(["utf-16", "utf-32-be", "latin-1", "utf-7", "utf-8-sig"])
)


def edited(data: bytes, changes: list[tuple[float, int, bytes]]) -> bytes:
    """Cut out and put in a few bytes at places given as shares of the whole."""
    for share, length, new in changes:
        place = int(share * len(data))
        data = data[:place] + new + data[place + length :]
    return data


# --- the wire ---------------------------------------------------------------------------------------------------------


def receive(data: bytes) -> None:
    """Read bytes as the grader does: through a pipe, head, arrays and values; refuse or understand them."""
    reading, writing = os.pipe()
    try:
        os.set_blocking(reading, False)
        os.write(writing, data[:60_000])
        os.close(writing)
        received = client._FrameReader(reading).read()
        if received is None:
            return
        message, found = wire.decode_head(wire.decode_reply_head, received[0])
        arrays = wire.split_body(found, received[1])
        for name in ("value", "args_after", "gradients", "args", "kwargs"):
            if hasattr(message, name):
                unpacker = wire.Unpacker(arrays, TORCH, lambda value: Handle(0, 0))
                judge(unpacker.unpack(getattr(message, name)))
    except (wire.WireError, EOFError):
        return  # ours; the end of a pipe is a worker that died
    finally:
        os.close(reading)


def judge(value: Any) -> None:
    """Compare what came with what a test might want: told apart or found equal, no more."""
    for want in (np.zeros((2, 3)), np.arange(3), 1.5, 2, None, "x", [np.ones(1)], {"a": 0.0}):
        told = describe_difference("y", value, want, "", 1e-5)
        if told is not None and (not isinstance(told, str) or len(told) > 4000):
            raise AssertionError(f"not a message: {told!r:.200}")


@target(data=st.binary(max_size=200))
def frames_of_noise(data: bytes) -> None:
    """Bytes at random."""
    receive(data)
    receive(wire.HEADER.pack(wire.MAGIC, wire.VERSION, len(data), 0) + data)


@target(message=messages, arrays=specs, body=st.binary(max_size=64), changes=edits)
def frames_of_values(message: Any, arrays: Any, body: bytes, changes: Any) -> None:
    """Frames that a forger would write, as they are and with bytes changed."""
    try:
        head = wire._encode_head([message, arrays])
    except (OverflowError, UnicodeEncodeError, msgspec.MsgspecError):
        return  # msgpack itself cannot say this
    data = wire.HEADER.pack(wire.MAGIC, wire.VERSION, len(head), len(body)) + head + body
    receive(data)
    changed = edited(head, changes)
    lengths = len(changed), len(body)
    receive(wire.HEADER.pack(wire.MAGIC, wire.VERSION, *lengths) + changed + body)
    receive(edited(data, changes))


@target(
    array=npst.arrays(
        npst.scalar_dtypes() | st.just(np.dtype("O")),
        npst.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=4),
    ),
    value=json_values | st.complex_numbers() | st.binary() | st.lists(integers),
)
def results_of_students(array: np.ndarray, value: Any) -> None:
    """What a function may return is packed, or named by its type, and arrives."""
    for result in (array, value, [array, {"a": (value, array.T)}], array.ravel()[:1]):
        packer = wire.Packer(TORCH, lambda other: wire.Unsendable(type(other).__name__))
        try:
            parts = wire.frame(wire.Done(id=1, value=packer.pack(result)), packer)
        except wire.WireError:
            continue
        receive(b"".join(bytes(part) for part in parts))


# --- submissions ------------------------------------------------------------------------------------------------------


def read_whole(name: str, data: bytes) -> None:
    """Read a submission; its result can be written and read back, each of its cells be sent or refused."""
    submission = parse("ada", CHAPTER.name, name, data)
    for cell in submission.cells:
        try:
            wire.frame(wire.RunCell(1, cell.number, cell.source, "__main__"))
        except wire.WireError:
            continue
    result = ungraded(submission, CHAPTER, Grading())
    if from_json(to_json(result)) != result:
        raise AssertionError("a result that does not come back as itself")


@target(document=documents | old_documents, encoding=encodings)
def notebooks_of_odd_parts(document: Any, encoding: str) -> None:
    """Notebooks with anything in the place of anything."""
    read_whole("x.ipynb", json.dumps(document).encode(encoding))


@target(document=documents, changes=edits)
def notebooks_damaged(document: Any, changes: Any) -> None:
    """Notebooks with bytes of the file changed, and a real one with bytes of its cells changed."""
    read_whole("x.ipynb", edited(json.dumps(document).encode(), changes))
    cells = [edited(SOURCE.encode(), changes).decode(errors="replace"), "%time x = 1", "!ls"]
    read_whole("x.ipynb", json.dumps(making.notebook(*cells)).encode())


@target(text=code, encoding=encodings)
def modules_of_odd_parts(text: str, encoding: str) -> None:
    """Scripts of cell marks, headers, declared encodings and half statements."""
    read_whole("x.py", text.encode(encoding, "ignore"))
    read_whole("x.py", ("# %%\n" + text.replace("\0", "")).encode(encoding, "ignore"))


@target(changes=edits)
def modules_damaged(changes: Any) -> None:
    """A real module, and a script of a cell for each function, with bytes changed."""
    read_whole("x.py", edited(SOURCE.encode(), changes))
    read_whole("x.py", edited("# %%\n".join(making.functions(SOURCE)).encode(), changes))


# --- reports ----------------------------------------------------------------------------------------------------------

texts = st.text(max_size=40) | st.lists(pieces | st.text(max_size=8), max_size=8).map("".join)
marked_up = texts | st.sampled_from(
    [
        "<img src=x onerror=a>",
        "=1+1",
        "\x1b]0;x\x07",
        "::error::x",
        "`a` ``",
        "{{ 7 }}",
        "]]>",
        "&#0;",
    ]
)
verdicts = st.sampled_from([*get_args(Verdict)])


def report(results: Sequence[SubmissionResult]) -> None:
    """Write every report on results and look for what would act in one."""
    run = Run("B", seconds=1.0, jobs=2)
    for _path, data in rendered([Filed("ada", result) for result in results], run, COURSE):
        if len(data) > LONGEST_REPORT:
            raise AssertionError(f"{_path} has {len(data)} bytes")
    said = io.StringIO()
    terminal.show_end(Console(file=said, highlight=False, markup=False), results, run, "graded")
    if "\x1b" in said.getvalue():
        raise AssertionError("a terminal's command is printed")
    github.step_summary(results, run)
    for command in github.annotation_commands(results, run):
        if not command.startswith("::") or "\n" in command or "\r" in command:
            raise AssertionError(f"no command of ours: {command!r:.200}")
    for result in results:
        if harm := harm_of_reports(result, COURSE):
            raise AssertionError("; ".join(harm))


@target(
    document=documents,
    changes=edits,
    hidden_tests=st.lists(st.tuples(verdicts, marked_up), max_size=6),
)
def reports_of_submissions(document: Any, changes: Any, hidden_tests: Any) -> None:
    """Bytes handed in, read, their quiz judged, every report written; what the gradebook shows of them, and tokens."""
    data = edited(json.dumps(document).encode(), changes)
    submission = parse("ada", CHAPTER.name, "x.ipynb", data)
    result = ungraded(submission, CHAPTER, Grading())
    quiz = grade_quiz(10.0, graded_questions(CHAPTER), submission.quiz)
    tests = [
        TestResult(f"t{n}", verdict, 1.0, said) for n, (verdict, said) in enumerate(hidden_tests)
    ]
    functions = (quiz, function_result("sample", 10.0, tests))
    score = total_score(functions)
    status: Any = "grader_error" if score is None else "graded"
    graded = msgspec.structs.replace(result, status=status, score=score, functions=functions)
    report([graded, result])
    change(graded, result)
    given_cells(cells_of_files.read("x.ipynb", data).parts)
    fingerprints(submission, [function.name for function in CHAPTER.functions])


@target(
    name=marked_up,
    problems=st.lists(st.tuples(marked_up, marked_up), max_size=3),
    hidden_tests=st.lists(st.tuples(marked_up, verdicts, marked_up), max_size=5),
)
def reports_of_any_text(name: str, problems: Any, hidden_tests: Any) -> None:
    """Every text of a result that a submission has a say in."""
    tests = [TestResult(test, verdict, 1.0, said) for test, verdict, said in hidden_tests]
    functions = (function_result("sample", 10.0, tests),)
    result = make_result(
        Submission(name, CHAPTER.name, "graded", "sha256:0"),
        CHAPTER,
        Grading(),
        "graded",
        0.0,
        functions,
        [Problem(*problem) for problem in problems],
    )
    try:
        read_back = from_json(to_json(result))
    except UnicodeEncodeError:
        return  # halves of characters; whatever makes a result has replaced them
    report([read_back])


@target(texts=st.lists(code, min_size=1, max_size=3))
def text_cells(texts: list[str]) -> None:
    """Text cells on the gradebook's pages: nothing is left in them that could act."""
    for cell in given_cells([Part(1, "markdown", text) for text in texts]):
        page = render_markdown(defused(cell.source))
        # Check boxes and pasted pictures are what a text cell may hold.
        if harm := set(acting(page)) - {"a <img>", "a <input>"}:
            raise AssertionError(f"{harm}: {page:.500}")


@target(text=code)
def magics(text: str) -> None:
    """Cells of magics, shell lines, quotes and continuations; lines keep their numbers."""
    plain, skipped = magics_of_cells.strip(text)
    if not isinstance(plain, str) or not all(isinstance(line, str) for line in skipped):
        raise AssertionError("no text")
    if not skipped and plain.count("\n") > text.count("\n") + text.count("\r"):
        raise AssertionError("lines were added")


@target(texts=st.lists(code, max_size=4))
def quizzes(texts: list[str]) -> None:
    """Cells that set the answers in every way but the right one."""
    answers = quiz_text.read([*texts, "quiz_answers['q9'] = 'd'\n"], QUIZ)
    if answers is None or answers["q9"] != "d":
        raise AssertionError("the last answer is lost")
    for key, value in answers.items():
        if type(key) is not str or type(value) is not str:
            raise AssertionError("no text")


def fuzz(name: str, examples: int, start: int | None = None) -> None:
    """Run one target on so many examples.

    Args:
        name: of the target.
        examples: how many.
        start: seeds them, so that what is found can be found again; the same ones each time if None.
    """
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    phases = [Phase.generate, Phase.shrink]
    options = settings(
        max_examples=examples,
        deadline=None,
        database=None,
        suppress_health_check=checks,
        phases=phases,
        derandomize=start is None,
    )
    run = options(TARGETS[name]())
    if start is not None:
        run = seed(start)(run)
    run()


def one_input(name: str) -> Callable[[bytes], bytes | None]:
    """Return what runs a target on an example made from bytes."""
    options = settings(database=None, deadline=None, suppress_health_check=list(HealthCheck))
    return options(TARGETS[name]()).hypothesis.fuzz_one_input  # type: ignore[attr-defined]


def resident() -> int:
    """Bytes that this process holds, after what nobody refers to is given back."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def bound_memory() -> None:
    """Have an example that takes far too much memory end in MemoryError."""
    data = Path("/proc/self/statm").read_text().split()[5]
    limit = int(data) * resource.getpagesize() + MOST_AT_ONCE
    resource.setrlimit(resource.RLIMIT_DATA, (limit, resource.getrlimit(resource.RLIMIT_DATA)[1]))


def main() -> int:
    """Run targets in turn until the time is over; 1 where one of them found something."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--seed", type=int, default=None, help="of the first round")
    parser.add_argument(
        "--bytes", help="run a target on these bytes alone, as a finding names them"
    )
    parser.add_argument("names", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    options = parser.parse_args()
    if unknown := set(options.names) - set(TARGETS):
        print(f"there is no target {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    names = options.names or list(TARGETS)
    if options.bytes is not None:
        for name in names:
            one_input(name)(bytes.fromhex(options.bytes))
        return 0
    start = int(time.time()) if options.seed is None else options.seed
    return campaign(names, start, options.seconds)


def campaign(names: Sequence[str], start: int, seconds: float) -> int:
    """Run targets in turn until the time is over; print what was found; 1 where there is anything."""
    bound_memory()
    steps = Steps(WATCHED)
    corpora = {name: Corpus(one_input(name), steps, start) for name in names}
    ends = time.monotonic() + seconds
    rounds = runs = first = last = 0
    found: dict[str, int] = {}
    # Two rounds at least, or nothing could be said of memory.
    while (rounds < 2 or time.monotonic() < ends) and len(found) < len(names):
        for name in names:
            if name in found or (rounds >= 2 and time.monotonic() >= ends):
                continue
            faulthandler.dump_traceback_later(STUCK_SECONDS, exit=True, file=sys.__stderr__)
            try:
                fuzz(name, EXAMPLES, start + rounds)
                corpora[name].go_on(EXAMPLES)
            except Exception as error:  # whatever it is: that is what we are looking for
                found[name] = start + rounds
                print(f"{name} (--seed {start + rounds}): {type(error).__name__}: {error}")
                for note in getattr(error, "__notes__", ()):
                    print(f"    {note}")
            finally:
                faulthandler.cancel_dump_traceback_later()
            runs += 2 * EXAMPLES
        rounds += 1
        last = resident()
        first = first or last
    kept = sum(len(corpus.kept) for corpus in corpora.values())
    print(
        f"{rounds} rounds, {runs} examples of {len(names)} targets, {len(steps.seen)} steps of our code reached, "
        f"{kept} examples kept for new ones, resident {first >> 20} MiB at first and {last >> 20} MiB at last, "
        f"{len(found)} findings"
    )
    if last - first > MOST_GROWTH:
        print(f"memory has grown by {(last - first) >> 20} MiB")
        return 1
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
