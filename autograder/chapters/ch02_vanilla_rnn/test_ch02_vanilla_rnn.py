"""Hidden suite of Chapter 2: the vanilla RNN, its readout, its loss, and sampling.

States and gradients are judged by automatic differentiation in float64, of the formula written out once in
`unrolled`. All dimensions of a case differ, so that no wrong product fits by accident, except in
the square ones, which are for code that tells axes apart by their sizes.

A backward is judged at three more kinds of inputs. In other units (`UNIT`) a difference of fixed
width says nothing, and no limit that code might set to gradients is wide enough. Saturated units
have slopes of exactly zero. And with `WIDE` inputs numerical differentiation does not end in time,
as it takes at least two forwards for every column of the weights, while the gradients themselves
are a few products. Only one result is compared there, the one with the most behind it.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from autograder.grading.oracle import gradients
from autograder.grading.oracle import np as oracle
from autograder.grading.toolkit import (
    HANDLE,
    compare,
    insist,
    once,
    raises,
    require,
    scores,
    unchanged,
    well_conditioned,
)

RESULTS = {
    "rnn_step_forward": {"h": "N H", "cache": HANDLE},
    "rnn_step_backward": {"dx": "N D", "dh_prev": "N H", "grads": ""},
    "rnn_forward": {"h": "N T H", "cache": HANDLE},
    "rnn_backward": {"dx": "N T D", "dh0": "N H", "grads": ""},
    "readout_forward": {"y": "N T V", "cache": HANDLE},
    "readout_backward": {"dh": "N T H", "grads": ""},
    "softmax_cross_entropy": {"loss": "", "dlogits": "N T V"},
    "sample": "T",
}

# What the sequence functions of a submission may be built on.
FORWARD_STEPS = ("rnn_step_forward",)
BACKWARD_STEPS = ("rnn_step_forward", "rnn_step_backward")
SAMPLE_STEPS = ("rnn_step_forward", "rnn_forward", "readout_forward")

# N, D, H
ONE_ROW, BATCH, ONE_UNIT, SQUARE = (1, 2, 3), (4, 3, 5), (3, 2, 1), (3, 3, 3)
# N, T, D, H
ONE_SEQUENCE, SEQUENCES, ONE_STEP = (1, 6, 2, 3), (4, 7, 3, 5), (3, 1, 4, 2)
SQUARES = (3, 3, 3, 3)
LONG = 36  # steps

UNIT = 2.0**106  # about 1e32; a power of two, so that only exponents change
WIDE = 20_000  # features
WIDE_LENT = 1_000  # for steps of the reference, which take 4096 entries at most
WIDE_SECONDS = 1.5  # a third is enough for loops over Python's numbers
PARAMETERS = ["Wxh", "Whh", "bh"]


def weights(rng: np.random.Generator, D: int, H: int) -> dict[str, np.ndarray]:
    """Weights small enough that no unit saturates, large enough that every path counts."""
    return {
        "Wxh": rng.normal(size=(H, D)) * 0.5,
        "Whh": rng.normal(size=(H, H)) * 0.8 / np.sqrt(H),
        "bh": rng.normal(size=H) * 0.5,
    }


def unrolled(leaves: dict[str, Any]) -> Any:
    """Equation (2.3) over all steps."""
    x, state, states = leaves["x"], leaves["h0"], []
    for t in range(x.shape[1]):
        a = oracle.dot(x[:, t], leaves["Wxh"].T) + oracle.dot(state, leaves["Whh"].T) + leaves["bh"]
        state = oracle.tanh(a)
        states.append(state)
    return oracle.stack(states, axis=1)


# --- one step -------------------------------------------------------------------------------------


def step_gradients(
    x: np.ndarray, h_prev: np.ndarray, params: dict[str, np.ndarray], dh: np.ndarray
) -> dict[str, Any]:
    grads = gradients(unrolled, {"x": x[:, None], "h0": h_prev, **params}, dh[:, None])
    return {"dx": grads.pop("x")[:, 0], "dh_prev": grads.pop("h0"), "grads": grads}


def with_step_oracle(
    x: np.ndarray, h_prev: np.ndarray, params: dict[str, np.ndarray], dh: np.ndarray
) -> SimpleNamespace:
    h = unrolled({"x": x[:, None], "h0": h_prev, **params})[:, 0]
    want = step_gradients(x, h_prev, params, dh)
    return SimpleNamespace(arguments=(x, h_prev, params), h=h, dh=dh, **want)


@once
def step_case(
    rng: np.random.Generator, N: int, D: int, H: int, draw: str = "first"
) -> SimpleNamespace:
    x, h_prev, params = rng.normal(size=(N, D)), rng.normal(size=(N, H)), weights(rng, D, H)
    return with_step_oracle(x, h_prev, params, rng.normal(size=(N, H)) * 10)


@once
def term_case(rng: np.random.Generator, term: str) -> SimpleNamespace:
    """A step of which the input, the state or the bias is all there is."""
    x, h_prev, params = rng.normal(size=(4, 3)), rng.normal(size=(4, 5)), weights(rng, 3, 5)
    x *= term == "input"
    h_prev *= term == "state"
    params["bh"] *= term == "bias"
    return with_step_oracle(x, h_prev, params, np.ones((4, 5)))


@once
def step_in_other_units(rng: np.random.Generator) -> SimpleNamespace:
    """Tiny inputs, huge weights, upstream gradients of some hundreds."""
    x, h_prev, params = rng.normal(size=(4, 3)), rng.normal(size=(4, 5)), weights(rng, 3, 5)
    params["Wxh"] = params["Wxh"] * UNIT
    return with_step_oracle(x / UNIT, h_prev, params, rng.normal(size=(4, 5)) * 300)


@once
def saturated_step(rng: np.random.Generator, units: int) -> SimpleNamespace:
    """So many units are at 1 or -1 to the last bit; there nothing comes back."""
    x, h_prev, params = rng.normal(size=(4, 3)), rng.normal(size=(4, 5)), weights(rng, 3, 5)
    params["bh"][:units] = np.array([1e3, -1e3, 1e3, 1e3, -1e3])[:units]
    return with_step_oracle(x, h_prev, params, rng.normal(size=(4, 5)) * 10)


@once
def wide_step(rng: np.random.Generator) -> SimpleNamespace:
    N, D, H = 20, WIDE, 2
    x, h_prev, params = rng.normal(size=(N, D)), rng.normal(size=(N, H)), weights(rng, D, H)
    params["Wxh"] /= np.sqrt(D)
    case = with_step_oracle(x, h_prev, params, rng.normal(size=(N, H)) * 10)
    return SimpleNamespace(arguments=case.arguments, dh=case.dh, dx=case.dx)


def check_step(student: Any, case: SimpleNamespace) -> None:
    h, _ = student.rnn_step_forward(*case.arguments)
    compare("h", h, case.h, axes="N H")


@scores("rnn_step_forward", title="the next hidden state")
@pytest.mark.parametrize(
    "shape",
    [ONE_ROW, BATCH, ONE_UNIT, SQUARE],
    ids=["one_row", "batch", "one_unit", "square"],
)
def test_step_state(student: Any, shape: tuple[int, int, int]) -> None:
    check_step(student, step_case(*shape))


@scores("rnn_step_forward", weight=1.5, title="one term of the sum at a time")
@pytest.mark.parametrize("term", ["input", "state", "bias"])
def test_step_of_one_term(student: Any, term: str) -> None:
    check_step(student, term_case(term))


@scores("rnn_step_forward", title="large pre-activations")
def test_step_saturates(student: Any) -> None:
    params = {"Wxh": np.array([[400.0], [-500.0]]), "Whh": 600 * np.eye(2), "bh": np.zeros(2)}
    h, _ = student.rnn_step_forward(np.array([[2.0]]), np.array([[0.5, -0.5]]), params)
    compare("h", h, np.array([[1.0, -1.0]]), axes="N H")
    check_step(student, step_case(*BATCH))


@scores("rnn_step_forward", title="two calls in turn")
def test_step_repeats(student: Any) -> None:
    for draw in ("second", "first", "second"):
        case = step_case(*BATCH, draw)
        h, _ = student.rnn_step_forward(*case.arguments)
        compare("h of one of several calls", h, case.h, axes="N H")


@scores("rnn_step_forward", title="arguments stay as they are")
def test_step_keeps_arguments(student: Any) -> None:
    unchanged(student, "rnn_step_forward", *step_case(*BATCH).arguments)


def step_backward(student: Any, case: SimpleNamespace) -> Any:
    _, cache = student.rnn_step_forward(*case.arguments)
    return student.rnn_step_backward(case.dh, cache)


def compare_step_backward(results: Any, case: SimpleNamespace) -> None:
    dx, dh_prev, grads = results
    compare("dx", dx, case.dx, axes="N D")
    compare("dh_prev", dh_prev, case.dh_prev, axes="N H")
    compare("grads", grads, case.grads)


def compare_parameter(grads: Any, name: str, case: SimpleNamespace) -> None:
    """Compare one entry; where the keys are wrong, all, for what that says of them."""
    if isinstance(grads, dict) and set(grads) == set(case.grads):
        compare(f'grads["{name}"]', grads[name], case.grads[name])
    else:
        compare("grads", grads, case.grads)


@scores("rnn_step_backward", weight=8.0, title="gradient of the input")
def test_step_gradient_of_input(student: Any) -> None:
    case = step_case(*BATCH)
    dx, _, _ = step_backward(student, case)
    compare("dx", dx, case.dx, axes="N D")


@scores("rnn_step_backward", weight=8.0, title="gradient of the previous hidden state")
def test_step_gradient_of_previous_state(student: Any) -> None:
    case = step_case(*BATCH)
    _, dh_prev, _ = step_backward(student, case)
    compare("dh_prev", dh_prev, case.dh_prev, axes="N H")


@scores("rnn_step_backward", weight=6.0, title="gradients of the parameters")
@pytest.mark.parametrize("name", PARAMETERS)
def test_step_gradient_of_parameters(student: Any, name: str) -> None:
    case = step_case(*BATCH)
    _, _, grads = step_backward(student, case)
    compare_parameter(grads, name, case)


@scores("rnn_step_backward", weight=4.0, title="batches and sizes of other shapes")
@pytest.mark.parametrize("shape", [ONE_ROW, ONE_UNIT], ids=["one_row", "one_unit"])
def test_step_gradient_shapes(student: Any, shape: tuple[int, int, int]) -> None:
    case = step_case(*shape)
    compare_step_backward(step_backward(student, case), case)


@scores("rnn_step_backward", weight=9.0, title="all sizes equal")
def test_step_gradient_of_equal_sizes(student: Any) -> None:
    case = step_case(*SQUARE)
    compare_step_backward(step_backward(student, case), case)


@scores("rnn_step_backward", weight=9.0, title="a loss in other units")
def test_step_gradient_in_other_units(student: Any) -> None:
    case = step_in_other_units()
    compare_step_backward(step_backward(student, case), case)


@scores("rnn_step_backward", weight=9.0, title="saturated units")
def test_step_gradient_of_saturated_units(student: Any) -> None:
    for units in (2, 5):
        case = saturated_step(units)
        compare_step_backward(step_backward(student, case), case)


@scores("rnn_step_backward", weight=88.0, seconds=WIDE_SECONDS, title="many weights")
def test_step_gradient_of_wide_inputs(student: Any) -> None:
    case = wide_step()
    dx, _, _ = step_backward(student, case)
    compare("dx", dx, case.dx, axes="N D")


@scores("rnn_step_backward", weight=9.0, title="two steps, backward in another order")
def test_step_caches_interleave(student: Any) -> None:
    # Of the same shapes, as other shapes would give away a cache that is kept between calls.
    first, second = step_case(*BATCH), step_case(*BATCH, "second")
    caches = [student.rnn_step_forward(*case.arguments)[1] for case in (first, second)]
    for case, cache in ((first, caches[0]), (second, caches[1]), (first, caches[0])):
        compare_step_backward(student.rnn_step_backward(case.dh, cache), case)


@scores("rnn_step_backward", weight=9.5, title="arguments and cache stay as they are")
def test_step_backward_keeps_arguments(student: Any) -> None:
    case = step_case(*BATCH)
    _, cache = student.rnn_step_forward(*case.arguments)
    unchanged(student, "rnn_step_backward", case.dh, cache)


# --- through time ---------------------------------------------------------------------------------


def sequence_gradients(
    x: np.ndarray, h0: np.ndarray, params: dict[str, np.ndarray], dh: np.ndarray
) -> dict[str, Any]:
    grads = gradients(unrolled, {"x": x, "h0": h0, **params}, dh)
    return {"dx": grads.pop("x"), "dh0": grads.pop("h0"), "grads": grads}


def with_oracle(
    x: np.ndarray, h0: np.ndarray, params: dict[str, np.ndarray], dh: np.ndarray
) -> SimpleNamespace:
    h = unrolled({"x": x, "h0": h0, **params})
    want = well_conditioned(sequence_gradients, x, h0, params, dh)
    return SimpleNamespace(arguments=(x, h0, params), h=h, dh=dh, **want)


@once
def sequence_case(
    rng: np.random.Generator, N: int, T: int, D: int, H: int, loss_on: str = "every"
) -> SimpleNamespace:
    """A batch of sequences whose loss reads every state, only the first or only the last."""
    x, h0, params = rng.normal(size=(N, T, D)), rng.normal(size=(N, H)), weights(rng, D, H)
    dh = rng.normal(size=(N, T, H)) * 10
    if loss_on == "first":
        dh[:, 1:] = 0.0
    elif loss_on == "last":
        dh[:, :-1] = 0.0
    return with_oracle(x, h0, params, dh)


@once
def zero_start(rng: np.random.Generator) -> SimpleNamespace:
    N, T, D, H = SEQUENCES
    x, h0, params = rng.normal(size=(N, T, D)), np.zeros((N, H)), weights(rng, D, H)
    return with_oracle(x, h0, params, np.ones((N, T, H)))


@once
def long_case(rng: np.random.Generator) -> SimpleNamespace:
    """States that remember their start, and a loss on the last that reaches it."""
    N, T, D, H = 2, LONG, 3, 4
    x, h0, params = rng.normal(size=(N, T, D)) * 0.1, rng.normal(size=(N, H)), weights(rng, D, H)
    params["Whh"] = np.linalg.qr(rng.normal(size=(H, H)))[0]
    params["bh"] *= 0.1
    dh = np.zeros((N, T, H))
    dh[:, -1] = rng.normal(size=(N, H)) * 10
    case = with_oracle(x, h0, params, dh)
    insist(np.abs(case.dh0).max() > 1e-2 * np.abs(dh).max())
    return case


@once
def sequence_in_other_units(rng: np.random.Generator) -> SimpleNamespace:
    """Tiny inputs, huge weights, upstream gradients of some hundreds."""
    N, T, D, H = 2, 4, 3, 5
    x, h0, params = rng.normal(size=(N, T, D)), rng.normal(size=(N, H)), weights(rng, D, H)
    params["Wxh"] = params["Wxh"] * UNIT
    return with_oracle(x / UNIT, h0, params, rng.normal(size=(N, T, H)) * 300)


@once
def wide_sequence(rng: np.random.Generator, D: int) -> SimpleNamespace:
    N, T, H = 4, 5, 2
    x, h0, params = rng.normal(size=(N, T, D)), rng.normal(size=(N, H)), weights(rng, D, H)
    params["Wxh"] /= np.sqrt(D)
    dh = rng.normal(size=(N, T, H)) * 10
    want = sequence_gradients(x, h0, params, dh)
    insist(np.abs(want["grads"]["bh"]).min() > 1.0)
    kept = {"last_dx": want["dx"][:, -1], "bh": want["grads"]["bh"]}
    return SimpleNamespace(arguments=(x, h0, params), dh=dh, **kept)


def check_states(student: Any, case: SimpleNamespace) -> None:
    h, _ = student.rnn_forward(*case.arguments)
    compare("h", h, case.h, axes="N T H")


@scores("rnn_forward", weight=1.5, steps=FORWARD_STEPS, title="all hidden states")
@pytest.mark.parametrize(
    "shape",
    [ONE_SEQUENCE, SEQUENCES, ONE_STEP, SQUARES],
    ids=["one_sequence", "batch", "one_step", "square"],
)
def test_states(student: Any, shape: tuple[int, int, int, int]) -> None:
    check_states(student, sequence_case(*shape))


@scores("rnn_forward", weight=2.5, steps=FORWARD_STEPS, title="an initial state of zero")
def test_states_from_zero(student: Any) -> None:
    check_states(student, zero_start())


@scores("rnn_forward", steps=FORWARD_STEPS, title="many steps")
def test_states_of_many_steps(student: Any) -> None:
    check_states(student, long_case())


@scores("rnn_forward", steps=FORWARD_STEPS, title="two calls in turn")
def test_states_repeat(student: Any) -> None:
    for loss_on in ("first", "last", "first"):
        case = sequence_case(*SEQUENCES, loss_on)
        h, _ = student.rnn_forward(*case.arguments)
        compare("h of one of several calls", h, case.h, axes="N T H")


@scores("rnn_forward", steps=FORWARD_STEPS, title="arguments stay as they are")
def test_forward_keeps_arguments(student: Any) -> None:
    unchanged(student, "rnn_forward", *sequence_case(*SEQUENCES).arguments)


def backward(student: Any, case: SimpleNamespace) -> Any:
    _, cache = student.rnn_forward(*case.arguments)
    return student.rnn_backward(case.dh, cache)


def compare_backward(results: Any, case: SimpleNamespace) -> None:
    dx, dh0, grads = results
    compare("dx", dx, case.dx, axes="N T D")
    compare("dh0", dh0, case.dh0, axes="N H")
    compare("grads", grads, case.grads)


@scores("rnn_backward", weight=8.0, steps=BACKWARD_STEPS, title="gradient of the inputs")
def test_gradient_of_inputs(student: Any) -> None:
    case = sequence_case(*SEQUENCES)
    dx, _, _ = backward(student, case)
    compare("dx", dx, case.dx, axes="N T D")


@scores("rnn_backward", weight=8.0, steps=BACKWARD_STEPS, title="gradient of the initial state")
def test_gradient_of_initial_state(student: Any) -> None:
    case = sequence_case(*SEQUENCES)
    _, dh0, _ = backward(student, case)
    compare("dh0", dh0, case.dh0, axes="N H")


@scores("rnn_backward", weight=6.0, steps=BACKWARD_STEPS, title="gradients of the parameters")
@pytest.mark.parametrize("name", PARAMETERS)
def test_gradient_of_parameters(student: Any, name: str) -> None:
    case = sequence_case(*SEQUENCES)
    _, _, grads = backward(student, case)
    compare_parameter(grads, name, case)


@scores("rnn_backward", weight=4.0, steps=BACKWARD_STEPS, title="a loss on one step only")
@pytest.mark.parametrize(
    ("loss_on", "shape"),
    # Few steps before the last: over many the effect of the initial state fades to nothing.
    [("first", ONE_SEQUENCE), ("last", (1, 4, 2, 3))],
    ids=["first", "last"],
)
def test_loss_on_one_step(student: Any, loss_on: str, shape: tuple[int, int, int, int]) -> None:
    case = sequence_case(*shape, loss_on)
    compare_backward(backward(student, case), case)


@scores("rnn_backward", weight=8.0, steps=BACKWARD_STEPS, title="all sizes equal")
def test_gradient_of_equal_sizes(student: Any) -> None:
    case = sequence_case(*SQUARES)
    compare_backward(backward(student, case), case)


@scores("rnn_backward", weight=8.0, steps=BACKWARD_STEPS, title="many steps")
def test_gradient_over_many_steps(student: Any) -> None:
    case = long_case()
    compare_backward(backward(student, case), case)


@scores("rnn_backward", weight=8.0, steps=BACKWARD_STEPS, title="a loss in other units")
def test_gradient_in_other_units(student: Any) -> None:
    case = sequence_in_other_units()
    compare_backward(backward(student, case), case)


@scores(
    "rnn_backward", weight=37.0, steps=BACKWARD_STEPS, seconds=WIDE_SECONDS, title="many weights"
)
@pytest.mark.parametrize("part", ["last_dx", "bh"])
def test_gradient_of_wide_inputs(student: Any, part: str) -> None:
    case = wide_sequence(WIDE_LENT if student.steps_are_lent else WIDE)
    dx, _, grads = backward(student, case)
    if part == "last_dx":
        compare("the number of axes of dx", np.ndim(dx), 3)
        compare("dx at the last step", dx[:, -1], case.last_dx, axes="N D")
        return
    require(isinstance(grads, dict) and "bh" in grads, "grads has not the keys of the parameters")
    compare('grads["bh"]', grads["bh"], case.bh)


@scores("rnn_backward", weight=4.0, steps=BACKWARD_STEPS, title="a sequence of one step")
def test_one_step_backward(student: Any) -> None:
    case = sequence_case(*ONE_STEP)
    compare_backward(backward(student, case), case)


@scores(
    "rnn_backward",
    weight=8.0,
    steps=BACKWARD_STEPS,
    title="two sequences, backward in another order",
)
def test_caches_interleave(student: Any) -> None:
    first, second = sequence_case(*SEQUENCES), sequence_case(*SEQUENCES, "last")
    caches = [student.rnn_forward(*case.arguments)[1] for case in (first, second)]
    for case, cache in ((first, caches[0]), (second, caches[1]), (first, caches[0])):
        compare_backward(student.rnn_backward(case.dh, cache), case)


@scores(
    "rnn_backward", weight=9.0, steps=BACKWARD_STEPS, title="arguments and cache stay as they are"
)
def test_backward_keeps_arguments(student: Any) -> None:
    case = sequence_case(*SEQUENCES)
    _, cache = student.rnn_forward(*case.arguments)
    unchanged(student, "rnn_backward", case.dh, cache)


# --- readout --------------------------------------------------------------------------------------

# N, T, H, V
READOUT_ONE, READOUT_BATCH, READOUT_SQUARE = (1, 5, 3, 2), (3, 2, 4, 5), (3, 3, 3, 3)


def readout_gradients(
    h: np.ndarray, readout: dict[str, np.ndarray], dy: np.ndarray
) -> dict[str, Any]:
    def logits(leaves: dict[str, Any]) -> Any:
        return oracle.dot(leaves["h"], leaves["Why"].T) + leaves["by"]

    grads = gradients(logits, {"h": h, **readout}, dy)
    return {"dh": grads.pop("h"), "grads": grads}


@once
def readout_case(
    rng: np.random.Generator, N: int, T: int, H: int, V: int, draw: str = "first"
) -> SimpleNamespace:
    h, dy = rng.normal(size=(N, T, H)), rng.normal(size=(N, T, V))
    readout = {"Why": rng.normal(size=(V, H)), "by": rng.normal(size=V)}
    if draw == "without_bias":
        readout["by"][:] = 0.0
    elif draw == "in_other_units":
        h, readout["Why"], dy = h / UNIT, readout["Why"] * UNIT, dy * 300
    y = h @ readout["Why"].T + readout["by"]
    want = readout_gradients(h, readout, dy)
    return SimpleNamespace(arguments=(h, readout), y=y, dy=dy, **want)


@once
def wide_readout(rng: np.random.Generator) -> SimpleNamespace:
    N, T, H, V = 4, 5, WIDE, 2
    h, dy = rng.normal(size=(N, T, H)), rng.normal(size=(N, T, V))
    readout = {"Why": rng.normal(size=(V, H)), "by": rng.normal(size=V)}
    return SimpleNamespace(arguments=(h, readout), dy=dy, dh=dy @ readout["Why"])


def check_scores(student: Any, case: SimpleNamespace) -> None:
    y, _ = student.readout_forward(*case.arguments)
    compare("y", y, case.y, axes="N T V")


@scores("readout_forward", weight=1.5, title="scores at every step")
@pytest.mark.parametrize(
    "shape",
    [READOUT_ONE, READOUT_BATCH, READOUT_SQUARE],
    ids=["one_sequence", "batch", "square"],
)
def test_scores(student: Any, shape: tuple[int, int, int, int]) -> None:
    check_scores(student, readout_case(*shape))


@scores("readout_forward", weight=3.0, title="a bias of zero")
def test_scores_without_bias(student: Any) -> None:
    check_scores(student, readout_case(*READOUT_BATCH, "without_bias"))


@scores("readout_forward", title="a sequence of one step")
def test_scores_of_one_step(student: Any) -> None:
    check_scores(student, readout_case(2, 1, 3, 4))


@scores("readout_forward", title="arguments stay as they are")
def test_readout_keeps_arguments(student: Any) -> None:
    unchanged(student, "readout_forward", *readout_case(*READOUT_BATCH).arguments)


def readout_backward(student: Any, case: SimpleNamespace) -> Any:
    _, cache = student.readout_forward(*case.arguments)
    return student.readout_backward(case.dy, cache)


def compare_readout_backward(results: Any, case: SimpleNamespace) -> None:
    dh, grads = results
    compare("dh", dh, case.dh, axes="N T H")
    compare("grads", grads, case.grads)


@scores("readout_backward", weight=8.0, title="gradient of the hidden states")
def test_gradient_of_states(student: Any) -> None:
    case = readout_case(*READOUT_BATCH)
    dh, _ = readout_backward(student, case)
    compare("dh", dh, case.dh, axes="N T H")


@scores("readout_backward", weight=8.0, title="gradients of weights and bias")
@pytest.mark.parametrize("name", ["Why", "by"])
def test_gradient_of_readout(student: Any, name: str) -> None:
    case = readout_case(*READOUT_BATCH)
    _, grads = readout_backward(student, case)
    compare_parameter(grads, name, case)


@scores("readout_backward", weight=4.0, title="batches and sizes of other shapes")
@pytest.mark.parametrize("shape", [READOUT_ONE, (2, 1, 3, 4)], ids=["one_sequence", "one_step"])
def test_readout_gradient_shapes(student: Any, shape: tuple[int, int, int, int]) -> None:
    case = readout_case(*shape)
    compare_readout_backward(readout_backward(student, case), case)


@scores("readout_backward", weight=8.0, title="all sizes equal")
def test_readout_gradient_of_equal_sizes(student: Any) -> None:
    case = readout_case(*READOUT_SQUARE)
    compare_readout_backward(readout_backward(student, case), case)


@scores("readout_backward", weight=8.0, title="a loss in other units")
def test_readout_gradient_in_other_units(student: Any) -> None:
    case = readout_case(*READOUT_BATCH, "in_other_units")
    compare_readout_backward(readout_backward(student, case), case)


@scores("readout_backward", weight=65.0, seconds=WIDE_SECONDS, title="many weights")
def test_readout_gradient_of_wide_states(student: Any) -> None:
    case = wide_readout()
    dh, _ = readout_backward(student, case)
    compare("dh", dh, case.dh, axes="N T H")


@scores("readout_backward", weight=8.0, title="two calls, backward in another order")
def test_readout_caches_interleave(student: Any) -> None:
    first, second = readout_case(*READOUT_BATCH), readout_case(*READOUT_BATCH, "second")
    caches = [student.readout_forward(*case.arguments)[1] for case in (first, second)]
    for case, cache in ((first, caches[0]), (second, caches[1]), (first, caches[0])):
        compare_readout_backward(student.readout_backward(case.dy, cache), case)


@scores("readout_backward", weight=8.5, title="arguments and cache stay as they are")
def test_readout_backward_keeps_arguments(student: Any) -> None:
    case = readout_case(*READOUT_BATCH)
    _, cache = student.readout_forward(*case.arguments)
    unchanged(student, "readout_backward", case.dy, cache)


# --- loss -----------------------------------------------------------------------------------------


def loss_case(logits: np.ndarray, targets: np.ndarray, mask: np.ndarray) -> SimpleNamespace:
    """Loss and gradient of (2.10), computed from the valid positions alone."""
    # Padding may hold anything, NaN too, so it takes no part at all.
    valid, wanted = logits[mask], targets[mask]

    def cross_entropy(leaves: dict[str, Any]) -> Any:
        y = leaves["y"] - valid.max(axis=1, keepdims=True)
        logs = y - oracle.log(oracle.sum(oracle.exp(y), axis=1, keepdims=True))
        return -oracle.mean(logs[np.arange(len(wanted)), wanted])

    dlogits = np.zeros(logits.shape)
    dlogits[mask] = gradients(cross_entropy, {"y": valid})["y"]
    return SimpleNamespace(
        arguments=(logits, targets, mask),
        mask=mask,
        loss=float(cross_entropy({"y": valid})),
        dlogits=dlogits,
    )


def dense_case_of(rng: np.random.Generator, N: int, T: int, V: int) -> SimpleNamespace:
    logits = rng.normal(size=(N, T, V)) * 2
    return loss_case(logits, rng.integers(V, size=(N, T)), np.ones((N, T), dtype=bool))


@once
def dense_case(rng: np.random.Generator, N: int, T: int, V: int) -> SimpleNamespace:
    return dense_case_of(rng, N, T, V)


@once
def ragged_case(rng: np.random.Generator, padding: str) -> SimpleNamespace:
    """Ragged lengths, a length of 0, T above the longest; padding as `padding` says."""
    N, T, V = 4, 7, 3
    mask = np.arange(T) < np.array([3, 5, 0, 4])[:, None]
    logits, targets = rng.normal(size=(N, T, V)) * 2, rng.integers(V, size=(N, T))
    if padding == "garbage":
        logits[~mask] = np.array([np.nan, np.inf, -np.inf])
        targets[~mask] = rng.choice([-1, -100, V, 99], size=int((~mask).sum()))
    elif padding == "holes":  # valid positions anywhere, also after masked ones
        mask = rng.permuted(mask, axis=1)
        mask[:, 0] = [False, True, False, True]
        mask[:, -1] = [True, True, False, False]
    return loss_case(logits, targets, mask)


PARTS = pytest.mark.parametrize("part", ["loss", "gradient"])


def check_loss(student: Any, case: SimpleNamespace, part: str) -> None:
    loss, dlogits = student.softmax_cross_entropy(*case.arguments)
    if part == "loss":
        compare("loss", loss, case.loss)
    else:
        compare("dlogits", dlogits, case.dlogits, axes="N T V")
        require(not dlogits[~case.mask].any(), "dlogits is not zero at a masked position")


@scores("softmax_cross_entropy", title="loss and gradient without padding")
@PARTS
@pytest.mark.parametrize(
    "shape", [(1, 4, 3), (3, 2, 5), (3, 3, 3)], ids=["one_sequence", "batch", "square"]
)
def test_all_valid(student: Any, shape: tuple[int, int, int], part: str) -> None:
    check_loss(student, dense_case(*shape), part)


@scores("softmax_cross_entropy", weight=1.5, title="loss and gradient with padding")
@PARTS
@pytest.mark.parametrize("padding", ["plain", "holes"])
def test_masked_positions(student: Any, padding: str, part: str) -> None:
    check_loss(student, ragged_case(padding), part)


@scores("softmax_cross_entropy", weight=4.7, title="what stands in the padding does not count")
@PARTS
def test_garbage_at_masked_positions(student: Any, part: str) -> None:
    check_loss(student, ragged_case("garbage"), part)


@once
def large_case(rng: np.random.Generator, scores_are: str) -> SimpleNamespace:
    N, T, V = 2, 3, 4
    targets, mask = rng.integers(V, size=(N, T)), np.ones((N, T), dtype=bool)
    logits = rng.normal(size=(N, T, V))
    if scores_are == "apart":
        logits = np.where(logits == logits.max(axis=-1, keepdims=True), 1e4, -1e4)
        targets[0], targets[1] = logits[0].argmax(axis=-1), logits[1].argmin(axis=-1)
    else:  # each position far from the others: one shift for the whole array does not do
        logits += np.array([[-1e4, 0.0, 1e4], [1e4, -1e4, 5e3]])[..., None]
    return loss_case(logits, targets, mask)


@scores("softmax_cross_entropy", weight=12.5, title="large scores")
@PARTS
@pytest.mark.parametrize("scores_are", ["apart", "shifted"])
def test_large_logits(student: Any, scores_are: str, part: str) -> None:
    check_loss(student, large_case(scores_are), part)


@once
def plain_values_case(rng: np.random.Generator) -> SimpleNamespace:
    """Zeros are values: a target of 0, scores that are all alike, a mask of integers."""
    logits, targets = rng.normal(size=(3, 4, 5)), rng.integers(5, size=(3, 4))
    logits[0, 1], logits[1, 0], logits[2, 3] = 0.0, 0.0, -1e4
    targets[0], targets[1:, 2] = 0, 0
    mask = np.ones((3, 4), dtype=bool)
    mask[2, 2] = False
    return loss_case(logits, targets, mask)


@scores("softmax_cross_entropy", weight=2.5, title="scores of zero are scores")
@PARTS
def test_zeros_are_values(student: Any, part: str) -> None:
    check_loss(student, plain_values_case(), part)


@once
def many_classes(rng: np.random.Generator) -> SimpleNamespace:
    return dense_case_of(rng, 4, 5, 12_000)


@scores("softmax_cross_entropy", weight=12.0, seconds=WIDE_SECONDS, title="many classes")
def test_gradient_of_many_classes(student: Any) -> None:
    # Differences take two forwards for each of the classes at least.
    check_loss(student, many_classes(), "gradient")


@scores("softmax_cross_entropy", weight=4.7, title="no valid position")
def test_nothing_valid(student: Any) -> None:
    logits, mask = np.full((2, 3, 4), np.nan), np.zeros((2, 3), dtype=bool)
    loss, dlogits = student.softmax_cross_entropy(logits, np.full((2, 3), -1), mask)
    compare("loss", loss, 0.0)
    compare("dlogits", dlogits, np.zeros((2, 3, 4)), axes="N T V")
    check_loss(student, dense_case(3, 2, 5), "loss")


@scores("softmax_cross_entropy", weight=4.7, title="arguments stay as they are")
def test_loss_keeps_arguments(student: Any) -> None:
    unchanged(student, "softmax_cross_entropy", *ragged_case("garbage").arguments)


# --- sampling -------------------------------------------------------------------------------------


def generated(arguments: tuple[Any, ...]) -> tuple[np.ndarray, float]:
    """Tokens of (2.11), and how near a draw came to the border between two tokens."""
    params, readout, h, token, length, temperature, seed = arguments
    rng = np.random.default_rng(seed)
    tokens, margin = [], np.inf
    for _ in range(length):
        a = params["Wxh"][:, token] + params["Whh"] @ h[0] + params["bh"]
        h = np.tanh(a)[None]
        y = (readout["Why"] @ h[0] + readout["by"]) / temperature
        p = np.exp(y - y.max())
        cumulative = np.cumsum(p / p.sum())
        u = rng.random()
        margin = min(margin, float(np.abs(cumulative[:-1] - u).min()))
        token = min(int((cumulative <= u).sum()), len(cumulative) - 1)
        tokens.append(token)
    return np.array(tokens, dtype=np.int64), margin


@once
def sample_case(
    rng: np.random.Generator,
    V: int,
    H: int,
    length: int,
    temperature: float,
    scale: float,
    zeros: bool = False,
) -> SimpleNamespace:
    """A model whose every choice depends on its state, the initial one included.

    Where a draw is so near the border of two tokens that rounding decides, all is drawn again. With
    `zeros` the seed and the first token are 0, which is as good a number as any.
    """
    while True:
        params = weights(rng, V, H)
        params["Wxh"] *= 2.0
        readout = {"Why": rng.normal(size=(V, H)) * scale, "by": rng.normal(size=V) * scale / 4}
        first, seed = int(rng.integers(1, V)), int(rng.integers(1, 10_000))
        if zeros:
            first, seed = 0, 0
        h0 = rng.normal(size=(1, H))
        arguments = (params, readout, h0, first, length, temperature, seed)
        tokens, margin = generated(arguments)
        without_state, _ = generated((params, readout, 0 * h0, *arguments[3:]))
        if (tokens == without_state).all() or (length > 1 and len(set(tokens.tolist())) < 3):
            continue
        others = range(1, V) if zeros else ()
        if any((generated((*arguments[:3], n, *arguments[4:]))[0] == tokens).all() for n in others):
            continue
        if zeros and (tokens == generated((*arguments[:3], 1, length, temperature, 0))[0]).all():
            continue
        if margin > 1e-4:
            return SimpleNamespace(arguments=arguments, tokens=tokens)


MANY = (6, 4, 25, 1.0, 2.0)
SINGLE = [(V, 3, 1, 0.7, 2.0) for V in range(4, 14)]  # one token could be right by accident


def compare_tokens(name: str, got: Any, want: np.ndarray) -> None:
    """Compare as numbers; that they are int64 in an array is asked for in one test."""
    if isinstance(got, (list, tuple)) and all(isinstance(token, int) for token in got):
        got = np.array(got, dtype=np.int64)
    compare(name, got, want, axes="T")


def check_tokens(student: Any, case: SimpleNamespace) -> None:
    compare_tokens("tokens", student.sample(*case.arguments), case.tokens)


@scores("sample", weight=2.0, steps=SAMPLE_STEPS, title="tokens as the probabilities say")
@pytest.mark.parametrize(
    "case",
    [MANY, (5, 3, 25, 0.4, 1.0), (7, 3, 25, 2.5, 3.0)],
    ids=["temperature_1", "below_1", "above_1"],
)
def test_tokens(student: Any, case: tuple[Any, ...]) -> None:
    check_tokens(student, sample_case(*case))


@scores("sample", weight=2.7, steps=SAMPLE_STEPS, title="type of the tokens")
def test_tokens_are_int64(student: Any) -> None:
    drawn = sample_case(*MANY)
    compare("tokens", student.sample(*drawn.arguments), drawn.tokens, axes="T", dtype=np.int64)


@scores("sample", weight=2.0, steps=SAMPLE_STEPS, title="a single token")
def test_one_token(student: Any) -> None:
    for case in SINGLE:
        check_tokens(student, sample_case(*case))


@scores("sample", weight=6.6, steps=SAMPLE_STEPS, title="large scores of either sign")
@pytest.mark.parametrize("cases", [[MANY], SINGLE], ids=["many_tokens", "one_token"])
@pytest.mark.parametrize("sign", [1, -1], ids=["high_scores", "low_scores"])
def test_scores_of_any_size(student: Any, sign: int, cases: list[tuple[Any, ...]]) -> None:
    for drawn in (sample_case(*case) for case in cases):
        params, readout, *rest = drawn.arguments
        moved = {**readout, "by": readout["by"] + sign * 1e3}
        compare_tokens("tokens", student.sample(params, moved, *rest), drawn.tokens)
        # One score far from the others: which is the largest, and which is subtracted?
        moved["by"][2] -= sign * 2e3
        far = generated((params, moved, *rest))[0]
        compare_tokens("tokens", student.sample(params, moved, *rest), far)


@scores("sample", weight=2.7, steps=SAMPLE_STEPS, title="a seed of 0 and a first token of 0")
def test_seed_and_first_token_of_zero(student: Any) -> None:
    check_tokens(student, sample_case(6, 4, LONG, 1.0, 2.0, True))


@scores("sample", weight=1.5, steps=SAMPLE_STEPS, title="the seed decides, and nothing else")
def test_seed_decides(student: Any) -> None:
    drawn, other = sample_case(*MANY), sample_case(6, 4, 20, 1.0, 2.0)
    for case in (other, drawn, drawn):
        tokens = student.sample(*case.arguments)
        compare_tokens("tokens of one of several calls", tokens, case.tokens)


@scores("sample", weight=2.7, steps=SAMPLE_STEPS, title="arguments stay as they are")
def test_sample_keeps_arguments(student: Any) -> None:
    unchanged(student, "sample", *sample_case(*MANY).arguments)


@scores("sample", weight=2.7, steps=SAMPLE_STEPS, title="a temperature that cannot be")
@pytest.mark.parametrize("temperature", [0.0, -0.5, float("nan")], ids=["zero", "negative", "nan"])
def test_temperature_error(student: Any, temperature: float) -> None:
    arguments = list(sample_case(*MANY).arguments)
    arguments[5] = temperature
    with raises(ValueError, naming="temperature"):
        student.sample(*arguments)
