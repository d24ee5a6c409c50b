"""Run the attacks and the odd but honest submissions, and print a table: `python -m tests.campaigns.attacks`."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from autograder.sandbox.doctor import available

from . import machines
from .parallel import Row, run_level
from .runner import HERE, HONEST, Expected, bank, threads_can_start

_UP_TO = {"A": "AB", "B": "B", "D": ""}


def chosen(names: Sequence[str], only: str | None) -> dict[Path, Expected]:
    """The submissions to run: those named, or all, with those of one chapter side by side.

    Raises:
        KeyError: there is none of that name.
    """
    banks = {"attacks": HERE, "honest": HONEST}
    found = {
        root / name: expected
        for label, root in banks.items()
        if only in (None, label)
        for name, expected in bank(root).items()
    }
    unknown = set(names) - {folder.name for folder in found}
    if unknown:
        raise KeyError(", ".join(sorted(unknown)))
    kept = [folder for folder in found if not names or folder.name in names]
    return {folder: found[folder] for folder in sorted(kept, key=lambda f: found[f].chapter)}


def run(levels: Sequence[str], submissions: dict[Path, Expected]) -> int:
    """Run submissions at these levels and print a line each; the number of deviations.

    Where an attack got nothing but something is otherwise than expected, it runs once more by itself, with nothing
    beside it: the limits of this campaign are short, and a machine that is busy elsewhere may exceed them. What was
    seen the first time is printed all the same.
    """
    started = time.perf_counter()
    count = 0
    wrong: list[str] = []
    for level in levels:
        folders = [folder for folder, expected in submissions.items() if level in expected.levels]
        if not threads_can_start(level):
            refused = [folder.name for folder in folders if submissions[folder].threads]
            folders = [folder for folder in folders if not submissions[folder].threads]
            print(f"{level}  no threads can be counted here, so not tried: {', '.join(refused)}")
        again = []
        for row in run_level(level, folders):
            count += 1
            _tell(level, submissions[row.folder].family, row)
            if row.harm:
                wrong.append(f"{level}  {row.folder.name}: {'; '.join(row.harm + row.otherwise)}")
            elif row.otherwise:
                again.append(row)
        for first in again:
            for row in run_level(level, [first.folder], ranges=1):
                _tell(level, "once more", row)
                if row.harm or row.otherwise:
                    wrong.append(
                        f"{level}  {row.folder.name}, twice: {'; '.join(row.harm + row.otherwise)}"
                    )
                else:
                    print(f"   only the first time: {'; '.join(first.otherwise)}")
    seconds = time.perf_counter() - started
    print(f"{count} runs at level {', '.join(levels)} in {seconds:.0f} s: {len(wrong)} deviations")
    print("\n".join(wrong), end="\n" if wrong else "", flush=True)
    return len(wrong)


def _tell(level: str, family: str, row: Row) -> None:
    ended = "; ".join(row.harm + row.otherwise) or "held"
    name = row.folder.name
    print(
        f"{level}  {family:10}  {name:36} {row.score:>6} {row.seconds:6.1f} s  {ended}", flush=True
    )


def main() -> int:
    """Run what the command line asks for; 1 where anything ended otherwise than it must."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.attacks", description=__doc__)
    parser.add_argument("--level", choices="AB", action="append", help="all there are, if none")
    parser.add_argument("--only", choices=("attacks", "honest"), help="one of the two banks")
    parser.add_argument("--as-user", action="store_true", help="as root: become an ordinary user")
    parser.add_argument(
        "--no-user-namespaces", action="store_true", help="as an ordinary user who gets none"
    )
    parser.add_argument("names", nargs="*", metavar="NAME")
    options = parser.parse_args()
    prefix: list[str] = []
    if options.no_user_namespaces:
        prefix = machines.without_user_namespaces()
    elif options.as_user:
        prefix = machines.as_ordinary_user()
    if prefix:
        rest = [each for each in sys.argv[1:] if each not in machines.OPTIONS]
        command = [*prefix, sys.executable, "-B", "-m", "tests.campaigns.attacks", *rest]
        os.execvp(command[0], command)
    try:
        submissions = chosen(options.names, options.only)
    except KeyError as error:
        print(f"there is no {error.args[0]}", file=sys.stderr)
        return 2
    possible = _UP_TO[available().level]
    levels = options.level or list(possible)
    if not levels or set(levels) - set(possible):
        print(f"this machine can do levels {possible or 'none'}: make doctor", file=sys.stderr)
        return 2
    print(f"user {os.getuid()}, levels {', '.join(levels)}", flush=True)
    return 1 if run(levels, submissions) else 0


if __name__ == "__main__":
    sys.exit(main())
