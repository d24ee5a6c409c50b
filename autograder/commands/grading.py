"""Grade a class as `grade` was asked to: results, reports, gradebook, exit status."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

from rich.console import Console

from autograder.classroom.local import LocalProcesses
from autograder.classroom.progress import Watched
from autograder.classroom.run import (
    UNSAFE,
    NothingFound,
    RunSummary,
    Selection,
    grade_class,
    run_record,
)
from autograder.classroom.scheduler import Conditions, Scheduler, SchedulerError
from autograder.commands.grade import Begun
from autograder.commands.shared import (
    NOT_ALL_WELL,
    OK,
    StoppedError,
    UsageError,
    about,
    chapter_names,
    complain,
    jobs_for,
)
from autograder.course.source import Chapter, chapters
from autograder.files import write_file
from autograder.grading import timestamps
from autograder.grading.layouts import find, look_through
from autograder.grading.one_file import printable
from autograder.reports import github, terminal
from autograder.reports.files import Place, read_results, write_reports
from autograder.reports.final_grades import FINAL_GRADES, Finals, published
from autograder.reports.statistics import UNNAMED, Course, Run
from autograder.results import Problem, SubmissionResult
from autograder.sandbox.doctor import Available
from autograder.sandbox.terms import SAFE_LEVELS


def grade(options: argparse.Namespace, begun: Begun | None) -> int:
    """Grade, and return the exit status of the command.

    Args:
        options: of the command.
        begun: what goes on already on this machine; None where others grade.

    Raises:
        StoppedError: what was begun cannot go on.
        UsageError: what was asked for cannot be done, or there is nothing to grade.
    """
    try:
        return _grade(options, begun)
    except NothingFound as error:
        raise UsageError(str(error)) from error
    except SchedulerError as error:
        raise StoppedError(str(error)) from error


def _grade(options: argparse.Namespace, begun: Begun | None) -> int:
    course = chapters()
    wanted = chapter_names(options.chapter, course)
    root: Path = options.submissions
    if not root.is_dir():
        raise UsageError(
            f"there is no folder {root}; put submissions there or name another with --submissions"
        )
    if options.student:
        known = look_through(root, list(course)).students
        for name in options.student:
            if name not in known:
                raise UsageError(f"there is no student {name} in {root}")
    console = terminal.console()
    with github.no_commands(console.file):
        with (
            _scheduler(options, console, begun) as (scheduler, jobs, reached),
            terminal.Bar(console) as bar,
        ):
            summary = grade_class(
                Selection(root, wanted, options.student, options.chapter),
                options.output,
                course,
                Watched(scheduler, bar.running),
                Conditions(options.settings.grading, reached),
                use_cache=not options.no_cache,
                progress=bar.show,
            )
        here = ZoneInfo(options.settings.course.time_zone)
        times = tuple(timestamps.unreadable(summary.found, here))
        run = replace(_run(summary, jobs, reached, about(options.settings)), unreadable_times=times)
        in_gradebook, finals = True, None
        if not options.no_gradebook and reached in SAFE_LEVELS:
            finals = _write_gradebook(console, summary, options, course, times)
            in_gradebook = finals is not None
        _write_reports(summary, run, options, course, finals)
        if finals is None and (options.output / FINAL_GRADES).exists():
            terminal.say(
                console,
                f"{options.output / FINAL_GRADES} is of an earlier run: without the gradebook, reports show what the "
                "tests gave and nothing else",
            )
        told = [
            published(result, (finals or {}).get((result.student, result.chapter)))
            for result in summary.results
        ]
        terminal.show_end(console, told, run, str(options.output))
    github.tell(told, run, console.file)
    return _exit_status(summary.results, options.fail_under) if in_gradebook else NOT_ALL_WELL


@contextmanager
def _scheduler(
    options: argparse.Namespace,
    console: Console,
    begun: Begun | None,
) -> Iterator[tuple[Scheduler, int, str]]:
    """Who grades, how many submissions at a time, and at which level of the sandbox."""
    if begun is not None:
        jobs = jobs_for(options)
        level = level_of(begun.found.result(), options.unsafe_own_code)
        yield LocalProcesses(jobs, begun.launched), jobs, level
        return
    if options.jobs:
        raise UsageError("--jobs is for this machine; a cluster grades with the threads it has")
    least_level = "D" if options.unsafe_own_code else max(SAFE_LEVELS)
    from autograder.classroom.cluster import Cluster  # Dask takes a while to import

    try:
        cluster = Cluster(options.cluster, least_level=least_level)
    except SchedulerError as error:
        raise UsageError(str(error)) from error
    with closing(cluster):
        for worker, reason in cluster.refused.items():
            terminal.say(console, f"not used: {worker}: {reason}")
        yield cluster, cluster.threads, cluster.level


def level_of(found: Available, unsafe_own_code: bool) -> str:
    """Return the sandbox level of this machine; a machine that cannot hold student code is refused."""
    if found.level not in SAFE_LEVELS and not unsafe_own_code:
        reasons = "; ".join(f"{layer}: {reason}" for layer, reason in found.missing.items())
        raise UsageError(
            f"the sandbox reaches only level {found.level} here ({reasons}); grade on a Linux kernel with Landlock and "
            "seccomp, in a container or virtual machine if need be, or say --unsafe-own-code if the code is your own"
        )
    return found.level


def _run(summary: RunSummary, jobs: int, level: str, course: Course = UNNAMED) -> Run:
    return Run(
        level=level,
        course=course,
        unsafe=level not in SAFE_LEVELS,
        seconds=summary.seconds,
        jobs=jobs,
        graded=summary.graded,
        reused=summary.reused,
        unrun=summary.unrun,
        passed_over=tuple(summary.passed_over),
        seconds_each={name: usage.total for name, usage in summary.usages.items()},
    )


def _write_reports(
    summary: RunSummary,
    run: Run,
    options: argparse.Namespace,
    course: dict[str, Chapter],
    finals: Finals | None,
) -> None:
    """Write the reports on the class: also on those whom this run was not asked to grade."""
    found, _passed_over = find(options.submissions, list(course), expected=options.chapter)
    places = [Place(each.student, printable(each.student), each.chapter) for each in found]
    filed = read_results(options.output, places)
    if any(each.result.grader.endswith(UNSAFE) for each in filed):
        told = replace(run, unsafe=True, level="D")  # of an earlier run, perhaps
    else:
        told = run
    write_reports(options.output, filed, told, course, write_file, finals)
    write_file(options.output / "run.json", run_record(summary, run.level, run.jobs or 1))


def _write_gradebook(
    console: Console,
    summary: RunSummary,
    options: argparse.Namespace,
    course: dict[str, Chapter],
    told: Sequence[Problem],
) -> Finals | None:
    """Bring nbgrader's gradebook up to the results; return what everybody has there, None where that could not be done.

    What the report of the run has `told` is not said again.
    """
    from autograder.platforms.gradebook.writer import (  # nbgrader takes seconds to import
        GradebookError,
        course_folder,
        write_gradebook,
    )

    root = course_folder(options.submissions, options.output)
    try:
        with console.status("writing the gradebook"):
            written = write_gradebook(root, options.submissions, summary.results, course)
    except GradebookError as error:
        complain(f"autograder: {root / 'gradebook.db'}: {error}")
        return None
    lines = [f"not in the gradebook: {left.where}: {left.what}" for left in written.left_out]
    lines += [f"{remark.where} {remark.what}" for remark in written.remarks if remark not in told]
    lines.append(
        f"{root / 'gradebook.db'}: {written.written} submissions written, "
        f"{written.unchanged} unchanged"
    )
    for line in lines:
        terminal.say(console, line)
    return written.finals


def _exit_status(results: Sequence[SubmissionResult], fail_under: float | None) -> int:
    if any(result.status == "grader_error" for result in results):
        return NOT_ALL_WELL
    if fail_under is not None and any(
        100 * (result.score or 0.0) < fail_under * result.max_score for result in results
    ):
        return NOT_ALL_WELL
    return OK
