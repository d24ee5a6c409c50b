"""Catalogued mistakes of chapter 3."""

from __future__ import annotations

from autograder.course.catalogue import mistake

# --- step_jacobian ----------------------------------------------------------------------------------------------------

mistake(
    "step_jacobian",
    "columns_scaled",
    says="Which index of the matrix in (3.2) belongs to the unit whose slope is taken?",
    old="(1.0 - h**2)[:, None] * Whh",
    new="Whh * (1.0 - h**2)",
)
mistake(
    "step_jacobian",
    "transposed",
    says="Which index of the Jacobian counts outputs in (3.2)?",
    old="(1.0 - h**2)[:, None] * Whh",
    new="((1.0 - h**2)[:, None] * Whh).T",
)
mistake(
    "step_jacobian",
    "weights_transposed",
    says="Compare how Whh stands in (3.1) and in your Jacobian.",
    old="[:, None] * Whh",
    new="[:, None] * Whh.T",
)
mistake(
    "step_jacobian",
    "slope_missing",
    says="(3.2) has two factors.",
    old="(1.0 - h**2)[:, None] * Whh",
    new="Whh.copy()",
)
mistake(
    "step_jacobian",
    "slope_without_square",
    says="Differentiate the tanh of (3.1) once more by hand.",
    old="1.0 - h**2",
    new="1.0 - h",
)
mistake(
    "step_jacobian",
    "slope_of_a_sigmoid",
    says="Which nonlinearity does (3.1) have?",
    old="1.0 - h**2",
    new="h * (1.0 - h)",
)
mistake(
    "step_jacobian",
    "tanh_twice",
    says="Is h in (3.2) the state itself, or what stands inside the tanh?",
    old="1.0 - h**2",
    new="1.0 - np.tanh(h) ** 2",
)
mistake(
    "step_jacobian",
    "slope_squared",
    says="How often does the slope occur in (3.2)?",
    old="(1.0 - h**2)[:, None]",
    new="((1.0 - h**2) ** 2)[:, None]",
)
mistake(
    "step_jacobian",
    "matrix_vector_product",
    says="The result of (3.2) is a matrix.",
    old="(1.0 - h**2)[:, None] * Whh",
    new="(1.0 - h**2) @ Whh",
)
mistake(
    "step_jacobian",
    "weights_scaled_in_place",
    says="Is Whh still what it was after the call?",
    old="return (1.0 - h**2)[:, None] * Whh",
    new="Whh *= (1.0 - h**2)[:, None]\n    return Whh",
)

# --- jacobian_product -------------------------------------------------------------------------------------------------

mistake(
    "jacobian_product",
    "order_reversed",
    says="Which Jacobian of (3.3) stands on the left?",
    old="step_jacobian(state, Whh) @ product",
    new="product @ step_jacobian(state, Whh)",
)
mistake(
    "jacobian_product",
    "one_factor_too_many",
    says="How many factors has (3.3)? Is there one for the first state?",
    old="for state in h[1:]:",
    new="for state in h:",
)
mistake(
    "jacobian_product",
    "state_before_the_step",
    says="Whose slopes are in the first factor of (3.3), those of h_1 or those of h_2?",
    old="for state in h[1:]:",
    new="for state in h[:-1]:",
)
mistake(
    "jacobian_product",
    "last_factor_missing",
    says="Count the factors of (3.3) for T = 3.",
    old="for state in h[1:]:",
    new="for state in h[1:-1]:",
)
mistake(
    "jacobian_product",
    "entrywise",
    says="Which product joins the factors of (3.3)?",
    old="product = np.eye(len(Whh))\n    for state in h[1:]:\n        product = step_jacobian(state, Whh) @ product",
    new="product = np.eye(len(Whh)) if len(h) == 1 else np.ones(Whh.shape)\n    for state in h[1:]:\n"
    "        product = step_jacobian(state, Whh) * product",
)
mistake(
    "jacobian_product",
    "power_of_the_weights",
    says="(3.5) is an approximation for small states; the exercise asks for (3.3).",
    old="step_jacobian(state, Whh) @ product",
    new="Whh @ product",
)
mistake(
    "jacobian_product",
    "slopes_of_the_last_state",
    says="Does every factor of (3.3) use the slopes of its own step?",
    old="step_jacobian(state, Whh)",
    new="step_jacobian(h[-1], Whh)",
)
mistake(
    "jacobian_product",
    "transposed",
    says="Which index of the result counts entries of h_T?",
    old="return product",
    new="return product.T",
)
mistake(
    "jacobian_product",
    "one_state_fails",
    says="What is an empty product of matrices?",
    old="product = np.eye(len(Whh))\n    for state in h[1:]:",
    new="product = step_jacobian(h[1], Whh)\n    for state in h[2:]:",
)
mistake(
    "jacobian_product",
    "zero_for_one_state",
    says="What is an empty product of matrices?",
    old="return product",
    new="return product if len(h) > 1 else np.zeros_like(product)",
)
mistake(
    "jacobian_product",
    "starts_from_ones",
    says="By which matrix can one multiply without changing anything?",
    old="np.eye(len(Whh))",
    new="np.ones((len(Whh), len(Whh)))",
)
mistake(
    "jacobian_product",
    "goes_on_from_the_last_call",
    says="Call the function twice with the same arguments.",
    code="""
_product = {}


def jacobian_product(h, Whh):
    product = _product.setdefault(len(Whh), np.eye(len(Whh)))
    for state in h[1:]:
        product = step_jacobian(state, Whh) @ product
    _product[len(Whh)] = product
    return product
""",
)

# --- gradient_norms ---------------------------------------------------------------------------------------------------

