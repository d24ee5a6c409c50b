"""Float32 inside, float64 only where the contract asks for it: differences of large scores, the draw."""

import numpy as np


def _single(arrays):
    return {name: np.asarray(array, dtype=np.float32) for name, array in arrays.items()}


def rnn_step_forward(x, h_prev, params):
    p = _single(params)
    x, h_prev = x.astype(np.float32), h_prev.astype(np.float32)
    h = np.tanh(x @ p["Wxh"].T + h_prev @ p["Whh"].T + p["bh"])
    return h, {"x": x, "h_prev": h_prev, "h": h, "params": p}


def rnn_step_backward(dh, cache):
    da = dh.astype(np.float32) * (1 - cache["h"] * cache["h"])
    grads = {
        "bh": da.sum(0),
        "Whh": da.T @ cache["h_prev"],
        "Wxh": da.T @ cache["x"],
    }
    return da @ cache["params"]["Wxh"], da @ cache["params"]["Whh"], grads


def rnn_forward(x, h0, params):
    h = np.zeros((x.shape[0], x.shape[1], h0.shape[1]), dtype=np.float32)
    caches = {}
    state = h0
    for t in range(x.shape[1]):
        state, caches[t] = rnn_step_forward(x[:, t, :], state, params)
        h[:, t, :] = state
    return h, caches


def rnn_backward(dh, cache):
    grads = {}
    later = np.float32(0)
    dx = []
    for t in sorted(cache, reverse=True):
        dx_t, later, step = rnn_step_backward(dh[:, t] + later, cache[t])
        dx.append(dx_t)
        for name, value in step.items():
            grads[name] = value if name not in grads else grads[name] + value
    dx.reverse()
    return np.swapaxes(np.array(dx, dtype=np.float32), 0, 1), later, grads


def readout_forward(h, readout):
    r = _single(readout)
    h = h.astype(np.float32)
    return np.matmul(h, r["Why"].T) + r["by"], (h, r["Why"])


def readout_backward(dy, cache):
    h, Why = cache
    dy = dy.astype(np.float32)
    grads = {"Why": np.matmul(dy.swapaxes(1, 2), h).sum(0), "by": dy.sum(1).sum(0)}
    return np.matmul(dy, Why), grads


def softmax_cross_entropy(logits, targets, mask):
    count = np.count_nonzero(mask)
    y = np.where(mask[..., None], logits, 0)
    y = (y - y.max(axis=2, keepdims=True)).astype(np.float32)  # rounding before would lose digits
    log_p = y - np.log(np.exp(y).sum(axis=2, keepdims=True))
    hot = np.zeros(y.shape, dtype=np.float32)
    n, t = np.nonzero(mask)
    hot[n, t, targets[n, t]] = 1
    scale = np.float32(max(count, 1))
    loss = -(log_p * hot).sum() / scale if count else np.float32(0)
    return loss, (np.exp(log_p) * mask[..., None] - hot) / scale
