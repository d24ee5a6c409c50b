"""Cut a script into the cells of the notebook that it was written from.

Known are percent scripts (VS Code, Spyder, PyCharm, jupytext, hydrogen), nbconvert's "Executable Script", Colab's
"Download .py", Databricks' source files, and jupytext's light, sphinx and nomarker formats. All else is a plain module,
which is one cell.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from seqlab.lines import Logical, logical_lines
from seqlab.literals import string_value, tokens
from seqlab.magics import runs_body

# A mark of a cell; `# %%time` is none, it is a magic that a tool put into a comment.
_PERCENT = re.compile(
    r"^#[ \t]*(?:%%(?:%*[ \t]+(?P<head>[^\n]*))?|<(?P<old>\w+cell)[^>\n]*>|In\[[ \d]*\]:?)[ \t]*$",
    re.MULTILINE,
)
_COMMAND = re.compile(r"^# COMMAND -{5,}[ \t]*$", re.MULTILINE)
_DATABRICKS = "# Databricks notebook source"
_MAGIC_PREFIX = re.compile(r"^# MAGIC(?: |$)", re.MULTILINE)
_COLAB = "# Commented out IPython magic to ensure Python compatibility."
# What may stand before it is kept: a first line for the shell, a declared encoding.
_HEADER = re.compile(
    r"\A((?:#!.*\n)?(?:# -\*-.*\n)?)# ---[ \t]*\n((?:#.*\n)*?)# ---[ \t]*(?:\n|\Z)"
)
_FIRST_LINES = re.compile(r"\A(?:#!.*\n)?(?:#.*coding[:=].*\n)?")
_FORMAT = re.compile(r"^#\s+format_name:\s*'?(\w+)", re.MULTILINE)
_TEXT_TYPES = {"markdown": "markdown", "md": "markdown", "raw": "raw"}
_TYPE = re.compile(r"\[(markdown|md|raw)\]|\A(markdown|md|raw)[ \t]*\Z")
_OPTION = re.compile(r"(?:\A|(?<=\s))([\w.-]+)[ \t]*=[ \t]*")
_OPTIONS = 20  # of one cell
# Magics and shell lines that a tool put into a comment.
_COMMENTED = re.compile(
    r"#[ \t]?(?P<line>%{1,3}[A-Za-z]|(?<=[ \t])[!?][ \t]*[A-Za-z.~$\\/{}]"
    r"|[A-Za-z_]\w*[ \t]*=[ \t]*(?:%{1,3}|!)[A-Za-z])"
)
_DEFINED = re.compile(r"^#[ \t]*(?:async[ \t]+def|def|class)[ \t]+(\w+)", re.MULTILINE)
_LIGHT_START = re.compile(r"# \+(?:[ \t]+(?P<head>.*))?$")
_LIGHT_END = re.compile(r"# -[ \t]*$")
_TWENTY = re.compile(r"# ?#{19,}[ \t]*$")
_SHELL_CALL = re.compile(
    r"(?P<before>[ \t]*(?:[A-Za-z_][\w., \t]*=[ \t]*)?)get_ipython\(\)\.(?P<method>run_line_magic|run_cell_magic|system|getoutput|magic)\("
)


@dataclass(frozen=True)
class Draft:
    """A cell as it stands in a file, with what is to be said of how it was found there."""

    number: int
    cell_type: str
    source: str
    metadata: dict[str, Any] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    attachments: Any = None


@dataclass
class _Piece:
    cell_type: str
    source: str
    metadata: dict[str, Any] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)


def cut(text: str) -> tuple[list[Draft], bool]:
    """Return the cells of a script, and whether it was written from a notebook (or to be run like one).

    Args:
        text: with line ends `\\n`.
    """
    pieces = None
    if text.startswith(_DATABRICKS) or _COMMAND.search(text):
        pieces = list(_databricks(text))
    else:
        header = _HEADER.match(text)
        named = _FORMAT.search(header[2]) if header else None
        name = named[1] if named else ""
        body = header[1] + text[header.end() :].lstrip("\n") if header else text
        cutter = _cutter(name, body)
        if cutter is not None:
            pieces = list(cutter(body))
    if pieces is None:
        return [_module(text)], False
    drafts = [
        Draft(number, piece.cell_type, piece.source, piece.metadata, tuple(piece.remarks))
        for number, piece in enumerate(pieces, start=1)
    ]
    return drafts, True


def _cutter(name: str, body: str) -> Callable[[str], Iterator[_Piece]] | None:
    """Which format a script has, by its header or by its marks; None of a plain module."""
    known = {"light": _light, "sphinx": _sphinx, "nomarker": _light, "bare": _light}
    if name in known:
        return known[name]
    marks = _marks(_PERCENT, body)
    if name in ("percent", "hydrogen") or any("In" not in mark[0][:6] for mark in marks):
        return _percent
    if marks:
        return _nbconvert
    lines = {line.rstrip() for line in body.split("\n") if line.startswith(("# +", "# -"))}
    if "# -" in lines and any(_LIGHT_START.match(line) for line in lines):
        return _light
    return None


def _module(text: str) -> Draft:
    source, remarks = _restored(text) if _COLAB in text else (text, [])
    return Draft(1, "code", _shell_calls(source), remarks=tuple(remarks))


# --- headers of cells -----------------------------------------------------------------------------------------------


def options(head: str) -> tuple[str, dict[str, Any]]:
    """Read what stands behind a cell's mark: its type, and metadata as `name=<json>` or one object of JSON."""
    metadata: dict[str, Any] = {}
    decoder = json.JSONDecoder()
    start = head.find("{")
    found = _OPTION.search(head)
    if start >= 0 and (found is None or start < found.start()):
        try:
            value, _ = decoder.raw_decode(head, start)
            metadata = value if isinstance(value, dict) else {}
        except (ValueError, RecursionError):
            pass  # a title with a brace in it
        title = head[:start]
    else:
        title = head[: found.start()] if found else head
        for _ in range(_OPTIONS):
            if found is None:
                break
            try:
                metadata[found[1]], position = decoder.raw_decode(head, found.end())
            except (ValueError, RecursionError):
                position = found.end()  # of a title with a sign of equality
            found = _OPTION.search(head, position)
    kind = _TYPE.search(title)
    cell_type = _TEXT_TYPES[kind[1] or kind[2]] if kind else "code"
    if metadata.get("active") == "":
        cell_type = "raw"
    return cell_type, metadata


