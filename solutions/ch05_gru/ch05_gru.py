# ---
# jupyter:
#   course:
#     libraries: numpy
#     title: GRU
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
# # Chapter 5 · GRU
#
# The LSTM of Chapter 4 pays for its long memory with machinery: two states, three gates, four layers.
# Do we need all of it? The *gated recurrent unit* (Cho et al., 2014) is the best known attempt to get by
# with less. It has one state that is memory and output at once, and two gates. One of them does the
# work of the LSTM's forget and input gates together: what is not kept is overwritten, and the other way
# round.
#
# You write the cell, its backward pass, and the layer through time. Then you write the *other* cell
# that is called GRU, the one in PyTorch and on graphics cards, which differs in three details that no
# shape check will ever reveal. At the end a GRU of yours learns to tell praise from complaint, you
# watch what moves its state, and you put it beside your LSTM of Chapter 4: is there any difference?
#
# At the end of the chapter you can
#
# - write the GRU's step and its gradient, and run both through time;
# - tell the two cells of that name apart;
# - compare two models without fooling yourself.
#
# Assumed:
#
# - linear algebra: products entry by entry;
# - backpropagation: BPTT, one term for each way through a graph;
# - optimisation: Adam and clipping, as tools.
#
# Time: about two hours. The exercises need no other chapter; the last experiment needs your LSTM of Chapter 4.

# %%
import numpy as np

# %% nbgrader={"grade": false, "grade_id": "load_seqlab", "locked": true, "schema_version": 3, "solution": false, "task": false}
# No module named 'seqlab'? In a cell of its own: %pip install ../seqlab ../../datasets
# Then choose "Restart Kernel" and begin again from the top.
# %load_ext seqlab

# %% [markdown]
# ## The cell
#
# As before, $[h_{t-1}, x_t]$ is the state and the input joined, the state first. The **update gate** and
# the **reset gate** are logistic layers of that vector, each with a matrix $(H, H + D)$ of its own. This
# chapter follows the text and gives them no biases:
#
# $$z_t = \sigma(W_z\,[h_{t-1}, x_t]) \tag{5.1}$$
#
# $$r_t = \sigma(W_r\,[h_{t-1}, x_t]) \tag{5.2}$$
#
# The candidate is a tanh layer, but the state it reads has gone through the reset gate first:
#
# $$\tilde h_t = \tanh(W_h\,[r_t \odot h_{t-1},\; x_t]) \tag{5.3}$$
#
# The new state lies between the old one and the candidate, unit by unit:
#
# $$h_t = (1 - z_t) \odot h_{t-1} + z_t \odot \tilde h_t \tag{5.4}$$
#
# | gate | near 0 | near 1 |
# |---|---|---|
# | update $z_t$ | the old state stays as it is | the old state is replaced by the candidate |
# | reset $r_t$ | the candidate is made from the input alone | the candidate sees the whole old state |
#
# See that $z_t$ goes to two places, and $r_t$ only to what the candidate reads.
#
# ![The GRU cell: on the thick line the state is multiplied by one minus z and z times the candidate is added; the candidate reads x and the state times the reset gate r.](figures/gru_cell.svg)
#
# Compare (5.4) with the LSTM's $c_t = f_t \odot c_{t-1} + i_t \odot \tilde c_t$. Put $f_t = 1 - z_t$ and
# $i_t = z_t$ and they are the same sum: the gates are *tied*. An LSTM may keep everything and write
# as well ($f = i = 1$), so its cell can count upwards without limit. A GRU cannot. Its update is a weighted mean, and
# so every unit stays between the smallest and the largest value among its start and the candidates: if
# $|h_0| \le 1$, then $|h_t| \le 1$ for ever. There is no output gate either; the memory is always visible.
#
# Two gates that are free above, one gate in both places below.
#
# ![Above, the LSTM: a forget gate and an input gate, set apart, and an output gate. Below, the GRU: one update gate that multiplies by one minus z and adds z times the candidate.](figures/lstm_beside_gru.svg)
#
# The reset gate is for a break in the input. When a sentence ends and a new one begins, what was said
# before should not colour how the first new word is read: $r \approx 0$ makes the candidate a fresh
# start. Whether that fresh start then *replaces* the state is up to $z$. With $r = 0$ and $z = 0$ the
# state survives untouched, so "reset" promises less than it sounds.
#
# ### A step by hand
#
# Let $N = D = H = 1$, $h_{t-1} = 0.5$ and $x_t = 1$. Weights made of logarithms give round values, as
# $\sigma(\ln a) = a / (a + 1)$ and $\tanh(\ln a) = (a^2 - 1)/(a^2 + 1)$:
#
# | | weights | acts on | pre-activation | value |
# |---|---|---|---|---|
# | $z$ | $[2\ln 3,\ -2\ln 3]$ | $[0.5,\ 1]$ | $-\ln 3$ | $0.25$ |
# | $r$ | $[2\ln 2,\ \ln 2]$ | $[0.5,\ 1]$ | $\ln 4$ | $0.8$ |
# | $\tilde h$ | $[-2.5\ln 3,\ 2\ln 3]$ | $[0.8 \cdot 0.5,\ 1]$ | $\ln 3$ | $0.8$ |
#
# Hence $h_t = 0.75 \cdot 0.5 + 0.25 \cdot 0.8 = 0.575$: a quarter of the way from 0.5 to 0.8.

# %% [markdown]
# ### Exercise 5.1 · `gru_step_forward`
# **10 min · ●○○**
#
# One step for a batch, equations (5.1) to (5.4). The gates read the joined vector; the candidate reads
# another one. Inputs can be large, and a pre-activation of $\pm 1000$ has a perfectly good gate of 0 or 1. The form
# $e^a / (1 + e^a)$ ends in NaN there. $1 / (1 + e^{-a})$ does not, it only makes NumPy print a warning of an overflow,
# which costs no points in this chapter. What the cache holds is your decision;
# read exercise 5.2 before you make it.


