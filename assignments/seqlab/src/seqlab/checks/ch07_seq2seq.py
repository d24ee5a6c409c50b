"""Visible checks of chapter 7: the worked examples of the text, and small general cases.

torch is taken from the notebook that has imported it; this package works without it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from seqlab.checking import loaded
from seqlab.registry import Check, visible_check

LN2, LN3 = math.log(2.0), math.log(3.0)
ENCODER = ("E_src", "Wxh", "Whh", "bh")
DECODER = ("E_tgt", "Ws", "Wy", "Wc", "bs", "Wo", "bo")
ATTENTION = ("Wa", "Ua", "va")


def _torch() -> Any:
    return loaded("torch")


def _tensor(values: Any) -> Any:
    return _torch().tensor(values, dtype=_torch().float64)


def _ids(values: Any) -> Any:
    return _torch().tensor(values, dtype=_torch().int64)


def _random(rng: np.random.Generator, *shape: int) -> Any:
    return _torch().from_numpy(rng.normal(size=shape) * 0.6)


def _toy_params() -> dict[str, Any]:
    """The one-unit network of the worked example."""
    values = {
        "E_src": [[0.0], [LN2], [LN3 - 0.3]],
        "Wxh": [[1.0]],
        "Whh": [[0.5]],
        "bh": [0.0],
        "E_tgt": [[LN2 - 0.6], [0.0], [LN3 - 0.5]],
        "Ws": [[0.5]],
        "Wy": [[1.0]],
        "Wc": [[0.25]],
        "bs": [0.0],
        "Wo": [[0.0], [5.0], [-5.0]],
        "bo": [0.0, -3.5, 3.5],
    }
    return {name: _tensor(value) for name, value in values.items()}


def _small_params(rng: np.random.Generator) -> dict[str, Any]:
    """Random parameters with Vs = 6, Vt = 5, D = 2, H = 3, A = 4."""
    shapes = {
        "E_src": (6, 2),
        "Wxh": (3, 2),
        "Whh": (3, 3),
        "bh": (3,),
        "E_tgt": (5, 2),
        "Ws": (3, 3),
        "Wy": (3, 2),
        "Wc": (3, 3),
        "bs": (3,),
        "Wo": (5, 3),
        "bo": (5,),
        "Wa": (4, 3),
        "Ua": (4, 3),
        "va": (4,),
    }
    return {name: _random(rng, *shape) for name, shape in shapes.items()}


def _bigram_params(probabilities: list[list[float]]) -> dict[str, Any]:
    """A decoder whose next token depends on the previous one only: row y holds p(. | y)."""
    V = len(probabilities)
    torch = _torch()
    return {
        "E_tgt": 30.0 * torch.eye(V, dtype=torch.float64),  # tanh(30) is 1 in double precision
        "Ws": torch.zeros(V, V, dtype=torch.float64),
        "Wy": torch.eye(V, dtype=torch.float64),
        "Wc": torch.zeros(V, V, dtype=torch.float64),
        "bs": torch.zeros(V, dtype=torch.float64),
        "Wo": torch.log(_tensor(probabilities)).T.contiguous(),
        "bo": torch.zeros(V, dtype=torch.float64),
    }


def _expect_gradients(c: Check, loss: Callable[[dict[str, Any]], Any], at: dict[str, Any]) -> None:
    """Compare automatic gradients of a scalar of the student's forward with central differences of it."""
    torch = _torch()
    leaves = {name: value.clone().requires_grad_() for name, value in at.items()}
    value = loss(leaves)
    if not (isinstance(value, torch.Tensor) and value.requires_grad):
        c.note("no gradient flows at all: somewhere the result was cut off from its arguments")
        return
    found = torch.autograd.grad(value, list(leaves.values()), allow_unused=True)
    for (name, point), gradient in zip(at.items(), found, strict=True):
        if gradient is None:
            gradient = torch.zeros_like(point)

        def moved(v: Any, name: str = name) -> float:
            return float(loss({**at, name: v}))

        c.expect_gradient(f"the gradient of {name}", gradient, moved, at=point)


