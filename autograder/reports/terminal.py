"""What the terminal shows: a bar while grading, a table and three things to look at in the end."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from autograder.reports.statistics import ClassFacts, Run, gather, look_first
from autograder.reports.text import counted, one_line, points, shorten
from autograder.results import SubmissionResult

_ROWS = 40
_NAMES_SHOWN = 3
_THING = 400
_NAME = 60
_LINES_IN_ALL = 10
_LINE_EVERY = 10.0  # seconds


def console() -> Console:
    """Return where progress and the summary go: standard error, plain where that is no terminal or with NO_COLOR."""
    return Console(stderr=True, highlight=False, markup=False)


class Bar:
    """A progress bar on a terminal; elsewhere, and with NO_COLOR, now and then a plain line."""

    def __init__(self, console: Console):
        self._console = console
        self._fancy = (
            console.is_terminal and not console.is_dumb_terminal and not os.environ.get("NO_COLOR")
        )
        self._progress = Progress(
            TextColumn("grading"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(elapsed_when_finished=True),
            TextColumn("{task.description}", markup=False),
            console=console,
            disable=not self._fancy,
            transient=True,
        )
        self._task = self._progress.add_task("", total=None)
        self._begun = self._last_line = time.monotonic()
        self._at_start: int | None = None
        self._said = -1

    def __enter__(self) -> Bar:
        self._progress.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._progress.stop()

    def show(self, done: int, total: int, name: str) -> None:
        """Show that `done` of `total` are done, the last of them `name`."""
        if self._at_start is None:
            self._at_start = done
        if self._fancy:
            self._progress.update(self._task, completed=done, total=total)
        elif self._due(done, total):
            self._last_line = time.monotonic()
            self._said = done
            left = self._left(done, total)
            about = f", about {_duration(left)} left" if left else ""
            say(self._console, f"graded {done} of {total}{about}")

    def running(self, names: Sequence[str]) -> None:
        """Show what is being graded; a plain line would be out of date when it is read."""
        if self._fancy:
            shown = [shorten(one_line(name), _NAME) for name in names[:_NAMES_SHOWN]]
            more = f" +{len(names) - _NAMES_SHOWN}" if len(names) > _NAMES_SHOWN else ""
            self._progress.update(self._task, description=", ".join(shown) + more)

    def _due(self, done: int, total: int) -> bool:
        if done == self._said:
            return False
        step = max(1, -(-total // _LINES_IN_ALL))
        late = time.monotonic() - self._last_line > _LINE_EVERY
        return done == total or late or (total >= 2 * _LINES_IN_ALL and done - self._said >= step)

    def _left(self, done: int, total: int) -> float:
        """Seconds left at the rate so far; what an earlier run had graded took no time."""
        now_done = done - (self._at_start or 0)
        if now_done <= 0 or done >= total:
            return 0.0
        return (time.monotonic() - self._begun) / now_done * (total - done)


def _duration(seconds: float) -> str:
    whole = max(1, round(seconds))
    return f"{whole} s" if whole < 120 else f"{round(whole / 60)} min"


def say(console: Console, line: str) -> None:
    """Print a line as it is, with nothing in it that the terminal would obey. The terminal wraps it, if need be."""
    console.print(Text(one_line(line)), soft_wrap=True)


def show_end(console: Console, results: Sequence[SubmissionResult], run: Run, output: str) -> None:
    """Print the table, what to look at, and where the files are."""
    facts = gather(results)
    console.print(_everyone(facts) if len(facts.results) <= _ROWS else _chapters(facts))
    for problem in (*run.passed_over, *run.unreadable_times):
        say(console, f"{problem.where}: {problem.what}")
    if len(facts.results) <= _ROWS:
        for attention in facts.attention:
            what = f"{attention.student} {attention.chapter}: {attention.kind.replace('_', ' ')}"
            say(console, shorten(f"{what}: {attention.why}", _THING))
    things = look_first(facts, run)
    if things:
        say(console, "To look at first:")
        for number, thing in enumerate(things, start=1):
            say(console, f"{number}. {shorten(one_line(thing), _THING)}")
    if run.warning and run.warning not in things:
        say(console, run.warning)
    seconds = f", in {run.seconds:.1f} s" if run.seconds is not None else ""
    say(
        console,
        f"{run.graded} graded, {run.reused} unchanged, {run.unrun} with nothing to run{seconds}. "
        f"Results: {output}/grades.csv, {output}/report.html, {output}/feedback/",
    )


def _table(*heads: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for head in heads:
        table.add_column(
            head.removeprefix("#"),
            justify="right" if head.startswith("#") else "left",
            overflow="fold",
        )
    return table


def _everyone(facts: ClassFacts) -> Table:
    table = _table("student", "chapter", "status", "#score")
    for result in facts.results:
        score = points(result.score)
        if result.score is not None:
            score += f" / {points(result.max_score)}"
        student = shorten(one_line(result.student), _NAME)
        table.add_row(*map(Text, (student, result.chapter, result.status, score)))
    return table


def _chapters(facts: ClassFacts) -> Table:
    table = _table("chapter", "#handed in", "#median", "#middle half", "#for a human")
    for chapter in facts.chapters:
        spread = chapter.spread
        humans = sum(attention.chapter == chapter.name for attention in facts.attention)
        table.add_row(
            *map(
                Text,
                (
                    chapter.name,
                    f"{chapter.submissions - chapter.missing} of {chapter.submissions}",
                    f"{spread.median:.0f} %" if spread else "–",
                    f"{spread.low:.0f}–{spread.high:.0f} %" if spread else "–",
                    str(humans or "–"),
                ),
            )
        )
    table.caption = counted(len(facts.students), "student")
    table.caption_justify = "left"
    return table
