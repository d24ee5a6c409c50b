"""Gradients by automatic differentiation, for hidden suites: a suite writes down a forward formula, and nothing of a backward.

Formulas take numpy's functions from `autograder.grading.oracle.np`, which notes what it computes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import autograd
import autograd.numpy as np
import numpy
from autograd import jacobian
from autograd.extend import defvjp, primitive

__all__ = ["gradients", "jacobian", "np", "sigmoid"]


@primitive
def sigmoid(x: Any) -> Any:
    """Return 1 / (1 + exp(-x)) without overflow. (autograd's own comes with all of scipy's statistics.)"""
    e = numpy.exp(-numpy.abs(x))
    return numpy.where(x >= 0, 1.0 / (1.0 + e), e / (1.0 + e))


# By the gate itself, as every backward has it: where a gate is 1 to the last bit, its slope is 0.
defvjp(sigmoid, lambda gate, _x: lambda upstream: upstream * gate * (1.0 - gate))


def gradients(
    formula: Callable[[dict[str, Any]], Any], leaves: Mapping[str, Any], *upstream: Any
) -> dict[str, Any]:
    """Return the gradient of Σ (result · upstream) with respect to every leaf.

    Args:
        formula: takes the leaves and returns an array, or a tuple with one array for each upstream gradient.
        leaves: arrays by name, or dicts and lists of arrays.
        upstream: a gradient for each result, of its shape; none where the formula returns the loss itself.

    Returns:
        The same structure with a float64 array of the leaf's shape for every leaf, zero where the formula does not
        use it.
    """

    def loss(given: dict[str, Any]) -> Any:
        results = formula(given)
        if not upstream:
            return results
        several = results if isinstance(results, tuple) else (results,)
        return sum(np.sum(one * weight) for one, weight in zip(several, upstream, strict=True))

    return autograd.grad(loss)(_floats(leaves))


def _floats(leaves: Any) -> Any:
    """Return the same with arrays of floats: of an integer there is no gradient."""
    if isinstance(leaves, Mapping):
        return {name: _floats(leaf) for name, leaf in leaves.items()}
    if isinstance(leaves, list | tuple):
        return [_floats(leaf) for leaf in leaves]
    return np.asarray(leaves, np.float64)
