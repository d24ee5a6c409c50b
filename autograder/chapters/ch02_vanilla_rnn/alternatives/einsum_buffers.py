"""Einsum for every product, buffers that are filled and updated in place, a backward that calls itself."""

import numpy as np


def rnn_step_forward(x, h_prev, params):
    buffer = np.empty(h_prev.shape)
    np.einsum("hd,nd->nh", params["Wxh"], x, out=buffer)
    buffer += np.einsum("hk,nk->nh", params["Whh"], h_prev)
    buffer += params["bh"]
    np.tanh(buffer, out=buffer)
    return buffer, {"inputs": (x, h_prev), "state": buffer.copy(), "params": params}


def rnn_step_backward(dh, cache):
    (x, h_prev), params = cache["inputs"], cache["params"]
    da = np.square(cache["state"])
    np.subtract(1.0, da, out=da)
    da *= dh
    # The products of every row first, as if one asked for gradients per example.
    grads = {
        "Wxh": np.einsum("nh,nd->nhd", da, x).sum(0),
        "Whh": np.einsum("nh,nk->nhk", da, h_prev).sum(0),
        "bh": np.einsum("nh->h", da),
    }
    return (
        np.einsum("nh,hd->nd", da, params["Wxh"]),
        np.einsum("nh,hk->nk", da, params["Whh"]),
        grads,
    )


def rnn_forward(x, h0, params):
    N, T, _ = x.shape
    states = np.empty((N, T + 1, h0.shape[1]))
    states[:, 0] = h0
    drive = np.einsum("hd,ntd->nth", params["Wxh"], x) + params["bh"]
    for t in range(T):
        drive[:, t] += np.einsum("hk,nk->nh", params["Whh"], states[:, t])
        states[:, t + 1] = np.tanh(drive[:, t])
    return states[:, 1:], (x, states, params)


def rnn_backward(dh, cache):
    x, states, params = cache
    da = np.empty(dh.shape)

    def later(t):
        """Fill da from step t on; return what reaches the state before step t."""
        if t == dh.shape[1]:
            return np.zeros(dh[:, 0].shape)
        da[:, t] = (dh[:, t] + later(t + 1)) * (1 + states[:, t + 1]) * (1 - states[:, t + 1])
        return np.einsum("nh,hk->nk", da[:, t], params["Whh"])

    dh0 = later(0)
    grads = {
        "bh": np.einsum("nth->h", da),
        "Wxh": np.einsum("nth,ntd->hd", da, x),
        "Whh": np.einsum("nth,ntk->hk", da, states[:, :-1]),
    }
    return np.einsum("nth,hd->ntd", da, params["Wxh"]), dh0, grads


def readout_forward(h, readout):
    y = np.einsum("vh,nth->ntv", readout["Why"], h)
    y += readout["by"]
    return y, [h, readout["Why"]]


def readout_backward(dy, cache):
    h, Why = cache
    grads = {"by": np.einsum("ntv->v", dy), "Why": np.einsum("ntv,nth->vh", dy, h)}
    return np.einsum("ntv,vh->nth", dy, Why), grads


def softmax_cross_entropy(logits, targets, mask):
    dlogits = np.zeros(logits.shape)
    rows, steps = np.nonzero(mask)
    if not rows.size:
        return 0.0, dlogits
    scores = logits[rows, steps].astype(np.float64)
    scores -= scores.max(axis=1)[:, None]
    places = np.arange(rows.size), np.asarray(targets)[rows, steps]
    loss = -scores[places]
    np.exp(scores, out=scores)
    total = np.einsum("kv->k", scores)
    loss += np.log(total)
    scores /= total[:, None]
    scores[places] -= 1.0
    dlogits[rows, steps] = scores / rows.size
    return loss.mean(), dlogits
