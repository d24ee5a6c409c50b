# ---
# jupyter:
#   course:
#     libraries: numpy
#     title: The vanishing gradient problem
#   jupytext:
#     notebook_metadata_filter: course
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Chapter 3 · The vanishing gradient problem
#
# Backpropagation through time is correct at any length. That does not make it useful at any length. On its way from
# the last step to the first, the gradient is multiplied by one matrix per step, and long products of matrices have
# a habit: they die out or blow up. This chapter measures the habit, finds the number that decides about it, and
# equips you with what every practitioner uses against one half of the problem. The other half needs another
# architecture, the subject of chapter 4.
#
# At the end of the chapter you can
#
# - compute the Jacobian of a step, the product over many steps, and the size of the gradient at every step;
# - say from the spectrum of the recurrent matrix how far back a gradient will reach, and name the conditions under
#   which that is true;
# - clip gradients by norm and by value, safely, and cut long sequences into windows.
#
# Assumed:
#
# - linear algebra: eigenvalues, singular values, norms, orthogonal matrices;
# - backpropagation: BPTT as in Chapters 1 and 2;
# - optimisation: what one step of gradient descent does.
#
# Time: about two and a half hours. The functions of the chapters before are not needed, their ideas are.

# %%
import math

import numpy as np

# %% nbgrader={"grade": false, "grade_id": "load_seqlab", "locked": true, "schema_version": 3, "solution": false, "task": false}
# No module named 'seqlab'? In a cell of its own: %pip install ../seqlab ../../datasets
# Then choose "Restart Kernel" and begin again from the top.
# %load_ext seqlab

# %% [markdown]
# ## One matrix per step
#
# The vanilla RNN computes
#
# $$h_t = \tanh(W_{hh} h_{t-1} + W_{xh} x_t + b_h). \tag{3.1}$$
#
# How does $h_t$ react when $h_{t-1}$ moves a little? The derivative of $\tanh u$ is $1 - \tanh^2 u$, and $\tanh u$
# is the new state itself, so the Jacobian of a step can be written without the input and without the old state:
#
# $$J_t = \frac{\partial h_t}{\partial h_{t-1}} = \operatorname{diag}(1 - h_t^2)\, W_{hh}. \tag{3.2}$$
#
# Row $i$ belongs to the output $h_{t,i}$, column $j$ to the input $h_{t-1,j}$. The chain rule strings the steps
# together, the latest on the left,
#
# $$\frac{\partial h_T}{\partial h_1} = J_T\, J_{T-1} \cdots J_2, \tag{3.3}$$
#
# and a gradient goes back through the transposes: with $\delta_t = \partial L/\partial h_t$ and a loss that touches
# only $h_T$,
#
# $$\delta_{t-1} = J_t^\top \delta_t. \tag{3.4}$$
#
# There are $T - 1$ factors in (3.3), not $T$: no step lies before the state $h_1$. And matrices do not commute, so
# their order matters.
#
# A change of the state and a gradient meet the same matrices in opposite order; below, what a Jacobian does to
# the rows of $W_{hh}$ in the example that follows.
#
# ![Four states with the Jacobians J2, J3, J4 between them, the gradients going back through their transposes, and J3 of the example as Whh with its rows scaled by slopes.](figures/product_of_jacobians.svg)
#
# **By hand.** Two units and three steps, with
#
# $$W_{hh} = \begin{pmatrix} 0.5 & 1 \\ 0 & 0.5 \end{pmatrix}, \quad h_2 = \begin{pmatrix} 0.6 \\ 0 \end{pmatrix}, \quad
#   h_3 = \begin{pmatrix} 0 \\ 0.8 \end{pmatrix}.$$
#
# The slopes $1 - h^2$ are $(0.64,\ 1)$ at step 2 and $(1,\ 0.36)$ at step 3. They scale the *rows*:
#
# $$J_2 = \begin{pmatrix} 0.32 & 0.64 \\ 0 & 0.5 \end{pmatrix}, \quad
#   J_3 = \begin{pmatrix} 0.5 & 1 \\ 0 & 0.18 \end{pmatrix}, \quad
#   J_3 J_2 = \begin{pmatrix} 0.16 & 0.82 \\ 0 & 0.09 \end{pmatrix}.$$
#
# If the gradient at the end is $\delta_3 = (1, 0)$, then $\delta_2 = (0.5,\ 1)$ and $\delta_1 = (0.16,\ 0.82)$.
# Their norms are $1$, $1.118$ and $0.835$: the gradient grew before it began to shrink, although both eigenvalues
# of $W_{hh}$ are $0.5$. Keep this in mind for the fine print below.
#
# ### Exercise 3.1 · `step_jacobian`
# **10 min · ●○○**
#
# Equation (3.2), for one state vector.


# %% nbgrader={"grade": false, "grade_id": "step_jacobian", "locked": false, "schema_version": 3, "solution": true, "task": false}
def step_jacobian(h, Whh):
    """Return the Jacobian of one step of the vanilla RNN, equation (3.2).

    Args:
        h: the state after the step, h_t, shape (H,).
        Whh: recurrent weights, shape (H, H), `Whh @ h_prev`.

    Returns:
        Array (H, H); entry (i, j) is the derivative of h_t[i] by h_{t-1}[j].
    """
    ### BEGIN SOLUTION
    return (1.0 - h**2)[:, None] * Whh
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_step_jacobian", "locked": true, "points": 7, "schema_version": 3, "solution": false, "task": false}
# %check step_jacobian

