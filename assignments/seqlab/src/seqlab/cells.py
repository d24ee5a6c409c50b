"""The one reader of notebooks and scripts: bytes to cells, for `seqlab`, the grader and its gradebook.

A pure function of a file's name and bytes, by the standard library alone. It parses no Python and no YAML, needs time
linear in the size of the file, and answers whatever the bytes are: what it cannot read has a status and a reason.
"""

from __future__ import annotations

import codecs
import io
import json
import re
import tokenize
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from seqlab import magics, quiz_text, scripts
from seqlab.lines import logical_lines
from seqlab.scripts import Draft

MAX_RAW = 100 << 20
"""Bytes of a notebook's file."""
MAX_BYTES = 10 << 20
"""Bytes of a script, and of a notebook without its outputs."""
MAX_CELLS = 5_000
MAX_REMARKS = 200
QUIZ = "quiz_answers"
_PICTURES = ("image/png", "image/jpeg")
_PICTURE = re.compile(r"[A-Za-z0-9+/=\s]*")
_TYPES = ("code", "markdown", "raw")
# Codecs of text that may be declared, but unfold, run for ever or are no encodings of source.
_NO_ENCODINGS = {"idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape"}
_NOTEBOOK_NAME = re.compile(
    r"\.ipynb(?:[ _]?\(\d+\))?(?:\.(?:json|txt|ipynb|download))*\s*$", re.IGNORECASE
)
_HALF = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Cell:
    """A code cell that counts: its place among all cells, from 1, and its source, with magics taken out."""

    number: int
    source: str


@dataclass(frozen=True)
class Part:
    """Any cell as it stands in the file.

    `cell_type` is "code", "markdown" or "raw"; `pictures` are those pasted into it: name, then type and base64 text.
    """

    number: int
    cell_type: str
    source: str
    grade_id: str | None = None
    tags: tuple[str, ...] = ()
    pictures: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()


@dataclass(frozen=True)
class Remark:
    """Something to tell about the file: where, and what."""

    where: str
    what: str


@dataclass(frozen=True)
class Reading:
    """What a file holds. Where `status` is not "graded", the last remark says why, and there are no cells.

    Attributes:
        status: "graded" where there are cells to run, if only none.
        cells: those that count, in order.
        parts: all cells, in order.
        remarks: what is to be said of them.
        quiz: question to answer, as the text of the cells says; None where no dict is assigned.
        is_notebook: whether it is one or was written from one; a plain module is not.
    """

    status: Literal["graded", "unreadable", "refused"]
    cells: tuple[Cell, ...] = ()
    parts: tuple[Part, ...] = ()
    remarks: tuple[Remark, ...] = ()
    quiz: dict[str, str] | None = None
    is_notebook: bool = True


class _CannotRead(Exception):
    def __init__(self, status: Literal["unreadable", "refused"], what: str):
        super().__init__(what)
        self.status = status


def read(name: str, data: bytes) -> Reading:
    """Read a file.

    Args:
        name: of the file. One that ends with `.ipynb` is a notebook, as is what holds one; all others are scripts.
        data: its bytes.
    """
    try:
        if is_notebook_name(name) or holds_notebook(data):
            drafts, marked = _notebook(data), True
        else:
            drafts, marked = _script(data)
    except _CannotRead as error:
        return Reading(
            error.status, remarks=(Remark(name, str(error)),), is_notebook=is_notebook_name(name)
        )
    except RecursionError:
        return Reading("unreadable", remarks=(Remark(name, "is nested too deeply"),))
    return _reading(drafts, marked)


def is_notebook_name(name: str) -> bool:
    """Whether a file of this name is read as a notebook, suffixes that browsers append included."""
    return _NOTEBOOK_NAME.search(name[-255:]) is not None


