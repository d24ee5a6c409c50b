# ---
# jupyter:
#   course:
#     libraries: numpy
#     title: The vanilla RNN
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
# # Chapter 2 · The vanilla RNN
#
# Chapter 1 unfolded an arbitrary recurrence. Here the recurrence gets a concrete form, the
# smallest one that learns anything useful: one affine map, one $\tanh$, one affine readout. You
# write its forward pass, its backward pass through time, the loss that a language model is
# trained on, and the loop that makes the trained model write. At the end your own code reads
# Voltaire's *Candide* one character at a time and is measured in bits per character.
#
# Every backward pass in this notebook is written by hand. An automatic differentiation library
# would do it for you; the point is to see where the gradient of a shared weight comes from,
# because Chapter 3 is about what goes wrong with exactly that sum.
#
# At the end of the chapter you can
#
# - write the vanilla RNN forwards and backwards through time, for batches;
# - compute a cross-entropy that does not overflow, and read it in bits;
# - let a trained model write, at a temperature.
#
# Assumed:
#
# - linear algebra: matrix products in batches, transposes;
# - backpropagation: the chain rule of Chapter 1, the derivative of tanh;
# - optimisation: gradient descent; Adam is given.
#
# Time: about two and a half hours. The functions of other chapters are not needed.

# %%
import numpy as np

# %% nbgrader={"grade": false, "grade_id": "load_seqlab", "locked": true, "schema_version": 3, "solution": false, "task": false}
# No module named 'seqlab'? In a cell of its own: %pip install ../seqlab ../../datasets
# Then choose "Restart Kernel" and begin again from the top.
# %load_ext seqlab

# %% [markdown]
# ## The recurrence
#
# A feed-forward layer maps an input to hidden units and forgets it. A recurrent layer maps the
# input *and its own previous activation* to hidden units:
#
# $$h_t = \tanh\!\left(W_{hh}\, h_{t-1} + W_{xh}\, x_t + b_h\right) \tag{2.1}$$
#
# $$y_t = W_{hy}\, h_t + b_y \tag{2.2}$$
#
# Three matrices and two biases are the whole network, and all of them are the same at every step:
#
# | array | shape | from → to |
# |---|---|---|
# | `Wxh` | `(H, D)` | input $x_t$ → hidden state $h_t$ |
# | `Whh` | `(H, H)` | previous state $h_{t-1}$ → hidden state $h_t$ |
# | `Why` | `(V, H)` | hidden state $h_t$ → output $y_t$ |
# | `bh`, `by` | `(H,)`, `(V,)` | added before the $\tanh$, and to the output |
#
# The output is linear: $y_t$ holds scores (logits). Whether a softmax, a sigmoid or nothing
# follows depends on the task and belongs to the loss.
#
# Read (2.1) along the horizontal line and (2.2) upwards: of all that is drawn, only the blue line leaves the
# step.
#
# ![One step of the vanilla RNN: Whh times the old state, Wxh times the input and bh are added, a tanh gives the new state; a copy goes through Why and by to the output.](figures/rnn_cell.svg)
#
# **Batches.** The equations speak of column vectors. The code handles a batch of $N$ sequences at
# once, stored batch-first: `x` is `(N, T, D)`, one step of it `(N, D)`, and each *row* is one
# sequence. A matrix that multiplies columns from the left multiplies rows from the right,
# transposed:
#
# $$H_t = \tanh\!\left(H_{t-1} W_{hh}^{\top} + X_t W_{xh}^{\top} + \mathbf{1}\, b_h^{\top}\right) \tag{2.3}$$
#
# Since `Whh` is square, leaving out its transpose raises no error. It only gives wrong numbers.
#
# ### The state is the memory
#
# $h_t$ is the only thing that passes from step $t$ to step $t+1$. Whatever the network will ever
# need of $x_1, \dots, x_t$ has to survive in these $H$ numbers, all of them between $-1$ and $1$,
# rewritten at each step by the same function. So $H$ is the main dial for capacity. A small state
# cannot hold enough; a large one costs $O(H^2)$ per step and has more parameters to overfit with,
# although how soon it does depends on the amount of data and the regularisation, not on $H$
# alone. Widths of 128 to 1024 are common. Note also what $H$ does *not* buy: a state that could
# hold an early input need not have learnt to. That is Chapter 3.