mistake(
    "gradient_norms",
    "transpose_missing",
    says="What stands in (3.4), the Jacobian or its transpose?",
    old="step_jacobian(h[t], Whh).T @ delta",
    new="step_jacobian(h[t], Whh) @ delta",
)
mistake(
    "gradient_norms",
    "state_before_the_step",
    says="Which state gives the slopes on the way from h_t to h_{t-1}?",
    old="step_jacobian(h[t], Whh)",
    new="step_jacobian(h[t - 1], Whh)",
)
mistake(
    "gradient_norms",
    "in_reverse_order",
    says="Which step does the first entry of the result belong to?",
    old="return norms",
    new="return norms[::-1]",
)
mistake(
    "gradient_norms",
    "squared",
    says="A 2-norm ends with a root.",
    old="return norms",
    new="return norms**2",
)
mistake(
    "gradient_norms",
    "first_norm",
    says="Which norm is asked for?",
    old="np.linalg.norm(delta)",
    new="np.abs(delta).sum()",
    count=0,
)
mistake(
    "gradient_norms",
    "maximum_norm",
    says="Which norm is asked for?",
    old="np.linalg.norm(delta)",
    new="np.abs(delta).max()",
    count=0,
)
mistake(
    "gradient_norms",
    "one_step_too_far",
    says="To which state does the last entry belong, and how many steps lie between it and h_T?",
    old="norms = np.empty(T)\n    delta = dh_last\n    norms[-1] = np.linalg.norm(delta)\n    for t in range(T - 1, 0, -1):",
    new="norms = np.empty(T + 1)\n    delta = dh_last\n    norms[-1] = np.linalg.norm(delta)\n"
    "    for t in range(T - 1, -1, -1):\n        norms[t] = np.linalg.norm(step_jacobian(h[t], Whh).T @ delta)",
)
mistake(
    "gradient_norms",
    "last_step_missing",
    says="To which state does the last entry of the result belong?",
    code="""
def gradient_norms(dh_last, h, Whh):
    norms = np.empty(len(h))
    delta = dh_last
    for t in range(len(h) - 1, -1, -1):
        delta = step_jacobian(h[t], Whh).T @ delta
        norms[t] = np.linalg.norm(delta)
    return norms
""",
)
mistake(
    "gradient_norms",
    "norms_of_the_jacobians",
    says="Is the norm of a product the product of the norms?",
    old="norms[t - 1] = np.linalg.norm(delta)",
    new="norms[t - 1] = norms[t] * np.linalg.norm(step_jacobian(h[t], Whh), 2)",
)
mistake(
    "gradient_norms",
    "start_ignored",
    says="With which gradient does (3.4) start?",
    old="delta = dh_last\n",
    new="delta = np.ones_like(dh_last)\n",
)
mistake(
    "gradient_norms",
    "slopes_missing",
    says="(3.2) has two factors.",
    old="step_jacobian(h[t], Whh).T",
    new="Whh.T",
)
mistake(
    "gradient_norms",
    "never_carried_on",
    says="From which gradient does each step of (3.4) start?",
    old="delta = step_jacobian(h[t], Whh).T @ delta\n        norms[t - 1] = np.linalg.norm(delta)",
    new="norms[t - 1] = np.linalg.norm(step_jacobian(h[t], Whh).T @ delta)",
)
mistake(
    "gradient_norms",
    "small_ones_rounded_off",
    says="Vanishing gradients are small, and not zero.",
    old="return norms",
    new="return np.round(norms, 6)",
)
mistake(
    "gradient_norms",
    "relative_to_the_last",
    says="Are the norms of (3.4) asked for, or their ratios?",
    old="return norms",
    new="return norms / norms[-1]",
)
mistake(
    "gradient_norms",
    "start_overwritten",
    says="Is dh_last still what it was after the call?",
    old="delta = step_jacobian(h[t], Whh).T @ delta",
    new="delta[:] = step_jacobian(h[t], Whh).T @ delta",
)
mistake(
    "gradient_norms",
    "states_overwritten",
    says="Are the states still what they were after the call?",
    old="step_jacobian(h[t], Whh).T @ delta",
    new="step_jacobian(h[t], Whh).T @ delta\n        h[t] = delta",
)

# --- spectral_radius --------------------------------------------------------------------------------------------------

mistake(
    "spectral_radius",
    "largest_eigenvalue",
    says="What does (3.6) do with an eigenvalue before it compares?",
    old="np.abs(np.linalg.eigvals(W)).max()",
    new="np.linalg.eigvals(W).real.max()",
)
mistake(
    "spectral_radius",
    "real_parts",
    says="What is the absolute value of a complex number?",
    old="np.abs(np.linalg.eigvals(W)).max()",
    new="np.abs(np.linalg.eigvals(W).real).max()",
)
mistake(
    "spectral_radius",
    "largest_singular_value",
    says="(3.6) speaks of eigenvalues.",
    old="np.abs(np.linalg.eigvals(W)).max()",
    new="np.linalg.norm(W, 2)",
)
mistake(
    "spectral_radius",
    "frobenius_norm",
    says="(3.6) speaks of eigenvalues.",
    old="np.abs(np.linalg.eigvals(W)).max()",
    new="np.linalg.norm(W)",
)
mistake(
    "spectral_radius",
    "symmetric_solver",
    says="Which matrices does the solver you call expect?",
    old="eigvals(W)",
    new="eigvalsh(W)",
)
mistake(
    "spectral_radius",
    "first_eigenvalue",
    says="In which order do eigenvalues come?",
    old="np.abs(np.linalg.eigvals(W)).max()",
    new="np.abs(np.linalg.eigvals(W))[0]",
)
mistake(
    "spectral_radius",
    "diagonal",
    says="For which matrices do the eigenvalues stand on the diagonal?",
    old="np.linalg.eigvals(W)",
    new="np.diag(W)",
)
mistake(
    "spectral_radius",
    "smallest",
    says="Which of the eigenvalues decides in (3.6)?",
    old=".max()",
    new=".min()",
)
mistake(
    "spectral_radius",
    "power_iteration_too_short",
    says="How many steps does your iteration need when the largest eigenvalues are a complex pair?",
    old="np.abs(np.linalg.eigvals(W)).max()",
    new="np.linalg.norm(np.linalg.matrix_power(W, 20) @ np.ones(len(W))) ** (1 / 20)",
)

# --- rescale_spectral_radius ------------------------------------------------------------------------------------------