def _piece(head: str, source: str) -> _Piece:
    cell_type, metadata = options(head)
    piece = _Piece(cell_type, source, metadata)
    if cell_type != "code":
        ours = metadata.get("nbgrader")
        if not (isinstance(ours, dict) and ours.get("solution")) or all(
            line.startswith("#") for line in source.split("\n") if line.strip()
        ):
            piece.source = _uncommented(source)
    elif isinstance(metadata.get("language"), str):
        # A cell magic such as %%bash, whose body was commented out.
        magic = f"%%{metadata['language']}"
        piece.remarks = _lost(source, magic)
        piece.source = f"{magic}\n{_uncommented(source)}"
    else:
        piece.source = _shell_calls(_magics_restored(source))
    return piece


def _lost(source: str, magic: str) -> list[str]:
    names = _DEFINED.findall(source)
    return [f"{name} was commented out by a tool, as it stood under {magic}" for name in names[:20]]


def _uncommented(source: str) -> str:
    """Text that was written as comments, or as one string."""
    plain = source.strip("\n")
    for quote in ('"""', "'''"):
        opened = plain.removeprefix("r")
        if (
            opened.startswith(quote)
            and opened.rstrip().endswith(quote)
            and len(opened.rstrip()) > 5
        ):
            return opened.rstrip()[3:-3].strip("\n")
    return "\n".join(
        line[2:] if line.startswith("# ") else line.removeprefix("#") for line in source.split("\n")
    )


def _trimmed(source: str) -> str:
    """A cell without the blank lines that part it from the next."""
    return source.rstrip("\n \t") if source.strip() else ""


# --- percent --------------------------------------------------------------------------------------------------------


def _percent(text: str) -> Iterator[_Piece]:
    marks = _marks(_PERCENT, text)
    before = _FIRST_LINES.sub("", text[: marks[0].start()] if marks else text)
    if before:
        yield _piece("", _trimmed(before))
    ends = [*(mark.start() for mark in marks[1:]), len(text)]
    for mark, end in zip(marks, ends, strict=False):
        head = mark["head"] or ""
        if mark["old"] and mark["old"] != "codecell":
            head = "[markdown]"
        yield _piece(head, _trimmed(text[mark.end() + 1 : end]))


def _marks(pattern: re.Pattern[str], text: str) -> list[re.Match[str]]:
    """Marks that are comments, not lines of a string; all of them where strings cannot be told from code."""
    marks = list(pattern.finditer(text))
    position, kept = 0, []
    for mark in marks:
        while position < mark.start():
            found = _QUOTED.search(text, position)
            if found is None or found.start() >= mark.start():
                position = mark.start()
            elif found.lastgroup == "open":
                return marks  # a string that is never closed
            else:
                position = found.end()
        if position == mark.start():
            kept.append(mark)
            position = mark.end()
    return kept


