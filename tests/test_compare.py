"""The comparator: strict about type, shape and finiteness, fair about dtype, layout and rounding."""

from __future__ import annotations

from collections import OrderedDict, namedtuple

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from seqlab.compare import TOLERANCE, describe_difference, relative_error

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
    for fake in (Liar(), WANT.tolist(), None, "x", torch.as_tensor(WANT), np.array(Liar, object)):
        assert not right(fake, WANT)


def test_tensors_are_compared_with_tensors():
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
        (0 * WANT, "zero everywhere"),
    ],
)
def test_ways_to_be_wrong_are_recognised(got, words):
    assert words in describe_difference("x", got, WANT, "N T H")


def test_a_wrong_scalar_array_is_described():
    assert (
        describe_difference("loss", np.array(2.0), np.array(1.0)) == "loss is wrong in every entry"
    )
    assert describe_difference("loss", torch.tensor(2.0), torch.tensor(1.0)) is not None


def test_the_earliest_step_is_named():
    got = WANT.copy()
    got[0, 2, 1] += 1
    got[1, 1, 3] += 1
    text = describe_difference("h", got, WANT, "N T H")
    assert "row 1, step 1, unit 3" in text
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
