"""`python -m autograder`: finds the command, and says in one line what went wrong. No logic."""

from __future__ import annotations

import argparse
import importlib
import io
import sys
from collections.abc import Sequence

# A command is the module of its name in `commands`, which is imported when it is the one that is given.
COMMANDS = {
    "grade": "grade submissions in nbgrader's layout",
    "collect": "sort a platform's bulk download into the submissions; shows first what it would do",
    "extension": "let one student hand a chapter in later",
    "forget": "delete one student and all that was handed in; shows first what it would delete",
    "replay": "show what the tests as they are now would change in past results",
    "doctor": "try out what the sandbox holds on this machine",
    "certify": "test the hidden suites with known mistakes",
    "mutants": "make small changes to right code and list those that no test sees",
    "similarity": "show pairs of submissions that are alike beyond the stub and chance",
    "notebooks": "run the chapters with the reference solutions",
    "release": "make assignments/ from solutions/",
    "limits": "print what submissions may use at most",
    "settings": "print the settings of course.toml and the defaults",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return its exit status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # names of students may be in any script
    given = sys.argv[1:] if arguments is None else list(arguments)
    parser = _parser(given[0] if given else "")
    options = parser.parse_args(given)

    from autograder.commands.shared import NOT_ALL_WELL, USAGE, StoppedError, UsageError, complain
    from autograder.course import settings
    from autograder.course.settings import SettingsError
    from autograder.course.source import CourseError
    from autograder.sandbox.terms import GraderFault

    try:
        options.settings = settings.load()  # a wrong file stops every command
        return int(options.run(options))
    except (UsageError, CourseError, SettingsError) as error:
        complain(f"{parser.prog}: {error}")
        return USAGE
    except (StoppedError, GraderFault) as error:
        complain(f"{parser.prog}: {error}. The same command goes on from here.")
        return NOT_ALL_WELL
    except KeyboardInterrupt:
        print("\nStopped. The same command goes on where this one was.", file=sys.stderr)
        return 130
    except OSError as error:
        place = f" {error.filename}" if error.filename else ""
        complain(f"{parser.prog}: cannot write or read{place}: {error.strerror}")
        return NOT_ALL_WELL


def _parser(command: str) -> argparse.ArgumentParser:
    """Return a parser that knows all commands, and the options of one."""
    parser = argparse.ArgumentParser(
        prog="autograder", description="Grade the course's submissions."
    )
    commands = parser.add_subparsers(required=True, metavar="command")
    for name, about in COMMANDS.items():
        one = commands.add_parser(name, help=about)
        if name == command:
            module = importlib.import_module(f"autograder.commands.{name}")
            module.arguments(one)
            one.set_defaults(run=module.run)
    return parser