@visible_check(
    "encode",
    question="After which step is the context of a row taken, if the row is shorter than the batch is wide?",
    likely="Steps on padding change the state.",
)
def encode(c: Check) -> None:
    params = _toy_params()
    states, context = c.call("encode", _ids([[1, 2]]), _ids([2]), params, results=2)
    c.expect("states of the worked example", states, _tensor([[[0.6], [0.8]]]), axes="N S H")
    c.expect("context of the worked example", context, _tensor([[0.8]]), axes="N H")

    # The second row is the beginning of the first, the third is empty; the ids in the padding are any.
    tokens, lengths = _ids([[1, 2, 1], [1, 2, 2], [2, 1, 1]]), _ids([2, 1, 0])
    states, context = c.call("encode", tokens, lengths, params, results=2)
    want = _tensor([[[0.6], [0.8], [0.0]], [[0.6], [0.0], [0.0]], [[0.0], [0.0], [0.0]]])
    c.expect("states of ragged rows", states, want, axes="N S H")
    c.expect("context of ragged rows", context, _tensor([[0.8], [0.6], [0.0]]), axes="N H")
    c.expect_unchanged("encode", tokens, lengths, params)

    # Two units: the first reads the second, the second reads nothing but its bias of ln 2.
    two = {
        "E_src": _tensor([[LN3], [LN2 - 0.6]]),
        "Wxh": _tensor([[1.0], [0.0]]),
        "Whh": _tensor([[0.0, 1.0], [0.0, 0.0]]),
        "bh": _tensor([0.0, LN2]),
    }
    states, _ = c.call("encode", _ids([[0, 1]]), _ids([2]), two, results=2)
    c.expect("states of two units", states, _tensor([[[0.8, 0.6], [0.6, 0.6]]]), axes="N S H")

    rng = np.random.default_rng(71)
    params = _small_params(rng)
    tokens, lengths = _ids([[5, 3, 0, 1], [2, 4, 5, 1]]), _ids([4, 2])
    weights, more = _random(rng, 2, 4, 3), _random(rng, 2, 3)
    states, context = c.call("encode", tokens, lengths, params, results=2)
    short, last = c.call("encode", _ids([[2, 4]]), _ids([2]), params, results=2)
    c.expect("states of a row alone", states[1:, :2], short, axes="N S H")
    c.expect("context of a row alone", context[1:], last, axes="N H")

    def loss(p: dict[str, Any]) -> Any:
        states, context = c.call("encode", tokens, lengths, {**params, **p}, results=2)
        return (states * weights).sum() + (context * more).sum()

    _expect_gradients(c, loss, {name: params[name] for name in ENCODER})


@visible_check(
    "decoder_step",
    question="Which four terms stand inside the tanh of equation (7.3)?",
    likely="Two of the matrices are confused, or one lacks its transpose.",
)
def decoder_step(c: Check) -> None:
    params = _toy_params()
    logits, s = c.call(
        "decoder_step", _ids([0]), _tensor([[0.8]]), _tensor([[0.8]]), params, results=2
    )
    c.expect("s of the first step", s, _tensor([[0.6]]), axes="N H")
    c.expect("logits of the first step", logits, _tensor([[0.0, -0.5, 0.5]]), axes="N Vt")
    logits, s = c.call(
        "decoder_step", _ids([2]), _tensor([[0.6]]), _tensor([[0.8]]), params, results=2
    )
    c.expect("s of the second step", s, _tensor([[0.8]]), axes="N H")

    rng = np.random.default_rng(72)
    params = _small_params(rng)
    y_prev, s_prev, context = _ids([4, 0]), _random(rng, 2, 3), _random(rng, 2, 3)
    logits, s = c.call("decoder_step", y_prev, s_prev, context, params, results=2)
    p = {name: value.numpy() for name, value in params.items()}
    for row in range(2):
        inside = p["Ws"].dot(s_prev[row].numpy()) + p["Wc"].dot(context[row].numpy())
        state = np.tanh(inside + p["Wy"].dot(p["E_tgt"][int(y_prev[row])]) + p["bs"])
        c.expect(f"s of row {row}", s[row], _tensor(state), axes="H")
        c.expect(
            f"logits of row {row}", logits[row], _tensor(p["Wo"].dot(state) + p["bo"]), axes="Vt"
        )
    weights, more = _random(rng, 2, 5), _random(rng, 2, 3)

    def loss(q: dict[str, Any]) -> Any:
        arguments = q["s_prev"], q["context"], {**params, **q}
        logits, s = c.call("decoder_step", y_prev, *arguments, results=2)
        return (logits * weights).sum() + (s * more).sum()

    points = {name: params[name] for name in DECODER}
    _expect_gradients(c, loss, {"s_prev": s_prev, "context": context, **points})
    c.expect_unchanged("decoder_step", y_prev, s_prev, context, params)