# %% [markdown]
# ## A worked example
#
# Take $N = D = H = 1$, $T = 2$. The numbers are chosen so that $\tanh$ comes out round, since
# $\tanh(\ln 2) = \tfrac{4-1}{4+1} = 0.6$ and $\tanh(\ln 3) = \tfrac{9-1}{9+1} = 0.8$:
#
# $$W_{xh} = 1,\quad W_{hh} = 0.5,\quad b_h = 0.1,\quad h_0 = 0.4,\quad
# x_1 = \ln 2 - 0.3 \approx 0.3931,\quad x_2 = \ln 3 - 0.4 \approx 0.6986 .$$
#
# *Forward.* The argument of the first $\tanh$ is $0.5 \cdot 0.4 + 0.3931 + 0.1 = \ln 2$, hence
# $h_1 = 0.6$. The second is $0.5 \cdot 0.6 + 0.6986 + 0.1 = \ln 3$, hence $h_2 = 0.8$.
#
# *Backward.* Let the loss be $L = h_2$. Write $\delta_t = \partial L / \partial a_t$, where $a_t$
# is the argument of the $\tanh$; its slope is $1 - h_t^2$, so $0.64$ for $t = 1$ and $0.36$ for
# $t = 2$.
#
# | | $\partial L/\partial h_t$ | $\delta_t$ | share of $\partial L/\partial W_{hh}$ | share of $\partial L/\partial b_h$ |
# |---|---|---|---|---|
# | $t = 2$ | $1$ | $0.36$ | $0.36 \cdot h_1 = 0.216$ | $0.36$ |
# | $t = 1$ | $0.5 \cdot 0.36 = 0.18$ | $0.18 \cdot 0.64 = 0.1152$ | $0.1152 \cdot h_0 = 0.04608$ | $0.1152$ |
# | sum | | | $0.26208$ | $0.4752$ |
#
# And $\partial L/\partial h_0 = 0.5 \cdot 0.1152 = 0.0576$. One weight, two uses, two shares.
# Going one step back multiplied the gradient by $W_{hh}(1 - h_t^2)$, here by $0.18$ and then by
# $0.32$. The visible checks use these numbers, so when one of them fails you can follow it with a
# pencil.

# %% [markdown]
# **See it move.** Eight units read a sequence, one column per step. Guess first, then play, step, and change the
# eigenvalues and the input. Once exercise 2.1 is done, `seqlab.sim("forward_pass", step=rnn_step_forward)` draws your
# states under ours (this needs the package `anywidget`).

# %% tags=["experiment"]
if __name__ == "__main__":
    import seqlab

    seqlab.sim("forward_pass")

# %% [markdown]
# ## Backpropagation through time
#
# In the unfolded graph the state $h_t$ has up to two children: whatever reads it directly (the
# readout at step $t$), and the next state. Write $\bar h_t$ for the gradient that arrives from
# the direct readers and $g_t$ for the whole gradient $\partial L / \partial h_t$. Then
#
# $$\delta_t = g_t \odot \left(1 - h_t \odot h_t\right) \tag{2.4}$$
#
# $$\frac{\partial L}{\partial x_t} = W_{xh}^{\top} \delta_t, \qquad
# \left.\frac{\partial L}{\partial h_{t-1}}\right|_{\text{through } h_t} = W_{hh}^{\top} \delta_t \tag{2.5}$$
#
# $$g_T = \bar h_T, \qquad g_t = \bar h_t + W_{hh}^{\top} \delta_{t+1} \quad (t < T) \tag{2.6}$$
#
# $$\frac{\partial L}{\partial W_{hh}} = \sum_{t=1}^{T} \delta_t\, h_{t-1}^{\top}, \qquad
# \frac{\partial L}{\partial W_{xh}} = \sum_{t=1}^{T} \delta_t\, x_t^{\top}, \qquad
# \frac{\partial L}{\partial b_h} = \sum_{t=1}^{T} \delta_t \tag{2.7}$$
#
# With a batch, each sum runs over the sequences as well. What has to be kept from the forward
# pass is what these equations read: the inputs, the states and the weights. How you store it, the
# *cache*, is up to you. Only your own backward looks into it, but it may do so more than once,
# and between two forward calls.
#
# See that each state collects gradient from two sides, and that one matrix with four uses gets four shares.
#
# ![Four steps that read one matrix Whh; gradients run back between the states, and at each step a share, delta t times h t-1 transposed, goes up into the gradient of Whh.](figures/shares_of_one_weight.svg)
#
# The rest of the network hangs on the states in the ordinary way. With
# $\bar y_{n,t} = \partial L/\partial y_{n,t}$ the readout gives
#
# $$\bar h_{n,t} = W_{hy}^{\top}\, \bar y_{n,t}, \qquad
# \frac{\partial L}{\partial W_{hy}} = \sum_{n,t} \bar y_{n,t}\, h_{n,t}^{\top}, \qquad
# \frac{\partial L}{\partial b_y} = \sum_{n,t} \bar y_{n,t} \tag{2.8}$$

# %% [markdown]
# ## The cells: one step
#
# ### Exercise 2.1 · `rnn_step_forward`
# **10 min · ●○○**
#
# One step of equation (2.3) for a whole batch. Return the new state and a cache of your choice
# with what (2.4) to (2.7) will need. Read 2.2 before you decide what goes in.


# %% nbgrader={"grade": false, "grade_id": "rnn_step_forward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def rnn_step_forward(x, h_prev, params):
    """Compute one step of the vanilla RNN for a batch, equation (2.3).

    Args:
        x: input of this step, shape (N, D).
        h_prev: state before this step, shape (N, H).
        params: dict with Wxh (H, D), Whh (H, H) and bh (H,).

    Returns:
        h: state after this step, shape (N, H).
        cache: whatever `rnn_step_backward` needs.
    """
    ### BEGIN SOLUTION
    h = np.tanh(h_prev @ params["Whh"].T + x @ params["Wxh"].T + params["bh"])
    return h, (x, h_prev, h, params)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_rnn_step_forward", "locked": true, "points": 7, "schema_version": 3, "solution": false, "task": false}
# %check rnn_step_forward

