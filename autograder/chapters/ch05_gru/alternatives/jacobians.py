"""Backward by explicit Jacobian matrices per row, and the whole sequence by an adjoint recursion over them."""

import numpy as np
from scipy.special import expit


def _values(x, h, params):
    hx = np.append(h, x)
    z, r = expit(params["Wz"] @ hx), expit(params["Wr"] @ hx)
    rhx = np.append(r * h, x)
    return hx, rhx, z, r, np.tanh(params["Wh"] @ rhx)


def _jacobians(x, h, params):
    """dh_t/dh_{t-1}, dh_t/dx_t and the factors of the three weight gradients, for one row."""
    H = len(h)
    hx, rhx, z, r, g = _values(x, h, params)
    dz = (z * (1 - z))[:, None] * params["Wz"]
    dr = (r * (1 - r))[:, None] * params["Wr"]
    slope = 1 - g**2
    Wh_h, Wh_x = params["Wh"][:, :H], params["Wh"][:, H:]
    d_product = np.diag(r) + h[:, None] * dr[:, :H]
    dg_dh = slope[:, None] * (Wh_h @ d_product)
    dg_dx = slope[:, None] * (Wh_h @ (h[:, None] * dr[:, H:]) + Wh_x)
    J_h = np.diag(1 - z) + (g - h)[:, None] * dz[:, :H] + z[:, None] * dg_dh
    J_x = (g - h)[:, None] * dz[:, H:] + z[:, None] * dg_dx
    into_product = (z * slope)[:, None] * Wh_h
    factors = (
        ("Wz", np.diag((g - h) * z * (1 - z)), hx),
        ("Wr", into_product * (h * r * (1 - r)), hx),
        ("Wh", np.diag(z * slope), rhx),
    )
    return J_h, J_x, factors


def gru_step_forward(x, h_prev, params):
    rows = []
    for x_n, h_n in zip(x, h_prev):
        *_, z, _, g = _values(x_n, h_n, params)
        rows.append((1 - z) * h_n + z * g)
    return np.array(rows), [_jacobians(x_n, h_n, params) for x_n, h_n in zip(x, h_prev)]


def gru_step_backward(dh, cache):
    grads = {}
    for d, (_, _, factors) in zip(dh, cache):
        for name, J, inputs in factors:
            grads[name] = grads.get(name, 0) + np.outer(d @ J, inputs)
    dx = np.array([d @ J_x for d, (_, J_x, _) in zip(dh, cache)])
    return dx, np.array([d @ J_h for d, (J_h, _, _) in zip(dh, cache)]), grads


def gru_forward(x, h0, params):
    h, tapes = [h0], []
    for t in range(x.shape[1]):
        new, tape = gru_step_forward(x[:, t], h[-1], params)
        h.append(new)
        tapes.append(tape)
    return np.stack(h[1:], axis=-2), tuple(tapes)


def gru_backward(dh, cache):
    # First the whole gradient of every state, then everything else in one go.
    whole = [np.zeros_like(dh[:, 0])]
    for t in reversed(range(len(cache))):
        state = dh[:, t] + (whole[-1] if t < len(cache) - 1 else 0)
        whole[-1] = state
        whole.append(np.array([d @ J_h for d, (J_h, _, _) in zip(state, cache[t])]))
    dh0 = whole.pop()
    results = [gru_step_backward(d, tape) for d, tape in zip(reversed(whole), cache)]
    grads = {name: sum(r[2][name] for r in results) for name in ("Wz", "Wr", "Wh")}
    return np.stack([r[0] for r in results], axis=1), dh0, grads
