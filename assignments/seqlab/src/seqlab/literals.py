"""Read literals out of source text token by token: strings, numbers, names. No parser, no recursion, linear time."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""
    (?P<space>(?:[ \t\f\n]++|\\\n|\#[^\n]*+)++)
  | (?P<string>[A-Za-z]{0,2}(?:
        '''(?:[^'\\]*+(?:(?:\\(?s:.)|'(?!''))[^'\\]*+)*+)'''
      | \"\"\"(?:[^"\\]*+(?:(?:\\(?s:.)|"(?!""))[^"\\]*+)*+)\"\"\"
      | '(?!'')(?:[^'\\\n]*+(?:\\(?s:.)[^'\\\n]*+)*+)'
      | "(?!"")(?:[^"\\\n]*+(?:\\(?s:.)[^"\\\n]*+)*+)"
    ))
  | (?P<number>(?:\d|\.\d)(?:[eE][+-]|[\w.])*+)
  | (?P<name>[^\W\d]\w*+)
  | (?P<operator>\*\*|\|=|==|!=|<=|>=|:=|[-+*/%@&|^<>]=|(?s:.))
    """,
    re.VERBOSE,
)
_STRING = re.compile(r"([A-Za-z]*)('''|\"\"\"|'|\")((?s:.*))\2\Z")
_ESCAPE = re.compile(
    r"\\(?:(\n)|([0-7]{1,3})|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|N\{([^}]{1,100})\}|((?s:.)))"
)
_PLAIN = {
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
    "\\": "\\",
    "'": "'",
    '"': '"',
}
_DIGITS = 100  # of a number that is an answer


@dataclass(frozen=True)
class Token:
    """A piece of source: kind "string", "number", "name" or "operator", its text, and where it ends."""

    kind: str
    text: str
    end: int


def tokens(source: str, start: int = 0, end: int | None = None) -> Iterator[Token]:
    """Yield the tokens of a piece of source, without comments, blanks and the ends of lines."""
    stop = len(source) if end is None else end
    for found in _TOKEN.finditer(source, start, stop):
        kind = found.lastgroup or "operator"
        if kind != "space":
            yield Token(kind, found[0], found.end())


def string_value(text: str) -> str | None:
    """Return the text that a string literal stands for; None for bytes, f-strings and what is malformed."""
    found = _STRING.match(text)
    if found is None or found[1].lower() not in ("", "r", "u"):
        return None
    if "r" in found[1].lower():
        return found[3]
    return _ESCAPE.sub(_unescaped, found[3])


def _unescaped(found: re.Match[str]) -> str:
    newline, octal, byte, short, long, name, other = found.groups()
    if newline:
        return ""
    if octal:
        return chr(int(octal, 8))
    digits = byte or short or long
    if digits:
        code = int(digits, 16)
        return chr(code) if code <= 0x10FFFF and not 0xD800 <= code < 0xE000 else "\ufffd"
    if name:
        try:
            return unicodedata.lookup(name)
        except KeyError:
            return "\ufffd"
    return _PLAIN.get(other, "\\" + other)


def number_value(text: str) -> str | None:
    """Return the number of a literal as Python writes it, None where it is none or has too many digits."""
    if len(text) > _DIGITS:
        return None
    try:
        return str(int(text, 0))
    except ValueError:
        pass
    try:
        return str(float(text))
    except ValueError:
        return None