# %% nbgrader={"grade": false, "grade_id": "gru_step_forward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def gru_step_forward(x, h_prev, params):
    """Compute one step of the GRU for a batch, equations (5.1) to (5.4).

    Args:
        x: input of this step, shape (N, D).
        h_prev: state of the step before, shape (N, H).
        params: dict with `Wz`, `Wr` and `Wh`, each of shape (H, H + D) and acting on a joined
            vector whose first H entries belong to the state. No argument is modified.

    Returns:
        (h, cache): the new state (N, H), finite for pre-activations of any size, and whatever
        `gru_step_backward` will need.
    """
    ### BEGIN SOLUTION
    joined = np.concatenate([h_prev, x], axis=-1)

    def gate(W):
        # 1 / (1 + exp(-a)) = exp(-log(1 + exp(-a))), and logaddexp overflows for no finite a.
        return np.exp(-np.logaddexp(0.0, -(joined @ W.T)))

    z = gate(params["Wz"])
    r = gate(params["Wr"])
    reset = np.concatenate([r * h_prev, x], axis=-1)
    candidate = np.tanh(reset @ params["Wh"].T)
    h = (1 - z) * h_prev + z * candidate
    return h, (joined, reset, h_prev, z, r, candidate, params)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_gru_step_forward", "locked": true, "points": 9, "schema_version": 3, "solution": false, "task": false}
# %check gru_step_forward

# %% [markdown]
# ## One step back
#
# Write $\bar v$ for the gradient of the loss with respect to $v$ and $a_z, a_r, a_h$ for the three
# pre-activations. From (5.4), $z_t$ moves the state along the line from $h_{t-1}$ to the candidate, so
#
# $$\bar a_z = \bar h_t \odot (\tilde h_t - h_{t-1}) \odot z_t \odot (1 - z_t). \tag{5.5}$$
#
# The gradient of the candidate's pre-activation follows in the same manner. What deserves care is
# the old state, because it occurs in all four equations. Written as Jacobians,
#
# $$\frac{\partial h_t}{\partial h_{t-1}} = \operatorname{diag}(1 - z_t)
# + \operatorname{diag}(\tilde h_t - h_{t-1})\,\frac{\partial z_t}{\partial h_{t-1}}
# + \operatorname{diag}(z_t)\,\frac{\partial \tilde h_t}{\partial h_{t-1}}, \tag{5.6}$$
#
# and the last term has two parts of its own: in (5.3) the old state stands in the product
# $r_t \odot h_{t-1}$ as itself, and a second time hidden inside $r_t$.
#
# With the numbers from above and $\bar h_t = 1$: $\bar a_z = (0.8 - 0.5) \cdot 0.25 \cdot 0.75 = 0.05625$.
# The candidate receives $0.25$ and its pre-activation $0.25 \cdot (1 - 0.64) = 0.09$. The product
# $r h_{t-1}$ receives $0.09 \cdot (-2.5 \ln 3) = -0.2472$. The old state ends up with
#
# $$0.75 + 0.05625 \cdot 2\ln 3 + (-0.2472) \cdot 0.8 + (-0.2472) \cdot 0.5 \cdot 0.8 \cdot 0.2 \cdot 2\ln 2
# = 0.6484,$$
#
# one summand for each way from $h_{t-1}$ to $h_t$.

# %% [markdown]
# ### Exercise 5.2 · `gru_step_backward`
# **25 min · ●●●**
#
# Backpropagate through one step. Start from (5.5) and its two relatives; then collect everything that
# reaches the old state, (5.6), and everything that reaches the input. Draw the graph before you write a
# line, and give every arrow one term.


# %% nbgrader={"grade": false, "grade_id": "gru_step_backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def gru_step_backward(dh, cache):
    """Backpropagate through one step of the GRU, equations (5.5) and (5.6).

    Args:
        dh: gradient of the loss with respect to the step's `h`, shape (N, H).
        cache: second result of your `gru_step_forward`. It may be used more than once.

    Returns:
        (dx, dh_prev, grads): gradients with respect to x (N, D) and h_prev (N, H), and a dict
        with the keys and shapes of `params`, summed over the batch.
    """
    ### BEGIN SOLUTION
    joined, reset, h_prev, z, r, candidate, params = cache
    H = h_prev.shape[1]
    da_h = dh * z * (1 - candidate**2)
    d_reset = da_h @ params["Wh"]
    d_product = d_reset[:, :H]
    da_z = dh * (candidate - h_prev) * z * (1 - z)
    da_r = d_product * h_prev * r * (1 - r)
    d_joined = da_z @ params["Wz"] + da_r @ params["Wr"]
    dx = d_reset[:, H:] + d_joined[:, H:]
    dh_prev = dh * (1 - z) + d_product * r + d_joined[:, :H]
    grads = {"Wz": da_z.T @ joined, "Wr": da_r.T @ joined, "Wh": da_h.T @ reset}
    return dx, dh_prev, grads
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_gru_step_backward", "locked": true, "points": 33, "schema_version": 3, "solution": false, "task": false}
# %check gru_step_backward

# %% [markdown]
# ## Through time
#
# One state is handed on, one gradient comes back: a GRU layer is used exactly like a vanilla RNN layer.
# Only what happens on the way differs. Keep the gates and candidates fixed, and the direct path of the
# gradient is, per unit,
#
# $$\left.\frac{\partial h_T}{\partial h_0}\right|_{\text{direct}}
# = \operatorname{diag}\Bigl(\prod_{t=1}^{T} (1 - z_t)\Bigr). \tag{5.7}$$
#
# This is the LSTM's highway with $1 - z$ in place of $f$, and it has the same condition attached: it is open
# where the network has learnt $z \approx 0$. With small weights and no bias a GRU starts at $z = 0.5$, and
# after 20 steps the direct path has shrunk to $0.5^{20} \approx 10^{-6}$. Practical implementations have
# biases, so that $z$ can start lower, for the reason that led to the raised forget bias in Chapter 4.
# Around the direct path run the other terms of (5.6), which contain the weight matrices. They can add,
# cancel or explode.

