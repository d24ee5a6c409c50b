"""Hold the figures that a chapter's text cites to what its experiments print.

In the text a figure is followed by a mark, a comment that a rendered notebook does not show:

    recalls with accuracy 0.63<!-- ±0.15 printed: RNN held at 0.95 [2] -->

The label is the beginning of one printed line; `[2]` picks the second number after it, and is left out where there is
only one. Without anything else before `printed`, the two agree to the last digit that the text gives. `±0.15` allows
so much, in the unit of the text, and `×3` a factor; `>` and `<` say that the printed number is above or below the
cited one. Percent count as such on both sides.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence

import msgspec

_NUMBER = r"[-−]?\d+(?:(?:,|\{,\})\d{3})*(?:\.\d+)?(?:[eE][-+]?\d+)?"
_PLAIN = re.compile(rf"({_NUMBER})\s*(%)?")
# As text or as mathematics: 0.53, 15 %, $12{,}000$, $1.2 \cdot 10^{{-3}}$, $10^{{-4}}$.
_CITED = re.compile(
    rf"(?:({_NUMBER})?(?:\s*\\cdot\s*)?(?:10\^\{{(-?\d+)\}})|({_NUMBER}))\s*(\\?%)?\$?\s*(?:%\s*)?$"
)
_MARK = re.compile(
    r"<!--\s*(?:([±×])\s*([\d.]+)|([<>]))?\s*printed:\s*(.*?)\s*(?:\[(\d+)\])?\s*-->"
)
_ANY_MARK = re.compile(r"<!--.*?printed.*?-->", re.DOTALL)


class Citation(msgspec.Struct, frozen=True):
    """A figure of the text, and the printed number that it must agree with."""

    cited: float
    last_digit: float  # what one more in its last digit is worth
    unit: float  # 0.01 where the text says percent
    relation: str  # one of "", "±", "×", "<", ">"
    allowed: float
    label: str
    place: int  # which number after the label, from 1; 0 for the only one
    source: str  # how the text has it


class CitationError(Exception):
    """A mark of the text is not of the form that is described here."""


def citations(text: str) -> list[Citation]:
    """Return every marked figure of a text.

    Raises:
        CitationError: a mark is malformed, or no number stands before it.
    """
    found = []
    for mark in _ANY_MARK.finditer(text):
        form = _MARK.fullmatch(" ".join(mark[0].split()))
        before = _CITED.search(text[max(0, mark.start() - 60) : mark.start()])
        if form is None or before is None:
            raise CitationError(f"no figure can be read at {mark[0]}")
        relation, allowed = form[1] or form[3] or "", float(form[2] or 0)
        if not form[4] or (form[1] == "×" and allowed < 1):
            raise CitationError(f"no figure can be read at {mark[0]}")
        found.append(_citation(before, relation, allowed, form[4], int(form[5] or 0)))
    return found


def _citation(
    before: re.Match[str], relation: str, allowed: float, label: str, place: int
) -> Citation:
    digits = (before[1] or before[3] or "1").replace("{,}", "").replace(",", "").replace("−", "-")
    mantissa, _, exponent = digits.lower().partition("e")
    power = 10.0 ** (int(exponent or 0) + int(before[2] or 0))
    unit = 0.01 if "%" in before[0] else 1.0
    decimals = len(mantissa.partition(".")[2])
    value, last_digit = float(mantissa) * power * unit, 10.0**-decimals * power * unit
    return Citation(value, last_digit, unit, relation, allowed, label, place, before[0].strip())


def disagreements(cited: Sequence[Citation], printed: str) -> list[str]:
    """Say of every citation that the printed lines do not bear out what is printed instead."""
    lines = [" ".join(line.split()) for line in printed.splitlines()]
    return [said for citation in cited for said in _against(citation, lines)]


def _against(citation: Citation, lines: Sequence[str]) -> Iterator[str]:
    label = " ".join(citation.label.split())
    found = [line for line in lines if line.startswith(label)]
    if len(found) != 1:
        yield f"{citation.source}: {len(found)} printed lines begin with {label!r}, not one"
        return
    numbers = [
        float(match[1].replace(",", "").replace("−", "-")) * (0.01 if match[2] else 1.0)
        for match in _PLAIN.finditer(found[0][len(label) :])
    ]
    if not numbers or (citation.place == 0 and len(numbers) > 1) or citation.place > len(numbers):
        yield f"{citation.source}: {len(numbers)} numbers follow in {found[0]!r}; say which: [1], [2], …"
        return
    number = numbers[max(0, citation.place - 1)]
    if not _agree(citation, number):
        yield f"the text says {citation.relation}{citation.source}, the experiment prints {found[0]!r}"


def _agree(citation: Citation, number: float) -> bool:
    if math.isnan(number):
        return False
    if citation.relation == "<":
        return number < citation.cited
    if citation.relation == ">":
        return number > citation.cited
    if citation.relation == "×":
        if number == 0 or citation.cited == 0 or (number < 0) != (citation.cited < 0):
            return False
        return abs(math.log(number / citation.cited)) <= math.log(citation.allowed) + 1e-12
    allowed = (
        citation.allowed * citation.unit if citation.relation == "±" else citation.last_digit / 2
    )
    return abs(number - citation.cited) <= allowed * (1 + 1e-9) + 1e-15
