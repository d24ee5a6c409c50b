"""Hidden suite of chapter 9. Oracles are plain loops written here, gradients automatic differentiation."""

from __future__ import annotations

import copy
import functools
import math
from types import SimpleNamespace

import numpy as np
import pytest

from autograder.grading.oracle import gradients, sigmoid
from autograder.grading.oracle import np as oracle
from autograder.grading.toolkit import (
    TestEnded,
    compare,
    once,
    raises,
    require,
    scores,
    unchanged,
)

RESULTS = {
    "diagonal_ssm": "T",
    "ssm_kernel": "T",
    "causal_convolution": "T",
    "combine": {"a": "", "u": ""},
    "parallel_scan": "T S",
    "selective_ssm": "T",
    "glu": "",
    "wavenet_gate": "",
    "squeeze_excite": "N C T",
    "residual_gradient_norms": "L",
    "causal_mask": "",
    "scaled_dot_product_attention": {"out": "N T D", "weights": ""},
}


# --- diagonal_ssm, ssm_kernel ---------------------------------------------------------------------


@once
def ssm_case(rng, T, S):
    """Decays of both signs, one of them slow and one exactly zero where there is room.

    No weight is near zero and the products of b and c have one sign: with a single step nothing cancels.
    """

    def away_from_zero(size):
        return rng.uniform(0.5, 1.5, size=size) * rng.choice([-1.0, 1.0], size=size)

    a = rng.uniform(-0.9, -0.3, size=S)
    if S > 1:
        a[0] = 0.97
    if S > 2:
        a[1] = 0.0
    b = away_from_zero(S)
    c = np.sign(b) * rng.uniform(0.5, 1.5, size=S)
    case = SimpleNamespace(x=away_from_zero(T), a=a, b=b, c=c)
    case.args = (case.x, case.a, case.b, case.c)
    case.h = [0.0] * S
    case.y, case.kernel = np.zeros(T), np.zeros(T)
    for t in range(T):
        case.h = [case.a[i] * case.h[i] + case.b[i] * case.x[t] for i in range(S)]
        case.y[t] = math.fsum(case.c[i] * case.h[i] for i in range(S))
        case.kernel[t] = math.fsum(case.c[i] * float(a[i]) ** t * case.b[i] for i in range(S))
    return case


SSM_SHAPES = [(1, 3), (7, 4), (5, 1), (30, 2), (4, 4)]  # T, S


@scores("diagonal_ssm", weight=2.0, title="outputs at every step")
@pytest.mark.parametrize("shape", SSM_SHAPES, ids=str)
def test_ssm_values(student, shape):
    case = ssm_case(*shape)
    compare("y", student.diagonal_ssm(*case.args), case.y, axes="T")


# What the decays alone decide, and what b and c alone: one mistake elsewhere leaves it right.
@scores("diagonal_ssm", weight=9.0, title="decays of several sizes")
def test_ssm_of_decays_alone(student):
    case = ssm_case(7, 3)
    one = np.ones(3)
    want = [0.0, 0.0, 0.0]
    y = np.zeros(7)
    for t in range(7):
        want = [case.a[i] * want[i] + case.x[t] for i in range(3)]
        y[t] = math.fsum(want)
    compare("y", student.diagonal_ssm(case.x, case.a, one, one), y, axes="T")


@scores("diagonal_ssm", weight=7.0, title="a state that forgets at once")
def test_ssm_without_memory(student):
    case = ssm_case(7, 4)
    y = student.diagonal_ssm(case.x, np.zeros(4), case.b, case.c)
    compare("y", y, case.x * math.fsum(case.b * case.c), axes="T")


@scores("diagonal_ssm", title="an impulse at the last step")
def test_ssm_impulse_at_the_last_step(student):
    case = ssm_case(7, 4)
    x = np.zeros(7)
    x[-1] = 2.0
    want = np.zeros(7)
    want[-1] = 2 * case.b @ case.c
    compare("y", student.diagonal_ssm(x, case.a, case.b, case.c), want, axes="T")


@scores("diagonal_ssm", title="two calls in turn")
def test_ssm_repeated(student):
    one, two = ssm_case(7, 4), ssm_case(30, 2)
    student.diagonal_ssm(*one.args)
    student.diagonal_ssm(*two.args)
    compare("y of a second call", student.diagonal_ssm(*one.args), one.y, axes="T")


