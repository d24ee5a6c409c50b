"""Recursion for recurrence: every function calls itself on a shorter sequence, or on half of the entries."""

import numpy as np


def unroll(step, h0, xs, theta):
    if len(xs) == 0:
        return np.asarray(h0)[np.newaxis]
    rest = unroll(step, step(h0, xs[0], theta), xs[1:], theta)
    return np.concatenate((np.asarray(h0)[np.newaxis], rest))


def unfolded_graph(T, first=1):
    if T < 0:
        raise ValueError(f"T = {T}")
    if T == 0:
        return {"theta": (), "h0": ()}
    if T == 1:
        node = {f"x{first}": (), f"h{first}": (f"h{first - 1}", f"x{first}", "theta")}
        return unfolded_graph(0) | node
    half = T // 2  # so that the recursion stays shallow
    return unfolded_graph(half, first) | unfolded_graph(T - half, first + half)


def linear_rnn_forward(a, b, h0, xs):
    if len(xs) == 0:
        return np.zeros(0)
    if len(xs) == 1:
        return np.array([a * h0 + b * xs[0]])
    half = len(xs) // 2
    first = linear_rnn_forward(a, b, h0, xs[:half])
    return np.hstack([first, linear_rnn_forward(a, b, first[-1], xs[half:])])


def linear_rnn_backward(a, b, h0, xs, hs, dhs):
    if len(xs) == 1:
        delta = dhs[0]
        by_a, by_b, dxs = np.array([delta * h0]), np.array([delta * xs[0]]), np.array([delta * b])
        dh0 = delta * a
    else:
        half = len(xs) // 2
        later = linear_rnn_backward(a, b, hs[half - 1], xs[half:], hs[half:], dhs[half:])
        now = np.array(dhs[:half], dtype=float)
        now[-1] += later["dh0"]
        earlier = linear_rnn_backward(a, b, h0, xs[:half], hs[:half], now)
        names = ("da_per_step", "db_per_step", "dxs")
        by_a, by_b, dxs = (np.concatenate([earlier[name], later[name]]) for name in names)
        dh0 = earlier["dh0"]
    return {
        "da": np.sum(by_a),
        "db": np.sum(by_b),
        "dh0": dh0,
        "dxs": dxs,
        "da_per_step": by_a,
        "db_per_step": by_b,
    }
