"""A sequence in, another one out: translation and pronunciation."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from .splits import split_by_key
from .store import read_rows


class NamePairs(NamedTuple):
    """N names of characters in two languages.

    Attributes:
        english: N strings.
        french: N strings.
        kinds: N times `"base"` or `"derived"`; derived names are put together from base names
            by rule, such as a gesture and a skin tone.
        characters: what is named.
    """

    english: tuple[str, ...]
    french: tuple[str, ...]
    kinds: tuple[str, ...]
    characters: tuple[str, ...]


@dataclass(frozen=True)
class Translations:
    """Short English texts and their French counterparts."""

    train: NamePairs
    validation: NamePairs
    test: NamePairs


@functools.cache
def cldr_emoji() -> Translations:
    """English to French: 4,340 short names of emoji and other characters.

    Origin: Unicode CLDR, from the npm packages cldr-annotations-full and cldr-annotations-derived-full 48.2.0;
    crude names are left out.
    Licence: Unicode-3.0, whose notice must go with the data.
    Split: 80, 10 and 10 per cent by a hash of the English name. A derived name of the test often has
    all its pieces in training, only not in this combination: report the two kinds apart.
    """
    rows = list(read_rows("cldr_emoji_en_fr.tsv"))

    def part(positions: Sequence[int]) -> NamePairs:
        columns = zip(*(rows[p] for p in positions), strict=True)
        return NamePairs(*map(tuple, columns))

    return Translations(*map(part, split_by_key([english.lower() for english, *_ in rows])))


class Pronunciations(NamedTuple):
    """N words and how they sound.

    Attributes:
        words: N strings of 2 to 12 letters a to z.
        phonemes: N sequences of ARPAbet symbols without stress.
    """

    words: tuple[str, ...]
    phonemes: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class PronouncingDictionary:
    """English words and their pronunciations; `phoneme_names` are the 39 symbols."""

    train: Pronunciations
    validation: Pronunciations
    test: Pronunciations
    phoneme_names: tuple[str, ...]


@functools.cache
def cmudict_g2p() -> PronouncingDictionary:
    """Letters to phonemes: 40,000 English words.

    Origin: the Carnegie Mellon Pronouncing Dictionary, from cmudict 1.1.3: a sample of the plain
    words, first pronunciation, without stress marks.
    Licence: the dictionary's own, BSD style, whose notice must go with the data.
    Split: 90, 5 and 5 per cent by a hash of the word.
    """
    rows = [(word, tuple(sounds.split(" "))) for word, sounds in read_rows("cmudict_g2p.tsv")]
    phoneme_names = tuple(sorted({sound for _, sounds in rows for sound in sounds}))

    def part(positions: Sequence[int]) -> Pronunciations:
        words, sounds = zip(*(rows[p] for p in positions), strict=True)
        return Pronunciations(words, sounds)

    train, validation, test = split_by_key([word for word, _ in rows], held_out=0.05)
    return PronouncingDictionary(part(train), part(validation), part(test), phoneme_names)
