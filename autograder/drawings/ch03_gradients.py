"""Figures of Chapter 3: the product of Jacobians, powers of one number, two ways to clip."""

from __future__ import annotations

import math

from autograder.drawings.canvas import GRADIENT, SIGNAL, STATE, Figure

RADII = (0.5, 0.9, 1.0, 1.1)
STEPS = 100


def product_of_jacobians() -> Figure:
    """Draw (3.2) to (3.4) along four states, and one Jacobian with the numbers of the example."""
    f = Figure(
        "product_of_jacobians",
        "One Jacobian per step",
        """Four states h1 to h4 with one Jacobian between each pair: J2, J3, J4. Forwards a small change of h1 is multiplied by
        J2 first and by J4 last, so the product is J4 J3 J2. Backwards the gradient delta 4 is multiplied by J4 transposed,
        then by J3 transposed, then by J2 transposed, and arrives as delta 1. Below, J3 of the example: the slopes 1 and 0.36
        scale the rows of Whh, (0.5, 1) and (0, 0.5), to (0.5, 1) and (0, 0.18).""",
        470,
    )
    columns = (44, 188, 332, 476)
    f.group("a change runs forwards")
    f.text(20, 32, "a change of the state, forwards")
    f.group("a gradient runs back")
    for t, x in enumerate(columns, start=1):
        f.state(x, 78, f"h_{t}")
        f.circle(x, 158, 20, "ng")
        f.text(x, 163, rf"$\g{{δ_{t}}}$", "mid")
        if t < 4:
            middle = x + 72
            f.box(middle, 78, 50, 38, rf"$\f{{\b{{J}}_{t + 1}}}$", "nf")
            f.line(f"M{x + 20} 78H{middle - 28}", STATE)
            f.line(f"M{middle + 25} 78H{x + 122}", STATE)
            f.box(middle, 158, 50, 38, rf"$\f{{\b{{J}}_{t + 1}^⊤}}$", "nf")
            f.line(f"M{x + 124} 158H{middle + 28}", GRADIENT)
            f.line(f"M{middle - 25} 158H{x + 23}", GRADIENT)
    f.text(20, 212, "the gradient, back")
    f.text(250, 212, r"$∂\s{h_4}/∂\s{h_1} = \f{\b{J}_4 \b{J}_3 \b{J}_2}$,  3 factors")
    f.line("M20 232H500", head=False, style="stroke-width:1;opacity:.4")
    f.group("one Jacobian")
    f.text(
        20, 262, r"$\f{\b{J}_3} = \r{diag}( 1 − \s{h_3^2} ) \f{\b{W}_{hh}}$:  slopes scale the rows"
    )
    f.text(80, 300, "slopes", "mid")
    f.text(230, 300, r"$\f{\b{W}_{hh}}$", "mid")
    f.text(430, 300, r"$\f{\b{J}_3}$", "mid")
    for row, (slope, first, second, left, right) in enumerate(
        (("1", "0.5", "1", "0.5", "1"), ("0.36", "0", "0.5", "0", "0.18"))
    ):
        y = 336 + 52 * row
        f.box(80, y, 66, 36, rf"$\s{{{slope}}}$", "ns")
        f.line(f"M113 {y}H166", STATE)
        f.box(200, y, 60, 36, rf"$\f{{{first}}}$", "nf", rx=2)
        f.box(260, y, 60, 36, rf"$\f{{{second}}}$", "nf", rx=2)
        f.line(f"M296 {y}H366")
        f.box(400, y, 60, 36, rf"$\f{{{left}}}$", "nf", rx=2)
        f.box(460, y, 60, 36, rf"$\f{{{right}}}$", "nf", rx=2)
    f.legend((STATE, "state", 20), (GRADIENT, "gradient", 130), (SIGNAL, "gives", 265))
    return f


