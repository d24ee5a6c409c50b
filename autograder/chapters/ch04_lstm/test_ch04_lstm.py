"""Hidden suite of chapter 4. Gradients are judged by automatic differentiation of an LSTM written here.

A step is judged as a whole and gate by gate, with the other gates pinned or cut off, so that one wrong gate costs its
share. Inputs in other units (`UNIT`) show limits on gradients and differences of fixed width; with `WIDE` inputs
numerical differentiation does not end in time, as it takes two forwards for every column of a weight at least. Only one
result is compared there.
"""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest

from autograder.grading.oracle import gradients, sigmoid
from autograder.grading.oracle import np as oracle
from autograder.grading.toolkit import (
    HANDLE,
    compare,
    insist,
    once,
    require,
    scores,
    unchanged,
    well_conditioned,
)
from seqlab.layouts import lstm_layout

RESULTS = {
    "lstm_step_forward": {"h": "N H", "c": "N H", "cache": HANDLE},
    "lstm_step_backward": {"dx": "N D", "dh_prev": "N H", "dc_prev": "N H", "grads": ""},
    "lstm_forward": {"h": "N T H", "c": "N T H", "cache": HANDLE},
    "lstm_backward": {"dx": "N T D", "dh0": "N H", "dc0": "N H", "grads": ""},
    "init_lstm": "",
    "cell_highway": "H",
    "lstm_from_torch": "",
}

STEP_SHAPES = [(1, 2, 3), (4, 3, 5), (2, 1, 4), (3, 4, 1)]  # N, D, H
SHAPES = [(1, 1, 2, 3), (3, 6, 2, 4), (2, 9, 4, 1), (4, 2, 1, 3)]  # N, T, D, H
SQUARE, SQUARES = (3, 3, 3), (3, 3, 3, 3)
LONG = 36  # steps
UNIT = 2.0**106  # about 1e32; a power of two, so that only exponents change
WIDE = 15_000  # features
WIDE_LENT = 1_500  # for steps of the reference, which take 4096 entries at most
WIDE_SECONDS = 2.0  # a third is enough for loops over Python's numbers
NAMES = ("Wf", "Wi", "Wo", "Wc", "bf", "bi", "bo", "bc")


# --- inputs and the oracle ------------------------------------------------------------------------


def draw_params(rng, D, H, scale=0.8):
    """Weights and biases without a zero and without two alike; each gate has a bias level of its own."""
    params = {name: rng.normal(size=(H, H + D)) * scale for name in NAMES[:4]}
    levels = {"bf": 0.9, "bi": -0.4, "bo": 0.3, "bc": -0.7}
    return params | {name: level + 0.3 * rng.normal(size=H) for name, level in levels.items()}


def oracle_step(x, h, c, p):
    """One step, written apart from the reference."""
    H = h.shape[1]

    def layer(name):
        W = p["W" + name]
        return oracle.dot(h, W[:, :H].T) + oracle.dot(x, W[:, H:].T) + p["b" + name]

    f, i, o = (sigmoid(layer(name)) for name in "fio")
    c_next = f * c + i * oracle.tanh(layer("c"))
    return o * oracle.tanh(c_next), c_next


def step_gradients(case, dh, dc):
    leaves = {"x": case.x, "h": case.h_prev, "c": case.c_prev, **case.params}
    grads = gradients(lambda g: oracle_step(g["x"], g["h"], g["c"], g), leaves, dh, dc)
    return grads["x"], grads["h"], grads["c"], {name: grads[name] for name in NAMES}


def oracle_sequence(x, h, c, p):
    hs, cs = [], []
    for t in range(x.shape[1]):
        h, c = oracle_step(x[:, t], h, c, p)
        hs.append(h)
        cs.append(c)
    return oracle.stack(hs, axis=1), oracle.stack(cs, axis=1)


def sequence_gradients(x, h0, c0, params, dh, dc_last):
    def results(g):
        h, c = oracle_sequence(g["x"], g["h0"], g["c0"], g)
        return h, c[:, -1]

    grads = gradients(results, {"x": x, "h0": h0, "c0": c0, **params}, dh, dc_last)
    return grads["x"], grads["h0"], grads["c0"], {name: grads[name] for name in NAMES}


def drawn_step(rng, shape):
    """Inputs of a step and upstream gradients; what is judged by autograd comes with `solved`."""
    N, D, H = shape
    return SimpleNamespace(
        x=rng.normal(size=(N, D)),
        h_prev=rng.uniform(-0.9, 0.9, size=(N, H)),
        c_prev=1.5 * rng.normal(size=(N, H)),
        params=draw_params(rng, D, H),
        dh=rng.normal(size=(N, H)),
        dc=rng.normal(size=(N, H)),
    )


def solved(case):
    """Add results and gradients to a step."""
    case.h, case.c = oracle_step(case.x, case.h_prev, case.c_prev, case.params)
    case.args = (case.x, case.h_prev, case.c_prev, case.params)
    case.gradients = step_gradients(case, case.dh, case.dc)
    return case


PINNED = 40.0  # a pre-activation at which a gate is open as far as a result can tell
CLOSED = 1e3  # one at which it is open or closed to the last bit, and its slope is 0


