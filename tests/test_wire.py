"""The wire format: what may cross comes back as itself, everything else is refused before it is used."""

from __future__ import annotations

import struct
from collections import OrderedDict, namedtuple

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from autograder.sandbox import wire

Pair = namedtuple("Pair", "left right")


def send(value, torch_module=None, orders=False):
    """Pack, frame, read the frame and unpack again."""
    packer = wire.Packer(torch_module, lambda v: wire.Unsendable(type(v).__name__), orders)
    message = wire.Done(id=7, value=packer.pack(value))
    data = b"".join(bytes(part) for part in wire.frame(message, packer))
    head, body = wire.read_header(data[: wire.HEADER.size])
    rest = data[wire.HEADER.size :]
    decoded, specs = wire.decode_head(wire.decode_reply_head, rest[:head])
    assert len(rest) == head + body
    arrays = wire.split_body(specs, bytearray(rest[head:]))
    return wire.Unpacker(arrays, torch_module, lambda v: v).unpack(decoded.value)


plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(min_value=-(2**200), max_value=2**200)
    | st.floats(allow_nan=False)
    | st.text(max_size=40),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(max_size=5) | st.integers(-9, 9), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(plain)
def test_plain_data_comes_back_as_itself(value):
    got = send(value)
    assert got == value
    assert type(got) is type(value)


@pytest.mark.parametrize("shape", [(3, 4), (2, 3, 4), (5,), (1, 4), (0, 3)])
def test_an_array_in_fortran_order_arrives_so_where_that_is_asked_for(shape):
    array = np.asfortranarray(np.arange(np.prod(shape), dtype=float).reshape(shape))
    kept, plain = send(array, orders=True), send(array)
    for got in (kept, plain):
        assert np.array_equal(got, array)
        assert got.flags.writeable
    assert plain.flags.c_contiguous
    assert kept.flags.f_contiguous
    assert kept.flags.c_contiguous == array.flags.c_contiguous


@given(
    npst.arrays(
        st.sampled_from(["f4", "f8", "i4", "i8", "u1", "?", "c16", ">f8"]),
        npst.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5),
    )
)
def test_arrays_come_back_with_dtype_shape_and_values(array):
    got = send(array)
    assert got.shape == array.shape
    assert got.dtype == array.dtype.newbyteorder("=")
    assert np.array_equal(got, array, equal_nan=array.dtype.kind in "fc")


def test_views_of_any_strides_are_sent_by_value():
    base = np.arange(24.0).reshape(2, 3, 4)
    for view in (base[::-1, :, ::2], base.T, np.asfortranarray(base), np.broadcast_to(1.0, (3, 2))):
        assert np.array_equal(send(view), view)


def test_kinds_of_numbers_survive():
    assert type(send(np.float32(2))) is np.float32
    assert type(send(np.bool_(True))) is np.bool_
    assert send(np.array(3.0)).shape == ()
    assert type(send(2.0)) is float
    assert type(send(True)) is bool


def test_subclasses_of_containers_become_plain():
    assert send(Pair(1, 2)) == (1, 2)
    assert type(send(OrderedDict(b=1, a=2))) is dict
    assert type(send(np.matrix([[1.0]]))) is np.ndarray


def test_what_is_no_data_sends_only_its_type():
    got = send([object(), b"bytes", {1, 2}, np.array([object()]), np.array(["text"])])
    assert [type(item) for item in got] == [wire.Unsendable] * 5


def test_tensors_keep_values_and_requires_grad(torch):
    tensor = torch.arange(6.0, dtype=torch.float64).reshape(2, 3).T.requires_grad_()
    got = send(tensor, torch)
    assert torch.equal(got, tensor)
    assert got.requires_grad
    assert got.is_leaf


def test_a_tensor_where_none_may_cross_is_refused(torch):
    packer = wire.Packer(torch, lambda v: wire.Unsendable("x"))
    value = packer.pack(torch.zeros(2))
    with pytest.raises(wire.WireError):
        wire.Unpacker([np.zeros(2)], None, lambda v: v).unpack(value)


def test_deep_nesting_is_refused_when_packing():
    value: list = []
    for _ in range(100):
        value = [value]
    with pytest.raises(wire.WireError, match="deep"):
        send(value)


@pytest.mark.parametrize(
    "header",
    [
        wire.HEADER.pack(b"XX", wire.VERSION, 10, 0),
        wire.HEADER.pack(wire.MAGIC, wire.VERSION + 1, 10, 0),
        wire.HEADER.pack(wire.MAGIC, wire.VERSION, 0, 0),
        wire.HEADER.pack(wire.MAGIC, wire.VERSION, wire.MAX_HEAD + 1, 0),
        wire.HEADER.pack(wire.MAGIC, wire.VERSION, 10, wire.MAX_BODY + 1),
    ],
)
def test_wrong_headers_are_refused_before_anything_is_read(header):
    with pytest.raises(wire.WireError):
        wire.read_header(header)


