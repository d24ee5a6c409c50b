"""Why a function fails that may be right: a line that failed above it, a name that was bound again, a raise left in it.

The grader and the command line tell it by this same file, from the text of the cells, what failed in them, and the place of
an exception. Nothing is parsed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from seqlab.outline import Top, at_line, is_stub, names_in, outline, raise_left

_NOT_DEFINED = re.compile(r"NameError: name '(\w+)' is not defined")
_NOT_COMPILED = ("SyntaxError", "IndentationError", "TabError")
_IMPORT = re.compile(r"(?:ModuleNotFoundError|ImportError): ")
_STOPPED = "stopped: "
_HOW = {
    "again": "was bound again",
    "deleted": "was deleted",
    "hides": "was bound again",
    "helper": "was bound again or deleted",
}


class Rebound(NamedTuple):
    """Where a name that the course needs was bound again, and how, as `seqlab.rebinding` tells."""

    cell: int
    line: int
    how: str


@dataclass(frozen=True)
class Stop:
    """A statement that failed: the cell, the line (0 where it is not known), and what it raised, in words."""

    cell: int
    line: int
    what: str

    def told(self) -> str:
        """Say it as a reason."""
        what = _IMPORT.sub("", self.what.removeprefix(_STOPPED))
        if self.what.startswith(_NOT_COMPILED):
            place = f" (line {self.line})" if self.line else ""
            return f"cell {self.cell} does not compile{place}: {what}"
        return f"cell {self.cell} stopped{f' at line {self.line}' if self.line else ''}: {what}"


def bound_again(name: str, place: Rebound, called: str = "cell {}") -> str:
    """Say where a name was bound again; cells may be called by the number of their input."""
    line = f", line {place.line}" if place.line else ""
    return f"`{name}` {_HOW[place.how]} in {called.format(place.cell)}{line}"


def bound_here(name: str, how: str) -> str:
    """Say that a name was bound again, for a remark that names the place itself."""
    return f"`{name}` {_HOW[how]} here"


def raise_to_delete(line: int) -> str:
    """Say that a line is left behind from the stub."""
    return f"line {line} still raises NotImplementedError; delete it"


class Causes:
    """What is known of the cells of one notebook after they have run."""

    def __init__(
        self,
        sources: Mapping[int, str],
        stops: Sequence[Stop],
        rebound: Mapping[str, Rebound],
    ):
        """Take the cells by number, what failed in them in order, and which names were bound again."""
        self._sources = sources
        self._outlines: dict[int, list[Top]] = {}
        self._rebound = rebound
        self._lost: dict[str, Stop] = {}  # name to the statement that would have bound it
        self._failed: dict[int, set[int]] = {}
        for stop in stops:
            self._failed.setdefault(stop.cell, set()).add(stop.line)
            top = at_line(self._outline(stop.cell), stop.line)
            for name in top.names if top else ():
                self._lost.setdefault(name, stop)

    def _outline(self, number: int) -> list[Top]:
        if number not in self._outlines:
            self._outlines[number] = outline(self._sources.get(number, ""))
        return self._outlines[number]

    def is_written(self, function: str) -> bool:
        """Whether some statement, failed or not, binds a function to something other than a stub."""
        return any(function in top.names and not is_stub(top.text) for top in self._tops())

    def _tops(self) -> list[Top]:
        return [top for number in self._sources for top in self._outline(number)]

    def of_stop(self, stop: Stop) -> str:
        """Return why a statement failed, "" where its own error tells that."""
        found = _NOT_DEFINED.match(stop.what)
        if found is None:
            return ""
        name = found[1]
        if name in self._lost and self._lost[name] != stop:
            return self._not_defined(name)
        return bound_again(name, self._rebound[name]) if name in self._rebound else ""

    def _not_defined(self, name: str) -> str:
        """Why a name is not defined: the statement that failed first of those that lead there."""
        seen = {name}
        root = name
        while found := _NOT_DEFINED.match(self._lost[root].what):
            if found[1] in seen or found[1] not in self._lost:
                break
            root = found[1]
            seen.add(root)
        return f"`{root}` is not defined, because {self._lost[root].told()}"

    def of_name(self, function: str) -> str:
        """Return why a function is not what was written, "" where it is."""
        if function in self._lost and not self._stands(function):
            return f"`{function}` is missing, because {self._lost[function].told()}"
        return bound_again(function, self._rebound[function]) if function in self._rebound else ""

    def _stands(self, function: str) -> bool:
        """Whether a statement that did not fail binds a function to something other than a stub."""
        return any(
            function in top.names
            and not is_stub(top.text)
            and not any(top.first <= line <= top.last for line in self._failed.get(number, ()))
            for number in self._sources
            for top in self._outline(number)
        )

    def of_error(self, kind: str, cell: int, line: int, function: str = "") -> str:
        """Return why a line raised in a call, "" where it is likely at fault itself.

        Args:
            kind: the name of the exception's class.
            cell: in which it was raised.
            line: of that cell.
            function: that was called.
        """
        if kind == "NotImplementedError":
            return self._of_stub(function, cell, line)
        names = names_in(self._sources.get(cell, ""), line)
        if kind in ("NameError", "UnboundLocalError"):
            for name in names:
                if name in self._lost:
                    return self._not_defined(name)
        for name in names:
            if name in self._rebound:
                return bound_again(name, self._rebound[name])
        return self.of_name(function)

    def _of_stub(self, function: str, cell: int, line: int) -> str:
        top = at_line(self._outline(cell), line)
        if top is None:
            return self.of_name(function)
        if raise_left(top.text, line - top.first + 1):
            return f"cell {cell}: {raise_to_delete(line)}"
        # The stub is still there, as what was written below it failed.
        return self.of_name(top.defines) or self.of_name(function)

    def waits_for(self, function: str, cell: int, line: int) -> str:
        """Return the other function, not written yet, whose stub stands at a line; "" where there is none."""
        top = at_line(self._outline(cell), line)
        if top is None or top.defines == function or not is_stub(top.text):
            return ""
        return top.defines
