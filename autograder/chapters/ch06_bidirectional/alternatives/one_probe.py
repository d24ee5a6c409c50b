"""One of the three changes and no other; a backward that collects its steps first and multiplies once at the end."""

import numpy as np


def leaks_future(model, x):
    before = np.asarray(model(np.array(x, dtype=float)))
    T = len(x)
    for step in range(T - 1, 0, -1):
        later = (np.arange(T) == step).astype(float)[:, None]
        after = np.asarray(model(x + later))
        if any(abs(value) > 1e-9 for value in (after - before)[:step].ravel().tolist()):
            return True
    return False


def deep_rnn_backward(dh, cache):
    all_grads = [None] * len(cache)
    for layer in range(len(cache) - 1, -1, -1):
        below, states, params = cache[layer]
        slope = 1.0 - np.square(states[:, 1:])
        steps = [None] * below.shape[1]
        arriving = np.zeros_like(states[:, 0])
        for t in range(below.shape[1] - 1, -1, -1):
            steps[t] = slope[:, t] * (dh[:, t] + arriving)
            arriving = steps[t] @ params["Whh"]
        da = np.stack(steps, axis=1)
        all_grads[layer] = {
            "bh": np.einsum("nth->h", da),
            "Whh": np.einsum("nth,ntk->hk", da, states[:, :-1]),
            "Wxh": np.tensordot(da, below, axes=([0, 1], [0, 1])),
        }
        dh = da @ params["Wxh"]
    return dh, all_grads
