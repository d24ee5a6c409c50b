# ---
# jupyter:
#   course:
#     libraries: numpy
#     title: Unfolding
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
# # Chapter 1 · Unfolding: one function, shared through time
#
# You know how to train a feed-forward network: run it, keep the intermediate values, go back through the layers
# with the chain rule. A recurrence has a loop in it, and backpropagation knows no loops. This chapter removes the
# loop. Write the recurrence out for the $T$ steps of one given sequence, and what is left is an ordinary network of
# $T$ layers, unusual in two ways only: an input enters at every layer, and all layers own **the same** parameters.
#
# At the end of the chapter you have
#
# - a function that unfolds any recurrence, and the graph it produces, node by node;
# - backpropagation through time for the smallest recurrent network there is, one with two scalar parameters;
# - the two tools with which every gradient of this course can be checked: a numerical gradient and a relative
#   error.
#
# Assumed:
#
# - linear algebra: vectors, the transpose;
# - backpropagation: the chain rule for a feed-forward network;
# - optimisation: gradient descent, for one experiment.
#
# Time: about two hours. No chapter before this one is needed.

# %%
import numpy as np

# %% nbgrader={"grade": false, "grade_id": "load_seqlab", "locked": true, "schema_version": 3, "solution": false, "task": false}
# No module named 'seqlab'? In a cell of its own: %pip install ../seqlab ../../datasets
# Then choose "Restart Kernel" and begin again from the top.
# %load_ext seqlab

# %% [markdown]
# ## From a loop to a graph
#
# A recurrent network keeps a state $h$ and replaces it at every step by a function of itself and of the next input:
#
# $$h_t = f(h_{t-1}, x_t; \theta), \qquad t = 1, \dots, T. \tag{1.1}$$
#
# Three things in (1.1) carry no index: the function $f$, its parameters $\theta$, and the start $h_0$, which is
# given. **Unfolding** means to substitute (1.1) into itself until the state on the right-hand side is gone. For
# $T = 3$:
#
# $$h_3 = f\big(f\big(f(h_0, x_1; \theta), x_2; \theta\big), x_3; \theta\big). \tag{1.2}$$
#
# The loop has become a composition of three functions, and its computation graph has no cycle any more:
#
# ![Left, a node h with a loop, an input x and parameters theta; right, the chain h0, h1, h2, h3 with an input at each step and one theta that enters all three steps.](figures/unfolded_graph.svg)
#
# For a *given* length the recurrence and its graph compute the same numbers; what differs is that the second can be
# differentiated with what you know already. A longer sequence gives a longer graph, so the graph belongs to a
# sequence and not to the model. What belongs to the model is $f$ with its one $\theta$.
#
# **Why share?** A network with a separate $\theta_t$ for each step would need more parameters for longer sequences,
# could not be run on a sequence longer than the longest one it was trained on, and would have to learn what a word
# means once for each place where the word may stand. Convolutions make the same bet in space: the same small filter
# everywhere. With one $\theta$ the number of parameters does not depend on $T$, every step of every sequence helps
# to train it, and (1.1) can be *evaluated* at any length. Whether it is any *good* at lengths it has never seen is
# another matter. Nothing forces the states of step 500 to lie where the states of the first 50 lay, and the bet
# itself can be wrong: where the rule really changes with the position, sharing has to express that through the
# state or the inputs.
#
# ### Exercise 1.1 · `unroll`
# **10 min · ●○○**
#
# Equation (1.1) for any `step(h, x, theta)`: collect the start and every later state in one array, `T + 1` in all.
# A state may be a number, a vector or a whole batch `(N, H)`; `xs` holds one input per step along its first axis,
# and may hold none. The state at index `t` of the result is $h_t$. Hand on `theta` as you got it: it may be
# anything, a dict or a model, and it is one object for all steps.


