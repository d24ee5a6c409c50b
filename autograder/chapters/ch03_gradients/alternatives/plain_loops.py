"""Indices, lists and Python numbers."""

import math

import numpy as np


def step_jacobian(h, Whh):
    H = len(h)
    J = np.zeros((H, H))
    for i in range(H):
        for j in range(H):
            J[i, j] = (1 - h[i] * h[i]) * Whh[i, j]
    return J


def jacobian_product(h, Whh):
    H = Whh.shape[0]
    product = [[1.0 if i == j else 0.0 for j in range(H)] for i in range(H)]
    for t in range(1, len(h)):
        J = step_jacobian(h[t], Whh)
        product = [
            [sum(J[i, k] * product[k][j] for k in range(H)) for j in range(H)] for i in range(H)
        ]
    return np.array(product)


def gradient_norms(dh_last, h, Whh):
    delta = list(dh_last)
    norms = [math.hypot(*delta)]
    for t in range(len(h) - 1, 0, -1):
        J = step_jacobian(h[t], Whh)
        delta = [sum(J[i, j] * delta[i] for i in range(len(delta))) for j in range(len(delta))]
        norms.insert(0, math.hypot(*delta))
    return np.array(norms)


def spectral_radius(W):
    return max(abs(complex(value)) for value in np.linalg.eig(W)[0])


def rescale_spectral_radius(W, radius):
    rho = spectral_radius(W)
    if not rho:
        raise ValueError("cannot rescale W")
    return np.array([[radius * (float(w) / rho) for w in row] for row in W])


def orthogonal_matrix(H, seed):
    # Modified Gram-Schmidt, twice for accuracy.
    rng = np.random.RandomState(seed)
    rows = []
    while len(rows) < H:
        v = rng.randn(H)
        for _ in range(2):
            for u in rows:
                v = v - (u @ v) * u
        rows.append(v / np.sqrt(v @ v))
    return np.array(rows)


def steps_until_vanished(radius, threshold):
    def below(k):
        return radius**k < threshold

    if threshold <= 0 or (radius >= 1 and threshold <= 1):
        return None
    if below(0):
        return 0
    high = 1
    while not below(high):
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        if below(middle):
            high = middle
        else:
            low = middle
    return high


def global_norm(grads):
    total = 0.0
    for g in grads.values():
        for value in g.flat:
            total = math.hypot(total, value)
    return total


def clip_by_global_norm(grads, threshold):
    if threshold > 0:
        pass
    else:
        raise ValueError("bad threshold: " + str(threshold))
    for g in grads.values():
        for value in g.flat:
            if not math.isfinite(value):
                raise FloatingPointError("an entry of grads is not finite")
    norm = global_norm(grads)
    clipped = {}
    for key in grads:
        clipped[key] = np.array(grads[key])
        if norm > threshold:
            clipped[key] *= threshold / norm
    return clipped, norm


def clip_by_value(grads, limit):
    if not limit > 0:
        raise ValueError("limit <= 0 or NaN")
    clipped = {}
    for key, g in grads.items():
        values = [min(max(value, -limit), limit) for value in g.ravel().tolist()]
        clipped[key] = np.array(values).reshape(g.shape)
    return clipped


def truncated_windows(T, k):
    if k <= 0:
        raise ValueError("k = " + str(k))
    windows = []
    start = 0
    while start < T:
        stop = start + k
        if stop > T:
            stop = T
        windows.append((start, stop))
        start = stop
    return windows
