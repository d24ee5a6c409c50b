"""Recursion for recurrence: every function calls itself on a shorter sequence, or on half of the entries."""

import numpy as np


def unroll(step, h0, xs, theta):
    if len(xs) == 0:
        return np.asarray(h0)[np.newaxis]
    rest = unroll(step, step(h0, xs[0], theta), xs[1:], theta)
    return np.concatenate((np.asarray(h0)[np.newaxis], rest))


def unfolded_graph(T):
    if T < 0:
        raise ValueError(f"T = {T}")
    if T == 0:
        return {"theta": (), "h0": ()}
    return unfolded_graph(T - 1) | {f"x{T}": (), f"h{T}": (f"h{T - 1}", f"x{T}", "theta")}


def linear_rnn_forward(a, b, h0, xs):
    if len(xs) == 0:
        return np.zeros(0)
    h1 = a * h0 + b * xs[0]
    return np.hstack([h1, linear_rnn_forward(a, b, h1, xs[1:])])


def linear_rnn_backward(a, b, h0, xs, hs, dhs):
    if len(xs) == 1:
        later = {"dh0": 0.0, "dxs": [], "da_per_step": [], "db_per_step": []}
    else:
        later = linear_rnn_backward(a, b, hs[0], xs[1:], hs[1:], dhs[1:])
    delta = dhs[0] + later["dh0"]
    by_a = np.array([delta * h0, *later["da_per_step"]])
    by_b = np.array([delta * xs[0], *later["db_per_step"]])
    return {
        "da": np.sum(by_a),
        "db": np.sum(by_b),
        "dh0": delta * a,
        "dxs": np.array([delta * b, *later["dxs"]]),
        "da_per_step": by_a,
        "db_per_step": by_b,
    }