mistake(
    "rescale_spectral_radius",
    "not_divided",
    says="Which spectral radius has W times your factor?",
    old="W / own * radius",
    new="W * radius",
)
mistake(
    "rescale_spectral_radius",
    "factor_upside_down",
    says="Which spectral radius has W times your factor?",
    old="W / own * radius",
    new="W * own / radius",
)
mistake(
    "rescale_spectral_radius",
    "root_of_the_factor",
    says="How do the eigenvalues of a multiple of W depend on the factor?",
    old="W / own * radius",
    new="W * np.sqrt(radius / own)",
)
mistake(
    "rescale_spectral_radius",
    "only_downwards",
    says="What if the spectral radius of W is below the one that is wanted?",
    old="W / own * radius",
    new="W * min(1.0, radius / own)",
)
mistake(
    "rescale_spectral_radius",
    "by_the_singular_value",
    says="By which number must the matrix be divided? Read (3.6).",
    old="W / own * radius",
    new="W / np.linalg.norm(W, 2) * radius",
)
mistake(
    "rescale_spectral_radius",
    "zero_divides",
    says="What happens with a matrix whose spectral radius is zero?",
    old='    if own == 0.0:\n        raise ValueError("the spectral radius of W is 0, no factor changes that")\n',
    new="",
)
mistake(
    "rescale_spectral_radius",
    "zero_returned",
    says="What does the docstring say about a spectral radius of zero?",
    old='raise ValueError("the spectral radius of W is 0, no factor changes that")',
    new="return W",
)
mistake(
    "rescale_spectral_radius",
    "only_zero_matrices_refused",
    says="Is the zero matrix the only one with the spectral radius zero?",
    old="if own == 0.0:",
    new="if not np.any(W):",
)
mistake(
    "rescale_spectral_radius",
    "tiny_refused",
    says="Below which spectral radius does the docstring name an error?",
    old="if own == 0.0:",
    new="if own < 1e-8:",
)
mistake(
    "rescale_spectral_radius",
    "guarded_division",
    says="What does a small constant in the denominator do to a tiny matrix?",
    old="W / own * radius",
    new="W / (own + 1e-12) * radius",
)
mistake(
    "rescale_spectral_radius",
    "zero_radius_refused",
    says="Which radii does the docstring allow?",
    old="if own == 0.0:",
    new="if own == 0.0 or radius <= 0:",
)
mistake(
    "rescale_spectral_radius",
    "zero_radius_first",
    says="Is W looked at when the wanted radius is zero?",
    old="own = spectral_radius(W)",
    new="if radius == 0:\n        return np.zeros_like(W)\n    own = spectral_radius(W)",
)
mistake(
    "rescale_spectral_radius",
    "error_without_name",
    says="The message of an error names the argument that is wrong.",
    old='"the spectral radius of W is 0, no factor changes that"',
    new='"nilpotent matrix"',
)
mistake(
    "rescale_spectral_radius",
    "in_place",
    says="Is W still what it was after the call?",
    old="return W / own * radius",
    new="W *= radius / own\n    return W",
)

# --- orthogonal_matrix ------------------------------------------------------------------------------------------------

mistake(
    "orthogonal_matrix",
    "columns_normalised_only",
    says="Orthogonal columns are more than columns of length one. Compute Q.T @ Q.",
    code="""
def orthogonal_matrix(H, seed):
    draws = np.random.default_rng(seed).normal(size=(H, H))
    return draws / np.linalg.norm(draws, axis=0)
""",
)
mistake(
    "orthogonal_matrix",
    "scaled_normal_draws",
    says="Orthogonal on average is not orthogonal. Compute Q.T @ Q.",
    code="""
def orthogonal_matrix(H, seed):
    return np.random.default_rng(seed).normal(size=(H, H)) / np.sqrt(H)
""",
)
mistake(
    "orthogonal_matrix",
    "other_factor",
    says="Which factor of the decomposition is the orthogonal one?",
    old="return q * np.where(np.diag(r) < 0, -1.0, 1.0)",
    new="return r",
)
mistake(
    "orthogonal_matrix",
    "seed_ignored",
    says="Where does the seed enter?",
    old="default_rng(seed)",
    new="default_rng(0)",
)
mistake(
    "orthogonal_matrix",
    "generator_without_seed",
    says="Does the same seed give the same matrix?",
    old="default_rng(seed)",
    new="default_rng()",
)
mistake(
    "orthogonal_matrix",
    "one_generator_for_all_calls",
    says="Call the function twice with the same seed.",
    code="""
_generators = {}


def orthogonal_matrix(H, seed):
    rng = _generators.setdefault(seed, np.random.default_rng(seed))
    return np.linalg.qr(rng.normal(size=(H, H)))[0]
""",
)
mistake(
    "orthogonal_matrix",
    "global_generator",
    says="Which generator do the draws come from?",
    old="np.random.default_rng(seed).normal(size=(H, H))",
    new="np.random.randn(H, H)",
)
mistake(
    "orthogonal_matrix",
    "identity",
    says="Do other seeds give other matrices?",
    code="""
def orthogonal_matrix(H, seed):
    return np.eye(H)
""",
)
mistake(
    "orthogonal_matrix",
    "scaled_by_the_diagonal",
    says="What may multiply a column without changing its length?",
    old="np.where(np.diag(r) < 0, -1.0, 1.0)",
    new="np.diag(r)",
)
mistake(
    "orthogonal_matrix",
    "inner_columns_not_orthogonal",
    says="Which of the columns before does each new column have to be orthogonal to?",
    code="""
def orthogonal_matrix(H, seed):
    q = np.random.default_rng(seed).normal(size=(H, H))
    for j in range(H):
        if j:
            q[:, j] -= (q[:, j - 1] @ q[:, j]) * q[:, j - 1]
        q[:, j] /= np.linalg.norm(q[:, j])
    return q
""",
)

# --- steps_until_vanished ---------------------------------------------------------------------------------------------

