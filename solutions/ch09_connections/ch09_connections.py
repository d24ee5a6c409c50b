# ---
# jupyter:
#   course:
#     libraries: numpy
#     title: Connections
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
# # Chapter 9 · Connections
#
# Few people train an LSTM from scratch for a new product today. The ideas of the last eight chapters
# have not gone with it: they moved house. This chapter visits them at their new addresses, and at every
# address you write the small piece of mathematics that moved.
#
# | idea | seen in chapter | where it lives now | you write |
# |---|---|---|---|
# | recurrence, a hidden state | 1, 2 | state space models: S4, Mamba | `diagonal_ssm` to `selective_ssm` |
# | gates | 4, 5 | GLU in transformer blocks, WaveNet's convolutions, squeeze-and-excitation | `glu`, `wavenet_gate`, `squeeze_excite` |
# | vanishing gradients and the additive path | 3, 4 | residual connections (ResNet, every transformer), normalisation | `residual_gradient_norms` |
# | encoder and decoder | 7 | the first Transformer, T5, BART; a VAE also encodes, then decodes | |
# | attention | 7 | self-attention | `scaled_dot_product_attention` |
# | teacher forcing | 7 | the training of GPT and every other autoregressive model | `causal_mask` makes it parallel |
# | both directions | 6 | BERT: attention that may look both ways | attention without a mask |
#
# Three rows want a footnote. GPT and its relatives kept only the decoder. A VAE's encoder yields a
# distribution, not a summary for every position; what it shares with Chapter 7 is the shape, not the
# purpose. And learning from human feedback does let a model train on its own outputs, which lessens the
# mismatch between training and use that teacher forcing leaves; its main purpose is another one, to make
# outputs that people prefer.
#
# The table as a family tree:
#
# ![Recurrence leads to S4 and Mamba; gates to GLU, WaveNet, squeeze-and-excitation and Mamba; the additive path to ResNet and the Transformer; attention to the Transformer with T5, BART and GPT; both directions to BERT.](figures/family_tree.svg)
#
# At the end of the chapter you can
#
# - compute one linear recurrence by three algorithms;
# - find gates and additive paths outside of recurrence;
# - write masked attention, and say what it pays for its short paths.
#
# Assumed:
#
# - linear algebra: diagonal matrices, inner products;
# - backpropagation: gradients through a product of layers, Chapter 3;
# - optimisation: least squares; a general-purpose optimiser is given.
#
# Time: about three and a half hours. The functions of other chapters are not needed.

# %%
import numpy as np

# %% nbgrader={"grade": false, "grade_id": "load_seqlab", "locked": true, "schema_version": 3, "solution": false, "task": false}
# No module named 'seqlab'? In a cell of its own: %pip install ../seqlab ../../datasets
# Then choose "Restart Kernel" and begin again from the top.
# %load_ext seqlab

# %% [markdown]
# ## Recurrence without the nonlinearity
#
# A vanilla RNN cannot be computed any faster than one step after another, because a tanh stands between
# two states. Take it away, and let the recurrent matrix be diagonal, so that it is only a vector $a$. With
# $S$ state entries and one number per step as input and output,
#
# $$h_t = a \odot h_{t-1} + b\,x_t, \qquad y_t = c \cdot h_t, \qquad h_0 = 0. \tag{9.1}$$
#
# This is a (diagonal) *state space model*, SSM for short. Each entry is a leaky sum of the past with a
# decay of its own. What it loses is expressive power within a layer; deep models put the nonlinearity
# *between* layers, where it does not stand in the way of time. What it gains is that the same numbers can
# be computed in three ways.
#
# **As a recurrence**, (9.1) as it stands: $T$ steps, one after the other, with a state of constant size.
# This is how such a model generates text: the cost of the next token does not grow with what came before.
#
# **As a convolution.** Insert the state of the step before, again and again. Output $t$ is a weighted sum
# of all inputs up to $t$, and the weight depends only on how long ago an input was:
#
# $$y_t = \sum_{j=0}^{t-1} k_j\, x_{t-j}, \qquad k_j = \sum_{i=1}^{S} c_i\, a_i^{\,j}\, b_i, \qquad j = 0, \dots, T-1. \tag{9.2}$$
#
# The vector $k$ is the *kernel*. Written out, the sum takes $O(T^2)$ multiplications; by the fast Fourier
# transform it takes $O(T \log T)$, all steps at once. This is how S4 trains.
#
# **As a scan**, of which more below.
#
# ### By hand
#
# One state entry, $a = 0.5$, $b = 2$, $c = 3$, inputs $1, 0, 4$. As a recurrence the states are $2$, $1$
# and $0.5 + 8 = 8.5$, the outputs $6, 3, 25.5$. The kernel is $3 \cdot 2 \cdot 0.5^j$, that is $6, 3, 1.5$,
# and the last output $6 \cdot 4 + 3 \cdot 0 + 1.5 \cdot 1 = 25.5$ once more.
#
# The three ways side by side, the third of which is explained below; see where 25.5 comes from in each.
#
# ![The inputs 1, 0, 4 as a recurrence with the states 2, 1, 8.5, as a convolution with the kernel 6, 3, 1.5 turned round, and as a scan of pairs in two passes; each time the last output is 25.5.](figures/three_algorithms.svg)

# %% [markdown]
# ### Exercise 9.1 · `diagonal_ssm`
# **10 min · ●○○**
#
# The recurrence (9.1), step by step. It will be the yardstick for everything faster.


# %% nbgrader={"grade": false, "grade_id": "diagonal_ssm", "locked": false, "schema_version": 3, "solution": true, "task": false}
def diagonal_ssm(x, a, b, c):
    """Run a diagonal state space model as a recurrence, equation (9.1).

    Args:
        x: inputs, shape (T,), T >= 1.
        a: decay of each state entry, shape (S,).
        b: weight of the input in each state entry, shape (S,).
        c: weight of each state entry in the output, shape (S,). No argument is modified.

    Returns:
        The outputs y_1 ... y_T, shape (T,). The state starts at zero.
    """
    ### BEGIN SOLUTION
    h = np.zeros(len(a))
    y = np.empty(len(x))
    for t in range(len(x)):
        h = a * h + b * x[t]
        y[t] = c @ h
    return y
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_diagonal_ssm", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
# %check diagonal_ssm

# %% [markdown]
# ### Exercise 9.2 · `ssm_kernel`
# **10 min · ●○○**
#
# The kernel of (9.2). An entry of $a$ may be zero (an entry without memory) or negative (one that
# flips its sign at every step); $0^0 = 1$ here, since $k_0$ is the weight of the input that has just come in.


# %% nbgrader={"grade": false, "grade_id": "ssm_kernel", "locked": false, "schema_version": 3, "solution": true, "task": false}
def ssm_kernel(a, b, c, T):
    """Compute the convolution kernel of a diagonal state space model, equation (9.2).

    Args:
        a: decay of each state entry, shape (S,); zeros and negative entries occur.
        b: shape (S,).
        c: shape (S,). No argument is modified.
        T: length of the kernel, T >= 1.

    Returns:
        k_0 ... k_{T-1}, shape (T,), with 0**0 = 1.
    """
    ### BEGIN SOLUTION
    powers = np.power(a, np.arange(T)[:, None])
    return powers @ (b * c)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_ssm_kernel", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
