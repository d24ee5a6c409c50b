"""Hidden suite of chapter 1: the recurrence, its graph, its gradient, and the tools that check gradients.

Some sequences are longer than Python's recursion is deep. On the longest, numerical differentiation with a forward in
plain Python does not end in time; a triangular matrix of powers does. Whatever has zeros as its right answer is asked
together with something that has not.
"""

from __future__ import annotations

import itertools
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from autograder.grading.oracle import gradients
from autograder.grading.oracle import np as oracle
from autograder.grading.toolkit import (
    Opaque,
    calls_counted,
    compare,
    once,
    raises,
    require,
    scores,
    unchanged,
)

RESULTS = {
    "unroll": "",
    "unfolded_graph": "",
    "linear_rnn_forward": "T",
    "linear_rnn_backward": "",
    "numerical_gradient": "",
    "relative_error": "",
}


# --- unroll -----------------------------------------------------------------------------------------------------------


def tanh_step(h: Any, x: Any, theta: Any) -> np.ndarray:
    """A vanilla step on vectors or batches; asymmetric in its arguments."""
    return np.tanh(h @ theta["W"].T + x @ theta["U"].T + theta["b"])


@once
def recurrence_case(
    rng: np.random.Generator, reference: Any, T: int, N: int, D: int, H: int, zero: bool = False
) -> SimpleNamespace:
    """A batch for `N > 0`, one vector per step for `N = 0`; where `zero` is set, from a zero state."""
    batch = (N,) if N else ()
    theta = {
        "W": rng.normal(size=(H, H)),
        "U": rng.normal(size=(H, D)),
        "b": rng.normal(size=H),
    }
    h0 = rng.normal(size=(*batch, H)) * (not zero)
    xs = rng.normal(size=(T, *batch, D))
    states = [h0]
    for x in xs:
        states.append(tanh_step(states[-1], x, theta))
    return SimpleNamespace(theta=theta, h0=h0, xs=xs, states=np.array(states))


def check_unroll(student: Any, case: SimpleNamespace) -> None:
    got = student.unroll(tanh_step, case.h0, case.xs, case.theta)
    compare("states", got, case.states)


@scores("unroll", weight=1.5, title="all states")
@pytest.mark.parametrize("shape", [(1, 0, 2, 3), (6, 0, 4, 3), (5, 2, 3, 4), (3, 1, 2, 1)], ids=str)
def test_unroll_values(student: Any, reference: Any, shape: tuple[int, ...]) -> None:
    check_unroll(student, recurrence_case(reference, *shape))


@scores("unroll", weight=3.0, title="an initial state of zero")
def test_unroll_from_zero(student: Any, reference: Any) -> None:
    check_unroll(student, recurrence_case(reference, 5, 2, 3, 4, True))


@scores("unroll", title="states and inputs of one size")
def test_unroll_equal_sizes(student: Any, reference: Any) -> None:
    check_unroll(student, recurrence_case(reference, 3, 3, 3, 3))
    check_unroll(student, recurrence_case(reference, 3, 4, 3, 3))  # as many states as rows


@scores("unroll", title="many steps")
def test_unroll_many_steps(student: Any, reference: Any) -> None:
    check_unroll(student, recurrence_case(reference, 40, 0, 2, 3))


@scores("unroll", title="inputs and parameters of zero")
def test_unroll_with_zeros(student: Any, reference: Any) -> None:
    # A theta, a state and an input of 0 are there like any others.
    got = student.unroll(lambda h, x, theta: 2.0 * h + x + theta, 0.0, np.array([0.0, 3.0]), 0)
    compare("states", got, np.array([0.0, 0.0, 3.0]))


