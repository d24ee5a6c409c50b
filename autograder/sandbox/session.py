"""One submission in its workers: load the cells, call functions, replace a worker that ended.

A worker that dies, or is killed at its limit, costs the call in which that happened and no other.
"""

from __future__ import annotations

import bisect
import builtins
import os
import re
import resource
import sys
import threading
import types
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from . import timer, wire
from .client import START_SECONDS, Worker, Zygote, new_id
from .inside.lines import logical_lines
from .missing import MissingModules
from .terms import CallResult, Cell, GraderFault, Handle, Limits, Opaque, Unsent, WorkerEnded

_CALLBACK_ELEMENTS = 4096
_CALLBACK_SECONDS = 2.0
# Cells that end their worker: how often a load starts anew, and for how many times the limit of all cells.
_STARTS = 64
_LOAD_SHARE = 3
_STIR = 0.001  # seconds; a thread that has computed for less since the last test only woke up
_PROBLEMS = 200
_NO_THREAD = "can't start new thread"  # the interpreter's words
_TYPES = {
    name
    for module in (builtins, types)
    for name, value in vars(module).items()
    if isinstance(value, type)
} | {
    *("function", "builtin_function_or_method", "generator", "module", "dict_items", "dict_keys"),
    *("dict_values", "range_iterator", "list_iterator", "defaultdict", "deque", "Counter"),
    *("Tensor", "Parameter", "DataFrame", "Generator", "RandomState", "SimpleNamespace"),
    *("csr_matrix", "csc_matrix", "coo_matrix", "csr_array", "csc_array", "coo_array"),
}
_DTYPES = (
    r"(ndarray|matrix|MaskedArray|tensor|generic) of dtype "
    r"(object|float16|longdouble|clongdouble|float128|complex256|bfloat16|<U\d{1,2}|\|S\d{1,2}"
    r"|torch\.(bfloat16|u?q?u?int\d{1,2}|float8_\w{4,8}))"
    r"|array of \d{1,2} dimensions|int of more than \d{1,5} bits"
    r"|array of an impossible shape|dict with keys that cannot be sent"
    r"|(sparse|nested) tensor|tensor without values, on the device meta"
)
_QUOTED = re.compile(r"'(\w+)'")
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
_TELLING = (
    "NameError",
    "ImportError",
    "ModuleNotFoundError",
    "SyntaxError",
    "IndentationError",
    "TabError",
)


class StudentRaised(Exception):
    """Student code raised. `bases` are the built-in classes of the exception, nearest first.

    What is told of it must not carry anything else: a class may give itself any name, and claim to be built in.
    `needs` is the module for want of which it raised, where that shows in the submission's own imports.
    """

    def __init__(
        self,
        reply: wire.Raised,
        statements: Callable[[int], Sequence[int]],
        remark: str = "",
        needs: str = "",
    ):
        """Take what a worker says of an exception.

        Args:
            reply: what it says.
            statements: the lines on which the statements of a cell begin.
            remark: what the grader has to add.
            needs: a module that the submission imports and the grader does not have.
        """
        self.remark = remark
        self.needs = needs
        self.bases = _exceptions(reply.bases)
        self.text = reply.text
        self.first_argument = reply.first_argument
        self.cell, self.line = _place(reply, statements)
        super().__init__(self.describe())

    def describe(self) -> str:
        """Tell the nearest built-in class and the student's own place, never the text of the exception."""
        return f"{self.bases[0]}{self._where()}{': ' if self.remark else ''}{self.remark}"

    def tell(self) -> str:
        """Tell in a predicate what happened: the function raised something, or needs what is not there."""
        if self.needs:
            return f"needs `{self.needs}`, which the grader does not have{self._where()}"
        return f"raised {self.describe()}"

    def _where(self) -> str:
        return f" (cell {self.cell}, line {self.line})" if self.cell else ""


class FunctionMissing(Exception):
    """The submission binds no callable to this name."""


class _Aside(NamedTuple):
    """A worker that waits for the next test that binds these names, or none."""

    bound: frozenset[str]
    worker: Worker | None
    generation: int