@scores("diagonal_ssm", title="arguments stay as they are")
def test_ssm_arguments_unchanged(student):
    unchanged(student, "diagonal_ssm", *ssm_case(7, 4).args)


@scores("ssm_kernel", weight=2.0, title="the whole kernel")
@pytest.mark.parametrize("shape", SSM_SHAPES, ids=str)
def test_kernel_values(student, shape):
    case = ssm_case(*shape)
    kernel = student.ssm_kernel(case.a, case.b, case.c, shape[0])
    compare("the kernel", kernel, case.kernel, axes="T")


@scores("ssm_kernel", weight=2.0, title="decays of zero and of either sign")
def test_kernel_of_zeros_and_signs(student):
    a = np.array([0.0, -0.5, 1.0, -1.0])
    b, c = np.array([2.0, 1.0, 0.25, 4.0]), np.array([3.0, 1.5, -2.0, 0.125])
    powers = [[1, 1, 1, 1], [0, -0.5, 1, -1], [0, 0.25, 1, 1], [0, -0.125, 1, -1]]
    want = np.array(powers) @ (b * c)
    compare("the kernel", student.ssm_kernel(a, b, c, 4), want, axes="T")


@scores("ssm_kernel", weight=9.0, title="decays of several sizes")
def test_kernel_of_decays_alone(student):
    a, one = ssm_case(7, 4).a, np.ones(4)
    want = np.array([math.fsum(float(decay) ** t for decay in a) for t in range(7)])
    compare("the kernel", student.ssm_kernel(a, one, one, 7), want, axes="T")


@scores("ssm_kernel", weight=7.0, title="a single step")
def test_kernel_of_a_single_step(student):
    case = ssm_case(5, 3)
    want = np.array([math.fsum(case.b * case.c)])
    compare("the kernel", student.ssm_kernel(case.a, case.b, case.c, 1), want, axes="T")


@scores("ssm_kernel", title="a state that forgets at once")
def test_kernel_without_any_memory(student):
    want = np.zeros(5)
    want[0] = 6.0
    got = student.ssm_kernel(np.zeros(1), np.array([2.0]), np.array([3.0]), 5)
    compare("the kernel", got, want, axes="T")


@scores("ssm_kernel", title="arguments stay as they are")
def test_kernel_arguments_unchanged(student):
    case = ssm_case(7, 4)
    unchanged(student, "ssm_kernel", case.a, case.b, case.c, 7)


# --- causal_convolution ---------------------------------------------------------------------------


@once
def convolution_case(rng, T):
    """A kernel that does not decay: what wraps around is as large as what belongs there."""
    x, kernel = rng.normal(size=T), rng.normal(size=T)
    x[0] = -np.copysign(x[0], kernel[0])  # an output below zero, even with a single step
    y = np.array([math.fsum(kernel[j] * x[t - j] for j in range(t + 1)) for t in range(T)])
    return SimpleNamespace(x=x, kernel=kernel, y=y)


@scores("causal_convolution", weight=2.0, title="outputs at every step")
@pytest.mark.parametrize("T", [1, 2, 7, 8, 33, 61])
def test_convolution_values(student, T):
    case = convolution_case(T)
    compare("y", student.causal_convolution(case.x, case.kernel), case.y, axes="T")


@scores("causal_convolution", title="no output depends on later inputs")
def test_convolution_sees_no_later_input(student):
    x, kernel = np.zeros(9), convolution_case(33).kernel[:9]
    x[4] = 3.0
    want = np.concatenate([np.zeros(4), 3 * kernel[:5]])
    compare("y", student.causal_convolution(x, kernel), want, axes="T")


@functools.cache
def long_case():
    T = 2**18
    x = np.where(np.arange(T) % 5 == 0, 1.0, -0.5)
    state, y = 0.0, np.empty(T)
    for t, value in enumerate(x.tolist()):
        state = 0.999 * state + value
        y[t] = state
    return SimpleNamespace(x=x, kernel=0.999 ** np.arange(T), y=y)


# Summed directly, so many steps take tens of times as long as the limit; by a transform a fiftieth.
@scores("causal_convolution", weight=14.0, seconds=2.0, title="many steps")
def test_convolution_of_many_steps(student):
    case = long_case()
    compare("y", student.causal_convolution(case.x, case.kernel), case.y, axes="T")


