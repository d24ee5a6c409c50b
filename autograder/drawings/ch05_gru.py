"""Figures of Chapter 5: the cell, arrow by arrow; the LSTM beside it; the two places of the reset gate."""

from __future__ import annotations

from autograder.drawings.canvas import FACTOR, LANE, SIGNAL, STATE, Figure


def gru_cell() -> Figure:
    """Draw (5.1) to (5.4), arrow by arrow."""
    f = Figure(
        "gru_cell",
        "The GRU cell, arrow by arrow",
        """A thick line carries the one state from h(t-1) on the left to h(t) on the right. On it the state is multiplied by one
        minus z, then z times the candidate is added. The update gate z reads h(t-1) and x(t), and so does the reset gate r. A
        copy of h(t-1) is multiplied by r, joined with x(t), and passes through a tanh to give the candidate.""",
        560,
    )
    f.group("the cell")
    f.rect(50, 30, 436, 390, "frame", rx=16)
    f.group("the one state")
    f.line("M12 90H492", LANE)
    f.text(28, 70, r"$\s{h_{t−1}}$", "mid")
    f.text(503, 66, r"$\s{h_t}$", "mid")
    f.text(150, 62, r"$( 1 − \f{z_t} ) ⊙ \s{h_{t−1}}$")
    f.group("update gate, used twice")
    f.text(118, 176, r"$[ \s{h_{t−1}} , x_t ]$")
    f.line("M118 190H224")
    f.gate(260, 190, "update")
    f.line("M294 190H383", FACTOR)
    f.line("M334 190V107", FACTOR)
    f.dot(334, 190, FACTOR)
    f.text(342, 146, r"$1 − \f{z_t}$")
    f.text(306, 180, r"$\f{z_t}$")
    f.group("write")
    f.line("M400 276V207")
    f.text(410, 250, r"$\~h_t$")
    f.line("M400 174V111", STATE)
    f.text(416, 146, r"$\f{z_t} ⊙ \~h_t$")
    f.rect(354, 278, 92, 48, "nd")
    f.text(400, 298, r"$\r{tanh}$", "mid")
    f.text(400, 316, "candidate", "mid")
    f.group("what the candidate reads")
    f.line("M318 284V318", head=False, style="stroke-width:5")
    f.line("M320 301H352")
    f.route([(82, 90), (82, 292), (188, 292)], STATE)
    f.dot(82, 90, STATE)
    f.line("M220 292H313", STATE)
    f.text(226, 280, r"$\f{r_t} ⊙ \s{h_{t−1}}$")
    f.route([(290, 456), (290, 310), (313, 310)])
    f.text(290, 476, "$x_t$", "mid")
    f.group("reset gate")
    f.line("M205 346V309", FACTOR)
    f.text(215, 338, r"$\f{r_t}$")
    f.gate(205, 372, "reset")
    f.text(62, 358, r"$[ \s{h_{t−1}} , x_t ]$")
    f.line("M62 372H169")
    f.group("operations")
    f.times(334, 90, "ns")
    f.plus(400, 90)
    f.times(400, 190)
    f.times(205, 292)
    f.group("equation")
    f.text(20, 508, r"$\s{h_t} = ( 1 − \f{z_t} ) ⊙ \s{h_{t−1}} + \f{z_t} ⊙ \~h_t$")
    f.legend((STATE, "state", 20), (FACTOR, "gate", 130), (SIGNAL, "signal", 230))
    return f


