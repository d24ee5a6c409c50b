# ---
# jupyter:
#   course:
#     libraries: numpy
#     title: LSTM
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
# # Chapter 4 · LSTM
#
# Chapter 3 ended with a bill that a vanilla RNN cannot pay: whatever gradient an early step is to
# receive has to pass through one multiplication by the recurrent Jacobian per step, and a product of
# fifty such factors is almost always tiny or huge. Clipping cuts the huge case down to size. The tiny
# case needs another architecture, because what has rounded away cannot be scaled back up.
#
# The *long short-term memory* network (Hochreiter and Schmidhuber, 1997) gives the network a second
# state. Next to the hidden state $h_t$, which the rest of the network sees, runs a **cell state**
# $c_t$. It is never multiplied by a weight matrix and never squashed on its way from one step to the
# next; a step may only scale each of its entries and add something to it. Three **gates**, numbers
# between 0 and 1 that the network computes afresh from every input, decide how much is kept, how much
# is written and how much is shown.
#
# In this chapter you write the cell, its backward pass through time, the usual initialisation, and a
# converter for weights trained with PyTorch. Then you train it on sea temperatures and watch its gates.
#
# At the end of the chapter you can
#
# - write the LSTM's step and its gradient, and run both through time;
# - say when its gradient survives and when it does not;
# - convert the weights of another library and prove it by numbers.
#
# Assumed:
#
# - linear algebra: products entry by entry, joined vectors;
# - backpropagation: BPTT, sums over the ways out of a node;
# - optimisation: Adam and clipping, as tools.
#
# Time: about two and a half hours. The exercises need no other chapter. The experiments clip gradients with your
# `clip_by_global_norm` of Chapter 3.

# %%
import numpy as np

# %% nbgrader={"grade": false, "grade_id": "load_seqlab", "locked": true, "schema_version": 3, "solution": false, "task": false}
# No module named 'seqlab'? In a cell of its own: %pip install ../seqlab ../../datasets
# Then choose "Restart Kernel" and begin again from the top.
# %load_ext seqlab

# %% [markdown]
# ## The cell
#
# Write $[h_{t-1}, x_t]$ for the two vectors joined into one of length $H + D$, the hidden state first.
# Each gate is a small logistic layer on that joined vector, with weights $(H, H + D)$ of its own:
#
# $$f_t = \sigma(W_f\,[h_{t-1}, x_t] + b_f) \tag{4.1}$$
#
# $$i_t = \sigma(W_i\,[h_{t-1}, x_t] + b_i) \tag{4.2}$$
#
# $$o_t = \sigma(W_o\,[h_{t-1}, x_t] + b_o) \tag{4.3}$$
#
# A fourth layer of the same shape, with tanh in place of the logistic function, proposes what could be
# written. It is called the candidate:
#
# $$\tilde c_t = \tanh(W_c\,[h_{t-1}, x_t] + b_c) \tag{4.4}$$
#
# The two states follow, with $\odot$ for the product entry by entry:
#
# $$c_t = f_t \odot c_{t-1} + i_t \odot \tilde c_t \tag{4.5}$$
#
# $$h_t = o_t \odot \tanh(c_t) \tag{4.6}$$
#
# Follow the thick line: between $c_{t-1}$ and $c_t$ there is one product and one sum, and no matrix.
#
# ![The LSTM cell: the joined vector feeds three gates and the candidate; on the thick line of the cell state the forget gate multiplies and the input gate times the candidate is added; the output gate times tanh of the cell is h.](figures/lstm_cell.svg)
#
# | gate | open (near 1) | closed (near 0) |
# |---|---|---|
# | forget $f_t$ | the entry of the cell survives this step | the entry is erased |
# | input $i_t$ | the candidate is written | the candidate is ignored |
# | output $o_t$ | the entry is visible outside | the entry is kept, but kept private |
#
# The forget gate's name says the opposite of what its value means: $f = 1$ forgets nothing. Picture a
# text in which a new subject begins. A cell entry that stored "the subject is singular" has to be
# dropped ($f$ near 0) and the new number written ($i$ near 1); until a verb turns up nobody needs to
# see it ($o$ near 0). Trained cells are seldom this tidy, but this is what the equations permit.
#
# ### A step by hand
#
# Let $N = D = H = 1$, $h_{t-1} = 1$, $x_t = 1$, $c_{t-1} = 0.5$ and all biases 0. Choose weights whose
# logarithms make the gates round numbers ($\ln 2 = 0.693$, $\ln 3 = 1.099$):
#
# | | weights on $[h, x]$ | pre-activation | value |
# |---|---|---|---|
# | $f$ | $[\ln 3,\ \ln 3]$ | $\ln 9$ | $9 / (9 + 1) = 0.9$ |
# | $i$ | $[\ln 2,\ -\ln 2]$ | $0$ | $0.5$ |
# | $o$ | $[0,\ \ln 3]$ | $\ln 3$ | $3 / (3 + 1) = 0.75$ |
# | $\tilde c$ | $[2\ln 2,\ -\ln 2]$ | $\ln 2$ | $(4 - 1) / (4 + 1) = 0.6$ |
#
# So $c_t = 0.9 \cdot 0.5 + 0.5 \cdot 0.6 = 0.75$ and $h_t = 0.75 \cdot \tanh 0.75 = 0.75 \cdot 0.635
# = 0.476$. Nudge $c_{t-1}$ up by 0.1 and $c_t$ grows by 0.09: the derivative is the gate itself.

# %% [markdown]
# ### Exercise 4.1 · `lstm_step_forward`
# **15 min · ●●○**
#
# One step of the cell for a batch, equations (4.1) to (4.6): joined vector, three gates, candidate, new
# cell, new hidden state. Return a cache as well; you alone decide what it holds, so glance at
# exercise 4.2 first.
#
# The logistic function needs a little care. A pre-activation of $-1000$ must give exactly 0 and one of
# $+1000$ exactly 1, and NumPy must not print an overflow warning on the way there.