# %% nbgrader={"grade": false, "grade_id": "unroll", "locked": false, "schema_version": 3, "solution": true, "task": false}
def unroll(step, h0, xs, theta):
    """Return all states of the recurrence (1.1).

    Args:
        step: callable, `h_t = step(h_prev, x_t, theta)`.
        h0: initial state, an array of any shape (0-d too).
        xs: inputs in order of time, one per entry of the first axis; T >= 0 of them.
        theta: the parameters, passed to every call of `step` as the same object.

    Returns:
        Array (T + 1, ...): `h0` first, then the state after each step.
    """
    ### BEGIN SOLUTION
    states = [np.asarray(h0)]
    for x in xs:
        states.append(np.asarray(step(states[-1], x, theta)))
    return np.stack(states)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_unroll", "locked": true, "points": 12, "schema_version": 3, "solution": false, "task": false}
# %check unroll

# %% [markdown]
# ### Exercise 1.2 · `unfolded_graph`
# **10 min · ●○○**
#
# The picture above as data: a dict from the name of every node to the tuple of the names of its parents, the nodes
# from which it is computed directly. Parameters, initial state and inputs have no parents. The parents of a state
# are named in the order of the arguments in (1.1). Names are `"theta"`, `"h0"`, `"x1"`, `"h1"` and so on; for
# `T = 0` only two nodes are left. Count how often `"theta"` occurs among the parents: the number comes back in the
# gradient.


# %% nbgrader={"grade": false, "grade_id": "unfolded_graph", "locked": false, "schema_version": 3, "solution": true, "task": false}
def unfolded_graph(T):
    """Return the computation graph of (1.1) unfolded over T steps.

    Args:
        T: number of steps, an int, at least 0.

    Returns:
        dict of str to tuple of str, each node to its parents: `()` for `"theta"`, `"h0"`, `"x1"` ... `"xT"`; the
        previous state, the input and `"theta"`, in this order, for `"h1"` ... `"hT"`.

    Raises:
        ValueError: `T` is negative; the message names `T`.
    """
    ### BEGIN SOLUTION
    if T < 0:
        raise ValueError(f"T must be at least 0, not {T}")
    graph = {"theta": (), "h0": ()}
    for t in range(1, T + 1):
        graph[f"x{t}"] = ()
        graph[f"h{t}"] = (f"h{t - 1}", f"x{t}", "theta")
    return graph
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_unfolded_graph", "locked": true, "points": 12, "schema_version": 3, "solution": false, "task": false}
# %check unfolded_graph

