"""Lists and Python numbers, an index for everything, arrays only at the very end."""

import math

import numpy as np


def unroll(step, h0, xs, theta):
    states = [h0]
    t = 0
    while t < len(xs):
        states.append(step(states[t], xs[t], theta))
        t += 1
    return np.array(states)


def unfolded_graph(T):
    if not T >= 0:
        raise ValueError("the number of steps T cannot be negative")
    graph = {}
    for t in range(T, 0, -1):
        graph["h" + str(t)] = tuple(["h" + str(t - 1), "x" + str(t), "theta"])
        graph["x" + str(t)] = ()
    graph["h0"] = ()
    graph["theta"] = ()
    return graph


def linear_rnn_forward(a, b, h0, xs):
    hs = []
    for t in range(len(xs)):
        before = h0 if t == 0 else hs[t - 1]
        hs.append(a * before + b * float(xs[t]))
    return np.array(hs)


def linear_rnn_backward(a, b, h0, xs, hs, dhs):
    T = len(xs)
    dxs, by_a, by_b = [0.0] * T, [0.0] * T, [0.0] * T
    da = db = delta = 0.0
    for t in range(T - 1, -1, -1):
        delta += float(dhs[t])
        by_a[t] = delta * float(hs[t - 1] if t > 0 else h0)
        by_b[t] = delta * float(xs[t])
        dxs[t] = delta * b
        da += by_a[t]
        db += by_b[t]
        delta *= a
    return {
        "da_per_step": np.array(by_a),
        "db_per_step": np.array(by_b),
        "da": da,
        "db": db,
        "dxs": np.array(dxs),
        "dh0": delta,
    }


def numerical_gradient(f, x, eps=1e-5):
    shape = np.shape(x)
    flat = [float(value) for value in np.ravel(x)]
    gradient = []
    for i in range(len(flat)):
        up = flat[:i] + [flat[i] + eps] + flat[i + 1 :]
        down = flat[:i] + [flat[i] - eps] + flat[i + 1 :]
        above = f(np.array(up).reshape(shape))
        below = f(np.array(down).reshape(shape))
        gradient.append((above - below) / (2.0 * eps))
    return np.array(gradient).reshape(shape)


def relative_error(a, b):
    if np.shape(a) != np.shape(b):
        raise ValueError("the shape of a is not that of b")
    worst = 0.0
    for p, q in zip(np.ravel(a).tolist(), np.ravel(b).tolist()):
        worst = max(worst, math.fabs(p - q) / max(math.fabs(p) + math.fabs(q), 1e-12))
    return worst
