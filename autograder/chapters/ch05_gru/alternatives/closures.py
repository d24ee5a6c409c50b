"""The cache is a function that computes the gradients; sequences chain such functions."""

import numpy as np


def gru_step_forward(x, h_prev, params):
    Wz, Wr, Wh = (params[name] for name in ("Wz", "Wr", "Wh"))
    H = h_prev.shape[-1]
    with np.errstate(over="ignore"):
        z = 1 / (1 + np.exp(-(h_prev @ Wz[:, :H].T + x @ Wz[:, H:].T)))
        r = 1 / (1 + np.exp(-(h_prev @ Wr[:, :H].T + x @ Wr[:, H:].T)))
    kept = r * h_prev
    g = np.tanh(kept @ Wh[:, :H].T + x @ Wh[:, H:].T)

    def pull_back(dh):
        def layer(da, W, state):
            return da @ W[:, :H], da @ W[:, H:], np.c_[da.T @ state, da.T @ x]

        d_kept, dx, dWh = layer(dh * z * (1 - g**2), Wh, kept)
        through_r, dx_r, dWr = layer(d_kept * h_prev * r * (1 - r), Wr, h_prev)
        through_z, dx_z, dWz = layer(dh * (g - h_prev) * z * (1 - z), Wz, h_prev)
        dh_prev = dh * (1 - z) + d_kept * r + through_r + through_z
        return dx + dx_r + dx_z, dh_prev, {"Wz": dWz, "Wr": dWr, "Wh": dWh}

    return g * z + h_prev - h_prev * z, pull_back


gru_step_backward = lambda dh, cache: cache(dh)  # noqa: E731


def gru_forward(x, h0, params):
    def run(t, h):
        if t == x.shape[1]:
            return [], []
        h, pull_back = gru_step_forward(x[:, t], h, params)
        later_h, later = run(t + 1, h)
        return [h, *later_h], [pull_back, *later]

    states, tape = run(0, h0)
    return np.array(states).transpose(1, 0, 2), lambda: tape


def gru_backward(dh, cache):
    tape = cache()

    def run(t):
        if t == len(tape):
            return [], 0.0, None
        dx, from_later, grads = run(t + 1)
        dx_t, back, step = tape[t](dh[:, t] + from_later)
        if grads is not None:
            step = {name: step[name] + grads[name] for name in step}
        return [dx_t, *dx], back, step

    dx, dh0, grads = run(0)
    return np.array(dx).transpose(1, 0, 2), dh0, grads
