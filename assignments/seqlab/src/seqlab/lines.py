"""Cut Python source into logical lines, in time linear in its length, whatever it holds.

For source that need not be Python: half statements, IPython's magics, quotes that are never closed. The standard
library's tokenizer gives up on such text, and its parser needs memory and stack that grow with the input.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

_STOP = re.compile(r"""[#'"()\[\]{}\\\n]""")
_SPACE = re.compile(r"[ \t\f]*")
_STRING_END = {
    "'": re.compile(r"[^'\\\n]*+(?:\\(?s:.)[^'\\\n]*+)*+'?"),
    '"': re.compile(r'[^"\\\n]*+(?:\\(?s:.)[^"\\\n]*+)*+"?'),
    "'''": re.compile(r"[^'\\]*+(?:(?:\\(?s:.)|'(?!''))[^'\\]*+)*+'''"),
    '"""': re.compile(r'[^"\\]*+(?:(?:\\(?s:.)|"(?!""))[^"\\]*+)*+"""'),
}
_ESCAPES = "%!?/,;"  # what IPython takes for its own where a statement would begin
# `files = !ls` and `took = %timeit -o f()`, with the places of the assignment's value.
_ASSIGNED = re.compile(
    r"""(?P<target>(?:[^=\n#'"(]|'[^'\\\n]*'|"[^"\\\n]*")*+)=[ \t]*(?P<value>!|%(?=\w))"""
)
_OPENING = "([{"
# Words that cannot stand within brackets. A bracket that is open where a line begins with one will not be closed.
_BEGINS = re.compile(
    r"(?:def|class|import|return|while|with|try|assert|del|global|nonlocal|pass|raise|break|continue)\b"
    r"|async[ \t]+def\b|from[ \t]+[\w.]+[ \t]+import\b|@\w"
)


@dataclass(frozen=True)
class Logical:
    """A logical line: a statement without the lines of its body, a comment, blank lines are none.

    Attributes:
        start: where its first line begins.
        text: where it begins after its indentation.
        end: where the next line begins.
        code_end: where its last line's code ends: before a comment and the end of the line.
        kind: "code", "comment", "magic" (IPython's, up to its last continued line), "assigned" (`x = !ls`) or
            "help" (`obj?`).
        open: it ends within brackets that are never closed.
    """

    start: int
    text: int
    end: int
    code_end: int
    kind: str
    open: bool = False


def logical_lines(source: str, magics: bool = True) -> Iterator[Logical]:
    """Yield the logical lines of a source whose lines end with `\\n`.

    A string of three quotes that is never closed ends with its line, like one of one quote: what follows keeps its
    meaning as far as it has one.

    Args:
        source: any text.
        magics: tell IPython's lines from Python's; what stands in them opens no string and no bracket.
    """
    position, length = 0, len(source)
    unclosed: set[str] = set()
    while position < length:
        text = _SPACE.match(source, position).end()  # type: ignore[union-attr]
        if text >= length or source[text] == "\n":
            position = text + 1
            continue
        if source[text] == "#":
            end = _line_end(source, text)
            yield Logical(position, text, end, text, "comment")
        elif magics and source[text] in _ESCAPES:
            end = _continued_end(source, text)
            yield Logical(position, text, end, end, "magic")
        elif magics and (_ASSIGNED.match(source, text)):
            end = _continued_end(source, text)
            yield Logical(position, text, end, end, "assigned")
        else:
            end, code_end, is_help, is_open = _statement_end(source, text, unclosed)
            kind = "help" if magics and is_help else "code"
            yield Logical(position, text, end, code_end, kind, is_open)
        position = end


def assigned_value(source: str, line: Logical) -> int:
    """Return where the value of an "assigned" line begins: its `!` or `%`."""
    found = _ASSIGNED.match(source, line.text)
    assert found is not None
    return found.start("value")


def _line_end(source: str, position: int) -> int:
    end = source.find("\n", position)
    return len(source) if end < 0 else end + 1


def _continued_end(source: str, position: int) -> int:
    """The end of a line that a backslash at its end continues."""
    while True:
        end = _line_end(source, position)
        if end - 2 < position or source[end - 2 : end] != "\\\n":
            return end
        position = end


def _statement_end(source: str, position: int, unclosed: set[str]) -> tuple[int, int, bool, bool]:
    """Where a statement's line ends, where its code does, whether that is `?`, whether something stays open."""
    depth = 0
    after = position  # behind the latest string, bracket, comment or continuation
    while True:
        found = _STOP.search(source, position)
        if found is None:
            code_end = _stripped(source, after, len(source))
            return len(source), code_end, source[after:code_end].endswith("?"), depth > 0
        at = found.start()
        character = source[at]
        if character == "\n":
            if depth == 0 or _BEGINS.match(source, at + 1):
                code_end = _stripped(source, after, at)
                return at + 1, code_end, source[after:code_end].endswith("?"), depth > 0
            position = at + 1
        elif character == "#":
            end = _line_end(source, at)
            if depth == 0 or end == len(source) or _BEGINS.match(source, end):
                return end, _stripped(source, after, at), False, depth > 0
            position = after = end
        elif character in _OPENING:
            depth += 1
            position = after = at + 1
        elif character == "\\":
            position = at + 1
            if source.startswith("\n", position):
                position = after = at + 2
        elif character in "'\"":
            position = after = _string_end(source, at, unclosed)
        else:
            depth = max(0, depth - 1)
            position = after = at + 1


def _stripped(source: str, start: int, end: int) -> int:
    while end > start and source[end - 1] in " \t\f":
        end -= 1
    return end


def _string_end(source: str, at: int, unclosed: set[str]) -> int:
    quote = source[at] * 3
    if source.startswith(quote, at):
        if quote not in unclosed:
            closed = _STRING_END[quote].match(source, at + 3)
            if closed is not None:
                return closed.end()
            unclosed.add(quote)  # nor is any that comes after it
        end = source.find("\n", at)
        return len(source) if end < 0 else end
    return _STRING_END[source[at]].match(source, at + 1).end()  # type: ignore[union-attr]


# --- blocks ---------------------------------------------------------------------------------------------------------

# What goes on with the statement above it.
_GOES_ON = re.compile(r"(?:else|elif|except|finally)\b|[)\]}]")
_DEFINITION = re.compile(r"(?:async[ \t]+def|def|class)[ \t]+\w|@\w")


def blocks(source: str) -> list[tuple[int, str]]:
    """Cut source that does not parse into blocks that may: number of the first line, from 1, and text.

    A block begins at column 0 outside brackets and strings.
    """
    starts = []
    decorated = False
    for line in logical_lines(source, magics=False):
        if line.kind == "code" and line.text == line.start:
            if not decorated and not _GOES_ON.match(source, line.text):
                starts.append(line.start)
            decorated = source[line.text] == "@"
    return _pieces(source, starts)


def definitions(source: str) -> list[tuple[int, str]]:
    """Cut at every line that looks like a definition at column 0, be it in a string or not.

    For a block that does not parse: a quote too many turns code into strings and strings into code.
    """
    starts, position, decorated = [], 0, False
    while position < len(source):
        if _DEFINITION.match(source, position):
            if not decorated:
                starts.append(position)
            decorated = source[position] == "@"
        position = _line_end(source, position)
    return _pieces(source, starts)


def _pieces(source: str, starts: list[int]) -> list[tuple[int, str]]:
    bounds = [0, *(start for start in starts if start > 0), len(source)]
    pieces, line = [], 1
    for start, end in pairwise(bounds):
        text = source[start:end]
        if text.strip():
            pieces.append((line, text))
        line += text.count("\n")
    return pieces
