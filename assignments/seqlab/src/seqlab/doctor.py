"""What the grader would say about the form of a file, before it is handed in: `seqlab doctor`.

The same reader as the grader's (`seqlab.cells`), a look at the source of the cells, and one run of them in a process of
its own, statement by statement, under the rules of `seqlab.asgraded` and `seqlab.nowrites`. What a function computes is for
the checks to say.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import re
import subprocess
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from seqlab import asgraded, cells, grader, notebook, numpynames, timelimit
from seqlab.answers import Form
from seqlab.cells import Cell, Reading
from seqlab.chapters import QUIZ, chapters_with_checks, function_names
from seqlab.imports import imports
from seqlab.quizzes import check_quiz, forms
from seqlab.runner import run
from seqlab.statements import parse

_DEFINITION = re.compile(r"^(?:async[ \t]+def|def|class)[ \t]+(\w+)", re.MULTILINE)
_RAISES = "NotImplementedError"
_MOST = 100  # findings that are shown


@dataclass(frozen=True)
class Finding:
    """Something to say of a file.

    Attributes:
        where: the cell and the line, or the file.
        what: a sentence.
        harmless: it costs nothing; the file is fit all the same.
    """

    where: str
    what: str
    harmless: bool = False

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" if self.where else self.what


@dataclass
class _Bound:
    """What a name of the notebook was bound to: where, and by what."""

    cell: int
    line: int
    kind: str  # "import", "function", "value"
    tree: ast.stmt

    @property
    def place(self) -> str:
        return f"cell {self.cell}, line {self.line}"


@dataclass
class _Names:
    """The bindings of all cells at the top level, in order, and the names that functions use."""

    bound: dict[str, list[_Bound]] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)


def examine(path: Path, chapter: str, seconds: float | None = None) -> list[Finding]:
    """Return what is to be said of a file, in the order in which it is best mended.

    Args:
        path: the notebook or script.
        chapter: its chapter.
        seconds: the limit of a cell, where it is not the usual one.

    Raises:
        OSError: it cannot be read.
    """
    findings = [
        *(Finding("", remark) for remark in [grader.python_remark()] if remark),
        *_about_name(path, chapter),
    ]
    reading = cells.read(path.name, path.read_bytes())
    if reading.status != "graded":
        return [
            *findings,
            *(Finding(remark.where, remark.what) for remark in reading.remarks),
        ]
    names = _names(reading.cells)
    findings += _about_reading(reading, chapter)
    findings += _about_imports(reading.cells, chapter, path)
    findings += _about_numpy(reading.cells)
    findings += _about_functions(names, chapter)
    findings += _bound_again(names, chapter)
    findings += _about_quiz(reading, chapter)
    findings += _about_run(path, chapter, findings, seconds)
    findings += _about_metadata(reading, chapter)
    return list(dict.fromkeys(findings))


def unsaved(path: Path, chapter: str, namespace: Mapping[str, Any]) -> list[Finding]:
    """Return functions whose text in the file is not what a live notebook has run.

    Args:
        path: the notebook.
        chapter: its chapter.
        namespace: of the live notebook.
    """
    names = _names(cells.read(path.name, path.read_bytes()).cells)
    findings = []
    for name in function_names(chapter):
        live = _source_of(namespace.get(name))
        places = names.bound.get(name, [])
        saved = ast.unparse(places[-1].tree) if places and places[-1].kind == "function" else ""
        if live and live != saved:
            what = f"{name} in the file is not what you ran: save the notebook, and run its cell"
            findings.append(Finding(path.name, what))
    return findings


def _source_of(function: Any) -> str:
    """The definition of a function in the form of `ast.unparse`, "" where there is none to be found."""
    if not inspect.isfunction(function):
        return ""
    try:
        return ast.unparse(ast.parse(textwrap.dedent(inspect.getsource(function))).body[0])
    except (OSError, SyntaxError, ValueError, IndexError, RecursionError):
        return ""


def is_fit(findings: Sequence[Finding]) -> bool:
    """Whether the file can be handed in as it is."""
    return all(finding.harmless for finding in findings)


def lines(path: Path, chapter: str, findings: Sequence[Finding]) -> list[str]:
    """Return the findings as lines of text, with a last line that says whether the file is fit."""
    wrong = [finding for finding in findings if not finding.harmless]
    harmless = [finding for finding in findings if finding.harmless]
    said = [f"✘ {finding}" for finding in wrong[:_MOST]]
    if len(wrong) > _MOST:
        said.append(f"✘ and {len(wrong) - _MOST} more")
    said += [f"· {finding}" for finding in harmless[:_MOST]]
    if wrong:
        count = "1 thing" if len(wrong) == 1 else f"{len(wrong)} things"
        return [
            *said,
            f"{path.name} is not fit to be handed in for {chapter} yet: {count} to mend.",
        ]
    return [
        *said,
        f"✔ {path.name} is fit to be handed in for {chapter}. What its functions compute, the checks say.",
    ]


def chapter_of(path: Path) -> str | None:
    """Return the chapter of a file: by its name, its folder's, or the functions in it."""
    named = notebook.chapter_of(path)
    if named:
        return named
    try:
        reading = cells.read(path.name, path.read_bytes())
    except OSError:
        return None
    text = "\n".join(cell.source for cell in reading.cells)
    defined = {*_DEFINITION.findall(text), *(part.grade_id for part in reading.parts)}
    counts = {
        name: len(defined.intersection(function_names(name))) for name in chapters_with_checks()
    }
    best = max(counts.values())
    found = [name for name, count in counts.items() if count == best]
    return found[0] if best and len(found) == 1 else None


