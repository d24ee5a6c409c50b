"""What may cross the pipe between the grader and a worker, in both directions: plain data, nothing else.

A frame is a fixed header, a msgpack head and the raw buffers of the arrays in it, one after the other. Heads are decoded
into closed types; lengths are checked before anything is read; no part of a frame is ever unpickled or evaluated.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, Union

import msgspec
import numpy as np

HEADER = struct.Struct("<2sBxIQ")  # magic, version, head length, body length
MAGIC, VERSION = b"SQ", 1

HELLO = 0  # id of the frame in which a worker says that it is confined and ready

MAX_HEAD = 1 << 20
MAX_CELL = 11 << 20  # of the frame that brings a cell, which may be as long as a file
MAX_BODY = 64 << 20
MAX_ARRAYS = 4096
MAX_DIMENSIONS = 16
MAX_DEPTH = 24
MAX_NODES = 100_000
MAX_KEY_LENGTH = 8
MAX_TEXT = 4096
MAX_INTEGER = 4096  # bits; Python writes longer ones out only when asked to
MAX_FREE_KEYS = 512  # of a dict whose keys are not all texts
MAX_STEPS = 512  # of one cell
MAX_FAILURES = 50  # of one cell

DTYPES = {
    name: np.dtype(name)
    for name in (
        [
            "|b1",
            "|i1",
            "<i2",
            "<i4",
            "<i8",
            "|u1",
            "<u2",
            "<u4",
            "<u8",
            "<f2",
            "<f4",
            "<f8",
            "<f16",
            "<c8",
            "<c16",
        ]  # numpy's own spelling
    )
}

NO_TENSOR = ("<f16", "<u2", "<u4", "<u8")
"""Of these, those that no tensor can have in every version of PyTorch."""


class WireError(Exception):
    """A frame that is malformed, too large, or holds a value that may not cross."""


class Array(msgspec.Struct, array_like=True, frozen=True, tag="a", forbid_unknown_fields=True):
    """An array in the body: kind is "a" for an array, "s" for a numpy scalar, "t" for a tensor.

    "f" is an array in Fortran order, whose transpose stands in the body.
    """

    kind: str
    index: int
    requires_grad: bool = False


class Items(msgspec.Struct, array_like=True, frozen=True, tag="l", forbid_unknown_fields=True):
    """A list, or a tuple where `fixed`."""

    values: list[Value]
    fixed: bool


class Mapping(msgspec.Struct, array_like=True, frozen=True, tag="m", forbid_unknown_fields=True):
    """A dict in its own order."""

    pairs: list[tuple[Value, Value]]


class Large(msgspec.Struct, array_like=True, frozen=True, tag="i", forbid_unknown_fields=True):
    """An integer beyond 64 bits, in hexadecimal."""

    digits: str


class Held(msgspec.Struct, array_like=True, frozen=True, tag="h", forbid_unknown_fields=True):
    """An object that stays in the worker: a cache, a model."""

    token: int


class Lent(msgspec.Struct, array_like=True, frozen=True, tag="c", forbid_unknown_fields=True):
    """An object that stays with the grader: a callable that the worker may call back, or an opaque value."""

    token: int
    callable: bool


class Unsendable(msgspec.Struct, array_like=True, frozen=True, tag="o", forbid_unknown_fields=True):
    """Stands for a value that may not cross; only the name of its type does."""

    type_name: str


Value = Union[None, bool, int, float, str, Array, Items, Mapping, Large, Held, Lent, Unsendable]  # noqa: UP007

ArraySpec = tuple[str, tuple[int, ...]]


# --- requests (grader to worker) ------------------------------------------------------------------------------------


class RunCell(msgspec.Struct, tag="cell", frozen=True):
    """Execute one cell, step by step; `module_name` becomes `__name__`, `needed` are names of functions to watch.

    Steps in `skip` are left out, and from `until` on (where that is not negative) all of them.
    """

    id: int
    number: int
    source: str
    module_name: str
    skip: list[int] = []
    until: int = -1
    needed: list[str] = []


class Call(msgspec.Struct, tag="call", frozen=True, kw_only=True):
    """Call a function by name (`name`), a held object (`held`), or a method or attribute of it (`held` and `name`).

    `strict` turns a RuntimeWarning of numpy's into an exception, `count` has the lines counted that Python runs.
    """

    id: int
    name: str = ""
    held: int = -1
    attribute: bool = False
    args: Value = None
    kwargs: Value = None
    hold: list[bool] | bool = False
    echo: bool = False
    cotangents: Value = None
    seed: int | None = None
    strict: bool = False
    count: bool = False


class ReadState(msgspec.Struct, tag="state", frozen=True):
    """Parameters and buffers of a held torch module, by name, with `requires_grad`."""

    id: int
    held: int


class WriteState(msgspec.Struct, tag="load", frozen=True):
    """Copy values into parameters and buffers of a held torch module."""

    id: int
    held: int
    values: Value


MADE = "cache made by"
"""Key of what a noted cache is sent as: the name of the function that made it; beside it "args" and "kwargs"."""


class Bind(msgspec.Struct, tag="bind", frozen=True):
    """Bind names of the submission to callables of the grader.

    Attributes:
        id: of the request.
        names: name to the callable's token.
        caches: name to the place of the cache among its results, -1 where the result is the cache: of such functions,
            lent or the submission's own, the worker notes which arguments made which cache.
        uncalled: functions of these names that are not called for their caches where they are replaced.
    """

    id: int
    names: dict[str, int]
    caches: dict[str, int] = {}
    uncalled: list[str] = []


Request = Union[RunCell, Call, ReadState, WriteState, Bind]  # noqa: UP007


# --- replies (worker to grader) -------------------------------------------------------------------------------------


class Done(msgspec.Struct, tag="done", frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The call returned. `args_after` where an echo was asked for, `gradients` where cotangents were given."""

    id: int
    value: Value = None
    args_after: Value = None
    gradients: Value = None
    lines: int = 0  # where they were counted


