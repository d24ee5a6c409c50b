"""The command line: it names every command, and imports what the one that is given needs."""

from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys

import pytest

from autograder import cli, commands
from autograder.course.source import ROOT

HEAVY = ("numpy", "pytest", "jupytext", "nbformat", "nbgrader", "torch", "rich", "distributed")
HELPERS = {"shared", "grading"}


def loaded_by(*arguments: str) -> set[str]:
    """Which modules a command has imported when it ends."""
    code = (
        "import sys\nfrom autograder.cli import main\ntry:\n    main(sys.argv[1:])\n"
        "except SystemExit:\n    pass\nprint('\\n'.join(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return set(done.stderr.splitlines())


def test_help_imports_nothing_that_takes_long():
    loaded = loaded_by("--help")
    assert not loaded.intersection(HEAVY)
    assert not [name for name in loaded if name.startswith("autograder.commands.")]


@pytest.mark.parametrize(
    ("command", "unneeded"),
    [
        ("settings", ("numpy", "pytest", "jupytext", "nbgrader", "torch", "distributed")),
        ("grade", ("numpy", "pytest", "jupytext", "nbgrader", "torch", "rich", "distributed")),
        ("similarity", ("jupytext", "nbformat", "nbgrader", "torch", "distributed")),
    ],
)
def test_a_command_imports_what_it_needs(command, unneeded):
    loaded = loaded_by(command, "--help")
    assert f"autograder.commands.{command}" in loaded
    assert not loaded.intersection(unneeded)


def test_every_command_is_a_module_and_every_module_a_command():
    modules = {module.name for module in pkgutil.iter_modules(commands.__path__)}
    assert modules - HELPERS == set(cli.COMMANDS)


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_says_what_it_does(name, capsys):
    module = importlib.import_module(f"autograder.commands.{name}")
    assert module.__doc__.startswith(f"`{name}`: ")
    with pytest.raises(SystemExit) as ended:
        cli.main([name, "--help"])
    assert ended.value.code == 0
    assert f"autograder {name}" in capsys.readouterr().out


def test_an_unknown_command_is_a_usage_error(capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["grde"])
    assert ended.value.code == 2
    assert "grde" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["nan", "-1", "inf", "half"])
def test_a_bound_that_is_no_number_of_points_is_refused(text, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["grade", f"--fail-under={text}"])
    assert ended.value.code == 2
    assert f"takes a number of at least 0, not '{text}'" in capsys.readouterr().err
