"""Everything in single precision."""

import numpy as np

F = np.float32


def layer(x, p):
    x = x.astype(F)
    Wxh, Whh, bh = (p[k].astype(F) for k in ("Wxh", "Whh", "bh"))
    h = [np.zeros((len(x), len(bh)), F)]
    for t in range(x.shape[1]):
        h.append(np.tanh(x[:, t] @ Wxh.T + h[-1] @ Whh.T + bh))
    return np.stack(h, axis=1), (x, h, Wxh, Whh)


def layer_back(dh, tape):
    x, h, Wxh, Whh = tape
    dh = dh.astype(F)
    grads = {"Wxh": np.zeros_like(Wxh), "Whh": np.zeros_like(Whh), "bh": np.zeros(len(Whh), F)}
    dx, carried = np.zeros_like(x), F(0)
    for t in range(x.shape[1])[::-1]:
        da = (dh[:, t] + carried) * (1 - h[t + 1] * h[t + 1])
        grads["Wxh"] += da.T @ x[:, t]
        grads["Whh"] += da.T @ h[t]
        grads["bh"] += da.sum(0)
        dx[:, t] = da @ Wxh
        carried = da @ Whh
    return dx, grads


def turned(x, lengths):
    t = np.arange(x.shape[1])[None]
    length = np.asarray(lengths)[:, None]
    index = np.where(t < length, length - 1 - t, t)
    return np.stack([row[i] for row, i in zip(x, index)])


def birnn_forward(x, lengths, params):
    valid = np.arange(x.shape[1])[None, :, None] < np.asarray(lengths)[:, None, None]
    x = np.where(valid, x, 0).astype(F)
    ahead, tape_ahead = layer(x, params["forward"])
    back, tape_back = layer(turned(x, lengths), params["backward"])
    h = np.concatenate((ahead[:, 1:], turned(back[:, 1:], lengths)), axis=-1)
    return np.where(valid, h, F(0)), (tape_ahead, tape_back, valid, lengths)


def birnn_backward(dh, cache):
    tape_ahead, tape_back, valid, lengths = cache
    ahead, back = np.array_split(np.where(valid, dh, 0), 2, axis=-1)
    dx, g_ahead = layer_back(ahead, tape_ahead)
    dx_back, g_back = layer_back(turned(back, lengths), tape_back)
    return dx + turned(dx_back, lengths), dict(backward=g_back, forward=g_ahead)


def deep_rnn_forward(x, layers):
    tapes = ()
    for p in layers:
        states, tape = layer(x, p)
        x, tapes = states[:, 1:], (*tapes, tape)
    return x, tapes


def deep_rnn_backward(dh, cache):
    grads = ()
    for tape in cache[::-1]:
        dh, g = layer_back(dh, tape)
        grads = (g, *grads)
    return dh, grads


def reverse_padded(x, lengths):
    return turned(x, lengths).astype(F)
