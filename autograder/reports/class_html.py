"""`report.html`: the class at a glance. One file, no script, no network."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from statistics import median

from autograder.results import SubmissionResult

_STYLE = """
:root { color-scheme: light dark; --line: #8886; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; margin: 1rem 0; }
th, td { border-bottom: 1px solid var(--line); padding: .25rem .75rem; text-align: left; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; }
"""


def render(results: Sequence[SubmissionResult], level: str) -> bytes:
    """Return the page: medians per chapter, who needs a look, every score."""
    parts = [
        "<!doctype html><html lang=en><head><meta charset=utf-8>",
        "<meta name=viewport content='width=device-width, initial-scale=1'>",
        f"<title>Class report</title><style>{_STYLE}</style></head><body><main>",
        f"<h1>Class report</h1><p>{len(results)} submissions. Sandbox level {escape(level)}.</p>",
        _chapters(results),
        _attention(results),
        _scores(results),
        "</main></body></html>\n",
    ]
    return "".join(parts).encode()


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    cells = "".join(f"<th scope=col>{escape(title)}</th>" for title in head)
    body = "".join(f"<tr>{''.join(row)}</tr>" for row in rows)
    return f"<div class=scroll><table><thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table></div>"


def _text(value: str) -> str:
    return f"<td>{escape(value)}</td>"


def _number(value: float | int | None) -> str:
    return f"<td class=number>{'–' if value is None else f'{value:g}'}</td>"


def _chapters(results: Sequence[SubmissionResult]) -> str:
    rows = []
    for chapter in sorted({result.chapter for result in results}):
        scores = [r.score for r in results if r.chapter == chapter and r.score is not None]
        middle = median(scores) if scores else None
        rows.append([_text(chapter), _number(len(scores)), _number(middle)])
    return "<h2>Chapters</h2>" + _table(["chapter", "graded", "median"], rows)


def _attention(results: Sequence[SubmissionResult]) -> str:
    rows = [
        [_text(result.student), _text(result.chapter), _text(result.status), _text(_why(result))]
        for result in results
        if result.status != "graded"
    ]
    if not rows:
        return ""
    return "<h2>Needs a look</h2>" + _table(["student", "chapter", "status", "why"], rows)


def _why(result: SubmissionResult) -> str:
    return "; ".join(f"{problem.where}: {problem.what}" for problem in result.problems)


def _scores(results: Sequence[SubmissionResult]) -> str:
    rows = [
        [
            _text(r.student),
            _text(r.chapter),
            _text(r.status),
            _number(r.score),
            _number(r.max_score),
        ]
        for r in results
    ]
    return "<h2>Scores</h2>" + _table(["student", "chapter", "status", "score", "of"], rows)