_QUOTED = re.compile(
    r"""
    \#[^\n]*+
  | '''[^'\\]*+(?:(?:\\(?s:.)|'(?!''))[^'\\]*+)*+'''
  | \"\"\"[^"\\]*+(?:(?:\\(?s:.)|"(?!""))[^"\\]*+)*+\"\"\"
  | (?P<open>'''|\"\"\")
  | '[^'\\\n]*+(?:\\(?s:.)[^'\\\n]*+)*+'?
  | "[^"\\\n]*+(?:\\(?s:.)[^"\\\n]*+)*+"?
    """,
    re.VERBOSE,
)


def _magics_restored(source: str) -> str:
    """Code with its magics as they were before a tool made comments of them."""
    if "#" not in source:
        return source
    kept, done, goes_on = [], 0, False
    for line in logical_lines(source):
        found = _COMMENTED.match(source, line.text) if line.kind == "comment" else None
        if found is None and not (goes_on and line.kind == "comment"):
            goes_on = False
            continue
        kept.append(source[done : line.text])
        done = found.start("line") if found else line.text + len("# ")
        goes_on = source[line.end - 2 : line.end] == "\\\n"
    return "".join(kept) + source[done:]


# --- nbconvert ------------------------------------------------------------------------------------------------------


def _nbconvert(text: str) -> Iterator[_Piece]:
    marks = _marks(_PERCENT, text)
    first = marks[0].start() if marks else len(text)
    yield from _comments(_FIRST_LINES.sub("", text[:first]))  # those are no cell
    ends = [*(mark.start() for mark in marks[1:]), len(text)]
    for mark, end in zip(marks, ends, strict=False):
        body = text[mark.end() : end].removeprefix("\n")
        body = body.removeprefix("\n").removeprefix("\n")
        code, after = _code_and_comments(body)
        yield _Piece("code", _shell_calls(_trimmed(code)))
        yield from _comments(after)


def _code_and_comments(body: str) -> tuple[str, str]:
    """Cut off the text cells below a code cell: comments at column 0 behind two blank lines."""
    split = len(body)
    end = len(body.rstrip("\n"))
    while True:
        start = body.rfind("\n\n\n", 0, end)
        paragraph = body[start + 3 : end] if start >= 0 else ""
        lines = paragraph.split("\n")
        if not paragraph.strip() or not all(
            line.startswith("#") or not line.strip() for line in lines
        ):
            return body[:split], body[split:]
        split = start + 3
        end = len(body[:start].rstrip("\n"))


def _comments(text: str) -> Iterator[_Piece]:
    for paragraph in re.split(r"\n\n\n+", text):
        if paragraph.strip():
            yield _Piece("markdown", _uncommented(paragraph.strip("\n")))


def _shell_calls(source: str) -> str:
    """Write `get_ipython().run_line_magic('time', 'f()')` as `%time f()` again, and its like."""
    if "get_ipython()." not in source:
        return source
    kept, done = [], 0
    for line in logical_lines(source):
        found = _SHELL_CALL.match(source, line.start) if line.kind == "code" else None
        if found is None:
            continue
        magic = _magic_of(found["method"], source, found.end(), line)
        if magic is None:
            continue
        if magic.startswith("%%"):
            rest = source[line.end :]
            if not source[: line.start].strip() and not rest.strip():
                return magic
            magic = magic.partition("\n")[0]
        kept += [source[done : line.start], found["before"], magic]
        done = line.end - (source[line.end - 1] == "\n")
    return "".join(kept) + source[done:]


def _magic_of(method: str, source: str, start: int, line: Logical) -> str | None:
    arguments: list[str] = []
    for token in tokens(source, start, line.end):
        if token.kind == "string":
            value = string_value(token.text)
            if value is None:
                return None
            arguments.append(value)
        elif token.text == ")":
            break
        elif token.text != ",":
            return None
    wanted = {"run_line_magic": 2, "run_cell_magic": 3}.get(method, 1)
    if len(arguments) != wanted:
        return None
    if method == "run_cell_magic":
        return f"%%{arguments[0]} {arguments[1]}".rstrip() + f"\n{arguments[2]}"
    if any("\n" in argument for argument in arguments):
        return None
    if method == "run_line_magic":
        return f"%{arguments[0]} {arguments[1]}".rstrip()
    return ("%" if method == "magic" else "!") + arguments[0]


# --- Colab ----------------------------------------------------------------------------------------------------------


def _restored(text: str) -> tuple[str, list[str]]:
    """Colab's script with the magics that it commented out, and the code below those whose body runs."""
    lines = text.split("\n")
    remarks: list[str] = []
    number = 0
    while number < len(lines):
        if lines[number] != _COLAB:
            number += 1
            continue
        number += 1
        first = number
        while number < len(lines) and lines[number].startswith("#") and lines[number] != _COLAB:
            number += 1
        block = lines[first:number]
        magic = block[0].removeprefix("#").strip() if block else ""
        if magic.startswith("%%"):
            names = _DEFINED.findall("\n".join(block))
            told = f"line {first + 1}: {', '.join(names[:20])} commented out by Colab under {magic[:40]}"
            runs = runs_body(magic)
            if names:
                remarks.append(f"{told}; run as in the notebook" if runs else told)
            if runs:
                lines[first:number] = ["", *(line[2:] for line in block[1:])]
        else:
            lines[first:number] = [
                line[found.start("line") :] if (found := _COMMENTED.match(line)) else line
                for line in block
            ]
    return "\n".join(lines), remarks