# %% nbgrader={"grade": false, "grade_id": "lstm_step_forward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def lstm_step_forward(x, h_prev, c_prev, params):
    """Compute one step of the LSTM for a batch, equations (4.1) to (4.6).

    Args:
        x: input of this step, shape (N, D).
        h_prev: hidden state of the step before, shape (N, H).
        c_prev: cell state of the step before, shape (N, H).
        params: dict with `Wf`, `Wi`, `Wo`, `Wc`, each (H, H + D) and acting on [h, x] in this
            order, and `bf`, `bi`, `bo`, `bc`, each (H,). No argument is modified.

    Returns:
        (h, c, cache): the new hidden state (N, H), the new cell state (N, H), and whatever
        `lstm_step_backward` will need. Gates are exactly 0 or 1 at pre-activations of -1e3 or
        1e3, without NaN and without a warning.
    """
    ### BEGIN SOLUTION
    joined = np.concatenate([h_prev, x], axis=-1)

    def pre_activation(name):
        return joined @ params["W" + name].T + params["b" + name]

    def gate(name):
        # 1 / (1 + exp(-z)) = exp(-log(1 + exp(-z))); logaddexp overflows for no finite z.
        return np.exp(-np.logaddexp(0.0, -pre_activation(name)))

    f, i, o = gate("f"), gate("i"), gate("o")
    candidate = np.tanh(pre_activation("c"))
    c = f * c_prev + i * candidate
    tanh_c = np.tanh(c)
    h = o * tanh_c
    return h, c, (joined, c_prev, f, i, o, candidate, tanh_c, params)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_lstm_step_forward", "locked": true, "points": 14, "schema_version": 3, "solution": false, "task": false}
# %check lstm_step_forward

# %% [markdown]
# ## One step back
#
# Write $\bar v$ for the gradient of the loss with respect to $v$. A step gets two gradients from above:
# `dh`, which is the whole of $\bar h_t$, and `dc`, the part of $\bar c_t$ that comes straight from later
# cells (or from a loss on the cell). A second part reaches $c_t$ through (4.6), so
#
# $$\bar c_t = \texttt{dc} + \bar h_t \odot o_t \odot \bigl(1 - \tanh^2 c_t\bigr). \tag{4.7}$$
#
# Everything else starts from this sum. The forget gate's pre-activation, call it $a_f$, receives
#
# $$\bar a_f = \bar c_t \odot c_{t-1} \odot f_t \odot (1 - f_t), \tag{4.8}$$
#
# and the three other pre-activations follow by the same reasoning: take the equation in which the
# quantity appears, differentiate with respect to it, then multiply by the slope of its own squashing
# function. Two facts are all you need: $\sigma' = \sigma\,(1 - \sigma)$ and $\tanh' = 1 - \tanh^2$.
# Each pre-activation is a dense layer of the joined vector, and the joined vector feeds four of them.
#
# With the numbers from above, `dc` = 1 and `dh` = 0: $\bar c_t = 1$, the previous cell receives
# $f_t = 0.9$, and $\bar a_f = 1 \cdot 0.5 \cdot 0.9 \cdot 0.1 = 0.045$. With `dc` = 0 and `dh` = 1 in
# their place, $\bar c_t = 0.75 \cdot (1 - 0.635^2) = 0.447$.

# %% [markdown]
# ### Exercise 4.2 · `lstm_step_backward`
# **25 min · ●●●**
#
# Backpropagate through one step, equations (4.7) and (4.8) and their three relatives. Draw the graph
# of (4.1) to (4.6) first and count the arrows that leave each node: a node with several outgoing
# arrows collects a sum of as many terms.


# %% nbgrader={"grade": false, "grade_id": "lstm_step_backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def lstm_step_backward(dh, dc, cache):
    """Backpropagate through one step of the LSTM, equations (4.7) and (4.8).

    Args:
        dh: gradient of the loss with respect to the step's `h`, shape (N, H).
        dc: gradient that enters the step's `c` directly, beside the path through `h`, (N, H).
        cache: third result of your `lstm_step_forward`. It may be used more than once.

    Returns:
        (dx, dh_prev, dc_prev, grads): gradients with respect to x (N, D), h_prev (N, H),
        c_prev (N, H), and a dict with the keys and shapes of `params`.
    """
    ### BEGIN SOLUTION
    joined, c_prev, f, i, o, candidate, tanh_c, params = cache
    dc_total = dc + dh * o * (1 - tanh_c**2)
    d_pre = {
        "f": dc_total * c_prev * f * (1 - f),
        "i": dc_total * candidate * i * (1 - i),
        "o": dh * tanh_c * o * (1 - o),
        "c": dc_total * i * (1 - candidate**2),
    }
    grads = {}
    d_joined = np.zeros(joined.shape)
    for name, d in d_pre.items():
        grads["W" + name] = d.T @ joined
        grads["b" + name] = d.sum(axis=0)
        d_joined += d @ params["W" + name]
    H = c_prev.shape[1]
    dc_prev = dc_total * f
    return d_joined[:, H:], d_joined[:, :H], dc_prev, grads
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_lstm_step_backward", "locked": true, "points": 26, "schema_version": 3, "solution": false, "task": false}
# %check lstm_step_backward

# %% [markdown]
# ## Through time
#
# A layer runs the step along the time axis. Forwards, two states are handed on. Backwards, two
# gradients are: $\bar h_t$ is the sum of what the loss sends into $h_t$ directly and what step $t + 1$
# sends back, while the cell's gradient comes from step $t + 1$ alone, except at the end, where the
# caller may inject `dc_last`. (A decoder that starts from this layer's final cell would do that.)
# The eight parameter arrays are shared by all steps, so their gradients add up over the steps, as in Chapter 1.

# %% [markdown]
# ### Exercise 4.3 · `lstm_forward`
# **10 min · ●○○**
#
# Run the cell over a batch of sequences. Collect both states at every step; `h` and `c` are batch-first.


