"""The commands. No logic: arguments in, one call, what a human reads out."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from autograder.certify import certify
from autograder.course import Chapter, CourseError, chapters
from autograder.engine import SUITES, Grader
from autograder.reports import class_html, grades_csv
from autograder.results import SubmissionResult
from autograder.run import SAFE_LEVELS, RunSummary, grade_class, run_record, write_file
from autograder.worker.confine import available, probe

OK, NOT_ALL_WELL, USAGE = 0, 1, 2
_ROWS_SHOWN = 40


class UsageError(Exception):
    """What was asked for cannot be done; the message says what to do."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return its exit status."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        return options.run(options)
    except (UsageError, CourseError) as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return USAGE
    except KeyboardInterrupt:
        print("\nStopped. The same command goes on where this one was.", file=sys.stderr)
        return 130
    except OSError as error:
        place = f" {error.filename}" if error.filename else ""
        print(f"{parser.prog}: cannot write or read{place}: {error.strerror}", file=sys.stderr)
        return NOT_ALL_WELL


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="autograder", description="Grade the course's submissions."
    )
    commands = parser.add_subparsers(required=True, metavar="command")
    grade = commands.add_parser("grade", help="grade submissions in nbgrader's layout")
    grade.add_argument("--submissions", type=Path, default=Path("submitted"), metavar="DIR")
    grade.add_argument("--output", type=Path, default=Path("graded"), metavar="DIR")
    grade.add_argument(
        "--chapter", action="append", default=[], help="only this one; may be repeated"
    )
    grade.add_argument(
        "--student", action="append", default=[], help="only this one; may be repeated"
    )
    grade.add_argument(
        "--jobs",
        type=int,
        default=0,
        metavar="N",
        help="grader processes; one per core unless given",
    )
    grade.add_argument(
        "--fail-under", type=float, metavar="PERCENT", help="exit with 1 where a score is below"
    )
    grade.add_argument("--no-cache", action="store_true", help="grade unchanged submissions anew")
    grade.add_argument(
        "--no-gradebook", action="store_true", help="leave nbgrader's gradebook alone"
    )
    grade.set_defaults(run=_grade)
    grade.add_argument(
        "--unsafe-own-code",
        action="store_true",
        help="grade your own code where there is no sandbox",
    )
    doctor = commands.add_parser("doctor", help="try out what the sandbox holds on this machine")
    doctor.set_defaults(run=_doctor)
    certify = commands.add_parser("certify", help="test the hidden suites with known mistakes")
    certify.add_argument(
        "--chapter", action="append", default=[], help="only this one; may be repeated"
    )
    certify.set_defaults(run=_certify)
    notebooks = commands.add_parser(
        "notebooks", help="run the chapters with the reference solutions"
    )
    notebooks.add_argument("--chapter", action="append", default=[], help="only this one")
    notebooks.add_argument("--jobs", type=int, default=2, metavar="N", help="so many at a time")
    notebooks.set_defaults(run=_notebooks)
    release = commands.add_parser("release", help="make assignments/ from solutions/")
    release.add_argument(
        "--chapter", action="append", default=[], help="only this one; may be repeated"
    )
    release.set_defaults(run=_release)
    return parser


def _grade(options: argparse.Namespace) -> int:
    course = chapters()
    wanted = _chosen(options.chapter, course)
    root: Path = options.submissions
    if not root.is_dir():
        raise UsageError(
            f"there is no folder {root}; put submissions there or name another with --submissions"
        )
    for name in options.student:
        if not (root / name).is_dir():
            raise UsageError(f"there is no student {name} in {root}")
    jobs = options.jobs or os.cpu_count() or 1
    if jobs < 1:
        raise UsageError("--jobs takes a number of at least 1")
    level = _level(options.unsafe_own_code)
    console = Console(stderr=True)
    with _Bar(console) as bar:
        summary = grade_class(
            root,
            options.output,
            course,
            chapters=wanted,
            students=options.student,
            jobs=jobs,
            use_cache=not options.no_cache,
            level=level,
            progress=bar.show,
        )
    _write_reports(summary, options.output, jobs, level)
    in_gradebook = True
    if not options.no_gradebook and level in SAFE_LEVELS:
        in_gradebook = _write_gradebook(console, summary, options, course)
    _print_table(console, summary, options.output)
    return _exit_status(summary.results, options.fail_under) if in_gradebook else NOT_ALL_WELL


def _level(unsafe_own_code: bool) -> str:
    """The sandbox level of this machine; a machine that cannot hold student code is refused."""
    found = available()
    if found.level not in SAFE_LEVELS and not unsafe_own_code:
        reasons = "; ".join(f"{layer}: {reason}" for layer, reason in found.missing.items())
        raise UsageError(
            f"the sandbox reaches only level {found.level} here ({reasons}); grade on a Linux kernel with Landlock and "
            "seccomp, in a container or virtual machine if need be, or say --unsafe-own-code if the code is your own"
        )
    return found.level


def _doctor(_options: argparse.Namespace) -> int:
    found = available()
    print(f"level {found.level}")
    for layer, reason in found.missing.items():
        print(f"not to be had: {layer}: {reason}")
    if found.level not in SAFE_LEVELS:
        return NOT_ALL_WELL
    rows = probe.run(found.level, secrets=map(str, sorted(SUITES.glob("test_*.py"))[:1]))
    for row in rows:
        print(f"{'held' if row.held else 'NOT HELD':8}  {row.what}: {row.outcome}")
    return OK if all(row.held for row in rows) else NOT_ALL_WELL


