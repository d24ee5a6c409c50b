"""Figures of Chapter 9: three algorithms for one recurrence, who sees whom, and where the ideas live now."""

from __future__ import annotations

from autograder.drawings.canvas import FACTOR, SIGNAL, STATE, Figure


def three_algorithms() -> Figure:
    """Draw (9.1), (9.2) and the scan of (9.4) with the numbers of the example."""
    f = Figure(
        "three_algorithms",
        "One state space model as recurrence, convolution and scan",
        """The example a = 0.5, b = 2, c = 3 with the inputs 1, 0, 4, three times. As a recurrence the states are 2, 1 and 8.5, one
        after the other, and c times each gives the outputs 6, 3, 25.5. As a convolution the kernel 6, 3, 1.5 stands turned round
        over the inputs: 1.5 times 1 plus 3 times 0 plus 6 times 4 is 25.5. As a scan the pairs (0.5, 2), (0.5, 0), (0.5, 8) are
        combined with the neighbour at distance 1, then at distance 2; the second entries are then the states 2, 1, 8.5.""",
        600,
    )
    columns = (210, 330, 450)
    f.group("recurrence")
    f.text(20, 36, "recurrence", "b")
    f.text(20, 58, "step by step")
    f.text(96, 92, "0", "mid")
    before = 106
    for t, x in enumerate(columns, start=1):
        f.line(f"M{before} 87H{x - 25}", STATE)
        f.circle(x, 87, 22, "ns")
        f.text(x, 92, rf"$\s{{{('2', '1', '8.5')[t - 1]}}}$", "mid")
        f.line(f"M{x} 150V112")
        f.text(x, 168, f"$x_{t}$ = {(1, 0, 4)[t - 1]}", "mid")
        f.text(x + 8, 136, r"$\f{b}$")
        f.line(f"M{x} 65V48")
        f.text(x + 10, 62, r"$\f{c}$")
        f.text(x, 40, f"$y_{t}$ = {('6', '3', '25.5')[t - 1]}", "mid")
        if t > 1:
            f.text((before + x) / 2 - 12, 78, r"$\f{a}$", "mid")
        before = x + 22
    f.line("M20 190H500", head=False, style="stroke-width:1;opacity:.4")
    f.group("convolution")
    f.text(20, 220, "convolution", "b")
    f.text(20, 242, "all at once")
    f.text(66, 286, "kernel", "mid")
    f.text(66, 346, "input", "mid")
    for x, weight, value in zip(columns, ("1.5", "3", "6"), (1, 0, 4), strict=True):
        f.box(x, 280, 66, 36, rf"$\f{{{weight}}}$", "nf")
        f.line(f"M{x} 298V320", FACTOR)
        f.box(x, 340, 66, 36, f"${value}$")
    f.text(506, 242, r"$y_3 = \f{1.5}·1 + \f{3}·0 + \f{6}·4 = 25.5$", "end")
    f.line("M20 380H500", head=False, style="stroke-width:1;opacity:.4")
    f.group("scan")
    f.text(20, 410, "scan", "b")
    f.text(20, 432, "in a tree")
    rows = (
        ("pairs", 428, (("0.5", "2"), ("0.5", "0"), ("0.5", "8"))),
        ("distance 1", 492, (("0.5", "2"), ("0.25", "1"), ("0.25", "8"))),
        ("distance 2", 556, (("0.5", "2"), ("0.25", "1"), ("0.125", "8.5"))),
    )
    for number, (name, y, pairs) in enumerate(rows):
        if number:
            f.text(20, y + 5, name)
        for x, (decay, state) in zip(columns, pairs, strict=True):
            f.box(x, y, 116, 34, rf"$(\f{{{decay}}}, \s{{{state}}})$")
    for x in columns:
        f.line(f"M{x} 445V473")
        f.line(f"M{x} 509V537")
    f.line("M240 445L300 473")
    f.line("M360 445L420 473")
    f.line("M240 509L414 538")
    return f


