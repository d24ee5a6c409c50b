"""The comparator: strict about type, shape and finiteness, fair about dtype, layout and rounding."""

from __future__ import annotations

from collections import OrderedDict, namedtuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from seqlab.compare import TOLERANCE, Layout, describe_difference, relative_error

WANT = np.arange(1.0, 25.0).reshape(2, 3, 4)

arrays = npst.arrays(
    np.float64,
    npst.array_shapes(max_dims=3, max_side=4),
    elements=st.floats(-1e6, 1e6, allow_subnormal=False),
)


def right(got, want, **options):
    return describe_difference("x", got, want, **options) is None


@given(arrays)
def test_an_array_equals_itself_in_any_layout_and_width(array):
    assert right(array, array)
    assert right(np.asfortranarray(array), array)
    assert right(array.astype(np.longdouble), array)
    assert right(array[::-1], array[::-1].copy())


def test_float32_internals_are_right_and_float16_are_not():
    assert right(WANT.astype(np.float32), WANT)
    assert not right(WANT.astype(np.float16), WANT)


@given(arrays.filter(lambda a: np.abs(a).max() > 1e-3), st.floats(1e-4, 10))
def test_a_relative_change_beyond_the_tolerance_is_wrong(array, change):
    assert not right(array * (1 + change), array)
    assert right(array * (1 + TOLERANCE / 10), array)


@given(arrays)
def test_nothing_broadcasts(array):
    assert not right(array[None], array)
    assert not right(array[..., :1], np.concatenate([array, array], axis=-1))
    assert not right(float(array.flat[0]), array)


def test_nan_and_infinity_equal_nothing_finite():
    for bad in (np.nan, np.inf, -np.inf):
        got = WANT.copy()
        got[1, 2, 3] = bad
        assert not right(got, WANT)
    assert not right(np.full(3, np.nan), np.full(3, np.nan))


def test_empty_arrays_need_their_shape():
    assert right(np.zeros((0, 3)), np.zeros((0, 3)))
    assert not right(np.zeros(0), np.zeros((0, 3)))
    assert not right(np.zeros(0), WANT)


def test_zero_allows_what_rounding_leaves_and_no_more():
    zero = np.zeros(3)
    assert right(np.full(3, 1e-16), zero)
    assert not right(np.full(3, 1e-9), zero)


def test_huge_values_do_not_overflow():
    assert right(np.full(3, 1e300), np.full(3, 1e300))
    assert not right(np.full(3, 1.1e300), np.full(3, 1e300))


def test_integer_and_bool_arrays_are_exact_and_of_their_kind():
    ints, bools = np.arange(3), np.array([True, False])
    assert right(ints.astype(np.int32), ints)
    assert not right(ints.astype(float), ints)
    assert not right(ints + 1, ints)
    assert right(bools.copy(), bools)
    assert not right(bools.astype(int), bools)
    assert not right(np.arange(2), np.arange(2.0))
    assert not right(ints.astype(np.int32), ints, dtype=np.int64)


class Liar:
    """Says that it equals everything."""

    shape = (2, 3, 4)
    dtype = np.dtype(float)

    def __eq__(self, other):
        return True

    def __array__(self, *_args, **_kwargs):
        return WANT

    def __array_function__(self, *_args):
        return True

    __hash__ = None  # type: ignore[assignment]


def test_what_only_claims_to_be_an_array_is_none():
    for fake in (Liar(), WANT.tolist(), None, "x", np.array(Liar, object)):
        assert not right(fake, WANT)


def test_tensors_are_compared_with_tensors(torch):
    tensor = torch.as_tensor(WANT)
    assert right(tensor.clone().requires_grad_(), tensor)
    assert right(tensor.float(), tensor)
    assert not right(WANT, tensor)
    assert not right(tensor.permute(2, 1, 0).contiguous(), tensor)


def test_numbers():
    for got in (2.0, np.float64(2), np.float32(2), np.array(2.0), 2):
        assert right(got, 2.0)
    for got in (True, "2", None, np.array([2.0]), 2 + 0j, np.nan, 2.1, np.float16(2)):
        assert not right(got, 2.0)
    assert right(np.int32(3), 3)
    assert right(np.array(3), 3)
    assert not right(3.0, 3)
    assert not right(True, 1)
    assert right(np.bool_(True), True)
    assert not right(1, True)
    assert right(None, None)
    assert not right(0, None)


def test_containers():
    Pair = namedtuple("Pair", "a b")
    want = {"a": np.ones(2), "b": np.zeros(2)}
    assert right(OrderedDict(reversed(want.items())), want)
    assert not right({"a": np.ones(2)}, want)
    assert not right({**want, "c": 1}, want)
    assert not right(list(want), want)
    assert right(Pair(1, 2), (1, 2))
    assert right([1, 2], (1, 2))
    assert not right((1, 2, 3), (1, 2))