# %check ssm_kernel

# %% [markdown]
# ### Exercise 9.3 · `causal_convolution`
# **15 min · ●●○**
#
# The sum in (9.2) for any kernel, in $O(T \log T)$. The discrete Fourier transform turns a convolution
# into a product, but a *circular* one: what runs out at the end comes in again at the start. A causal
# model must not see the end of the sequence at its beginning. How much room do two signals of length $T$
# need so that nothing runs over? (`np.fft.rfft` and `np.fft.irfft` take a length; look up what the second
# one assumes when you give it none.)


# %% nbgrader={"grade": false, "grade_id": "causal_convolution", "locked": false, "schema_version": 3, "solution": true, "task": false}
def causal_convolution(x, kernel):
    """Convolve a sequence with a kernel so that no output sees a later input, equation (9.2).

    Args:
        x: inputs, shape (T,), T >= 1.
        kernel: k_0 ... k_{T-1}, shape (T,). No argument is modified.

    Returns:
        y_1 ... y_T, shape (T,), in O(T log T): 2**17 steps take well below a second.
    """
    ### BEGIN SOLUTION
    T = len(x)
    length = 2 * T  # room for the tail that would otherwise wrap around to the first steps
    product = np.fft.rfft(x, length) * np.fft.rfft(kernel, length)
    return np.fft.irfft(product, length)[:T]
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_causal_convolution", "locked": true, "points": 10, "schema_version": 3, "solution": false, "task": false}
# %check causal_convolution

# %% [markdown]
# ## The scan
#
# A convolution needs the same decay at every step. A gate is the opposite: a decay that the input
# chooses. Let both terms change with time,
#
# $$h_t = a_t \odot h_{t-1} + u_t, \qquad h_0 = 0, \tag{9.3}$$
#
# and there is no kernel any more. There still is a way to avoid $T$ steps in a row. A step is a map
# $h \mapsto a\,h + u$, described by the pair $(a, u)$. Two such maps after one another are again such a
# map, so they have a pair too; write
#
# $$(a_1, u_1) \text{ first, then } (a_2, u_2): \qquad \operatorname{combine}\bigl((a_1, u_1), (a_2, u_2)\bigr). \tag{9.4}$$
#
# Take $(0.5, 2)$ first and $(0.25, 1)$ second: $h$ becomes $0.25\,(0.5\,h + 2) + 1 = 0.125\,h + 1.5$, the
# pair $(0.125, 1.5)$. The order matters, but the bracketing does not, since composing functions is
# *associative*. So instead of from left to right, partial results may be combined in a tree. One scheme:
# in pass $p = 0, 1, 2, \dots$ every position combines the pair $2^p$ places to its left with its own, all
# positions at the same time; those without such a neighbour are finished. After $\lceil\log_2 T\rceil$
# passes each position holds the map of the whole prefix, and with $h_0 = 0$ its second part is $h_t$:
#
# | position | 1 | 2 | 3 | 4 |
# |---|---|---|---|---|
# | $(a_t, u_t)$ | $(0.5, 2)$ | $(0.5, 1)$ | $(0, 3)$ | $(0.25, 1)$ |
# | distance 1 | $(0.5, 2)$ | $(0.25, 2)$ | $(0, 3)$ | $(0, 1.75)$ |
# | distance 2 | $(0.5, 2)$ | $(0.25, 2)$ | $(0, 3)$ | $(0, 1.75)$ |
#
# The states are $2, 2, 3, 1.75$, as (9.3) gives them one by one. (The zero at step 3 wipes out
# whatever came before, which is why the last pass changed nothing here.)
#
# This scheme does $T \log T$ work in $\log T$ passes; others, such as Blelloch's, get by with work
# proportional to $T$. On a GPU each pass is parallel; in NumPy it is one vectorised statement, already
# much faster than an interpreted loop over rows.

# %% [markdown]
# ### Exercise 9.4 · `combine`
# **5 min · ●○○**
#
# Substitute one map of (9.4) into the other. Entries are numbers or arrays of one shape, combined entry by entry.


# %% nbgrader={"grade": false, "grade_id": "combine", "locked": false, "schema_version": 3, "solution": true, "task": false}
def combine(first, second):
    """Compose two affine maps h -> a * h + u, equation (9.4).

    Args:
        first: pair (a, u) of the map that is applied first; floats, or arrays of one shape.
        second: pair of the map that is applied to the result of the first. Neither is modified.

    Returns:
        The pair (a, u) of the map that does both.
    """
    ### BEGIN SOLUTION
    a_first, u_first = first
    a_second, u_second = second
    return a_second * a_first, a_second * u_first + u_second
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_combine", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# %check combine

# %% [markdown]
# ### Exercise 9.5 · `parallel_scan`
# **25 min · ●●●**
#
# All states of (9.3) in $O(\log T)$ vectorised passes. A loop over passes is fine, a loop over steps is
# not. $T$ need not be a power of two.
#
# There is a tempting short cut: divide by the running product of the $a_t$, take a cumulative sum, and
# multiply again. Find out what it does when a gate closes, $a_t = 0$, or when the product of a thousand
# decays has left the range of floating point numbers, before you use it.


# %% nbgrader={"grade": false, "grade_id": "parallel_scan", "locked": false, "schema_version": 3, "solution": true, "task": false}
def parallel_scan(a, u):
    """Compute all states of a linear recurrence in O(log T) vectorised passes, equation (9.3).

    Args:
        a: decays, shape (T, S), T >= 1, with abs(a) <= 1; some may be 0.
        u: what is added at each step, shape (T, S). No argument is modified.

    Returns:
        h_1 ... h_T, shape (T, S), with h_0 = 0. At T = 2**17, S = 1 it is faster than a Python
        loop over the steps.
    """
    ### BEGIN SOLUTION
    T = len(a)
    reach = 1  # so many steps, its own included, the pair at each position stands for
    while reach < T:
        earlier = a[:-reach], u[:-reach]
        later = a[reach:], u[reach:]
        a_joined, u_joined = combine(earlier, later)
        a = np.concatenate([a[:reach], a_joined])
        u = np.concatenate([u[:reach], u_joined])
        reach *= 2
    return u.copy()
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_parallel_scan", "locked": true, "points": 19, "schema_version": 3, "solution": false, "task": false}
# %check parallel_scan