@once
def gate_case(rng, gate):
    """A step in which one gate alone decides, or the candidate: the others are open or closed."""
    case = drawn_step(rng, (4, 3, 5))
    pinned = {"f": "io", "i": "fo", "o": "fi", "c": "fio"}[gate]
    open_gates = {"f": "o", "i": "o", "o": "f", "c": "io"}[gate]
    for name in pinned:
        case.params["b" + name] += PINNED if name in open_gates else -PINNED
    return solved(case)


@once
def path_case(rng, gate):
    """A step whose gradient comes back through one gate alone, or the candidate; dc_prev aside."""
    case = drawn_step(rng, (4, 3, 5))
    if gate != "o":
        case.dh[:] = 0.0  # the output gate gets nothing
    if gate in "ic":
        case.c_prev[:] = 0.0  # the forget gate gets nothing
    if gate in "fo":
        case.params["bi"] -= CLOSED  # the candidate gets nothing, and neither does the input gate:
        case.params["Wc"][:], case.params["bc"][:] = 0.0, 0.0
    if gate == "o":
        case.params["bf"] += CLOSED
    elif gate == "i":
        case.params["bc"] += CLOSED
    elif gate == "c":
        case.params["bi"] += CLOSED
    return solved(case)


@once
def step_without_biases(rng):
    case = drawn_step(rng, (4, 3, 5))
    for name in NAMES[4:]:
        case.params[name][:] = 0.0
    return solved(case)


@once
def step_in_other_units(rng):
    """Tiny inputs, huge weights on them, upstream gradients of some hundreds."""
    N, D, H = 4, 3, 5
    case = drawn_step(rng, (N, D, H))
    case.x = case.x / UNIT
    for name in NAMES[:4]:
        case.params[name][:, H:] *= UNIT
    case.dh, case.dc = case.dh * 300, case.dc * 300
    return solved(case)


@once
def wide_step(rng):
    """A step of which one result is compared that all gates but one leave alone, and one that this gate makes."""
    case = drawn_step(rng, (6, WIDE, 2))
    for name in NAMES[:4]:
        case.params[name] /= np.sqrt(WIDE)
    args = (case.x, case.h_prev, case.c_prev, case.params)
    _, _, dc_prev, grads = step_gradients(case, case.dh, case.dc)
    insist(np.abs(grads["bo"]).min() > 0.01)
    return SimpleNamespace(args=args, dh=case.dh, dc=case.dc, dc_prev=dc_prev, bo=grads["bo"])


@once
def step_case(rng, shape, variant=0):
    N, D, H = shape
    case = SimpleNamespace(
        x=rng.normal(size=(N, D)),
        h_prev=rng.uniform(-0.9, 0.9, size=(N, H)),
        c_prev=1.5 * rng.normal(size=(N, H)),
        params=draw_params(rng, D, H),
        dh=rng.normal(size=(N, H)),
        dc=rng.normal(size=(N, H)),
    )
    case.h, case.c = oracle_step(case.x, case.h_prev, case.c_prev, case.params)
    insist(np.abs(case.c).max() > 0.5)  # near zero tanh(c) is c
    zero = np.zeros((N, H))
    case.upstream = {
        "both": (case.dh, case.dc),
        "dh": (case.dh, zero),
        "dc": (zero, case.dc),
    }

    def gradients(x, h_prev, c_prev, params, dh, dc):
        given = SimpleNamespace(x=x, h_prev=h_prev, c_prev=c_prev, params=params)
        return step_gradients(given, dh, dc)

    inputs = case.x, case.h_prev, case.c_prev, case.params
    case.want = {
        name: well_conditioned(gradients, *inputs, *up) for name, up in case.upstream.items()
    }
    case.args = (case.x, case.h_prev, case.c_prev, case.params)
    return case


@once
def sequence_case(rng, shape, variant=0):
    N, T, D, H = shape
    case = SimpleNamespace(
        x=rng.normal(size=(N, T, D)),
        h0=rng.uniform(-0.9, 0.9, size=(N, H)),
        c0=1.5 * rng.normal(size=(N, H)),
        params=draw_params(rng, D, H),
    )
    case.h, case.c = oracle_sequence(case.x, case.h0, case.c0, case.params)
    everywhere, dc_last = rng.normal(size=(N, T, H)), rng.normal(size=(N, H))
    at_first, at_last = np.zeros((N, T, H)), np.zeros((N, T, H))
    at_first[:, 0], at_last[:, -1] = everywhere[:, 0], everywhere[:, -1]
    zero = np.zeros((N, H))
    case.upstream = {
        "everywhere": (everywhere, dc_last),
        "first_state": (at_first, zero),
        "last_state": (at_last, zero),
        "last_cell": (np.zeros((N, T, H)), dc_last),
    }
    case.args = (case.x, case.h0, case.c0, case.params)
    case.want = {
        name: well_conditioned(sequence_gradients, *case.args, *up)
        for name, up in case.upstream.items()
    }
    return case


