"""Is a result right, and if not, what is wrong with it: one comparator for visible checks and graded feedback.

Type and shape are exact, then every entry must be finite, then the 2-norm of the difference is at most 1e-5 of the norm
of the wanted array: an array is right or wrong as a whole, float32 internals are fine, nothing broadcasts, NaN equals
nothing. Descriptions never hold a wanted value unless `reveal` asks for it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

TOLERANCE = 1e-5
# What rounding leaves of a sum that is exactly zero: eps of float64, with room for long sums.
_ROUNDING = 1e-13

_AXIS_WORDS = {
    "N": "row",
    "T": "step",
    "S": "position",
    "L": "position",
    "H": "unit",
    "D": "feature",
    "V": "token",
    "K": "symbol",
    "C": "channel",
}


def describe_difference(
    name: str,
    got: Any,
    want: Any,
    axes: str = "",
    tolerance: float = TOLERANCE,
    reveal: bool = False,
    dtype: Any = None,
) -> str | None:
    """Compare a result with what it should be.

    Args:
        name: what the result is called in the message.
        got: the result.
        want: an array, a torch tensor, a dict, list or tuple of such, a float, int, bool, str or None.
        axes: names of the axes, such as "N T H", for the message.
        tolerance: largest relative error of a float array or float.
        reveal: whether the message may show the first wrong entry beside the wanted one.
        dtype: the exact dtype of an array, where it matters.

    Returns:
        None where the result is right, otherwise a sentence that says what is wrong and where.
    """
    if _is_tensor(want):
        if not _is_tensor(got):
            return f"{name} is {_kind(got)}, it should be a torch tensor"
        return _arrays(
            name, _to_numpy(got), _to_numpy(want), axes, tolerance, reveal, dtype, "tensor"
        )
    if isinstance(want, np.ndarray):
        if not isinstance(got, np.ndarray):
            return f"{name} is {_kind(got)}, it should be a numpy array"
        return _arrays(name, got, want, axes, tolerance, reveal, dtype, "array")
    if isinstance(want, Mapping):
        return _mappings(name, got, want, axes, tolerance, reveal)
    if isinstance(want, (list, tuple)):
        return _sequences(name, got, want, axes, tolerance, reveal)
    if want is None or isinstance(want, str):
        right = got is None if want is None else isinstance(got, str) and got == want
        shown = f": {got!r}, should be {want!r}" if reveal else ""
        return None if right else f"{name} is not what it should be ({_kind(got)}){shown}"
    return _numbers(name, got, want, tolerance, reveal)


def _is_tensor(value: Any) -> bool:
    return type(value).__module__.partition(".")[0] == "torch" and hasattr(value, "detach")


def _to_numpy(tensor: Any) -> np.ndarray:
    return tensor.detach().cpu().numpy()


def _kind(value: Any) -> str:
    if value is None:
        return "None"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    if _is_tensor(value):
        return "a torch tensor"
    sent = getattr(value, "type_name", None)  # a value of which only the type's name is known
    kind = sent if isinstance(sent, str) else type(value).__name__
    return f"{'an' if kind[:1] in 'aeiouAEIOU' else 'a'} {kind}"


def _mappings(
    name: str, got: Any, want: Mapping[Any, Any], axes: str, tolerance: float, reveal: bool
) -> str | None:
    if not isinstance(got, Mapping):
        return f"{name} is {_kind(got)}, it should be a dict"
    if set(got) != set(want):
        missing = sorted(map(str, set(want) - set(got)))
        extra = len(set(got) - set(want))
        parts = []
        if missing and (reveal or all(isinstance(key, str) and key.isidentifier() for key in want)):
            parts.append("lacks " + ", ".join(missing[:8]))
        elif missing:
            parts.append(f"lacks {len(missing)} of its {len(want)} keys")
        if extra:
            parts.append(f"has {extra} that do not belong there")
        return f"the keys of {name} are wrong: it " + " and ".join(parts)
    wrong = []
    for key, value in want.items():
        label = f'{name}["{key}"]' if isinstance(key, str) else f"an entry of {name}"
        difference = describe_difference(label, got[key], value, axes, tolerance, reveal)
        if difference:
            wrong.append(difference)
    if not wrong:
        return None
    if len(wrong) > 1:
        return (
            f"{wrong[0]} (and {len(wrong) - 1} more of the {len(want)} entries of {name} are wrong)"
        )
    return wrong[0]


def _sequences(
    name: str, got: Any, want: Sequence[Any], axes: str, tolerance: float, reveal: bool
) -> str | None:
    if not isinstance(got, (list, tuple)):
        return f"{name} is {_kind(got)}, it should be a list"
    if len(got) != len(want):
        return f"{name} has {len(got)} entries, not as many as it should"
    for position, (left, right) in enumerate(zip(got, want, strict=True)):
        difference = describe_difference(
            f"{name}[{position}]", left, right, axes, tolerance, reveal
        )
        if difference:
            return difference
    return None


def _numbers(name: str, got: Any, want: Any, tolerance: float, reveal: bool) -> str | None:
    if isinstance(got, np.ndarray) and got.shape == ():
        got = got[()]
    shown = f": {got!r}, should be {want!r}" if reveal else ""
    if isinstance(want, (bool, np.bool_)):
        if not isinstance(got, (bool, np.bool_)):
            return f"{name} is {_kind(got)}, it should be True or False"
        return None if bool(got) == bool(want) else f"{name} is wrong{shown}"
    if isinstance(got, (bool, np.bool_)) or not isinstance(got, (int, float, np.number)):
        return f"{name} is {_kind(got)}, it should be a number"
    if np.iscomplexobj(got):
        return f"{name} is complex"
    if isinstance(want, (int, np.integer)):
        if not isinstance(got, (int, np.integer)):
            return f"{name} is {_kind(got)}, it should be an int"
        return None if int(got) == int(want) else f"{name} is wrong{shown}"
    if isinstance(got, np.float16):
        return f"{name} has only 16 bits"
    value, target = float(got), float(want)
    if not math.isfinite(target):
        right = value == target
    elif not math.isfinite(value):
        return f"{name} is {value}"
    else:
        right = abs(value - target) <= tolerance * abs(target) + _ROUNDING
    return None if right else f"{name} is wrong{shown}"


def _arrays(
    name: str,
    got: np.ndarray,
    want: np.ndarray,
    axes: str,
    tolerance: float,
    reveal: bool,
    dtype: Any,
    noun: str,
) -> str | None:
    if got.shape != want.shape:
        return _shapes(name, got, want, axes, tolerance)
    if dtype is not None and got.dtype != np.dtype(dtype):
        return f"{name} has dtype {got.dtype}, it should be {np.dtype(dtype)}"
    if want.dtype.kind in "biu":
        if (got.dtype.kind == "b") != (want.dtype.kind == "b") or got.dtype.kind not in "biu":
            kind = "bool" if want.dtype.kind == "b" else "integer"
            return f"{name} has dtype {got.dtype}, it should be of {kind} dtype"
        wrong = got != want
        return _locate(name, got, want, wrong, axes, reveal) if wrong.any() else None
    if got.dtype.kind != "f" or got.dtype.itemsize < 4:
        return f"{name} has dtype {got.dtype}, it should be a float {noun} of 32 or 64 bits"
    got = got.astype(np.float64)
    want = want.astype(np.float64)
    broken = ~np.isfinite(got) & np.isfinite(want)
    if broken.any():
        count = int(broken.sum())
        return f"{name} is not finite in {count} of {got.size} entries, first at {_place(broken, axes)}"
    if relative_error(got, want) <= tolerance:
        return None
    with np.errstate(invalid="ignore"):
        distance = np.asarray(np.abs(got - want))  # a 0-d difference would be a scalar
    distance[np.isnan(distance)] = np.inf
    wrong = distance > tolerance * max(float(np.abs(want).max()), _ROUNDING)
    if not wrong.any():
        wrong = distance >= distance.max()
    return _locate(name, got, want, wrong, axes, reveal)


def relative_error(got: np.ndarray, want: np.ndarray) -> float:
    """Return the norm of the difference over the norm of `want`; arrays of the same shape.

    Where `want` is zero the difference may be what float64 rounding leaves.
    """
    if want.size == 0:
        return 0.0
    if not (np.isfinite(want).all() and np.isfinite(got).all()):
        return 0.0 if np.array_equal(got, want) else math.inf  # equal infinities; NaN never
    scale = float(np.abs(want).max())
    if scale == 0.0:
        return 0.0 if float(np.abs(got).max()) <= _ROUNDING else math.inf
    difference = (got - want) / scale  # scaled first: squares of 1e200 overflow
    return float(np.linalg.norm(difference) / np.linalg.norm(want / scale))


def _shapes(name: str, got: np.ndarray, want: np.ndarray, axes: str, tolerance: float) -> str:
    letters = f" = ({', '.join(axes.split())})" if len(axes.split()) == want.ndim else ""
    text = f"{name} has shape {got.shape}, it should have {want.shape}{letters}"
    if got.ndim == want.ndim and sorted(got.shape) == sorted(want.shape):
        return text + ": are two axes swapped?"
    if got.size == want.size:
        return text + ": the same number of entries, arranged in another way"
    if got.ndim == want.ndim + 1 and got.shape[1:] == want.shape:
        return text + ": there is an axis that should have been summed or dropped"
    return text


def _locate(
    name: str, got: np.ndarray, want: np.ndarray, wrong: np.ndarray, axes: str, reveal: bool
) -> str:
    count = int(wrong.sum())
    share = "in every entry" if count == wrong.size else f"in {count} of {wrong.size} entries"
    text = f"{name} is wrong {share}"
    if wrong.ndim and count < wrong.size:
        text += f", first at {_place(wrong, axes)}"
    if got.dtype.kind == "f" and want.size > 1:
        text += _pattern(got, want)
    if reveal and wrong.size:
        index = tuple(np.argwhere(wrong)[0]) if wrong.ndim else ()
        text += f"; yours there is {got[index]:.6g}, it should be {want[index]:.6g}"
    return text


def _pattern(got: np.ndarray, want: np.ndarray) -> str:
    """Recognise a few ways to be wrong everywhere at once."""
    if relative_error(-got, want) <= TOLERANCE:
        return "; every entry has the opposite sign"
    if not got.any():
        return "; it is zero everywhere"
    if got.ndim == 2 and got.shape[0] == got.shape[1] and relative_error(got.T, want) <= TOLERANCE:
        return "; it is the transpose of what it should be"
    scale = float(np.abs(want).max())
    if scale > 0:
        unit = want / scale
        factor = float((got / scale * unit).sum()) / float((unit * unit).sum())
        if factor not in (0.0, 1.0) and relative_error(got / factor, want) <= TOLERANCE:
            return "; every entry is off by the same factor"
    return ""


def _place(wrong: np.ndarray, axes: str) -> str:
    names = axes.split()
    places = np.argwhere(wrong)
    if len(names) == wrong.ndim and "T" in names:
        step = names.index("T")  # in time, the earliest deviation is where the error is made
        places = places[np.argsort(places[:, step], kind="stable")]
    first = [int(number) for number in places[0]]
    if len(names) != wrong.ndim:
        return f"index {tuple(first)}"
    words = [
        f"{_AXIS_WORDS.get(axis, 'index')} {position}"
        for axis, position in zip(names, first, strict=True)
    ]
    return ", ".join(words)