# %% [markdown]
# ## Gates again: the selective SSM
#
# Mamba gives the state space model back what the LSTM had: a memory that decides, input by input,
# what to keep. A positive step size $\delta_t$ takes the part of the gates. Each state entry has a fixed
# rate $A_i$ (negative, so that it decays), while the weights of input and output vary with time:
#
# $$\bar a_t = \exp(\delta_t A), \quad \bar b_t = \delta_t B_t, \quad h_t = \bar a_t \odot h_{t-1} + \bar b_t\, x_t, \quad y_t = C_t \cdot h_t. \tag{9.5}$$
#
# At $\delta_t = 0$ nothing decays and nothing is written: $h_t = h_{t-1}$, a forget gate of 1 with an
# input gate of 0. A large $\delta_t$ erases the past and writes the present. One number turns both knobs,
# as the GRU's update gate does. In a network $\delta_t$, $B_t$ and $C_t$ are computed from the input $x_t$,
# never from $h_{t-1}$: that is why (9.5) is still linear in $h$ and a scan applies. It is also a real
# restriction, as the gates of an LSTM read $h_{t-1}$ and these cannot.
#
# By hand, one entry: $A = -\ln 2$, $\delta = (1, 2)$, $B = (3, 1)$, $C = (1, 2)$, $x = (2, 4)$. Then
# $h_1 = 1 \cdot 3 \cdot 2 = 6$, and since $\bar a_2 = 2^{-2}$, $h_2 = 6/4 + 2 \cdot 1 \cdot 4 = 9.5$. The
# outputs are $6$ and $19$.

# %% [markdown]
# ### Exercise 9.6 · `selective_ssm`
# **15 min · ●●○**
#
# Equation (9.5), by a loop or by your scan. (Papers differ in how $\bar b$ is made from $B$; this course
# uses the simple form above.)


# %% nbgrader={"grade": false, "grade_id": "selective_ssm", "locked": false, "schema_version": 3, "solution": true, "task": false}
def selective_ssm(x, delta, A, B, C):
    """Run a selective state space model, equation (9.5).

    Args:
        x: inputs, shape (T,), T >= 1.
        delta: step sizes, not negative, shape (T,).
        A: rate of each state entry, not positive, shape (S,).
        B: weights of the input, shape (T, S).
        C: weights of the state in the output, shape (T, S). No argument is modified.

    Returns:
        y_1 ... y_T, shape (T,). The state starts at zero.
    """
    ### BEGIN SOLUTION
    a_bar = np.exp(delta[:, None] * A)
    b_bar = delta[:, None] * B
    h = parallel_scan(a_bar, b_bar * x[:, None])
    return (C * h).sum(axis=1)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_selective_ssm", "locked": true, "points": 9, "schema_version": 3, "solution": false, "task": false}
# %check selective_ssm

# %% [markdown]
# ## Gates outside of recurrence
#
# A gate is a product with a number between 0 and 1 that the network computes itself. Nothing about it
# needs time. The *gated linear unit* splits a layer's output along its last axis into two halves $p$ (the
# first) and $g$ (the second), one as signal, one as gate:
#
# $$\operatorname{GLU}(x) = p \odot \sigma(g) \tag{9.6}$$
#
# Variants of it stand in the feed-forward blocks of most current language models. WaveNet, which
# generated speech by stacked causal convolutions, squashes the signal as well, as (4.4) does with
# the candidate:
#
# $$\operatorname{gate}(x) = \tanh(p) \odot \sigma(g) \tag{9.7}$$
#
# *Squeeze-and-excitation* gates the channels of a convolutional network. It averages each channel over
# all positions (squeeze), lets two small layers with $R$ units in between judge the averages, and scales
# every channel by the verdict (excite):
#
# $$z = \frac1T \sum_{t=1}^{T} x_{:,t}, \qquad s = \sigma\bigl(W_2 \max(0,\, W_1 z)\bigr), \qquad \tilde x_{c,t} = s_c\, x_{c,t} \tag{9.8}$$
#
# By hand: $x = (3, -1, \ln 3, 0)$ has $p = (3, -1)$, gates $0.75$ and $0.5$, and $\operatorname{GLU}(x) = (2.25,
# -0.5)$.

# %% [markdown]
# ### Exercise 9.7 · `glu`
# **5 min · ●○○**
#
# Equation (9.6) for an array with any number of axes. An odd last axis has no halves; say so. A gate
# with a pre-activation of $\pm 1000$ is 1 or 0, not NaN.


# %% nbgrader={"grade": false, "grade_id": "glu", "locked": false, "schema_version": 3, "solution": true, "task": false}
def glu(x):
    """Apply a gated linear unit along the last axis, equation (9.6).

    Args:
        x: shape (..., 2K), not modified.

    Returns:
        The first half of the last axis times the logistic function of the second half, (..., K).

    Raises:
        ValueError: the last axis of x is odd; the message names `x`.
    """
    ### BEGIN SOLUTION
    if x.shape[-1] % 2:
        raise ValueError(f"the last axis of x must be even, not {x.shape[-1]}")
    signal, gate = np.split(x, 2, axis=-1)
    # 1 / (1 + exp(-g)) without an exponential that can overflow.
    return signal * np.exp(-np.logaddexp(0.0, -gate))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_glu", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# %check glu

# %% [markdown]
# ### Exercise 9.8 · `wavenet_gate`
# **5 min · ●○○**
#
# Equation (9.7), with the same error.


# %% nbgrader={"grade": false, "grade_id": "wavenet_gate", "locked": false, "schema_version": 3, "solution": true, "task": false}
def wavenet_gate(x):
    """Apply WaveNet's gated activation along the last axis, equation (9.7).

    Args:
        x: shape (..., 2K), not modified.

    Returns:
        tanh of the first half of the last axis times the logistic function of the second, (..., K).

    Raises:
        ValueError: the last axis of x is odd; the message names `x`.
    """
    ### BEGIN SOLUTION
    if x.shape[-1] % 2:
        raise ValueError(f"the last axis of x must be even, not {x.shape[-1]}")
    signal, gate = np.split(x, 2, axis=-1)
    return np.tanh(signal) * np.exp(-np.logaddexp(0.0, -gate))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_wavenet_gate", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# %check wavenet_gate

# %% [markdown]
# ### Exercise 9.9 · `squeeze_excite`
# **10 min · ●●○**
#
# Equation (9.8) for a batch. Every example is judged by its own averages.


# %% nbgrader={"grade": false, "grade_id": "squeeze_excite", "locked": false, "schema_version": 3, "solution": true, "task": false}
def squeeze_excite(x, W1, W2):
    """Scale the channels of each example by a learnt gate, equation (9.8).

    Args:
        x: shape (N, C, T), channels before time.
        W1: shape (R, C).
        W2: shape (C, R). No argument is modified.

    Returns:
        Shape (N, C, T).
    """
    ### BEGIN SOLUTION
    squeezed = x.mean(axis=2)
    hidden = np.maximum(squeezed @ W1.T, 0.0)
    scale = np.exp(-np.logaddexp(0.0, -(hidden @ W2.T)))
    return x * scale[:, :, None]
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_squeeze_excite", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
# %check squeeze_excite