# %% nbgrader={"grade": false, "grade_id": "lstm_forward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def lstm_forward(x, h0, c0, params):
    """Run the LSTM over a batch of sequences.

    Args:
        x: inputs, shape (N, T, D), T >= 1.
        h0: hidden state before the first step, shape (N, H).
        c0: cell state before the first step, shape (N, H).
        params: as in `lstm_step_forward`. No argument is modified.

    Returns:
        (h, c, cache): hidden states h_1 ... h_T and cell states c_1 ... c_T, both of shape
        (N, T, H), and whatever `lstm_backward` will need.
    """
    ### BEGIN SOLUTION
    N, T, _ = x.shape
    H = h0.shape[1]
    h_all, c_all = np.empty((N, T, H)), np.empty((N, T, H))
    h, c, caches = h0, c0, []
    for t in range(T):
        h, c, step_cache = lstm_step_forward(x[:, t], h, c, params)
        h_all[:, t], c_all[:, t] = h, c
        caches.append(step_cache)
    return h_all, c_all, caches
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_lstm_forward", "locked": true, "points": 7, "schema_version": 3, "solution": false, "task": false}
# %check lstm_forward

# %% [markdown]
# ### Exercise 4.4 · `lstm_backward`
# **20 min · ●●○**
#
# Backpropagation through time for the whole layer. Every hidden state receives its own slice of `dh`;
# `dc_last` enters the last cell state only.


# %% nbgrader={"grade": false, "grade_id": "lstm_backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def lstm_backward(dh, dc_last, cache):
    """Backpropagate through all steps of the LSTM.

    Args:
        dh: shape (N, T, H); dh[:, t] is the gradient that the loss sends into that step's hidden
            state directly, without what arrives through later steps.
        dc_last: gradient that enters the last cell state c_T directly, shape (N, H).
        cache: third result of your `lstm_forward`. It may be used more than once.

    Returns:
        (dx, dh0, dc0, grads): gradients with respect to x (N, T, D), h0 (N, H), c0 (N, H), and a
        dict with the keys and shapes of `params`, summed over all steps.
    """
    ### BEGIN SOLUTION
    dh_next, dc_next = np.zeros(dc_last.shape), dc_last
    dx_steps, grads = [], {}
    for t in reversed(range(dh.shape[1])):
        dx, dh_next, dc_next, step_grads = lstm_step_backward(dh[:, t] + dh_next, dc_next, cache[t])
        dx_steps.append(dx)
        for name, value in step_grads.items():
            grads[name] = grads.get(name, 0.0) + value
    return np.stack(dx_steps[::-1], axis=1), dh_next, dc_next, grads
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_lstm_backward", "locked": true, "points": 18, "schema_version": 3, "solution": false, "task": false}
# %check lstm_backward

# %% [markdown]
# ## Why this helps, and under which condition
#
# Follow a gradient along the cell states only, that is, hold the gates still and differentiate (4.5)
# again and again:
#
# $$\left.\frac{\partial c_T}{\partial c_0}\right|_{\text{direct}} = \operatorname{diag}\Bigl(\prod_{t=1}^{T} f_t\Bigr) \tag{4.9}$$
#
# No weight matrix occurs and no slope of a tanh; the entries do not even mix. If the network has learnt
# $f_t \approx 1$ and $i_t \approx 0$ for some entry, then $c_t \approx c_{t-1}$ and the gradient walks back
# unchanged. That is the "gradient highway", and the sum in (4.5) is what builds it: a step adds to the
# past in place of recomputing it.
#
# The dashed line is that path: it collects one gate per step, while the other way, below, leads through the
# matrices.
#
# ![Three steps along the cell state; a gradient runs back along it and is multiplied by f3, f2 and f1 only. Another way goes through the hidden states and four matrices.](figures/cell_highway.svg)
#
# The claim that the LSTM *solves* vanishing gradients holds exactly as far as that condition does.
#
# - (4.9) is a product too. At $f = 0.9$ and fifty steps it is $0.9^{50} \approx 0.005$; at $f = 0.5$,
#   where a gate with zero bias begins, $0.5^{50} \approx 10^{-15}$, no better than a vanilla RNN. The
#   gain is that the factor is *learnt, per entry and per step*, and can sit at 1 without being tuned to
#   the edge of explosion.
# - (4.9) is one path among many. The gates read $h_{t-1}$, which depends on $c_{t-1}$, so the full
#   derivative contains paths through all four weight matrices. They may add to the direct one or cancel
#   part of it, and they can still explode. LSTMs are trained with gradient clipping for that reason.
# - The cell of 1997 had no forget gate at all: its factor was fixed to 1, and nothing ever left the cell but
#   what a candidate of the opposite sign cancelled. In long streams of input cells drifted away without bound.
#   Gers, Schmidhuber and Cummins added the gate in 2000 so that a cell can be reset, and thereby
#   brought the factor below 1 back in.
#
# A cheap remedy follows from the first point. Let $b_f$ start at 1, so that $f$ starts near
# $\sigma(1) = 0.73$, or higher if long delays are expected: $\sigma(4) = 0.98$, and $0.98^{50} = 0.4$ is a
# gradient one can work with. A bias of $b$ keeps half of the signal for about
# $\ln 2 / \ln(1 + e^{-b})$ steps: 2 steps for $b = 1$, 38 for $b = 4$.

# %% [markdown]
# **See it move.** One cell with gates that you set. How much of its start does it keep, and does writing disturb what
# it keeps? Guess first. `seqlab.sim("lstm_cell", step=lstm_step_forward)` draws the states of your own step beside
# ours (this needs the package `anywidget`).

# %% tags=["experiment"]
if __name__ == "__main__":
    import seqlab

    seqlab.sim("lstm_cell")

# %% [markdown]
# ### Exercise 4.5 · `cell_highway`
# **5 min · ●○○**
#
# The diagonal of (4.9) for given forget gates. One closed gate is enough to cut an entry off for good.


# %% nbgrader={"grade": false, "grade_id": "cell_highway", "locked": false, "schema_version": 3, "solution": true, "task": false}
def cell_highway(f):
    """Compute the direct path of the cell gradient, equation (4.9).

    Args:
        f: forget gates of one sequence, shape (T, H), with entries from 0 to 1, both included.

    Returns:
        Shape (H,): the derivative of each entry of c_T with respect to the same entry of c_0,
        along the cell states only.
    """
    ### BEGIN SOLUTION
    return np.prod(f, axis=0)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_cell_highway", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# %check cell_highway

# %% [markdown]
# ### Exercise 4.6 · `init_lstm`
# **10 min · ●○○**
#
# Fresh parameters. Weights are uniform between $-1/\sqrt{H}$ and $+1/\sqrt{H}$, which is also PyTorch's
# choice for recurrent layers. Biases are zero, with the one exception argued for above. The same seed
# must give the same parameters, another seed others, and nobody else's random numbers may be disturbed:
# use a generator of your own.


