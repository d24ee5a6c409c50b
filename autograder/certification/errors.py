"""How far a result is from what it should be, as one number."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from seqlab.compare import relative_error


def largest_error(got: Any, want: Any) -> float:
    """Return the largest relative error among the numbers of a result, infinite where it has another form."""
    if hasattr(want, "detach"):
        if not hasattr(got, "detach"):
            return math.inf
        got, want = got.detach().numpy(), want.detach().numpy()
    if isinstance(want, np.ndarray):
        if not isinstance(got, np.ndarray) or got.shape != want.shape:
            return math.inf
        if want.dtype.kind != "f" or got.dtype.kind != "f":
            return 0.0 if np.array_equal(got, want) else math.inf
        return relative_error(got.astype(np.float64), want.astype(np.float64))
    if isinstance(want, Mapping):
        if not isinstance(got, Mapping) or set(got) != set(want):
            return math.inf
        return max((largest_error(got[key], want[key]) for key in want), default=0.0)
    if isinstance(want, list | tuple):
        if not isinstance(got, list | tuple) or len(got) != len(want):
            return math.inf
        return max(map(largest_error, got, want), default=0.0)
    if isinstance(want, float | np.floating):
        try:
            return relative_error(np.asarray([float(got)]), np.asarray([float(want)]))
        except (TypeError, ValueError):
            return math.inf
    return 0.0 if type(got) is type(want) and got == want else math.inf