@visible_check(
    "shift_right",
    question="What does the decoder read at the step that should write the first target?",
    likely="The last target is never read; the first input is bos.",
)
def shift_right(c: Check) -> None:
    targets = _ids([[5, 6, 7], [8, 9, 1]])
    shifted = c.call("shift_right", targets, 3)
    c.expect("the inputs", shifted, _ids([[3, 5, 6], [3, 8, 9]]), axes="N T")
    c.expect("the inputs of one step", c.call("shift_right", _ids([[4]]), 0), _ids([[0]]))
    c.expect_unchanged("shift_right", targets, 3)


@visible_check(
    "decode_teacher_forced",
    question="From which state does the decoder start, and what does it read at step t?",
    likely="The state is not handed on, or the inputs are the targets themselves.",
)
def decode_teacher_forced(c: Check) -> None:
    logits = c.call("decode_teacher_forced", _ids([[2, 1]]), _tensor([[0.8]]), _toy_params(), 0)
    want = _tensor([[[0.0, -0.5, 0.5], [0.0, 0.5, -0.5]]])
    c.expect("logits of the worked example", logits, want, axes="N T Vt")

    rng = np.random.default_rng(74)
    params = _small_params(rng)
    targets, context = _ids([[4, 2, 2, 1], [3, 1, 0, 0]]), _random(rng, 2, 3)
    logits = c.call("decode_teacher_forced", targets, context, params, 3)
    c.expect("the shape of the logits", tuple(logits.shape), (2, 4, 5))
    y_prev, s = _ids([3, 3]), context
    for t in range(4):
        scores, s = c.call("decoder_step", y_prev, s, context, params, results=2)
        c.expect(f"logits[:, {t}] against your own step", logits[:, t], scores, axes="N Vt")
        y_prev = targets[:, t]
    weights = _random(rng, 2, 4, 5)

    def loss(q: dict[str, Any]) -> Any:
        logits = c.call("decode_teacher_forced", targets, q["context"], {**params, **q}, 3)
        return (logits * weights).sum()

    points = {name: params[name] for name in ("Ws", "Wc", "E_tgt")}
    _expect_gradients(c, loss, {"context": context, **points})
    c.expect_unchanged("decode_teacher_forced", targets, context, params, 3)


@visible_check(
    "decode_greedy",
    question="What stands in a row after its first eos, and how many columns are there?",
    likely="A finished row goes on writing, or it ends the other rows.",
)
def decode_greedy(c: Check) -> None:
    params = _toy_params()
    tokens = c.call("decode_greedy", _tensor([[0.8]]), params, 0, 1, 2)
    c.expect("tokens of the worked example", tokens, _ids([[2, 1]]), axes="N T", dtype="int64")
    # The second row never ends: its state settles near 0.605, where token 2 is ahead of eos.
    context = _tensor([[0.8], [-0.8]])
    tokens = c.call("decode_greedy", context, params, 0, 1, 5)
    c.expect("tokens of two rows", tokens, _ids([[2, 1, 1, 1, 1], [2, 2, 2, 2, 2]]), axes="N T")
    c.expect("a single token", c.call("decode_greedy", context, params, 0, 1, 1), _ids([[2], [2]]))

    # The same network with other ids: bos is 2, eos is 0, and what was 2 is 1.
    ids = [1, 2, 0]
    other = {**params, **{name: params[name][ids] for name in ("E_tgt", "Wo", "bo")}}
    tokens = c.call("decode_greedy", context, other, 2, 0, 5)
    c.expect("tokens with other ids", tokens, _ids([[1, 0, 0, 0, 0], [1, 1, 1, 1, 1]]), axes="N T")

    rng = np.random.default_rng(75)
    small, states = _small_params(rng), 3.0 * _random(rng, 3, 3)
    tokens = c.call("decode_greedy", states, small, 3, -1, 6)  # no token is the eos
    logits = c.call("decode_teacher_forced", tokens, states, small, 3)
    c.expect("tokens against the argmax of your own logits", tokens, logits.argmax(dim=-1), "N T")

    even = {**params, "Wo": 0.0 * params["Wo"], "bo": 0.0 * params["bo"]}
    tokens = c.call("decode_greedy", context, even, 2, 1, 3)
    c.expect("tokens when all scores tie", tokens, _ids([[0, 0, 0], [0, 0, 0]]), axes="N T")
    c.expect_unchanged("decode_greedy", context, params, 0, 1, 5)