# %% nbgrader={"grade": false, "grade_id": "init_lstm", "locked": false, "schema_version": 3, "solution": true, "task": false}
def init_lstm(D, H, seed, forget_bias=1.0):
    """Draw the initial parameters of an LSTM.

    Args:
        D: number of input features.
        H: number of hidden units.
        seed: int; the same seed gives the same parameters, another seed other weights.
        forget_bias: value of every entry of `bf`.

    Returns:
        dict with `Wf`, `Wi`, `Wo`, `Wc` of shape (H, H + D), drawn independently and uniformly
        from [-1/sqrt(H), 1/sqrt(H)], and `bf`, `bi`, `bo`, `bc` of shape (H,), zero except `bf`.
    """
    ### BEGIN SOLUTION
    rng = np.random.default_rng(seed)
    bound = 1 / np.sqrt(H)
    params = {"W" + name: rng.uniform(-bound, bound, size=(H, H + D)) for name in "fioc"}
    params |= {"b" + name: np.zeros(H) for name in "fioc"}
    params["bf"] += forget_bias
    return params
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_init_lstm", "locked": true, "points": 7, "schema_version": 3, "solution": false, "task": false}
# %check init_lstm

# %% [markdown]
# ## The same cell in PyTorch
#
# `torch.nn.LSTM` stores the four layers in another arrangement. It stacks them along the first axis, in
# the order input, forget, candidate (there called $g$), output; it keeps the weights on $x$ and on $h$
# apart; and it has two bias vectors, which are both simply added. With block $k$ meaning rows
# $kH$ to $(k+1)H - 1$, the pre-activation of block $k$ is
#
# $$a^{(k)} = W_{ih}^{(k)}\, x_t + b_{ih}^{(k)} + W_{hh}^{(k)}\, h_{t-1} + b_{hh}^{(k)}, \qquad k = 0, 1, 2, 3 \text{ for } i, f, g, o. \tag{4.10}$$
#
# Other libraries use other orders still, and a wrong order raises no error: the shapes fit and the
# numbers look reasonable. So a converter like this one is only worth something once it has been compared
# with the library itself on random weights.

# %% [markdown]
# ### Exercise 4.7 · `lstm_from_torch`
# **15 min · ●●○**
#
# Turn the four arrays of one layer of `torch.nn.LSTM` into this chapter's `params`, so that (4.1) to
# (4.4) compute what (4.10) computes. (The arrays are NumPy arrays already; torch itself is not available
# in this chapter.)


# %% nbgrader={"grade": false, "grade_id": "lstm_from_torch", "locked": false, "schema_version": 3, "solution": true, "task": false}
def lstm_from_torch(weight_ih, weight_hh, bias_ih, bias_hh):
    """Convert one layer of torch.nn.LSTM to this chapter's parameters, equation (4.10).

    Args:
        weight_ih: weights on x, shape (4H, D), blocks in torch's order i, f, g, o.
        weight_hh: weights on h, shape (4H, H), same order.
        bias_ih: shape (4H,), same order.
        bias_hh: shape (4H,), same order. No argument is modified.

    Returns:
        dict with `Wf`, `Wi`, `Wo`, `Wc` of shape (H, H + D) on [h, x] and `bf`, `bi`, `bo`, `bc`
        of shape (H,).
    """
    ### BEGIN SOLUTION
    weight = np.concatenate([weight_hh, weight_ih], axis=1)
    bias = bias_ih + bias_hh
    params = {}
    for name, W, b in zip("ifco", np.split(weight, 4), np.split(bias, 4), strict=True):
        params["W" + name], params["b" + name] = W, b
    return params
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_lstm_from_torch", "locked": true, "points": 14, "schema_version": 3, "solution": false, "task": false}
# %check lstm_from_torch

# %% [markdown]
# ## What goes wrong typically
#
# - The output gate and $h_t$ use $\tanh(c_t)$, while the *cell* that is handed on is $c_t$ itself. Mixing
#   the two up costs nothing visible while cells are small, and everything when they are not.
# - In the backward pass the two gradients of a step are not interchangeable. A test in which one of them
#   is zero will not tell you so.
# - A check with zero initial states never exercises the forget gate: at the first step it multiplies
#   nothing. Check with random states, random biases that differ from gate to gate, and $D \ne H$.
# - In-place updates (`c *= f`) are tempting and destroy what the backward pass still needs.
# - One array that serves as the start value of several gradients makes them all the same object.
# - After loading foreign weights the network runs, without any complaint, and is nonsense.

# %% [markdown]
# ## Experiment: what the forget bias buys
#
# A delayed recall: one of four symbols appears at step 1, then 38 silent steps, then a cue at step 40;
# only there the network has to name the symbol. Chance is a quarter, a loss of $\ln 4 = 1.39$. Your LSTM
# (24 units, Adam, clipping at 1) learns this from forget biases of 0, 1 and 3, two seeds each. The
# second panel starts with (4.9) at initialisation: how much of a cell survives $k$ steps. The other two
# show the forget gates of two trained networks, without any access to your cache: $c_t$ is an affine
# function of $c_{t-1}$ whose slope is $f_t$, so two calls of your step and a difference give it. Below the
# losses stand two numbers for each of these networks: the largest entry of the direct path (4.9) from step 1 to
# step 40, and the norm of the *whole* derivative $\partial c_{40} / \partial c_1$, which your `lstm_backward` gives
# when it starts from the identity.
#
# What to see: the higher the bias, the sooner a loss leaves the line of guessing, and the second panel says why. At
# bias 3 nearly all rows of gates stay bright from end to end. At bias 1 none does, although that network has learnt the
# task just as well.
#
# This takes about 15 s on one core.

# %% tags=["experiment"]
import time

import matplotlib.pyplot as plt

from seqlab import plots, progress