# %% [markdown]
# ### Exercise 5.3 · `gru_forward`
# **10 min · ●○○**
#
# Run the cell over a batch of sequences and collect $h_1, \dots, h_T$.


# %% nbgrader={"grade": false, "grade_id": "gru_forward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def gru_forward(x, h0, params):
    """Run the GRU over a batch of sequences.

    Args:
        x: inputs, shape (N, T, D), T >= 1.
        h0: state before the first step, shape (N, H).
        params: as in `gru_step_forward`. No argument is modified.

    Returns:
        (h, cache): states h_1 ... h_T of shape (N, T, H), and whatever `gru_backward` will need.
    """
    ### BEGIN SOLUTION
    N, T, _ = x.shape
    states = np.empty((N, T, h0.shape[1]))
    h, caches = h0, []
    for t in range(T):
        h, step_cache = gru_step_forward(x[:, t], h, params)
        states[:, t] = h
        caches.append(step_cache)
    return states, caches
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_gru_forward", "locked": true, "points": 9, "schema_version": 3, "solution": false, "task": false}
# %check gru_forward

# %% [markdown]
# ### Exercise 5.4 · `gru_backward`
# **15 min · ●●○**
#
# Backpropagation through time. `dh[:, t]` is what the loss sends into that state *directly*; what comes
# through the later states is for you to add. The three matrices are used at every step, so their gradients
# are sums over time as well as over the batch.


# %% nbgrader={"grade": false, "grade_id": "gru_backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def gru_backward(dh, cache):
    """Backpropagate through all steps of the GRU.

    Args:
        dh: shape (N, T, H); dh[:, t] is the gradient that the loss sends into that step's state
            directly, without what arrives through later steps.
        cache: second result of your `gru_forward`. It may be used more than once.

    Returns:
        (dx, dh0, grads): gradients with respect to x (N, T, D) and h0 (N, H), and a dict with
        the keys and shapes of `params`, summed over all steps.
    """
    ### BEGIN SOLUTION
    dh_next = np.zeros(dh[:, 0].shape)
    dx_steps, grads = [], {}
    for t in reversed(range(dh.shape[1])):
        dx, dh_next, step_grads = gru_step_backward(dh[:, t] + dh_next, cache[t])
        dx_steps.append(dx)
        for name, value in step_grads.items():
            grads[name] = grads.get(name, 0.0) + value
    return np.stack(dx_steps[::-1], axis=1), dh_next, grads
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_gru_backward", "locked": true, "points": 17, "schema_version": 3, "solution": false, "task": false}
# %check gru_backward

# %% [markdown]
# ## Two cells, one name
#
# The three products with $h_{t-1}$ in (5.1) to (5.3) cannot be computed in one go: the candidate has to
# wait for $r_t$. Fast implementations therefore move the reset gate *behind* the matrix product, so that one fused
# product serves all three layers. `torch.nn.GRUCell` computes
#
# $$r_t = \sigma\bigl(W_{ir} x_t + b_{ir} + W_{hr} h_{t-1} + b_{hr}\bigr), \qquad
# z_t = \sigma\bigl(W_{iz} x_t + b_{iz} + W_{hz} h_{t-1} + b_{hz}\bigr), \tag{5.8}$$
#
# $$n_t = \tanh\bigl(W_{in} x_t + b_{in} + r_t \odot (W_{hn} h_{t-1} + b_{hn})\bigr), \tag{5.9}$$
#
# $$h_t = (1 - z_t) \odot n_t + z_t \odot h_{t-1}. \tag{5.10}$$
#
# Three things differ from this chapter's cell.
#
# 1. In (5.9) the reset gate scales the *result* of the product, not the state that enters it. Scaling
#    the entries of a vector before multiplying by a matrix is not scaling the entries after, except for
#    $H = 1$, diagonal matrices or a constant $r$. Neither cell can be converted into the other.
# 2. In (5.10) the roles of $z_t$ and $1 - z_t$ are exchanged. PyTorch's update gate *keeps*. So does the one in the
#    paper by Cho et al., and the one in the book by Goodfellow et al., whose equation (10.45) multiplies the old state
#    by the update gate $u$. This chapter's (5.4), in which the gate *writes*, is the convention of the course page and
#    of a later paper of the same group (Chung et al., 2014). That is only a convention:
#    $1 - \sigma(a) = \sigma(-a)$, so flipping signs converts it.
# 3. There are two bias vectors. For the gates only their sum matters. For the candidate it does matter
#    which is which, since $b_{hn}$ stands inside the bracket that $r_t$ scales.
#
# The first difference, drawn: the gate and the matrix have changed places.
#
# ![Above, the state is multiplied by r, then by Wh; below, by Whn first, then bhn is added and the result multiplied by r.](figures/two_places_of_the_reset.svg)
#
# The arrays are stacked along the first axis in the order $r, z, n$: rows $0$ to $H - 1$ of `weight_ih` are
# $W_{ir}$, the next $H$ are $W_{iz}$, the last $H$ are $W_{in}$, and the same for the other three arrays.

# %% [markdown]
# ### Exercise 5.5 · `gru_reset_after_step`
# **15 min · ●●○**
#
# One step of the reset-after variant, equations (5.8) to (5.10), with PyTorch's arrays (as NumPy arrays; torch
# itself cannot be imported in this chapter).


