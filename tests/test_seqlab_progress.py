"""The progress bar of the experiments: its words, its times, where and how often it is drawn."""

from __future__ import annotations

import io
import itertools
import re
import subprocess
import sys

import pytest

import seqlab
from seqlab.progressbar import Lines, Notebook, Progress, Terminal, as_html, duration, number


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Recorder:
    """A screen that keeps what was drawn."""

    def __init__(self, pause: float = 0.0) -> None:
        self.pause = pause
        self.drawn: list[tuple[str, bool]] = []

    def draw(self, bar: Progress, last: bool) -> None:
        self.drawn.append((str(bar), last))


def test_time_left_is_the_rest_at_the_mean_pace_after_the_first_step() -> None:
    clock, screen = Clock(), Recorder()
    left = []
    with seqlab.progress(10, "training", screen=screen, clock=clock) as bar:
        assert bar.left is None
        for seconds in (12.0, 1.0, 3.0):  # the first step imports a library
            clock.now += seconds
            bar.advance(loss=0.5)
            left.append(bar.left)
    assert left == [None, 8.0, 14.0]
    assert screen.drawn[0][0].endswith("1/10 · loss 0.500")
    assert screen.drawn[2][0].endswith("3/10 · loss 0.500 · 14 s left")


def test_bar_is_filled_in_proportion_and_complete_at_the_end() -> None:
    clock, screen = Clock(), Recorder()
    for _ in seqlab.progress(8, "steps", screen=screen, clock=clock):
        clock.now += 0.5
    full = [text.count("█") for text, _ in screen.drawn]
    assert full == [3, 6, 9, 12, 15, 18, 21, 24, 24]
    assert {text.count("█") + text.count("░") for text, _ in screen.drawn} == {24}
    assert screen.drawn[-1] == ("steps  " + "█" * 24 + "  8/8 · 4.0 s", True)
    assert [last for _, last in screen.drawn] == [False] * 8 + [True]


def test_what_is_iterated_over_comes_through_in_order() -> None:
    assert list(seqlab.progress(["a", "b"], "letters", screen=Recorder())) == ["a", "b"]
    assert list(seqlab.progress(3, "numbers", screen=Recorder())) == [0, 1, 2]
    assert list(seqlab.progress(0, "nothing", screen=Recorder())) == []


def test_unknown_end_shows_no_time_left() -> None:
    screen, clock = Recorder(), Clock()
    for _ in seqlab.progress((k for k in range(3)), "stream", screen=screen, clock=clock):
        clock.now += 1.0
    assert screen.drawn[1][0] == "stream  2"
    assert screen.drawn[-1][0] == "stream  3 · 3.0 s"


def test_a_break_or_an_error_closes_the_bar_and_says_so() -> None:
    broken, failed, clock = Recorder(), Recorder(), Clock()
    for k in seqlab.progress(10, "search", screen=broken, clock=clock):
        clock.now += 1.0
        if k == 2:
            break
    assert broken.drawn[-1][1]
    assert broken.drawn[-1][0].endswith("2/10 · stopped after 3.0 s")
    with (
        pytest.raises(ZeroDivisionError),
        seqlab.progress(10, "x", screen=failed, clock=clock) as bar,
    ):
        bar.advance(loss=1 / 0)
    assert failed.drawn[-1][0].endswith("0/10 · stopped after 0.0 s")


def test_drawing_keeps_its_pause() -> None:
    clock, screen = Clock(), Recorder(pause=1.0)
    for _ in seqlab.progress(100, "fast", screen=screen, clock=clock):
        clock.now += 0.125
    # 12.5 seconds: one drawing a second, one at the end.
    assert len(screen.drawn) == 13
    assert sum(last for _, last in screen.drawn) == 1


def test_the_latest_value_counts_and_any_number_will_do() -> None:
    torch_like = type("Scalar", (), {"__float__": lambda self: 0.25})()
    screen = Recorder()
    with seqlab.progress(2, "x", screen=screen, clock=Clock()) as bar:
        bar.report(loss=2.0)
        bar.report(loss=torch_like, validation=3.5)
        bar.advance()
    assert "loss 0.250 · validation 3.500" in screen.drawn[0][0]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0.000"), (1.38629, "1.386"), (2e-7, "2.0e-07"), (54321.0, "5.4e+04"), (-0.5, "-0.500")],
)
def test_numbers(value: float, text: str) -> None:
    assert number(value) == text


def test_a_loss_that_is_lost_is_shown_as_such() -> None:
    assert number(float("nan")) == "nan"
    assert number(float("inf")) == "inf"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.04, "0.0 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (59.6, "1 min 00 s"),
        (185.0, "3 min 05 s"),
        (3599.7, "60 min 00 s"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_terminal_overwrites_its_line_and_ends_it() -> None:
    stream, clock = io.StringIO(), Clock()
    for _ in seqlab.progress(2, "t", screen=Terminal(stream), clock=clock):
        clock.now += 1000.0
    written = stream.getvalue()
    assert written.count("\n") == 1
    assert written.endswith("\n")
    lines = written.rstrip("\n").split("\r")[1:]
    assert len(lines) == 3
    # A shorter line covers the longer one before it.
    assert all(len(b) >= len(a.rstrip()) for a, b in itertools.pairwise(lines))


def test_without_a_terminal_lines_are_rare() -> None:
    stream, clock = io.StringIO(), Clock()
    for _ in seqlab.progress(100, "log", screen=Lines(stream), clock=clock):
        clock.now += 0.25
    assert stream.getvalue().splitlines() == [
        "log: 40/100 · 15 s left",
        "log: 80/100 · 5.0 s left",
        "log: 100/100 · 25 s",
    ]


def test_html_says_the_same_and_escapes_its_label() -> None:
    clock = Clock()
    bar = seqlab.progress(4, "<b> & co", screen=Recorder(), clock=clock)
    clock.now += 1.0
    bar.advance(loss=1.5)
    page = as_html(bar)
    assert 'value="0.2500"' in page
    assert "&lt;b&gt; &amp; co" in page
    assert "<b>" not in page
    assert bar.status() in page
    assert "color" not in page  # light or dark is the page's choice
    endless = as_html(seqlab.progress(iter("abc"), "endless", screen=Recorder()))
    assert "value=" not in endless


def test_a_notebook_gets_one_output_that_is_updated(monkeypatch: pytest.MonkeyPatch) -> None:
    import IPython.display

    shown, updated = [], []

    class Handle:
        def update(self, bundle: dict[str, str], raw: bool) -> None:
            assert raw
            updated.append(bundle)

    def display(bundle: dict[str, str], *, raw: bool, display_id: bool) -> Handle:
        assert raw
        assert display_id
        shown.append(bundle)
        return Handle()

    monkeypatch.setattr(IPython.display, "display", display)
    clock = Clock()
    for _ in seqlab.progress(5, "nb", screen=Notebook(), clock=clock):
        clock.now += 1.0
    assert len(shown) == 1
    assert len(updated) == 5
    assert "5/5" in updated[-1]["text/plain"]
    assert "5/5" in updated[-1]["text/html"]


def test_a_plain_python_imports_no_ipython_and_prints_one_line() -> None:
    program = (
        "import sys, seqlab\n"
        "for _ in seqlab.progress(3, 'plain'): pass\n"
        "print('IPython' in sys.modules, 'matplotlib' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    first, second = done.stdout.splitlines()
    assert re.fullmatch(r"plain: 3/3 · 0\.\d s", first)
    assert second == "False False"
