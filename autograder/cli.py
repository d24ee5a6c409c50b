"""The commands. No logic: arguments in, one call, what a human reads out."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from autograder.certification.certify import (
    SEEDS,
    Certificate,
    certify_all,
    course_findings,
    margins_csv,
    mistakes_csv,
)
from autograder.certification.mutants import Mutant, survivors
from autograder.certification.shares import Shares, shares_of_all
from autograder.certification.shares import page as shares_page
from autograder.classroom import limit_table
from autograder.classroom.cluster import Cluster
from autograder.classroom.local import LocalProcesses
from autograder.classroom.progress import Watched
from autograder.classroom.run import UNSAFE, RunSummary, Selection, grade_class, run_record
from autograder.classroom.scheduler import Conditions, Scheduler, SchedulerError
from autograder.course import settings
from autograder.course.settings import Grading, Settings, SettingsError
from autograder.course.source import SUITES, Chapter, CourseError, chapters
from autograder.files import write_file
from autograder.grading.submissions import find, printable
from autograder.reports import github, terminal
from autograder.reports.files import Place, read_results, write_reports
from autograder.reports.statistics import UNNAMED, Course, Run
from autograder.reports.text import one_line
from autograder.results import SubmissionResult
from autograder.sandbox import doctor, verdict
from autograder.sandbox.doctor import available
from autograder.sandbox.terms import SAFE_LEVELS, GraderFault
from autograder.similarity import compare as similarity
from autograder.similarity import report as similarity_report

OK, NOT_ALL_WELL, USAGE = 0, 1, 2
_NOTEBOOKS = 2  # kernels at a time: a chapter on torch takes gigabytes


class UsageError(Exception):
    """What was asked for cannot be done; the message says what to do."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return its exit status."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        options.settings = settings.load()  # a wrong file stops every command
        return options.run(options)
    except (UsageError, CourseError, SettingsError) as error:
        _complain(f"{parser.prog}: {error}")
        return USAGE
    except (SchedulerError, GraderFault) as error:
        _complain(f"{parser.prog}: {error}. The same command goes on from here.")
        return NOT_ALL_WELL
    except KeyboardInterrupt:
        print("\nStopped. The same command goes on where this one was.", file=sys.stderr)
        return 130
    except OSError as error:
        place = f" {error.filename}" if error.filename else ""
        _complain(f"{parser.prog}: cannot write or read{place}: {error.strerror}")
        return NOT_ALL_WELL