# %% nbgrader={"grade": false, "grade_id": "gru_reset_after_step", "locked": false, "schema_version": 3, "solution": true, "task": false}
def gru_reset_after_step(x, h_prev, weight_ih, weight_hh, bias_ih, bias_hh):
    """Compute one step of torch.nn.GRUCell, equations (5.8) to (5.10).

    Args:
        x: input of this step, shape (N, D).
        h_prev: state of the step before, shape (N, H).
        weight_ih: weights on x, shape (3H, D), blocks in torch's order r, z, n.
        weight_hh: weights on the state, shape (3H, H), same order.
        bias_ih: shape (3H,), same order.
        bias_hh: shape (3H,), same order. No argument is modified.

    Returns:
        The new state, shape (N, H), finite for pre-activations of any size.
    """
    ### BEGIN SOLUTION
    from_x = np.split(x @ weight_ih.T + bias_ih, 3, axis=1)
    from_h = np.split(h_prev @ weight_hh.T + bias_hh, 3, axis=1)
    r = np.exp(-np.logaddexp(0.0, -(from_x[0] + from_h[0])))
    z = np.exp(-np.logaddexp(0.0, -(from_x[1] + from_h[1])))
    n = np.tanh(from_x[2] + r * from_h[2])
    return (1 - z) * n + z * h_prev
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_gru_reset_after_step", "locked": true, "points": 17, "schema_version": 3, "solution": false, "task": false}
# %check gru_reset_after_step

# %% [markdown]
# ## Fewer parameters, and what follows from that
#
# Count what a cell has to learn. For $D = 1$ and $H = 2$ one layer on the joined vector has a $2 \times 3$ matrix,
# 6 weights, and 2 biases where it has any. The vanilla RNN of Chapter 2 is one such layer (its two matrices side by
# side, and $b_h$): 8 numbers. The LSTM of Chapter 4 is four of them: 32. This chapter's GRU is three without
# biases: 18.
#
# So at equal width a GRU has about three quarters of an LSTM's parameters and needs about three quarters of its
# arithmetic. From there to "faster" and "overfits less" is a step that holds only under conditions. Wall-clock time
# depends on the implementation, and (5.3) fuses worse than four equal layers do. Overfitting depends on the data,
# on regularisation and on width, and a GRU can be made wider until the counts agree. Large comparisons (Chung et
# al., 2014; Jozefowicz et al., 2015; Greff et al., 2017, for LSTM variants) found no winner across tasks.
# Differences do exist where a task needs what one cell cannot do: counting far is natural for an LSTM cell and out
# of reach for a bounded state. Whichever you choose, try the other before you tune the first for a week.

# %% [markdown]
# ### Exercise 5.6 · `parameter_count`
# **5 min · ●○○**
#
# The number of parameters of one recurrent layer as this course defines it: the vanilla RNN (`Wxh`, `Whh`, `bh`), the
# LSTM of Chapter 4 (four weights, four biases) and the GRU of this chapter (three weights). A readout
# does not belong to it. An unknown name is an error that names the argument.


# %% nbgrader={"grade": false, "grade_id": "parameter_count", "locked": false, "schema_version": 3, "solution": true, "task": false}
def parameter_count(cell, D, H):
    """Count the parameters of one recurrent layer.

    Args:
        cell: "rnn", "lstm" or "gru", as this course defines them (the GRU without biases).
        D: number of input features.
        H: number of hidden units.

    Returns:
        int: the number of weights and biases together.

    Raises:
        ValueError: `cell` is another name; the message contains the word `cell`.
    """
    ### BEGIN SOLUTION
    weights = H * (H + D)
    counts = {"rnn": weights + H, "lstm": 4 * (weights + H), "gru": 3 * weights}
    if cell not in counts:
        raise ValueError(f"cell should be one of {', '.join(counts)}, not {cell!r}")
    return counts[cell]
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_parameter_count", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
# %check parameter_count

# %% [markdown]
# ## What goes wrong typically
#
# - Tests with a state of zero say very little about a GRU: the reset gate then has nothing to reset, and
#   the product that keeps the old state vanishes. Use random states in your own checks.
# - With $H = 1$ the two variants of the reset gate agree as long as there are no biases. A test in one dimension cannot
#   tell them apart.
# - The two conventions for $z$ give the same network class and opposite numbers. Look at which factor stands beside
#   the candidate, every time you read a paper or load a checkpoint.
# - In the backward pass the candidate's weights saw another joined vector than the gates' weights did.
# - A gradient that is "almost right" has usually lost one of the arrows of (5.6). Set single matrices to
#   zero and compare with central differences again; the arrow shows itself.

# %% [markdown]
# ## Experiment: praise or complaint
#
# The data are about 3,000 sentences from reviews of goods, films and restaurants (`uci_sentiment`),
# half of them praise. Words become vectors, your GRU reads the vectors, the mean of its states goes into
# one logistic unit. The opponent is humble: a *bag of words*, that is, a logistic unit on the set of
# words in a sentence. It cannot know their order.
#
# The test has 297 sentences, so that a difference of less than some 5 points between two models
# means little. Expect both in the same region, around 0.75 to 0.8: with so few sentences the mere
# presence of words is most of what can be learnt. What order adds shows in single sentences. The plot follows three
# made-up ones word by word: how far each word moves the state,
# what the model would say if the sentence ended there, and below it the update gates of all 24 units.
#
# What to see: the verdict turns at words of opinion, and there the state moves farthest. Is that the update gate's
# doing? Below the sentences two numbers compare the words that weigh most in the bag of words with those that
# weigh least, over the whole test set. Guess first in which of them the two kinds of words differ.
#
# This takes about 6 s on one core.

# %% tags=["experiment"]
import re
import time
from collections import Counter

import matplotlib.pyplot as plt

from seqdata import uci_sentiment
from seqlab import plots, progress

