"""Hidden suite of chapter 6. Each row is judged by an RNN written here that sees its valid steps and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest

from autograder.grading.oracle import gradients
from autograder.grading.oracle import np as oracle
from autograder.grading.toolkit import (
    HANDLE,
    TestEnded,
    compare,
    once,
    require,
    scores,
    unchanged,
    well_conditioned,
)

RESULTS = {
    "reverse_padded": "N T D",
    "birnn_forward": {"h": "N T 2H", "cache": HANDLE},
    "birnn_backward": {"dx": "N T D", "grads": ""},
    "deep_rnn_forward": {"h": "N T H", "cache": HANDLE},
    "deep_rnn_backward": {"dx": "N T D", "grads": ""},
    "leaks_future": "",
}

NAMES = ("Wxh", "Whh", "bh")
# T, D, H, lengths: ragged with room behind the longest, one row, one step, equal and full, none valid.
BATCHES = {
    "ragged": (7, 2, 3, (5, 0, 1, 6)),
    "one_row": (6, 3, 2, (4,)),
    "one_step": (1, 2, 4, (1, 0, 1)),
    "full": (5, 3, 4, (5, 5)),
    "one_unit": (8, 1, 1, (8, 3, 2)),
}
NESTED = BATCHES["ragged"]
EQUAL = (3, 3, 3, (2, 3, 3))  # what tells axes apart by their sizes cannot
LONG = 35  # steps

# Sizes at which a backward in plain loops takes less than a third of a call's limit, and differences, one forward for
# each of some 160,000 weights, about three times the limit, also where the forwards are batched.
LARGE_BATCH = (18, 150, 220, (18,))  # T, D, H, lengths
LARGE_BATCH_LENT = (18, 30, 40, (18,))  # a step of ours takes arrays of 4096 entries and no more
LARGE_STACK = (1, 18, (150, 200, 200))


# --- inputs and the oracle ------------------------------------------------------------------------


def draw(rng, *shape):
    """Numbers of either sign, none near zero and none large: float32 loses little on them."""
    return rng.choice([-1.0, 1.0], size=shape) * rng.uniform(0.3, 1.2, size=shape)


def draw_upstream(rng, N, T, H, units):
    """Upstream gradients; of one sign for a single unit, so that the sum over its steps does not cancel."""
    dh = draw(rng, N, T, H)
    return np.abs(dh) if units == 1 else dh


def draw_layer(rng, D, H):
    return {
        "Wxh": 0.7 * draw(rng, H, D),
        "Whh": 0.7 * draw(rng, H, H) / np.sqrt(H),
        "bh": 0.5 * draw(rng, H),
    }


def oracle_rnn(steps, p):
    """States of a vanilla RNN for a list of input vectors."""
    h, states = np.zeros(len(p["bh"])), []
    for x in steps:
        h = oracle.tanh(oracle.dot(p["Whh"], h) + oracle.dot(p["Wxh"], x) + p["bh"])
        states.append(h)
    return states


def oracle_birnn(row, p):
    """States (T, 2H) of one row that has no padding."""
    ahead = oracle_rnn(list(row), p["forward"])
    back = oracle_rnn(list(row[::-1]), p["backward"])
    pairs = zip(ahead, reversed(back), strict=True)
    return oracle.stack([oracle.concatenate(pair) for pair in pairs])


@once
def bi_case(rng, batch, variant=0):
    T, D, H, lengths = batch
    N = len(lengths)
    case = SimpleNamespace(
        x=draw(rng, N, T, D),
        lengths=np.array(lengths),
        params={"forward": draw_layer(rng, D, H), "backward": draw_layer(rng, D, H)},
    )
    case.valid = np.arange(T) < case.lengths[:, None]
    case.x[~case.valid] = 1.5 + variant / 2  # not so large that it hides in saturated units
    # Upstream gradients in the padding are not zero: they have nothing to act on.
    everywhere = draw_upstream(rng, N, T, 2 * H, H)
    case.dh = {"everywhere": everywhere}
    for name, keep in (
        ("first", np.arange(T) == 0),
        ("last", np.arange(T) == case.lengths[:, None] - 1),
        ("forward_half", np.arange(2 * H) < H),
        ("backward_half", np.arange(2 * H) >= H),
    ):
        mask = (
            np.atleast_2d(keep)[:, None, :] if "half" in name else np.atleast_2d(keep)[:, :, None]
        )
        case.dh[name] = np.where(mask, everywhere, 0.0)
    case.args = (case.x, case.lengths, case.params)

    case.want = {}
    for name, dh in case.dh.items():
        case.h, *case.want[name] = bi_solve(case.x, lengths, case.params, dh)
    return case


def bi_solve(x, lengths, params, dh):
    """States, dx and gradients of a batch with upstream gradients."""
    T, H = x.shape[1], params["forward"]["bh"].size

    def states(leaves):
        rows = []
        for n, length in enumerate(lengths):
            valid = leaves["x"][n, :length]
            found = [oracle_birnn(valid, leaves["params"])] if length else []
            rows.append(oracle.concatenate([*found, np.zeros((T - length, 2 * H))]))
        return oracle.stack(rows)

    leaves = {"x": x, "params": params}
    grads = gradients(states, leaves, dh)
    return states(leaves), grads["x"], grads["params"]


@once
def special_bi_case(rng, batch, kind):
    """A batch for one purpose: many weights ("large"), many steps ("long"), some units at exactly +-1 ("saturated")."""
    T, D, H, lengths = batch
    case = SimpleNamespace(
        x=draw(rng, len(lengths), T, D),
        lengths=np.array(lengths),
        params={"forward": draw_layer(rng, D, H), "backward": draw_layer(rng, D, H)},
    )
    case.valid = np.arange(T) < case.lengths[:, None]
    for p in case.params.values():
        if kind == "large":
            p["Wxh"] /= np.sqrt(D)
        if kind == "long":
            keep_states(p)
        if kind == "saturated":
            p["bh"][:2] = 1e3, -1e3
    dh = draw_upstream(rng, len(lengths), T, 2 * H, H)
    if kind == "long":  # each reader's last step only
        dh[:, 1 : T - 1] = 0.0
        dh[:, 0, :H] = dh[:, -1, H:] = 0.0
    case.args = (case.x, case.lengths, case.params)
    case.dh = {"everywhere": dh}
    case.h, *want = well_conditioned(
        lambda x, params, dh: bi_solve(x, lengths, params, dh), case.x, case.params, dh
    )
    case.want = {"everywhere": tuple(want)}
    return case


def keep_states(p):
    """Let a layer forget slowly, so that a gradient arrives after many steps: an orthogonal matrix, small inputs."""
    q, r = np.linalg.qr(p["Whh"])
    p["Whh"] = 0.99 * q * np.sign(np.diag(r))
    p["Wxh"] *= 0.1
    p["bh"] *= 0.02


def with_nan(case, array):
    return np.where(case.valid[:, :, None], array, np.nan)


# --- reverse_padded -------------------------------------------------------------------------------


@once
def reversal_case(rng, batch):
    T, D, _, lengths = batch
    x = draw(rng, len(lengths), T, D)
    want = x.copy()
    for n, length in enumerate(lengths):
        for t in range(length):
            want[n, t] = x[n, length - 1 - t]
    return SimpleNamespace(x=x, lengths=np.array(lengths), want=want)


@scores("reverse_padded", weight=2.0, title="each row within its own length")
@pytest.mark.parametrize("name", list(BATCHES))
def test_reversed(student, name):
    case = reversal_case(BATCHES[name])
    compare(
        "the reversed x",
        student.reverse_padded(case.x, case.lengths),
        case.want,
        axes="N T D",
        valid=case.lengths,
    )


@scores("reverse_padded", title="all sizes equal")
def test_reversed_where_sizes_are_equal(student):
    case = reversal_case(EQUAL)
    got = student.reverse_padded(case.x, case.lengths)
    compare("the reversed x", got, case.want, axes="N T D", valid=case.lengths)


@scores("reverse_padded", title="rows without a valid step")
def test_nothing_valid(student):
    case = reversal_case(NESTED)
    none = np.zeros(4, dtype=np.int64)
    compare("x of length 0", student.reverse_padded(case.x, none), case.x, axes="N T D")


@scores("reverse_padded", title="padding that is not a number")
def test_padding_of_nan_stays(student):
    case = reversal_case(NESTED)
    valid = (np.arange(7) < case.lengths[:, None])[:, :, None]
    got = student.reverse_padded(np.where(valid, case.x, np.nan), case.lengths)
    require(isinstance(got, np.ndarray), "reverse_padded should return an array")
    compare("the shape", got.shape, case.x.shape)
    nan = np.broadcast_to(~valid, case.x.shape)
    compare("where NaN stands", np.isnan(got), np.ascontiguousarray(nan), axes="N T D")
    want = np.where(valid, case.want, 0.0)
    compare("the valid steps", np.where(valid, got, 0.0), want, axes="N T D")


@scores("reverse_padded", title="arguments stay as they are")
def test_reversal_arguments_unchanged(student):
    case = reversal_case(NESTED)
    unchanged(student, "reverse_padded", case.x, case.lengths)


# --- birnn_forward --------------------------------------------------------------------------------


@scores("birnn_forward", weight=4.0, steps=("reverse_padded",), title="states of both directions")
@pytest.mark.parametrize("name", list(BATCHES))
def test_birnn_values(student, name):
    case = bi_case(BATCHES[name])
    h, _ = student.birnn_forward(*case.args)
    compare("h", h, case.h, axes="N T 2H", valid=case.lengths)


# What one reader, or a layer without its bias, decides alone: one mistake elsewhere leaves it right.
@scores("birnn_forward", weight=15.0, steps=("reverse_padded",), title="one direction at a time")
@pytest.mark.parametrize("side", ["forward", "backward"])
def test_birnn_half_of(student, side):
    for name in ("ragged", "full"):
        case = bi_case(BATCHES[name])
        H = case.h.shape[2] // 2
        half = slice(0, H) if side == "forward" else slice(H, None)
        h, _ = student.birnn_forward(*case.args)
        require(np.shape(h) == case.h.shape, "h should be of shape (N, T, 2H)")
        part, want = np.ascontiguousarray(h[..., half]), np.ascontiguousarray(case.h[..., half])
        compare(f"the {side} half of h", part, want, axes="N T H", valid=case.lengths)


@scores("birnn_forward", weight=25.0, steps=("reverse_padded",), title="biases of zero")
def test_birnn_without_biases(student):
    case = bi_case(BATCHES["full"])
    params = {side: {**p, "bh": np.zeros(p["bh"].shape)} for side, p in case.params.items()}
    h, _ = student.birnn_forward(case.x, case.lengths, params)
    want, *_ = bi_solve(case.x, BATCHES["full"][3], params, case.dh["everywhere"])
    compare("h", h, want, axes="N T 2H", valid=case.lengths)


@scores("birnn_forward", weight=6.0, steps=("reverse_padded",), title="all sizes equal")
def test_birnn_where_sizes_are_equal(student):
    case = bi_case(EQUAL)
    h, _ = student.birnn_forward(*case.args)
    compare("h", h, case.h, axes="N T 2H", valid=case.lengths)


@scores(
    "birnn_forward", weight=6.0, steps=("reverse_padded",), title="padding that is not a number"
)
def test_birnn_padding_of_nan(student):
    case = bi_case(NESTED)
    h, _ = student.birnn_forward(with_nan(case, case.x), case.lengths, case.params)
    compare("h", h, case.h, axes="N T 2H", valid=case.lengths)


@scores("birnn_forward", weight=6.0, steps=("reverse_padded",), title="huge values in the padding")
def test_birnn_padding_of_huge_values(student):
    case = bi_case(NESTED)
    x = np.where(case.valid[:, :, None], case.x, 1e30)
    h, _ = student.birnn_forward(x, case.lengths, case.params)
    compare("h", h, case.h, axes="N T 2H", valid=case.lengths)


@scores("birnn_forward", weight=6.0, steps=("reverse_padded",), title="zeros that are valid inputs")
def test_birnn_valid_zeros(student):
    case = bi_case(NESTED)
    x = np.where(case.valid[:, :, None], np.zeros(case.x.shape), 5.0)
    h, _ = student.birnn_forward(x, case.lengths, case.params)
    want = np.zeros(case.h.shape)
    for n, length in enumerate(case.lengths):
        if length:
            want[n, :length] = oracle_birnn(np.zeros((length, 2)), case.params)
    compare("h where all inputs are zero", h, want, axes="N T 2H")


@scores("birnn_forward", weight=6.0, steps=("reverse_padded",), title="two calls in turn")
def test_birnn_repeated(student):
    one, two = bi_case(NESTED), bi_case(NESTED, 1)
    student.birnn_forward(*one.args)
    h, _ = student.birnn_forward(*two.args)
    compare("h of a second call", h, two.h, axes="N T 2H")


@scores("birnn_forward", weight=6.0, steps=("reverse_padded",), title="arguments stay as they are")
def test_birnn_arguments_unchanged(student):
    unchanged(student, "birnn_forward", *bi_case(NESTED).args)


# --- birnn_backward -------------------------------------------------------------------------------


def check_bi_gradients(student, case, x, dh, want):
    _, cache = student.birnn_forward(x, case.lengths, case.params)
    dx, grads = student.birnn_backward(dh, cache)
    compare("dx", dx, want[0], axes="N T D", valid=case.lengths)
    compare("grads", grads, want[1])


SIDES = ("forward", "backward")
BI_PARTS = ["dx", *((side, name) for side in SIDES for name in NAMES)]


def compare_bi_part(dx, grads, want, which):
    if which == "dx":
        compare("dx", dx, want[0], axes="N T D")
        return
    side, name = which
    found = grads.get(side) if isinstance(grads, Mapping) else None
    require(isinstance(found, Mapping) and name in found, f"grads[{side!r}] has no {name}")
    compare(f"grads[{side!r}][{name!r}]", found[name], want[1][side][name])


def compare_any(judgements):
    """Fail as the first of some judgements does where none of them passes."""
    first = None
    for judge in judgements:
        try:
            judge()
        except TestEnded as ended:
            first = first or ended
        else:
            return
    raise first


# That a gradient is propagated back and not found by differences is half of the function.
@scores("birnn_backward", weight=50.0, steps=("reverse_padded",), title="many weights")
def test_birnn_gradients_of_many_weights(student):
    case = special_bi_case(LARGE_BATCH_LENT if student.steps_are_lent else LARGE_BATCH, "large")
    _, cache = student.birnn_forward(*case.args)
    dx, grads = student.birnn_backward(case.dh["everywhere"], cache)
    want = case.want["everywhere"]
    compare_any([lambda w=which: compare_bi_part(dx, grads, want, w) for which in BI_PARTS])


@scores("birnn_backward", weight=5.0, steps=("reverse_padded",), title="one gradient at a time")
@pytest.mark.parametrize("which", ["dx", *SIDES])
def test_birnn_gradient_of(student, which):
    for name in ("ragged", "full"):
        case = bi_case(BATCHES[name])
        _, cache = student.birnn_forward(*case.args)
        dx, grads = student.birnn_backward(case.dh["everywhere"], cache)
        for part in ["dx"] if which == "dx" else [(which, name) for name in NAMES]:
            compare_bi_part(dx, grads, case.want["everywhere"], part)


@scores("birnn_backward", weight=6.0, steps=("reverse_padded",), title="many steps")
def test_birnn_gradients_of_many_steps(student):
    case = special_bi_case((LONG, 2, 3, (LONG, LONG)), "long")
    check_bi_gradients(student, case, case.x, case.dh["everywhere"], case.want["everywhere"])


@scores("birnn_backward", weight=6.0, steps=("reverse_padded",), title="a steep loss")
def test_birnn_gradients_of_a_steep_loss(student):
    case = bi_case(NESTED)
    dx, grads = case.want["everywhere"]
    want = 500.0 * dx, {s: {k: 500.0 * g for k, g in p.items()} for s, p in grads.items()}
    check_bi_gradients(student, case, case.x, 500.0 * case.dh["everywhere"], want)


@scores("birnn_backward", weight=6.0, steps=("reverse_padded",), title="saturated units")
def test_birnn_gradients_of_saturated_units(student):
    case = special_bi_case((5, 2, 4, (5, 3)), "saturated")
    check_bi_gradients(student, case, case.x, case.dh["everywhere"], case.want["everywhere"])


@scores("birnn_backward", weight=6.0, steps=("reverse_padded",), title="all sizes equal")
def test_birnn_gradients_where_sizes_are_equal(student):
    case = bi_case(EQUAL)
    check_bi_gradients(student, case, case.x, case.dh["everywhere"], case.want["everywhere"])


@scores("birnn_backward", weight=2.5, steps=("reverse_padded",), title="all gradients")
@pytest.mark.parametrize("name", list(BATCHES))
def test_birnn_gradients(student, name):
    case = bi_case(BATCHES[name])
    check_bi_gradients(student, case, case.x, case.dh["everywhere"], case.want["everywhere"])


@scores("birnn_backward", steps=("reverse_padded",), title="a loss on one part only")
@pytest.mark.parametrize("place", ["first", "last", "forward_half", "backward_half"])
def test_birnn_gradients_from(student, place):
    case = bi_case(NESTED)
    check_bi_gradients(student, case, case.x, case.dh[place], case.want[place])


@scores(
    "birnn_backward", weight=7.0, steps=("reverse_padded",), title="padding that is not a number"
)
@pytest.mark.parametrize("where", ["x", "dh"])
def test_birnn_gradients_with_nan_in_the_padding_of(student, where):
    case = bi_case(NESTED)
    x, dh = case.x, case.dh["everywhere"]
    x, dh = (with_nan(case, x), dh) if where == "x" else (x, with_nan(case, dh))
    check_bi_gradients(student, case, x, dh, case.want["everywhere"])


@scores(
    "birnn_backward",
    weight=6.0,
    steps=("reverse_padded",),
    title="two batches, backward in another order",
)
def test_birnn_caches_interleaved(student):
    one, two = bi_case(NESTED), bi_case(NESTED, 1)
    _, cache_one = student.birnn_forward(*one.args)
    _, cache_two = student.birnn_forward(*two.args)
    for case, cache in ((one, cache_one), (two, cache_two)):
        dx, grads = student.birnn_backward(case.dh["everywhere"], cache)
        compare("dx", dx, case.want["everywhere"][0], axes="N T D")
        compare("grads", grads, case.want["everywhere"][1])


@scores("birnn_backward", weight=6.0, steps=("reverse_padded",), title="the same cache twice")
def test_birnn_cache_used_twice(student):
    case = bi_case(NESTED)
    _, cache = student.birnn_forward(*case.args)
    student.birnn_backward(case.dh["everywhere"], cache)
    dx, grads = student.birnn_backward(case.dh["first"], cache)
    compare("dx", dx, case.want["first"][0], axes="N T D")
    compare("grads", grads, case.want["first"][1])


@scores(
    "birnn_backward",
    weight=6.0,
    steps=("reverse_padded",),
    title="arguments and cache stay as they are",
)
def test_birnn_upstream_unchanged(student):
    case = bi_case(NESTED)
    _, cache = student.birnn_forward(*case.args)
    unchanged(student, "birnn_backward", case.dh["everywhere"], cache)


# --- deep_rnn_forward and deep_rnn_backward -------------------------------------------------------

STACKS = {  # N, T, widths from the input to the last layer
    "three_layers": (3, 6, (2, 5, 3, 4)),
    "one_layer": (2, 5, (3, 4)),
    "one_step": (4, 1, (2, 3, 5)),
    "one_row": (1, 7, (4, 2, 1)),
    "equal_widths": (2, 4, (3, 3, 3)),
}


@once
def deep_case(rng, stack, variant=0):
    N, T, widths = stack
    case = SimpleNamespace(
        x=draw(rng, N, T, widths[0]),
        layers=[draw_layer(rng, D, H) for D, H in pairwise(widths)],
    )
    case.args = (case.x, case.layers)
    everywhere = draw_upstream(rng, N, T, widths[-1], widths[-1])
    first, last = np.zeros(everywhere.shape), np.zeros(everywhere.shape)
    first[:, 0], last[:, -1] = everywhere[:, 0], everywhere[:, -1]
    case.dh = {"everywhere": everywhere, "first": first, "last": last}
    case.want = {}
    for name, dh in case.dh.items():
        case.h, *case.want[name] = deep_solve(*case.args, dh)
    return case


def deep_solve(x, layers, dh):
    """States, dx and gradients of a stack with upstream gradients."""

    def states(leaves):
        rows = []
        for row in leaves["x"]:
            steps = list(row)
            for p in leaves["layers"]:
                steps = oracle_rnn(steps, p)
            rows.append(oracle.stack(steps))
        return oracle.stack(rows)

    leaves = {"x": x, "layers": layers}
    grads = gradients(states, leaves, dh)
    return states(leaves), grads["x"], grads["layers"]


@once
def special_deep_case(rng, stack, kind):
    """A stack for one purpose, as in `special_bi_case`."""
    N, T, widths = stack
    case = SimpleNamespace(
        x=draw(rng, N, T, widths[0]),
        layers=[draw_layer(rng, D, H) for D, H in pairwise(widths)],
    )
    for p in case.layers:
        if kind == "large":
            p["Wxh"] /= np.sqrt(p["Wxh"].shape[1])
        if kind == "long":
            keep_states(p)
        if kind == "saturated":
            p["bh"][:2] = 1e3, -1e3
        if kind == "unbiased":
            p["bh"][:] = 0.0
    dh = draw_upstream(rng, N, T, widths[-1], widths[-1])
    if kind == "long":
        dh[:, : T - 1] = 0.0
    case.args, case.dh = (case.x, case.layers), {"everywhere": dh}
    case.h, *want = well_conditioned(deep_solve, case.x, case.layers, dh)
    case.want = {"everywhere": tuple(want)}
    return case


@scores("deep_rnn_forward", weight=2.0, title="states of all layers")
@pytest.mark.parametrize("name", list(STACKS))
def test_deep_values(student, name):
    case = deep_case(STACKS[name])
    h, _ = student.deep_rnn_forward(*case.args)
    compare("h", h, case.h, axes="N T H")


# What a stack is about: half of the function.
@scores("deep_rnn_forward", weight=16.0, title="each layer reads the one below")
def test_each_layer_reads_the_one_below(student):
    """Equal widths: a layer that reads anything else raises no error."""
    case = deep_case((2, 5, (3, 3, 3, 3)))
    h, _ = student.deep_rnn_forward(*case.args)
    compare("h", h, case.h, axes="N T H")


@scores("deep_rnn_forward", weight=4.0, title="a single layer")
def test_deep_single_layer(student):
    case = deep_case((4, 5, (2, 3)), 1)
    h, _ = student.deep_rnn_forward(*case.args)
    compare("h", h, case.h, axes="N T H")


@scores("deep_rnn_forward", weight=14.0, title="biases of zero")
def test_deep_without_biases(student):
    case = special_deep_case((2, 5, (3, 4, 2)), "unbiased")
    h, _ = student.deep_rnn_forward(*case.args)
    compare("h", h, case.h, axes="N T H")


@scores("deep_rnn_forward", weight=2.0, title="all sizes equal")
def test_deep_where_sizes_are_equal(student):
    case = deep_case((3, 3, (3, 3, 3)))
    h, _ = student.deep_rnn_forward(*case.args)
    compare("h", h, case.h, axes="N T H")


@scores("deep_rnn_forward", weight=2.0, title="two calls in turn")
def test_deep_repeated(student):
    one, two = deep_case(STACKS["three_layers"]), deep_case(STACKS["three_layers"], 1)
    student.deep_rnn_forward(*one.args)
    h, _ = student.deep_rnn_forward(*two.args)
    compare("h of a second call", h, two.h, axes="N T H")


@scores("deep_rnn_forward", weight=2.0, title="arguments stay as they are")
def test_deep_arguments_unchanged(student):
    unchanged(student, "deep_rnn_forward", *deep_case(STACKS["three_layers"]).args)


def check_deep_gradients(student, case, cache, place):
    dx, grads = student.deep_rnn_backward(case.dh[place], cache)
    compare("dx", dx, case.want[place][0], axes="N T D")
    compare("grads", grads, case.want[place][1])


def compare_layer_part(dx, grads, want, which):
    if which == "dx":
        compare("dx", dx, want[0], axes="N T D")
        return
    layer, name = which
    found = grads[layer] if isinstance(grads, (list, tuple)) and layer < len(grads) else None
    require(isinstance(found, Mapping) and name in found, f"grads[{layer}] has no {name}")
    compare(f"grads[{layer}][{name!r}]", found[name], want[1][layer][name])


# That a gradient is propagated back and not found by differences is a good part of the function.
@scores("deep_rnn_backward", weight=65.0, title="many weights")
def test_deep_gradients_of_many_weights(student):
    case = special_deep_case(LARGE_STACK, "large")
    _, cache = student.deep_rnn_forward(*case.args)
    dx, grads = student.deep_rnn_backward(case.dh["everywhere"], cache)
    want = case.want["everywhere"]
    parts = ["dx", *((layer, name) for layer in range(2) for name in NAMES)]
    compare_any([lambda w=which: compare_layer_part(dx, grads, want, w) for which in parts])


# What passes from one layer to the next is what the function is about.
@scores("deep_rnn_backward", weight=20.0, title="one gradient at a time")
@pytest.mark.parametrize("which", ["dx", 0, 1, 2], ids=["dx", "lowest", "middle", "top"])
def test_deep_gradient_of(student, which):
    for stack in (STACKS["three_layers"], (2, 4, (3, 3, 3, 3))):
        case = deep_case(stack)
        _, cache = student.deep_rnn_forward(*case.args)
        dx, grads = student.deep_rnn_backward(case.dh["everywhere"], cache)
        for part in ["dx"] if which == "dx" else [(which, name) for name in NAMES]:
            compare_layer_part(dx, grads, case.want["everywhere"], part)


@scores("deep_rnn_backward", weight=11.0, title="many steps")
def test_deep_gradients_of_many_steps(student):
    case = special_deep_case((2, LONG, (2, 3, 4)), "long")
    _, cache = student.deep_rnn_forward(*case.args)
    check_deep_gradients(student, case, cache, "everywhere")


@scores("deep_rnn_backward", weight=11.0, title="a steep loss")
def test_deep_gradients_of_a_steep_loss(student):
    case = deep_case(STACKS["three_layers"])
    _, cache = student.deep_rnn_forward(*case.args)
    dx, grads = student.deep_rnn_backward(500.0 * case.dh["everywhere"], cache)
    want_dx, want = case.want["everywhere"]
    compare("dx", dx, 500.0 * want_dx, axes="N T D")
    compare("grads", grads, [{k: 500.0 * g for k, g in p.items()} for p in want])


@scores("deep_rnn_backward", weight=11.0, title="saturated units")
def test_deep_gradients_of_saturated_units(student):
    case = special_deep_case((2, 4, (2, 4, 3)), "saturated")
    _, cache = student.deep_rnn_forward(*case.args)
    check_deep_gradients(student, case, cache, "everywhere")


@scores("deep_rnn_backward", weight=11.0, title="all sizes equal")
def test_deep_gradients_where_sizes_are_equal(student):
    case = deep_case((3, 3, (3, 3, 3)))
    _, cache = student.deep_rnn_forward(*case.args)
    check_deep_gradients(student, case, cache, "everywhere")


@scores("deep_rnn_backward", weight=3.0, title="all gradients")
@pytest.mark.parametrize("name", list(STACKS))
def test_deep_gradients(student, name):
    case = deep_case(STACKS[name])
    _, cache = student.deep_rnn_forward(*case.args)
    check_deep_gradients(student, case, cache, "everywhere")


@scores("deep_rnn_backward", title="a loss on one step only")
@pytest.mark.parametrize("place", ["first", "last"])
def test_deep_gradients_from_one_step(student, place):
    case = deep_case(STACKS["three_layers"])
    _, cache = student.deep_rnn_forward(*case.args)
    check_deep_gradients(student, case, cache, place)


@scores("deep_rnn_backward", weight=11.0, title="two batches, backward in another order")
def test_deep_caches_interleaved(student):
    one, two = deep_case(STACKS["three_layers"]), deep_case(STACKS["three_layers"], 1)
    _, cache_one = student.deep_rnn_forward(*one.args)
    _, cache_two = student.deep_rnn_forward(*two.args)
    check_deep_gradients(student, one, cache_one, "everywhere")
    check_deep_gradients(student, two, cache_two, "everywhere")


@scores("deep_rnn_backward", weight=11.0, title="the same cache twice")
def test_deep_cache_used_twice(student):
    case = deep_case(STACKS["three_layers"])
    _, cache = student.deep_rnn_forward(*case.args)
    student.deep_rnn_backward(case.dh["everywhere"], cache)
    check_deep_gradients(student, case, cache, "last")


@scores("deep_rnn_backward", weight=11.0, title="arguments and cache stay as they are")
def test_deep_upstream_unchanged(student):
    case = deep_case(STACKS["three_layers"])
    _, cache = student.deep_rnn_forward(*case.args)
    unchanged(student, "deep_rnn_backward", case.dh["everywhere"], cache)


# --- leaks_future ---------------------------------------------------------------------------------


def running_mean(x):
    """Depends on the number of steps so far, and on no later input."""
    return np.cumsum(x, axis=0) / np.arange(1, len(x) + 1)[:, None]


def by_fourier_transform(x):
    """A causal convolution computed with all steps at once: later inputs change the last digits only."""
    T = len(x)
    kernel = 0.5 ** np.arange(T)
    product = np.fft.rfft(x, 2 * T, axis=0) * np.fft.rfft(kernel, 2 * T)[:, None]
    return np.fft.irfft(product, 2 * T, axis=0)[:T]


def masked_average(x):
    """Causal attention with weights of zero: what is multiplied by zero has to be finite."""
    weights = np.tril(np.ones((len(x), len(x))))
    return (weights / weights.sum(axis=1, keepdims=True)) @ np.tanh(x)


def sums_only(x):
    """One output per step, fewer than inputs."""
    return np.cumsum(np.sin(x).sum(axis=1))[:, None]


def knows_the_length(x):
    """Uses T, which is no input: nothing leaks."""
    return np.cumsum(x, axis=0) * len(x)


def constant(x):
    return np.ones((len(x), 4))


def next_input(x):
    return np.concatenate([2.0 * x[1:], np.zeros((1, x.shape[1]))])


def first_sees_last(x):
    y = np.cumsum(x, axis=0)
    y[0] += x[-1]
    return y


def only_neighbours_at_the_end(x):
    y = np.cumsum(x, axis=0)
    y[-2] += x[-1]
    return y


def only_in_the_middle(x):
    y = np.tanh(x)
    y[1] += 0.25 * x[2]
    return y


def in_one_output(x):
    y = np.concatenate([x, x, x], axis=1)
    y[:-2, -1] += x[2:].sum(axis=1)
    return y


def faint(x):
    y = np.cumsum(x, axis=0)
    y[:-1] += 1e-6 * x[1:]
    return y


def cancels_in_the_sum(x):
    y = np.array(x)
    y[0] += x[3]
    y[1] -= x[3]
    return y


def centred(x):
    return x - x.mean(axis=0)


def scaled_by_total(x):
    return x / (1.0 + np.exp(0.1 * x).sum())


def reads_first_feature(x):
    y = np.tanh(x)
    y[:-1] += 0.5 * x[1:, :1]
    return y


def reads_last_feature(x):
    y = np.tanh(x)
    y[:-1] += 0.5 * x[1:, -1:]
    return y


def very_faint(x):
    """Ten times and more what no leak may reach."""
    y = np.cumsum(x, axis=0)
    y[:-1] += 3e-8 * x[1:].sum(axis=1, keepdims=True)
    return y


def cancels_across_outputs(x):
    y = np.array(x)
    y[0] += x[3].sum() * np.where(np.arange(x.shape[1]) % 2, -1.0, 1.0)
    return y


def turned(x):
    """What comes later turns the first output and leaves its length alone."""
    y, angle = np.array(x), 0.3 * x[4].sum()
    y[0] = np.cos(angle) * x[0] + np.sin(angle) * np.array([-x[0, 1], x[0, 0]])
    return y


def beside_large_outputs(x):
    y = np.cumsum(x, axis=0) + 1e5
    y[:-1] += 1e-6 * x[1:]
    return y


def rounded_at_random(x):
    """Later inputs move the last digits of earlier outputs, as another order of summation does."""
    noise = 1e-13 * np.sin(1e5 * (x * np.arange(1, x.size + 1).reshape(x.shape)).sum())
    return np.cumsum(x, axis=0) + noise


def rounded_large_outputs(x):
    """Outputs of some 1e5 keep ten digits behind the point."""
    return 1e5 + by_fourier_transform(x) * 10.0 + 1e-11 * np.cos(1e5 * x.sum())


CAUSAL = [running_mean, by_fourier_transform, masked_average, sums_only, knows_the_length, constant]
LEAKING = [
    next_input,
    first_sees_last,
    only_neighbours_at_the_end,
    only_in_the_middle,
    in_one_output,
    faint,
    cancels_in_the_sum,
    centred,
    scaled_by_total,
]
# What a probe of one feature, a sum of outputs, a relative or a wide tolerance overlooks.
SUBTLE = [
    reads_first_feature,
    reads_last_feature,
    very_faint,
    cancels_across_outputs,
    turned,
    beside_large_outputs,
]


@once
def leak_input(rng, T, D):
    return draw(rng, T, D)


# Every test asks for both answers, so that a constant one earns nothing.


@scores("leaks_future", weight=3.0, title="models that do not see the future")
def test_no_leak(student):
    x = leak_input(6, 2)
    compare("the answer for a leak", student.leaks_future(next_input, x), True)
    for model in CAUSAL:
        compare("the answer for a causal model", student.leaks_future(model, x), False)


@scores("leaks_future", weight=3.0, title="models that differ by rounding only")
@pytest.mark.parametrize("model", [rounded_at_random, rounded_large_outputs])
def test_no_leak_beside_rounding(student, model):
    x = leak_input(6, 2)
    compare("the answer for a leak", student.leaks_future(next_input, x), True)
    compare("the answer for a causal model", student.leaks_future(model, x), False)


@scores("leaks_future", weight=4.0, title="models with a faint leak")
@pytest.mark.parametrize("model", SUBTLE, ids=lambda model: model.__name__)
def test_subtle_leak(student, model):
    x = leak_input(6, 2)
    compare("the answer for a leak", student.leaks_future(model, x), True)
    compare("the answer for a causal model", student.leaks_future(running_mean, x), False)


@scores("leaks_future", title="models that see the future")
@pytest.mark.parametrize("model", LEAKING, ids=lambda model: model.__name__)
def test_leak(student, model):
    x = leak_input(6, 2)
    compare("the answer for a leak", student.leaks_future(model, x), True)
    compare("the answer for a causal model", student.leaks_future(running_mean, x), False)


# A detector that overlooks a kind of leak is worth at most half of the points. The faint one is a matter of
# tolerance and is asked for above.
@scores("leaks_future", weight=38.0, title="a leak between any two steps")
def test_leaks_between_any_steps(student):
    x = leak_input(6, 2)
    compare("the answer for a causal model", student.leaks_future(running_mean, x), False)
    for model in LEAKING:
        if model is not faint:
            compare("the answer for a leak", student.leaks_future(model, x), True)


@scores("leaks_future", weight=2.0, title="a model that reads in both directions")
def test_leak_of_both_readers(student, reference):
    case = bi_case(NESTED)
    forward, backward = case.params["forward"], case.params["backward"]

    def both(x):
        return reference.birnn_forward(x[None], np.array([len(x)]), case.params)[0][0]

    def ahead_twice(x):
        return reference.deep_rnn_forward(x[None], [forward])[0][0]

    def back_only(x):
        return reference.deep_rnn_forward(x[None, ::-1], [backward])[0][0, ::-1]

    x = leak_input(5, 2)
    compare("the answer for both readers", student.leaks_future(both, x), True)
    compare("the answer for the forward reader", student.leaks_future(ahead_twice, x), False)
    compare("the answer for the backward reader", student.leaks_future(back_only, x), True)


@scores("leaks_future", weight=4.0, title="short sequences")
def test_leak_among_few_steps(student):
    for model in (next_input, centred, first_sees_last):
        compare("the answer for one step", student.leaks_future(model, leak_input(1, 3)), False)
        compare("the answer for two steps", student.leaks_future(model, leak_input(2, 3)), True)
    compare("the answer for two steps", student.leaks_future(running_mean, leak_input(2, 1)), False)


@scores("leaks_future", weight=4.0, title="a leak around inputs of zero")
def test_leak_around_zero(student):
    zero = np.zeros((6, 2))
    compare("the answer", student.leaks_future(running_mean, zero), False)
    compare("the answer", student.leaks_future(only_in_the_middle, zero), True)
    compare("the answer", student.leaks_future(centred, zero), True)


@scores("leaks_future", weight=4.0, title="the inputs stay as they are")
def test_leak_argument_unchanged(student):
    x = leak_input(6, 2)
    for model, want in ((centred, True), (running_mean, False)):
        compare("the answer", student.leaks_future(model, x), want)
        unchanged(student, "leaks_future", model, x)