@scores("unroll", title="states that are numbers")
def test_unroll_scalar_states(student: Any, reference: Any) -> None:
    xs = np.array([0.25, -1.5, 2.0, 0.75, -0.5])
    states = [np.array(1.75)]
    for x in xs:
        states.append(0.5 * states[-1] + 3.0 * x)
    got = student.unroll(lambda h, x, theta: theta[0] * h + theta[1] * x, states[0], xs, (0.5, 3.0))
    compare("states", got, np.array(states))


@scores("unroll", title="no inputs")
@pytest.mark.parametrize("N", [0, 3])
def test_unroll_without_inputs(student: Any, reference: Any, N: int) -> None:
    check_unroll(student, recurrence_case(reference, 0, N, 2, 4))


@scores("unroll", title="the same parameters at every step")
def test_unroll_shares_one_theta(student: Any, reference: Any) -> None:
    shared, seen = Opaque(), []  # of a kind that nobody can copy or look into

    def step(h: Any, x: Any, theta: Any) -> Any:
        seen.append(theta is shared)
        return 0.5 * np.asarray(h) + np.asarray(x)

    xs = np.array([[1.0, 3.0], [0.0, -2.0], [4.0, 1.0]])
    got = student.unroll(step, np.array([2.0, 1.0]), xs, shared)
    states = [[2.0, 1.0], [2.0, 3.5], [1.0, -0.25], [4.5, 0.875]]
    compare("states", got, np.array(states))
    require(len(seen) >= 3, "the step was not called for every input")
    require(all(seen), "not every step got the theta object that was passed in")


@scores("unroll", title="two calls in turn")
def test_unroll_keeps_no_state_between_calls(student: Any, reference: Any) -> None:
    first = recurrence_case(reference, 6, 0, 4, 3)
    second = recurrence_case(reference, 4, 0, 2, 5)
    for case in (first, second, first):
        got = student.unroll(tanh_step, case.h0, case.xs, case.theta)
        compare("states", got, case.states)


@scores("unroll", title="arguments stay as they are")
def test_unroll_leaves_its_arguments(student: Any, reference: Any) -> None:
    case = recurrence_case(reference, 5, 2, 3, 4)
    unchanged(student, "unroll", tanh_step, case.h0, case.xs, case.theta)


# --- unfolded_graph ---------------------------------------------------------------------------------------------------


def expected_graph(T: int) -> dict[str, tuple[str, ...]]:
    graph: dict[str, tuple[str, ...]] = {"theta": (), "h0": ()}
    graph |= {f"x{t + 1}": () for t in range(T)}
    graph |= {f"h{t + 1}": (f"h{t}", f"x{t + 1}", "theta") for t in range(T)}
    return graph


@scores("unfolded_graph", weight=0.7, title="nodes and edges of several steps")
@pytest.mark.parametrize("T", [1, 2, 5, 13])
def test_graph_of_several_steps(student: Any, reference: Any, T: int) -> None:
    compare("graph", student.unfolded_graph(T), expected_graph(T))


@scores("unfolded_graph", title="which nodes are whose parents")
@pytest.mark.parametrize("place", [0, 1, 2], ids=["state", "input", "theta"])
def test_graph_parents(student: Any, reference: Any, place: int) -> None:
    graph, want = student.unfolded_graph(4), expected_graph(4)
    require(isinstance(graph, dict), "the graph is not a dict")
    for t in range(1, 5):
        parents = graph.get(f"h{t}")
        require(isinstance(parents, (tuple, list)), "a state has no parents")
        require(place < len(parents), "a state has too few parents")
        compare("a parent of a state", parents[place], want[f"h{t}"][place])


@scores("unfolded_graph", title="nodes without parents")
def test_graph_without_parents(student: Any, reference: Any) -> None:
    graph, want = student.unfolded_graph(4), expected_graph(4)
    require(isinstance(graph, dict), "the graph is not a dict")
    for name, parents in want.items():
        require(name in graph, "a node is missing")
        compare("the parents of a node", bool(graph[name]) and all(graph[name]), bool(parents))


