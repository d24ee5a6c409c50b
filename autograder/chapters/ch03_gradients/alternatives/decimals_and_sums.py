"""Decimal logarithms checked by powers, exact sums, explicit diagonal matrices, arrays filled in place."""

import math
from decimal import Decimal, getcontext

import numpy as np


def step_jacobian(h, Whh):
    J = np.array(Whh, dtype=float)
    J *= np.subtract(1.0, np.multiply(h, h))[:, np.newaxis]
    return J


def jacobian_product(h, Whh):
    def factors(first, last):
        """The product of the factors from one state to another, halved again and again."""
        if first == last:
            return np.identity(len(Whh))
        if first + 1 == last:
            return np.diagflat(1.0 - h[last] ** 2).dot(Whh)
        middle = (first + last) // 2
        return factors(middle, last).dot(factors(first, middle))

    return factors(0, len(h) - 1)


def gradient_norms(dh_last, h, Whh):
    norms, row = np.zeros(h.shape[0]), dh_last[np.newaxis].astype(float)
    for t in range(h.shape[0] - 1, -1, -1):
        norms[t] = math.sqrt(math.fsum((row * row).flat))
        row = (row * (1.0 - h[t] ** 2)) @ Whh
    return norms


def spectral_radius(W):
    return max(math.hypot(value.real, value.imag) for value in np.linalg.eigvals(W).tolist())


def steps_until_vanished(radius, threshold):
    if threshold > 1.0:
        return 0
    if not (threshold > 0.0 and radius < 1.0):
        return None
    if radius == 0.0:
        return 1
    getcontext().prec = 50
    steps = int(Decimal(threshold).ln() / Decimal(radius).ln())
    while radius**steps >= threshold:
        steps += 1
    while steps and radius ** (steps - 1) < threshold:
        steps -= 1
    return steps


def global_norm(grads):
    entries = [abs(float(value)) for g in grads.values() for value in np.ravel(g)]
    peak = max(entries, default=0.0)
    if peak == 0.0:
        return 0.0
    _, exponent = math.frexp(peak)
    return math.ldexp(
        math.sqrt(math.fsum(math.ldexp(v, -exponent) ** 2 for v in entries)), exponent
    )


def clip_by_global_norm(grads, threshold):
    if math.isnan(threshold) or threshold <= 0:
        raise ValueError("threshold has to be above 0")
    if any(np.isinf(g).any() or np.isnan(g).any() for g in grads.values()):
        raise FloatingPointError("grads: not finite")
    norm = global_norm(grads)
    clipped = {name: np.array(g, copy=True) for name, g in grads.items()}
    if norm > threshold:
        for g in clipped.values():
            g /= norm
            g *= threshold
    return clipped, norm


def truncated_windows(T, k):
    if k < 1:
        raise ValueError("k below 1")
    return list(zip(range(0, T, k), [*range(k, T, k), T], strict=False))