@scores("causal_convolution", title="arguments stay as they are")
def test_convolution_arguments_unchanged(student):
    case = convolution_case(7)
    unchanged(student, "causal_convolution", case.x, case.kernel)


# --- combine --------------------------------------------------------------------------------------


@scores("combine", weight=2.0, title="two pairs of numbers")
def test_combine_numbers(student):
    a, u = student.combine((0.5, 2.0), (-3.0, 1.0))
    compare("a", a, -1.5)
    compare("u", u, -5.0)


@once
def maps_case(rng, shape):
    return [(rng.normal(size=shape), rng.normal(size=shape)) for _ in range(3)]


@scores("combine", weight=2.0, title="two pairs of arrays")
@pytest.mark.parametrize("shape", [(3,), (4, 2), (2, 2)], ids=str)
def test_combine_arrays(student, shape):
    first, second, _ = maps_case(shape)
    a, u = student.combine(first, second)
    compare("a", a, first[0] * second[0])
    compare("u", u, second[0] * first[1] + second[1])


@scores("combine", title="the order of combining does not matter")
def test_combine_is_associative(student):
    f, g, h = maps_case((5,))
    left = student.combine(tuple(student.combine(f, g)), h)
    right = student.combine(f, tuple(student.combine(g, h)))
    compare("a", left[0], f[0] * g[0] * h[0])
    compare("u", left[1], h[0] * (g[0] * f[1] + g[1]) + h[1])
    compare("a, bracketed the other way", right[0], left[0])
    compare("u, bracketed the other way", right[1], left[1])


@scores("combine", title="a closed gate")
def test_combine_with_a_closed_gate(student):
    _, u = student.combine((0.9, 7.0), (0.0, -2.0))
    compare("u", u, -2.0)
    a, u = student.combine((0.0, 4.0), (0.5, 1.0))
    compare("a", a, 0.0)
    compare("u", u, 3.0)


@scores("combine", title="arrays with closed gates")
def test_combine_arrays_with_closed_gates(student):
    first, second = copy.deepcopy(maps_case((6,))[:2])
    first[0][:2] = second[0][1:3] = 0.0
    a, u = student.combine(first, second)
    compare("a", a, first[0] * second[0])
    compare("u", u, second[0] * first[1] + second[1])


@scores("combine", title="a closed gate after a large state")
def test_combine_closed_gate_after_a_large_state(student):
    _, u = student.combine((0.5, 1e9), (0.0, 2.0))
    compare("u", u, 2.0)
    a, _ = student.combine((0.0, 1.0), (1e6, 2.0))
    compare("a", a, 0.0)


@scores("combine", title="arguments stay as they are")
def test_combine_arguments_unchanged(student):
    first, second, _ = maps_case((3,))
    unchanged(student, "combine", first, second)


# --- parallel_scan --------------------------------------------------------------------------------


def scan_oracle(a, u):
    state, states = np.zeros(a.shape[1]), np.empty(u.shape)
    for t in range(len(a)):
        state = a[t] * state + u[t]
        states[t] = state
    return states


@once
def scan_case(rng, T, S):
    a, u = rng.uniform(-1, 1, size=(T, S)), rng.normal(size=(T, S))
    return SimpleNamespace(a=a, u=u, h=scan_oracle(a, u))


@scores("parallel_scan", weight=2.0, steps=("combine",), title="all states")
@pytest.mark.parametrize("shape", [(1, 3), (2, 4), (5, 2), (8, 3), (13, 1), (64, 5)], ids=str)
def test_scan_values(student, shape):
    case = scan_case(*shape)
    compare("h", student.parallel_scan(case.a, case.u), case.h, axes="T S")


@scores("parallel_scan", weight=2.0, steps=("combine",), title="closed gates")
def test_scan_with_closed_gates(student):
    case = scan_case(21, 3)
    a = case.a.copy()
    a[4, 0] = a[4, 2] = a[11, 0] = a[12, 0] = a[0, 1] = a[20, 1] = 0.0
    h = student.parallel_scan(a, case.u)
    compare("h", h, scan_oracle(a, case.u), axes="T S")


