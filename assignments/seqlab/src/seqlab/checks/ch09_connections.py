"""Visible checks of chapter 9: the examples by hand from the text, and one small general case each."""

from __future__ import annotations

import time

import numpy as np

from seqlab.registry import Check, visible_check

LN2, LN3 = float(np.log(2)), float(np.log(3))


def _direct_convolution(x: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Sum the convolution term by term, as the text writes it."""
    return np.array([sum(kernel[j] * x[t - j] for j in range(t + 1)) for t in range(len(x))])


@visible_check(
    "diagonal_ssm",
    question="Which state does y_t read in (9.1): the one before or the one after x_t came in?",
    likely="The output is a dot product of c with the new state, one number per step.",
)
def diagonal_ssm(c: Check) -> None:
    x = np.array([1.0, 0.0, 4.0])
    y = c.call("diagonal_ssm", x, np.array([0.5]), np.array([2.0]), np.array([3.0]))
    c.expect("y of the example in the text", y, np.array([6.0, 3.0, 25.5]), axes="T")
    a, b, out = np.array([0.5, -1.0]), np.array([1.0, 2.0]), np.array([4.0, 3.0])
    # States by hand: (2, 4), (1, -4), (-0.5, 2).
    y = c.call("diagonal_ssm", np.array([2.0, 0.0, -1.0]), a, b, out)
    c.expect("y of two states", y, np.array([20.0, -8.0, 4.0]), axes="T")


@visible_check(
    "ssm_kernel",
    question="Which power of a belongs to k_0 in (9.2), the weight of the newest input?",
    likely="The exponents start at 0, and the sum runs over the state entries.",
)
def ssm_kernel(c: Check) -> None:
    kernel = c.call("ssm_kernel", np.array([0.5]), np.array([2.0]), np.array([3.0]), 3)
    c.expect("the kernel of the example in the text", kernel, np.array([6.0, 3.0, 1.5]), axes="T")
    a = np.array([0.0, -0.5, 1.0])
    kernel = c.call("ssm_kernel", a, np.array([5.0, 4.0, 1.0]), np.array([1.0, 2.0, 3.0]), 4)
    c.expect("a kernel with a zero and a negative entry", kernel, np.array([16.0, -1, 5, 2]), "T")
    c.expect("one step", c.call("ssm_kernel", a, np.ones(3), np.ones(3), 1), np.array([3.0]), "T")


@visible_check(
    "causal_convolution",
    question="Does your first output change when the last input does? It must not.",
    likely="A transform of length T wraps the end of the sequence around to its beginning.",
)
def causal_convolution(c: Check) -> None:
    x, kernel = np.array([1.0, 0.0, 4.0]), np.array([6.0, 3.0, 1.5])
    y = c.call("causal_convolution", x, kernel)
    c.expect("y of the example in the text", y, np.array([6.0, 3.0, 25.5]), axes="T")
    rng = np.random.default_rng(0)
    for T in (1, 7, 8):
        x, kernel = rng.normal(size=T), rng.normal(size=T)
        y = c.call("causal_convolution", x, kernel)
        c.expect(f"y of {T} steps", y, _direct_convolution(x, kernel), axes="T")


@visible_check(
    "combine",
    question="Write h after the first map, put it into the second, and sort by h. What are a and u?",
    likely="The added terms are not treated alike: only one of them passes through the other map.",
)
def combine(c: Check) -> None:
    a, u = c.call("combine", (0.5, 2.0), (0.25, 1.0), results=2)
    c.expect("a of the example in the text", float(a), 0.125)
    c.expect("u of the example in the text", float(u), 1.5)
    first = np.array([2.0, 0.0]), np.array([1.0, -1.0])
    second = np.array([3.0, 5.0]), np.array([10.0, 20.0])
    a, u = c.call("combine", first, second, results=2)
    c.expect("a of arrays", a, np.array([6.0, 0.0]), axes="S")
    c.expect("u of arrays", u, np.array([13.0, 15.0]), axes="S")


@visible_check(
    "parallel_scan",
    question="After a pass with distance d, which positions are finished, and which pairs did they combine?",
    likely="Every pass has to read the pairs of the pass before: do not write into what is still read.",
)
def parallel_scan(c: Check) -> None:
    a = np.array([[0.5], [0.5], [0.0], [0.25]])
    u = np.array([[2.0], [1.0], [3.0], [1.0]])
    h = c.call("parallel_scan", a, u)
    c.expect("h of the example in the text", h, np.array([[2.0], [2.0], [3.0], [1.75]]), "T S")
    rng = np.random.default_rng(0)
    for T in (1, 7, 8, 13):
        a, u = rng.uniform(-1, 1, size=(T, 2)), rng.normal(size=(T, 2))
        state, states = np.zeros(2), []
        for t in range(T):
            state = a[t] * state + u[t]
            states.append(state)
        c.expect(f"h of {T} steps", c.call("parallel_scan", a, u), np.array(states), axes="T S")

    a, u = np.full((2**17, 1), 0.5), np.ones((2**17, 1))
    took = []
    for _ in range(3):
        started = time.perf_counter()
        c.call("parallel_scan", a, u)
        took.append(time.perf_counter() - started)
    # A loop over the rows takes 0.1 s or more, a scan a tenth of that; slow machines get room.
    if min(took) > 0.5:
        c.note(f"2**17 steps took {min(took):.1f} s: is there a loop over the steps?")


@visible_check(
    "selective_ssm",
    question="Which of A, B, C and delta have a time axis in (9.5)?",
    likely="The input is weighted by delta_t and B_t, and the decay is an exponential.",
)
def selective_ssm(c: Check) -> None:
    y = c.call(
        "selective_ssm",
        np.array([2.0, 4.0]),
        np.array([1.0, 2.0]),
        np.array([-LN2]),
        np.array([[3.0], [1.0]]),
        np.array([[1.0], [2.0]]),
    )
    c.expect("y of the example in the text", y, np.array([6.0, 19.0]), axes="T")
    # Two states, the second without decay; at step 2 delta is 0 and nothing moves.
    y = c.call(
        "selective_ssm",
        np.array([1.0, 9.0, 2.0]),
        np.array([1.0, 0.0, 1.0]),
        np.array([-LN3, 0.0]),
        np.array([[3.0, 1.0], [7.0, 7.0], [0.5, 2.0]]),
        np.array([[1.0, 2.0], [1.0, -1.0], [2.0, 1.0]]),
    )
    c.expect("y of two states", y, np.array([5.0, 2.0, 9.0]), axes="T")


@visible_check(
    "glu",
    question="Which half of (9.6) is squashed, and along which axis are the halves taken?",
    likely="The first half is the signal, the second the gate; the split is along the last axis.",
)
def glu(c: Check) -> None:
    x = np.array([3.0, -1.0, LN3, 0.0])
    c.expect("the example in the text", c.call("glu", x), np.array([2.25, -0.5]))
    x = np.array([[[2.0, 1000.0], [2.0, -1000.0], [4.0, 0.0]]])
    c.expect("three axes", c.call("glu", x), np.array([[[2.0], [0.0], [2.0]]]))
    c.expect_error(ValueError, "x", "glu", np.zeros((4, 3)))


@visible_check(
    "wavenet_gate",
    question="Two squashing functions stand in (9.7). Which half gets which?",
    likely="tanh goes to the first half, the logistic function to the second.",
)
def wavenet_gate(c: Check) -> None:
    x = np.array([[LN2, -LN3, LN3, 0.0], [0.0, 1000.0, 5.0, 1000.0]])
    want = np.array([[0.45, -0.4], [0.0, 1.0]])
    c.expect("two rows", c.call("wavenet_gate", x), want)
    c.expect_error(ValueError, "x", "wavenet_gate", np.zeros((2, 5)))


@visible_check(
    "squeeze_excite",
    question="Over which axis does the squeeze of (9.8) average, and what shape is left?",
    likely="A batch needs products with W1.T and W2.T; the scale is one number per example and channel.",
)
def squeeze_excite(c: Check) -> None:
    # Averages (2, 1); W1 makes 2 - 1 = 1 and 1 - 2 = -1, of which the second is cut; the gates
    # are 3/4 and 1/2.
    x = np.array([[[1.0, 2.0, 3.0], [0.0, 4.0, -1.0]]])
    W1 = np.array([[1.0, -1.0], [-1.0, 1.0]])
    W2 = np.array([[LN3, 5.0], [0.0, 5.0]])
    want = np.array([[[0.75, 1.5, 2.25], [0.0, 2.0, -0.5]]])
    c.expect("two channels", c.call("squeeze_excite", x, W1, W2), want, axes="N C T")
    x = np.arange(24.0).reshape(2, 3, 4)
    # A single unit that is cut everywhere: every gate is 1/2.
    got = c.call("squeeze_excite", x, -np.ones((1, 3)), np.ones((3, 1)))
    c.expect("a batch of two", got, x / 2, axes="N C T")


@visible_check(
    "residual_gradient_norms",
    question="Which factor of (9.10) does your gradient pass last on its way to the input of layer l?",
    likely="Going back multiplies by the slope first and by the transposed weights second.",
)
def residual_gradient_norms(c: Check) -> None:
    weights = [np.array([[0.5]]), np.array([[0.5]])]
    zero = np.zeros(1)
    for residual, want in ((False, [0.25, 0.5]), (True, [2.25, 1.5])):
        norms = c.call("residual_gradient_norms", weights, zero, residual)
        c.expect(f"norms of the example, residual={residual}", norms, np.array(want), axes="L")
    # Two units, input zero: one layer sends back W.T times ones, (1, 5), or (2, 6) with the path.
    W = np.array([[1.0, 2.0], [0.0, 3.0]])
    for residual, want in ((False, 26.0), (True, 40.0)):
        norms = c.call("residual_gradient_norms", [W], np.zeros(2), residual)
        c.expect(f"two units, residual={residual}", norms, np.sqrt([want]), axes="L")
    # A unit with tanh = 0.6 has the slope 0.64.
    norms = c.call("residual_gradient_norms", [np.array([[2.0]])], np.array([LN2 / 2]), False)
    c.expect("a unit in its curved part", norms, np.array([1.28]), axes="L")


@visible_check(
    "causal_mask",
    question="May the first step look at the last, or the last at the first? And a step at itself?",
    likely="Row t has True up to and including column t, and the dtype is bool.",
)
def causal_mask(c: Check) -> None:
    want = np.array([[True, False, False], [True, True, False], [True, True, True]])
    c.expect("the mask of three steps", c.call("causal_mask", 3), want)
    c.expect("the mask of one step", c.call("causal_mask", 1), np.array([[True]]))


@visible_check(
    "scaled_dot_product_attention",
    question="Over which axis do the weights of (9.11) add up to 1, and what is d?",
    likely="Hide before the softmax; give rows without anything visible their zeros explicitly.",
)
def scaled_dot_product_attention(c: Check) -> None:
    name = "scaled_dot_product_attention"
    # d = 4 and scores of 2 ln 3 / 2 and 0: weights 3/4 and 1/4, and the other way round.
    q = np.zeros((1, 2, 4))
    k, v = np.zeros((1, 2, 4)), np.zeros((1, 2, 4))
    q[0, 0, 0], q[0, 1, 1] = 1.0, 1.0
    k[0, 0, 0], k[0, 1, 1] = 2 * LN3, 2 * LN3
    v[0, 0], v[0, 1] = [4.0, 0.0, 8.0, 1.0], [0.0, 4.0, 0.0, 1.0]
    out, weights = c.call(name, q, k, v, results=2)
    c.expect("weights", weights, np.array([[[0.75, 0.25], [0.25, 0.75]]]))
    c.expect("out", out, np.array([[[3.0, 1.0, 6.0, 1.0], [1.0, 3.0, 2.0, 1.0]]]), axes="N T D")
    mask = np.array([[True, False], [True, True]])
    _, weights = c.call(name, q, k, v, mask, results=2)
    c.expect("masked weights", weights, np.array([[[1.0, 0.0], [0.25, 0.75]]]))
    mask = np.array([[[False, False], [False, True]]])
    out, weights = c.call(name, 1e4 * q, k, v, mask, results=2)
    c.expect("weights of a hidden row", weights, np.array([[[0.0, 0.0], [0.0, 1.0]]]))
    c.expect("out of a hidden row", out, np.stack([np.zeros((1, 4)), v[:, 1]], axis=1))
