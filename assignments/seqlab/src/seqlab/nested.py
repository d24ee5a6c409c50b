"""Values in dicts, lists and tuples within each other: one after the other, or changed in their places."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any


def leaves(value: Any) -> Iterator[Any]:
    """Yield what a value holds that is no container, in order; the value itself where it is none."""
    if isinstance(value, Mapping):
        for item in value.values():
            yield from leaves(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from leaves(item)
    else:
        yield value


def mapped(change: Callable[[Any], Any], value: Any) -> Any:
    """Return a copy with every leaf changed. A container of a class of its own counts as a leaf."""
    if type(value) is dict:
        return {key: mapped(change, item) for key, item in value.items()}
    if type(value) in (list, tuple):
        return type(value)(mapped(change, item) for item in value)
    return change(value)
