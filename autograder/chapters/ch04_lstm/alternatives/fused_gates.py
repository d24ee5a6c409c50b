"""One matrix for all four layers, the input's part computed for all steps at once; no step function is used."""

import numpy as np

ORDER = "fioc"


def _fuse(params):
    W = np.vstack([params["W" + name] for name in ORDER])
    return W, np.hstack([params["b" + name] for name in ORDER])


def _unfuse(dW, db):
    blocks = zip(ORDER, np.vsplit(dW, 4), np.split(db, 4), strict=True)
    return {
        key: value for name, W, b in blocks for key, value in (("W" + name, W), ("b" + name, b))
    }


def _squash(z, H):
    out = np.empty_like(z)
    # tanh is the logistic function stretched, and saturates exactly.
    out[..., : 3 * H] = 0.5 * (1.0 + np.tanh(0.5 * z[..., : 3 * H]))
    out[..., 3 * H :] = np.tanh(z[..., 3 * H :])
    return out


def _slope(s, H):
    gates, candidate = s[..., : 3 * H], s[..., 3 * H :]
    return np.concatenate([gates * (1 - gates), 1 - candidate**2], axis=-1)


def lstm_forward(x, h0, c0, params):
    W, b = _fuse(params)
    H = h0.shape[1]
    from_input = np.einsum("ntd,kd->tnk", x, W[:, H:]) + b
    hs, cs, activations = [h0], [c0], []
    for z in from_input:
        s = _squash(z + hs[-1] @ W[:, :H].T, H)
        f, i, o, g = np.split(s, 4, axis=1)
        cs.append(f * cs[-1] + i * g)
        hs.append(o * np.tanh(cs[-1]))
        activations.append(s)
    hs, cs, activations = np.array(hs), np.array(cs), np.array(activations)
    return hs[1:].swapaxes(0, 1), cs[1:].swapaxes(0, 1), (x, W, hs, cs, activations)


def lstm_backward(dh, dc_last, cache):
    x, W, hs, cs, activations = cache
    T, N, H = len(activations), hs.shape[1], hs.shape[2]
    f, i, o, g = np.split(activations, 4, axis=2)
    slopes = _slope(activations, H)
    squashed = np.tanh(cs[1:])
    dz = np.empty((T, N, 4 * H))
    dh_next, dc_next = 0.0, dc_last
    for t in range(T - 1, -1, -1):
        at_h = dh[:, t] + dh_next
        at_c = dc_next + at_h * o[t] * (1 - squashed[t] ** 2)
        parts = [at_c * cs[t], at_c * g[t], at_h * squashed[t], at_c * i[t]]
        dz[t] = np.hstack(parts) * slopes[t]
        dh_next, dc_next = dz[t] @ W[:, :H], at_c * f[t]
    dW = np.hstack(
        [np.einsum("tnk,tnh->kh", dz, hs[:-1]), np.einsum("tnk,ntd->kd", dz, x)],
    )
    dx = np.einsum("tnk,kd->ntd", dz, W[:, H:])
    return dx, dh_next, dc_next, _unfuse(dW, dz.sum(axis=(0, 1)))


def lstm_step_forward(x, h_prev, c_prev, params):
    h, c, cache = lstm_forward(x[:, np.newaxis], h_prev, c_prev, params)
    return h[:, 0], c[:, 0], cache


def lstm_step_backward(dh, dc, cache):
    dx, dh_prev, dc_prev, grads = lstm_backward(dh[:, np.newaxis], dc, cache)
    return dx[:, 0], dh_prev, dc_prev, grads


def init_lstm(D, H, seed, forget_bias=1.0):
    rng = np.random.default_rng(seed)
    W = (2 * rng.random((4 * H, H + D)) - 1) / np.sqrt(H)
    b = np.zeros(4 * H)
    b[:H] = forget_bias
    return _unfuse(W, b)


def lstm_from_torch(weight_ih, weight_hh, bias_ih, bias_hh):
    H = weight_hh.shape[1]
    rows = np.arange(4 * H).reshape(4, H)[[1, 0, 3, 2]].ravel()
    return _unfuse(np.hstack([weight_hh, weight_ih])[rows], (bias_ih + bias_hh)[rows])