CELL = ("Wz", "Wr", "Wh")
LONGEST = 30


def split_words(text):
    """Lower-case words and the marks ! and ?."""
    return re.findall(r"[a-z]+(?:'[a-z]+)?|[!?]", text.lower())


def number_words(texts, vocabulary):
    """Tokens (N, LONGEST), 0 in the padding and 1 for unknown words, and the lengths (N,)."""
    tokens = np.zeros((len(texts), LONGEST), dtype=np.int64)
    for row, text in enumerate(texts):
        known = [vocabulary.get(word, 1) for word in split_words(text)[:LONGEST]] or [1]
        tokens[row, : len(known)] = known
    return tokens, (tokens > 0).sum(axis=1)


class SentimentModel:
    """Embedding, GRU, mean over the states, one logistic unit; trained with Adam."""

    def __init__(self, V, D, H, seed):
        self.rng = np.random.default_rng(seed)
        draw = self.rng.normal
        self.values = {name: draw(size=(H, H + D)) / np.sqrt(H + D) for name in CELL}
        self.values |= {"E": 0.3 * draw(size=(V, D)), "w": np.zeros(H), "b": np.zeros(1)}
        self.moments = dict.fromkeys(self.values, (0.0, 0.0))
        self.H, self.steps = H, 0

    def states(self, tokens):
        """What `gru_forward` returns for these tokens."""
        cell = {name: self.values[name] for name in CELL}
        return gru_forward(self.values["E"][tokens], np.zeros((len(tokens), self.H)), cell)

    def back(self, dh, cache):
        """Gradients with respect to the inputs and the cell's parameters."""
        dx, _, grads = gru_backward(dh, cache)
        return dx, grads

    def scores(self, tokens, lengths):
        """Logits (N,), positive for praise."""
        h, _ = self.states(tokens)
        shares = (tokens > 0) / lengths[:, None]
        return np.einsum("nth,nt->nh", h, shares) @ self.values["w"] + self.values["b"]

    def train_batch(self, tokens, lengths, labels, rate=3e-3):
        """One step of Adam on the cross-entropy of a batch; returns the loss before it."""
        shares = (tokens > 0) / lengths[:, None]
        # Some words are hidden, so that the model cannot learn whole sentences by heart.
        tokens = np.where((tokens > 0) & (self.rng.random(tokens.shape) < 0.15), 1, tokens)
        h, cache = self.states(tokens)
        pooled = np.einsum("nth,nt->nh", h, shares)
        scores = pooled @ self.values["w"] + self.values["b"]
        d_scores = (1 / (1 + np.exp(-scores)) - labels) / len(labels)
        dh = shares[:, :, None] * np.outer(d_scores, self.values["w"])[:, None, :]
        dx, grads = self.back(dh, cache)
        dE = np.zeros_like(self.values["E"])
        np.add.at(dE, tokens, dx)
        grads = grads | {"E": dE, "w": d_scores @ pooled, "b": d_scores.sum(keepdims=True)}
        self.steps += 1
        for name, g in grads.items():
            mean, square = self.moments[name]
            mean, square = 0.9 * mean + 0.1 * g, 0.999 * square + 0.001 * g**2
            self.moments[name] = mean, square
            slope = np.sqrt(square / (1 - 0.999**self.steps)) + 1e-8
            self.values[name] = self.values[name] - rate * mean / (1 - 0.9**self.steps) / slope
        return np.mean(np.logaddexp(0.0, scores) - labels * scores)


def train_sentiment(data, vocabulary, model, seed, label, epochs=6):
    """Train a model on labelled sentences."""
    tokens, lengths = number_words(data.texts, vocabulary)
    rng = np.random.default_rng(seed)
    per_epoch = len(lengths) // 32
    with progress(epochs * per_epoch, f"{label}, seed {seed}") as bar:
        for _ in range(epochs):
            # Sentences of similar length go together, which saves steps that only read padding.
            order = np.argsort(lengths + 4 * rng.random(len(lengths)))
            batches, losses = np.array_split(order, per_epoch), []
            for k in rng.permutation(per_epoch):
                rows = batches[k]
                shortened = tokens[rows, : lengths[rows].max()]
                losses.append(model.train_batch(shortened, lengths[rows], data.labels[rows]))
                bar.advance(loss=np.mean(losses))  # of this epoch so far
    return model


def bag_of_words(texts, vocabulary):
    """Which words a text holds: (N, V + 2), ones and zeros."""
    tokens, _ = number_words(texts, vocabulary)
    bag = np.zeros((len(texts), len(vocabulary) + 2))
    bag[np.arange(len(texts))[:, None], tokens] = 1.0
    return bag * (np.arange(bag.shape[1]) > 0)


def train_bag_of_words(data, vocabulary, steps=400, rate=2.0):
    """Weights and bias of a logistic unit on the bag, by gradient descent."""
    bag = bag_of_words(data.texts, vocabulary)
    w, b = np.zeros(bag.shape[1]), 0.0
    for _ in range(steps):
        d_scores = (1 / (1 + np.exp(-(bag @ w + b))) - data.labels) / len(bag)
        w, b = w - rate * (bag.T @ d_scores + 1e-3 * w), b - rate * d_scores.sum()
    return w, b


def gates_and_moves(model, tokens, h):
    """Update gates (N, T, H), equation (5.1) for all steps at once, and how far each step moves the state (N, T)."""
    before = np.concatenate([np.zeros((len(h), 1, h.shape[2])), h[:, :-1]], axis=1)
    joined = np.concatenate([before, model.values["E"][tokens]], axis=2)
    gates = 1 / (1 + np.exp(-(joined @ model.values["Wz"].T)))
    return gates, np.linalg.norm(h - before, axis=2)


