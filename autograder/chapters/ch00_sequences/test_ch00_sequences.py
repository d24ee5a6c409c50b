"""Hidden suite of Chapter 0: text to numbers, ragged batches, the three shapes of a recurrence.

`step` and `readout` run on this side and are answered one call at a time, so their arguments stay
small. Both are asymmetric in their arguments, and no two dimensions of a case agree, except in the
square ones, which are for code that tells axes apart by their lengths.

Numbers are compared as numbers: that they come in an array of a certain dtype is asked for in one
test of each function. Whatever has nothing or zeros as its right answer is asked together with
something that has not.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from autograder.grading.toolkit import (
    calls_counted,
    compare,
    insist,
    once,
    raises,
    require,
    scores,
    unchanged,
    well_conditioned,
)
from seqlab.compare import relative_error

RESULTS = {
    "build_vocabulary": "",
    "encode": "T",
    "one_hot": "",
    "pad_sequences": {"padded": "", "lengths": "N"},
    "sequence_mask": "N T",
    "masked_mean": "N D",
    "sequence_to_vector": "",
    "sequence_to_sequence": "",
    "vector_to_sequence": "",
    "feedforward_parameter_count": "",
    "rnn_parameter_count": "",
}


def as_array(got: Any, dtype: Any) -> Any:
    """A list or an array of numbers as an array of this dtype; anything else, and what would be cut, as it is."""
    if isinstance(got, (list, tuple)):
        try:
            got = np.array(got)
        except ValueError:  # of rows of unequal length
            return got
    if not isinstance(got, np.ndarray) or got.dtype.kind not in "biuf":
        return got
    with np.errstate(invalid="ignore"):
        converted = got.astype(dtype)
    return converted if np.array_equal(converted, got, equal_nan=True) else got


def as_int(got: Any) -> Any:
    whole = isinstance(got, (float, np.floating)) and np.isfinite(got) and got == int(got)
    return int(got) if whole else got


# --- build_vocabulary -----------------------------------------------------------------------------

TEXTS = {
    "words": ["hidden state", "see bees", "a"],
    "case_digits_and_blanks": ["Zebra 10:\tab", "aZ\n9", " "],
    # Of several planes, and a letter with its accent in one and in two code points.
    "beyond_ascii": ["na\u00efve \u4e2d\u6587", "nai\u0308ve \U0001f600", "\ufb00\u00df\u1e9e"],
    "pad_spelt_out": ["<pad>", "p<<"],
    "empty_among_others": ["", " cab\n", ""],
    "nothing_but_empty": ["", ""],
}


def numbered(texts: list[str]) -> dict[str, int]:
    characters = sorted({character for text in texts for character in text}, key=ord)
    return {"<pad>": 0, **{character: 1 + k for k, character in enumerate(characters)}}


@scores("build_vocabulary", title="characters in their order")
@pytest.mark.parametrize("texts", list(TEXTS))
def test_vocabulary(student: Any, texts: str) -> None:
    got = student.build_vocabulary(list(TEXTS[texts]))
    compare("vocabulary", got, numbered(TEXTS[texts]))
    if not any(TEXTS[texts]):
        compare("vocabulary", student.build_vocabulary(["b", "", "a"]), numbered(["ab"]))


@scores("build_vocabulary", title="a second vocabulary")
def test_vocabulary_of_each_call(student: Any) -> None:
    for texts in (["zebra"], ["abc"], ["zebra"]):
        compare("vocabulary", student.build_vocabulary(texts), numbered(texts))


@scores("build_vocabulary", weight=0.6, title="texts stay as they are")
def test_vocabulary_keeps_texts(student: Any) -> None:
    unchanged(student, "build_vocabulary", ["zebra", "", "crossing"])


# --- encode ---------------------------------------------------------------------------------------

# Not in code-point order and with gaps: a vocabulary may come from anywhere.
VOCABULARY = {"<pad>": 0, "b": 1, "a": 7, "A": 2, " ": 3, "\n": 11, "\u4e2d": 300, "n": 5}


def check_tokens(student: Any, text: str, vocabulary: dict[str, int]) -> None:
    want = np.array([vocabulary[character] for character in text], dtype=np.int64)
    got = as_array(student.encode(text, vocabulary), np.int64)
    compare("tokens", got, want, axes="T")


@scores("encode", weight=1.5, title="the ids of a text")
@pytest.mark.parametrize(
    "text",
    ["banana", "A a", " \n ", "\u4e2d"],
    ids=["letters", "capitals", "blanks", "one_character"],
)
def test_tokens(student: Any, text: str) -> None:
    check_tokens(student, text, VOCABULARY)


@scores("encode", title="type of the ids")
def test_tokens_are_int64(student: Any) -> None:
    for text in ("banana", ""):
        want = np.array([VOCABULARY[character] for character in text], dtype=np.int64)
        compare("tokens", student.encode(text, VOCABULARY), want, axes="T", dtype=np.int64)


@scores("encode", weight=0.7, title="the character with id 0")
def test_token_zero(student: Any) -> None:
    check_tokens(student, "abba", {"a": 0, "b": 1})


@scores("encode", weight=0.8, title="an empty text")
def test_tokens_of_empty_text(student: Any) -> None:
    check_tokens(student, "", VOCABULARY)
    check_tokens(student, "ban", VOCABULARY)


@scores("encode", weight=0.78, title="a character that the vocabulary lacks")
@pytest.mark.parametrize(
    "text, unknown",
    [("ban \u00a7 \u00b6 ban", "\u00a7"), ("\u20ac", "\u20ac"), ("a B <n", "B")],
    ids=["two_unknown", "nothing_else", "other_case"],
)
def test_unknown_character(student: Any, text: str, unknown: str) -> None:
    with raises(KeyError, naming=unknown):
        student.encode(text, VOCABULARY)


@scores("encode", title="two vocabularies in turn")
def test_tokens_of_each_vocabulary(student: Any) -> None:
    for shift in (0, 10, 0):
        vocabulary = {"<pad>": 0, "x": 1 + shift, "y": 2 + shift}
        check_tokens(student, "yxy", vocabulary)


@scores("encode", weight=0.7, title="the vocabulary stays as it is")
def test_encode_keeps_vocabulary(student: Any) -> None:
    unchanged(student, "encode", "a b", {"<pad>": 0, "b": 1, "a": 2, " ": 3})


# --- one_hot --------------------------------------------------------------------------------------

TOKENS = {
    "text": (np.array([4, 0, 2, 2, 5]), 6),
    "batch": (np.array([[3, 0, 1], [1, 4, 6]]), 7),
    "one_token": (np.array([2]), 3),
    "square": (np.array([[2, 0, 1], [1, 1, 2], [0, 2, 0]]), 3),
    "three_axes": (np.array([[[0], [4]], [[1], [3]], [[2], [2]]]), 5),
    "no_axis": (np.array(1), 4),
}


def hot(tokens: np.ndarray, V: int) -> np.ndarray:
    vectors = np.zeros((*tokens.shape, V))
    for place in np.ndindex(tokens.shape):
        vectors[(*place, tokens[place])] = 1.0
    return vectors


@scores("one_hot", title="one 1 for each token")
@pytest.mark.parametrize("tokens", list(TOKENS))
def test_vectors(student: Any, tokens: str) -> None:
    check_vectors(student, *TOKENS[tokens])


def check_vectors(student: Any, tokens: np.ndarray, V: int) -> None:
    compare("vectors", as_array(student.one_hot(tokens, V), np.float64), hot(tokens, V))


@scores("one_hot", title="type of the vectors")
def test_vectors_are_float64(student: Any) -> None:
    tokens, V = TOKENS["batch"]
    compare("vectors", student.one_hot(tokens, V), hot(tokens, V), dtype=np.float64)


@scores("one_hot", weight=0.8, title="two calls in turn")
def test_vectors_of_each_call(student: Any) -> None:
    for tokens in (np.array([[0, 1]]), np.array([[3, 2]]), np.array([[0, 1]])):
        check_vectors(student, tokens, 4)


@scores("one_hot", weight=0.8, title="a negative token")
def test_token_below_zero(student: Any) -> None:
    for tokens in (np.array([0, 2, -1]), np.array([[-4, 1]]), np.array([1, -9])):
        with raises(ValueError, naming="tokens"):
            student.one_hot(tokens, 4)


@scores("one_hot", weight=0.6, title="a token that is too large")
@pytest.mark.parametrize(
    "tokens", [np.array([0, 4, 1]), np.array([[1, 2], [3, 700]])], ids=["V", "far_above"]
)
def test_token_of_V_or_more(student: Any, tokens: np.ndarray) -> None:
    with raises(ValueError, naming="tokens"):
        student.one_hot(tokens, 4)


@scores("one_hot", weight=0.7, title="tokens stay as they are")
def test_one_hot_keeps_tokens(student: Any) -> None:
    unchanged(student, "one_hot", *TOKENS["batch"])


# --- pad_sequences --------------------------------------------------------------------------------


@once
def ragged(rng: np.random.Generator, lengths: tuple[int, ...], D: int = 0) -> list[np.ndarray]:
    """Sequences of these lengths, of numbers for `D = 0`; no entry is zero."""
    return [rng.normal(size=(T, D) if D else (T,)) + 3.0 for T in lengths]


def padded(
    sequences: list[np.ndarray], L: int, pad_value: float = 0.0, dtype: Any = np.float64
) -> tuple[np.ndarray, np.ndarray]:
    rows = np.full((len(sequences), L, *sequences[0].shape[1:]), pad_value).astype(dtype)
    for n, sequence in enumerate(sequences):
        for t, value in enumerate(sequence[:L]):
            rows[n, t] = value
    return rows, np.array([min(len(sequence), L) for sequence in sequences])


def compare_padded(got: Any, want: tuple[np.ndarray, np.ndarray]) -> None:
    rows, lengths = got
    compare("padded", rows, want[0], dtype=want[0].dtype)
    compare("lengths", as_array(lengths, np.int64), want[1], axes="N")


@scores("pad_sequences", weight=1.7, title="lengths and their type")
def test_lengths_are_int64(student: Any) -> None:
    sequences = ragged((3, 5, 1))
    _, lengths = student.pad_sequences(list(sequences))
    compare("lengths", lengths, np.array([3, 5, 1]), axes="N", dtype=np.int64)


@scores("pad_sequences", weight=1.5, title="sequences of several lengths")
@pytest.mark.parametrize(
    "lengths, D",
    [
        ((3, 5, 1), 0),
        ((2, 6, 4, 3), 2),
        ((4, 2), 1),
        ((5,), 3),
        ((4, 4, 4), 2),
        ((3, 3, 3), 3),
    ],
    ids=["numbers", "vectors", "one_feature", "one_sequence", "equal_lengths", "square"],
)
def test_padded(student: Any, lengths: tuple[int, ...], D: int) -> None:
    sequences = ragged(lengths, D)
    compare_padded(student.pad_sequences(list(sequences)), padded(sequences, max(lengths)))


@scores("pad_sequences", weight=0.9, title="sequences without steps")
@pytest.mark.parametrize(
    "lengths, D",
    [((0, 3, 2), 0), ((2, 0), 3), ((0, 0), 0), ((0, 0, 0), 2)],
    ids=["number_first", "vector_last", "all_numbers", "all_vectors"],
)
def test_padded_empty_sequences(student: Any, lengths: tuple[int, ...], D: int) -> None:
    for sequences in (ragged(lengths, D), ragged((2,), D)):
        longest = max(map(len, sequences))
        compare_padded(student.pad_sequences(list(sequences)), padded(sequences, longest))


@scores("pad_sequences", title="another value for the padding")
@pytest.mark.parametrize("D", [0, 2], ids=["numbers", "vectors"])
def test_pad_value(student: Any, D: int) -> None:
    sequences = ragged((4, 0, 2), D)
    got = student.pad_sequences(list(sequences), pad_value=-2.5)
    compare_padded(got, padded(sequences, 4, -2.5))


@scores("pad_sequences", weight=1.3, title="a given length")
@pytest.mark.parametrize(
    "max_length, D",
    [(4, 0), (4, 2), (9, 0), (9, 3), (1, 2)],
    ids=[
        "shorter",
        "shorter_vectors",
        "longer",
        "longer_vectors",
        "one_step",
    ],
)
def test_max_length(student: Any, max_length: int, D: int) -> None:
    check_max_length(student, max_length, D)


def check_max_length(student: Any, max_length: int, D: int) -> None:
    sequences = ragged((2, 6, 0, 5), D)
    got = student.pad_sequences(list(sequences), 7.5, max_length)
    compare_padded(got, padded(sequences, max_length, 7.5))


@scores("pad_sequences", weight=1.9, title="a given length of 0")
def test_max_length_of_zero(student: Any) -> None:
    for max_length in (0, 2):
        check_max_length(student, max_length, 2)


DTYPES = {
    "integers": (np.int64, np.int64, np.int64),
    "int32_and_float32": (np.int32, np.float32, np.float64),
    "float32": (np.float32, np.float32, np.float32),
    "wider_second": (np.int16, np.int32, np.int32),
    "bool": (np.bool_, np.bool_, np.bool_),
}


@scores("pad_sequences", weight=0.9, title="type of the padded array")
@pytest.mark.parametrize("kinds", list(DTYPES))
def test_padded_dtype(student: Any, kinds: str) -> None:
    first, second, dtype = DTYPES[kinds]
    sequences = [np.array([1, 0, 1]).astype(first), np.array([1, 1, 1, 0, 1]).astype(second)]
    compare_padded(student.pad_sequences(sequences), padded(sequences, 5, dtype=dtype))


@scores("pad_sequences", weight=1.7, title="type of the padding")
def test_pad_value_is_cast(student: Any) -> None:
    sequences = [np.array([5, 6]), np.array([2**53 + 1]), np.array([7, 8, 9])]
    got = student.pad_sequences(sequences, pad_value=-1.75)
    compare_padded(got, padded(sequences, 3, -1, dtype=np.int64))


@scores("pad_sequences", weight=1.7, title="no sequence at all")
def test_no_sequence(student: Any) -> None:
    with raises(ValueError, naming="sequences"):
        student.pad_sequences([])
    with raises(ValueError, naming="sequences"):
        student.pad_sequences([], 0.0, 3)


@scores("pad_sequences", weight=1.7, title="two calls in turn")
def test_padded_of_each_call(student: Any) -> None:
    for lengths in ((2, 3), (4, 1), (2, 3)):
        sequences = ragged(lengths, 2)
        compare_padded(student.pad_sequences(list(sequences)), padded(sequences, max(lengths)))


@scores("pad_sequences", weight=1.7, title="sequences stay as they are")
def test_pad_keeps_sequences(student: Any) -> None:
    unchanged(student, "pad_sequences", list(ragged((3, 5, 1), 2)), -1.0, 4)


# --- sequence_mask --------------------------------------------------------------------------------

LENGTHS = {
    "ragged": ([3, 1, 4, 2], 4),
    "wider_than_longest": ([2, 5, 1], 8),
    "length_zero": ([0, 3, 0, 1, 2], 3),
    "all_full": ([3, 3], 3),
    "all_empty": ([0, 0, 0], 2),
    "one_row": ([2], 5),
    "one_column": ([1, 0, 1], 1),
    "square": ([3, 1, 2], 3),
}


@scores("sequence_mask", title="which steps are valid")
@pytest.mark.parametrize("lengths", list(LENGTHS))
def test_mask(student: Any, lengths: str) -> None:
    cases = [LENGTHS[lengths]]
    if lengths.startswith("all"):
        cases.append(([1, 2], 3))
    for given, max_length in cases:
        got = student.sequence_mask(np.array(given), max_length)
        compare("mask", as_array(got, np.bool_), valid(given, max_length), axes="N T")


def valid(lengths: list[int], max_length: int) -> np.ndarray:
    return np.array([[t < length for t in range(max_length)] for length in lengths])


@scores("sequence_mask", weight=0.9, title="type of the mask")
def test_mask_is_bool(student: Any) -> None:
    given, max_length = LENGTHS["ragged"]
    got = student.sequence_mask(np.array(given), max_length)
    compare("mask", got, valid(given, max_length), axes="N T", dtype=np.bool_)


@scores("sequence_mask", weight=0.6, title="lengths stay as they are")
def test_mask_keeps_lengths(student: Any) -> None:
    unchanged(student, "sequence_mask", np.array([3, 0, 5]), 6)


# --- masked_mean ----------------------------------------------------------------------------------


@once
def mean_case(
    rng: np.random.Generator,
    lengths: tuple[int, ...],
    T: int,
    D: int,
    padding: str = "finite",
) -> SimpleNamespace:
    """A ragged batch, or one with gaps where `padding` is "gaps"."""
    x = rng.normal(size=(len(lengths), T, D)) + 2.0
    mask = np.array([[t < length for t in range(T)] for length in lengths])
    if padding == "gaps":
        mask = np.array([[(3 * n + 2 * t) % 5 < 2 for t in range(T)] for n in range(len(lengths))])
    if padding in ("not_a_number", "gaps"):
        x[~mask] = np.nan
    elif padding == "infinite":
        x[~mask] = np.inf
        x[..., ::2] *= -1.0
    elif padding == "large":
        x[~mask] = 1e12
    means = [
        row[valid].mean(axis=0) if valid.any() else np.zeros(D)
        for row, valid in zip(x, mask, strict=True)
    ]
    return SimpleNamespace(arguments=(x, mask), means=np.array(means))


def check_mean(student: Any, case: SimpleNamespace) -> None:
    compare("means", student.masked_mean(*case.arguments), case.means, axes="N D")


@scores("masked_mean", weight=1.6, title="means over valid steps")
@pytest.mark.parametrize(
    "lengths, T, D",
    [
        ((3, 5, 1, 4), 7, 2),
        ((4,), 6, 3),
        ((1, 1), 1, 4),
        ((5, 5, 5), 5, 1),
        ((2, 4, 1), 4, 4),
        ((2, 3, 1), 3, 3),
    ],
    ids=["ragged", "one_sequence", "one_step", "all_valid", "steps_as_features", "square"],
)
def test_means(student: Any, lengths: tuple[int, ...], T: int, D: int) -> None:
    check_mean(student, mean_case(lengths, T, D))


@scores("masked_mean", weight=1.6, title="what stands in the padding does not count")
@pytest.mark.parametrize("padding", ["not_a_number", "infinite", "large"])
def test_padding_has_no_influence(student: Any, padding: str) -> None:
    check_mean(student, mean_case((3, 6, 2, 7), 7, 3, padding))


@scores("masked_mean", weight=1.1, title="a sequence without a valid step")
@pytest.mark.parametrize("padding", ["finite", "not_a_number"])
def test_no_valid_step(student: Any, padding: str) -> None:
    check_mean(student, mean_case((3, 0, 2), 4, 2, padding))
    check_mean(student, mean_case((0, 0), 3, 2, padding))


@scores("masked_mean", weight=1.3, title="a mask with gaps")
def test_mask_with_gaps(student: Any) -> None:
    check_mean(student, mean_case((7,) * 4, 7, 3, "gaps"))


@scores("masked_mean", weight=1.2, title="zeros are values")
def test_zeros_are_values(student: Any) -> None:
    x = np.array([[[0.0, 4.0], [0.0, 0.0], [3.0, 0.0]], [[0.0, 1.0], [0.0, 5.0], [7.0, 7.0]]])
    mask = np.array([[True, True, True], [True, True, False]])
    means = np.array([[1.0, 4.0 / 3.0], [0.0, 3.0]])
    compare("means", student.masked_mean(x, mask), means, axes="N D")


@scores("masked_mean", weight=1.2, title="arguments stay as they are")
def test_means_keep_arguments(student: Any) -> None:
    unchanged(student, "masked_mean", *mean_case((3, 0, 2), 4, 2, "not_a_number").arguments)


# --- the three shapes -----------------------------------------------------------------------------


LONG = 40  # steps


@once
def recurrence_case(
    rng: np.random.Generator, T: int, N: int, D: int, H: int, V: int, zero: str = ""
) -> SimpleNamespace:
    """A nonlinear step and readout; vectors for `N = 0`, batches otherwise.

    With "state" or "start" as `zero` that is zero.
    """
    batch = (N,) if N else ()
    W, U, R = rng.normal(size=(H, H)), rng.normal(size=(H, D)), rng.normal(size=(V, H))
    bias, offset = rng.normal(size=H), rng.normal(size=V)

    def step(h: Any, x: Any) -> np.ndarray:
        return np.tanh(np.asarray(h) @ W.T + bias) + 0.5 * np.cos(np.asarray(x) @ U.T)

    def readout(h: Any) -> np.ndarray:
        return np.sin(np.asarray(h) @ R.T) + offset

    h0, xs = rng.normal(size=(*batch, H)), rng.normal(size=(T, *batch, D))
    if zero == "state":
        h0 *= 0.0
    states = [h0]
    for x in xs:
        states.append(step(states[-1], x))
    forgetful = np.zeros_like(h0)
    for x in xs:
        forgetful = step(forgetful, x)
    fades = T >= LONG  # the first state over so many steps
    insist(T == 0 or fades or zero == "state" or relative_error(forgetful, states[-1]) > 1e-3)
    # Generated: the first input is like an output, so this takes as many features as outputs.
    start = rng.normal(size=(*batch, V)) * (zero != "start")

    def generate(h: np.ndarray, y: np.ndarray) -> np.ndarray:
        found = []
        for _ in range(T):
            h = step(h, y)
            y = readout(h)
            found.append(y)
        return np.array(found)

    generated = well_conditioned(generate, h0, start) if V == D else np.array([])
    return SimpleNamespace(
        step=step,
        readout=readout,
        h0=h0,
        xs=xs,
        last=states[-1],
        outputs=np.array([readout(h) for h in states[1:]]),
        start=start,
        length=T,
        generated=generated,
    )


# T, N, D, H, V
VECTORS, BATCH, ONE_STEP, ONE_UNIT = (6, 0, 2, 3, 4), (5, 2, 4, 3, 6), (1, 0, 3, 2, 4), (4, 0, 1, 1, 1)  # fmt: skip
SHAPES = pytest.mark.parametrize(
    "shape",
    [VECTORS, BATCH, ONE_STEP, ONE_UNIT],
    ids=["vectors", "batch", "one_step", "one_unit"],
)


MANY, EQUAL, ZERO_STATE = (LONG, 0, 2, 3, 2), (3, 3, 3, 3, 3), (5, 2, 4, 3, 4, "state")


def check_last_state(student: Any, shape: tuple[Any, ...]) -> None:
    case = recurrence_case(*shape)
    compare("state", student.sequence_to_vector(case.step, case.h0, case.xs), case.last)


@scores("sequence_to_vector", weight=1.2, title="the last state")
@SHAPES
def test_last_state(student: Any, shape: tuple[int, ...]) -> None:
    check_last_state(student, shape)


@scores("sequence_to_vector", weight=3.0, title="an initial state of zero")
def test_last_state_from_zero(student: Any) -> None:
    check_last_state(student, ZERO_STATE)
    state = student.sequence_to_vector(lambda h, x: h * 2 + x, np.zeros(1), np.array([0.0, 3.0]))
    compare("state", state, np.array([3.0]))


@scores("sequence_to_vector", weight=0.8, title="states of other sizes")
@pytest.mark.parametrize("shape", [MANY, EQUAL], ids=["many_steps", "equal_sizes"])
def test_last_state_of_sizes(student: Any, shape: tuple[int, ...]) -> None:
    check_last_state(student, shape)


@scores("sequence_to_vector", weight=0.5, title="no inputs")
@pytest.mark.parametrize("N", [0, 2], ids=["vector", "batch"])
def test_state_without_inputs(student: Any, N: int) -> None:
    for T in (0, 1):
        check_last_state(student, (T, N, 3, 4, 2))


@scores("sequence_to_vector", title="one step for each input")
def test_state_steps_once_per_input(student: Any) -> None:
    for T in (0, 1, 6):
        case = recurrence_case(T, 0, 2, 3, 4)
        step = calls_counted(case.step)
        compare("state", student.sequence_to_vector(step, case.h0, case.xs), case.last)
        require(step.calls == T, "the step was not called exactly once per input")


@scores("sequence_to_vector", title="two calls in turn")
def test_state_of_each_call(student: Any) -> None:
    for shape in (VECTORS, BATCH, VECTORS):
        case = recurrence_case(*shape)
        compare("state", student.sequence_to_vector(case.step, case.h0, case.xs), case.last)


@scores("sequence_to_vector", weight=0.8, title="arguments stay as they are")
def test_state_keeps_arguments(student: Any) -> None:
    case = recurrence_case(*VECTORS)
    unchanged(student, "sequence_to_vector", case.step, case.h0, case.xs)


def check_outputs(student: Any, shape: tuple[Any, ...]) -> None:
    case = recurrence_case(*shape)
    got = student.sequence_to_sequence(case.step, case.readout, case.h0, case.xs)
    compare("outputs", as_array(got, np.float64), case.outputs)


@scores("sequence_to_sequence", weight=1.2, title="an output at every step")
@SHAPES
def test_outputs(student: Any, shape: tuple[int, ...]) -> None:
    check_outputs(student, shape)


@scores("sequence_to_sequence", weight=3.0, title="an initial state of zero")
def test_outputs_from_zero(student: Any) -> None:
    check_outputs(student, ZERO_STATE)


@scores("sequence_to_sequence", weight=0.8, title="outputs of other sizes")
@pytest.mark.parametrize("shape", [MANY, EQUAL], ids=["many_steps", "equal_sizes"])
def test_outputs_of_sizes(student: Any, shape: tuple[int, ...]) -> None:
    check_outputs(student, shape)


@scores("sequence_to_sequence", weight=0.8, title="outputs form one array")
def test_outputs_are_an_array(student: Any) -> None:
    case = recurrence_case(*VECTORS)
    got = student.sequence_to_sequence(case.step, case.readout, case.h0, case.xs)
    compare("outputs", got, case.outputs)


@scores("sequence_to_sequence", title="outputs of a single number")
def test_outputs_of_one_number(student: Any) -> None:
    case = recurrence_case(*VECTORS)
    got = student.sequence_to_sequence(case.step, lambda h: case.readout(h)[1], case.h0, case.xs)
    compare("outputs", as_array(got, np.float64), case.outputs[:, 1])


@scores("sequence_to_sequence", title="one step for each input")
def test_outputs_call_once_per_input(student: Any) -> None:
    for shape in (VECTORS, ONE_STEP):
        case = recurrence_case(*shape)
        step, readout = calls_counted(case.step), calls_counted(case.readout)
        got = student.sequence_to_sequence(step, readout, case.h0, case.xs)
        compare("outputs", as_array(got, np.float64), case.outputs)
        require(step.calls == case.length, "the step was not called exactly once per input")
        require(readout.calls == case.length, "the readout was not called exactly once per input")


@scores("sequence_to_sequence", title="two calls in turn")
def test_outputs_of_each_call(student: Any) -> None:
    for shape in (VECTORS, BATCH, VECTORS):
        check_outputs(student, shape)


@scores("sequence_to_sequence", weight=0.8, title="arguments stay as they are")
def test_outputs_keep_arguments(student: Any) -> None:
    case = recurrence_case(*VECTORS)
    unchanged(student, "sequence_to_sequence", case.step, case.readout, case.h0, case.xs)


# T, N, D = V, H, V
WRITE, WRITE_BATCH, WRITE_ONE, WRITE_UNIT = (6, 0, 2, 3, 2), (5, 2, 4, 3, 4), (1, 0, 3, 2, 3), (4, 0, 1, 1, 1)  # fmt: skip


def write(student: Any, case: SimpleNamespace) -> Any:
    return student.vector_to_sequence(
        case.step, case.readout, case.h0, case.start, len(case.generated)
    )


def check_generated(student: Any, shape: tuple[Any, ...]) -> None:
    case = recurrence_case(*shape)
    compare("sequence", as_array(write(student, case), np.float64), case.generated)


@scores("vector_to_sequence", weight=1.7, title="a beginning of zero")
@pytest.mark.parametrize("zero", ["state", "start"])
def test_generated_from_zero(student: Any, zero: str) -> None:
    check_generated(student, (*WRITE_BATCH, zero))


@scores("vector_to_sequence", weight=0.8, title="outputs of other sizes")
@pytest.mark.parametrize("shape", [MANY, EQUAL], ids=["many_steps", "equal_sizes"])
def test_generated_of_sizes(student: Any, shape: tuple[int, ...]) -> None:
    check_generated(student, shape)


@scores("vector_to_sequence", weight=0.8, title="outputs form one array")
def test_generated_is_an_array(student: Any) -> None:
    case = recurrence_case(*WRITE)
    compare("sequence", write(student, case), case.generated)


@scores("vector_to_sequence", weight=1.2, title="each output is the next input")
@pytest.mark.parametrize(
    "shape",
    [WRITE, WRITE_BATCH, WRITE_ONE, WRITE_UNIT],
    ids=["vectors", "batch", "one_output", "one_unit"],
)
def test_generated(student: Any, shape: tuple[int, ...]) -> None:
    check_generated(student, shape)


@scores("vector_to_sequence", title="one step for each output")
def test_generated_calls_once_per_output(student: Any) -> None:
    for shape in (WRITE, WRITE_ONE):
        case = recurrence_case(*shape)
        step, readout = calls_counted(case.step), calls_counted(case.readout)
        got = student.vector_to_sequence(step, readout, case.h0, case.start, case.length)
        compare("sequence", as_array(got, np.float64), case.generated)
        require(step.calls == case.length, "the step was not called exactly once per output")
        require(readout.calls == case.length, "the readout was not called exactly once per output")


@scores("vector_to_sequence", title="two calls in turn")
def test_generated_of_each_call(student: Any) -> None:
    for shape in (WRITE, WRITE_BATCH, WRITE):
        check_generated(student, shape)


@scores("vector_to_sequence", weight=0.8, title="arguments stay as they are")
def test_generated_keeps_arguments(student: Any) -> None:
    case = recurrence_case(*WRITE)
    arguments = case.step, case.readout, case.h0, case.start, case.length
    unchanged(student, "vector_to_sequence", *arguments)


# --- counts ---------------------------------------------------------------------------------------


@scores("feedforward_parameter_count", title="number of parameters")
@pytest.mark.parametrize("T, D, H", [(7, 3, 5), (1, 4, 6), (4, 9, 1), (50, 30, 64)], ids=str)
def test_feedforward_count(student: Any, T: int, D: int, H: int) -> None:
    want = H * (T * D + 1)
    compare("count", as_int(student.feedforward_parameter_count(T, D, H)), want)


@scores("feedforward_parameter_count", weight=0.5, title="a plain whole number")
def test_feedforward_count_is_an_int(student: Any) -> None:
    compare("count", student.feedforward_parameter_count(3, 4, 2), 26)


@scores("rnn_parameter_count", title="number of parameters")
@pytest.mark.parametrize("D, H", [(3, 5), (6, 2), (1, 4), (30, 64)], ids=str)
def test_rnn_count(student: Any, D: int, H: int) -> None:
    compare("count", as_int(student.rnn_parameter_count(D, H)), H * (D + H + 1))


@scores("rnn_parameter_count", weight=0.5, title="a plain whole number")
def test_rnn_count_is_an_int(student: Any) -> None:
    compare("count", student.rnn_parameter_count(3, 2), 12)