# --- the file -------------------------------------------------------------------------------------------------------


def _about_name(path: Path, chapter: str) -> Iterator[Finding]:
    wanted = [f"{chapter}{suffix}" for suffix in notebook.SUFFIXES]
    if path.name not in wanted:
        yield Finding(path.name, f"is not the name under which it is graded: call it {wanted[0]}")
    if path.name == wanted[1] and path.with_name(wanted[0]).is_file():
        yield Finding(path.name, f"does not count beside {wanted[0]}, which is graded in its place")
    if path.is_symlink():
        yield Finding(path.name, "is a link; hand in the file itself")


def _about_reading(reading: Reading, chapter: str) -> Iterator[Finding]:
    known = {*function_names(chapter), QUIZ}
    sources = {part.number: part.source for part in reading.parts}
    for remark in reading.remarks:
        skipped = remark.what.startswith("skipped: ")
        number = re.fullmatch(r"cell (\d+)", remark.where)
        text = sources.get(int(number[1]), "") if number else ""
        if skipped and remark.what.startswith("skipped: %%"):
            lost = [name for name in _DEFINITION.findall(text) if name in known]
            if lost:
                what = f"{remark.what.removeprefix('skipped: ')} keeps {', '.join(lost)} from being run"
                yield Finding(remark.where, what)
                continue
        yield Finding(remark.where, remark.what, harmless=skipped)
    if reading.is_notebook:
        out_of_place = ("markdown", "raw")
        for part in reading.parts:
            lost = [name for name in _DEFINITION.findall(part.source) if name in known]
            shown = part.cell_type in out_of_place and part.source.lstrip().startswith("def ")
            if (
                lost
                and shown
                and not any(r.where == f"cell {part.number}" for r in reading.remarks)
            ):
                what = (
                    f"{', '.join(lost)} stands in a cell of type {part.cell_type}, which is not run"
                )
                yield Finding(f"cell {part.number}", what)


def _about_metadata(reading: Reading, chapter: str) -> Iterator[Finding]:
    """Cells that lost nbgrader's names: the functions are found all the same."""
    if not any(part.grade_id for part in reading.parts):
        if reading.is_notebook and reading.parts:
            what = "no cell has nbgrader's metadata any more; functions are found by their names"
            yield Finding("", what, harmless=True)
        return
    named = [part.grade_id for part in reading.parts if part.grade_id]
    for name in (*function_names(chapter), QUIZ):
        if name not in named:
            what = f"the cell of {name} has lost nbgrader's metadata; the function is found by its name"
            yield Finding("", what, harmless=True)
    for name in sorted({name for name in named if named.count(name) > 1}):
        places = [str(part.number) for part in reading.parts if part.grade_id == name]
        what = f"cells {' and '.join(places)} are both named {name}; the last definition counts"
        yield Finding("", what, harmless=True)