def adam_update(values, moments, grads, step, rate):
    """Change the dict `values` by one step of Adam; `moments` keeps the running averages."""
    for name, g in grads.items():
        mean, square = moments.get(name, (0.0, 0.0))
        mean, square = 0.9 * mean + 0.1 * g, 0.999 * square + 0.001 * g**2
        moments[name] = mean, square
        slope = (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.999**step)) + 1e-8)
        values[name] = values[name] - rate * slope


def forget_gates(x, h0, c0, params):
    """Forget gates (N, T, H), measured from outside as the slope of c_t in c_{t-1}."""
    h, c, gates = h0, c0, []
    for t in range(x.shape[1]):
        _, c_nudged, _ = lstm_step_forward(x[:, t], h, c + 1.0, params)
        h, c, _ = lstm_step_forward(x[:, t], h, c, params)
        gates.append(c_nudged - c)
    return np.stack(gates, axis=1)


def recall_batch(rng, N, T, K):
    """Inputs with a symbol at the first step and a cue at the last, and the symbols."""
    targets = rng.integers(K, size=N)
    x = np.zeros((N, T, K + 1))
    x[np.arange(N), 0, targets] = 1.0
    x[:, -1, K] = 1.0
    return x, targets


def paths_through_time(x, params):
    """The largest entry of the direct path from c_1 to c_T, and the norm of the whole derivative."""
    H = len(params["bf"])
    zero = np.zeros((1, H))
    gates = forget_gates(x, zero, zero, params)[0]
    h, c, _ = lstm_step_forward(x[:, 0], zero, zero, params)
    # One row per unit of the last cell: the same sequence, each time the gradient of another unit.
    rest, starts = np.repeat(x[:, 1:], H, axis=0), [np.repeat(state, H, axis=0) for state in (h, c)]
    _, _, cache = lstm_forward(rest, *starts, params)
    _, _, whole, _ = lstm_backward(np.zeros((H, x.shape[1] - 1, H)), np.eye(H), cache)
    return gates, cell_highway(gates[1:]).max(), np.linalg.norm(whole)


