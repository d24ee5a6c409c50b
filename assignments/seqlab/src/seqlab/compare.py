"""Is a result right, and if not, what is wrong with it: one comparator for visible checks and graded feedback.

Type and shape are exact, then every entry must be finite, then the 2-norm of the difference is at most 1e-5 of the norm
of the wanted array: an array is right or wrong as a whole, float32 internals are fine, nothing broadcasts, NaN equals
nothing. Descriptions never hold a wanted value unless `reveal` asks for it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from seqlab import places
from seqlab.places import Layout, Words

__all__ = ["TOLERANCE", "Layout", "describe_difference", "relative_error"]

TOLERANCE = 1e-5
# What rounding leaves of a sum that is exactly zero: eps of float64, with room for long sums.
_ROUNDING = 1e-13


@dataclass(frozen=True)
class _View:
    """What a comparison knows beside the two values."""

    axes: str = ""
    tolerance: float = TOLERANCE
    reveal: bool = False
    dtype: Any = None
    valid: Any = None
    layout: Layout | None = None


def describe_difference(
    name: str,
    got: Any,
    want: Any,
    axes: str = "",
    tolerance: float = TOLERANCE,
    reveal: bool = False,
    dtype: Any = None,
    valid: Any = None,
    layout: Layout | None = None,
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
        valid: a mask over the leading axes, or the lengths of the rows, so that the message tells padding apart.
        layout: which key belongs to which gate, and of which blocks an axis is stacked, for the message.

    Returns:
        None where the result is right, otherwise a sentence that says what is wrong and where.
    """
    view = _View(axes, tolerance, reveal, dtype, valid, layout)
    return _difference(name, got, want, view)


def _difference(name: str, got: Any, want: Any, view: _View) -> str | None:
    if _is_tensor(want):
        if not _is_tensor(got):
            return _of_another_kind(name, got, "a torch tensor")
        return _arrays(name, _to_numpy(got), _to_numpy(want), view, "tensor")
    if isinstance(want, np.ndarray):
        if not isinstance(got, np.ndarray):
            return _of_another_kind(name, got, "a numpy array")
        return _arrays(name, got, want, view, "array")
    # A dtype is asked of one array; what containers hold is judged as usual.
    view = replace(view, dtype=None)
    if isinstance(want, Mapping):
        return _mappings(name, got, want, view)
    if isinstance(want, (list, tuple)):
        return _sequences(name, got, want, view)
    if want is None or isinstance(want, str):
        right = got is None if want is None else isinstance(got, str) and got == want
        shown = f": {got!r}, should be {want!r}" if view.reveal else ""
        words = Words(name)
        return (
            None
            if right
            else f"{name} {words.be} not what {words.it} should be ({_kind(got)}){shown}"
        )
    return _numbers(name, got, want, view.tolerance, view.reveal)


def _is_tensor(value: Any) -> bool:
    return type(value).__module__.partition(".")[0] == "torch" and hasattr(value, "detach")


def _to_numpy(tensor: Any) -> np.ndarray:
    return tensor.detach().cpu().numpy()


def _of_another_kind(name: str, got: Any, wanted: str) -> str:
    words = Words(name)
    return f"{name} {words.be} {_kind(got)}, {words.it} should be {wanted}"


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


def _mappings(name: str, got: Any, want: Mapping[Any, Any], view: _View) -> str | None:
    if not isinstance(got, Mapping):
        return _of_another_kind(name, got, "a dict")
    if set(got) != set(want):
        missing = sorted(map(str, set(want) - set(got)))
        extra = len(set(got) - set(want))
        parts = []
        if missing and (view.reveal or _public(want)):
            parts.append("lacks " + ", ".join(missing[:8]))
        elif missing:
            parts.append(f"lacks {len(missing)} of its {len(want)} keys")
        if extra:
            parts.append(f"has {extra} that do not belong there")
        return f"the keys of {name} are wrong: it " + " and ".join(parts)
    named = view.reveal or _public(want)
    wrong: dict[Any, str] = {}
    for key, value in want.items():
        label = f'{name}["{key}"]' if named and isinstance(key, str) else f"an entry of {name}"
        difference = _difference(label, got[key], value, view)
        if difference:
            wrong[key] = difference
    if not wrong:
        return None
    first = next(iter(wrong.values()))
    gates = view.layout.gates if view.layout else {}
    if gates and named:
        return _by_gate(name, got, want, wrong, gates, view.tolerance)
    if len(wrong) > 1:
        return f"{first} (and {len(wrong) - 1} more of the {len(want)} entries of {name} are wrong)"
    return first


