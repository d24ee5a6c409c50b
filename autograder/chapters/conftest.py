"""`pytest autograder/chapters --submission PATH`: a hidden suite by hand, with pytest's ordinary output."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.course import settings
from autograder.course.source import chapters
from autograder.grading.judge import SuitePlugin
from autograder.grading.submissions import SubmissionError, parse, read_bytes
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


def pytest_configure(config: pytest.Config) -> None:
    """Put the plugin in place, unless the grader has brought its own."""
    if any(isinstance(plugin, SuitePlugin) for plugin in config.pluginmanager.get_plugins()):
        return
    given = config.getoption("--submission")
    if not given:
        raise pytest.UsageError("name the submission to run: --submission PATH")
    path = Path(given)
    course = chapters()
    try:
        grading = settings.load().grading
    except settings.SettingsError as error:
        raise pytest.UsageError(str(error)) from None
    named = [config.getoption("--chapter"), path.stem, path.absolute().parent.name]
    name = next((name for name in named if name in course), None)
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
    plugin = SuitePlugin(course[name], grading)
    plugin.raise_failures = True
    zygote = Zygote(course[name].libraries)
    session = Session(
        zygote, submission.cells, is_notebook=submission.is_notebook, limits=plugin.limits
    )
    session.load()
    for where, what in session.problems:
        print(f"{where}: {what}")
    plugin.start(session)
    config.pluginmanager.register(plugin, "suite")

    def close() -> None:
        session.close()
        zygote.close()

    config.add_cleanup(close)
    config._suite_chapter = name  # type: ignore[attr-defined]


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Only the suite of the submission's chapter."""
    name = getattr(config, "_suite_chapter", None)
    if name and collection_path.name.startswith("test_"):
        return collection_path.name != f"test_{name}.py"
    return None