@once
def start_case(rng, zeros):
    """A sequence from a zero hidden state, a zero cell or both."""
    N, T, D, H = 3, 6, 2, 4
    x, params = rng.normal(size=(N, T, D)), draw_params(rng, D, H)
    h0 = rng.uniform(-0.9, 0.9, size=(N, H)) * ("h" not in zeros)
    c0 = 1.5 * rng.normal(size=(N, H)) * ("c" not in zeros)
    h, c = oracle_sequence(x, h0, c0, params)
    return SimpleNamespace(args=(x, h0, c0, params), h=h, c=c)


@once
def long_case(rng):
    """Cells that remember their start, and a loss on the last states that reaches it."""
    N, T, D, H = 2, LONG, 2, 4
    x, params = rng.normal(size=(N, T, D)), draw_params(rng, D, H, scale=0.3)
    params["bf"] += 3.0
    h0, c0 = rng.uniform(-0.9, 0.9, size=(N, H)), 1.5 * rng.normal(size=(N, H))
    dh, dc_last = np.zeros((N, T, H)), rng.normal(size=(N, H))
    dh[:, -1] = rng.normal(size=(N, H))
    h, c = oracle_sequence(x, h0, c0, params)
    want = well_conditioned(sequence_gradients, x, h0, c0, params, dh, dc_last)
    insist(np.abs(want[2]).max() > 1e-2)
    args, upstream = (x, h0, c0, params), (dh, dc_last)
    return SimpleNamespace(args=args, h=h, c=c, upstream=upstream, want=want)


@once
def sequence_in_other_units(rng):
    """Tiny inputs, huge weights on them, upstream gradients of some hundreds."""
    N, T, D, H = 2, 4, 3, 5
    x, params = rng.normal(size=(N, T, D)) / UNIT, draw_params(rng, D, H)
    for name in NAMES[:4]:
        params[name][:, H:] *= UNIT
    h0, c0 = rng.uniform(-0.9, 0.9, size=(N, H)), 1.5 * rng.normal(size=(N, H))
    upstream = rng.normal(size=(N, T, H)) * 300, rng.normal(size=(N, H)) * 300
    args = x, h0, c0, params
    want = well_conditioned(sequence_gradients, *args, *upstream)
    return SimpleNamespace(args=args, h0=h0, upstream=upstream, want=want)


@once
def wide_sequence(rng, D):
    N, T, H = 2, 3, 2
    x, params = rng.normal(size=(N, T, D)), draw_params(rng, D, H)
    for name in NAMES[:4]:
        params[name] /= np.sqrt(D)
    h0, c0 = rng.uniform(-0.9, 0.9, size=(N, H)), 1.5 * rng.normal(size=(N, H))
    upstream = rng.normal(size=(N, T, H)), rng.normal(size=(N, H))
    args = x, h0, c0, params
    dx, _, _, grads = sequence_gradients(*args, *upstream)
    insist(np.abs(grads["bf"]).min() > 0.01)
    return SimpleNamespace(args=args, upstream=upstream, last_dx=dx[:, -1], bf=grads["bf"])


def compare_step_gradients(got, want):
    dx, dh_prev, dc_prev, grads = got
    compare("dx", dx, want[0], axes="N D")
    compare("dh_prev", dh_prev, want[1], axes="N H")
    compare("dc_prev", dc_prev, want[2], axes="N H")
    layout = lstm_layout(D=want[0].shape[-1], H=want[1].shape[-1])
    compare("grads", grads, want[3], layout=layout)


def compare_gradients(got, want):
    dx, dh0, dc0, grads = got
    compare("dx", dx, want[0], axes="N T D")
    compare("dh0", dh0, want[1], axes="N H")
    compare("dc0", dc0, want[2], axes="N H")
    layout = lstm_layout(D=want[0].shape[-1], H=want[1].shape[-1])
    compare("grads", grads, want[3], layout=layout)


# --- lstm_step_forward ----------------------------------------------------------------------------


def check_step(student, case):
    h, c, _ = student.lstm_step_forward(*case.args)
    compare("h", h, case.h, axes="N H")
    compare("c", c, case.c, axes="N H")


@scores("lstm_step_forward", title="hidden state and cell state")
@pytest.mark.parametrize("shape", STEP_SHAPES, ids=str)
def test_step_values(student, shape):
    check_step(student, step_case(shape))


@scores("lstm_step_forward", weight=2.0, title="all sizes equal")
def test_step_values_of_equal_sizes(student):
    check_step(student, step_case(SQUARE))


@scores("lstm_step_forward", weight=3.5, title="one gate decides, the others are open or closed")
@pytest.mark.parametrize("gate", ["f", "i", "o", "c"])
def test_step_values_by_one_gate(student, gate):
    check_step(student, gate_case(gate))


@scores("lstm_step_forward", weight=9.0, title="biases of zero")
def test_step_values_without_biases(student):
    check_step(student, step_without_biases())