def powers_of_a_radius() -> Figure:
    """Draw the k-th powers of some spectral radii on a logarithmic axis, (3.7)."""
    f = Figure(
        "powers_of_a_radius",
        "What is left of a gradient after k steps",
        """Powers of four spectral radii over a hundred steps, on a logarithmic axis from one hundred millionth to ten thousand
        and more. The radius 1 stays at 1. The radius 1.1 rises in a straight line to about 14,000, 0.9 falls in a straight
        line to about 0.000027, 0.5 leaves the picture after 26 steps.""",
        380,
    )
    low, high = -8.0, 5.0
    left, right, top, bottom = 76.0, 376.0, 30.0, 310.0

    def across(k: float) -> float:
        return left + (right - left) * k / STEPS

    def up(exponent: float) -> float:
        return bottom - (bottom - top) * (exponent - low) / (high - low)

    f.group("axes")
    f.line(f"M{left:.0f} {top:.0f}V{bottom:.0f}H{right:.0f}", head=False)
    for exponent in (4, 0, -4, -8):
        y = up(exponent)
        label = "$1$" if exponent == 0 else f"$10^{{{exponent}}}$".replace("-", "−")
        f.text(left - 10, y + 5, label, "end")
        f.line(f"M{left:.0f} {y:.1f}H{right:.0f}", head=False, style="stroke-width:1;opacity:.25")
    for k in (0, 25, 50, 75, 100):
        f.text(across(k), bottom + 24, f"${k}$", "mid")
    f.text(across(50), bottom + 52, "steps back, $k$", "mid")
    f.group("powers")
    for radius in RADII:
        rate = math.log10(radius)
        last = min(float(STEPS), low / rate if rate < 0 else math.inf)
        start, stop = (across(0), up(0)), (across(last), up(rate * last))
        f.line(f"M{start[0]:.1f} {start[1]:.1f}L{stop[0]:.1f} {stop[1]:.1f}", GRADIENT, head=False)
    f.text(386, up(100 * math.log10(1.1)) + 6, rf"$\g{{1.1^k}}$  ≈ {_thousands(1.1)}")
    f.text(386, up(0) + 6, r"$\g{1^k}$  = 1")
    f.text(386, up(100 * math.log10(0.9)), r"$\g{0.9^k}$")
    f.text(386, up(100 * math.log10(0.9)) + 26, f"≈ {_scientific(0.9)}")
    f.text(across(24), up(-7), r"$\g{0.5^k}$")
    return f


def _thousands(radius: float) -> str:
    return f"{round(radius**STEPS, -3):,.0f}"


def _scientific(radius: float) -> str:
    digits, exponent = f"{radius**STEPS:.1e}".split("e")
    return f"${digits} · 10^{{−{abs(int(exponent))}}}$"


def two_ways_to_clip() -> Figure:
    """Draw one gradient clipped by norm, (3.8), and by value."""
    f = Figure(
        "two_ways_to_clip",
        "Clipping by norm keeps the direction, clipping by value does not",
        """Twice the same long gradient g with entries 4 and 1. Left, clipping by norm: g is shortened until it ends on a circle
        of radius tau equal to 2, and points where it pointed. Right, clipping by value: each entry is cut at c equal to 2, so
        that g ends in the square at the point (2, 1), and points somewhere else.""",
        330,
    )
    unit, gradient, limit = 40.0, (4.0, 1.0), 2.0
    norm = math.hypot(*gradient)
    by_norm = tuple(limit / norm * entry for entry in gradient)
    by_value = tuple(min(max(entry, -limit), limit) for entry in gradient)
    for x, title, clipped in ((90, "by norm", by_norm), (340, "by value", by_value)):
        y = 170
        f.group(title)
        f.text(x + 50, 38, title, "mid")
        f.line(f"M{x - 84} {y}H{x + 160}", head=False, style="stroke-width:1;opacity:.4")
        f.line(f"M{x} {y + 88}V{y - 88}", head=False, style="stroke-width:1;opacity:.4")
        if title == "by norm":
            f.circle(x, y, limit * unit, "frame")
            f.text(x - 62, y + 104, "radius $τ$")
        else:
            side = limit * unit
            f.rect(x - side, y - side, 2 * side, 2 * side, "frame", rx=0)
            f.text(x - 78, y + 104, "sides at $±c$")
        end = (x + unit * gradient[0], y - unit * gradient[1])
        f.line(f"M{x} {y}L{end[0]:.1f} {end[1]:.1f}", GRADIENT, style="opacity:.55")
        f.text(end[0] - 20, end[1] - 14, r"$\g{g}$", "mid")
        stop = (x + unit * clipped[0], y - unit * clipped[1])
        f.line(
            f"M{x} {y}L{stop[0]:.1f} {stop[1]:.1f}",
            GRADIENT,
            style="stroke-width:4;stroke-dasharray:none",
        )
    f.text(20, 306, "same direction, length $τ$")
    f.text(290, 306, "direction changed")
    return f


FIGURES = (product_of_jacobians, powers_of_a_radius, two_ways_to_clip)
