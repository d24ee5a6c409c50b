"""Answers to the graded questions of a quiz, as text: `%check` looks at their form, and the grader reads them the same way.

Nothing here knows which answer is right.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

NUMBER, LETTER, ORDER = "number", "letter", "order"
MAX_LENGTH = 32  # characters of an answer; what is longer is read as no answer of any kind

_DECIMAL = r"(?:[0-9]+(?:[.,][0-9]*)?|[.,][0-9]+)"
_NUMBER = re.compile(rf"[+-]?{_DECIMAL}(?:[eE][+-]?[0-9]{{1,2}})?")
_RATIO = re.compile(rf"([+-]?{_DECIMAL})\s*/\s*({_DECIMAL})")
_THOUSANDS = re.compile(r"[+-]?[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]*)?")
_SEPARATORS = re.compile(r"[\s,;>→-]+")


@dataclass(frozen=True)
class Form:
    """What an answer has to look like: `kind`, and for a letter or an order the `letters` that there are."""

    kind: str
    letters: str = ""

    def as_data(self) -> dict[str, str]:
        """Return it as JSON holds it."""
        return {"kind": self.kind} | ({"letters": self.letters} if self.letters else {})

    @staticmethod
    def from_data(data: Mapping[str, str]) -> Form:
        """Read it back."""
        return Form(data["kind"], data.get("letters", ""))


def numbers(text: str) -> tuple[Fraction, ...]:
    """Return the values that a text may stand for, exactly; none where it is no number.

    Decimals have a point or a comma, a ratio a slash, and a power of ten an `e`: "0.5", " 0,5 ", "1/2", "5e-1". The
    comma in "1,250" may also separate thousands, so that this text has two values.
    """
    if len(text) > MAX_LENGTH:
        return ()
    plain = text.strip().replace("−", "-")
    found = []
    if _NUMBER.fullmatch(plain):
        found.append(Fraction(_python(plain)))
    if _THOUSANDS.fullmatch(plain):
        found.append(Fraction(_python(plain.replace(",", ""))))
    ratio = _RATIO.fullmatch(plain)
    if ratio:
        above, below = (Fraction(_python(part)) for part in ratio.groups())
        if below:
            found.append(above / below)
    return tuple(found)


def _python(decimal: str) -> str:
    """Write a decimal as Python's own constructor takes it: digits on both sides of a point."""
    return re.sub(r"\.(?![0-9])", "", re.sub(r"(?<![0-9])\.", "0.", decimal.replace(",", ".")))


def letter(text: str, letters: str) -> str | None:
    """Return the one letter of the options that a text names, in lower case; None where it names none."""
    plain = text.strip().lower() if len(text) <= MAX_LENGTH else ""
    return plain if len(plain) == 1 and plain in letters.lower() else None


def order(text: str, letters: str) -> str | None:
    """Return an order as capitals without separators, from "BCA", "b, c, a" or "B > C > A".

    None where a letter is missing, named twice or none of those that there are.
    """
    if len(text) > MAX_LENGTH:
        return None
    plain = _SEPARATORS.sub("", text).upper()
    return plain if sorted(plain) == sorted(letters.upper()) else None


def readable(form: Form, answer: str) -> bool:
    """Whether an answer has the form that is asked for."""
    if form.kind == NUMBER:
        return bool(numbers(answer))
    read = letter if form.kind == LETTER else order
    return read(answer, form.letters) is not None


def malformed(form: Form, answer: Any) -> str | None:
    """Return what is wrong with the form of an answer; None where nothing is. Right and wrong answers look the same."""
    if isinstance(answer, str) and not answer.strip():
        return "no answer yet"
    if not isinstance(answer, str):
        return f'{_shown(answer)} is no text: write it in quotes, such as "{_example(form)}"'
    if form.kind == NUMBER and len(numbers(answer)) > 1:
        return f"{_shown(answer)} can be read in two ways: leave the comma out"
    if readable(form, answer):
        return None
    wanted = {
        NUMBER: 'a number, such as "0.5" or "1/2"',
        LETTER: f"one of {', '.join(form.letters)}",
        ORDER: f"an order in which each of {', '.join(form.letters)} stands once",
    }
    return f"{_shown(answer)} is not {wanted[form.kind]}"


def _example(form: Form) -> str:
    return "0.5" if form.kind == NUMBER else form.letters[: 1 if form.kind == LETTER else None]


def _shown(answer: Any) -> str:
    try:
        text = repr(answer)
    except Exception:  # whatever a student's object raises when it is shown
        text = f"an object of type {type(answer).__name__}"
    return text if len(text) <= 2 * MAX_LENGTH else text[: 2 * MAX_LENGTH] + "…"
