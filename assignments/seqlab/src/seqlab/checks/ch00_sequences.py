"""Visible checks of Chapter 0: its worked examples, and one general case each."""

from __future__ import annotations

from typing import Any

import numpy as np

from seqlab.registry import Check, visible_check


def _halve_and_add(h: Any, x: Any) -> Any:
    """The step of the worked example."""
    return 0.5 * h + x


def _minus_one(h: Any) -> Any:
    """The readout of the worked example."""
    return h - 1.0


class _Counted:
    """A callable that counts its calls."""

    def __init__(self, function: Any):
        self.function = function
        self.calls = 0

    def __call__(self, *args: Any) -> Any:
        self.calls += 1
        return self.function(*args)


def _matrices(D: int, H: int, V: int) -> tuple[Any, Any]:
    """A step `(N, H), (N, D) -> (N, H)` and a readout `(N, H) -> (N, V)`, the same at every call."""
    rng = np.random.default_rng(0)
    W, U, R = rng.normal(size=(H, H)), rng.normal(size=(H, D)), rng.normal(size=(V, H))
    return (lambda h, x: np.tanh(h @ W.T + x @ U.T)), (lambda h: np.sin(h @ R.T))


@visible_check(
    "build_vocabulary",
    question="Which characters do the texts contain, blanks and capitals included, and in which "
    "order does Python sort them?",
    likely="The numbers start at 0, which belongs to padding, or follow the order of appearance.",
)
def build_vocabulary(c: Check) -> None:
    """Two short texts; capitals, blanks and line ends; texts without a character."""
    got = c.call("build_vocabulary", ["cab", "bad"])
    c.expect("vocabulary", got, {"<pad>": 0, "a": 1, "b": 2, "c": 3, "d": 4})
    got = c.call("build_vocabulary", ["a B\n", "", "éa"])
    want = {"<pad>": 0, "\n": 1, " ": 2, "B": 3, "a": 4, "é": 5}
    c.expect("vocabulary", got, want)
    c.expect("vocabulary of empty texts", c.call("build_vocabulary", ["", ""]), {"<pad>": 0})


@visible_check(
    "encode",
    question="What do you get for a text of no characters, and for a character without a token?",
    likely="The dtype is left to numpy, which takes floats where there is nothing to look at.",
)
def encode(c: Check) -> None:
    """A word, the empty text, two unknown characters."""
    vocabulary = {"<pad>": 0, "a": 3, "b": 1, "n": 2}
    tokens = c.call("encode", "banana", vocabulary)
    c.expect("tokens", tokens, np.array([1, 3, 2, 3, 2, 3]), axes="T", dtype=np.int64)
    tokens = c.call("encode", "", vocabulary)
    c.expect("tokens of ''", tokens, np.zeros(0, dtype=np.int64), axes="T", dtype=np.int64)
    c.expect_error(KeyError, "?", "encode", "na?na!", vocabulary)


@visible_check(
    "one_hot",
    question="Which shape do tokens of shape (N, T) give, and which tokens have no place in (0.4)?",
    likely="numpy takes a token of -1 for the last one, so nothing stops it.",
)
def one_hot(c: Check) -> None:
    """A text, a batch, tokens that do not exist."""
    vectors = c.call("one_hot", np.array([2, 0]), 3)
    want = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
    c.expect("vectors", vectors, want, axes="T V", dtype=np.float64)
    vectors = c.call("one_hot", np.array([[1, 3, 0], [2, 2, 1]]), 4)
    want = np.eye(4)[[[1, 3, 0], [2, 2, 1]]]
    c.expect("vectors of a batch", vectors, want, axes="N T V", dtype=np.float64)
    c.expect_error(ValueError, "tokens", "one_hot", np.array([0, -1]), 3)
    c.expect_error(ValueError, "tokens", "one_hot", np.array([[0, 3]]), 3)


