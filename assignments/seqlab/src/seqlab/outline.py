"""What stands at the top level of a cell, and which names it binds, told from its text.

For source that need not be Python and may be hostile: nothing is parsed, and the time is linear in the length.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from seqlab.lines import Logical, logical_lines

_DEFINITION = re.compile(r"(?:async[ \t]+def|def|class)[ \t]+(\w+)")
_GOES_ON = re.compile(r"(?:else|elif|except|finally)\b|[)\]}]")
_IMPORT = re.compile(r"import[ \t]+(.+)", re.DOTALL)
_FROM_IMPORT = re.compile(r"from[ \t]+[\w.]+[ \t]+import[ \t]+(.+)", re.DOTALL)
_IMPORTED = re.compile(r"([A-Za-z_][\w.]*)(?:\s+as\s+(\w+))?")
_TARGETS = re.compile(r"((?:[\w.]+[ \t]*,[ \t]*)*[\w.]+[ \t]*,?)[ \t]*(?::[^=\n]*)?=(?!=)")
_LOOP = re.compile(r"(?:async[ \t]+)?for[ \t]+([\w, \t()]+?)[ \t]+in\b")
_AS = re.compile(r"\bas[ \t]+(\w+)")
_COMPOUND = re.compile(r"(?:async[ \t]+)?(?:if|elif|else|try|except|finally|with|for|while)\b")
_NAME = re.compile(r"[^\W\d]\w*")
_STUB = re.compile(r"raise[ \t]+NotImplementedError\b")
_EMPTY = re.compile(r"pass\b|\.\.\.|[rRuUbB]{0,2}[\"']")
_MOST = 400  # characters of a line that are looked at


@dataclass(frozen=True)
class Top:
    """A statement at the top level: the lines it takes, from 1, its text, and the names that it binds."""

    first: int
    last: int
    text: str
    names: tuple[str, ...]

    @property
    def defines(self) -> str:
        """The function or class that it defines, "" where it is another statement."""
        for line in self.text.split("\n"):
            if found := _DEFINITION.match(line):
                return found[1]
            if line.strip() and not line.startswith(("@", "#")):
                break
        return ""


def outline(source: str) -> list[Top]:
    """Return the statements at the top level, in order. What does not parse is cut as far as its text allows."""
    starts: list[Logical] = []
    inner: list[list[Logical]] = []
    decorated = False
    for line in logical_lines(source, magics=False):
        if line.kind != "code":
            continue
        begins = line.text == line.start and not _GOES_ON.match(source, line.text)
        if (begins and not decorated) or not starts:
            starts.append(line)
            inner.append([])
        decorated = line.text == line.start and source[line.text] == "@"
        inner[-1].append(line)
    tops = []
    number, position = 1, 0
    for lines in inner:
        start, end = lines[0].start, lines[-1].end
        number += source.count("\n", position, start)
        text = source[start:end]
        last = number + text.rstrip("\n").count("\n")
        tops.append(Top(number, last, text, tuple(dict.fromkeys(_bound(source, lines)))))
        position = start
    return tops


def _bound(source: str, lines: Sequence[Logical]) -> Iterator[str]:
    """The names that a statement binds; of the bodies of functions and classes nothing counts."""
    within = -1  # the indentation of the definition whose body this is
    for line in lines:
        indent = line.text - line.start
        if 0 <= within < indent:
            continue
        within = -1
        text = source[line.text : min(line.end, line.text + _MOST)]
        if found := _DEFINITION.match(text):
            within = indent
            yield found[1]
            continue
        for part in _simple(text):
            yield from _bound_by(part)


def _simple(text: str) -> Iterator[str]:
    """The statements of a line: those behind a semicolon, and behind the colon of `if True:`."""
    for part in text.split(";"):
        part = part.strip()
        yield part
        if _COMPOUND.match(part) and ":" in part:
            yield part.rpartition(":")[2].strip()


def _bound_by(text: str) -> Iterator[str]:
    if found := _FROM_IMPORT.match(text):
        for name, alias in _IMPORTED.findall(found[1].partition("#")[0].strip("() \t\n")):
            yield alias or name
    elif found := _IMPORT.match(text):
        for name, alias in _IMPORTED.findall(found[1].partition("#")[0]):
            yield alias or name.partition(".")[0]
    elif found := _LOOP.match(text):
        yield from _NAME.findall(found[1])
    elif _COMPOUND.match(text):
        yield from _AS.findall(text)
    else:
        while found := _TARGETS.match(text):
            targets = map(str.strip, found[1].split(","))
            yield from (target for target in targets if _NAME.fullmatch(target))
            text = text[found.end() :].lstrip()


def at_line(tops: Sequence[Top], line: int) -> Top | None:
    """Return the statement that a line belongs to."""
    return next((top for top in tops if top.first <= line <= top.last), None)


def names_in(source: str, line: int) -> list[str]:
    """Return the names that stand in the logical line at a line of a source, in order, each once."""
    number, position = 1, 0
    for logical in logical_lines(source, magics=False):
        number += source.count("\n", position, logical.start)
        position = logical.start
        lines = source.count("\n", logical.start, logical.end)
        if number <= line <= number + max(0, lines - 1):
            return list(dict.fromkeys(_NAME.findall(source[logical.text : logical.end])))
        if number > line:
            break
    return []


def is_stub(text: str) -> bool:
    """Whether a definition has nothing in it but `raise NotImplementedError`: a docstring and `pass` are nothing."""
    lines = _body(text)
    return any(_STUB.match(line) for line in lines) and all(
        _STUB.match(line) or _EMPTY.match(line) for line in lines
    )


def raise_left(text: str, line: int) -> bool:
    """Whether a line of a definition raises NotImplementedError while there is other code in it.

    Args:
        text: the definition.
        line: of it, from 1.
    """
    written = text.split("\n")
    here = written[line - 1] if 0 < line <= len(written) else ""
    return bool(re.search(r"\braise[ \t]+NotImplementedError\b", here)) and not is_stub(text)


def _body(text: str) -> list[str]:
    """The logical lines of a definition without its head, each from its first character on."""
    found, headed = [], False
    for line in logical_lines(text, magics=False):
        if line.kind != "code":
            continue
        written = text[line.text : line.end]
        if headed:
            found.append(written)
        elif head := _DEFINITION.match(written):
            headed = True
            rest = _after_head(written, head.end())
            if rest:
                found.append(rest)
    return found


def _after_head(text: str, position: int) -> str:
    """What stands on the line of a definition's head behind its colon."""
    depth = 0
    for place in range(position, len(text)):
        character = text[place]
        if character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
        elif character == ":" and depth == 0:
            rest = text[place + 1 :].strip()
            return "" if rest.startswith("#") else rest
    return ""
