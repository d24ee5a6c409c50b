"""The course as its sources say it: chapters, functions, points, solutions. Read from `solutions/`, nowhere else.

A source is a jupytext percent script with nbgrader's metadata in the cell headers; `docs/authoring.md` describes it.
"""

from __future__ import annotations

import ast
import copy
import functools
import hashlib
import importlib.util
import io
import itertools
import json
import linecache
import re
import sys
import tokenize
import types
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import msgspec

from autograder.files import write_file

ROOT = Path(__file__).resolve().parents[2]
SOLUTIONS = ROOT / "solutions"
SUITES = ROOT / "autograder" / "chapters"
QUIZ = "quiz_answers"
EXPERIMENT = "experiment"
BEGIN_SOLUTION = "### BEGIN SOLUTION"
END_SOLUTION = "### END SOLUTION"
FULL_POINTS = 100.0
LIBRARIES = ("numpy", "torch")

_READ_SOURCES = ROOT / ".cache" / "sources"  # by digest; may be deleted at any time

_ID_LENGTH = 64  # what the notebook format allows
_module_numbers = itertools.count(1)


class CourseError(Exception):
    """A source that breaks a rule; the message names file, cell and cause."""


class Function(msgspec.Struct, frozen=True):
    """A function that students write (or the quiz), and what it is worth."""

    name: str
    points: float


class Chapter(msgspec.Struct, frozen=True):
    """A chapter of the course. `libraries` is "numpy" or "torch"; functions come in the order of the text."""

    name: str
    title: str
    libraries: str
    functions: tuple[Function, ...]
    path: str


def hidden_folder(chapter: str) -> Path:
    """Return where the hidden tests, mistakes and alternatives of a chapter lie."""
    return SUITES / chapter


def chapters(solutions: Path = SOLUTIONS) -> dict[str, Chapter]:
    """Return every chapter below a folder of sources, by name, sorted.

    Raises:
        CourseError: a source is missing, cannot be read or breaks a rule.
    """
    found = {}
    for folder in sorted({path.parent for path in solutions.glob("*/*.py")}):
        path = folder / f"{folder.name}.py"
        if not path.is_file():
            raise CourseError(f"{folder}: holds Python files, but no {path.name}")
        found[folder.name] = _read(path)
    if not found:
        raise CourseError(f"there is no chapter below {solutions}")
    return found


def _read(path: Path) -> Chapter:
    notebook = _parse(path)
    about = notebook["metadata"].get("course")
    if not isinstance(about, dict) or not about.get("title"):
        raise CourseError(f"{path}: the header has no course.title")
    if about.get("libraries") not in LIBRARIES:
        raise CourseError(f"{path}: course.libraries in the header is neither numpy nor torch")
    points: dict[str, float] = {}
    solved: list[str] = []
    seen: set[str] = set()
    for where, cell, ours in _graded_cells(path):
        grade_id = ours.get("grade_id")
        if not grade_id or grade_id in seen:
            raise CourseError(f"{where}: its grade_id is missing or used twice")
        seen.add(grade_id)
        if ours.get("solution"):
            _check_solution(where, grade_id, cell["source"])
            solved.append(grade_id)
        elif ours.get("grade"):
            points[grade_id] = _checked_points(where, grade_id, cell["source"], ours.get("points"))
    for name in solved:
        if f"test_{name}" not in points:
            raise CourseError(f"{path}: the solution cell {name} has no test cell test_{name}")
    stray = sorted(set(points) - {f"test_{name}" for name in solved})
    if stray:
        raise CourseError(f"{path}: test cells without a solution cell: {', '.join(stray)}")
    if abs(sum(points.values()) - FULL_POINTS) > 1e-9:
        raise CourseError(f"{path}: the points add up to {sum(points.values()):g}, not to 100")
    functions = tuple(Function(name, points[f"test_{name}"]) for name in solved)
    return Chapter(path.stem, about["title"], about["libraries"], functions, str(path))


def _graded_cells(path: Path) -> Iterator[tuple[str, Any, dict[str, Any]]]:
    """Each cell that nbgrader knows: where it is, the cell, nbgrader's metadata."""
    for number, cell in enumerate(_parse(path)["cells"], start=1):
        ours = cell["metadata"].get("nbgrader")
        if ours:
            yield f"{path}: cell {number} ({ours.get('grade_id')})", cell, ours


