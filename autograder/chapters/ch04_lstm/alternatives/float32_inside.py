"""Single precision throughout, results included."""

import numpy as np

SINGLE = np.float32


def _low(array):
    return np.asarray(array, dtype=SINGLE)


def _sigmoid(z):
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1 / (1 + e), e / (1 + e))


def lstm_step_forward(x, h_prev, c_prev, params):
    low = {name: _low(value) for name, value in params.items()}
    c_prev = _low(c_prev)
    hx = np.hstack((_low(h_prev), _low(x)))
    f = _sigmoid(hx @ low["Wf"].T + low["bf"])
    i = _sigmoid(hx @ low["Wi"].T + low["bi"])
    o = _sigmoid(hx @ low["Wo"].T + low["bo"])
    g = np.tanh(hx @ low["Wc"].T + low["bc"])
    c = f * c_prev + i * g
    return o * np.tanh(c), c, (low, hx, c_prev, f, i, o, g, c)


def lstm_step_backward(dh, dc, cache):
    low, hx, c_prev, f, i, o, g, c = cache
    dh, tc = _low(dh), np.tanh(c)
    dct = _low(dc) + dh * o * (1 - tc * tc)
    zf, zi = dct * c_prev * f * (1 - f), dct * g * i * (1 - i)
    zo, zc = dh * tc * o * (1 - o), dct * i * (1 - g * g)
    dhx = zf @ low["Wf"] + zi @ low["Wi"] + zo @ low["Wo"] + zc @ low["Wc"]
    H = c.shape[1]
    grads = {
        "Wf": zf.T @ hx,
        "Wi": zi.T @ hx,
        "Wo": zo.T @ hx,
        "Wc": zc.T @ hx,
        "bf": zf.sum(0),
        "bi": zi.sum(0),
        "bo": zo.sum(0),
        "bc": zc.sum(0),
    }
    return dhx[:, H:], dhx[:, :H], dct * f, grads


def lstm_forward(x, h0, c0, params):
    T = x.shape[1]
    h, c, caches = h0, c0, [None] * T
    out_h = np.zeros((*x.shape[:2], h0.shape[1]), dtype=SINGLE)
    out_c = np.zeros_like(out_h)
    for t in range(T):
        h, c, caches[t] = lstm_step_forward(x[:, t], h, c, params)
        out_h[:, t], out_c[:, t] = h, c
    return out_h, out_c, caches


def cell_highway(f):
    return np.multiply.reduce(_low(f))


def init_lstm(D, H, seed, forget_bias=1.0):
    rng = np.random.default_rng(seed)
    root = SINGLE(np.sqrt(H))
    params = {"W" + k: (2 * rng.random((H, H + D), dtype=SINGLE) - 1) / root for k in "fioc"}
    biases = {"bf": forget_bias, "bi": 0, "bo": 0, "bc": 0}
    return params | {name: np.full(H, value, dtype=SINGLE) for name, value in biases.items()}


def lstm_from_torch(weight_ih, weight_hh, bias_ih, bias_hh):
    i_x, f_x, c_x, o_x = np.split(_low(weight_ih), 4)
    i_h, f_h, c_h, o_h = np.split(_low(weight_hh), 4)
    b_i, b_f, b_c, b_o = np.split(_low(bias_ih) + _low(bias_hh), 4)
    return {
        "Wf": np.c_[f_h, f_x],
        "Wi": np.c_[i_h, i_x],
        "Wo": np.c_[o_h, o_x],
        "Wc": np.c_[c_h, c_x],
        "bf": b_f,
        "bi": b_i,
        "bo": b_o,
        "bc": b_c,
    }
