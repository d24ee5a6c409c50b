"""Text for a terminal: wrapped to its width, coloured where it shows colours."""

from __future__ import annotations

import codecs
import io
import os
import shutil
import textwrap
from collections.abc import Sequence
from typing import TextIO

from seqlab.report import TABLE_CAPTION, advice, praise, table_lines
from seqlab.results import CheckResult

_CODES = {"green": "32", "red": "31", "bold": "1", "dim": "2"}
WIDEST = 100
_PLAIN = {
    "✔": "+",
    "✘": "x",
    "■": "#",
    "□": ".",
    "·": "-",
    "…": "...",
    "→": "->",
    "←": "<-",
    "−": "-",
    "–": "-",
}


def speak_plainly(*streams: TextIO) -> None:
    """Have characters that a stream's encoding lacks replaced, as in a pipe on Windows, where they would be an error."""
    codecs.register_error("seqlab.plain", _plain)
    for stream in streams:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="seqlab.plain")


def _plain(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    said = error.object[error.start : error.end]
    return "".join(_PLAIN.get(sign, "?") for sign in said), error.end


def shows_colours(stream: TextIO) -> bool:
    """Whether to colour what goes there; the variable NO_COLOR says no."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def width() -> int:
    """Return the width to wrap to."""
    return min(WIDEST, shutil.get_terminal_size().columns)


def height() -> int:
    """Return how many lines fit."""
    return shutil.get_terminal_size().lines


def paint(text: str, colour: str, colours: bool) -> str:
    """Colour a text, where colours are wanted."""
    return f"\033[{_CODES[colour]}m{text}\033[0m" if colours else text


def lines_of(
    result: CheckResult, repeated: bool, columns: int, colours: bool, brief: bool = False
) -> list[str]:
    """Render one result.

    Args:
        result: what a check found.
        repeated: whether it failed the last time too, so that the likely mistake is told.
        columns: where to wrap.
        colours: whether to colour.
        brief: of a failure, only the first finding.
    """
    name = paint(result.function, "bold", colours)
    if result.ok:
        return [f"{paint('✔', 'green', colours)} {name}: {praise(result)}"]
    if result.unwritten:
        return [f"· {name}: {result.waiting}"]
    lines = [f"{paint('✘', 'red', colours)} {name}"]
    for finding in result.findings[:1] if brief else result.findings:
        lines += wrapped(finding, columns, "  - ")
    if brief:
        return lines
    if result.gradients:
        lines += ["", f"  {TABLE_CAPTION}:"]
        lines += [f"    {line}" for line in table_lines(result.gradients)] + [""]
    for label, said in advice(result, repeated):
        lines += wrapped(f"{label}: {said}", columns, "  ")
    return lines


def wrapped(text: str, columns: int, before: str = "") -> list[str]:
    """Wrap a sentence; `before` stands in front of its first line, and as much space in front of the others."""
    return textwrap.wrap(
        text,
        max(columns, 30),
        initial_indent=before,
        subsequent_indent=" " * len(before),
        break_on_hyphens=False,
    ) or [before]


def clear() -> str:
    """Return what clears the screen and puts the cursor at its top."""
    return "\033[2J\033[H"


def fit(lines: Sequence[str], rows: int) -> list[str]:
    """Cut what does not fit on the screen, and say so."""
    if len(lines) <= rows:
        return list(lines)
    return [*lines[: max(0, rows - 1)], "…"]
