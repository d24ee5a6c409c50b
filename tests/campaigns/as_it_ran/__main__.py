"""`make as-it-ran`: every row in a live notebook, in `seqlab check` and in the grader; writes docs/as_it_ran.md."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError
from traitlets.config import Config

from autograder.course.settings import Grading
from autograder.course.source import chapters
from autograder.grading.engine import Grader
from autograder.grading.submissions import parse
from autograder.sandbox.terms import ONE_CORE
from seqlab import runner
from tests.campaigns.as_it_ran.rows import Row, rows

PAGE = Path("docs/as_it_ran.md")
_SECONDS = 300
_MARK = "seqlab check result:"
_HEAD = """# As it ran

Written by `make as-it-ran`; not by hand. Each row is one function and one habit of people or tools around it, as the share
of the function's points: in a live notebook (a kernel runs the cells from top to bottom, past those that fail, then
`%check`), in `seqlab check`, and in the grader. A dash stands where the kernel ends itself. Rows with a 0 in the grader are
no longer right, and the last column says where. What is green in the notebook is graded as that.

"""


@dataclass(frozen=True)
class Outcome:
    """The shares of a row, and what the grader said first."""

    row: Row
    live: float | None
    check: float
    grader: float
    said: str

    @property
    def as_expected(self) -> bool:
        """Whether the three shares are those that the row says."""
        wanted = (self.row.live, self.row.check, self.row.grader)
        return (self.live, self.check, self.grader) == wanted


def live(row: Row) -> float | None:
    """Run the cells in a kernel, past those that fail, then the check; None where the kernel is gone by then."""
    cells = [
        nbformat.v4.new_code_cell(cell["source"])
        for cell in row.cells
        if cell["cell_type"] == "code"
    ]
    asked = (
        "from seqlab.magic import check_one\n"
        f"print({_MARK!r}, check_one({row.chapter!r}, {row.function!r}, globals()).ok)"
    )
    check = f"%load_ext seqlab\n%chapter {row.chapter}"
    cells += [
        nbformat.v4.new_code_cell(source) for source in (check, f"%check {row.function}", asked)
    ]
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "work").mkdir()
        client = NotebookClient(
            nbformat.v4.new_notebook(cells=cells),
            timeout=_SECONDS,
            kernel_name="python3",
            allow_errors=True,
            config=Config({"KernelManager": {"transport": "ipc", "ip": f"{folder}/kernel"}}),
            resources={"metadata": {"path": f"{folder}/work"}},
        )
        try:
            done = client.execute(env=os.environ | ONE_CORE)
        except DeadKernelError:
            return None
    printed = "".join(output.get("text", "") for output in done.cells[-1].outputs)
    if _MARK not in printed:
        return None
    failed = any(output.output_type == "error" for output in done.cells[-2].outputs)
    right = "True" in printed
    if failed == right:
        raise AssertionError(f"{row.kind}: %check and its result do not agree: {printed}")
    return float(right)


def check(row: Row) -> float:
    """Return what `seqlab check` makes of the file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"{row.chapter}.{row.suffix}")
        path.write_bytes(row.data)
        with open(os.devnull, "w") as nowhere:
            done = runner.run(path, row.chapter, [row.function], log=nowhere)
    return float(done.results[row.function].ok)


def graded(grader: Grader, row: Row) -> tuple[float, str]:
    """Return the share in the grader, and the remark or message that tells most."""
    submission = parse("ada", row.chapter, f"{row.chapter}.{row.suffix}", row.data)
    result, _ = grader.grade(submission)
    [function] = [each for each in result.functions if each.name == row.function]
    lost = [test.message for test in function.tests if test.verdict != "passed"]
    said = [f"{problem.where}: {problem.what}" for problem in result.problems]
    skipped = [remark for remark in said if ": skipped: " in remark]
    told = [remark for remark in said if remark not in skipped]
    return function.score / function.max_score, next(iter([*lost, *told, *skipped]), "")


def main() -> int:
    """Run all rows; write the page; return 1 where a row is not as it should be."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.as_it_ran")
    parser.add_argument("--kind", help="only rows whose kind holds this; the page is not written")
    options = parser.parse_args()
    chosen = [row for row in rows() if not options.kind or options.kind in row.kind]
    outcomes = run(chosen)
    bad = [each for each in outcomes if not each.as_expected]
    for each in bad:
        wanted = (each.row.live, each.row.check, each.row.grader)
        print(
            f"{each.row.kind}: {(each.live, each.check, each.grader)}, expected {wanted}: {each.said}"
        )
    unfair = [each for each in outcomes if each.live is not None and each.grader < each.live]
    print(
        f"{len(outcomes)} rows, {len(bad)} not as expected, {len(unfair)} right in the notebook and worth less in the grader"
    )
    if not options.kind:
        PAGE.write_text(page(outcomes), encoding="utf-8")
        print(f"written: {PAGE}")
    return 1 if bad or {each.row.kind for each in unfair} - LESS else 0


LESS = {
    "jupytext py:light",
}
"""Rows that are right in the notebook and worth less in the grader: a tool has commented out the function."""


def run(chosen: Sequence[Row]) -> list[Outcome]:
    """Return the outcomes of rows; kernels run beside the grader."""
    grader = _WithoutHints(chapters(), grading=Grading())
    try:
        with ThreadPoolExecutor(1) as kernels, ThreadPoolExecutor(1) as checks:
            running = [(kernels.submit(live, row), checks.submit(check, row)) for row in chosen]
            scores = [graded(grader, row) for row in chosen]
            outcomes = []
            for row, (kernel, checked), (score, said) in zip(chosen, running, scores, strict=True):
                outcomes.append(Outcome(row, kernel.result(), checked.result(), score, said))
                print(".", end="", flush=True)
            print()
            return outcomes
    finally:
        grader.close()


class _WithoutHints(Grader):
    """Which catalogued mistake a wrong function looks like takes minutes to find out, and decides no score."""

    def hints(self, name: str) -> Any:
        """Return what adds nothing."""
        return _NO_HINTS


class _NoHints:
    def add(self, outcomes: Any, _traces: Any) -> Any:
        return outcomes


_NO_HINTS = _NoHints()


def page(outcomes: Sequence[Outcome]) -> str:
    """Return the table as a page."""
    lines = [
        "| input | notebook | `seqlab check` | grader | what the grader says first |",
        "|---|---|---|---|---|",
    ]
    for each in outcomes:
        shares = " | ".join(
            "–" if share is None else f"{share:g}" for share in (each.live, each.check, each.grader)
        )
        said = each.said.replace("|", "\\|").replace("\n", " ")
        lines.append(f"| {each.row.kind.replace('|', chr(92) + '|')} | {shares} | {said[:200]} |")
    right = [each for each in outcomes if each.live == 1]
    kept = sum(each.grader == 1 for each in right)
    return (
        f"{_HEAD}{len(outcomes)} inputs; {len(right)} are green in the notebook, {kept} of these have full points.\n\n"
        + "\n".join(lines)
        + "\n"
    )


if __name__ == "__main__":
    sys.exit(main())