# %% [markdown]
# ### Exercise 3.2 · `jacobian_product`
# **10 min · ●●○**
#
# Equation (3.3) along a given sequence of states $h_1, \dots, h_T$. For $T = 1$ the product is empty.


# %% nbgrader={"grade": false, "grade_id": "jacobian_product", "locked": false, "schema_version": 3, "solution": true, "task": false}
def jacobian_product(h, Whh):
    """Return the derivative of the last state by the first, equation (3.3).

    Args:
        h: states h_1 ... h_T, shape (T, H), T >= 1.
        Whh: recurrent weights, shape (H, H).

    Returns:
        Array (H, H); the identity for T = 1.
    """
    ### BEGIN SOLUTION
    product = np.eye(len(Whh))
    for state in h[1:]:
        product = step_jacobian(state, Whh) @ product
    return product
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_jacobian_product", "locked": true, "points": 9, "schema_version": 3, "solution": false, "task": false}
# %check jacobian_product

# %% [markdown]
# ### Exercise 3.3 · `gradient_norms`
# **15 min · ●●○**
#
# Equation (3.4) and the 2-norm of every $\delta_t$, in the order of time: the last entry is the norm of what you
# start with. One product of a matrix and a vector per step is all it takes; a matrix product per step would cost
# $H$ times as much.


# %% nbgrader={"grade": false, "grade_id": "gradient_norms", "locked": false, "schema_version": 3, "solution": true, "task": false}
def gradient_norms(dh_last, h, Whh):
    """Return how large the gradient is at every step when the loss touches only the last state.

    Args:
        dh_last: loss gradient by h_T, shape (H,).
        h: states h_1 ... h_T, shape (T, H), T >= 1.
        Whh: recurrent weights, shape (H, H).

    Returns:
        Array (T,): the 2-norms of the gradients by h_1 ... h_T, by equation (3.4).
    """
    ### BEGIN SOLUTION
    T = len(h)
    norms = np.empty(T)
    delta = dh_last
    norms[-1] = np.linalg.norm(delta)
    for t in range(T - 1, 0, -1):
        delta = step_jacobian(h[t], Whh).T @ delta
        norms[t - 1] = np.linalg.norm(delta)
    return norms
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_gradient_norms", "locked": true, "points": 14, "schema_version": 3, "solution": false, "task": false}
# %check gradient_norms

# %% [markdown]
# ## The number that decides
#
# Suppose the states stay near zero. Then the slopes in (3.2) are nearly one, all factors of (3.3) are nearly the
# same matrix, and the product is nearly a power,
#
# $$\frac{\partial h_T}{\partial h_1} \approx W_{hh}^{\,T-1}. \tag{3.5}$$
#
# Powers of a matrix follow its eigenvalues. The **spectral radius** is the largest of their absolute values, and it
# is the growth rate of the powers in any norm:
#
# $$\rho(W) = \max_i |\lambda_i(W)| = \lim_{k \to \infty} \lVert W^k \rVert^{1/k}. \tag{3.6}$$
#
# The eigenvalues of a real matrix may be complex, and the one that decides may be negative; only the absolute value
# counts. For $\rho = 0.9$ and a hundred steps, $0.9^{100} \approx 2.7 \cdot 10^{-5}$; for $\rho = 1.1$ it is about
# $14{,}000$. After how many steps has the signal fallen below a threshold $\tau$? At the smallest
#
# $$k \ge 0 \quad \text{with} \quad \rho^k < \tau. \tag{3.7}$$
#
# On a logarithmic axis each radius is a straight line; see how little separates those that end far apart.
#
# ![Powers of 1.1, 1, 0.9 and 0.5 over a hundred steps on a logarithmic axis: straight lines that end at 14,000, at 1, at 0.000027 and below the picture.](figures/powers_of_a_radius.svg)
#
# **The fine print.** You will often read: above one the gradient explodes, below one it vanishes. Here is when.
#
# - *Slopes.* (3.5) holds for small states only. Where units saturate, $1 - h^2$ is far below one, and the gradient
#   can vanish although $\rho(W_{hh})$ is above one. That is why $\rho > 1$ is not enough for an explosion.
# - *The long run.* For constant factors with $\rho < 1$ the powers *end* at zero. On the way they may grow, as in
#   the example above, if the eigenvectors are far from orthogonal. And slopes that differ from unit to unit change
#   the eigenvalues, upwards too: the rows of $\begin{pmatrix} 2 & -4 \\ 1 & -2 \end{pmatrix}$, whose eigenvalues
#   are both zero, scaled by the slopes $(1,\ 0.1)$ give a matrix with $\rho = 1.8$. A guarantee comes from the
#   largest singular value $\sigma$: $\lVert \partial h_T / \partial h_1 \rVert \le \sigma(W_{hh})^{T-1}$, so
#   $\sigma < 1$ means vanishing, and no explosion is possible without $\sigma > 1$. For orthogonal $W_{hh}$ all
#   singular values are one, and only the slopes shrink.
# - *Small is not zero.* $0.95^{50}$ is about $0.08$. What makes such gradients useless is their company: the total
#   gradient is a sum over all steps, and the share of the early ones is drowned by the late ones, whatever the
#   learning rate. And weights move: training can push $\rho$ away from where it began. "A vanilla RNN cannot learn
#   long dependencies" is a good rule of thumb and no theorem.
#
# ### Exercise 3.4 · `spectral_radius`
# **5 min · ●○○**
#
# The maximum in (3.6). The matrix need not be symmetric.


