"""Everything in single precision, as with weights copied from a framework."""

import numpy as np


def single(*arrays):
    return [np.asarray(a, dtype=np.float32) for a in arrays]


def logistic(a):
    return (np.float32(1) + np.tanh(a / np.float32(2))) / np.float32(2)


def gru_step_forward(x, h_prev, params):
    x, h_prev = single(x, h_prev)
    Wz, Wr, Wh = single(params["Wz"], params["Wr"], params["Wh"])
    hx = np.hstack((h_prev, x))
    z, r = logistic(hx @ Wz.T), logistic(hx @ Wr.T)
    rhx = np.hstack((r * h_prev, x))
    g = np.tanh(rhx @ Wh.T)
    return (1 - z) * h_prev + z * g, (hx, rhx, z, r, g, Wz, Wr, Wh)


def gru_step_backward(dh, cache):
    hx, rhx, z, r, g, Wz, Wr, Wh = cache
    (dh,) = single(dh)
    H = z.shape[1]
    h_prev = hx[:, :H]
    dg = dh * z * (1 - g * g)
    drhx = dg @ Wh
    dz = dh * (g - h_prev) * z * (1 - z)
    dr = drhx[:, :H] * h_prev * r * (1 - r)
    dhx = dz @ Wz + dr @ Wr + np.hstack((dh * (1 - z) + drhx[:, :H] * r, drhx[:, H:]))
    return dhx[:, H:], dhx[:, :H], {"Wh": dg.T @ rhx, "Wz": dz.T @ hx, "Wr": dr.T @ hx}


def gru_forward(x, h0, params):
    outputs, tape = [], []
    for x_t in np.swapaxes(x, 0, 1):
        h0, saved = gru_step_forward(x_t, h0, params)
        outputs += [h0]
        tape += [saved]
    return np.stack(outputs, 1), tape


def gru_backward(dh, cache):
    (dh,) = single(dh)
    carried = np.float32(0)
    dx = np.zeros((*dh.shape[:2], cache[0][0].shape[1] - dh.shape[2]), np.float32)
    total = None
    for t, saved in reversed(list(enumerate(cache))):
        dx[:, t], carried, grads = gru_step_backward(dh[:, t] + carried, saved)
        total = grads if total is None else {k: total[k] + grads[k] for k in grads}
    return dx, carried, total


def gru_reset_after_step(x, h_prev, weight_ih, weight_hh, bias_ih, bias_hh):
    x, h_prev, weight_ih, weight_hh, bias_ih, bias_hh = single(
        x, h_prev, weight_ih, weight_hh, bias_ih, bias_hh
    )
    i_r, i_z, i_n = np.array_split(x @ weight_ih.T + bias_ih, 3, axis=-1)
    h_r, h_z, h_n = np.array_split(h_prev @ weight_hh.T + bias_hh, 3, axis=-1)
    z = logistic(i_z + h_z)
    return (1 - z) * np.tanh(i_n + logistic(i_r + h_r) * h_n) + z * h_prev


def parameter_count(cell, D, H):
    if cell not in ("rnn", "lstm", "gru"):
        raise ValueError(f"no such cell: {cell}")
    return np.int32(
        {"rnn": 1, "lstm": 4}.get(cell, 3) * H * (H + D) + {"rnn": 1, "lstm": 4}.get(cell, 0) * H
    )