@once
def saturated_case(rng, levels, large=False, nothing_to_divide_by=False):
    """Biases of `levels` (f, i, o) on small weights; the cell holds numbers that float32 holds too."""
    N, D, H = 3, 2, 4
    params = draw_params(rng, D, H, scale=0.2)
    for name, level in zip(("bf", "bi", "bo"), levels, strict=True):
        params[name] = params[name] + level
    x, h_prev = rng.normal(size=(N, D)), rng.uniform(-0.9, 0.9, size=(N, H))
    c_prev = rng.integers(1, 40, size=(N, H)) / 16 * rng.choice([-1.0, 1.0], size=(N, H))
    if large:
        c_prev[0] = 800.0, -800.0, 400.0, -30.0
    if nothing_to_divide_by:
        params["bc"][0] += 1e3
        c_prev[1] = 0.0
    h, c = oracle_step(x, h_prev, c_prev, params)
    case = SimpleNamespace(x=x, h_prev=h_prev, c_prev=c_prev, params=params)
    case.h, case.c = h, c
    case.args = (x, h_prev, c_prev, params)
    return case


@scores("lstm_step_forward", weight=2.0, title="gates that keep the cell state")
def test_saturated_keep(student):
    case = saturated_case((1e3, -1e3, 0.0), True)
    h, c, _ = student.lstm_step_forward(*case.args)
    compare("c", c, case.c_prev, axes="N H")
    require(
        bool(np.array_equal(c, case.c_prev)),
        "with f = 1 and i = 0 exactly, c should equal c_prev exactly",
    )
    compare("h", h, case.h, axes="N H")


@scores("lstm_step_forward", weight=2.0, title="gates that erase the cell state")
def test_saturated_erase(student):
    case = saturated_case((-1e3, -1e3, 1e3))
    h, c, _ = student.lstm_step_forward(*case.args)
    compare("h", h, np.zeros(case.h.shape), axes="N H")
    compare("c", c, np.zeros(case.c.shape), axes="N H")
    require(not (c.any() or h.any()), "with f = 0 and i = 0 exactly, c and h should be exactly 0")
    check_step(student, gate_case("f"))


@scores("lstm_step_forward", weight=2.0, title="gates that overwrite the cell state")
def test_saturated_overwrite(student):
    case = saturated_case((-1e3, 1e3, 1e3))
    h, c, _ = student.call("lstm_step_forward", *case.args, strict=True).result  # no warning either
    compare("c", c, case.c, axes="N H")
    compare("h", h, case.h, axes="N H")


@scores("lstm_step_forward", weight=2.0, title="gates that hide the cell state")
def test_saturated_hide(student):
    case = saturated_case((0.0, 0.0, -1e3))
    h, c, _ = student.call("lstm_step_forward", *case.args, strict=True).result  # no warning either
    compare("c", c, case.c, axes="N H")
    compare("h", h, np.zeros(case.h.shape), axes="N H")
    require(not h.any(), "with o = 0 exactly, h should be exactly 0")


@scores("lstm_step_forward", weight=2.0, title="arguments stay as they are")
def test_step_arguments_unchanged(student):
    unchanged(student, "lstm_step_forward", *step_case((4, 3, 5)).args)


# --- lstm_step_backward ---------------------------------------------------------------------------


def step_backward(student, case, upstream):
    _, _, cache = student.lstm_step_forward(*case.args)
    return student.lstm_step_backward(*upstream, cache)


def compare_grads(grads, want, only=""):
    """Compare gradients of parameters, or of the weights ("W") or biases ("b") alone; then the keys of all."""
    if only and isinstance(grads, dict) and set(grads) == set(want):
        grads = {name: value for name, value in grads.items() if name[0] == only}
        want = {name: value for name, value in want.items() if name[0] == only}
    H = len(next(iter(want.values())))
    width = next((value.shape[1] for value in want.values() if value.ndim == 2), 2 * H)
    compare("grads", grads, want, layout=lstm_layout(D=width - H, H=H))


def compare_entry(grads, name, want):
    """Compare the gradient of one parameter."""
    require(isinstance(grads, dict) and name in grads, "grads has not the keys of the parameters")
    compare(f'grads["{name}"]', grads[name], want)


def compare_columns_of_inputs(grads, want, H):
    """Compare the columns for x alone, which may be far smaller than those for h."""
    for name in NAMES[:4]:
        columns = f'the columns for x of grads["{name}"]'
        compare(columns, np.asarray(grads[name])[:, H:], want[name][:, H:])


PARTS = ["dx", "initial h", "initial c", "weights", "biases"]


def compare_part(got, want, part, axes, names):
    """Compare one of the results: `axes` of dx, `names` of the gradients of the two states."""
    place = PARTS.index(part)
    if place < 3:
        compare(names[place], got[place], want[place], axes=axes if place == 0 else "N H")
    else:
        compare_grads(got[3], want[3], only="W" if part == "weights" else "b")


@scores("lstm_step_backward", weight=1.5, title="all gradients")
@pytest.mark.parametrize("shape", STEP_SHAPES, ids=str)
def test_step_gradients(student, shape):
    case = step_case(shape)
    compare_step_gradients(step_backward(student, case, case.upstream["both"]), case.want["both"])


@scores("lstm_step_backward", weight=4.0, title="one gradient at a time")
@pytest.mark.parametrize("part", PARTS)
def test_step_gradient_of(student, part):
    case = step_case((4, 3, 5))
    got = step_backward(student, case, case.upstream["both"])
    compare_part(got, case.want["both"], part, "N D", ("dx", "dh_prev", "dc_prev"))