@scores("unfolded_graph", title="no steps")
def test_graph_of_no_step(student: Any, reference: Any) -> None:
    for T in (0, 1):
        compare("graph", student.unfolded_graph(T), expected_graph(T))


@scores("unfolded_graph", weight=0.8, title="many steps")
def test_graph_of_many_steps(student: Any, reference: Any) -> None:
    compare("graph", student.unfolded_graph(1100), expected_graph(1100))


@scores("unfolded_graph", weight=0.8, title="parents as tuples")
def test_graph_of_tuples(student: Any, reference: Any) -> None:
    graph = student.unfolded_graph(3)
    compare("graph", graph, expected_graph(3))
    tuples = all(isinstance(parents, tuple) for parents in graph.values())
    require(tuples, "the parents of a node should be a tuple")


@scores("unfolded_graph", title="graphs of two lengths in turn")
def test_graph_belongs_to_its_length(student: Any, reference: Any) -> None:
    for T in (6, 3):  # a shorter graph after a longer one: nothing of the first may be left
        compare("graph", student.unfolded_graph(T), expected_graph(T))


@scores("unfolded_graph", weight=0.7, title="a negative number of steps")
@pytest.mark.parametrize("T", [-1, -7])
def test_graph_refuses_negative_length(student: Any, reference: Any, T: int) -> None:
    with raises(ValueError, naming="T"):
        student.unfolded_graph(T)


# --- the linear recurrence --------------------------------------------------------------------------------------------

# a, b, h0, T
LINEAR = {
    "negative and expanding": (-1.3, 0.7, 0.9, 6),
    "no memory": (0.0, 1.5, 2.0, 5),
    "one step": (1.0, -0.4, -0.3, 1),
    "many steps": (0.93, 1.1, -0.6, 40),
    "zero start": (0.7, 1.3, 0.0, 6),
    "input weight of one": (-0.6, 1.0, 0.5, 4),
    "zero input weight": (0.5, 0.0, 1.0, 4),
}
FORWARD = list(LINEAR)[:6]


@once
def linear_case(
    rng: np.random.Generator, reference: Any, setting: str, upstream: str
) -> SimpleNamespace:
    """States and gradients by autograd, each step with its own copy of both parameters."""
    a, b, h0, T = LINEAR[setting]
    # Signs under which the terms of the sums do not cancel, so that single precision stays precise enough.
    signs = np.where(a < 0, -1.0, 1.0) ** np.arange(1, T + 1)
    xs = signs * rng.uniform(0.2, 2.0, size=T)
    dhs = signs * rng.uniform(0.2, 2.0, size=T)
    if upstream == "first":
        dhs[1:] = 0.0
    elif upstream == "last":
        dhs[:-1] = 0.0

    def unfolded(leaves: dict[str, Any]) -> Any:
        h, states = leaves["h0"], []
        for t in range(T):
            h = leaves["a"][t] * h + leaves["b"][t] * leaves["xs"][t]
            states.append(h)
        return oracle.stack(states)

    leaves = {"a": np.full(T, a), "b": np.full(T, b), "h0": np.float64(h0), "xs": xs}
    hs = unfolded(leaves)
    found = gradients(unfolded, leaves, dhs)
    da, db, dh0, dxs = (found[name] for name in ("a", "b", "h0", "xs"))
    grads = {
        "da": float(da.sum()),
        "db": float(db.sum()),
        "dh0": float(dh0),
        "dxs": dxs,
        "da_per_step": da,
        "db_per_step": db,
    }
    return SimpleNamespace(a=a, b=b, h0=h0, xs=xs, hs=hs, dhs=dhs, grads=grads)


def backward_arguments(case: SimpleNamespace) -> tuple[Any, ...]:
    return case.a, case.b, case.h0, case.xs, case.hs, case.dhs


def decayed(a: float, terms: np.ndarray, start: float) -> np.ndarray:
    """What is left after each step of what came before, times a, with the step's own term."""
    left = itertools.accumulate(
        terms.tolist(), lambda so_far, term: a * so_far + term, initial=start
    )
    return np.array(list(left)[1:])


