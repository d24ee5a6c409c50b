"""Which examples are for training, for validation and for the test: fixed once, for everybody."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import NamedTuple


class Split(NamedTuple):
    """Positions of the examples of each part, in the order of the file."""

    train: tuple[int, ...]
    validation: tuple[int, ...]
    test: tuple[int, ...]


def split_by_key(keys: Sequence[str], held_out: float = 0.1) -> Split:
    """Split examples by a hash of their keys.

    Examples with equal keys get into the same part, so that no part shows another one's answer.
    A hash and not a seeded generator: it is the same for ever, whatever numpy's generators do.

    Args:
        keys: one key per example.
        held_out: the share of distinct keys for validation, and again for the test.

    Returns:
        The split; the shares hold for keys, and for examples as far as keys are distinct.
    """
    order = sorted(set(keys), key=lambda key: hashlib.sha256(key.encode("utf-8")).digest())
    count = round(held_out * len(order))
    test, validation = set(order[:count]), set(order[count : 2 * count])
    parts: tuple[list[int], list[int], list[int]] = ([], [], [])
    for position, key in enumerate(keys):
        parts[2 if key in test else 1 if key in validation else 0].append(position)
    return Split(*map(tuple, parts))
