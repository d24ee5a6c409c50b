"""Arguments before and after a call: copied, compared, and brought back to what they were."""

from __future__ import annotations

from typing import Any

import numpy as np

from seqlab.nested import leaves, mapped


def is_tensor(value: Any) -> bool:
    """Whether this is a torch tensor; torch is not imported for the question."""
    return type(value).__module__.partition(".")[0] == "torch" and hasattr(value, "detach")


def snapshot(value: Any) -> Any:
    """Copy arrays, tensors and containers; keep what is no data."""
    return mapped(_copy, value)


def _copy(leaf: Any) -> Any:
    if isinstance(leaf, np.ndarray):
        return leaf.copy()
    return leaf.detach().clone() if is_tensor(leaf) else leaf


def restore(value: Any, before: Any) -> tuple[Any, bool]:
    """Bring a value back to its snapshot, in place where it can be changed.

    Returns:
        What now is as it was before, and whether it still had been.
    """
    if type(value) is not type(before):
        return before, False
    if isinstance(value, np.ndarray):
        # A function may have reshaped the very array, not only changed its entries.
        if value.shape != before.shape or value.dtype != before.dtype:
            return before, False
        same = value.tobytes() == before.tobytes()  # bytes: NaN in padding equals itself here
        if not same:
            value[...] = before
        return value, same
    if is_tensor(value):
        return value, restore(value.detach().numpy(), before.numpy())[1]
    if type(value) is dict:
        parts = {key: restore(value[key], before[key]) for key in before if key in value}
        same = list(value) == list(before) and all(same for _, same in parts.values())
        if not same:
            value.clear()
            value.update({key: parts[key][0] if key in parts else before[key] for key in before})
        return value, same
    if type(value) in (list, tuple):
        items = [restore(item, old) for item, old in zip(value, before, strict=False)]
        same = len(value) == len(before) and all(same for _, same in items)
        if not same and type(value) is list:
            value[:] = [*(item for item, _ in items), *before[len(items) :]]
        return value, same
    if isinstance(value, (int, float, complex, str, bytes, np.generic)):
        return before, repr(value) == repr(before)  # as text: NaN equals itself, 1 is not True
    return before, value is before


def is_data(value: Any) -> bool:
    """Whether a result consists of what can be compared."""
    return all(map(_is_data, leaves(value)))


def _is_data(leaf: Any) -> bool:
    if isinstance(leaf, np.ndarray):
        return leaf.dtype.kind in "biuf"
    return is_tensor(leaf) or isinstance(leaf, (bool, int, float, str, np.number, np.bool_))
