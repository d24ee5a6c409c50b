"""`doctor`: try out what the sandbox holds on this machine."""

from __future__ import annotations

import argparse

from autograder.commands.shared import NOT_ALL_WELL, OK
from autograder.course.source import SUITES
from autograder.reports.text import one_line
from autograder.sandbox import doctor, verdict
from autograder.sandbox.doctor import available
from autograder.sandbox.terms import SAFE_LEVELS


def arguments(_parser: argparse.ArgumentParser) -> None:
    """Declare no options: the command has none."""


def run(_options: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    found = available()
    rows: list[doctor.Row] = []
    if found.level in SAFE_LEVELS:
        rows = doctor.run(found.level, secrets=map(str, sorted(SUITES.glob("*/test_*.py"))[:1]))
        if trained := verdict.torch_row(found.level):
            rows.append(trained)
    print(one_line(verdict.verdict(found, rows, verdict.weaker(found))))
    if found.level not in SAFE_LEVELS:
        return NOT_ALL_WELL
    for row in rows:
        print(f"{'held' if row.held else 'NOT HELD':8}  {row.what}: {row.outcome}")
    return OK if all(row.held for row in rows) else NOT_ALL_WELL
