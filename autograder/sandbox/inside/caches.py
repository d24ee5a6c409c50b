"""Inside the worker: which arguments made which cache, so that a lent backward can be told of a cache that stays here.

A step of the submission may keep in its cache whatever it likes. Where its backward is replaced by one of the grader's,
the cache it is called with is one that the forward gave before; found again by identity, it is sent as the arguments of
that call. Whatever is sent is the grader's to check: it comes from the submission's process.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import wire


class Cache:
    """Stands for the cache of a function that could not be called."""

    __slots__ = ()


class Makers:
    """The calls that made caches."""

    def __init__(self) -> None:
        self._made: dict[int, tuple[Any, dict[str, Any]]] = {}
        self._copies: dict[int, tuple[np.ndarray, np.ndarray]] = {}

    def forget(self) -> None:
        """Let go of everything noted."""
        self._made.clear()
        self._copies.clear()

    def noted(self, name: str, own: Callable[..., Any], place: int) -> Callable[..., Any]:
        """Return a function of the submission as it is, whose caches are noted."""

        def call(*args: Any, **kwargs: Any) -> Any:
            made = self._call(name, args, kwargs)
            result = own(*args, **kwargs)
            if place < 0:
                self._note(result, made)
            elif isinstance(result, (tuple, list)) and place < len(result):
                self._note(result[place], made)
            return result

        return call

    def replaced(
        self, name: str, lent: Callable[..., Any], own: Callable[..., Any] | None, place: int
    ) -> Callable[..., Any]:
        """Return a lent function whose cache is the one that the submission's own makes, so that it can look into it."""

        def call(*args: Any, **kwargs: Any) -> Any:
            made = self._call(name, args, kwargs)
            cache = self._cache(own, made, place)
            self._note(cache, made)
            result = lent(*args, **kwargs)
            if place < 0:
                return cache
            parts = list(result)
            parts[place] = cache
            return tuple(parts)

        return call

    def _cache(self, own: Callable[..., Any] | None, made: dict[str, Any], place: int) -> Any:
        if own is None:
            return Cache()
        try:
            # It may write over its arguments, which is perhaps why it was replaced.
            args, kwargs = copy.deepcopy((made["args"], made["kwargs"]))
            result = own(*args, **kwargs)
            return result if place < 0 else result[place]
        except Exception:  # it is wrong, or it would not be replaced
            return Cache()

    def told(self, lent: Callable[..., Any]) -> Callable[..., Any]:
        """Return a lent function to which noted caches are sent as what made them."""

        def call(*args: Any, **kwargs: Any) -> Any:
            named = {key: self._sent(value) for key, value in kwargs.items()}
            return lent(*map(self._sent, args), **named)

        return call

    def _sent(self, value: Any) -> Any:
        kept, made = self._made.get(id(value), (None, None))
        return made if made is not None and kept is value else value

    def _note(self, cache: Any, made: dict[str, Any]) -> None:
        if cache is not None:
            self._made[id(cache)] = (cache, made)  # kept alive, so that its id stays its own

    def _call(self, name: str, args: Any, kwargs: Any) -> dict[str, Any]:
        """A call as it is sent: with copies, since arguments may be written over later."""
        return {wire.MADE: name, "args": self._copied(list(args)), "kwargs": self._copied(kwargs)}

    def _copied(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self._copied(item) for key, item in value.items()}
        if type(value) in (list, tuple):
            return type(value)(self._copied(item) for item in value)
        if not isinstance(value, np.ndarray):
            return value
        # Parameters are the same at every step, and one copy does for all.
        source, kept = self._copies.get(id(value), (None, None))
        if source is not value or kept is None or not np.array_equal(kept, value):
            kept = value.copy()
            self._copies[id(value)] = (value, kept)
        return kept