# %% [markdown]
# ### Exercise 2.2 · `rnn_step_backward`
# **15 min · ●●○**
#
# Equations (2.4) and (2.5), and the share of this one step in the sums of (2.7). The argument
# `dh` is the whole gradient $g_t$ of the state that this step produced. Transposing (2.5) and
# (2.7) for rows instead of columns is the same exercise as going from (2.1) to (2.3); check that
# each result has the shape of what it is the gradient of.


# %% nbgrader={"grade": false, "grade_id": "rnn_step_backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def rnn_step_backward(dh, cache):
    """Backpropagate through one step, equations (2.4), (2.5) and one term of (2.7).

    Args:
        dh: gradient of the loss with respect to the state after this step, shape (N, H).
        cache: what `rnn_step_forward` returned beside that state.

    Returns:
        dx: gradient with respect to the input of this step, shape (N, D).
        dh_prev: gradient with respect to the state before this step, shape (N, H).
        grads: dict with the keys and shapes of `params`, summed over the batch.
    """
    ### BEGIN SOLUTION
    x, h_prev, h, params = cache
    da = dh * (1.0 - h**2)
    grads = {"Wxh": da.T @ x, "Whh": da.T @ h_prev, "bh": da.sum(axis=0)}
    return da @ params["Wxh"], da @ params["Whh"], grads
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_rnn_step_backward", "locked": true, "points": 14, "schema_version": 3, "solution": false, "task": false}
# %check rnn_step_backward

# %% [markdown]
# ## Through time
#
# ### Exercise 2.3 · `rnn_forward`
# **10 min · ●○○**
#
# Run the step over a batch of sequences from the initial state `h0`, which need not be zero. The
# result holds the states $h_1, \dots, h_T$, not $h_0$.


# %% nbgrader={"grade": false, "grade_id": "rnn_forward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def rnn_forward(x, h0, params):
    """Run the vanilla RNN over a batch of sequences.

    Args:
        x: inputs, shape (N, T, D).
        h0: initial states, shape (N, H).
        params: dict with Wxh (H, D), Whh (H, H) and bh (H,).

    Returns:
        h: states h_1 ... h_T, shape (N, T, H).
        cache: whatever `rnn_backward` needs.
    """
    ### BEGIN SOLUTION
    state = h0
    states, caches = [], []
    for t in range(x.shape[1]):
        state, step_cache = rnn_step_forward(x[:, t], state, params)
        states.append(state)
        caches.append(step_cache)
    return np.stack(states, axis=1), caches
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_rnn_forward", "locked": true, "points": 7, "schema_version": 3, "solution": false, "task": false}
# %check rnn_forward

# %% [markdown]
# ### Exercise 2.4 · `rnn_backward`
# **20 min · ●●●**
#
# The recursion (2.6) from the last step to the first, with the sums (2.7) collected on the way.
# `dh[:, t]` is what enters the state of step $t$ directly, $\bar h_t$; what comes back from step
# $t+1$ is for you to add. A loss that reads only the last state is the special case in which all
# other rows of `dh` are zero.


# %% nbgrader={"grade": false, "grade_id": "rnn_backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def rnn_backward(dh, cache):
    """Backpropagate through time, equations (2.6) and (2.7).

    Args:
        dh: gradients that enter every state directly, shape (N, T, H).
        cache: what `rnn_forward` returned beside the states.

    Returns:
        dx: gradient with respect to the inputs, shape (N, T, D).
        dh0: gradient with respect to the initial states, shape (N, H).
        grads: dict with the keys and shapes of `params`, summed over batch and time.
    """
    ### BEGIN SOLUTION
    dh_next = np.zeros(dh[:, 0].shape)
    dx_steps = []
    grads = None
    for t in reversed(range(dh.shape[1])):
        dx_t, dh_next, step_grads = rnn_step_backward(dh[:, t] + dh_next, cache[t])
        dx_steps.append(dx_t)
        if grads is None:
            grads = step_grads
        else:
            grads = {name: grads[name] + step_grads[name] for name in grads}
    return np.stack(dx_steps[::-1], axis=1), dh_next, grads
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_rnn_backward", "locked": true, "points": 21, "schema_version": 3, "solution": false, "task": false}
# %check rnn_backward

# %% [markdown]
# ## From states to scores
#
# ### Exercise 2.5 · `readout_forward`
# **5 min · ●○○**
#
# Equation (2.2) at every step of every sequence.


# %% nbgrader={"grade": false, "grade_id": "readout_forward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def readout_forward(h, readout):
    """Map every state to output scores, equation (2.2).

    Args:
        h: states, shape (N, T, H).
        readout: dict with Why (V, H) and by (V,).

    Returns:
        y: scores, shape (N, T, V).
        cache: whatever `readout_backward` needs.
    """
    ### BEGIN SOLUTION
    return h @ readout["Why"].T + readout["by"], (h, readout)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_readout_forward", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# %check readout_forward

# %% [markdown]
# ### Exercise 2.6 · `readout_backward`
# **10 min · ●●○**
#
# Equation (2.8). The states' gradient comes out per step, ready for `rnn_backward`; the readout's
# own gradients are summed over everything that used them.