# %% [markdown]
# ## Backpropagation through time
#
# Let a scalar loss $L$ look at some or all of the states. In the unfolded graph, $h_t$ influences $L$ in two ways:
# directly, and through $h_{t+1}$. Write $\bar h_t$ for the gradient that enters $h_t$ directly and
# $\delta_t = \partial L / \partial h_t$ for the total one. Then
#
# $$\delta_T = \bar h_T, \qquad \delta_t = \bar h_t + \Big(\frac{\partial h_{t+1}}{\partial h_t}\Big)^{\!\top} \delta_{t+1}, \tag{1.3}$$
#
# one sweep from the last step to the first. This is ordinary backpropagation; it has a name of its own,
# **backpropagation through time** (BPTT), because the layers are moments. It needs the states of the forward pass,
# so its memory grows with $T$, which is one reason why long sequences are cut into pieces (chapter 3).
#
# And the parameters? Pretend for a moment that each step had a copy $\theta^{(t)}$ of its own. The chain rule gives
# the gradient for each copy, and since all copies are one and the same, a change of $\theta$ changes all of them at
# once. The effects add up:
#
# $$\frac{\partial L}{\partial \theta} = \sum_{t=1}^{T} \frac{\partial L}{\partial \theta^{(t)}}
#   = \sum_{t=1}^{T} \Big(\frac{\partial h_t}{\partial \theta^{(t)}}\Big)^{\!\top} \delta_t . \tag{1.4}$$
#
# Here $\partial h_t / \partial \theta^{(t)}$ is the *immediate* derivative: $h_{t-1}$ is held fixed, because what
# $\theta$ did to $h_{t-1}$ is counted in the terms before. (1.4) is the rule for a variable that occurs several
# times in an expression, nothing more: for $y = a \cdot a$ it says $a + a$.
#
# ### The smallest recurrent network
#
# One scalar state, two scalar parameters, no bias and no nonlinearity:
#
# $$h_t = a\,h_{t-1} + b\,x_t . \tag{1.5}$$
#
# Small as it is, everything that matters about BPTT is in it. Its immediate derivatives can be read off:
# $\partial h_t/\partial a = h_{t-1}$, $\partial h_t/\partial b = x_t$, $\partial h_t/\partial h_{t-1} = a$,
# $\partial h_t/\partial x_t = b$.
#
# **By hand.** Take $a = \tfrac12$, $b = 2$, $h_0 = 4$ and the inputs $1, 0, 3$. The states are
#
# | $t$ | $x_t$ | $h_t = a h_{t-1} + b x_t$ | |
# |---|---|---|---|
# | 1 | 1 | $2 + 2$ | $= 4$ |
# | 2 | 0 | $2 + 0$ | $= 2$ |
# | 3 | 3 | $1 + 6$ | $= 7$ |
#
# Let the loss be the last state, $L = h_3$, so that $\bar h = (0, 0, 1)$. Going back:
#
# | $t$ | $\delta_t$ | use of $a$: $\delta_t h_{t-1}$ | use of $b$: $\delta_t x_t$ |
# |---|---|---|---|
# | 3 | $1$ | $1 \cdot 2 = 2$ | $1 \cdot 3 = 3$ |
# | 2 | $\tfrac12$ | $\tfrac12 \cdot 4 = 2$ | $\tfrac12 \cdot 0 = 0$ |
# | 1 | $\tfrac14$ | $\tfrac14 \cdot 4 = 1$ | $\tfrac14 \cdot 1 = \tfrac14$ |
#
# The sums are $\partial L/\partial a = 5$ and $\partial L/\partial b = 3\tfrac14$. Substitution confirms it: (1.2)
# reads $h_3 = a^3 h_0 + a^2 b\,x_1 + a b\,x_2 + b\,x_3$ here, and its derivative with respect to $a$ is
# $3 a^2 h_0 + 2 a b\,x_1 + b\,x_2 = 3 + 2 + 0 = 5$. Look at the column of $\delta_t$ once more: it is a power of
# $a$. With $a$ inside $(-1, 1)$ the early uses count exponentially little, and outside they drown all others.
# Chapter 3 is about nothing else.
#
# The same numbers in the graph: follow the dashed gradient from right to left, and at each step the share that
# goes up into the sum.
#
# ![The states 4, 4, 2, 7 in a chain, one parameter a read by three steps; the gradient comes back as 1, 1/2, 1/4, and its shares 1, 2 and 2 add up to 5.](figures/gradient_through_time.svg)

# %% [markdown]
# **See it move.** Below, one box with a loop becomes a chain of boxes: the states run forward, then the gradient runs
# back and the shares of (1.4) add up. Answer the question above the figure first; "By hand" is the example just
# calculated. With your own step beside ours: `seqlab.sim("unfolding", step=my_step)`, where `my_step(h, x, theta)`
# reads `theta["a"]` and `theta["b"]` (this needs the package `anywidget`).

# %% tags=["experiment"]
if __name__ == "__main__":
    import seqlab

    seqlab.sim("unfolding")

# %% [markdown]
# ### Exercise 1.3 · `linear_rnn_forward`
# **5 min · ●○○**
#
# Equation (1.5): all states but the initial one.