# %% [markdown]
# ## The gradient highway, in depth instead of time
#
# Unfold an RNN and you get a deep network; a deep network suffers from what Chapter 3 described, layer by
# layer. Let a layer be $x_{l+1} = \tanh(W_l x_l)$, or, with a *residual connection*,
#
# $$x_{l+1} = x_l + \tanh(W_l x_l). \tag{9.9}$$
#
# With $D_l$ the diagonal matrix of the slopes $1 - \tanh^2(W_l x_l)$, going back through one layer multiplies a
# gradient by
#
# $$\Bigl(\frac{\partial x_{l+1}}{\partial x_l}\Bigr)^{\!\top} = W_l^\top D_l \quad\text{(plain)}, \qquad I + W_l^\top D_l \quad\text{(residual)}. \tag{9.10}$$
#
# The identity is (4.5) with a forget gate fixed to 1. A product of plain factors shrinks with the
# weights; a product of residual factors contains the term $I$, a path on which nothing is lost. So
# "same problem, same remedy" is right, with two reservations. The other terms do not go away: with large
# weights the product *grows* with depth, and initialisation and normalisation are there to hold it. And
# an identity path guarantees the path, not the sum: $W_l^\top D_l$ near $-I$ would still cancel it.
#
# By hand: $H = 1$, two layers with $W = 0.5$, input 0. All states are 0 and all slopes 1. Plain factors are
# $0.5$, so the gradients of the last output are $0.25$ and $0.5$ at the inputs of layers 1 and 2. Residual
# factors are $1.5$: $2.25$ and $1.5$.

# %% [markdown]
# ### Exercise 9.10 · `residual_gradient_norms`
# **20 min · ●●○**
#
# Forwards through all layers, then back by (9.10). The loss is the sum of the last layer's output.
# Return the length (2-norm) of the gradient at the *input* of every layer, first layer first.


# %% nbgrader={"grade": false, "grade_id": "residual_gradient_norms", "locked": false, "schema_version": 3, "solution": true, "task": false}
def residual_gradient_norms(weights, x, residual):
    """Measure how a gradient changes on its way back through layers, equations (9.9) and (9.10).

    Args:
        weights: list of L arrays of shape (H, H), L >= 1, first layer first.
        x: input of the first layer, shape (H,). No argument is modified.
        residual: bool; layers are x + tanh(W x) where True, tanh(W x) where False.

    Returns:
        Shape (L,): 2-norms of the gradients of the loss with respect to the input of each layer.
        The loss is the sum of the last layer's output.
    """
    ### BEGIN SOLUTION
    activations = []
    for W in weights:
        activations.append(np.tanh(W @ x))
        x = x + activations[-1] if residual else activations[-1]
    gradient = np.ones(len(x))
    norms = np.empty(len(weights))
    for layer in reversed(range(len(weights))):
        through_layer = weights[layer].T @ (gradient * (1 - activations[layer] ** 2))
        gradient = gradient + through_layer if residual else through_layer
        norms[layer] = np.linalg.norm(gradient)
    return norms
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_residual_gradient_norms", "locked": true, "points": 13, "schema_version": 3, "solution": false, "task": false}
# %check residual_gradient_norms

# %% [markdown]
# ## Attention, without the RNN
#
# Chapter 7 met the bottleneck: an encoder that presses a whole sentence into one vector of fixed size.
# Attention was added so that the decoder could look at every encoder state. The Transformer draws the
# conclusion: if every step can look anywhere, the recurrence is not needed to carry information along.
# Each step asks with a *query* $q_t$, offers itself with a *key* $k_s$ and hands over a *value* $v_s$:
#
# $$w_{ts} = \frac{\exp(q_t \cdot k_s / \sqrt d)}{\sum_{r} \exp(q_t \cdot k_r / \sqrt d)}, \qquad \text{out}_t = \sum_s w_{ts}\, v_s, \tag{9.11}$$
#
# where sums run over the steps that $t$ may look at. Without the $\sqrt d$, scores of long vectors have a
# large variance and the softmax starts out saturated. A model that generates needs the **causal mask**:
#
# $$t \text{ may look at } s \iff s \le t. \tag{9.12}$$
#
# It is what teacher forcing becomes here. All targets of a sequence are predicted in one parallel pass,
# each from the true tokens before it, and the mask sees to it that no step peeks. With everything visible,
# the same layer reads both ways, as BERT does; the word *masked* in BERT's training stands for hidden
# *tokens* that are to be guessed, another thing.
#
# See how far step 1 is from step 4 in each, and what the mask leaves of the lower picture for step 2.
#
# ![A chain of four states; four values that enter the output of step 4 directly, each with a weight; and the causal mask, a matrix with ones on and below the diagonal.](figures/who_sees_whom.svg)
#
# | | one step of generation | a whole sequence in training | path from step 1 to step $T$ |
# |---|---|---|---|
# | RNN, LSTM | constant | $O(T)$, one after the other | $T$ steps |
# | diagonal SSM | constant | $O(T \log T)$ or $O(T)$, in parallel | $T$ steps, but linear ones |
# | self-attention | grows with $T$ | $O(T^2)$, in parallel | 1 step |
#
# The table says why Transformers won (training in parallel, short paths) and why recurrence is coming
# back (long sequences, cheap generation).

# %% [markdown]
# ### Exercise 9.11 · `causal_mask`
# **5 min · ●○○**
#
# The condition (9.12) as a matrix, row $t$, column $s$.


# %% nbgrader={"grade": false, "grade_id": "causal_mask", "locked": false, "schema_version": 3, "solution": true, "task": false}
def causal_mask(T):
    """Say which steps a step may look at when it must not see the future, equation (9.12).

    Args:
        T: number of steps, T >= 1.

    Returns:
        bool array (T, T), True in row t and column s where step t may look at step s.
    """
    ### BEGIN SOLUTION
    return np.tril(np.ones((T, T), dtype=bool))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_causal_mask", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# %check causal_mask

# %% [markdown]
# ### Exercise 9.12 · `scaled_dot_product_attention`
# **20 min · ●●○**
#
# Equation (9.11) for a batch, with an optional mask. Three details decide: hidden entries get a weight
# of exactly 0, however large their score; a step that may look nowhere returns zeros (a padded position,
# say), not NaN and not an average; and a score of 10,000 is a legal number whose exponential is not.


# %% nbgrader={"grade": false, "grade_id": "scaled_dot_product_attention", "locked": false, "schema_version": 3, "solution": true, "task": false}
def scaled_dot_product_attention(q, k, v, mask=None):
    """Attend from every step to all visible steps, equation (9.11).

    Args:
        q: queries, shape (N, T, d).
        k: keys, shape (N, T, d).
        v: values, shape (N, T, d).
        mask: bool, shape (T, T) for all examples alike or (N, T, T), True in row t and column s where
            step t may look at step s; None where all is visible. No argument is modified.

    Returns:
        (out, weights): shapes (N, T, d) and (N, T, T). Hidden entries weigh 0; a row without any
        visible entry has zero weights and a zero result. Scores of 1e4 and more are no problem.
    """
    ### BEGIN SOLUTION
    scores = q @ np.swapaxes(k, 1, 2) / np.sqrt(q.shape[-1])
    if mask is not None:
        scores = np.where(mask, scores, -np.inf)
    largest = scores.max(axis=-1, keepdims=True)
    largest = np.where(np.isfinite(largest), largest, 0.0)  # nothing visible: exp(-inf - 0) = 0
    exponentials = np.exp(scores - largest)
    total = exponentials.sum(axis=-1, keepdims=True)
    weights = exponentials / np.where(total > 0, total, 1.0)
    return weights @ v, weights
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_scaled_dot_product_attention", "locked": true, "points": 13, "schema_version": 3, "solution": false, "task": false}
# %check scaled_dot_product_attention

