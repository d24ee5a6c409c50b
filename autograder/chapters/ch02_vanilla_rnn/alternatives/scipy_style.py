"""scipy where it has a function: log_softmax, softmax, BLAS products, and numpy's own `choice`."""

import numpy as np
from scipy.linalg import blas
from scipy.special import expit, log_softmax, softmax


def rnn_step_forward(x, h_prev, params):
    a = blas.dgemm(1.0, x, params["Wxh"], trans_b=True)
    a = blas.dgemm(1.0, h_prev, params["Whh"], beta=1.0, c=a, trans_b=True) + params["bh"]
    h = 2.0 * expit(2.0 * a) - 1.0  # tanh by way of the logistic function
    return h, (x, h_prev, 4.0 * expit(2.0 * a) * expit(-2.0 * a), params)


def rnn_step_backward(dh, cache):
    x, h_prev, slope, params = cache
    da = dh * slope
    grads = dict(
        Wxh=blas.dgemm(1.0, da, x, trans_a=True),
        Whh=blas.dgemm(1.0, da, h_prev, trans_a=True),
        bh=np.add.reduce(da),
    )
    return blas.dgemm(1.0, da, params["Wxh"]), blas.dgemm(1.0, da, params["Whh"]), grads


def softmax_cross_entropy(logits, targets, mask):
    dlogits = np.zeros(logits.shape)
    valid = np.flatnonzero(mask)
    if valid.size:
        y = logits.reshape(-1, logits.shape[-1])[valid]
        true = targets.ravel()[valid]
        rows = np.arange(valid.size)
        loss = -log_softmax(y, axis=1)[rows, true].mean()
        p = softmax(y, axis=1)
        np.subtract.at(p, (rows, true), 1.0)
        dlogits.reshape(-1, logits.shape[-1])[valid] = p / valid.size
    else:
        loss = np.float64(0)
    return loss, dlogits


def sample(params, readout, h0, first_token, length, temperature, seed):
    if temperature > 0:
        rng = np.random.default_rng(seed)
        alphabet = np.arange(len(readout["by"]))
        tokens = [first_token]
        h = h0
        for _ in range(length):
            x = (alphabet == tokens[-1]).astype(float)[None]
            h = rnn_step_forward(x, h, params)[0]
            p = softmax((h @ readout["Why"].T + readout["by"])[0] / temperature)
            # `choice` draws one random() and searches the cumulative sum from the right.
            tokens.append(rng.choice(alphabet, p=p))
        return np.array(tokens[1:], dtype=np.int64)
    raise ValueError("`temperature` must exceed 0")
