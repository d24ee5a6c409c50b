"""Scalar loops and nested lists; no matrix product, no step inside the sequence functions."""

import math

import numpy as np


def sigmoid(a):
    if a >= 0:
        return 1 / (1 + math.exp(-a))
    e = math.exp(a)
    return e / (1 + e)


def product(W, v):
    return [sum(w * e for w, e in zip(row, v)) for row in W]


def one_row(x, h, params):
    joined = list(h) + list(x)
    z = [sigmoid(a) for a in product(params["Wz"], joined)]
    r = [sigmoid(a) for a in product(params["Wr"], joined)]
    reset = [r[i] * h[i] for i in range(len(h))] + list(x)
    candidate = [math.tanh(a) for a in product(params["Wh"], reset)]
    new = [(1 - z[i]) * h[i] + z[i] * candidate[i] for i in range(len(h))]
    return new, (joined, reset, z, r, candidate)


def one_row_back(dh, saved, params, grads):
    joined, reset, z, r, candidate = saved
    H = len(z)
    back = [0.0] * len(joined)
    d_reset = [0.0] * len(joined)
    da_h = [dh[i] * z[i] * (1 - candidate[i] ** 2) for i in range(H)]
    for i in range(H):
        for j in range(len(joined)):
            grads["Wh"][i, j] += da_h[i] * reset[j]
            d_reset[j] += da_h[i] * params["Wh"][i, j]
    for i in range(H):
        da_z = dh[i] * (candidate[i] - joined[i]) * z[i] * (1 - z[i])
        da_r = d_reset[i] * joined[i] * r[i] * (1 - r[i])
        for j in range(len(joined)):
            grads["Wz"][i, j] += da_z * joined[j]
            grads["Wr"][i, j] += da_r * joined[j]
            back[j] += da_z * params["Wz"][i, j] + da_r * params["Wr"][i, j]
    dh_prev = [back[i] + dh[i] * (1 - z[i]) + d_reset[i] * r[i] for i in range(H)]
    dx = [back[j] + d_reset[j] for j in range(H, len(joined))]
    return dx, dh_prev


def gru_step_forward(x, h_prev, params):
    rows = [one_row(x[n], h_prev[n], params) for n in range(len(x))]
    return np.array([h for h, _ in rows]), {"rows": [saved for _, saved in rows], "params": params}


def gru_step_backward(dh, cache):
    grads = {name: np.zeros(W.shape) for name, W in cache["params"].items()}
    rows = [
        one_row_back(dh[n], saved, cache["params"], grads) for n, saved in enumerate(cache["rows"])
    ]
    return np.array([dx for dx, _ in rows]), np.array([dh for _, dh in rows]), grads


def gru_forward(x, h0, params):
    N, T, _ = x.shape
    h = np.zeros((N, T, len(h0[0])))
    saved = {}
    for n in range(N):
        state = list(h0[n])
        for t in range(T):
            state, saved[n, t] = one_row(x[n, t], state, params)
            h[n, t] = state
    return h, (saved, params, x.shape)


def gru_backward(dh, cache):
    saved, params, shape = cache
    dx = np.zeros(shape)
    dh0 = np.zeros((dh.shape[0], dh.shape[2]))
    grads = {name: np.zeros(W.shape) for name, W in params.items()}
    for n in range(dh.shape[0]):
        back = [0.0] * dh.shape[2]
        for t in range(dh.shape[1] - 1, -1, -1):
            total = [dh[n, t, i] + back[i] for i in range(len(back))]
            dx[n, t], back = one_row_back(total, saved[n, t], params, grads)
        dh0[n] = back
    return dx, dh0, grads


def gru_reset_after_step(x, h_prev, weight_ih, weight_hh, bias_ih, bias_hh):
    H = len(h_prev[0])
    rows = []
    for n in range(len(x)):
        a = [s + b for s, b in zip(product(weight_ih, x[n]), bias_ih)]
        c = [s + b for s, b in zip(product(weight_hh, h_prev[n]), bias_hh)]
        row = []
        for i in range(H):
            r = sigmoid(a[i] + c[i])
            z = sigmoid(a[H + i] + c[H + i])
            row.append((1 - z) * math.tanh(a[2 * H + i] + r * c[2 * H + i]) + z * h_prev[n][i])
        rows.append(row)
    return np.array(rows)


def parameter_count(cell, D, H):
    if cell == "rnn":
        return H * D + H * H + H
    if cell == "lstm":
        return sum(H * (H + D) + H for _ in range(4))
    if cell == "gru":
        return sum(H * (H + D) for _ in range(3))
    raise ValueError("unknown cell")