# %% [markdown]
# ## What goes wrong typically
#
# - A Fourier convolution without padding looks right on long, quickly decaying kernels. Compare it with
#   the recurrence on a short sequence and a slow kernel.
# - `combine` with its arguments in the wrong order passes every test with equal pairs.
# - A scan that is tried out at $T = 8$ only says nothing about $T = 7$.
# - Whoever writes into the arrays of a pass while reading from them mixes two passes. NumPy will not warn.
# - Averages over the wrong axis are invisible while $C = T$, and a matrix that should have been
#   transposed while $R = C$.
# - In attention, a large negative number in place of "hidden" works until a whole row is hidden, or until
#   a visible score is more negative still. Dividing before masking leaves weights that do not add up to 1.
# - The maximum that keeps a softmax in range has to be taken over what is visible.

# %% [markdown]
# ## Experiment: one model, three algorithms
#
# First the promise of this chapter, checked and timed: a diagonal SSM with eight states on random input
# of length up to $2^{15}$, by the recurrence, by the convolution and by the scan. The largest difference
# should be of the order of rounding, and the curves should have different slopes.
#
# The same figure shows Chapter 3's problem in depth: 60 layers of 32 units, and the gradient at the input of each,
# plain and residual, for weights of three sizes. The first layer's input is real: 32 years of sunspot numbers.
#
# What to see: on the left the recurrence above the two others at every length, by a factor that shrinks towards the
# right; on the right the plain layers at gains 0.3 and 0.7 fall away from the output, which is at the right end,
# and nobody else does.
#
# This takes about 3 s on one core.

# %% tags=["experiment"]
import time

import matplotlib.pyplot as plt

import seqdata
from seqlab import plots, progress


def shortest_time(function, *args, repeats=3):
    """Smallest of several wall-clock times in seconds, and the result."""
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        result = function(*args)
        times.append(time.perf_counter() - started)
    return min(times), result


def by_convolution(x, a, b, c):
    """The SSM as kernel and convolution."""
    return causal_convolution(x, ssm_kernel(a, b, c, len(x)))


def by_scan(x, a, b, c):
    """The SSM as a scan with the same decay at every step."""
    h = parallel_scan(np.tile(a, (len(x), 1)), x[:, None] * b)
    return h @ c


if __name__ == "__main__":
    plots.use_style()
    rng = np.random.default_rng(0)
    a = np.exp(-1 / np.geomspace(2, 2000, 8))
    b, c = rng.normal(size=8), rng.normal(size=8)
    ways = {"recurrence": diagonal_ssm, "convolution": by_convolution, "scan": by_scan}
    lengths = 2 ** np.arange(8, 16)
    seconds = {name: [] for name in ways}
    for T in (bar := progress(lengths, "longer and longer")):
        x = rng.normal(size=T)
        results = {}
        for name, way in ways.items():
            spent, results[name] = shortest_time(way, x, a, b, c)
            seconds[name].append(spent)
        size = np.abs(results["recurrence"]).max()
        gap = max(np.abs(y - results["recurrence"]).max() for y in results.values()) / size
        bar.report(difference=gap)
        shown = "  ".join(f"{name} {1e3 * seconds[name][-1]:7.2f} ms" for name in ways)
        print(f"T = {T:6d}  {shown}  largest relative difference {gap:.0e}")

    slowest, fastest = (choose(list(seconds.values()), axis=0) for choose in (np.max, np.min))
    print(f"slowest over fastest way, at its largest: {(slowest / fastest).max():.0f}")
    over_scan = seconds["recurrence"][-1] / seconds["scan"][-1]
    print(f"recurrence over scan at the greatest length: {over_scan:.1f}")

    H, L = 32, 60
    sunspots = seqdata.sunspots_yearly().number[:H]
    x = (sunspots - sunspots.mean()) / sunspots.std()
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 3.8))
    for k, (name, times) in enumerate(seconds.items()):
        left.loglog(lengths, times, **plots.series(k, marker=True), label=name)
    left.set(title="three ways to one result", xlabel="length $T$", ylabel="time in s")
    left.legend()
    draws = [rng.normal(size=(H, H)) / np.sqrt(H) for _ in range(L)]
    profiles = {}
    for gain in (0.3, 0.7, 1.2):
        weights = [gain * W for W in draws]
        for residual in (False, True):
            norms = residual_gradient_norms(weights, x, residual)
            kind = "residual" if residual else "plain"
            print(f"gain {gain}: {kind:8s} gradient at the first layer {norms[0]:.1e}")
            profiles[f"{kind}, gain {gain}"] = norms
    plots.gradient_profile(
        right,
        profiles,
        title=f"gradient at the input of layer $l$ of {L}",
        xlabel="layer $l$",
        ylim=(1e-20, 1e4),
    )
    right.legend(loc="lower left")
    plt.show()
    print(
        "See: the recurrence above the others; two plain networks lose the gradient, no residual one."
    )

# %% [markdown]
# At one length the slowest way takes at most some 20<!-- ×4 printed: slowest over fastest way, at its largest: -->
# times as long as the fastest, and at the greatest length the recurrence some 3<!-- ×3 printed: recurrence over
# scan at the greatest length: --> times as long as the scan. The gap between the recurrence and the two others is
# mostly the interpreter's, not the algorithm's, and narrows once the scan's arrays outgrow the processor's cache: a
# compiled loop on one core would beat the scan, which does more arithmetic. On a device with thousands of cores the
# comparison is another one, and that is the point of both.
#
# On the right, plain layers lose the gradient at gains of 0.3 and 0.7. At 1.2 they happen to hold it: slopes below
# 1 and weights above 1 balance, as on Chapter 3's narrow edge between vanishing and exploding. Residual
# layers need no such luck and keep it alive at every gain. They do not keep it constant: it arrives
# at the first layer larger than it started, the more so the larger the weights.

# %% [markdown]
# ## Experiment: forecasting sunspots with pieces of modern models
#
# `sunspots_yearly` has one number for each year from 1700 to 2008, with a cycle of about eleven years and a
# height that nobody has quite explained. We forecast next year's number from the past: weights are fitted
# on 1700 to 1920, choices are made on 1921 to 1955, and 1956 to 2008 is looked at once. Numbers are
# square roots, centred and scaled; errors are in sunspots again. The candidates:
#
# - *this year again*, and *the mean*: the least a forecast has to beat;
# - **linear autoregression** on the last 2 and the last 9 years, classics for this series;
# - a **diagonal SSM** with two states and fixed decays, computed with your scan, and least squares on top;
# - a **selective SSM**: the step size $\delta_t$ depends on the input, and its three numbers and both rates are
#   fitted by a general-purpose optimiser around the least squares;
# - **attention as a memory of analogues**: the query is the last nine years, the keys are all earlier stretches
#   of nine years, the values are how the number changed afterwards. No weight is trained at all; a single sharpness is
#   chosen on 1921 to 1955. A mask forbids what has not happened yet.
#
# What to see: one year ahead the forecasts lie close together and miss the highest peaks. The matrix has a row for
# each query from 1956 on; its slanted stripes are cycles of the past that go along with the present one.
#
# This takes about 2 s on one core.

