"""Figures of Chapter 2: the cell, and where the gradient of its shared weight comes from."""

from __future__ import annotations

from autograder.drawings.canvas import FACTOR, GRADIENT, SIGNAL, STATE, Figure


def rnn_cell() -> Figure:
    """Draw (2.1) and (2.2), arrow by arrow."""
    f = Figure(
        "rnn_cell",
        "The vanilla RNN, one step",
        """The previous state h(t-1) comes in from the left and is multiplied by Whh, the input x(t) comes in from below and is
        multiplied by Wxh. Both products and the bias bh are added, a tanh is applied to the sum, and the result is the new
        state h(t), which leaves to the right. A copy of it goes up through Why, and with the bias by added it is the output
        y(t).""",
        470,
    )
    f.group("the step")
    f.rect(60, 126, 400, 176, "frame", rx=16)
    f.line("M14 210H94", STATE)
    f.text(32, 192, r"$\s{h_{t−1}}$", "mid")
    f.box(129, 210, 66, 40, r"$\f{\b{W}_{hh}}$", "nf")
    f.line("M162 210H205")
    f.plus(222, 210, "nd")
    f.line("M222 176V193")
    f.box(222, 158, 46, 34, r"$\f{b_h}$", "nf")
    f.line("M222 246V227")
    f.box(222, 267, 66, 40, r"$\f{\b{W}_{xh}}$", "nf")
    f.line("M222 332V289")
    f.text(222, 352, "$x_t$", "mid")
    f.line("M237 210H286")
    f.text(261, 200, "$a_t$", "mid")
    f.box(319, 210, 62, 36, r"$\r{tanh}$")
    f.line("M350 210H506", STATE)
    f.text(490, 192, r"$\s{h_t}$", "mid")
    f.group("the readout")
    f.dot(410, 210, STATE)
    f.line("M410 210V117", STATE)
    f.box(410, 95, 66, 40, r"$\f{\b{W}_{hy}}$", "nf")
    f.line("M410 75V62")
    f.plus(410, 46, "nd")
    f.box(330, 46, 46, 34, r"$\f{b_y}$", "nf")
    f.line("M353 46H393")
    f.line("M425 46H470")
    f.text(490, 52, "$y_t$", "mid")
    f.text(20, 52, "readout")
    f.text(76, 150, "step")
    f.group("equations")
    f.text(
        20,
        392,
        r"$\s{h_t} = \r{tanh}( \f{\b{W}_{hh}} \s{h_{t−1}} + \f{\b{W}_{xh}} x_t + \f{b_h} )$",
    )
    f.text(20, 420, r"$y_t = \f{\b{W}_{hy}} \s{h_t} + \f{b_y}$")
    f.legend((STATE, "state", 20), (SIGNAL, "signal", 130))
    f.rect(232, 438, 28, 16, "nf", rx=4)
    f.text(268, 450, "weights, shared by all steps")
    return f


def shares_of_one_weight() -> Figure:
    """Draw (2.4) to (2.7): four uses of Whh, four shares of its gradient."""
    f = Figure(
        "shares_of_one_weight",
        "Four uses of one weight, four shares of its gradient",
        """States h0 to h4 from left to right; above each of h1 to h4 what reads it, the readout Why with its loss L. One matrix
        Whh at the bottom is read at every step. Gradients come down from each loss and run from right to left between the
        states. At each step the share delta(t) times h(t-1) transposed goes up; the four shares are added to the gradient of
        L with respect to Whh.""",
        540,
    )
    columns = (205, 293, 381, 469)
    between = (150, 249, 337, 425)
    f.group("sum of the shares")
    f.rect(20, 20, 480, 46, "ng")
    f.text(24, 49, r"$\g{∂L/∂\b{W}_{hh}=}$")
    for t, x in enumerate(between, start=1):
        f.text(x + 10, 49, rf"$\g{{δ_{t} h_{t - 1}^⊤}}$", "mid")
    for x in (204, 298, 386):
        f.text(x, 49, r"$\g{+}$", "mid")
    f.group("one matrix, four readers")
    f.rect(120, 380, 380, 38, "nf")
    f.text(310, 404, r"$\f{\b{W}_{hh}}$   one matrix, read at every step", "mid")
    for x in between:
        f.line(f"M{x} 378V243", FACTOR)
    f.group("forward and back")
    f.state(92, 232, "h_0", r=17, given=True)
    before = 109
    for t, x in enumerate(columns, start=1):
        f.line(f"M{before} 238H{x - 21}", STATE)
        f.line(f"M{x} 312V255")
        f.line(f"M{x - 7} 212V147")
        f.line(f"M{x + 7} 145V211", GRADIENT)
        f.box(x, 128, 42, 34, f"$L_{t}$")
        f.state(x, 232, f"h_{t}")
        f.input(x, 330, f"x_{t}")
        back = between[t - 1]
        f.line(f"M{back} 225V68", GRADIENT)
        if t == 1:
            f.line(f"M{x - 20} 225H{back}", GRADIENT, head=False)
        else:
            f.line(f"M{x - 20} 225H{columns[t - 2] + 22}", GRADIENT)
        f.dot(back, 225, GRADIENT)
        before = x + 20
    f.text(173, 186, r"$\f{\b{W}_{hy}}$", "mid")
    f.group("equations")
    f.text(20, 450, r"$\g{g_t} = \g{\-h_t} + \f{\b{W}_{hh}}^⊤ \g{δ_{t+1}}$")
    f.text(270, 450, r"$\g{δ_t} = \g{g_t} ⊙ ( 1 − \s{h_t} ⊙ \s{h_t} )$")
    f.text(20, 482, "$L = L_1 + L_2 + L_3 + L_4$")
    f.legend(
        (STATE, "state", 20),
        (FACTOR, "weights", 130),
        (GRADIENT, "gradient", 255),
        (SIGNAL, "signal", 390),
    )
    return f


FIGURES = (rnn_cell, shares_of_one_weight)