@scores("lstm_step_backward", weight=7.0, title="the gradient through one gate")
@pytest.mark.parametrize("gate", ["f", "i", "o", "c"])
def test_step_gradients_through_one_gate(student, gate):
    case = path_case(gate)
    got = step_backward(student, case, (case.dh, case.dc))
    compare("dx", got[0], case.gradients[0], axes="N D")
    compare("dh_prev", got[1], case.gradients[1], axes="N H")
    compare_grads(got[3], case.gradients[3], only="W")


@scores("lstm_step_backward", weight=12.0, title="all sizes equal")
def test_step_gradients_of_equal_sizes(student):
    case = step_case(SQUARE)
    compare_step_gradients(step_backward(student, case, case.upstream["both"]), case.want["both"])


@scores("lstm_step_backward", weight=12.0, title="a loss in other units")
def test_step_gradients_in_other_units(student):
    case = step_in_other_units()
    got = step_backward(student, case, (case.dh, case.dc))
    compare_step_gradients(got, case.gradients)
    compare_columns_of_inputs(got[3], case.gradients[3], H=case.h_prev.shape[1])


@scores("lstm_step_backward", weight=56.0, seconds=WIDE_SECONDS, title="many weights")
@pytest.mark.parametrize("part", ["dc_prev", "bo"])
def test_step_gradients_of_wide_inputs(student, part):
    case = wide_step()
    _, _, dc_prev, grads = step_backward(student, case, (case.dh, case.dc))
    if part == "dc_prev":
        compare("dc_prev", dc_prev, case.dc_prev, axes="N H")
    else:
        compare_entry(grads, "bo", case.bo)


@scores(
    "lstm_step_backward", weight=2.0, title="a loss on the hidden state or on the cell state alone"
)
@pytest.mark.parametrize("path", ["dh", "dc"])
def test_step_gradients_from_one_state(student, path):
    case = step_case((4, 3, 5))
    compare_step_gradients(step_backward(student, case, case.upstream[path]), case.want[path])


SATURATED = {
    "keep": (1e3, -1e3, 0.0),
    "hide": (0.0, 0.0, -1e3),
    "erase": (-1e3, -1e3, 0.0),
    "overwrite": (-1e3, 1e3, 1e3),
}


@scores("lstm_step_backward", weight=12.0, title="gates open or closed to the last bit")
def test_step_gradients_of_saturated_gates(student):
    for levels in SATURATED.values():
        case = saturated_case(levels, False, True)
        dh, dc = case.x[:, :1] + case.h_prev, np.cos(case.h_prev) / 2
        _, _, cache = student.lstm_step_forward(*case.args)
        got = student.call("lstm_step_backward", dh, dc, cache, strict=True).result
        compare_step_gradients(got, step_gradients(case, dh, dc))


@scores("lstm_step_backward", weight=12.0, title="two steps, backward in another order")
def test_step_caches_interleaved(student):
    one, two = step_case((2, 3, 4)), step_case((2, 3, 4), 1)
    _, _, cache_one = student.lstm_step_forward(*one.args)
    _, _, cache_two = student.lstm_step_forward(*two.args)
    compare_step_gradients(student.lstm_step_backward(one.dh, one.dc, cache_one), one.want["both"])
    compare_step_gradients(student.lstm_step_backward(two.dh, two.dc, cache_two), two.want["both"])


@scores("lstm_step_backward", weight=12.0, title="the same cache twice")
def test_step_cache_used_twice(student):
    case = step_case((4, 3, 5))
    _, _, cache = student.lstm_step_forward(*case.args)
    student.lstm_step_backward(*case.upstream["both"], cache)
    got = student.lstm_step_backward(*case.upstream["dh"], cache)
    compare_step_gradients(got, case.want["dh"])


@scores("lstm_step_backward", weight=13.0, title="arguments and cache stay as they are")
def test_step_upstream_unchanged(student):
    case = step_case((4, 3, 5))
    _, _, cache = student.lstm_step_forward(*case.args)
    unchanged(student, "lstm_step_backward", case.dh, case.dc, cache)


# --- lstm_forward ---------------------------------------------------------------------------------


STEPS = ("lstm_step_forward",)


def check_sequence(student, case):
    h, c, _ = student.lstm_forward(*case.args)
    compare("h", h, case.h, axes="N T H")
    compare("c", c, case.c, axes="N T H")


@scores("lstm_forward", steps=STEPS, title="all hidden states and cell states")
@pytest.mark.parametrize("shape", [*SHAPES, SQUARES], ids=str)
def test_sequence_values(student, shape):
    check_sequence(student, sequence_case(shape))


@scores("lstm_forward", weight=2.0, steps=STEPS, title="an initial state of zero")
@pytest.mark.parametrize("zeros", ["h", "c", "hc"])
def test_sequence_values_from_zero(student, zeros):
    check_sequence(student, start_case(zeros))


@scores("lstm_forward", steps=STEPS, title="many steps")
def test_sequence_values_of_many_steps(student):
    check_sequence(student, long_case())


