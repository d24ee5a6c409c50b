"""Hidden suite of chapter 3: Jacobians and their products, the spectrum, clipping, truncation.

What has zeros, ones, None or nothing as its right answer is asked together with something that has not. All the errors
of a function that has some are worth a fifth of it.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from autograder.grading.oracle import gradients, jacobian
from autograder.grading.oracle import np as oracle
from autograder.grading.toolkit import (
    compare,
    insist,
    once,
    raises,
    require,
    scores,
    unchanged,
)

RESULTS = {
    "step_jacobian": "H H",
    "jacobian_product": "H H",
    "gradient_norms": "T",
    "spectral_radius": "",
    "rescale_spectral_radius": "H H",
    "orthogonal_matrix": "H H",
    "steps_until_vanished": "",
    "global_norm": "",
    "clip_by_global_norm": {"clipped": "", "norm": ""},
    "clip_by_value": "",
    "truncated_windows": "",
}


# --- Jacobians --------------------------------------------------------------------------------------------------------


@once
def trajectory(rng: np.random.Generator, reference: Any, T: int, H: int) -> SimpleNamespace:
    """States of a vanilla RNN, partly saturated, and their derivatives by autograd."""
    Whh = rng.normal(size=(H, H)) * 1.2 / np.sqrt(H)
    drive = rng.normal(size=(T, H))
    drive[:, 0] *= (
        2.0  # slopes of very different sizes, so that rows and columns cannot be mixed up
    )
    return with_derivatives(rng, Whh, drive)


@once
def long_trajectory(rng: np.random.Generator, T: int, H: int) -> SimpleNamespace:
    """Small states and an orthogonal matrix: the gradient of the last step reaches the first."""
    Whh = np.linalg.qr(rng.normal(size=(H, H)))[0]
    case = with_derivatives(rng, Whh, rng.normal(size=(T, H)) * 0.1)
    insist(case.norms[0] > 0.01 * case.norms[-1])
    return case


UNIT = 2.0**106  # about 1e32; a power of two, so that only exponents change


def with_derivatives(rng: np.random.Generator, Whh: np.ndarray, drive: np.ndarray) -> Any:
    """Run from the first drive on and differentiate by the first state."""
    T, H = drive.shape

    def states(shifts: Any) -> list[Any]:
        """Each state with something added to it, of which the gradient is that of the state."""
        found = [np.tanh(drive[0]) + shifts[0]]
        for t in range(1, T):
            found.append(oracle.tanh(oracle.dot(Whh, found[-1]) + drive[t]) + shifts[t])
        return found

    nothing = np.zeros((T, H))
    dh_last = rng.normal(size=H)
    deltas = gradients(lambda g: states(g["shifts"])[-1], {"shifts": nothing}, dh_last)["shifts"]
    product = jacobian(lambda first: states(oracle.vstack([first[None], nothing[1:]]))[-1])(
        nothing[0]
    )
    norms = np.linalg.norm(deltas, axis=1)
    h = np.array(states(nothing))
    return SimpleNamespace(h=h, Whh=Whh, dh_last=dh_last, product=product, norms=norms)


@once
def one_step(rng: np.random.Generator, reference: Any, H: int) -> SimpleNamespace:
    """One step and its Jacobian by autograd.

    One unit is far out, but not so far that single precision loses its slope 1 - h^2.
    """
    Whh = rng.normal(size=(H, H))
    h_prev = rng.uniform(-0.9, 0.9, size=H)
    wanted = rng.uniform(-1.2, 1.2, size=H)
    wanted[-1] = 1.8
    drive = wanted - Whh @ h_prev

    def step(state: Any) -> Any:
        return oracle.tanh(oracle.dot(Whh, state) + drive)

    return SimpleNamespace(h=step(h_prev), Whh=Whh, jacobian=jacobian(step)(h_prev))


@scores("step_jacobian", weight=2.0, title="the Jacobian of one step")
@pytest.mark.parametrize("H", [1, 3, 6])
def test_step_jacobian_values(student: Any, reference: Any, H: int) -> None:
    case = one_step(reference, H)
    compare("jacobian", student.step_jacobian(case.h, case.Whh), case.jacobian, axes="H H")


@scores("step_jacobian", weight=1.2, title="states near -1, 0 and 1")
def test_step_jacobian_of_extreme_states(student: Any, reference: Any) -> None:
    Whh = one_step(reference, 3).Whh
    for value in (0.0, 1.0):
        got = student.step_jacobian(np.array([value, -value, 0.0]), Whh)
        want = Whh.copy()
        want[:2] *= 1.0 - value
        compare("jacobian", got, want, axes="H H")


@scores("step_jacobian", weight=1.2, title="tiny and huge weights")
@pytest.mark.parametrize("scale", [UNIT, 1 / UNIT], ids=["huge", "tiny"])
def test_step_jacobian_of_weights_of_any_size(student: Any, reference: Any, scale: float) -> None:
    # It is linear in the weights; a difference of fixed width is not.
    case = one_step(reference, 6)
    got = student.step_jacobian(case.h, case.Whh * scale)
    compare("jacobian", got, case.jacobian * scale, axes="H H")


@scores("step_jacobian", weight=0.8, title="arguments stay as they are")
def test_step_jacobian_leaves_its_arguments(student: Any, reference: Any) -> None:
    case = one_step(reference, 6)
    unchanged(student, "step_jacobian", case.h, case.Whh)


@scores(
    "jacobian_product", weight=2.0, steps=("step_jacobian",), title="the product of several steps"
)
@pytest.mark.parametrize("size", [(2, 3), (7, 2), (5, 1)], ids=str)
def test_jacobian_product_values(student: Any, reference: Any, size: tuple[int, int]) -> None:
    check_product(student, trajectory(reference, *size))


def check_product(student: Any, case: SimpleNamespace) -> None:
    compare("product", student.jacobian_product(case.h, case.Whh), case.product, axes="H H")


@scores("jacobian_product", steps=("step_jacobian",), title="a single state")
@pytest.mark.parametrize("H", [1, 4])
def test_jacobian_product_of_one_state(student: Any, reference: Any, H: int) -> None:
    case = trajectory(reference, 1, H)
    compare("product", student.jacobian_product(case.h, case.Whh), np.eye(H), axes="H H")
    check_product(student, trajectory(reference, 2, 3))


@scores("jacobian_product", steps=("step_jacobian",), title="as many steps as units")
def test_jacobian_product_of_equal_sizes(student: Any, reference: Any) -> None:
    check_product(student, trajectory(reference, 4, 4))


@scores("jacobian_product", steps=("step_jacobian",), title="many steps")
def test_jacobian_product_of_many_states(student: Any, reference: Any) -> None:
    check_product(student, long_trajectory(36, 4))


@scores("jacobian_product", steps=("step_jacobian",), title="huge weights")
def test_jacobian_product_of_huge_weights(student: Any, reference: Any) -> None:
    case = trajectory(reference, 2, 3)
    got = student.jacobian_product(case.h, case.Whh * UNIT)
    compare("product", got, case.product * UNIT, axes="H H")


@scores("jacobian_product", steps=("step_jacobian",), title="two calls, arguments stay as they are")
def test_jacobian_product_twice_with_unchanged_arguments(student: Any, reference: Any) -> None:
    case = trajectory(reference, 3, 4)
    unchanged(student, "jacobian_product", case.h, case.Whh)
    compare("product", student.jacobian_product(case.h, case.Whh), case.product, axes="H H")


@scores(
    "gradient_norms",
    weight=2.0,
    steps=("step_jacobian", "jacobian_product"),
    title="the norm at every step",
)
@pytest.mark.parametrize("size", [(2, 3), (9, 5), (6, 1)], ids=str)
def test_gradient_norms_values(student: Any, reference: Any, size: tuple[int, int]) -> None:
    case = trajectory(reference, *size)
    compare("norms", student.gradient_norms(case.dh_last, case.h, case.Whh), case.norms, axes="T")


def check_norms(student: Any, case: SimpleNamespace) -> None:
    compare("norms", student.gradient_norms(case.dh_last, case.h, case.Whh), case.norms, axes="T")


@scores("gradient_norms", steps=("step_jacobian", "jacobian_product"), title="a single state")
def test_gradient_norms_of_one_state(student: Any, reference: Any) -> None:
    check_norms(student, trajectory(reference, 1, 4))


@scores(
    "gradient_norms", steps=("step_jacobian", "jacobian_product"), title="as many steps as units"
)
def test_gradient_norms_of_equal_sizes(student: Any, reference: Any) -> None:
    check_norms(student, trajectory(reference, 4, 4))


@scores("gradient_norms", steps=("step_jacobian", "jacobian_product"), title="many steps")
def test_gradient_norms_of_many_states(student: Any, reference: Any) -> None:
    check_norms(student, long_trajectory(36, 4))


@scores("gradient_norms", steps=("step_jacobian", "jacobian_product"), title="huge weights")
def test_gradient_norms_of_huge_weights(student: Any, reference: Any) -> None:
    case = trajectory(reference, 2, 3)
    scale = 2.0**50  # whose square single precision holds, too
    got = student.gradient_norms(case.dh_last, case.h, case.Whh * scale)
    # Each by itself: beside the first one, the last would not count.
    compare("norms", np.asarray(got) / [scale, 1.0], case.norms, axes="T")


@scores(
    "gradient_norms", steps=("step_jacobian", "jacobian_product"), title="a loss in other units"
)
@pytest.mark.parametrize("size", [1e-9, 1e9], ids=["small", "large"])
def test_gradient_norms_scale_with_the_loss(student: Any, reference: Any, size: float) -> None:
    case = trajectory(reference, 9, 5)
    got = student.gradient_norms(size * case.dh_last, case.h, case.Whh)
    compare("norms", np.asarray(got) / size, case.norms, axes="T")


@scores(
    "gradient_norms",
    weight=0.9,
    steps=("step_jacobian", "jacobian_product"),
    title="two calls, arguments stay as they are",
)
def test_gradient_norms_twice_with_unchanged_arguments(student: Any, reference: Any) -> None:
    case = trajectory(reference, 9, 5)
    unchanged(student, "gradient_norms", case.dh_last, case.h, case.Whh)
    compare("norms", student.gradient_norms(case.dh_last, case.h, case.Whh), case.norms, axes="T")


# --- the spectrum -----------------------------------------------------------------------------------------------------


@once
def with_eigenvalues(
    rng: np.random.Generator, reference: Any, kind: str
) -> tuple[np.ndarray, float]:
    """A matrix without structure to the eye, and its spectral radius, known from how it was built."""
    blocks = {
        "positive": np.diag([0.3, 1.7, -0.4]),
        "negative": np.diag([0.9, -2.5, 1.0, 0.1]),
        "complex": np.array([[0.6, -1.1, 0.0], [1.1, 0.6, 0.0], [0.0, 0.0, 0.8]]),
        "imaginary": np.array([[0.0, -0.7], [0.7, 0.0]]),
        "one": np.array([[-0.6]]),
        "opposite": np.diag([1.5, -1.5, 0.3]),
    }
    radius = {
        "positive": 1.7,
        "negative": 2.5,
        "complex": float(np.hypot(0.6, 1.1)),
        "imaginary": 0.7,
        "one": 0.6,
        "opposite": 1.5,
    }
    block = blocks[kind]
    H = len(block)
    # A change of basis that is not orthogonal keeps the eigenvalues and moves singular values and norms.
    basis = np.tril(rng.uniform(0.5, 1.5, size=(H, H))) + np.eye(H)
    return basis @ block @ np.linalg.inv(basis), radius[kind]


KINDS = ["positive", "negative", "complex", "imaginary", "one"]


@scores("spectral_radius", title="the largest absolute eigenvalue")
@pytest.mark.parametrize("kind", [*KINDS, "opposite"])
def test_spectral_radius_value(student: Any, reference: Any, kind: str) -> None:
    W, radius = with_eigenvalues(reference, kind)
    compare("spectral radius", student.spectral_radius(W), radius)


@scores("spectral_radius", title="triangular matrices")
def test_spectral_radius_of_triangular_matrices(student: Any, reference: Any) -> None:
    compare("spectral radius", student.spectral_radius(np.array([[0.5, 9.0], [0.0, -0.25]])), 0.5)
    compare("spectral radius", student.spectral_radius(np.array([[0.0, 5.0], [0.0, 0.0]])), 0.0)


@scores("spectral_radius", weight=0.7, title="tiny and huge matrices")
@pytest.mark.parametrize("size", [1e-30, 1e30], ids=["tiny", "huge"])
def test_spectral_radius_of_any_size(student: Any, reference: Any, size: float) -> None:
    W, radius = with_eigenvalues(reference, "negative")
    compare("spectral radius", float(student.spectral_radius(size * W)) / size, radius)


@scores("spectral_radius", weight=0.6, title="the matrix stays as it is")
def test_spectral_radius_leaves_its_argument(student: Any, reference: Any) -> None:
    unchanged(student, "spectral_radius", with_eigenvalues(reference, "negative")[0])


@scores(
    "rescale_spectral_radius", weight=2.0, steps=("spectral_radius",), title="the rescaled matrix"
)
@pytest.mark.parametrize("kind", KINDS[1:])
def test_rescaled_values(student: Any, reference: Any, kind: str) -> None:
    W, own = with_eigenvalues(reference, kind)
    for radius in (0.45, 3.0):
        compare("W", student.rescale_spectral_radius(W, radius), W * (radius / own), axes="H H")


@scores("rescale_spectral_radius", steps=("spectral_radius",), title="a target of zero")
def test_rescaled_to_zero(student: Any, reference: Any) -> None:
    W, own = with_eigenvalues(reference, "complex")
    for radius in (0.0, 0.5):
        want = W * (radius / own)
        compare("W", student.rescale_spectral_radius(W, radius), want, axes="H H")


@scores("rescale_spectral_radius", steps=("spectral_radius",), title="tiny and huge matrices")
@pytest.mark.parametrize("size", [1e-30, 1e30], ids=["tiny", "huge"])
def test_rescaled_from_far_away(student: Any, reference: Any, size: float) -> None:
    W, own = with_eigenvalues(reference, "negative")
    got = student.rescale_spectral_radius(size * W, 0.8)
    compare("W", got, W * (0.8 / own), axes="H H")


@scores(
    "rescale_spectral_radius",
    weight=0.8,
    steps=("spectral_radius",),
    title="a matrix that no factor can rescale",
)
@pytest.mark.parametrize("kind", ["zero", "upper", "lower"])
def test_rescale_refuses_a_spectral_radius_of_zero(student: Any, reference: Any, kind: str) -> None:
    full = np.array([[1.0, -2.0, 0.5], [3.0, 1.0, 2.0], [-1.0, 4.0, 1.0]])
    matrices = {"zero": np.zeros((2, 2)), "upper": np.triu(full, 1), "lower": np.tril(full, -1)}
    for radius in (0.9, 0.0):
        with raises(ValueError, naming="W"):
            student.rescale_spectral_radius(matrices[kind], radius)


@scores(
    "rescale_spectral_radius",
    weight=0.8,
    steps=("spectral_radius",),
    title="the matrix stays as it is",
)
def test_rescale_leaves_its_arguments(student: Any, reference: Any) -> None:
    unchanged(student, "rescale_spectral_radius", with_eigenvalues(reference, "complex")[0], 0.5)


@scores("orthogonal_matrix", weight=2.0, title="columns of length 1 at right angles")
@pytest.mark.parametrize("sizes", [(2,), (5, 1), (12,), (40,)], ids=str)
def test_orthogonal(student: Any, reference: Any, sizes: tuple[int, ...]) -> None:
    for H in sizes:
        for seed in (0, 7):
            check_orthogonal(student.orthogonal_matrix(H, seed), H)


def check_orthogonal(q: Any, H: int) -> None:
    compare("the matrix's number of axes", np.ndim(q), 2)
    product = np.asarray(q, dtype=np.float64).T @ np.asarray(q, dtype=np.float64)
    compare("Q.T @ Q", product, np.eye(H), axes="H H")


@scores("orthogonal_matrix", title="the same seed twice")
def test_orthogonal_of_the_same_seed(student: Any, reference: Any) -> None:
    for seed in (3, 11):
        first = student.orthogonal_matrix(4, seed)
        student.orthogonal_matrix(6, 5)
        second = student.orthogonal_matrix(4, seed)
        compare("the shape of the matrix", np.shape(first), (4, 4))
        require(np.linalg.matrix_rank(np.asarray(first)) == 4, "the matrix has not full rank")
        require(np.array_equal(first, second), "the same seed gave two different matrices")


@scores("orthogonal_matrix", weight=1.5, title="other seeds")
@pytest.mark.parametrize("H", [2, 5])
def test_orthogonal_of_other_seeds(student: Any, reference: Any, H: int) -> None:
    drawn = [np.asarray(student.orthogonal_matrix(H, seed)) for seed in range(6)]
    for i, one in enumerate(drawn):
        compare("the shape of the matrix", one.shape, (H, H))
        for other in drawn[:i]:
            require(bool(np.abs(one - other).max() > 1e-6), "two seeds gave the same matrix")


# --- how far a signal reaches -----------------------------------------------------------------------------------------

# radius, threshold, smallest k
VANISHED = {
    "inside": [(0.9, 0.5, 7), (0.95, 0.01, 90), (0.99, 1e-12, 2750), (0.3, 0.9, 1)],
    # Exact in binary.
    "boundary": [(0.5, 0.125, 4), (0.5, 2.0**-29, 30), (0.75, 0.5625, 3), (0.25, 1.0, 1)],
    # Powers of decimals, where quotients of logarithms err to either side. Exact arithmetic, powers and products agree.
    "decimal above": [
        (0.3, 0.000729, 6),
        (0.15, 1.1390625e-05, 6),
        (0.6, 0.0279936, 7),
        (0.7, 0.343, 3),
        (0.95, 0.7737809375, 5),
        (0.3, 0.0002187, 7),
    ],
    "decimal below": [
        (0.1, 0.001, 4),
        (0.2, 0.0016, 5),
        (0.9, 0.6561, 5),
        (0.05, 7.8125e-10, 8),
        (0.8, 0.4096, 5),
        (0.4, 0.4, 2),
        (0.99, 0.9801, 3),
    ],
    "high threshold": [(0.5, 1.5, 0), (1.0, 1.5, 0), (1.3, 7.0, 0), (0.9, 0.5, 7)],
    "no radius": [(0.0, 0.5, 1), (0.0, 1.0, 1), (0.0, 1.5, 0), (0.9, 0.5, 7)],
}
NEVER = [(1.0, 0.5), (1.0, 1.0), (1.2, 0.3), (0.5, 0.0), (0.0, 0.0), (0.9, -1.0), (1.0, 0.0)]


def check_steps(student: Any, cases: list[tuple[float, float, int]]) -> None:
    for radius, threshold, k in cases:
        compare_steps(student.steps_until_vanished(radius, threshold), k)


def compare_steps(got: Any, k: int) -> None:
    """Compare as numbers; that it is an int is asked for in one test."""
    whole = isinstance(got, (float, np.floating)) and np.isfinite(got) and got == int(got)
    compare("k", int(got) if whole else got, k)


@scores("steps_until_vanished", weight=1.3, title="a plain whole number")
def test_vanished_after_an_int(student: Any, reference: Any) -> None:
    for radius, threshold, k in VANISHED["inside"]:
        compare("k", student.steps_until_vanished(radius, threshold), k)


@scores("steps_until_vanished", weight=2.0, title="the step at which the norm falls below")
@pytest.mark.parametrize("group", list(VANISHED)[:2])
def test_vanished_after(student: Any, reference: Any, group: str) -> None:
    check_steps(student, VANISHED[group])


@scores("steps_until_vanished", weight=1.2, title="a norm exactly at the threshold")
@pytest.mark.parametrize("group", list(VANISHED)[2:])
def test_vanished_at_the_edge(student: Any, reference: Any, group: str) -> None:
    check_steps(student, VANISHED[group])


@scores("steps_until_vanished", weight=1.2, title="norms that do not vanish")
@pytest.mark.parametrize("group", ["large radius", "low threshold"])
def test_never_vanished(student: Any, reference: Any, group: str) -> None:
    for radius, threshold in NEVER[:3] if group == "large radius" else NEVER[3:]:
        compare("k", student.steps_until_vanished(radius, threshold), None)
    check_steps(student, VANISHED["inside"][:1])


@scores("steps_until_vanished", weight=4.0, seconds=2.0, title="factors close to 1")
@pytest.mark.parametrize("threshold", [0.5, 1e-6, 1e-300], ids=["half", "small", "tiny"])
def test_vanished_just_below_one(student: Any, reference: Any, threshold: float) -> None:
    radius = 1.0 - 1e-9
    got = student.steps_until_vanished(radius, threshold)
    compare_steps(got, reference.steps_until_vanished(radius, threshold))
    check_steps(student, [(radius, 1.0, 1)])


# --- clipping ---------------------------------------------------------------------------------------------------------


@once
def gradients_case(rng: np.random.Generator, reference: Any, norm: float) -> SimpleNamespace:
    """Gradients of several shapes with a given norm over all of them together."""
    grads = {
        "Wxh": rng.normal(size=(4, 3)),
        "Whh": rng.normal(size=(4, 4)),
        "bh": rng.normal(size=4) * 2.0,
        "scale": rng.normal(size=(1, 1)),
    }
    squares = sum(float((g**2).sum()) for g in grads.values())
    return SimpleNamespace(
        grads={k: g / np.sqrt(squares) * norm for k, g in grads.items()}, norm=norm
    )


@scores("global_norm", weight=1.5, title="one norm over all arrays")
@pytest.mark.parametrize("norm", [37.5, 1e-3], ids=["large", "small"])
def test_norm_values(student: Any, reference: Any, norm: float) -> None:
    compare("norm", student.global_norm(gradients_case(reference, norm).grads), norm)


@scores("global_norm", weight=2.5, title="a single array")
def test_norm_of_one_array(student: Any, reference: Any) -> None:
    for name, sides in (("b", [3.0, -4.0, 12.0]), ("W", [[2.0, -6.0, 3.0], [14.0, 0.0, 0.0]])):
        got = student.global_norm({name: np.array(sides)})
        compare("norm", got, float(np.sqrt(np.sum(np.square(sides)))))


@scores("global_norm", weight=0.8, title="tiny entries")
@pytest.mark.parametrize("norm", [1e-200, 1e-300], ids=["tiny", "tiniest"])
def test_norm_of_tiny_entries(student: Any, reference: Any, norm: float) -> None:
    got = student.global_norm(gradients_case(reference, norm).grads)
    compare("norm, over what it should be", float(got) / norm, 1.0)


@scores("global_norm", weight=0.8, title="huge entries")
@pytest.mark.parametrize("norm", [1e200, 1e300], ids=["huge", "largest"])
def test_norm_of_huge_entries(student: Any, reference: Any, norm: float) -> None:
    compare("norm", student.global_norm(gradients_case(reference, norm).grads), norm)
    compare("norm", student.global_norm({"b": np.array([-1e200]), "W": np.zeros((2, 3))}), 1e200)


@scores("global_norm", weight=0.8, title="no arrays, and arrays without entries")
def test_norm_of_nothing(student: Any, reference: Any) -> None:
    compare("norm", student.global_norm({}), 0.0)
    compare("norm", student.global_norm({"W": np.zeros((2, 3)), "b": np.zeros(1)}), 0.0)
    compare("norm", student.global_norm({"b": np.array([-3.0])}), 3.0)


@scores("global_norm", weight=0.8, title="arrays stay as they are")
def test_norm_leaves_its_argument(student: Any, reference: Any) -> None:
    unchanged(student, "global_norm", gradients_case(reference, 37.5).grads)


def clip(student: Any, case: SimpleNamespace, threshold: float) -> None:
    """Clip and compare both results with (3.8)."""
    clipped, norm = student.clip_by_global_norm(case.grads, threshold)
    factor = threshold / case.norm if case.norm > threshold else 1.0
    compare("clipped", clipped, {name: g * factor for name, g in case.grads.items()})
    compare("norm", norm, case.norm)


@scores(
    "clip_by_global_norm",
    weight=1.3,
    steps=("global_norm",),
    title="a small norm above a smaller threshold",
)
@pytest.mark.parametrize(
    "norm, threshold", [(1e-4, 1e-5), (1e-7, 5e-8), (1e-200, 1e-201)], ids=["small", "less", "tiny"]
)
def test_clipped_from_small_norms(
    student: Any, reference: Any, norm: float, threshold: float
) -> None:
    # Nothing is added to a norm of that size, neither 1e-6 nor 1e-12.
    case = gradients_case(reference, norm)
    clipped, got = student.clip_by_global_norm(case.grads, threshold)
    want = {name: g * (threshold / norm) for name, g in case.grads.items()}
    compare("clipped", clipped, want)
    compare("norm, over what it should be", float(got) / norm, 1.0)


@scores("clip_by_global_norm", weight=3.0, steps=("global_norm",), title="a single array")
def test_clipped_of_one_array(student: Any, reference: Any) -> None:
    clip(student, SimpleNamespace(grads={"b": np.array([3.0, -4.0])}, norm=5.0), 2.0)


@scores(
    "clip_by_global_norm", weight=4.0, steps=("global_norm",), title="a norm above the threshold"
)
@pytest.mark.parametrize("threshold", [0.01, 30.0], ids=["far", "slightly"])
def test_clipped_above_the_threshold(student: Any, reference: Any, threshold: float) -> None:
    clip(student, gradients_case(reference, 37.5), threshold)


@scores("clip_by_global_norm", steps=("global_norm",), title="a norm below the threshold")
@pytest.mark.parametrize("threshold", [38.0, 1e6], ids=["slightly", "far"])
def test_not_clipped_below_the_threshold(student: Any, reference: Any, threshold: float) -> None:
    clip(student, gradients_case(reference, 37.5), threshold)


@scores("clip_by_global_norm", steps=("global_norm",), title="huge norms")
@pytest.mark.parametrize("norm", [1e200, 1e300], ids=["huge", "largest"])
def test_clipped_from_huge_norms(student: Any, reference: Any, norm: float) -> None:
    clip(student, gradients_case(reference, norm), 2.5)


@scores(
    "clip_by_global_norm",
    weight=1.2,
    steps=("global_norm",),
    title="gradients of zero, and no gradients",
)
def test_clipping_of_zero_and_nothing(student: Any, reference: Any) -> None:
    clip(student, SimpleNamespace(grads={"W": np.zeros((2, 3)), "b": np.zeros(1)}, norm=0.0), 1.0)
    clip(student, SimpleNamespace(grads={}, norm=0.0), 1.0)
    clip(student, SimpleNamespace(grads={"b": np.array([0.0, 2.0, 0.0])}, norm=2.0), 1.0)


@scores(
    "clip_by_global_norm", weight=1.2, steps=("global_norm",), title="a threshold that cannot be"
)
@pytest.mark.parametrize("thresholds", [(0.0, -1.0), (float("nan"),)], ids=str)
def test_clip_refuses_a_threshold(
    student: Any, reference: Any, thresholds: tuple[float, ...]
) -> None:
    for threshold in thresholds:
        for grads in ({"b": np.array([3.0, 4.0])}, {"b": np.array([np.inf, 4.0])}, {}):
            with raises(ValueError, naming="threshold"):
                student.clip_by_global_norm(grads, threshold)


@scores(
    "clip_by_global_norm", weight=1.2, steps=("global_norm",), title="gradients that are not finite"
)
@pytest.mark.parametrize("entries", [(np.nan,), (np.inf, -np.inf)], ids=["nan", "infinite"])
def test_clip_refuses_entries(student: Any, reference: Any, entries: tuple[float, ...]) -> None:
    for place, entry in ((place, entry) for place in ("first", "last") for entry in entries):
        grads = {"first": np.array([0.25, -0.5]), "last": np.array([[0.125, 0.5, 0.25]])}
        grads[place] = grads[place].copy()
        grads[place].flat[1] = entry
        for threshold in (2.0, 1e-3):
            with raises(FloatingPointError, naming="grads"):
                student.clip_by_global_norm(grads, threshold)


@scores("clip_by_global_norm", weight=1.2, steps=("global_norm",), title="arrays stay as they are")
@pytest.mark.parametrize("threshold", [5.0, 100.0], ids=["clipped", "not clipped"])
def test_clip_leaves_its_arguments(student: Any, reference: Any, threshold: float) -> None:
    unchanged(student, "clip_by_global_norm", gradients_case(reference, 37.5).grads, threshold)


@scores("clip_by_value", weight=2.5, title="each entry within the limit")
@pytest.mark.parametrize("limit", [0.5, 3.0], ids=["small", "moderate"])
def test_value_clipped(student: Any, reference: Any, limit: float) -> None:
    grads = gradients_case(reference, 12.0).grads
    want = {
        name: np.array([max(-limit, min(limit, float(v))) for v in g.flat]).reshape(g.shape)
        for name, g in grads.items()
    }
    compare("clipped", student.clip_by_value(grads, limit), want)


@scores("clip_by_value", title="single precision")
def test_value_clipping_of_single_precision(student: Any, reference: Any) -> None:
    g = np.array([[0.3, -7.0, 0.05], [-0.1, 2.0, -0.2]], dtype=np.float32)
    got = student.clip_by_value({"W": g, "b": np.array([-1e200, 1e200])}, 0.1)
    want = np.array([[0.1, -0.1, 0.05], [-0.1, 0.1, -0.1]])
    compare("clipped", got, {"W": want, "b": np.array([-0.1, 0.1])})
    compare("clipped", student.clip_by_value({}, 1.0), {})


@scores("clip_by_value", title="tiny and huge entries")
@pytest.mark.parametrize("size", [1e-30, 1e30], ids=["tiny", "huge"])
def test_value_clipped_of_any_size(student: Any, reference: Any, size: float) -> None:
    got = student.clip_by_value({"W": np.array([[3.0, -0.25], [-3.0, 0.5]]) * size}, size)
    compare("clipped", got, {"W": np.array([[1.0, -0.25], [-1.0, 0.5]]) * size})


@scores("clip_by_value", weight=0.55, title="a limit that cannot be")
@pytest.mark.parametrize("limit", [0.0, -2.0, float("nan")], ids=str)
def test_value_clip_refuses_a_limit(student: Any, reference: Any, limit: float) -> None:
    for grads in ({"b": np.array([3.0, 4.0])}, {}):
        with raises(ValueError, naming="limit"):
            student.clip_by_value(grads, limit)


@scores("clip_by_value", weight=0.7, title="arrays stay as they are")
def test_value_clip_leaves_its_arguments(student: Any, reference: Any) -> None:
    unchanged(student, "clip_by_value", gradients_case(reference, 12.0).grads, 0.5)


# --- truncation -------------------------------------------------------------------------------------------------------


@scores("truncated_windows", title="beginnings and ends")
@pytest.mark.parametrize(
    "group", ["whole", "shorter last", "one window", "single steps", "no step"]
)
def test_windows(student: Any, reference: Any, group: str) -> None:
    cases = {
        "whole": [(12, 4), (6, 3)],
        "shorter last": [(11, 4), (13, 4), (7, 5)],
        "one window": [(3, 8), (5, 5), (1, 2)],
        "single steps": [(4, 1), (1, 1)],
        "no step": [(0, 1), (0, 6), (3, 2)],
    }
    for T, k in cases[group]:
        want, start = [], 0
        while start < T:
            stop = start + k if start + k < T else T
            want.append((start, stop))
            start = stop
        compare("windows", student.truncated_windows(T, k), want)


@scores("truncated_windows", weight=0.7, title="a list of tuples")
def test_windows_are_tuples(student: Any, reference: Any) -> None:
    windows = student.truncated_windows(5, 2)
    compare("windows", windows, [(0, 2), (2, 4), (4, 5)])
    require(all(isinstance(window, tuple) for window in windows), "a window should be a tuple")


@scores("truncated_windows", weight=0.6, title="a length that cannot be")
@pytest.mark.parametrize("k", [0, -1])
def test_windows_refuse_a_length(student: Any, reference: Any, k: int) -> None:
    for T in (5, 0):
        with raises(ValueError, naming="k"):
            student.truncated_windows(T, k)
