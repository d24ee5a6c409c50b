"""`pytest autograder/chapters --submission PATH`: a hidden suite by hand, with pytest's ordinary output."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from autograder.course import settings
from autograder.course.source import Chapter, chapters
from autograder.grading.collect import HiddenTest, hidden_tests, register_marker
from autograder.grading.judge import Judge, Suite
from autograder.grading.one_file import SubmissionError, read_bytes
from autograder.grading.submissions import Submission, parse
from autograder.sandbox.client import Zygote
from autograder.sandbox.session import Session


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--submission` and `--chapter`."""
    group = parser.getgroup("hidden suites")
    group.addoption(
        "--submission", metavar="PATH", help="the notebook or module to run the suite on"
    )
    group.addoption(
        "--chapter", help="its chapter, where neither file nor folder is named after it"
    )


class _ByHand:
    """Runs the collected tests on one submission."""

    def __init__(self, suite: Suite, session: Session):
        self._chapter = suite.chapter
        self._judge = Judge(suite, session)
        self._tests: Mapping[str, HiddenTest] = {}

    def pytest_configure(self, config: pytest.Config) -> None:
        register_marker(config)

    def pytest_ignore_collect(self, collection_path: Path) -> bool | None:
        """Only the suite of the submission's chapter."""
        other = collection_path.name.startswith("test_")
        return True if other and collection_path.stem != f"test_{self._chapter.name}" else None

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        tests = hidden_tests(items, self._chapter)
        self._tests = {test.id: test for test in tests}
        order = list(self._tests)
        items.sort(key=lambda item: order.index(item.nodeid))

    @pytest.fixture
    def student(self) -> None:
        """The functions of the submission; the judge passes them."""

    @pytest.fixture
    def reference(self) -> None:
        """The reference solutions; the judge passes them."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> bool:
        ended = self._judge.run(self._tests[pyfuncitem.nodeid])
        if ended is not None:
            raise ended
        return True


def pytest_configure(config: pytest.Config) -> None:
    """Run the submission's cells and put the plugin in place, unless the grader only collects."""
    given = config.getoption("--submission")
    if config.getoption("--collect-only"):
        return
    if not given:
        raise pytest.UsageError("name the submission to run: --submission PATH")
    chapter, submission = _read(Path(given), config.getoption("--chapter"))
    try:
        suite = Suite(chapter, settings.load().grading)
    except settings.SettingsError as error:
        raise pytest.UsageError(str(error)) from None
    with ExitStack() as stack:
        session = stack.enter_context(_running(suite, submission))
        config.pluginmanager.register(_ByHand(suite, session), "suite")
        config.add_cleanup(stack.pop_all().close)


@contextmanager
def _running(suite: Suite, submission: Submission) -> Iterator[Session]:
    zygote = Zygote(suite.chapter.libraries)
    session = Session(
        zygote, submission.cells, is_notebook=submission.is_notebook, limits=suite.limits
    )
    try:
        session.load()
        for where, what in session.problems:
            print(f"{where}: {what}")
        yield session
    finally:
        session.close()
        zygote.close()


def _read(path: Path, named: str | None) -> tuple[Chapter, Submission]:
    course = chapters()
    names = [named, path.stem, path.absolute().parent.name]
    name = next((name for name in names if name in course), None)
    if name is None:
        raise pytest.UsageError(
            f"which chapter is {path}? Say --chapter; known: {', '.join(course)}"
        )
    try:
        submission = parse("by hand", name, path.name, read_bytes(path))
    except SubmissionError as error:
        raise pytest.UsageError(f"{path}: {error}") from None
    if submission.status != "graded":
        problem = submission.problems[-1]
        raise pytest.UsageError(f"{problem.where}: {problem.what}")
    return course[name], submission