# %% nbgrader={"grade": false, "grade_id": "linear_rnn_forward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def linear_rnn_forward(a, b, h0, xs):
    """Run the scalar linear recurrence (1.5).

    Args:
        a: parameter of the state, a float.
        b: parameter of the input, a float.
        h0: initial state, a float.
        xs: inputs, shape (T,), T >= 1.

    Returns:
        Array (T,) of h_1 ... h_T, without h_0.
    """
    ### BEGIN SOLUTION
    hs = np.empty(len(xs))
    h = h0
    for t, x in enumerate(xs):
        h = a * h + b * x
        hs[t] = h
    return hs
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_linear_rnn_forward", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
# %check linear_rnn_forward

# %% [markdown]
# ### Exercise 1.4 · `linear_rnn_backward`
# **25 min · ●●○**
#
# Equations (1.3) and (1.4) for (1.5). The loss may touch every state: `dhs[t]` is $\bar h_{t+1}$, what enters
# directly. Besides the gradients return the terms of the two sums, one per use of the shared parameter, in the
# order of time. Write the second table above for a sequence of two steps before you write code, with a loss that
# touches both states, and mind which state is at which index: `hs[0]` is $h_1$.


# %% nbgrader={"grade": false, "grade_id": "linear_rnn_backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def linear_rnn_backward(a, b, h0, xs, hs, dhs):
    """Backpropagate through time in the scalar linear recurrence (1.5), by (1.3) and (1.4).

    Args:
        a: parameter of the state, a float.
        b: parameter of the input, a float.
        h0: initial state, a float.
        xs: inputs, shape (T,).
        hs: states h_1 ... h_T, shape (T,), the result of `linear_rnn_forward(a, b, h0, xs)`.
        dhs: loss gradient that enters each of these states directly, shape (T,).

    Returns:
        dict with the floats `"da"`, `"db"`, `"dh0"` and the arrays (T,) `"dxs"`, `"da_per_step"`, `"db_per_step"`; the
        entries of the last two are the terms of (1.4) from the first step to the last.
    """
    ### BEGIN SOLUTION
    T = len(xs)
    deltas = np.empty(T)
    delta_next = 0.0
    for t in reversed(range(T)):
        deltas[t] = dhs[t] + a * delta_next
        delta_next = deltas[t]
    previous = np.concatenate(([h0], hs[:-1]))
    da_per_step = deltas * previous
    db_per_step = deltas * xs
    return {
        "da": float(da_per_step.sum()),
        "db": float(db_per_step.sum()),
        "dh0": float(a * deltas[0]),
        "dxs": b * deltas,
        "da_per_step": da_per_step,
        "db_per_step": db_per_step,
    }
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_linear_rnn_backward", "locked": true, "points": 35, "schema_version": 3, "solution": false, "task": false}
# %check linear_rnn_backward

# %% [markdown]
# ## How to know that a gradient is right
#
# A wrong gradient rarely crashes. It trains, only worse, and the loss curve does not say why. The remedy is as old
# as backpropagation: move one entry of the argument a little to each side and see what the scalar does,
#
# $$\frac{\partial f}{\partial x_i} \approx \frac{f(x + \varepsilon e_i) - f(x - \varepsilon e_i)}{2\varepsilon}, \tag{1.6}$$
#
# with $e_i$ zero but for a one at entry $i$. This **central difference** is wrong by $O(\varepsilon^2)$ where $f$
# is smooth; the one-sided quotient is wrong by $O(\varepsilon)$. Smaller is not better without end: the difference
# of two nearly equal numbers has a rounding error of about $10^{-16}\,|f|$, which (1.6) divides by $2\varepsilon$.
# In double precision $\varepsilon \approx 10^{-5}$ is near the best compromise for values of order one. In single
# precision there is hardly any good one, and for integers none at all.
#
# The comparison needs a scale of its own, since $10^{-4}$ beside $10^{-4}$ is a disaster and beside $10^{4}$ it is
# nothing:
#
# $$\operatorname{err}(a, b) = \max_i \frac{|a_i - b_i|}{\max(|a_i| + |b_i|,\ 10^{-12})}. \tag{1.7}$$
#
# Zero against zero counts as equal, and opposite signs cost the worst possible value, one. Below $10^{-7}$ a
# gradient is most likely right, above $10^{-3}$ it is wrong; in between look for kinks of $f$ or entries that are
# tiny beside the others, for which (1.7) is too strict. (The checks in this notebook therefore measure the error of
# a whole array by its norm.)
#
# ### Exercise 1.5 · `numerical_gradient`
# **15 min · ●●○**
#
# Equation (1.6) for every entry of an array of any shape, a 0-d one too. `x` may hold integers; `f` is to see
# float64 whatever it holds. Two calls of `f` per entry, no more: `f` is a whole network as a rule. Whoever called
# you must find `x` as it was, to the last bit.