# %% nbgrader={"grade": false, "grade_id": "spectral_radius", "locked": false, "schema_version": 3, "solution": true, "task": false}
def spectral_radius(W):
    """Return the largest absolute eigenvalue, equation (3.6).

    Args:
        W: a real square matrix, shape (H, H).

    Returns:
        float.
    """
    ### BEGIN SOLUTION
    return float(np.abs(np.linalg.eigvals(W)).max())
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_spectral_radius", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# %check spectral_radius

# %% [markdown]
# ### Exercise 3.5 · `rescale_spectral_radius`
# **10 min · ●○○**
#
# What happens to the eigenvalues when a matrix is multiplied by a number? Use it to give a matrix the spectral
# radius you want. A matrix whose own spectral radius is exactly zero cannot be helped; one whose own is merely tiny
# can.


# %% nbgrader={"grade": false, "grade_id": "rescale_spectral_radius", "locked": false, "schema_version": 3, "solution": true, "task": false}
def rescale_spectral_radius(W, radius):
    """Scale a matrix so that its spectral radius is `radius`.

    Args:
        W: a real square matrix, shape (H, H).
        radius: the wanted spectral radius, at least 0.

    Returns:
        A new array (H, H), a multiple of `W`.

    Raises:
        ValueError: the spectral radius of `W` is exactly 0, as of a zero or strictly triangular matrix; the message
            names `W`.
    """
    ### BEGIN SOLUTION
    own = spectral_radius(W)
    if own == 0.0:
        raise ValueError("the spectral radius of W is 0, no factor changes that")
    return W / own * radius
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_rescale_spectral_radius", "locked": true, "points": 7, "schema_version": 3, "solution": false, "task": false}
# %check rescale_spectral_radius

# %% [markdown]
# ### Exercise 3.6 · `orthogonal_matrix`
# **10 min · ●●○**
#
# A random matrix with $Q^\top Q = I$: it keeps the length of every vector, so as a recurrent matrix it starts a
# network on the edge between vanishing and exploding. There are several ways to get one from a matrix of normal
# draws. Randomness comes from the seed alone: the same seed gives the same matrix, another seed another one.


# %% nbgrader={"grade": false, "grade_id": "orthogonal_matrix", "locked": false, "schema_version": 3, "solution": true, "task": false}
def orthogonal_matrix(H, seed):
    """Return a random orthogonal matrix.

    Args:
        H: number of rows and columns.
        seed: an int; the same seed gives the same matrix.

    Returns:
        Array (H, H) with `Q.T @ Q` equal to the identity.
    """
    ### BEGIN SOLUTION
    draws = np.random.default_rng(seed).normal(size=(H, H))
    q, r = np.linalg.qr(draws)
    # The signs of the diagonal make the distribution uniform over all orthogonal matrices.
    return q * np.where(np.diag(r) < 0, -1.0, 1.0)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_orthogonal_matrix", "locked": true, "points": 9, "schema_version": 3, "solution": false, "task": false}
# %check orthogonal_matrix

# %% [markdown]
# ### Exercise 3.7 · `steps_until_vanished`
# **15 min · ●●○**
#
# Equation (3.7). Counting upwards takes forever for a radius of $1 - 10^{-9}$, so solve the inequality for $k$, and
# then make sure: logarithms are rounded, and on a boundary $\rho^k = \tau$ rounding decides between right and
# wrong. Think of every regime first: a radius of zero, a radius of one or more, a threshold above one, a threshold
# that nothing falls below.


# %% nbgrader={"grade": false, "grade_id": "steps_until_vanished", "locked": false, "schema_version": 3, "solution": true, "task": false}
def steps_until_vanished(radius, threshold):
    """Return the smallest number of steps after which a signal is below a threshold, equation (3.7).

    Args:
        radius: factor per step, a float >= 0; values up to 1 - 1e-9 are answered at once.
        threshold: a float.

    Returns:
        The smallest int k >= 0 with `radius**k < threshold`, or None where there is none.
    """
    ### BEGIN SOLUTION
    if threshold > 1:
        return 0
    if threshold <= 0 or radius >= 1:
        return None
    if radius == 0:
        return 1
    # Rounded logarithms may be one off: start below, then let the powers themselves decide.
    k = max(int(math.log(threshold) / math.log(radius)) - 1, 0)
    while radius**k >= threshold:
        k += 1
    return k
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_steps_until_vanished", "locked": true, "points": 14, "schema_version": 3, "solution": false, "task": false}
# %check steps_until_vanished

