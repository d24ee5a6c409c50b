"""The backward pass as one linear system; caches hold the arguments and everything is recomputed."""

import numpy as np
from scipy.linalg import block_diag, solve_triangular


def rnn_step_forward(x, h_prev, params):
    h, cache = rnn_forward(x[:, None, :], h_prev, params)
    return h[:, 0], cache


def rnn_step_backward(dh, cache):
    dx, dh_prev, grads = rnn_backward(dh[:, None, :], cache)
    return dx[:, 0], dh_prev, grads


def rnn_forward(x, h0, params):
    return np.stack([_states(row, h, params)[1:] for row, h in zip(x, h0)]), (x, h0, params)


def _states(x, h, params):
    states = [h]
    for x_t in x:
        states.append(np.tanh(params["Wxh"] @ x_t + params["Whh"] @ states[-1] + params["bh"]))
    return np.array(states)


def rnn_backward(dh, cache):
    x, h0, params = cache
    N, T, H = dh.shape
    dx, dh0 = np.zeros(x.shape), np.zeros(h0.shape)
    grads = {name: np.zeros(value.shape) for name, value in params.items()}
    for n in range(N):
        h = _states(x[n], h0[n], params)
        slope = 1 - h[1:] ** 2
        # delta_t / slope_t = dh_t + Whh^T delta_{t+1}: block bidiagonal, one block per step
        system = np.eye(T * H)
        for t in range(T - 1):
            rows, columns = slice(t * H, t * H + H), slice(t * H + H, t * H + 2 * H)
            system[rows, columns] = -params["Whh"].T * slope[t + 1]
        total = solve_triangular(system, dh[n].ravel(), lower=False, unit_diagonal=True)
        delta = total.reshape(T, H) * slope
        dx[n] = (block_diag(*[params["Wxh"].T] * T) @ delta.ravel()).reshape(x[n].shape)
        dh0[n] = params["Whh"].T @ delta[0]
        grads["Wxh"] += delta.T @ x[n]
        grads["Whh"] += delta.T @ h[:-1]
        grads["bh"] += delta.sum(axis=0)
    return dx, dh0, grads


def sample(params, readout, h0, first_token, length, temperature, seed):
    if not (isinstance(temperature, (int, float, np.number)) and temperature > 0):
        raise ValueError("temperature", temperature)
    draws = np.random.default_rng(seed).random(length)
    columns = params["Wxh"].T + params["bh"]  # a one-hot input picks a column
    state, token = h0.ravel(), int(first_token)
    for t, u in enumerate(draws.copy()):
        state = np.tanh(params["Whh"].dot(state) + columns[token])
        scores = readout["Why"].dot(state) + readout["by"]
        scores = scores / temperature
        log_p = scores - np.logaddexp.reduce(scores)
        above = np.cumsum(np.exp(log_p)) > u
        token = int(above.argmax()) if above.any() else above.size - 1
        draws[t] = token
    return draws.astype(np.int64)
