"""Figures of Chapter 7: the bottleneck, attention, and an alignment with its words."""

from __future__ import annotations

from autograder.drawings.canvas import FACTOR, SIGNAL, STATE, Figure

WORD = ("k", "n", "i", "g", "h", "t")
SOUNDS = ("N", "AY", "T")
# What a reader who knows the answer would look at: a sketch, each row adds up to 1.
SKETCH = (
    (0.3, 0.7, 0.0, 0.0, 0.0, 0.0),
    (0.0, 0.0, 0.5, 0.3, 0.2, 0.0),
    (0.0, 0.0, 0.0, 0.0, 0.1, 0.9),
)


def bottleneck() -> Figure:
    """Draw (7.1) to (7.4): encoder, context, decoder."""
    f = Figure(
        "bottleneck",
        "Encoder and decoder, and one vector between them",
        """Left, the encoder reads x1, x2, x3 and has the states h1, h2, h3. Its last state is the context c in the middle, the
        only thing that passes to the right. The decoder starts in c and has the states s1, s2, s3. Each reads the state before,
        the token before (bos, y1, y2) and, along a rail below, c once more, and writes y1, y2 and eos.""",
        420,
    )
    f.group("encoder")
    f.text(100, 36, "encoder reads", "mid")
    for t, x in enumerate((38, 100, 162), start=1):
        f.line(f"M{x} 242V195")
        f.state(x, 172, f"h_{t}")
        f.input(x, 260, f"x_{t}")
        if t < 3:
            f.line(f"M{x + 20} 172H{x + 39}", STATE)
    f.group("the bottleneck")
    f.text(228, 110, "all that", "mid")
    f.text(228, 130, "passes", "mid")
    f.line("M182 172H203", STATE)
    f.circle(228, 172, 22, "ns")
    f.text(228, 178, r"$\s{c}$", "mid")
    f.group("decoder")
    f.text(392, 36, "decoder writes", "mid")
    columns = (310, 396, 482)
    f.line("M250 172H287", STATE)
    f.text(270, 158, r"$\s{s_0}$", "mid")
    f.line("M228 194V330Q228 340 238 340H452Q462 340 462 330V196", STATE)
    for x in (290, 376):
        f.line(f"M{x} 340V196", STATE)
        f.dot(x, 340, STATE)
    for t, x in enumerate(columns, start=1):
        f.line(f"M{x + 6} 245V194")
        f.line(f"M{x} 152V107")
        f.state(x, 172, f"s_{t}")
        f.box(x, 88, 44, 34, ("$y_1$", "$y_2$", "eos")[t - 1])
        f.box(x + 12, 263, 42, 34, ("bos", "$y_1$", "$y_2$")[t - 1])
        if t < 3:
            f.line(f"M{x + 20} 172H{x + 63}", STATE)
    f.text(346, 366, r"$\s{c}$ again at every step", "mid")
    f.legend((STATE, "state, context", 20), (SIGNAL, "token", 190))
    return f


def attention() -> Figure:
    """Draw (7.8) and (7.9) for one step of the decoder, with the numbers of the example."""
    f = Figure(
        "attention",
        "One step of the decoder with attention",
        """Below, the encoder's states h1 and h2 over the inputs x1 and x2, and h3, which is zero, over a padded place that nothing
        reads. Each state enters a bar that compares it with the decoder's state s(t-1), which comes in from the right, and turns
        the scores into weights by a softmax: three quarters, one quarter, and exactly 0 for the padding. The weighted states
        are added to the context c(t). The context, the state s(t-1) and the token y(t-1) give s(t).""",
        500,
    )
    columns = (80, 180, 280)
    f.group("encoder")
    for t, x in enumerate(columns, start=1):
        masked = t == 3
        f.state(x, 318, f"h_{t}", given=masked)
        f.line(f"M{x} 298V247", STATE)
        if masked:
            f.rect(x - 22, 380, 44, 34, "nd", style="fill:none;stroke-dasharray:3 4")
            f.text(x, 402, "pad", "mid q")
        else:
            f.line(f"M{x} 378V341")
            f.input(x, 397, f"x_{t}")
        if t == 1:
            f.line(f"M{x + 20} 318H{x + 77}", STATE)
    f.group("weights")
    f.rect(30, 196, 300, 48, "nf", rx=24)
    for x, weight in zip(columns, ("3/4", "1/4", "0"), strict=True):
        f.text(x, 226, rf"$\f{{{weight}}}$", "mid")
    f.text(24, 276, r"$\f{α_{t,j}}$")
    f.group("context")
    f.line("M80 194V132Q80 122 90 122H159", FACTOR)
    f.line("M180 194V143", FACTOR, style="opacity:.5")
    f.line("M280 194V176M268 176H292", FACTOR, head=False, style="opacity:.5")
    f.text(66, 110, r"$\f{¾} \s{h_1}$")
    f.text(190, 172, r"$\f{¼} \s{h_2}$")
    f.plus(180, 122)
    f.route([(180, 104), (180, 56), (420, 56), (420, 99)], STATE)
    f.text(290, 44, r"$\s{c_t}$", "mid")
    f.group("decoder")
    f.state(420, 122, "s_t")
    f.state(420, 220, "s_{t−1}", r=24)
    f.line("M420 196V145", STATE)
    f.line("M396 220H333", STATE)
    f.text(363, 208, "asks", "mid")
    f.line("M474 122H443")
    f.text(496, 128, "$y_{t−1}$", "mid")
    f.group("equations")
    f.text(330, 300, r"$\f{α_{t,j}} ∝ m_j e^{a_{t,j}}$")
    f.text(330, 330, r"$\s{c_t} = Σ_j \f{α_{t,j}} \s{h_j}$")
    f.text(20, 446, "The bar compares each state with $\\s{s_{t−1}}$; a softmax follows.")
    f.legend((STATE, "state, context", 20), (FACTOR, "weight", 190), (SIGNAL, "token", 310))
    return f


def alignment_map() -> Figure:
    """Draw an alignment of letters and sounds as a map of weights."""
    f = Figure(
        "alignment_map",
        "An alignment map, with its words",
        """A map with the letters k, n, i, g, h, t across and the sounds N, AY, T downwards. Cells are the darker the greater
        the weight. N looks at n (0.7) and k (0.3), AY at i (0.5), g (0.3) and h (0.2), T at t (0.9) and h (0.1): a band from
        the upper left to the lower right. Every row adds up to 1. The numbers are a sketch, not measured.""",
        320,
    )
    f.group("letters")
    f.text(100, 34, "letters that are read")
    for j, letter in enumerate(WORD):
        f.text(128 + 66 * j, 66, letter, "mid")
    f.text(20, 66, "sounds")
    for row, (sound, weights) in enumerate(zip(SOUNDS, SKETCH, strict=True)):
        y = 112 + 62 * row
        f.group(f"sound {sound}")
        f.text(40, y + 5, sound, "mid")
        for j, weight in enumerate(weights):
            x = 128 + 66 * j
            f.rect(x - 30, y - 28, 60, 56, "frame", rx=4)
            if weight:
                f.rect(x - 30, y - 28, 60, 56, "if", rx=4, style=f"opacity:{weight / 2:g}")
                f.text(x, y + 5, f"${weight}$", "mid")
    f.text(20, 296, "a sketch of what to expect; every row adds up to 1")
    return f


FIGURES = (bottleneck, attention, alignment_map)