@visible_check(
    "scheduled_sampling_rate",
    question="What do numerator and denominator of the inverse sigmoid do when i/k is in the thousands?",
    likely="The exponential overflows, or the linear schedule falls below zero.",
)
def scheduled_sampling_rate(c: Check) -> None:
    def rate(*arguments: Any) -> Any:
        return float(c.call("scheduled_sampling_rate", *arguments))

    c.expect("linear, step 4 of 10", rate(4, "linear", 10.0), 0.6)
    c.expect("linear, far beyond k", rate(25, "linear", 10.0), 0.0)
    c.expect("exponential, step 3", rate(3, "exponential", 0.5), 0.125)
    c.expect("exponential with k = 1", rate(7, "exponential", 1.0), 1.0)
    c.expect("inverse sigmoid, step 0", rate(0, "inverse_sigmoid", 1.0), 0.5)
    # exp(step/k) = 2 at step = k ln 2
    c.expect("inverse sigmoid, k = 20", rate(20 * LN2, "inverse_sigmoid", 20.0), 20.0 / 22.0)
    c.expect("inverse sigmoid, step 1e6", rate(10**6, "inverse_sigmoid", 20.0), 0.0)
    c.expect_error(ValueError, "schedule", "scheduled_sampling_rate", 3, "cosine", 10.0)


@visible_check(
    "decode_scheduled",
    question="Which column of use_truth says what the second step reads?",
    likely="The columns of use_truth are shifted by one, or step 0 obeys them too.",
)
def decode_scheduled(c: Check) -> None:
    # With these logits the model would write 2, then 1; the targets say 1, 1.
    params, context = _toy_params(), _tensor([[0.8], [0.8]])
    use_truth = _torch().tensor([[False, True], [True, False]])
    logits = c.call("decode_scheduled", _ids([[1, 1], [1, 1]]), context, params, 0, use_truth)
    c.expect("the shape of the logits", tuple(logits.shape), (2, 2, 3))
    s = math.tanh(0.5)  # 0.3 + 0 + 0.2: the state after reading token 1
    truth, own = [0.0, 5 * s - 3.5, 3.5 - 5 * s], [0.0, 0.5, -0.5]
    c.expect("logits of the first step", logits[:, 0], _tensor([[0.0, -0.5, 0.5]] * 2), axes="N Vt")
    c.expect("logits of the second step", logits[:, 1], _tensor([truth, own]), axes="N Vt")

    rng = np.random.default_rng(77)
    params = _small_params(rng)
    targets, context = _ids([[4, 2, 2, 1], [3, 1, 0, 4]]), _random(rng, 2, 3)
    everywhere = _torch().ones(2, 4, dtype=_torch().bool)
    logits = c.call("decode_scheduled", targets, context, params, 3, everywhere)
    forced = c.call("decode_teacher_forced", targets, context, params, 3)
    c.expect("logits with the truth everywhere", logits, forced, axes="N T Vt")
    logits = c.call("decode_scheduled", targets, context, params, 3, ~everywhere)
    written = logits.argmax(dim=-1)
    forced = c.call("decode_teacher_forced", written, context, params, 3)
    c.expect("logits when it reads what it wrote", logits, forced, axes="N T Vt")
    weights = _random(rng, 2, 4, 5)

    def loss(q: dict[str, Any]) -> Any:
        arguments = q["context"], {**params, **q}, 3, everywhere
        return (c.call("decode_scheduled", targets, *arguments) * weights).sum()

    _expect_gradients(c, loss, {"context": context, "Ws": params["Ws"]})
    c.expect_unchanged("decode_scheduled", targets, context, params, 3, everywhere)


