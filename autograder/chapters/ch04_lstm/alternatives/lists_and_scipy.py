"""Lists for results and caches, scipy for the logistic function; the backward recomputes what the forward had."""

import numpy as np
from scipy import special


def _gates(x, h_prev, params):
    z = [
        np.einsum("kj,nj->nk", params["W" + k], np.c_[h_prev, x]) + params["b" + k]
        for k in ("f", "i", "o", "c")
    ]
    return [*map(special.expit, z[:3]), np.tanh(z[3])]


def lstm_step_forward(x, h_prev, c_prev, params):
    f, i, o, g = _gates(x, h_prev, params)
    c = f * c_prev + i * g
    # Nothing but the arguments: they stay as they are until the backward.
    return [o * np.tanh(c), c, [x, h_prev, c_prev, params]]


def lstm_step_backward(dh, dc, cache):
    x, h_prev, c_prev, params = cache
    f, i, o, g = _gates(x, h_prev, params)
    s = np.tanh(f * c_prev + i * g)
    total = dc + dh * o * (1 - np.square(s))
    dz = dict(
        f=total * c_prev * f * (1 - f),
        i=total * g * i * (1 - i),
        o=dh * s * o * (1 - o),
        c=total * i * (1 - np.square(g)),
    )
    H = h_prev.shape[1]
    W = np.array([params["W" + k] for k in dz])
    stacked = np.array(list(dz.values()))
    grads = {}
    for k, d in dz.items():
        grads["W" + k] = np.c_[np.einsum("nk,nh->kh", d, h_prev), np.einsum("nk,nd->kd", d, x)]
        grads["b" + k] = np.einsum("nk->k", d)
    dx = np.einsum("gnk,gkd->nd", stacked, W[:, :, H:])
    dh_prev = np.einsum("gnk,gkh->nh", stacked, W[:, :, :H])
    return [dx, dh_prev, total * f, grads]


def lstm_forward(x, h0, c0, params):
    hs, cs = [np.array(h0)], [np.array(c0)]
    for t in range(x.shape[1]):
        h, c, _ = lstm_step_forward(x[:, t], hs[-1], cs[-1], params)
        hs += [h]
        cs += [c]
    return [np.stack(hs[1:], axis=1), np.stack(cs[1:], axis=1), [x, hs, cs, params]]


def lstm_backward(dh, dc_last, cache):
    x, hs, cs, params = cache
    at_h, at_c = np.zeros_like(hs[0]), dc_last
    dx = np.zeros(x.shape)
    grads = {name: np.zeros(np.shape(value)) for name, value in params.items()}
    for t in range(x.shape[1] - 1, -1, -1):
        step = [x[:, t], hs[t], cs[t], params]
        dx[:, t], at_h, at_c, new = lstm_step_backward(dh[:, t] + at_h, at_c, step)
        for name in grads:
            grads[name] += new[name]
    return [dx, at_h, at_c, grads]


def cell_highway(f):
    # Zeros apart, since a logarithm has none.
    closed = (f == 0).any(axis=0)
    logs = np.log(np.where(f == 0, 1.0, f)).sum(axis=0)
    return np.where(closed, 0.0, np.exp(logs))


def init_lstm(D, H, seed, forget_bias=1.0):
    streams = np.random.SeedSequence(seed).spawn(4)
    params = {}
    for name, stream in zip("fioc", streams, strict=True):
        u = np.random.default_rng(stream).random((H, H + D))
        params["W" + name] = (u - 0.5) * 2 / np.sqrt(H)
        params["b" + name] = np.zeros(H)
    return {**params, "bf": np.full(H, forget_bias, dtype=float)}