@once
def longest_case(rng: np.random.Generator, T: int) -> SimpleNamespace:
    """States and gradients of a long sequence."""
    a, b, h0 = 0.97, -0.8, 1.5
    xs, dhs = rng.uniform(0.2, 2.0, size=T), rng.uniform(0.2, 2.0, size=T)
    hs = decayed(a, b * xs, h0)
    deltas = decayed(a, dhs[::-1], 0.0)[::-1]
    return SimpleNamespace(a=a, b=b, h0=h0, xs=xs, hs=hs, dhs=dhs, deltas=deltas)


UNIT = 2.0**100  # about 1e30


@once
def case_in_other_units(rng: np.random.Generator, reference: Any) -> SimpleNamespace:
    """Tiny inputs with a huge weight, and upstream gradients of some hundreds."""
    case = linear_case(reference, "negative and expanding", "all")
    scale = {"da": 300, "dh0": 300, "da_per_step": 300}
    scale |= {"dxs": 300 * UNIT, "db": 300 / UNIT, "db_per_step": 300 / UNIT}
    return SimpleNamespace(
        a=case.a,
        b=case.b * UNIT,
        h0=case.h0,
        xs=case.xs / UNIT,
        hs=case.hs,
        dhs=case.dhs * 300,
        grads={name: value * scale[name] for name, value in case.grads.items()},
    )


@scores("linear_rnn_forward", title="all states")
@pytest.mark.parametrize("setting", FORWARD)
def test_linear_states(student: Any, reference: Any, setting: str) -> None:
    case = linear_case(reference, setting, "all")
    compare("hs", student.linear_rnn_forward(case.a, case.b, case.h0, case.xs), case.hs, axes="T")


@scores("linear_rnn_forward", title="two sequences in turn")
def test_linear_states_of_two_sequences(student: Any, reference: Any) -> None:
    first = linear_case(reference, "negative and expanding", "all")
    second = linear_case(reference, "zero input weight", "all")
    for case in (first, second, first):
        got = student.linear_rnn_forward(case.a, case.b, case.h0, case.xs)
        compare("hs", got, case.hs, axes="T")


@scores("linear_rnn_forward", weight=0.6, title="a longer sequence")
def test_linear_states_of_a_longer_sequence(student: Any, reference: Any) -> None:
    case = longest_case(1500)
    compare("hs", student.linear_rnn_forward(case.a, case.b, case.h0, case.xs), case.hs, axes="T")


@scores("linear_rnn_forward", weight=0.6, title="arguments stay as they are")
def test_linear_forward_leaves_its_arguments(student: Any, reference: Any) -> None:
    case = linear_case(reference, "negative and expanding", "all")
    unchanged(student, "linear_rnn_forward", case.a, case.b, case.h0, case.xs)


@scores("linear_rnn_backward", weight=0.6, title="all gradients")
@pytest.mark.parametrize("upstream", ["all", "first", "last"])
@pytest.mark.parametrize("setting", list(LINEAR)[:3])
def test_linear_gradients(student: Any, reference: Any, setting: str, upstream: str) -> None:
    case = linear_case(reference, setting, upstream)
    compare("gradients", student.linear_rnn_backward(*backward_arguments(case)), case.grads)


@scores("linear_rnn_backward", weight=2.0, title="one gradient at a time")
@pytest.mark.parametrize("name", ["da", "db", "dh0", "dxs", "da_per_step", "db_per_step"])
def test_linear_gradient_of(student: Any, reference: Any, name: str) -> None:
    for setting in ("many steps", "negative and expanding"):
        case = linear_case(reference, setting, "all")
        got = student.linear_rnn_backward(*backward_arguments(case))
        require(isinstance(got, dict), "the result is not a dict")
        require(name in got, f"there is no entry {name!r} in the result")
        compare(name, got[name], case.grads[name])