@pytest.mark.parametrize(
    ("got", "words"),
    [
        (WANT.transpose(0, 2, 1), "axes swapped"),
        (WANT.reshape(3, 2, 4), "axes swapped"),
        (WANT.reshape(6, 4), "arranged in another way"),
        (np.zeros((5, 2, 3, 4)), "summed or dropped"),
        (-WANT, "opposite sign"),
        (2 * WANT, "same factor"),
        (0 * WANT, "every entry is zero"),
    ],
)
def test_ways_to_be_wrong_are_recognised(got, words):
    assert words in describe_difference("x", got, WANT, "N T H")


def test_a_wrong_scalar_array_is_described():
    assert (
        describe_difference("loss", np.array(2.0), np.array(1.0)) == "loss is wrong in every entry"
    )


def test_a_wrong_scalar_tensor_is_described(torch):
    assert describe_difference("loss", torch.tensor(2.0), torch.tensor(1.0)) is not None


def test_the_earliest_step_is_named():
    got = WANT.copy()
    got[0, 2, 1] += 1
    got[1, 1, 3] += 1
    text = describe_difference("h", got, WANT, "N T H")
    assert "row 2, step 2, unit 4, index [1, 1, 3]" in text
    assert "2 of 24" in text


def test_no_wanted_value_is_told_unless_asked_for():
    got = WANT.copy()
    got[0, 0, 0] = 777.25
    assert "1" not in describe_difference("h", got, WANT, "").split("entries")[1].replace(
        "(0, 0, 0)", ""
    )
    assert "777.25" in describe_difference("h", got, WANT, reveal=True)


@given(arrays)
def test_the_relative_error_of_an_array_with_itself_is_zero(array):
    assert relative_error(array, array) == 0.0


# --- where, and of which kind

RNG = np.random.default_rng(3)
SERIES = RNG.normal(size=(2, 6, 3))


def said(got, want, axes="N T H", **options):
    text = describe_difference("h", got, want, axes, **options)
    assert text is not None
    return text


def changed(*places):
    got = SERIES.copy()
    for place in places:
        got[place] += 1.0
    return got


@pytest.mark.parametrize(
    ("got", "words"),
    [
        (np.swapaxes(SERIES, 1, 2), "T and H"),
        (np.swapaxes(SERIES, 0, 1), "N and T"),
        (SERIES[:, ::-1], "reverse order"),
        (np.roll(SERIES, 1, axis=1), "too late"),
        (np.roll(SERIES, -1, axis=1), "too early"),
        (SERIES[:, :5], "axis T has 5 entries"),
        (changed(np.s_[:, 5]), "only step 6 is wrong (the last)"),
        (changed(np.s_[:, 0]), "only step 1 is wrong (the first)"),
        (changed(np.s_[:, 2]), "only step 3 is wrong"),
        (changed(np.s_[:, 3:]), "right up to step 3"),
        (changed(np.s_[:, :3]), "right from step 4 on"),
        (changed(np.s_[1]), "only row 2 is wrong"),
    ],
)
def test_the_place_in_time_and_batch_is_told(got, words):
    assert words in said(got, SERIES)


def test_a_constant_series_is_not_taken_for_a_shifted_one():
    want = np.ones((2, 6, 3))
    got = want.copy()
    got[:, 0] = 2.0
    assert "too" not in said(got, want)


def test_a_square_transpose_is_recognised():
    square = RNG.normal(size=(4, 4))
    assert "transpose" in said(square.T, square, "H H")
    cube = RNG.normal(size=(4, 4, 3))
    assert "N and T" in said(np.swapaxes(cube, 0, 1), cube)


LENGTHS = np.array([6, 2])


@pytest.mark.parametrize("valid", [LENGTHS, np.arange(6) < LENGTHS[:, None]])
@pytest.mark.parametrize(
    ("place", "words"),
    [
        (
            np.s_[1, 4, 0],
            ("step 5, unit 1, index [1, 4, 0] (padding)", "only the padding is wrong"),
        ),
        (
            np.s_[1, 1, 2],
            (
                "step 2, unit 3, index [1, 1, 2] (a valid position)",
                "only valid positions are wrong",
            ),
        ),
    ],
)
def test_padding_is_told_apart(valid, place, words):
    for got in (changed(place), np.where(changed(place) != SERIES, np.nan, SERIES)):
        text = said(got, SERIES, valid=valid)
        assert all(word in text for word in words), text