# %% nbgrader={"grade": false, "grade_id": "numerical_gradient", "locked": false, "schema_version": 3, "solution": true, "task": false}
def numerical_gradient(f, x, eps=1e-5):
    """Approximate the gradient of a scalar function by central differences, equation (1.6).

    Args:
        f: callable from a float64 array of the shape of `x` to a number.
        x: the point, an array of any shape and of floats or integers; unchanged afterwards.
        eps: the step to each side.

    Returns:
        float64 array of the shape of `x`. `f` is called exactly `2 * x.size` times.
    """
    ### BEGIN SOLUTION
    point = np.array(x, dtype=np.float64)
    gradient = np.empty_like(point)
    for index in np.ndindex(point.shape):
        values = []
        for shift in (eps, -eps):
            moved = point.copy()
            moved[index] += shift
            values.append(float(f(moved)))
        gradient[index] = (values[0] - values[1]) / (2 * eps)
    return gradient
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_numerical_gradient", "locked": true, "points": 21, "schema_version": 3, "solution": false, "task": false}
# %check numerical_gradient

# %% [markdown]
# ### Exercise 1.6 · `relative_error`
# **5 min · ●○○**
#
# Equation (1.7). Compute in float64 whatever comes in: single precision overflows early, and small integers wrap
# around. Two arrays of different shapes are no comparison but a mistake of the caller, even where numpy would
# stretch one to fit. Two empty arrays of the same shape agree.


# %% nbgrader={"grade": false, "grade_id": "relative_error", "locked": false, "schema_version": 3, "solution": true, "task": false}
def relative_error(a, b):
    """Return the largest relative difference between the entries of two arrays, equation (1.7).

    Args:
        a: array of floats or integers.
        b: array of the same shape.

    Returns:
        float, computed in float64; 0.0 for empty arrays.

    Raises:
        ValueError: the shapes differ; the message names `a` or `b`.
    """
    ### BEGIN SOLUTION
    a = np.asarray(a, dtype=np.float64)
    b = np.asarray(b, dtype=np.float64)
    if a.shape != b.shape:
        raise ValueError(f"a and b must have one shape, not {a.shape} and {b.shape}")
    scale = np.maximum(np.abs(a) + np.abs(b), 1e-12)
    return float(np.max(np.abs(a - b) / scale, initial=0.0))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_relative_error", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
# %check relative_error

# %% [markdown]
# ## What goes wrong
#
# - **Off by one.** Lists of states with and without $h_0$ differ by one place. The state that multiplies $a$ in
#   step $t$ is the one *before* the step. With a zero initial state half of these errors are invisible, so test
#   with another one.
# - **A forgotten path.** $\delta_t$ has two parts, the direct one and the one through the future. A loss on the
#   last state alone hides errors in the first part, a single step hides errors in the second.
# - **Overwriting instead of adding.** The gradient of a shared parameter is a sum over its uses. In a loop that
#   assigns it, the first step is all that remains.
# - **The total derivative where the immediate one belongs.** If $\partial h_{t-1}/\partial a$ is multiplied into
#   the terms of (1.4), everything before step $t$ is counted twice.
# - **A damaged argument.** `x[i] += eps` and later `x[i] -= eps` does not bring back the same bits, and an integer
#   array swallows the step altogether.

