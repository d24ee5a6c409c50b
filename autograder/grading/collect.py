"""A chapter's hidden suite, collected by pytest once: its tests in order, each with what it declares.

Afterwards pytest is out of the way: a test is a function, its parameters and its share of the points.
"""

from __future__ import annotations

import gc
import inspect
import io
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import Any

import pytest

from autograder.course.source import QUIZ, Chapter, hidden_folder

_GIVEN = {"student", "reference"}  # what a test may ask for, its parameters aside


class SuiteError(Exception):
    """The suite itself is wrong: a test that scores no function of the chapter, a function without a test."""


@dataclass(frozen=True)
class HiddenTest:
    """One test of a suite.

    Attributes:
        id: what tells it from all others of the suite.
        name: its name in results.
        function: the function whose points it decides.
        weight: its share among the tests of the function.
        steps: functions of the submission that this one is likely built on.
        seconds: time limit of a call, where the default is too short.
        run: the test function.
        arguments: names of its arguments.
        parameters: values that it was collected with, by name.
        declared: `RESULTS` of its module: what each function returns.
    """

    id: str
    name: str
    function: str
    weight: float
    steps: tuple[str, ...]
    seconds: float | None
    run: Callable[..., None]
    arguments: frozenset[str]
    parameters: Mapping[str, Any]
    declared: Mapping[str, Any]


def collect(chapter: Chapter) -> list[HiddenTest]:
    """Collect the suite of a chapter, in the order of the chapter's functions.

    Raises:
        SuiteError: it cannot be collected, or leaves a function of the chapter untested.
    """
    path = hidden_folder(chapter.name) / f"test_{chapter.name}.py"
    if not path.is_file():
        raise SuiteError(f"there is no suite {path.name}")
    collector = _Collector(chapter)
    arguments = [
        str(path),
        "--collect-only",
        "-qq",
        f"--rootdir={path.parents[1]}",
        "--disable-plugin-autoload",  # whatever else is installed beside the grader
        "--override-ini=addopts=",
        "-pno:cacheprovider",
        "-pno:faulthandler",
    ]
    sys.modules.pop(path.stem, None)  # a suite of this name from elsewhere would be taken for this
    quiet = io.StringIO()
    with redirect_stdout(quiet), redirect_stderr(quiet):
        ended = pytest.main(arguments, [collector])
    if ended is not pytest.ExitCode.OK or not collector.tests:
        raise collector.error or SuiteError(
            f"{path.name} cannot be collected; run pytest {path} to see why"
        )
    # Freeze the heap so that the garbage collector skips torch and pytest from here on.
    gc.collect()
    gc.freeze()
    tested = {test.function for test in collector.tests}
    untested = [f.name for f in chapter.functions if f.name not in tested and f.name != QUIZ]
    if untested:
        raise SuiteError(f"{path.name} leaves untested: {', '.join(untested)}")
    return collector.tests


class _Collector:
    """The pytest plugin that reads the declarations and keeps the tests."""

    def __init__(self, chapter: Chapter):
        self._chapter = chapter
        self.tests: list[HiddenTest] = []
        self.error: SuiteError | None = None

    def pytest_configure(self, config: pytest.Config) -> None:
        """Register the marker."""
        register_marker(config)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Keep what was collected."""
        try:
            self.tests = hidden_tests(session.items, self._chapter)
        except SuiteError as error:
            self.error = error
            raise pytest.UsageError(str(error)) from error


def register_marker(config: pytest.Config) -> None:
    """Tell pytest of the marker that suites declare their scores with."""
    config.addinivalue_line(
        "markers", "scores(function, weight, steps, seconds): what a test scores"
    )


def hidden_tests(items: Sequence[pytest.Item], chapter: Chapter) -> list[HiddenTest]:
    """Return the tests that pytest has collected, in the order of the chapter's functions.

    Raises:
        SuiteError: a declaration does not fit the chapter.
    """
    order = {function.name: place for place, function in enumerate(chapter.functions)}
    tests = [_hidden_test(item, chapter.name, order) for item in items]
    return sorted(tests, key=lambda test: order[test.function])


def _hidden_test(item: pytest.Item, chapter: str, functions: Mapping[str, int]) -> HiddenTest:
    mark = item.get_closest_marker("scores")
    if mark is None or mark.args[0] not in functions:
        raise SuiteError(f"{item.nodeid} scores no function of {chapter}")
    unknown = [step for step in mark.kwargs["steps"] if step not in functions]
    if unknown:
        raise SuiteError(f"{item.nodeid} names unknown steps: {', '.join(unknown)}")
    module = item.getparent(pytest.Module)
    if not isinstance(item, pytest.Function) or module is None:
        raise SuiteError(f"{item.nodeid} is no test function")
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    arguments = frozenset(inspect.signature(item.obj).parameters)
    other = arguments - _GIVEN - set(parameters)
    if other:
        raise SuiteError(f"{item.nodeid} asks for {', '.join(sorted(other))}")
    return HiddenTest(
        id=item.nodeid,
        name=item.name.removeprefix("test_"),
        function=mark.args[0],
        weight=mark.kwargs["weight"],
        steps=mark.kwargs["steps"],
        seconds=mark.kwargs["seconds"],
        run=item.obj,
        arguments=arguments,
        parameters=parameters,
        declared=getattr(module.obj, "RESULTS", {}),
    )