@visible_check(
    "sequence_cross_entropy",
    question="How many positions does the mean of equation (7.7) run over?",
    likely="Padded positions count in the denominator, or their logits reach the gradient.",
)
def sequence_cross_entropy(c: Check) -> None:
    torch = _torch()
    logits = _tensor([[[LN3, 0.0], [7.0, 7.0]]])
    loss = c.call("sequence_cross_entropy", logits, _ids([[1, -1]]), -1)
    c.expect("loss of one position", loss, _tensor(2 * LN2))
    loss = c.call("sequence_cross_entropy", logits, _ids([[1, 0]]), -1)
    c.expect("loss of two positions", loss, _tensor(1.5 * LN2))
    loss = c.call("sequence_cross_entropy", logits, _ids([[1, 0]]), 0)
    c.expect("loss when 0 is padding", loss, _tensor(2 * LN2))
    loss = c.call("sequence_cross_entropy", logits, _ids([[5, 5]]), 5)
    c.expect("loss when all is padding", loss, _tensor(0.0))
    loss = c.call("sequence_cross_entropy", _tensor([[[1e4, -1e4]]]), _ids([[1]]), 0)
    c.expect("loss of extreme logits", loss, _tensor(2e4))

    logits = _tensor([[[LN3, 0.0], [math.nan, 1.0]]]).requires_grad_()
    loss = c.call("sequence_cross_entropy", logits, _ids([[1, -1]]), -1)
    c.expect("loss beside NaN in the padding", loss, _tensor(2 * LN2))
    if loss.requires_grad:
        (gradient,) = torch.autograd.grad(loss, logits)
        want = _tensor([[[0.75, -0.75], [0.0, 0.0]]])
        c.expect("the gradient beside NaN in the padding", gradient, want, axes="N T Vt")
    else:
        c.note("no gradient flows from the loss to the logits")
    plain = logits.detach()
    c.expect_unchanged("sequence_cross_entropy", plain, _ids([[1, -1]]), -1)


@visible_check(
    "additive_attention",
    question="Over which positions does the denominator of equation (7.9) run?",
    likely="The mask comes after the softmax without a new sum, or a masked row gives NaN.",
)
def additive_attention(c: Check) -> None:
    torch = _torch()
    params = {"Wa": _tensor([[1.0]]), "Ua": _tensor([[1.0]]), "va": _tensor([LN3 / 0.6])}
    s, states = _tensor([[-1.0]] * 3), _tensor([[[1.0 + LN2], [1.0]]] * 3)
    mask = torch.tensor([[True, True], [True, False], [False, False]])
    context, weights = c.call("additive_attention", s, states, mask, params, results=2)
    want = _tensor([[0.75, 0.25], [1.0, 0.0], [0.0, 0.0]])
    c.expect("weights of the worked example", weights, want, axes="N S")
    want = _tensor([[1.0 + 0.75 * LN2], [1.0 + LN2], [0.0]])
    c.expect("context of the worked example", context, want, axes="N H")

    # Two units in s and h, of which (7.8) compares the first with the second; va reads one of two.
    params = {
        "Wa": _tensor([[1.0, 0.0], [0.0, 0.0]]),
        "Ua": _tensor([[0.0, 1.0], [0.0, 0.0]]),
        "va": _tensor([LN3 / 0.6, 5.0]),
    }
    s, states = _tensor([[-1.0, 4.0]]), _tensor([[[2.0, 1.0 + LN2], [6.0, 1.0]]])
    context, weights = c.call("additive_attention", s, states, mask[:1], params, results=2)
    c.expect("weights of two units", weights, _tensor([[0.75, 0.25]]), axes="N S")
    c.expect("context of two units", context, _tensor([[3.0, 1.0 + 0.75 * LN2]]), axes="N H")

    rng = np.random.default_rng(79)
    params = {name: value for name, value in _small_params(rng).items() if name in ATTENTION}
    s, states = _random(rng, 3, 3), _random(rng, 3, 4, 3)
    mask = torch.tensor([[True, True, False, True], [False, True, False, False], [False] * 4])
    context, weights = c.call("additive_attention", s, states, mask, params, results=2)
    c.expect("sums of the weights", weights.sum(dim=1), _tensor([1.0, 1.0, 0.0]), axes="N")
    c.expect("a row with one state", context[1], states[1, 1], axes="H")
    a, b = _random(rng, 3, 3), _random(rng, 3, 4)

    def loss(q: dict[str, Any]) -> Any:
        arguments = q["s"], q["states"], mask, q
        context, weights = c.call("additive_attention", *arguments, results=2)
        return (context * a).sum() + (weights * b).sum()

    _expect_gradients(c, loss, {"s": s, "states": states, **params})
    steep = {**params, "va": 2000.0 * params["va"]}
    context, weights = c.call("additive_attention", s, states, mask, steep, results=2)
    c.expect("sums of weights of large scores", weights.sum(dim=1), _tensor([1.0, 1.0, 0.0]))
    c.expect_unchanged("additive_attention", s, states, mask, params)