@scores("linear_rnn_backward", weight=1.7, title="states and weights of zero")
def test_linear_gradients_with_zeros(student: Any, reference: Any) -> None:
    for setting in ("no memory", "zero start", "zero input weight"):
        case = linear_case(reference, setting, "all")
        compare("gradients", student.linear_rnn_backward(*backward_arguments(case)), case.grads)


@scores("linear_rnn_backward", weight=1.7, title="a loss in other units")
def test_linear_gradients_in_other_units(student: Any, reference: Any) -> None:
    case = case_in_other_units(reference)
    got = student.linear_rnn_backward(*backward_arguments(case))
    require(isinstance(got, dict) and set(got) == set(case.grads), "the result has other keys")
    for name, scale in (("db", UNIT), ("da", 1.0), ("dh0", 1.0)):
        compare(name, float(got[name]) * scale, case.grads[name] * scale)
    for name in ("dxs", "da_per_step", "db_per_step"):
        compare(name, got[name], case.grads[name])


@scores("linear_rnn_backward", weight=4.0, seconds=2.0, title="a longer sequence")
def test_linear_gradients_of_a_longer_sequence(student: Any, reference: Any) -> None:
    case = longest_case(3000)
    got = student.linear_rnn_backward(*backward_arguments(case))
    require(isinstance(got, dict) and {"dxs", "db_per_step"} <= set(got), "an entry is missing")
    compare("dxs", got["dxs"], case.b * case.deltas)
    compare("db_per_step", got["db_per_step"], case.xs * case.deltas)


@scores("linear_rnn_backward", weight=1.7, title="two sequences in turn")
def test_linear_backward_keeps_no_state(student: Any, reference: Any) -> None:
    first = linear_case(reference, "negative and expanding", "all")
    second = linear_case(reference, "many steps", "all")
    for case in (first, second, first):
        compare("gradients", student.linear_rnn_backward(*backward_arguments(case)), case.grads)


@scores("linear_rnn_backward", weight=1.7, title="arguments stay as they are")
def test_linear_backward_leaves_its_arguments(student: Any, reference: Any) -> None:
    case = linear_case(reference, "negative and expanding", "all")
    unchanged(student, "linear_rnn_backward", *backward_arguments(case))


# --- numerical_gradient -----------------------------------------------------------------------------------------------


@once
def smooth_case(
    rng: np.random.Generator, reference: Any, shape: tuple[int, ...]
) -> SimpleNamespace:
    """A quadratic plus a cubic, with its exact gradient; entries are coupled, so order matters.

    It is steep and bent everywhere: neither the gradient nor the error of a one-sided difference is near zero.
    """
    size = int(np.prod(shape, dtype=int))
    coupling = 0.2 * rng.normal(size=(size, size))
    x = rng.uniform(0.5, 1.5, size=shape) * rng.choice([-1.0, 1.0], size=shape)
    cubic = rng.uniform(1.5, 3.0, size=size) * np.sign(x).reshape(-1)

    def f(v: Any) -> float:
        flat = np.asarray(v).reshape(-1)
        return float(flat @ coupling @ flat + cubic @ flat**3)

    flat = x.reshape(-1)
    gradient = ((coupling + coupling.T) @ flat + 3.0 * cubic * flat**2).reshape(shape)
    return SimpleNamespace(f=f, x=x, gradient=gradient, cubic=cubic.reshape(shape))


@scores("numerical_gradient", weight=1.5, title="central differences")
@pytest.mark.parametrize("shape", [(5,), (2, 3), (1,), (2, 1, 4)], ids=str)
def test_gradient_values(student: Any, reference: Any, shape: tuple[int, ...]) -> None:
    case = smooth_case(reference, shape)
    got = student.numerical_gradient(case.f, case.x)
    compare("gradient", got, case.gradient, dtype=np.float64)


