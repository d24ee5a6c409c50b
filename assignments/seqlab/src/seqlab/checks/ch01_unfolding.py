"""Visible checks of chapter 1: toy cases that can be done by hand, and one small general case."""

from __future__ import annotations

from typing import Any

import numpy as np

from seqlab.registry import Check, visible_check


def _unit_points(count: int) -> np.ndarray:
    # Deterministic numbers without structure, so that a check shows the same values on every run.
    return np.random.default_rng(count).normal(size=count)


@visible_check(
    "unroll",
    question="How many states does equation (1.1) give for T inputs, the initial one included?",
    likely="The initial state is not in the result, or the last step is not.",
)
def unroll(c: Check) -> None:
    def double_and_add(h: Any, x: Any, theta: Any) -> Any:
        return theta * h + x

    states = c.call("unroll", double_and_add, np.array(1.0), np.array([1.0, 3.0]), 2.0)
    c.expect("states", states, np.array([1.0, 3.0, 9.0]))

    seen = []

    def matrix_step(h: Any, x: Any, theta: Any) -> Any:
        seen.append(theta)
        return np.tanh(h @ theta["W"].T + x)

    theta = {"W": np.array([[0.5, -1.0, 0.0], [0.0, 0.25, 1.0], [1.0, 0.0, 0.5]])}
    h0 = _unit_points(6).reshape(2, 3)
    xs = _unit_points(24).reshape(4, 2, 3)
    states = c.call("unroll", matrix_step, h0, xs, theta)
    expected = [h0]
    for x in xs:
        expected.append(np.tanh(expected[-1] @ theta["W"].T + x))
    c.expect("states of a batch", states, np.array(expected), axes="T+1 N H")
    c.expect("every step got theta itself", all(item is theta for item in seen), True)

    states = c.call("unroll", matrix_step, h0, np.zeros((0, 2, 3)), theta)
    c.expect("states without an input", states, h0[None], axes="T+1 N H")


@visible_check(
    "unfolded_graph",
    question="From which three nodes is h2 computed directly, in the order of (1.1)?",
    likely="A node without parents still has an entry: the empty tuple.",
)
def unfolded_graph(c: Check) -> None:
    graph = c.call("unfolded_graph", 2)
    c.expect(
        "graph of two steps",
        graph,
        {
            "theta": (),
            "h0": (),
            "x1": (),
            "h1": ("h0", "x1", "theta"),
            "x2": (),
            "h2": ("h1", "x2", "theta"),
        },
    )
    c.expect("nodes of twelve steps", len(c.call("unfolded_graph", 12)), 26)
    c.expect("graph of no step", c.call("unfolded_graph", 0), {"theta": (), "h0": ()})
    c.expect_error(ValueError, "T", "unfolded_graph", -1)


@visible_check(
    "linear_rnn_forward",
    question="Which of the states h_0 to h_T belong to the result?",
    likely="The initial state is in the result, or it did not enter the first step.",
)
def linear_rnn_forward(c: Check) -> None:
    hs = c.call("linear_rnn_forward", 0.5, 2.0, 4.0, np.array([1.0, 0.0, 3.0]))
    c.expect("hs of the worked example", hs, np.array([4.0, 2.0, 7.0]), axes="T")
    c.expect("hs of one step", c.call("linear_rnn_forward", -1.0, 3.0, 2.0, np.ones(1)), np.ones(1))
    c.expect_unchanged("linear_rnn_forward", 0.5, 2.0, 4.0, np.array([1.0, 0.0, 3.0]))


