"""Hidden suite of chapter 5. Gradients are judged by automatic differentiation of a GRU written here, the variant by torch's formula."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest

from autograder.grading.oracle import gradients, sigmoid
from autograder.grading.oracle import np as oracle
from autograder.grading.toolkit import (
    HANDLE,
    TestEnded,
    compare,
    once,
    raises,
    require,
    scores,
    unchanged,
    well_conditioned,
)
from seqlab.layouts import gru_layout

RESULTS = {
    "gru_step_forward": {"h": "N H", "cache": HANDLE},
    "gru_step_backward": {"dx": "N D", "dh_prev": "N H", "grads": ""},
    "gru_forward": {"h": "N T H", "cache": HANDLE},
    "gru_backward": {"dx": "N T D", "dh0": "N H", "grads": ""},
    "gru_reset_after_step": "N H",
    "parameter_count": "",
}

STEP_SHAPES = [(1, 2, 3), (4, 3, 5), (2, 1, 4), (3, 4, 1), (5, 3, 3)]  # N, D, H
SHAPES = [(1, 1, 2, 3), (3, 6, 2, 4), (2, 9, 4, 1), (4, 2, 1, 3)]  # N, T, D, H
NAMES = ("Wz", "Wr", "Wh")

# Sizes at which a backward in plain loops takes less than a third of a call's limit, and differences, one forward for
# each of 720,000 and of 117,000 weights, more than three times the limit, also where the sequence's forwards are batched
# or where only the step's reset gate is perturbed weight by weight.
LARGE_STEP = (3, 200, 400)  # N, D, H
LARGE = (1, 20, 110, 150)  # N, T, D, H
LARGEST_LENT = (1, 28, 31, 50)  # a step of ours takes arrays of 4096 entries and no more


# --- inputs and the oracle ------------------------------------------------------------------------


def draw(rng, *shape):
    """Numbers of either sign, none near zero and none large: float32 loses little on them."""
    return rng.choice([-1.0, 1.0], size=shape) * rng.uniform(0.3, 1.3, size=shape)


def draw_params(rng, D, H):
    return {name: 0.7 * draw(rng, H, H + D) for name in NAMES}


def oracle_step(x, h, p):
    """One step, with the blocks of each matrix apart."""
    H = h.shape[1]

    def layer(name, state):
        W = p[name]
        return oracle.dot(state, W[:, :H].T) + oracle.dot(x, W[:, H:].T)

    z, r = sigmoid(layer("Wz", h)), sigmoid(layer("Wr", h))
    candidate = oracle.tanh(layer("Wh", r * h))
    return h + z * (candidate - h)


def oracle_sequence(x, h, p):
    states = []
    for t in range(x.shape[1]):
        h = oracle_step(x[:, t], h, p)
        states.append(h)
    return oracle.stack(states, axis=1)


def differentiate(formula, x, h, params, dh):
    """Gradients of sum(dh * states) as (dx, dh, grads)."""
    leaves = {"x": x, "h": h, **params}
    grads = gradients(lambda g: formula(g["x"], g["h"], g), leaves, dh)
    return grads["x"], grads["h"], {name: grads[name] for name in NAMES}


@once
def step_case(rng, shape, variant=0):
    N, D, H = shape
    case = SimpleNamespace(
        x=draw(rng, N, D),
        h_prev=1.2 * draw(rng, N, H),
        params=draw_params(rng, D, H),
        dh=draw(rng, N, H),
        other_dh=draw(rng, N, H),
    )
    case.args = (case.x, case.h_prev, case.params)
    case.h = oracle_step(*case.args)
    case.want = differentiate(oracle_step, *case.args, case.dh)
    case.other_want = differentiate(oracle_step, *case.args, case.other_dh)
    return case


@once
def saturated_case(rng, update, reset):
    """A step whose gates are pushed to 0 or 1 by the last input feature; 0.0 leaves a gate free."""
    N, D, H = 3, 3, 4
    params = {name: value / 2 for name, value in draw_params(rng, D, H).items()}
    params["Wz"][:, -1], params["Wr"][:, -1], params["Wh"][:, -1] = update, reset, 1e-3
    x = draw(rng, N, D)
    x[:, -1] = 100.0
    case = SimpleNamespace(x=x, h_prev=draw(rng, N, H), params=params)
    case.dh = draw(rng, N, H)
    case.args = (case.x, case.h_prev, case.params)
    case.h = oracle_step(*case.args)
    case.want = differentiate(oracle_step, *case.args, case.dh)
    return case


@once
def sequence_case(rng, shape, variant=0):
    N, T, D, H = shape
    case = SimpleNamespace(
        x=draw(rng, N, T, D),
        h0=1.2 * draw(rng, N, H),
        params=draw_params(rng, D, H),
    )
    case.args = (case.x, case.h0, case.params)
    case.h = oracle_sequence(*case.args)
    everywhere = draw(rng, N, T, H)
    first, last = np.zeros((N, T, H)), np.zeros((N, T, H))
    first[:, 0], last[:, -1] = everywhere[:, 0], everywhere[:, -1]
    case.dh = {"everywhere": everywhere, "first": first, "last": last}
    case.want = {
        place: differentiate(oracle_sequence, *case.args, dh) for place, dh in case.dh.items()
    }
    return case


@once
def large_step_case(rng):
    """A step of many weights, no unit of it saturated."""
    N, D, H = LARGE_STEP
    case = SimpleNamespace(x=draw(rng, N, D), h_prev=draw(rng, N, H))
    case.params = {name: 1.5 * W / np.sqrt(H + D) for name, W in draw_params(rng, D, H).items()}
    case.dh = draw(rng, N, H)
    case.args = (case.x, case.h_prev, case.params)
    case.want = well_conditioned(partial(differentiate, oracle_step), *case.args, case.dh)
    return case


@once
def long_case(rng, shape):
    """Many steps of units that keep most of their state: what enters at the last step arrives at the first."""
    N, T, D, H = shape
    case = SimpleNamespace(x=draw(rng, N, T, D), h0=1.2 * draw(rng, N, H))
    case.x[..., -1] = 1.0
    scale = 1.5 / np.sqrt(H + D)
    case.params = {name: scale * W for name, W in draw_params(rng, D, H).items()}
    case.params["Wz"][:, -1] = -3.0
    case.dh = np.zeros((N, T, H))
    case.dh[:, -1] = draw(rng, N, H)
    case.args = (case.x, case.h0, case.params)
    case.h = oracle_sequence(*case.args)
    case.want = well_conditioned(partial(differentiate, oracle_sequence), *case.args, case.dh)
    return case


PARTS = {"dx": "N T D", "dh0": "N H", **dict.fromkeys(NAMES, "")}
STEP_PARTS = {"dx": "N D", "dh_prev": "N H", **dict.fromkeys(NAMES, "")}


def part(got, want, name):
    """One of the five gradients of a backward: as it came, and as it should be."""
    if name not in NAMES:
        first = name == "dx"
        return (got[0], want[0]) if first else (got[1], want[1])
    grads = got[2]
    require(isinstance(grads, Mapping) and name in grads, f"grads has no {name}")
    return grads[name], want[2][name]


def compare_part(got, want, name, axes):
    compare(name if name not in NAMES else f"grads[{name!r}]", *part(got, want, name), axes=axes)


def compare_any_part(got, want, parts):
    """Fail where none of the gradients is right: which of them are is judged by other tests."""
    first = None
    for name, axes in parts.items():
        try:
            compare_part(got, want, name, axes)
        except TestEnded as ended:
            first = first or ended
        else:
            return
    raise first


def scaled(want, factor):
    dx, dh, grads = want
    return factor * dx, factor * dh, {name: factor * g for name, g in grads.items()}


def compare_step_gradients(got, want):
    dx, dh_prev, grads = got
    compare("dx", dx, want[0], axes="N D")
    compare("dh_prev", dh_prev, want[1], axes="N H")
    layout = gru_layout(D=want[0].shape[-1], H=want[1].shape[-1])
    compare("grads", grads, want[2], layout=layout)


def compare_gradients(got, want):
    dx, dh0, grads = got
    compare("dx", dx, want[0], axes="N T D")
    compare("dh0", dh0, want[1], axes="N H")
    layout = gru_layout(D=want[0].shape[-1], H=want[1].shape[-1])
    compare("grads", grads, want[2], layout=layout)


# --- gru_step_forward -----------------------------------------------------------------------------


@scores("gru_step_forward", weight=5.0, title="the next hidden state")
@pytest.mark.parametrize("shape", STEP_SHAPES, ids=str)
def test_step_values(student, shape):
    case = step_case(shape)
    h, _ = student.gru_step_forward(*case.args)
    compare("h", h, case.h, axes="N H")


# What one gate alone decides: a step with one mistake in it keeps some of these.
@scores("gru_step_forward", weight=12.0, title="gates that are open or closed")
@pytest.mark.parametrize(
    "gates",
    [(-10.0, 0.0), (10.0, 0.0), (0.0, -10.0), (0.0, 10.0)],
    ids=["update_closed", "update_open", "reset_closed", "reset_open"],
)
def test_step_saturated(student, gates):
    case = saturated_case(*gates)
    h, _ = student.gru_step_forward(*case.args)
    compare("h", h, case.h, axes="N H")


@scores("gru_step_forward", weight=12.0, title="a previous state of zero")
def test_step_from_zero_state(student):
    case = step_case((4, 3, 5))
    zero = np.zeros((4, 5))
    h, _ = student.gru_step_forward(case.x, zero, case.params)
    compare("h", h, oracle_step(case.x, zero, case.params), axes="N H")


@scores("gru_step_forward", weight=6.0, title="two calls in turn")
def test_step_repeated(student):
    one, two = step_case((2, 3, 4)), step_case((2, 3, 4), 1)
    student.gru_step_forward(*one.args)
    h, _ = student.gru_step_forward(*two.args)
    compare("h of a second call", h, two.h, axes="N H")


@scores("gru_step_forward", weight=6.0, title="arguments stay as they are")
def test_step_arguments_unchanged(student):
    unchanged(student, "gru_step_forward", *step_case((4, 3, 5)).args)


# --- gru_step_backward ----------------------------------------------------------------------------


@scores("gru_step_backward", weight=2.5, title="all gradients")
@pytest.mark.parametrize("shape", STEP_SHAPES, ids=str)
def test_step_gradients(student, shape):
    case = step_case(shape)
    _, cache = student.gru_step_forward(*case.args)
    compare_step_gradients(student.gru_step_backward(case.dh, cache), case.want)


@scores("gru_step_backward", weight=2.5, title="one gradient at a time")
@pytest.mark.parametrize("name", list(STEP_PARTS))
def test_step_gradient_of(student, name):
    for shape in STEP_SHAPES[:2]:
        case = step_case(shape)
        _, cache = student.gru_step_forward(*case.args)
        got = student.gru_step_backward(case.dh, cache)
        compare_part(got, case.want, name, STEP_PARTS[name])


# That a gradient is propagated back and not found by differences is half of the function.
@scores("gru_step_backward", weight=50.0, title="many weights")
def test_step_gradients_of_many_weights(student):
    case = large_step_case()
    _, cache = student.gru_step_forward(*case.args)
    compare_any_part(student.gru_step_backward(case.dh, cache), case.want, STEP_PARTS)


@scores("gru_step_backward", weight=6.0, title="a steep loss")
def test_step_gradients_of_a_steep_loss(student):
    case = step_case((4, 3, 5))
    _, cache = student.gru_step_forward(*case.args)
    got = student.gru_step_backward(500.0 * case.dh, cache)
    compare_step_gradients(got, scaled(case.want, 500.0))


@scores("gru_step_backward", weight=5.5, title="gates that are open or closed")
@pytest.mark.parametrize("gates", [(-10.0, 10.0), (10.0, -10.0)], ids=["kept", "overwritten"])
def test_step_gradients_saturated(student, gates):
    case = saturated_case(*gates)
    _, cache = student.gru_step_forward(*case.args)
    compare_step_gradients(student.gru_step_backward(case.dh, cache), case.want)


@scores("gru_step_backward", weight=6.0, title="two steps, backward in another order")
def test_step_caches_interleaved(student):
    one, two = step_case((2, 3, 4)), step_case((2, 3, 4), 1)
    _, cache_one = student.gru_step_forward(*one.args)
    _, cache_two = student.gru_step_forward(*two.args)
    compare_step_gradients(student.gru_step_backward(one.dh, cache_one), one.want)
    compare_step_gradients(student.gru_step_backward(two.dh, cache_two), two.want)


@scores("gru_step_backward", weight=6.0, title="the same cache twice")
def test_step_cache_used_twice(student):
    case = step_case((4, 3, 5))
    _, cache = student.gru_step_forward(*case.args)
    student.gru_step_backward(case.dh, cache)
    got = student.gru_step_backward(case.other_dh, cache)
    compare_step_gradients(got, case.other_want)


@scores("gru_step_backward", weight=6.0, title="arguments and cache stay as they are")
def test_step_upstream_unchanged(student):
    case = step_case((4, 3, 5))
    _, cache = student.gru_step_forward(*case.args)
    unchanged(student, "gru_step_backward", case.dh, cache)


# --- gru_forward ----------------------------------------------------------------------------------


@scores("gru_forward", weight=11.0, steps=("gru_step_forward",), title="all hidden states")
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_sequence_values(student, shape):
    case = sequence_case(shape)
    h, _ = student.gru_forward(*case.args)
    compare("h", h, case.h, axes="N T H")


@scores("gru_forward", weight=9.0, steps=("gru_step_forward",), title="many steps")
def test_sequence_of_many_steps(student):
    case = long_case((2, 35, 3, 4))
    h, _ = student.gru_forward(*case.args)
    compare("h", h, case.h, axes="N T H")


@scores("gru_forward", weight=7.0, steps=("gru_step_forward",), title="all sizes equal")
def test_sequence_of_equal_sizes(student):
    case = sequence_case((3, 3, 3, 3))
    h, _ = student.gru_forward(*case.args)
    compare("h", h, case.h, axes="N T H")


@scores("gru_forward", weight=30.0, steps=("gru_step_forward",), title="an initial state of zero")
def test_sequence_from_zero_state(student):
    case = sequence_case((3, 6, 2, 4))
    zero = np.zeros((3, 4))
    h, _ = student.gru_forward(case.x, zero, case.params)
    compare("h", h, oracle_sequence(case.x, zero, case.params), axes="N T H")


@scores(
    "gru_forward",
    weight=7.0,
    steps=("gru_step_forward",),
    title="a state that is kept for many steps",
)
def test_sequence_kept_for_many_steps(student):
    case = saturated_case(-10.0, 10.0)
    x = np.repeat(case.x[:, None], 30, axis=1)
    h, _ = student.gru_forward(x, case.h_prev, case.params)
    compare("h", h, np.repeat(case.h_prev[:, None], 30, axis=1), axes="N T H")


@scores("gru_forward", weight=7.0, steps=("gru_step_forward",), title="two calls in turn")
def test_sequence_repeated(student):
    one, two = sequence_case((3, 6, 2, 4)), sequence_case((3, 6, 2, 4), 1)
    student.gru_forward(*one.args)
    h, _ = student.gru_forward(*two.args)
    compare("h of a second call", h, two.h, axes="N T H")


@scores("gru_forward", weight=7.0, steps=("gru_step_forward",), title="arguments stay as they are")
def test_sequence_arguments_unchanged(student):
    unchanged(student, "gru_forward", *sequence_case((3, 6, 2, 4)).args)


# --- gru_backward ---------------------------------------------------------------------------------

BACKWARD_STEPS = ("gru_step_forward", "gru_step_backward")


@scores("gru_backward", weight=3.0, steps=BACKWARD_STEPS, title="all gradients")
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_sequence_gradients(student, shape):
    case = sequence_case(shape)
    _, cache = student.gru_forward(*case.args)
    got = student.gru_backward(case.dh["everywhere"], cache)
    compare_gradients(got, case.want["everywhere"])


@scores("gru_backward", weight=3.0, steps=BACKWARD_STEPS, title="one gradient at a time")
@pytest.mark.parametrize("name", list(PARTS))
def test_sequence_gradient_of(student, name):
    for shape in SHAPES[:2]:
        case = sequence_case(shape)
        _, cache = student.gru_forward(*case.args)
        got = student.gru_backward(case.dh["everywhere"], cache)
        compare_part(got, case.want["everywhere"], name, PARTS[name])


# As for the step: half of the function.
@scores("gru_backward", weight=50.0, steps=BACKWARD_STEPS, title="many weights")
def test_sequence_gradients_of_many_weights(student):
    case = long_case(LARGEST_LENT if student.steps_are_lent else LARGE)
    _, cache = student.gru_forward(*case.args)
    compare_any_part(student.gru_backward(case.dh, cache), case.want, PARTS)


@scores("gru_backward", weight=8.0, steps=BACKWARD_STEPS, title="many steps")
def test_sequence_gradients_of_many_steps(student):
    case = long_case((2, 35, 3, 4))
    _, cache = student.gru_forward(*case.args)
    compare_gradients(student.gru_backward(case.dh, cache), case.want)


@scores("gru_backward", weight=6.0, steps=BACKWARD_STEPS, title="a steep loss")
def test_sequence_gradients_of_a_steep_loss(student):
    case = sequence_case((3, 6, 2, 4))
    _, cache = student.gru_forward(*case.args)
    got = student.gru_backward(500.0 * case.dh["everywhere"], cache)
    compare_gradients(got, scaled(case.want["everywhere"], 500.0))


@scores("gru_backward", weight=6.5, steps=BACKWARD_STEPS, title="all sizes equal")
def test_sequence_gradients_of_equal_sizes(student):
    """As many rows as steps, features and units: what tells axes apart by their sizes cannot."""
    case = sequence_case((3, 3, 3, 3))
    _, cache = student.gru_forward(*case.args)
    compare_gradients(student.gru_backward(case.dh["everywhere"], cache), case.want["everywhere"])


@scores("gru_backward", weight=2.0, steps=BACKWARD_STEPS, title="a loss on one step only")
@pytest.mark.parametrize("place", ["first", "last"])
def test_sequence_gradients_from_one_step(student, place):
    case = sequence_case((3, 6, 2, 4))
    _, cache = student.gru_forward(*case.args)
    compare_gradients(student.gru_backward(case.dh[place], cache), case.want[place])


@scores(
    "gru_backward",
    weight=6.0,
    steps=BACKWARD_STEPS,
    title="two sequences, backward in another order",
)
def test_sequence_caches_interleaved(student):
    one, two = sequence_case((3, 6, 2, 4)), sequence_case((3, 6, 2, 4), 1)
    _, cache_one = student.gru_forward(*one.args)
    _, cache_two = student.gru_forward(*two.args)
    for case, cache in ((one, cache_one), (two, cache_two)):
        got = student.gru_backward(case.dh["everywhere"], cache)
        compare_gradients(got, case.want["everywhere"])


@scores("gru_backward", weight=6.0, steps=BACKWARD_STEPS, title="the same cache twice")
def test_sequence_cache_used_twice(student):
    case = sequence_case((3, 6, 2, 4))
    _, cache = student.gru_forward(*case.args)
    student.gru_backward(case.dh["last"], cache)
    got = student.gru_backward(case.dh["everywhere"], cache)
    compare_gradients(got, case.want["everywhere"])


@scores(
    "gru_backward", weight=6.0, steps=BACKWARD_STEPS, title="arguments and cache stay as they are"
)
def test_sequence_upstream_unchanged(student):
    case = sequence_case((3, 6, 2, 4))
    _, cache = student.gru_forward(*case.args)
    unchanged(student, "gru_backward", case.dh["everywhere"], cache)


# --- gru_reset_after_step -------------------------------------------------------------------------


def as_torch_computes(x, h_prev, weight_ih, weight_hh, bias_ih, bias_hh):
    """The state after a step of `torch.nn.GRUCell`: rows of its matrices are r, z, n in turn."""
    H = h_prev.shape[1]
    of_input, of_state = x @ weight_ih.T + bias_ih, h_prev @ weight_hh.T + bias_hh
    r = sigmoid(of_input[:, :H] + of_state[:, :H])
    z = sigmoid(of_input[:, H : 2 * H] + of_state[:, H : 2 * H])
    n = np.tanh(of_input[:, 2 * H :] + r * of_state[:, 2 * H :])
    return (1 - z) * n + z * h_prev


@once
def torch_case(rng, shape):
    N, D, H = shape
    args = (
        draw(rng, N, D),
        1.2 * draw(rng, N, H),
        draw(rng, 3 * H, D),
        draw(rng, 3 * H, H),
        draw(rng, 3 * H) + np.repeat([0.3, -0.5, 0.8], H),
        draw(rng, 3 * H) + np.repeat([-0.4, 0.6, 1.0], H),
    )
    return SimpleNamespace(args=args, h=as_torch_computes(*args))


@scores("gru_reset_after_step", weight=6.0, title="the next hidden state")
@pytest.mark.parametrize("shape", [*STEP_SHAPES, (2, 6, 2)], ids=str)
def test_variant_values(student, shape):
    case = torch_case(shape)
    compare("h", student.gru_reset_after_step(*case.args), case.h, axes="N H")


@scores("gru_reset_after_step", weight=12.0, title="one bias at a time")
@pytest.mark.parametrize("silent", [4, 5], ids=["bias_hh_only", "bias_ih_only"])
def test_variant_with_one_bias(student, silent):
    args = list(torch_case((4, 3, 5)).args)
    args[silent] = np.zeros(15)
    compare("h", student.gru_reset_after_step(*args), as_torch_computes(*args), axes="N H")


@scores("gru_reset_after_step", weight=11.0, title="gates that are open or closed")
@pytest.mark.parametrize(
    "levels", [(1e3, -1e3), (-1e3, 1e3), (-1e3, -1e3)], ids=["replaced", "kept", "reset"]
)
def test_variant_saturated(student, levels):
    args = list(torch_case((4, 3, 5)).args)
    args[4] = args[4] + np.repeat([*levels, 0.0], 5)
    compare("h", student.gru_reset_after_step(*args), as_torch_computes(*args), axes="N H")


@scores("gru_reset_after_step", weight=6.0, title="arguments stay as they are")
def test_variant_arguments_unchanged(student):
    unchanged(student, "gru_reset_after_step", *torch_case((4, 3, 5)).args)


# --- parameter_count ------------------------------------------------------------------------------


@scores("parameter_count", weight=12.0, title="number of parameters")
@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_count(student, cell):
    for D, H in [(3, 5), (7, 2), (1, 1), (1, 6), (300, 256)]:
        one_layer = H * H + H * D
        want = {"rnn": one_layer + H, "lstm": 4 * one_layer + 4 * H, "gru": 3 * one_layer}[cell]
        compare("the count", student.parameter_count(cell, D, H), want)


@scores("parameter_count", title="a cell that is not known")
@pytest.mark.parametrize("cell", ["transformer", "GRU", "gru2", ""])
def test_count_of_unknown_cell(student, cell):
    with raises(ValueError, naming="cell"):
        student.parameter_count(cell, 3, 5)