def _public(want: Mapping[Any, Any]) -> bool:
    """Whether the keys are names that the course gives; those of a vocabulary are hidden inputs."""
    return all(
        isinstance(key, str)
        and key.isidentifier()
        and (len(key) > 1 or isinstance(value, np.ndarray) or _is_tensor(value))
        for key, value in want.items()
    )


def _by_gate(
    name: str,
    got: Mapping[str, Any],
    want: Mapping[str, Any],
    wrong: Mapping[str, str],
    gates: Mapping[str, str],
    tolerance: float,
) -> str:
    """Say which gates are concerned; what is wrong with the first; whether two entries were exchanged."""
    first = next(iter(wrong))
    text = wrong[first]
    if first in gates:
        text = text.replace(f'{name}["{first}"]', f'{name}["{first}"] ({gates[first]})', 1)
    parts = [text]
    if len(wrong) == len(want):
        if len(want) > 1:
            parts.append(f"so is every other entry of {name}")
    else:
        rest = [key for key in wrong if key != first]
        if rest:
            parts.append(f"also wrong: {', '.join(rest)}")
        hit = {gates.get(key) for key in wrong}
        fine = dict.fromkeys(gates[key] for key in want if key in gates)
        untouched = [gate for gate in fine if gate not in hit]
        if untouched:
            parts.append(f"everything of the {_listed(untouched)} is right")
        elif len(wrong) < len(want):
            parts.append(f"right: {', '.join(key for key in want if key not in wrong)}")
    for key in wrong:
        for other in wrong:
            # Shapes first: an array of another shape is another kind of mistake.
            if key < other and _exchanged(got, want, key, other, tolerance):
                parts.append(f"{key} and {other} are exchanged")
    return "; ".join(parts)


def _exchanged(
    got: Mapping[str, Any], want: Mapping[str, Any], one: str, other: str, tolerance: float
) -> bool:
    pairs = [(got[one], want[other]), (got[other], want[one])]
    return all(
        isinstance(left, np.ndarray)
        and isinstance(right, np.ndarray)
        and left.shape == right.shape
        and left.dtype.kind == right.dtype.kind == "f"
        and bool(right.any())
        and relative_error(left, right) <= tolerance
        for left, right in pairs
    )


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and the {words[-1]}"


def _sequences(name: str, got: Any, want: Sequence[Any], view: _View) -> str | None:
    if not isinstance(got, (list, tuple)):
        return _of_another_kind(name, got, "a list")
    if len(got) != len(want):
        words = Words(name)
        needed = f": {words.it} should have {len(want)}"
        shown = needed if view.reveal else f", not as many as {words.it} should"
        return f"{name} {words.has} {len(got)} {'entry' if len(got) == 1 else 'entries'}{shown}"
    for position, (left, right) in enumerate(zip(got, want, strict=True)):
        difference = _difference(f"{name}[{position}]", left, right, view)
        if difference:
            return difference
    return None


def _numbers(name: str, got: Any, want: Any, tolerance: float, reveal: bool) -> str | None:
    if isinstance(got, np.ndarray) and got.shape == ():
        got = got[()]
    shown = f": {got!r}, should be {want!r}" if reveal else ""
    words = Words(name)
    be = words.be
    if isinstance(want, (bool, np.bool_)):
        if not isinstance(got, (bool, np.bool_)):
            return _of_another_kind(name, got, "True or False")
        return None if bool(got) == bool(want) else f"{name} {be} wrong{shown}"
    if isinstance(got, (bool, np.bool_)) or not isinstance(got, (int, float, np.number)):
        return _of_another_kind(name, got, "a number")
    if np.iscomplexobj(got):
        return f"{name} {be} complex"
    if isinstance(want, (int, np.integer)):
        if not isinstance(got, (int, np.integer)):
            return _of_another_kind(name, got, "an int")
        return None if int(got) == int(want) else f"{name} {be} wrong{shown}"
    if isinstance(got, np.float16):
        return f"{name} {words.has} only 16 bits"
    value, target = float(got), float(want)
    if not math.isfinite(target):
        right = value == target
    elif not math.isfinite(value):
        return f"{name} {be} {value}"
    else:
        right = abs(value - target) <= tolerance * abs(target) + _ROUNDING
    return None if right else f"{name} {be} wrong{shown}"