@visible_check(
    "linear_rnn_backward",
    question="By which two ways does h_t influence the loss, and which state does a multiply?",
    likely="The part of (1.3) that comes from the next step, or the one that enters directly, is missing.",
)
def linear_rnn_backward(c: Check) -> None:
    xs = np.array([1.0, 0.0, 3.0])
    hs = np.array([4.0, 2.0, 7.0])
    last_only = np.array([0.0, 0.0, 1.0])
    grads = c.call("linear_rnn_backward", 0.5, 2.0, 4.0, xs, hs, last_only)
    c.expect(
        "gradients of the worked example",
        grads,
        {
            "da": 5.0,
            "db": 3.25,
            "dh0": 0.125,
            "dxs": np.array([0.5, 1.0, 2.0]),
            "da_per_step": np.array([1.0, 2.0, 2.0]),
            "db_per_step": np.array([0.25, 0.0, 3.0]),
        },
    )

    a, b, h0 = 0.9, -0.7, 1.3
    xs, dhs = _unit_points(5), _unit_points(6)[1:]

    def loss(a: float, b: float, h0: float, xs: np.ndarray) -> float:
        return float(np.dot(dhs, c.call("linear_rnn_forward", a, b, h0, xs)))

    hs = c.call("linear_rnn_forward", a, b, h0, xs)
    grads = c.call("linear_rnn_backward", a, b, h0, xs, hs, dhs)
    c.expect_gradient("da", grads["da"], lambda v: loss(float(v), b, h0, xs), at=np.array(a))
    c.expect_gradient("db", grads["db"], lambda v: loss(a, float(v), h0, xs), at=np.array(b))
    c.expect_gradient("dh0", grads["dh0"], lambda v: loss(a, b, float(v), xs), at=np.array(h0))
    c.expect_gradient("dxs", grads["dxs"], lambda v: loss(a, b, h0, v), at=xs)
    c.expect_unchanged("linear_rnn_backward", a, b, h0, xs, hs, dhs)


@visible_check(
    "numerical_gradient",
    question="What stands in the denominator of the central difference (1.6)?",
    likely="The step is lost because the copy that is moved still holds integers.",
)
def numerical_gradient(c: Check) -> None:
    def square(x: np.ndarray) -> float:
        return float(np.sum(x * x))

    at = np.array([3.0, -1.0])
    c.expect("gradient of a sum of squares", c.call("numerical_gradient", square, at), 2 * at)

    calls = []

    def bilinear(x: np.ndarray) -> float:
        calls.append(x.dtype)
        return float(x[0, 0] * x[1, 2] + 3.0 * x[0, 1])

    integers = np.array([[2, 5, 1], [7, 0, 4]])
    gradient = c.call("numerical_gradient", bilinear, integers)
    c.expect("gradient at integers", gradient, np.array([[4.0, 3.0, 0.0], [0.0, 0.0, 2.0]]))
    c.expect("calls of f", len(calls), 12)
    c.expect("f saw float64 only", all(dtype == np.float64 for dtype in calls), True)

    def cube(x: np.ndarray) -> float:
        return float(x) ** 3

    gradient = c.call("numerical_gradient", cube, np.array(1.0), 0.5)
    c.expect("quotient of a cube with eps = 0.5", gradient, 3.25)
    # To the last bit: 0.7 + 1e-5 - 2e-5 + 1e-5 is another number.
    c.expect_unchanged("numerical_gradient", square, np.array([0.1, 0.7, 1.3, -2.9]))


@visible_check(
    "relative_error",
    question="Which denominator does (1.7) use where both entries are zero?",
    likely="Broadcasting made two shapes fit that are not equal.",
)
def relative_error(c: Check) -> None:
    error = c.call("relative_error", np.array([1.0, 0.0, -2.0]), np.array([3.0, 0.0, -2.0]))
    c.expect("error", error, 0.5)
    c.expect("opposite signs", c.call("relative_error", np.array([1.0]), np.array([-1.0])), 1.0)
    floor = c.call("relative_error", np.array([1e-12]), np.array([0.0]))
    c.expect("an entry as large as the constant", floor, 1.0)
    c.expect("empty arrays", c.call("relative_error", np.zeros((0, 3)), np.zeros((0, 3))), 0.0)
    small = np.array([100], dtype=np.int8), np.array([-100], dtype=np.int8)
    c.expect("small integers", c.call("relative_error", *small), 1.0)
    c.expect_error(ValueError, ("a", "b"), "relative_error", np.zeros((3, 1)), np.zeros(3))