mistake(
    "steps_until_vanished",
    "counts_upwards",
    says="How many rounds does your loop take for a radius of 1 - 1e-9?",
    old="k = max(int(math.log(threshold) / math.log(radius)) - 1, 0)",
    new="k = 0",
)
mistake(
    "steps_until_vanished",
    "rounded_up",
    says="Is a value on the boundary of (3.7) below the threshold?",
    code="""
def steps_until_vanished(radius, threshold):
    if threshold > 1:
        return 0
    if threshold <= 0 or radius >= 1:
        return None
    if radius == 0:
        return 1
    return math.ceil(math.log(threshold) / math.log(radius))
""",
)
mistake(
    "steps_until_vanished",
    "rounded_down",
    says="Check your k and the one before it in (3.7).",
    code="""
def steps_until_vanished(radius, threshold):
    if threshold > 1:
        return 0
    if threshold <= 0 or radius >= 1:
        return None
    if radius == 0:
        return 1
    return int(math.log(threshold) / math.log(radius))
""",
)
mistake(
    "steps_until_vanished",
    "not_strictly_below",
    says="Which relation stands in (3.7)?",
    old="while radius**k >= threshold:",
    new="while radius**k > threshold:",
)
mistake(
    "steps_until_vanished",
    "one_too_many",
    says="Check the k before yours in (3.7).",
    old="return k\n",
    new="return k + 1\n",
)
mistake(
    "steps_until_vanished",
    "zero_steps_forgotten",
    says="Is k = 0 allowed in (3.7), and what is the power then?",
    old="if threshold > 1:\n        return 0",
    new="if threshold > 1:\n        return 1",
)
mistake(
    "steps_until_vanished",
    "high_threshold_forgotten",
    says="What if the threshold is above one and the radius too?",
    old="    if threshold > 1:\n        return 0\n    if threshold <= 0 or radius >= 1:\n        return None\n",
    new="    if threshold <= 0 or radius >= 1:\n        return None\n    if threshold > 1:\n        return 0\n",
)
mistake(
    "steps_until_vanished",
    "zero_radius_at_once",
    says="What is the power in (3.7) for a radius of zero and k = 0?",
    old="if radius == 0:\n        return 1",
    new="if radius == 0:\n        return 0",
)
mistake(
    "steps_until_vanished",
    "zero_radius_fails",
    says="What is the logarithm of a radius of zero?",
    old="    if radius == 0:\n        return 1\n",
    new="",
)
mistake(
    "steps_until_vanished",
    "radius_one_fails",
    says="What is the logarithm of a radius of one?",
    old="threshold <= 0 or radius >= 1",
    new="threshold <= 0 or radius > 1",
)
mistake(
    "steps_until_vanished",
    "never_is_infinite",
    says="What does the docstring return where no k exists?",
    old="return None",
    new="return math.inf",
)
mistake(
    "steps_until_vanished",
    "never_is_minus_one",
    says="What does the docstring return where no k exists?",
    old="return None",
    new="return -1",
)
mistake(
    "steps_until_vanished",
    "low_threshold_fails",
    says="Does anything fall below a threshold of zero in (3.7)?",
    old="threshold <= 0 or radius >= 1",
    new="radius >= 1",
)
mistake(
    "steps_until_vanished",
    "zero_threshold_after_zero_radius",
    says="Both the radius and the threshold may be zero at once.",
    old="    if threshold <= 0 or radius >= 1:\n        return None\n    if radius == 0:\n        return 1\n",
    new="    if radius == 0:\n        return 1\n    if threshold <= 0 or radius >= 1:\n        return None\n",
)
mistake(
    "steps_until_vanished",
    "float_result",
    says="Which type has a number of steps?",
    old="return k\n",
    new="return float(k)\n",
)
mistake(
    "steps_until_vanished",
    "gives_up_early",
    says="How large can k become for a radius of 1 - 1e-9?",
    old="    while radius**k >= threshold:\n        k += 1\n",
    new="    while radius**k >= threshold:\n        k += 1\n    if k > 1_000_000:\n        return None\n",
)

# --- global_norm ------------------------------------------------------------------------------------------------------

mistake(
    "global_norm",
    "norms_added",
    says="Is the norm of everything the sum of the norms of the parts?",
    code="""
def global_norm(grads):
    return float(sum(np.linalg.norm(g / 1e200) for g in grads.values()) * 1e200)
""",
)
mistake(
    "global_norm",
    "largest_array",
    says="Do all arrays contribute to the norm?",
    old="sum(float(",
    new="max(float(",
)
mistake(
    "global_norm",
    "overflows",
    says="What is the square of 1e200?",
    code="""
def global_norm(grads):
    with np.errstate(over="ignore"):
        return math.sqrt(sum(float(np.sum(g**2)) for g in grads.values()))
""",
)
mistake(
    "global_norm",
    "norms_of_arrays_overflow",
    says="Scale before anything is squared, inside the arrays too.",
    code="""
def global_norm(grads):
    with np.errstate(over="ignore"):
        return math.hypot(*(float(np.linalg.norm(g)) for g in grads.values()))
""",
)
mistake(
    "global_norm",
    "root_missing",
    says="What is the last operation of a 2-norm?",
    old="peak * math.sqrt(sum(",
    new="peak * peak * (sum(",
)
mistake(
    "global_norm",
    "mean_square",
    says="A norm grows with the number of entries.",
    old="np.sum((g / peak) ** 2)",
    new="np.mean((g / peak) ** 2)",
)
mistake(
    "global_norm",
    "first_norm",
    says="Which norm is asked for?",
    old="peak * math.sqrt(sum(float(np.sum((g / peak) ** 2)) for g in grads.values()))",
    new="float(sum(np.abs(g).sum() for g in grads.values()))",
)
mistake(
    "global_norm",
    "maximum_norm",
    says="Which norm is asked for?",
    old="peak * math.sqrt(sum(float(np.sum((g / peak) ** 2)) for g in grads.values()))",
    new="peak",
)
mistake(
    "global_norm",
    "spectral_norm_of_matrices",
    says="What does your norm function compute for a matrix?",
    old="float(np.sum((g / peak) ** 2))",
    new="float(np.linalg.norm(g / peak, 2) ** 2)",
)
mistake(
    "global_norm",
    "empty_fails",
    says="What is the norm of no gradient at all?",
    old=", default=0.0",
    new="",
)
mistake(
    "global_norm",
    "zero_divides",
    says="By what do you divide when all entries are zero?",
    old="if peak == 0.0 or not math.isfinite(peak):",
    new="if not grads:",
)
mistake(
    "global_norm",
    "scaled_in_place",
    says="Are the gradients still what they were after the call?",
    old="np.sum((g / peak) ** 2)",
    new="np.sum(np.divide(g, peak, out=g) ** 2)",
)
mistake(
    "global_norm",
    "signed_peak",
    says="Which entry is the largest, if all are negative?",
    old="np.max(np.abs(g), initial=0.0)",
    new="np.max(g, initial=0.0)",
)

