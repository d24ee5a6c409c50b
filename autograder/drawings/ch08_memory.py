"""Figures of Chapter 8: the recall task, what one factor leaves, a sum and a rotation."""

from __future__ import annotations

import math

from autograder.drawings.canvas import FACTOR, STATE, Figure

SYMBOLS, LENGTH, TARGET = 4, 10, 2
FACTORS = (0.5, 0.9, 0.95, 1 / (1 + math.exp(-4)), 0.995, 1.0)
LAST = 40
KEPT, TURN, TURNS = 0.95, math.radians(33), 9


def recall_task() -> Figure:
    """Draw one sequence of (8.1)."""
    f = Figure(
        "recall_task",
        "The recall task",
        """A grid with five channels downwards and ten steps across. At step 1 channel 2 is one: that is the symbol to be recalled.
        At step 10 the last channel is one: that is the cue. All other cells are zero. An arrow runs over the silent steps
        from the symbol to the question at the last step.""",
        330,
    )
    left, top, size = 140, 84, 36
    f.group("steps")
    f.text(left + size / 2, 30, "shown", "mid")
    f.text(left + size * LENGTH - size / 2, 30, "asked", "mid")
    for t in (1, 2, 3):
        f.text(left + size * (t - 0.5), 66, f"${t}$", "mid")
    f.text(left + size * 6, 66, r"steps $t$", "mid")
    f.text(left + size * (LENGTH - 0.5), 66, "$T$", "mid")
    f.line(f"M{left + 48} 25H{left + size * LENGTH - 56}", STATE)
    f.group("channels")
    for channel in range(SYMBOLS + 1):
        y = top + size * channel
        name = f"symbol {channel}" if channel < SYMBOLS else "cue"
        f.text(left - 14, y + 23, name, "end")
        for t in range(1, LENGTH + 1):
            x = left + size * (t - 1)
            shown = t == 1 and channel == TARGET
            cue = t == LENGTH and channel == SYMBOLS
            kind = "ns" if shown else "nf" if cue else "frame"
            f.rect(x + 2, y + 2, size - 4, size - 4, kind, rx=4)
            if shown or cue:
                f.text(x + size / 2, y + 24, r"$\s{1}$" if shown else r"$\f{1}$", "mid")
    f.text(20, 306, f"all else is 0; the answer here is {TARGET}, one of {SYMBOLS} symbols")
    return f


def one_factor() -> Figure:
    """Draw (8.2) and (8.3) for the factors of the table."""
    f = Figure(
        "one_factor",
        "What one factor leaves of a signal",
        f"""Six curves from step 1 to step {LAST}, all beginning at 1. The factor 1 stays at 1; 0.995 ends at 0.82, 0.982 at 0.49,
        0.95 at 0.14, 0.9 at 0.02; 0.5 is at zero after ten steps. The same curves hold for an RNN's eigenvalue and for an LSTM's
        forget gate.""",
        390,
    )
    left, right, top, bottom = 60.0, 350.0, 54.0, 310.0

    def across(t: float) -> float:
        return left + (right - left) * (t - 1) / (LAST - 1)

    def up(value: float) -> float:
        return bottom - (bottom - top) * value

    f.group("axes")
    f.line(f"M{left:.0f} {top - 10:.0f}V{bottom:.0f}H{right:.0f}", head=False)
    for value in (0, 0.5, 1):
        f.text(left - 10, up(value) + 5, f"${value}$", "end")
    for t in (1, 10, 20, 30, 40):
        f.text(across(t), bottom + 24, f"${t}$", "mid")
    f.text(across(20), bottom + 54, "step $t$", "mid")
    f.group("curves")
    for factor in FACTORS:
        points = " ".join(
            f"{across(t):.1f} {up(factor ** (t - 1)):.1f}" for t in range(1, LAST + 1)
        )
        f.line(f"M{points}", STATE, head=False)
    f.group("what is left at the last step")
    f.text(365, 24, "factor: left at 40")
    for factor in FACTORS[1:]:
        value = factor ** (LAST - 1)
        label = "1" if factor == 1 else f"{value:.3f}".rstrip("0")
        f.text(365, up(value) + 6, rf"$\s{{{factor:.3g}}}$:  {label}")
    f.text(across(4.4), up(0.26), r"$\s{0.5}$")
    return f


def sum_or_rotation() -> Figure:
    """Draw the trace of step 1 under 0.95 I and under 0.95 Q, after each of some steps."""
    f = Figure(
        "sum_or_rotation",
        "A leaky sum and a rotation",
        """Two pictures of the trace of step 1 in a plane of states, after each of nine steps. Left, Whh = 0.95 I: the trace grows
        shorter and stays in one direction, the direction of everything that comes in later. Right, Whh = 0.95 Q: the trace grows
        shorter by the same factor and turns at every step, so that it points elsewhere than what comes in now.""",
        360,
    )
    length = 104.0
    for x, y, turning in ((130.0, 236.0, False), (380.0, 190.0, True)):
        title = (
            r"$\f{\b{W}_{hh}} = 0.95 \f{\b{Q}}$"
            if turning
            else r"$\f{\b{W}_{hh}} = 0.95 \f{\b{I}}$"
        )
        f.group("rotation" if turning else "leaky sum")
        f.text(x, 36, title, "mid")
        for step in range(TURNS, -1, -1):
            size = length * KEPT**step
            angle = math.pi / 2 + (TURN * step if turning else 0.0)
            # On one line arrows would hide one another: they stand a little apart.
            shift = 0.0 if turning else 10.0 * (step - TURNS / 2)
            x0 = x + shift
            stop = (x0 + size * math.cos(angle), y - size * math.sin(angle))
            role, style = (FACTOR, "") if step == 0 else (STATE, f"opacity:{1 - 0.07 * step:.2f}")
            f.line(f"M{x0:.1f} {y:.0f}L{stop[0]:.1f} {stop[1]:.1f}", role, style=style)
    f.text(130, 272, "one direction for all steps,", "mid")
    f.text(130, 292, "drawn side by side", "mid")
    f.text(396, 84, "comes in now")
    f.legend((FACTOR, "comes in now", 20), (STATE, "the same, 1 to 9 steps later", 180))
    return f


FIGURES = (recall_task, one_factor, sum_or_rotation)