@scores(
    "lstm_forward", steps=("lstm_step_forward",), title="a cell state that is kept for many steps"
)
def test_long_memory(student):
    case = saturated_case((1e3, -1e3, 0.0))
    x = np.repeat(case.x[:, None], 40, axis=1)
    h, c, _ = student.lstm_forward(x, case.h_prev, case.c_prev, case.params)
    compare("c", c, np.repeat(case.c_prev[:, None], 40, axis=1), axes="N T H")
    compare("h[:, 0]", h[:, 0], case.h, axes="N H")


@scores("lstm_forward", steps=("lstm_step_forward",), title="two calls in turn")
def test_sequence_repeated(student):
    one, two = sequence_case((3, 6, 2, 4)), sequence_case((3, 6, 2, 4), 1)
    student.lstm_forward(*one.args)
    h, c, _ = student.lstm_forward(*two.args)
    compare("h of a second call", h, two.h, axes="N T H")
    compare("c of a second call", c, two.c, axes="N T H")


@scores("lstm_forward", steps=("lstm_step_forward",), title="arguments stay as they are")
def test_sequence_arguments_unchanged(student):
    unchanged(student, "lstm_forward", *sequence_case((3, 6, 2, 4)).args)


# --- lstm_backward --------------------------------------------------------------------------------

BACKWARD_STEPS = ("lstm_step_forward", "lstm_step_backward")


def sequence_backward(student, case, upstream):
    _, _, cache = student.lstm_forward(*case.args)
    return student.lstm_backward(*upstream, cache)


@scores("lstm_backward", weight=1.5, steps=BACKWARD_STEPS, title="all gradients")
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_sequence_gradients(student, shape):
    case = sequence_case(shape)
    got = sequence_backward(student, case, case.upstream["everywhere"])
    compare_gradients(got, case.want["everywhere"])


@scores("lstm_backward", weight=4.0, steps=BACKWARD_STEPS, title="one gradient at a time")
@pytest.mark.parametrize("part", PARTS)
def test_sequence_gradient_of(student, part):
    case = sequence_case((3, 6, 2, 4))
    got = sequence_backward(student, case, case.upstream["everywhere"])
    compare_part(got, case.want["everywhere"], part, "N T D", ("dx", "dh0", "dc0"))


@scores("lstm_backward", weight=10.0, steps=BACKWARD_STEPS, title="all sizes equal")
def test_sequence_gradients_of_equal_sizes(student):
    case = sequence_case(SQUARES)
    got = sequence_backward(student, case, case.upstream["everywhere"])
    compare_gradients(got, case.want["everywhere"])


@scores("lstm_backward", weight=10.0, steps=BACKWARD_STEPS, title="many steps")
def test_sequence_gradients_over_many_steps(student):
    case = long_case()
    compare_gradients(sequence_backward(student, case, case.upstream), case.want)


@scores("lstm_backward", weight=10.0, steps=BACKWARD_STEPS, title="a loss in other units")
def test_sequence_gradients_in_other_units(student):
    case = sequence_in_other_units()
    got = sequence_backward(student, case, case.upstream)
    compare_gradients(got, case.want)
    compare_columns_of_inputs(got[3], case.want[3], H=case.h0.shape[1])


@scores(
    "lstm_backward", weight=44.0, steps=BACKWARD_STEPS, seconds=WIDE_SECONDS, title="many weights"
)
@pytest.mark.parametrize("part", ["last_dx", "bf"])
def test_sequence_gradients_of_wide_inputs(student, part):
    case = wide_sequence(WIDE_LENT if student.steps_are_lent else WIDE)
    dx, _, _, grads = sequence_backward(student, case, case.upstream)
    if part == "last_dx":
        compare("the number of axes of dx", np.ndim(dx), 3)
        compare("dx at the last step", dx[:, -1], case.last_dx, axes="N D")
    else:
        compare_entry(grads, "bf", case.bf)


@scores("lstm_backward", weight=4.0, steps=BACKWARD_STEPS, title="a loss on one part only")
@pytest.mark.parametrize("source", ["first_state", "last_state", "last_cell"])
def test_sequence_gradients_from(student, source):
    case = sequence_case((3, 6, 2, 4))
    _, _, cache = student.lstm_forward(*case.args)
    got = student.lstm_backward(*case.upstream[source], cache)
    compare_gradients(got, case.want[source])


@scores(
    "lstm_backward",
    weight=10.5,
    steps=BACKWARD_STEPS,
    title="two sequences, backward in another order",
)
def test_sequence_caches_interleaved(student):
    one, two = sequence_case((2, 5, 3, 4)), sequence_case((2, 5, 3, 4), 1)
    _, _, cache_one = student.lstm_forward(*one.args)
    _, _, cache_two = student.lstm_forward(*two.args)
    for case, cache in ((one, cache_one), (two, cache_two)):
        got = student.lstm_backward(*case.upstream["everywhere"], cache)
        compare_gradients(got, case.want["everywhere"])


@scores("lstm_backward", weight=10.5, steps=BACKWARD_STEPS, title="the same cache twice")
def test_sequence_cache_used_twice(student):
    case = sequence_case((3, 6, 2, 4))
    _, _, cache = student.lstm_forward(*case.args)
    student.lstm_backward(*case.upstream["everywhere"], cache)
    got = student.lstm_backward(*case.upstream["last_cell"], cache)
    compare_gradients(got, case.want["last_cell"])