# %% [markdown]
# ## Experiment: the sea surface off Peru
#
# The monthly temperature of the sea surface in the El Niño region from 1950 to 2010, as deviations from the usual
# value of the month. The recurrence (1.5) starts at zero, reads month after month, and its state is the forecast of
# the next month; $a$ and $b$ are found by gradient descent on windows of 24 months of the years up to 1980. Then
# the same two numbers run over the twenty years from 1991 on, in one go. The experiment takes about two seconds on
# one core.
#
# What to see: the gradient check comes before anything else. A negative $a$ means that the forecast looks at the
# *change* since last month. The two parameters clearly beat climatology, and persistence by a little; a linear
# regression on twelve months with twelve parameters is about as good, so nothing here needs a recurrent network.
# On the left, the loss is down after some fifty updates; all there is to learn are two numbers.
# The picture on the right is worth more: each curve shows the terms of (1.4) for a loss at step 60. With $|a|$ well
# below one only the last few uses of $a$ have a say in the gradient; near one all do.

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


def forecast_loss(a, b, windows):
    """Mean squared error of h_t as a forecast of the next month, and its gradient, over many windows."""
    loss = da = db = 0.0
    for window in windows:
        xs, wanted = window[:-1], window[1:]
        hs = linear_rnn_forward(a, b, 0.0, xs)
        error = (hs - wanted) / len(windows) / len(xs)
        grads = linear_rnn_backward(a, b, 0.0, xs, hs, 2 * error)
        loss += np.sum((hs - wanted) ** 2) / len(windows) / len(xs)
        da, db = da + grads["da"], db + grads["db"]
    return loss, np.array([da, db])


if __name__ == "__main__":
    plots.use_style()
    train, test = sea_anomalies()
    windows = [train[start : start + 25] for start in range(0, len(train) - 24, 24)]

    point = np.array([0.9, 0.1])
    numerical = numerical_gradient(lambda p: forecast_loss(p[0], p[1], windows)[0], point)
    gap = relative_error(numerical, forecast_loss(*point, windows)[1])
    print(f"gradient check on {len(windows)} windows of 24 months: relative error {gap:.1e}")

    started, losses = time.perf_counter(), []
    for _ in (bar := progress(401, "gradient descent")):
        loss, gradient = forecast_loss(*point, windows)
        losses.append(loss)
        bar.report(loss=loss, a=point[0], b=point[1])
        point = point - 0.1 * gradient
    a, b = point
    print(f"a = {a:+.3f}, b = {b:+.3f}; trained in {time.perf_counter() - started:.1f} s")

    hs = linear_rnn_forward(a, b, 0.0, test[:-1])  # ten times as long as a training window
    lags = 12
    past_train, past_test = (
        np.stack([series[i : len(series) - lags + i] for i in range(lags)], axis=1)
        for series in (train, test)
    )
    weights = np.linalg.lstsq(past_train, train[lags:], rcond=None)[0]
    wanted = test[lags:]
    forecasts = {
        "climatology (always zero)": np.zeros(len(wanted)),
        "persistence (this month again)": test[lags - 1 : -1],
        "linear recurrence, 2 parameters": hs[lags - 1 :],
        "linear regression on 12 months": past_test @ weights,
    }
    print(f"mean absolute error on {len(wanted)} months that were not used for training:")
    for name, forecast in forecasts.items():
        print(f"  {name:32s} {np.abs(forecast - wanted).mean():.3f} °C")

    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(14, 3.6), width_ratios=[3, 5, 4])
    variance = np.mean(np.concatenate([window[1:] for window in windows]) ** 2)
    plots.reference(left, variance, "always zero")
    plots.loss_curves(left, {"two parameters": losses}, ylabel="mean squared error in °C²")
    middle.plot(wanted, **plots.series(0), label="measured")
    middle.plot(
        forecasts["linear recurrence, 2 parameters"],
        **plots.series(1),
        label="forecast one month before",
    )
    middle.set(title="test years, 20 years in one run", xlabel="month", ylabel="anomaly in °C")
    middle.legend()
    last_only = np.zeros(60)
    last_only[-1] = 1.0
    xs, profiles = train[:60], {}
    for factor in (a, 0.8, 0.98):
        states = linear_rnn_forward(factor, b, 0.0, xs)
        terms = linear_rnn_backward(factor, b, 0.0, xs, states, last_only)["da_per_step"]
        profiles[f"a = {factor:.2f}"] = np.abs(terms)
    plots.gradient_profile(
        right,
        profiles,
        title="terms of the gradient by a, loss at step 60",
        xlabel="use of a at step $t$",
        ylabel="absolute value of the term",
        ylim=(1e-16, 10),
    )
    plt.show()
    print("See: two shared parameters serve windows of 24 months and a run over 20 years alike;")
    print("the terms of the gradient fade with a power of a on the way back from the loss.")