def plot_sentence(axis, below, model, vocabulary, sentence):
    """Bars: how far each word moves the state. Line: the verdict if the sentence ended there. Below: the gates."""
    words = split_words(sentence)
    tokens, _ = number_words([sentence], vocabulary)
    tokens = tokens[:, : len(words)]
    states, _ = model.states(tokens)
    gates, moved = (values[0] for values in gates_and_moves(model, tokens, states))
    h = states[0]
    means = np.cumsum(h, axis=0) / np.arange(1, len(words) + 1)[:, None]
    verdict = 1 / (1 + np.exp(-(means @ model.values["w"] + model.values["b"])))
    axis.bar(range(len(words)), moved / moved.max(), color=plots.FILL, label="state moves")
    plots.reference(axis, 0.5, "undecided")
    axis.plot(verdict, **plots.series(1, marker=True), label="praise?")
    axis.set(xlim=(-0.5, len(words) - 0.5), ylim=(0, 1.05), xticks=[])
    order = np.argsort(gates.mean(axis=0))
    plots.heat_map(below, gates[:, order].T, "$z_t$", bar=False)
    plots.token_axis(below, words, rotation=60)
    below.set(xlabel="word just read")


if __name__ == "__main__":
    reviews = uci_sentiment()
    seen = Counter(word for text in reviews.train.texts for word in set(split_words(text)))
    frequent = sorted(word for word, times in seen.items() if times >= 2)
    vocabulary = {word: number for number, word in enumerate(frequent, start=2)}
    test_tokens, test_lengths = number_words(reviews.test.texts, vocabulary)
    labels = reviews.test.labels
    print(f"{len(reviews.train.texts)} sentences to learn from, {len(vocabulary)} words")
    print(f"always the more frequent class: {max(labels.mean(), 1 - labels.mean()):.3f}")
    w, b = train_bag_of_words(reviews.train, vocabulary)
    right = (bag_of_words(reviews.test.texts, vocabulary) @ w + b > 0) == labels
    print(f"bag of words: {right.mean():.3f}")
    for seed in (0, 1, 2):
        started = time.perf_counter()
        sentiment_model = SentimentModel(len(vocabulary) + 2, 24, 24, seed)
        train_sentiment(reviews.train, vocabulary, sentiment_model, seed, "GRU")
        right = (sentiment_model.scores(test_tokens, test_lengths) > 0) == labels
        print(f"GRU, seed {seed}: {right.mean():.3f} ({time.perf_counter() - started:.1f} s)")
    h, _ = sentiment_model.states(test_tokens)
    gates, moved = gates_and_moves(sentiment_model, test_tokens, h)
    known = test_tokens > 1  # neither padding nor an unknown word
    weight = np.abs(w)[test_tokens]
    low, high = np.quantile(np.abs(w[2:]), [0.5, 0.9])
    for kind, chosen in (
        ("strongest", known & (weight > high)),
        ("weakest", known & (weight < low)),
    ):
        print(
            f"the {kind} words: mean update gate {gates[chosen].mean():.2f}, "
            f"the state moves by {moved[chosen].mean():.2f}"
        )
    plots.use_style()
    sentences = [
        "the phone is good and it works great",
        "the phone is not good and it does not work",
        "i was disappointed by the film but the food was great",
    ]
    figure, axes = plt.subplots(2, 3, figsize=(13, 5.6), sharey="row", height_ratios=[3, 2])
    for column, sentence in zip(axes.T, sentences, strict=True):
        plot_sentence(*column, sentiment_model, vocabulary, sentence)
    figure.colorbar(axes[1, 0].images[0], ax=axes[1], label="update gate $z_t$", shrink=0.9)
    axes[0, 0].set(ylabel="share; probability of praise")
    axes[1, 0].set(ylabel="unit, sorted by its mean")
    axes[0, 0].legend()
    for axis, title in zip(axes[0], ("praise", "complaint", "both"), strict=True):
        axis.set(title=title)
    plt.show()
    print(
        "See: words with an opinion move the state most. Behind 'not', 'good' no longer lifts the"
    )
    print("verdict. In the last sentence a single 'great' does not outweigh what came before.")

# %% [markdown]
# The strongest tenth of the words moves the state by 1.41<!-- ±0.3 printed: the strongest words: [2] -->, the
# weaker half by 0.73<!-- ±0.2 printed: the weakest words: [2] -->, about half as far. The update gates are not the
# reason: their mean is 0.53<!-- ±0.05 printed: the strongest words: [1] --> at the ones and 0.49<!-- ±0.05 printed:
# the weakest words: [1] --> at the others. This network writes at every word, and leaves it to the *candidate* how
# much there is to write. That gates "open at the words that matter" is a pretty story, and one look at the words
# that do not matter refutes it here. Six epochs on sentences of a dozen words put no pressure on the gates: nothing
# has to be kept for long.

# %% [markdown]
# ## Experiment: GRU or LSTM?
#
# The question of this chapter, asked of the same sentences: your GRU, your LSTM of Chapter 4 at the same width, and
# the LSTM at a width that gives it about as many parameters as the GRU has. Five seeds each, all else equal, each cell
# from its chapter's usual start. Beside the accuracy stands the processor time of a training.
#
# What to see: how large the differences between cells are, beside those between seeds. The bars are one standard
# deviation over the seeds. Add to it that 297 test sentences alone leave an uncertainty of 2.3 points.
#
# This takes about 25 s on one core.

