"""Figures of Chapter 6: two readers, the reversal of a padded batch, a stack, and what each position has seen."""

from __future__ import annotations

from autograder.drawings.canvas import SIGNAL, STATE, Figure


def two_readers() -> Figure:
    """Draw (6.1) to (6.3) for four steps, with what each half has seen."""
    f = Figure(
        "two_readers",
        "Two readers, and what each of them has seen",
        """Four inputs x1 to x4 in the middle row. Below them the forward reader's states run from left to right, above them
        the backward reader's states from right to left. A frame around each column joins the two states of a position. Strips
        of four cells say what was seen: forwards x1 at position 1, x1 to x4 at position 4; backwards x1 to x4 at position 1, only
        x4 at position 4.""",
        430,
    )
    columns = (150, 250, 350, 450)
    f.group("names")
    f.text(20, 60, "seen by it")
    f.text(20, 124, "backward")
    f.text(20, 203, "input")
    f.text(20, 284, "forward")
    f.text(20, 354, "seen by it")
    for t, x in enumerate(columns, start=1):
        f.group(f"position {t}")
        f.rect(x - 38, 84, 76, 232, "frame", rx=16)
        f.state(x, 118, rf"\<h_{t}", r=22)
        f.input(x, 198, f"x_{t}", r=18)
        f.state(x, 278, rf"\>h_{t}", r=22)
        f.line(f"M{x} 180V143")
        f.line(f"M{x} 216V253")
        for s in range(1, 5):
            _cell(f, x - 38 + 19 * (s - 1), 44, s >= t)
            _cell(f, x - 38 + 19 * (s - 1), 338, s <= t)
        if t < 4:
            f.line(f"M{x + 78} 118H{x + 25}", STATE)
            f.line(f"M{x + 22} 278H{x + 75}", STATE)
    f.group("equation")
    f.text(20, 396, r"$\s{h_t} = [ \s{\>h_t} ; \s{\<h_t} ]$:  a frame is one position's state")
    return f


def _cell(f: Figure, x: float, y: float, seen: bool) -> None:
    f.rect(
        x + 1, y, 17, 17, "is" if seen else "nd", rx=2, style="" if seen else "fill:none;opacity:.5"
    )


def reversed_up_to_lengths() -> Figure:
    """Draw (6.4) beside a plain reversal of the row."""
    f = Figure(
        "reversed_up_to_lengths",
        "Turning a padded row round",
        """A row of three steps x1, x2, x3 with two dashed cells of padding behind. A plain reversal puts the padding first, so a
        reader would begin with it. The reversal of (6.4) gives x3, x2, x1 and leaves the padding at the end; done twice it gives
        the row back.""",
        280,
    )
    rows = (
        ("a row of length 3", (1, 2, 3, 0, 0), 30),
        ("row turned whole", (0, 0, 3, 2, 1), 104),
        ("turned by (6.4)", (3, 2, 1, 0, 0), 178),
    )
    for title, row, y in rows:
        f.group(title)
        f.text(20, y + 28, title)
        for place, t in enumerate(row):
            x = 168 + 51 * place
            style = "" if t else "fill:none;stroke-dasharray:3 4"
            f.rect(x, y, 48, 44, "nd", style=style)
            f.text(x + 24, y + 27, f"$x_{t}$" if t else "pad", "mid" if t else "mid q")
    f.text(430, 132, "pad first")
    f.text(430, 206, "$x_3$ first")
    f.text(20, 258, "A backward reader begins at the left of the turned row.")
    return f


def deep_stack() -> Figure:
    """Draw (6.8) for three layers, and what position 2 of four kinds of network has seen."""
    f = Figure(
        "deep_stack",
        "A stack of layers, and what position 2 has seen",
        """Left: three layers over four steps. Each state reads the state to its left in its own layer and the state below it.
        Right: strips of four cells for position 2. One forward layer has seen x1 and x2, three forward layers no more. In a
        bidirectional layer the forward half has seen x1 and x2, the backward half x2 to x4. In a second bidirectional layer each
        half has seen all four.""",
        400,
    )
    columns = (40, 110, 180, 250)
    f.group("the stack")
    for layer, y in ((3, 90), (2, 170), (1, 250)):
        for t, x in enumerate(columns, start=1):
            f.line(
                f"M{x} {y + 60 if layer > 1 else y + 64}V{y + 23}", STATE if layer > 1 else SIGNAL
            )
            f.state(x, y, f"h_{t}")
            if t < 4:
                f.line(f"M{x + 20} {y}H{x + 47}", STATE)
    for t, x in enumerate(columns, start=1):
        f.input(x, 332, f"x_{t}")
    f.text(145, 42, "layers 1 to 3, upwards", "mid")
    f.text(145, 378, "time to the right", "mid")
    f.group("what position 2 has seen")
    f.text(310, 42, "position 2 has seen")
    entries = (
        ("1 forward layer", 76, ((1, 2),)),
        ("3 forward layers", 146, ((1, 2),)),
        ("1 layer, two readers", 216, ((1, 2), (2, 4))),
        ("2 layers of two readers", 302, ((1, 4), (1, 4))),
    )
    for title, y, seen in entries:
        f.text(310, y, title)
        for row, (first, last) in enumerate(seen):
            for s in range(1, 5):
                _cell(f, 310 + 22 * (s - 1), y + 10 + 24 * row, first <= s <= last)
            if len(seen) > 1:
                half = r"\>h" if row == 0 else r"\<h"
                f.text(408, y + 24 + 24 * row, rf"$\s{{{half}}}$  {('forward', 'backward')[row]}")
    return f


FIGURES = (two_readers, reversed_up_to_lengths, deep_stack)
