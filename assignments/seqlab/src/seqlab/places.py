"""Where a result is wrong, and in which way, in words. Nothing here says what the result should be."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np

# Where the noun of a name ends, as in "logits of a second call".
_BEHIND_THE_NOUN = re.compile(r",| (?:of|at|for|in|from|before|after|on|with|without)\b")
_LETTER = 3  # names of up to so many letters, such as hs, are read as one thing
_AXIS_WORDS = {
    "N": "row",
    "T": "step",
    "S": "position",
    "L": "position",
    "H": "unit",
    "D": "feature",
    "V": "token",
    "K": "symbol",
    "C": "channel",
}


@dataclass(frozen=True)
class Layout:
    """How parameters are laid out: which key belongs to which gate, and of what an axis is stacked.

    Attributes:
        gates: key of a dict to the gate it belongs to, such as `{"Wf": "forget gate"}`.
        blocks: names of the blocks along `axis`, such as the four gates of a stacked matrix.
        sizes: how long each block is; empty where all are equally long.
        axis: the axis that is stacked.
    """

    gates: Mapping[str, str] = field(default_factory=dict)
    blocks: tuple[str, ...] = ()
    sizes: tuple[int, ...] = ()
    axis: int = -1

    def slices(self, shape: tuple[int, ...]) -> list[tuple[str, slice]]:
        """Return block and range along the axis; none where an array of this shape is not stacked so."""
        if not self.blocks or not -len(shape) <= self.axis < len(shape):
            return []
        length = shape[self.axis]
        sizes = self.sizes or (length // len(self.blocks),) * len(self.blocks)
        if sum(sizes) != length or len(sizes) != len(self.blocks):
            return []
        edges = np.concatenate([[0], np.cumsum(sizes)])
        ends = zip(self.blocks, edges[:-1], edges[1:], strict=True)
        return [(name, slice(int(first), int(last))) for name, first, last in ends]


class Words:
    """The words that go with the name of a result, by number: "h is", "the logits are"."""

    def __init__(self, name: str):
        """Look at the last word of what the name is about."""
        head = _BEHIND_THE_NOUN.split(name, maxsplit=1)[0]
        word = (head.split() or [""])[-1]
        several = (
            len(word) > _LETTER
            and word.isidentifier()
            and word.endswith("s")
            and not word.endswith(("ss", "us", "is"))
            and not name.startswith("where ")
        )
        self.be = "are" if several else "is"
        self.has = "have" if several else "has"
        self.it = "they" if several else "it"


def validity(valid: Any, shape: tuple[int, ...]) -> np.ndarray | None:
    """Return which entries are valid, as a bool array of `shape`.

    Args:
        valid: a mask of the leading axes, or the lengths of the rows, or None.
        shape: of the result. Its first axes are those of the mask; of lengths, rows and steps.

    Returns:
        None where nothing is padding, or where mask and shape do not fit together.
    """
    if valid is None:
        return None
    mask = np.asarray(valid.detach().cpu().numpy() if hasattr(valid, "detach") else valid)
    if mask.dtype.kind != "b":
        if mask.ndim != 1 or len(shape) < 2:
            return None
        mask = np.arange(shape[1]) < mask[:, None]
    if mask.all() or shape[: mask.ndim] != mask.shape:
        return None
    mask = mask.reshape(mask.shape + (1,) * (len(shape) - mask.ndim))
    return np.broadcast_to(mask, shape)


def place(wrong: np.ndarray, axes: str, valid: np.ndarray | None = None) -> str:
    """Name the first wrong entry; in time, the earliest deviation is where the error is made.

    Words count from 1, as the text of the course does; the index behind them is Python's.
    """
    names = axes.split()
    places = np.argwhere(wrong)
    if len(names) == wrong.ndim and "T" in names:
        step = names.index("T")
        places = places[np.argsort(places[:, step], kind="stable")]
    first = tuple(int(number) for number in places[0])
    if len(names) != wrong.ndim:
        said = f"index {_index(first)}"
    else:
        words = ", ".join(
            f"{_AXIS_WORDS.get(axis.lstrip('0123456789'), 'entry')} {position + 1}"
            for axis, position in zip(names, first, strict=True)
        )
        said = f"{words}, index {_index(first)}"
    if valid is None:
        return said
    return f"{said} ({'a valid position' if valid[first] else 'padding'})"


def _index(place: tuple[int, ...]) -> str:
    """Write an index as it stands in code."""
    return f"[{', '.join(map(str, place))}]"


def extent(
    wrong: np.ndarray, axes: str, valid: np.ndarray | None, layout: Layout | None
) -> list[str]:
    """Say of which kind the wrong entries are: valid or padded, which block, which steps, which row."""
    said = []
    if valid is not None:
        in_valid, in_padding = bool((wrong & valid).any()), bool((wrong & ~valid).any())
        if not in_padding:
            said.append("only valid positions are wrong, the padding is right")
        elif not in_valid:
            said.append("only the padding is wrong, valid positions are right")
    said += _blocks(wrong, layout)
    names = axes.split()
    if len(names) == wrong.ndim:
        said += _along(wrong, names, "T", "step")
        said += _along(wrong, names, "N", "row")
    return said


def _blocks(wrong: np.ndarray, layout: Layout | None) -> list[str]:
    parts = layout.slices(wrong.shape) if layout else []
    if not parts or layout is None:
        return []
    along = np.moveaxis(wrong, layout.axis, 0)
    hit = [name for name, rows in parts if along[rows].any()]
    if len(hit) == len(parts):
        return []
    fine = [name for name, _rows in parts if name not in hit]
    return [f"wrong in the block of {' and '.join(hit)}, right in that of {' and '.join(fine)}"]


def _along(wrong: np.ndarray, names: list[str], axis: str, word: str) -> list[str]:
    if axis not in names or wrong.shape[names.index(axis)] < 2:
        return []
    where = names.index(axis)
    hit = np.asarray(wrong.any(axis=tuple(k for k in range(wrong.ndim) if k != where)))
    first, last, count = int(hit.argmax()), len(hit) - 1 - int(hit[::-1].argmax()), int(hit.sum())
    if count == len(hit):
        return []
    if count == 1:
        ends = {0: " (the first)", len(hit) - 1: " (the last)"} if axis == "T" else {}
        return [f"only {word} {first + 1} is wrong{ends.get(first, '')}"]
    if axis == "T" and count == last - first + 1:
        if last == len(hit) - 1:
            return [f"right up to step {first}"]
        if first == 0:
            return [f"right from step {last + 2} on"]
    return []


def shapes(name: str, got: np.ndarray, want: np.ndarray, axes: str, close: Any) -> str:
    """Describe a wrong shape; `close(one, other)` tells whether two arrays of one shape are equal."""
    names = axes.split()
    letters = f" = ({', '.join(names)})" if len(names) == want.ndim else ""
    words = Words(name)
    text = f"{name} {words.has} shape {got.shape}, {words.it} should have {want.shape}{letters}"
    swapped = _swapped(got, want, names, close)
    if swapped:
        return f"{text}: {swapped}"
    if got.ndim == want.ndim and sorted(got.shape) == sorted(want.shape):
        return text + ": are two axes swapped?"
    if got.size == want.size:
        return text + ": the same number of entries, arranged in another way"
    if got.ndim == want.ndim + 1 and got.shape[1:] == want.shape:
        return text + ": there is an axis that should have been summed or dropped"
    if got.ndim == want.ndim:
        differ = [k for k in range(want.ndim) if got.shape[k] != want.shape[k]]
        if len(differ) == 1 and letters:
            return f"{text}: axis {names[differ[0]]} has {got.shape[differ[0]]} entries"
    return text


def _swapped(got: np.ndarray, want: np.ndarray, names: list[str], close: Any) -> str:
    """Say which two axes are swapped, where the values prove it."""
    if got.ndim != want.ndim or not 2 <= got.ndim <= 4:
        return ""
    for one, other in combinations(range(want.ndim), 2):
        turned = np.swapaxes(got, one, other)
        if turned.shape == want.shape and close(turned, want):
            if len(names) == want.ndim and names[one] != names[other]:
                return f"the values are right, with the two axes swapped that are {names[one]} and {names[other]}"
            return f"the values are right, with axes swapped: {one} and {other}"
    return ""


def pattern(got: np.ndarray, want: np.ndarray, axes: str, close: Any) -> str:
    """Recognise a few ways to be wrong everywhere at once; both are float arrays of one shape."""
    if close(-got, want):
        return "every entry has the opposite sign"
    if not got.any():
        return "every entry is zero"
    names = axes.split()
    turned = _swapped(got, want, names, close)
    if turned:
        square = got.ndim == 2
        return "what came is the transpose of what should come" if square else turned
    if len(names) == want.ndim and "T" in names:
        moved = _moved_in_time(got, want, names.index("T"), close)
        if moved:
            return moved
    scale = float(np.abs(want).max())
    if scale > 0:
        unit = want / scale
        factor = float((got / scale * unit).sum()) / float((unit * unit).sum())
        if factor not in (0.0, 1.0) and close(got / factor, want):
            return "every entry is off by the same factor"
    return ""


def _moved_in_time(got: np.ndarray, want: np.ndarray, axis: int, close: Any) -> str:
    got, want = np.moveaxis(got, axis, 0), np.moveaxis(want, axis, 0)
    if len(want) < 3:
        return ""
    if close(got[::-1], want):
        return "the steps come in the reverse order"
    # Two constant halves would fit any shift; only what changes with time shows one.
    if close(want[1:], want[:-1]):
        return ""
    if close(got[1:], want[:-1]):
        return "the values come one step too late"
    if close(got[:-1], want[1:]):
        return "the values come one step too early"
    return ""