# %% tags=["experiment"]
from scipy.optimize import minimize


def least_squares_forecast(features, target, fit, ridge=1e-3):
    """Forecasts of a linear readout fitted at the rows `fit`, and its penalised error there."""
    F, y = features[fit], target[fit]
    w = np.linalg.solve(F.T @ F + ridge * np.eye(F.shape[1]), F.T @ y)
    return features @ w, (np.sum((F @ w - y) ** 2) + ridge * np.sum(w**2)) / len(y)


def lagged(x, lags):
    """The last `lags` values at every step, newest first; zeros before the start."""
    return np.column_stack([np.concatenate([np.zeros(k), x[: len(x) - k]]) for k in range(lags)])


def selective_features(settings, x):
    """States of selective SSMs with one rate each, the input, and a constant."""
    on_level, on_change, offset, *log_rates = settings
    change = np.concatenate([[0.0], np.diff(x)])
    delta = np.logaddexp(0.0, on_level * x + on_change * change + offset)  # softplus: positive
    one = np.ones((len(x), 1))
    states = []
    for log_rate in log_rates:
        rate = np.exp(log_rate)
        states.append(rate * selective_ssm(x, delta, np.array([-rate]), one, one))
    return np.column_stack([*states, x, np.ones(len(x))])


def analogue_forecast(x, sharpness, window=9):
    """Forecast the change that followed similar stretches of the past, by causal attention."""
    stretches = lagged(x, window)
    d = window + 1
    # The square that is missing from -|q - k|^2 / 2 is one more feature; the softmax drops the rest.
    squares = -0.5 * sharpness * (stretches**2).sum(axis=1, keepdims=True)
    q = np.sqrt(d) * np.column_stack([sharpness * stretches, np.ones(len(x))])
    k = np.column_stack([stretches, squares])
    change = np.concatenate([np.diff(x), [0.0]])  # at the last step it lies in the future: masked
    v = np.repeat(change[:, None], d, axis=1)
    mask = causal_mask(len(x)) & ~np.eye(len(x), dtype=bool)  # this year's change is still to come
    mask[:, : window - 1] = False  # stretches that begin before the series does
    out, weights = scaled_dot_product_attention(q[None], k[None], v[None], mask)
    return x + out[0, :, 0], weights[0]


if __name__ == "__main__":
    spots = seqdata.sunspots_yearly()
    root = np.sqrt(spots.number)
    centre, unit = root[spots.train].mean(), root[spots.train].std()
    x = (root - centre) / unit
    next_year = np.concatenate([x[1:], [0.0]])
    fit = np.arange(9, spots.train.stop - 1)

    def errors(forecast):
        """Mean absolute errors of 1921-1955 and 1956-2008, in sunspots."""
        number = np.maximum(forecast * unit + centre, 0.0) ** 2
        off = np.abs(number[:-1] - spots.number[1:])
        return [off[part.start - 1 : part.stop - 1].mean() for part in chosen]

    chosen = slice(*spots.validation.indices(len(x))), slice(*spots.test.indices(len(x)))
    one = np.ones((len(x), 1))
    forecasts = {"this year again": x, "the mean": np.zeros(len(x))}
    for lags in (2, 9):
        features = np.hstack([lagged(x, lags), one])
        forecasts[f"autoregression, {lags} years"], _ = least_squares_forecast(
            features, next_year, fit
        )

    decays = np.exp(-1 / np.array([0.5, 20.0]))
    states = parallel_scan(np.tile(decays, (len(x), 1)), x[:, None] * (1 - decays))
    features = np.column_stack([states, x, one])
    forecasts["diagonal SSM, fixed"], _ = least_squares_forecast(features, next_year, fit)

    started = time.perf_counter()

    def fitted_error(settings):
        """Error on the training part, with a little weight decay."""
        _, error = least_squares_forecast(selective_features(settings, x), next_year, fit)
        return error + 1e-4 * np.sum(settings**2)

    MOST, start = 60, np.concatenate([[0.1, 0.1, 0.5], -np.log([0.7, 15.0])])
    with progress(MOST, f"selective SSM, at most {MOST} iterations") as bar:
        found = minimize(
            fitted_error,
            start,
            method="BFGS",
            options={"maxiter": MOST},
            callback=lambda settings: bar.advance(loss=fitted_error(settings)),
        )
    features = selective_features(found.x, x)
    forecasts["selective SSM"], _ = least_squares_forecast(features, next_year, fit)

    trials = {s: analogue_forecast(x, s) for s in (0.5, 1.0, 2.0, 4.0)}
    sharpness = min(trials, key=lambda s: errors(trials[s][0])[0])
    forecasts[f"attention, sharpness {sharpness:g}"], weights = trials[sharpness]

    print(f"mean absolute error in sunspots ({time.perf_counter() - started:.1f} s)")
    print(f"  {'':26s} 1921-1955  1956-2008")
    for name, forecast in forecasts.items():
        print(f"  {name:26s} {errors(forecast)[0]:9.1f}  {errors(forecast)[1]:9.1f}")

    figure, panels = plt.subplots(2, 2, figsize=(13, 7.2))
    (left, middle), (right, matrix) = panels
    recent = slice(spots.test.start - 1, len(x) - 1)
    left.plot(spots.year[recent] + 1, spots.number[recent.start + 1 :], label="seen")
    for name in ("autoregression, 9 years", "selective SSM", f"attention, sharpness {sharpness:g}"):
        forecast = np.maximum(forecasts[name] * unit + centre, 0.0) ** 2
        left.plot(spots.year[recent] + 1, forecast[recent], label=name)
    left.set(title="one year ahead", xlabel="year", ylabel="sunspots", ylim=(0, 270))
    left.legend(ncols=2)
    change = np.concatenate([[0.0], np.diff(x)])
    delta = np.logaddexp(0.0, found.x[0] * x + found.x[1] * change + found.x[2])
    middle.plot(spots.year[recent], delta[recent], **plots.series(2))
    middle.set(title="step size of the selective SSM", xlabel="year", ylabel=r"$\delta_t$")
    year = len(x) - 20
    right.bar(spots.year, weights[year], width=1.5, color=plots.COLOURS[0])
    right.set(
        title=f"where the forecast for {spots.year[year] + 1} looks", xlabel="year", ylabel="weight"
    )
    # Every row of the last 53 years is a forecast; only what it may look at is drawn.
    years = spots.year[recent]
    plots.heat_map(
        matrix,
        weights[recent],
        "weight of attention",
        high=float(np.quantile(weights[recent], 0.99)),
        extent=(spots.year[0] - 0.5, spots.year[-1] + 0.5, years[-1] + 0.5, years[0] - 0.5),
    )
    matrix.set(
        title="the same for every forecast", xlabel="year looked at", ylabel="year of the query"
    )
    plt.show()
    print("See: the step size rises and falls with the cycle; attention picks years in like phase:")
    print("its matrix has slanted stripes about eleven years apart, and is dark in the future.")

