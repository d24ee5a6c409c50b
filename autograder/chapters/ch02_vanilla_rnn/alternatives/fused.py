"""One weight matrix on [h, x, 1]; the weight gradients are one product over all steps at the end."""

import numpy as np


def _fuse(params):
    return np.concatenate([params["Whh"], params["Wxh"], params["bh"][:, None]], axis=1)


def _split(dW, H):
    return {"Whh": dW[:, :H], "Wxh": dW[:, H:-1], "bh": dW[:, -1]}


def rnn_step_forward(x, h_prev, params):
    z = np.concatenate([h_prev, x, np.ones((len(x), 1))], axis=1)
    W = _fuse(params)
    h = np.tanh(np.einsum("nz,hz->nh", z, W))
    return h, (z, W, 1.0 - h * h)


def rnn_step_backward(dh, cache):
    z, W, slope = cache
    H = len(W)
    da = dh * slope
    dz = da @ W
    return dz[:, H:-1], dz[:, :H], _split(np.einsum("nh,nz->hz", da, z), H)


def rnn_forward(x, h0, params):
    N, T, D = x.shape
    H = h0.shape[1]
    W = _fuse(params)
    z = np.empty((T + 1, N, H + D + 1))
    z[0, :, :H] = h0
    z[:-1, :, H:-1] = x.transpose(1, 0, 2)
    z[:, :, -1] = 1.0
    for t in range(T):
        np.tanh(z[t] @ W.T, out=z[t + 1, :, :H])
    return z[1:, :, :H].transpose(1, 0, 2), (z, W)


def rnn_backward(dh, cache):
    z, W = cache
    N, T, H = dh.shape
    da = np.zeros((T + 1, N, H))  # a step behind the last, from which nothing comes back
    for t in range(T, 0, -1):
        arriving = dh[:, t - 1] + (da[t] @ W[:, :H] if t < T else 0.0)
        da[t - 1] = arriving * (1.0 - z[t, :, :H] ** 2)
    dz = da[:-1] @ W
    dW = np.tensordot(da[:-1], z[:-1], axes=([0, 1], [0, 1]))
    return dz[:, :, H:-1].swapaxes(0, 1), dz[0, :, :H], _split(dW, H)


def readout_forward(h, readout):
    return np.einsum("nth,vh->ntv", h, readout["Why"]) + readout["by"], [readout["Why"], h]


def readout_backward(dy, cache):
    Why, h = cache
    flat_dy, flat_h = dy.reshape(-1, dy.shape[2]), h.reshape(-1, h.shape[2])
    return np.tensordot(dy, Why, 1), {"by": flat_dy.sum(0), "Why": flat_dy.T @ flat_h}


def softmax_cross_entropy(logits, targets, mask):
    dlogits = np.zeros_like(logits)
    n, t = np.nonzero(mask)
    if not len(n):
        return 0.0, dlogits
    y, k = logits[n, t], targets[n, t]
    y = y - y.max(1, keepdims=True)
    p = np.exp(y)
    total = p.sum(1, keepdims=True)
    loss = np.mean(np.log(total[:, 0]) - y[np.arange(len(k)), k])
    p /= total
    p[np.arange(len(k)), k] -= 1
    dlogits[n, t] = p / len(k)
    return loss, dlogits
