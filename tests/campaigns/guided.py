"""Choose examples of a hypothesis test by the code that they reach.

Hypothesis makes an example from bytes. Those that reached a step from one line to another that no example had taken
before are kept, and later examples are made from them with a few bytes changed.
"""

from __future__ import annotations

import contextlib
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from types import CodeType, FrameType
from typing import Any

LONGEST = 8192
"""Bytes that one example is made from."""
MOST_KEPT = 2000
_FRESH = 0.1
_INTERESTING = (0, 1, 127, 128, 255)


class Steps:
    """The steps from line to line that were taken in the files below some folders."""

    def __init__(self, folders: Sequence[str]):
        self._folders = tuple(folders)
        self._watched: dict[CodeType, bool] = {}
        self._last = 0
        self.seen: set[int] = set()

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Note the steps that are taken meanwhile, unless somebody else traces already."""
        before = sys.gettrace()
        sys.settrace(self._call)
        try:
            yield
        finally:
            sys.settrace(before)

    def _call(self, frame: FrameType, _event: str, _argument: Any) -> Any:
        code = frame.f_code
        watched = self._watched.get(code)
        if watched is None:
            watched = self._watched[code] = code.co_filename.startswith(self._folders)
        return self._line if watched else None

    def _line(self, frame: FrameType, event: str, _argument: Any) -> Any:
        if event == "line":
            place = hash((frame.f_code.co_filename, frame.f_lineno))
            self.seen.add(place ^ (self._last >> 1))
            self._last = place
        return self._line


class Corpus:
    """The bytes of one test's examples that are worth changing."""

    def __init__(self, run: Callable[[bytes], bytes | None], steps: Steps, start: int):
        """Begin with nothing.

        Args:
            run: makes an example of bytes and runs it; returns the bytes that counted, None where they make none.
            steps: what the examples reach; may be shared.
            start: seeds the choices.
        """
        self._run = run
        self._steps = steps
        self._random = random.Random(start)
        self.kept: list[bytes] = []

    def go_on(self, examples: int) -> None:
        """Run some more examples; what one of them raises is passed on, with a note of its bytes."""
        for _ in range(examples):
            data = self._next()
            before = len(self._steps.seen)
            try:
                with self._steps.watching():
                    counted = self._run(data)
            except Exception as error:
                error.add_note(f"made from the bytes {data.hex()}")
                raise
            if counted is not None and len(self._steps.seen) > before:
                self._keep(bytes(counted))

    def _keep(self, data: bytes) -> None:
        if len(self.kept) >= MOST_KEPT:
            self.kept[self._random.randrange(MOST_KEPT)] = data
        else:
            self.kept.append(data)

    def _next(self) -> bytes:
        choose = self._random
        if not self.kept or choose.random() < _FRESH:
            return choose.randbytes(choose.randrange(1, LONGEST >> choose.randrange(8)))
        # Mostly of the youngest: what they reach has been tried least.
        age = int(len(self.kept) * choose.random() ** 2)
        data = bytearray(self.kept[len(self.kept) - 1 - age])
        for _ in range(1 << choose.randrange(5)):
            self._change(data)
        return bytes(data[:LONGEST])

    def _change(self, data: bytearray) -> None:
        choose = self._random
        place = choose.randrange(len(data) + 1)
        length = choose.randrange(1, 1 << choose.randrange(1, 7))
        kind = choose.randrange(5)
        if kind == 0 and place < len(data):
            data[place] ^= 1 << choose.randrange(8)
        elif kind == 1 and place < len(data):
            data[place] = choose.choice(_INTERESTING)
        elif kind == 2:
            del data[place : place + length]
        elif kind == 3:
            data[place:place] = choose.randbytes(length)
        else:
            other = choose.choice(self.kept)
            begin = choose.randrange(len(other) + 1)
            data[place : place + length] = other[begin : begin + length]