# --- clip_by_global_norm ----------------------------------------------------------------------------------------------

mistake(
    "clip_by_global_norm",
    "each_array_by_itself",
    says="Which norm decides in (3.8)?",
    old="return {name: g / norm * threshold for name, g in grads.items()}, norm",
    new="return {\n            name: g / max(1.0, global_norm({name: g}) / threshold) for name, g in grads.items()\n        }, norm",
)
mistake(
    "clip_by_global_norm",
    "scales_up_too",
    says="What does (3.8) do with a gradient below the threshold?",
    old="if norm > threshold:",
    new="if norm > 0:",
)
mistake(
    "clip_by_global_norm",
    "norm_after_clipping",
    says="Which norm does the docstring return?",
    old="* threshold for name, g in grads.items()}, norm",
    new="* threshold for name, g in grads.items()}, threshold",
)
mistake(
    "clip_by_global_norm",
    "unit_length",
    says="Which length has the result of (3.8)?",
    old="g / norm * threshold",
    new="g / norm",
)
mistake(
    "clip_by_global_norm",
    "factor_upside_down",
    says="Compare the factor with (3.8).",
    old="g / norm * threshold",
    new="g / threshold * norm if norm < 1e100 else g / norm",
)
mistake(
    "clip_by_global_norm",
    "clipped_by_value",
    says="(3.8) keeps the direction of the gradient.",
    old="g / norm * threshold",
    new="np.clip(g, -threshold, threshold)",
)
mistake(
    "clip_by_global_norm",
    "direction_reversed",
    says="At which value of the norm does (3.8) begin to act?",
    old="if norm > threshold:",
    new="if norm < threshold:",
)
mistake(
    "clip_by_global_norm",
    "constant_in_the_denominator",
    says="What does a constant in the denominator do to small norms? Compare with (3.8).",
    old="g / norm * threshold",
    new="g / (norm + 1e-2) * threshold",
)
mistake(
    "clip_by_global_norm",
    "squared_norm_compared",
    says="Which two numbers does (3.8) compare?",
    old="if norm > threshold:",
    new="if norm**2 > threshold:",
)
mistake(
    "clip_by_global_norm",
    "threshold_unchecked",
    says="Which thresholds does the docstring refuse?",
    old="if not threshold > 0:",
    new="if False:",
)
mistake(
    "clip_by_global_norm",
    "zero_threshold_accepted",
    says="Which thresholds does the docstring refuse?",
    old="if not threshold > 0:",
    new="if not threshold >= 0:",
)
mistake(
    "clip_by_global_norm",
    "nan_threshold_accepted",
    says="Is every threshold that is not above 0 at most 0?",
    old="if not threshold > 0:",
    new="if threshold <= 0:",
)
mistake(
    "clip_by_global_norm",
    "threshold_checked_late",
    says="Which check comes first?",
    code="""
def clip_by_global_norm(grads, threshold):
    for name, g in grads.items():
        if not np.isfinite(g).all():
            raise FloatingPointError(f"grads holds an entry that is not finite, in {name!r}")
    if not threshold > 0:
        raise ValueError(f"threshold must be above 0, not {threshold}")
    norm = global_norm(grads)
    factor = threshold / norm if norm > threshold else 1.0
    return {name: g * factor for name, g in grads.items()}, norm
""",
)
mistake(
    "clip_by_global_norm",
    "threshold_checked_only_when_clipping",
    says="Which check comes first, even before the norm is known?",
    old='    if not threshold > 0:\n        raise ValueError(f"threshold must be above 0, not {threshold}")\n',
    new='    if not grads:\n        return {}, 0.0\n    if not threshold > 0:\n        raise ValueError("threshold")\n',
)
mistake(
    "clip_by_global_norm",
    "not_finite_unchecked",
    says="What becomes of an infinite entry?",
    old="if not np.isfinite(g).all():",
    new="if False:",
)
mistake(
    "clip_by_global_norm",
    "only_nan_refused",
    says="Which entries are not finite?",
    old="if not np.isfinite(g).all():",
    new="if np.isnan(g).any():",
)
mistake(
    "clip_by_global_norm",
    "only_infinity_refused",
    says="Which entries are not finite?",
    old="if not np.isfinite(g).all():",
    new="if np.isinf(g).any():",
)
mistake(
    "clip_by_global_norm",
    "only_positive_infinity_refused",
    says="Which entries are not finite?",
    old="if not np.isfinite(g).all():",
    new="if np.isnan(g).any() or np.isposinf(g).any():",
)
mistake(
    "clip_by_global_norm",
    "some_entries_looked_at",
    says="How many entries of an array must be broken for the error?",
    old="if not np.isfinite(g).all():",
    new="if not np.isfinite(g).any():",
)
mistake(
    "clip_by_global_norm",
    "first_array_looked_at",
    says="In which of the arrays may a broken entry stand?",
    old="for name, g in grads.items():\n        if not",
    new="for name, g in list(grads.items())[:1]:\n        if not",
)
mistake(
    "clip_by_global_norm",
    "not_finite_is_a_value_error",
    says="Which error does the docstring name for entries?",
    old="raise FloatingPointError(",
    new="raise ValueError(",
)
mistake(
    "clip_by_global_norm",
    "broken_entries_replaced",
    says="What does the docstring do with entries that are not finite?",
    old='raise FloatingPointError(f"grads holds an entry that is not finite, in {name!r}")',
    new="grads = {**grads, name: np.nan_to_num(g, posinf=1.0, neginf=-1.0)}",
)
mistake(
    "clip_by_global_norm",
    "error_without_name",
    says="The message of an error names the argument that is wrong.",
    old='f"threshold must be above 0, not {threshold}"',
    new='"must be positive"',
)
mistake(
    "clip_by_global_norm",
    "entry_error_without_name",
    says="The message of an error names the argument that is wrong.",
    old='f"grads holds an entry that is not finite, in {name!r}"',
    new='"not finite"',
)
mistake(
    "clip_by_global_norm",
    "scaled_in_place",
    says="Are the gradients still what they were after the call?",
    old="return {name: g / norm * threshold for name, g in grads.items()}, norm",
    new="for g in grads.values():\n            g *= threshold / norm\n        return grads, norm",
)
mistake(
    "clip_by_global_norm",
    "dict_overwritten",
    says="Is the dict still what it was after the call?",
    old="return {name: g / norm * threshold for name, g in grads.items()}, norm",
    new="grads.update({name: g / norm * threshold for name, g in grads.items()})\n        return grads, norm",
)
mistake(
    "clip_by_global_norm",
    "own_norm_overflows",
    says="Which norm has a gradient with entries of 1e200?",
    old="norm = global_norm(grads)",
    new="with np.errstate(over='ignore'):\n        norm = math.sqrt(sum(float(np.sum(g**2)) for g in grads.values()))",
)
mistake(
    "clip_by_global_norm",
    "only_the_gradients",
    says="How many results does the docstring name?",
    old="for name, g in grads.items()}, norm",
    new="for name, g in grads.items()}",
    count=2,
)
mistake(
    "clip_by_global_norm",
    "results_swapped",
    says="In which order does the docstring name the results?",
    code="""
def clip_by_global_norm(grads, threshold):
    if not threshold > 0:
        raise ValueError(f"threshold must be above 0, not {threshold}")
    if any(not np.isfinite(g).all() for g in grads.values()):
        raise FloatingPointError("grads")
    norm = global_norm(grads)
    factor = threshold / norm if norm > threshold else 1.0
    return norm, {name: g * factor for name, g in grads.items()}
""",
)

