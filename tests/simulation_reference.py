"""The computations of the six simulations in numpy, written from the equations and not from the modules.

Each function takes the settings of a simulation by name and returns what `compute` of the module returns, as far as it
is drawn.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Result = dict[str, Any]


def scaled_orthogonal(size: int, scale: float) -> np.ndarray:
    """Rotations of planes by 0.3, 0.8, 1.3 …, then the reflection at the plane across (1, …, 1)."""
    rotations = np.zeros((size, size))
    for plane in range(0, size, 2):
        angle = 0.3 + 0.25 * plane
        rotations[plane : plane + 2, plane : plane + 2] = [
            [np.cos(angle), -np.sin(angle)],
            [np.sin(angle), np.cos(angle)],
        ]
    normal = np.ones((size, 1)) / np.sqrt(size)
    return scale * (np.eye(size) - 2 * normal @ normal.T) @ rotations


def unfolding(length: int, weight: float) -> Result:
    x = np.array([1, 0, 3, -1, 2, 0, 1, -2, 3, 1, 0, 2], float)[:length]
    states = [4.0]
    for value in x:
        states.append(weight * states[-1] + 2.0 * value)
    # Backpropagation step by step: the loss is the last state.
    delta, shares = np.zeros(length), np.zeros(length)
    gradient = 1.0
    for t in range(length, 0, -1):
        delta[t - 1] = gradient
        shares[t - 1] = gradient * states[t - 1]
        gradient *= weight
    return {"x": x, "states": states, "delta": delta, "shares": shares, "gradient": shares.sum()}


def forward_pass(
    length: int, eigenvalue: float, strength: float, signal: str, unit: int = 1
) -> Result:
    t = np.arange(1, length + 1)
    shape = {
        "pulse": (t == 1).astype(float),
        "wave": np.sin(0.8 * t),
        "switch": np.where(t <= length / 2, 1.0, -1.0),
    }[signal]
    x, units = strength * shape, np.arange(8)
    Wxh, Why, Whh = (
        np.cos(1.7 * units + 0.4),
        np.cos(0.9 * units) / 2,
        scaled_orthogonal(8, eigenvalue),
    )
    states, recurrent, linear = [np.zeros(8)], [], [np.zeros(8)]
    for value in x:
        recurrent.append(Whh @ states[-1])
        states.append(np.tanh(recurrent[-1] + Wxh * value))
        linear.append(Whh @ linear[-1] + Wxh * value)
    h = np.array(states)
    return {
        "x": x,
        "states": h,
        "recurrent": recurrent,
        "driven": np.outer(x, Wxh),
        "y": h[1:] @ Why,
        "norms": np.linalg.norm(h, axis=1),
        "linear": np.linalg.norm(linear, axis=1),
        "saturated": (np.abs(h) > 0.9).sum(axis=1),
    }


def gradient_flow(
    length: int, eigenvalue: float, threshold: float, drive: float, logarithmic: bool = False
) -> Result:
    W = scaled_orthogonal(8, eigenvalue)
    x = drive * np.sin(1.1 * np.arange(1, length + 1)[:, None] + 2 * np.arange(8))

    def flow(linear: bool) -> tuple[Result, np.ndarray]:
        h = np.zeros((length + 1, 8))
        for t in range(1, length + 1):
            before = W @ h[t - 1] + x[t - 1]
            h[t] = before if linear else np.tanh(before)
        slopes = np.ones((length, 8)) if linear else 1 - h[1:] ** 2
        # The whole Jacobian dh_T/dh_t at every step, where the module multiplies one vector.
        product, deltas = np.eye(8), np.zeros((length, 8))
        for t in range(length, 0, -1):
            deltas[t - 1] = np.ones(8) / np.sqrt(8) @ product
            product = product @ np.diag(slopes[t - 1]) @ W
        inside = deltas * slopes

        def norms_from(factors: np.ndarray) -> np.ndarray:
            """Return, for each t, the norm of the sum of the outer products of steps t to T."""
            return np.array([np.linalg.norm(inside[t:].T @ factors[t:]) for t in range(length)])

        arrays = {
            "Whh": norms_from(h[:-1]),
            "Wxh": norms_from(x),
            "bh": norms_from(np.ones((length, 1))),
        }
        total = np.linalg.norm(list(arrays.values()), axis=0)
        flowed = {
            "norms": np.linalg.norm(deltas, axis=1),
            **arrays,
            "total": total,
            "factor": min(1.0, threshold / total[0]),
        }
        return flowed, slopes

    (linear, _), (tanh, slopes) = flow(True), flow(False)
    return {"linear": linear, "tanh": tanh, "slope": np.mean(slopes)}


def lstm_cell(forget: float, input: float, output: float, length: int, signal: str) -> Result:
    t = np.arange(1, length + 1)
    x = {
        "wave": np.sin(0.6 * t),
        "silence": np.zeros(length),
        "late": np.where(t == np.ceil(length / 2), 2.0, 0.0),
    }[signal]
    candidate = np.tanh(x)
    # The recurrence solved: what was written at step s has been multiplied by f once per step since.
    times = np.arange(length + 1)
    since = times[:, None] - t[None, :]
    weights = np.where(since >= 0, float(forget) ** np.maximum(since, 0), 0.0)
    kept = float(forget) ** times
    written = weights @ (input * candidate)
    cell = kept + written
    hidden = output * np.tanh(cell)
    hidden[0] = 0.0
    return {
        "candidate": candidate,
        "cell": cell,
        "hidden": hidden,
        "kept": kept,
        "written": written,
        "direct": float(forget) ** (length - times),
    }


ALPHABET = "abcdefghijklmnopqrstuvwxyz_"
TEXT = "attention_reads_all_states_at_every_step"


def _embeddings(width: int) -> np.ndarray:
    seed, signs = 2014, []
    for _ in range(len(ALPHABET) * width):
        seed = seed * 16807 % (2**31 - 1)
        signs.append(1.0 if seed % 4 < 2 else -1.0)
    return np.array(signs).reshape(len(ALPHABET), width) / np.sqrt(width)


def encoder_decoder(length: int, width: int, keep: float, sharpness: float) -> Result:
    letters = np.array([ALPHABET.index(letter) for letter in TEXT[:length]])
    table, Q = _embeddings(width), scaled_orthogonal(width, 1.0)
    states, state = [], np.zeros(width)
    for letter in letters:
        state = keep * Q @ state + table[letter]
        states.append(state)
    encoded = np.array(states)

    read = [
        np.linalg.matrix_power(Q.T, length - 1 - k) @ encoded[-1] if length - 1 - k else encoded[-1]
        for k in range(length)
    ]
    position = np.arange(1, length + 1)
    ahead = 2.0 * (position[None, :] - position[:, None])
    scores = sharpness * (np.tanh(ahead + 1.0) - np.tanh(ahead - 1.0))
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)

    def decoder(vectors: np.ndarray) -> Result:
        fits = vectors @ table.T
        picked = fits.argmax(axis=1)
        return {
            "scores": fits,
            "picked": picked,
            "right": picked == letters,
            "accuracy": np.mean(picked == letters),
        }

    return {
        "letters": letters,
        "states": encoded,
        "weights": weights,
        "share": keep ** (length - position),
        "bottleneck": decoder(np.array(read)),
        "attention": decoder(weights @ encoded),
    }


def _tanh_difference(u: np.ndarray, v: np.ndarray, apart: np.ndarray) -> np.ndarray:
    """Return tanh(u) − tanh(v) from u − v: without the cancellation, which leaves noise once u and v are close."""
    return np.tanh(apart) * (1 - np.tanh(u) * np.tanh(v))


def _sigmoid(z: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-z))


def _playground_lstm(inputs: np.ndarray, signal: np.ndarray, forget: float) -> Result:
    """Run the LSTM on two rows, the signal and its opposite, beside the difference of the rows and the Jacobian."""
    U = scaled_orthogonal(12, 0.2)
    biases = {
        "f": np.clip(np.log(forget / max(1 - forget, 1e-300)), -40, 40),
        "i": np.log(0.1 / 0.9),
        "o": 0.0,
    }
    weights = {"f": 2.0, "i": 1.0, "o": 1.0}
    c = np.array([signal, -signal])
    h = 0.5 * np.tanh(c)
    dc, dh = c[0] - c[1], h[0] - h[1]
    # d(c, h)/dc_1, one block above the other.
    jacobian = np.vstack([np.eye(12), np.diag(0.5 * (1 - np.tanh(signal) ** 2))])
    states, gradient, gates = [signal], [1.0], []
    for x in inputs:
        seen, apart = h @ U.T, U @ dh
        before = {k: seen + weights[k] * x + biases[k] for k in weights}
        gate = {k: _sigmoid(z) for k, z in before.items()}
        moved = {k: _tanh_difference(z[0] / 2, z[1] / 2, apart / 2) / 2 for k, z in before.items()}
        g, dg = np.tanh(seen + x), _tanh_difference(*(seen + x), apart)
        f, i, o = (gate[k][0] for k in "fio")
        inner = c[0] * f * (1 - f) + g[0] * i * (1 - i) + i * (1 - g[0] ** 2)
        dc = f * dc + moved["f"] * c[1] + i * dg + moved["i"] * g[1]
        c = gate["f"] * c + gate["i"] * g
        squashed = np.tanh(c)
        dh = o * _tanh_difference(c[0], c[1], dc) + moved["o"] * squashed[1]
        h = gate["o"] * squashed
        of_c = np.hstack([np.diag(f), inner[:, None] * U])
        slope, opened = o * (1 - squashed[0] ** 2), squashed[0] * o * (1 - o)
        of_h = slope[:, None] * of_c + np.hstack([np.zeros((12, 12)), opened[:, None] * U])
        jacobian = np.vstack([of_c, of_h]) @ jacobian
        states.append(dc / 2)
        gradient.append(np.linalg.norm(jacobian[:12]) / np.sqrt(12))
        gates.append(f)
    return {"states": states, "gradient": gradient, "gate": np.mean(gates)}


def memory_playground(
    length: int, eigenvalue: float, forget: float, noise: float, tanh: bool
) -> Result:
    units, W = np.arange(12), scaled_orthogonal(12, eigenvalue)
    signal = np.where(units % 3 == 0, -0.8, 0.8)
    t = np.arange(1, length + 1)
    inputs = noise * np.sqrt(2) * np.sin(1.9 * t[:, None] + 0.8 * units**2 + 1)
    h, apart = np.array([signal, -signal]), 2 * signal
    jacobian = np.eye(12)
    states, gradient, slopes = [signal], [1.0], []
    for x in inputs:
        before = h @ W.T + x
        apart = W @ apart
        if tanh:
            apart = _tanh_difference(*before, apart)
        h = np.tanh(before) if tanh else before
        slope = 1 - h[0] ** 2 if tanh else np.ones(12)
        slopes.append(slope)
        jacobian = np.diag(slope) @ W @ jacobian
        gradient.append(np.linalg.norm(jacobian) / np.sqrt(12))
        states.append(apart / 2)
    lstm = _playground_lstm(inputs, signal, forget)
    whole = np.linalg.norm(signal)
    return {
        "rnnStates": states,
        "lstmStates": lstm["states"],
        "rnn": np.linalg.norm(states, axis=1) / whole,
        "lstm": np.linalg.norm(lstm["states"], axis=1) / whole,
        "gradient": gradient,
        "lstmGradient": lstm["gradient"],
        "linear": float(eigenvalue) ** np.arange(length + 1),
        "constant": float(forget) ** np.arange(length + 1),
        "slope": np.mean(slopes),
        "gate": lstm["gate"],
    }
