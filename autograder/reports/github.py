"""GitHub Actions: a step summary and a few annotations, with nothing in the log that a submission could say itself.

The runner reads commands of the form `::name::` from the log of a step. While commands are stopped it reads none but
the one that resumes them, which holds a token that no submission can know.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from html import escape
from pathlib import Path
from typing import IO

from autograder.reports.statistics import ClassFacts, Run, gather, look_first
from autograder.reports.text import clean, counted, one_line, points, shorten
from autograder.results import SubmissionResult

MOST_ANNOTATIONS = 10
_ROWS = 20
_SAID = 300
# Markdown's own marks, as characters that it does not read as marks.
_MARKS = {ord(mark): f"&#{ord(mark)};" for mark in "\\`*_{}[]()#|~@!:"}


def stop(token: str) -> str:
    """Return the line that makes the runner ignore commands in what follows."""
    return f"::stop-commands::{token}"


def resume(token: str) -> str:
    """Return the line after which the runner obeys again."""
    return f"::{token}::"


@contextmanager
def no_commands(log: IO[str]) -> Iterator[None]:
    """Keep the runner from obeying what is logged meanwhile; elsewhere than in GitHub Actions, do nothing."""
    if not _in_actions():
        yield
        return
    token = secrets.token_hex(16)
    print(stop(token), file=log, flush=True)
    try:
        yield
    finally:
        print(resume(token), file=log, flush=True)


def tell(results: Sequence[SubmissionResult], run: Run, log: IO[str]) -> None:
    """Give the runner its annotations and the step its summary; elsewhere than in GitHub Actions, do nothing."""
    if not _in_actions():
        return
    for command in annotation_commands(results, run):
        print(command, file=log, flush=True)
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary:
        with Path(summary).open("a", encoding="utf-8") as file:
            file.write(step_summary(results, run))


def _in_actions() -> bool:
    return bool(os.environ.get("GITHUB_ACTIONS"))


def annotation_commands(results: Sequence[SubmissionResult], run: Run) -> list[str]:
    """Return at most ten commands: what is wrong first."""
    facts = gather(results)
    found = [_command("error", "No sandbox", run.warning)] if run.warning else []
    for attention in facts.attention:
        kind = "error" if attention.kind == "grader_error" else "warning"
        where = f"{attention.student} {attention.chapter}"
        title = f"{where}: {attention.kind.replace('_', ' ')}"
        found.append(_command(kind, title, attention.why or attention.kind))
    found += [
        _command(
            "warning",
            "Suspect test",
            f"{test.title} of {test.function} ({test.chapter}) separates by {test.separates:+.2f} only",
        )
        for test in facts.suspects
    ]
    if len(found) > MOST_ANNOTATIONS:
        more = len(found) - MOST_ANNOTATIONS + 1
        rest = _command("warning", "More", f"{more} more; see report.html")
        found = [*found[: MOST_ANNOTATIONS - 1], rest]
    return found


def _command(kind: str, title: str, message: str) -> str:
    value = _escaped(shorten(one_line(title), _SAID)).replace(":", "%3A").replace(",", "%2C")
    return f"::{kind} title={value}::{_escaped(shorten(one_line(message), _SAID))}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def step_summary(results: Sequence[SubmissionResult], run: Run) -> str:
    """Return the summary of a step as Markdown; its size does not grow with the class."""
    facts = gather(results)
    parts = [f"## {_plain(run.course.titled('Class report'))}\n"]
    if run.warning:
        parts.append(f"> [!CAUTION]\n> {_plain(run.warning)}\n")
    things = [f"{n}. {_plain(thing)}" for n, thing in enumerate(look_first(facts, run), start=1)]
    parts.append("\n".join(things) + "\n" if things else "")
    parts += [_chapters(facts), _humans(facts), _mistakes(facts)]
    said = f"{run.graded} graded, {run.reused} unchanged, {run.unrun} with nothing to run"
    parts.append(f"{said}. Sandbox level {_plain(run.level)}.\n")
    return "\n".join(part for part in parts if part)


def _chapters(facts: ClassFacts) -> str:
    rows = []
    for chapter in facts.chapters:
        spread = chapter.spread
        scores = (
            [f"{points(round(spread.median, 1))} %", f"{spread.low:.0f}–{spread.high:.0f} %"]
            if spread
            else ["–", "–"]
        )
        handed_in = f"{chapter.submissions - chapter.missing} of {chapter.submissions}"
        rows.append([_plain(chapter.name), handed_in, *scores])
    return _table(["chapter", "handed in", "median", "middle half"], rows)


def _humans(facts: ClassFacts) -> str:
    if not facts.attention:
        return ""
    rows = [
        [_code(a.student), _plain(a.chapter), _plain(a.kind.replace("_", " ")), _code(a.why)]
        for a in facts.attention[:_ROWS]
    ]
    more = len(facts.attention) - len(rows)
    rest = f"\n… and {counted(more, 'more submission')}\n" if more > 0 else ""
    return "### Needs a human\n\n" + _table(["student", "chapter", "what", "why"], rows) + rest


def _mistakes(facts: ClassFacts) -> str:
    rows = [
        [str(m.students), _plain(m.chapter), _code(m.function), _plain(m.name), _code(m.says)]
        for m in facts.mistakes
        if m.named
    ][:_ROWS]
    if not rows:
        return ""
    heads = ["students", "chapter", "function", "mistake", "hint"]
    return "### For the next lecture\n\n" + _table(heads, rows)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _plain(text: str) -> str:
    """Text of others in Markdown, as text."""
    return escape(shorten(one_line(clean(text)), _SAID), quote=False).translate(_MARKS)


def _code(text: str) -> str:
    """Text of others in Markdown, where not even a mention or an address may become a link."""
    return f"<code>{_plain(text)}</code>" if text else ""
