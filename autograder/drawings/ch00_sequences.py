"""Figures of Chapter 0: a window and a recurrence, padding and its mask, three shapes."""

from __future__ import annotations

from autograder.drawings.canvas import FACTOR, SIGNAL, STATE, Figure


def window_or_recurrence() -> Figure:
    """Draw equations (0.1) and (0.3) beside each other."""
    f = Figure(
        "window_or_recurrence",
        "A dense layer on a window, and a recurrence",
        """Left: a dense layer on a window of three steps. Each input x1, x2, x3 has a block of weights of its own, W1, W2, W3,
        before they are added under one tanh to give h. For x4 there is no block. Right: a recurrence. States h0 to h4 follow
        one another, each reads its own input, and one set of weights, Whh, Wxh and bh, is read at every step, so the chain
        can go on.""",
        360,
    )
    f.group("dense layer on a window")
    f.text(130, 34, "dense layer on a window", "mid")
    f.state(105, 76, "h")
    f.line("M105 121V100")
    f.box(105, 140, 170, 36, r"$\r{tanh}$")
    for t, x in enumerate((45, 105, 165), start=1):
        f.line(f"M{x} 194V161")
        f.box(x, 212, 46, 34, rf"$\f{{\b{{W}}_{t}}}$", "nf")
        f.line(f"M{x} 265V232")
        f.input(x, 284, f"x_{t}")
    f.input(222, 284, "x_4")
    f.line("M210 250H234", FACTOR, head=False)
    f.text(222, 234, "none", "mid")
    f.text(20, 334, "own weights at each place")

    f.group("recurrence")
    f.text(396, 34, "recurrence", "mid")
    columns = (322, 376, 430, 484)
    f.circle(272, 120, 14, "ns hollow")
    f.text(272, 125, r"$\s{h_0}$", "mid")
    before = 286
    for t, x in enumerate(columns, start=1):
        f.line(f"M{before} 120H{x - 20}", STATE)
        f.line(f"M{x} 197V141")
        f.line(f"M{before + (4 if t == 1 else 10)} 258V130", FACTOR)
        f.state(x, 120, f"h_{t}", r=18)
        f.input(x, 214, f"x_{t}", r=16)
        before = x + 18
    f.rect(264, 260, 240, 42, "nf")
    f.text(384, 287, r"$\f{\b{W}_{hh}, \b{W}_{xh}, b_h}$", "mid")
    f.text(272, 334, "one set, read at every step")
    return f


def padding_and_mask() -> Figure:
    """Draw the example of (0.5) and (0.6): two sequences in one array."""
    f = Figure(
        "padding_and_mask",
        "A padded batch, its mask, and two means",
        """Left: the array of the sequences 1, 2, 3 and 4; the second row is filled up with two dashed cells of padding. Middle:
        the mask, 1 1 1 in the first row and 1 0 0 in the second. Right: the masked means are 2 and 4. The plain means are 2
        and four thirds: the second counts padding.""",
        290,
    )
    rows = ((1, 2, 3), (4, 0, 0))
    f.group("padded array")
    f.text(89, 38, "padded array", "mid")
    for n, row in enumerate(rows):
        for t, value in enumerate(row):
            data = t < (3, 1)[n]
            style = "" if data else "fill:none;stroke-dasharray:3 4"
            f.rect(20 + 46 * t, 56 + 52 * n, 42, 42, "nd", style=style)
            f.text(41 + 46 * t, 83 + 52 * n, f"${value}$", "mid" if data else "mid q")
    f.group("mask")
    f.text(257, 38, "mask", "mid")
    for n in range(2):
        for t in range(3):
            data = t < (3, 1)[n]
            style = "" if data else "fill:none;stroke-dasharray:3 4"
            f.rect(188 + 46 * t, 56 + 52 * n, 42, 42, "nf", style=style)
            f.text(209 + 46 * t, 83 + 52 * n, rf"$\f{{{int(data)}}}$", "mid")
    f.group("means")
    f.text(385, 38, "masked", "mid")
    f.text(470, 38, "plain", "mid")
    f.text(385, 83, "$2$", "mid")
    f.text(385, 135, "$4$", "mid")
    f.text(470, 83, "$2$", "mid")
    f.text(470, 135, r"$\g{4/3}$", "mid")
    f.text(427, 168, "mean of a row", "mid")
    f.text(89, 168, "lengths 3 and 1", "mid")
    f.text(257, 168, "1 where data are", "mid")
    f.group("what padding does")
    f.line("M20 190H500", head=False, style="stroke-width:1;opacity:.4")
    f.rect(20, 208, 26, 26, "nd", style="fill:none;stroke-dasharray:3 4")
    f.text(58, 227, "padding: may hold anything, must count nowhere")
    f.text(20, 266, r"plain mean of row 2:  $(4 + 0 + 0) / 3$,  masked:  $4 / 1$")
    return f


def three_shapes() -> Figure:
    """Draw (0.7) to (0.9), one below the other."""
    f = Figure(
        "three_shapes",
        "Three shapes of one recurrence",
        """Three rows, each with the states h1, h2, h3. Sequence to vector: inputs x1 to x3 enter from below, and the last state
        is the answer c. Sequence to sequence: the same, with an output y1, y2, y3 above each state. Vector to sequence: the
        state starts at c; a start symbol enters the first step, and each output y is the input of the next step.""",
        520,
    )
    columns = (210, 300, 390)
    f.group("sequence to vector")
    f.text(20, 64, "sequence")
    f.text(20, 84, "to vector")
    _chain(f, 64, "h_0")
    for t, x in enumerate(columns, start=1):
        f.line(f"M{x} 116V86")
        f.input(x, 133, f"x_{t}", r=16)
    f.line("M410 64H445", STATE)
    f.box(476, 64, 58, 36, r"$\s{c}$", "ns")
    f.group("sequence to sequence")
    f.text(20, 252, "sequence")
    f.text(20, 272, "to sequence")
    _chain(f, 258, "h_0")
    for t, x in enumerate(columns, start=1):
        f.line(f"M{x} 310V280")
        f.input(x, 327, f"x_{t}", r=16)
        f.line(f"M{x} 237V217")
        f.box(x, 199, 36, 32, f"$y_{t}$")
    f.group("vector to sequence")
    f.text(20, 394, "vector")
    f.text(20, 414, "to sequence")
    _chain(f, 400, "c")
    f.text(165, 461, "start", "mid")
    f.route([(186, 456), (203, 456), (203, 421)])
    for t, x in enumerate(columns, start=1):
        f.route([(x + 8, 419), (x + 8, 456), (x + 26, 456)])
        f.box(x + 44, 456, 34, 32, f"$y_{t}$")
        if t < 3:
            f.route([(x + 61, 456), (x + 83, 456), (x + 83, 421)])
    f.legend((STATE, "state", 20), (SIGNAL, "input, output", 120))
    return f


def _chain(f: Figure, y: float, start: str) -> None:
    f.state(140, y, start, r=16, given=True)
    for before, x, t in ((156, 210, 1), (230, 300, 2), (320, 390, 3)):
        f.line(f"M{before} {y}H{x - 22}", STATE)
        f.state(x, y, f"h_{t}")


FIGURES = (window_or_recurrence, padding_and_mask, three_shapes)
