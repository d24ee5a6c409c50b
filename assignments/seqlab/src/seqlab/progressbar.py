"""A progress bar for experiments: how much is done, the latest loss, the time left.

    for step in (bar := seqlab.progress(300, "LSTM, seed 0")):
        ...
        bar.report(loss=loss)

A notebook shows one output that is updated, a terminal one line that is overwritten. Where neither is there (a log, a
pipe) a plain line appears now and then.
"""

from __future__ import annotations

import html
import math
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sized
from types import TracebackType
from typing import Any, Protocol, TextIO

WIDTH = 24  # characters of the bar


class Screen(Protocol):
    """Where a bar is drawn. `pause` is how many seconds have to lie between two drawings."""

    pause: float

    def draw(self, bar: Progress, last: bool) -> None:
        """Show the bar as it is now; nothing follows when it is the last time."""


class Progress:
    """One bar. Iterate over it, or use it in a `with` block and call `advance` where a step is done."""

    def __init__(
        self,
        work: int | Iterable[Any],
        label: str,
        screen: Screen,
        clock: Callable[[], float],
    ) -> None:
        self.items: Iterable[Any] = range(work) if isinstance(work, int) else work
        self.total = len(self.items) if isinstance(self.items, Sized) else None
        self.label = label
        self.done = 0
        self.numbers: dict[str, float] = {}
        self._screen, self._clock = screen, clock
        self._began = self._drawn = clock()
        self._first: float | None = None  # when the first step was done
        self._ended: float | None = None

    def report(self, **numbers: Any) -> None:
        """Keep the latest values, as in `report(loss=0.31)`; they are drawn with the next step."""
        self.numbers.update((name, float(value)) for name, value in numbers.items())

    def advance(self, **numbers: Any) -> None:
        """Count one more step as done, and report values with it."""
        self.report(**numbers)
        self.done += 1
        now = self._clock()
        if self._first is None:
            self._first = now
        if now - self._drawn >= self._screen.pause:
            self._drawn = now
            self._screen.draw(self, last=False)

    def close(self) -> None:
        """Draw the bar for the last time; a second call does nothing."""
        if self._ended is None:
            self._ended = self._clock()
            self._screen.draw(self, last=True)

    @property
    def elapsed(self) -> float:
        """Seconds from the first step to now, or to the end."""
        return (self._clock() if self._ended is None else self._ended) - self._began

    @property
    def left(self) -> float | None:
        """Seconds that the rest will take at the mean pace after the first step; None before the second.

        The first step imports and compiles and may take a hundred times as long as the others.
        """
        if self.total is None or self._first is None or self.done < 2:
            return None
        pace = (self.elapsed - (self._first - self._began)) / (self.done - 1)
        return pace * max(self.total - self.done, 0)

    @property
    def share(self) -> float | None:
        """What part is done, from 0 to 1; None where the end is unknown."""
        return None if self.total is None else min(self.done / max(self.total, 1), 1.0)

    def status(self) -> str:
        """Say in words what the bar shows: steps, values, time."""
        parts = [f"{self.done}" if self.total is None else f"{self.done}/{self.total}"]
        parts += [
            f"{name.replace('_', ' ')} {number(value)}" for name, value in self.numbers.items()
        ]
        if self._ended is None:
            parts += [] if self.left is None else [f"{duration(self.left)} left"]
        elif self.total is not None and self.done < self.total:
            parts.append(f"stopped after {duration(self.elapsed)}")
        else:
            parts.append(duration(self.elapsed))
        return " · ".join(parts)

    def __str__(self) -> str:
        if self.share is None:
            return f"{self.label}  {self.status()}"
        full = round(self.share * WIDTH)
        return f"{self.label}  {'█' * full}{'░' * (WIDTH - full)}  {self.status()}"

    def __iter__(self) -> Iterator[Any]:
        self._began = self._drawn = self._clock()
        try:
            for item in self.items:
                yield item
                self.advance()
        finally:  # a `break` or an error in the loop ends here, too
            self.close()

    def __enter__(self) -> Progress:
        self._began = self._drawn = self._clock()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def number(value: float) -> str:
    """Write a value with a width that hardly changes from step to step."""
    if not math.isfinite(value):
        return str(value)
    if value == 0 or 1e-3 <= abs(value) < 1e4:
        return f"{value:.3f}"
    return f"{value:.1e}"


def duration(seconds: float) -> str:
    """Write a time for people: 0.4 s, 12 s, 3 min 05 s."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    if seconds < 59.5:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s"


class Notebook:
    """One output of a notebook's cell, as HTML with the same words as text beside it."""

    pause = 0.2

    def __init__(self) -> None:
        self._handle: Any = None

    def draw(self, bar: Progress, last: bool) -> None:
        """Create the output, later put the present state in its place."""
        from IPython.display import display

        bundle = {"text/plain": str(bar), "text/html": as_html(bar)}
        if self._handle is None:
            self._handle = display(bundle, raw=True, display_id=True)
        else:
            self._handle.update(bundle, raw=True)


def as_html(bar: Progress) -> str:
    """Return the bar as HTML that takes its colours from the page."""
    label, status = html.escape(bar.label), html.escape(bar.status())
    meter = "" if bar.share is None else f'value="{bar.share:.4f}" '
    return (
        f'<div><span>{label}</span> <progress {meter}max="1" aria-label="{label}"></progress> '
        f"<span>{status}</span></div>"
    )


class Terminal:
    """One line of a terminal, written over and over."""

    pause = 0.1

    def __init__(self, stream: TextIO) -> None:
        self._stream, self._length = stream, 0

    def draw(self, bar: Progress, last: bool) -> None:
        """Write the line; blanks cover what was longer before."""
        line = str(bar)
        self._stream.write("\r" + line.ljust(self._length) + ("\n" if last else ""))
        self._stream.flush()
        self._length = len(line)


class Lines:
    """A line now and then, for logs and pipes."""

    pause = 10.0

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def draw(self, bar: Progress, last: bool) -> None:
        """Write the words without the bar, which would say nothing more."""
        self._stream.write(f"{bar.label}: {bar.status()}\n")
        self._stream.flush()


def screen_here() -> Screen:
    """Choose by what there is: a notebook, a terminal, or neither."""
    if "IPython" in sys.modules:  # in a notebook it has long been imported
        from IPython import get_ipython

        if hasattr(get_ipython(), "kernel"):
            return Notebook()
    return Terminal(sys.stdout) if sys.stdout.isatty() else Lines(sys.stdout)


def progress(
    work: int | Iterable[Any],
    label: str,
    *,
    screen: Screen | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> Progress:
    """Return a bar for so many steps, or for what is to be iterated over.

    Args:
        work: a number of steps, or an iterable; without a length it shows no time left.
        label: what stands before the bar.
        screen: where to draw; what fits the place of the call when it is not given.
        clock: a clock in seconds.

    Returns:
        The bar: iterate over it, or call `advance(loss=...)` in a `with` block.
    """
    return Progress(work, label, screen or screen_here(), clock)
