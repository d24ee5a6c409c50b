"""What the name of a file or folder says of it: notebook, script or archive, and of which chapter."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from seqlab.cells import is_notebook_name

Kind = Literal["notebook", "script", "archive", "text", "other"]

# What browsers, mail programs and Windows append to a name: a number, and a suffix of their own.
_APPENDED = r"(?:[ _]?\(\d+\))?(?:\.(?:txt|py|download))*\s*"
_KINDS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("script", re.compile(rf".*\.pyw?{_APPENDED}", re.IGNORECASE | re.DOTALL)),
    ("archive", re.compile(r".*\.zip\s*", re.IGNORECASE | re.DOTALL)),
    ("text", re.compile(r".*\.(?:json|txt)\s*|[^.]*", re.IGNORECASE | re.DOTALL)),
)
_JUNK = {
    *("__macosx", "__pycache__", "thumbs.db", "desktop.ini", "icon\r"),
    *("timestamp.txt", "submission_secret.txt"),  # of nbgrader's exchange
}
_NUMBERED = re.compile(r"(?<![a-z0-9])(?:ch|chap|chapter)_*0*(\d{1,4})(?!\d)")
_BARE_NUMBER = re.compile(r"0*(\d{1,4})")
_MOST = 255


def kind_of(name: str) -> Kind:
    """Return what a file of this name is read as; "text" may be a notebook, as its content tells."""
    name = name[-_MOST:]
    if is_notebook_name(name):
        return "notebook"
    return next((kind for kind, pattern in _KINDS if pattern.fullmatch(name)), "other")


def is_junk(name: str) -> bool:
    """Whether a file or folder is left behind by a system or a tool, and no part of what was handed in."""
    return name.startswith(".") or name.lower() in _JUNK


def chapter_named(name: str, chapters: Sequence[str]) -> str | None:
    """Return the one chapter that a name speaks of: by the chapter's own name somewhere in it, or by its number."""
    plain = re.sub(r"[\s\-]+", "_", name.lower()[:_MOST])
    inside = [chapter for chapter in chapters if chapter.lower() in plain]
    if inside:
        return inside[0] if len(inside) == 1 else None
    numbers = {int(number) for number in _NUMBERED.findall(plain)}
    if bare := _BARE_NUMBER.fullmatch(plain):
        numbers.add(int(bare[1]))
    found = [
        chapter
        for chapter in chapters
        if (number := _NUMBERED.match(chapter)) and int(number[1]) in numbers
    ]
    return found[0] if len(found) == len(numbers) == 1 else None