class Session:
    """Runs one submission."""

    def __init__(
        self,
        zygote: Zygote,
        cells: Sequence[Cell],
        *,
        is_notebook: bool,
        limits: Limits,
        needed: Sequence[str] = (),
    ):
        """Take a submission; `needed` are the names of the functions that are going to be called."""
        self._needed = list(needed)
        self._zygote = zygote
        self._cells = list(cells)
        self._module_name = "__main__" if is_notebook else "submission"
        self._limits = limits
        self._worker: Worker | None = None
        self._generation = 0  # of the worker in use, which its handles carry
        self._workers_started = 0
        self._bound: frozenset[str] = frozenset()  # names that the worker in use has from us
        self._aside = _Aside(frozenset(), None, 0)
        self._lent: dict[int, Any] = {}
        self._lent_tokens: dict[int, int] = {}
        self._next_token = 0
        self._starts: dict[int, Sequence[int]] = {}
        self._lines = {cell.number: cell.source.count("\n") + 1 for cell in self._cells}
        # What ended a worker, or had no time left, is not run again: steps of a cell, and all from a step on.
        self._bad_steps: dict[int, set[int]] = {}
        self._ends: dict[int, int] = {}
        self._load_seconds = 0.0
        self._load_cost = 0.0  # of the latest complete run of the cells
        self._threads: dict[int, float] = {}
        self._threads_of_cells = 0
        self._loaded = False
        self.seconds = 0.0  # spent in calls so far
        self.spent = 0.0  # in calls and cells so far
        self.replies = 0  # of the submission to calls, so far
        self.problems: list[tuple[str, str]] = []  # where, what
        self._missing = MissingModules(self._cells)
        self.rebound: dict[
            str, tuple[int, int, str]
        ] = {}  # name to cell, line and how it was bound again

    # --- life

    def load(self) -> None:
        """Run the cells for the first time and note what goes wrong in `problems`."""
        self._current()

    def close(self) -> None:
        """End every worker."""
        for worker in (self._worker, self._aside.worker):
            if worker is not None:
                worker.close()
        self._worker = None
        self._aside = _Aside(frozenset(), None, 0)

    def settle(self, names: Iterable[str] = ()) -> None:
        """Between tests: take back what was lent, and leave a worker behind in which threads still run.

        So threads delay nobody, and a callable of one test cannot work out the answers of another.

        Args:
            names: what the test is going to bind, for which it gets another worker: the submission's own functions of
                these names must come back. The worker of the test before is kept for the next test of its kind.
        """
        self._lent.clear()
        self._lent_tokens.clear()
        wanted = frozenset(names)
        if wanted != self._bound:
            self._leave_if_threads_run()  # aside they would go on
            kept, self._aside = self._aside, _Aside(self._bound, self._worker, self._generation)
            if kept.bound != wanted:
                if kept.worker is not None:
                    kept.worker.close()
                kept = _Aside(wanted, None, 0)
            self._bound, self._worker, self._generation = kept
        self._leave_if_threads_run()

    def _leave_if_threads_run(self) -> None:
        if self._worker is not None and self._worker.alive and self._is_disturbed(self._worker):
            self._leave()

    def _is_disturbed(self, worker: Worker) -> bool:
        """Tell whether threads that are left behind compute; one that sleeps costs nothing and delays nobody.

        Where starting anew would take too much of the submission's time, the worker is kept all the same: its calls
        are measured by their own thread.
        """
        now = worker.threads()
        before, self._threads = self._threads, now
        grown = [now[thread] - before.get(thread, 0.0) for thread in now]
        more = len(now) > self._threads_of_cells  # they count against what later tests may start
        stirs = max(grown, default=0.0) > _STIR
        return (stirs or more) and self._seconds_left() > 2 * self._load_cost

    def _seconds_left(self) -> float:
        return self._limits.submission - self.spent

    def _leave(self) -> None:
        """Let the next call start in a fresh worker."""
        if self._worker is not None:
            self._worker.close()
            self._worker = None

    def _current(self) -> Worker:
        worker = self._worker
        if worker is not None and worker.alive and worker.has_stale_reply():
            # Written without being asked: whoever wrote it must not cost another test its reply.
            worker.close()
        if worker is None or not worker.alive:
            worker = self._start()
            self._worker = worker
        return worker

    def _start(self) -> Worker:
        starts = 0
        while True:
            if self._loaded and self._seconds_left() <= 0:
                raise _spent()
            worker = self._zygote.fork(self._limits)
            worker.greet(START_SECONDS)
            self._workers_started += 1
            self._generation = self._workers_started
            starts += 1
            before = self.spent
            complete = self._run_cells(worker)
            self._load_cost = self.spent - before
            self._load_seconds += self._load_cost
            if complete:
                self._loaded = True
                self._threads = worker.threads()
                self._threads_of_cells = len(self._threads)
                return worker
            if starts >= _STARTS or self._load_seconds > _LOAD_SHARE * self._limits.cells:
                self._leave_out_rest()

    def _leave_out_rest(self) -> None:
        """Leave out all that comes after what ended the latest worker."""
        place = max(
            place
            for place, cell in enumerate(self._cells)
            if cell.number in self._bad_steps or self._ends.get(cell.number) == 0
        )
        cell = self._cells[place]
        if self._ends.get(cell.number) != 0:
            self._ends[cell.number] = max(self._bad_steps[cell.number]) + 1
        self._leave_out(self._cells[place + 1 :])

    def _leave_out(self, cells: Sequence[Cell]) -> None:
        cells = [cell for cell in cells if self._ends.get(cell.number) != 0]
        if cells:
            self._note(cells[0], 0, "not run, nor what follows: the cells above took all the time")
            self._ends.update((cell.number, 0) for cell in cells)

    def _run_cells(self, worker: Worker) -> bool:
        """Run the cells top to bottom; False where one of them ended the worker.

        The step of the cell in which that happened is left out from then on, the whole cell where none had begun.
        """
        seconds = self._limits.cells
        for place, cell in enumerate(self._cells):
            until = self._ends.get(cell.number, -1)
            if until == 0:
                continue
            if seconds <= 0:
                self._leave_out(self._cells[place:])
                break
            skip = sorted(self._bad_steps.get(cell.number, ()))
            message = wire.RunCell(
                new_id(), cell.number, cell.source, self._module_name, skip, until, self._needed
            )
            latest: list[wire.Running] = []  # at most MAX_STEPS
            try:
                reply, _ = worker.exchange(message, None, max(0.1, seconds), running=latest.append)
            except WorkerEnded as ended:
                self.spent += worker.used.total
                self._blame(cell, latest, ended.message)
                return False
            except wire.WireError as error:
                self._ends[cell.number] = 0
                self._note(cell, 0, f"not run: {error}")
                continue
            seconds -= worker.used.total
            self.spent += worker.used.total
            if not self._loaded:
                self._note_failures(cell, reply)
                self._note_rebound(cell, reply)
        return True

    def _blame(self, cell: Cell, latest: Sequence[wire.Running], message: str) -> None:
        """Note what ended a worker. A worker that makes up its steps spoils its own cell."""
        step, line = (latest[-1].step, latest[-1].line) if latest else (-1, 0)
        bad = self._bad_steps.setdefault(cell.number, set())
        if 0 <= step < wire.MAX_STEPS and step not in bad:
            bad.add(step)
        else:
            self._ends[cell.number] = 0
        self._note(cell, line, f"stopped: it {message}")

    def _note_failures(self, cell: Cell, reply: Any) -> None:
        failures = reply.failures if isinstance(reply, wire.Ran) else [reply]
        for failure in failures[: wire.MAX_FAILURES]:
            if isinstance(failure, wire.Raised):
                remark = self._about_threads(failure)
                self._missing.note(cell, failure.line, failure.text)
                said = _tell_load_error(failure, self._cells)
                self._note(cell, failure.line, f"{said}{': ' if remark else ''}{remark}")

    def _note_rebound(self, cell: Cell, reply: Any) -> None:
        """Note which names mean something else now: those of the submission's own text, or of the course."""
        for each in reply.rebound[: wire.MAX_FAILURES] if isinstance(reply, wire.Ran) else ():
            known = each.name in self._needed or hasattr(builtins, each.name)
            if each.how == "restored":
                self.rebound.pop(each.name, None)
            elif (known or self._is_written(each.name)) and len(self.rebound) < _PROBLEMS:
                line = each.line if 0 < each.line <= self._lines[cell.number] else 0
                self.rebound[each.name] = (cell.number, line, each.how)

    def _is_written(self, name: str) -> bool:
        return name.isidentifier() and any(name in cell.source for cell in self._cells)

    def _about_threads(self, reply: wire.Raised) -> str:
        """Say why a thread did not start, where that is what was raised."""
        if _exceptions(reply.bases)[0] != "RuntimeError" or reply.text != _NO_THREAD:
            return ""
        if not self._zygote.threads:
            return "threads cannot be started here: this machine cannot count those of a submission"
        return f"threads cannot be started here: no more than {self._zygote.threads} at a time"

    def _note_call(self, raised: StudentRaised) -> None:
        """Tell in `problems` as well what a call could not have."""
        where = f"cell {raised.cell}, line {raised.line}" if raised.cell else "submission"
        problem = (where, f"{raised.bases[0]}: {raised.remark}")
        if problem not in self.problems and len(self.problems) < _PROBLEMS:
            self.problems.append(problem)

    def _note(self, cell: Cell, line: int, what: str) -> None:
        place = f", line {line}" if 0 < line <= self._lines[cell.number] else ""
        problem = (f"cell {cell.number}{place}", what)
        if problem in self.problems or len(self.problems) > _PROBLEMS:
            return
        if len(self.problems) == _PROBLEMS:
            problem = (problem[0], "this and what follows is not told: too many cells went wrong")
        self.problems.append(problem)

    def _statements(self, number: int) -> Sequence[int]:
        """The lines of a cell on which statements begin, in order; none for a cell that there is not."""
        if number not in self._starts:
            source = next((cell.source for cell in self._cells if cell.number == number), "")
            places = [line.text for line in logical_lines(source, magics=False)]
            ends = [place for place, sign in enumerate(source) if sign == "\n"]
            self._starts[number] = [bisect.bisect_left(ends, place) + 1 for place in places]
        return self._starts[number]

    # --- calls

    def _packer(self) -> wire.Packer:
        return wire.Packer(_torch_if_needed(self._zygote.libraries), self._lend, orders=True)

    def _lend(self, value: Any) -> Any:
        if isinstance(value, Handle):
            if value.generation != self._generation:
                # It ended within the test that holds its result, for which the submission alone can be to blame.
                raise WorkerEnded("crashed", "ended the process that held an earlier result")
            return wire.Held(value.token)
        if isinstance(value, Unsent):
            # A test passes on what an earlier call gave: an object of no known type, or a forged stand-in for a handle.
            raise WorkerEnded("failed", f"needs what an earlier call gave, {value.type_name}")
        if not (callable(value) or isinstance(value, Opaque)):
            raise GraderFault(f"a {type(value).__name__} cannot be sent to a worker")
        token = self._lent_tokens.get(id(value))
        if token is None:
            token = self._next_token
            self._next_token += 1
            self._lent[token] = value  # kept alive, so that its id stays its own
            self._lent_tokens[id(value)] = token
        return wire.Lent(token, callable(value))

    def _resolve(self, value: Any) -> Any:
        if isinstance(value, wire.Held):
            return Handle(value.token, self._generation)
        if isinstance(value, wire.Lent):
            if value.token not in self._lent:
                raise wire.WireError("an object that is not lent")
            return self._lent[value.token]
        return Unsent(_type_name(value.type_name))

    def _unpack(self, value: Any, arrays: list[np.ndarray]) -> Any:
        torch = _torch_if_needed(self._zygote.libraries)
        return wire.Unpacker(arrays, torch, self._resolve).unpack(value)

    def _answer(self, callback: wire.CallBack, arrays: list[np.ndarray]) -> list[Any]:
        function = self._lent.get(callback.token)
        if not callable(function):
            raise wire.WireError("a callback to nothing")
        args = self._unpack(callback.args, arrays)
        kwargs = self._unpack(callback.kwargs, arrays)
        if not isinstance(args, list) or not isinstance(kwargs, dict):
            raise wire.WireError("malformed callback")
        if any(array.size > _CALLBACK_ELEMENTS for array in arrays):
            raise wire.WireError("a callback with too large an array")
        try:
            with bounded(_CALLBACK_SECONDS, self._limits.memory):
                result = function(*args, **kwargs)
            packer = self._packer()
            return wire.frame(wire.Answer(callback.id, packer.pack(result)), packer)
        except Exception as error:  # whatever the student passed in is the student's to see
            base = type(error).__name__ if type(error).__module__ == "builtins" else "RuntimeError"
            return wire.frame(
                wire.AnswerRaised(callback.id, base, "the callable got arguments it cannot use")
            )

    def define(self, source: str) -> None:
        """Run source of ours in the worker, as a cell that the submission does not have.

        Raises:
            StudentRaised: a statement of it failed, among the names that the submission has bound.
            WorkerEnded: as in a call.
        """
        reply, _ = self._exchange(
            lambda _packer: wire.RunCell(new_id(), 0, source, self._module_name), None
        )
        for failure in reply.failures if isinstance(reply, wire.Ran) else ():
            raise StudentRaised(failure, self._statements)

    def _exchange(
        self, make: Callable[[wire.Packer], Any], seconds: float | None
    ) -> tuple[Any, list[np.ndarray]]:
        worker = self._current()  # first: handles are checked against the worker that will see them
        packer = self._packer()
        message = make(packer)
        limit = min(self._limits.call if seconds is None else seconds, self._seconds_left())
        if limit <= 0:
            raise _spent()
        try:
            running = _unnoted if isinstance(message, wire.RunCell) else None
            reply, arrays = worker.exchange(message, packer, limit, self._answer, running)
        finally:
            self.seconds += worker.used.total
            self.spent += worker.used.total
        self.replies += 1
        if isinstance(reply, wire.Raised):
            if _exceptions(reply.bases)[0] == "MemoryError":
                raise WorkerEnded("memory", "used too much memory")
            needs = self._missing.needed(_exceptions(reply.bases)[0], reply.text)
            raised = StudentRaised(reply, self._statements, self._about_threads(reply), needs)
            if raised.remark:
                self._note_call(raised)
            raise raised
        if isinstance(reply, wire.Missing):
            raise FunctionMissing
        return reply, arrays

    def call(
        self,
        target: str | Handle,
        args: Sequence[Any],
        kwargs: Mapping[str, Any] | None = None,
        *,
        method: str = "",
        hold: Sequence[bool] | bool = False,
        echo: bool = False,
        cotangents: Sequence[Any] | None = None,
        seed: int | None = None,
        seconds: float | None = None,
        attribute: bool = False,
        strict: bool = False,
        count: bool = False,
    ) -> CallResult:
        """Call a function of the submission by name, or an object it returned.

        Args:
            target: the function's name, or a handle.
            args: plain data, handles, callables, `Opaque`s.
            kwargs: the same, by name.
            method: with a handle, the method to call (or the attribute to read, with `attribute`).
            hold: which results stay in the worker, by position, or True for the result as a whole.
            echo: send the arguments back as they are after the call.
            cotangents: upstream gradients by position of the result, to pull back to the tensor arguments.
            seed: seeds the global generators first.
            seconds: a time limit other than the default.
            attribute: read `method` instead of calling it.
            strict: a RuntimeWarning of numpy's counts as an exception.
            count: count the lines of Python that are run.

        Raises:
            StudentRaised, FunctionMissing, WorkerEnded: how the call ended instead.
            GraderFault: our own fault.
        """

        def make(packer: wire.Packer) -> wire.Call:
            return wire.Call(
                id=new_id(),
                name=target if isinstance(target, str) else method,
                held=packer.pack(target).token if isinstance(target, Handle) else -1,
                attribute=attribute,
                args=packer.pack(list(args)),
                kwargs=packer.pack(dict(kwargs or {})),
                hold=hold if isinstance(hold, bool) else list(hold),
                echo=echo,
                cotangents=None if cotangents is None else packer.pack(list(cotangents)),
                seed=seed,
                strict=strict,
                count=count,
            )

        reply, arrays = self._exchange(make, seconds)
        try:
            return CallResult(
                self._unpack(reply.value, arrays),
                self._unpack(reply.args_after, arrays),
                self._unpack(reply.gradients, arrays),
                reply.lines,
            )
        except wire.WireError as error:
            self._leave()
            raise WorkerEnded("crashed", f"broke the grader's format: {error}") from error

    def model_state(self, handle: Handle) -> dict[str, tuple[Any, bool]]:
        """Return parameters and buffers of a torch module by name, each with `requires_grad`."""
        reply, arrays = self._exchange(
            lambda packer: wire.ReadState(new_id(), packer.pack(handle).token), None
        )
        return self._unpack(reply.value, arrays)

    def load_model_state(self, handle: Handle, values: Mapping[str, Any]) -> None:
        """Copy values into parameters and buffers of a torch module."""
        self._exchange(
            lambda packer: wire.WriteState(
                new_id(), packer.pack(handle).token, packer.pack(dict(values))
            ),
            None,
        )

    @property
    def lends(self) -> bool:
        """Tell whether the running test has names of the submission bound to callables of ours."""
        return bool(self._bound)

    def bind(
        self,
        functions: Mapping[str, Callable[..., Any]],
        caches: Mapping[str, int] | None = None,
        uncalled: Iterable[str] = (),
    ) -> None:
        """Bind names of the submission to callables of ours until the next test; `settle` was told these names.

        Args:
            functions: the callables, by name.
            caches: functions, lent or not, whose caches are told by the arguments that made them, and the place of the
                cache among their results (-1: the result). A lent function gets such a cache as a dict with the keys
                `wire.MADE` (the function's name), "args" and "kwargs", which the submission could also make up.
            uncalled: those of `functions` for whose caches the submission's own is not called.
        """

        def make(packer: wire.Packer) -> wire.Bind:
            return wire.Bind(
                new_id(),
                {name: packer.pack(function).token for name, function in functions.items()},
                dict(caches or {}),
                list(uncalled),
            )

        self._exchange(make, None)