# %% [markdown]
# All candidates beat repeating this year's number by a wide margin, which any model of a cycle
# does. Two decays with real coefficients do about what two lags do: they cannot oscillate by themselves, the
# memory of half a cycle that nine lags have is missing, and letting $\delta_t$ vary helps only a little.
# (S4 uses *complex* decays for a reason.) Attention over analogues is on a par with nine lags or a little
# ahead, without having trained anything; a part of that may come from its use of all years up to the
# present, while the weights of the others stop at 1920. And 53 test years are few: differences below a
# sunspot or so mean nothing.

# %% [markdown]
# ## Experiment: what is a gate with random weights worth?
#
# Here your three gates of (9.6) to (9.8) forecast sunspots too. Nine years of the past go through 48 causal
# convolutions of *random* weights, a gate or none, and least squares on top; the strength of its penalty is chosen
# on 1921 to 1955. Five kinds of features compete: the plain convolutions, their tanh, a GLU, WaveNet's gate (these
# two of 96 convolutions, half of them gates), and the GLU with its channels scaled by squeeze-and-excitation of
# random weights, which takes its averages over the last fourteen years. Eight seeds each.
#
# What to see: which kind is best on the years that were fitted and chosen on, and which on those after 1956.
#
# This takes about 2 s on one core.


# %% tags=["experiment"]
def along_channels(gate, features):
    """Apply a gate that splits the last axis to the channels of features (N, 2C, T)."""
    return np.swapaxes(gate(np.swapaxes(features, 1, 2)), 1, 2)


def random_features(windows, seed, C=48, length=9):
    """The five kinds of features (N, C, T) of windows (N, W), by name."""
    rng = np.random.default_rng(seed)
    filters, bias = 0.2 * rng.normal(size=(2 * C, length)), 0.5 * rng.normal(size=(2 * C, 1))
    stretches = np.lib.stride_tricks.sliding_window_view(windows, length, axis=1)
    signal = np.einsum("ntl,cl->nct", stretches, filters) + bias
    gated = along_channels(glu, signal)
    W1, W2 = 2 * rng.normal(size=(8, C)), rng.normal(size=(C, 8))
    return {
        "no gate": signal[:, :C],
        "tanh": np.tanh(signal[:, :C]),
        "GLU": gated,
        "WaveNet's gate": along_channels(wavenet_gate, signal),
        "GLU, squeeze and excite": squeeze_excite(gated, W1, W2),
    }


if __name__ == "__main__":
    WINDOW, STRENGTHS = 22, (0.01, 0.1, 1.0, 10.0)
    last_year = np.arange(WINDOW - 1, len(x) - 1)
    windows = x[last_year[:, None] + np.arange(1 - WINDOW, 1)]
    parts = {"1722-1920": spots.train, "1921-1955": spots.validation, "1956-2008": spots.test}
    rows = {name: np.isin(last_year + 1, np.arange(len(x))[part]) for name, part in parts.items()}
    fit_rows = np.flatnonzero(rows["1722-1920"])

    def errors_of(features):
        """Mean absolute errors of the three parts, with the penalty that is best on the second."""
        design = np.column_stack([features[:, :, -1], np.ones(len(features))])
        tried = []
        for strength in STRENGTHS:
            forecast, _ = least_squares_forecast(design, x[last_year + 1], fit_rows, strength)
            number = np.maximum(forecast * unit + centre, 0.0) ** 2
            off = np.abs(number - spots.number[last_year + 1])
            tried.append([off[chosen_rows].mean() for chosen_rows in rows.values()])
        return min(tried, key=lambda three: three[1])

    found = {}
    for seed in range(8):
        for name, features in random_features(windows, seed).items():
            found.setdefault(name, []).append(errors_of(features))
    print("mean absolute error in sunspots:", ", ".join(parts), "(± of eight seeds)")
    figure, panel = plt.subplots(figsize=(10, 3.6))
    for k, part in enumerate(parts):
        means = [np.mean(runs, axis=0)[k] for runs in found.values()]
        spreads = [np.std(runs, axis=0)[k] for runs in found.values()]
        places = np.arange(len(found)) + 0.25 * (k - 1)
        panel.bar(places, means, 0.24, yerr=spreads, capsize=3, color=plots.COLOURS[k], label=part)
    for name, runs in found.items():
        means, spread = np.mean(runs, axis=0), np.std(runs, axis=0)[2]
        print(f"features, {name}: {means[0]:.1f}  {means[1]:.1f}  {means[2]:.1f} ± {spread:.1f}")
    panel.set_xticks(range(len(found)), found)
    panel.set(title="forecasts from random features", ylabel="mean absolute error")
    panel.legend()
    plt.show()
    print("See: gates win on the years they were chosen on, and lose on the years that came after.")

# %% [markdown]
# A product of signal and gate can bend where a plain convolution is straight, and on the years up to 1955 that
# pays: 8.4<!-- ±0.5 printed: features, GLU: [2] --> for the GLU against 10.2<!-- ±0.3 printed: features, no gate:
# [2] --> without a gate. From 1956 on it is the other way round, 14.5<!-- ±1.5 printed: features, GLU: [3] -->
# against 12.5<!-- ±0.3 printed: features, no gate: [3] -->. The cycle of 1957 was higher than any before it, and
# what bends outside of the range on which it was fitted bends anywhere. Squeeze-and-excitation with random weights
# is worst of all, 20<!-- ±4 printed: features, GLU, squeeze and excite: [3] -->: a channel's scale then says
# nothing about its worth. All three gates are made to be *trained* together with what they gate. That they help in
# large models is a result of such training, not a property of the formula.

# %% [markdown]
# ## What to take away
#
# - RNNs process sequences by recurrence with shared weights. Vanilla ones suffer from vanishing
#   gradients; additive, gated cells tame that; the encoder-decoder with attention grew out of the
#   bottleneck and led to the Transformer.
# - A linear recurrence is a recurrence, a convolution and a scan. Which one to run depends on the machine,
#   not on the model.
# - Composing affine maps is associative. That one fact makes $\log T$ passes possible, for decays that
#   change with every step too.
# - Gates are products with learnt numbers between 0 and 1, along time, along channels or inside a layer.
# - An identity path keeps a gradient alive, through time as in the LSTM and through depth as in a ResNet. Alive
#   is not the same as bounded.
# - Attention connects any two steps directly and pays with $T^2$; recurrence pays with a state of fixed size.