def _arrays(name: str, got: np.ndarray, want: np.ndarray, view: _View, noun: str) -> str | None:
    if got.shape != want.shape:
        return places.shapes(name, got, want, view.axes, _closeness(view.tolerance))
    words = Words(name)
    if view.dtype is not None and got.dtype != np.dtype(view.dtype):
        return f"{name} {words.has} dtype {got.dtype}, {words.it} should be {np.dtype(view.dtype)}"
    if want.dtype.kind in "biu":
        if (got.dtype.kind == "b") != (want.dtype.kind == "b") or got.dtype.kind not in "biu":
            kind = "bool" if want.dtype.kind == "b" else "integer"
            return f"{name} {words.has} dtype {got.dtype}, {words.it} should be of {kind} dtype"
        wrong = got != want
        return _locate(name, got, want, wrong, view) if wrong.any() else None
    if got.dtype.kind != "f" or got.dtype.itemsize < 4:
        return f"{name} {words.has} dtype {got.dtype}, which should be float32 or float64"
    got = got.astype(np.float64)
    want = want.astype(np.float64)
    broken = ~np.isfinite(got) & np.isfinite(want)
    if broken.any():
        return _not_finite(name, got, broken, view)
    if relative_error(got, want) <= view.tolerance:
        return None
    with np.errstate(invalid="ignore"):
        distance = np.asarray(np.abs(got - want))  # a 0-d difference would be a scalar
    distance[np.isnan(distance)] = np.inf
    wrong = distance > view.tolerance * max(float(np.abs(want).max()), _ROUNDING)
    if not wrong.any():
        wrong = distance >= distance.max()
    return _locate(name, got, want, wrong, view)


def _closeness(tolerance: float) -> Callable[[np.ndarray, np.ndarray], bool]:
    """Return what tells whether two arrays of one shape are equal up to the tolerance."""

    def close(one: np.ndarray, other: np.ndarray) -> bool:
        if one.dtype.kind not in "fiub" or other.dtype.kind not in "fiub" or not other.size:
            return False
        left, right = one.astype(np.float64), other.astype(np.float64)
        return bool(right.any()) and relative_error(left, right) <= tolerance

    return close


def _not_finite(name: str, got: np.ndarray, broken: np.ndarray, view: _View) -> str:
    kinds = ["NaN"] * bool(np.isnan(got[broken]).any())
    kinds += ["infinite"] * bool(np.isinf(got[broken]).any())
    count = int(broken.sum())
    share = "every entry" if count == got.size else f"{count} of {got.size} entries"
    valid = places.validity(view.valid, got.shape)
    where = f", first at {places.place(broken, view.axes, valid)}" if broken.ndim else ""
    more = places.extent(broken, view.axes, valid, view.layout)
    said = f"{name} {Words(name).be} not finite in {share} ({' and '.join(kinds)}){where}"
    return "; ".join([said, *more])


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


def _locate(name: str, got: np.ndarray, want: np.ndarray, wrong: np.ndarray, view: _View) -> str:
    count = int(wrong.sum())
    share = "in every entry" if count == wrong.size else f"in {count} of {wrong.size} entries"
    text = f"{name} {Words(name).be} wrong {share}"
    valid = places.validity(view.valid, wrong.shape)
    if wrong.ndim and count < wrong.size:
        text += f", first at {places.place(wrong, view.axes, valid)}"
    said = []
    if got.dtype.kind == "f" and want.size > 1:
        said.append(places.pattern(got, want, view.axes, _closeness(view.tolerance)))
    if not any(said) and count < wrong.size:
        said += places.extent(wrong, view.axes, valid, view.layout)
    if view.reveal and wrong.size:
        index = tuple(np.argwhere(wrong)[0]) if wrong.ndim else ()
        said.append(f"yours there is {got[index]:.6g}, it should be {want[index]:.6g}")
    return "; ".join([text, *filter(None, said)])