def test_a_mask_that_says_nothing_or_does_not_fit_is_left_alone(torch):
    got = changed(np.s_[1, 4, 0], np.s_[0, 4, 0])
    for valid in (np.array([6, 6]), np.ones((3, 6), bool), torch.ones(2, 6, dtype=torch.bool)):
        text = said(got, SERIES, valid=valid)
        assert "padding" not in text and "valid" not in text
    both = said(got, SERIES, valid=torch.tensor([6, 2]))
    assert "a valid position" in both and "only the padding" not in both


def test_nan_and_infinity_are_named():
    got = changed()
    got[0, 3, 1] = np.nan
    assert "NaN" in said(got, SERIES) and "infinite" not in said(got, SERIES)
    got[1, 2, 0] = -np.inf
    assert "NaN and infinite" in said(got, SERIES) and "row 2, step 3" in said(got, SERIES)
    assert "every entry (NaN)" in said(np.full_like(SERIES, np.nan), SERIES)


GATES = {"Wf": "forget gate", "bf": "forget gate", "Wi": "input gate", "bi": "input gate"}
STACKED = Layout(blocks=("input", "forget", "candidate", "output"))


def test_the_block_of_a_stacked_axis_is_named():
    want = RNG.normal(size=(3, 8))
    got = want.copy()
    got[:, 2:4] += 1
    assert "in the block of forget, right in that of input and candidate and output" in said(
        got, want, "", layout=STACKED
    )
    rows = Layout(blocks=("h", "x"), sizes=(1, 2), axis=0)
    got = want.copy()
    got[1:] += 1
    assert "in the block of x, right in that of h" in said(got, want, "", layout=rows)
    for unfit in (
        Layout(blocks=("a", "b", "c")),
        Layout(blocks=("a", "b"), sizes=(3, 4)),
        Layout(),
    ):
        assert "block" not in said(got, want, "", layout=unfit)


def test_the_gate_of_a_key_is_named():
    want = {name: RNG.normal(size=(2, 2) if name[0] == "W" else 2) for name in GATES}
    layout = Layout(GATES)

    def text(**entries):
        return said({**want, **entries}, want, "", layout=layout)

    wrong = text(Wf=want["Wf"] + 1)
    assert 'h["Wf"] (forget gate)' in wrong and "everything of the input gate is right" in wrong
    wrong = text(Wf=want["Wf"] + 1, bf=want["bf"] + 1)
    assert "also wrong: bf" in wrong and "input gate is right" in wrong
    wrong = text(Wf=want["Wf"] + 1, bi=want["bi"] + 1)
    assert "right: bf, Wi" in wrong
    assert "bf and bi are exchanged" in text(bf=want["bi"], bi=want["bf"])
    everything = {name: value + 1 for name, value in want.items()}
    assert "so is every other entry" in text(**everything)


def test_names_of_parameters_are_told_and_keys_of_a_vocabulary_are_not():
    params = {"W": np.zeros(2), "b": np.zeros(2)}
    assert 'h["b"]' in said({**params, "b": np.ones(2)}, params)
    vocabulary = {"q": 3, "z": 4}
    text = said({"q": 3, "z": 5}, vocabulary)
    assert "z" not in text and "an entry of h" in text
    assert "lacks 1 of its 2 keys" in said({"q": 3}, vocabulary)


@given(arrays, arrays, st.sampled_from(["", "N", "N T", "N T H"]))
def test_any_two_arrays_can_be_described(got, want, axes):
    text = describe_difference("x", got, want, axes, valid=np.array([1, 2]), layout=STACKED)
    assert (text is None) == (got.shape == want.shape and relative_error(got, want) <= TOLERANCE)


@given(arrays.filter(lambda a: a.size > 1))
def test_no_description_holds_a_wanted_value(want):
    want = want + 0.123456789
    got = want.copy()
    got.flat[0] += 1e7
    text = describe_difference("x", got, want, "", valid=np.array([1, 1]), layout=STACKED)
    assert text is not None and ".123" not in text and "e+" not in text


@pytest.mark.parametrize(
    ("name", "verb"),
    [
        ("h", "is"),
        ("logits", "are"),
        ("logits of a second call", "are"),
        ("h of one of several calls", "is"),
        ("the valid steps", "are"),
        ("the loss", "is"),
        ("spectral radius", "is"),
        ('grads["Wxh"]', "is"),
        ("an entry of params", "is"),
        ("the keys' values", "are"),
        ("the matrix's number of axes", "is"),
        ("where NaN stands", "is"),
        ("hs", "is"),
    ],
)
def test_the_verb_agrees_with_the_name(name, verb):
    one = np.arange(1.0, 7.0)
    assert describe_difference(name, one + 1.0, one, axes="T").startswith(f"{name} {verb} wrong")
    assert describe_difference(name, None, one).startswith(f"{name} {verb} None")