@scores("numerical_gradient", title="a function of one number")
def test_gradient_of_one_number(student: Any, reference: Any) -> None:
    got = student.numerical_gradient(lambda v: float(np.asarray(v)) ** 2, np.array(-1.5))
    compare("gradient", got, -3.0)  # as a number: a 0-d array and a numpy scalar are equally right


@scores("numerical_gradient", weight=0.9, title="the step size that is given")
@pytest.mark.parametrize("eps", [0.5, 0.125], ids=["large", "smaller"])
def test_gradient_uses_eps(student: Any, reference: Any, eps: float) -> None:
    case = smooth_case(reference, (2, 3))
    # The central difference of x**3 is 3 x**2 + eps**2, exactly.
    got = student.numerical_gradient(case.f, 4.0 * case.x, eps)
    centre = student_free_gradient(case, 4.0 * case.x, eps)
    compare("gradient", got, centre)


def student_free_gradient(case: SimpleNamespace, x: np.ndarray, eps: float) -> np.ndarray:
    """The central difference of `case.f` in closed form: its gradient, and eps**2 for the cubic."""
    quadratic = case.gradient - 3.0 * case.cubic * case.x**2  # linear in the point
    scale = float(x.flat[0] / case.x.flat[0])
    return scale * quadratic + case.cubic * (3.0 * x**2 + eps**2)


@scores("numerical_gradient", title="a point of whole numbers")
def test_gradient_at_integers(student: Any, reference: Any) -> None:
    seen: list[bool] = []

    def f(v: Any) -> float:
        seen.append(np.asarray(v).dtype == np.float64 and np.shape(v) == (2, 2))
        return float(np.sum(np.asarray(v).real ** 2))

    x = np.array([[3, -1], [0, 2]])
    got = student.numerical_gradient(f, x)
    compare("gradient", got, 2.0 * x, dtype=np.float64)
    require(bool(seen) and all(seen), "f got something else than float64 in the shape of x")


@scores("numerical_gradient", title="another order in memory")
@pytest.mark.parametrize("shape", [(2, 3), (4, 2, 3)], ids=str)
def test_gradient_in_fortran_order(student: Any, reference: Any, shape: tuple[int, ...]) -> None:
    # There x.reshape(-1) is a copy: to move its entries moves nothing.
    case = smooth_case(reference, shape)
    got = student.numerical_gradient(case.f, np.asfortranarray(case.x))
    compare("gradient", got, case.gradient, dtype=np.float64)


@scores("numerical_gradient", title="a point at zero")
def test_gradient_at_zero(student: Any, reference: Any) -> None:
    slopes = np.array([[2.0, -0.5, 3.0], [0.25, -1.5, 1.0]])
    x = np.array([[0.0, 1.0, 0.0], [-2.0, 0.0, 1e6]])
    got = student.numerical_gradient(lambda v: float((np.asarray(v) * slopes).sum()), x)
    compare("gradient", got, slopes)


@scores("numerical_gradient", title="two evaluations for each entry")
def test_gradient_evaluates_twice_per_entry(student: Any, reference: Any) -> None:
    for shape in ((2, 3), (4,)):
        case = smooth_case(reference, shape)
        f = calls_counted(case.f)
        compare("gradient", student.numerical_gradient(f, case.x), case.gradient)
        require(f.calls == 2 * case.x.size, "f was not called exactly twice per entry of x")


@scores("numerical_gradient", title="the point stays as it is")
def test_gradient_leaves_the_point(student: Any, reference: Any) -> None:
    # Adding and taking off 1e-5 does not bring every one of these numbers back.
    x = np.array([[0.1, 0.7, 1.3], [-2.9, 3.3, 0.017]])
    unchanged(student, "numerical_gradient", lambda v: float(np.sum(np.real(v))), x)


# --- relative_error ---------------------------------------------------------------------------------------------------