# %% nbgrader={"grade": false, "grade_id": "readout_backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def readout_backward(dy, cache):
    """Backpropagate through the readout, equation (2.8).

    Args:
        dy: gradient with respect to the scores, shape (N, T, V).
        cache: what `readout_forward` returned beside the scores.

    Returns:
        dh: gradient that enters every state directly, shape (N, T, H).
        grads: dict with the keys and shapes of `readout`, summed over batch and time.
    """
    ### BEGIN SOLUTION
    h, readout = cache
    dWhy = np.tensordot(dy, h, axes=([0, 1], [0, 1]))
    grads = {"Why": dWhy, "by": dy.sum(axis=(0, 1))}
    return dy @ readout["Why"], grads
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_readout_backward", "locked": true, "points": 9, "schema_version": 3, "solution": false, "task": false}
# %check readout_backward

# %% [markdown]
# ## The loss of a language model
#
# A language model scores the next token at every step. The softmax turns scores into probabilities,
#
# $$p_{n,t,v} = \frac{e^{y_{n,t,v}}}{\sum_{w} e^{y_{n,t,w}}} \tag{2.9}$$
#
# and the loss is the mean negative log probability of the true tokens $k_{n,t}$ over the set
# $\mathcal{M}$ of valid positions (sequences in a batch may differ in length; the mask says which
# positions are real):
#
# $$L = -\frac{1}{|\mathcal{M}|} \sum_{(n,t) \in \mathcal{M}} \log p_{n,t,k_{n,t}}, \qquad
# \frac{\partial L}{\partial y_{n,t,v}} = \frac{p_{n,t,v} - [\,v = k_{n,t}\,]}{|\mathcal{M}|}
# \quad \text{for } (n,t) \in \mathcal{M} \tag{2.10}$$
#
# By hand: for the scores $(\ln 3, 0)$ the probabilities are $(\tfrac34, \tfrac14)$. If token 1 is
# the true one, the loss is $\ln 4 \approx 1.386$ and the gradient $(\tfrac34, -\tfrac34)$; if two
# more positions were valid, the gradient here would be a third of that.
#
# Equation (2.9) as it stands cannot be computed for large scores: in double precision $e^{710}$
# is already infinite. Adding the same constant to all scores of a position changes no
# probability, which is the way out. Dividing first and taking the logarithm afterwards fails at
# the other end, where a probability rounds to zero.
#
# ### Exercise 2.7 · `softmax_cross_entropy`
# **15 min · ●●○**
#
# Loss and gradient of (2.10). Scores of $\pm 10^4$ have to give the exact result. At a masked
# position anything may stand, a target of $-1$ or a score that is NaN, and nothing of it may
# reach the loss or any gradient. With nothing valid the loss is `0.0` and the gradient zero.


