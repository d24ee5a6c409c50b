"""np.vectorize for the logistic function, einsum per gate, a cache of what the backward needs as products."""

import math

import numpy as np


@np.vectorize
def _sigmoid(z):
    return 1.0 / (1.0 + math.exp(-z)) if z > -700.0 else 0.0


def _layer(name, x, h, params):
    W, H = params["W" + name], h.shape[1]
    z = np.einsum("kd,nd->nk", W[:, H:], x)
    z += np.einsum("kj,nj->nk", W[:, :H], h)
    z += params["b" + name]
    return z


def lstm_step_forward(x, h_prev, c_prev, params):
    f, i, o = (_sigmoid(_layer(name, x, h_prev, params)) for name in "fio")
    g = np.tanh(_layer("c", x, h_prev, params))
    c = f * c_prev
    c += i * g
    shown = np.tanh(c)
    factors = {
        "f": c_prev * f * (1.0 - f),
        "i": g * i * (1.0 - i),
        "c": i * (1.0 - g) * (1.0 + g),
    }
    kept = {"x": x, "h": h_prev, "params": params, "factors": factors, "f": f}
    kept["o"] = shown * o * (1.0 - o)
    kept["cell"] = o * (1.0 - shown**2)
    return o * shown, c, kept


def lstm_step_backward(dh, dc, cache):
    at_cell = dh * cache["cell"]
    at_cell += dc
    deltas = {name: at_cell * factor for name, factor in cache["factors"].items()}
    deltas["o"] = dh * cache["o"]
    x, h, params = cache["x"], cache["h"], cache["params"]
    H = h.shape[1]
    dx, dh_prev, grads = np.zeros(x.shape), np.zeros(h.shape), {}
    for name, delta in deltas.items():
        W = np.empty(params["W" + name].shape)
        W[:, :H] = np.einsum("nk,nj->kj", delta, h)
        W[:, H:] = np.einsum("nk,nd->kd", delta, x)
        grads["W" + name], grads["b" + name] = W, np.einsum("nk->k", delta)
        dh_prev += np.einsum("nk,kj->nj", delta, params["W" + name][:, :H])
        dx += np.einsum("nk,kd->nd", delta, params["W" + name][:, H:])
    return dx, dh_prev, at_cell * cache["f"], grads


def lstm_forward(x, h0, c0, params):
    states, steps = [(h0, c0)], []
    for x_t in np.moveaxis(x, 1, 0):
        h, c, kept = lstm_step_forward(x_t, *states[-1], params)
        states.append((h, c))
        steps.append(kept)
    h, c = (np.stack(rows, axis=1) for rows in zip(*states[1:], strict=True))
    return h, c, steps


def lstm_backward(dh, dc_last, cache):
    def back(t, at_h, at_c):
        """Go back from step t; return dx of all steps up to it, what reaches the start, and the sums."""
        dx, at_h, at_c, grads = lstm_step_backward(dh[:, t] + at_h, at_c, cache[t])
        if t == 0:
            return [dx], at_h, at_c, grads
        earlier, dh0, dc0, sums = back(t - 1, at_h, at_c)
        return [*earlier, dx], dh0, dc0, {name: sums[name] + grads[name] for name in sums}

    dx, dh0, dc0, grads = back(len(cache) - 1, np.zeros(dc_last.shape), dc_last)
    return np.stack(dx, axis=1), dh0, dc0, grads


def cell_highway(f):
    product = np.ones(f.shape[1])
    for gates in f:
        product *= gates
    return product
