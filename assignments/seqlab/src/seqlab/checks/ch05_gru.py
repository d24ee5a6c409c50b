"""Visible checks of chapter 5: the step by hand from the text, and one small general case."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from seqlab.layouts import gru_layout
from seqlab.registry import Check, visible_check

LN2, LN3 = float(np.log(2)), float(np.log(3))
NAMES = ("Wz", "Wr", "Wh")


def _hand_params() -> dict[str, np.ndarray]:
    """The weights of the worked example: z = 0.25, r = 0.8 and candidate = 0.8."""
    return {
        "Wz": np.array([[2 * LN3, -2 * LN3]]),
        "Wr": np.array([[2 * LN2, LN2]]),
        "Wh": np.array([[-2.5 * LN3, 2 * LN3]]),
    }


def _small_params(rng: np.random.Generator, D: int, H: int) -> dict[str, np.ndarray]:
    return {name: rng.normal(size=(H, H + D)) for name in NAMES}


def _one(value: float) -> np.ndarray:
    return np.array([[value]])


def _expect_params_gradient(
    c: Check,
    grads: Any,
    params: dict[str, np.ndarray],
    loss: Callable[[dict[str, np.ndarray]], float],
) -> None:
    c.expect("the keys of grads", sorted(grads), sorted(params))
    H, columns = params["Wz"].shape
    layout = gru_layout(columns - H, H)
    for name in NAMES:
        c.expect_gradient(
            f'grads["{name}"]',
            grads[name],
            lambda v, name=name: loss({**params, name: v}),
            at=params[name],
            layout=layout,
        )


@visible_check(
    "gru_step_forward",
    question="Which two vectors does (5.4) mix, and which of them carries the factor z?",
    likely="The candidate reads the old state only after the reset gate; a batch needs `joined @ W.T`.",
)
def gru_step_forward(c: Check) -> None:
    h, _ = c.call("gru_step_forward", _one(1.0), _one(0.5), _hand_params(), results=2)
    c.expect("h of the example in the text", h, _one(0.575), axes="N H")

    # Two units whose candidate reads the other unit's state; all gates are 1/2.
    params = {name: np.zeros((2, 3)) for name in NAMES}
    params["Wh"] = np.array([[0.0, 4 * LN2, 0.0], [4 * LN3, 0.0, LN3]])
    h_prev = np.array([[0.5, 0.0], [0.5, -0.5]])
    x = np.array([[0.0], [-2.0]])
    h, _ = c.call("gru_step_forward", x, h_prev, params, results=2)
    # Candidates: tanh(0) = 0 and tanh(ln 3) = 0.8; tanh(-ln 2) = -0.6 and tanh(-ln 3) = -0.8.
    want = np.array([[0.25, 0.4], [-0.05, -0.65]])
    c.expect("h of two units that read each other", h, want, axes="N H")

    # The reset gate differs from unit to unit: 0 for the first, 1 for the second.
    params["Wr"] = np.array([[0.0, 0.0, -1e3], [0.0, 0.0, 1e3]])
    params["Wh"] = np.array([[LN3, 2 * LN2, 0.0], [2 * LN3, 2 * LN2, 0.0]])
    h, _ = c.call("gru_step_forward", _one(1.0), np.full((1, 2), 0.5), params, results=2)
    c.expect("h when one unit is reset", h, np.array([[0.55, 0.55]]), axes="N H")
    c.expect_unchanged("gru_step_forward", x, h_prev, params)


@visible_check(
    "gru_step_backward",
    question="By how many ways does h_{t-1} reach h_t? Each is a term of dh_prev.",
    likely="A summand of (5.6) is missing, or grads of Wh were made with the gates' joined vector.",
)
def gru_step_backward(c: Check) -> None:
    _, cache = c.call("gru_step_forward", _one(1.0), _one(0.5), _hand_params(), results=2)
    _, dh_prev, grads = c.call("gru_step_backward", _one(1.0), cache, results=3)
    c.expect('grads["Wz"] of the example', grads["Wz"], np.array([[0.028125, 0.05625]]))
    c.expect('grads["Wh"] of the example', grads["Wh"], np.array([[0.036, 0.09]]))
    through_product = 0.09 * -2.5 * LN3
    want = 0.75 + 0.05625 * 2 * LN3 + through_product * (0.8 + 0.08 * 2 * LN2)
    c.expect("dh_prev of the example", dh_prev, _one(want), axes="N H")

    N, D, H = 2, 3, 4
    rng = np.random.default_rng(54)
    x, h_prev, dh = rng.normal(size=(N, D)), rng.normal(size=(N, H)), rng.normal(size=(N, H))
    params = _small_params(rng, D, H)

    def loss(x: Any, h_prev: Any, params: Any) -> float:
        h, _ = c.call("gru_step_forward", x, h_prev, params, results=2)
        return float(np.sum(dh * h))

    _, cache = c.call("gru_step_forward", x, h_prev, params, results=2)
    dx, dh_prev, grads = c.call("gru_step_backward", dh, cache, results=3)
    c.expect_gradient("dx", dx, lambda v: loss(v, h_prev, params), at=x, axes="N D")
    c.expect_gradient("dh_prev", dh_prev, lambda v: loss(x, v, params), at=h_prev, axes="N H")
    _expect_params_gradient(c, grads, params, lambda p: loss(x, h_prev, p))
    c.expect_unchanged("gru_step_backward", dh, cache)


@visible_check(
    "gru_forward",
    question="Which state does step t read, and which states belong to the result?",
    likely="h0 is not in the result, or the last step is missing.",
)
def gru_forward(c: Check) -> None:
    # Weights of zero: the candidate is 0 and z is 1/2, so that each step halves the state.
    params = {name: np.zeros((1, 2)) for name in NAMES}
    h, _ = c.call("gru_forward", np.ones((1, 3, 1)), _one(0.8), params, results=2)
    c.expect("h when it is halved at each step", h, np.array([[[0.4], [0.2], [0.1]]]), axes="N T H")

    rng = np.random.default_rng(7)
    x, h0 = rng.normal(size=(2, 5, 3)), rng.normal(size=(2, 4))
    params = _small_params(rng, 3, 4)
    h, _ = c.call("gru_forward", x, h0, params, results=2)
    c.expect("the shape of h", np.shape(h), (2, 5, 4))
    state = h0
    for t in range(5):
        state, _ = c.call("gru_step_forward", x[:, t], state, params, results=2)
        c.expect(f"h[:, {t}] against your own step", h[:, t], state, axes="N H")
    c.expect_unchanged("gru_forward", x, h0, params)


@visible_check(
    "gru_backward",
    question="What does a state receive from the loss, and what from the step after it?",
    likely="The gradients of the three matrices are sums over all steps.",
)
def gru_backward(c: Check) -> None:
    # Three steps that halve the state hand an eighth of the last gradient back.
    params = {name: np.zeros((1, 2)) for name in NAMES}
    _, cache = c.call("gru_forward", np.ones((1, 3, 1)), _one(0.0), params, results=2)
    dh = np.array([[[0.0], [0.0], [8.0]]])
    _, dh0, grads = c.call("gru_backward", dh, cache, results=3)
    c.expect("dh0 through three halvings", dh0, _one(1.0), axes="N H")
    # The candidate's pre-activations receive 1, 2 and 4, and every input is 1.
    c.expect('grads["Wh"] through three halvings', grads["Wh"], np.array([[0.0, 7.0]]))

    N, T, D, H = 2, 3, 2, 3
    rng = np.random.default_rng(13)
    x, h0, dh = rng.normal(size=(N, T, D)), rng.normal(size=(N, H)), rng.normal(size=(N, T, H))
    params = _small_params(rng, D, H)

    def loss(x: Any, h0: Any, params: Any) -> float:
        h, _ = c.call("gru_forward", x, h0, params, results=2)
        return float(np.sum(dh * h))

    _, cache = c.call("gru_forward", x, h0, params, results=2)
    dx, dh0, grads = c.call("gru_backward", dh, cache, results=3)
    c.expect_gradient("dx", dx, lambda v: loss(v, h0, params), at=x, axes="N T D")
    c.expect_gradient("dh0", dh0, lambda v: loss(x, v, params), at=h0, axes="N H")
    _expect_params_gradient(c, grads, params, lambda p: loss(x, h0, p))
    c.expect_unchanged("gru_backward", dh, cache)


@visible_check(
    "gru_reset_after_step",
    question="What exactly does r_t multiply in (5.9), and what does z_t multiply in (5.10)?",
    likely="The blocks come in the order r, z, n; b_hn stands inside the bracket.",
)
def gru_reset_after_step(c: Check) -> None:
    # r = 2/3, z = 1/4, n = tanh(0 + 2/3 * (1 + 0.5) * ln 3) = 0.8, with a state of 0.5.
    args = (
        _one(1.0),
        _one(0.5),
        np.array([[LN2], [-LN3], [LN3]]),
        np.array([[0.0], [2 * LN3], [2 * LN3]]),
        np.array([LN2, -LN3, -LN3]),
        np.array([-LN2, 0.0, 0.5 * LN3]),
    )
    h = c.call("gru_reset_after_step", *args)
    c.expect("h of one unit", h, _one(0.75 * 0.8 + 0.25 * 0.5), axes="N H")

    # Two units: gates are (0, 1) for r and 1/2 for z; W_hn exchanges the units.
    weight_hh = np.zeros((6, 2))
    weight_hh[4:] = 2 * LN3 * np.array([[0.0, 1.0], [1.0, 0.0]])
    bias_ih = np.array([-1e3, 1e3, 0.0, 0.0, LN2, 0.0])
    h_prev = np.array([[0.5, -0.5]])
    args = (np.ones((1, 3)), h_prev, np.zeros((6, 3)), weight_hh, bias_ih, np.zeros(6))
    h = c.call("gru_reset_after_step", *args)
    c.expect("h of two units", h, (np.array([[0.6, 0.8]]) + h_prev) / 2, axes="N H")
    c.expect_unchanged("gru_reset_after_step", *args)


@visible_check(
    "parameter_count",
    question="How many layers on the joined vector has each cell, and does it have biases?",
    likely="The recurrent weights are missing, or the GRU got biases that it does not have here.",
)
def parameter_count(c: Check) -> None:
    for cell, count in (("rnn", 8), ("lstm", 32), ("gru", 18)):
        c.expect(f"the count of {cell}, D = 1, H = 2", c.call("parameter_count", cell, 1, 2), count)
    c.expect("the count of lstm, D = 10, H = 20", c.call("parameter_count", "lstm", 10, 20), 2480)
    c.expect_error(ValueError, "cell", "parameter_count", "gated", 1, 2)
