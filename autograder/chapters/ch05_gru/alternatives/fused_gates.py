"""One product for both gates, input products of all steps at once, weight gradients by einsum at the end."""

import numpy as np
from scipy.special import expit


def gru_forward(x, h0, params):
    H = h0.shape[1]
    gates = np.vstack([params["Wz"], params["Wr"]])
    x_gates = np.einsum("ntd,gd->ntg", x, gates[:, H:])
    x_candidate = np.einsum("ntd,hd->nth", x, params["Wh"][:, H:])
    h = np.empty((x.shape[1] + 1, *h0.shape))
    z, r, candidate = (np.empty((x.shape[1], *h0.shape)) for _ in range(3))
    h[0] = h0
    for t in range(x.shape[1]):
        both = expit(x_gates[:, t] + h[t] @ gates[:, :H].T)
        z[t], r[t] = both[:, :H], both[:, H:]
        candidate[t] = np.tanh(x_candidate[:, t] + (r[t] * h[t]) @ params["Wh"][:, :H].T)
        h[t + 1] = h[t] + z[t] * (candidate[t] - h[t])
    return np.moveaxis(h[1:], 0, 1), dict(x=x, h=h, z=z, r=r, candidate=candidate, params=params)


def gru_backward(dh, cache):
    x, h, z, r = cache["x"], cache["h"], cache["z"], cache["r"]
    candidate, params = cache["candidate"], cache["params"]
    H = h.shape[2]
    da = {name: np.empty(z.shape) for name in params}
    back = np.zeros(h.shape[1:])
    for t in range(len(z))[::-1]:
        back = back + dh[:, t]
        da["Wh"][t] = back * z[t] * (1 + candidate[t]) * (1 - candidate[t])
        d_product = da["Wh"][t] @ params["Wh"][:, :H]
        da["Wr"][t] = d_product * h[t] * r[t] * (1 - r[t])
        da["Wz"][t] = back * (candidate[t] - h[t]) * z[t] * (1 - z[t])
        back = back * (1 - z[t]) + d_product * r[t]
        back += da["Wz"][t] @ params["Wz"][:, :H] + da["Wr"][t] @ params["Wr"][:, :H]
    dx = sum(np.einsum("tnh,hd->ntd", da[name], params[name][:, H:]) for name in params)
    states = {"Wz": h[:-1], "Wr": h[:-1], "Wh": r * h[:-1]}
    grads = {
        name: np.hstack(
            [
                np.einsum("tnh,tnk->hk", da[name], states[name]),
                np.einsum("tnh,ntd->hd", da[name], x),
            ]
        )
        for name in params
    }
    return dx, back, grads


def gru_step_forward(x, h_prev, params):
    h, cache = gru_forward(x[:, None], h_prev, params)
    return h[:, 0], cache


def gru_step_backward(dh, cache):
    dx, dh_prev, grads = gru_backward(dh[:, None], cache)
    return dx[:, 0], dh_prev, grads


def gru_reset_after_step(x, h_prev, weight_ih, weight_hh, bias_ih, bias_hh):
    H = h_prev.shape[1]
    joined = np.hstack([x, h_prev])
    gates = expit(
        joined @ np.hstack([weight_ih, weight_hh])[: 2 * H].T + (bias_ih + bias_hh)[: 2 * H]
    )
    r, z = gates.reshape(len(x), 2, H).swapaxes(0, 1)
    inner = h_prev @ weight_hh[2 * H :].T + bias_hh[2 * H :]
    n = np.tanh(x @ weight_ih[2 * H :].T + bias_ih[2 * H :] + r * inner)
    return n + z * (h_prev - n)
