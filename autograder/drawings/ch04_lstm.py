"""Figures of Chapter 4: the cell, arrow by arrow, and the path along its cell states."""

from __future__ import annotations

from autograder.drawings.canvas import FACTOR, GRADIENT, LANE, SIGNAL, STATE, Figure


def lstm_cell() -> Figure:
    """Draw (4.1) to (4.6), arrow by arrow."""
    f = Figure(
        "lstm_cell",
        "The LSTM cell, arrow by arrow",
        """The previous hidden state h(t-1) and the input x(t) are joined and feed four units: forget gate f, input gate i and
        output gate o, each with a sigmoid, and the candidate with a tanh. A thick line carries the cell state from c(t-1) on
        the left to c(t) on the right. On it the state is first multiplied by f, then i times the candidate is added. A copy
        of c(t) passes through tanh and is multiplied by o to give h(t).""",
        510,
    )
    f.group("the cell")
    f.rect(60, 30, 412, 340, "frame", rx=16)
    f.group("cell state")
    f.line("M12 90H492", LANE)
    f.text(32, 72, r"$\s{c_{t−1}}$", "mid")
    f.text(496, 66, r"$\s{c_t}$", "mid")
    f.text(128, 58, r"$\f{f_t} ⊙ \s{c_{t−1}}$")
    f.text(340, 58, "additive path", "q")
    f.group("the joined vector and who reads it")
    f.line("M12 323H91", STATE)
    f.text(32, 310, r"$\s{h_{t−1}}$", "mid")
    f.route([(72, 414), (72, 337), (91, 337)])
    f.text(72, 434, "$x_t$", "mid")
    f.line("M96 316V344", head=False, style="stroke-width:5")
    f.route([(96, 330), (380, 330), (380, 296)])
    for x in (120, 200, 290):
        f.line(f"M{x} 330V296")
        f.dot(x, 330)
    f.text(245, 356, r"$[ \s{h_{t−1}} , x_t ]$", "mid")
    f.group("gates")
    f.line("M120 242V107", FACTOR)
    f.route([(200, 242), (200, 180), (273, 180)], FACTOR)
    f.route([(380, 242), (380, 210), (413, 210)], FACTOR)
    f.text(130, 230, r"$\f{f_t}$")
    f.text(210, 230, r"$\f{i_t}$")
    f.text(390, 238, r"$\f{o_t}$")
    for x, name in ((120, "forget"), (200, "input"), (380, "output")):
        f.gate(x, 270, name)
    f.group("write")
    f.line("M290 246V197")
    f.rect(244, 246, 92, 48, "nd")
    f.text(290, 266, r"$\r{tanh}$", "mid")
    f.text(290, 284, "candidate", "mid")
    f.text(300, 234, r"$\~c_t$")
    f.line("M290 165V111", STATE)
    f.text(303, 146, r"$\f{i_t} ⊙ \~c_t$")
    f.group("read")
    f.line("M430 90V132", STATE)
    f.box(430, 150, 58, 32, r"$\r{tanh}$")
    f.line("M430 166V193")
    f.line("M445 210H508", STATE)
    f.text(494, 194, r"$\s{h_t}$", "mid")
    f.group("operations")
    f.times(120, 90, "ns")
    f.plus(290, 90)
    f.times(290, 180)
    f.times(430, 210)
    f.group("equations")
    f.text(150, 404, r"$\s{c_t} = \f{f_t} ⊙ \s{c_{t−1}} + \f{i_t} ⊙ \~c_t$")
    f.text(150, 434, r"$\s{h_t} = \f{o_t} ⊙ \r{tanh}( \s{c_t} )$")
    f.group("legend")
    y = 480
    f.line(f"M20 {y}H48", LANE, head=False)
    f.text(56, y + 5, "cell state")
    f.line(f"M150 {y}H178", STATE, head=False)
    f.text(186, y + 5, "hidden state")
    f.line(f"M304 {y}H332", FACTOR, head=False)
    f.text(340, y + 5, "gate")
    f.line(f"M400 {y}H428", head=False)
    f.text(436, y + 5, "signal")
    return f


def cell_highway() -> Figure:
    """Draw the direct path of (4.9) over three steps, beside the way through the hidden states."""
    f = Figure(
        "cell_highway",
        "The direct path of the gradient along the cell states",
        """A thick line carries the cell state from c0 to c3 through three steps. In step t it is multiplied by f(t), and i(t)
        times the candidate is added. Above it a dashed gradient runs back from c3 to c0; at every step it is multiplied by
        f(t) and by nothing else, so that f1 f2 f3 is left. Below runs the other way: each c(t) also
        gives h(t), which goes through four weight matrices into the gates of the next step. That way is no part of this
        product.""",
        412,
    )
    f.group("the gradient's way back")
    f.line("M486 58H30", GRADIENT)
    f.text(500, 42, r"$\g{1}$", "mid")
    for number, label in enumerate((r"\f{f_1 f_2 f_3}", r"\f{f_2 f_3}", r"\f{f_3}")):
        f.text(48 + 140 * number, 42, f"${label}$", "mid")
    f.group("cell state")
    f.line("M14 122H484", LANE)
    f.text(26, 104, r"$\s{c_0}$", "mid")
    f.text(494, 100, r"$\s{c_3}$", "mid")
    f.group("three steps")
    f.route([(14, 304), (122, 304), (122, 274)], STATE)
    f.text(30, 326, r"$\s{h_0}$", "mid")
    for t in (1, 2, 3):
        x = 98 + 140 * (t - 1)
        f.rect(x - 44, 82, 128, 204, "frame", rx=14)
        f.line(f"M{x} 178V139", FACTOR)
        f.text(x, 200, rf"$\f{{f_{t}}}$", "mid")
        f.times(x, 122, "ns")
        f.line(f"M{x + 48} 178V143")
        f.text(x + 48, 200, rf"$\f{{i_{t}}} ⊙ \~c_{t}$", "mid")
        f.plus(x + 48, 122)
        f.box(x + 24, 254, 100, 34, "4 matrices", "nf")
        f.line(f"M{x} 237V210")
        f.line(f"M{x + 48} 237V210")
        if t < 3:
            f.dot(x + 91, 122, STATE)
            f.route([(x + 91, 122), (x + 91, 304), (x + 164, 304), (x + 164, 274)], STATE)
            f.text(x + 110, 326, rf"$\s{{h_{t}}}$", "mid")
    f.group("equation")
    f.text(20, 358, r"$∂\s{c_3}/∂\s{c_0} = \f{f_1 f_2 f_3}$  on the direct path: gates only")
    f.legend(
        (STATE, "state", 20),
        (FACTOR, "gate", 120),
        (GRADIENT, "gradient", 220),
        (SIGNAL, "signal", 350),
    )
    return f


FIGURES = (lstm_cell, cell_highway)