@scores(
    "lstm_backward", weight=10.5, steps=BACKWARD_STEPS, title="arguments and cache stay as they are"
)
def test_sequence_upstream_unchanged(student):
    case = sequence_case((3, 6, 2, 4))
    _, _, cache = student.lstm_forward(*case.args)
    unchanged(student, "lstm_backward", *case.upstream["everywhere"], cache)


# --- cell_highway ---------------------------------------------------------------------------------


@once
def gates_case(rng, T, H):
    return rng.uniform(0.3, 1.0, size=(T, H))


@scores("cell_highway", weight=2.0, title="the product of the forget gates")
@pytest.mark.parametrize("shape", [(1, 3), (7, 4), (5, 1), (4, 4)], ids=str)
def test_highway_values(student, shape):
    f = gates_case(*shape)
    want = np.array([math.prod(column) for column in f.T])
    compare("the highway", student.cell_highway(f), want, axes="H")


@scores("cell_highway", title="closed and open gates")
def test_highway_closed_and_open_gates(student):
    f = gates_case(6, 5).copy()
    f[3, 0], f[0, 1], f[-1, 2] = 0.0, 0.0, 0.0
    f[:, 3] = 1.0
    want = np.array([0.0, 0.0, 0.0, 1.0, np.prod(f[:, 4])])
    compare("the highway", student.cell_highway(f), want, axes="H")


@scores("cell_highway", title="many steps")
def test_highway_of_many_steps(student):
    f = 1 - gates_case(1500, 3) / 300
    want = np.exp(np.log(f).sum(axis=0))
    compare("the highway", student.cell_highway(f), want, axes="H")


@scores("cell_highway", title="the gates stay as they are")
def test_highway_argument_unchanged(student):
    unchanged(student, "cell_highway", gates_case(7, 4))


# --- init_lstm ------------------------------------------------------------------------------------


def check_keys_and_shapes(params, D, H):
    zeros = {name: np.zeros((H, H + D) if name[0] == "W" else H) for name in NAMES}
    require(isinstance(params, dict), "init_lstm should return a dict")
    missing = [name for name in NAMES if name not in params]
    require(not missing and len(params) == len(NAMES), "the params should have exactly 8 keys")
    for name in NAMES:
        value = params[name]
        require(isinstance(value, np.ndarray), f"{name} should be a numpy array")
        # Times zero: shape, kind and finiteness are judged here, values further below.
        compare(name, value * 0.0 if value.dtype.kind == "f" else value, zeros[name])


def alike(one, other):
    """Whether more entries coincide than chance explains (now and then a single one does)."""
    return (one == other).mean() > 0.3


@scores("init_lstm", weight=2.0, title="shapes and bounds of the weights")
@pytest.mark.parametrize("size", [(3, 5), (1, 4), (6, 1)], ids=str)
def test_init_shapes_and_bounds(student, size):
    D, H = size
    params = student.init_lstm(D, H, 3)
    check_keys_and_shapes(params, D, H)
    bound = (1 + 1e-6) / np.sqrt(H)
    for name in NAMES[:4]:
        largest = float(np.abs(params[name]).max())
        require(largest <= bound, f"{name} leaves its interval")
        require(largest > bound / 1000, f"{name} should be drawn from its interval")


@scores("init_lstm", weight=12.0, title="the biases")
def test_init_biases(student):
    D, H = 3, 4
    for chosen, want in [((), 1.0), ((0.0,), 0.0), ((2.5,), 2.5), ((-0.75,), -0.75)]:
        params = student.init_lstm(D, H, 8, *chosen)
        check_keys_and_shapes(params, D, H)
        compare("bf", params["bf"], np.full(H, want), axes="H")
        for name in ("bi", "bo", "bc"):
            compare(name, params[name], np.zeros(H), axes="H")


@scores("init_lstm", title="a given bias of the forget gate")
def test_init_forget_bias_by_name(student):
    params = student.init_lstm(2, 3, seed=8, forget_bias=4.0)
    check_keys_and_shapes(params, 2, 3)
    compare("bf", params["bf"], np.full(3, 4.0), axes="H")


@scores("init_lstm", weight=2.0, title="how the weights are spread")
@pytest.mark.parametrize("size", [(30, 40), (40, 25)], ids=str)
def test_init_is_uniform(student, size):
    D, H = size
    params = student.init_lstm(D, H, 21)
    check_keys_and_shapes(params, D, H)
    for name in NAMES[:4]:
        # In units of the bound. Each part has at least 625 entries: the limits are 5 sigma or more.
        W = np.asarray(params[name], dtype=np.float64) * np.sqrt(H)
        for part in (W[:, :H], W[:, H:]):
            require(abs(part.mean()) < 0.12, f"the entries of {name} are not centred on 0")
            require(0.95 < np.abs(part).max() < 1 + 1e-6, f"{name} does not fill its interval")
            inner = np.mean(np.abs(part) < 0.5)
            require(0.4 < inner < 0.6, f"the entries of {name} are not uniform")