@scores("parallel_scan", weight=2.0, steps=("combine",), title="closed gates after large states")
def test_scan_with_closed_gates_after_large_states(student):
    """Nothing passes a closed gate: not a millionth either."""
    case = scan_case(21, 3)
    a, u = case.a.copy(), case.u.copy()
    a[[5, 12]] = 0.0
    u[[4, 11]] = 1e9
    h, want = student.parallel_scan(a, u), scan_oracle(a, u)
    require(np.shape(h) == want.shape, "h should be of shape (T, S)")
    for part in (slice(0, 4), slice(5, 11), slice(12, 21)):
        compare("h away from the large states", h[part], want[part], axes="T S")


@scores("parallel_scan", weight=2.0, steps=("combine",), title="long and short memories")
def test_scan_with_long_and_short_memories(student):
    T = 1000
    a = np.tile([1.0, -1.0, 1 - 2**-10, 0.3], (T, 1))  # 0.3 ** 1000 is below the smallest float
    u = np.tile(scan_case(20, 4).u, (50, 1))
    h = student.parallel_scan(a, u)
    want = scan_oracle(a, u)
    for column in range(4):
        compare(f"h[:, {column}]", h[:, column], want[:, column], axes="T")


@scores("parallel_scan", weight=17.0, title="few passes over the sequence")
def test_scan_needs_few_passes(student):
    """At T = 2**14 a loop runs a line of Python at every step, a scan a few for each of its passes."""
    T = 2**14
    a = np.where(np.arange(T) % 7 == 3, 0.0, 0.75)[:, None]
    u = np.cos(np.arange(T))[:, None]
    # A scan may be built on `combine`: only where that is right, values can be asked for here.
    right = combine_is_right(student)
    try:
        outcome = student.call("parallel_scan", a, u, count=True)
    except TestEnded as ended:
        if right or ended.verdict != "error":
            raise
        return  # what raised may have been `combine`; the other tests lend a right one
    h = outcome.result
    if right:
        compare("h", h, scan_case_of_many_steps(T), axes="T S")
    if outcome.lines >= T / 4:  # to be quick alone shows nothing, so it is not required but refused
        raise TestEnded("failed", "it runs Python for every step: a scan needs few passes")


def combine_is_right(student):
    """Whether `combine` joins neighbours of a sequence, some of them with closed gates."""
    case = scan_case(21, 1)
    a = np.where(np.arange(21) % 5 < 2, 0.0, case.a.T).T
    try:
        a_joined, u_joined = student.combine((a[:-1], case.u[:-1]), (a[1:], case.u[1:]))
        compare("a", a_joined, a[1:] * a[:-1])
        compare("u", u_joined, a[1:] * case.u[:-1] + case.u[1:])
    except TestEnded:
        return False
    return True


@once
def scan_case_of_many_steps(_, T):
    a = np.where(np.arange(T) % 7 == 3, 0.0, 0.75)[:, None]
    return scan_oracle(a, np.cos(np.arange(T))[:, None])


@scores("parallel_scan", steps=("combine",), title="arguments stay as they are")
def test_scan_arguments_unchanged(student):
    for shape in ((13, 1), (1, 3)):
        case = scan_case(*shape)
        unchanged(student, "parallel_scan", case.a, case.u)


# --- selective_ssm --------------------------------------------------------------------------------

SCAN = ("combine", "parallel_scan")


@once
def selective_case(rng, T, S):
    case = SimpleNamespace(
        x=rng.normal(size=T),
        delta=rng.uniform(0.1, 2.0, size=T),
        A=-rng.uniform(0.1, 1.5, size=S),
        B=rng.normal(size=(T, S)),
        C=rng.normal(size=(T, S)),
    )
    case.args = (case.x, case.delta, case.A, case.B, case.C)
    case.y = selective_oracle(*case.args)
    return case


def selective_oracle(x, delta, A, B, C):
    T, S = B.shape
    h, y = [0.0] * S, np.empty(T)
    for t in range(T):
        for i in range(S):
            h[i] = math.exp(delta[t] * A[i]) * h[i] + delta[t] * B[t, i] * x[t]
        y[t] = math.fsum(C[t, i] * h[i] for i in range(S))
    return y


@scores("selective_ssm", weight=2.0, steps=SCAN, title="outputs at every step")
@pytest.mark.parametrize("shape", [(1, 3), (7, 4), (12, 1), (4, 4), (33, 2)], ids=str)
def test_selective_values(student, shape):
    case = selective_case(*shape)
    compare("y", student.selective_ssm(*case.args), case.y, axes="T")