@visible_check(
    "pad_sequences",
    question="How long are the rows with and without `max_length`, and what dtype do they have?",
    likely="The array is made of floats whatever the sequences hold, or the lengths are those "
    "before cutting.",
)
def pad_sequences(c: Check) -> None:
    """The example below (0.6) in integers, cut and widened; vectors, one of them empty."""
    tokens = [np.array([1, 2, 3]), np.array([4])]
    padded, lengths = c.call("pad_sequences", tokens, results=2)
    c.expect("padded", padded, np.array([[1, 2, 3], [4, 0, 0]]), axes="N L", dtype=np.int64)
    c.expect("lengths", lengths, np.array([3, 1]), axes="N", dtype=np.int64)

    padded, lengths = c.call("pad_sequences", tokens, pad_value=9, max_length=2, results=2)
    c.expect("padded and cut", padded, np.array([[1, 2], [4, 9]]), axes="N L", dtype=np.int64)
    c.expect("lengths after cutting", lengths, np.array([2, 1]), axes="N", dtype=np.int64)

    vectors = [np.array([[1.5, 2.5]]), np.zeros((0, 2)), np.array([[3.0, 4.0], [5.0, 6.0]])]
    padded, lengths = c.call("pad_sequences", vectors, -1.0, 3, results=2)
    want = np.full((3, 3, 2), -1.0)
    want[0, 0], want[2, :2] = vectors[0][0], vectors[2]
    c.expect("padded vectors", padded, want, axes="N L D", dtype=np.float64)
    c.expect("lengths", lengths, np.array([1, 0, 2]), axes="N", dtype=np.int64)
    c.expect_error(ValueError, "sequences", "pad_sequences", [])


@visible_check(
    "sequence_mask",
    question="Which column holds step T_n of row n, when the first column holds step 1?",
    likely="One step too many or too few is marked in every row.",
)
def sequence_mask(c: Check) -> None:
    """Lengths from nothing to everything; a mask wider than the longest row."""
    mask = c.call("sequence_mask", np.array([2, 0, 3]), 3)
    want = np.array([[1, 1, 0], [0, 0, 0], [1, 1, 1]], dtype=bool)
    c.expect("mask", mask, want, axes="N T")
    mask = c.call("sequence_mask", np.array([1]), 4)
    c.expect("mask", mask, np.array([[True, False, False, False]]), axes="N T")


@visible_check(
    "masked_mean",
    question="By which number does (0.6) divide, and what becomes of NaN times zero?",
    likely="The mask is multiplied in, which lets NaN through.",
)
def masked_mean(c: Check) -> None:
    """The example below (0.6); padding that is no number; a row without a valid step."""
    x = np.array([[[1.0], [2.0], [3.0]], [[4.0], [0.0], [0.0]]])
    mask = np.array([[True, True, True], [True, False, False]])
    c.expect("mean", c.call("masked_mean", x, mask), np.array([[2.0], [4.0]]), axes="N D")

    x = np.array([[[1.0, -2.0], [np.nan, np.inf], [5.0, 2.0]], [[np.nan, 1.0]] * 3])
    mask = np.array([[True, False, True], [False, False, False]])
    want = np.array([[3.0, 0.0], [0.0, 0.0]])
    c.expect("mean", c.call("masked_mean", x, mask), want, axes="N D")


