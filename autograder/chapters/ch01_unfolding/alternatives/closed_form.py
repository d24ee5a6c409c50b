"""The recurrence as one lower triangular matrix of powers; no loop over time where none is needed."""

from functools import reduce

import numpy as np


def _powers(a, T):
    # Entry (t, s) is a**(t - s) for s <= t; 0.0**0 is 1 in numpy.
    lag = np.arange(T)[:, None] - np.arange(T)[None, :]
    return np.where(lag >= 0, np.power(float(a), np.maximum(lag, 0)), 0.0)


def unroll(step, h0, xs, theta):
    return np.stack(
        reduce(lambda states, x: [*states, step(states[-1], x, theta)], xs, [h0]), axis=0
    )


def linear_rnn_forward(a, b, h0, xs):
    T = len(xs)
    return _powers(a, T) @ (b * np.asarray(xs)) + np.power(float(a), np.arange(1, T + 1)) * h0


def linear_rnn_backward(a, b, h0, xs, hs, dhs):
    delta = _powers(a, len(xs)).T @ dhs
    before = np.r_[h0, hs][:-1]
    return dict(
        da=delta @ before,
        db=delta @ xs,
        dh0=np.asarray(delta[0] * a),
        dxs=delta * b,
        da_per_step=np.einsum("t,t->t", delta, before),
        db_per_step=np.einsum("t,t->t", delta, xs),
    )


def numerical_gradient(f, x, eps=1e-5):
    point = np.asarray(x).astype(float)
    unit = eps * np.eye(point.size)
    above = np.array([f((point.ravel() + e).reshape(point.shape)) for e in unit], dtype=float)
    below = np.array([f((point.ravel() - e).reshape(point.shape)) for e in unit], dtype=float)
    return ((above - below) / (eps + eps)).reshape(point.shape)


def relative_error(a, b):
    try:
        a, b = (np.array(v, dtype="float64") for v in (a, b))
        if a.shape != b.shape:
            raise ValueError(f"shape of a {a.shape}")
        ratio = abs(a - b) / np.clip(abs(a) + abs(b), 1e-12, None)
    finally:
        pass
    return ratio.max() if ratio.size else 0.0
