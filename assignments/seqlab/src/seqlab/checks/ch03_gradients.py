"""Visible checks of chapter 3: toy cases that can be done by hand, and one small general case."""

from __future__ import annotations

import numpy as np

from seqlab.registry import Check, visible_check

# The worked example of the chapter.
WHH = np.array([[0.5, 1.0], [0.0, 0.5]])
STATES = np.array([[0.3, -0.9], [0.6, 0.0], [0.0, 0.8]])
# A quarter turn, twice as long: eigenvalues 2i and -2i.
TURN = np.array([[0.0, -2.0], [2.0, 0.0]])


def _matrix(H: int) -> np.ndarray:
    return np.random.default_rng(H).normal(size=(H, H)) / np.sqrt(H)


@visible_check(
    "step_jacobian",
    question="Which index of Whh belongs to the unit whose slope stands in (3.2)?",
    likely="The slopes scale the columns, or the slope is 1 - h in place of 1 - h**2.",
)
def step_jacobian(c: Check) -> None:
    jacobian = c.call("step_jacobian", STATES[1], WHH)
    c.expect(
        "J_2 of the worked example", jacobian, np.array([[0.32, 0.64], [0.0, 0.5]]), axes="H H"
    )

    Whh, h_prev = _matrix(4), np.array([0.1, -0.7, 0.4, 0.2])
    row = np.array([1.0, -2.0, 0.5, 3.0])
    jacobian = c.call("step_jacobian", np.tanh(Whh @ h_prev), Whh)
    c.expect_gradient(
        "one row vector times the Jacobian",
        row @ jacobian,
        lambda v: float(row @ np.tanh(Whh @ v)),
        at=h_prev,
    )
    c.expect_unchanged("step_jacobian", STATES[1], WHH)


@visible_check(
    "jacobian_product",
    question="How many factors has (3.3), and which one stands on the left?",
    likely="The factors are in the wrong order, or there is one for the first state as well.",
)
def jacobian_product(c: Check) -> None:
    product = c.call("jacobian_product", STATES, WHH)
    c.expect(
        "J_3 J_2 of the worked example", product, np.array([[0.16, 0.82], [0.0, 0.09]]), axes="H H"
    )
    c.expect(
        "product for T = 1", c.call("jacobian_product", STATES[:1], WHH), np.eye(2), axes="H H"
    )

    Whh, first = _matrix(3), np.array([0.2, -0.4, 0.6])
    row = np.array([1.0, 2.0, -1.0])

    def states(start: np.ndarray) -> np.ndarray:
        h = [start]
        for _ in range(4):
            h.append(np.tanh(Whh @ h[-1]))
        return np.array(h)

    product = c.call("jacobian_product", states(first), Whh)
    c.expect_gradient(
        "one row vector times the product",
        row @ product,
        lambda v: float(row @ states(v)[-1]),
        at=first,
    )
    c.expect_unchanged("jacobian_product", STATES, WHH)


@visible_check(
    "gradient_norms",
    question="Is it the Jacobian or its transpose that takes a gradient one step back in (3.4)?",
    likely="The transpose is missing, or the norms are in reverse order.",
)
def gradient_norms(c: Check) -> None:
    norms = c.call("gradient_norms", np.array([1.0, 0.0]), STATES, WHH)
    c.expect("norms of the worked example", norms, np.sqrt([0.698, 1.25, 1.0]), axes="T")
    norms = c.call("gradient_norms", np.array([3.0, -4.0]), STATES[:1], WHH)
    c.expect("norms for T = 1", norms, np.array([5.0]), axes="T")
    # With zero states every slope is one, and a turn of length two doubles the norm at each step.
    norms = c.call("gradient_norms", np.array([0.0, 1.0]), np.zeros((5, 2)), TURN)
    c.expect("norms along zero states", norms, np.array([16.0, 8.0, 4.0, 2.0, 1.0]), axes="T")
    c.expect_unchanged("gradient_norms", np.array([1.0, 0.0]), STATES, WHH)


@visible_check(
    "spectral_radius",
    question="What is the absolute value of a complex eigenvalue?",
    likely="The real part, the largest eigenvalue or a singular value in place of the absolute value.",
)
def spectral_radius(c: Check) -> None:
    c.expect("spectral radius of a triangular matrix", c.call("spectral_radius", WHH), 0.5)
    full = np.array([[1.0, 2.0], [3.0, 2.0]])
    c.expect("spectral radius of a full matrix", c.call("spectral_radius", full), 4.0)
    c.expect("spectral radius of a turn", c.call("spectral_radius", TURN), 2.0)
    negative = np.array([[-3.0, 1.0], [0.0, 1.0]])
    c.expect("spectral radius with a negative eigenvalue", c.call("spectral_radius", negative), 3.0)


@visible_check(
    "rescale_spectral_radius",
    question="By which factor do the eigenvalues change when the matrix is doubled?",
    likely="The factor is the wanted radius alone, or its square root.",
)
def rescale_spectral_radius(c: Check) -> None:
    scaled = c.call("rescale_spectral_radius", WHH, 1.5)
    c.expect("the scaled matrix", scaled, 3.0 * WHH, axes="H H")
    scaled = c.call("rescale_spectral_radius", 1e-9 * TURN, 0.9)
    c.expect("a tiny matrix, scaled", scaled, 0.45 * TURN, axes="H H")
    c.expect(
        "radius zero", c.call("rescale_spectral_radius", TURN, 0.0), np.zeros((2, 2)), axes="H H"
    )
    c.expect_error(ValueError, "W", "rescale_spectral_radius", np.zeros((2, 2)), 0.9)
    c.expect_unchanged("rescale_spectral_radius", TURN, 0.5)