def _complain(line: str) -> None:
    """Say what went wrong; the names in it are not ours."""
    print(one_line(line), file=sys.stderr)


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
        help="grader processes; one per core unless this or course.toml says",
    )
    grade.add_argument(
        "--cluster",
        metavar="ADDRESS",
        help="grade on the workers of this Dask scheduler, tcp://host:8786",
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
    certify.add_argument(
        "--seeds", type=int, default=SEEDS, metavar="N", help="so many seeds of hidden inputs"
    )
    certify.add_argument(
        "--jobs",
        type=int,
        default=0,
        metavar="N",
        help="processes; one per core unless this or course.toml says",
    )
    certify.add_argument(
        "--output", type=Path, default=Path("build"), metavar="DIR", help="where the tables go"
    )
    certify.add_argument(
        "--ablation",
        type=Path,
        metavar="FILE",
        help="instead, write which ingredient of the inputs catches which mistakes",
    )
    certify.add_argument(
        "--shares",
        action="store_true",
        help="instead, show which share of the points mistakes and trivial bodies keep",
    )
    certify.add_argument(
        "--page", type=Path, metavar="FILE", help="with --shares, write them to this page"
    )
    certify.set_defaults(run=_certify)
    mutants = commands.add_parser(
        "mutants", help="make small changes to right code and list those that no test sees"
    )
    mutants.add_argument("--chapter", required=True)
    mutants.add_argument("--jobs", type=int, default=0, metavar="N")
    mutants.set_defaults(run=_mutants)
    similarity = commands.add_parser(
        "similarity", help="show pairs of submissions that are alike beyond the stub and chance"
    )
    similarity.add_argument("--submissions", type=Path, default=Path("submitted"), metavar="DIR")
    similarity.add_argument("--output", type=Path, default=Path("graded"), metavar="DIR")
    similarity.add_argument("--chapter", required=True)
    similarity.set_defaults(run=_similarity)
    notebooks = commands.add_parser(
        "notebooks", help="run the chapters with the reference solutions"
    )
    notebooks.add_argument("--chapter", action="append", default=[], help="only this one")
    notebooks.add_argument(
        "--jobs",
        type=int,
        default=0,
        metavar="N",
        help="so many at a time; 2 unless this or course.toml says",
    )
    notebooks.set_defaults(run=_notebooks)
    release = commands.add_parser("release", help="make assignments/ from solutions/")
    release.add_argument(
        "--chapter", action="append", default=[], help="only this one; may be repeated"
    )
    release.set_defaults(run=_release)
    table = commands.add_parser("limits", help="print what submissions may use at most")
    table.add_argument(
        "--page", type=Path, metavar="FILE", help="instead, put the table into this page"
    )
    table.set_defaults(run=_limits)
    shown = commands.add_parser(
        "settings", help="print the settings of course.toml and the defaults"
    )
    shown.add_argument(
        "--page", type=Path, metavar="FILE", help="instead, write the page that describes them"
    )
    shown.set_defaults(run=_settings)
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
    console = terminal.console()
    with github.no_commands(console.file):
        with (
            _scheduler(options, console) as (scheduler, jobs, level),
            terminal.Bar(console) as bar,
        ):
            summary = grade_class(
                Selection(root, wanted, options.student, options.chapter),
                options.output,
                course,
                Watched(scheduler, bar.running),
                Conditions(options.settings.grading, level),
                use_cache=not options.no_cache,
                progress=bar.show,
            )
        run = _run(summary, jobs, level, _course(options.settings))
        _write_reports(summary, run, options, course)
        in_gradebook = True
        if not options.no_gradebook and level in SAFE_LEVELS:
            in_gradebook = _write_gradebook(console, summary, options, course)
        terminal.show_end(console, summary.results, run, str(options.output))
    github.tell(summary.results, run, console.file)
    return _exit_status(summary.results, options.fail_under) if in_gradebook else NOT_ALL_WELL


@contextmanager
def _scheduler(
    options: argparse.Namespace, console: Console
) -> Iterator[tuple[Scheduler, int, str]]:
    """Who grades, how many submissions at a time, and at which level of the sandbox."""
    if not options.cluster:
        jobs = _jobs(options)
        yield LocalProcesses(jobs), jobs, _level(options.unsafe_own_code)
        return
    if options.jobs:
        raise UsageError("--jobs is for this machine; a cluster grades with the threads it has")
    least_level = "D" if options.unsafe_own_code else max(SAFE_LEVELS)
    try:
        cluster = Cluster(options.cluster, least_level=least_level)
    except SchedulerError as error:
        raise UsageError(str(error)) from error
    with closing(cluster):
        for worker, reason in cluster.refused.items():
            terminal.say(console, f"not used: {worker}: {reason}")
        yield cluster, cluster.threads, cluster.level


def _jobs(options: argparse.Namespace, otherwise: int = 0) -> int:
    """How many at a time: as the command says, else the settings, else the number of cores."""
    if options.jobs < 0:
        raise UsageError("--jobs takes a number of at least 1")
    return options.jobs or options.settings.run.jobs or otherwise or os.cpu_count() or 1


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


def _chosen(names: Sequence[str], course: dict[str, Chapter]) -> list[str]:
    for name in names:
        if name not in course:
            raise UsageError(f"there is no chapter {name}; there are: {', '.join(course)}")
    return list(names) or list(course)


def _notebooks(options: argparse.Namespace) -> int:
    from autograder.course.execute import execute_all  # Jupyter takes a while to import

    course = chapters()
    chosen = [course[name] for name in _chosen(options.chapter, course)]
    executed = execute_all(chosen, _jobs(options, _NOTEBOOKS))
    for run in executed:
        print(f"{run.chapter}: {run.seconds:.0f} s{': ' + run.error if run.error else ''}")
    return NOT_ALL_WELL if any(run.error for run in executed) else OK


def _similarity(options: argparse.Namespace) -> int:
    course = chapters()
    [name] = _chosen([options.chapter], course)
    if not options.submissions.is_dir():
        raise UsageError(f"there is no folder {options.submissions}; name one with --submissions")
    try:
        comparison = similarity.compare(course[name], options.submissions)
    except similarity.SimilarityError as error:
        raise UsageError(str(error)) from error
    path = options.output / f"similarity-{name}.html"
    write_file(path, similarity_report.render(comparison, _course(options.settings)))
    for line in similarity_report.lines(comparison):
        print(line)
    print(f"Side by side: {path}")
    return OK


def _release(options: argparse.Namespace) -> int:
    from autograder.course.release import ReleaseError, release  # nbgrader takes seconds to import

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
    chosen = [course[name] for name in _chosen(options.chapter, course)]
    if options.seeds < 1:
        raise UsageError("--seeds takes a number of at least 1")
    jobs, grading = _jobs(options), options.settings.grading
    if options.ablation:
        return _ablation(chosen, jobs, grading, options.ablation)
    if options.shares:
        return _shares(chosen, jobs, grading, options.page)
    console = Console()
    certificates = []
    for certificate in certify_all(chosen, seeds=options.seeds, jobs=jobs, grading=grading):
        certificates.append(certificate)
        _print_certificate(console, certificate)
    findings = [finding for certificate in certificates for finding in certificate.findings]
    findings += course_findings(certificates, whole=not options.chapter)
    for finding in findings:
        line = escape(f"{finding.chapter}: {finding.subject}: {finding.what}")
        console.print(line, highlight=False, soft_wrap=True)
    margins, records = options.output / "certify.csv", options.output / "certify-mistakes.csv"
    write_file(margins, margins_csv(certificates))
    write_file(records, mistakes_csv(certificates))
    total = sum(certificate.mistakes for certificate in certificates)
    console.print(
        f"{sum(c.caught for c in certificates)} of {total} mistakes caught, "
        f"{sum(c.named for c in certificates)} named right, "
        f"{sum(c.alternatives for c in certificates)} sound alternatives, {options.seeds} seeds, "
        f"{len(findings)} findings. Every test and its margin: {margins}, every mistake: {records}",
        highlight=False,
        soft_wrap=True,
    )
    return NOT_ALL_WELL if findings else OK


def _print_certificate(console: Console, certificate: Certificate) -> None:
    """A line per function: its tests, its mistakes, and the test in which sound and wrong are least apart."""
    table = Table(title=f"{certificate.chapter} ({certificate.seconds:.0f} s)", box=None)
    table.title_justify = "left"
    for title in ("function", "tests", "mistakes", "caught", "named", "margin", "in test"):
        table.add_column(title, justify="left" if title in ("function", "in test") else "right")
    functions = dict.fromkeys(margin.function for margin in certificate.margins)
    for function in functions:
        margins = [margin for margin in certificate.margins if margin.function == function]
        records = [record for record in certificate.records if record.function == function]
        least = min(margins, key=lambda margin: margin.ratio)
        table.add_row(
            escape(function),
            str(len(margins)),
            str(len(records)),
            str(sum(bool(record.caught_by) for record in records)),
            str(sum(record.named_right for record in records)),
            f"{least.ratio:.1e}",
            escape(least.test),
        )
    console.print(table)


def _ablation(chosen: Sequence[Chapter], jobs: int, grading: Grading, path: Path) -> int:
    from autograder.certification.ablation import ablate_all, render

    write_file(path, render(ablate_all(chosen, jobs=jobs, grading=grading)))
    print(f"written: {path}")
    return OK


def _mutants(options: argparse.Namespace) -> int:
    course = chapters()
    [name] = _chosen([options.chapter], course)

    def said(hole: Mutant) -> None:
        place = f"{hole.origin}, line {hole.line}"
        print(f"{hole.key} ({place}): {hole.change}: {hole.before} -> {hole.after}", flush=True)

    found = survivors(course[name], _jobs(options), options.settings.grading, said)
    for key in found.stale:
        print(f"{key}: judged as equivalent, and no longer survives")
    print(
        f"{found.mutants} mutants, {len(found.holes)} holes, {len(found.equivalent)} equivalent, "
        f"{len(found.stale)} judgements of nothing"
    )
    return NOT_ALL_WELL if found.holes or found.stale else OK


def _shares(chosen: Sequence[Chapter], jobs: int, grading: Grading, page: Path | None) -> int:
    console, status = Console(), OK
    everything = []
    for measured in shares_of_all(chosen, jobs, grading):
        everything.append(measured)
        for table in _share_tables(measured):
            console.print(table)
        for subject, what in measured.out_of_bounds():
            status = NOT_ALL_WELL
            line = escape(f"{measured.chapter}: {subject}: {what}")
            console.print(line, highlight=False, soft_wrap=True)
    if page:
        write_file(page, shares_page(everything).encode())
        print(f"written: {page}")
    return status


def _share_tables(measured: Shares) -> Iterator[Table]:
    """What mistakes keep, from the most; what trivial bodies earn; what error cases are worth."""
    kept = Table(title=f"{measured.chapter}: points that mistakes keep", box=None)
    for title in ("function", "mistake", "keeps", "kind", ""):
        kept.add_column(title, justify="right" if title == "keeps" else "left")
    for function in dict.fromkeys(one.function for one in measured.kept):
        mine = [one for one in measured.kept if one.function == function]
        for one in sorted(mine, key=lambda one: -one.share):
            mark = "" if one.within else ("excused" if one.excused else "out of bounds")
            kept.add_row(escape(function), escape(one.mistake), f"{one.share:.0%}", one.kind, mark)
    earned = Table(title=f"{measured.chapter}: points that trivial bodies earn", box=None)
    for title in ("body", "of 100", "share", "of function"):
        earned.add_column(title, justify="right" if title in ("of 100", "share") else "left")
    for body in measured.earned:
        function, share = body.worst
        earned.add_row(
            body.body, f"{body.points:.2f}", f"{share:.0%}", escape(function if share else "")
        )
    errors = Table(title=f"{measured.chapter}: points for error cases", box=None)
    errors.add_column("function")
    errors.add_column("share", justify="right")
    for function, share in measured.errors.items():
        errors.add_row(escape(function), f"{share:.0%}")
    for table in (kept, earned, errors):
        table.title_justify = "left"
        yield table


def _limits(options: argparse.Namespace) -> int:
    if options.page:
        text = limit_table.page(options.page.read_text(encoding="utf-8"))
        write_file(options.page, text.encode())
        print(f"written: {options.page}")
        return OK
    print(limit_table.table(), end="")
    return OK


def _settings(options: argparse.Namespace) -> int:
    if options.page:
        write_file(options.page, settings.page())
        print(f"written: {options.page}")
        return OK
    for line in settings.lines(options.settings):
        print(line)
    return OK


def _course(chosen: Settings) -> Course:
    """What reports say of the course."""
    course = chosen.course
    return Course(course.name, course.address, course.copyright)


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
    summary: RunSummary, run: Run, options: argparse.Namespace, course: dict[str, Chapter]
) -> None:
    """Write the reports on the class: also on those whom this run was not asked to grade."""
    found, _passed_over = find(options.submissions, list(course), expected=options.chapter)
    places = [Place(each.student, printable(each.student), each.chapter) for each in found]
    filed = read_results(options.output, places)
    if any(each.result.grader.endswith(UNSAFE) for each in filed):
        told = replace(run, unsafe=True, level="D")  # of an earlier run, perhaps
    else:
        told = run
    write_reports(options.output, filed, told, course, write_file)
    write_file(options.output / "run.json", run_record(summary, run.level, run.jobs or 1))


def _write_gradebook(
    console: Console, summary: RunSummary, options: argparse.Namespace, course: dict[str, Chapter]
) -> bool:
    """Bring nbgrader's gradebook up to the results; False where that could not be done."""
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
        _complain(f"autograder: {root / 'gradebook.db'}: {error}")
        return False
    lines = [f"not in the gradebook: {left.where}: {left.what}" for left in written.left_out]
    lines += [f"{remark.where} {remark.what}" for remark in written.remarks]
    lines.append(
        f"{root / 'gradebook.db'}: {written.written} submissions written, "
        f"{written.unchanged} unchanged"
    )
    for line in lines:
        terminal.say(console, line)
    return True


def _exit_status(results: Sequence[SubmissionResult], fail_under: float | None) -> int:
    if any(result.status == "grader_error" for result in results):
        return NOT_ALL_WELL
    if fail_under is not None and any(
        100 * (result.score or 0.0) < fail_under * result.max_score for result in results
    ):
        return NOT_ALL_WELL
    return OK