@pytest.mark.parametrize(
    ("specs", "body"),
    [
        ([("<f8", (2,))], bytearray(8)),  # longer than the frame
        ([("<f8", (1,))], bytearray(9)),  # shorter than the frame
        ([("|O", (1,))], bytearray(8)),  # pointers
        ([("<f8", (-1,))], bytearray(8)),
        ([("<f8", (1 << 62, 1 << 62))], bytearray(8)),
        ([("<f8", (1,) * 40)], bytearray(8)),
        ([("|b1", (1,))], bytearray(b"\x07")),
        ([("|u1", (0,))] * (wire.MAX_ARRAYS + 1), bytearray()),
    ],
)
def test_arrays_that_lie_about_themselves_are_refused(specs, body):
    with pytest.raises(wire.WireError):
        wire.split_body(specs, body)


def test_indices_kinds_and_scalars_are_checked():
    arrays = [np.zeros(2)]
    for value in (wire.Array("a", 1), wire.Array("a", -1), wire.Array("s", 0), wire.Array("q", 0)):
        with pytest.raises(wire.WireError):
            wire.Unpacker(arrays, None, lambda v: v).unpack(value)


def test_unhashable_keys_and_huge_integers_are_refused():
    unpack = wire.Unpacker([], None, lambda v: v).unpack
    with pytest.raises(wire.WireError):
        unpack(wire.Mapping([(wire.Items([], False), 1)]))
    with pytest.raises(wire.WireError):
        unpack(wire.Large("f" * 5000))
    with pytest.raises(wire.WireError):
        unpack(wire.Large("zz"))


@given(st.binary(max_size=200))
def test_any_bytes_for_a_head_give_a_message_or_a_wire_error(data):
    try:
        wire.decode_head(wire.decode_reply_head, data)
    except wire.WireError:
        pass


@given(st.binary(min_size=wire.HEADER.size, max_size=wire.HEADER.size))
def test_any_bytes_for_a_header_give_lengths_within_limits_or_a_wire_error(data):
    try:
        head, body = wire.read_header(data)
    except wire.WireError:
        return
    assert 0 < head <= wire.MAX_HEAD
    assert 0 <= body <= wire.MAX_BODY


def test_a_head_nested_without_end_is_refused():
    bomb = msgspec.msgpack.encode(["done"]) + b"\x91" * 100_000
    with pytest.raises(wire.WireError):
        wire.decode_head(wire.decode_reply_head, bomb)


def test_the_header_has_no_padding():
    assert struct.calcsize(wire.HEADER.format) == 16


def test_a_cell_may_be_as_long_as_a_file():
    source = "x = '" + "é" * (5 << 20) + "'"
    parts = wire.frame(wire.RunCell(1, 1, source, "__main__"))
    head, _ = wire.read_header(bytes(parts[0][: wire.HEADER.size]), wire.MAX_CELL)
    assert head > wire.MAX_HEAD
    with pytest.raises(wire.WireError):  # a worker sends nothing of that length
        wire.read_header(bytes(parts[0][: wire.HEADER.size]))
    with pytest.raises(wire.WireError):
        wire.frame(wire.Done(id=1, value="x" * (2 << 20)))


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (lambda torch: torch.eye(3).to_sparse(), "sparse tensor"),
        (lambda torch: torch.eye(3).to_sparse_csr(), "sparse tensor"),
        (lambda torch: torch.zeros(3, device="meta"), "tensor without values, on the device meta"),
        (lambda torch: torch.nested.nested_tensor([torch.ones(1)]), "nested tensor"),
        (lambda torch: torch.zeros(3, dtype=torch.uint64), "tensor of dtype torch.uint64"),
        (lambda torch: torch.zeros(3, dtype=torch.bfloat16), "tensor of dtype torch.bfloat16"),
    ],
)
def test_tensors_that_cannot_cross_are_named(made, told):
    torch = pytest.importorskip("torch")
    packed = wire.Packer(torch, lambda _value: None).pack(made(torch))
    assert packed == wire.Unsendable(told)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({1 << 70: 1}, "dict with keys that cannot be sent"),
        ({((1,),): 1}, "dict with keys that cannot be sent"),
        ({n: n for n in range(wire.MAX_FREE_KEYS + 1)}, "dict with keys that cannot be sent"),
        (np.zeros((0, 1 << 40)), "array of an impossible shape"),
    ],
)
def test_what_the_grader_would_refuse_is_named_by_the_worker(value, told):
    assert wire.Packer(None, lambda _value: None).pack([value]).values == [wire.Unsendable(told)]


def test_ordinary_keys_cross():
    value = {1: 1, "a": 2, (1, "b"): 3, None: 4, np.int64(5): 5, 2.5: 6}
    assert send(value) == value
