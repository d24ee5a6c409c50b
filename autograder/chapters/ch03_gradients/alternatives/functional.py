"""Short expressions; recursion and folds in place of loops."""

from functools import reduce
from itertools import accumulate, takewhile
from math import hypot, inf, log, nextafter

import numpy as np


def step_jacobian(h, Whh):
    return np.stack([(1 + s) * (1 - s) * row for s, row in zip(h, Whh)])


def jacobian_product(h, Whh):
    return reduce(lambda product, s: step_jacobian(s, Whh) @ product, h[1:], np.eye(len(Whh)))


def gradient_norms(dh_last, h, Whh):
    back = accumulate(h[:0:-1], lambda d, s: step_jacobian(s, Whh).T @ d, initial=dh_last)
    return np.flip([np.sqrt(d @ d) for d in back])


def steps_until_vanished(radius, threshold):
    if threshold <= 0 or (radius >= 1 >= threshold):
        return None
    if threshold > 1 or radius == 0:
        return int(threshold <= 1)
    estimate = log(threshold) / log(radius)
    return next(k for k in range(max(0, int(estimate) - 2), 10**18) if radius**k < threshold)


def global_norm(grads):
    return reduce(hypot, (float(v) for g in grads.values() for v in np.ravel(g)), 0.0)


def clip_by_global_norm(grads, threshold):
    if threshold != threshold or threshold <= 0:
        raise ValueError("threshold is not positive")
    if any(not -inf < v < inf for g in grads.values() for v in g.flat):
        raise FloatingPointError("grads has entries that are not finite")
    norm = global_norm(grads)
    return dict(
        zip(grads, [g * min(1, threshold / max(norm, nextafter(0, 1))) for g in grads.values()])
    ), norm


def truncated_windows(T, k):
    if k < 1:
        raise ValueError("k is too small")
    if T <= 0:
        return []
    rest = truncated_windows(T - k, k)
    return [(0, min(k, T)), *((start + k, stop + k) for start, stop in rest)]


def spectral_radius(W):
    roots = np.linalg.eigvals(np.asarray(W).T)
    return reduce(max, takewhile(lambda r: r >= 0, map(abs, roots)))
