"""Everything a matrix product: diagonal matrices, multi_dot, reductions over stacks."""

from functools import reduce

import numpy as np


def step_jacobian(h, Whh):
    return np.diag(1 - np.square(h)) @ Whh


def jacobian_product(h, Whh):
    stack = np.einsum("ti,ij->tij", 1 - h[1:] ** 2, Whh)
    return reduce(np.matmul, stack[::-1], np.identity(h.shape[1]))


def gradient_norms(dh_last, h, Whh):
    deltas = np.zeros_like(h)
    deltas[-1] = dh_last
    for t in range(len(h) - 2, -1, -1):
        deltas[t] = (deltas[t + 1] * (1 - h[t + 1] ** 2)) @ Whh
    return np.sqrt(np.einsum("ti,ti->t", deltas, deltas))


def spectral_radius(W):
    return np.linalg.norm(np.linalg.eigvals(W), np.inf)


def rescale_spectral_radius(W, radius):
    eigenvalues, vectors = np.linalg.eig(W)
    own = np.abs(eigenvalues).max()
    if own == 0:
        raise ValueError("W is nilpotent")
    return (W.T * (radius / own)).T


def orthogonal_matrix(H, seed):
    u, _, vt = np.linalg.svd(np.random.default_rng(seed).standard_normal((H, H)))
    return u @ vt


def global_norm(grads):
    flat = np.concatenate([np.zeros(1), *(np.ravel(g) for g in grads.values())])
    peak = np.abs(flat).max()
    return peak * np.linalg.norm(flat / peak) if peak else 0.0


def clip_by_global_norm(grads, threshold):
    if not threshold > 0.0:
        raise ValueError("threshold has to be positive")
    if not all(np.all(np.isfinite(g)) for g in grads.values()):
        raise FloatingPointError("inf or nan in grads")
    norm = global_norm(grads)
    factor = np.minimum(1.0, threshold / norm) if norm else 1.0
    return {key: np.multiply(g, factor) for key, g in grads.items()}, norm


def clip_by_value(grads, limit):
    if not (limit > 0):
        raise ValueError("limit")
    return {key: np.maximum(np.minimum(g, limit), -limit) for key, g in grads.items()}


def truncated_windows(T, k):
    if k < 1:
        raise ValueError("k < 1")
    cuts = np.append(np.arange(0, T, k), T)
    return [(int(a), int(b)) for a, b in zip(cuts[:-1], cuts[1:])]
