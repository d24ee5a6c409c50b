"""Every sum written out: loops over batch, units and inputs, plain Python numbers inside."""

import math
import random

import numpy as np


def _sigmoid(z):
    if z >= 0:
        return 1.0 / (1.0 + math.exp(-z))
    small = math.exp(z)
    return small / (1.0 + small)


def lstm_step_forward(x, h_prev, c_prev, params):
    N, H = h_prev.shape
    h, c = np.zeros((N, H)), np.zeros((N, H))
    values = [[None] * H for _ in range(N)]
    for n in range(N):
        joined = [*h_prev[n].tolist(), *x[n].tolist()]
        for k in range(H):
            z = {}
            for name in "fioc":
                z[name] = float(params["b" + name][k])
                for weight, value in zip(params["W" + name][k].tolist(), joined, strict=True):
                    z[name] += weight * value
            f, i, o = _sigmoid(z["f"]), _sigmoid(z["i"]), _sigmoid(z["o"])
            g = math.tanh(z["c"])
            c[n, k] = f * c_prev[n, k] + i * g
            squashed = math.tanh(c[n, k])
            h[n, k] = o * squashed
            values[n][k] = f, i, o, g, squashed
    return h, c, {"x": x, "h": h_prev, "c": c_prev, "params": params, "values": values}


def lstm_step_backward(dh, dc, cache):
    x, h_prev, c_prev, params = (cache[key] for key in ("x", "h", "c", "params"))
    (N, D), H = x.shape, h_prev.shape[1]
    dx, dh_prev, dc_prev = np.zeros((N, D)), np.zeros((N, H)), np.zeros((N, H))
    grads = {name: np.zeros(value.shape) for name, value in params.items()}
    for n in range(N):
        for k in range(H):
            f, i, o, g, squashed = cache["values"][n][k]
            at_cell = dc[n, k] + dh[n, k] * o * (1 - squashed * squashed)
            dc_prev[n, k] = at_cell * f
            slopes = {
                "f": at_cell * c_prev[n, k] * f * (1 - f),
                "i": at_cell * g * i * (1 - i),
                "o": dh[n, k] * squashed * o * (1 - o),
                "c": at_cell * i * (1 - g * g),
            }
            for name, slope in slopes.items():
                grads["b" + name][k] += slope
                for j in range(H):
                    grads["W" + name][k, j] += slope * h_prev[n, j]
                    dh_prev[n, j] += slope * params["W" + name][k, j]
                for j in range(D):
                    grads["W" + name][k, H + j] += slope * x[n, j]
                    dx[n, j] += slope * params["W" + name][k, H + j]
    return dx, dh_prev, dc_prev, grads


def lstm_forward(x, h0, c0, params):
    hidden, cells, steps = [h0], [c0], []
    for t in range(x.shape[1]):
        h, c, step = lstm_step_forward(x[:, t, :], hidden[-1], cells[-1], params)
        hidden.append(h)
        cells.append(c)
        steps.append(step)
    return np.stack(hidden[1:], 1), np.stack(cells[1:], 1), (x.shape, steps)


def lstm_backward(dh, dc_last, cache):
    shape, steps = cache
    dx, total = np.zeros(shape), None
    dh_next, dc_next = np.zeros(dc_last.shape), dc_last.copy()
    for t in range(shape[1] - 1, -1, -1):
        dx[:, t], dh_next, dc_next, grads = lstm_step_backward(
            dh[:, t] + dh_next, dc_next, steps[t]
        )
        total = grads if total is None else {key: total[key] + grads[key] for key in total}
    return dx, dh_next, dc_next, total


def cell_highway(f):
    product = [1.0] * f.shape[1]
    for row in f:
        for k, gate in enumerate(row):
            product[k] *= float(gate)
    return np.array(product)


def init_lstm(D, H, seed, forget_bias=1.0):
    draw = random.Random(seed)
    bound = H**-0.5
    params = {}
    for name in ("c", "o", "i", "f"):
        rows = [[draw.uniform(-bound, bound) for _ in range(H + D)] for _ in range(H)]
        params["W" + name] = np.array(rows)
        params["b" + name] = np.array([float(forget_bias) if name == "f" else 0.0] * H)
    return params


def lstm_from_torch(weight_ih, weight_hh, bias_ih, bias_hh):
    H = weight_hh.shape[1]
    starts = {"i": 0, "f": H, "c": 2 * H, "o": 3 * H}
    params = {}
    for name, start in starts.items():
        rows = range(start, start + H)
        params["W" + name] = np.array([[*weight_hh[r], *weight_ih[r]] for r in rows])
        params["b" + name] = np.array([bias_ih[r] + bias_hh[r] for r in rows])
    return params