# %% [markdown]
# ## What to take away
#
# - Unfolding turns a recurrence and a given length into a feed-forward graph with an input at each layer and one
#   shared set of parameters. It computes the same values; it is a way of looking, not another model.
# - Sharing makes the number of parameters independent of the length and lets the model run at any length. It does
#   not promise that it works well there.
# - BPTT is backpropagation in that graph. The gradient of a shared parameter is the sum of the gradients of its
#   uses.
# - A gradient that was not compared with central differences is a guess.

# %% [markdown]
# ## Papers
#
# - Rumelhart, D. E., Hinton, G. E., Williams, R. J. (1986). *Learning Representations by Back-propagating Errors*.
#   Nature 323, 533–536. [doi:10.1038/323533a0](https://doi.org/10.1038/323533a0). Backpropagation in four pages; read
#   it for how little it needs.
# - Werbos, P. J. (1990). *Backpropagation Through Time: What It Does and How to Do It*. Proceedings of the IEEE 78
#   (10), 1550–1560. [doi:10.1109/5.58337](https://doi.org/10.1109/5.58337). BPTT as a recipe, from the most general
#   graph to the recurrent network.
# - Goodfellow, I., Bengio, Y., Courville, A. (2016). *Deep Learning*. MIT Press. Chapter 10, Sequence Modeling:
#   Recurrent and Recursive Nets. [deeplearningbook.org](https://www.deeplearningbook.org/contents/rnn.html). Section
#   10.1 unfolds computational graphs as this chapter does.
#
# **Up next:** Chapter 2, where the recurrence becomes a network that learns to write.

# %% [markdown]
# ## Practice
#
# Click on an option: it says why it is right or wrong. These questions earn no points, so try as many options as
# you like; `seqlab quiz` asks them in a terminal.

# %% [markdown]
# #### Practice 1
# What is done to an RNN when it is unfolded?
#
# - [ ] Its layers are trained one after the other, each with parameters of its own
#   > Nothing is trained by unfolding, and the layers of the graph share one set of parameters.
# - [x] Its loop is written out as an acyclic graph whose layers share parameters
#   > (1.1) is substituted into itself. The cycle is gone, the values are the same.
# - [ ] Its input is cut into pieces of equal length that are processed in parallel
#   > That is truncation, a way to save memory. Unfolding keeps the sequence whole.
# - [ ] Its hidden state is flattened into a vector, which a dense layer reads
#   > The state stays what it was; it is the loop over time that is written out.

# %% [markdown]
# #### Practice 2
# A model of the form (1.1) with 5,000 parameters was trained on sequences of 20 steps. It is run on one of 200
# steps. Which statement is true?
#
# - [ ] It cannot be run, since the unfolded graph has another number of layers
#   > The graph is made anew for each length; only the step belongs to the model.
# - [ ] It can be run once every layer has its parameters, which makes 50,000
#   > All steps share one set of parameters, however many steps there are.
# - [ ] It runs with its 5,000 parameters and is as accurate as before
#   > Nothing guarantees that: the states may leave the region that training covered.
# - [x] It runs with its 5,000 parameters; how accurately has to be measured
#   > Sharing makes the longer run possible, not automatically good.