@visible_check(
    "decode_with_attention",
    question="Which state asks for the context of step t, the one before the step or the one after?",
    likely="One context is used for all steps, or the initial state is the last column.",
)
def decode_with_attention(c: Check) -> None:
    torch = _torch()
    rng = np.random.default_rng(710)
    params = _small_params(rng)
    states, targets = _random(rng, 3, 4, 3), _ids([[4, 2, 0], [1, 3, 2], [2, 2, 4]])
    # The last state that may be looked at stands in columns 3, 1 and 2.
    mask = torch.tensor([[True] * 4, [True, True, False, False], [False, True, True, False]])
    logits, weights = c.call("decode_with_attention", targets, states, mask, params, 3, results=2)
    c.expect("the shape of the logits", tuple(logits.shape), (3, 3, 5))
    c.expect("the shape of the weights", tuple(weights.shape), (3, 3, 4))
    y_prev = _ids([3, 3, 3])
    s = torch.stack([states[0, 3], states[1, 1], states[2, 2]])
    for t in range(3):
        context, attended = c.call("additive_attention", s, states, mask, params, results=2)
        scores, s = c.call("decoder_step", y_prev, s, context, params, results=2)
        c.expect(f"weights[:, {t}] against your own", weights[:, t], attended, axes="N S")
        c.expect(f"logits[:, {t}] against your own step", logits[:, t], scores, axes="N Vt")
        y_prev = targets[:, t]
    a, b = _random(rng, 3, 3, 5), _random(rng, 3, 3, 4)

    def loss(q: dict[str, Any]) -> Any:
        arguments = targets, q["states"], mask, {**params, **q}, 3
        logits, weights = c.call("decode_with_attention", *arguments, results=2)
        return (logits * a).sum() + (weights * b).sum()

    points = {name: params[name] for name in ("Wc", *ATTENTION)}
    _expect_gradients(c, loss, {"states": states, **points})
    c.expect_unchanged("decode_with_attention", targets, states, mask, params, 3)


@visible_check(
    "beam_search",
    question="Which hypotheses compete for the places of the beam after a step?",
    likely="Finished hypotheses are extended, lost, or compared by another score than (7.10).",
)
def beam_search(c: Check) -> None:
    # Tokens bos, eos, a, b with the table of the text; the two numbers for bos are as good as zero.
    none = 1e-9
    table = [
        [none, 0.1, 0.5, 0.4],
        [0.1, 0.2, 0.3, 0.4],
        [none, 0.4, 0.35, 0.25],
        [none, 0.9, 0.05, 0.05],
    ]
    params = _bigram_params(table)
    params["bo"] = params["bo"] + 2.0  # the same for all tokens: scores are no log probabilities
    context = _tensor([[0.1, -0.2, 0.3, 0.4]])

    def expect(
        width: int, length: int, want: list[int], probability: float, bos: int = 0, eos: int = 1
    ) -> None:
        found = c.call("beam_search", context, params, bos, eos, width, length, results=2)
        label = f"with width {width}, at most {length} tokens, bos {bos} and eos {eos}"
        c.expect(f"tokens {label}", found[0], _ids(want), axes="L", dtype="int64")
        c.expect(f"log probability {label}", float(found[1]), math.log(probability))

    expect(1, 5, [2, 1], 0.2)
    expect(2, 5, [3, 1], 0.36)
    expect(9, 5, [3, 1], 0.36)
    expect(2, 1, [2], 0.5)  # cut off before any hypothesis has ended
    # The same table with other roles: begin after a, end with b.
    expect(2, 2, [1, 3], 0.16, bos=2, eos=3)

    rng = np.random.default_rng(711)
    params, context = _small_params(rng), _random(rng, 1, 3)
    tokens, _ = c.call("beam_search", context, params, 0, 1, 1, 6, results=2)
    greedy = c.call("decode_greedy", context, params, 0, 1, 6)[0].tolist()
    ended = greedy.index(1) + 1 if 1 in greedy else 6
    c.expect("tokens with width 1 against your own greedy", tokens, _ids(greedy[:ended]), axes="L")
    c.expect_unchanged("beam_search", context, params, 0, 1, 3, 4)
