"""Figures of Chapter 1: the unfolded graph, and the gradient that comes back through it."""

from __future__ import annotations

from autograder.drawings.canvas import FACTOR, GRADIENT, SIGNAL, STATE, Figure


def unfolded_graph() -> Figure:
    """Draw (1.1) as a loop and, for three steps, (1.2) as a graph without one."""
    f = Figure(
        "unfolded_graph",
        "From a loop to a graph",
        """Left: one node h with a loop, an input x below and the parameters theta above. Right: the same recurrence unfolded
        for three steps. h0 leads to h1, h1 to h2, h2 to h3; the inputs x1, x2, x3 enter from below; one and the same theta
        enters every step from above.""",
        330,
    )
    f.group("the loop")
    f.rect(38, 40, 60, 40, "nf")
    f.text(68, 66, r"$\f{θ}$", "mid")
    f.line("M68 80V137", FACTOR)
    f.line("M51 149C4 114 4 206 48 172.5", STATE)
    f.line("M68 244V183")
    f.state(68, 160, "h")
    f.input(68, 262, "x")
    f.group("unfold")
    f.unfold(128, 156)
    f.text(128, 134, "unfold", "mid")
    f.group("the graph")
    f.rect(220, 40, 280, 40, "nf")
    f.text(238, 66, r"$\f{θ}$   one object, read at every step")
    f.state(180, 160, "h_0", r=17, given=True)
    before = 197
    for t, x in enumerate((270, 365, 460), start=1):
        f.line(f"M{before} 160H{x - 22}", STATE)
        f.line(f"M{x} 80V137", FACTOR)
        f.line(f"M{x} 244V183")
        f.state(x, 160, f"h_{t}")
        f.input(x, 262, f"x_{t}")
        before = x + 20
    f.legend((STATE, "state", 20), (FACTOR, "parameters", 130), (SIGNAL, "input", 280))
    return f


def gradient_through_time() -> Figure:
    """Draw the example of (1.3) and (1.4) with its numbers: shares of one parameter, collected on the way back."""
    f = Figure(
        "gradient_through_time",
        "Back-propagation through time, with the numbers of the example",
        """States h0 = 4, h1 = 4, h2 = 2, h3 = 7 from left to right, inputs 1, 0, 3 below. One parameter a at the bottom is read
        by all three steps. The loss is h3. Its gradient comes back from right to left: delta 3 is 1, delta 2 is one half,
        delta 1 is one quarter. At each step a share, delta t times h t-1, goes up; the shares 1, 2 and 2 add up to 5, the
        gradient of L with respect to a.""",
        470,
    )
    columns = (190, 310, 430)
    f.group("sum of the shares")
    f.rect(20, 20, 480, 48, "ng")
    f.text(66, 50, r"$\g{∂L/∂a =}$", "mid")
    shares = (("¼", "4", 140), ("½", "4", 250), ("1", "2", 370))
    for number, (delta, state, x) in enumerate(shares):
        f.text(x, 50, rf"$\g{{{delta} · {state}}}$", "mid")
        f.text((195, 310, 440)[number], 50, r"$\g{" + ("+", "+", "= 5")[number] + "}$", "mid")
    f.group("one parameter, three readers")
    f.rect(110, 340, 390, 38, "nf")
    f.text(305, 364, r"$\f{a}$ = ½, one number, read at every step", "mid")
    for x in (140, 250, 370):
        f.line(f"M{x} 338V210", FACTOR)
    f.group("forward")
    f.state(80, 200, "h_0", r=18, given=True)
    f.text(92, 236, r"$\s{= 4}$")
    before = 98
    inputs, states = (1, 0, 3), (4, 2, 7)
    for t, x in enumerate(columns, start=1):
        f.line(f"M{before} 206H{x - 21}", STATE)
        f.line(f"M{x} 276V223")
        f.state(x, 200, f"h_{t}")
        f.text(x + 12, 238, rf"$\s{{= {states[t - 1]}}}$")
        f.input(x, 294, f"x_{t}")
        f.text(x + 22, 299, f"= {inputs[t - 1]}")
        before = x + 20
    f.group("back")
    f.box(430, 116, 74, 32, "$L = h_3$")
    f.line("M430 180V133", SIGNAL, style="opacity:.5")
    f.line("M440 133V179", GRADIENT)
    f.line("M411 193H332", GRADIENT)
    f.line("M291 193H212", GRADIENT)
    f.line("M171 193H140V70", GRADIENT)
    f.line("M250 193V70", GRADIENT)
    f.line("M370 193V70", GRADIENT)
    f.dot(250, 193, GRADIENT)
    f.dot(370, 193, GRADIENT)
    f.text(452, 165, r"$\g{δ_3}$ = 1")
    f.text(303, 165, r"$\g{δ_2}$ = ½", "mid")
    f.text(197, 165, r"$\g{δ_1}$ = ¼", "mid")
    f.group("equations")
    f.text(20, 414, r"$\s{h_t} = \f{a} \s{h_{t−1}} + \f{b} x_t$")
    f.text(270, 414, r"$\g{δ_{t−1}} = \f{a} \g{δ_t}$")
    f.legend(
        (STATE, "state", 20),
        (FACTOR, "parameter", 130),
        (GRADIENT, "gradient", 270),
        (SIGNAL, "input", 400),
    )
    return f


FIGURES = (unfolded_graph, gradient_through_time)