# --- Databricks -----------------------------------------------------------------------------------------------------


def _databricks(text: str) -> Iterator[_Piece]:
    body = text.removeprefix(_DATABRICKS)
    body = body[1:] if body is not text and body.startswith("\n") else body
    marks = _marks(_COMMAND, body)
    starts = [0, *(mark.end() + 1 for mark in marks)]
    ends = [*(mark.start() for mark in marks), len(body)]
    for start, end in zip(starts, ends, strict=True):
        source = body[start:end].strip("\n")
        if source.strip() or start:
            yield _databricks_cell(source)


def _databricks_cell(source: str) -> _Piece:
    if not _MAGIC_PREFIX.search(source):
        return _Piece("code", _shell_calls(source))
    plain = _MAGIC_PREFIX.sub("", source)
    magic = re.match(r"(?:[ \t]*\n|# DBTITLE.*\n)*(%\w+)(.*)", plain)
    language = magic[1] if magic else ""
    if language in ("%md", "%md-sandbox"):
        return _Piece("markdown", plain[magic.end(1) :].lstrip(" \n") if magic else plain)
    if language == "%python" and magic:
        return _Piece("code", plain[: magic.start(1)] + plain[magic.end(1) :].lstrip(" "))
    if language in ("%sh", "%sql", "%scala", "%r", "%fs", "%run"):
        return _Piece(
            "code", f"%{language}\n", remarks=_lost(source.replace("# MAGIC", "#"), language)
        )
    return _Piece("code", plain)


# --- jupytext's light, nomarker and sphinx formats ------------------------------------------------------------------


def _light(text: str) -> Iterator[_Piece]:
    """Paragraphs are cells; those between `# +` and `# -` are one cell, with blank lines."""
    head: str | None = None  # of the cell between marks that is open
    start = end = 0
    decided = False
    for line in logical_lines(text):
        at_margin = line.text == line.start
        words = (
            text[line.text : line.end].rstrip("\n") if line.kind == "comment" and at_margin else ""
        )
        opened = _LIGHT_START.match(words) if words.startswith("# +") else None
        closes = head is not None and _LIGHT_END.match(words) is not None
        gap = text.count("\n", end, line.start) > 0
        if opened or closes:
            yield from _light_cell(head, text[start:end])
            head = (opened["head"] or "") if opened else None
            start = end = line.end
            continue
        if head is None and decided and gap and at_margin:
            yield from _light_cell(None, text[start:end])
            start = line.start
        decided = True
        end = line.end
    yield from _light_cell(head, text[start:end])


def _light_cell(head: str | None, source: str) -> Iterator[_Piece]:
    source = _trimmed(source if head is not None else source.lstrip("\n"))
    if head is not None:
        yield _piece(head, source)
    elif source:
        lines = source.split("\n")
        is_text = all(line.startswith("#") for line in lines) and not (
            _COMMENTED.match(lines[0]) and not lines[0].startswith("##")
        )
        is_text = is_text or _is_text_string(source)
        yield _piece("[markdown]" if is_text else "", source)


def _is_text_string(source: str) -> bool:
    """Whether a paragraph is nothing but a string of three quotes, as these formats write text."""
    plain = source.strip()
    return (
        len(plain) > 5
        and plain[:3] in ('"""', "'''")
        and plain.endswith(plain[:3])
        and plain.count(plain[:3]) == 2
    )


def _sphinx(text: str) -> Iterator[_Piece]:
    """Cells end with a line `""`; text stands below a line of twenty hashes, or in a string."""
    start = 0
    in_text = False
    for line in logical_lines(text):
        if line.text > line.start:
            continue
        piece = text[line.start : line.end].rstrip("\n")
        hashes = line.kind == "comment" and _TWENTY.match(piece) is not None
        string = _is_text_string(piece)
        leaves_text = in_text and line.kind != "comment"
        if hashes or string or leaves_text or piece in ('""', "''"):
            yield from _sphinx_cell(text[start : line.start], in_text)
            if string:
                yield _piece("[markdown]", piece)
            in_text = hashes
            start = line.end if hashes or string or piece in ('""', "''") else line.start
    yield from _sphinx_cell(text[start:], in_text)


def _sphinx_cell(source: str, is_text: bool) -> Iterator[_Piece]:
    source = _trimmed(source.lstrip("\n"))
    if source:
        yield _piece("[markdown]" if is_text else "", source)
