"""Gradients by automatic differentiation, for hidden suites: a suite writes down a forward formula, and nothing of a backward.

Formulas take numpy's functions from `autograder.grading.oracle.np`, which notes what it computes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import autograd
import autograd.numpy as np
from autograd.scipy.special import expit as sigmoid

__all__ = ["gradients", "np", "sigmoid"]


def gradients(
    formula: Callable[[dict[str, Any]], Any], leaves: Mapping[str, Any], *upstream: Any
) -> dict[str, Any]:
    """Return the gradient of Σ (result · upstream) with respect to every leaf.

    Args:
        formula: takes the leaves and returns an array, or a tuple with one array for each upstream gradient.
        leaves: float64 arrays by name.
        upstream: a gradient for each result, of its shape; none where the formula returns the loss itself.

    Returns:
        An array of the leaf's shape for every leaf, zero where the formula does not use it.
    """

    def loss(given: dict[str, Any]) -> Any:
        results = formula(given)
        if not upstream:
            return results
        several = results if isinstance(results, tuple) else (results,)
        return sum(np.sum(one * weight) for one, weight in zip(several, upstream, strict=True))

    return autograd.grad(loss)({name: 1.0 * np.asarray(leaf) for name, leaf in leaves.items()})
