"""Run a cell as a notebook that goes on: statement by statement, past those that fail.

The grader's sandbox and the command line run cells by this same file. It needs the standard library only, and it
promises nothing about time or memory: that is for the process around it.
"""

from __future__ import annotations
import __future__

import ast
import inspect
import warnings
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from .eventloop import NotebookLoop
from .lines import blocks, definitions
from .quiet_ipython import bind_names
from .rebinding import Rebinding, Watcher

_FUTURE_FLAGS = 0
for _name in __future__.all_feature_names:
    _FUTURE_FLAGS |= getattr(__future__, _name).compiler_flag
# Above, a cell is cut into blocks before it is parsed, and a larger block is compiled in one piece: Python's own trees
# take a hundred times the memory of the text.
_WHOLE = 1 << 18
_STEPS = 500  # of one cell that are told apart; with more statements, several make one step


@dataclass(frozen=True)
class Failure:
    """What one statement raised, or why it does not compile; `line` counts in the cell, 0 where there is none."""

    line: int
    error: BaseException


@dataclass(frozen=True)
class Statement:
    """A statement at the top level of a cell, or what does not parse."""

    line: int
    tree: ast.stmt | None = None
    source: str = ""  # compiled as it is where there is no tree
    error: BaseException | None = None  # it does not parse