# %% tags=["experiment"]
if __name__ == "__main__":
    from mycourse import init_lstm, lstm_backward, lstm_forward

    class LSTMModel(SentimentModel):
        """The same model around the LSTM of Chapter 4."""

        def __init__(self, V, D, H, seed):
            super().__init__(V, D, H, seed)
            self.own = init_lstm(D, H, seed)
            self.values = self.own | {name: self.values[name] for name in ("E", "w", "b")}
            self.moments = dict.fromkeys(self.values, (0.0, 0.0))

        def states(self, tokens):
            """Hidden states of the LSTM for these tokens, and its cache."""
            cell = {name: self.values[name] for name in self.own}
            zero = np.zeros((len(tokens), self.H))
            h, _, cache = lstm_forward(self.values["E"][tokens], zero, zero, cell)
            return h, cache

        def back(self, dh, cache):
            """Gradients with respect to the inputs and the cell's parameters."""
            dx, _, _, grads = lstm_backward(dh, np.zeros(dh[:, 0].shape), cache)
            return dx, grads

    CELLS = {
        "GRU, H = 24": (SentimentModel, "gru", 24),
        "LSTM, H = 24": (LSTMModel, "lstm", 24),
        "LSTM, H = 20": (LSTMModel, "lstm", 20),
    }
    SEEDS = range(5)
    figure, panel = plt.subplots(figsize=(6.5, 3.6))
    for k, (name, (kind, cell, H)) in enumerate(CELLS.items()):
        accuracies, seconds = [], []
        for seed in SEEDS:
            model = kind(len(vocabulary) + 2, 24, H, seed)
            started = time.process_time()
            train_sentiment(reviews.train, vocabulary, model, seed, name)
            seconds.append(time.process_time() - started)
            right = (model.scores(test_tokens, test_lengths) > 0) == labels
            accuracies.append(right.mean())
        mean, spread = np.mean(accuracies), np.std(accuracies, ddof=1)
        print(
            f"{name}: {parameter_count(cell, 24, H)} parameters, accuracy {mean:.3f} "
            f"± {spread:.3f}, {np.median(seconds):.1f} s"
        )
        panel.errorbar(k, mean, yerr=spread, capsize=6, **plots.series(k, marker=True))
        panel.plot(np.full(len(SEEDS), k + 0.12), accuracies, ".", color=plots.GREY)
    plots.reference(
        panel,
        ((bag_of_words(reviews.test.texts, vocabulary) @ w + b > 0) == labels).mean(),
        "bag of words",
    )
    panel.set_xticks(range(len(CELLS)), CELLS)
    panel.set(
        title="praise or complaint, five seeds",
        ylabel="share of the test set right",
        xlim=(-0.5, 2.5),
        ylim=(0.7, 0.85),
    )
    panel.legend()
    plt.show()
    print("See: the cells differ by less than their seeds do.")

# %% [markdown]
# At the same width the GRU has 3456<!-- printed: GRU, H = 24: [1] --> parameters, three quarters of the LSTM's
# 4704<!-- printed: LSTM, H = 24: [1] -->, and a training takes it about three quarters of the time as well: here
# both spend it on products of matrices of the same kind. In accuracy there is nothing between them: 0.785<!--
# ±0.025 printed: GRU, H = 24: [2] --> and 0.782<!-- ±0.025 printed: LSTM, H = 24: [2] -->, and 0.776<!-- ±0.025
# printed: LSTM, H = 20: [2] --> for the LSTM of 20 units, with standard deviations from 0.014 to 0.019 over the
# seeds. Had we tried one seed of each, we could have reported whichever winner we like. On this task no cell is
# better, none overfits less for its fewer parameters, and a bag of words does as well. A task that tells cells
# apart has to need what they do: Chapter 8 has one.

# %% [markdown]
# ## What to take away
#
# - A GRU mixes the old state and a candidate, (5.4), with weights that add up to one. One gate forgets
#   and writes, and the state is the output.
# - The reset gate decides what the candidate may see, not what survives.
# - The gradient highway is $\prod (1 - z_t)$. It is open while $z$ is near 0, and no longer.
# - "GRU" names two cells. Reset before or after the product is a real difference; the meaning of $z$ is a convention.
# - Fewer parameters at equal width are certain. Better results are not: between GRU and LSTM we measured no
#   difference that the seeds would not explain.

# %% [markdown]
# ## Papers
#
# - Cho, K., et al. (2014). *Learning Phrase Representations using RNN Encoder–Decoder for Statistical Machine
#   Translation*. EMNLP. [arXiv:1406.1078](https://arxiv.org/abs/1406.1078). Where the unit comes from: an aside in a
#   paper on translation. Its update gate keeps.
# - Chung, J., Gulcehre, C., Cho, K., Bengio, Y. (2014). *Empirical Evaluation of Gated Recurrent Neural Networks on
#   Sequence Modeling*. [arXiv:1412.3555](https://arxiv.org/abs/1412.3555). GRU against LSTM on music and speech; the
#   source of this chapter's convention for the update gate.
# - Jozefowicz, R., Zaremba, W., Sutskever, I. (2015). *An Empirical Exploration of Recurrent Network Architectures*.
#   ICML. [PMLR 37](https://proceedings.mlr.press/v37/jozefowicz15.html). A larger comparison, with the same answer:
#   it depends on the task.
# - Greff, K., Srivastava, R. K., Koutník, J., Steunebrink, B. R., Schmidhuber, J. (2017). *LSTM: A Search Space
#   Odyssey*. IEEE Transactions on Neural Networks and Learning Systems 28 (10), 2222–2232.
#   [doi:10.1109/TNNLS.2016.2582924](https://doi.org/10.1109/TNNLS.2016.2582924). Ablations of the LSTM, one part at a
#   time; how to compare cells fairly.
# - Feng, L., Tung, F., Ahmed, M. O., Bengio, Y., Hajimirsadeghi, H. (2024). *Were RNNs All We Needed?*.
#   [arXiv:2410.01201](https://arxiv.org/abs/2410.01201). A GRU whose gates read the input only, so that a scan
#   computes it: this chapter meets Chapter 9.
#
# **Up next:** Chapter 6, where a network may read from both ends.

