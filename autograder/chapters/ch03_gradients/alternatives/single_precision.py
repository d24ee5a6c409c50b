"""float32 wherever the contract names no dtype and the values allow it."""

import numpy as np


def step_jacobian(h, Whh):
    h = h.astype(np.float32)
    return (np.float32(1) - h * h).reshape(-1, 1) * Whh.astype(np.float32)


def jacobian_product(h, Whh):
    product = np.eye(Whh.shape[0], dtype=np.float32)
    for t in range(1, h.shape[0]):
        slopes = (1 - h[t] ** 2).astype(np.float32)
        product = slopes[:, np.newaxis] * (Whh.astype(np.float32) @ product)
    return product


def gradient_norms(dh_last, h, Whh):
    slopes = (1 - h**2).astype(np.float32)
    W, delta = np.float32(Whh), np.float32(dh_last)
    norms = [np.linalg.norm(delta)]
    for slope in slopes[:0:-1]:
        delta = W.T @ (slope * delta)
        norms.append(np.linalg.norm(delta))
    return np.array(norms[::-1], dtype=np.float32)


def spectral_radius(W):
    return np.float32(np.abs(np.linalg.eigvals(W)).max())


def rescale_spectral_radius(W, radius):
    own = np.abs(np.linalg.eigvals(W)).max()
    if own == 0:
        raise ValueError("W")
    return (W * (radius / own)).astype(np.float32)


def orthogonal_matrix(H, seed):
    draws = np.random.default_rng(seed).standard_normal((H, H), dtype=np.float32)
    return np.linalg.qr(draws).Q


def clip_by_value(grads, limit):
    if not limit > 0:
        raise ValueError("limit must be positive")
    return {name: np.clip(g, -limit, limit).astype(np.float32) for name, g in grads.items()}
