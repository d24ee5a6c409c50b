"""Visible checks of chapter 6: the examples of the text, ragged lengths and padding full of NaN."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from seqlab.registry import Check, visible_check

LN2, LN3 = float(np.log(2)), float(np.log(3))


def _layer(Wxh: float, Whh: float, bh: float) -> dict[str, np.ndarray]:
    return {"Wxh": np.array([[Wxh]]), "Whh": np.array([[Whh]]), "bh": np.array([bh])}


def _second_unit_remembers() -> dict[str, np.ndarray]:
    """Unit 0 reads x alone, unit 1 its own bias and what unit 0 was before."""
    return {
        "Wxh": np.array([[1.0], [0.0]]),
        "Whh": np.array([[0.0, 0.0], [5 / 3 * (LN3 - LN2), 0.0]]),
        "bh": np.array([0.0, LN2]),
    }


def _small_layer(rng: np.random.Generator, D: int, H: int) -> dict[str, np.ndarray]:
    return {
        "Wxh": rng.normal(size=(H, D)) / 2,
        "Whh": rng.normal(size=(H, H)) / 2,
        "bh": rng.normal(size=H) / 2,
    }


def _hand_example() -> tuple[np.ndarray, np.ndarray, dict[str, dict[str, np.ndarray]]]:
    """The two steps from the text, with a third one of padding."""
    x = np.array([[[LN2], [LN3 - 0.3], [np.nan]]])
    params = {"forward": _layer(1.0, 0.5, 0.0), "backward": _layer(0.5, -0.3, 0.15)}
    return x, np.array([2]), params


def _ragged_example() -> tuple[np.ndarray, np.ndarray, dict[str, dict[str, np.ndarray]]]:
    rng = np.random.default_rng(6)
    x, lengths = rng.normal(size=(4, 5, 2)), np.array([3, 0, 4, 1])
    x[np.arange(5) >= lengths[:, None]] = np.nan
    params = {"forward": _small_layer(rng, 2, 3), "backward": _small_layer(rng, 2, 3)}
    return x, lengths, params


def _replaced(nested: Any, path: tuple[Any, ...], value: np.ndarray) -> Any:
    """A copy of nested dicts and lists with one array replaced."""
    if not path:
        return value
    copy = list(nested) if isinstance(nested, list) else dict(nested)
    copy[path[0]] = _replaced(nested[path[0]], path[1:], value)
    return copy


def _paths(nested: Any) -> Iterator[tuple[tuple[Any, ...], np.ndarray]]:
    keys = range(len(nested)) if isinstance(nested, list) else list(nested)
    for key in keys:
        if isinstance(nested[key], np.ndarray):
            yield (key,), nested[key]
        else:
            for path, value in _paths(nested[key]):
                yield (key, *path), value


def _expect_params_gradient(
    c: Check, grads: Any, params: Any, loss: Callable[[Any], float]
) -> None:
    for path, value in _paths(params):
        got = grads
        for key in path:
            got = got[key]
        name = "grads" + "".join(f"[{key!r}]" for key in path)
        c.expect_gradient(
            name, got, lambda v, path=path: loss(_replaced(params, path, v)), at=value
        )


@visible_check(
    "reverse_padded",
    question="Where does step 1 of a row of length 3 go, and where does step 4?",
    likely="The whole row was turned round, padding included.",
)
def reverse_padded(c: Check) -> None:
    x = np.array([[[1.0], [2.0], [3.0], [9.0]], [[4.0], [5.0], [6.0], [7.0]]])
    want = np.array([[[3.0], [2.0], [1.0], [9.0]], [[7.0], [6.0], [5.0], [4.0]]])
    lengths = np.array([3, 4])
    c.expect(
        "the reversed batch",
        c.call("reverse_padded", x, lengths),
        want,
        axes="N T D",
        valid=lengths,
    )
    x = np.arange(24.0).reshape(3, 4, 2)
    lengths = np.array([0, 1, 2])
    once = c.call("reverse_padded", x, lengths)
    want = x.copy()
    want[2, :2] = x[2, 1::-1]
    c.expect("with lengths 0, 1 and 2", once, want, axes="N T D", valid=lengths)
    c.expect(
        "reversed twice", c.call("reverse_padded", once, lengths), x, axes="N T D", valid=lengths
    )
    c.expect_unchanged("reverse_padded", x, lengths)


@visible_check(
    "birnn_forward",
    question="With which position does the backward reader begin, and in which row does its last state stand?",
    likely="The backward states were not turned back, or padding got into the recurrence.",
)
def birnn_forward(c: Check) -> None:
    h, _ = c.call("birnn_forward", *_hand_example(), results=2)
    want = np.array([[[0.6, 1 / 3], [0.8, 1 / 2], [0.0, 0.0]]])
    c.expect("h of the example in the text", h, want, axes="N T 2H")

    x, layer = np.array([[[LN2], [0.0]]]), _second_unit_remembers()
    both = {"forward": layer, "backward": layer}
    h, _ = c.call("birnn_forward", x, np.array([2]), both, results=2)
    want = np.array([[[0.6, 0.6, 0.6, 0.6], [0.0, 0.8, 0.0, 0.6]]])
    c.expect("h of two units per reader", h, want, axes="N T 2H")

    # Each row of a ragged batch, computed alone without padding, is the same.
    x, lengths, params = _ragged_example()
    h, _ = c.call("birnn_forward", x, lengths, params, results=2)
    c.expect("the shape of h", np.shape(h), (4, 5, 6))
    want = np.zeros((4, 5, 6))
    for n, length in enumerate(lengths):
        if length:
            alone, _ = c.call(
                "birnn_forward", x[n : n + 1, :length], lengths[n : n + 1], params, results=2
            )
            want[n, :length] = alone[0]
    c.expect("h of a padded batch against its rows alone", h, want, axes="N T 2H")
    c.expect_unchanged("birnn_forward", x, lengths, params)


@visible_check(
    "birnn_backward",
    question="In which direction does a gradient travel through the backward reader?",
    likely="An array was split, turned or masked on the wrong side of the reversal.",
)
def birnn_backward(c: Check) -> None:
    x, lengths, params = _hand_example()
    _, cache = c.call("birnn_forward", x, lengths, params, results=2)
    dh = np.array([[[0.0, 1.0], [0.0, 0.0], [np.nan, np.nan]]])
    dx, grads = c.call("birnn_backward", dh, cache, results=2)
    c.expect(
        "dx of the example in the text", dx, np.array([[[4 / 9], [-0.1], [0.0]]]), axes="N T D"
    )
    bias = grads["backward"]["bh"]
    c.expect('grads["backward"]["bh"] of the example', bias, np.array([8 / 9 - 0.2]))

    x, lengths, params = _ragged_example()
    valid = (np.arange(5) < lengths[:, None])[:, :, None]
    dh = np.random.default_rng(3).normal(size=(4, 5, 6))

    def loss(x: Any, params: Any) -> float:
        h, _ = c.call("birnn_forward", x, lengths, params, results=2)
        return float(np.sum(dh * h))

    _, cache = c.call("birnn_forward", x, lengths, params, results=2)
    dx, grads = c.call("birnn_backward", dh, cache, results=2)
    # Central differences cannot vary NaN: they vary the valid steps, and padding stays NaN.
    c.expect_gradient(
        "dx",
        dx,
        lambda v: loss(np.where(valid, v, np.nan), params),
        at=np.where(valid, x, 0.0),
        axes="N T D",
        valid=lengths,
    )
    _expect_params_gradient(c, grads, params, lambda p: loss(x, p))
    c.expect_unchanged("birnn_backward", dh, cache)


@visible_check(
    "leaks_future",
    question="Which outputs may change when the input of step s changes, by (6.7)?",
    likely="Outputs at the changed step itself, or behind it, are no leak.",
)
def leaks_future(c: Check) -> None:
    x = np.random.default_rng(2).normal(size=(5, 3))

    def running_sum(x: np.ndarray) -> np.ndarray:
        return np.cumsum(x, axis=0)

    def next_input(x: np.ndarray) -> np.ndarray:
        return np.concatenate([x[1:], x[-1:]])

    def first_sees_last(x: np.ndarray) -> np.ndarray:
        y = np.cumsum(x, axis=0)
        y[0] += 1e-3 * x[-1]
        return y

    def centred(x: np.ndarray) -> np.ndarray:
        return x - x.mean(axis=0)

    for name, model, want in (
        ("a running sum", running_sum, False),
        ("a copy of the next input", next_input, True),
        ("a first output that sees the last input", first_sees_last, True),
        ("a centred sequence", centred, True),
    ):
        c.expect(f"the answer for {name}", c.call("leaks_future", model, x), want)
    c.expect("the answer for a single step", c.call("leaks_future", centred, x[:1]), False)
    c.expect_unchanged("leaks_future", running_sum, x)


@visible_check(
    "deep_rnn_forward",
    question="What does layer 2 read at step t, by (6.8)?",
    likely="A layer read the input x, or it started from a state that was not zero.",
)
def deep_rnn_forward(c: Check) -> None:
    layers = [_layer(1.0, 0.0, 0.0), _layer(5 / 3 * LN2, 1.0, 0.0)]
    h, _ = c.call("deep_rnn_forward", np.array([[[LN2], [0.0]]]), layers, results=2)
    c.expect("h of the example in the text", h, np.array([[[0.6], [np.tanh(0.6)]]]), axes="N T H")

    x = np.array([[[LN2], [0.0]]])
    h, _ = c.call("deep_rnn_forward", x, [_second_unit_remembers()], results=2)
    c.expect("h of two units", h, np.array([[[0.6, 0.6], [0.0, 0.8]]]), axes="N T H")

    rng = np.random.default_rng(8)
    x = rng.normal(size=(2, 4, 3))
    layers = [_small_layer(rng, 3, 5), _small_layer(rng, 5, 2), _small_layer(rng, 2, 4)]
    h, _ = c.call("deep_rnn_forward", x, layers, results=2)
    c.expect("the shape of h", np.shape(h), (2, 4, 4))
    below = x
    for layer in layers:
        below, _ = c.call("deep_rnn_forward", below, [layer], results=2)
    c.expect("h of three layers against one layer at a time", h, below, axes="N T H")
    c.expect_unchanged("deep_rnn_forward", x, layers)


@visible_check(
    "deep_rnn_backward",
    question="Which gradient of layer 2 is the upstream gradient of layer 1, by (6.9)?",
    likely="The list of gradients is in the order of the backward pass, or a path through time is missing.",
)
def deep_rnn_backward(c: Check) -> None:
    layers = [_layer(1.0, 0.0, 0.0), _layer(5 / 3 * LN2, 1.0, 0.0)]
    _, cache = c.call("deep_rnn_forward", np.array([[[LN2]]]), layers, results=2)
    dx, grads = c.call("deep_rnn_backward", np.array([[[1.0]]]), cache, results=2)
    # One step: both slopes are 1 - 0.36.
    c.expect("dx of one step", dx, np.array([[[0.64 * 0.64 * 5 / 3 * LN2]]]), axes="N T D")
    c.expect('grads[1]["Wxh"] of one step', grads[1]["Wxh"], np.array([[0.64 * 0.6]]))

    rng = np.random.default_rng(9)
    x, dh = rng.normal(size=(2, 3, 2)), rng.normal(size=(2, 3, 3))
    layers = [_small_layer(rng, 2, 4), _small_layer(rng, 4, 3)]

    def loss(x: Any, layers: Any) -> float:
        h, _ = c.call("deep_rnn_forward", x, layers, results=2)
        return float(np.sum(dh * h))

    _, cache = c.call("deep_rnn_forward", x, layers, results=2)
    dx, grads = c.call("deep_rnn_backward", dh, cache, results=2)
    c.expect("the number of entries of grads", len(grads), 2)
    c.expect_gradient("dx", dx, lambda v: loss(v, layers), at=x, axes="N T D")
    _expect_params_gradient(c, grads, layers, lambda p: loss(x, p))
    c.expect_unchanged("deep_rnn_backward", dh, cache)