# --- clip_by_value ----------------------------------------------------------------------------------------------------

mistake(
    "clip_by_value",
    "upper_side_only",
    says="On which sides of zero is an entry clipped?",
    old="np.clip(g, -float(limit), float(limit))",
    new="np.minimum(g, limit)",
)
mistake(
    "clip_by_value",
    "lower_side_only",
    says="On which sides of zero is an entry clipped?",
    old="np.clip(g, -float(limit), float(limit))",
    new="np.maximum(g, -limit)",
)
mistake(
    "clip_by_value",
    "clipped_at_zero",
    says="What is the lower bound of an entry?",
    old="-float(limit), float(limit)",
    new="0.0, float(limit)",
)
mistake(
    "clip_by_value",
    "scaled_by_the_largest",
    says="Every entry is clipped by itself.",
    old="np.clip(g, -float(limit), float(limit))",
    new="g * min(1.0, limit / max(float(np.abs(g).max()), 1e-300))",
)
mistake(
    "clip_by_value",
    "sign_lost",
    says="What becomes of a large negative entry?",
    old="np.clip(g, -float(limit), float(limit))",
    new="np.where(np.abs(g) > limit, limit, g)",
)
mistake(
    "clip_by_value",
    "large_entries_dropped",
    says="What becomes of an entry above the limit?",
    old="np.clip(g, -float(limit), float(limit))",
    new="np.where(np.abs(g) > limit, 0.0, g)",
)
mistake(
    "clip_by_value",
    "clipped_to_one",
    says="Which bounds does the argument name?",
    old="-float(limit), float(limit)",
    new="-1.0, 1.0",
)
mistake(
    "clip_by_value",
    "limit_unchecked",
    says="Which limits does the docstring refuse?",
    old="if not limit > 0:",
    new="if False:",
)
mistake(
    "clip_by_value",
    "zero_limit_accepted",
    says="Which limits does the docstring refuse?",
    old="if not limit > 0:",
    new="if not limit >= 0:",
)
mistake(
    "clip_by_value",
    "nan_limit_accepted",
    says="Is every limit that is not above 0 at most 0?",
    old="if not limit > 0:",
    new="if limit <= 0:",
)
mistake(
    "clip_by_value",
    "error_without_name",
    says="The message of an error names the argument that is wrong.",
    old='f"limit must be above 0, not {limit}"',
    new='"must be positive"',
)
mistake(
    "clip_by_value",
    "in_place",
    says="Are the gradients still what they were after the call?",
    old="np.clip(g, -float(limit), float(limit))",
    new="np.clip(g, -float(limit), float(limit), out=g)",
)
mistake(
    "clip_by_value",
    "only_matrices",
    says="Which of the gradients are clipped?",
    old="np.clip(g, -float(limit), float(limit)) for",
    new="np.clip(g, -float(limit), float(limit)) if g.ndim > 1 else g for",
)

# --- truncated_windows ------------------------------------------------------------------------------------------------

