"""Scalar loops, row by row, each row cut to its length; nothing is padded and nothing is turned round."""

import math

import numpy as np


def one_step(x, h, p):
    return [
        math.tanh(
            p["bh"][i]
            + sum(p["Wxh"][i][j] * x[j] for j in range(len(x)))
            + sum(p["Whh"][i][j] * h[j] for j in range(len(h)))
        )
        for i in range(len(p["bh"]))
    ]


def one_step_back(dh, x, h_prev, h, p, grads):
    da = [d * (1 - v * v) for d, v in zip(dh, h)]
    dx, dh_prev = [0.0] * len(x), [0.0] * len(h)
    for i, d in enumerate(da):
        grads["bh"][i] += d
        for j in range(len(x)):
            grads["Wxh"][i, j] += d * x[j]
            dx[j] += d * p["Wxh"][i, j]
        for j in range(len(h)):
            grads["Whh"][i, j] += d * h_prev[j]
            dh_prev[j] += d * p["Whh"][i, j]
    return dx, dh_prev


def reverse_padded(x, lengths):
    rows = []
    for row, length in zip(x.tolist(), lengths.tolist()):
        rows.append(list(reversed(row[:length])) + row[length:])
    return np.array(rows, dtype=float).reshape(x.shape)


def birnn_forward(x, lengths, params):
    H = len(params["forward"]["bh"])
    h = np.zeros((*x.shape[:2], 2 * H))
    for n, length in enumerate(lengths):
        state = [0.0] * H
        for t in range(length):
            state = one_step(x[n, t], state, params["forward"])
            h[n, t, :H] = state
        state = [0.0] * H
        for t in range(length - 1, -1, -1):
            state = one_step(x[n, t], state, params["backward"])
            h[n, t, H:] = state
    return h, {"x": x, "lengths": lengths, "params": params, "h": h}


def birnn_backward(dh, cache):
    x, h, params = cache["x"], cache["h"], cache["params"]
    H = h.shape[2] // 2
    dx = np.zeros(x.shape)
    grads = {side: {k: np.zeros(v.shape) for k, v in p.items()} for side, p in params.items()}
    for n, length in enumerate(cache["lengths"]):
        for side, half, order in (
            ("forward", slice(0, H), range(length)),
            ("backward", slice(H, 2 * H), range(length - 1, -1, -1)),
        ):
            order = list(order)
            back = [0.0] * H
            for k in range(length - 1, -1, -1):
                t = order[k]
                h_prev = h[n, order[k - 1], half] if k else [0.0] * H
                total = [dh[n, t, half][i] + back[i] for i in range(H)]
                dx_t, back = one_step_back(
                    total, x[n, t], h_prev, h[n, t, half], params[side], grads[side]
                )
                dx[n, t] += dx_t
    return dx, grads


def deep_rnn_forward(x, layers):
    inputs = x.tolist()
    kept = [inputs]
    for p in layers:
        outputs = []
        for row in inputs:
            state, states = [0.0] * len(p["bh"]), []
            for x_t in row:
                state = one_step(x_t, state, p)
                states.append(state)
            outputs.append(states)
        inputs = outputs
        kept.append(outputs)
    return np.array(inputs), (kept, layers)


def deep_rnn_backward(dh, cache):
    kept, layers = cache
    grads = [{k: np.zeros(v.shape) for k, v in p.items()} for p in layers]
    upstream = dh.tolist()
    for level in reversed(range(len(layers))):
        down = []
        for n, row in enumerate(upstream):
            back, dx = [0.0] * len(row[0]), [None] * len(row)
            for t in range(len(row) - 1, -1, -1):
                h = kept[level + 1][n]
                h_prev = h[t - 1] if t else [0.0] * len(h[t])
                total = [a + b for a, b in zip(row[t], back)]
                dx[t], back = one_step_back(
                    total, kept[level][n][t], h_prev, h[t], layers[level], grads[level]
                )
            down.append(dx)
        upstream = down
    return np.array(upstream), grads


def leaks_future(model, x):
    T, D = x.shape
    before = [list(row) for row in model(np.array(x))]
    for s in range(T - 1, 0, -1):
        for j in range(D):
            for sign in (1, -1):
                changed = np.array(x)
                changed[s, j] += sign
                after = model(changed)
                for t in range(s):
                    if any(abs(a - b) > 1e-9 for a, b in zip(after[t], before[t])):
                        return True
    return False
