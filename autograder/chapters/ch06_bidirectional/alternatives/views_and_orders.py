"""Time-major storage, so that results are views; Fortran order, negative strides, read-only arrays."""

import numpy as np


def frozen(array):
    array.setflags(write=False)
    return array


def reverse_padded(x, lengths):
    out = np.asfortranarray(x).copy(order="F")
    for n, length in enumerate(lengths):
        if length > 0:
            out[n, :length] = x[n, length - 1 :: -1][:length]
    return frozen(out)


def run(x, p):
    """Time-major (T + 1, N, H) states of time-major inputs."""
    h = np.zeros((len(x) + 1, x.shape[1], len(p["bh"])))
    for t in range(len(x)):
        np.matmul(h[t], p["Whh"].T, out=h[t + 1])
        h[t + 1] += x[t] @ p["Wxh"].T
        h[t + 1] += p["bh"]
        np.tanh(h[t + 1], out=h[t + 1])
    return h


def back(dh, x, h, p):
    da = np.zeros_like(h[1:])
    carried = np.zeros_like(h[0])
    for t in range(len(x) - 1, -1, -1):
        da[t] = (dh[t] + carried) * (1 - h[t + 1] ** 2)
        carried = da[t] @ p["Whh"]
    flat = da.reshape(-1, da.shape[2])
    return da @ p["Wxh"], {
        "bh": flat.sum(axis=0)[::-1].copy()[::-1],
        "Whh": frozen((h[:-1].reshape(flat.shape).T @ flat).T),
        "Wxh": (x.reshape(len(flat), -1).T @ flat).T,
    }


def birnn_forward(x, lengths, params):
    valid = np.arange(x.shape[1])[:, None, None] < np.asarray(lengths)[:, None]
    ahead = np.where(valid, x.swapaxes(0, 1), 0.0)
    turned = np.ascontiguousarray(reverse_padded(ahead.swapaxes(0, 1), lengths).swapaxes(0, 1))
    h_ahead, h_turned = run(ahead, params["forward"]), run(turned, params["backward"])
    h_back = reverse_padded(h_turned[1:].swapaxes(0, 1), lengths).swapaxes(0, 1)
    h = np.where(valid, np.concatenate([h_ahead[1:], h_back], axis=2), 0.0)
    return frozen(h.swapaxes(0, 1)), [ahead, turned, h_ahead, h_turned, valid, lengths, params]


def birnn_backward(dh, cache):
    ahead, turned, h_ahead, h_turned, valid, lengths, params = cache
    H = h_ahead.shape[2]
    d = np.where(valid, dh.swapaxes(0, 1), 0.0)
    dx, g = back(d[..., :H], ahead, h_ahead, params["forward"])
    d_turned = reverse_padded(d[..., H:].swapaxes(0, 1), lengths).swapaxes(0, 1)
    dx_turned, g_back = back(d_turned, turned, h_turned, params["backward"])
    total = dx.swapaxes(0, 1) + reverse_padded(dx_turned.swapaxes(0, 1), lengths)
    return frozen(total), {"backward": g_back, "forward": g}


def deep_rnn_forward(x, layers):
    tape = [np.ascontiguousarray(x.swapaxes(0, 1))]
    for p in layers:
        tape.append(run(tape[-1][len(tape) > 1 :], p))
    # Time runs backwards in memory here, and forwards in the view.
    return tape[-1][:0:-1][::-1].swapaxes(0, 1), {"tape": tape, "layers": layers}


def deep_rnn_backward(dh, cache):
    grads = []
    d = dh.swapaxes(0, 1)
    tape = cache["tape"]
    for level in range(len(cache["layers"]), 0, -1):
        x = np.ascontiguousarray(tape[level - 1][level > 1 :])
        d, g = back(d, x, tape[level], cache["layers"][level - 1])
        grads.insert(0, g)
    return d.swapaxes(0, 1), tuple(grads)
