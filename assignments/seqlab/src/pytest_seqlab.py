"""Plain `pytest` in the folder of a chapter: the visible checks of its notebook, one test a function.

It stands beside the package, so that seqlab itself never imports a test runner. Only notebooks whose name begins with a
chapter's are collected; their code runs in a child process, as with `seqlab check`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from seqlab import notebook
from seqlab.chapters import QUIZ, function_names
from seqlab.results import CheckResult
from seqlab.terminal import lines_of


class Wrong(Exception):
    """A check that found something, with what it has to say."""


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect the notebooks of the course."""
    if file_path.suffix != ".ipynb" or notebook.chapter_of(file_path) is None:
        return None
    return NotebookFile.from_parent(parent, path=file_path)


class NotebookFile(pytest.File):
    """A chapter's notebook. It is run once, when the first of its tests is."""

    results: dict[str, CheckResult] | None = None
    said: str = ""

    def collect(self) -> Iterator[CheckItem]:
        """Give a test per function, and one for the quiz."""
        chapter = notebook.chapter_of(self.path)
        assert chapter is not None
        for name in (*function_names(chapter), QUIZ):
            yield CheckItem.from_parent(self, name=name)

    def result_of(self, name: str) -> CheckResult:
        """Return what the check of a function found."""
        if self.results is None:
            self.results = self._run()
        return self.results.get(name) or CheckResult(name, False, (self.said or "it was not run",))

    def _run(self) -> dict[str, CheckResult]:
        from seqlab.runner import run

        chapter = notebook.chapter_of(self.path)
        assert chapter is not None
        names = [item.name for item in self.session.items if item.parent is self]
        done = run(self.path, chapter, names)
        self.said = "\n".join([done.problem, *done.notes.values()]).strip()
        return done.results


class CheckItem(pytest.Item):
    """The visible check of one function."""

    def runtest(self) -> None:
        """Fail where the check finds something."""
        assert isinstance(self.parent, NotebookFile)
        result = self.parent.result_of(self.name)
        if not result.ok:
            lines = lines_of(result, False, 100, False)
            if self.parent.said and result.unwritten:
                lines.append(self.parent.said)
            raise Wrong("\n".join(lines))

    def repr_failure(
        self, excinfo: pytest.ExceptionInfo[BaseException], style: object = None
    ) -> str:  # type: ignore[override]
        """Show what the check says, without a traceback through its code."""
        if isinstance(excinfo.value, Wrong):
            return str(excinfo.value)
        return str(super().repr_failure(excinfo))

    def reportinfo(self) -> tuple[Path, None, str]:
        """Name the test after the function."""
        return self.path, None, self.name