class Cells:
    """Runs the cells of one notebook, one after the other, in one namespace.

    Args:
        namespace: of the module; gets what IPython would provide: `get_ipython`, `display`, `In`, `Out`, `_`.
        notebook: whether statements run as in a kernel, within a running event loop.
        passing: exceptions that are not a statement's own: they end the run.
        needed: names of functions that should not be bound again unnoticed.

    Attributes:
        rebound: what the latest cell bound again, in order.
    """

    def __init__(
        self,
        namespace: dict[str, Any],
        notebook: bool = True,
        passing: tuple[type[BaseException], ...] = (),
        needed: Collection[str] = (),
    ):
        self._namespace = namespace
        self._notebook = notebook
        self._passing = passing
        self._flags = 0
        self._loop: NotebookLoop | None = None
        self._in_loop = False  # as far as the cell that runs may see it
        self._sources: list[str] = [""]
        self._results: dict[int, Any] = {}
        self._latest: list[Any] = [
            "",
            "",
            "",
        ]  # what `_`, `__` and `___` were bound to by this class
        bind_names(namespace)
        namespace["In"] = namespace["_ih"] = self._sources
        namespace["Out"] = namespace["_oh"] = self._results
        namespace["_"] = namespace["__"] = namespace["___"] = ""
        self.rebound: list[Rebinding] = []
        self._watcher = Watcher(namespace, needed)

    def run(
        self,
        source: str,
        name: str,
        started: Callable[[int, int], None] = lambda _step, _line: None,
        skip: Collection[int] = (),
        until: int | None = None,
    ) -> Iterator[Failure]:
        """Run a cell and yield what fails, as it fails.

        Args:
            source: of the cell.
            name: under which tracebacks show it.
            started: called before each step with its number, from 0, and its line.
            skip: steps that are not run.
            until: the first of the steps that are not run any more.
        """
        self._sources.append(source)
        self.rebound = []
        self._in_loop = self._notebook and (self._loop is not None or "asyncio" in source)
        statements = self._parsed(source, name)
        each = -(-len(statements) // _STEPS) or 1
        last = -1
        for number, statement in enumerate(statements):
            step = number // each
            if step in skip:
                continue
            if until is not None and step >= until:
                break
            if step != last:
                last = step
                started(step, statement.line)
            failure = self._attempt(statement, name, number == len(statements) - 1)
            self.rebound += self._watcher.look(statement.line, statement.tree)
            if failure is not None:
                yield failure
        if self._loop is not None:
            self._loop.catch_up()

    def _parsed(self, source: str, name: str) -> Sequence[Statement]:
        return list(parse(source, name))

    def _compiled(self, statement: Statement, name: str, flags: int, as_value: bool) -> Any:
        return compiled(statement, name, flags, as_value)

    def _attempt(self, statement: Statement, name: str, is_last: bool) -> Failure | None:
        try:
            if statement.error is not None:
                raise statement.error.with_traceback(None)
            self._execute(statement, name, is_last)
        except self._passing:
            raise
        except BaseException as error:  # SystemExit and worse are a statement's failure, too
            return Failure(_line_of(error, name) or statement.line, error)
        return None

    def _execute(self, statement: Statement, name: str, is_last: bool) -> None:
        tree = statement.tree
        shown = is_last and isinstance(tree, ast.Expr)
        code = self._compiled(statement, name, self._flags, shown)
        self._flags |= code.co_flags & _FUTURE_FLAGS  # for all that comes below, as in a kernel
        if code.co_flags & inspect.CO_COROUTINE:
            value = self._get_loop().run_until_complete(eval(code, self._namespace))
        elif self._in_loop:
            with self._get_loop().entered():
                value = eval(code, self._namespace)
        else:
            value = eval(code, self._namespace)
        if shown and value is not None:
            self._keep(value)

    def _get_loop(self) -> NotebookLoop:
        if self._loop is None or self._loop.is_closed():
            self._loop = NotebookLoop()
        return self._loop

    def _keep(self, value: Any) -> None:
        """Bind the result of a cell to `_` and its like, unless the student uses these names."""
        names = ("_", "__", "___")
        if any(self._namespace.get(name) is not kept for name, kept in zip(names, self._latest)):  # noqa: B905
            return
        self._latest = [value, *self._latest[:2]]
        self._namespace.update(zip(names, self._latest, strict=True))
        number = len(self._sources) - 1
        self._results[number] = value
        self._namespace[f"_{number}"] = value


def parse(source: str, name: str) -> Iterator[Statement]:
    """Yield the statements of a cell. What does not parse is one of them, with its error, and as small as can be."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of doubtful escapes; told again when it is compiled
        yield from _parts(source, name)


def _parts(source: str, name: str) -> Iterator[Statement]:
    if len(source) <= _WHOLE:
        try:
            yield from _parsed(source, name, 1)
            return
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            pass  # some block of it is at fault, which tells the error
    for line, block in blocks(source):
        yield from _block(block, name, line)


def _block(block: str, name: str, line: int) -> Iterator[Statement]:
    if len(block) > _WHOLE:
        yield Statement(line, source=block)
        return
    try:
        yield from _parsed(block, name, line)
        return
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        parts = definitions(block)
        if len(parts) < 2:
            yield Statement(line, error=_moved(error, line))
            return
    for offset, part in parts:
        try:
            yield from _parsed(part, name, line + offset - 1)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            first = line + offset - 1
            yield Statement(first, error=_moved(error, first))


def _parsed(source: str, name: str, line: int) -> list[Statement]:
    tree: Any = compile(source, name, "exec", ast.PyCF_ONLY_AST, dont_inherit=True)
    if line > 1:
        ast.increment_lineno(tree, line - 1)
    return [Statement(_first_line(statement), statement) for statement in tree.body]


def _first_line(statement: ast.stmt) -> int:
    decorators = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(decorator.lineno for decorator in decorators)])


def _moved(error: BaseException, line: int) -> BaseException:
    """The error with the line that it names in the whole cell."""
    if isinstance(error, SyntaxError) and error.lineno is not None:
        error.lineno += line - 1
        if error.end_lineno is not None:
            error.end_lineno += line - 1
    return error.with_traceback(None)


def compiled(statement: Statement, name: str, flags: int, as_value: bool) -> Any:
    """Compile a statement; `as_value` where the value of an expression is asked for."""
    flags |= ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    if statement.tree is None:
        text = "\n" * (statement.line - 1) + statement.source
        return compile(text, name, "exec", flags, dont_inherit=True)
    if as_value:
        assert isinstance(statement.tree, ast.Expr)
        expression = ast.Expression(statement.tree.value)
        return compile(expression, name, "eval", flags, dont_inherit=True)
    module = ast.Module([statement.tree], [])
    return compile(module, name, "exec", flags, dont_inherit=True)


def _line_of(error: BaseException, name: str) -> int:
    """The line of the cell that failed: the outermost, not that of a function which it called."""
    if isinstance(error, SyntaxError) and error.filename in (name, None):
        return error.lineno or 0
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == name:
            return trace.tb_lineno or 0
        trace = trace.tb_next
    return 0
