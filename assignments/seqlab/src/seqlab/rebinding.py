"""Notices when a name that the course needs is bound again: a library's, a built-in's, a function's.

The grader's sandbox, the command line and the notebook watch by this same file.
"""

from __future__ import annotations

import ast
import builtins
import types
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

AGAIN, DELETED, HIDES, HELPER, RESTORED = "again", "deleted", "hides", "helper", "restored"
_GONE = object()
_BUILTINS = frozenset(name for name in vars(builtins) if not name.startswith("_")) - {
    *("copyright", "credits", "license", "exit", "quit", "display", "get_ipython", "help")
}
_KEPT = (types.ModuleType, types.FunctionType, type)
_MOST = 50  # of one look
_TRACKED = 400  # names of libraries and helpers, so that a look stays cheap


@dataclass(frozen=True)
class Rebinding:
    """A name that means something else from a line on.

    `how` is "again", "deleted", "hides" (a built-in), "helper" (a function that the course does not know) or "restored" (it
    means again what it should).
    """

    name: str
    line: int
    how: str


class Watcher:
    """Watches the names of a namespace. `needed` are names of functions; libraries and built-ins are found out."""

    def __init__(self, namespace: dict[str, Any], needed: Collection[str] = ()):
        self._namespace = namespace
        self._needed = frozenset(needed)
        self._meant: dict[str, Any] = {}  # what a name should mean; _GONE for a built-in
        self._now: dict[str, Any] = {}
        self._size = 0

    def look(self, line: int, statement: ast.stmt | None = None) -> list[Rebinding]:
        """Return what changed since the last look, by a statement that begins at a line."""
        found = list(islice(self._changed(line), _MOST))
        self._take_in(statement)
        found += islice(self._hidden(line), _MOST)
        self._size = len(self._namespace)
        return found

    def _changed(self, line: int) -> Iterator[Rebinding]:
        for name, before in list(self._now.items()):
            value = self._namespace.get(name, _GONE)
            if value is before:
                continue
            self._now[name] = value
            if value is self._meant[name]:
                yield Rebinding(name, line, RESTORED)
            elif self._is_helper(name):
                yield Rebinding(name, line, HELPER)
            elif value is _GONE:
                yield Rebinding(name, line, DELETED)
            elif self._meant[name] is _GONE:
                yield Rebinding(name, line, HIDES)
            elif _is_module(value) and _is_module(self._meant[name]):
                self._meant[name] = value
                yield Rebinding(name, line, RESTORED if before is _GONE else AGAIN)
            else:
                yield Rebinding(name, line, AGAIN)

    def _take_in(self, statement: ast.stmt | None) -> None:
        """Note the functions and libraries that are new."""
        for name in self._needed:
            if name not in self._meant and name in self._namespace:
                self._meant[name] = self._now[name] = self._namespace[name]
        for name in (*self._new(), *_imported(statement)):
            value = self._namespace.get(name, _GONE)
            if name in _BUILTINS or name in self._meant or len(self._meant) > _TRACKED:
                continue
            if issubclass(type(value), _KEPT):
                self._meant[name] = self._now[name] = value

    def _is_helper(self, name: str) -> bool:
        return name not in self._needed and type(self._meant[name]) in (types.FunctionType, type)

    def _hidden(self, line: int) -> Iterator[Rebinding]:
        for name in self._new():
            if name in _BUILTINS and name not in self._meant:
                self._meant[name], self._now[name] = _GONE, self._namespace[name]
                if self._namespace[name] is not getattr(builtins, name):
                    yield Rebinding(name, line, HIDES)

    def _new(self) -> list[str]:
        """Names that were added last; more than there are, where others were deleted."""
        more = max(0, len(self._namespace) - self._size)
        return [name for name in islice(reversed(self._namespace), more) if type(name) is str]


def _is_module(value: Any) -> bool:
    return issubclass(type(value), types.ModuleType)


def _imported(statement: ast.stmt | None) -> Iterator[str]:
    if statement is None or isinstance(
        statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    ):
        return
    for node in ast.walk(statement):
        if isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                yield alias.asname or alias.name.partition(".")[0]
