"""Run what is too long for every change, go on where a part fails, and note in docs/ci.md how long each took.

    python -m tests.campaigns.nightly                 the nightly parts
    python -m tests.campaigns.nightly lint certify    these, of every change or of the night

A part that failed is not noted: its time says nothing.
"""

from __future__ import annotations

import datetime
import os
import re
import subprocess
import sys
import time
from collections.abc import Sequence

from autograder.course.source import ROOT

PAGE = ROOT / "docs" / "ci.md"
BEGIN, END = "<!-- minutes -->", "<!-- end of minutes -->"
EVERY_CHANGE = (
    "lint",
    "test",
    "certify",
    "notebooks",
    "attacks",
    "fuzz",
    "cluster-demo",
    "browser",
)
NIGHTLY = (
    "certify-long",
    "test-pythons",
    "machines",
    "try-cuda",
    "fuzz-long",
    "load",
    "determinism",
    "sanitiser",
    "formgrader-test",
    "hub",
    "ablation",
    "scale",
    "bench",
)
# Parts that are a target with a setting of their own.
_TARGETS = {
    "certify": ("certify", "SEEDS=4"),
    "certify-long": ("certify", ""),
    "fuzz": ("fuzz", "FUZZ_SECONDS=60"),
    "fuzz-long": ("fuzz", "FUZZ_SECONDS=1800"),
}
_NOT_MEASURED = "not measured"


def run(part: str) -> float | None:
    """Run a part; the minutes that it took, None where it failed."""
    target, setting = _TARGETS.get(part, (part, ""))
    name, _, value = setting.partition("=")
    variables = {**os.environ, **({name: value} if name else {})}
    started = time.monotonic()
    passed = subprocess.run(["make", target], cwd=ROOT, env=variables).returncode == 0
    took = (time.monotonic() - started) / 60
    print(f"{part}: {'passed' if passed else 'FAILED'} in {took:.1f} min", flush=True)
    return took if passed else None


def noted(text: str, minutes: dict[str, float], today: str) -> str:
    """Put minutes into the table of a page; other rows stay as they are.

    Raises:
        ValueError: the page has no such table.
    """
    before, begin, rest = text.partition(BEGIN)
    table, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"the page has no table between {BEGIN} and {END}")
    known = dict(re.findall(r"^\| `([\w-]+)` \| [^|]+ \| (.+?) \|$", table, re.MULTILINE))
    known |= {part: f"{took:.1f}, {today}" for part, took in minutes.items()}
    lines = ["| part | when | minutes, measured |", "|---|---|---|"]
    for when, parts in (("every change", EVERY_CHANGE), ("nightly", NIGHTLY)):
        lines += [f"| `{part}` | {when} | {known.get(part, _NOT_MEASURED)} |" for part in parts]
    return before + begin + "\n" + "\n".join(lines) + "\n" + end + after


def main(arguments: Sequence[str]) -> int:
    """Run the parts that are named, or all of the night; 1 where one failed, 2 where there is none of a name."""
    if unknown := set(arguments) - {*EVERY_CHANGE, *NIGHTLY}:
        print(f"there is no part {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    parts = list(arguments) or list(NIGHTLY)
    failed = []
    for part in parts:
        took = run(part)
        if took is None:
            failed.append(part)
            continue
        # At once: a night that is interrupted keeps what it has measured.
        text = PAGE.read_text(encoding="utf-8")
        page = noted(text, {part: took}, datetime.date.today().isoformat())
        PAGE.write_text(page, encoding="utf-8")
    print(
        f"{len(parts) - len(failed)} of {len(parts)} parts passed"
        + (f"; failed: {', '.join(failed)}" if failed else "")
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
