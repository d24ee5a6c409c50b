"""Visible checks of chapter 4: the step by hand from the text, and one small general case."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from seqlab.layouts import lstm_layout
from seqlab.places import Layout
from seqlab.registry import Check, visible_check

LN2, LN3 = float(np.log(2)), float(np.log(3))
NAMES = ("Wf", "Wi", "Wo", "Wc", "bf", "bi", "bo", "bc")


def _hand_params() -> dict[str, np.ndarray]:
    """The weights of the worked example: f = 0.9, i = 0.5, o = 0.75 and candidate = 0.6."""
    zero = np.zeros(1)
    return {
        "Wf": np.array([[LN3, LN3]]),
        "Wi": np.array([[LN2, -LN2]]),
        "Wo": np.array([[0.0, LN3]]),
        "Wc": np.array([[2 * LN2, -LN2]]),
        **dict.fromkeys(NAMES[4:], zero),
    }


def _small_params(rng: np.random.Generator, D: int, H: int) -> dict[str, np.ndarray]:
    weights = {name: rng.normal(size=(H, H + D)) for name in NAMES[:4]}
    return weights | {name: rng.normal(size=H) for name in NAMES[4:]}


def _layout(params: dict[str, np.ndarray]) -> Layout:
    H, columns = params["Wf"].shape
    return lstm_layout(columns - H, H)


def _one(value: float) -> np.ndarray:
    return np.array([[value]])


def _with(params: dict[str, np.ndarray], name: str, value: np.ndarray) -> dict[str, np.ndarray]:
    return {**params, name: value}


def _expect_params_gradient(
    c: Check,
    grads: Any,
    params: dict[str, np.ndarray],
    loss: Callable[[dict[str, np.ndarray]], float],
) -> None:
    c.expect("the keys of grads", sorted(grads), sorted(params))
    layout = _layout(params)
    for name in NAMES:
        c.expect_gradient(
            f'grads["{name}"]',
            grads[name],
            lambda v, name=name: loss(_with(params, name, v)),
            at=params[name],
            axes="H" if params[name].ndim == 1 else "",
            layout=layout,
        )


@visible_check(
    "lstm_step_forward",
    question="Which of c_t and tanh(c_t) belongs into (4.6), and which one is handed on?",
    likely="The joined vector has h first and x second; a batch needs `joined @ W.T`.",
)
def lstm_step_forward(c: Check) -> None:
    args = _one(1.0), _one(1.0), _one(0.5), _hand_params()
    h, cell, _ = c.call("lstm_step_forward", *args, results=3)
    c.expect("c of the example in the text", cell, _one(0.75), axes="N H")
    c.expect("h of the example in the text", h, _one(0.75 * np.tanh(0.75)), axes="N H")

    # With zero weights the biases alone set the gates: f = 1/4, i = 2/3, o = 1/2, candidate 0.8.
    D, H = 2, 3
    params = {name: np.zeros((H, H + D)) for name in NAMES[:4]}
    for name, bias in (("bf", -LN3), ("bi", LN2), ("bo", 0.0), ("bc", LN3)):
        params[name] = np.full(H, bias)
    c_prev = np.array([[4.0, 0.0, -4.0], [1.0, 2.0, 8.0]])
    h_prev = np.array([[0.5, -0.5, 0.1], [0.2, 0.3, -0.9]])
    x = np.array([[1.0, -1.0], [2.0, 0.5]])
    want = c_prev / 4 + 2 / 3 * 0.8
    h, cell, _ = c.call("lstm_step_forward", x, h_prev, c_prev, params, results=3)
    c.expect("c with zero weights", cell, want, axes="N H")
    c.expect("h with zero weights", h, np.tanh(want) / 2, axes="N H")
    c.expect_unchanged("lstm_step_forward", x, h_prev, c_prev, params)

    # Candidates that copy: unit 0 reads x, unit 1 its own h, unit 2 the other feature of x.
    routes = np.array([[0.0, 0, 0, 1, 0], [0, 1, 0, 0, 0], [0, 0, 0, 0, 1]])
    params = params | {"Wc": routes, "bc": np.zeros(H)}
    copied = np.tanh(np.stack([x[:, 0], h_prev[:, 1], x[:, 1]], axis=1))
    _, cell, _ = c.call("lstm_step_forward", x, h_prev, c_prev, params, results=3)
    c.expect("c when the candidates copy h and x", cell, c_prev / 4 + 2 / 3 * copied, axes="N H")

    params = params | {"bf": np.full(H, 1e3), "bi": np.full(H, -1e3), "bo": np.full(H, 1e3)}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", RuntimeWarning)
        h, cell, _ = c.call("lstm_step_forward", x, h_prev, c_prev, params, results=3)
    c.expect("c with f = 1 and i = 0", cell, c_prev, axes="N H")
    c.expect("c equals c_prev exactly", bool(np.array_equal(cell, c_prev)), True)
    c.expect("h with o = 1", h, np.tanh(c_prev), axes="N H")
    c.expect("warnings with saturated gates", [str(item.message) for item in caught], [])


@visible_check(
    "lstm_step_backward",
    question="Over which two arrows does a gradient reach c_t, and over how many h_{t-1}?",
    likely="A term of (4.7) is missing, or one of the four layers sends nothing to h_prev.",
)
def lstm_step_backward(c: Check) -> None:
    x, h_prev, c_prev, params = _one(1.0), _one(1.0), _one(0.5), _hand_params()
    _, _, cache = c.call("lstm_step_forward", x, h_prev, c_prev, params, results=3)
    *_, dc_prev, grads = c.call("lstm_step_backward", _one(0.0), _one(1.0), cache, results=4)
    c.expect("dc_prev of the example in the text", dc_prev, _one(0.9), axes="N H")
    c.expect('grads["bf"] of the example in the text', grads["bf"], np.array([0.045]), axes="H")

    N, D, H = 2, 3, 2
    rng = np.random.default_rng(11)  # no gradient is small here: single precision has room
    x, h_prev, c_prev = rng.normal(size=(N, D)), rng.normal(size=(N, H)), rng.normal(size=(N, H))
    params, dh, dc = _small_params(rng, D, H), rng.normal(size=(N, H)), rng.normal(size=(N, H))

    def loss(x: Any, h_prev: Any, c_prev: Any, params: Any) -> float:
        h, cell, _ = c.call("lstm_step_forward", x, h_prev, c_prev, params, results=3)
        return float(np.sum(dh * h) + np.sum(dc * cell))

    _, _, cache = c.call("lstm_step_forward", x, h_prev, c_prev, params, results=3)
    dx, dh_prev, dc_prev, grads = c.call("lstm_step_backward", dh, dc, cache, results=4)
    c.expect_gradient(
        "dc_prev", dc_prev, lambda v: loss(x, h_prev, v, params), at=c_prev, axes="N H"
    )
    c.expect_gradient(
        "dh_prev", dh_prev, lambda v: loss(x, v, c_prev, params), at=h_prev, axes="N H"
    )
    c.expect_gradient("dx", dx, lambda v: loss(v, h_prev, c_prev, params), at=x, axes="N D")
    _expect_params_gradient(c, grads, params, lambda p: loss(x, h_prev, c_prev, p))
    c.expect_unchanged("lstm_step_backward", dh, dc, cache)


@visible_check(
    "lstm_forward",
    question="Which two states does step t hand to step t + 1?",
    likely="Both results start at step 1 and end at step T; the initial states are not among them.",
)
def lstm_forward(c: Check) -> None:
    # Every gate is 1/2 and the candidate 0, so that the cell is halved at each step.
    params = {name: np.zeros((1, 2)) for name in NAMES[:4]}
    params |= {name: np.zeros(1) for name in NAMES[4:]}
    x, zero = np.ones((1, 3, 1)), np.zeros((1, 1))
    h, cell, _ = c.call("lstm_forward", x, zero, _one(8.0), params, results=3)
    halved = np.array([[[4.0], [2.0], [1.0]]])
    c.expect("c when it is halved at each step", cell, halved, axes="N T H")
    c.expect("h when the cell is halved", h, np.tanh(halved) / 2, axes="N T H")

    # The candidate reads x only, f and i are open: the cell counts up by tanh(x).
    params = {name: np.zeros((2, 3)) for name in NAMES[:4]}
    params |= {name: np.full(2, 1e3) for name in ("bf", "bi", "bo")}
    params |= {"bc": np.zeros(2), "Wc": np.array([[0.0, 0.0, 1.0], [0.0, 0.0, -2.0]])}
    x = np.array([[[0.5], [1.0], [-0.5], [0.0]], [[0.0], [0.25], [0.5], [2.0]]])
    h0, c0 = np.array([[0.1, 0.2], [0.3, -0.4]]), np.array([[1.0, 0.0], [-1.0, 0.5]])
    h, cell, _ = c.call("lstm_forward", x, h0, c0, params, results=3)
    want = c0[:, None] + np.cumsum(np.tanh(x * np.array([1.0, -2.0])), axis=1)
    c.expect("c when all gates are open", cell, want, axes="N T H")
    c.expect("h when all gates are open", h, np.tanh(want), axes="N T H")
    c.expect_unchanged("lstm_forward", x, h0, c0, params)

    rng = np.random.default_rng(7)
    x, h0, c0 = rng.normal(size=(2, 3, 2)), rng.normal(size=(2, 4)), rng.normal(size=(2, 4))
    params = _small_params(rng, 2, 4)
    h, cell, _ = c.call("lstm_forward", x, h0, c0, params, results=3)
    h_t, c_t = h0, c0
    for t in range(3):
        h_t, c_t, _ = c.call("lstm_step_forward", x[:, t], h_t, c_t, params, results=3)
        c.expect(f"h[:, {t}] against your own step", h[:, t], h_t, axes="N H")
        c.expect(f"c[:, {t}] against your own step", cell[:, t], c_t, axes="N H")


@visible_check(
    "lstm_backward",
    question="What does step t receive from the loss, and what from step t + 1?",
    likely="Gradients of the eight parameters are a sum over all steps; dc_last enters only once.",
)
def lstm_backward(c: Check) -> None:
    # Gates of 1/2 and a candidate of 0: three steps hand an eighth of dc_last back to c0.
    params = {name: np.zeros((1, 2)) for name in NAMES[:4]}
    params |= {name: np.zeros(1) for name in NAMES[4:]}
    zero = np.zeros((1, 1))
    _, _, cache = c.call("lstm_forward", np.ones((1, 3, 1)), zero, zero, params, results=3)
    _, _, dc0, _ = c.call("lstm_backward", np.zeros((1, 3, 1)), _one(8.0), cache, results=4)
    c.expect("dc0 through three gates of 1/2", dc0, _one(1.0), axes="N H")

    N, T, D, H = 2, 3, 2, 3
    rng = np.random.default_rng(11)
    x, h0, c0 = rng.normal(size=(N, T, D)), rng.normal(size=(N, H)), rng.normal(size=(N, H))
    params = _small_params(rng, D, H)
    dh, dc_last = rng.normal(size=(N, T, H)), rng.normal(size=(N, H))

    def loss(x: Any, h0: Any, c0: Any, params: Any) -> float:
        h, cell, _ = c.call("lstm_forward", x, h0, c0, params, results=3)
        return float(np.sum(dh * h) + np.sum(dc_last * cell[:, -1]))

    _, _, cache = c.call("lstm_forward", x, h0, c0, params, results=3)
    dx, dh0, dc0, grads = c.call("lstm_backward", dh, dc_last, cache, results=4)
    c.expect_gradient("dc0", dc0, lambda v: loss(x, h0, v, params), at=c0, axes="N H")
    c.expect_gradient("dh0", dh0, lambda v: loss(x, v, c0, params), at=h0, axes="N H")
    c.expect_gradient("dx", dx, lambda v: loss(v, h0, c0, params), at=x, axes="N T D")
    _expect_params_gradient(c, grads, params, lambda p: loss(x, h0, c0, p))
    c.expect_unchanged("lstm_backward", dh, dc_last, cache)


@visible_check(
    "cell_highway",
    question="How are the factors of the single steps combined in (4.9)?",
    likely="One number per unit: the time axis is the first.",
)
def cell_highway(c: Check) -> None:
    f = np.array([[0.5, 1.0, 0.9], [0.5, 1.0, 0.0], [0.8, 1.0, 0.7]])
    c.expect("the highway", c.call("cell_highway", f), np.array([0.2, 1.0, 0.0]), axes="H")
    f = np.array([[0.5, 0.25]])
    c.expect("the highway of one step", c.call("cell_highway", f), f[0], axes="H")
    c.expect_unchanged("cell_highway", np.full((4, 2), 0.9))


@visible_check(
    "init_lstm",
    question="Which of the eight arrays are random, and which one of the others is not zero?",
    likely="The bound is 1/sqrt(H), with the number of hidden units.",
)
def init_lstm(c: Check) -> None:
    D, H = 3, 16
    params = c.call("init_lstm", D, H, 0)
    c.expect("the keys", sorted(params), sorted(NAMES))
    c.expect("bf", params["bf"], np.ones(H), axes="H")
    for name in ("bi", "bo", "bc"):
        c.expect(name, params[name], np.zeros(H), axes="H")
    for name in NAMES[:4]:
        c.expect(f"the shape of {name}", np.shape(params[name]), (H, H + D))
        largest = float(np.abs(params[name]).max())
        c.expect(f"{name} stays within its bounds", largest <= 0.25 + 1e-6, True)
        c.expect(f"{name} comes close to its bounds", largest >= 0.2, True)
        c.expect(f"{name} has both signs", bool((params[name] < 0).any()), True)
    c.expect("bf of 2.5", c.call("init_lstm", D, H, 0, 2.5)["bf"], np.full(H, 2.5), axes="H")
    again, other = c.call("init_lstm", D, H, 0), c.call("init_lstm", D, H, 1)
    c.expect("Wc of the same seed", again["Wc"], params["Wc"])
    c.expect("Wc differs by seed", bool(np.array_equal(other["Wc"], params["Wc"])), False)
    c.expect("Wf differs from Wi", bool(np.array_equal(params["Wf"], params["Wi"])), False)


@visible_check(
    "lstm_from_torch",
    question="Which block of rows is the forget gate's, in the order that (4.10) gives?",
    likely="Torch's third block is the candidate, the fourth the output gate.",
)
def lstm_from_torch(c: Check) -> None:
    # D = 2, H = 1: row k belongs to block k, and every number tells where it came from.
    weight_ih = np.array([[1.0, 2.0], [11.0, 12.0], [21.0, 22.0], [31.0, 32.0]])
    weight_hh = np.array([[5.0], [15.0], [25.0], [35.0]])
    bias_ih, bias_hh = np.array([0.0, 10.0, 20.0, 30.0]), np.array([0.5, 0.25, 0.125, 0.0])
    params = c.call("lstm_from_torch", weight_ih, weight_hh, bias_ih, bias_hh)
    want = {
        "Wi": np.array([[5.0, 1.0, 2.0]]),
        "Wf": np.array([[15.0, 11.0, 12.0]]),
        "Wc": np.array([[25.0, 21.0, 22.0]]),
        "Wo": np.array([[35.0, 31.0, 32.0]]),
        "bi": np.array([0.5]),
        "bf": np.array([10.25]),
        "bc": np.array([20.125]),
        "bo": np.array([30.0]),
    }
    c.expect("params", params, want, layout=_layout(want))

    H, D = 2, 3
    weight_ih, weight_hh = np.arange(24.0).reshape(4 * H, D), -np.arange(16.0).reshape(4 * H, H)
    params = c.call("lstm_from_torch", weight_ih, weight_hh, np.arange(8.0), np.ones(8))
    c.expect("Wf", params["Wf"], np.array([[-4.0, -5, 6, 7, 8], [-6, -7, 9, 10, 11]]), axes="H H+D")
    c.expect("bf", params["bf"], np.array([3.0, 4.0]), axes="H")
    c.expect_unchanged("lstm_from_torch", weight_ih, weight_hh, np.arange(8.0), np.ones(8))
