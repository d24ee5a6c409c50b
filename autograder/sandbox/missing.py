"""Which modules a submission imports and the grader does not have, told from its own source and from nothing else.

A worker says of an import only that it failed. What is told to the student is a name that stands in one of the
submission's own import statements; no text of an exception is passed on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from .inside.lines import Logical, logical_lines
from .terms import Cell

_REFUSED = re.compile(r"No module named '([\w.]+)'|(\w+) cannot be imported in this chapter")
_UNDEFINED = re.compile(r"name '(\w+)' is not defined")
_MODULE = r"[^\W\d]\w*+(?:\.\w++)*+"
_IMPORT = re.compile(r"import\b(?P<list>[^;\n]*+)")
_FROM = re.compile(rf"from[ \t]++(?P<module>{_MODULE})[ \t]++import\b(?P<list>[^;]*+)")
_CALL = re.compile(rf"""(?:import_module|__import__)\([ \t]*+['"](?P<module>{_MODULE})['"]""")
_PART = re.compile(rf"(?P<name>{_MODULE})(?:\s++as\s++(?P<as>\w++))?")
_MOST = 200  # imports of a submission, and failures that are looked at
_LONGEST = 4_000  # characters of a statement
_LARGEST = 1 << 18  # characters of a cell that are searched


class MissingModules:
    """What the cells import, and which of the names that these imports would bind are not there."""

    def __init__(self, cells: Sequence[Cell]):
        """Take the cells of a submission; they are searched when something is missing."""
        self._cells = cells
        self._imported: frozenset[str] | None = None
        self._names: dict[str, str] = {}
        self._noted = 0

    def note(self, cell: Cell, line: int, text: str) -> None:
        """Note what an import statement that failed would have bound.

        Args:
            cell: in which it stands.
            line: of it.
            text: what the worker says of the exception.
        """
        module = _module_of(text)
        if not module or self._noted >= _MOST:
            return
        self._noted += 1
        for statement in _statements_from(cell.source, line):
            found = list(_imports(statement))
            if any(name.partition(".")[0] == module for name, _bound in found):
                self._names.update((bound, module) for _name, bound in found if bound)
                return

    def needed(self, kind: str, text: str) -> str:
        """Return the module for want of which a function failed, "" where it is another reason.

        Args:
            kind: the nearest built-in class of the exception.
            text: of the exception.
        """
        if kind == "NameError":
            found = _UNDEFINED.match(text)
            return self._names.get(found[1], "") if found else ""
        if kind in ("ModuleNotFoundError", "ImportError"):
            module = _module_of(text)
            return module if module in self._all_imported() else ""
        return ""

    def _all_imported(self) -> frozenset[str]:
        if self._imported is None:
            found: set[str] = set()
            for cell in self._cells:
                if "import" not in cell.source:
                    continue
                for statement in _statements(cell.source):
                    found.update(name.partition(".")[0] for name, _bound in _imports(statement))
                    if len(found) > _MOST:
                        break
            self._imported = frozenset(found)
        return self._imported


def _module_of(text: str) -> str:
    found = _REFUSED.match(text)
    return (found[1] or found[2]).partition(".")[0] if found else ""


def _statements(source: str) -> Iterator[str]:
    for _first, _last, text in _numbered(source):
        yield text


def _statements_from(source: str, number: int) -> Iterator[str]:
    """The logical lines that begin at a line of the source, or around it."""
    for first, last, text in _numbered(source):
        if first > number:
            return
        if last >= number:
            yield text


def _numbered(source: str) -> Iterator[tuple[int, int, str]]:
    """First and last line of each statement that is not too long, and its text."""
    source = source[:_LARGEST]
    line, counted = 1, 0
    for logical in logical_lines(source, magics=False):
        first = line + source.count("\n", counted, logical.text)
        last = first + source.count("\n", logical.text, logical.code_end)
        line, counted = last, logical.code_end
        if logical.kind == "code" and logical.code_end - logical.text <= _LONGEST:
            yield first, last, _text(source, logical)


def _text(source: str, line: Logical) -> str:
    return source[line.text : line.code_end].replace("\\\n", " ")


def _imports(statement: str) -> Iterator[tuple[str, str]]:
    """Module and name bound, of each import that begins a statement or stands behind a `;` or `:`."""
    for found in _CALL.finditer(statement):
        yield found["module"], statement.partition("=")[0].strip() if "=" in statement else ""
    position = 0
    while True:
        at = statement.find("import", position)
        if at < 0:
            return
        position = at + len("import")
        begin = max(statement.rfind(";", 0, at), statement.rfind(":", 0, at)) + 1
        start = begin + len(statement[begin:at]) - len(statement[begin:at].lstrip())
        if named := _FROM.match(statement, start):
            for part in _PART.finditer(named["list"]):
                yield named["module"], part["as"] or part["name"]
            position = named.end()
        elif plain := _IMPORT.match(statement, start):
            for part in _PART.finditer(plain["list"]):
                yield part["name"], part["as"] or part["name"].partition(".")[0]
            position = plain.end()