# %% [markdown]
# ## What can be done: clipping and truncation
#
# An exploding gradient is not a wrong gradient. Its direction is that of steepest ascent, but only very close to
# the present point: the loss of an RNN has cliffs, and a step in proportion to the gradient at a cliff throws the
# parameters far away, out of everything that was learned. **Clipping by norm** keeps the direction and bounds the
# length. Let $g$ be *all* gradients, of every parameter, as one long vector:
#
# $$g \leftarrow \begin{cases} \dfrac{\tau}{\lVert g \rVert}\, g & \text{if } \lVert g \rVert > \tau, \\ g & \text{otherwise.} \end{cases} \tag{3.8}$$
#
# **Clipping by value** bounds each entry by itself, $g_i \leftarrow \min(\max(g_i, -c), c)$. It is simpler and
# changes the direction: $(100, 1)$ becomes $(1, 1)$ for $c = 1$.
#
# By hand: $g = \{(3, 0),\ (0, 4)\}$ in two arrays has the norm $5$. With $\tau = 2$ the factor is $0.4$ and the
# result $\{(1.2, 0),\ (0, 1.6)\}$; with $\tau = 5$ or more nothing changes.
#
# Twice the same gradient; see which of the two results still points where it pointed.
#
# ![A gradient is shortened to the radius of a circle and keeps its direction; beside it the same gradient is cut at the side of a square and points elsewhere.](figures/two_ways_to_clip.svg)
#
# Clipping does nothing for the vanishing half. Multiplying a gradient by a large number raises all its terms alike,
# and the early steps keep their tiny share; a share that was rounded away cannot be brought back at all. An
# infinite or undefined entry cannot be scaled back either: $\infty \cdot 0$ is not a number, so such a gradient
# must be reported, not clipped.
#
# **Truncation** saves memory and time: the sequence is cut into windows of $k$ steps, the state is carried from one
# window to the next, the gradient is not. It cuts all paths between windows on purpose, so the gradient is no
# longer that of the whole sequence: nothing is learned *directly* about dependencies longer than a window.

# %% [markdown]
# **See it move.** The gradient of the last state walks back through a linear network and through one with tanh, on
# one clock. Below, the gradients of the parameters add up step by step; the bar "all" is the norm that (3.8) compares
# with the clipping line. Guess first.
# `seqlab.sim("gradient_flow", step=step_jacobian)` adds the norms that follow from your Jacobians (this needs the
# package `anywidget`).

# %% tags=["experiment"]
if __name__ == "__main__":
    import seqlab

    seqlab.sim("gradient_flow")

# %% [markdown]
# ### Exercise 3.8 · `global_norm`
# **10 min · ●●○**
#
# The 2-norm of all entries of all arrays together. The square of $10^{200}$ is not a double, though $10^{200}$ is,
# and an exploded gradient is the very case that this function is for.


# %% nbgrader={"grade": false, "grade_id": "global_norm", "locked": false, "schema_version": 3, "solution": true, "task": false}
def global_norm(grads):
    """Return the 2-norm over all entries of all gradients together.

    Args:
        grads: dict of str to array, of any shapes; may be empty.

    Returns:
        float; 0.0 for an empty dict. Entries of 1e200 do not overflow.
    """
    ### BEGIN SOLUTION
    peak = max((float(np.max(np.abs(g), initial=0.0)) for g in grads.values()), default=0.0)
    if peak == 0.0 or not math.isfinite(peak):
        return peak
    return peak * math.sqrt(sum(float(np.sum((g / peak) ** 2)) for g in grads.values()))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_global_norm", "locked": true, "points": 9, "schema_version": 3, "solution": false, "task": false}
# %check global_norm

# %% [markdown]
# ### Exercise 3.9 · `clip_by_global_norm`
# **15 min · ●●○**
#
# Equation (3.8), with one factor for all arrays. Check the threshold first, then the entries. Return new values and
# leave the arguments alone; return the norm too, as it was *before* clipping, because that is the number to plot
# during training.


# %% nbgrader={"grade": false, "grade_id": "clip_by_global_norm", "locked": false, "schema_version": 3, "solution": true, "task": false}
def clip_by_global_norm(grads, threshold):
    """Rescale gradients whose global norm exceeds a threshold, equation (3.8).

    Args:
        grads: dict of str to array.
        threshold: the largest norm allowed, above 0.

    Returns:
        (clipped, norm): a dict with the keys and shapes of `grads`, and the float norm before clipping. Norms up to
        1e300 are handled.

    Raises:
        ValueError: unless `threshold > 0`; checked first; the message names `threshold`.
        FloatingPointError: an entry is infinite or NaN; the message names `grads`.
    """
    ### BEGIN SOLUTION
    if not threshold > 0:
        raise ValueError(f"threshold must be above 0, not {threshold}")
    for name, g in grads.items():
        if not np.isfinite(g).all():
            raise FloatingPointError(f"grads holds an entry that is not finite, in {name!r}")
    norm = global_norm(grads)
    if norm > threshold:
        # Divided first: threshold / norm alone can leave the range of normal doubles.
        return {name: g / norm * threshold for name, g in grads.items()}, norm
    return {name: g.copy() for name, g in grads.items()}, norm
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_clip_by_global_norm", "locked": true, "points": 13, "schema_version": 3, "solution": false, "task": false}
# %check clip_by_global_norm

# %% [markdown]
# ### Exercise 3.10 · `clip_by_value`
# **5 min · ●○○**
#
# Every entry by itself, on both sides.


