"""A student's Markdown, made so that no renderer finds anything in it that acts.

A graded notebook is shown by more programs than ours: nbgrader's pages, nbconvert, JupyterLab. They differ in where a
formula ends, what they escape and which addresses they allow. So the text itself keeps no markup that could act in any
of them, however it is cut into Markdown, formulas and HTML: of HTML nothing but tags that have no attributes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import unescape

_PLAIN_TAGS = (
    "b|blockquote|br|code|dd|del|details|div|dl|dt|em|h[1-6]|hr|i|kbd|li|mark|ol|p|pre|s|small|strong|sub|summary|sup|"
    "table|tbody|td|th|thead|tr|u|ul"
)
# What a browser takes for the beginning of a tag, a comment or a declaration, and is not one of the plain tags.
_OTHER_TAG = re.compile(rf"<(?=[A-Za-z/!?])(?!/?(?:{_PLAIN_TAGS}) ?/?>)", re.IGNORECASE)
_FENCE = re.compile(r"([`~]{3,})([^\n`]*)")
_NOT_IN_A_SCHEME = re.compile(r"[^a-z0-9:]+")
_SCHEMES_THAT_ACT = ("script:", "data:", "blob:", "filesystem:", "file:", "about:", "mocha:")
_ATTACHMENT = re.compile(r"attachment:([A-Za-z0-9_.-]+)")
_LINK = re.compile(r"\]\s*[(:\[]")
# Commands by which a formula asks its renderer for links, styles, identifiers or more commands.
_TEX = re.compile(r"\\(href|url|class|style|cssId|require|html[A-Za-z]*|data|mmlToken)(?![A-Za-z])")
# A picture that is not in the notebook: it would tell its server when the page is looked at.
_FETCHED_PICTURE = re.compile(r"!(?=\[)(?!\[[^\[\]\n]*\]\(attachment:)")
_LINK_MARKS = {"[": "&#91;", "]": "&#93;", "<": "&lt;", ">": "&gt;"}


def defused(source: str, attachments: Iterable[str] = ()) -> str:
    """Return the source of a text cell without what could act.

    Args:
        source: what the student wrote.
        attachments: names of the pictures that the cell has.
    """
    source = _OTHER_TAG.sub("&lt;", source)
    source = _FENCE.sub(_without_drawing, source)
    source = _FETCHED_PICTURE.sub("! ", source)
    source = _TEX.sub(r"\\text{\1}", source)
    written = _NOT_IN_A_SCHEME.sub("", unescape(unescape(source)).lower())
    acts = bool(_LINK.search(source)) and any(name in written for name in _SCHEMES_THAT_ACT)
    # A renderer that does not find a picture gives up on the whole notebook.
    known = set(attachments)
    there = [name for name in _ATTACHMENT.findall(source) if name in known]
    if acts or written.count("attachment:") != len(there):
        source = "".join(_LINK_MARKS.get(char, char) for char in source)
        source = re.sub(r"(?i)(script|data|attachment):", r"\1&#58;", source)
    return source


def _without_drawing(fence: re.Match[str]) -> str:
    """Take the language off a block of code that pages hand to a script that draws."""
    language = unescape(fence[2]).replace("\\", "").strip().lower()
    return fence[1] if language.startswith("mermaid") else fence[0]