@scores("selective_ssm", weight=2.0, steps=SCAN, title="inputs that keep and inputs that erase")
def test_selective_keeps_and_erases(student):
    case = selective_case(7, 4)
    delta = case.delta.copy()
    delta[2] = delta[5] = 0.0
    delta[4] = 5000.0
    A = case.A.copy()
    A[1] = 0.0
    args = (case.x, delta, A, case.B, case.C)
    y = student.selective_ssm(*args)
    want = selective_oracle(*args)
    compare("y before a large step", y[:4], want[:4], axes="T")
    compare("y from a large step on", y[4:], want[4:], axes="T")


@scores("selective_ssm", weight=2.0, steps=SCAN, title="a step size of zero")
def test_selective_step_of_zero_changes_nothing(student):
    """Where delta is 0 the state stays, whatever the input."""
    case = selective_case(7, 4)
    x, delta = case.x.copy(), case.delta.copy()
    delta[3:] = 0.0
    x[3:] = 1e7
    C = np.broadcast_to(case.C[0], case.C.shape).copy()
    args = (x, delta, case.A, case.B, C)
    y, want = student.selective_ssm(*args), selective_oracle(*args)
    compare("y", y, want, axes="T")


@scores("selective_ssm", steps=SCAN, title="arguments stay as they are")
def test_selective_arguments_unchanged(student):
    unchanged(student, "selective_ssm", *selective_case(7, 4).args)


# --- glu, wavenet_gate ----------------------------------------------------------------------------

GATE_SHAPES = [(2,), (4, 6), (3, 2, 8), (2, 3, 4, 2), (6, 6)]


@once
def gate_case(rng, shape):
    return 1.5 * rng.normal(size=shape)


def gated(x, squash):
    half = x.shape[-1] // 2
    return squash(x[..., :half]) * sigmoid(x[..., half:])


EXTREME = np.array([[3.0, -2.0, 0.5, 1000.0, -1000.0, 0.0], [1000.0, -1000.0, 0.0, 40.0, 2.0, 9.0]])


@scores("glu", weight=2.0, title="gated values")
@pytest.mark.parametrize("shape", GATE_SHAPES, ids=str)
def test_glu_values(student, shape):
    x = gate_case(shape)
    compare("the result", student.glu(x), gated(x, lambda v: v))


@scores("glu", title="open and closed gates")
def test_glu_saturated(student):
    compare("the result", student.glu(EXTREME), gated(EXTREME, lambda v: v))


@scores("glu", title="a width that cannot be halved")
@pytest.mark.parametrize("shape", [(3,), (4, 5), (2, 4, 1)], ids=str)
def test_glu_odd(student, shape):
    with raises(ValueError, naming="x"):
        student.glu(gate_case(shape))


@scores("glu", title="the argument stays as it is")
def test_glu_argument_unchanged(student):
    unchanged(student, "glu", gate_case((4, 6)))


@scores("wavenet_gate", weight=2.0, title="gated values")
@pytest.mark.parametrize("shape", GATE_SHAPES, ids=str)
def test_wavenet_values(student, shape):
    x = gate_case(shape)
    compare("the result", student.wavenet_gate(x), gated(x, np.tanh))


@scores("wavenet_gate", title="open and closed gates")
def test_wavenet_saturated(student):
    compare("the result", student.wavenet_gate(EXTREME), gated(EXTREME, np.tanh))


@scores("wavenet_gate", title="a width that cannot be halved")
@pytest.mark.parametrize("shape", [(3,), (4, 5), (2, 4, 1)], ids=str)
def test_wavenet_odd(student, shape):
    with raises(ValueError, naming="x"):
        student.wavenet_gate(gate_case(shape))


@scores("wavenet_gate", title="the argument stays as it is")
def test_wavenet_argument_unchanged(student):
    unchanged(student, "wavenet_gate", gate_case((4, 6)))


# --- squeeze_excite -------------------------------------------------------------------------------