def _check_solution(where: str, name: str, source: str) -> None:
    marks = [line.strip() for line in source.split("\n") if "SOLUTION" in line]
    if not marks or marks != [BEGIN_SOLUTION, END_SOLUTION] * (len(marks) // 2):
        raise CourseError(f"{where}: {BEGIN_SOLUTION} and {END_SOLUTION} do not pair up")
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        raise CourseError(f"{where}: line {error.lineno} of the cell: {error.msg}") from error
    if name not in _bound_names(tree):
        raise CourseError(f"{where}: the cell defines no {name}")


def _bound_names(tree: ast.Module) -> set[str]:
    names = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names.update(target.id for target in node.targets if isinstance(target, ast.Name))
    return names


def _checked_points(where: str, grade_id: str, source: str, points: Any) -> float:
    if isinstance(points, bool) or not isinstance(points, int | float) or not points > 0:
        raise CourseError(f"{where}: a test cell needs points above 0, not {points!r}")
    check = f"%check {grade_id.removeprefix('test_')}"
    if source.strip() != check:
        raise CourseError(f"{where}: the cell holds something else than its line {check}")
    return float(points)


def _jupytext() -> types.ModuleType:
    """Import jupytext when a source is read, without the most expensive part of what it imports.

    `jsonschema` builds a grammar of internationalised addresses at import where it can, which takes longer than
    everything else together. No notebook needs it, and without it `jsonschema` passes over that one format.
    """
    grammar = "rfc3987_syntax"
    if "jupytext" in sys.modules or grammar in sys.modules:
        import jupytext
    else:
        sys.modules[grammar] = None  # type: ignore[assignment]  # makes an import fail at once
        try:
            import jupytext
        finally:
            del sys.modules[grammar]
    return jupytext


@functools.lru_cache(maxsize=64)
def _parse_version(path: Path, _version: tuple[int, int]) -> dict[str, Any]:
    """Read a source as the JSON of a notebook: from the cache where the same bytes were read before.

    Jupytext, with what it imports, takes longer than everything else that a short command does.
    """
    data = path.read_bytes()
    stored = _READ_SOURCES / f"{hashlib.sha256(_reader() + data).hexdigest()}.json"
    try:
        return cast(dict[str, Any], json.loads(stored.read_bytes()))
    except (OSError, ValueError):
        notebook = _read_by_jupytext(path, data)
    try:
        write_file(stored, json.dumps(notebook).encode())
    except OSError:
        return notebook  # a cache that cannot be written costs time and nothing else
    return notebook


@functools.cache
def _reader() -> bytes:
    """Which jupytext there is, found out without importing it."""
    found = importlib.util.find_spec("jupytext")
    if found is None or found.origin is None:
        return b""
    return (Path(found.origin).parent / "version.py").read_bytes()


def _read_by_jupytext(path: Path, data: bytes) -> dict[str, Any]:
    try:
        notebook = _jupytext().reads(data.decode(), fmt="py:percent")
    except Exception as error:  # jupytext raises whatever its YAML and JSON parsers do
        raise CourseError(f"{path}: cannot be read: {error}") from error
    return cast(dict[str, Any], json.loads(json.dumps(notebook)))


def _parse(path: Path) -> dict[str, Any]:
    try:
        status = path.stat()
    except OSError as error:
        raise CourseError(f"{path}: cannot be read: {error.strerror}") from error
    return _parse_version(path, (status.st_mtime_ns, status.st_size))


# --- the source as a notebook ---------------------------------------------------------------------------------------


def read_notebook(chapter: Chapter) -> Any:
    """Return the source as a notebook, with cell ids that stay the same from one release to the next.

    The `if __name__ == "__main__":` of an experiment is taken off: it keeps the import of a source from running
    experiments, and is of no use to students.
    """
    import nbformat  # takes a while to import; most commands need no notebook

    notebook = nbformat.from_dict(copy.deepcopy(_parse(Path(chapter.path))))
    for number, cell in enumerate(notebook["cells"], start=1):
        grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id")
        cell["id"] = cell_id(grade_id or f"{chapter.name}-{number:03d}")
        if EXPERIMENT in cell["metadata"].get("tags", []):
            try:
                cell["source"] = unwrap_main(cell["source"])
            except (SyntaxError, ValueError) as error:
                where = f"{chapter.path}: cell {number} (experiment)"
                raise CourseError(f"{where}: {error}") from error
    return notebook


def cell_id(name: str) -> str:
    """Return a name in the alphabet and length of cell ids."""
    return re.sub(r"[^A-Za-z0-9_-]", "-", name)[:_ID_LENGTH]


def _syntax_tree(source: str) -> ast.Module:
    """Parse a cell. What a garbage collection runs in the middle of it can confuse Python 3.11's own counter, once."""
    try:
        return ast.parse(source)
    except SystemError:
        return ast.parse(source)


@functools.lru_cache(maxsize=1024)
def unwrap_main(source: str) -> str:
    """Dedent the body of the one top-level `if __name__ == "__main__":` block, if there is one.

    Raises:
        SyntaxError: the cell does not compile.
        ValueError: there are several such blocks, or one has an `else`.
    """
    blocks = [
        node
        for node in _syntax_tree(source).body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "__name__ == '__main__'"
    ]
    if not blocks:
        return source
    if len(blocks) > 1 or blocks[0].orelse:
        raise ValueError('more than one `if __name__ == "__main__":`, or one with an `else`')
    block = blocks[0]
    assert block.end_lineno is not None
    if block.body[0].lineno == block.lineno:
        raise ValueError('the body of `if __name__ == "__main__":` stands on the same line')
    lines = source.split("\n")
    indent = " " * block.body[0].col_offset
    end = block.end_lineno
    while end < len(lines) and lines[end].startswith(indent):  # comments are no part of the tree
        end += 1
    inside = set(range(block.lineno + 1, end + 1)) - _lines_within_strings(source)
    dedented = [
        line.removeprefix(indent) if number in inside else line
        for number, line in enumerate(lines, start=1)
    ]
    return "\n".join(dedented[: block.lineno - 1] + dedented[block.lineno :])


def _lines_within_strings(source: str) -> set[int]:
    """Lines that begin inside a string: their indentation is part of its value."""
    within: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if tokenize.tok_name[token.type] in ("STRING", "FSTRING_MIDDLE"):
            within.update(range(token.start[0] + 1, token.end[0] + 1))
    return within


# --- the source as code ---------------------------------------------------------------------------------------------


def solution_source(chapter: Chapter, function: str) -> str:
    """Return the text of a function's solution cell."""
    for _where, cell, ours in _graded_cells(Path(chapter.path)):
        if ours.get("solution") and ours.get("grade_id") == function:
            return cell["source"]
    raise CourseError(f"{chapter.path}: there is no solution cell {function}")


def text_cells(chapter: Chapter) -> list[str]:
    """Return the chapter's text, cell by cell, in Markdown."""
    cells = _parse(Path(chapter.path))["cells"]
    return [cell["source"] for cell in cells if cell["cell_type"] == "markdown"]


def module_source(chapter: Chapter, replace: Mapping[str, str] | None = None) -> str:
    """Return the code of a chapter as one module: no magics, no experiments.

    Args:
        chapter: the chapter.
        replace: other text for the solution cells of some functions.

    Raises:
        CourseError: `replace` names a function that the chapter does not have.
    """
    replace = replace or {}
    unknown = sorted(set(replace) - {function.name for function in chapter.functions})
    if unknown:
        raise CourseError(f"{chapter.path}: there is no solution cell {', '.join(unknown)}")
    parts = []
    for cell in _parse(Path(chapter.path))["cells"]:
        ours = cell["metadata"].get("nbgrader", {})
        if cell["cell_type"] != "code" or EXPERIMENT in cell["metadata"].get("tags", []):
            continue
        if ours.get("solution"):
            parts.append(replace.get(ours["grade_id"], cell["source"]).strip("\n"))
        elif not ours:
            parts.append(cell["source"])
    return "\n\n\n".join(parts) + "\n"


def load_reference(chapter: Chapter, replace: Mapping[str, str] | None = None) -> types.ModuleType:
    """Run the chapter's code as a fresh module, the oracle of its hidden suite."""
    name = f"reference_{chapter.name}_{next(_module_numbers)}"
    source = module_source(chapter, replace)
    module = types.ModuleType(name)
    module.__file__ = file = f"<{name}>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    sys.modules[name] = module  # dataclasses look their module up
    try:
        exec(compile(source, file, "exec", dont_inherit=True), module.__dict__)
    except BaseException:
        del sys.modules[name]
        raise
    return module
