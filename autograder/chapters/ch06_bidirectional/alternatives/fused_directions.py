"""Both readers as one RNN with stacked weights: one einsum per step serves both."""

import numpy as np


def flip(x, lengths):
    index = np.tile(np.arange(x.shape[1]), (len(x), 1))
    for n, length in enumerate(lengths):
        index[n, :length] = index[n, :length][::-1].copy()
    return x[np.arange(len(x))[:, None], index]


reverse_padded = flip


def stack(params, name):
    return np.stack([params["forward"][name], params["backward"][name]])


def birnn_forward(x, lengths, params):
    valid = np.arange(x.shape[1])[None, :] < np.asarray(lengths)[:, None]
    clean = np.zeros_like(x)
    clean[valid] = x[valid]
    both = np.stack([clean, flip(clean, lengths)])  # (2, N, T, D)
    a = np.einsum("sntd,shd->tsnh", both, stack(params, "Wxh"))
    a = a + stack(params, "bh")[:, None]
    Whh = stack(params, "Whh")
    h = np.zeros((x.shape[1] + 1, *a.shape[1:]))
    for t in range(x.shape[1]):
        h[t + 1] = np.tanh(a[t] + np.einsum("snk,shk->snh", h[t], Whh))
    ahead, back = h[1:].transpose(1, 2, 0, 3)
    out = np.concatenate([ahead, flip(back, lengths)], axis=-1)
    out[~valid] = 0
    return out, (both, h, valid, np.array(lengths), params)


def birnn_backward(dh, cache):
    both, h, valid, lengths, params = cache
    H = h.shape[-1]
    clean = np.zeros_like(dh)
    clean[valid] = dh[valid]
    d = np.stack([clean[..., :H], flip(clean[..., H:], lengths)])
    Wxh, Whh = stack(params, "Wxh"), stack(params, "Whh")
    da = np.empty((h.shape[0] - 1, *h.shape[1:]))
    carried = np.zeros(h.shape[1:])
    for t in range(len(da) - 1, -1, -1):
        da[t] = (d[:, :, t] + carried) * (1 - h[t + 1] ** 2)
        carried = np.einsum("snh,shk->snk", da[t], Whh)
    dWxh = np.einsum("tsnh,sntd->shd", da, both)
    dWhh = np.einsum("tsnh,tsnk->shk", da, h[:-1])
    dbh = da.sum(axis=(0, 2))
    dx = np.einsum("tsnh,shd->sntd", da, Wxh)
    grads = {
        side: {"bh": dbh[s], "Whh": dWhh[s], "Wxh": dWxh[s]}
        for s, side in enumerate(("forward", "backward"))
    }
    return dx[0] + flip(dx[1], lengths), grads
