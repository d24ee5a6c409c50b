"""The cache is the backward pass itself: a function that remembers what it needs."""

from functools import reduce

import numpy as np
from scipy.special import expit


def _dense(joined, W, b):
    def back(d):
        return d @ W, d.T @ joined, d.sum(axis=0)

    return joined @ W.T + b, back


def lstm_step_forward(x, h_prev, c_prev, params):
    H = h_prev.shape[1]
    joined = np.append(h_prev, x, axis=1)
    layers = {k: _dense(joined, params["W" + k], params["b" + k]) for k in "fioc"}
    f, i, o = (expit(layers[k][0]) for k in "fio")
    g = np.tanh(layers["c"][0])
    c = f * c_prev + i * g
    s = np.tanh(c)

    def back(dh, dc):
        cell = dc + dh * o * (1 + s) * (1 - s)
        upstream = {
            "f": cell * c_prev * (f - f * f),
            "i": cell * g * (i - i * i),
            "o": dh * s * (o - o * o),
            "c": cell * i * (1 + g) * (1 - g),
        }
        pulled = {k: layers[k][1](d) for k, d in upstream.items()}
        at_joined = sum(part[0] for part in pulled.values())
        grads = {"W" + k: part[1] for k, part in pulled.items()}
        grads.update({"b" + k: part[2] for k, part in pulled.items()})
        return at_joined[:, H:], at_joined[:, :H], cell * f, grads

    return o * s, c, back


lstm_step_backward = lambda dh, dc, cache: cache(dh, dc)  # noqa: E731


def lstm_forward(x, h0, c0, params):
    def advance(done, x_t):
        h, c, _ = done[-1]
        return [*done, lstm_step_forward(x_t, h, c, params)]

    steps = reduce(advance, x.swapaxes(0, 1), [(h0, c0, None)])[1:]
    h, c, backs = zip(*steps, strict=True)

    def back(dh, dc):
        dh_next, dxs, total = 0.0, [], {}
        for t in range(len(backs) - 1, -1, -1):
            dx, dh_next, dc, grads = lstm_step_backward(dh[:, t] + dh_next, dc, backs[t])
            dxs.insert(0, dx)
            total = {name: total.get(name, 0) + g for name, g in grads.items()}
        return np.swapaxes(dxs, 0, 1), dh_next, dc, total

    return np.swapaxes(h, 0, 1), np.swapaxes(c, 0, 1), back


def lstm_backward(dh, dc_last, cache):
    return cache(dh, dc_last)


cell_highway = lambda f: reduce(np.multiply, f)  # noqa: E731