# --- the source -----------------------------------------------------------------------------------------------------


def _about_imports(read_cells: Sequence[Cell], chapter: str, path: Path) -> Iterator[Finding]:
    folder = path.absolute().parent
    for cell in read_cells:
        for found in imports(cell.source):
            where = f"cell {cell.number}, line {found.line}"
            if found.module.startswith("."):
                what = "the grader gets the notebook alone: there is no package around it"
            elif not grader.lacks(found.module, chapter):
                continue
            else:
                own = asgraded.is_own(found.module.partition(".")[0], folder)
                what = grader.why_lacking(found.module, chapter, own)
            if found.function:
                what = f"{found.function} imports `{found.module}`: {what}"
            yield Finding(where, what, harmless=found.provided)


def _about_numpy(read_cells: Sequence[Cell]) -> Iterator[Finding]:
    known: dict[str, str] = {}
    for cell in read_cells:
        known |= numpynames.aliases(cell.source)
        asks = "hasattr" in cell.source or "AttributeError" in cell.source
        for line, name in numpynames.missing(cell.source, known):
            what = f"numpy {grader.numpy_version()}, which the grader has, has no `{name}`"
            yield Finding(f"cell {cell.number}, line {line}", what, harmless=asks)


def _names(read_cells: Sequence[Cell]) -> _Names:
    names = _Names()
    for cell in read_cells:
        for statement in parse(cell.source, f"<cell {cell.number}>"):
            if statement.tree is None:
                continue
            _note_bindings(names, cell.number, statement.line, statement.tree)
            for node in ast.walk(statement.tree):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                    names.used |= _globals_of(node)
    return names