# %% [markdown]
# ## Papers
#
# - Vaswani, A., et al. (2017). *Attention Is All You Need*. NeurIPS.
#   [arXiv:1706.03762](https://arxiv.org/abs/1706.03762). The Transformer: scaled dot-product attention, the mask, no
#   recurrence.
# - Dauphin, Y. N., Fan, A., Auli, M., Grangier, D. (2016). *Language Modeling with Gated Convolutional Networks*.
#   [arXiv:1612.08083](https://arxiv.org/abs/1612.08083). The gated linear unit, in a language model of convolutions.
# - van den Oord, A., et al. (2016). *WaveNet: A Generative Model for Raw Audio*.
#   [arXiv:1609.03499](https://arxiv.org/abs/1609.03499). The gate of (9.7) in a deep stack of causal convolutions
#   that speaks.
# - Hu, J., Shen, L., Albanie, S., Sun, G., Wu, E. (2017). *Squeeze-and-Excitation Networks*. CVPR 2018.
#   [arXiv:1709.01507](https://arxiv.org/abs/1709.01507). Gates on channels, (9.8).
# - Blelloch, G. E. (1990). *Prefix Sums and Their Applications*. Carnegie Mellon University.
#   [CMU-CS-90-190](https://www.cs.cmu.edu/~guyb/papers/Ble93.pdf). Scans as a building block of parallel algorithms;
#   the one that does work proportional to T.
# - Gu, A., Goel, K., Ré, C. (2021). *Efficiently Modeling Long Sequences with Structured State Spaces*.
#   [arXiv:2111.00396](https://arxiv.org/abs/2111.00396). S4: how to choose and compute the kernel of (9.2) for long
#   memory.
# - Gu, A., Dao, T. (2023). *Mamba: Linear-Time Sequence Modeling with Selective State Spaces*.
#   [arXiv:2312.00752](https://arxiv.org/abs/2312.00752). Mamba: the step size that depends on the input, and a scan
#   that fits the hardware.
# - Lahoti, A., et al. (2026). *Mamba-3: Improved Sequence Modeling using State Space Principles*. ICLR.
#   [arXiv:2603.15569](https://arxiv.org/abs/2603.15569). Where the line stands in 2026: complex states and a better
#   discretisation.
#
# **Up next:** Practical Methodology, chapter 11 of *Deep Learning* by Goodfellow, Bengio and Courville: choosing
# measures, baselines and hyperparameters, and finding mistakes.

# %% [markdown]
# ## Practice
#
# Click on an option: it says why it is right or wrong. These questions earn no points, so try as many options as
# you like; `seqlab quiz` asks them in a terminal.

# %% [markdown]
# #### Practice 1
# Which weakness of RNN encoder–decoders started the development that ended in the Transformer?
#
# - [ ] They had too many parameters for them to be kept in memory
#   > They were small by the standards of what followed.
# - [x] They passed the whole input through a vector of fixed size
#   > Attention removed that bottleneck first, and then turned out to do without the RNN. That training can be
#   > parallel was the second reason.
# - [ ] They could not be trained with the true tokens fed to them
#   > They are trained with teacher forcing, as Transformers are.
# - [ ] They could not read a batch in which two lengths differed
#   > Variable length is what they were made for; the trouble is what long inputs do to the summary.

# %% [markdown]
# #### Practice 2
# Why can (9.5) be computed by a scan, while an LSTM cannot?
#
# - [x] Its gates read inputs alone, so each step is affine in the state
#   > An LSTM's gates read the state before, which puts a nonlinearity between two steps.
# - [ ] Its decays are equal at all the steps, so that powers can be taken
#   > They differ from step to step; that only rules the convolution out.
# - [ ] Its parameters are far fewer than those that an LSTM needs
#   > The number of parameters plays no part in whether steps can be composed.
# - [ ] Its states are never negative, so that products of them are sound
#   > Nothing keeps them from being negative, and a scan would not mind.

# %% [markdown]
# #### Practice 3
# An SSM is computed by a Fourier transform of length $T$, without padding. Which outputs can be wrong?
#
# - [ ] None of them, since the transform is exact but for rounding
#   > It is exact for circular convolution, which is not what is wanted.
# - [ ] The last one alone, to which all of the inputs contribute
#   > The last one has no later inputs that could wrap around into it.
# - [x] All but the last one, each by terms of inputs after it
#   > Output t should see inputs up to t; wrapping adds those behind it, with the old weights.
# - [ ] All of them alike, by a common factor that depends on $T$
#   > Wrapped terms are added; they do not scale what is there.

# %% [markdown]
# #### Practice 4
# Sixty residual layers (9.9) have large random weights: what happens to the gradient on the way back?
#
# - [ ] It keeps its length at every layer, thanks to the identity in (9.10)
#   > The identity alone would keep it, but (9.10) is a sum.
# - [ ] It vanishes on its way, as the slopes of the tanh are all below 1
#   > That describes plain layers with small weights. The identity is not multiplied by slopes.
# - [ ] It becomes zero at each second layer, as two terms alternate
#   > Nothing in (9.10) alternates.
# - [x] It can grow at every layer, as a second term is added in (9.10)
#   > The path that keeps the gradient alive does not bound it; hence scaled initialisation and normalisation.

# %% [markdown]
# #### Practice 5
# Why do masked positions receive $-\infty$ *before* the softmax, rather than a zero after it?
#
# - [ ] So that fewer exponentials have to be computed for each row
#   > Speed is not the reason; both cost one pass.
# - [x] So that the weights of the other positions add up to one
#   > The sum in (9.11) runs over visible steps only, so hidden scores must not enter it.
# - [ ] So that the gradient is defined, which it is not for a zero
#   > A constant has a gradient, zero.
# - [ ] So that unknown values at these positions do not turn into NaN
#   > They are known and finite; the step just must not use them.

# %% [markdown]
# ## Quiz
#
# The questions `q1`, `q2` and `q3` earn points. Work each one out, on paper or with the functions that you wrote, and
# put the answer into the cell at the end, as text. A number may be written as "0.5", "1/2" or "5e-1"; the check
# below the cell looks at the form of the answers, and grading says which are right.

# %% [markdown]
# #### q1
# A diagonal SSM (9.1) has $a = (0.5, -0.2)$, $b = (1, 1)$, $c = (1, 3)$ and reads $1, 2, 3$. What is $y_3$?
#
# *Answer: a number, to within 0.01.*

# %% [markdown]
# #### q2
# Three steps (9.3) have the pairs $(a, u)$ equal to $(0.5, 2)$, then $(0.8, 1)$, then $(0.1, 3)$. The operator (9.4)
# joins all three into one pair. What is its second entry?
#
# *Answer: a number, to within 0.01.*

# %% [markdown]
# #### q3
# Causal attention (9.11) with $d = 4$: the query of step 2 is $(2, 0, 0, 0)$; the first entries of the keys of steps 1,
# 2, 3 are $0, \ln 2, \ln 8$, and all their others are 0. The values are $3, 8, 100$. What is the output of step 2?
#
# *Answer: a number, to within 0.005.*

# %% nbgrader={"grade": false, "grade_id": "quiz_answers", "locked": false, "schema_version": 3, "solution": true, "task": false}
quiz_answers = {
    "q1": "",  # a number
    "q2": "",  # a number
    "q3": "",  # a number
}
### BEGIN SOLUTION
quiz_answers = {"q1": "12.17", "q2": "3.26", "q3": "6.333"}
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_quiz_answers", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false}
# %check quiz_answers
