"""Visible checks of chapter 8: what can be calculated by hand, and what holds of every sound model.

torch is taken from the notebook that has imported it; this package works without it. A model may be built in any way,
so that only what goes in and comes out is looked at, and the recurrent matrix under the name that the model gives.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from seqlab.checking import loaded
from seqlab.registry import Check, visible_check

CELLS = ("rnn", "lstm", "gru")
SINGLE = 1e-4  # models usually compute in single precision


def _torch() -> Any:
    return loaded("torch")


def _logits(model: Any, x: Any) -> np.ndarray:
    with _torch().no_grad():
        return np.asarray(model(x), dtype=np.float64)


def _parameters(model: Any) -> dict[str, Any]:
    return dict(model.named_parameters())


def _values(model: Any) -> dict[str, np.ndarray]:
    return {name: p.detach().numpy().copy() for name, p in _parameters(model).items()}


def _factor(profile: np.ndarray) -> float:
    """The factor per step back: `exp` of the least-squares slope of the logarithm."""
    back = np.arange(len(profile))[::-1]
    return float(np.exp(np.polyfit(back, np.log(profile), 1)[0]))


def _make_linear(model: Any, eigenvalue: float) -> None:
    """Bring a vanilla RNN close to a linear one, all of whose directions keep a share of `eigenvalue` per step."""
    torch = _torch()
    with torch.no_grad():
        for name, parameter in _parameters(model).items():
            if name == model.recurrent_name:
                parameter.copy_(eigenvalue * torch.eye(len(parameter), dtype=parameter.dtype))
            else:
                parameter.mul_(1e-3)


@visible_check(
    "recall_batch",
    question="Which two steps of (8.1) hold a 1, and in which channels?",
    likely="There are K + 1 channels, and the cue has the last one for itself.",
)
def recall_batch(c: Check) -> None:
    x, targets = c.call("recall_batch", 3, 4, 2, 0, results=2)
    want = np.random.default_rng(0).integers(2, size=3)
    c.expect("targets", targets, want, axes="N")
    rows = {0: [1.0, 0, 0], 1: [0, 1.0, 0]}
    batch = np.array([[rows[int(k)], [0, 0, 0], [0, 0, 0], [0, 0, 1.0]] for k in want])
    c.expect("x", x, batch, axes="N T K", dtype=np.float64)
    x, targets = c.call("recall_batch", 5, 2, 3, 11, results=2)
    c.expect("targets", targets, np.random.default_rng(11).integers(3, size=5), axes="N")
    c.expect("the shape of x", np.shape(x), (5, 2, 4))
    c.expect("how many ones there are", float(np.sum(x)), 10.0)
    c.expect_error(ValueError, "T", "recall_batch", 3, 1, 2, 0)


@visible_check(
    "rnn_signal",
    question="How many factors has the signal met at step 1, according to (8.2)?",
    likely="The exponents run from 0 to T - 1.",
)
def rnn_signal(c: Check) -> None:
    c.expect("rnn_signal(4, 0.5)", c.call("rnn_signal", 4, 0.5), np.array([1, 0.5, 0.25, 0.125]))
    c.expect("rnn_signal(3, -2.0)", c.call("rnn_signal", 3, -2.0), np.array([1.0, -2.0, 4.0]))
    c.expect("rnn_signal(3, 0.0)", c.call("rnn_signal", 3, 0.0), np.array([1.0, 0.0, 0.0]))
    c.expect("rnn_signal(1, 0.9)", c.call("rnn_signal", 1, 0.9), np.array([1.0]))


@visible_check(
    "lstm_signal",
    question="What is the first entry of (8.3), and what happens to it from step to step?",
    likely="The input gate acts once, at step 1.",
)
def lstm_signal(c: Check) -> None:
    got = c.call("lstm_signal", 4, 0.5, 0.8)
    c.expect("lstm_signal(4, 0.5, 0.8)", got, np.array([0.8, 0.4, 0.2, 0.1]))
    got = c.call("lstm_signal", 3, 0.0, 0.3)
    c.expect("lstm_signal(3, 0.0, 0.3)", got, np.array([0.3, 0.0, 0.0]))
    c.expect("lstm_signal(1, 1.0, 0.6)", c.call("lstm_signal", 1, 1.0, 0.6), np.array([0.6]))


@visible_check(
    "build_memory_model",
    question="Which axis of x is time, which state reaches the readout, and which gate gets the bias of (8.5)?",
    likely="The layer takes time first unless told otherwise, or the bias went to another gate's rows.",
)
def build_memory_model(c: Check) -> None:
    torch = _torch()
    rng = np.random.default_rng(8)
    x = rng.normal(size=(4, 5, 3)).astype(np.float32)
    for cell in CELLS:
        model = c.call("build_memory_model", cell, 2, 6, 0)
        c.expect(f"{cell} is a torch module", isinstance(model, torch.nn.Module), True)
        logits = model(torch.from_numpy(x))
        c.expect(f"the shape of the logits of {cell}", tuple(logits.shape), (4, 2))
        plain = _logits(model, x)
        for kind, other in {
            "a float64 array": x.astype(np.float64),
            "a float64 tensor": torch.from_numpy(x).double(),
        }.items():
            c.expect(f"logits of {cell} for {kind}", _logits(model, other), plain, tolerance=SINGLE)
        c.expect(
            f"logits of {cell} row by row",
            np.concatenate([_logits(model, x[n : n + 1]) for n in range(4)]),
            plain,
            tolerance=SINGLE,
        )
        leaf = torch.from_numpy(x.copy()).requires_grad_()
        (gradient,) = torch.autograd.grad(model(leaf).sum(), leaf)
        silent = gradient.norm(dim=2).eq(0).any(dim=0)
        c.expect(f"steps that have no influence in {cell}", silent.nonzero().flatten().tolist(), [])
        c.expect(
            f"{cell} of the same seed",
            _values(c.call("build_memory_model", cell, 2, 6, 0)),
            _values(model),
        )
        other = _logits(c.call("build_memory_model", cell, 2, 6, 1), x)
        c.expect(f"{cell} differs by seed", bool(np.array_equal(other, plain)), False)

    rnn = c.call("build_memory_model", "rnn", 2, 6, 0)
    named = rnn.recurrent_name in _parameters(rnn)
    c.expect("recurrent_name is among named_parameters()", named, True)
    if named:
        shape = tuple(_parameters(rnn)[rnn.recurrent_name].shape)
        c.expect("the shape of the recurrent matrix", shape, (6, 6))

    factors = []
    for seed in range(3):
        lstm = c.call("build_memory_model", "lstm", 4, 32, seed)
        leaf = torch.zeros((8, 40, 5)).requires_grad_()
        (gradient,) = torch.autograd.grad(lstm(leaf).sum(), leaf)
        profile = gradient.double().norm(dim=2).mean(dim=0).numpy()
        factors.append(_factor(np.maximum(profile, 1e-300)))
    c.expect("the LSTM's factor per step back exceeds 0.95", float(np.median(factors)) > 0.95, True)
    c.expect_error(ValueError, "cell", "build_memory_model", "elman", 2, 6, 0)


@visible_check(
    "set_recurrent_eigenvalue",
    question="What is the product of the transpose of (8.6) with the matrix itself, and what does the seed decide?",
    likely="A random matrix scaled to a spectral radius is not yet orthogonal; a seed of 0 is a seed.",
)
def set_recurrent_eigenvalue(c: Check) -> None:
    for H, eigenvalue in [(1, 0.5), (6, 0.5), (6, -1.25), (6, 0.0)]:
        model = c.call("build_memory_model", "rnn", 2, H, 3)
        before = _values(model)
        result = c.call("set_recurrent_eigenvalue", model, eigenvalue)
        c.expect("the result is the model that was given", result is model, True)
        after, name = _values(model), model.recurrent_name
        c.expect("the names of the parameters", sorted(after), sorted(before))
        weight = after[name].astype(np.float64)
        got = weight.T @ weight + np.eye(
            H
        )  # plus I: an eigenvalue of 0 has something to be compared with
        want = (1 + eigenvalue**2) * np.eye(H)
        c.expect(f"W^T W + I for an eigenvalue of {eigenvalue}", got, want, axes="H H")
        trained = [key for key, p in _parameters(model).items() if p.requires_grad]
        c.expect("which parameters are trained", sorted(trained), sorted(set(before) - {name}))
        for key in set(before) - {name}:
            c.expect(f"{key} is as it was", bool(np.array_equal(after[key], before[key])), True)

    def drawn(seed: int, model_seed: int) -> np.ndarray:
        model = c.call("build_memory_model", "rnn", 2, 32, model_seed)
        c.call("set_recurrent_eigenvalue", model, 0.5, seed)
        return 2 * _values(model)[model.recurrent_name].astype(np.float64)

    first = drawn(0, 0)
    c.expect("4 W^T W for 0.5 and a seed", first.T @ first, np.eye(32), axes="H H")
    c.expect("the matrix of the same seed", drawn(0, 1), first, axes="H H", tolerance=SINGLE)
    c.expect("another seed gives another matrix", bool(np.allclose(drawn(1, 0), first)), False)
    angles = np.sort(np.angle(np.linalg.eigvals(first)))
    gap = np.diff(np.append(angles, angles[0] + 2 * np.pi)).max()
    c.expect(
        "with a seed, no half of the unit circle is without eigenvalues", bool(gap < 3.1), True
    )


@visible_check(
    "gradient_profile",
    question="In which order does (8.7) take the norm and the mean?",
    likely="The norm is over the channels of one step of one sequence.",
)
def gradient_profile(c: Check) -> None:
    torch = _torch()
    rng = np.random.default_rng(5)
    model = c.call("build_memory_model", "rnn", 2, 6, 0)
    _make_linear(model, 0.5)
    x = rng.normal(size=(3, 4, 3)).astype(np.float32)
    profile = c.call("gradient_profile", model, x)
    c.expect("the shape of the profile", np.shape(profile), (4,))
    with np.errstate(all="ignore"):  # a profile of zeros is wrong, and told so
        share = np.asarray(profile) / np.asarray(profile)[-1]
    c.expect("the profile at 0.5", share, np.array([0.125, 0.25, 0.5, 1.0]), tolerance=SINGLE)
    for cell in CELLS:
        model = c.call("build_memory_model", cell, 2, 6, 1)
        before = _values(model)
        leaf = torch.from_numpy(3 * x).requires_grad_()
        (gradient,) = torch.autograd.grad(model(leaf).sum(), leaf)
        norms = np.sqrt((gradient.double().numpy() ** 2).sum(axis=2))
        got = c.call("gradient_profile", model, 3 * x)
        c.expect(f"the profile of {cell}", got, norms.mean(axis=0), "T", tolerance=SINGLE)
        c.expect("its dtype", str(getattr(got, "dtype", "none")), "float64")
        got = c.call("gradient_profile", model, torch.from_numpy(3 * x).double())
        c.expect(f"the profile of {cell} for a tensor", got, norms.mean(axis=0), tolerance=SINGLE)
        c.expect("the model's parameters afterwards", _values(model), before)


@visible_check(
    "train_recall",
    question="What happens in each update, and in which order?",
    likely="One batch before the loop, gradients that pile up, or a loss of the wrong step.",
    seconds=60.0,
)
def train_recall(c: Check) -> None:
    model = c.call("build_memory_model", "gru", 3, 8, 0)
    before = _values(model)
    losses = c.call("train_recall", model, 3, 3, 5, 0)
    c.expect("the number of losses", len(losses), 5)
    c.expect("the losses are finite", all(np.isfinite(float(loss)) for loss in losses), True)
    after = _values(model)
    still = [name for name in before if np.array_equal(before[name], after[name])]
    c.expect("parameters that were not trained", still, [])
    again = c.call("build_memory_model", "gru", 3, 8, 0)
    same = c.call("train_recall", again, 3, 3, 5, 0)
    for got, want in zip(same, losses, strict=True):
        c.expect("the loss of the same seed", float(got), float(want), tolerance=SINGLE)
    other = c.call("train_recall", c.call("build_memory_model", "gru", 3, 8, 0), 3, 3, 5, 1)
    differs = [float(loss) for loss in other] != [float(loss) for loss in losses]
    c.expect("another seed gives other losses", differs, True)

    model = c.call("build_memory_model", "rnn", 4, 32, 0)
    model.requires_grad_(True)
    frozen = _parameters(model)[model.recurrent_name].requires_grad_(False)
    kept = frozen.detach().clone()
    losses = c.call("train_recall", model, 3, 4, 200, 0)
    c.expect("a frozen parameter is as it was", bool(frozen.equal(kept)), True)
    better = float(np.mean(losses[-10:])) < 0.5 * float(np.mean(losses[:3]))
    c.expect("200 updates at T = 3 halve the loss", better, True)


@visible_check(
    "recall_accuracy",
    question="Which logit is the answer, and how many sequences are asked?",
    likely="The share is from 0 to 1, of sequences of T steps with K symbols.",
)
def recall_accuracy(c: Check) -> None:
    torch = _torch()
    model = c.call("build_memory_model", "rnn", 3, 8, 0)
    # Only three different sequences exist, so the share of right ones among them is what to expect.
    x = np.zeros((3, 2, 4), dtype=np.float32)
    x[:, 0, :3] = np.eye(3)
    x[:, 1, 3] = 1.0
    right = _logits(model, x).argmax(axis=1) == np.arange(3)
    before = _values(model)
    seen = [float(c.call("recall_accuracy", model, 2, 3, seed)) for seed in range(8)]
    c.expect("it lies between 0 and 1", min(seen) >= 0 and max(seen) <= 1, True)
    close = all(abs(value - float(right.mean())) <= 0.15 for value in seen)
    c.expect("it is near the share of symbols that the model recalls", close, True)
    repeated = float(c.call("recall_accuracy", model, 2, 3, 0))
    c.expect("it is the same for the same seed", repeated, seen[0])
    c.expect("the model's parameters afterwards", _values(model), before)
    if right.any() and not right.all():
        c.expect("batches differ by seed", len(set(seen)) > 1, True)
    with torch.no_grad():
        for name, parameter in _parameters(model).items():
            if name != model.recurrent_name:
                parameter.zero_()
    # All logits are equal now: whichever symbol is taken, about a third of the answers is right.
    blind = float(c.call("recall_accuracy", model, 6, 3, 0))
    c.expect("a blind model is right in about a third", abs(blind - 1 / 3) < 0.15, True)