@once
def squeeze_case(rng, N, C, T, R):
    """Averages away from zero, so that about half of the hidden units are cut."""
    x = rng.normal(size=(N, C, T)) + rng.normal(size=(N, C, 1))
    W1, W2 = rng.normal(size=(R, C)), rng.normal(size=(C, R))
    layer = np.maximum(x.mean(axis=2) @ W1.T, 0.0)
    gate = sigmoid(layer @ W2.T)
    want = np.array([[x[n, c] * gate[n, c] for c in range(C)] for n in range(N)])
    return SimpleNamespace(args=(x, W1, W2), want=want)


@scores("squeeze_excite", weight=2.0, title="rescaled channels")
@pytest.mark.parametrize(
    "shape", [(1, 3, 5, 2), (4, 5, 3, 6), (2, 4, 1, 3), (3, 1, 4, 2), (3, 3, 3, 3)], ids=str
)
def test_squeeze_values(student, shape):
    case = squeeze_case(*shape)
    compare("the result", student.squeeze_excite(*case.args), case.want, axes="N C T")


@scores("squeeze_excite", title="a single unit, active or not")
def test_squeeze_with_a_single_unit_cut_or_not(student):
    x = np.stack([np.full((2, 4), 2.0), np.full((2, 4), -2.0)])
    W1, W2 = np.array([[1.0, 0.5]]), np.array([[1.0], [-0.5]])
    want = x.copy()
    want[0] *= np.array([[1 / (1 + math.exp(-3.0))], [1 / (1 + math.exp(1.5))]])
    want[1] *= 0.5
    compare("the result", student.squeeze_excite(x, W1, W2), want, axes="N C T")


@scores("squeeze_excite", title="arguments stay as they are")
def test_squeeze_arguments_unchanged(student):
    unchanged(student, "squeeze_excite", *squeeze_case(4, 5, 3, 6).args)


# --- residual_gradient_norms ----------------------------------------------------------------------


@once
def layers_case(rng, L, H, size=0.9):
    case = SimpleNamespace(weights=[size * rng.normal(size=(H, H)) for _ in range(L)])
    case.x = rng.normal(size=H)
    case.norms = {kind: layer_norms(case.weights, case.x, kind) for kind in (False, True)}
    return case


def layer_norms(weights, x, residual):
    def last(leaves):
        """The output; to the input of each layer something is added, of which the gradient is that of the input."""
        value = x
        for W, shift in zip(weights, leaves["shifts"], strict=True):
            value = value + shift
            squashed = oracle.tanh(oracle.dot(W, value))
            value = value + squashed if residual else squashed
        return oracle.sum(value)

    shifts = np.zeros((len(weights), len(x)))
    return np.linalg.norm(gradients(last, {"shifts": shifts})["shifts"], axis=1)


@scores("residual_gradient_norms", weight=3.0, title="the norm at every layer")
@pytest.mark.parametrize("residual", [False, True], ids=["plain", "residual"])
@pytest.mark.parametrize("shape", [(1, 3), (2, 4), (6, 3), (5, 1)], ids=str)
def test_norms(student, shape, residual):
    case = layers_case(*shape)
    norms = student.residual_gradient_norms(case.weights, case.x, residual)
    compare("the norms", norms, case.norms[residual], axes="L")


@scores("residual_gradient_norms", weight=10.0, title="with and without the residual path")
def test_norms_with_and_without_the_path(student):
    case = layers_case(4, 5)
    for residual in (True, False):
        norms = student.residual_gradient_norms(case.weights, case.x, residual)
        compare("the norms", norms, case.norms[residual], axes="L")


@scores("residual_gradient_norms", title="many layers of small weights")
@pytest.mark.parametrize("residual", [False, True], ids=["plain", "residual"])
def test_norms_of_many_small_layers(student, residual):
    case = layers_case(30, 4, 0.2)
    norms = student.residual_gradient_norms(case.weights, case.x, residual)
    for layer in (0, 15, 29):  # apart, as the largest would hide the others
        compare(f"norm {layer}", norms[layer : layer + 1], case.norms[residual][[layer]])
    compare("the norms", norms, case.norms[residual], axes="L")


