"""Hidden suite of Chapter 7: encoder, decoder, attention and search.

Values and gradients are judged against the row-by-row code of this file, which never sees any padding, with torch's
automatic differentiation in float64. Search is judged on models whose decisions are clear: candidates that come close
to each other are not drawn, as single precision inside a submission could order them the other way.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from autograder.grading.toolkit import TestEnded, compare, once, raises, require, scores, unchanged

RESULTS = {
    "encode": {"states": "N S H", "context": "N H"},
    "decoder_step": {"logits": "N Vt", "s": "N H"},
    "shift_right": "N T",
    "decode_teacher_forced": "N T Vt",
    "decode_greedy": "N T",
    "scheduled_sampling_rate": "",
    "decode_scheduled": "N T Vt",
    "sequence_cross_entropy": "",
    "additive_attention": {"context": "N H", "weights": "N S"},
    "decode_with_attention": {"logits": "N T Vt", "weights": "N T S"},
    "beam_search": {"tokens": "L", "log_probability": ""},
}

# What the sequence functions of a submission may be built on.
FORCED_STEPS = ("decoder_step", "shift_right")
DECODE_STEPS = ("decoder_step", "shift_right", "decode_teacher_forced")
ATTENTION_STEPS = ("decoder_step", "shift_right", "additive_attention")
SEARCH_STEPS = ("decoder_step", "decode_greedy")

Tensors = dict[str, torch.Tensor]

LONG = 35  # steps: more than what is cut after eight or ten
SINGLE = 1e-4  # of results in single precision: its rounding, grown a thousand times
MARGIN = 1e-3  # between a choice and what was not chosen


# --- the model, one row at a time -----------------------------------------------------------------


def parameters(
    rng: np.random.Generator,
    D: int = 3,
    H: int = 5,
    A: int = 4,
    Vs: int = 8,
    Vt: int = 7,
    sharpness: float = 1.0,
) -> Tensors:
    """Weights at which no unit saturates and every path counts."""
    shapes = {
        "E_src": (Vs, D),
        "E_tgt": (Vt, D),
        "Wxh": (H, D),
        "Whh": (H, H),
        "bh": (H,),
        "Ws": (H, H),
        "Wy": (H, D),
        "Wc": (H, H),
        "bs": (H,),
        "Wo": (Vt, H),
        "bo": (Vt,),
        "Wa": (A, H),
        "Ua": (A, H),
        "va": (A,),
    }
    params = {name: normal(rng, *shape) * 0.7 / shape[-1] ** 0.5 for name, shape in shapes.items()}
    for name in ("E_src", "E_tgt", "va"):
        params[name] = normal(rng, *shapes[name])
    params["Wo"] = params["Wo"] * 3 * sharpness
    return params


def normal(rng: np.random.Generator, *shape: int) -> torch.Tensor:
    return torch.from_numpy(rng.normal(size=shape))


def draw_ids(rng: np.random.Generator, size: int, *shape: int) -> torch.Tensor:
    return torch.from_numpy(rng.integers(size, size=shape))


def leaves(tensors: Tensors) -> Tensors:
    """Copies that collect gradients."""
    return {name: tensor.detach().clone().requires_grad_() for name, tensor in tensors.items()}


def step(y: torch.Tensor, s: torch.Tensor, context: torch.Tensor, p: Tensors) -> Any:
    """Equations (7.3) and (7.4) for one row."""
    s = torch.tanh(p["Ws"].mv(s) + p["Wy"].mv(p["E_tgt"][y]) + p["Wc"].mv(context) + p["bs"])
    return p["Wo"].mv(s) + p["bo"], s


def encode_row(ids: torch.Tensor, p: Tensors) -> list[torch.Tensor]:
    """The states of (7.1) for one source without padding, the initial one first."""
    states = [torch.zeros(p["bh"].shape[0], dtype=torch.float64)]
    for token in ids:
        inside = p["Wxh"].mv(p["E_src"][token]) + p["Whh"].mv(states[-1]) + p["bh"]
        states.append(torch.tanh(inside))
    return states


def attend(s: torch.Tensor, states: torch.Tensor, mask: torch.Tensor, p: Tensors) -> Any:
    """Equations (7.8) and (7.9) for one row, over the visible states alone."""
    weights = torch.zeros(len(mask), dtype=torch.float64)
    context = torch.zeros(states.shape[1], dtype=torch.float64)
    if mask.any():
        visible = states[mask]
        alpha = torch.softmax(torch.tanh(p["Wa"].mv(s) + visible @ p["Ua"].T) @ p["va"], dim=0)
        weights = weights.masked_scatter(mask, alpha)
        context = alpha @ visible
    return context, weights


def is_clear(logits: torch.Tensor) -> bool:
    best, second = logits.detach().topk(2).values.tolist()
    return best - second > MARGIN


def keep_states(params: Tensors, name: str) -> None:
    """Let states fade slowly, so that a gradient arrives after many steps: an orthogonal matrix, small inputs."""
    q, r = torch.linalg.qr(params[name])
    params[name] = 0.98 * q * torch.sign(torch.diagonal(r))
    for small in ("Wxh", "Wy"):
        params[small] = 0.15 * params[small]
    for small in ("Wc", "bh", "bs"):
        params[small] = 0.03 * params[small]


def in_single(value: Any) -> Any:
    """The same arguments in single precision."""
    if isinstance(value, dict):
        return {name: in_single(item) for name, item in value.items()}
    if isinstance(value, tuple):
        return tuple(in_single(item) for item in value)
    is_double = isinstance(value, torch.Tensor) and value.dtype == torch.float64
    return value.float() if is_double else value


def compare_single(name: str, got: Any, want: torch.Tensor) -> None:
    """Compare what was computed from single precision; the width of the result is free."""
    require(isinstance(got, torch.Tensor), f"{name} should be a tensor")
    compare(name, got.double(), want, tolerance=SINGLE)


def keeps_arguments(student: Any, name: str, *args: Any) -> None:
    """Fail where an argument has other values afterwards, or a parameter in training is no longer trained."""
    unchanged(student, name, *args)
    trained = [leaves(arg) if isinstance(arg, dict) else arg for arg in args]
    for given in (args, trained):
        after = student.call(name, *given, echo=True).args_after
        flags, kept = (
            [tensor.requires_grad for tensor in all_tensors(tree)] for tree in (given, after)
        )
        if flags != kept:  # no `require`: to leave things alone shows nothing by itself
            message = f"{name} changed which arguments require a gradient"
            raise TestEnded("failed", message)


def all_tensors(tree: Any) -> list[torch.Tensor]:
    if isinstance(tree, torch.Tensor):
        return [tree]
    if isinstance(tree, dict):
        tree = [tree[name] for name in sorted(tree)]
    return (
        [t for item in tree for t in all_tensors(item)] if isinstance(tree, (list, tuple)) else []
    )


# --- judging gradients ----------------------------------------------------------------------------


def gradients_of(
    results: Sequence[torch.Tensor], cotangents: Sequence[Any], at: Tensors
) -> Tensors:
    """What should arrive at the leaves; zeros where nothing does."""
    total = sum(
        (result * weight).sum()
        for result, weight in zip(results, cotangents, strict=True)
        if weight is not None
    )
    assert isinstance(total, torch.Tensor)
    found = torch.autograd.grad(total, list(at.values()), allow_unused=True)
    return {
        name: torch.zeros_like(leaf) if gradient is None else gradient
        for (name, leaf), gradient in zip(at.items(), found, strict=True)
    }


def compare_gradients(got: dict[str, Any], want: Tensors) -> None:
    for name, gradient in want.items():
        if got[name] is None:
            require(not gradient.any(), f"no gradient reaches {name}")
        else:
            compare(f"the gradient of {name}", got[name], gradient)


def compare_through_steps(student: Any, got: dict[str, Any], want: Tensors, *steps: str) -> None:
    """Judge the gradients of a function that may be built on other functions of the submission.

    Automatic differentiation goes through the steps of the submission itself. Where the gradient of such a step is
    wrong, or the step is a lent one that carries none, the values, which have been compared, decide alone.
    """
    try:
        compare_gradients(got, want)
    except TestEnded:
        if all(carries_gradient(student, name) for name in steps):
            raise


def carries_gradient(student: Any, name: str) -> bool:
    case = attention_case("holes") if name == "additive_attention" else step_case(2, 3, 4)
    try:
        results, gradients = student.vjp(name, *case.grad_arguments, cotangents=case.cotangents)
        for result, want in zip(results, case.results, strict=True):
            compare(name, result, want)
        compare_gradients(case.named(gradients), case.gradients)
    except TestEnded:
        return False
    return True


# --- encoder --------------------------------------------------------------------------------------


@once
def encoder_case(
    rng: np.random.Generator, kind: str, read: str = "both", draw: int = 0
) -> SimpleNamespace:
    """A batch of sources; `read` says which of the two results the loss depends on."""
    D, H = {"one_unit": (1, 1), "equal": (4, 4)}.get(kind, (3, 5))
    S, lengths = {
        "equal": (4, [4, 3, 4, 2]),
        "long": (LONG, [LONG, LONG - 3]),
        "one_row": (6, [6]),
        "one_step": (1, [1, 1, 1]),
        "one_unit": (3, [3, 2]),
        "full": (7, [7, 7, 7, 7]),
        "ragged": (9, [4, 7, 0, 1, 6]),
        "empty": (3, [0, 0]),
    }[kind]
    params = parameters(rng, D=D, H=H)
    if kind == "long":
        keep_states(params, "Whh")
    tokens = draw_ids(rng, 8, len(lengths), S)
    leaf = leaves(params)
    states, context = [], []
    for row, length in zip(tokens, lengths, strict=True):
        found = encode_row(row[:length], leaf)
        context.append(found[-1])
        nothing = [torch.zeros(H, dtype=torch.float64)] * (S - length)
        states.append(torch.stack(found[1:] + nothing))
    results = torch.stack(states), torch.stack(context)
    cotangents = [normal(rng, *results[0].shape), normal(rng, *results[1].shape)]
    if read == "first_states":
        cotangents[0][:, 1:] = 0.0
    if read in ("states", "first_states"):
        cotangents[1] = torch.zeros_like(cotangents[1])
    if read == "context":
        cotangents[0] = torch.zeros_like(cotangents[0])
    nothing_flows = not any(lengths)
    return SimpleNamespace(
        arguments=(tokens, torch.tensor(lengths), params),  # padding holds any valid ids
        states=results[0].detach(),
        context=results[1].detach(),
        cotangents=cotangents,
        gradients={name: torch.zeros_like(value) for name, value in params.items()}
        if nothing_flows
        else gradients_of(results, cotangents, leaf),
    )


def encoder_gradients(student: Any, case: SimpleNamespace) -> None:
    tokens, lengths, params = case.arguments
    _, gradients = student.vjp(
        "encode", tokens, lengths, leaves(params), cotangents=case.cotangents
    )
    compare_gradients(gradients[2], case.gradients)


@scores("encode", weight=2.0, title="states and context")
@pytest.mark.parametrize("kind", ["one_row", "full", "one_step", "one_unit"])
def test_states_and_context(student: Any, kind: str) -> None:
    case = encoder_case(kind)
    states, context = student.encode(*case.arguments)
    compare("states", states, case.states, axes="N S H", valid=case.arguments[1])
    compare("context", context, case.context, axes="N H")


@scores("encode", weight=7.0, title="the context of rows of several lengths")
def test_context_of_ragged_rows(student: Any) -> None:
    case = encoder_case("ragged")
    _, context = student.encode(*case.arguments)
    compare("context", context, case.context, axes="N H")


@scores("encode", weight=2.0, title="the states of rows of several lengths")
def test_states_of_ragged_rows(student: Any) -> None:
    case = encoder_case("ragged")
    states, _ = student.encode(*case.arguments)
    compare("states", states, case.states, axes="N S H", valid=case.arguments[1])


@scores("encode", weight=2.0, title="gradients reach every parameter")
@pytest.mark.parametrize("read", ["both", "context", "states", "first_states"])
def test_encoder_gradients(student: Any, read: str) -> None:
    encoder_gradients(student, encoder_case("ragged", read))


@scores("encode", weight=2.0, title="gradients over many steps")
def test_encoder_gradients_of_many_steps(student: Any) -> None:
    encoder_gradients(student, encoder_case("long", "context"))


# What one term of (7.1) decides alone: a mistake in another leaves it right.
@scores("encode", weight=4.0, title="one term of the sum at a time")
@pytest.mark.parametrize("term", ["input", "bias", "state"])
def test_states_without(student: Any, term: str) -> None:
    tokens, lengths, params = encoder_case("full").arguments
    silent = {"input": "Wxh", "bias": "bh", "state": "Whh"}[term]
    params = {**params, silent: torch.zeros_like(params[silent])}
    want = [torch.stack(encode_row(row, params)[1:]) for row in tokens]
    states, _ = student.encode(tokens, lengths, params)
    compare("states", states, torch.stack(want), axes="N S H")


@scores("encode", weight=2.0, title="all sizes equal")
def test_encode_where_sizes_are_equal(student: Any) -> None:
    case = encoder_case("equal")
    states, context = student.encode(*case.arguments)
    compare("states", states, case.states, axes="N S H", valid=case.arguments[1])
    compare("context", context, case.context, axes="N H")


@scores("encode", weight=2.0, title="single precision")
def test_encode_in_single_precision(student: Any) -> None:
    case = encoder_case("ragged")
    states, context = student.encode(*in_single(case.arguments))
    compare_single("states", states, case.states)
    compare_single("context", context, case.context)


@scores("encode", title="rows without a token")
def test_all_rows_empty(student: Any) -> None:
    full = encoder_case("full")  # so that zeros for everything earn nothing
    compare("context", student.encode(*full.arguments)[1], full.context, axes="N H")
    case = encoder_case("empty")
    states, context = student.encode(*case.arguments)
    compare("states", states, case.states, axes="N S H", valid=case.arguments[1])
    compare("context", context, case.context, axes="N H")
    encoder_gradients(student, case)


@scores("encode", title="two calls in turn")
def test_encoder_repeats(student: Any) -> None:
    for draw in (1, 0, 1):
        case = encoder_case("ragged", "both", draw)
        states, context = student.encode(*case.arguments)
        compare("states of one of several calls", states, case.states, axes="N S H")
        compare("context of one of several calls", context, case.context, axes="N H")


@scores("encode", weight=3.0, title="arguments stay as they are")
def test_encode_keeps_arguments(student: Any) -> None:
    keeps_arguments(student, "encode", *encoder_case("ragged").arguments)


# --- one step of the decoder ----------------------------------------------------------------------


@once
def step_case(
    rng: np.random.Generator, N: int, D: int, H: int, read: str = "both"
) -> SimpleNamespace:
    params = parameters(rng, D=D, H=H)
    y_prev = draw_ids(rng, 7, N)
    if N > 1:
        y_prev[-1] = 0  # a token like any other
    inputs = leaves({"s_prev": normal(rng, N, H), "context": normal(rng, N, H), **params})
    rows = [step(y_prev[n], inputs["s_prev"][n], inputs["context"][n], inputs) for n in range(N)]
    results = tuple(torch.stack(parts) for parts in zip(*rows, strict=True))
    cotangents = [
        normal(rng, N, 7) if read in ("both", "logits") else None,
        normal(rng, N, H) if read in ("both", "state") else None,
    ]
    gradients = gradients_of(results, cotangents, inputs)
    s_prev, context = inputs["s_prev"], inputs["context"]
    return SimpleNamespace(
        arguments=(y_prev, s_prev.detach(), context.detach(), params),
        grad_arguments=(y_prev, s_prev, context, leaves(params)),
        named=lambda found: {"s_prev": found[1], "context": found[2], **found[3]},
        results=[result.detach() for result in results],
        cotangents=cotangents,
        gradients=gradients,
    )


# What one term of (7.3) decides alone: a mistake in another leaves it right.
@scores("decoder_step", weight=5.0, title="one term of the sum at a time")
@pytest.mark.parametrize("term", ["state", "token", "context", "bias"])
def test_step_with_one_term(student: Any, term: str) -> None:
    y_prev, s_prev, context, params = step_case(4, 3, 5).arguments
    matrices = {"state": "Ws", "token": "Wy", "context": "Wc", "bias": "bs"}
    silent = {name for name in matrices.values() if name != matrices[term]}
    params = {k: torch.zeros_like(v) if k in silent else v for k, v in params.items()}
    want = [step(y_prev[n], s_prev[n], context[n], params) for n in range(4)]
    logits, s = student.decoder_step(y_prev, s_prev, context, params)
    compare("s", s, torch.stack([row[1] for row in want]), axes="N H")
    compare("logits", logits, torch.stack([row[0] for row in want]), axes="N Vt")


@scores("decoder_step", weight=2.0, title="single precision")
def test_step_in_single_precision(student: Any) -> None:
    case = step_case(4, 3, 5)
    logits, s = student.decoder_step(*in_single(case.arguments))
    compare_single("s", s, case.results[1])
    compare_single("logits", logits, case.results[0])


@scores("decoder_step", weight=2.0, title="state and logits")
@pytest.mark.parametrize(
    "shape",
    [(1, 2, 3), (4, 3, 5), (3, 2, 1), (4, 4, 4), (7, 7, 7)],
    ids=["row", "batch", "unit", "square", "as_many_as_tokens"],
)
def test_step_values(student: Any, shape: tuple[int, int, int]) -> None:
    case = step_case(*shape)
    logits, s = student.decoder_step(*case.arguments)
    compare("s", s, case.results[1], axes="N H")
    compare("logits", logits, case.results[0], axes="N Vt")


@scores("decoder_step", weight=2.0, title="gradients reach every parameter")
@pytest.mark.parametrize("read", ["both", "logits", "state"])
def test_step_gradients(student: Any, read: str) -> None:
    case = step_case(4, 3, 5, read)
    _, gradients = student.vjp("decoder_step", *case.grad_arguments, cotangents=case.cotangents)
    compare_gradients(case.named(gradients), case.gradients)


@scores("decoder_step", title="two calls in turn")
def test_step_repeats(student: Any) -> None:
    for read in ("both", "logits", "both"):
        case = step_case(4, 3, 5, read)
        logits, s = student.decoder_step(*case.arguments)
        compare("s of one of several calls", s, case.results[1], axes="N H")
        compare("logits of one of several calls", logits, case.results[0], axes="N Vt")


@scores("decoder_step", title="arguments stay as they are")
def test_step_keeps_arguments(student: Any) -> None:
    keeps_arguments(student, "decoder_step", *step_case(4, 3, 5).arguments)


# --- shifted targets ------------------------------------------------------------------------------


@scores("shift_right", weight=2.0, title="the inputs of the decoder")
@pytest.mark.parametrize("bos", [0, 5], ids=["zero", "five"])
@pytest.mark.parametrize("shape", [(3, 6), (1, 4), (4, 1)], ids=["batch", "row", "one_step"])
def test_inputs(student: Any, shape: tuple[int, int], bos: int) -> None:
    N, T = shape
    targets = shift_case(N, T)
    want = torch.tensor([[bos, *row[:-1]] for row in targets.tolist()])
    compare("the inputs", student.shift_right(targets, bos), want, axes="N T")


@scores("shift_right", title="arguments stay as they are")
def test_shift_keeps_arguments(student: Any) -> None:
    keeps_arguments(student, "shift_right", shift_case(3, 6), 5)


@once
def shift_case(rng: np.random.Generator, N: int, T: int) -> torch.Tensor:
    return draw_ids(rng, 4, N, T) + 1


# --- teacher forcing ------------------------------------------------------------------------------


@once
def decoder_case(
    rng: np.random.Generator, N: int, T: int, read: str = "every", mode: str = "forced"
) -> SimpleNamespace:
    """A decoder that reads the truth ("forced"), what it wrote ("free"), or either ("mixed")."""
    bos = 3
    while True:
        params = parameters(rng)
        if T == LONG:
            keep_states(params, "Ws")
        inputs = leaves({"context": normal(rng, N, 5), **params})
        targets = draw_ids(rng, 7, N, T)
        use_truth = torch.from_numpy(rng.random(size=(N, T)) < 0.5)
        if mode != "mixed":
            use_truth = torch.full((N, T), mode == "forced")
        results, clear = [], []
        for n in range(N):
            context = s = inputs["context"][n]
            row: list[torch.Tensor] = []
            for t in range(T):
                y = torch.tensor(bos)
                if t > 0:
                    y = targets[n, t - 1] if use_truth[n, t] else row[-1].argmax()
                logits, s = step(y, s, context, inputs)
                row.append(logits)
                clear.append(is_clear(logits))
            results.append(torch.stack(row))
        if all(clear):
            break
    logits = torch.stack(results)
    cotangent = normal(rng, *logits.shape)
    if read == "last":
        cotangent[:, :-1] = 0.0
    gradients = gradients_of([logits], [cotangent], inputs)
    return SimpleNamespace(
        targets=targets,
        context=inputs["context"].detach(),
        params=params,
        bos=bos,
        use_truth=use_truth,
        logits=logits.detach(),
        cotangents=[cotangent],
        gradients=gradients,
    )


def forced_arguments(case: SimpleNamespace) -> tuple[Any, ...]:
    return case.targets, case.context, case.params, case.bos


def decoder_gradients(student: Any, function: str, case: SimpleNamespace, *more: Any) -> None:
    context = case.context.clone().requires_grad_()
    arguments = case.targets, context, leaves(case.params), case.bos
    logits, gradients = student.vjp(function, *arguments, *more, cotangents=case.cotangents)
    compare("logits", logits, case.logits, axes="N T Vt")
    got = {"context": gradients[1], **gradients[2]}
    compare_through_steps(student, got, case.gradients, "decoder_step")


@scores(
    "decode_teacher_forced", weight=2.0, steps=FORCED_STEPS, title="logits with the true prefix"
)
@pytest.mark.parametrize("shape", [(1, 6), (4, 5), (3, 1)], ids=["row", "batch", "one_step"])
def test_forced_logits(student: Any, shape: tuple[int, int]) -> None:
    case = decoder_case(*shape)
    logits = student.decode_teacher_forced(*forced_arguments(case))
    compare("logits", logits, case.logits, axes="N T Vt")


@scores(
    "decode_teacher_forced", weight=2.0, steps=FORCED_STEPS, title="gradients reach every parameter"
)
@pytest.mark.parametrize("read", ["every", "last"])
def test_forced_gradients(student: Any, read: str) -> None:
    decoder_gradients(student, "decode_teacher_forced", decoder_case(4, 5, read))


@scores("decode_teacher_forced", weight=2.0, steps=FORCED_STEPS, title="gradients over many steps")
def test_forced_gradients_of_many_steps(student: Any) -> None:
    decoder_gradients(student, "decode_teacher_forced", decoder_case(2, LONG, "last"))


@scores("decode_teacher_forced", weight=5.0, steps=FORCED_STEPS, title="a context of zero")
def test_forced_without_a_context(student: Any) -> None:
    case = decoder_case(4, 5)
    zero = torch.zeros_like(case.context)
    want = []
    for row in case.targets:
        y, s, logits = torch.tensor(case.bos), zero[0], []
        for target in row:
            scores_of_row, s = step(y, s, zero[0], case.params)
            logits.append(scores_of_row)
            y = target
        want.append(torch.stack(logits))
    logits = student.decode_teacher_forced(case.targets, zero, case.params, case.bos)
    compare("logits", logits, torch.stack(want), axes="N T Vt")


@scores("decode_teacher_forced", steps=FORCED_STEPS, title="single precision")
def test_forced_in_single_precision(student: Any) -> None:
    case = decoder_case(4, 5)
    logits = student.decode_teacher_forced(*in_single(forced_arguments(case)))
    compare_single("logits", logits, case.logits)


@scores("decode_teacher_forced", steps=FORCED_STEPS, title="two calls in turn")
def test_forced_repeats(student: Any) -> None:
    for read in ("every", "last", "every"):
        case = decoder_case(4, 5, read)
        logits = student.decode_teacher_forced(*forced_arguments(case))
        compare("logits of one of several calls", logits, case.logits, axes="N T Vt")


@scores("decode_teacher_forced", steps=FORCED_STEPS, title="arguments stay as they are")
def test_forced_keeps_arguments(student: Any) -> None:
    keeps_arguments(student, "decode_teacher_forced", *forced_arguments(decoder_case(4, 5)))


# --- greedy search --------------------------------------------------------------------------------


def write(context: torch.Tensor, p: Tensors, bos: int, length: int) -> tuple[list[int], bool]:
    """What a decoder writes that does not know about `eos`, and whether every choice was clear."""
    y, s, tokens, clear = torch.tensor(bos), context, [], True
    for _ in range(length):
        logits, s = step(y, s, context, p)
        y = logits.argmax()
        clear = clear and is_clear(logits)
        tokens.append(int(y))
    return tokens, clear


@once
def greedy_case(
    rng: np.random.Generator, draw: int = 0, bos: int = 2, eos: int = 4
) -> SimpleNamespace:
    """Four rows of eight tokens: at least one never ends, two end at different steps and would go on."""
    length = 8
    while True:
        params = parameters(rng, sharpness=1.5)
        context = normal(rng, 4, 5)
        found = [write(row, params, bos, length) for row in context]
        ends = {row.index(eos) for row, _ in found if eos in row}
        goes_on = [row for row, _ in found if eos in row and set(row[row.index(eos) :]) != {eos}]
        endless = [row for row, _ in found if eos not in row and len(set(row)) > 2]
        if (
            all(clear for _, clear in found)
            and len(ends) >= 2
            and min(ends) < 3
            and max(ends) < length - 1
            and len(goes_on) >= 2
            and endless
            and any(bos in row[: row.index(eos) if eos in row else length] for row, _ in found)
        ):
            break
    wanted = []
    for row, _ in found:
        end = row.index(eos) if eos in row else length
        wanted.append(row[:end] + [eos] * (length - end))
    return SimpleNamespace(
        arguments=(context, params, bos, eos, length), tokens=torch.tensor(wanted)
    )


@scores("decode_greedy", weight=3.0, steps=DECODE_STEPS, title="rows that end at different steps")
@pytest.mark.parametrize("draw", [0, 1], ids=["first", "second"])
def test_rows_that_end_at_different_steps(student: Any, draw: int) -> None:
    case = greedy_case(draw)
    tokens = student.decode_greedy(*case.arguments)
    compare("tokens", tokens, case.tokens, axes="N T", dtype=np.int64)


@scores("decode_greedy", weight=2.0, steps=DECODE_STEPS, title="the same rows one at a time")
def test_rows_one_at_a_time(student: Any) -> None:
    case = greedy_case()
    context, *rest = case.arguments
    for n in range(len(context)):
        tokens = student.decode_greedy(context[n : n + 1], *rest)
        compare(f"tokens of row {n} alone", tokens, case.tokens[n : n + 1], axes="N T")


@scores("decode_greedy", steps=DECODE_STEPS, title="beginning or end with id 0")
@pytest.mark.parametrize(("bos", "eos"), [(2, 0), (0, 5)], ids=["eos", "bos"])
def test_token_of_number_zero(student: Any, bos: int, eos: int) -> None:
    case = greedy_case(2, bos, eos)
    tokens = student.decode_greedy(*case.arguments)
    compare("tokens", tokens, case.tokens, axes="N T", dtype=np.int64)


@scores("decode_greedy", steps=DECODE_STEPS, title="single precision")
def test_greedy_in_single_precision(student: Any) -> None:
    case = greedy_case()
    tokens = student.decode_greedy(*in_single(case.arguments))
    compare("tokens", tokens, case.tokens, axes="N T", dtype=np.int64)


@scores("decode_greedy", steps=DECODE_STEPS, title="another greatest length")
@pytest.mark.parametrize("length", [1, 5])
def test_other_max_length(student: Any, length: int) -> None:
    case = greedy_case()
    tokens = student.decode_greedy(*case.arguments[:-1], length)
    compare("tokens", tokens, case.tokens[:, :length], axes="N T", dtype=np.int64)


@scores("decode_greedy", steps=DECODE_STEPS, title="tokens of equal score")
def test_ties(student: Any) -> None:
    context, params, bos, eos, _ = greedy_case().arguments
    scores_of_tokens = torch.tensor([0.5, 2.0, 1.0, 2.0, -1.0, 2.0, 0.0], dtype=torch.float64)
    params = {**params, "Wo": torch.zeros_like(params["Wo"]), "bo": scores_of_tokens}
    tokens = student.decode_greedy(context, params, bos, eos, 3)
    compare("tokens", tokens, torch.full((4, 3), 1), axes="N T")


@scores("decode_greedy", steps=DECODE_STEPS, title="parameters that require a gradient")
def test_parameters_in_training(student: Any) -> None:
    case = greedy_case()
    context, params, *rest = case.arguments
    tokens = student.decode_greedy(context, leaves(params), *rest)
    compare("tokens", tokens, case.tokens, axes="N T")


@scores("decode_greedy", steps=DECODE_STEPS, title="arguments stay as they are")
def test_greedy_keeps_arguments(student: Any) -> None:
    keeps_arguments(student, "decode_greedy", *greedy_case().arguments)


# --- scheduled sampling ---------------------------------------------------------------------------


def compare_rate(got: Any, want: float) -> None:
    compare("the rate", number(got), want)


def number(value: Any) -> Any:
    """A 0-d tensor is a float here."""
    return value.item() if isinstance(value, torch.Tensor) and value.ndim == 0 else value


@scores("scheduled_sampling_rate", weight=2.0, title="the linear schedule")
@pytest.mark.parametrize(
    ("step_number", "k"), [(0, 7), (3, 8.0), (37, 50.0), (20, 20), (90, 40.0)], ids=str
)
def test_linear(student: Any, step_number: int, k: float) -> None:
    rate = student.scheduled_sampling_rate(step_number, "linear", k)
    compare_rate(rate, (k - step_number) / k if step_number < k else 0.0)


@scores("scheduled_sampling_rate", weight=2.0, title="the exponential schedule")
@pytest.mark.parametrize(("step_number", "k"), [(0, 0.3), (5, 0.75), (400, 0.99), (9, 1)], ids=str)
def test_exponential(student: Any, step_number: int, k: float) -> None:
    rate = student.scheduled_sampling_rate(step_number, "exponential", k)
    compare_rate(rate, float(np.prod(np.full(step_number, float(k)))))


@scores("scheduled_sampling_rate", weight=2.0, title="the inverse sigmoid schedule")
@pytest.mark.parametrize(("step_number", "k"), [(0, 3.0), (4, 0.5), (60, 12), (5, 40.0)], ids=str)
def test_inverse_sigmoid(student: Any, step_number: int, k: float) -> None:
    rate = student.scheduled_sampling_rate(step_number, "inverse_sigmoid", k)
    compare_rate(rate, 1.0 / (1.0 + float(np.exp(step_number / k)) / k))


@scores("scheduled_sampling_rate", weight=2.0, title="a million steps")
@pytest.mark.parametrize(
    ("schedule", "k"),
    [("linear", 50.0), ("exponential", 0.999), ("inverse_sigmoid", 20.0)],
    ids=str,
)
def test_a_million_steps(student: Any, schedule: str, k: float) -> None:
    # All three are far below the smallest number that matters; 2e6 where the sigmoid is not.
    compare_rate(student.scheduled_sampling_rate(10**6, schedule, k), 0.0)
    if schedule == "inverse_sigmoid":
        want = 2e6 / (2e6 + float(np.exp(0.5)))
        compare_rate(student.scheduled_sampling_rate(10**6, schedule, 2e6), want)


@scores("scheduled_sampling_rate", weight=4.0, title="a schedule that is not known")
def test_unknown_schedule(student: Any) -> None:
    for schedule in ("cosine", "Linear", ""):
        with raises(ValueError, naming="schedule"):
            student.scheduled_sampling_rate(3, schedule, 0.5)
    compare_rate(student.scheduled_sampling_rate(3, "exponential", 0.5), 0.125)


def scheduled_arguments(case: SimpleNamespace) -> tuple[Any, ...]:
    return *forced_arguments(case), case.use_truth


@scores(
    "decode_scheduled",
    weight=3.0,
    steps=DECODE_STEPS,
    title="true tokens and the model's own, mixed",
)
@pytest.mark.parametrize("shape", [(1, 7), (4, 6), (3, 1)], ids=["row", "batch", "one_step"])
def test_mixed_inputs(student: Any, shape: tuple[int, int]) -> None:
    case = decoder_case(*shape, "every", "mixed")
    logits = student.decode_scheduled(*scheduled_arguments(case))
    compare("logits", logits, case.logits, axes="N T Vt")


@scores("decode_scheduled", steps=DECODE_STEPS, title="true tokens only, and the model's own only")
@pytest.mark.parametrize("mode", ["forced", "free"])
def test_pure_inputs(student: Any, mode: str) -> None:
    case = decoder_case(4, 5, "every", mode)
    logits = student.decode_scheduled(*scheduled_arguments(case))
    compare("logits", logits, case.logits, axes="N T Vt")


@scores("decode_scheduled", weight=2.0, steps=DECODE_STEPS, title="gradients reach every parameter")
@pytest.mark.parametrize("read", ["every", "last"])
def test_scheduled_gradients(student: Any, read: str) -> None:
    case = decoder_case(4, 6, read, "mixed")
    decoder_gradients(student, "decode_scheduled", case, case.use_truth)


@scores("decode_scheduled", weight=2.0, steps=DECODE_STEPS, title="gradients over many steps")
def test_scheduled_gradients_of_many_steps(student: Any) -> None:
    case = decoder_case(2, LONG, "last", "mixed")
    decoder_gradients(student, "decode_scheduled", case, case.use_truth)


@scores("decode_scheduled", weight=2.0, steps=DECODE_STEPS, title="single precision")
def test_scheduled_in_single_precision(student: Any) -> None:
    case = decoder_case(4, 6, "every", "mixed")
    logits = student.decode_scheduled(*in_single(scheduled_arguments(case)))
    compare_single("logits", logits, case.logits)


@scores(
    "decode_scheduled",
    weight=2.0,
    steps=DECODE_STEPS,
    title="the first input is always the beginning",
)
def test_first_column_is_not_used(student: Any) -> None:
    case = decoder_case(4, 6, "every", "mixed")
    flipped = case.use_truth.clone()
    flipped[:, 0] = ~flipped[:, 0]
    logits = student.decode_scheduled(*forced_arguments(case), flipped)
    compare("logits", logits, case.logits, axes="N T Vt")


@scores("decode_scheduled", steps=DECODE_STEPS, title="arguments stay as they are")
def test_scheduled_keeps_arguments(student: Any) -> None:
    case = decoder_case(4, 6, "every", "mixed")
    keeps_arguments(student, "decode_scheduled", *scheduled_arguments(case))


# --- loss -----------------------------------------------------------------------------------------

PADDINGS = {"outside": -1, "large": 99, "inside": 2, "zero": 0, "none": -100}


@once
def loss_case(rng: np.random.Generator, padding: str, scale: float = 2.0) -> SimpleNamespace:
    """Ragged targets; beside padding stand NaN, infinity and large numbers."""
    N, T, V, pad = 4, 6, 5, PADDINGS[padding]
    while True:
        logits = normal(rng, N, T, V) * scale
        targets = draw_ids(rng, V, N, T)
        targets = torch.where(targets == pad, 1, targets)
        if padding != "none":
            padded = torch.arange(T) >= torch.tensor([3, 5, 0, 4])[:, None]
            targets = torch.where(padded, pad, targets)
        valid = targets != pad
        leaf = logits.clone().requires_grad_()
        want = torch.nn.functional.cross_entropy(leaf[valid], targets[valid])
        of_any_token = -torch.log_softmax(logits[valid], dim=-1).mean()
        # By chance the targets can be as likely as any token, and then it does not matter which is looked up.
        if abs(float(want.detach() - of_any_token)) > 0.1 * float(of_any_token):
            break
    (gradient,) = torch.autograd.grad(want, leaf)
    garbage = torch.tensor([np.nan, np.inf, -np.inf, 1e30, -1e30], dtype=torch.float64)
    return SimpleNamespace(
        logits=torch.where(valid[..., None], logits, garbage),
        targets=targets,
        pad=pad,
        loss=want.detach(),
        gradient=gradient,
    )


@scores("sequence_cross_entropy", weight=2.0, title="mean over what is not padding")
@pytest.mark.parametrize("padding", list(PADDINGS))
def test_loss(student: Any, padding: str) -> None:
    case = loss_case(padding)
    loss = student.sequence_cross_entropy(case.logits, case.targets, case.pad)
    compare("loss", loss, case.loss)


@scores("sequence_cross_entropy", weight=2.0, title="the gradient of the loss")
@pytest.mark.parametrize("padding", ["outside", "zero", "none"])
def test_loss_gradient(student: Any, padding: str) -> None:
    case = loss_case(padding)
    leaf = case.logits.clone().requires_grad_()
    one = torch.ones((), dtype=torch.float64)
    arguments = leaf, case.targets, case.pad
    _, gradients = student.vjp("sequence_cross_entropy", *arguments, cotangents=[one])
    compare_gradients({"logits": gradients[0]}, {"logits": case.gradient})


@scores("sequence_cross_entropy", weight=2.0, title="extreme logits")
def test_loss_of_extreme_logits(student: Any) -> None:
    case = loss_case("outside", 1e4)
    leaf = case.logits.clone().requires_grad_()
    one = torch.ones((), dtype=torch.float64)
    arguments = leaf, case.targets, case.pad
    loss, gradients = student.vjp("sequence_cross_entropy", *arguments, cotangents=[one])
    compare("loss", loss, case.loss)
    compare_gradients({"logits": gradients[0]}, {"logits": case.gradient})


@scores("sequence_cross_entropy", weight=2.0, title="single precision")
def test_loss_in_single_precision(student: Any) -> None:
    case = loss_case("outside")
    loss = student.sequence_cross_entropy(*in_single((case.logits, case.targets, case.pad)))
    compare_single("loss", loss, case.loss)


@scores("sequence_cross_entropy", title="nothing but padding")
@pytest.mark.parametrize("padding", ["outside", "inside"])
def test_nothing_but_padding(student: Any, padding: str) -> None:
    case = loss_case(padding)
    some = student.sequence_cross_entropy(case.logits, case.targets, case.pad)
    compare("loss", some, case.loss)  # so that zeros for everything earn nothing
    targets = torch.full_like(case.targets, case.pad)
    leaf = case.logits.clone().requires_grad_()
    one = torch.ones((), dtype=torch.float64)
    arguments = leaf, targets, case.pad
    loss, gradients = student.vjp("sequence_cross_entropy", *arguments, cotangents=[one])
    compare("loss", loss, torch.zeros((), dtype=torch.float64))
    compare_gradients({"logits": gradients[0]}, {"logits": torch.zeros_like(case.gradient)})


@scores("sequence_cross_entropy", title="a single position")
def test_loss_of_one_position(student: Any) -> None:
    logits = torch.tensor([[[0.5, -1.0, 2.0]]], dtype=torch.float64)
    want = torch.logsumexp(logits, dim=-1)[0, 0] - 0.5
    compare("loss", student.sequence_cross_entropy(logits, torch.tensor([[0]]), 7), want)


@scores("sequence_cross_entropy", title="arguments stay as they are")
def test_loss_keeps_arguments(student: Any) -> None:
    case = loss_case("outside")
    keeps_arguments(student, "sequence_cross_entropy", case.logits, case.targets, case.pad)


# --- attention ------------------------------------------------------------------------------------

MASKS = {
    "equal": [[1, 1, 1, 1, 1], [1, 1, 1, 0, 0], [0, 1, 0, 1, 1], [1, 0, 0, 0, 0], [1, 1, 1, 1, 0]],
    "one_row": [[1, 1, 1, 1]],
    "one_position": [[1], [1], [1]],
    "full": [[1, 1, 1, 1, 1, 1]] * 3,
    "ragged": [[1, 1, 1, 0, 0, 0], [1, 1, 1, 1, 1, 0], [1, 0, 0, 0, 0, 0]],
    "holes": [[0, 1, 0, 1, 1, 0], [1, 1, 1, 1, 1, 1], [0, 0, 1, 0, 0, 0]],
    "hidden_row": [[1, 1, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0], [0, 1, 1, 1, 1, 0]],
}


@once
def attention_case(
    rng: np.random.Generator, kind: str, read: str = "both", steep: float = 1.0
) -> SimpleNamespace:
    """Masked states are large; `steep` multiplies the scores.

    Differences of scores in the thousands keep few digits in single precision, so steep weights are clear ones. In one of
    their rows all visible scores are far below zero, beside masked positions.
    """
    mask = torch.tensor(MASKS[kind], dtype=torch.bool)
    N, S = mask.shape
    while True:
        params = {name: parameters(rng)[name] for name in ("Wa", "Ua", "va")}
        params["va"] = params["va"] * steep
        states = torch.where(mask[..., None], normal(rng, N, S, 5), 100 * normal(rng, N, S, 5))
        inputs = leaves({"s": normal(rng, N, 5), "states": states, **params})
        rows = [attend(inputs["s"][n], inputs["states"][n], mask[n], inputs) for n in range(N)]
        results = tuple(torch.stack(parts) for parts in zip(*rows, strict=True))
        if steep == 1.0:
            break
        scores = (
            torch.tanh((inputs["s"] @ inputs["Wa"].T)[:, None] + inputs["states"] @ inputs["Ua"].T)
            @ inputs["va"]
        )
        highest = torch.where(mask, scores, -torch.inf).amax(dim=1)
        low = -0.2 * steep if steep > 1e4 else -10 * steep**0.5
        is_low = mask.any(dim=1) & ~mask.all(dim=1) & (highest < low)
        is_clear_cut = float((results[1] * (1 - results[1])).max()) < 1e-15
        if is_clear_cut and is_low.any():
            break
    cotangents = [
        normal(rng, N, 5) if read in ("both", "context") else None,
        normal(rng, N, S) if read in ("both", "weights") else None,
    ]
    return SimpleNamespace(
        mask=mask,
        arguments=(inputs["s"].detach(), states, mask, params),
        grad_arguments=(inputs["s"], inputs["states"], mask, leaves(params)),
        named=lambda found: {"s": found[0], "states": found[1], **found[3]},
        results=[result.detach() for result in results],
        cotangents=cotangents,
        gradients=gradients_of(results, cotangents, inputs),
    )


def compare_attention(student: Any, case: SimpleNamespace) -> None:
    context, weights = student.additive_attention(*case.arguments)
    compare("weights", weights, case.results[1], axes="N S", valid=case.mask)
    require(not weights[~case.mask].any(), "a masked position has a weight that is not 0")
    compare("context", context, case.results[0], axes="N H")


def attention_gradients(student: Any, case: SimpleNamespace) -> None:
    _, gradients = student.vjp(
        "additive_attention", *case.grad_arguments, cotangents=case.cotangents
    )
    compare_gradients(case.named(gradients), case.gradients)


@scores("additive_attention", weight=2.0, title="context and weights")
@pytest.mark.parametrize("kind", list(MASKS))
def test_context_and_weights(student: Any, kind: str) -> None:
    compare_attention(student, attention_case(kind))


@scores("additive_attention", weight=2.0, title="gradients reach every parameter")
@pytest.mark.parametrize("read", ["both", "context", "weights"])
def test_attention_gradients(student: Any, read: str) -> None:
    attention_gradients(student, attention_case("holes", read))


@scores("additive_attention", weight=2.0, title="gradients beside a row without visible positions")
def test_attention_gradients_beside_a_hidden_row(student: Any) -> None:
    attention_gradients(student, attention_case("hidden_row"))


@scores("additive_attention", title="large scores")
@pytest.mark.parametrize("steep", [30.0, 1500.0, 1e5], ids=["tens", "thousands", "more"])
def test_large_scores(student: Any, steep: float) -> None:
    compare_attention(student, attention_case("hidden_row", "both", steep))
    compare_attention(student, attention_case("ragged", "both", steep))


@once
def zero_score_case(rng: np.random.Generator) -> SimpleNamespace:
    """A query of zeros: a visible state of zeros has a score of exactly 0, and counts."""
    params = {name: parameters(rng)[name] for name in ("Wa", "Ua", "va")}
    s, states = torch.zeros(2, 5).double(), normal(rng, 2, 4, 5)
    states[0, 1] = states[1, 0] = states[1, 3] = 0.0
    mask = torch.tensor([[1, 1, 0, 1], [1, 1, 1, 0]], dtype=torch.bool)
    rows = [attend(s[n], states[n], mask[n], params) for n in range(2)]
    results = [torch.stack(part) for part in zip(*rows, strict=True)]
    return SimpleNamespace(arguments=(s, states, mask, params), mask=mask, results=results)


@scores("additive_attention", weight=2.0, title="scores of zero are scores")
def test_visible_score_of_zero(student: Any) -> None:
    compare_attention(student, zero_score_case())


@scores("additive_attention", weight=2.0, title="single precision")
def test_attention_in_single_precision(student: Any) -> None:
    case = attention_case("ragged")
    s, states, mask, params = in_single(case.arguments)
    context, weights = student.additive_attention(s, states, mask, params)
    compare_single("weights", weights, case.results[1])
    compare_single("context", context, case.results[0])


@scores("additive_attention", title="arguments stay as they are")
def test_attention_keeps_arguments(student: Any) -> None:
    keeps_arguments(student, "additive_attention", *attention_case("hidden_row").arguments)


# --- attention at every step ----------------------------------------------------------------------


@once
def attending_case(
    rng: np.random.Generator, kind: str, T: int = 5, read: str = "both"
) -> SimpleNamespace:
    mask = torch.tensor(MASKS[kind], dtype=torch.bool)
    N, S = mask.shape
    bos = 6
    params = parameters(rng)
    if T == LONG:
        keep_states(params, "Ws")
    targets = draw_ids(rng, 7, N, T)
    states = torch.where(mask[..., None], normal(rng, N, S, 5), 10 * normal(rng, N, S, 5))
    # An encoder leaves zeros in a row without steps, from which the decoder then starts.
    states = torch.where(mask.any(dim=1)[:, None, None], states, 0.0)
    inputs = leaves({"states": states, **params})
    rows = []
    for n in range(N):
        seen = mask[n].nonzero()
        s = inputs["states"][n, int(seen.max())] if len(seen) else torch.zeros(5).double()
        y, logits, weights = torch.tensor(bos), [], []
        for t in range(T):
            context, attended = attend(s, inputs["states"][n], mask[n], inputs)
            row, s = step(y, s, context, inputs)
            logits.append(row)
            weights.append(attended)
            y = targets[n, t]
        rows.append((torch.stack(logits), torch.stack(weights)))
    results = tuple(torch.stack(parts) for parts in zip(*rows, strict=True))
    cotangents = [
        normal(rng, *results[0].shape) if read in ("both", "logits") else None,
        normal(rng, *results[1].shape) if read in ("both", "weights") else None,
    ]
    if T == LONG and cotangents[0] is not None:
        cotangents[0][:, :-1] = 0.0
    return SimpleNamespace(
        targets=targets,
        states=states,
        mask=mask,
        params=params,
        bos=bos,
        logits=results[0].detach(),
        weights=results[1].detach(),
        cotangents=cotangents,
        gradients=gradients_of(results, cotangents, inputs),
    )


def attending_arguments(case: SimpleNamespace) -> tuple[Any, ...]:
    return case.targets, case.states, case.mask, case.params, case.bos


@scores("decode_with_attention", weight=2.0, steps=ATTENTION_STEPS, title="logits and weights")
@pytest.mark.parametrize(
    "kind", ["one_row", "one_position", "ragged", "holes", "hidden_row", "equal"]
)
def test_logits_and_weights(student: Any, kind: str) -> None:
    case = attending_case(kind)
    logits, weights = student.decode_with_attention(*attending_arguments(case))
    compare("weights", weights, case.weights, axes="N T S")
    compare("logits", logits, case.logits, axes="N T Vt")


@scores("decode_with_attention", steps=ATTENTION_STEPS, title="a single step")
def test_one_step_with_attention(student: Any) -> None:
    case = attending_case("ragged", 1)
    logits, weights = student.decode_with_attention(*attending_arguments(case))
    compare("weights", weights, case.weights, axes="N T S")
    compare("logits", logits, case.logits, axes="N T Vt")


def check_gradients_with_attention(student: Any, case: SimpleNamespace) -> None:
    states = case.states.clone().requires_grad_()
    arguments = case.targets, states, case.mask, leaves(case.params), case.bos
    results, gradients = student.vjp(
        "decode_with_attention", *arguments, cotangents=case.cotangents
    )
    compare("logits", results[0], case.logits, axes="N T Vt")
    got = {"states": gradients[1], **gradients[3]}
    compare_through_steps(student, got, case.gradients, "decoder_step", "additive_attention")


@scores(
    "decode_with_attention",
    weight=2.0,
    steps=ATTENTION_STEPS,
    title="gradients reach every parameter",
)
@pytest.mark.parametrize("read", ["both", "logits", "weights"])
def test_gradients_with_attention(student: Any, read: str) -> None:
    check_gradients_with_attention(student, attending_case("holes", 5, read))


@scores(
    "decode_with_attention", weight=2.0, steps=ATTENTION_STEPS, title="gradients over many steps"
)
def test_gradients_of_many_steps_with_attention(student: Any) -> None:
    check_gradients_with_attention(student, attending_case("ragged", LONG, "logits"))


@scores("decode_with_attention", weight=2.0, steps=ATTENTION_STEPS, title="single precision")
def test_attending_in_single_precision(student: Any) -> None:
    case = attending_case("holes")
    logits, weights = student.decode_with_attention(*in_single(attending_arguments(case)))
    compare_single("weights", weights, case.weights)
    compare_single("logits", logits, case.logits)


@scores(
    "decode_with_attention",
    steps=ATTENTION_STEPS,
    title="gradients beside a row without visible positions",
)
def test_gradients_beside_a_hidden_row(student: Any) -> None:
    case = attending_case("hidden_row")
    arguments = case.targets, case.states, case.mask, leaves(case.params), case.bos
    results, gradients = student.vjp(
        "decode_with_attention", *arguments, cotangents=case.cotangents
    )
    compare("logits", results[0], case.logits, axes="N T Vt")
    want = {name: gradient for name, gradient in case.gradients.items() if name != "states"}
    compare_through_steps(student, gradients[3], want, "decoder_step", "additive_attention")


@scores("decode_with_attention", steps=ATTENTION_STEPS, title="arguments stay as they are")
def test_attending_keeps_arguments(student: Any) -> None:
    keeps_arguments(student, "decode_with_attention", *attending_arguments(attending_case("holes")))


# --- beam search ----------------------------------------------------------------------------------


class Model:
    """A decoder in numpy that scores the next token after a prefix; remembers what it has scored."""

    def __init__(self, context: torch.Tensor, params: Tensors, bos: int, reads: int = -1):
        """Take a model's parts; `reads` says which token of a prefix is read next: the last one, or by mistake the first."""
        self._reads = reads
        self._p = {name: value.numpy() for name, value in params.items()}
        self._context = context[0].numpy()
        self._bos = bos
        self._known: dict[tuple[int, ...], tuple[np.ndarray, np.ndarray]] = {}

    def __call__(self, prefix: tuple[int, ...]) -> np.ndarray:
        return self._state(prefix)[1]

    def _state(self, prefix: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
        if prefix not in self._known:
            p = self._p
            before = self._state(prefix[:-1])[0] if prefix else self._context
            y = prefix[self._reads] if prefix else self._bos
            inside = p["Ws"] @ before + p["Wy"] @ p["E_tgt"][y] + p["Wc"] @ self._context
            s = np.tanh(inside + p["bs"])
            logits = p["Wo"] @ s + p["bo"]
            shifted = logits - logits.max()
            self._known[prefix] = s, shifted - np.log(np.exp(shifted).sum())
        return self._known[prefix]


Hypothesis = tuple[float, tuple[int, ...]]


TWINS = (0, 2)


def untwinned(tokens: Sequence[int]) -> tuple[int, ...]:
    """The tokens with the second twin's id replaced by the first's."""
    return tuple(TWINS[0] if token == TWINS[1] else token for token in tokens)


def search(
    model: Model, eos: int, width: int, max_length: int, variant: str = "", twins: bool = False
) -> tuple[Hypothesis, bool]:
    """The beam search of the text, or a variant that is often written; and whether its choices were clear.

    With `twins` two tokens are equal in all that the model does: which of them is taken is free.
    """
    kept: list[Hypothesis] = [(0.0, ())]
    aside: list[Hypothesis] = []
    clear = True

    def rank(hypothesis: Hypothesis) -> float:
        total, tokens = hypothesis
        return total / max(1, len(tokens)) if variant == "mean" else total

    def are_apart(one: Hypothesis, other: Hypothesis) -> bool:
        same = twins and untwinned(one[1]) == untwinned(other[1])
        return same or rank(one) - rank(other) > MARGIN

    for _ in range(max_length):
        candidates: list[Hypothesis] = []
        by_token = {tokens[-1:]: tokens for _, tokens in reversed(kept)}
        for total, tokens in kept:
            if tokens and tokens[-1] == eos and variant != "extends_finished":
                if variant != "drops_finished":
                    candidates.append((total, tokens))
                continue
            parent = by_token[tokens[-1:]] if variant == "parent_by_token" else tokens
            log_p = model(parent)
            following = np.argsort(-log_p)[: 2 if variant == "two_of_each" else None]
            candidates += [(total + float(log_p[y]), (*tokens, int(y))) for y in following]
        candidates.sort(key=rank, reverse=True)
        if variant == "one_of_equals":
            candidates = [
                c for n, c in enumerate(candidates) if not n or are_unequal(c, candidates[n - 1])
            ]
        if len(candidates) > width:
            clear = clear and are_apart(candidates[width - 1], candidates[width])
        kept = candidates[:width]
        if variant == "sets_finished_aside":
            best = candidates[: 2 * width]
            aside += [h for h in best[:width] if h[1][-1] == eos]
            kept = [h for h in best if h[1][-1] != eos][:width]
        ended = [tokens[-1] == eos for _, tokens in kept]
        if not kept or all(ended) or (variant == "stops_at_first" and any(ended)):
            break
    kept = sorted(kept + aside, key=rank, reverse=True)
    if variant == "prefers_finished":
        kept.sort(key=lambda hypothesis: hypothesis[1][-1] != eos)
    if len(kept) > 1:
        clear = clear and are_apart(kept[0], kept[1])
    return kept[0], clear


def are_unequal(one: Hypothesis, other: Hypothesis) -> bool:
    return abs(one[0] - other[0]) > 1e-9


BOS, EOS = 1, 3
VARIANTS = (
    "parent_by_token",
    "mean",
    "extends_finished",
    "sets_finished_aside",
    "drops_finished",
    "stops_at_first",
    "prefers_finished",
    "two_of_each",
)


@once
def beam_case(rng: np.random.Generator, kind: str, width: int, max_length: int) -> SimpleNamespace:
    """A model on which the right answer is not the one of `kind`: a variant, "greedy", or "" for any model."""
    while True:
        params = parameters(rng, D=2, H=4, Vt=5, sharpness=0.7)
        context = normal(rng, 1, 4)
        model = Model(context, params, BOS)
        (total, tokens), clear = search(model, EOS, width, max_length)
        if not clear:
            continue
        if kind == "greedy":
            (_, other), _ = search(model, EOS, 1, max_length)
            (_, stuck), _ = search(Model(context, params, BOS, reads=0), EOS, width, max_length)
            (_, wider), _ = search(model, EOS, width + 1, max_length)
            if max_length > 3 and tokens in (stuck, wider):
                continue
        elif kind == "cut_off":
            other = tokens if EOS in tokens else ()
        elif kind:
            (_, other), _ = search(model, EOS, width, max_length, kind)
        else:
            other = ()
        if other != tokens:
            break
    return SimpleNamespace(
        arguments=(context, params, BOS, EOS, width, max_length),
        tokens=torch.tensor(tokens),
        log_probability=total,
    )


def compare_beam(student: Any, case: SimpleNamespace) -> None:
    tokens, log_probability = student.beam_search(*case.arguments)
    compare("tokens", tokens, case.tokens, axes="L", dtype=np.int64)
    compare("log_probability", number(log_probability), case.log_probability)


@scores(
    "beam_search", weight=2.0, steps=SEARCH_STEPS, title="a better sequence than the greedy one"
)
@pytest.mark.parametrize("width", [2, 3], ids=["two", "three"])
def test_better_than_greedy(student: Any, width: int) -> None:
    compare_beam(student, beam_case("greedy", width, 6))


@scores("beam_search", weight=2.0, steps=SEARCH_STEPS, title="which hypotheses compete")
@pytest.mark.parametrize("variant", VARIANTS)
def test_what_competes(student: Any, variant: str) -> None:
    # With two places two extensions of each are enough.
    compare_beam(student, beam_case(variant, 3 if variant == "two_of_each" else 2, 5))


@once
def twin_case(rng: np.random.Generator, width: int) -> SimpleNamespace:
    """Two tokens are the same in all but their number: every hypothesis with one of them has an equal."""
    while True:
        params = parameters(rng, D=2, H=4, Vt=5, sharpness=0.7)
        for name in ("E_tgt", "Wo", "bo"):
            params[name][TWINS[1]] = params[name][TWINS[0]]
        context = normal(rng, 1, 4)
        model = Model(context, params, BOS)
        (total, tokens), clear = search(model, EOS, width, 5, twins=True)
        (_, other), _ = search(model, EOS, width, 5, "one_of_equals", twins=True)
        differs = untwinned(other) != untwinned(tokens)
        if clear and differs and TWINS[0] in untwinned(tokens):
            break
    return SimpleNamespace(
        arguments=(context, params, BOS, EOS, width, 5),
        tokens=torch.tensor(untwinned(tokens)),
        log_probability=total,
    )


@scores("beam_search", weight=2.0, steps=SEARCH_STEPS, title="hypotheses of equal score")
@pytest.mark.parametrize("width", [2, 4])
def test_equal_hypotheses(student: Any, width: int) -> None:
    """Ties are free: the answer may hold either of two equal tokens."""
    case = twin_case(width)
    tokens, log_probability = student.beam_search(*case.arguments)
    compare("log_probability", number(log_probability), case.log_probability)
    require(isinstance(tokens, torch.Tensor), "tokens should be a tensor")
    plain = torch.where(tokens == TWINS[1], torch.full_like(tokens, TWINS[0]), tokens)
    compare("tokens, with equal ones as one", plain, case.tokens, axes="L")


@once
def renamed_case(rng: np.random.Generator) -> SimpleNamespace:
    """A beam that ends with token 0."""
    while True:
        params = parameters(rng, D=2, H=4, Vt=5, sharpness=0.7)
        context = normal(rng, 1, 4)
        model = Model(context, params, BOS)
        (total, tokens), clear = search(model, 0, 3, 6)
        (_, endless), _ = search(model, -1, 3, 6)
        if clear and tokens[-1] == 0 and 1 < len(tokens) < 6 and endless != tokens:
            break
    return SimpleNamespace(
        arguments=(context, params, BOS, 0, 3, 6),
        tokens=torch.tensor(tokens),
        log_probability=total,
    )


@scores("beam_search", weight=2.0, steps=SEARCH_STEPS, title="an end with id 0")
def test_beam_that_ends_with_token_zero(student: Any) -> None:
    compare_beam(student, renamed_case())


@scores("beam_search", weight=2.0, steps=SEARCH_STEPS, title="single precision")
def test_beam_in_single_precision(student: Any) -> None:
    case = beam_case("greedy", 2, 6)
    tokens, log_probability = student.beam_search(*in_single(case.arguments))
    compare("tokens", tokens, case.tokens, axes="L", dtype=np.int64)
    value = number(log_probability)
    compare("log_probability", value, case.log_probability, tolerance=SINGLE)


@scores("beam_search", steps=SEARCH_STEPS, title="hypotheses that reach the greatest length")
@pytest.mark.parametrize("max_length", [1, 4])
def test_cut_off(student: Any, max_length: int) -> None:
    compare_beam(student, beam_case("cut_off", 3, max_length))


@scores("beam_search", steps=SEARCH_STEPS, title="a beam of width 1")
@pytest.mark.parametrize("max_length", [2, 7])
def test_width_one(student: Any, max_length: int) -> None:
    compare_beam(student, beam_case("", 1, max_length))


@scores(
    "beam_search", weight=2.0, steps=SEARCH_STEPS, title="a beam wider than there are candidates"
)
def test_more_places_than_candidates(student: Any) -> None:
    compare_beam(student, beam_case("greedy", 9, 3))


@once
def certain_case(rng: np.random.Generator) -> SimpleNamespace:
    """Scores of thousands: one sequence is all but certain."""
    while True:
        params = parameters(rng, D=2, H=4, Vt=5)
        params.update(Wo=2000 * params["Wo"], bo=2000 * params["bo"])
        context = normal(rng, 1, 4)
        (total, tokens), clear = search(Model(context, params, BOS), EOS, 2, 4)
        if clear and total > -1e-14:
            break
    return SimpleNamespace(
        arguments=(context, params, BOS, EOS, 2, 4),
        tokens=torch.tensor(tokens),
        log_probability=total,
    )


@scores("beam_search", weight=2.0, steps=SEARCH_STEPS, title="a model that is certain")
def test_certain_model(student: Any) -> None:
    compare_beam(student, certain_case())


@scores("beam_search", steps=SEARCH_STEPS, title="parameters that require a gradient")
def test_beam_with_parameters_in_training(student: Any) -> None:
    case = beam_case("greedy", 2, 6)
    context, params, *rest = case.arguments
    tokens, _ = student.beam_search(context, leaves(params), *rest)
    compare("tokens", tokens, case.tokens, axes="L")


@scores("beam_search", weight=2.0, steps=SEARCH_STEPS, title="arguments stay as they are")
def test_beam_keeps_arguments(student: Any) -> None:
    keeps_arguments(student, "beam_search", *beam_case("greedy", 2, 6).arguments)
