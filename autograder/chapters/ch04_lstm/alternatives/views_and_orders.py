"""Results as read-only, Fortran-ordered, strided and broadcast views; the cache aliases the results."""

import numpy as np


def _frozen(array):
    view = np.asfortranarray(array)
    view.setflags(write=False)
    return view


def _strided(array):
    wide = np.full((*array.shape, 2), np.nan)
    wide[..., 0] = array
    return wide[..., 0]


def _sigmoid(z):
    out = np.zeros(z.shape)
    high = z >= 0
    out[high] = 1 / (1 + np.exp(-z[high]))
    low = np.exp(z[~high])
    out[~high] = low / (1 + low)
    return out


def lstm_step_forward(x, h_prev, c_prev, params):
    # Columns in place of rows, as the text writes it: W @ [h; x].
    column = np.concatenate([h_prev.T, x.T])
    z = {k: params["W" + k] @ column + params["b" + k][:, None] for k in "fioc"}
    f, i, o, g = _sigmoid(z["f"]), _sigmoid(z["i"]), _sigmoid(z["o"]), np.tanh(z["c"])
    c = f * c_prev.T + i * g
    h = o * np.tanh(c)
    for array in (h, c):
        array.setflags(write=False)
    return h.T, c.T, (column, c_prev.T, f, i, o, g, c, params)


def lstm_step_backward(dh, dc, cache):
    column, c_prev, f, i, o, g, c, params = cache
    s = np.tanh(c)
    at_c = dc.T + dh.T * o * (1 - s**2)
    dz = {
        "f": at_c * c_prev * f * (1 - f),
        "i": at_c * g * i * (1 - i),
        "o": dh.T * s * o * (1 - o),
        "c": at_c * i * (1 - g**2),
    }
    at_column = sum(params["W" + k].T @ d for k, d in dz.items())
    grads = {}
    for k, d in dz.items():
        grads["W" + k] = _frozen(d @ column.T)
        grads["b" + k] = _strided(d.sum(axis=1))
    H = len(c)
    return at_column[H:].T, _frozen(at_column[:H].T), _strided((at_c * f).T), grads


def lstm_forward(x, h0, c0, params):
    N, T, _ = x.shape
    both = np.empty((2, T, N, h0.shape[1]))
    caches, h, c = [], h0, c0
    for t in range(T):
        h, c, cache = lstm_step_forward(x[:, t], h, c, params)
        both[:, t] = h, c
        caches.append(cache)
    both.setflags(write=False)
    h_all, c_all = both.transpose(0, 2, 1, 3)
    return h_all, c_all, caches


def lstm_backward(dh, dc_last, cache):
    at_h, at_c = np.broadcast_to(0.0, dc_last.shape), dc_last
    T = dh.shape[1]
    backwards, sums = [], {}
    for t in range(T):
        dx, at_h, at_c, grads = lstm_step_backward(dh[:, T - 1 - t] + at_h, at_c, cache[T - 1 - t])
        backwards.append(dx)
        sums = {k: grads[k] + sums[k] if sums else grads[k] for k in grads}
    dx = np.array(backwards)[::-1].transpose(1, 0, 2)
    return dx, _frozen(at_h), at_c, {k: _frozen(v) for k, v in sums.items()}


def cell_highway(f):
    return _strided(np.cumprod(f, axis=0)[-1])


def init_lstm(D, H, seed, forget_bias=1.0):
    rng = np.random.Generator(np.random.Philox(seed))
    bound = 1 / np.sqrt(H)
    stacked = rng.uniform(-bound, bound, size=(H + D, H, 4))
    params = {"W" + k: stacked[..., j].T for j, k in enumerate("fioc")}
    params |= {"b" + k: np.broadcast_to(0.0, H) for k in "ioc"}
    return params | {"bf": np.broadcast_to(np.float64(forget_bias), H)}


def lstm_from_torch(weight_ih, weight_hh, bias_ih, bias_hh):
    H = weight_hh.shape[-1]
    weight = np.concatenate([weight_hh, weight_ih], axis=-1).reshape(4, H, -1)
    bias = (bias_hh + bias_ih).reshape(4, H)
    weight.setflags(write=False)
    return {s + k: a[j] for j, k in enumerate("ifco") for s, a in (("W", weight), ("b", bias))}
