"""Visible checks of Chapter 2: the numbers of its worked example, and one general shape each."""

from __future__ import annotations

import numpy as np

from seqlab.registry import Check, visible_check

LN2, LN3 = np.log(2.0), np.log(3.0)


def _toy() -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """Inputs, initial state and parameters of the worked example."""
    x = np.array([[[LN2 - 0.3], [LN3 - 0.4]]])
    params = {"Wxh": np.array([[1.0]]), "Whh": np.array([[0.5]]), "bh": np.array([0.1])}
    return x, np.array([[0.4]]), params


def _general(
    *shapes: tuple[int, ...], D: int = 2, H: int = 3
) -> tuple[list[np.ndarray], dict[str, np.ndarray]]:
    """Arrays of the shapes given, and parameters; the same numbers at every call."""
    rng = np.random.default_rng(2)
    params = {
        "Wxh": rng.normal(size=(H, D)) * 0.5,
        "Whh": rng.normal(size=(H, H)) * 0.5,
        "bh": rng.normal(size=H) * 0.5,
    }
    return [rng.normal(size=shape) for shape in shapes], params


@visible_check(
    "rnn_step_forward",
    question="Which three terms are added before the tanh of equation (2.1)?",
    likely="A product with `Whh` where rows need its transpose, equation (2.3).",
)
def rnn_step_forward(c: Check) -> None:
    """First step of the worked example; two units with a recurrent matrix that is not symmetric."""
    x, h0, params = _toy()
    h, _ = c.call("rnn_step_forward", x[:, 0], h0, params, results=2)
    c.expect("h", h, np.array([[0.6]]), axes="N H")

    # h_prev picks the second column of Whh: the arguments of the tanh are ln 2 and ln 3.
    params = {
        "Wxh": np.zeros((2, 3)),
        "Whh": np.array([[9.0, LN2], [-9.0, LN3 - 0.5]]),
        "bh": np.array([0.0, 0.5]),
    }
    h_prev = np.array([[0.0, 1.0], [0.0, 0.0]])
    h, _ = c.call("rnn_step_forward", np.ones((2, 3)), h_prev, params, results=2)
    c.expect("h", h, np.array([[0.6, 0.8], [0.0, np.tanh(0.5)]]), axes="N H")

    (x, h_prev), params = _general((4, 2), (4, 3))
    c.expect_unchanged("rnn_step_forward", x, h_prev, params)


@visible_check(
    "rnn_step_backward",
    question="Where does the slope of the tanh enter, and which results need it? See (2.4), (2.5).",
    likely="One of the results uses `dh` where equation (2.5) or (2.7) has the gradient behind "
    "the slope.",
)
def rnn_step_backward(c: Check) -> None:
    """Second step of the worked example; central differences of the student's own forward."""
    x, _, params = _toy()
    _, cache = c.call("rnn_step_forward", x[:, 1], np.array([[0.6]]), params, results=2)
    dx, dh_prev, grads = c.call("rnn_step_backward", np.array([[1.0]]), cache, results=3)
    c.expect("dx", dx, np.array([[0.36]]), axes="N D")
    c.expect("dh_prev", dh_prev, np.array([[0.18]]), axes="N H")
    want = {
        "Wxh": np.array([[0.36 * (LN3 - 0.4)]]),
        "Whh": np.array([[0.216]]),
        "bh": np.array([0.36]),
    }
    c.expect("grads", grads, want)

    (x, h_prev, dh), params = _general((4, 2), (4, 3), (4, 3))

    def loss(x: np.ndarray, h_prev: np.ndarray, params: dict[str, np.ndarray]) -> float:
        h, _ = c.call("rnn_step_forward", x, h_prev, params, results=2)
        return float(np.sum(h * dh))

    _, cache = c.call("rnn_step_forward", x, h_prev, params, results=2)
    dx, dh_prev, grads = c.call("rnn_step_backward", dh, cache, results=3)
    c.expect_gradient("dx", dx, lambda v: loss(v, h_prev, params), at=x, axes="N D")
    c.expect_gradient("dh_prev", dh_prev, lambda v: loss(x, v, params), at=h_prev, axes="N H")
    for name in params:
        c.expect_gradient(
            f'grads["{name}"]',
            grads[name],
            lambda v, name=name: loss(x, h_prev, {**params, name: v}),
            at=params[name],
        )
    c.expect_unchanged("rnn_step_backward", dh, cache)


