"""IPython's magics and shell lines in the source of a cell: told from Python, and taken out."""

from __future__ import annotations

import re

from seqlab.lines import Logical, assigned_value, logical_lines

# Cell magics whose body is Python that runs in the notebook.
_RUN_BODY = {
    *("time", "timeit", "capture", "prun", "pylab", "memit", "debug", "snakeviz", "heat"),
    *("pyinstrument", "scalene", "wandb", "notify", "chime", "lprun", "mprun", "tic", "toc"),
}
# Line magics that run what stands behind their options, and the options that take a value.
_RUN_LINE = {"time": "", "prun": "lsTD", "memit": "rt", "lprun": "fmsTDru", "mprun": "fTr"}
_ASSIGN_RESULT = ("time",)
_CELL_MAGIC = re.compile(r"[ \t]*%%(\w+)")
_LINE_MAGIC = re.compile(r"%[ \t]*(\w+)[ \t]*")
_OPTION = re.compile(r"-(-?\w[\w-]*)[ \t]*")
_WORD = re.compile(r"(?:\"[^\"\n]*\"|'[^'\n]*'|\S+)[ \t]*")
_CLASSIC_PROMPT = re.compile(r"(?:>>>|\.\.\.)(?: |$)")
_PROMPT = re.compile(r"(?:In \[\d+\]: |\s*\.{3,}: ?)")
_MAGICS_OF_A_CELL = 16
_SHOWN = 80


def with_line_feeds(source: str) -> str:
    """Return text whose lines end with `\\n`, without a byte order mark."""
    return source.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")


def runs_body(line: str) -> bool:
    """Whether the code below the line of a cell magic runs in the notebook."""
    magic = _CELL_MAGIC.match(line)
    return magic is not None and magic[1] in _RUN_BODY


def strip(source: str) -> tuple[str, list[str]]:
    """Take IPython's magics and shell lines out of a cell, and what it would strip itself: prompts, an indentation.

    Returns:
        The cell with `pass` in their place, so that the lines keep their numbers, and the lines that were taken out.
        What `%time` runs stays.
    """
    source = with_line_feeds(source)
    taken = 0  # lines with cell magics, and blank ones above them
    found: list[str] = []
    while True:
        start = len(source) - len(source.lstrip("\n"))
        first, _, rest = source[start:].partition("\n")
        magic = _CELL_MAGIC.match(first)
        if magic is None:
            break
        found.append(_shown(first))
        if magic[1] not in _RUN_BODY:
            return "", found
        if len(found) > _MAGICS_OF_A_CELL:
            break  # it will fail to compile, and say so
        taken += start + 1
        source = rest
    plain, skipped = _without_lines(_dedented(_without_prompts(source)))
    return "\n" * taken + plain, [*found, *skipped]


def _without_prompts(source: str) -> str:
    """Code that was copied with the prompts of an interpreter, as IPython reads it."""
    first = source.lstrip("\n")
    if first.startswith(">>>"):
        return _at_line_starts(source, _CLASSIC_PROMPT)
    if first.startswith("In ["):
        return _at_line_starts(source, _PROMPT)
    return source


def _at_line_starts(source: str, prompt: re.Pattern[str]) -> str:
    return "\n".join(
        line[found.end() :] if (found := prompt.match(line)) else line
        for line in source.split("\n")
    )


def _dedented(source: str) -> str:
    """A cell whose first line is indented, without that indentation in all of its lines."""
    first = source.lstrip("\n")
    indent = first[: len(first) - len(first.lstrip(" \t"))]
    if not indent or first[len(indent) : len(indent) + 1] in ("", "\n", "#"):
        return source
    return "\n".join(line.removeprefix(indent) for line in source.split("\n"))


def _without_lines(source: str) -> tuple[str, list[str]]:
    if not any(mark in source for mark in "%!?/,;"):
        return source, []
    kept, skipped, done = [], [], 0
    for line in logical_lines(source):
        if line.kind not in ("code", "comment"):
            kept.append(source[done : line.start])
            plain, was_taken = _replaced(source, line)
            kept.append(plain)
            if was_taken:
                skipped.append(_shown(source[line.text : line.end].partition("\n")[0]))
            done = line.end
    return "".join(kept) + source[done:], skipped


def _replaced(source: str, line: Logical) -> tuple[str, bool]:
    """What stands for a magic line, and whether nothing of it runs."""
    whole = source[line.start : line.end]
    indent = source[line.start : line.text]
    if line.kind == "magic" and (code := _code_of(source[line.text : line.end])):
        return indent + code, False
    if line.kind == "assigned":
        value = assigned_value(source, line)
        magic = _LINE_MAGIC.match(source, value)
        if magic and magic[1] in _ASSIGN_RESULT and (code := _code_of(source[value : line.end])):
            return source[line.start : value] + code, False
    return indent + "pass" + "\n" * whole.count("\n"), True


def _code_of(text: str) -> str:
    """The statement that a line magic runs, "" where it runs none."""
    magic = _LINE_MAGIC.match(text)
    if magic is None or magic[1] not in _RUN_LINE:
        return ""
    position = magic.end()
    while option := _OPTION.match(text, position):
        position = option.end()
        name = option[1]
        if (
            len(name) == 1
            and name in _RUN_LINE[magic[1]]
            and (value := _WORD.match(text, position))
        ):
            position = value.end()
    return text[position:] if text[position:].strip() else ""


def _shown(line: str) -> str:
    return line.strip()[:_SHOWN]