# %% nbgrader={"grade": false, "grade_id": "clip_by_value", "locked": false, "schema_version": 3, "solution": true, "task": false}
def clip_by_value(grads, limit):
    """Clip every entry of every gradient to [-limit, limit].

    Args:
        grads: dict of str to array.
        limit: above 0; rounded to the dtype of each array.

    Returns:
        dict with the keys and shapes of `grads`.

    Raises:
        ValueError: unless `limit > 0`; the message names `limit`.
    """
    ### BEGIN SOLUTION
    if not limit > 0:
        raise ValueError(f"limit must be above 0, not {limit}")
    return {name: np.clip(g, -float(limit), float(limit)) for name, g in grads.items()}
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_clip_by_value", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# %check clip_by_value

# %% [markdown]
# ### Exercise 3.11 · `truncated_windows`
# **5 min · ●○○**
#
# Where truncated backpropagation cuts a sequence of `T` steps: pairs `(start, stop)` as for a slice, one after the
# other, all of length `k` but perhaps the last.


# %% nbgrader={"grade": false, "grade_id": "truncated_windows", "locked": false, "schema_version": 3, "solution": true, "task": false}
def truncated_windows(T, k):
    """Cut the steps 0 ... T - 1 into consecutive windows of k steps.

    Args:
        T: number of steps, at least 0.
        k: length of a window, at least 1.

    Returns:
        list of tuples of int, (start, stop), stop not included; the last window may be shorter. Empty for T = 0.

    Raises:
        ValueError: unless `k >= 1`; the message names `k`.
    """
    ### BEGIN SOLUTION
    if k < 1:
        raise ValueError(f"k must be at least 1, not {k}")
    return [(start, min(start + k, T)) for start in range(0, T, k)]
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_truncated_windows", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# %check truncated_windows

# %% [markdown]
# ## What goes wrong
#
# - **Columns scaled for rows.** (3.2) scales row $i$ by the slope of unit $i$. With $H$ slopes and an $H \times H$
#   matrix numpy happily does either.
# - **The wrong state.** The slope of step $t$ is that of the state *after* the step. In (3.3) the state $h_1$ is
#   not used at all.
# - **The wrong end.** In (3.3) the latest Jacobian stands on the left. With diagonal or equal factors nobody
#   notices.
# - **Eigenvalues for singular values.** They agree for symmetric and for orthogonal matrices, not in general.
# - **One norm per array.** Clipping every array by its own norm bends the direction of the whole. It is a different
#   method from (3.8).
# - **Comparisons with NaN.** `norm > threshold` is false for NaN, so a broken gradient walks through unclipped. For
#   the same reason `threshold <= 0` does not catch every threshold that is not above zero.
# - **Only the mean is watched.** Explosions are rare and short. Plot the norm before clipping, all of it, on a
#   logarithmic axis.

# %% [markdown]
# ## Experiment: gradients on real data
#
# The series is the monthly temperature of the sea surface in the El Niño region, as deviations from the usual value
# of the month. The first part drives random networks of 32 units with it, untrained, and looks only at the
# gradient: how large is it at step $t$ when the loss sits at step 100? The second part trains networks of 16 units
# to forecast the next month by plain gradient descent on windows of 48 months, from an unhealthy start with $\rho =
# 2.5$ and with a large learning rate, four seeds with clipping and four without. The readout is fixed at its random
# start, so that every gradient has come through time: what explodes is $\partial L / \partial W_{hh}$ and nothing
# else. The third part cuts through the loss of one window, along the line of its gradient.
#
# What to see: top left, straight lines on a logarithmic axis. The measured ratios lie below those of (3.5), because
# slopes are at most one; for $\rho = 1.3$ saturation has all but eaten the explosion. Top right and bottom left,
# large norms come at the very beginning, clipped or not, and the runs part there. Bottom right, a cliff.
#
# All of it takes about 7 s on one core.

# %% tags=["experiment"]
import time

import matplotlib.pyplot as plt

import seqdata
from seqlab import plots, progress


def sea_anomalies():
    """Monthly deviations from the usual value of the month in the training years, in °C."""
    sea = seqdata.elnino_sst()
    train_months, train = sea.month[sea.train], sea.temperature[sea.train]
    usual = np.array([train[train_months == month].mean() for month in range(1, 13)])
    anomalies = sea.temperature - usual[sea.month - 1]
    return anomalies[sea.train], anomalies[sea.test]


def run_states(Whh, wx, bias, xs, h):
    """States of a vanilla RNN with one input, the initial state first."""
    states = [h]
    for x in xs:
        states.append(np.tanh(Whh @ states[-1] + wx * x + bias))
    return np.array(states)


def window_gradients(p, xs, wanted, h):
    """Loss of the forecasts `wy . h_t` in one window, its gradients, and the last state."""
    states = run_states(p["Whh"], p["wx"], p["bias"], xs, h)
    error = (states[1:] @ p["wy"] - wanted) / len(xs)
    grads = {name: np.zeros_like(value) for name, value in p.items()}
    grads["wy"] = 2 * error @ states[1:]
    delta = np.zeros_like(h)
    for t in range(len(xs), 0, -1):
        delta = delta + 2 * error[t - 1] * p["wy"]
        before_tanh = delta * (1 - states[t] ** 2)
        grads["Whh"] += np.outer(before_tanh, states[t - 1])
        grads["wx"] += before_tanh * xs[t - 1]
        grads["bias"] += before_tanh
        delta = step_jacobian(states[t], p["Whh"]).T @ delta
    return np.sum(error**2) * len(xs), grads, states[-1]