def log_softmax(logits):
    """Logarithms of the softmax, row by row."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def train_recall(forget_bias, seed, T=40, K=4, H=24, N=32, steps=300, rate=5e-3):
    """Losses, accuracy on fresh sequences, and the trained parameters of the cell."""
    rng = np.random.default_rng(seed)
    params = init_lstm(K + 1, H, seed, forget_bias)
    readout = {"Why": rng.normal(size=(K, H)) / np.sqrt(H), "by": np.zeros(K)}
    cell_moments, readout_moments, losses = {}, {}, []
    zero = np.zeros((N, H))
    bar = progress(range(1, steps + 1), f"forget bias {forget_bias:.0f}, seed {seed}")
    for step in bar:
        x, targets = recall_batch(rng, N, T, K)
        h, _, cache = lstm_forward(x, zero, zero, params)
        log_p = log_softmax(h[:, -1] @ readout["Why"].T + readout["by"])
        losses.append(-log_p[np.arange(N), targets].mean())
        bar.report(loss=losses[-1])
        d_logits = (np.exp(log_p) - np.eye(K)[targets]) / N
        dh = np.zeros(h.shape)
        dh[:, -1] = d_logits @ readout["Why"]
        _, _, _, grads = lstm_backward(dh, zero, cache)
        adam_update(params, cell_moments, clip_by_global_norm(grads, 1.0)[0], step, rate)
        readout_grads = {"Why": d_logits.T @ h[:, -1], "by": d_logits.sum(axis=0)}
        adam_update(readout, readout_moments, readout_grads, step, rate)
    x, targets = recall_batch(rng, 256, T, K)
    h, _, _ = lstm_forward(x, np.zeros((256, H)), np.zeros((256, H)), params)
    logits = h[:, -1] @ readout["Why"].T + readout["by"]
    return losses, (logits.argmax(axis=1) == targets).mean(), params


if __name__ == "__main__":
    from mycourse import clip_by_global_norm

    plots.use_style()
    figure, panels = plt.subplots(2, 2, figsize=(12, 7))
    (losses_panel, survival_panel), gate_panels = panels
    plots.reference(losses_panel, np.log(4), "guessing")
    started, trained = time.perf_counter(), {}
    for k, forget_bias in enumerate([3.0, 1.0, 0.0]):
        for seed in (0, 1):
            losses, accuracy, params = train_recall(forget_bias, seed)
            trained.setdefault(forget_bias, params)  # the first seed is looked at more closely
            name = f"forget bias {forget_bias:.0f}, seed {seed}"
            print(f"{name}: loss {np.mean(losses[-20:]):.3f}, accuracy {accuracy:.2f}")
            label = f"bias {forget_bias:.0f}" if seed == 0 else None
            losses_panel.plot(plots.running_mean(losses, 10), **plots.series(k), label=label)
        constant_gate = np.full((40, 1), 1 / (1 + np.exp(-forget_bias)))
        survival = [cell_highway(constant_gate[:k])[0] for k in range(1, 41)]
        label = f"bias {forget_bias:.0f}"
        survival_panel.semilogy(range(1, 41), survival, **plots.series(k), label=label)
    x, _ = recall_batch(np.random.default_rng(5), 1, 40, 4)
    for panel, forget_bias in zip(gate_panels, (3.0, 1.0), strict=True):
        gates, direct, whole = paths_through_time(x, trained[forget_bias])
        plots.heat_map(panel, gates.T, "$f_t$", extent=(0.5, 40.5, 23.5, -0.5))
        title = f"forget gates after training, bias {forget_bias:.0f}, seed 0"
        panel.set(title=title, xlabel="time step", ylabel="unit")
        bright = (gates > 0.9).all(axis=0).sum()
        print(
            f"bias {forget_bias:.0f}, seed 0: {bright} of 24 rows stay above 0.9; "
            f"from c_1 to c_40 direct path {direct:.1e}, whole derivative {whole:.2f}"
        )
    losses_panel.set(
        title="loss while training, two seeds",
        xlabel="training step (mean of the last 10)",
        ylabel="cross-entropy in nats",
        ylim=(0, 2.4),
    )
    losses_panel.legend()
    survival_panel.set(
        title="survival of a cell entry before training",
        xlabel="steps $k$",
        ylabel=r"$\partial c_{t+k} / \partial c_t$, direct path",
    )
    survival_panel.legend()
    plt.show()
    print(f"({time.perf_counter() - started:.0f} s)")
    print(
        "See: bias 3 leaves the dotted line at once, bias 0 never; at bias 1 no row stays bright."
    )

# %% [markdown]
# With bias 0 the direct path delivers the first gradient at some $10^{-12}$ of its size. Nothing in the
# architecture forbids a solution, yet training does not find it. Whether bias 1 gets there depends on the
# seed. Other optimisers, more steps and luck move these lines; the order rarely changes.
#
# *Where is the memory?* At bias 3 it is where (4.9) says: in 21<!-- ±2 printed: bias 3, seed 0: [1] --> of the 24
# rows the gate stays above 0.9 for all forty steps, and the direct path of the best unit is still
# 0.46<!-- ±0.15 printed: bias 3, seed 0: [6] -->. At bias 1 the network recalls every symbol too, and
# 0<!-- ±1 printed: bias 1, seed 0: [1] --> rows stay bright. The direct path of its best unit is
# $1.2 \cdot 10^{-3}$<!-- ×3 printed: bias 1, seed 0: [6] -->, and the whole derivative has a norm of
# 8.7<!-- ×2 printed: bias 1, seed 0: [7] -->, several thousand times as much. So the memory of *this* network does
# not rest in the cells. It runs in circles through $h$, the gates and the weight matrices, as in a vanilla RNN
# that has found a matrix with an eigenvalue near one. (4.9) is one path among many: an open one makes
# learning easy, a closed one does not make it impossible, and a look at the gates alone does not tell where
# a network keeps what it knows.

# %% [markdown]
# ## Experiment: sea temperatures, with honest lines
#
# `elnino_sst` holds the temperature of the sea off Peru for each of the 732 months of 1950 to 2010. The
# seasons are most of it, so we subtract each calendar month's mean over 1950 to 1980 and forecast what
# is left, the anomaly, one month ahead. Your LSTM (12 units) reads the anomaly and the season as sine
# and cosine, and predicts the *change* to the next month. It learns on 1950 to 1980; the ten years after
# choose when to stop; 1991 to 2010 are looked at once.
#
# A forecast means nothing without something to compare it with. Four lines need no network at all:
# the last temperature again, the calendar month's mean, the last anomaly again, and an
# autoregression on the last two anomalies and the season, which least squares fits in a millisecond.
#
# What to see: learning by heart sets in within a hundred steps, and both forecasts run a month behind the event of
# 1997. The lower row is a warning: during the event the forget gates of the trained network leave their usual
# rhythm, and beside them stand those of the same network *before* its first training step.
#
# This takes about 6 s on one core.

# %% tags=["experiment"]
import seqdata


def fit_climate(sst):
    """Monthly means of the training years, the anomalies in units of their deviation, that unit."""
    early, month = sst.temperature[sst.train], sst.month[sst.train]
    means = np.array([early[month == m].mean() for m in range(1, 13)])[sst.month - 1]
    unit = (sst.temperature - means)[sst.train].std()
    return means, (sst.temperature - means) / unit, unit


def autoregression(anomaly, season, train, lags=2):
    """Forecasts of every month from `lags` anomalies and the season, fitted on the training years."""
    t = np.arange(lags, len(anomaly))
    past = [anomaly[t - k] for k in range(1, lags + 1)]
    design = np.column_stack([*past, np.ones(len(t)), season[t]])
    fit = t < train.stop
    weights, *_ = np.linalg.lstsq(design[fit], anomaly[t][fit], rcond=None)
    return np.concatenate([np.zeros(lags), design @ weights])


def lstm_forecast(inputs, params, readout):
    """One-month-ahead forecasts of all months in one pass, and the forget gates on the way."""
    zero = np.zeros((1, len(params["bf"])))
    h, _, _ = lstm_forward(inputs[None], zero, zero, params)
    ahead = inputs[:, 0] + (h[0] @ readout["Why"].T + readout["by"])[:, 0]
    return np.concatenate([[0.0], ahead[:-1]])


def train_forecaster(inputs, unit, sst, seed, H=12, N=32, T=36, steps=250, rate=5e-3):
    """Train on windows of T months; return the best parameters and the error curves in degrees."""
    rng = np.random.default_rng(seed)
    params = init_lstm(inputs.shape[1], H, seed)
    readout = {"Why": 0.1 * rng.normal(size=(1, H)), "by": np.zeros(1)}
    cell_moments, readout_moments, curve, best = {}, {}, [], (np.inf, params, readout)
    warm_up, zero = 6, np.zeros((N, H))
    bar = progress(range(1, steps + 1), f"forecaster, seed {seed}")
    for step in bar:
        rows = rng.integers(sst.train.stop - T, size=N)[:, None] + np.arange(T)
        h, _, cache = lstm_forward(inputs[rows], zero, zero, params)
        change = inputs[rows + 1, 0] - inputs[rows, 0]
        error = (h @ readout["Why"].T)[..., 0] + readout["by"] - change
        error[:, :warm_up] = 0.0  # the first months of a window have no past to go by
        slope = 2 * error / (N * (T - warm_up))
        _, _, _, grads = lstm_backward(slope[..., None] * readout["Why"], zero, cache)
        adam_update(params, cell_moments, clip_by_global_norm(grads, 1.0)[0], step, rate)
        readout_grads = {
            "Why": np.einsum("nt,nth->h", slope, h)[None],
            "by": slope.sum(keepdims=True)[0],
        }
        adam_update(readout, readout_moments, readout_grads, step, rate)
        if step % 10 == 0:
            off = unit * np.abs(lstm_forecast(inputs, params, readout) - inputs[:, 0])
            train_error, held_out_error = (
                off[12 : sst.train.stop].mean(),
                off[sst.validation].mean(),
            )
            curve.append((step, train_error, held_out_error))
            if held_out_error < best[0]:
                best = held_out_error, dict(params), dict(readout)
            bar.report(train=train_error, held_out=held_out_error)
    return best[1], best[2], np.array(curve)


def gates_of_all_months(inputs, params):
    """Forget gates (732, H) on one pass through all months."""
    zero = np.zeros((1, len(params["bf"])))
    return forget_gates(inputs[None], zero, zero, params)[0]


if __name__ == "__main__":
    sst = seqdata.elnino_sst()
    temperature = sst.temperature
    means, anomaly, unit = fit_climate(sst)
    angle = 2 * np.pi * sst.month / 12
    season = np.column_stack([np.sin(angle), np.cos(angle)])
    inputs = np.column_stack([anomaly, season])
    started = time.perf_counter()
    runs = [train_forecaster(inputs, unit, sst, seed) for seed in (0, 1)]
    forecasts = {
        "last temperature again": np.concatenate([[0.0], temperature[:-1]]),
        "calendar month's mean": means,
        "last anomaly again": means + unit * np.concatenate([[0.0], anomaly[:-1]]),
        "linear autoregression": means + unit * autoregression(anomaly, season, sst.train),
    }
    for seed, (params, readout, _) in enumerate(runs):
        forecasts[f"LSTM, seed {seed}"] = means + unit * lstm_forecast(inputs, params, readout)
    print(
        f"mean absolute error 1991-2010, in degrees Celsius ({time.perf_counter() - started:.0f} s)"
    )
    for name, forecast in forecasts.items():
        print(f"  {name:24s} {np.abs(forecast - temperature)[sst.test].mean():.3f}")

    params, _, curve = runs[0]
    gates = gates_of_all_months(inputs, params)
    gates_before = gates_of_all_months(inputs, init_lstm(inputs.shape[1], 12, 0))
    stopped = curve[curve[:, 2].argmin(), 0]
    alike = np.corrcoef(gates.ravel(), gates_before.ravel())[0, 1]
    print(f"seed 0 was stopped at step {stopped:.0f} of 250")
    print(f"correlation of its forget gates with those before training: {alike:.2f}")
    years = sst.year + (sst.month - 1) / 12
    shown = (sst.year >= 1995) & (sst.year <= 2001)
    figure, ((left, middle), gate_panels) = plt.subplots(2, 2, figsize=(12, 7))
    left.plot(curve[:, 0], curve[:, 1], label="1950-1980 (training)")
    left.plot(curve[:, 0], curve[:, 2], label="1981-1990 (held out)")
    left.set(title="while training", xlabel="training step", ylabel="mean absolute error in °C")
    left.legend()
    middle.plot(years[shown], (temperature - means)[shown], label="observed")
    for name in ("LSTM, seed 0", "linear autoregression"):
        middle.plot(years[shown], (forecasts[name] - means)[shown], label=name)
    middle.set(title="one month ahead", xlabel="year", ylabel="anomaly in °C")
    middle.legend()
    extent = (years[shown][0], years[shown][-1], gates.shape[1] - 0.5, -0.5)
    titles = (f"forget gates at step {stopped:.0f}, seed 0", "forget gates before training, seed 0")
    for panel, values, title in zip(gate_panels, (gates, gates_before), titles, strict=True):
        plots.heat_map(panel, values[shown].T, "$f_t$", extent=extent)
        panel.set(title=title, xlabel="year", ylabel="unit")
    plt.show()
    print(
        "See: the curves part within 100 steps; forecasts lag; the gates are nearly those of the start."
    )

# %% [markdown]
# The LSTM beats the last temperature and the calendar month by far, and does about as well as the last
# anomaly. It does not beat the two-lag line. That is no defect of the cell: the anomaly is close to a
# linear process with a short memory, and 372 months are few examples for some 800 weights. The left panel shows
# what the spare capacity is used for instead: with every further step the network knows the training years better
# and the following decade worse. Gates pay where *when* to keep something depends on the input.
#
# It is tempting to read the gates of 1997 as "the network has learnt to let go of the old state". It has not. The
# held-out decade stopped it at step 20<!-- ±20 printed: seed 0 was stopped at step [1] -->, and its gates have a
# correlation of 0.90<!-- ±0.08 printed: correlation of its forget gates --> with the ones it was born with. A
# random gate that reads an unusual input takes an unusual value: that is all the picture shows. Before you explain
# what a network has learnt, look at the same picture without the learning.

# %% [markdown]
# ## What to take away
#
# - A cell entry is scaled by a gate and added to, (4.5). Its direct derivative is a product of forget
#   gates, (4.9), without a weight matrix and without the slope of a tanh.
# - Gates near 1 carry a gradient across hundreds of steps. The network has to *learn* to hold them there,
#   and a raised forget bias lets it start close by.
# - This tames vanishing. It is no guarantee, and exploding gradients still call for clipping.
# - Backwards, $c_t$ collects from two sides, $h_{t-1}$ and $x_t$ from four.
# - Gate orders, joined or split weights and one bias or two are conventions. Compare numbers, not shapes.

# %% [markdown]
# ## Papers
#
# - Hochreiter, S., Schmidhuber, J. (1997). *Long Short-Term Memory*. Neural Computation 9 (8), 1735–1780.
#   [doi:10.1162/neco.1997.9.8.1735](https://doi.org/10.1162/neco.1997.9.8.1735). The cell without a forget gate; the
#   tasks of its experiments are still used.
# - Gers, F. A., Schmidhuber, J., Cummins, F. (2000). *Learning to Forget: Continual Prediction with LSTM*. Neural
#   Computation 12 (10), 2451–2471. [doi:10.1162/089976600300015015](https://doi.org/10.1162/089976600300015015). The
#   forget gate, and streams in which a cell without it drifts away.
# - Jozefowicz, R., Zaremba, W., Sutskever, I. (2015). *An Empirical Exploration of Recurrent Network Architectures*.
#   ICML. [PMLR 37](https://proceedings.mlr.press/v37/jozefowicz15.html). A search through thousands of cells; a
#   forget bias of 1 closes most of the gap between LSTM and GRU.
# - Greff, K., Srivastava, R. K., Koutník, J., Steunebrink, B. R., Schmidhuber, J. (2017). *LSTM: A Search Space
#   Odyssey*. IEEE Transactions on Neural Networks and Learning Systems 28 (10), 2222–2232.
#   [doi:10.1109/TNNLS.2016.2582924](https://doi.org/10.1109/TNNLS.2016.2582924). Eight variants compared: forget gate
#   and output squashing matter most.
# - He, K., Zhang, X., Ren, S., Sun, J. (2015). *Deep Residual Learning for Image Recognition*.
#   [arXiv:1512.03385](https://arxiv.org/abs/1512.03385). The same sum, through depth in place of time.
# - Beck, M., et al. (2024). *xLSTM: Extended Long Short-Term Memory*. NeurIPS.
#   [arXiv:2405.04517](https://arxiv.org/abs/2405.04517). The cell of today: exponential gates, matrix memory, and
#   layers that can be trained in parallel.
#
# **Up next:** Chapter 5, which asks how much of the LSTM is needed.

# %% [markdown]
# ## Practice
#
# Click on an option: it says why it is right or wrong. These questions earn no points, so try as many options as
# you like; `seqlab quiz` asks them in a terminal.

# %% [markdown]
# #### Practice 1
# What is it about the LSTM that keeps gradients from vanishing over many steps?
#
# - [ ] Its logistic functions are steeper than tanh, so each step shrinks it less
#   > It is the other way round: the logistic function's slope is at most 1/4, tanh's at most 1.
# - [ ] Its gradients are scaled up whenever their norm falls below a threshold
#   > Clipping only ever scales down, and scaling a rounded-away signal up restores nothing.
# - [x] Its cell is updated by adding, scaled by a forget gate that can stay near 1
#   > The factor of a step is the forget gate, and the network can learn to hold it near 1.
# - [ ] Its four layers have four times the parameters, so more gradient comes back
#   > The number of parameters says nothing about how a gradient changes from step to step.

# %% [markdown]
# #### Practice 2
# For some entry, $f_t = 1$ and $i_t = 0$ hold exactly at every step of a sequence. What is true?
#
# - [x] Its $c_T$ is equal to its $c_0$, whatever the inputs of the sequence were
#   > (4.5) then reads c_t = c_{t−1}. No input can reach the entry.
# - [ ] Its $h_T$ is equal to its $h_0$, whatever the inputs of the sequence were
#   > The hidden state still depends on the output gate, which the inputs do change.
# - [ ] Its $c_T$ is equal to 1, since the forget gate multiplies it up to that
#   > Multiplying by 1 leaves the entry where it was; it does not pull it towards 1.
# - [ ] Its $c_T$ is equal to 0, since nothing was written at any step of the sequence
#   > Nothing was written, but nothing was erased either: the initial value is still there.

# %% [markdown]
# #### Practice 3
# All biases of a new LSTM are 0 and its weights are small. About how large is the direct path (4.9) over 20
# steps, and what would change it most?
#
# - [ ] About 1; nothing has to change, as the update is additive
#   > The update is additive, but its factor is the gate, and a gate with pre-activation 0 is 0.5.
# - [x] About $10^{-6}$; starting the forget bias at a positive value
#   > 0.5 to the power 20 is about 1e-6, and a positive forget bias moves the 0.5 towards 1.
# - [ ] About $10^{-6}$; starting the input bias at some positive value
#   > The size is right, but the input gate does not occur in (4.9).
# - [ ] About $10^{6}$; clipping the gradient at a moderate threshold
#   > A product of gates can never exceed 1, so the direct path alone cannot explode.

# %% [markdown]
# #### Practice 4
# In `lstm_step_backward` the loss reads only $h_t$, so `dc` is all zeros. Which statement holds?
#
# - [ ] No gradient enters the cell, so that `dc_prev` is all zeros as well
#   > The cell is also reached through the hidden state, see (4.7).
# - [ ] Only the output gate's layer gets a gradient, as $o_t$ alone forms $h_t$
#   > The output gate scales tanh(c), so whatever formed c is involved as well.
# - [ ] The gradient for $c_{t-1}$ is that for $h_t$, multiplied by $f_t$ alone
#   > On the way from h to the cell lie an output gate and a tanh, and both leave a factor.
# - [x] The cell gets a gradient through $h_t$, and so do all four layers
#   > (4.7) has a second term, and everything that formed the cell gets its share of it.

# %% [markdown]
# #### Practice 5
# You copy trained weights from a library that orders the blocks $i, f, g, o$ into code that expects $f, i, o, g$,
# without reordering. What happens?
#
# - [ ] It stops with a shape error, as the blocks differ in size
#   > All four blocks have the same shape, which is just why the mistake goes unnoticed.
# - [x] It runs without an error, and what it computes is different
#   > Roles are exchanged, forget for input and so on, and no shape gives it away.
# - [ ] It gives equal outputs, since hidden units are interchangeable
#   > Units may be permuted consistently, but gates play different roles in (4.5) and (4.6).
# - [ ] It gives other states at first, and the error fades with time
#   > The exchanged gates act at every single step, so nothing fades.

# %% [markdown]
# ## Quiz
#
# The questions `q1`, `q2` and `q3` earn points. Work each one out, on paper or with the functions that you wrote, and
# put the answer into the cell at the end, as text. A number may be written as "0.5", "1/2" or "5e-1"; the check
# below the cell looks at the form of the answers, and grading says which are right.

# %% [markdown]
# #### q1
# A cell of one unit starts at $c_0 = 2$. Its forget gates in three steps are $0.9, 0.5, 0.9$, its input gates
# $0.2, 0.8, 0.1$, its candidates $0.8, -0.5, 0.4$, and its last output gate is $0.5$. What is $h_3$?
#
# *Answer: a number, to within 0.001.*

# %% [markdown]
# #### q2
# All weights of the forget gate are 0. Which forget bias leaves exactly one half of the direct path (4.9) over 50
# steps?
#
# *Answer: a number, to within 0.01.*

# %% [markdown]
# #### q3
# An LSTM as in (4.1) to (4.6) reads $D = 24$ features and has 2,624 parameters, biases included. What is $H$?
#
# *Answer: a whole number.*

# %% nbgrader={"grade": false, "grade_id": "quiz_answers", "locked": false, "schema_version": 3, "solution": true, "task": false}
quiz_answers = {
    "q1": "",  # a number
    "q2": "",  # a number
    "q3": "",  # a whole number
}
### BEGIN SOLUTION
quiz_answers = {"q1": "0.2547", "q2": "4.271", "q3": "16"}
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_quiz_answers", "locked": true, "points": 10, "schema_version": 3, "solution": false, "task": false}
# %check quiz_answers
