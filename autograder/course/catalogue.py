"""What an entry of the catalogue is, and how a chapter's entries are found."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence

import msgspec

from autograder.course.source import Chapter, hidden_folder, module_source, solution_source
from autograder.results import HINT


class Mistake(msgspec.Struct, frozen=True):
    """Wrong code that students write: a substitution in the reference's solution cell, or a whole function.

    `also` names functions that lose points by the rules of the course: the backward of a forward with a wrong cache.
    """

    function: str
    name: str
    says: str
    old: str | None = None
    new: str = ""
    count: int = 1
    code: str | None = None
    also: tuple[str, ...] = ()

    def apply(self, solution: str) -> str:
        """Return the solution cell with the mistake in it.

        Raises:
            CatalogueError: the text to replace is not there as often as it should be.
        """
        if self.code is not None:
            return self.code
        assert self.old is not None
        found = solution.count(self.old)
        if not found or (self.count and found != self.count):
            raise CatalogueError(
                f"{self.function}/{self.name}: {self.old!r} stands {found} times in the solution"
            )
        return solution.replace(self.old, self.new)


def mistaken_source(chapter: Chapter, entry: Mistake) -> str:
    """Return the chapter's code with one mistake in it.

    Raises:
        CatalogueError: the entry does not fit the chapter.
    """
    wrong = entry.apply(solution_source(chapter, entry.function))
    return module_source(chapter, {entry.function: wrong})


class CatalogueError(Exception):
    """An entry that does not fit its chapter."""


_registry: dict[str, list[Mistake]] = {}


def mistake(
    function: str,
    name: str,
    *,
    says: str,
    old: str | None = None,
    new: str = "",
    count: int = 1,
    code: str | None = None,
    also: tuple[str, ...] = (),
) -> None:
    """Register a mistake of the chapter whose file calls this.

    Args:
        function: the function that is wrong.
        name: short and unique within the function.
        says: the hint for the student: a place and an equation, not the answer.
        old: text of the solution cell to replace.
        new: what stands there instead.
        count: how often `old` stands in the cell; 0 for any number.
        code: the whole wrong function, where a substitution would be hard to read.
        also: functions that lose points too, by the rules of the course.
    """
    module = sys._getframe(1).f_globals["__name__"]
    if (old is None) == (code is None):
        raise CatalogueError(f"{function}/{name}: give either old and new, or code")
    entries = _registry.setdefault(module, [])
    if any((entry.function, entry.name) == (function, name) for entry in entries):
        raise CatalogueError(f"{function}/{name} is there twice")
    entries.append(Mistake(function, name, says, old, new, count, code, also))


def mistakes(chapter: str) -> list[Mistake]:
    """Return the mistakes of a chapter, in the order of its file; none where it has no file."""
    module = f"autograder.chapters.{chapter}.mistakes"
    if not (hidden_folder(chapter) / "mistakes.py").is_file():
        return []
    importlib.import_module(module)
    return _registry.get(module, [])


def alternatives(chapter: str) -> dict[str, str]:
    """Return the sound alternatives of a chapter: style to source."""
    return {
        path.stem: path.read_text()
        for path in sorted((hidden_folder(chapter) / "alternatives").glob("*.py"))
    }


def named_in(message: str, function: str, mistakes: Sequence[Mistake]) -> Mistake | None:
    """Return the mistake that a result's message names: the first of the catalogue with that hint."""
    _said, mark, says = message.rpartition(HINT)
    if not mark:
        return None
    return next((m for m in mistakes if m.function == function and m.says == says), None)
