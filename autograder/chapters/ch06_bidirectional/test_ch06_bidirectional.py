"""Hidden suite of chapter 6. Each row is judged by an RNN written here that sees its valid steps and nothing else."""

from __future__ import annotations

from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from autograder.grading.toolkit import HANDLE, compare, once, require, scores, unchanged

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
    """States of a vanilla RNN for a list of input vectors, in torch."""
    h, states = torch.zeros(len(p["bh"]), dtype=torch.float64), []
    for x in steps:
        h = torch.tanh(p["Whh"] @ h + p["Wxh"] @ x + p["bh"])
        states.append(h)
    return states


def oracle_birnn(row, p):
    """States (T, 2H) of one row that has no padding."""
    ahead = oracle_rnn(list(row), p["forward"])
    back = oracle_rnn(list(row.flip(0)), p["backward"])
    pairs = zip(ahead, reversed(back), strict=True)
    return torch.stack([torch.cat(pair) for pair in pairs])


def leaf(value):
    return torch.tensor(value, requires_grad=True)


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

    params = {side: {k: leaf(v) for k, v in p.items()} for side, p in case.params.items()}
    x = leaf(case.x)
    rows = [
        oracle_birnn(x[n, :length], params) if length else None for n, length in enumerate(lengths)
    ]
    case.h = np.zeros((N, T, 2 * H))
    for n, row in enumerate(rows):
        if row is not None:
            case.h[n, : len(row)] = row.detach().numpy()
    case.want = {}
    tensors = [x, *(params[side][k] for side in params for k in NAMES)]
    for name, dh in case.dh.items():
        loss = torch.zeros((), dtype=torch.float64)
        for n, row in enumerate(rows):
            if row is not None:
                loss = loss + (row * torch.tensor(dh[n, : len(row)])).sum()
        # The graph serves several losses.
        found = torch.autograd.grad(loss, tensors, retain_graph=True, allow_unused=True)
        dx, *rest = (
            np.zeros(tuple(t.shape)) if g is None else g.numpy()
            for t, g in zip(tensors, found, strict=True)
        )
        sides = {"forward": rest[:3], "backward": rest[3:]}
        grads = {side: dict(zip(NAMES, found, strict=True)) for side, found in sides.items()}
        case.want[name] = (dx, grads)
    return case


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


@scores("reverse_padded", weight=2.0)
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


@scores("reverse_padded")
def test_nothing_valid(student):
    case = reversal_case(NESTED)
    none = np.zeros(4, dtype=np.int64)
    compare("x of length 0", student.reverse_padded(case.x, none), case.x, axes="N T D")


@scores("reverse_padded")
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


@scores("reverse_padded")
def test_reversal_arguments_unchanged(student):
    case = reversal_case(NESTED)
    unchanged(student, "reverse_padded", case.x, case.lengths)


# --- birnn_forward --------------------------------------------------------------------------------


@scores("birnn_forward", weight=2.0, steps=("reverse_padded",))
@pytest.mark.parametrize("name", list(BATCHES))
def test_birnn_values(student, name):
    case = bi_case(BATCHES[name])
    h, _ = student.birnn_forward(*case.args)
    compare("h", h, case.h, axes="N T 2H", valid=case.lengths)


@scores("birnn_forward", steps=("reverse_padded",))
def test_birnn_padding_of_nan(student):
    case = bi_case(NESTED)
    h, _ = student.birnn_forward(with_nan(case, case.x), case.lengths, case.params)
    compare("h", h, case.h, axes="N T 2H", valid=case.lengths)


@scores("birnn_forward", steps=("reverse_padded",))
def test_birnn_padding_of_huge_values(student):
    case = bi_case(NESTED)
    x = np.where(case.valid[:, :, None], case.x, 1e30)
    h, _ = student.birnn_forward(x, case.lengths, case.params)
    compare("h", h, case.h, axes="N T 2H", valid=case.lengths)


@scores("birnn_forward", steps=("reverse_padded",))
def test_birnn_valid_zeros(student):
    case = bi_case(NESTED)
    x = np.where(case.valid[:, :, None], np.zeros(case.x.shape), 5.0)
    h, _ = student.birnn_forward(x, case.lengths, case.params)
    want = np.zeros(case.h.shape)
    params = {side: {k: torch.tensor(v) for k, v in p.items()} for side, p in case.params.items()}
    for n, length in enumerate(case.lengths):
        if length:
            want[n, :length] = oracle_birnn(torch.zeros(length, 2, dtype=torch.float64), params)
    compare("h where all inputs are zero", h, want, axes="N T 2H")