mistake(
    "truncated_windows",
    "last_window_missing",
    says="Which window holds the last step when k does not divide T?",
    old="range(0, T, k)",
    new="range(0, T - k + 1, k)",
)
mistake(
    "truncated_windows",
    "last_window_too_long",
    says="Where does the last window stop?",
    old="min(start + k, T)",
    new="start + k",
)
mistake(
    "truncated_windows",
    "stop_included",
    says="Is the stop a step of the window, as in a slice?",
    old="min(start + k, T)",
    new="min(start + k, T) - 1",
)
mistake(
    "truncated_windows",
    "windows_overlap",
    says="How far apart do two windows start?",
    old="range(0, T, k)",
    new="range(0, T, max(1, k - 1))",
)
mistake(
    "truncated_windows",
    "every_start",
    says="How far apart do two windows start?",
    old="range(0, T, k)",
    new="range(T)",
)
mistake(
    "truncated_windows",
    "rest_joins_the_last_window",
    says="May a window be longer than k?",
    code="""
def truncated_windows(T, k):
    if k < 1:
        raise ValueError("k")
    starts = list(range(0, T, k))
    if len(starts) > 1 and T % k:
        starts.pop()
    return list(zip(starts, [*starts[1:], T]))
""",
)
mistake(
    "truncated_windows",
    "rest_comes_first",
    says="Which window is the shorter one?",
    code="""
def truncated_windows(T, k):
    if k < 1:
        raise ValueError("k")
    cuts = sorted({0, *range(T, 0, -k)})
    return list(zip(cuts, cuts[1:]))
""",
)
mistake(
    "truncated_windows",
    "one_window_for_no_step",
    says="How many windows has a sequence without steps?",
    old="range(0, T, k)",
    new="range(0, max(T, 1), k)",
)
mistake(
    "truncated_windows",
    "empty_window_at_the_end",
    says="How many windows are there when k divides T?",
    old="range(0, T, k)",
    new="range(0, T + 1, k)",
)
mistake(
    "truncated_windows",
    "zero_accepted",
    says="Which lengths does the docstring refuse?",
    old='    if k < 1:\n        raise ValueError(f"k must be at least 1, not {k}")\n',
    new="    if k < 1:\n        return []\n",
)
mistake(
    "truncated_windows",
    "negative_accepted",
    says="Which lengths does the docstring refuse?",
    old="if k < 1:",
    new="if k == 0:",
)
mistake(
    "truncated_windows",
    "error_without_name",
    says="The message of an error names the argument that is wrong.",
    old='f"k must be at least 1, not {k}"',
    new='"the window is too short"',
)
mistake(
    "truncated_windows",
    "no_step_unchecked",
    says="Is k checked for a sequence without steps too?",
    old="    if k < 1:",
    new="    if T > 0 and k < 1:",
)
mistake(
    "truncated_windows",
    "start_and_length",
    says="What is the second number of a pair?",
    old="(start, min(start + k, T))",
    new="(start, min(k, T - start))",
)


# --- size, shape and zero ---------------------------------------------------------------------------------------------
# Wrong only at inputs of a certain size or shape: saturated states, truncation, axes told apart by their lengths, decimal
# boundaries, constants beside small norms, zero taken for missing, differences in place of derivatives.

FROM_THE_STATE = (
    "The slope in (3.2) follows from the state itself, also where that is 1 to the last bit."
)
mistake(
    "step_jacobian",
    "slope_never_zero",
    says=FROM_THE_STATE,
    old="(1.0 - h**2)[:, None]",
    new="np.maximum(1.0 - h**2, 1e-4)[:, None]",
)
mistake(
    "step_jacobian",
    "slope_from_the_inverse",
    says=FROM_THE_STATE,
    old="(1.0 - h**2)[:, None]",
    new="(1.0 - h * np.sinh(np.arctanh(h)) / np.cosh(np.arctanh(h)))[:, None]",
)
mistake(
    "step_jacobian",
    "states_clipped",
    says=FROM_THE_STATE,
    old="(1.0 - h**2)[:, None]",
    new="(1.0 - np.clip(h, -0.99, 0.99) ** 2)[:, None]",
)
DIFFERENCES = "Differences check a derivative; (3.2) gives it. Try weights of 1e6."
mistake(
    "step_jacobian",
    "central_differences",
    says=DIFFERENCES,
    code="""
def step_jacobian(h, Whh):
    a = np.arctanh(np.clip(h, -1 + 1e-16, 1 - 1e-16))
    columns = []
    for j in range(len(h)):
        e = np.zeros(len(h))
        e[j] = 1e-6
        columns.append((np.tanh(a + Whh @ e) - np.tanh(a - Whh @ e)) / 2e-6)
    return np.stack(columns, axis=1)
""",
)
mistake(
    "step_jacobian",
    "complex_steps",
    says=DIFFERENCES,
    code="""
def step_jacobian(h, Whh):
    a = np.arctanh(np.clip(h, -1 + 1e-16, 1 - 1e-16))
    return np.tanh(a[:, None] + 1e-20j * Whh).imag / 1e-20
""",
)
mistake(
    "jacobian_product",
    "truncated_after_ten_factors",
    says="How many factors does the product (3.3) have? Try 30 states.",
    old="for state in h[1:]:",
    new="for state in h[1:][-10:]:",
)
mistake(
    "jacobian_product",
    "time_axis_by_shape",
    says="The first axis of h is time, whatever the lengths of the axes are.",
    old="for state in h[1:]:",
    new="for state in (h.T if h.shape[0] == len(Whh) else h)[1:]:",
)
mistake(
    "jacobian_product",
    "clipped",
    says="Equation (3.3) sets no limit to a product. Try weights of 1e6.",
    old="    return product",
    new="    return np.clip(product, -1e6, 1e6)",
)
mistake(
    "gradient_norms",
    "truncated_after_ten_steps",
    says="How far back does (3.4) carry the gradient? Try 30 steps.",
    old="delta = step_jacobian(h[t], Whh).T @ delta",
    new="delta = step_jacobian(h[t], Whh).T @ delta if t > T - 11 else np.zeros(len(Whh))",
)
mistake(
    "gradient_norms",
    "clipped",
    says="Equation (3.4) sets no limit to a gradient. Try dh_last of 100.",
    old="delta = step_jacobian(h[t], Whh).T @ delta",
    new="delta = np.clip(step_jacobian(h[t], Whh).T @ delta, -1e4, 1e4)",
)
mistake(
    "gradient_norms",
    "time_axis_by_shape",
    says="The first axis of h is time, whatever the lengths of the axes are.",
    old="T = len(h)",
    new="h = h.T if h.shape[0] == h.shape[1] else h\n    T = len(h)",
)
mistake(
    "spectral_radius",
    "power_iteration",
    says="What does a power iteration do where two eigenvalues have one absolute value? See (3.6).",
    code="""
def spectral_radius(W):
    v = np.random.default_rng(0).normal(size=len(W))
    radius = 0.0
    for _ in range(1000):
        w = W @ v
        length = float(np.linalg.norm(w))
        if length == 0.0:
            return 0.0
        radius, v = length / float(np.linalg.norm(v)), w / length
    return radius
""",
)
mistake(
    "spectral_radius",
    "small_ones_rounded",
    says="A small matrix has a small spectral radius, and not 0.",
    old="return float(np.abs(np.linalg.eigvals(W)).max())",
    new="return round(float(np.abs(np.linalg.eigvals(W)).max()), 12)",
)
mistake(
    "spectral_radius",
    "power_of_the_matrix",
    says="How large do the entries of a high power of W get? Take (3.6) at its word.",
    old="np.abs(np.linalg.eigvals(W)).max()",
    new="(np.abs(np.linalg.eigvals(W @ W @ W @ W @ W @ W @ W @ W @ W @ W @ W)).max() ** (1 / 11))",
)
mistake(
    "orthogonal_matrix",
    "zero_as_no_seed",
    says="Seed 0 is a seed like any other: it gives one matrix, always the same.",
    old="default_rng(seed)",
    new="default_rng(seed or 1)",
)
mistake(
    "orthogonal_matrix",
    "one_seed_from_zero_to_nine",
    says="Other seeds give other matrices.",
    old="default_rng(seed)",
    new="default_rng(seed // 10)",
)
mistake(
    "orthogonal_matrix",
    "not_for_large_ones",
    says="Multiply your matrix of 40 rows with its transpose.",
    old="    q, r = np.linalg.qr(draws)",
    new="    q, r = np.linalg.qr(draws)\n    q = q if H < 20 else draws / np.sqrt(H)",
)
LOGARITHMS = "A quotient of logarithms is rounded: at a power of the radius, let the powers decide."
POWERS = """    k = max(int(math.log(threshold) / math.log(radius)) - 1, 0)
    while radius**k >= threshold:
        k += 1
    return k"""