def _chosen(names: Sequence[str], course: dict[str, Chapter]) -> list[str]:
    for name in names:
        if name not in course:
            raise UsageError(f"there is no chapter {name}; there are: {', '.join(course)}")
    return list(names) or list(course)


def _notebooks(options: argparse.Namespace) -> int:
    from autograder.notebooks import execute_all  # Jupyter takes a while to import

    course = chapters()
    chosen = [course[name] for name in _chosen(options.chapter, course)]
    executed = execute_all(chosen, max(1, options.jobs))
    for run in executed:
        print(f"{run.chapter}: {run.seconds:.0f} s{': ' + run.error if run.error else ''}")
    return NOT_ALL_WELL if any(run.error for run in executed) else OK


def _release(options: argparse.Namespace) -> int:
    from autograder.release import ReleaseError, release  # nbgrader takes seconds to import

    course = chapters()
    chosen = [course[name] for name in _chosen(options.chapter, course)]
    try:
        release(chosen)
    except ReleaseError as error:
        raise UsageError(str(error)) from error
    print(f"released into assignments/: {', '.join(chapter.name for chapter in chosen)}")
    return OK


def _certify(options: argparse.Namespace) -> int:
    course = chapters()
    grader = Grader(course)
    clean = True
    try:
        for name in _chosen(options.chapter, course):
            certificate = certify(course[name], grader)
            for finding in certificate.findings:
                print(f"{finding.chapter}: {finding.subject}: {finding.what}")
            print(
                f"{name}: {certificate.caught} of {certificate.mistakes} mistakes caught, "
                f"{certificate.alternatives} alternatives, {len(certificate.findings)} findings"
            )
            clean = clean and not certificate.findings
    finally:
        grader.close()
    return OK if clean else NOT_ALL_WELL


def _write_reports(summary: RunSummary, output: Path, jobs: int, level: str) -> None:
    write_file(output / "grades.csv", grades_csv.render(summary.results))
    write_file(output / "report.html", class_html.render(summary.results, level))
    write_file(output / "run.json", run_record(summary, level, jobs))


def _write_gradebook(
    console: Console, summary: RunSummary, options: argparse.Namespace, course: dict[str, Chapter]
) -> bool:
    """Bring nbgrader's gradebook up to the results; False where that could not be done."""
    from autograder.gradebook.writer import (  # nbgrader takes seconds to import
        GradebookError,
        course_folder,
        write_gradebook,
    )

    root = course_folder(options.submissions, options.output)
    try:
        with console.status("writing the gradebook"):
            written = write_gradebook(root, options.submissions, summary.results, course)
    except GradebookError as error:
        print(f"autograder: {root / 'gradebook.db'}: {error}", file=sys.stderr)
        return False
    lines = [f"not in the gradebook: {left.where}: {left.what}" for left in written.left_out]
    lines.append(
        f"{root / 'gradebook.db'}: {written.written} submissions written, "
        f"{written.unchanged} unchanged"
    )
    for line in lines:
        console.print(escape(line), highlight=False, soft_wrap=True)
    return True


def _exit_status(results: Sequence[SubmissionResult], fail_under: float | None) -> int:
    if any(result.status == "grader_error" for result in results):
        return NOT_ALL_WELL
    if fail_under is not None and any(
        100 * (result.score or 0.0) < fail_under * result.max_score for result in results
    ):
        return NOT_ALL_WELL
    return OK


class _Bar:
    """A progress bar on a terminal, plain lines elsewhere."""

    def __init__(self, console: Console):
        self._console = console
        self._fancy = console.is_terminal and not os.environ.get("NO_COLOR")
        self._progress = Progress(
            TextColumn("grading"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.description}"),
            console=console,
            disable=not self._fancy,
        )
        self._task = self._progress.add_task("", total=None)

    def __enter__(self) -> _Bar:
        self._progress.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._progress.stop()

    def show(self, done: int, total: int, name: str) -> None:
        """Show that `done` of `total` are done, the last of them `name`."""
        if self._fancy:
            self._progress.update(self._task, completed=done, total=total, description=escape(name))
        elif done == total or (total >= 20 and done % (total // 10) == 0):
            self._console.print(f"graded {done} of {total}", highlight=False, soft_wrap=True)


def _print_table(console: Console, summary: RunSummary, output: Path) -> None:
    table = Table(title=None, box=None, pad_edge=False)
    for title, side in (
        ("student", "left"),
        ("chapter", "left"),
        ("status", "left"),
        ("score", "right"),
    ):
        table.add_column(title, justify=side)  # type: ignore[arg-type]
    for result in summary.results[:_ROWS_SHOWN]:
        score = "–" if result.score is None else f"{result.score:g} / {result.max_score:g}"
        table.add_row(escape(result.student), result.chapter, result.status, score)
    console.print(table)
    more = len(summary.results) - _ROWS_SHOWN
    if more > 0:
        console.print(f"… and {more} more", highlight=False, soft_wrap=True)
    for problem in summary.passed_over:
        console.print(
            f"{escape(problem.where)}: {escape(problem.what)}", highlight=False, soft_wrap=True
        )
    for result in summary.results:
        if result.status not in ("graded", "missing"):
            why = "; ".join(f"{p.where}: {p.what}" for p in result.problems)
            console.print(
                escape(f"{result.student} {result.chapter}: {result.status}: {why}"),
                highlight=False,
                soft_wrap=True,
            )
    console.print(
        escape(
            f"{summary.graded} graded, {summary.reused} unchanged, {summary.unrun} with nothing to run, in {summary.seconds:.1f} s. "
            f"Results: {output}/grades.csv, {output}/report.html, {output}/results/"
        ),
        highlight=False,
        soft_wrap=True,
    )
