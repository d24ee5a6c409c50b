"""Results as people read them: text for a terminal, HTML for a notebook, with the same words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from seqlab.chapters import QUIZ
from seqlab.results import CheckResult, GradientRow

CARD = (
    "border:1px solid #8888;border-left:4px solid {colour};border-radius:4px;"
    "padding:.5em .9em;margin:.3em 0;max-width:54em;overflow-x:auto"
)
RIGHT, WRONG = "#2a7f3f", "#c2410c"

TABLE_HEAD = ("gradient", "right", "relative error", "where", "yours", "differences")
TABLE_CAPTION = "Your gradients against central differences of your own forward"
_NUMBERS = "text-align:right;font-variant-numeric:tabular-nums"


@dataclass(frozen=True)
class Report:
    """Results as a notebook shows them: HTML, and the same as text.

    `repeated` names the functions whose check failed the last time too: for these the likely mistake is told.
    With `progress`, how much of the chapter is done stands first; `notes` stand above all.
    """

    results: tuple[CheckResult, ...]
    repeated: frozenset[str] = frozenset()
    progress: bool = False
    notes: tuple[str, ...] = ()

    def _repr_mimebundle_(self, **_options: Any) -> dict[str, str]:
        return {"text/plain": self.text(), "text/html": self.html()}

    def text(self) -> str:
        """Render as plain text."""
        lines = [f"! {note}" for note in self.notes]
        lines += [self._summary()] if self.progress else []
        for result in self.results:
            if self.progress and result.unwritten:
                lines.append(f"· {result.function}: {result.waiting}")
            else:
                lines += result_lines(result, result.function in self.repeated)
        return "\n".join(lines)

    def html(self) -> str:
        """Render as HTML, every word of a result escaped."""
        head = "".join(f'<div style="margin:.3em 0">! {escape(note)}</div>' for note in self.notes)
        head += self._bar() if self.progress else ""
        return head + "".join(
            _waiting(one)
            if self.progress and one.unwritten
            else _card(one, one.function in self.repeated)
            for one in self.results
        )

    def _summary(self) -> str:
        return progress_line([result.ok for result in self.results])

    def _bar(self) -> str:
        done, count = sum(result.ok for result in self.results), len(self.results)
        return (
            f'<div style="margin:.3em 0"><progress value="{done}" max="{count}" '
            f'aria-label="progress of the chapter"></progress> {done} of {count}</div>'
        )


def progress_line(done: Sequence[bool]) -> str:
    """Return how much of a chapter is done, as a bar of characters."""
    return f"{'■' * sum(done)}{'□' * (len(done) - sum(done))} {sum(done)} of {len(done)}"


def result_lines(result: CheckResult, repeated: bool) -> list[str]:
    """Render one result as lines of text."""
    if result.ok:
        return [f"✔ {result.function}: {praise(result)}"]
    lines = [f"✘ {result.function}"]
    lines += [f"  - {finding}" for finding in result.findings]
    if result.gradients:
        lines += ["", f"  {TABLE_CAPTION}:"]
        lines += [f"    {line}" for line in table_lines(result.gradients)] + [""]
    lines += [f"  {label}: {said}" for label, said in advice(result, repeated)]
    return lines


def praise(result: CheckResult) -> str:
    """Return what is said of a check that passes."""
    if result.function == QUIZ:
        return "every question has an answer of the form it asks for; whether it is right, grading tells"
    return "the visible check passes"


def advice(result: CheckResult, repeated: bool) -> list[tuple[str, str]]:
    """Return label and words of what helps: what to mend first, then a question, then the likely mistake."""
    said = []
    if result.mend_first:
        names = " and ".join(result.mend_first)
        verb = "are" if len(result.mend_first) > 1 else "is"
        said.append(("Begin with", f"{names}, which {verb} called here and not right yet"))
    if result.question:
        said.append(("Ask yourself", result.question))
    if result.likely and repeated:
        said.append(("A likely mistake", result.likely))
    return said


def table_rows(gradients: Sequence[GradientRow]) -> list[tuple[str, ...]]:
    """Return the cells of the table of gradients, as text."""
    return [
        (
            row.name,
            "✔" if row.ok else "✘",
            "" if row.error is None else f"{row.error:.1e}",
            row.remark or row.place,
            "" if row.own is None else f"{row.own:.6g}",
            "" if row.estimate is None else f"{row.estimate:.6g}",
        )
        for row in gradients
    ]


def table_lines(gradients: Sequence[GradientRow]) -> list[str]:
    """Return the table of gradients as lines of text."""
    rows = [TABLE_HEAD, *table_rows(gradients)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(TABLE_HEAD))]
    return [
        "  ".join(
            cell.rjust(width) if column in (2, 4, 5) else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _table(gradients: Sequence[GradientRow]) -> str:
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in TABLE_HEAD)
    body = ""
    for name, *cells in table_rows(gradients):
        colour = RIGHT if cells[0] == "✔" else WRONG
        body += f'<tr><th scope="row"><code>{escape(name)}</code></th>'
        body += f'<td style="color:{colour}">{cells[0]}</td>'
        body += "".join(f'<td style="{_NUMBERS}">{escape(cell)}</td>' for cell in cells[1:])
        body += "</tr>"
    return (
        f'<table style="margin:.4em 0;font-size:.95em"><caption style="text-align:left">'
        f"{escape(TABLE_CAPTION)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def _waiting(result: CheckResult) -> str:
    name = f"<code>{escape(result.function)}</code>"
    return f'<div style="margin:.3em 0;padding-left:1.2em">· {name}: {result.waiting}</div>'


def _card(result: CheckResult, repeated: bool) -> str:
    name = f"<code>{escape(result.function)}</code>"
    if result.ok:
        head = f'<b style="color:{RIGHT}">✔</b> {name}: {escape(praise(result))}'
        return f'<div style="{CARD.format(colour=RIGHT)}">{head}</div>'
    findings = "".join(f"<li>{escape(finding)}</li>" for finding in result.findings)
    table = _table(result.gradients) if result.gradients else ""
    said = "".join(
        f"<div><b>{escape(label)}:</b> {escape(words)}</div>"
        for label, words in advice(result, repeated)
    )
    return (
        f'<div style="{CARD.format(colour=WRONG)}">'
        f'<b style="color:{WRONG}">✘</b> {name}'
        f'<ul style="margin:.3em 0">{findings}</ul>{table}{said}</div>'
    )
