"""Time-major storage: results are views with odd strides, Fortran-ordered or read-only; caches alias them."""

import numpy as np


def _frozen(array):
    view = array.view()
    view.flags.writeable = False
    return view


def rnn_step_forward(x, h_prev, params):
    h = np.asfortranarray(
        np.tanh(params["Whh"] @ h_prev.T + params["Wxh"] @ x.T + params["bh"][:, None]).T
    )
    return _frozen(h), {"h": h, "x": x.T, "h_prev": h_prev.T, "params": params}


def rnn_step_backward(dh, cache):
    da = dh.T * (1 - cache["h"].T ** 2)  # columns, as in the text
    grads = {
        "Wxh": _frozen(da @ cache["x"].T),
        "Whh": np.asfortranarray(da @ cache["h_prev"].T),
        "bh": _frozen((da @ np.ones((da.shape[1], 1)))[:, 0]),
    }
    return (cache["params"]["Wxh"].T @ da).T, (cache["params"]["Whh"].T @ da).T, grads


def rnn_forward(x, h0, params):
    x = np.moveaxis(x, 1, 0)
    h = np.empty((2 * len(x), *h0.shape))  # every other entry is the state
    projected = x @ params["Wxh"].T + params["bh"]
    state = h0
    for t in range(len(x)):
        state = np.tanh(projected[t] + state @ params["Whh"].T)
        h[2 * t + 1] = state
    return _frozen(np.moveaxis(h[1::2], 0, 1)), (x, h0, h[1::2], params)


def rnn_backward(dh, cache):
    x, h0, h, params = cache
    before = np.concatenate([h0[None], h[:-1]])
    dh = np.moveaxis(dh, 1, 0)[::-1]
    das = []
    later = np.zeros(h0.shape)
    for direct, state in zip(dh, h[::-1]):
        das.append((direct + later) * (1 - state) * (1 + state))
        later = das[-1] @ params["Whh"]
    da = np.stack(das)[::-1]
    grads = {
        "Whh": np.einsum("tnh,tng->hg", da, before),
        "Wxh": np.einsum("tnd,tnh->dh", x, da).T,
        "bh": np.einsum("tnh->h", da),
    }
    return np.moveaxis(da @ params["Wxh"], 0, 1), _frozen(later), grads


def readout_forward(h, readout):
    y = np.einsum("vh,nth->vnt", readout["Why"], h) + readout["by"][:, None, None]
    return np.moveaxis(y, 0, 2), np.array([h, readout], dtype=object)


def readout_backward(dy, cache):
    h, readout = cache
    dh = np.einsum("vh,ntv->hnt", readout["Why"], dy)
    grads = {"Why": np.einsum("nth,ntv->hv", h, dy).T, "by": np.einsum("ntv->v", dy)}
    return np.moveaxis(dh, 0, 2), grads


def softmax_cross_entropy(logits, targets, mask):
    V = logits.shape[2]
    by_token = np.asfortranarray(np.moveaxis(logits, 2, 0))
    valid = by_token[:, mask]
    count = valid.shape[1]
    out = np.zeros((V, *mask.shape), order="F")
    if count == 0:
        return np.array(0.0), np.moveaxis(out, 0, 2)
    valid = valid - valid.max(axis=0)
    log_p = valid - np.log(np.exp(valid).sum(axis=0))
    hot = np.equal.outer(np.arange(V), targets[mask])
    out[:, mask] = (np.exp(log_p) - hot) / count
    return np.array(-log_p[hot].sum() / count), _frozen(np.moveaxis(out, 0, 2))