def _note_bindings(names: _Names, cell: int, line: int, tree: ast.stmt) -> None:
    """Note what a statement binds at the top level, within its branches too."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            _note(names, node.name, _Bound(cell, node.lineno, "function", node))
            continue
        if isinstance(
            node, ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
        ):
            continue  # their names are their own
        if isinstance(node, ast.ExceptHandler):
            continue  # what stands in for something that is not there
        if isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                name = alias.asname or alias.name.partition(".")[0]
                _note(names, name, _Bound(cell, node.lineno, "import", node))
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            _note(names, node.id, _Bound(cell, node.lineno, "value", tree))
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Del):
            names.bound.pop(node.id, None)
        waiting += reversed(list(ast.iter_child_nodes(node)))


def _note(names: _Names, name: str, bound: _Bound) -> None:
    names.bound.setdefault(name, []).append(bound)


def _globals_of(function: ast.AST) -> set[str]:
    """Names that a function reads and does not bind itself, roughly as the compiler would."""
    loaded: set[str] = set()
    own: set[str] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.arg):
            own.add(node.arg)
        elif isinstance(node, ast.Name):
            (loaded if isinstance(node.ctx, ast.Load) else own).add(node.id)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            own.update(alias.asname or alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node is not function:
            own.add(node.name)
        elif isinstance(node, ast.Global):
            own.difference_update(node.names)
    return loaded - own


def _about_functions(names: _Names, chapter: str) -> Iterator[Finding]:
    for name in function_names(chapter):
        places = names.bound.get(name, [])
        if not places:
            continue  # whether it is there in the end, the run tells
        last = places[-1]
        defined = [place for place in places if place.kind == "function"]
        if len(defined) > 1:
            where = " and ".join(place.place for place in defined)
            yield Finding("", f"{name} is defined at {where}; the last one counts", harmless=True)
        if last.kind == "function":
            yield from _about_stub(name, last)


def _about_stub(name: str, bound: _Bound) -> Iterator[Finding]:
    body = list(getattr(bound.tree, "body", []))
    if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        body = body[1:]
    left = [statement for statement in body if _is_left_raise(statement)]
    if not left:
        return
    ends = [place for place, statement in enumerate(body) if isinstance(statement, ast.Return)]
    if len(body) == 1:
        yield Finding(f"cell {bound.cell}, line {left[0].lineno}", f"{name} is not written yet")
        return
    for statement in left:
        what = f"{name}: line {statement.lineno} still raises {_RAISES}; delete it"
        is_never_reached = bool(ends) and ends[0] < body.index(statement)
        yield Finding(f"cell {bound.cell}", what, harmless=is_never_reached)


def _is_left_raise(statement: ast.stmt) -> bool:
    if not isinstance(statement, ast.Raise) or statement.exc is None:
        return False
    raised = statement.exc.func if isinstance(statement.exc, ast.Call) else statement.exc
    return isinstance(raised, ast.Name) and raised.id == _RAISES


def _bound_again(names: _Names, chapter: str) -> Iterator[Finding]:
    """Names that functions need and that mean something else in the end."""
    functions = set(function_names(chapter))
    for name in sorted({*names.used, *functions} & names.bound.keys()):
        places = names.bound[name]
        last = places[-1]
        if last.kind != "value" or _may_be_function(last.tree):
            continue
        if name in functions:
            before = [place for place in places if place.kind == "function"]
            if before and _is_plain_value(last.tree):  # a call may well return a function
                what = (
                    f"binds {name} again, which {before[-1].place} defines; the last binding counts"
                )
                yield Finding(last.place, what)
            continue
        imported = [place for place in places if place.kind == "import"]
        if imported:
            what = f"binds {name} again, which {imported[0].place} imports and functions use"
            yield Finding(last.place, what)
        elif hasattr(builtins, name) and not name.startswith("_"):
            what = f"binds {name} again, which is Python's own and which functions use"
            yield Finding(last.place, what)


def _may_be_function(tree: ast.stmt) -> bool:
    """Whether what is assigned is another name for something, or a lambda."""
    return isinstance(getattr(tree, "value", None), ast.Lambda | ast.Name | ast.Attribute)


def _is_plain_value(tree: ast.stmt) -> bool:
    """Whether what is assigned is no function, as far as the source shows."""
    value = getattr(tree, "value", None)
    kinds = (ast.Constant, ast.List, ast.Tuple, ast.Dict, ast.Set, ast.JoinedStr, ast.ListComp)
    return isinstance(value, kinds)


def _about_quiz(reading: Reading, chapter: str) -> Iterator[Finding]:
    asked: Mapping[str, Form] = forms(chapter)
    if not asked:
        return
    if reading.quiz is None:
        what = f"{QUIZ} is not assigned as a dict of texts, so no answer can be read"
        yield Finding(QUIZ, what)
        return
    result = check_quiz(asked, reading.quiz)
    yield from (Finding(QUIZ, finding) for finding in result.findings)


# --- the run --------------------------------------------------------------------------------------------------------


def _about_run(
    path: Path, chapter: str, before: Sequence[Finding], seconds: float | None
) -> Iterator[Finding]:
    done = run(
        path,
        chapter,
        (),
        seconds=seconds or timelimit.SECONDS,
        log=subprocess.DEVNULL,
        form=True,
    )
    if done.problem:
        yield Finding("", done.problem)
        return
    said = {str(finding) for finding in before}
    places = {finding.where for finding in before if not finding.harmless}
    for (number, line), note in done.notes.items():
        if number == 0 or note in said:
            continue  # of the reader, which was told above
        where = f"cell {number}, line {line}" if line else f"cell {number}"
        what = note.partition(": ")[2] if line else note
        if where in places and "ModuleNotFoundError" in what:
            continue
        yield Finding(where, what)
    for name in done.missing:
        if name != QUIZ:
            yield Finding("", f"there is no function {name} when all cells have run")
    for name in done.not_callable:
        yield Finding("", f"{name} is no function when all cells have run")
