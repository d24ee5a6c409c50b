"""Column vectors inside, so that results are transposed views, Fortran-ordered, strided or read-only."""

import numpy as np


def frozen(array):
    array.flags.writeable = False
    return array


def logistic(a):
    e = np.exp(-np.abs(a))
    return np.where(a >= 0, 1 / (1 + e), e / (1 + e))


def gru_step_forward(x, h_prev, params):
    h, X = h_prev.T, x.T
    v = np.vstack([h, X])
    z, r = logistic(params["Wz"] @ v), logistic(params["Wr"] @ v)
    w = np.vstack([r * h, X])
    g = np.tanh(params["Wh"] @ w)
    new = h + z * (g - h)
    return frozen(new.T), [v, w, z, r, g, params]


def gru_step_backward(dh, cache):
    v, w, z, r, g, params = cache
    d, H = dh.T, len(z)
    a_h = d * z * (1 - g**2)
    dw = params["Wh"].T @ a_h
    a_z = d * (g - v[:H]) * z * (1 - z)
    a_r = dw[:H] * v[:H] * r * (1 - r)
    dv = params["Wz"].T @ a_z + params["Wr"].T @ a_r
    grads = {
        "Wr": np.asfortranarray(a_r @ v.T),
        "Wh": frozen((w @ a_h.T).T),
        "Wz": (a_z @ v.T)[::-1].copy()[::-1],
    }
    return (dv + dw)[H:].T, (dv[:H] + d * (1 - z) + dw[:H] * r).T, grads


def gru_forward(x, h0, params):
    T = x.shape[1]
    # Every second entry of a larger array: the result is a strided view of time-major storage.
    storage = np.full((2 * T, h0.shape[1], h0.shape[0]), np.nan)
    h, tape = h0, []
    for t in range(T):
        h, saved = gru_step_forward(x[:, t], h, params)
        storage[2 * t] = h.T
        tape.append(saved)
    return frozen(storage[::2].transpose(2, 0, 1)), tape


def gru_backward(dh, cache):
    grads, dx, back = {}, [], np.zeros(dh.shape[::2])
    for t in range(dh.shape[1] - 1, -1, -1):
        dx_t, back, step = gru_step_backward(dh[:, t] + back, cache[t])
        dx.append(dx_t)
        grads = {k: step[k] + grads[k] for k in step} if grads else step
    return frozen(np.array(dx)[::-1].swapaxes(0, 1)), back, grads


def gru_reset_after_step(x, h_prev, weight_ih, weight_hh, bias_ih, bias_hh):
    H = h_prev.shape[1]
    a = (weight_ih @ x.T + bias_ih[:, None]).reshape(3, H, -1)
    b = (weight_hh @ h_prev.T + bias_hh[:, None]).reshape(3, H, -1)
    r, z = logistic((a + b)[:2])
    n = np.tanh(a[2] + r * b[2])
    return frozen(((1 - z) * n + z * h_prev.T).T)
