"""What of a submission the gradebook's pages show, as closed and bounded types.

Nothing of a student's metadata, outputs or ids is taken over, no YAML is parsed, no code is compiled, and no notebook
format is converted by others' code. What leaves this module is text of a bounded length.
"""

from __future__ import annotations

import json
import re
import tokenize
from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import Any

import msgspec

from autograder.grading.submissions import MAX_CELLS

CODE, TEXT, RAW = "code", "markdown", "raw"
MAX_CODE = 32 << 10
"""Characters of a code cell that are shown."""
MAX_TEXT = 12 << 10
"""Characters of a text cell that are shown; a renderer of Markdown can take the square of this in steps."""
MAX_FORMULAS = 400
"""Dollar signs, or other beginnings of formulas, up to which a text cell is shown."""
MAX_PICTURES = 2 << 20
"""Characters of a submission's pasted pictures, as base64."""
MAX_OTHERS = 300
"""Cells beyond those of the course that are shown."""
MAX_OTHERS_TEXT = 128 << 10
"""Characters of these cells together."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}", re.ASCII)
_TAG = re.compile(r"[A-Za-z0-9_-]{1,40}", re.ASCII)
_MOST_TAGS = 8
_PICTURES = ("image/png", "image/jpeg")
_PICTURE_NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}", re.ASCII)
_BASE64 = re.compile(r"[A-Za-z0-9+/=\s]*", re.ASCII)
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff]")
_FORMULA_START = re.compile(r"\$|\\\\[(\[]|\\begin\{")
_CELL_MARK = re.compile(r"^# ?%%(?!%)(?P<options>[^\n]*)\n?", re.MULTILINE)
_HIDDEN_MAGIC = re.compile(r"^# ?(?=%{1,2}[A-Za-z])", re.MULTILINE)
_QUOTED = re.compile(r'\A\s*(?:r|R)?("""|\'\'\')(.*)\1\s*\Z', re.DOTALL)
_GRADE_ID = re.compile(r'"grade_id": ?"([A-Za-z0-9_]{1,100})"', re.ASCII)
_TAGS = re.compile(r'\btags=\[((?:"[A-Za-z0-9_-]{1,40}",? ?){1,8})\]', re.ASCII)


class GivenCell(msgspec.Struct, frozen=True):
    """A cell that was handed in. `name` is nbgrader's name for it, `pictures` what was pasted into a text cell."""

    cell_type: str
    source: str
    name: str | None = None
    tags: tuple[str, ...] = ()
    pictures: dict[str, dict[str, str]] = {}


def read_cells(file_name: str, data: bytes) -> list[GivenCell]:
    """Read the cells of a notebook or script.

    Raises:
        ValueError: it is neither, or has too many cells. The grader has said so of the same bytes, so there is no need
            to say why.
    """
    try:
        if file_name.endswith(".ipynb"):
            return given_cells(_raw_cells(data))
        return list(_script_cells(data))
    except (
        ArithmeticError,
        AttributeError,
        LookupError,
        MemoryError,
        RecursionError,
        SyntaxError,
        TypeError,
        ValueError,
    ) as error:
        raise ValueError(f"{file_name} cannot be read") from error


def _raw_cells(data: bytes) -> list[Any]:
    """The cells of a notebook of any format: before the fourth, they lay in worksheets."""
    document = json.loads(data.decode(json.detect_encoding(data)).removeprefix("\ufeff"))
    if document["nbformat"] >= 4:
        cells = document["cells"]
    else:
        cells = [cell for sheet in document["worksheets"] for cell in sheet["cells"]]
    if not isinstance(cells, list) or len(cells) > MAX_CELLS:
        raise ValueError("no list of cells, or too many")
    return cells


def given_cells(raw_cells: list[Any]) -> list[GivenCell]:
    """Return what counts of the cells of a notebook, whatever a document holds in their place."""
    left = MAX_PICTURES
    cells = []
    for raw in raw_cells:
        if isinstance(raw, Mapping):
            cell = _given_cell(raw, left)
            left -= sum(len(data) for kinds in cell.pictures.values() for data in kinds.values())
            cells.append(cell)
    return cells


