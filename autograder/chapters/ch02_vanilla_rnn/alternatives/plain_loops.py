"""Plain Python: numbers, lists and loops; numpy only where a result has to be an array."""

import bisect
import itertools
import math

import numpy as np


def _step(x, h, Wxh, Whh, bh):
    new = []
    for i in range(len(bh)):
        a = bh[i]
        for j in range(len(h)):
            a += Whh[i][j] * h[j]
        for k in range(len(x)):
            a += Wxh[i][k] * x[k]
        new.append(math.tanh(a))
    return new


def _lists(params):
    return {name: np.asarray(params[name]).tolist() for name in params}


def rnn_step_forward(x, h_prev, params):
    p = _lists(params)
    rows_x, rows_h = x.tolist(), h_prev.tolist()
    h = [_step(a, b, p["Wxh"], p["Whh"], p["bh"]) for a, b in zip(rows_x, rows_h)]
    return np.array(h), [rows_x, rows_h, h, p]


def _zeros(like):
    return [[0.0] * len(row) for row in like] if isinstance(like[0], list) else [0.0] * len(like)


def _step_back(dh, x, h_prev, h, p, grads):
    dx, dh_prev = [0.0] * len(x), [0.0] * len(h_prev)
    for i in range(len(h)):
        da = dh[i] * (1.0 - h[i]) * (1.0 + h[i])
        grads["bh"][i] += da
        for k in range(len(x)):
            grads["Wxh"][i][k] += da * x[k]
            dx[k] += da * p["Wxh"][i][k]
        for j in range(len(h_prev)):
            grads["Whh"][i][j] += da * h_prev[j]
            dh_prev[j] += da * p["Whh"][i][j]
    return dx, dh_prev


def rnn_step_backward(dh, cache):
    x, h_prev, h, p = cache
    grads = {name: _zeros(p[name]) for name in p}
    rows = [_step_back(*row, p, grads) for row in zip(dh.tolist(), x, h_prev, h)]
    grads = {name: np.array(value) for name, value in grads.items()}
    return np.array([dx for dx, _ in rows]), np.array([d for _, d in rows]), grads


def rnn_forward(x, h0, params):
    p = _lists(params)
    xs, states = x.tolist(), []
    for sequence, h in zip(xs, h0.tolist()):
        run = [h]
        for step in sequence:
            run.append(_step(step, run[-1], p["Wxh"], p["Whh"], p["bh"]))
        states.append(run)
    return np.array([run[1:] for run in states]), [xs, states, p]


def rnn_backward(dh, cache):
    xs, states, p = cache
    grads = {name: _zeros(p[name]) for name in p}
    dx, dh0 = [], []
    for n, direct in enumerate(dh.tolist()):
        back = [0.0] * len(direct[0])
        row = []
        for t in range(len(direct) - 1, -1, -1):
            total = [a + b for a, b in zip(direct[t], back)]
            dx_t, back = _step_back(total, xs[n][t], states[n][t], states[n][t + 1], p, grads)
            row.insert(0, dx_t)
        dx.append(row)
        dh0.append(back)
    return np.array(dx), np.array(dh0), {name: np.array(g) for name, g in grads.items()}


def readout_forward(h, readout):
    N, T, H = h.shape
    V = len(readout["by"])
    y = np.empty((N, T, V))
    for n in range(N):
        for t in range(T):
            for v in range(V):
                y[n, t, v] = readout["by"][v]
                for i in range(H):
                    y[n, t, v] += readout["Why"][v, i] * h[n, t, i]
    return y, {"h": h, "readout": readout}


def readout_backward(dy, cache):
    h, Why = cache["h"], cache["readout"]["Why"]
    dh = np.zeros(h.shape)
    grads = {"by": np.zeros(len(Why)), "Why": np.zeros(Why.shape)}
    for n, t, v in np.ndindex(dy.shape):
        dh[n, t] += dy[n, t, v] * Why[v]
        grads["Why"][v] += dy[n, t, v] * h[n, t]
        grads["by"][v] += dy[n, t, v]
    return dh, grads


def softmax_cross_entropy(logits, targets, mask):
    valid = [index for index in np.ndindex(mask.shape) if mask[index]]
    loss = 0.0
    dlogits = np.zeros(logits.shape)
    for index in valid:
        scores = logits[index].tolist()
        top = max(scores)
        total = math.fsum(math.exp(s - top) for s in scores)
        true = int(targets[index])
        loss += (math.log(total) + top - scores[true]) / len(valid)
        for v, s in enumerate(scores):
            dlogits[index][v] = (math.exp(s - top) / total - (v == true)) / len(valid)
    return loss, dlogits


def sample(params, readout, h0, first_token, length, temperature, seed):
    if math.isnan(temperature) or temperature <= 0:
        raise ValueError(f"temperature is {temperature}, it has to be positive")
    p, r = _lists(params), _lists(readout)
    rng = np.random.default_rng(seed)
    h, token, tokens = h0[0].tolist(), first_token, []
    while len(tokens) < length:
        x = [float(v == token) for v in range(len(r["by"]))]
        h = _step(x, h, p["Wxh"], p["Whh"], p["bh"])
        y = [b + sum(w * s for w, s in zip(row, h)) for row, b in zip(r["Why"], r["by"])]
        weights = [math.exp((s - max(y)) / temperature) for s in y]
        total = sum(weights)
        cumulative = list(itertools.accumulate(w / total for w in weights))
        token = min(bisect.bisect_right(cumulative, rng.random()), len(y) - 1)
        tokens.append(token)
    return np.array(tokens, dtype=np.int64)