def initial_forecaster(seed, H=16):
    """A network with a spectral radius of 2.5; its readout `wy` is never trained."""
    rng = np.random.default_rng(seed)
    return {
        "Whh": rescale_spectral_radius(rng.normal(size=(H, H)), 2.5),
        "wx": rng.normal(size=H) * 0.3,
        "bias": np.zeros(H),
        "wy": rng.normal(size=H) * 0.3,
    }


def trained_gradients(grads):
    """The gradients of what is trained: all but the readout's."""
    return {name: g for name, g in grads.items() if name != "wy"}


def train_forecaster(series, threshold, seed, bar, epochs=12, k=48, rate=0.3):
    """Plain gradient descent on windows of k months; losses per epoch, every norm of dWhh before clipping."""
    p = initial_forecaster(seed)
    losses, norms = [], []
    for _ in range(epochs):
        h, total = np.zeros(len(p["wy"])), []
        for start, stop in truncated_windows(len(series) - 1, k):
            xs, wanted = series[start:stop], series[start + 1 : stop + 1]
            loss, grads, h = window_gradients(p, xs, wanted, h)
            clipped, _ = clip_by_global_norm(trained_gradients(grads), threshold)
            p = p | {name: p[name] - rate * g for name, g in clipped.items()}
            total.append(loss)
            norms.append(np.linalg.norm(grads["Whh"]))
        losses.append(np.mean(total))
        bar.advance(loss=losses[-1])
    return losses, norms


def slice_of_loss(series, seed, distances, k=48):
    """The loss of the first window along the line of its gradient; downhill is to the right."""
    p = initial_forecaster(seed)
    xs, wanted, h = series[:k], series[1 : k + 1], np.zeros(len(p["wy"]))
    _, grads, _ = window_gradients(p, xs, wanted, h)
    grads = trained_gradients(grads)
    norm = global_norm(grads)
    along = [
        window_gradients(
            p | {name: p[name] - distance * g / norm for name, g in grads.items()}, xs, wanted, h
        )[0]
        for distance in distances
    ]
    return np.array(along), norm


if __name__ == "__main__":
    plots.use_style()
    train, _ = sea_anomalies()
    figure, ((left, middle), (right, cliff)) = plt.subplots(2, 2, figsize=(12, 7.6))

    H, T = 32, 100
    rng = np.random.default_rng(0)
    draws, wx, dh_last = rng.normal(size=(H, H)), rng.normal(size=H) * 0.1, rng.normal(size=H)
    matrices = {
        "ρ = 0.5": rescale_spectral_radius(draws, 0.5),
        "ρ = 0.95": rescale_spectral_radius(draws, 0.95),
        "ρ = 1.3": rescale_spectral_radius(draws, 1.3),
        "ρ = 4": rescale_spectral_radius(draws, 4.0),
        "orthogonal": orthogonal_matrix(H, 0),
    }
    profiles = {}
    print("gradient by h_1 over gradient by h_100, and what (3.5) would have it be:")
    for name, Whh in matrices.items():
        states = run_states(Whh, wx, np.zeros(H), train[:T], np.zeros(H))[1:]
        norms = gradient_norms(dh_last, states, Whh)
        saturated = np.mean(np.abs(states) > 0.9)
        print(
            f"  {name:11s} {norms[0] / norms[-1]:8.1e}   {spectral_radius(Whh) ** (T - 1):8.1e}   "
            f"({saturated:.0%} of the units saturated)"
        )
        profiles[name] = norms / norms[-1]
    plots.gradient_profile(
        left,
        profiles,
        title="gradient by $h_t$, loss at $t = 100$",
        ylabel="norm, as a multiple of the last",
    )

    EPOCHS, SEEDS = 12, range(4)
    plots.reference(middle, np.mean(np.diff(train) ** 2), "persistence")
    for threshold, name, look in [
        (1.0, "clipped at 1", plots.series(0)),
        (1e300, "not clipped", plots.series(1)),
    ]:
        started, runs = time.perf_counter(), []
        with progress(EPOCHS * len(SEEDS), f"{len(SEEDS)} runs, {name}") as bar:
            for seed in SEEDS:
                runs.append(train_forecaster(train, threshold, seed, bar, EPOCHS))
        for seed, (losses, norms) in zip(SEEDS, runs, strict=True):
            print(
                f"{name}, seed {seed}: loss of the last epoch {losses[-1]:.2f}, largest norm of dWhh "
                f"{max(norms):.2g}, last {norms[-1]:.1e}"
            )
            label = name if seed == 0 else None
            middle.semilogy(range(1, EPOCHS + 1), losses, **look, label=label)
            right.semilogy(range(1, len(norms) + 1), norms, **look, linewidth=1.0, label=label)
        print(f"{name}: {len(SEEDS)} runs in {time.perf_counter() - started:.1f} s")
    middle.set(title="loss while training", xlabel="epoch", ylabel="mean squared error in °C²")
    right.set(
        title=r"gradient by $W_{hh}$ before clipping", xlabel="update", ylabel="norm of $dW_{hh}$"
    )
    middle.legend()
    right.legend()

    distances = np.linspace(-0.01, 0.01, 801)
    along, norm = slice_of_loss(train, 2, distances)
    cliff.plot(1e3 * distances, along)
    cliff.axvline(0.0, color=plots.GREY, linestyle=":", label="the start")
    cliff.set(
        title="loss of the first window along its gradient, seed 2",
        xlabel="distance along the gradient, in thousandths",
        ylabel="mean squared error in °C²",
    )
    cliff.legend()
    steepest = np.abs(np.diff(along)).max() / np.diff(distances)[0]
    print(
        f"slice: norm of the gradient at the start {norm:.0f}, steepest slope in the picture {steepest:.0f}"
    )
    print(f"slice: a step without clipping would go {0.3 * norm:.0f}, a clipped one 0.3")
    plt.show()
    print(
        "See: clipped or not, large norms come at the start. The clipped runs go on from there; of"
    )
    print("the unclipped ones three end where the gradient has all but gone.")