FLOAT32_LARGE = np.array([3.0e38, 1.0], dtype=np.float32), np.array([1.5e38, 1.0], dtype=np.float32)
PAIRS = {
    "mixed": (np.array([1.0, -2.0, 5.0]), np.array([1.5, -2.0, 4.0])),
    "matrix": (
        np.array([[1.0, 8.0, 3.0], [4.0, 5.0, 6.0]]),
        np.array([[1.0, 2.0, 3.0], [3.0, 5.0, 6.5]]),
    ),
    "opposite signs": (np.array([2.0, 1.0]), np.array([-2.0, 1.0])),
    "one is zero": (np.array([0.0, 3.0]), np.array([1e-3, 3.0])),
    "equal": (np.array([0.0, -4.0]), np.array([0.0, -4.0])),
    "at the floor": (np.array([1e-12, 2.0]), np.array([0.0, 2.0])),
    "below the floor": (np.array([3e-13, 0.0]), np.array([1e-13, 0.0])),
    "above the floor": (np.array([4e-10, 1.0]), np.array([1e-10, 1.0])),
    "int8": (np.array([100, 3], dtype=np.int8), np.array([-100, 3], dtype=np.int8)),
    "uint8": (np.array([3, 200], dtype=np.uint8), np.array([5, 200], dtype=np.uint8)),
    "large float32": FLOAT32_LARGE,
    "no dimension": (np.array(3.0), np.array(2.0)),
    "nearly equal": (np.array([1.0, 2.0]), np.array([1.0 + 2e-9, 2.0])),
    "tiny and huge": (np.array([1e-9, 1e200]), np.array([1e-9, 3e200])),
}


def entrywise_error(a: np.ndarray, b: np.ndarray) -> float:
    pairs = zip(a.astype(np.float64).flat, b.astype(np.float64).flat, strict=True)
    return float(max(abs(p - q) / max(abs(p) + abs(q), 1e-12) for p, q in pairs))


@scores("relative_error", title="the largest relative error")
@pytest.mark.parametrize("pair", list(PAIRS))
def test_error_value(student: Any, reference: Any, pair: str) -> None:
    want = entrywise_error(*PAIRS[pair])
    # Relative to it: errors of 1e-9 are what this function is for.
    got = student.relative_error(*PAIRS[pair])
    compare("error", got, want)
    if 0.0 < want < 1e-6:
        compare("error", float(got) / want, 1.0)
    if want in (0.0, 1.0):
        ask_for_a_fifth(student)


def ask_for_a_fifth(student: Any) -> None:
    """Ask for a result that no constant gives."""
    compare("error", student.relative_error(np.array([3.0]), np.array([2.0])), 0.2)


@scores("relative_error", weight=0.8, title="arrays without entries")
@pytest.mark.parametrize("shape", [(0,), (3, 0)], ids=str)
def test_error_of_empty_arrays(student: Any, reference: Any, shape: tuple[int, ...]) -> None:
    compare("error", student.relative_error(np.zeros(shape), np.zeros(shape)), 0.0)
    ask_for_a_fifth(student)


@scores("relative_error", weight=0.7, title="arrays of two shapes")
@pytest.mark.parametrize(
    "shapes",
    [((3, 1), (3,)), ((2, 3), (3, 2)), ((4,), (1,)), ((), (1,)), ((0, 2), (2, 0))],
    ids=str,
)
def test_error_refuses_other_shapes(
    student: Any, reference: Any, shapes: tuple[tuple[int, ...], tuple[int, ...]]
) -> None:
    with raises(ValueError, naming=("a", "b")):
        student.relative_error(np.ones(shapes[0]), np.ones(shapes[1]))


@scores("relative_error", weight=1.1, title="arguments stay as they are")
def test_error_leaves_its_arguments(student: Any, reference: Any) -> None:
    a, b = PAIRS["matrix"]
    unchanged(student, "relative_error", -a, b)