def holds_notebook(data: bytes) -> bool:
    """Whether bytes are a notebook's by their beginning and a key of the format: files are renamed."""
    return data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{" and b'"nbformat"' in data


def _reading(drafts: Sequence[Draft], marked: bool) -> Reading:
    cells, parts, remarks, sources = [], [], [], []
    for draft in drafts:
        parts.append(_part(draft))
        source, said = _counted(draft)
        where = f"cell {draft.number}"
        remarks += [Remark(where, readable(what)) for what in (*draft.remarks, *said)]
        if source is None:
            continue
        sources.append(source)
        if source.strip():
            cells.append(Cell(draft.number, _whole(source)))
    return Reading(
        "graded",
        tuple(cells),
        tuple(parts),
        _capped(remarks),
        quiz_text.read(sources, QUIZ),
        marked,
    )


def _capped(remarks: Sequence[Remark]) -> tuple[Remark, ...]:
    left_out = len(remarks) - MAX_REMARKS
    if left_out <= 0:
        return tuple(remarks)
    return (*remarks[:MAX_REMARKS], Remark("", f"{left_out} more remarks are left out"))


def _counted(draft: Draft) -> tuple[str | None, list[str]]:
    """The source of a cell that counts, None of another, and what is to be said."""
    if _is_left_out(draft.metadata):
        return None, []
    said = []
    source = draft.source
    if draft.cell_type != "code":
        if not _is_solution(draft):
            return None, []
        said.append(f"its type is {draft.cell_type}; read as code, as it is a solution cell")
        source = _without_fence(source)
    plain, skipped = magics.strip(source)
    return plain, [*said, *(f"skipped: {line}" for line in skipped)]


def _is_left_out(metadata: dict[str, Any]) -> bool:
    """Experiments, and nbgrader's locked and test cells."""
    if "experiment" in _tags(metadata):
        return True
    ours = metadata.get("nbgrader")
    if not isinstance(ours, dict) or ours.get("solution"):
        return False
    return bool(ours.get("grade") or ours.get("locked"))


def _is_solution(draft: Draft) -> bool:
    """Whether this is a solution cell of code, whatever type it has now."""
    ours = draft.metadata.get("nbgrader")
    if not isinstance(ours, dict) or not ours.get("solution"):
        return False
    if "cell_type" in ours:
        return ours["cell_type"] == "code"
    name = ours.get("grade_id")
    return isinstance(name, str) and (name == QUIZ or binds(_without_fence(draft.source), name))


def _without_fence(source: str) -> str:
    """Blank the fence of Markdown that may stand around code; lines keep their numbers."""
    lines = source.split("\n")
    written = [number for number, line in enumerate(lines) if line.strip()]
    if len(written) > 1 and all(
        lines[number].startswith("```") for number in (written[0], written[-1])
    ):
        lines[written[0]] = lines[written[-1]] = ""
    return "\n".join(lines)


def _tags(metadata: dict[str, Any]) -> tuple[str, ...]:
    tags = metadata.get("tags")
    if isinstance(tags, str):
        tags = tags.split()
    return tuple(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else ()


def _part(draft: Draft) -> Part:
    ours = draft.metadata.get("nbgrader")
    name = ours.get("grade_id") if isinstance(ours, dict) else None
    return Part(
        draft.number,
        draft.cell_type,
        _whole(draft.source),
        readable(name) if isinstance(name, str) else None,
        tuple(map(readable, _tags(draft.metadata))),
        _pictures(draft.attachments),
    )


def _pictures(attachments: Any) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """What was pasted into a text cell, as far as it is a picture that holds no markup."""
    kept = []
    for name, bundle in attachments.items() if isinstance(attachments, dict) else ():
        if isinstance(bundle, dict):
            pictures = tuple(
                (kind, data)
                for kind, data in bundle.items()
                if kind in _PICTURES and isinstance(data, str) and _PICTURE.fullmatch(data)
            )
            if pictures:
                kept.append((readable(name), pictures))
    return tuple(kept)


def binds(source: str, name: str) -> bool:
    """Whether a cell binds a name by a statement of its own at the top level, as far as its text shows."""
    if name not in source:
        return False
    word = re.escape(name)
    statement = re.compile(
        rf"(?:async[ \t]+def|def|class)[ \t]+{word}\b|{word}[ \t]*(?::[^=\n]*)?=(?!=)"
    )
    return any(
        line.text == line.start and line.kind == "code" and statement.match(source, line.text)
        for line in logical_lines(source)
    )


def _whole(source: str) -> str:
    """Source with something else in the place of halves of characters: in a comment, they cost nothing."""
    return _HALF.sub("\ufffd", source)


def readable(text: str) -> str:
    """Return text that UTF-8 can hold: JSON's escapes can say halves of characters."""
    return text.encode("utf-8", "backslashreplace").decode() if _HALF.search(text) else text


def _one_line(error: BaseException) -> str:
    return readable(" ".join(str(error).split())[:200])


# --- notebooks ------------------------------------------------------------------------------------------------------


def _notebook(data: bytes) -> list[Draft]:
    if not data.strip():
        raise _CannotRead("unreadable", "is empty")
    if len(data) > MAX_RAW:
        raise _CannotRead("refused", f"has more than {MAX_RAW >> 20} MiB")
    try:
        text = data.decode(json.detect_encoding(data)).removeprefix("\ufeff")
        document = json.loads(text)
    except ValueError as error:
        raise _CannotRead("unreadable", f"is no notebook: {_one_line(error)}") from None
    if not isinstance(document, dict) or not isinstance(document.get("nbformat"), int):
        raise _CannotRead("unreadable", "is no notebook: it has no nbformat number")
    raw_cells = _cells_of(document)
    if len(raw_cells) > MAX_CELLS:
        what = f"has {len(raw_cells)} cells; {MAX_CELLS} are allowed"
        raise _CannotRead("refused", what)
    if len(data) > MAX_BYTES and _size(document, raw_cells) > MAX_BYTES:
        what = f"has more than {MAX_BYTES >> 20} MiB without its outputs"
        raise _CannotRead("refused", what)
    return [
        _draft(number, cell)
        for number, cell in enumerate(raw_cells, start=1)
        if isinstance(cell, dict)
    ]


def _cells_of(document: dict[str, Any]) -> list[Any]:
    """The cells, of old formats as nbformat upgrades them."""
    version = document["nbformat"]
    if version >= 4:
        cells = document.get("cells")
        if not isinstance(cells, list):
            raise _CannotRead("unreadable", "is no notebook: its cells are no list")
        return cells
    if version == 1:
        worksheets: Any = [{"cells": document.get("cells")}]
    else:
        worksheets = document.get("worksheets")
    if version < 1 or not isinstance(worksheets, list):
        raise _CannotRead("unreadable", "is no notebook: it has no worksheets")
    upgraded = []
    for sheet in worksheets:
        cells = sheet.get("cells") if isinstance(sheet, dict) else None
        if not isinstance(cells, list):
            raise _CannotRead("unreadable", "is no notebook: its cells are no list")
        upgraded += [_upgraded(cell) for cell in cells]
    return upgraded


def _upgraded(cell: Any) -> Any:
    if not isinstance(cell, dict):
        return cell
    kind = cell.get("cell_type")
    if kind == "code":
        source = cell.get("input", cell.get("code", ""))
    else:
        source = cell.get("source", cell.get("text", ""))
    if kind == "heading":
        level = cell.get("level", 1)
        marks = "#" * (level if isinstance(level, int) and 0 < level < 7 else 1)
        source = f"{marks} {' '.join(_text(source).splitlines())}"
    kept = kind if kind in ("code", "raw") else "markdown"
    return {"cell_type": kept, "source": source, "metadata": cell.get("metadata")}


def _size(document: dict[str, Any], cells: list[Any]) -> int:
    """Characters of a notebook without its outputs; close enough to its bytes."""
    rest = {name: value for name, value in document.items() if name not in ("cells", "worksheets")}
    slim = [
        {name: value for name, value in cell.items() if name != "outputs"}
        for cell in cells
        if isinstance(cell, dict)
    ]
    return len(json.dumps([rest, slim], ensure_ascii=False))


def _draft(number: int, cell: dict[str, Any]) -> Draft:
    kind = cell.get("cell_type")
    metadata = cell.get("metadata")
    return Draft(
        number,
        kind if isinstance(kind, str) and kind in _TYPES else "raw",
        magics.with_line_feeds(_text(cell.get("source", ""))),
        metadata if isinstance(metadata, dict) else {},
        attachments=cell.get("attachments"),
    )


def _text(source: Any) -> str:
    if isinstance(source, list):
        return "".join(part for part in source if isinstance(part, str))
    return source if isinstance(source, str) else ""


# --- scripts --------------------------------------------------------------------------------------------------------


def _script(data: bytes) -> tuple[list[Draft], bool]:
    if len(data) > MAX_BYTES:
        size = len(data) / (1 << 20)
        raise _CannotRead("refused", f"has {size:.1f} MiB; {MAX_BYTES >> 20} MiB are allowed")
    try:
        text = _decoded(data)
    except (SyntaxError, ValueError, LookupError) as error:
        raise _CannotRead("unreadable", f"is no module: {_one_line(error)}") from None
    if "\0" in text:
        raise _CannotRead("unreadable", "is no module: it holds null bytes")
    drafts, marked = scripts.cut(magics.with_line_feeds(text))
    if len(drafts) > MAX_CELLS:
        raise _CannotRead("refused", f"has {len(drafts)} cells; {MAX_CELLS} are allowed")
    return drafts, marked


def _decoded(data: bytes) -> str:
    """Text of source in the encoding that its first bytes or lines declare."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16")
    if len(data) > 1 and b"\0" in data[:2] and data[:2] != b"\0\0":
        return data.decode("utf-16-le" if data[1] == 0 else "utf-16-be")
    encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    if codecs.lookup(encoding).name.replace("-", "_") in _NO_ENCODINGS:
        raise ValueError(f"{encoding} is no encoding of source")
    return data.decode(encoding)
