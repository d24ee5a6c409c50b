"""float32 wherever the contract names no dtype."""

import numpy as np


def unroll(step, h0, xs, theta):
    states = np.empty((len(xs) + 1, *np.shape(h0)), dtype=np.float32)
    states[0] = h0
    for t in range(len(xs)):
        states[t + 1] = step(states[t], xs[t], theta)
    return states


def linear_rnn_forward(a, b, h0, xs):
    hs = np.zeros(len(xs), dtype=np.float32)
    h = np.float32(h0)
    for t, x in enumerate(np.asarray(xs, dtype=np.float32)):
        h = np.float32(a) * h + np.float32(b) * x
        hs[t] = h
    return hs


def linear_rnn_backward(a, b, h0, xs, hs, dhs):
    hs32, xs32 = np.float32(hs), np.float32(xs)
    deltas = np.float32(dhs)
    for t in range(len(xs) - 2, -1, -1):
        deltas[t] += np.float32(a) * deltas[t + 1]
    da = deltas * np.concatenate([np.float32([h0]), hs32[:-1]])
    db = deltas * xs32
    return {
        "da": da.sum(dtype=np.float64),
        "db": db.sum(),
        "dh0": np.float32(a) * deltas[0],
        "dxs": np.float32(b) * deltas,
        "da_per_step": da,
        "db_per_step": db,
    }
