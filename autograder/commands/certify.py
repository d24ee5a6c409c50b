"""`certify`: test the hidden suites with known mistakes and sound alternatives."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
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
from autograder.certification.shares import Shares, exceptions, shares_of_all
from autograder.certification.shares import page as shares_page
from autograder.commands.shared import NOT_ALL_WELL, OK, UsageError, chapter_names, jobs_for
from autograder.course.settings import Grading
from autograder.course.source import Chapter, chapters
from autograder.files import write_file
from autograder.grading.installed import why_not_gradable


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    parser.add_argument(
        "--chapter", action="append", default=[], help="only this one; may be repeated"
    )
    parser.add_argument(
        "--seeds", type=int, default=SEEDS, metavar="N", help="so many seeds of hidden inputs"
    )
    parser.add_argument(
        "--jobs",
        type=int,
        default=0,
        metavar="N",
        help="processes; one per core unless this or course.toml says",
    )
    parser.add_argument(
        "--output", type=Path, default=Path("build"), metavar="DIR", help="where the tables go"
    )
    parser.add_argument(
        "--ablation",
        type=Path,
        metavar="FILE",
        help="instead, write which ingredient of the inputs catches which mistakes",
    )
    parser.add_argument(
        "--shares",
        action="store_true",
        help="instead, show which share of the points mistakes and trivial bodies keep",
    )
    parser.add_argument(
        "--page", type=Path, metavar="FILE", help="with --shares, write them to this page"
    )


def run(options: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    course = chapters()
    chosen = [course[name] for name in chapter_names(options.chapter, course)]
    if options.seeds < 1:
        raise UsageError("--seeds takes a number of at least 1")
    reasons = {chapter: why_not_gradable(chapter) for chapter in chosen}
    chosen = [chapter for chapter in chosen if not reasons[chapter]]
    if not chosen or (options.chapter and any(reasons.values())):
        raise UsageError(next(filter(None, reasons.values())))
    for reason in filter(None, reasons.values()):
        print(f"left out: {reason}", file=sys.stderr)
    jobs, grading = jobs_for(options), options.settings.grading
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
    findings += course_findings(certificates, whole=len(chosen) == len(course))
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
    for ran in certificate.kernels:
        if ran.nearest.ratio is not None:
            near, threads = ran.nearest, "threads" if ran.threads > 1 else "thread"
            line = f"kernel {ran.kernel}, {ran.threads} {threads}: nearest to its tolerance by {near.ratio:.3g}: "
            line += f"{near.alternative}: {near.test} (seed {near.seed})"
            console.print(escape(line), highlight=False, soft_wrap=True)
    for line in certificate.left_out:
        console.print(escape(f"not tried: {line}"), highlight=False, soft_wrap=True)


def _ablation(chosen: Sequence[Chapter], jobs: int, grading: Grading, path: Path) -> int:
    from autograder.certification.ablation import ablate_all, render

    write_file(path, render(ablate_all(chosen, jobs=jobs, grading=grading)))
    print(f"written: {path}")
    return OK


def _shares(chosen: Sequence[Chapter], jobs: int, grading: Grading, page: Path | None) -> int:
    console, status = Console(), OK
    everything = []
    for measured in shares_of_all(chosen, jobs, grading):
        everything.append(measured)
        for table in _share_tables(measured):
            console.print(table)
        for subject, what in measured.out_of_bounds(exceptions(measured.chapter)):
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
    known = exceptions(measured.chapter)
    for function in dict.fromkeys(one.function for one in measured.kept):
        mine = [one for one in measured.kept if one.function == function]
        for one in sorted(mine, key=lambda one: -one.share):
            mark = "" if one.within else known.get(one.name, "out of bounds")
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