@scores("residual_gradient_norms", weight=3.0, title="saturated layers")
@pytest.mark.parametrize("residual", [False, True], ids=["plain", "residual"])
def test_norms_of_saturated_layers(student, residual):
    """Units at exactly 1 or -1 let nothing through."""
    case = layers_case(4, 3)
    weights = [1e4 * np.sign(W) * (np.abs(W) + 0.5) for W in case.weights[:2]] + case.weights[2:]
    x = np.array([1.0, -0.75, 0.5])
    insisted = layer_norms(weights, x, residual)
    norms = student.residual_gradient_norms(weights, x, residual)
    compare("the norms", norms, insisted, axes="L")


@once
def growing_case(_, L):
    """Gradients that grow by about a half per layer."""
    case = SimpleNamespace(weights=[0.5 * np.eye(3) + 0.02 * n * np.eye(3, k=1) for n in range(L)])
    case.x = np.array([1e-9, -2e-9, 3e-9])
    case.norms = layer_norms(case.weights, case.x, True)
    return case


@scores("residual_gradient_norms", weight=3.0, title="gradients that grow")
def test_norms_of_growing_gradients(student):
    case = growing_case(24)
    norms = student.residual_gradient_norms(case.weights, case.x, True)
    compare("the norms", norms, case.norms, axes="L")
    compare("the last norms", norms[-4:], case.norms[-4:], axes="L")


# By differences, each of 60 layers takes two forwards for each of 200 units: twice the limit of a call and more.
@once
def wide_layers_case(rng, L, H):
    case = SimpleNamespace(weights=[rng.normal(size=(H, H)) / np.sqrt(H) for _ in range(L)])
    case.x = 0.1 * rng.normal(size=H)
    case.norms = layer_norms(case.weights, case.x, False)
    return case


@scores("residual_gradient_norms", weight=12.0, title="many units")
def test_norms_of_many_units(student):
    case = wide_layers_case(60, 200)
    norms = student.residual_gradient_norms(case.weights, case.x, False)
    compare("the norms", norms, case.norms, axes="L")


@scores("residual_gradient_norms", weight=2.0, title="arguments stay as they are")
@pytest.mark.parametrize("residual", [False, True], ids=["plain", "residual"])
def test_norms_arguments_unchanged(student, residual):
    case = layers_case(6, 3)
    unchanged(student, "residual_gradient_norms", case.weights, case.x, residual)


# --- causal_mask ----------------------------------------------------------------------------------


@scores("causal_mask", title="which positions are visible")
@pytest.mark.parametrize("T", [1, 2, 5, 8])
def test_mask(student, T):
    want = np.array([[s <= t for s in range(T)] for t in range(T)])
    compare("the mask", student.causal_mask(T), want)


# --- scaled_dot_product_attention -----------------------------------------------------------------


def attention_oracle(q, k, v, mask=None):
    """Sum by sum, over visible entries only."""
    N, T, d = q.shape
    out, weights = np.zeros((N, T, d)), np.zeros((N, T, T))
    for n in range(N):
        for t in range(T):
            rows = mask if mask is None or mask.ndim == 2 else mask[n]
            seen = [s for s in range(T) if rows is None or rows[t, s]]
            score = {s: math.fsum(q[n, t] * k[n, s]) / math.sqrt(d) for s in seen}
            top = max(score.values(), default=0.0)
            e = {s: math.exp(score[s] - top) for s in seen}
            for s in seen:
                weights[n, t, s] = e[s] / sum(e.values())
                out[n, t] += weights[n, t, s] * v[n, s]
    return out, weights


@once
def attention_case(rng, N, T, d):
    q, k, v = rng.normal(size=(3, N, T, d))
    return SimpleNamespace(q=q, k=k, v=v, args=(q, k, v))


def check_attention(student, *args):
    out, weights = student.scaled_dot_product_attention(*args)
    want_out, want_weights = attention_oracle(*args)
    compare("weights", weights, want_weights, axes="N T S")
    compare("out", out, want_out, axes="N T D")
    return out, weights


@scores("scaled_dot_product_attention", weight=2.0, title="without a mask")
@pytest.mark.parametrize("shape", [(1, 4, 3), (3, 5, 2), (2, 1, 4), (4, 3, 1), (3, 3, 3)], ids=str)
def test_attention_without_mask(student, shape):
    check_attention(student, *attention_case(*shape).args)