@scores("birnn_forward", steps=("reverse_padded",))
def test_birnn_repeated(student):
    one, two = bi_case(NESTED), bi_case(NESTED, 1)
    student.birnn_forward(*one.args)
    h, _ = student.birnn_forward(*two.args)
    compare("h of a second call", h, two.h, axes="N T 2H")


@scores("birnn_forward", steps=("reverse_padded",))
def test_birnn_arguments_unchanged(student):
    unchanged(student, "birnn_forward", *bi_case(NESTED).args)


# --- birnn_backward -------------------------------------------------------------------------------


def check_bi_gradients(student, case, x, dh, want):
    _, cache = student.birnn_forward(x, case.lengths, case.params)
    dx, grads = student.birnn_backward(dh, cache)
    compare("dx", dx, want[0], axes="N T D", valid=case.lengths)
    compare("grads", grads, want[1])


@scores("birnn_backward", weight=2.0, steps=("reverse_padded",))
@pytest.mark.parametrize("name", list(BATCHES))
def test_birnn_gradients(student, name):
    case = bi_case(BATCHES[name])
    check_bi_gradients(student, case, case.x, case.dh["everywhere"], case.want["everywhere"])


@scores("birnn_backward", steps=("reverse_padded",))
@pytest.mark.parametrize("place", ["first", "last", "forward_half", "backward_half"])
def test_birnn_gradients_from(student, place):
    case = bi_case(NESTED)
    check_bi_gradients(student, case, case.x, case.dh[place], case.want[place])


@scores("birnn_backward", steps=("reverse_padded",))
@pytest.mark.parametrize("where", ["x", "dh"])
def test_birnn_gradients_with_nan_in_the_padding_of(student, where):
    case = bi_case(NESTED)
    x, dh = case.x, case.dh["everywhere"]
    x, dh = (with_nan(case, x), dh) if where == "x" else (x, with_nan(case, dh))
    check_bi_gradients(student, case, x, dh, case.want["everywhere"])


@scores("birnn_backward", steps=("reverse_padded",))
def test_birnn_caches_interleaved(student):
    one, two = bi_case(NESTED), bi_case(NESTED, 1)
    _, cache_one = student.birnn_forward(*one.args)
    _, cache_two = student.birnn_forward(*two.args)
    for case, cache in ((one, cache_one), (two, cache_two)):
        dx, grads = student.birnn_backward(case.dh["everywhere"], cache)
        compare("dx", dx, case.want["everywhere"][0], axes="N T D")
        compare("grads", grads, case.want["everywhere"][1])


@scores("birnn_backward", steps=("reverse_padded",))
def test_birnn_cache_used_twice(student):
    case = bi_case(NESTED)
    _, cache = student.birnn_forward(*case.args)
    student.birnn_backward(case.dh["everywhere"], cache)
    dx, grads = student.birnn_backward(case.dh["first"], cache)
    compare("dx", dx, case.want["first"][0], axes="N T D")
    compare("grads", grads, case.want["first"][1])


@scores("birnn_backward", steps=("reverse_padded",))
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
    x, layers = leaf(case.x), [{k: leaf(v) for k, v in p.items()} for p in case.layers]
    rows = []
    for n in range(N):
        steps = list(x[n])
        for p in layers:
            steps = oracle_rnn(steps, p)
        rows.append(torch.stack(steps))
    h = torch.stack(rows)
    case.h = h.detach().numpy()
    tensors = [x, *(p[k] for p in layers for k in NAMES)]
    case.want = {}
    for name, dh in case.dh.items():
        loss = (h * torch.tensor(dh)).sum()
        dx, *rest = (g.numpy() for g in torch.autograd.grad(loss, tensors, retain_graph=True))
        grads = [dict(zip(NAMES, rest[i : i + 3], strict=True)) for i in range(0, len(rest), 3)]
        case.want[name] = (dx, grads)
    return case


@scores("deep_rnn_forward", weight=2.0)
@pytest.mark.parametrize("name", list(STACKS))
def test_deep_values(student, name):
    case = deep_case(STACKS[name])
    h, _ = student.deep_rnn_forward(*case.args)
    compare("h", h, case.h, axes="N T H")


# What a stack is about: half of the function.
@scores("deep_rnn_forward", weight=10.0)
def test_each_layer_reads_the_one_below(student):
    """Equal widths: a layer that reads anything else raises no error."""
    case = deep_case((2, 5, (3, 3, 3, 3)))
    h, _ = student.deep_rnn_forward(*case.args)
    compare("h", h, case.h, axes="N T H")