def _given_cell(raw: Mapping[str, Any], most_of_pictures: int) -> GivenCell:
    cell_type, source = raw.get("cell_type"), raw.get("source", raw.get("input", ""))
    if isinstance(source, list):
        source = "".join(part for part in source if isinstance(part, str))
    if not isinstance(source, str):
        source = ""
    if cell_type == "heading":  # of a notebook before the fourth format
        level = raw.get("level")
        source = f"{'#' * (level if level in (1, 2, 3, 4, 5) else 6)} {source}"
        cell_type = TEXT
    elif cell_type == "html":
        cell_type = TEXT
    if cell_type not in (CODE, TEXT):
        cell_type = RAW
    metadata = raw.get("metadata")
    metadata = metadata if isinstance(metadata, Mapping) else {}
    ours, tags = metadata.get("nbgrader"), metadata.get("tags")
    name = ours.get("grade_id") if isinstance(ours, Mapping) else None
    return GivenCell(
        cell_type,
        _shown(cell_type, source),
        name if isinstance(name, str) and _NAME.fullmatch(name) else None,
        tuple(tag for tag in tags[:_MOST_TAGS] if isinstance(tag, str) and _TAG.fullmatch(tag))
        if isinstance(tags, list)
        else (),
        _pictures(raw.get("attachments"), most_of_pictures) if cell_type == TEXT else {},
    )


def _shown(cell_type: str, source: str) -> str:
    """The source as far as it is shown, with nothing in it that a page, a file or a terminal cannot hold."""
    most = MAX_CODE if cell_type == CODE else MAX_TEXT
    length = len(source)
    source = source[: most + 1].replace("\r\n", "\n").replace("\r", "\n")
    # A lone surrogate is JSON, but no file of text can hold it.
    source = source.encode("utf-8", "backslashreplace").decode("utf-8")
    source = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", source)
    if length > most:
        comment = "# " if cell_type == CODE else ""
        return (
            f"{source[:most]}\n\n{comment}… and {length - most:,} more characters, not shown here"
        )
    if cell_type == TEXT:
        starts = list(_FORMULA_START.finditer(source))
        if len(starts) > MAX_FORMULAS:
            return (
                f"{source[: starts[MAX_FORMULAS].start()]}\n\n… and more formulas, not shown here"
            )
    return source


def _pictures(attachments: Any, most: int) -> dict[str, dict[str, str]]:
    """What was pasted into a text cell, as far as it is a picture that holds no markup."""
    kept: dict[str, dict[str, str]] = {}
    if not isinstance(attachments, Mapping):
        return kept
    for name, bundle in attachments.items():
        if not (isinstance(bundle, Mapping) and _PICTURE_NAME.fullmatch(name)):
            continue
        for kind in _PICTURES:
            data = bundle.get(kind)
            if isinstance(data, str) and len(data) <= most and _BASE64.fullmatch(data):
                kept.setdefault(name, {})[kind] = data
                most -= len(data)
    return kept


def _script_cells(data: bytes) -> Iterator[GivenCell]:
    """The cells of a script in the percent format; one without marks is a single cell."""
    encoding, _ = tokenize.detect_encoding(BytesIO(data).readline)
    text = data.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")
    marks = list(_CELL_MARK.finditer(text))
    if not marks:
        yield GivenCell(CODE, _shown(CODE, text))
        return
    if len(marks) > MAX_CELLS:
        raise ValueError("too many cells")
    before = _without_header(text[: marks[0].start()]).strip("\n")
    if before:
        yield GivenCell(CODE, _shown(CODE, before))
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    for mark, end in zip(marks, ends, strict=True):
        options = mark["options"][:2000]
        cell_type = CODE
        if "[markdown]" in options or "[md]" in options:
            cell_type = TEXT
        elif "[raw]" in options:
            cell_type = RAW
        source = text[mark.end() : end].strip("\n")
        source = _HIDDEN_MAGIC.sub("", source) if cell_type == CODE else _uncommented(source)
        name, tags = _GRADE_ID.search(options), _TAGS.search(options)
        yield GivenCell(
            cell_type,
            _shown(cell_type, source),
            name[1] if name else None,
            tuple(re.findall(r"[A-Za-z0-9_-]+", tags[1])) if tags else (),
        )


def _without_header(text: str) -> str:
    """Take off what a tool wrote about itself between two lines of dashes."""
    lines = text.split("\n")
    start = next((n for n, line in enumerate(lines[:3]) if line.rstrip() == "# ---"), None)
    if start is None:
        return text
    for number in range(start + 1, len(lines)):
        if lines[number].rstrip() == "# ---":
            return "\n".join(lines[:start] + lines[number + 1 :])
        if not lines[number].startswith("#"):
            break
    return text


def _uncommented(source: str) -> str:
    quoted = _QUOTED.match(source)
    if quoted:
        return quoted[2].strip("\n")
    return "\n".join(line.removeprefix("#").removeprefix(" ") for line in source.split("\n"))