@scores("scaled_dot_product_attention", weight=2.0, title="one mask for all sequences")
@pytest.mark.parametrize("shape", [(1, 4, 3), (3, 5, 2), (4, 4, 2)], ids=str)
def test_attention_with_one_mask_for_all(student, shape):
    T = shape[1]
    # No row without a visible step; not symmetric, not causal.
    mask = (np.add.outer(np.arange(T), 2 * np.arange(T)) % 3 != 0) | np.eye(T, k=1 - T, dtype=bool)
    mask[0, 0] = True
    check_attention(student, *attention_case(*shape).args, mask)


@once
def mask_case(rng, N, T):
    return rng.random(size=(N, T, T)) < 0.6


@scores("scaled_dot_product_attention", weight=2.0, title="a mask for each sequence")
@pytest.mark.parametrize("shape", [(3, 5, 2), (2, 6, 3), (4, 4, 2)], ids=str)
def test_attention_with_a_mask_each(student, shape):
    mask = mask_case(*shape[:2]).copy()
    mask[:, 1] = False
    mask[:, 0, -1] = True
    out, weights = check_attention(student, *attention_case(*shape).args, mask)
    require(not weights[~mask].any(), "hidden entries should have a weight of exactly 0")
    require(not out[:, 1].any(), "a row without a visible entry should be exactly 0")


@scores("scaled_dot_product_attention", title="rows without visible positions")
def test_attention_with_nothing_visible(student):
    case = attention_case(2, 3, 4)
    check_attention(student, *case.args, np.zeros((3, 3), dtype=bool))


@once
def large_scores(rng, N, T):
    """Queries and keys with scores of some 1e4 that differ by a few, all exact in single precision."""
    q, k = rng.integers(-2, 3, size=(2, N, T, 4)).astype(float)
    q[..., :2] = k[..., :2] = 128.0
    return q, k


@scores("scaled_dot_product_attention", weight=2.0, title="large scores")
@pytest.mark.parametrize("sign", [1.0, -1.0], ids=["positive", "negative"])
def test_attention_with_large_scores(student, sign):
    case = attention_case(2, 4, 4)
    q, k = large_scores(2, 4)
    q = sign * q
    check_attention(student, q, k, case.v)
    check_attention(student, q, k, case.v, np.tril(np.ones((4, 4), dtype=bool)))


@scores("scaled_dot_product_attention", weight=2.0, title="scores that are far apart")
@pytest.mark.parametrize("apart", ["examples", "rows"])
def test_attention_with_scores_far_apart(student, apart):
    """Some examples, or some rows of each, have scores of 1e4 and others of -1e4."""
    q, k = large_scores(3, 5)
    sign = np.ones((3, 5, 1))
    if apart == "examples":
        sign[1] = -1.0
    else:
        sign[:, 1::2] = -1.0
    check_attention(student, sign * q, k, attention_case(3, 5, 4).v)


@scores("scaled_dot_product_attention", weight=2.0, title="large entries that are hidden")
def test_attention_with_large_hidden_entries(student):
    case = attention_case(2, 5, 3)
    k, v = case.k.copy(), case.v.copy()
    mask = np.ones((5, 5), dtype=bool)
    mask[:, 2] = False
    k[:, 2] = 1e4 * np.sign(
        case.q[:, 0]
    )  # far above and, for other rows, far below what is visible
    v[:, 2] = 1e12
    check_attention(student, case.q, k, v, mask)
    q, k = large_scores(2, 5)
    k = np.where(np.arange(5)[:, None] == 2, -k, k)  # visible scores far below the hidden one
    check_attention(student, -q, k, attention_case(2, 5, 4).v, mask)


@scores("scaled_dot_product_attention", weight=2.0, title="scores of zero are scores")
def test_attention_with_visible_scores_of_zero(student):
    """A query of zeros looks at all visible steps alike, and no score of 0 hides a step."""
    case = attention_case(3, 5, 2)
    q, k = case.q.copy(), case.k.copy()
    q[1], k[0, 2], k[2, 3] = 0.0, 0.0, 0.0
    check_attention(student, q, k, case.v)
    check_attention(student, q, k, case.v, mask_case(3, 5) | np.eye(5, dtype=bool))


@scores("scaled_dot_product_attention", weight=2.0, title="arguments stay as they are")
def test_attention_arguments_unchanged(student):
    case = attention_case(3, 5, 2)
    mask = mask_case(3, 5).copy()
    mask[1, 2] = False
    unchanged(student, "scaled_dot_product_attention", *case.args, mask)