# %% nbgrader={"grade": false, "grade_id": "softmax_cross_entropy", "locked": false, "schema_version": 3, "solution": true, "task": false}
def softmax_cross_entropy(logits, targets, mask):
    """Compute the mean cross-entropy over valid positions and its gradient, equation (2.10).

    Args:
        logits: scores, shape (N, T, V).
        targets: ids of the true tokens, integers, shape (N, T); anything where masked.
        mask: True at valid positions, shape (N, T).

    Returns:
        loss: float, 0.0 where no position is valid.
        dlogits: gradient with respect to the logits, shape (N, T, V), zero at masked positions.
    """
    ### BEGIN SOLUTION
    valid = np.asarray(mask, dtype=bool)
    count = int(valid.sum())
    if count == 0:
        return 0.0, np.zeros(logits.shape)
    # Multiplying by the mask would keep NaN, so masked scores and targets are replaced before use.
    scores = np.where(valid[..., None], logits, 0.0)
    picked = np.where(valid, targets, 0)[..., None]
    shifted = scores - scores.max(axis=-1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    loss = -np.take_along_axis(log_p, picked, axis=-1)[valid].sum() / count
    one_hot = np.arange(scores.shape[-1]) == picked
    dlogits = (np.exp(log_p) - one_hot) * valid[..., None] / count
    return float(loss), dlogits
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_softmax_cross_entropy", "locked": true, "points": 14, "schema_version": 3, "solution": false, "task": false}
# %check softmax_cross_entropy

# %% [markdown]
# ## Letting it write
#
# A trained model generates by feeding itself: read a token, get probabilities for the next, draw
# one, read that. A temperature $\tau > 0$ sharpens or flattens the distribution before the draw:
#
# $$p_v = \operatorname{softmax}\!\left(y_t / \tau\right)_v, \qquad
# \text{next token} = \min\Big\{ k : \sum_{v \le k} p_v > u \Big\}, \quad u \sim \mathcal{U}[0, 1) \tag{2.11}$$
#
# With $\tau \to 0$ the best token wins always, with $\tau \to \infty$ all tokens are equally
# likely, and $\tau = 1$ is what the loss trained. By hand: $p = (0.5, 0.3, 0.2)$ has cumulative
# sums $0.5$, $0.8$, $1$, so $u = 0.6$ draws token 1.
#
# ### Exercise 2.8 · `sample`
# **15 min · ●●○**
#
# Generate `length` tokens after `first_token`, which is the first input and not part of the
# result. The input of each step is the one-hot vector of the token before it, so the vocabulary
# size is also the input size, `D == V`. So that a seed gives the same text to everybody: make one
# generator `numpy.random.default_rng(seed)`, take one `random()` from it per step, and follow
# (2.11) in float64. Should rounding leave the last cumulative sum at or below $u$, take the last
# token. A temperature that is not above zero is a `ValueError` that names `temperature`, raised
# before anything else.


# %% nbgrader={"grade": false, "grade_id": "sample", "locked": false, "schema_version": 3, "solution": true, "task": false}
def sample(params, readout, h0, first_token, length, temperature, seed):
    """Generate tokens one at a time, each drawn by equation (2.11) and fed back as the next input.

    Args:
        params: dict with Wxh (H, V), Whh (H, H) and bh (H,).
        readout: dict with Why (V, H) and by (V,).
        h0: state before the first step, shape (1, H).
        first_token: id of the token that the first step reads.
        length: how many tokens to generate.
        temperature: divides the scores; above zero.
        seed: seed of `numpy.random.default_rng`, from which each step draws `random()` once.

    Returns:
        tokens: int64, shape (length,), without `first_token`.

    Raises:
        ValueError: naming `temperature`, unless it is above zero.
    """
    ### BEGIN SOLUTION
    if not temperature > 0:
        raise ValueError("temperature must be above zero")
    rng = np.random.default_rng(seed)
    V = readout["by"].shape[0]
    h, token = h0, first_token
    tokens = np.empty(length, dtype=np.int64)
    for t in range(length):
        x = np.zeros((1, V))
        x[0, token] = 1.0
        h, _ = rnn_step_forward(x, h, params)
        y = np.asarray(readout["Why"] @ h[0] + readout["by"], dtype=np.float64)
        p = np.exp((y - y.max()) / temperature)
        cumulative = np.cumsum(p / p.sum())
        token = min(int(np.searchsorted(cumulative, rng.random(), side="right")), V - 1)
        tokens[t] = token
    return tokens
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_sample", "locked": true, "points": 14, "schema_version": 3, "solution": false, "task": false}
# %check sample

# %% [markdown]
# ## What goes wrong
#
# - **Shapes that happen to fit.** `Whh` is square, a batch of one broadcasts, and with `D == H` a
#   wrong product runs without complaint. Try your code with three different numbers for `N`, `D`,
#   `H` before you trust it.
# - **The initial state.** Code that starts from zeros whatever `h0` says is right in most
#   tutorials and wrong as soon as a state is carried from one window of text to the next, as in
#   the experiment below.
# - **The two routes into a state.** With a loss on the last step only, a backward pass that
#   forgets $\bar h_t$ at the earlier steps passes every test. With a loss at every step it is
#   wrong everywhere.
# - **Overwriting.** `+=` on an array that somebody else still holds changes it there too: an
#   upstream gradient, a cached state, a parameter. Call your backward twice with the same
#   arguments; it has to give the same answer.
# - **The mean.** Dividing the loss by $N \cdot T$ when some positions are masked, or dividing the
#   loss but not its gradient, changes the effective learning rate from batch to batch, and
#   nothing crashes.
# - **The slope of $\tanh$** is a function of its *output*. At $h_t = \pm 1$ it is zero: a
#   saturated unit passes nothing back.

# %% [markdown]
# ## Experiment: a model that reads *Candide*
#
# Your functions are all that a character language model needs. The text is Voltaire's novel in
# French, 186,500 characters of 83 kinds. The model is trained on the first 80 per cent, watched on
# the next ten, and measured once on the last ten. The measure is *bits per character*, the
# cross-entropy (2.10) divided by $\ln 2$: a fair guess among 83<!-- printed: 186,500 characters, [1] --> signs
# would be $\log_2 83 = 6.4$ bits.
#
# A number means little without lines to compare it with. Counting gives three: how often each
# character occurs (unigram), how often it follows the one before (bigram), and how often it
# follows the four before (5-gram, where rare contexts borrow from shorter ones). The first two
# are there to be beaten. The third is a strong opponent on so small a text: it looks contexts up
# in a table of their own, while the RNN has to press them through 128 numbers.


# %% tags=["experiment"]
def ngram_bits(train, test, V, order):
    """Bits per character of a smoothed n-gram: each context mixes with the one a character shorter."""
    # A context with s continuations of u kinds gets weight s / (s + u), the rest goes to the shorter one.
    p = np.full(len(test), 1.0 / V)
    for length in range(order):
        counts, kinds, totals = {}, {}, {}
        for i in range(length, len(train)):
            context = train[i - length : i]
            continuation = train[i - length : i + 1]
            if continuation not in counts:
                kinds[context] = kinds.get(context, 0) + 1
            counts[continuation] = counts.get(continuation, 0) + 1
            totals[context] = totals.get(context, 0) + 1
        for i in range(length, len(test)):
            context = test[i - length : i]
            if context in totals:
                seen = counts.get(test[i - length : i + 1], 0)
                p[i] = (seen + kinds[context] * p[i]) / (totals[context] + kinds[context])
    return float(-np.log2(p).mean())


if __name__ == "__main__":
    import time

    import matplotlib.pyplot as plt

    import seqdata
    from seqlab import plots, progress

    plots.use_style()
    novel = seqdata.candide()
    characters = sorted(set(novel.text))
    V = len(characters)
    token_of = {character: token for token, character in enumerate(characters)}
    train, validation, test = (
        np.array([token_of[character] for character in part])
        for part in (novel.train, novel.validation, novel.test)
    )
    orders = {"unigram": 1, "bigram": 2, "5-gram": 5}
    print(f"{len(novel.text):,} characters, {V} kinds; bits per character by counting:")
    lines, test_lines = {}, {}
    for name, order in orders.items():
        lines[name] = ngram_bits(novel.train, novel.validation, V, order)
        test_lines[name] = ngram_bits(novel.train, novel.test, V, order)
        print(f"{name:8s} validation {lines[name]:.2f}  test {test_lines[name]:.2f}")

# %% [markdown]
# The training text is cut into 32 long strips that are read side by side, 50 characters at a
# time. The last state of a window is the initial state of the next, so the model always knows
# what came before, although gradients stop at the edge of a window. Adam takes the steps, with
# the gradient's norm limited to 1; Chapter 3 says why.
#
# **About 30 seconds on one core** with vectorised code for the readout and the loss; a version
# with a Python loop over every number will take much longer. Set `EPOCHS = 3` for a first look.


# %% tags=["experiment"]
def adam_update(weights, grads, memory, step, rate, limit=1.0):
    """Return weights after one step of Adam; the gradient's norm is limited first."""
    norm = np.sqrt(sum(float((g**2).sum()) for g in grads.values()))
    updated = {}
    for name, weight in weights.items():
        g = grads[name] * min(1.0, limit / norm)
        mean, square = memory.get(name, (0.0, 0.0))
        mean, square = 0.9 * mean + 0.1 * g, 0.999 * square + 0.001 * g**2
        memory[name] = mean, square
        corrected = np.sqrt(square / (1 - 0.999**step)) + 1e-8
        updated[name] = weight - rate * mean / (1 - 0.9**step) / corrected
    return updated


def initial_weights(V, H, rng):
    """Return small random parameters and readout."""
    limit = 1 / np.sqrt(H)
    params = {
        "Wxh": rng.normal(scale=0.3, size=(H, V)),
        "Whh": rng.uniform(-limit, limit, size=(H, H)),
        "bh": np.zeros(H),
    }
    return params, {"Why": rng.uniform(-limit, limit, size=(V, H)), "by": np.zeros(V)}


def bits_per_character(params, readout, tokens):
    """Read a text from a zero state and return the mean bits per character after the first."""
    V, H = readout["Why"].shape
    state, nats = np.zeros((1, H)), 0.0
    for start in range(0, len(tokens) - 1, 2000):
        window = tokens[start : start + 2001][None]
        h, _ = rnn_forward(np.eye(V)[window[:, :-1]], state, params)
        y, _ = readout_forward(h, readout)
        loss, _ = softmax_cross_entropy(y, window[:, 1:], np.ones(y.shape[:2], dtype=bool))
        nats += loss * y.shape[1]
        state = h[:, -1]
    return nats / (len(tokens) - 1) / np.log(2)


if __name__ == "__main__":
    H, STRIPS, WINDOW, EPOCHS, RATE = 128, 32, 50, 18, 8e-3
    rng = np.random.default_rng(0)
    params, readout = initial_weights(V, H, rng)
    strip = (len(train) - 1) // STRIPS
    inputs = train[: STRIPS * strip].reshape(STRIPS, strip)
    targets = train[1 : STRIPS * strip + 1].reshape(STRIPS, strip)
    windows = strip // WINDOW
    valid = np.ones((STRIPS, WINDOW), dtype=bool)
    one_hot = np.eye(V)
    memory, history, step, began = {}, [], 0, time.perf_counter()
    with progress(EPOCHS * windows, f"{EPOCHS} epochs") as bar:
        for _ in range(EPOCHS):
            state, losses = np.zeros((STRIPS, H)), []
            for k in range(windows):
                step += 1
                span = slice(k * WINDOW, (k + 1) * WINDOW)
                h, rnn_cache = rnn_forward(one_hot[inputs[:, span]], state, params)
                y, readout_cache = readout_forward(h, readout)
                loss, dy = softmax_cross_entropy(y, targets[:, span], valid)
                dh, readout_grads = readout_backward(dy, readout_cache)
                _, _, grads = rnn_backward(dh, rnn_cache)
                # Warm up, then fall along a half cosine.
                rate = RATE * min(1.0, step / 50)
                rate *= 0.02 + 0.49 * (1 + np.cos(np.pi * step / (EPOCHS * windows)))
                weights = adam_update(
                    {**params, **readout}, {**grads, **readout_grads}, memory, step, rate
                )
                params = {name: weights[name] for name in params}
                readout = {name: weights[name] for name in readout}
                state = h[:, -1]
                losses.append(loss / np.log(2))
                bar.advance(loss=losses[-1])
            history.append((np.mean(losses), bits_per_character(params, readout, validation)))
            bar.report(train=history[-1][0], validation=history[-1][1])
    print(
        f"after {EPOCHS} epochs: train {history[-1][0]:.2f}, validation {history[-1][1]:.2f} "
        f"bits per character ({time.perf_counter() - began:.0f} s)"
    )

# %% [markdown]
# The picture. On the left, see how the validation curve is below the bigram line after one epoch
# and flattens while the training curve goes on falling: 38,000 weights begin to know this text by
# heart. On the right the memory itself, twelve of the 128 units while the model reads a passage it
# has not seen. Some units stay near $\pm 1$ over many letters, where by (2.4) almost no gradient
# passes; others answer to the letter just read.

# %% tags=["experiment"]
if __name__ == "__main__":
    figure, (left, right) = plt.subplots(1, 2, figsize=(12, 4), width_ratios=[2, 3])
    epochs = np.arange(1, len(history) + 1)
    left.plot(epochs, [pair[0] for pair in history], label="RNN, training text")
    left.plot(epochs, [pair[1] for pair in history], label="RNN, validation text")
    for name, bits in lines.items():
        plots.reference(left, bits, None)
        place = 0.3 if name == "5-gram" else 0.7 * EPOCHS  # where no curve passes
        left.text(place, bits, f"{name} {bits:.2f}", color=plots.GREY, va="bottom")
    left.set(
        title="loss; grey: counting, validation text",
        xlabel="epoch",
        ylabel="bits per character",
        ylim=(1.8, 4.7),
        xticks=range(0, EPOCHS + 1, 3),
    )
    left.legend()

    passage = validation[:60]
    h, _ = rnn_forward(one_hot[passage][None], np.zeros((1, H)), params)
    plots.heat_map(right, h[0, :, :12].T, "$h_t$", low=-1.0)
    shown = [{" ": "␣", "\n": "¶"}.get(characters[token], characters[token]) for token in passage]
    plots.token_axis(right, shown, size=7)
    right.set(title="twelve units, letter by letter", xlabel="character just read", ylabel="unit")
    plt.show()
    test_bits = bits_per_character(params, readout, test)
    print(f"Test text: RNN {test_bits:.2f} bits per character,", end=" ")
    print(", ".join(f"{name} {bits:.2f}" for name, bits in test_lines.items()))
    print(
        "See left: the curves part where learning by heart begins; right: what a state looks like."
    )

# %% [markdown]
# With the settings above the model ends near 2.5<!-- ±0.1 printed: Test text: RNN [1] --> bits per character on the
# test text, against 4.5<!-- printed: unigram validation [2] --> for the unigram and 3.5<!-- printed: bigram
# validation [2] --> for the bigram. The 5-gram, at 2.4<!-- printed: 5-gram validation [2] -->, is still a little
# better. A wider state narrows the gap at a multiple of the cost; a text of this size is simply little to learn
# from. What the RNN does without is the table: its size grows neither with the length of the context nor with that
# of the text.
#
# And now let it write, at three temperatures. At 0.3 it falls back on its favourite phrases, at
# 0.7 it invents words that could be French, at 1.2 it spells as it pleases. Nobody told it about
# words, accents or the blank after a comma.

# %% tags=["experiment"]
if __name__ == "__main__":
    for temperature in (0.3, 0.7, 1.2):
        first = token_of["\n"]
        tokens = sample(params, readout, np.zeros((1, H)), first, 240, temperature, seed=2)
        print(f"--- temperature {temperature}")
        print("".join(characters[token] for token in tokens), "\n")

# %% [markdown]
# ## What to take away
#
# - A vanilla RNN is two affine maps: one around a $\tanh$ that is applied over and over, one that
#   reads the state out. Its number of parameters does not depend on the length of the sequence.
# - The state is all the memory there is, $H$ numbers, and the initial state is an input like any
#   other.
# - Backpropagation through time is ordinary backpropagation in the unfolded graph. A state
#   collects gradient from its direct readers *and* from its successor; a shared weight collects
#   one share per step.
# - Cross-entropy has to be computed from the scores, shifted, in logarithms. In bits it says how
#   many binary questions the model still needs per character.
# - The factor $W_{hh}^{\top}\operatorname{diag}(1 - h_t \odot h_t)$ is applied once per step on
#   the way back. In the worked example two steps left $0.0576$ of a gradient of $1$. What becomes
#   of it after fifty is the subject of Chapter 3.

# %% [markdown]
# ## Papers
#
# - Elman, J. L. (1990). *Finding Structure in Time*. Cognitive Science 14 (2), 179–211.
#   [doi:10.1207/s15516709cog1402_1](https://doi.org/10.1207/s15516709cog1402_1). The network of (2.1), and its states
#   looked at word by word.
# - Graves, A. (2013). *Generating Sequences With Recurrent Neural Networks*.
#   [arXiv:1308.0850](https://arxiv.org/abs/1308.0850). What comes of predicting the next element: text and
#   handwriting, written by an LSTM.
# - Goodfellow, I., Bengio, Y., Courville, A. (2016). *Deep Learning*. MIT Press. Chapter 10, Sequence Modeling:
#   Recurrent and Recursive Nets. [deeplearningbook.org](https://www.deeplearningbook.org/contents/rnn.html). Section
#   10.2 derives the gradients (2.4) to (2.8) in its own letters.
#
# **Up next:** Chapter 3, on what becomes of a gradient after fifty steps.

# %% [markdown]
# ## Practice
#
# Click on an option: it says why it is right or wrong. These questions earn no points, so try as many options as
# you like; `seqlab quiz` asks them in a terminal.

# %% [markdown]
# #### Practice 1
# The vanilla RNN has three weight matrices. What is each of them responsible for?
#
# - [ ] One serves the first step, one all the steps in between, and one the last step
#   > All steps use the same matrices; sharing them through time is the point of a recurrence.
# - [x] One maps input to state, one the previous state to state, one state to output
#   > Wxh reads the input, Whh carries the state on, Why reads the state out; see (2.1) and (2.2).
# - [ ] One decides what to forget, one what is to be written, and one what to expose
#   > That describes the gates of an LSTM (Chapter 4). The vanilla RNN has no gates.
# - [ ] One belongs to the forward pass, one to the backward pass, one to the update
#   > Forward and backward pass use the same matrices, the backward pass transposed.

# %% [markdown]
# #### Practice 2
# The loss reads every state through the readout. In the backward pass, what is the gradient of the loss with
# respect to $h_t$ for $t < T$?
#
# - [ ] What comes back from step $t+1$, as the readout is a branch of its own
#   > The readout's gradient flows on into the state it read; (2.6) adds it.
# - [ ] What the readout sends at step $t$, as later steps have turns of their own
#   > That cuts the path through time: no step would learn what it did for later ones.
# - [ ] The mean of what the readout at step $t$ sends and of what step $t+1$ sends
#   > Nothing averages here. A value that is used twice collects both gradients in full.
# - [x] The sum of what the readout at step $t$ sends and what step $t+1$ sends
#   > Two children in the graph, two contributions, added: equation (2.6).

# %% [markdown]
# #### Practice 3
# You double the length of the training sequences from 50 to 100 steps and leave $D$, $H$ and $V$ as they are.
# What happens to the model?
#
# - [x] Its size stays, and each weight sums its gradient over twice as many uses
#   > Sharing through time: (2.7) gets more terms, the matrices keep their shapes.
# - [ ] Its `Whh` gets twice as many rows, as there are twice as many states
#   > Whh maps H numbers to H numbers, however often it is applied.
# - [ ] Its size stays, and inputs from 100 steps ago are now sure to be made use of
#   > The size is right. Whether the gradient of 100 steps ago is still of any size is another matter, see Chapter
#   > 3.
# - [ ] Its size stays, and it no longer starts from a state of shorter sequences
#   > A state is H numbers, whatever the length of the sequence that led to it.

# %% [markdown]
# #### Practice 4
# A model with a vocabulary of 64 characters has a cross-entropy of $\ln 4$ nats per character on held-out text.
# Which statement is right?
#
# - [ ] It needs 4 bits a character and gets every fourth one right
#   > The loss is about probabilities, not about how often the best guess is right; and ln 4 nats are 2 bits.
# - [ ] It needs 4 bits a character, where a uniform guess would need 6 bits
#   > 4 is the perplexity, the exponential of the loss in nats; the bits are its logarithm to base 2.
# - [x] It needs 2 bits a character: as if it chose among 4 equally likely
#   > ln 4 / ln 2 = 2 bits, and exp(−ln 4) = 1/4 is the geometric mean of the true characters' probabilities.
# - [ ] It needs 1.39 bits a character, and with other vocabularies as many
#   > 1.39 is the loss in nats. Dividing by ln 2 converts to bits.

# %% [markdown]
# #### Practice 5
# You sample from a trained model at temperature 0.1 and get the same few words in a loop. What did the low
# temperature do?
#
# - [ ] It made the states smaller, so that what was read is forgotten sooner
#   > The temperature divides the scores after the state was computed; states stay as they are.
# - [x] It gave the highest score of each step nearly all of the probability
#   > Differences between scores are multiplied by ten before the softmax, so that the text is almost
#   > deterministic.
# - [ ] It mixed the distribution with a uniform one, so that rare ones crowd in
#   > That is nearer to what a high temperature does.
# - [ ] It lowered the learning rate, so that the first phrase was kept
#   > Sampling trains nothing, so no learning rate is involved.

# %% [markdown]
# ## Quiz
#
# The questions `q1`, `q2` and `q3` earn points. Work each one out, on paper or with the functions that you wrote, and
# put the answer into the cell at the end, as text. A number may be written as "0.5", "1/2" or "5e-1"; the check
# below the cell looks at the form of the answers, and grading says which are right.

# %% [markdown]
# #### q1
# A vanilla RNN with $D = H = 1$ has $W_{hh} = 0.5$, $W_{xh} = 1$, $b_h = 0$, starts at $h_0 = 0$ and reads $1, 0, 0$.
# The loss is $L = h_3$. What is $\partial L / \partial W_{hh}$?
#
# *Answer: a number, to within 0.001.*

# %% [markdown]
# #### q2
# In a sequence of five characters, a model gives the true ones the probabilities $\tfrac12$, $\tfrac18$, $\tfrac1{16}$,
# $\tfrac14$ and $\tfrac18$; the mask hides the third. What is the perplexity, the exponential of the loss (2.10)?
#
# *Answer: a number, to within 0.005.*

# %% [markdown]
# #### q3
# These four lines compute `delta` at every step of backpropagation through time. One of them stands before the loop over
# the steps, the other three within it. In which order do they stand?
#
# - **A** `delta = g * (1 - h[:, t] ** 2)`
# - **B** `carried = np.zeros((N, H))`
# - **C** `carried = delta @ params["Whh"]`
# - **D** `g = dh[:, t] + carried`
#
# *Answer: the letters in order, such as "ABCD".*

# %% nbgrader={"grade": false, "grade_id": "quiz_answers", "locked": false, "schema_version": 3, "solution": true, "task": false}
quiz_answers = {
    "q1": "",  # a number
    "q2": "",  # a number
    "q3": "",  # an order
}
### BEGIN SOLUTION
quiz_answers = {"q1": "0.6715", "q2": "4.757", "q3": "BDAC"}
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_quiz_answers", "locked": true, "points": 10, "schema_version": 3, "solution": false, "task": false}
# %check quiz_answers