@visible_check(
    "sequence_to_vector",
    question="Which state does each step of (0.7) read, and in which order come the inputs?",
    likely="The loop does not start from `h0`, or it ends a step too early.",
)
def sequence_to_vector(c: Check) -> None:
    """The worked example in both orders; a batch; no input at all."""
    h0, xs = np.zeros(1), np.array([[4.0], [2.0], [8.0]])
    step = _Counted(_halve_and_add)
    c.expect("state", c.call("sequence_to_vector", step, h0, xs), np.array([10.0]))
    c.expect("calls of the step", step.calls, 3)
    got = c.call("sequence_to_vector", _halve_and_add, h0, xs[::-1])
    c.expect("state after the inputs in reverse order", got, np.array([7.0]))

    step, _ = _matrices(3, 4, 2)
    h0, xs = np.ones((2, 4)), np.arange(12.0).reshape(2, 2, 3) / 6
    want = step(step(h0, xs[0]), xs[1])
    c.expect("state", c.call("sequence_to_vector", step, h0, xs), want, axes="N H")
    got = c.call("sequence_to_vector", step, h0, np.zeros((0, 2, 3)))
    c.expect("state without inputs", got, h0, axes="N H")


@visible_check(
    "sequence_to_sequence",
    question="How many outputs are there for T inputs, and which state belongs to the first?",
    likely="The readout comes before the step, so that output t knows nothing of input t.",
)
def sequence_to_sequence(c: Check) -> None:
    """The worked example; a batch whose outputs have another shape than its states."""
    step, readout = _Counted(_halve_and_add), _Counted(_minus_one)
    xs = np.array([[4.0], [2.0], [8.0]])
    got = c.call("sequence_to_sequence", step, readout, np.zeros(1), xs)
    c.expect("outputs", got, np.array([[3.0], [3.0], [9.0]]), axes="T V")
    c.expect("calls of the step", step.calls, 3)
    c.expect("calls of the readout", readout.calls, 3)

    step, readout = _matrices(3, 4, 2)
    h0, xs = np.ones((2, 4)), np.arange(12.0).reshape(2, 2, 3) / 6
    first = step(h0, xs[0])
    want = np.array([readout(first), readout(step(first, xs[1]))])
    got = c.call("sequence_to_sequence", step, readout, h0, xs)
    c.expect("outputs", got, want, axes="T N V")


@visible_check(
    "vector_to_sequence",
    question="What do the first and the second step of (0.9) read, and which output comes first?",
    likely="The start is part of the result, or every step reads it.",
)
def vector_to_sequence(c: Check) -> None:
    """The worked example; a batch; a single output."""
    step, readout = _Counted(_halve_and_add), _Counted(_minus_one)
    got = c.call("vector_to_sequence", step, readout, np.array([8.0]), np.array([0.0]), 3)
    c.expect("outputs", got, np.array([[3.0], [4.0], [5.5]]), axes="T V")
    c.expect("calls of the step", step.calls, 3)
    c.expect("calls of the readout", readout.calls, 3)

    step, readout = _matrices(3, 4, 3)
    context, start = np.ones((2, 4)), np.arange(6.0).reshape(2, 3) / 3
    first = readout(step(context, start))
    got = c.call("vector_to_sequence", step, readout, context, start, 1)
    c.expect("one output", got, first[None], axes="T N V")
    want = np.array([first, readout(step(step(context, start), first))])
    got = c.call("vector_to_sequence", step, readout, context, start, 2)
    c.expect("outputs", got, want, axes="T N V")


@visible_check(
    "feedforward_parameter_count",
    question="How many rows and columns has W in (0.1), and how many entries b?",
    likely="A bias belongs to each unit, not to each step.",
)
def feedforward_parameter_count(c: Check) -> None:
    """The numbers of the text; a layer that can be counted on fingers."""
    c.expect("count", c.call("feedforward_parameter_count", 20, 12, 64), 15424)
    c.expect("count", c.call("feedforward_parameter_count", 2, 1, 3), 9)


@visible_check(
    "rnn_parameter_count",
    question="How many rows and columns have the two matrices of (0.3)?",
    likely="One of the three terms is missing, or D and H are exchanged.",
)
def rnn_parameter_count(c: Check) -> None:
    """The numbers of the text; a layer that can be counted on fingers."""
    c.expect("count", c.call("rnn_parameter_count", 12, 64), 4928)
    c.expect("count", c.call("rnn_parameter_count", 1, 2), 8)