def lstm_beside_gru() -> Figure:
    """Draw what (4.5) and (5.4) do to the state that is kept: two dials, or one."""
    f = Figure(
        "lstm_beside_gru",
        "Two free gates, or one that does both",
        """Above, the LSTM: the cell state is multiplied by f, then i times the candidate is added; f and i are two gates that can
        be set freely, both may be 1. A second state h is shown through the output gate. Below, the GRU: the state is multiplied
        by one minus z, then z times the candidate is added; one gate does both, the two factors always add up to 1, and the state
        is shown as it is.""",
        430,
    )
    for y, name in ((96, "LSTM"), (284, "GRU")):
        lstm = name == "LSTM"
        kept, new = ("c", r"\~c_t") if lstm else ("h", r"\~h_t")
        first, second = (r"\f{f_t}", r"\f{i_t}") if lstm else (r"1 − \f{z_t}", r"\f{z_t}")
        f.group(name)
        f.text(20, y - 58, name, "b")
        f.line(f"M20 {y}H326", LANE)
        f.text(34, y - 16, rf"$\s{{{kept}_{{t−1}}}}$", "mid")
        f.text(322, y - 20, rf"$\s{{{kept}_t}}$", "mid")
        f.times(120, y, "ns")
        f.plus(250, y)
        f.line(f"M120 {y + 54}V{y + 17}", FACTOR)
        f.line(f"M250 {y + 54}V{y + 21}", STATE)
        f.text(130, y + 42, f"${first}$")
        f.text(262, y + 42, f"${second} ⊙ {new}$")
        f.rect(86, y + 54, 68, 30, "nf", rx=15)
        f.rect(216, y + 54, 68, 30, "nf", rx=15)
        f.text(120, y + 75, "forget" if lstm else "update", "mid")
        f.text(250, y + 75, "input" if lstm else "update", "mid")
        if lstm:
            f.text(302, y + 75, "set apart: both may be 1")
            f.box(386, y, 56, 32, r"$\r{tanh}$")
            f.line(f"M342 {y}H356", STATE, head=False)
            f.times(450, y)
            f.line(f"M414 {y}H433")
            f.line(f"M450 {y - 46}V{y - 17}", FACTOR)
            f.text(460, y - 30, r"$\f{o_t}$")
            f.line(f"M465 {y}H504", STATE)
            f.text(500, y - 12, r"$\s{h_t}$", "mid")
        else:
            f.line(f"M154 {y + 69}H216", FACTOR, head=False)
            f.text(302, y + 75, "one gate: they add up to 1")
            f.text(362, y + 6, "shown as it is")
    f.line("M20 196H500", head=False, style="stroke-width:1;opacity:.4")
    f.legend((STATE, "state", 20), (FACTOR, "gate", 130))
    return f


def two_places_of_the_reset() -> Figure:
    """Draw the reset gate before the product, (5.3), and behind it, (5.9)."""
    f = Figure(
        "two_places_of_the_reset",
        "The reset gate before the product, or behind it",
        """Above, this chapter's cell: h(t-1) is multiplied by r first, then by the state's columns of Wh. Below, PyTorch's cell:
        h(t-1) is multiplied by Whn first, the bias bhn is added, and r scales the result. In both, what comes from the input
        is added and a tanh follows.""",
        340,
    )
    f.group("before")
    f.text(20, 36, r"this chapter, (5.3): $\f{r_t}$ scales the state")
    f.line("M64 96H133", STATE)
    f.text(40, 102, r"$\s{h_{t−1}}$", "mid")
    f.line("M150 58V78", FACTOR)
    f.text(162, 68, r"$\f{r_t}$")
    f.times(150, 96)
    f.line("M165 96H215")
    f.box(246, 96, 58, 38, r"$\f{\b{W}_h}$", "nf")
    f.line("M275 96H343")
    f.plus(360, 96, "nd")
    f.line("M360 142V113")
    f.text(360, 160, "from $x_t$", "mid")
    f.line("M375 96H408")
    f.box(441, 96, 62, 36, r"$\r{tanh}$")
    f.line("M472 96H484")
    f.text(502, 102, r"$\~h_t$", "mid")
    f.line("M20 180H500", head=False, style="stroke-width:1;opacity:.4")
    f.group("behind")
    f.text(20, 212, r"PyTorch, (5.9): $\f{r_t}$ scales the result of the product")
    f.line("M64 266H99", STATE)
    f.text(40, 272, r"$\s{h_{t−1}}$", "mid")
    f.box(133, 266, 64, 38, r"$\f{\b{W}_{hn}}$", "nf")
    f.line("M165 266H193")
    f.plus(210, 266, "nd")
    f.line("M210 302V283")
    f.text(210, 320, r"$\f{b_{hn}}$", "mid")
    f.line("M225 266H268")
    f.line("M285 230V249", FACTOR)
    f.text(297, 244, r"$\f{r_t}$")
    f.times(285, 266)
    f.line("M300 266H343")
    f.plus(360, 266, "nd")
    f.line("M360 302V283")
    f.text(360, 320, "from $x_t$", "mid")
    f.line("M375 266H408")
    f.box(441, 266, 62, 36, r"$\r{tanh}$")
    f.line("M472 266H484")
    f.text(502, 272, "$n_t$", "mid")
    return f


FIGURES = (gru_cell, lstm_beside_gru, two_places_of_the_reset)