@visible_check(
    "rnn_forward",
    question="Which state does step t start from, and which does the first step start from?",
    likely="The states are stacked along another axis than the docstring says, or start from zeros.",
)
def rnn_forward(c: Check) -> None:
    """The worked example; then two sequences that read their initial state or an input alone."""
    x, h0, params = _toy()
    h, _ = c.call("rnn_forward", x, h0, params, results=2)
    c.expect("h", h, np.array([[[0.6], [0.8]]]), axes="N T H")

    # One unit that passes its state on through the tanh, beside one that copies the input.
    params = {
        "Wxh": np.array([[0.0], [1.0]]),
        "Whh": np.array([[1.0, 0.0], [0.0, 0.0]]),
        "bh": np.zeros(2),
    }
    x = np.array([[[LN2], [0.0], [LN3]], [[0.0], [LN3], [LN2]]])
    h0 = np.array([[0.5, 9.0], [-1.0, 9.0]])
    once, twice = np.tanh([0.5, -1.0]), np.tanh(np.tanh([0.5, -1.0]))
    passed = np.stack([once, twice, np.tanh(twice)], axis=1)
    copied = np.array([[0.6, 0.0, 0.8], [0.0, 0.8, 0.6]])
    h, _ = c.call("rnn_forward", x, h0, params, results=2)
    c.expect("h", h, np.stack([passed, copied], axis=2), axes="N T H")

    (x, h0), params = _general((2, 4, 2), (2, 3))
    c.expect_unchanged("rnn_forward", x, h0, params)


@visible_check(
    "rnn_backward",
    question="Which two gradients meet at the state of a step that is not the last? See (2.6).",
    likely="The gradient from the next step is not added, or the sums of (2.7) keep one step only.",
)
def rnn_backward(c: Check) -> None:
    """The worked example; central differences of the student's own forward."""
    x, h0, params = _toy()
    _, cache = c.call("rnn_forward", x, h0, params, results=2)
    dx, dh0, grads = c.call("rnn_backward", np.array([[[0.0], [1.0]]]), cache, results=3)
    c.expect("dx", dx, np.array([[[0.1152], [0.36]]]), axes="N T D")
    c.expect("dh0", dh0, np.array([[0.0576]]), axes="N H")
    want = {
        "Wxh": np.array([[0.1152 * (LN2 - 0.3) + 0.36 * (LN3 - 0.4)]]),
        "Whh": np.array([[0.26208]]),
        "bh": np.array([0.4752]),
    }
    c.expect("grads", grads, want)

    (x, h0, dh), params = _general((2, 4, 2), (2, 3), (2, 4, 3))

    def loss(x: np.ndarray, h0: np.ndarray, params: dict[str, np.ndarray]) -> float:
        h, _ = c.call("rnn_forward", x, h0, params, results=2)
        return float(np.sum(h * dh))

    _, cache = c.call("rnn_forward", x, h0, params, results=2)
    dx, dh0, grads = c.call("rnn_backward", dh, cache, results=3)
    c.expect_gradient("dx", dx, lambda v: loss(v, h0, params), at=x, axes="N T D")
    c.expect_gradient("dh0", dh0, lambda v: loss(x, v, params), at=h0, axes="N H")
    for name in params:
        c.expect_gradient(
            f'grads["{name}"]',
            grads[name],
            lambda v, name=name: loss(x, h0, {**params, name: v}),
            at=params[name],
        )
    c.expect_unchanged("rnn_backward", dh, cache)


@visible_check(
    "readout_forward",
    question="What follows the two terms of equation (2.2)?",
    likely="The readout ends in a nonlinearity, or covers the last step only.",
)
def readout_forward(c: Check) -> None:
    """Two states that pick columns of `Why`; a general shape that must stay as it is."""
    readout = {"Why": np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), "by": np.array([0, 0.5, -1])}
    h = np.array([[[1.0, 0.0], [0.0, 1.0]]])
    y, _ = c.call("readout_forward", h, readout, results=2)
    c.expect("y", y, np.array([[[1.0, 3.5, 4.0], [2.0, 4.5, 5.0]]]), axes="N T V")

    (h,), _ = _general((2, 4, 2))
    c.expect_unchanged("readout_forward", h, readout)


@visible_check(
    "readout_backward",
    question="Over which axes do the sums of (2.8) run?",
    likely="The gradients of the readout are summed over the batch but not over time, or averaged.",
)
def readout_backward(c: Check) -> None:
    """Two states, one score; central differences of the student's own forward."""
    readout = {"Why": np.array([[2.0, -1.0]]), "by": np.array([0.5])}
    h = np.array([[[1.0, 0.0], [3.0, 1.0]]])
    _, cache = c.call("readout_forward", h, readout, results=2)
    dh, grads = c.call("readout_backward", np.array([[[1.0], [10.0]]]), cache, results=2)
    c.expect("dh", dh, np.array([[[2.0, -1.0], [20.0, -10.0]]]), axes="N T H")
    c.expect("grads", grads, {"Why": np.array([[31.0, 10.0]]), "by": np.array([11.0])})

    (h, dy, Why, by), _ = _general((2, 3, 4), (2, 3, 5), (5, 4), (5,))
    readout = {"Why": Why, "by": by}

    def loss(h: np.ndarray, readout: dict[str, np.ndarray]) -> float:
        y, _ = c.call("readout_forward", h, readout, results=2)
        return float(np.sum(y * dy))

    _, cache = c.call("readout_forward", h, readout, results=2)
    dh, grads = c.call("readout_backward", dy, cache, results=2)
    c.expect_gradient("dh", dh, lambda v: loss(v, readout), at=h, axes="N T H")
    for name in readout:
        c.expect_gradient(
            f'grads["{name}"]',
            grads[name],
            lambda v, name=name: loss(h, {**readout, name: v}),
            at=readout[name],
        )
    c.expect_unchanged("readout_backward", dy, cache)