@visible_check(
    "orthogonal_matrix",
    question="Which factor of which decomposition is orthogonal?",
    likely="Only the columns were normalised, or the generator does not depend on the seed.",
)
def orthogonal_matrix(c: Check) -> None:
    q = np.asarray(c.call("orthogonal_matrix", 5, 3))
    c.expect("Q.T @ Q", q.T @ q, np.eye(5), axes="H H")
    c.expect("Q of the same seed", c.call("orthogonal_matrix", 5, 3), q, axes="H H")
    other = np.asarray(c.call("orthogonal_matrix", 5, 4))
    c.expect("another seed gives another matrix", bool(np.abs(other - q).max() > 1e-6), True)
    c.expect("size of a 1 x 1 matrix", np.abs(c.call("orthogonal_matrix", 1, 0)), np.ones((1, 1)))


@visible_check(
    "steps_until_vanished",
    question="What are radius**0 and 0.5**3, and which of them are below 1 and below 0.125?",
    likely="On the boundary radius**k equals the threshold, and equal is not below.",
)
def steps_until_vanished(c: Check) -> None:
    c.expect("steps for 0.9 and 0.5", c.call("steps_until_vanished", 0.9, 0.5), 7)
    c.expect("steps for 0.5 and 0.125", c.call("steps_until_vanished", 0.5, 0.125), 4)
    c.expect("steps for a threshold of two", c.call("steps_until_vanished", 0.5, 2.0), 0)
    c.expect("steps for radius one", c.call("steps_until_vanished", 1.0, 0.5), None)
    c.expect("steps for radius zero", c.call("steps_until_vanished", 0.0, 0.5), 1)


@visible_check(
    "global_norm",
    question="Is the norm of everything the sum of the norms of the parts?",
    likely="Norms of the arrays were added, or squares overflow.",
)
def global_norm(c: Check) -> None:
    grads = {"W": np.array([[3.0, 0.0]]), "b": np.array([0.0, 4.0])}
    c.expect_unchanged("global_norm", grads)
    c.expect("norm", c.call("global_norm", grads), 5.0)
    c.expect("norm of nothing", c.call("global_norm", {}), 0.0)
    c.expect("norm of zeros", c.call("global_norm", {"W": np.zeros((2, 3))}), 0.0)
    huge = {name: 1e200 * g for name, g in grads.items()}
    c.expect("norm of huge entries", c.call("global_norm", huge), 5e200)


@visible_check(
    "clip_by_global_norm",
    question="Which norm decides in (3.8), and which one is returned?",
    likely="Each array is clipped by its own norm, or small gradients are scaled up.",
)
def clip_by_global_norm(c: Check) -> None:
    grads = {"W": np.array([[3.0, 0.0]]), "b": np.array([0.0, 4.0])}
    c.expect_unchanged("clip_by_global_norm", grads, 2.0)
    clipped, norm = c.call("clip_by_global_norm", grads, 2.0, results=2)
    c.expect("clipped", clipped, {"W": np.array([[1.2, 0.0]]), "b": np.array([0.0, 1.6])})
    c.expect("norm", norm, 5.0)
    clipped, norm = c.call("clip_by_global_norm", grads, 5.0, results=2)
    c.expect("gradients at the threshold", clipped, grads)
    clipped, norm = c.call("clip_by_global_norm", grads, 7.0, results=2)
    c.expect("gradients below the threshold", clipped, grads)
    clipped, norm = c.call("clip_by_global_norm", {"b": np.zeros(3)}, 1.0, results=2)
    c.expect("zero gradients", clipped, {"b": np.zeros(3)})
    c.expect_error(ValueError, "threshold", "clip_by_global_norm", grads, 0.0)
    broken = {"W": np.array([[1.0, np.inf]])}
    c.expect_error(FloatingPointError, "grads", "clip_by_global_norm", broken, 1.0)


@visible_check(
    "clip_by_value",
    question="On which sides of zero can an entry be too large?",
    likely="Only the upper side is clipped.",
)
def clip_by_value(c: Check) -> None:
    grads = {"W": np.array([[100.0, 1.0], [-3.0, -0.5]]), "b": np.array([0.25])}
    c.expect_unchanged("clip_by_value", grads, 2.0)
    clipped = c.call("clip_by_value", grads, 2.0)
    c.expect("clipped", clipped, {"W": np.array([[2.0, 1.0], [-2.0, -0.5]]), "b": np.array([0.25])})
    c.expect_error(ValueError, "limit", "clip_by_value", grads, 0.0)


@visible_check(
    "truncated_windows",
    question="Which steps does the last window of 7 steps hold when a window has 3?",
    likely="The last window is missing, or it reaches past the end.",
)
def truncated_windows(c: Check) -> None:
    c.expect("windows of 7 steps", c.call("truncated_windows", 7, 3), [(0, 3), (3, 6), (6, 7)])
    c.expect("windows of 6 steps", c.call("truncated_windows", 6, 3), [(0, 3), (3, 6)])
    c.expect("windows of 2 steps", c.call("truncated_windows", 2, 5), [(0, 2)])
    c.expect("windows of no step", c.call("truncated_windows", 0, 4), [])
    c.expect_error(ValueError, "k", "truncated_windows", 5, 0)