# %% [markdown]
# #### Practice 3
# In (1.5) with $a = 2$, $b = 1$, $h_0 = 1$, inputs $0, 0$ and loss $L = h_2$: what are the two terms of $\partial
# L/\partial a$, for step 1 and step 2?
#
# - [x] 2 and 2
#   > δ₂ = 1 and δ₁ = 2, times h₀ = 1 and h₁ = 2, gives 2·1 and 1·2. Their sum is the derivative of a², which is
#   > 2a = 4.
# - [ ] 4 and 4
#   > That would make a derivative of 8; but L = a² here, with derivative 2a.
# - [ ] 1 and 2
#   > These are the states before the steps. Each still has to be multiplied by its δ.
# - [ ] 0 and 4
#   > The first use of a matters as well: it made h₁, which step 2 doubles.

# %% [markdown]
# #### Practice 4
# A central difference with $\varepsilon = 10^{-13}$ in double precision gives a far worse gradient than one with
# $\varepsilon = 10^{-5}$. Why?
#
# - [x] Rounding of both function values is divided by a much smaller number
#   > About 1e-16 of rounding divided by 2e-13 leaves three digits at best.
# - [ ] The truncation error of the difference grows as ε² becomes smaller
#   > The truncation error shrinks with ε², so it is not the culprit.
# - [ ] Central differences are exact for linear functions and for no others
#   > They are exact for quadratic functions too, and that does not depend on ε.
# - [ ] Such a small number is below the smallest double, so it becomes zero
#   > Doubles reach down to about 1e-308; ε itself is represented well.

# %% [markdown]
# #### Practice 5
# The parents of $h_t$ in the unfolded graph are $h_{t-1}$, $x_t$ and $\theta$. How many paths lead from $\theta$
# to $h_3$?
#
# - [ ] One: the edge from $\theta$
#   > There is one edge from θ to h₃ itself. What about the ways through earlier states?
# - [ ] Two: through $h_1$ and $h_2$
#   > θ enters at every one of the three steps, at the third as well.
# - [x] Three: one for every step
#   > Directly, through h₂, and through h₁ and h₂: as many as there are terms in (1.4).
# - [ ] Six: one for every order
#   > From the state at which θ enters there is one way on to h₃, not several.

# %% [markdown]
# ## Quiz
#
# The questions `q1`, `q2` and `q3` earn points. Work each one out, on paper or with the functions that you wrote, and
# put the answer into the cell at the end, as text. A number may be written as "0.5", "1/2" or "5e-1"; the check
# below the cell looks at the form of the answers, and grading says which are right.

# %% [markdown]
# #### q1
# In (1.5) let $a = 0.5$, $b = 2$, $h_0 = 1$ and the inputs $1, 0, -1$. The loss is $L = h_1 + 2 h_3$. What is
# $\partial L / \partial a$?
#
# *Answer: a number, to within 0.01.*

# %% [markdown]
# #### q2
# The graph of the exercise on `unfolded_graph` is made for $T = 6$, and the loss reads all six states. How many
# different paths lead from $\theta$ to a state, counted over the six states together?
#
# *Answer: a whole number.*

# %% [markdown]
# #### q3
# The derivative of $f(x) = x^3$ at $x = 2$ is estimated by the central difference (1.6) with $\varepsilon = 0.1$. What
# is the relative error (1.7) between the estimate and the derivative?
#
# *Answer: a number, to within 1e-6.*

# %% nbgrader={"grade": false, "grade_id": "quiz_answers", "locked": false, "schema_version": 3, "solution": true, "task": false}
quiz_answers = {
    "q1": "",  # a number
    "q2": "",  # a whole number
    "q3": "",  # a number
}
### BEGIN SOLUTION
quiz_answers = {"q1": "6.5", "q2": "21", "q3": "4.165e-4"}
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_quiz_answers", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false}
# %check quiz_answers