@visible_check(
    "softmax_cross_entropy",
    question="By which number does (2.10) divide, and what is left of a masked position?",
    likely="The mask reaches the loss but not the gradient, or the mean runs over masked positions.",
)
def softmax_cross_entropy(c: Check) -> None:
    """The numbers below (2.10), scores of 1e4, a masked position, and nothing valid at all."""
    logits, targets = np.array([[[LN3, 0.0]]]), np.array([[1]])
    valid = np.array([[True]])
    loss, dlogits = c.call("softmax_cross_entropy", logits, targets, valid, results=2)
    c.expect("loss", loss, float(np.log(4.0)))
    c.expect("dlogits", dlogits, np.array([[[0.75, -0.75]]]), axes="N T V")

    logits, targets = np.array([[[1e4, 0.0], [1e4, 0.0]]]), np.array([[0, 1]])
    valid = np.array([[True, True]])
    loss, dlogits = c.call("softmax_cross_entropy", logits, targets, valid, results=2)
    c.expect("loss of large scores", loss, 5e3)
    c.expect("dlogits", dlogits, np.array([[[0.0, 0.0], [0.5, -0.5]]]), axes="N T V")

    logits = np.array([[[LN3, 0.0], [np.nan, 7.0]], [[LN3, 0.0], [0.0, 0.0]]])
    targets, valid = np.array([[1, -1], [0, 9]]), np.array([[True, False], [True, False]])
    loss, dlogits = c.call("softmax_cross_entropy", logits, targets, valid, results=2)
    c.expect("loss with a mask", loss, float((np.log(4.0) + np.log(4.0 / 3.0)) / 2))
    want = np.array([[[0.375, -0.375], [0.0, 0.0]], [[-0.125, 0.125], [0.0, 0.0]]])
    c.expect("dlogits", dlogits, want, axes="N T V")
    c.expect_unchanged("softmax_cross_entropy", logits, targets, valid)

    nothing = np.zeros((2, 2), dtype=bool)
    loss, dlogits = c.call("softmax_cross_entropy", logits, targets, nothing, results=2)
    c.expect("loss where nothing is valid", loss, 0.0)
    c.expect("dlogits", dlogits, np.zeros((2, 2, 2)), axes="N T V")

    (logits,), _ = _general((2, 3, 4))
    targets = np.array([[0, 3, 1], [2, 2, 0]])
    valid = np.array([[True, True, False], [False, True, True]])
    _, dlogits = c.call("softmax_cross_entropy", logits, targets, valid, results=2)
    c.expect_gradient(
        "dlogits",
        dlogits,
        lambda v: float(c.call("softmax_cross_entropy", v, targets, valid, results=2)[0]),
        at=logits,
        axes="N T V",
    )


@visible_check(
    "sample",
    question="Which token does step t read, and which draw decides the one that it gives?",
    likely="A state, a token or a generator starts anew at a step where it should go on.",
)
def sample(c: Check) -> None:
    """Two models whose draws are certain, one that only draws, the error."""
    # The state holds the one-hot of the token read; the readout prefers the token after it.
    V = 4
    params = {"Wxh": 3 * np.eye(V), "Whh": np.zeros((V, V)), "bh": np.zeros(V)}
    readout = {"Why": 1e3 * np.roll(np.eye(V), 1, axis=0), "by": np.zeros(V)}
    tokens = c.call("sample", params, readout, np.zeros((1, V)), 2, 6, 1.0, 0)
    c.expect("tokens", tokens, np.array([3, 0, 1, 2, 3, 0]), axes="T")

    # The state changes its sign at every step, whatever is read, and its sign decides the token.
    params = {"Wxh": np.zeros((1, 2)), "Whh": np.array([[-3.0]]), "bh": np.zeros(1)}
    readout = {"Why": np.array([[1e3], [-1e3]]), "by": np.zeros(2)}
    tokens = c.call("sample", params, readout, np.array([[1.0]]), 0, 4, 1.0, 0)
    c.expect("tokens", tokens, np.array([1, 0, 1, 0]), axes="T")

    # Probabilities 0.2, 0.3, 0.5 at every step, and the draws of seed 1: 0.51, 0.95, 0.14, 0.95.
    params = {"Wxh": np.zeros((2, 3)), "Whh": np.zeros((2, 2)), "bh": np.zeros(2)}
    readout = {"Why": np.zeros((3, 2)), "by": 2.0 * np.log([0.2, 0.3, 0.5])}
    h0 = np.zeros((1, 2))
    tokens = c.call("sample", params, readout, h0, 0, 4, 2.0, 1)
    c.expect("tokens", tokens, np.array([2, 2, 0, 2]), axes="T")
    c.expect_unchanged("sample", params, readout, h0, 0, 4, 2.0, 1)
    c.expect_error(ValueError, "temperature", "sample", params, readout, h0, 0, 4, 0.0, 1)
    c.expect_error(ValueError, "temperature", "sample", params, readout, h0, 0, 4, -1.0, 1)
