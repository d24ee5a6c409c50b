"""`similarity-<chapter>.html` and a few lines of text: pairs that are alike, their places side by side."""

from __future__ import annotations

from autograder.reports import page
from autograder.reports.text import counted, one_line
from autograder.similarity.compare import Comparison, Fingerprints, Pair, Span

_PAIRS = 100
_PLACES = 12
_LINES = 40

_STYLE = """
th:not(.number), td:not(.number) { min-width: 4rem; }
td + td:not(.number) { min-width: 8rem; }
.places { table-layout: fixed; width: 100%; min-width: 44rem; }
.places td, .places th { width: 50%; padding-right: 1rem; }
pre { margin: 0; font: .8rem/1.4 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
  white-space: pre-wrap; overflow-wrap: anywhere; }
@media print { .places { min-width: 0; } }
"""

_WHAT_IT_IS = (
    "A hint to look, and no verdict. Two people who follow the same equation, worked at the same table or learned from "
    "the same page can write alike. Read the places, then talk to both."
)


def lines(comparison: Comparison) -> list[str]:
    """Return what a terminal shows: a line for each pair, the most alike first."""
    found = [_sentence(comparison)]
    found += [
        f"{pair.share:4.0%}  {counted(pair.tokens, 'token')}  "
        f"{one_line(pair.left.student)}  |  {one_line(pair.right.student)}"
        for pair in comparison.pairs[:_PAIRS]
    ]
    more = len(comparison.pairs) - _PAIRS
    return [*found, f"… and {counted(more, 'more pair')}"] if more > 0 else found


def render(comparison: Comparison) -> bytes:
    """Return the page."""
    body = [f"<p>{page.text(_sentence(comparison))}</p>"]
    if comparison.left_out:
        names = ", ".join(one_line(name) for name in comparison.left_out)
        body.append(f"<p>Could not be read, so not compared: {page.text(names)}</p>")
    if comparison.pairs:
        body.append(f"<p>{page.text(_WHAT_IT_IS)}</p>")
        body.append(_overview(comparison))
        body += [_pair(number, pair) for number, pair in _numbered(comparison)]
    more = len(comparison.pairs) - _PAIRS
    if more > 0:
        body.append(f"<p>… and {counted(more, 'more pair')} that are less alike.</p>")
    return page.document(f"Alike in {comparison.chapter}", body, _STYLE)


def _sentence(comparison: Comparison) -> str:
    pairs = counted(len(comparison.pairs), "pair")
    submissions = counted(comparison.compared, "submission")
    return (
        f"{pairs} of {submissions} alike beyond the stub and chance. Two submissions of this class have "
        f"{comparison.typical:.0%} of the smaller one in common as a rule; a pair is shown from "
        f"{comparison.threshold:.0%} on, or for one long place."
    )


def _numbered(comparison: Comparison) -> list[tuple[int, Pair]]:
    return list(enumerate(comparison.pairs[:_PAIRS], start=1))


def _overview(comparison: Comparison) -> str:
    rows = [
        [
            f'<td><a href="#pair-{number}">{number}</a></td>',
            page.cell(one_line(pair.left.student)),
            page.cell(one_line(pair.right.student)),
            page.number(f"{pair.share:.0%}"),
            page.number(str(pair.tokens)),
            page.number(str(pair.matches[0].tokens)),
        ]
        for number, pair in _numbered(comparison)
    ]
    heads = ["pair", "student", "student", "#of the smaller", "#tokens alike", "#longest place"]
    return page.table("Pairs", heads, rows)


def _pair(number: int, pair: Pair) -> str:
    left, right = one_line(pair.left.student), one_line(pair.right.student)
    rows = "".join(
        f"<tr><td>{_code(pair.left, match.left)}</td><td>{_code(pair.right, match.right)}</td></tr>"
        for match in pair.matches[:_PLACES]
    )
    head = f"<th scope=col>{page.text(left)}</th><th scope=col>{page.text(right)}</th>"
    content = f"<table class=places><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    more = len(pair.matches) - _PLACES
    rest = f"<p class=soft>… and {counted(more, 'shorter place')}</p>" if more > 0 else ""
    title = f"<h2 id=pair-{number}>{number}. {page.text(left)} and {page.text(right)}</h2>"
    return title + page.scrolled(f"Places of pair {number}", content) + rest


def _code(side: Fingerprints, place: Span) -> str:
    source = side.sources[place.cell].split("\n")[place.first - 1 : place.last]
    shown = "\n".join(source[:_LINES])
    cut = "\n…" if len(source) > _LINES else ""
    where = f"cell {place.cell}, lines {place.first} to {place.last}"
    return f"<p class=soft>{where}</p><pre>{page.text(shown + cut)}</pre>"