@scores("deep_rnn_forward")
def test_deep_repeated(student):
    one, two = deep_case(STACKS["three_layers"]), deep_case(STACKS["three_layers"], 1)
    student.deep_rnn_forward(*one.args)
    h, _ = student.deep_rnn_forward(*two.args)
    compare("h of a second call", h, two.h, axes="N T H")


@scores("deep_rnn_forward")
def test_deep_arguments_unchanged(student):
    unchanged(student, "deep_rnn_forward", *deep_case(STACKS["three_layers"]).args)


def check_deep_gradients(student, case, cache, place):
    dx, grads = student.deep_rnn_backward(case.dh[place], cache)
    compare("dx", dx, case.want[place][0], axes="N T D")
    compare("grads", grads, case.want[place][1])


@scores("deep_rnn_backward", weight=2.0)
@pytest.mark.parametrize("name", list(STACKS))
def test_deep_gradients(student, name):
    case = deep_case(STACKS[name])
    _, cache = student.deep_rnn_forward(*case.args)
    check_deep_gradients(student, case, cache, "everywhere")


@scores("deep_rnn_backward")
@pytest.mark.parametrize("place", ["first", "last"])
def test_deep_gradients_from_one_step(student, place):
    case = deep_case(STACKS["three_layers"])
    _, cache = student.deep_rnn_forward(*case.args)
    check_deep_gradients(student, case, cache, place)


@scores("deep_rnn_backward")
def test_deep_caches_interleaved(student):
    one, two = deep_case(STACKS["three_layers"]), deep_case(STACKS["three_layers"], 1)
    _, cache_one = student.deep_rnn_forward(*one.args)
    _, cache_two = student.deep_rnn_forward(*two.args)
    check_deep_gradients(student, one, cache_one, "everywhere")
    check_deep_gradients(student, two, cache_two, "everywhere")


@scores("deep_rnn_backward")
def test_deep_cache_used_twice(student):
    case = deep_case(STACKS["three_layers"])
    _, cache = student.deep_rnn_forward(*case.args)
    student.deep_rnn_backward(case.dh["everywhere"], cache)
    check_deep_gradients(student, case, cache, "last")


@scores("deep_rnn_backward")
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


@once
def leak_input(rng, T, D):
    return draw(rng, T, D)


# Every test asks for both answers, so that a constant one earns nothing.


@scores("leaks_future", weight=3.0)
def test_no_leak(student):
    x = leak_input(6, 2)
    compare("the answer for a leak", student.leaks_future(next_input, x), True)
    for model in CAUSAL:
        compare("the answer for a causal model", student.leaks_future(model, x), False)


@scores("leaks_future")
@pytest.mark.parametrize("model", LEAKING, ids=lambda model: model.__name__)
def test_leak(student, model):
    x = leak_input(6, 2)
    compare("the answer for a leak", student.leaks_future(model, x), True)
    compare("the answer for a causal model", student.leaks_future(running_mean, x), False)


# A detector that overlooks a kind of leak is worth at most half of the points. The faint one is a matter of
# tolerance and is asked for above.
@scores("leaks_future", weight=17.0)
def test_leaks_between_any_steps(student):
    x = leak_input(6, 2)
    compare("the answer for a causal model", student.leaks_future(running_mean, x), False)
    for model in LEAKING:
        if model is not faint:
            compare("the answer for a leak", student.leaks_future(model, x), True)


@scores("leaks_future", weight=2.0)
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


@scores("leaks_future", weight=2.0)
def test_leak_among_few_steps(student):
    for model in (next_input, centred, first_sees_last):
        compare("the answer for one step", student.leaks_future(model, leak_input(1, 3)), False)
        compare("the answer for two steps", student.leaks_future(model, leak_input(2, 3)), True)
    compare("the answer for two steps", student.leaks_future(running_mean, leak_input(2, 1)), False)


@scores("leaks_future", weight=2.0)
def test_leak_around_zero(student):
    zero = np.zeros((6, 2))
    compare("the answer", student.leaks_future(running_mean, zero), False)
    compare("the answer", student.leaks_future(only_in_the_middle, zero), True)
    compare("the answer", student.leaks_future(centred, zero), True)


@scores("leaks_future")
def test_leak_argument_unchanged(student):
    x = leak_input(6, 2)
    for model, want in ((centred, True), (running_mean, False)):
        compare("the answer", student.leaks_future(model, x), want)
        unchanged(student, "leaks_future", model, x)
