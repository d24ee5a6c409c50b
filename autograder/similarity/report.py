"""`similarity-<chapter>.html` and a few lines of text: pairs that are alike, their places side by side."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from autograder.reports import page
from autograder.reports.statistics import UNNAMED, Course
from autograder.reports.text import counted, one_line
from autograder.similarity.compare import Comparison, Fingerprints, Pair, Span

_PAIRS = 100
_PLACES = 12
_LINES = 40

_TEMPLATES = Path(__file__).parent / "templates"


class _Excerpt(NamedTuple):
    """A place of a submission, and the code that stands there."""

    where: str
    code: str


class _Shown(NamedTuple):
    """What is shown of a pair: its longest places, and how many more there are."""

    left: str
    right: str
    share: str
    tokens: int
    longest: int
    places: list[tuple[_Excerpt, _Excerpt]]
    left_out: int


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


def render(comparison: Comparison, course: Course = UNNAMED) -> bytes:
    """Return the page."""
    return page.render(
        "similarity.html",
        _TEMPLATES,
        title=f"Alike in {comparison.chapter}",
        warning="",
        course=course,
        sentence=_sentence(comparison),
        left_out=[one_line(name) for name in comparison.left_out],
        pairs=[_shown(pair) for pair in comparison.pairs[:_PAIRS]],
        pairs_left_out=len(comparison.pairs) - _PAIRS,
    )


def _sentence(comparison: Comparison) -> str:
    pairs = counted(len(comparison.pairs), "pair")
    submissions = counted(comparison.compared, "submission")
    return (
        f"{pairs} of {submissions} alike beyond the stub and chance. Two submissions of this class have "
        f"{comparison.typical:.0%} of the smaller one in common as a rule; a pair is shown from "
        f"{comparison.threshold:.0%} on, or for one long place."
    )


def _shown(pair: Pair) -> _Shown:
    return _Shown(
        one_line(pair.left.student),
        one_line(pair.right.student),
        f"{pair.share:.0%}",
        pair.tokens,
        pair.matches[0].tokens,
        [
            (_excerpt(pair.left, match.left), _excerpt(pair.right, match.right))
            for match in pair.matches[:_PLACES]
        ],
        len(pair.matches) - _PLACES,
    )


def _excerpt(side: Fingerprints, place: Span) -> _Excerpt:
    source = side.sources[place.cell].split("\n")[place.first - 1 : place.last]
    cut = "\n…" if len(source) > _LINES else ""
    where = f"cell {place.cell}, lines {place.first} to {place.last}"
    return _Excerpt(where, "\n".join(source[:_LINES]) + cut)