def who_sees_whom() -> Figure:
    """Draw the way from step 1 to step 4 in a recurrence and in attention, and the causal mask (9.12)."""
    f = Figure(
        "who_sees_whom",
        "The way from step 1 to step 4, and the causal mask",
        """Left, above: in a recurrence what happened at step 1 reaches step 4 through three states in a row. Left, below: in
        attention step 4 looks at steps 1, 2, 3 and itself directly. Right: the causal mask as a matrix of four rows and columns;
        row t has its first t cells filled, so that step t looks at steps up to t.""",
        360,
    )
    columns = (36, 106, 176, 246)
    f.group("recurrence")
    f.text(20, 36, "recurrence: step after step")
    for t, x in enumerate(columns, start=1):
        f.state(x, 84, f"h_{t}")
        if t < 4:
            f.line(f"M{x + 20} 84H{x + 47}", STATE)
    f.group("attention")
    f.text(20, 150, "attention: one step, any distance")
    f.box(141, 190, 250, 36, r"$\r{out}_4$", "ns")
    for t, x in enumerate(columns, start=1):
        f.input(x, 290, f"v_{t}")
        f.line(f"M{x} 272V211", FACTOR)
        f.text(x + 8, 250, rf"$\f{{w_{{4{t}}}}}$")
    f.text(20, 336, r"$\r{out}_4 = Σ_s \f{w_{4s}} v_s$")
    f.group("causal mask")
    f.text(412, 36, "causal mask", "mid")
    f.text(414, 66, "is looked at, $s$", "mid")
    for t in range(1, 5):
        f.text(310, 123 + 44 * (t - 1), f"${t}$", "mid")
        f.text(348 + 44 * (t - 1), 92, f"${t}$", "mid")
        for s in range(1, 5):
            style = "" if s <= t else "fill:none;opacity:.5"
            f.rect(328 + 44 * (s - 1), 98 + 44 * (t - 1), 40, 40, "nf", rx=4, style=style)
            if s <= t:
                f.text(348 + 44 * (s - 1), 123 + 44 * (t - 1), r"$\f{1}$", "mid")
    f.text(412, 302, "row $t$ looks at $s ≤ t$", "mid")
    f.text(412, 326, "each looks back only", "mid")
    return f


def family_tree() -> Figure:
    """Draw the chapter's table: which idea moved where."""
    f = Figure(
        "family_tree",
        "Where the ideas of eight chapters live now",
        """Five ideas on the left, each with its chapters, and arrows to where they live now. Recurrence, chapters 1 and 2: state
        space models, S4 and Mamba. Gates, chapters 4 and 5: GLU, WaveNet, squeeze-and-excitation, and Mamba as well. Additive
        path, chapters 3 and 4: residual connections in ResNet and every transformer. Encoder, decoder and attention, chapter 7:
        the Transformer, then T5 and BART with both halves, GPT with the decoder only. Both directions, chapter 6: BERT.""",
        460,
    )
    f.group("headings")
    f.text(84, 32, "idea", "mid")
    f.text(380, 32, "lives in", "mid")
    rows = (
        ("recurrence", "Chapters 1, 2", 70),
        ("gates", "Chapters 4, 5", 148),
        ("additive path", "Chapters 3, 4", 226),
        ("attention", "Chapter 7", 304),
        ("both directions", "Chapter 6", 382),
    )
    for title, chapter, y in rows:
        f.rect(20, y - 26, 136, 52, "ns")
        f.text(88, y - 4, title, "mid")
        f.text(88, y + 15, chapter, "mid q")
    f.group("houses")
    houses = (
        ("state space models:", "S4, Mamba", 70),
        ("GLU, WaveNet,", "squeeze-and-excitation", 148),
        ("residual connections:", "ResNet", 226),
        ("Transformer", "T5, BART; GPT: decoder only", 304),
        ("BERT", "attention without a mask", 382),
    )
    for first, second, y in houses:
        f.rect(262, y - 26, 238, 52, "nd")
        f.text(381, y - 4, first, "mid")
        f.text(381, y + 15, second, "mid")
        f.line(f"M156 {y}H258", STATE)
    f.group("second homes")
    f.route([(156, 136), (208, 136), (208, 84), (258, 84)], STATE)
    f.route([(156, 238), (208, 238), (208, 292), (258, 292)], STATE)
    f.route([(381, 330), (381, 353)], SIGNAL)
    f.text(20, 440, "blue: an idea moves in; black: a house is built on a house")
    return f


FIGURES = (three_algorithms, who_sees_whom, family_tree)
