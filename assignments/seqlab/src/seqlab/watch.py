"""`seqlab watch`: check again at each save, the current exercise first."""

from __future__ import annotations

import queue
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from seqlab import keys, memory, terminal
from seqlab.chapters import QUIZ, function_names
from seqlab.hints import hint_lines
from seqlab.report import progress_line
from seqlab.results import CheckResult
from seqlab.runner import Child, Message, NotebookRun

POLL_SECONDS = 0.05
_PRINTED_LINES = 5
_HELP = "h hint   n next   l list   q quit"


@dataclass
class State:
    """What is on the screen."""

    path: Path
    functions: Sequence[str]
    results: dict[str, CheckResult] = field(default_factory=dict)
    current: str = ""
    chosen: bool = False  # with `n`, so that passing another exercise does not change it
    listing: bool = False
    hints: list[str] = field(default_factory=list)
    notes: dict[tuple[int, int], str] = field(default_factory=dict)
    problem: str = ""
    printed: str = ""
    running: bool = False
    took: float | None = None

    def move_on(self) -> None:
        """Make the first exercise that does not pass the current one, unless one was chosen that does not pass either."""
        here = self.results.get(self.current)
        if self.current and (here is None or not here.ok):
            return
        if self.chosen and self.current:
            self.chosen = False
        self.current = self._next_after(-1)
        self.hints = []

    def choose_next(self) -> None:
        """Go to the next exercise that does not pass."""
        place = self.functions.index(self.current) if self.current in self.functions else -1
        self.current = self._next_after(place)
        self.chosen, self.hints = True, []

    def _next_after(self, place: int) -> str:
        order = [*self.functions[place + 1 :], *self.functions[: place + 1]]
        for name in order:
            result = self.results.get(name)
            if result is None or not result.ok:
                return name
        return ""


def screen(
    state: State, repeated: frozenset[str], columns: int, rows: int, colours: bool
) -> list[str]:
    """Return the lines to show."""
    done = [name in state.results and state.results[name].ok for name in state.functions]
    took = f" · {1000 * state.took:.0f} ms" if state.took is not None else ""
    busy = " · checking …" if state.running else took
    lines = [
        terminal.paint(f"{state.path.name}  {progress_line(done)}", "bold", colours) + busy,
        "",
    ]
    if state.problem:
        lines += [*terminal.wrapped(state.problem, columns), ""]
    for note in state.notes.values():
        lines += terminal.wrapped(note, columns, "! ")
    if state.listing:
        lines += _list(state, colours)
    elif not state.current:
        lines.append("Every check passes.")
    else:
        lines += _exercise(state, repeated, columns, colours)
    if state.printed:
        last = state.printed.rstrip().splitlines()[-_PRINTED_LINES:]
        lines += ["", terminal.paint("printed:", "dim", colours), *(f"  {line}" for line in last)]
    return [*terminal.fit(lines, rows - 2), "", terminal.paint(_HELP, "dim", colours)]


def _list(state: State, colours: bool) -> list[str]:
    lines = []
    for name in state.functions:
        result = state.results.get(name)
        mark = "·" if result is None or result.unwritten else "✔" if result.ok else "✘"
        colour = {"✔": "green", "✘": "red", "·": "dim"}[mark]
        here = "  ← current" if name == state.current else ""
        lines.append(f"  {terminal.paint(mark, colour, colours)} {name}{here}")
    return lines


def _exercise(state: State, repeated: frozenset[str], columns: int, colours: bool) -> list[str]:
    result = state.results.get(state.current)
    if result is None:
        lines = [f"· {state.current}"]
    else:
        lines = terminal.lines_of(result, state.current in repeated, columns, colours)
    for hint in state.hints:
        lines += ["", *terminal.wrapped(hint, columns, "  ")]
    return lines


class Watch:
    """The loop: keys, a child's messages and changes of the file, one after the other."""

    def __init__(self, path: Path, chapter: str, inbox: queue.Queue[Any] | None = None):
        self._path, self._chapter = path, chapter
        self._inbox: queue.Queue[Any] = inbox or queue.Queue()
        self.state = State(path, [*function_names(chapter), QUIZ])
        self._memory = memory.load(path.parent)
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the loop runs
        self._log_start = 0
        self._run: NotebookRun | None = None
        self._spare = self._new_child()
        self._seen: tuple[int, int] | None = None
        self._saved = 0.0
        self._colours = terminal.shows_colours(sys.stdout)

    def _new_child(self) -> Child:
        return Child(self._path, self._chapter, self._inbox, self._log)

    def loop(self) -> None:
        """Run until `q`."""
        with keys.single_keys():
            keys.listen(self._inbox.put)
            try:
                while self.step():
                    pass
            except KeyboardInterrupt:
                pass
            finally:
                self.close()

    def close(self) -> None:
        """End what still runs."""
        if self._run:
            self._run.cancel()
        self._spare.end()
        self._log.close()

    def step(self) -> bool:
        """Take in one event, or see whether the file has changed; return whether to go on."""
        if self._changed():
            self._begin()
        try:
            event = self._inbox.get(timeout=POLL_SECONDS)
        except queue.Empty:
            if self._run:
                self._take(self._run.expire())
            return True
        if isinstance(event, Message):
            if self._run:
                self._take(self._run.handle(event))
            return True
        return self._key(event)

    def _changed(self) -> bool:
        try:
            now = self._path.stat()
        except FileNotFoundError:  # an editor that saves by replacing is between its two steps
            return False
        mark = now.st_mtime_ns, now.st_size
        if mark == self._seen:
            return False
        self._seen = mark
        return True

    def _begin(self) -> None:
        """Start a run with the child that waits ready, and make the next one wait."""
        if self._run:
            self._run.cancel()
        state = self.state
        order = [state.current] if state.current else []
        order += [name for name in state.functions if name != state.current]
        self._saved = time.monotonic()
        self._log_start = self._log.seek(0, 2)
        self._run = NotebookRun(
            self._path, self._chapter, order, self._inbox, spare=self._spare, log=self._log
        )
        state.notes, state.problem, state.printed = self._run.notes, "", ""
        state.running, state.took, state.hints = True, None, []

    def _take(self, result: CheckResult | None) -> None:
        run, state = self._run, self.state
        assert run is not None
        if result is not None:
            state.results[result.function] = result
            if result.function == state.current or result.ok or result.unwritten:
                # What is not being worked on fails at each save, which says nothing about who works on it.
                self._memory.add([result])
            if state.took is None:
                state.took = time.monotonic() - self._saved
            if result.function == state.current:
                self.draw()
        if run.running or not state.running:
            return
        state.running = False
        state.problem = run.problem
        self._log.seek(self._log_start)
        state.printed = self._log.read().decode("utf-8", "replace")
        state.move_on()
        memory.save(self._memory, self._path.parent)
        self._spare = self._new_child()
        self.draw()

    def _key(self, key: str) -> bool:
        state = self.state
        if key == "q":
            return False
        if key == "l":
            state.listing = not state.listing
        elif key == "n":
            state.listing = False
            state.choose_next()
        elif key == "h" and state.current:
            state.listing = False
            asked = self._memory.ask(state.current)
            state.hints = hint_lines(self._chapter, state.current, asked)
        else:
            return True
        self.draw()
        return True

    def draw(self) -> None:
        """Show the state."""
        columns, rows = terminal.width(), terminal.height()
        lines = screen(self.state, self._memory.repeated, columns, rows, self._colours)
        before = terminal.clear() if self._colours else ""
        print(before + "\n".join(lines), flush=True)
