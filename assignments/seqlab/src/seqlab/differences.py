"""Gradients by central differences, and how a gradient differs from such an estimate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from seqlab import places
from seqlab.compare import TOLERANCE, Layout, describe_difference, relative_error
from seqlab.results import GradientRow
from seqlab.snapshots import is_tensor

# Steps and tolerance for functions that compute in double precision, and for those that compute in single precision
# inside, whose rounding drowns a small step.
FINE_STEP = 1e-5
COARSE_STEP = 1e-2
COARSE_TOLERANCE = 2e-4


def compare_with_differences(
    name: str,
    got: Any,
    f: Callable[[Any], float],
    at: Any,
    axes: str = "",
    valid: Any = None,
    layout: Layout | None = None,
) -> tuple[GradientRow, str | None]:
    """Compare a gradient with central differences of a scalar function.

    Args:
        name: what the gradient is called.
        got: the gradient.
        f: gets an array (or tensor) like `at`.
        at: the point.
        axes: names of the axes.
        valid: a mask or lengths, so that padding is told apart.
        layout: of which blocks it is stacked.

    Returns:
        The row for the table, and what is wrong, None where nothing is.
    """
    point = _plain(at)
    estimate, noise = _central_differences(lambda v: f(_like(at, v)), point, FINE_STEP)
    difference = _describe(name, got, at, estimate, noise, axes, TOLERANCE, valid, layout)
    if difference is not None:
        # A function that computes in single precision drowns the small step; a coarse one shows whether it is right.
        coarse, noise = _five_point_differences(lambda v: f(_like(at, v)), point, COARSE_STEP)
        if not _describe(name, got, at, coarse, noise, axes, COARSE_TOLERANCE, valid, layout):
            difference = None
    return _row(name, got, estimate, axes, difference), difference


def _row(
    name: str, got: Any, estimate: np.ndarray, axes: str, difference: str | None
) -> GradientRow:
    values = got.detach().numpy() if is_tensor(got) else got
    if isinstance(values, (float, int, np.number)):
        values = np.asarray(values)
    if not isinstance(values, np.ndarray) or values.dtype.kind not in "fiu":
        return GradientRow(name, difference is None, remark=f"is a {type(got).__name__}")
    if values.shape != estimate.shape:
        remark = f"has shape {values.shape} instead of {estimate.shape}"
        return GradientRow(name, difference is None, remark=remark)
    own = values.astype(np.float64)
    error = relative_error(own, estimate)
    if difference is None or not own.size:
        return GradientRow(name, difference is None, error=error)
    distance = np.abs(own - estimate)
    distance[np.isnan(distance)] = np.inf
    worst = np.unravel_index(int(distance.argmax()), distance.shape)
    where = places.place(distance >= distance.max(), axes) if own.ndim else ""
    return GradientRow(
        name, False, error, where, own=float(own[worst]), estimate=float(estimate[worst])
    )


def _plain(at: Any) -> np.ndarray:
    return np.array(at.detach().numpy() if is_tensor(at) else at, dtype=np.float64)


def _like(at: Any, value: np.ndarray) -> Any:
    """Return an array in the form of the point: a tensor where that is one."""
    return at.new_tensor(value) if is_tensor(at) else value


def _differences(
    f: Callable[[np.ndarray], float],
    at: np.ndarray,
    step: float,
    weights: Sequence[tuple[int, float]],
) -> tuple[np.ndarray, float]:
    """Estimate the gradient by a stencil of `(multiple of the step, weight)`; return it with what rounding adds."""
    gradient = np.zeros(at.shape)
    largest = 0.0
    for index in np.ndindex(at.shape):
        for multiple, weight in weights:
            moved = at.copy()
            moved[index] += multiple * step
            value = float(f(moved))
            largest = max(largest, abs(value))
            gradient[index] += weight * value / step
    return gradient, 8 * np.finfo(np.float64).eps * largest / step


def _central_differences(
    f: Callable[[np.ndarray], float], at: np.ndarray, step: float
) -> tuple[np.ndarray, float]:
    return _differences(f, at, step, ((1, 0.5), (-1, -0.5)))


def _five_point_differences(
    f: Callable[[np.ndarray], float], at: np.ndarray, step: float
) -> tuple[np.ndarray, float]:
    return _differences(f, at, step, ((1, 2 / 3), (-1, -2 / 3), (2, -1 / 12), (-2, 1 / 12)))


def _describe(
    name: str,
    got: Any,
    at: Any,
    estimate: np.ndarray,
    noise: float,
    axes: str,
    tolerance: float,
    valid: Any,
    layout: Layout | None,
) -> str | None:
    """Describe how a gradient differs from its estimate, of which `noise` is not to be trusted."""
    values = got.detach().numpy() if is_tensor(got) else got
    comparable = isinstance(values, (np.ndarray, float, int, np.number))
    if comparable and np.shape(values) == estimate.shape:
        near = np.abs(np.asarray(values, dtype=np.float64) - estimate) <= noise
        estimate = np.where(near, values, estimate)
    want: Any = _like(at, estimate) if estimate.ndim or is_tensor(at) else float(estimate)
    return describe_difference(
        name, got, want, axes, tolerance, reveal=True, valid=valid, layout=layout
    )