def _spent() -> WorkerEnded:
    return WorkerEnded("timeout", "was not called: the submission has used up all its time")


def _unnoted(_step: wire.Running) -> None:
    """How far a cell of ours has come is of no interest."""


def _exceptions(names: Sequence[str]) -> list[str]:
    """Of the names that a worker gave, those of built-in exceptions."""
    return [
        name
        for name in names
        if isinstance(kind := getattr(builtins, name, None), type)
        and issubclass(kind, BaseException)
    ] or ["Exception"]


def _place(reply: wire.Raised, statements: Callable[[int], Sequence[int]]) -> tuple[int, int]:
    """The cell and the line of the statement that a worker named, zeros where the submission has no such place.

    Of the lines of a long statement the first one counts: which one it was could carry what no student is to learn.
    """
    before = bisect.bisect_right(statements(reply.cell), reply.line)
    return (reply.cell, statements(reply.cell)[before - 1]) if before else (0, 0)


def _type_name(name: str) -> str:
    """The name of a type that a worker gave, where it is a known one."""
    known = name in _TYPES or re.fullmatch(_DTYPES, name)
    return name if known else "object of a class of your own"


def _tell_load_error(reply: wire.Raised, cells: Sequence[Cell]) -> str:
    kind = _exceptions(reply.bases)[0]
    name = _QUOTED.search(reply.text)
    made_up = kind == "NameError" and not (name and any(name[1] in c.source for c in cells))
    if kind in _TELLING and not made_up:
        text = " ".join(_ADDRESS.sub("", reply.text).split())
        return f"{kind}: {text[:200]}"
    return kind


@contextmanager
def bounded(seconds: float, memory: int) -> Iterator[None]:
    """Bound the time and the memory of what runs here on values that student code chose.

    An argument such as a length of 10**12 would keep the grader busy for ever, three arrays that broadcast against each
    other would take all its memory. Both are bounded on Linux and in the main thread only.
    """
    if sys.platform != "linux" or threading.current_thread() is not threading.main_thread():
        yield
        return
    with limited_memory(memory), timer.limited(timer.WALL_CLOCK, seconds, TimeoutError):
        yield


@contextmanager
def limited_memory(more: int) -> Iterator[None]:
    """Let this process take only so many bytes more, so that a MemoryError ends what would take them all. Linux only."""
    if sys.platform != "linux":
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    with open("/proc/self/statm", "rb") as file:
        used = int(file.read().split()[5]) * os.sysconf("SC_PAGE_SIZE")
    ceilings = [bound for bound in (soft, hard) if bound != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_DATA, (min([used + more, *ceilings]), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def _torch_if_needed(libraries: str) -> Any:
    if libraries != "torch":
        return None
    import torch

    return torch
