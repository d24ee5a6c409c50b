"""Text to be generated: names of colours, and novels character by character."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .splits import split_by_key
from .store import frozen, read_rows, read_text


class NamedColors(NamedTuple):
    """N colours and what people call them.

    Attributes:
        rgb: float64 `(N, 3)`, red, green and blue from 0 to 1.
        names: N strings of lower-case words.
    """

    rgb: np.ndarray
    names: tuple[str, ...]


@dataclass(frozen=True)
class ColorNames:
    """Colours and their names; every colour and every name is there once."""

    train: NamedColors
    validation: NamedColors
    test: NamedColors


@functools.cache
def xkcd_colors() -> ColorNames:
    """What is this colour called? 921 colours and their most frequent names.

    Origin: the colour survey of xkcd (Randall Munroe, 2010), from matplotlib 3.11.2; crude names are
    left out.
    Licence: CC0 1.0.
    Split: 80, 10 and 10 per cent by a hash of the name.
    """
    rows = list(read_rows("xkcd_colors.tsv"))

    def part(positions: Sequence[int]) -> NamedColors:
        values = [[int(rows[p][1][i : i + 2], 16) / 255 for i in (1, 3, 5)] for p in positions]
        return NamedColors(frozen(values, np.float64), tuple(rows[p][0] for p in positions))

    return ColorNames(*map(part, split_by_key([name for name, _ in rows])))


@dataclass(frozen=True)
class Novel:
    """A text in three consecutive parts: `text == train + validation + test`."""

    title: str
    author: str
    language: str
    text: str
    train: str
    validation: str
    test: str


def _novel(name: str, title: str, author: str, language: str) -> Novel:
    text = read_text(name)
    # At the first paragraph that starts after 80 and after 90 per cent, so that no sentence is cut.
    first, second = (text.index("\n\n", len(text) * tenths // 10) + 2 for tenths in (8, 9))
    return Novel(title, author, language, text, text[:first], text[first:second], text[second:])


@functools.cache
def candide() -> Novel:
    """Candide by Voltaire, in French: 186,500 characters, 83 distinct ones.

    Origin: Project Gutenberg's text, from music21 10.5.1, without the preface and the notes of the editor.
    Licence: public domain.
    Split: 80, 10 and 10 per cent in the order of the text, cut between paragraphs.
    """
    return _novel("candide_fr.txt", "Candide", "Voltaire", "fr")


@functools.cache
def lady_susan() -> Novel:
    """Lady Susan by Jane Austen, in English: 126,977 characters, 67 distinct ones.

    Origin: Project Gutenberg's text, from music21 10.5.1.
    Licence: public domain.
    Split: 80, 10 and 10 per cent in the order of the text, cut between paragraphs.
    """
    return _novel("lady_susan_en.txt", "Lady Susan", "Jane Austen", "en")