mistake(
    "steps_until_vanished",
    "floor_and_one",
    says=LOGARITHMS,
    old=POWERS,
    new="    return math.floor(math.log(threshold) / math.log(radius)) + 1",
)
mistake(
    "steps_until_vanished",
    "decimal_logarithms",
    says=LOGARITHMS,
    old=POWERS,
    new="    return math.floor(math.log10(threshold) / math.log10(radius)) + 1",
)
mistake(
    "steps_until_vanished",
    "quotient_rounded_first",
    says=LOGARITHMS,
    old=POWERS,
    new="    return math.floor(round(math.log(threshold) / math.log(radius), 9)) + 1",
)
mistake(
    "steps_until_vanished",
    "close_is_below",
    says="At which k is the power strictly below the threshold, and not only close to it?",
    old="while radius**k >= threshold:",
    new="while radius**k >= threshold and not (k and math.isclose(radius**k, threshold)):",
)
mistake(
    "steps_until_vanished",
    "close_is_not_below",
    says="At which k is the power strictly below the threshold, be it by little?",
    old="while radius**k >= threshold:",
    new="while radius**k >= threshold or math.isclose(radius**k, threshold):",
)
SMALL = "Nothing is added in (3.8). Try gradients of 1e-6."
for name, constant in (("six", "1e-6"), ("eight", "1e-8"), ("twelve", "1e-12")):
    mistake(
        "clip_by_global_norm",
        f"constant_of_{name}_decimals",
        says=SMALL,
        old="g / norm * threshold",
        new=f"g / (norm + {constant}) * threshold",
    )
mistake(
    "clip_by_global_norm",
    "small_norms_left_alone",
    says=SMALL,
    old="if norm > threshold:",
    new="if norm > max(threshold, 1e-3):",
)
mistake(
    "global_norm",
    "small_squares_vanish",
    says="What is the square of 1e-200? Divide by the largest entry first.",
    code="""
def global_norm(grads):
    peak = max((float(np.max(np.abs(g), initial=0.0)) for g in grads.values()), default=0.0)
    scale = peak if peak > 1e100 else 1.0
    return scale * math.sqrt(sum(float(np.sum((g / scale) ** 2)) for g in grads.values()))
""",
)
mistake(
    "global_norm",
    "largest_entry_never_small",
    says="By which number are entries of 1e-200 divided first?",
    old="return peak * math.sqrt(",
    new="return max(peak, 1e-8) * math.sqrt(",
)
mistake(
    "global_norm",
    "rounded",
    says="A small norm is no zero.",
    old="return peak * math.sqrt(sum(float(np.sum((g / peak) ** 2)) for g in grads.values()))",
    new="norm = peak * math.sqrt(sum(float(np.sum((g / peak) ** 2)) for g in grads.values()))\n"
    "    return round(norm, 12)",
)
mistake(
    "clip_by_value",
    "small_limits_ignored",
    says="A small limit is a limit.",
    old="np.clip(g, -float(limit), float(limit))",
    new="np.clip(g, -max(limit, 1e-8), max(limit, 1e-8))",
)
mistake(
    "truncated_windows",
    "lists_for_windows",
    says="A window is a tuple of start and stop.",
    old="(start, min(start + k, T))",
    new="[start, min(start + k, T)]",
)
mistake(
    "rescale_spectral_radius",
    "close_to_zero_refused",
    says="Which spectral radius makes it impossible to rescale: a small one?",
    old="if own == 0.0:",
    new="if np.isclose(own, 0.0):",
)
mistake(
    "rescale_spectral_radius",
    "constant_in_the_denominator",
    says="Nothing is added to the spectral radius. Try a matrix with entries of 1e-6.",
    old="W / own * radius",
    new="W / (own + 1e-8) * radius",
)