# %% [markdown]
# Without clipping nothing becomes infinite here. States are bounded by tanh, the readout is fixed, so the loss is
# bounded as well. (Train the readout too, and half of the runs go to infinity: its large steps do that, not the
# gradient through time.) What one huge step does to the recurrent network shows in its last epoch. Seed 1 meets a
# norm of $9 \cdot 10^{3}$<!-- ×3 printed: not clipped, seed 1: loss of the last epoch [2] -->, is thrown to weights
# in the thousands, where all units are saturated, and ends at a loss of 1.88<!-- ±0.3 printed: not clipped, seed 1:
# loss of the last epoch [1] --> with a gradient of less than $10^{-2}$<!-- < printed: not clipped, seed 1: loss of
# the last epoch [3] -->: after the explosion, the gradient has vanished. Clipped, the same network has come down to
# 0.29<!-- ±0.3 printed: clipped at 1, seed 1: loss of the last epoch [1] --> and is still learning. Seed 0 never
# meets a norm above 30, and both of its runs do well: 0.17<!-- ±0.05 printed: clipped at 1, seed 0: loss of the
# last epoch [1] --> clipped, 0.23<!-- ±0.08 printed: not clipped, seed 0: loss of the last epoch [1] --> not. The
# dotted line is persistence: only that one clipped run gets below it in these few epochs. Clipping keeps a run
# alive, it does not make it good, and with $\rho = 1.6$, try it, most runs do without: it is an insurance.
#
# The slice shows where such norms come from. Within two thousandths the loss climbs by a quarter. At the foot of
# the cliff the gradient is $1.4 \cdot 10^{2}$<!-- ×1.5 printed: slice: norm of the gradient at the start [1] -->;
# it says how steep the wall is, and nothing about how far to go. A step in proportion to it would lead 43<!-- ×1.5
# printed: slice: a step without clipping would go [1] --> units away, thousands of times the width of this picture.

# %% [markdown]
# ## What to take away
#
# - The gradient through $T$ steps holds a product of $T - 1$ Jacobians, each the recurrent matrix with its rows
#   scaled by slopes of at most one.
# - The spectral radius is the long-run growth rate of that product where the slopes are near one. Well below one
#   the gradient vanishes exponentially; above one it can explode, unless saturation stops it.
# - Vanished gradients are not zero, they are outvoted: late steps dominate the sum.
# - Clip by the global norm, watch the norm, refuse what is not finite. Clipping does not help against vanishing.
# - What would help is a path through time on which nothing has to be multiplied by a matrix. That is chapter 4.

# %% [markdown]
# ## Papers
#
# - Bengio, Y., Simard, P., Frasconi, P. (1994). *Learning Long-Term Dependencies with Gradient Descent Is Difficult*.
#   IEEE Transactions on Neural Networks 5 (2), 157–166. [doi:10.1109/72.279181](https://doi.org/10.1109/72.279181).
#   Why a state that holds on to something gives a vanishing gradient: a trade, not a bug.
# - Pascanu, R., Mikolov, T., Bengio, Y. (2013). *On the Difficulty of Training Recurrent Neural Networks*. ICML,
#   1310–1318. [arXiv:1211.5063](https://arxiv.org/abs/1211.5063). Conditions for vanishing and exploding, the picture
#   of the cliff, and clipping by norm.
# - Saxe, A. M., McClelland, J. L., Ganguli, S. (2014). *Exact Solutions to the Nonlinear Dynamics of Learning in Deep
#   Linear Neural Networks*. ICLR. [arXiv:1312.6120](https://arxiv.org/abs/1312.6120). Learning in deep linear
#   networks worked out exactly; the case for orthogonal starts.
# - Goodfellow, I., Bengio, Y., Courville, A. (2016). *Deep Learning*. MIT Press. Chapter 10, Sequence Modeling:
#   Recurrent and Recursive Nets. [deeplearningbook.org](https://www.deeplearningbook.org/contents/rnn.html). Sections
#   10.7 and 10.11 tell the same story with more remedies.
#
# **Up next:** Chapter 4, a cell whose path through time needs no matrix.