@scores("init_lstm", weight=1.5, title="each gate has weights of its own")
def test_init_gates_differ(student):
    params = student.init_lstm(3, 4, 5)
    check_keys_and_shapes(params, 3, 4)
    for place, name in enumerate(NAMES[:4]):
        for other in NAMES[place + 1 : 4]:
            require(not alike(params[name], params[other]), f"{name} and {other} share entries")
        W = params[name]
        require(not alike(W[:, 0], W[:, -1]), f"columns of {name} repeat")
        require(not alike(W[0], W[-1]), f"rows of {name} repeat")


@scores("init_lstm", weight=2.0, title="the seed decides")
def test_init_depends_on_the_seed(student):
    first = student.init_lstm(3, 4, 11)
    others = [student.init_lstm(3, 4, seed) for seed in (12, 0, 1, 2)]
    again = student.init_lstm(3, 4, 11)
    for params in (first, again, *others):
        check_keys_and_shapes(params, 3, 4)
    for name in NAMES[:4]:
        compare(f"{name} of the same seed", again[name], first[name])
        different = [first[name], *(params[name] for params in others)]
        for place, W in enumerate(different):
            for later in different[place + 1 :]:
                require(not alike(W, later), f"{name} is alike for different seeds")


# --- lstm_from_torch ------------------------------------------------------------------------------


@once
def torch_case(rng, D, H):
    case = SimpleNamespace(
        weight_ih=rng.normal(size=(4 * H, D)),
        weight_hh=rng.normal(size=(4 * H, H)),
        bias_ih=rng.normal(size=4 * H),
        bias_hh=rng.normal(size=4 * H) + 0.5,
    )
    case.args = (case.weight_ih, case.weight_hh, case.bias_ih, case.bias_hh)
    case.want = {}
    for place, name in enumerate("ifco"):
        rows = slice(place * H, (place + 1) * H)
        case.want["W" + name] = np.hstack([case.weight_hh[rows], case.weight_ih[rows]])
        case.want["b" + name] = case.bias_ih[rows] + case.bias_hh[rows]
    return case


def compare_params(params, want, only, size):
    """Compare the weights ("W") or the biases ("b"); where the keys are wrong, all, for what that says of them."""
    if isinstance(params, dict) and set(params) == set(want):
        params = {name: value for name, value in params.items() if name[0] == only}
        want = {name: value for name, value in want.items() if name[0] == only}
    compare("params", params, want, layout=lstm_layout(*size))


@scores("lstm_from_torch", title="each block in its place")
@pytest.mark.parametrize("kind", ["W", "b"], ids=["weights", "biases"])
@pytest.mark.parametrize("size", [(3, 4), (1, 5), (4, 1), (3, 3)], ids=str)
def test_converted_params(student, size, kind):
    case = torch_case(*size)
    compare_params(student.lstm_from_torch(*case.args), case.want, kind, size)


def as_torch_computes(weight_ih, weight_hh, bias_ih, bias_hh, x):
    """Hidden states of `torch.nn.LSTM(batch_first=True)` from zero: rows of its matrices are i, f, g, o in turn."""
    H = weight_hh.shape[1]
    h = c = np.zeros((len(x), H))
    states = []
    for t in range(x.shape[1]):
        rows = x[:, t] @ weight_ih.T + bias_ih + h @ weight_hh.T + bias_hh
        i, f, g, o = (rows[:, place * H : (place + 1) * H] for place in range(4))
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        states.append(h)
    return np.stack(states, axis=1)


@scores("lstm_from_torch", weight=2.0, title="the same states as PyTorch's cell")
def test_agrees_with_torch(student, reference):
    N, T, D, H = 2, 5, 3, 4
    case = torch_case(D, H)
    params = student.lstm_from_torch(*case.args)
    compare("the keys' values", params, case.want, layout=lstm_layout(D, H))
    x = np.linspace(-2, 2, N * T * D).reshape(N, T, D)
    want = as_torch_computes(*case.args, x)
    zero = np.zeros((N, H))
    h, _, _ = reference.lstm_forward(x, zero, zero, params)
    compare("h of the converted layer", h, want, axes="N T H")


@scores("lstm_from_torch", title="both of PyTorch's biases")
@pytest.mark.parametrize("silent", ["bias_ih", "bias_hh"])
def test_each_bias_counts(student, silent):
    D, H = 2, 3
    case = torch_case(D, H)
    kept = {"bias_ih": case.bias_hh, "bias_hh": case.bias_ih}[silent]
    biases = {"bias_ih": case.bias_ih, "bias_hh": case.bias_hh, silent: np.zeros(4 * H)}
    params = student.lstm_from_torch(
        case.weight_ih, case.weight_hh, biases["bias_ih"], biases["bias_hh"]
    )
    want = dict(case.want)
    for place, name in enumerate("ifco"):
        want["b" + name] = kept[place * H : (place + 1) * H]
    compare_params(params, want, "b", (D, H))


@scores("lstm_from_torch", title="the arrays stay as they are")
def test_torch_arrays_unchanged(student):
    unchanged(student, "lstm_from_torch", *torch_case(3, 4).args)