class Raised(msgspec.Struct, tag="raised", frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The call or cell raised. `bases` are the built-in classes of the exception, nearest first."""

    id: int
    bases: list[str]
    text: str
    first_argument: str
    cell: int = 0
    line: int = 0


class Missing(msgspec.Struct, tag="missing", frozen=True, forbid_unknown_fields=True):
    """No callable of that name."""

    id: int


class Running(msgspec.Struct, tag="running", frozen=True, forbid_unknown_fields=True):
    """A step of a cell begins, at this line of it. Not answered; the reply is still to come."""

    id: int
    step: int
    line: int


class Rebound(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A name that means something else from a line of the cell on, and how it came to that."""

    name: str
    line: int
    how: Literal["again", "deleted", "hides", "helper", "restored"]


class Ran(msgspec.Struct, tag="ran", frozen=True, forbid_unknown_fields=True):
    """A cell has run. `failures` are of its statements, with their lines; some may be left out, as of `rebound`."""

    id: int
    failures: list[Raised]
    rebound: list[Rebound] = []


class CallBack(msgspec.Struct, tag="callback", frozen=True, forbid_unknown_fields=True):
    """Student code calls a callable of the grader; the grader answers with `Answer` or `AnswerRaised`."""

    id: int
    token: int
    args: Value
    kwargs: Value


Reply = Union[Done, Raised, Missing, Running, Ran, CallBack]  # noqa: UP007


class Answer(msgspec.Struct, tag="answer", frozen=True):
    """What a callable of the grader returned."""

    id: int
    value: Value


class AnswerRaised(msgspec.Struct, tag="answer_raised", frozen=True):
    """A callable of the grader refused."""

    id: int
    base: str
    text: str


AnswerReply = Union[Answer, AnswerRaised]  # noqa: UP007


class _RequestFrame(msgspec.Struct, array_like=True, frozen=True):
    message: Request
    arrays: list[ArraySpec]


class _ReplyFrame(msgspec.Struct, array_like=True, frozen=True):
    message: Reply
    arrays: list[ArraySpec]


class _AnswerFrame(msgspec.Struct, array_like=True, frozen=True):
    message: AnswerReply
    arrays: list[ArraySpec]


_encode_head = msgspec.msgpack.Encoder().encode
decode_request_head = msgspec.msgpack.Decoder(_RequestFrame).decode
decode_reply_head = msgspec.msgpack.Decoder(_ReplyFrame).decode
decode_answer_head = msgspec.msgpack.Decoder(_AnswerFrame).decode


# --- values to plain data -------------------------------------------------------------------------------------------


class Packer:
    """Turns Python values into wire values and collects the arrays on the way.

    Args:
        torch: the torch module where tensors may cross, else None.
        reference: called for what is no plain data; returns a wire value (`Held`, `Lent`, `Unsendable`).
        orders: whether an array in Fortran order arrives in that order; else every array arrives in C order.
    """

    def __init__(self, torch: Any, reference: Callable[[Any], Any], orders: bool = False):
        self.arrays: list[ArraySpec] = []
        self.buffers: list[memoryview] = []
        self._tensor: Any = torch.Tensor if torch is not None else ()
        self._reference = reference
        self._orders = orders

    def pack(self, value: Any, depth: int = 0) -> Any:
        """Return the wire value of `value`."""
        if value is None or value is True or value is False:
            return value
        kind = type(value)
        if kind is float:
            return value
        if kind is int:
            if -(1 << 63) <= value < 1 << 63:
                return value
            if value.bit_length() > MAX_INTEGER:
                return Unsendable(f"int of more than {MAX_INTEGER} bits")
            return Large(hex(value))
        if kind is str:
            return _text(value)
        if depth >= MAX_DEPTH:
            raise WireError("nested too deeply")
        if isinstance(value, np.ndarray):
            array = np.asarray(value)
            if self._orders and array.flags.f_contiguous and not array.flags.c_contiguous:
                return self._pack_array("f", array.T)
            return self._pack_array("a", array)
        if isinstance(value, np.generic):
            return self._pack_array("s", np.asarray(value))
        if self._tensor and isinstance(value, self._tensor):
            return self._pack_tensor(value)
        if isinstance(value, list):
            return Items([self.pack(item, depth + 1) for item in value], False)
        if isinstance(value, tuple):
            return Items([self.pack(item, depth + 1) for item in value], True)
        if isinstance(value, dict):
            return self._pack_dict(value, depth)
        if isinstance(value, int):  # an IntEnum, say
            return self.pack(int(value), depth)
        if isinstance(value, float):
            return float(value)
        if isinstance(value, str):
            return _text(str(value))
        if isinstance(value, complex):
            return self._pack_array("s", np.asarray(complex(value)))
        return self._reference(value)

    def _pack_dict(self, value: dict[Any, Any], depth: int) -> Any:
        pairs = [(self.pack(k, depth + 1), self.pack(v, depth + 1)) for k, v in value.items()]
        free = [key for key, _ in pairs if not isinstance(key, str)]
        if len(free) > MAX_FREE_KEYS or any(map(_is_bad_key, free)):
            return Unsendable("dict with keys that cannot be sent")
        return Mapping(pairs)

    def _pack_array(self, kind: str, array: np.ndarray, requires_grad: bool = False) -> Any:
        dtype = array.dtype.newbyteorder("<")
        if dtype.str not in DTYPES:
            return Unsendable(_text(f"{type(array).__name__} of dtype {array.dtype}"))
        if array.ndim > MAX_DIMENSIONS:
            return Unsendable(f"array of {array.ndim} dimensions")
        shape = tuple(array.shape)
        if math.prod(size or 1 for size in shape) > MAX_BODY and not array.size:
            return Unsendable("array of an impossible shape")
        plain = np.ascontiguousarray(array, dtype=dtype)
        self.arrays.append((dtype.str, shape))
        if plain.size:
            self.buffers.append(plain.reshape(-1).view(np.uint8).data)
        return Array(kind, len(self.arrays) - 1, requires_grad)

    def _pack_tensor(self, tensor: Any) -> Any:
        try:
            plain = tensor.detach().resolve_conj().resolve_neg().cpu().contiguous().numpy()
        except (TypeError, RuntimeError, ValueError):  # bfloat16, sparse, quantised, meta
            return Unsendable(_text(_kind_of_tensor(tensor)))
        if plain.dtype.str in NO_TENSOR:
            return Unsendable(_text(_kind_of_tensor(tensor)))
        return self._pack_array("t", plain, bool(tensor.requires_grad))


class Unpacker:
    """Turns wire values back into Python values.

    Args:
        arrays: the arrays of the frame, as `split_body` returns them.
        torch: the torch module where tensors may cross, else None.
        resolve: called with a `Held`, `Lent` or `Unsendable`; returns what stands for it on this side.
    """

    def __init__(self, arrays: Sequence[np.ndarray], torch: Any, resolve: Callable[[Any], Any]):
        self._arrays = arrays
        self._torch = torch
        self._resolve = resolve
        self._used: set[int] = set()
        self._nodes = 0

    def unpack(self, value: Any, depth: int = 0) -> Any:
        """Return the Python value of a wire value."""
        self._nodes += 1
        if depth > MAX_DEPTH or self._nodes > MAX_NODES:
            raise WireError("nested too deeply or too many values")
        if value is None or isinstance(value, (bool, int, float, str)):
            return value
        if isinstance(value, Array):
            return self._array(value)
        if isinstance(value, Items):
            items = [self.unpack(item, depth + 1) for item in value.values]
            return tuple(items) if value.fixed else items
        if isinstance(value, Mapping):
            free = sum(not isinstance(key, str) for key, _ in value.pairs)
            if free > MAX_FREE_KEYS:
                raise WireError("a dict with too many keys that are no texts")
            try:
                return {
                    self._key(key, depth + 1): self.unpack(item, depth + 1)
                    for key, item in value.pairs
                }
            except TypeError:
                raise WireError("a dict with a key that is no plain value") from None
        if isinstance(value, Large):
            if len(value.digits) > MAX_INTEGER // 4 + 3:
                raise WireError("integer too large")
            try:
                return int(value.digits, 16)
            except ValueError:
                raise WireError("malformed integer") from None
        return self._resolve(value)

    def _key(self, value: Any, depth: int) -> Any:
        if _is_bad_key(value):
            raise WireError("a dict with a key that is no plain value")
        return self.unpack(value, depth)

    def _array(self, value: Array) -> Any:
        if not 0 <= value.index < len(self._arrays) or value.index in self._used:
            raise WireError("no such array, or one that is named twice")
        self._used.add(value.index)  # one array named many times would be compared as often
        array = self._arrays[value.index]
        if value.kind == "a":
            return array
        if value.kind == "f":
            return array.T
        if value.kind == "s":
            if array.shape != ():
                raise WireError("a scalar with a shape")
            return array[()]
        if value.kind != "t":
            raise WireError("unknown kind of array")
        if self._torch is None:
            raise WireError("a tensor where none can cross")
        if array.dtype.str in NO_TENSOR:
            raise WireError("a tensor of an unknown dtype")
        tensor = self._torch.from_numpy(array)
        if value.requires_grad and (tensor.is_floating_point() or tensor.is_complex()):
            tensor.requires_grad_(True)
        return tensor


def _is_bad_key(value: Any) -> bool:
    """Whether a wire value may not be a key: it cannot be one, or its hash can be chosen.

    Hashes of integers and of tuples collide at will: thousands of such keys take a dict seconds.
    """
    if isinstance(value, Items):
        return (
            not value.fixed
            or len(value.values) > MAX_KEY_LENGTH
            or any(isinstance(item, (Large, Items)) for item in value.values)
        )
    return isinstance(value, (Large, Mapping)) or (isinstance(value, Array) and value.kind != "s")


def _kind_of_tensor(tensor: Any) -> str:
    """Say of a tensor that cannot cross what is unusual about it."""
    if tensor.device.type == "meta":
        return "tensor without values, on the device meta"
    if tensor.is_nested:
        return "nested tensor"
    if "strided" not in str(tensor.layout):
        return "sparse tensor"
    return f"tensor of dtype {tensor.dtype}"


def _text(text: str) -> str:
    # Lone surrogates cannot be encoded; a text that long is no result of any function here.
    return text[:MAX_TEXT].encode("utf-8", "backslashreplace").decode()


# --- frames ---------------------------------------------------------------------------------------------------------


def frame(message: Any, packer: Packer | None = None) -> list[Any]:
    """Return the buffers of one frame, ready for `os.writev`."""
    arrays = packer.arrays if packer else []
    buffers = packer.buffers if packer else []
    if len(arrays) > MAX_ARRAYS:
        raise WireError("too many arrays")
    try:
        head = _encode_head([message, arrays])
    except (RecursionError, ValueError) as error:
        raise WireError("not encodable") from error
    body = sum(len(buffer) for buffer in buffers)
    most = MAX_CELL if isinstance(message, RunCell) else MAX_HEAD
    if len(head) > most or body > MAX_BODY:
        raise WireError(f"too large: {len(head)} and {body} bytes")
    return [HEADER.pack(MAGIC, VERSION, len(head), body) + head, *buffers]


def read_header(header: bytes, most: int = MAX_HEAD) -> tuple[int, int]:
    """Return the lengths of head and body; raise WireError before anything of a wrong frame is read.

    Args:
        header: of the frame.
        most: bytes that a head may have.
    """
    magic, version, head, body = HEADER.unpack(header)
    if magic != MAGIC or version != VERSION:
        raise WireError("not a frame")
    if not 0 < head <= most or body > MAX_BODY:
        raise WireError(f"frame too large: {head} and {body} bytes")
    return head, body


def decode_head(decode: Callable[[bytes], Any], head: bytes) -> tuple[Any, list[ArraySpec]]:
    """Decode and validate a head with one of the `decode_…_head` functions."""
    try:
        decoded = decode(head)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise WireError("malformed head") from error
    return decoded.message, decoded.arrays


def split_body(specs: Iterable[ArraySpec], body: bytearray) -> list[np.ndarray]:
    """Cut the body into arrays; every dtype, shape and length is checked first."""
    arrays = []
    offset = 0
    for count, (name, shape) in enumerate(specs):
        dtype = DTYPES.get(name)
        if dtype is None or count >= MAX_ARRAYS or len(shape) > MAX_DIMENSIONS:
            raise WireError("array of an unknown dtype or rank")
        # An empty array counts by its other axes: numpy refuses what would overflow, and nobody has use for it.
        if min(shape, default=1) < 0 or math.prod(size or 1 for size in shape) > MAX_BODY:
            raise WireError("array of an impossible shape")
        length = math.prod(shape) * dtype.itemsize
        if offset + length > len(body):
            raise WireError("array longer than the frame")
        # An array that is the whole body stands in it; others get a copy, aligned and independent of each other.
        chunk = body if length == len(body) else body[offset : offset + length]
        if dtype.kind == "b" and length and max(chunk) > 1:
            raise WireError("malformed bool")
        arrays.append(np.frombuffer(chunk, dtype).reshape(shape))
        offset += length
    if offset != len(body):
        raise WireError("frame longer than its arrays")
    return arrays