# %% [markdown]
# ## Practice
#
# Click on an option: it says why it is right or wrong. These questions earn no points, so try as many options as
# you like; `seqlab quiz` asks them in a terminal.

# %% [markdown]
# #### Practice 1
# What keeps vanilla RNNs from learning dependencies over many steps?
#
# - [ ] Their hidden state is overwritten with zeros after some fifty steps
#   > Nothing resets the state. It is the gradient that does not reach back.
# - [ ] They have too few parameters, since all of their steps share them
#   > Sharing limits nothing here; more parameters would not change the product.
# - [x] A product of one Jacobian per step shrinks the gradient exponentially
#   > T − 1 factors, so the signal of the first steps decays exponentially in T.
# - [ ] Backpropagation through time is but an approximation for long inputs
#   > BPTT is exact. Its result is just tiny for early steps.

# %% [markdown]
# #### Practice 2
# The gradient norm is 20 and the threshold 5. What does clipping by the global norm do?
#
# - [ ] It scales each of the arrays to a norm of 5
#   > That would be one norm per array. The norm of (3.8) runs over all of them together.
# - [x] It multiplies all entries by one factor, 0.25
#   > One factor, 5/20, for everything, so the direction stays.
# - [ ] It sets every entry that is larger than 5 to 5
#   > That is clipping by value.
# - [ ] It skips the update, as the norm is too large
#   > Skipping is for gradients that are not finite.

# %% [markdown]
# #### Practice 3
# A recurrent matrix has spectral radius 0.9 and largest singular value 3. The slopes are close to one. What can
# you expect of the gradient norm on the way back?
#
# - [ ] It shrinks by a factor of about 0.9, and that at each single step
#   > Only for special matrices, such as 0.9 times an orthogonal one.
# - [ ] It grows by a factor of about 3, and that at every single step
#   > 3 is the most that one step can do to one direction, not what every step does.
# - [ ] It stays about constant, as the two effects cancel at every step
#   > They do not act at the same time: one rules early on, the other in the end.
# - [x] It may grow for a while, and later shrinks by 0.9 or so per step
#   > The eigenvalues rule the long run, the singular values what can happen before.

# %% [markdown]
# #### Practice 4
# Gradients vanish, and someone multiplies the learning rate by 1000. Why is that no cure?
#
# - [ ] It is one, provided that the gradients are clipped at the same time
#   > Clipping undoes the enlargement, and the shares stay what they were.
# - [x] Early and late steps grow alike, so that the late ones still decide
#   > The share of the early steps in the sum is what matters, and it is unchanged.
# - [ ] Learning rates above 1 make every gradient method diverge at once
#   > No such limit exists: which rates diverge depends on the curvature of the loss.
# - [ ] The gradient of the early steps is exactly zero by then, not small
#   > It is small, and rarely exactly zero.

# %% [markdown]
# #### Practice 5
# A sequence of 1,000 steps is trained with windows of 50, carrying the state on. Which gradient is computed?
#
# - [x] The exact one of each window's loss, its first state held constant
#   > Paths that cross a border between windows are cut, the rest is exact.
# - [ ] The exact one of the whole sequence, though added up in twenty parts
#   > The paths between windows are missing, and they belong to the full gradient.
# - [ ] The mean one of twenty independent sequences that start at zero
#   > The state is carried on, so the windows do not start at zero.
# - [ ] An estimate whose error vanishes as soon as the state is carried on
#   > Carrying the state on mends the forward pass; the paths between windows stay cut.

# %% [markdown]
# ## Quiz
#
# The questions `q1`, `q2` and `q3` earn points. Work each one out, on paper or with the functions that you wrote, and
# put the answer into the cell at the end, as text. A number may be written as "0.5", "1/2" or "5e-1"; the check
# below the cell looks at the form of the answers, and grading says which are right.

# %% [markdown]
# #### q1
# The recurrent matrix is $W_{hh} = 0.95\,Q$ with $Q$ orthogonal, and every entry of every state is $0.6$ or $-0.6$.
# After how many steps back, $k$, has the norm of the gradient first fallen below a thousandth of what it was?
#
# *Answer: a whole number.*

# %% [markdown]
# #### q2
# A recurrence works where all slopes are 1, with
# $W_{hh} = \bigl(\begin{smallmatrix} 0.5 & 2 \\ 0 & 0.5 \end{smallmatrix}\bigr)$, spectral radius 0.5. The loss sends
# $\delta_T = (1, 0)^\top$, of norm 1. What is the smallest $k \ge 1$ for which the norm of $\delta_{T-k}$ is below 1?
#
# *Answer: a whole number.*

# %% [markdown]
# #### q3
# There are two gradients, $(1, -2)$ and $(2, 6)$. They are clipped by the global norm (3.8) with threshold
# $\tau = \sqrt{3.26}$. What becomes of the entry 6?
#
# *Answer: a number, to within 0.002.*

# %% nbgrader={"grade": false, "grade_id": "quiz_answers", "locked": false, "schema_version": 3, "solution": true, "task": false}
quiz_answers = {
    "q1": "",  # a whole number
    "q2": "",  # a whole number
    "q3": "",  # a number
}
### BEGIN SOLUTION
quiz_answers = {"q1": "14", "q2": "5", "q3": "1.615"}
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_quiz_answers", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
# %check quiz_answers