# %% [markdown]
# ## Practice
#
# Click on an option: it says why it is right or wrong. These questions earn no points, so try as many options as
# you like; `seqlab quiz` asks them in a terminal.

# %% [markdown]
# #### Practice 1
# In which way is a GRU simpler than an LSTM?
#
# - [ ] It keeps three gates but has all of them share one single weight matrix
#   > There are two gates, and each of them has a matrix of its own.
# - [ ] It drops all gates and relies on a tanh to keep its state within bounds
#   > Without gates (5.4) would be a vanilla RNN again.
# - [ ] It drops the candidate and computes its new state from the gates alone
#   > There is a candidate, (5.3); the update gate mixes it with the old state.
# - [x] It has one state instead of two, and two gates where an LSTM has three
#   > The update gate does what forget and input gates do, and nothing hides the state.

# %% [markdown]
# #### Practice 2
# At some step $z_t = 0$ and $r_t = 0$ hold exactly for a unit. What is its new value, by (5.4)?
#
# - [ ] It is 0, since the reset gate has erased the unit
#   > The reset gate only hides the old state from the candidate; it erases nothing.
# - [x] It is the old value, whatever the candidate may be
#   > With z = 0 the candidate has no weight, whatever the reset gate did to it.
# - [ ] It is a candidate that is computed from $x_t$ alone
#   > That is the candidate indeed, but its weight in (5.4) is z = 0.
# - [ ] It is half the old value, as both gates are closed
#   > That would be z = 0.5 and a candidate of 0.

# %% [markdown]
# #### Practice 3
# A GRU of this chapter starts at $h_0 = 0$ and reads a sequence of a million steps. What is certain about its
# state?
#
# - [x] Every entry stays between −1 and 1, whatever is read
#   > (5.4) is a weighted mean of the old value and a tanh, and both lie in that range.
# - [ ] Entries may grow without limit, as each step adds to them
#   > True of an LSTM's cell, where both gates can be 1. Here the two weights add up to one.
# - [ ] Every entry tends to 0 in time, as 1 − z is below 1
#   > Only if the candidates do; with z near 0 a value can also stay where it is.
# - [ ] Every entry tends to −1 or 1 in the end, where tanh is flat
#   > Nothing pushes the state to the ends of the range.

# %% [markdown]
# #### Practice 4
# You have the weights of a trained `torch.nn.GRUCell` whose biases are all zero, with $H = 8$. Can you rearrange
# them into `Wz`, `Wr`, `Wh` so that (5.1) to (5.4) compute the same?
#
# - [ ] Yes: reorder the blocks, and put $h$ in front of $x$ within each of them
#   > That leaves both the meaning of z and the place of the reset gate as they were.
# - [ ] Yes: reorder the blocks, and change the sign of all the update gate's weights
#   > This repairs the meaning of z, since 1 − σ(a) = σ(−a), but not the reset gate.
# - [x] No: its reset gate acts behind the matrix, which no rearrangement repairs
#   > A diagonal scaling before a matrix is not one after it, unless H = 1 or the like.
# - [ ] No: without biases, both of its gates are 0.5 at every step of any sequence
#   > Gates also read the input and the state; biases are only one of the terms.

# %% [markdown]
# #### Practice 5
# Over how many paths does a change of $h_{t-1}$ reach $h_t$ within one step of (5.1) to (5.4)?
#
# - [ ] One: from the old state straight through (5.4)
#   > That is only the direct path; z and the candidate depend on the old state too.
# - [ ] Two: directly, and through the candidate of (5.3)
#   > Both gates read the old state as well.
# - [ ] Three: directly, through $z_t$, and through $r_t$
#   > The candidate also sees the old state itself, inside the product with the reset gate.
# - [x] Four: directly, by $z_t$, by $r_t$, and beside $r_t$
#   > The four summands of the worked example; the last is the factor that the reset gate scales.

# %% [markdown]
# ## Quiz
#
# The questions `q1`, `q2` and `q3` earn points. Work each one out, on paper or with the functions that you wrote, and
# put the answer into the cell at the end, as text. A number may be written as "0.5", "1/2" or "5e-1"; the check
# below the cell looks at the form of the answers, and grading says which are right.

# %% [markdown]
# #### q1
# An LSTM of the last chapter has $D = 20$ and $H = 32$. What is the largest $H$ for which a GRU (5.1) to (5.4) with the
# same $D$ has no more parameters than that LSTM?
#
# *Answer: a whole number.*

# %% [markdown]
# #### q2
# A GRU of one unit starts at $h_0 = 0.8$. In its first step $z_1 = 0.25$ and $\tilde h_1 = -0.4$. In its second step
# $z_2 = 0.5$, $r_2 = 0.2$ and $x_2 = 0.3$, and the row of `Wh` is $(1, 2)$. What is $h_2$?
#
# *Answer: a number, to within 0.001.*

# %% [markdown]
# #### q3
# How much of $h_0$ is left after ten steps on the direct path (5.7)? Put these four units in order, the one that keeps
# most first.
#
# - **A** $z_t = 0.1$ at every step
# - **B** $z_t = 0.5$ once, else 0
# - **C** $z_t = 0.02$ at every step
# - **D** $z_t = 0.9$ once, else 0.05
#
# *Answer: the letters in order, such as "ABCD".*

# %% nbgrader={"grade": false, "grade_id": "quiz_answers", "locked": false, "schema_version": 3, "solution": true, "task": false}
quiz_answers = {
    "q1": "",  # a whole number
    "q2": "",  # a number
    "q3": "",  # an order
}
### BEGIN SOLUTION
quiz_answers = {"q1": "38", "q2": "0.5522", "q3": "CBAD"}
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_quiz_answers", "locked": true, "points": 10, "schema_version": 3, "solution": false, "task": false}
# %check quiz_answers
