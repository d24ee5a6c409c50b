"""Text of others, made fit for a format. Names, messages and problems are not ours: they can hold any character."""

from __future__ import annotations

import re

# Neither XML 1.0 nor a text node of HTML can hold these, escaped or not.
_NOT_IN_XML = re.compile(
    "[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd\U00010000-\U0010ffff]"
)
_LINE_ENDS = re.compile("\r\n?|[\x85\u2028\u2029]")
# They would turn the direction of what follows, ours included.
_TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")
_CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_SPACES = re.compile(r"\s+")


def clean(text: str) -> str:
    """Drop what XML cannot hold (control characters, lone surrogates, noncharacters) and bidirectional controls."""
    return _TURNS.sub("", _NOT_IN_XML.sub("", _LINE_ENDS.sub("\n", text)))


def visible(text: str) -> str:
    """Spell out what a terminal would obey: escape sequences, and marks that turn the direction of what follows."""
    return _CONTROLS.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def one_line(text: str) -> str:
    """Put a text on one line, with nothing in it that a terminal or a log would obey."""
    return visible(_SPACES.sub(" ", text).strip())


def shorten(text: str, length: int) -> str:
    """Cut a text to a length, an ellipsis included."""
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return `1 student`, `2 students`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def listed(names: list[str], most: int = 3) -> str:
    """Return the first names and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def points(value: float | None) -> str:
    """Return points without a needless `.0`; a dash where there is no score."""
    return "–" if value is None else f"{value:g}"
