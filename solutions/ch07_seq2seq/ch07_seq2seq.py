# ---
# jupyter:
#   course:
#     libraries: torch
#     title: Encoder and decoder
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
# # Chapter 7 · Encoder and decoder
#
# The tagger of Chapter 6 gives one output per input. A translation, a summary, an answer does not:
# its length is its own, and its third word need not have anything to do with the third word that
# was read. The way out uses two networks. The *encoder* reads the whole source and leaves a vector
# behind, the *decoder* starts from that vector and writes until it decides to stop.
#
# You build that pair, train it with the true previous token as input, decode with it greedily and
# with a beam, and find out where it breaks: at the single vector in the middle. The repair is
# attention. At the end both versions learn to pronounce English words, and you can look at which
# letters the second one reads for which sound.
#
# From here on gradients come from automatic differentiation. What you wrote by hand in Chapters 2
# to 6 is what happens inside `loss.backward()`; what remains your job is not to cut the path that
# the gradient takes.
#
# At the end of the chapter you can
#
# - build an encoder and a decoder, with attention and without;
# - train with the true prefix and decode greedily or with a beam;
# - say where the bottleneck hurts, and show it.
#
# Assumed:
#
# - linear algebra: matrix products in batches;
# - backpropagation: what `loss.backward()` does, Chapters 1 and 2;
# - optimisation: Adam and clipping, as tools.
#
# Time: about three and a half hours. The functions of other chapters are not needed.

# %%
# No module named 'torch'? In a cell of its own: %pip install torch==2.13.0
# On Linux that is 3 GB; https://pytorch.org/get-started/locally/ has a build of 0.2 GB (choose CPU).
import math

import torch

# %% nbgrader={"grade": false, "grade_id": "load_seqlab", "locked": true, "schema_version": 3, "solution": false, "task": false}
# No module named 'seqlab'? In a cell of its own: %pip install ../seqlab ../../datasets
# Then choose "Restart Kernel" and begin again from the top.
# %load_ext seqlab

# %% [markdown]
# ## Two networks and a vector between them
#
# Source tokens $x_1, \dots, x_S$ and target tokens $y_1, \dots, y_T$ are ids, each of which selects
# a row of an embedding table, $e^{\text{src}}(x)$ or $e^{\text{tgt}}(y)$. The encoder is the
# recurrence of Chapter 2:
#
# $$h_t = \tanh\!\left(W_{xh}\, e^{\text{src}}(x_t) + W_{hh}\, h_{t-1} + b_h\right), \qquad h_0 = 0 \tag{7.1}$$
#
# $$c = h_S \tag{7.2}$$
#
# $c$ is the *context*. The decoder starts in it, and reads it again at every step, next to its own
# state and to the token before:
#
# $$s_t = \tanh\!\left(W_s\, s_{t-1} + W_y\, e^{\text{tgt}}(y_{t-1}) + W_c\, c + b_s\right), \qquad s_0 = c,
# \quad y_0 = \texttt{bos} \tag{7.3}$$
#
# $$\text{logits}_t = W_o\, s_t + b_o, \qquad p(y_t \mid y_{<t}, x) = \operatorname{softmax}(\text{logits}_t)_{y_t} \tag{7.4}$$
#
# Everything that passes from left to right goes through the one circle in the middle.
#
# ![An encoder with the states h1, h2, h3, the context c, and a decoder with the states s1, s2, s3 that starts in c, reads c and the token before at every step, and writes y1, y2, eos.](figures/bottleneck.svg)
#
# Two tokens of the target vocabulary have a job. `bos` stands where there is no previous token yet;
# `eos` is what the decoder writes to end. Since every factor is conditioned on all earlier tokens,
# their product is a distribution over whole sequences (as long as the decoder does stop):
#
# $$p(y \mid x) = \prod_{t=1}^{T} p(y_t \mid y_{<t}, x) \tag{7.5}$$
#
# | array | shape | |
# |---|---|---|
# | `E_src`, `E_tgt` | `(Vs, D)`, `(Vt, D)` | embeddings, one row per token |
# | `Wxh`, `Whh`, `bh` | `(H, D)`, `(H, H)`, `(H,)` | encoder |
# | `Ws`, `Wy`, `Wc`, `bs` | `(H, H)`, `(H, D)`, `(H, H)`, `(H,)` | decoder |
# | `Wo`, `bo` | `(Vt, H)`, `(Vt,)` | output |
#
# Everything is a `torch.Tensor`, batch-first, and all parameters lie in one dict. They may be of
# either float width, so a tensor that you create yourself should take its dtype from them: the
# checks use float64, the experiment float32.

# %% [markdown]
# ## A worked example
#
# One unit, one feature, and the round values $\tanh(\ln 2) = 0.6$ and $\tanh(\ln 3) = 0.8$.
#
# *Encoder.* $W_{xh} = 1$, $W_{hh} = 0.5$, $b_h = 0$, and the embeddings $\ln 2$ of token 1 and
# $\ln 3 - 0.3$ of token 2. The source $(1, 2)$ gives $h_1 = \tanh(\ln 2) = 0.6$ and
# $h_2 = \tanh(0.3 + \ln 3 - 0.3) = 0.8$, so $c = 0.8$.
#
# *Decoder.* $W_s = 0.5$, $W_y = 1$, $W_c = 0.25$, $b_s = 0$; target embeddings $\ln 2 - 0.6$ of
# `bos` (id 0) and $\ln 3 - 0.5$ of token 2; $W_o = (0, 5, -5)^\top$ and
# $b_o = (0, -3.5, 3.5)^\top$. With `eos` = 1:
#
# | $t$ | reads | $W_s s_{t-1}$ | $W_y e$ | $W_c c$ | $s_t$ | logits | argmax |
# |---|---|---|---|---|---|---|---|
# | 1 | `bos` | $0.4$ | $\ln 2 - 0.6$ | $0.2$ | $0.6$ | $(0, -0.5, 0.5)$ | 2 |
# | 2 | 2 | $0.3$ | $\ln 3 - 0.5$ | $0.2$ | $0.8$ | $(0, 0.5, -0.5)$ | 1 = `eos` |
#
# Left to itself the decoder writes $(2, 1)$ and is done. The visible checks begin with these
# numbers.

# %% [markdown]
# ## The encoder
#
# ### Exercise 7.1 · `encode`
# **15 min · ●●○**
#
# Equations (7.1) and (7.2) for a batch of sources of different length. In (7.2) $h_S$ is the state
# after the *last valid* step of each row, not the last column. Past a length the states are zero; a
# row of length 0 has the context $h_0$. The padding holds ids of the vocabulary, any of them and not always
# the same one. It influences no result and no gradient.


# %% nbgrader={"grade": false, "grade_id": "encode", "locked": false, "schema_version": 3, "solution": true, "task": false}
def encode(tokens, lengths, params):
    """Read a batch of source sequences, equations (7.1) and (7.2).

    Args:
        tokens: source ids, int64, shape (N, S); ids of the vocabulary, any of them in the padding.
        lengths: number of valid steps of each row, int64, shape (N,), each from 0 to S.
        params: dict with E_src (Vs, D), Wxh (H, D), Whh (H, H), bh (H,).

    Returns:
        states: shape (N, S, H), zero past each length.
        context: state after the last valid step, shape (N, H).
    """
    ### BEGIN SOLUTION
    S = tokens.shape[1]
    valid = torch.arange(S) < lengths[:, None]
    x = params["E_src"][tokens]
    h = x.new_zeros(x.shape[0], params["bh"].shape[0])
    states = []
    for t in range(S):
        step = torch.tanh(x[:, t] @ params["Wxh"].T + h @ params["Whh"].T + params["bh"])
        h = torch.where(valid[:, t, None], step, h)
        states.append(torch.where(valid[:, t, None], step, 0.0))
    return torch.stack(states, dim=1), h
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_encode", "locked": true, "points": 9, "schema_version": 3, "solution": false, "task": false}
# %check encode

# %% [markdown]
# ## The decoder
#
# ### Exercise 7.2 · `decoder_step`
# **10 min · ●○○**
#
# One step of (7.3) and (7.4) for a batch of previous tokens. Three of the four terms inside the
# $\tanh$ are matrix products, two of them with square matrices of the same shape; none of that
# fails loudly when confused.


# %% nbgrader={"grade": false, "grade_id": "decoder_step", "locked": false, "schema_version": 3, "solution": true, "task": false}
def decoder_step(y_prev, s_prev, context, params):
    """Compute one step of the decoder, equations (7.3) and (7.4).

    Args:
        y_prev: ids of the tokens before, int64, shape (N,).
        s_prev: state before this step, shape (N, H).
        context: what the decoder knows of the source, shape (N, H).
        params: dict with E_tgt (Vt, D), Ws (H, H), Wy (H, D), Wc (H, H), bs (H,), Wo (Vt, H), bo (Vt,).

    Returns:
        logits: scores of the next token, shape (N, Vt).
        s: state after this step, shape (N, H).
    """
    ### BEGIN SOLUTION
    s = torch.tanh(
        s_prev @ params["Ws"].T
        + params["E_tgt"][y_prev] @ params["Wy"].T
        + context @ params["Wc"].T
        + params["bs"]
    )
    return s @ params["Wo"].T + params["bo"], s
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_decoder_step", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
# %check decoder_step

# %% [markdown]
# ## Teacher forcing
#
# In training, $y_{t-1}$ of (7.3) is the *true* previous token. Every factor of (7.5) is then the
# probability that the maximum likelihood objective asks for, and one bad guess does not spoil the
# steps behind it. The price shows later: when the model runs on its own it reads what it wrote
# itself, and after a mistake it is in a place where training never took it. That mismatch is called
# *exposure bias*. How much it hurts depends on the task. Short outputs with few ways to go wrong
# hardly notice.
#
# ### Exercise 7.3 · `shift_right`
# **5 min · ●○○**
#
# The decoder's inputs under teacher forcing: at step $t$ the target of step $t-1$, and `bos` at the
# first. The targets themselves are still needed for the loss.


# %% nbgrader={"grade": false, "grade_id": "shift_right", "locked": false, "schema_version": 3, "solution": true, "task": false}
def shift_right(targets, bos):
    """Make decoder inputs from targets.

    Args:
        targets: target ids, int64, shape (N, T).
        bos: id of the token that stands before the first one, int.

    Returns:
        ids, int64, shape (N, T): `bos`, then the targets without their last.
    """
    ### BEGIN SOLUTION
    return torch.cat([torch.full_like(targets[:, :1], bos), targets[:, :-1]], dim=1)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_shift_right", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# %check shift_right

# %% [markdown]
# ### Exercise 7.4 · `decode_teacher_forced`
# **10 min · ●○○**
#
# Run the decoder over the shifted targets, from $s_0 = c$. The context goes into every step
# unchanged, the state does not.


# %% nbgrader={"grade": false, "grade_id": "decode_teacher_forced", "locked": false, "schema_version": 3, "solution": true, "task": false}
def decode_teacher_forced(targets, context, params, bos):
    """Score every target step with the true tokens as inputs, equations (7.3) and (7.4).

    Args:
        targets: target ids, int64, shape (N, T).
        context: shape (N, H); also the initial state.
        params: dict with the decoder's and the output's arrays, as for `decoder_step`.
        bos: id that the first step reads, int.

    Returns:
        logits: shape (N, T, Vt).
    """
    ### BEGIN SOLUTION
    inputs = shift_right(targets, bos)
    s, logits = context, []
    for t in range(inputs.shape[1]):
        scores, s = decoder_step(inputs[:, t], s, context, params)
        logits.append(scores)
    return torch.stack(logits, dim=1)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_decode_teacher_forced", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
# %check decode_teacher_forced

# %% [markdown]
# ## Writing alone
#
# ### Exercise 7.5 · `decode_greedy`
# **15 min · ●●○**
#
# Nobody supplies targets now: each step takes the token with the highest score, the smaller id
# where scores tie, and feeds it to the next. A row that has written `eos` is finished and is filled
# up with `eos`, while the other rows of the batch go on. The result always has `max_length`
# columns.


# %% nbgrader={"grade": false, "grade_id": "decode_greedy", "locked": false, "schema_version": 3, "solution": true, "task": false}
def decode_greedy(context, params, bos, eos, max_length):
    """Write the most probable token of each step and read it at the next.

    Args:
        context: shape (N, H); also the initial state.
        params: dict with the decoder's and the output's arrays, as for `decoder_step`.
        bos: id that the first step reads, int.
        eos: id that ends a sequence, int.
        max_length: number of columns of the result, at least 1.

    Returns:
        ids, int64, shape (N, max_length), without `bos`; from the first `eos` of a row on, all `eos`.
    """
    ### BEGIN SOLUTION
    y = torch.full((context.shape[0],), bos, dtype=torch.int64)
    finished = torch.zeros(context.shape[0], dtype=torch.bool)
    s, tokens = context, []
    for _ in range(max_length):
        logits, s = decoder_step(y, s, context, params)
        y = torch.where(finished, eos, logits.argmax(dim=-1))
        finished = finished | (y == eos)
        tokens.append(y)
    return torch.stack(tokens, dim=1)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_decode_greedy", "locked": true, "points": 9, "schema_version": 3, "solution": false, "task": false}
# %check decode_greedy

# %% [markdown]
# ## From the teacher's hand to its own
#
# Scheduled sampling tries to soften exposure bias. At training step $i$ the decoder reads the truth
# with probability $\varepsilon_i$ and its own previous guess otherwise, where $\varepsilon_i$ falls
# to zero along a schedule with a constant $k > 0$. The first two begin at 1, the third at $k / (k + 1)$, which is
# about 1 for the large $k$ that it is made for:
#
# $$\varepsilon_i^{\text{linear}} = \max\!\left(0,\; 1 - \frac{i}{k}\right), \qquad
# \varepsilon_i^{\text{exponential}} = k^{\,i} \quad (k \le 1), \qquad
# \varepsilon_i^{\text{inverse sigmoid}} = \frac{k}{k + e^{\,i/k}} \tag{7.6}$$
#
# By hand: with $k = 10$ and $i = 4$ the linear schedule gives $0.6$; with $k = 0.5$ and $i = 3$ the
# exponential one $0.125$; with $k = 1$ and $i = 0$ the inverse sigmoid $0.5$.
#
# Two reservations. The loss still compares step $t$ with the true $y_t$, even where the prefix it
# was asked to continue is no longer the true one, so in the limit $\varepsilon \to 0$ the objective
# does not rank the true distribution first. And the choice of a token is a step function: no
# gradient passes through it, so the model is never told that an earlier choice made a later one
# harder. It has helped in practice on some tasks. It is a heuristic.
#
# ### Exercise 7.6 · `scheduled_sampling_rate`
# **10 min · ●○○**
#
# Equation (7.6). After a million steps the answer is still a number, not an overflow. A name that
# is none of the three is a `ValueError` that names `schedule`.


# %% nbgrader={"grade": false, "grade_id": "scheduled_sampling_rate", "locked": false, "schema_version": 3, "solution": true, "task": false}
def scheduled_sampling_rate(step, schedule, k):
    """Return the probability of feeding the truth at a training step, equation (7.6).

    Args:
        step: training step, int, at least 0.
        schedule: "linear", "exponential" or "inverse_sigmoid".
        k: constant of the schedule, above 0, and at most 1 for "exponential".

    Returns:
        float from 0 to 1.

    Raises:
        ValueError: naming `schedule`, for another name.
    """
    ### BEGIN SOLUTION
    if schedule == "linear":
        return max(0.0, 1.0 - step / k)
    if schedule == "exponential":
        return float(k) ** step
    if schedule == "inverse_sigmoid":
        # Both sides of the fraction times e^(-step/k), which can only underflow.
        decayed = k * math.exp(-step / k)
        return decayed / (decayed + 1.0)
    raise ValueError(f"unknown schedule {schedule!r}")
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_scheduled_sampling_rate", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
# %check scheduled_sampling_rate

# %% [markdown]
# ### Exercise 7.7 · `decode_scheduled`
# **15 min · ●●○**
#
# Teacher forcing where, row by row and step by step, `use_truth` decides what is read. Mind which
# column belongs to which step: the entry of column $t$ (counted from 0) says what the input *of*
# column $t$ is. The first step has no choice, whatever stands there. The choice carries no
# gradient, the states carry theirs as before.


# %% nbgrader={"grade": false, "grade_id": "decode_scheduled", "locked": false, "schema_version": 3, "solution": true, "task": false}
def decode_scheduled(targets, context, params, bos, use_truth):
    """Decode with a mixture of true and self-generated inputs.

    Args:
        targets: target ids, int64, shape (N, T).
        context: shape (N, H); also the initial state.
        params: dict with the decoder's and the output's arrays, as for `decoder_step`.
        bos: id that the first step reads, int.
        use_truth: bool, shape (N, T); the input of step t > 0 is `targets[:, t-1]` where `use_truth[:, t]`,
            else the argmax of `logits[:, t-1]`. Column 0 is not used.

    Returns:
        logits: shape (N, T, Vt).
    """
    ### BEGIN SOLUTION
    inputs = torch.full_like(targets[:, 0], bos)
    s, logits = context, []
    for t in range(targets.shape[1]):
        if t > 0:
            inputs = torch.where(use_truth[:, t], targets[:, t - 1], logits[-1].argmax(dim=-1))
        scores, s = decoder_step(inputs, s, context, params)
        logits.append(scores)
    return torch.stack(logits, dim=1)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_decode_scheduled", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false}
# %check decode_scheduled

# %% [markdown]
# ## The loss
#
# The negative logarithm of (7.5), averaged over the set $\mathcal{M}$ of positions whose target is
# no padding:
#
# $$L = -\frac{1}{|\mathcal{M}|} \sum_{(n,t) \in \mathcal{M}} \log \operatorname{softmax}(\text{logits}_{n,t})_{y_{n,t}} \tag{7.7}$$
#
# By hand: for the logits $(\ln 3, 0)$ and the target 1 the loss is $\ln 4$. A second position with
# the target `pad` leaves it at $\ln 4$; a second position with equal logits makes it
# $(\ln 4 + \ln 2)/2$.
#
# ### Exercise 7.8 · `sequence_cross_entropy`
# **10 min · ●●○**
#
# Equation (7.7), as a 0-d tensor. The value of `pad` may be any int: a token of the vocabulary, or
# $-1$. What the logits are at a padded position has no influence on the loss or on a gradient, not
# even if they are NaN. With no position left, the loss and its gradient are zero. Logits of
# $\pm 10^4$ are in order.


# %% nbgrader={"grade": false, "grade_id": "sequence_cross_entropy", "locked": false, "schema_version": 3, "solution": true, "task": false}
def sequence_cross_entropy(logits, targets, pad):
    """Compute the mean cross-entropy over positions that are no padding, equation (7.7).

    Args:
        logits: shape (N, T, Vt).
        targets: target ids, int64, shape (N, T), `pad` at padded positions.
        pad: the id that marks padding, any int, also one outside the vocabulary.

    Returns:
        0-d tensor; 0 with zero gradient where every target is `pad`.
    """
    ### BEGIN SOLUTION
    valid = targets != pad
    # Selecting comes first: a product with a mask would keep NaN, in the loss or in the gradient.
    log_p = torch.log_softmax(logits[valid], dim=-1)
    picked = log_p.gather(-1, targets[valid][:, None])
    return -picked.sum() / valid.sum().clamp(min=1)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_sequence_cross_entropy", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
# %check sequence_cross_entropy

# %% [markdown]
# ## The bottleneck, and attention
#
# Everything the decoder learns about the source passes through $c$: the same $H$ numbers for a word
# of three letters and for a page. In principle real numbers could encode any amount; what a network
# can store and retrieve at finite precision, with one $\tanh$ per step and the gradients of Chapter
# 3, is limited, and long inputs suffer first. A larger $H$ moves the limit and does not remove it.
#
# Attention keeps all encoder states and lets the decoder look at them anew before every step. A
# small network scores how well state $h_j$ fits what the decoder is about to do; $m_j$ says whether
# position $j$ may be looked at:
#
# $$a_{t,j} = v_a^\top \tanh\!\left(W_a s_{t-1} + U_a h_j\right) \tag{7.8}$$
#
# $$\alpha_{t,j} = \frac{m_j\, e^{a_{t,j}}}{\sum_{i} m_i\, e^{a_{t,i}}}, \qquad c_t = \sum_j \alpha_{t,j}\, h_j \tag{7.9}$$
#
# and (7.3) reads $c_t$ in place of $c$. There are `Wa`, `Ua` of shape `(A, H)` and `va` of shape
# `(A,)` to learn, however long the source is. Gradient reaches $h_1$ directly from every step of
# the decoder, past the whole chain of encoder steps; that helps, too.
#
# By hand, with $H = A = 1$: $W_a = U_a = 1$, $v_a = \ln 3 / 0.6$, $s = -1$, $h_1 = 1 + \ln 2$,
# $h_2 = 1$. The arguments of the $\tanh$ are $\ln 2$ and $0$, the scores $\ln 3$ and $0$, the
# weights $\tfrac34$ and $\tfrac14$, and $c = 1 + \tfrac34 \ln 2 \approx 1.520$. If position 2 is
# masked, the weights are $1$ and $0$, and $c = h_1$.
#
# These are the numbers below, with one more place that is padding; see which arrow is missing.
#
# ![One decoder step: the state s t-1 asks, three encoder states are compared with it, the weights are 3/4, 1/4 and 0 for padding, and the weighted sum c t enters the new state.](figures/attention.svg)

# %% [markdown]
# **See it move.** Two decoders copy the same letters on one clock, one through $c$ alone, one with (7.8) and (7.9).
# Guess first, then look for the lengths and widths at which the fixed vector is good enough. After the next exercise,
# `seqlab.sim("encoder_decoder", step=additive_attention)` draws your weights beside ours (this needs the package
# `anywidget`).

# %% tags=["experiment"]
if __name__ == "__main__":
    import seqlab

    seqlab.sim("encoder_decoder")

# %% [markdown]
# ### Exercise 7.9 · `additive_attention`
# **20 min · ●●●**
#
# Equations (7.8) and (7.9) for a batch. A masked position weighs exactly 0. Where a whole row is
# masked, (7.9) reads $0/0$; weights and context are zero there, and the gradient is finite for
# everyone in the batch. Scores may be in the thousands.


# %% nbgrader={"grade": false, "grade_id": "additive_attention", "locked": false, "schema_version": 3, "solution": true, "task": false}
def additive_attention(s, states, mask, params):
    """Average the encoder states by how well they fit the decoder's state, equations (7.8) and (7.9).

    Args:
        s: state of the decoder, shape (N, H).
        states: states of the encoder, shape (N, S, H), finite everywhere.
        mask: bool, shape (N, S), True where a state may be looked at.
        params: dict with Wa (A, H), Ua (A, H), va (A,).

    Returns:
        context: shape (N, H), zero where a row is masked completely.
        weights: shape (N, S), zero at masked positions.
    """
    ### BEGIN SOLUTION
    queries, keys = s @ params["Wa"].T, states @ params["Ua"].T
    scores = torch.tanh(queries[:, None] + keys) @ params["va"]
    # The lowest finite number, not -inf: the softmax of a row of -inf alone is NaN.
    scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
    weights = torch.softmax(scores, dim=-1) * mask
    return torch.einsum("ns,nsh->nh", weights, states), weights
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_additive_attention", "locked": true, "points": 13, "schema_version": 3, "solution": false, "task": false}
# %check additive_attention

# %% [markdown]
# ### Exercise 7.10 · `decode_with_attention`
# **15 min · ●●○**
#
# Teacher forcing with a fresh context at every step, computed from the state *before* the step. The
# initial state is the encoder's state at the last position that the mask lets through; the mask is
# usually a prefix of the row, but need not be. Return the weights as well, one row per target step.


# %% nbgrader={"grade": false, "grade_id": "decode_with_attention", "locked": false, "schema_version": 3, "solution": true, "task": false}
def decode_with_attention(targets, states, mask, params, bos):
    """Score every target step with the true tokens as inputs and a context per step, (7.3), (7.4), (7.8), (7.9).

    Args:
        targets: target ids, int64, shape (N, T).
        states: states of the encoder, shape (N, S, H), finite everywhere.
        mask: bool, shape (N, S), True where a state may be looked at; the initial state is the one at the last True,
            and zero in a row without any.
        params: dict with the arrays of `decoder_step` and of `additive_attention`.
        bos: id that the first step reads, int.

    Returns:
        logits: shape (N, T, Vt).
        weights: shape (N, T, S).
    """
    ### BEGIN SOLUTION
    inputs = shift_right(targets, bos)
    rank = torch.arange(1, mask.shape[1] + 1)
    last = torch.where(mask, rank, 0).amax(dim=1)  # counted from 1; 0 where all is masked
    s = states[torch.arange(len(last)), last - 1] * (last > 0)[:, None]
    logits, weights = [], []
    for t in range(inputs.shape[1]):
        context, attended = additive_attention(s, states, mask, params)
        scores, s = decoder_step(inputs[:, t], s, context, params)
        logits.append(scores)
        weights.append(attended)
    return torch.stack(logits, dim=1), torch.stack(weights, dim=1)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_decode_with_attention", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false}
# %check decode_with_attention

# %% [markdown]
# ## Looking further than one token
#
# Greedy decoding maximises each factor of (7.5) given the ones before, which does not maximise the
# product. A beam keeps the $B$ best prefixes instead of one. The score of a hypothesis is its total
# log probability, with no correction for its length:
#
# $$\operatorname{score}(y_1, \dots, y_L) = \sum_{t=1}^{L} \log p(y_t \mid y_{<t}, x) \tag{7.10}$$
#
# By hand, with tokens a, b and `eos`:
#
# | read | a | b | `eos` |
# |---|---|---|---|
# | `bos` | $0.5$ | $0.4$ | $0.1$ |
# | a | $0.35$ | $0.25$ | $0.4$ |
# | b | $0.05$ | $0.05$ | $0.9$ |
#
# Greedy writes a, `eos`, with probability $0.5 \cdot 0.4 = 0.2$. A beam of two keeps a and b after
# the first step. Among the six extensions the best is b, `eos` with $0.4 \cdot 0.9 = 0.36$, the
# second best a, `eos` with $0.2$. Both are finished, and the answer is b, `eos`.
#
# A finished hypothesis keeps its place in the beam and its score, until enough better ones push it
# out. A wider beam looks at more, yet nothing guarantees that it returns a better hypothesis than a
# narrower one, as a prefix that would have won can be crowded out. Nor is the most probable
# sequence always the best answer: (7.10) only ever falls with every token, so it favours short
# outputs, and very wide beams make some translation systems worse.
#
# ### Exercise 7.11 · `beam_search`
# **30 min · ●●●**
#
# For one context. At each step the candidates are the finished hypotheses as they are and *all*
# one-token extensions of the unfinished ones; the best `beam_width` of them are kept. Stop when
# everything that is kept is finished, or after `max_length` tokens, and return the best that is
# kept, finished or not. There may be fewer candidates than places.


# %% nbgrader={"grade": false, "grade_id": "beam_search", "locked": false, "schema_version": 3, "solution": true, "task": false}
def beam_search(context, params, bos, eos, beam_width, max_length):
    """Search for a probable output, equation (7.10).

    Args:
        context: shape (1, H); also the initial state.
        params: dict with the decoder's and the output's arrays, as for `decoder_step`.
        bos: id that the first step reads, int.
        eos: id that ends a hypothesis, int.
        beam_width: how many hypotheses are kept, at least 1.
        max_length: longest hypothesis, in tokens, at least 1.

    Returns:
        tokens: the best hypothesis, int64, shape (L,), without `bos`, with its `eos` if it has one.
        log_probability: its score, a float.
    """
    ### BEGIN SOLUTION
    kept = [(0.0, [], context)]  # score, tokens, state after them
    with torch.no_grad():
        for _ in range(max_length):
            candidates = []
            for score, tokens, s in kept:
                if tokens[-1:] == [eos]:
                    candidates.append((score, tokens, s))
                    continue
                y_prev = torch.tensor([tokens[-1] if tokens else bos])
                logits, s_next = decoder_step(y_prev, s, context, params)
                log_p = torch.log_softmax(logits[0], dim=-1).tolist()
                candidates += [(score + p, [*tokens, y], s_next) for y, p in enumerate(log_p)]
            candidates.sort(key=lambda candidate: -candidate[0])
            kept = candidates[:beam_width]
            if all(tokens[-1] == eos for _, tokens, _ in kept):
                break
    score, tokens, _ = kept[0]
    return torch.tensor(tokens, dtype=torch.int64), score
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_beam_search", "locked": true, "points": 20, "schema_version": 3, "solution": false, "task": false}
# %check beam_search

# %% [markdown]
# ## What goes wrong
#
# - **The last column for the last step.** In a batch of ragged sources the final column is padding
#   for most rows. A context taken from there has been through steps on padding. Where the id that
#   pads has a row in the table, nothing crashes, and the model even learns, a little worse.
# - **Targets that see themselves.** If the decoder's input at step $t$ is $y_t$ instead of
#   $y_{t-1}$, the training loss drops to almost nothing and the output of free decoding is garbage.
#   A loss that looks too good is a symptom.
# - **Detached states.** A `.detach()`, a `.data`, a `.item()` or a round trip through numpy in the
#   wrong place leaves all values right and cuts the gradient. Look at `.grad` of every parameter
#   once before a long training run.
# - **Minus infinity.** It is the natural score of a masked position until a row has nothing else.
#   NaN that is overwritten afterwards is gone from the values; in the gradient it may well be there
#   still.
# - **Finished rows.** After its `eos` a row of a batch goes on producing scores. Whatever comes out
#   of them must not reach the result, neither in greedy search nor in a beam.
# - **The wrong length of everything.** Targets need an `eos`, else the model never learns to stop.
#   The first input is `bos` and is no output; `eos` is an output and is never read, except by rows
#   that are done.

# %% [markdown]
# ## Experiment: how is it pronounced?
#
# A pronouncing dictionary has words as letters and as sounds, such as `knight` and `N AY T`. The
# lengths differ, several letters make one sound, one letter makes two, and some make none. The
# network gets 12,000 words of two to twelve letters and is tested on 1,000 others. It is trained
# twice from the same initial weights, with the same batches in the same order: once with the
# context of (7.2), once with attention. The measure is the *phoneme error rate*, the number of
# sounds to insert, delete or replace, divided by the number of sounds.
#
# Both runs together take 25 to 60 seconds on one core.


# %% tags=["experiment"]
EOS, BOS = 1, 2  # ids of the target vocabulary; 0 is padding in both


def to_batch(pairs, letters, sounds):
    """Ids, lengths and padded targets (with their eos) of a list of (word, pronunciation)."""
    pad = torch.nn.utils.rnn.pad_sequence
    sources = [torch.tensor([letters[a] for a in word]) for word, _ in pairs]
    targets = [torch.tensor([*(sounds[p] for p in spoken), EOS]) for _, spoken in pairs]
    lengths = torch.tensor([len(word) for word, _ in pairs])
    return pad(sources, batch_first=True), lengths, pad(targets, batch_first=True)


def initial_parameters(Vs, Vt, D, H, A, seed):
    """Random parameters; recurrent matrices are orthogonal, so that no direction dies out at first."""
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape):
        return torch.randn(shape, generator=generator) / shape[-1] ** 0.5

    params = {
        "E_src": normal(Vs, D),
        "E_tgt": normal(Vt, D),
        "Wxh": normal(H, D),
        "Whh": torch.linalg.qr(normal(H, H))[0],
        "bh": torch.zeros(H),
        "Ws": torch.linalg.qr(normal(H, H))[0],
        "Wy": normal(H, D),
        "Wc": 0.5 * normal(H, H),
        "bs": torch.zeros(H),
        "Wo": normal(Vt, H),
        "bo": torch.zeros(Vt),
        "Wa": normal(A, H),
        "Ua": normal(A, H),
        "va": normal(A),
    }
    return {name: value.requires_grad_() for name, value in params.items()}


def visible(tokens, lengths):
    """Which positions hold a letter."""
    return torch.arange(tokens.shape[1]) < lengths[:, None]


def teacher_forced(tokens, lengths, targets, params, update):
    """Scores of the model with a fixed context, which reads the truth at every step."""
    _, context = encode(tokens, lengths, params)
    return decode_teacher_forced(targets, context, params, BOS)


def attending(tokens, lengths, targets, params, update):
    """Scores of the model with attention, which reads the truth at every step."""
    states, _ = encode(tokens, lengths, params)
    return decode_with_attention(targets, states, visible(tokens, lengths), params, BOS)[0]


def train(params, batches, scores_of, epochs, label):
    """Train on what `scores_of` computes at each update; returns the mean loss of each epoch."""
    optimizer = torch.optim.Adam(params.values(), lr=4e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, 4e-3, total_steps=epochs * len(batches)
    )
    order, curve = torch.Generator().manual_seed(1), []
    with progress(epochs * len(batches), label) as bar:
        for _ in range(epochs):
            total = 0.0
            for i in torch.randperm(len(batches), generator=order).tolist():
                tokens, lengths, targets = batches[i]
                logits = scores_of(tokens, lengths, targets, params, schedule.last_epoch)
                loss = sequence_cross_entropy(logits, targets, 0)
                optimizer.zero_grad()
                loss.backward()
                torch.nn.utils.clip_grad_norm_(params.values(), 1.0)
                optimizer.step()
                schedule.step()
                total += loss.item()
                bar.advance(loss=loss.item())
            curve.append(total / len(batches))
    return curve


def pronounce(tokens, lengths, params, with_attention, max_length=16):
    """Greedy ids (N, max_length), and the weights of attention where it is used."""
    with torch.no_grad():
        states, context = encode(tokens, lengths, params)
        if not with_attention:
            return decode_greedy(context, params, BOS, EOS, max_length), None
        written = torch.zeros(len(tokens), 1, dtype=torch.int64)
        mask = visible(tokens, lengths)
        for _ in range(max_length):
            # The last column is a place-holder: the token in it has not been written yet.
            logits, weights = decode_with_attention(written, states, mask, params, BOS)
            written = torch.cat([written[:, :-1], logits[:, -1:].argmax(-1), written[:, :1]], dim=1)
        return written[:, :-1], weights


def until_eos(ids):
    """The ids before the first eos."""
    ids = ids.tolist()
    return ids[: ids.index(EOS)] if EOS in ids else ids


def edit_distance(a, b):
    """How many insertions, deletions and replacements make b of a."""
    row = list(range(len(b) + 1))
    for i, left in enumerate(a, start=1):
        corner, row[0] = row[0], i
        for j, right in enumerate(b, start=1):
            corner, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, corner + (left != right))
    return row[-1]


if __name__ == "__main__":
    import time

    import matplotlib.pyplot as plt
    import numpy as np

    import seqdata
    from seqlab import plots, progress

    plots.use_style()
    dictionary = seqdata.cmudict_g2p()
    letters = {letter: i for i, letter in enumerate("abcdefghijklmnopqrstuvwxyz", start=1)}
    sounds = {name: i for i, name in enumerate(dictionary.phoneme_names, start=3)}
    words = list(zip(dictionary.train.words, dictionary.train.phonemes, strict=True))
    chosen = torch.randperm(len(words), generator=torch.Generator().manual_seed(0))[:12_000]
    # Words of similar length share a batch, so that little time is spent on padding.
    words = sorted((words[i] for i in chosen.tolist()), key=lambda pair: len(pair[0]))
    batches = [to_batch(words[i : i + 128], letters, sounds) for i in range(0, len(words), 128)]
    held_out = list(zip(dictionary.test.words, dictionary.test.phonemes, strict=True))[:1_000]
    test_tokens, test_lengths, test_targets = to_batch(held_out, letters, sounds)
    spoken = [until_eos(row) for row in test_targets]

    EPOCHS = 8
    trained, errors, curves = {}, {}, {}
    for label, scores_of in (("fixed context", teacher_forced), ("attention", attending)):
        started = time.perf_counter()
        params = initial_parameters(len(letters) + 1, len(sounds) + 3, D=64, H=128, A=64, seed=1)
        curves[label] = train(params, batches, scores_of, EPOCHS, label)
        written, _ = pronounce(test_tokens, test_lengths, params, scores_of is attending)
        trained[label] = params
        errors[label] = [
            edit_distance(until_eos(a), b) for a, b in zip(written, spoken, strict=True)
        ]
        rate = sum(errors[label]) / sum(map(len, spoken))
        right = errors[label].count(0) / len(spoken)
        seconds = time.perf_counter() - started
        print(f"{label}: phoneme error rate {rate:.3f}, words right {right:.3f}, {seconds:.0f} s")

    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 3.6))
    plots.loss_curves(
        left,
        curves,
        guessing=torch.log(torch.tensor(float(len(sounds) + 1))).item(),
        xlabel="epoch",
        ylabel="cross-entropy in nats per sound",
    )
    for k, (label, wrong) in enumerate(errors.items()):
        rates = []
        for length in range(3, 13):
            rows = [n for n in range(len(spoken)) if test_lengths[n] == length]
            rates.append(sum(wrong[n] for n in rows) / sum(len(spoken[n]) for n in rows))
        right.plot(range(3, 13), rates, **plots.series(k, marker=True), label=label)
    right.set(
        title="1,000 test words",
        xlabel="letters in the word",
        ylabel="phoneme error rate",
        ylim=(0, None),
    )
    right.legend()
    plt.show()
    print("To see: attention is ahead at every length, and from six letters on the distance grows.")

# %% [markdown]
# From six letters on the fixed context gets worse with every letter, attention hardly does; the
# shortest words are hard for both. The comparison is fair in data, steps and width, though not in
# parameters or time: attention adds `Wa`, `Ua`, `va` and makes a step dearer. With more width and
# much more training the fixed context improves, too, and the gap shrinks.
#
# The weights of (7.9) say which letters were looked at for which sound. The next cell, a second's
# work, shows them for three words that were not trained on: of those that come out right, the ones
# with the most letters to spare. What to see: a bright band from the upper left to the lower right.
#
# For one word, and sketched by hand, such a map looks like this.
#
# ![A map of the letters of knight against the sounds N, AY, T: N looks at k and n, AY at i, g and h, T at h and t, a band from the upper left to the lower right.](figures/alignment_map.svg)


# %% tags=["experiment"]
if __name__ == "__main__":
    names = {i: name for name, i in sounds.items()} | {EOS: "end"}
    right = [pair for pair, wrong in zip(held_out, errors["attention"], strict=True) if not wrong]
    shown = sorted(right, key=lambda pair: len(pair[1]) - len(pair[0]))[:3]
    tokens, lengths, _ = to_batch(shown, letters, sounds)
    written, weights = pronounce(tokens, lengths, trained["attention"], with_attention=True)
    figure, panels = plt.subplots(1, len(shown), figsize=(11, 4))
    for panel, (word, spelt), ids, row in zip(panels, shown, written, weights, strict=True):
        steps = len(until_eos(ids)) + 1
        last = panel is panels[-1]
        plots.heat_map(panel, row[:steps, : len(word)], "weight of attention", bar=last)
        plots.token_axis(panel, word)
        panel.set_yticks(range(steps), [names[i] for i in ids[:steps].tolist()])
        panel.set(title=f"{word}: {' '.join(spelt)}", xlabel="letter that is looked at")
    panels[0].set_ylabel("sound that is written")
    plt.show()
    print(
        "To see: a band that runs down from left to right. It often falls on the last letter of a group,"
    )
    print(
        "as in `th`: the state there has read the letters before it, and knows nothing of those behind."
    )

# %% [markdown]
# ## Experiment: does a wider beam pronounce better?
#
# The two models above, decoded by your `beam_search` with beams of 1, 2 and 5 hypotheses, on the first 300 test
# words. `beam_search` was written for a fixed context. For the model with attention the cell puts another
# `decoder_step` into its place meanwhile, one that asks your `additive_attention` for a fresh context first; that
# works as long as your `beam_search` calls `decoder_step`. Two things are measured: the score (7.10) of what is
# found, and how many sounds are wrong. Guess first whether both improve.
#
# This takes about 10 s on one core.


# %% tags=["experiment"]
def attending_step(plain_step, states, mask):
    """A `decoder_step` that looks at the encoder's states in place of the context it is given."""

    def step(y_prev, s_prev, context, params):
        rows = len(s_prev)  # a beam may be computed as a batch
        seen, look = states.expand(rows, -1, -1), mask.expand(rows, -1)
        return plain_step(y_prev, s_prev, additive_attention(s_prev, seen, look, params)[0], params)

    return step


if __name__ == "__main__":
    BEAMS, ASKED = (1, 2, 5), 300
    found = {}
    plain_step = decoder_step
    with progress(len(trained) * len(BEAMS) * ASKED, "beams of three widths") as bar:
        for label, params in trained.items():
            for width in BEAMS:
                wrong, scores, right = [], [], 0
                for n in range(ASKED):
                    one = test_lengths[n]
                    with torch.no_grad():
                        states, context = encode(test_tokens[n : n + 1, :one], one[None], params)
                    if label == "attention":
                        all_seen = torch.ones(1, int(one), dtype=torch.bool)
                        decoder_step = attending_step(plain_step, states, all_seen)
                    try:
                        ids, score = beam_search(context, params, BOS, EOS, width, 16)
                    finally:
                        decoder_step = plain_step
                    scores.append(score)
                    wrong.append(edit_distance(until_eos(ids), spoken[n]))
                    bar.advance()
                rate = sum(wrong) / sum(map(len, spoken[:ASKED]))
                found.setdefault(label, []).append(rate)
                print(
                    f"{label}, beam {width}: phoneme error rate {rate:.3f}, mean score {np.mean(scores):.3f}"
                )
    figure, panel = plt.subplots(figsize=(5.5, 3.4))
    for k, (label, rates) in enumerate(found.items()):
        panel.plot(BEAMS, rates, **plots.series(k, marker=True), label=label)
    panel.set(
        title=f"{ASKED} test words",
        xlabel="width of the beam",
        ylabel="phoneme error rate",
        ylim=(0, None),
        xticks=BEAMS,
    )
    panel.legend()
    plt.show()
    print("To see: a wider beam finds higher scores, and here fewer sounds are wrong as well.")

# %% [markdown]
# Here both improve. With the fixed context the error rate falls from 0.41<!-- ±0.05 printed: fixed context, beam 1:
# phoneme error rate [1] --> to 0.37<!-- ±0.05 printed: fixed context, beam 5: phoneme error rate [1] -->, with
# attention from 0.22<!-- ±0.03 printed: attention, beam 1: phoneme error rate [1] --> to 0.20<!-- ±0.03 printed:
# attention, beam 5: phoneme error rate [1] -->. The less sure a model is, the more there is to be found beyond the
# most probable next sound: the mean score rises by a third of a unit in the first model and by a tenth in the
# second. What a beam cannot do is make one model of the other. Five hypotheses of the fixed context are still
# nearly twice as wrong as a single one with attention.

# %% [markdown]
# ## Experiment: does scheduled sampling help here?
#
# The fixed context a third time, from the same initial weights and with the same batches. Now the decoder reads
# the truth with the probability that your `scheduled_sampling_rate` gives for the update, and its own guess
# otherwise, by your `decode_scheduled`. The schedule is the linear one, and ends at 0 with the last update.
#
# This takes about 15 s on one core.

# %% tags=["experiment"]
if __name__ == "__main__":
    started = time.perf_counter()
    coin = torch.Generator().manual_seed(3)
    updates = EPOCHS * len(batches)

    def scheduled(tokens, lengths, targets, params, update):
        """Scores of the model with a fixed context, which reads more and more of what it wrote itself."""
        _, context = encode(tokens, lengths, params)
        rate = scheduled_sampling_rate(update, "linear", updates)
        use_truth = torch.rand(targets.shape, generator=coin) < rate
        return decode_scheduled(targets, context, params, BOS, use_truth)

    params = initial_parameters(len(letters) + 1, len(sounds) + 3, D=64, H=128, A=64, seed=1)
    train(params, batches, scheduled, EPOCHS, "scheduled sampling")
    for label, values in (
        ("teacher forcing", trained["fixed context"]),
        ("scheduled sampling", params),
    ):
        with torch.no_grad():
            logits = teacher_forced(test_tokens, test_lengths, test_targets, values, 0)
            loss = sequence_cross_entropy(logits, test_targets, 0).item()
        written, _ = pronounce(test_tokens, test_lengths, values, with_attention=False)
        wrong = sum(edit_distance(until_eos(a), b) for a, b in zip(written, spoken, strict=True))
        rate = wrong / sum(map(len, spoken))
        print(
            f"{label}: reading the truth, loss {loss:.3f}; reading itself, phoneme error rate {rate:.3f}"
        )
    print(f"({time.perf_counter() - started:.0f} s)")
    print("To see: reading itself in training did not make it better at reading itself.")

# %% [markdown]
# It does not. The model that was weaned from the truth is worse at reading the truth, a loss of 1.20<!-- ±0.15
# printed: scheduled sampling: reading the truth, loss [1] --> against 0.97<!-- ±0.15 printed: teacher forcing:
# reading the truth, loss [1] -->; that was to be expected. But it is no better at reading itself either, 0.43<!--
# ±0.05 printed: scheduled sampling: reading the truth, loss [2] --> against 0.40<!-- ±0.05 printed: teacher
# forcing: reading the truth, loss [2] -->. A pronunciation has six sounds or so, and one that is wrong does not
# lead far astray. In eight passes the model has not finished learning; steps on its own early mistakes are steps
# not spent on the truth. Exposure bias is real, and it is not what this model suffers from: the bottleneck is.
# (Other schedules, later starts and longer training can change the order. You have the functions to try them.)

# %% [markdown]
# ## What to take away
#
# - An encoder and a decoder map a sequence to one of another length. In between stands a vector;
#   the decoder is a language model that is conditioned on it.
# - Teacher forcing trains each factor of the likelihood on true prefixes, which is stable, and
#   trains nothing else. Free decoding meets prefixes of its own making. Scheduled sampling is one
#   heuristic against that.
# - A fixed vector is a bottleneck that long inputs feel first. Attention replaces it by a weighted
#   mean of all encoder states, recomputed at every step, and shortens the path of the gradient at
#   the same time.
# - Masks belong where the sum is formed, so that neither value nor gradient sees what is hidden.
# - Greedy decoding and beam search are approximations to the same maximisation. They differ in
#   cost, and neither makes a wrong model right.
# - Let $s_{t-1}$ in (7.8) be a state of the *same* sequence, drop the recurrence, and you are on
#   the way to self-attention and the Transformer. Chapter 9 goes there.

# %% [markdown]
# ## Papers
#
# - Sutskever, I., Vinyals, O., Le, Q. V. (2014). *Sequence to Sequence Learning with Neural Networks*. NeurIPS.
#   [arXiv:1409.3215](https://arxiv.org/abs/1409.3215). The bottleneck at its best: deep LSTMs, and a source that is
#   read backwards.
# - Cho, K., et al. (2014). *Learning Phrase Representations using RNN Encoder–Decoder for Statistical Machine
#   Translation*. EMNLP. [arXiv:1406.1078](https://arxiv.org/abs/1406.1078). Encoder and decoder under that name, with
#   the context read at every step as in (7.3).
# - Bahdanau, D., Cho, K., Bengio, Y. (2014). *Neural Machine Translation by Jointly Learning to Align and Translate*.
#   [arXiv:1409.0473](https://arxiv.org/abs/1409.0473). Attention, and alignment maps like the one that you drew.
# - Bengio, S., Vinyals, O., Jaitly, N., Shazeer, N. (2015). *Scheduled Sampling for Sequence Prediction with
#   Recurrent Neural Networks*. NeurIPS. [arXiv:1506.03099](https://arxiv.org/abs/1506.03099). Scheduled sampling and
#   the three schedules of (7.6).
#
# **Up next:** Chapter 8, which puts the cells of Chapters 2, 4 and 5 to one hard test.

# %% [markdown]
# ## Practice
#
# Click on an option: it says why it is right or wrong. These questions earn no points, so try as many options as
# you like; `seqlab quiz` asks them in a terminal.

# %% [markdown]
# #### Practice 1
# What limits the basic encoder–decoder, the one without attention, above all?
#
# - [ ] The length of an output has to be equal to the length of its input
#   > Different lengths are what the architecture was made for: the decoder stops by itself.
# - [ ] The encoder and the decoder need to work with the same vocabulary
#   > They have separate embedding tables, `E_src` and `E_tgt`.
# - [x] All that the decoder may know of the input has to fit into one vector
#   > Equation (7.2): the context has H numbers, however long the input is.
# - [ ] The decoder sees all encoder states at once and cannot tell them apart
#   > That would be attention, and attention does decide, by its weights.

# %% [markdown]
# #### Practice 2
# A model is trained with teacher forcing. In which situation does free decoding put it that training never did?
#
# - [ ] It has to begin with `bos` and with nothing else
#   > The first step reads `bos` in training, too.
# - [x] It has to go on from a prefix with its own mistake
#   > In training every prefix is the true one, so states after a mistake are never visited.
# - [ ] It has to use equal weights at all steps of a target
#   > The weights are shared in training as well as in decoding.
# - [ ] It has to encode a whole source before it can write
#   > Training encodes each source, too.

# %% [markdown]
# #### Practice 3
# In scheduled sampling, why does no gradient of a later step's loss flow into an earlier step *through the
# fed-back token*?
#
# - [x] The token chosen is piecewise constant in the scores, without a slope
#   > A tiny change of the scores leaves the chosen id as it is; where it does change, it jumps.
# - [ ] The recurrent weights are frozen as long as the schedule is below one
#   > Nothing is frozen, and the path through the states carries gradient as ever.
# - [ ] The embedding table gets no gradient for tokens that the model has chosen
#   > The row that was looked up does get one. What gets none is the decision to look up that row.
# - [ ] It does flow, so that what is optimised is the likelihood itself
#   > It does not flow, and the objective is not the likelihood.

# %% [markdown]
# #### Practice 4
# A source of 5 tokens stands in a batch of width 9. Its attention weights come from a softmax over all 9 scores,
# after which the 4 masked ones are set to zero. What is wrong?
#
# - [ ] Nothing is, as the context is a weighted mean of the 5 valid states
#   > A mean needs weights that add up to one.
# - [ ] The weights of the 4 masked positions are small, but still not zero
#   > They were set to zero after the softmax. It is the other weights that are wrong.
# - [ ] The 5 other weights are too large, as they have all of the sum now
#   > The masked scores have taken their share of the sum, so the others come out too small.
# - [x] The 5 other weights add up to less than one; padding took the rest
#   > The denominator of (7.9) runs over valid positions only.

# %% [markdown]
# #### Practice 5
# A beam of width 1 and greedy decoding are compared on one context. What is true?
#
# - [ ] They agree only as long as the most probable sequence is unique
#   > Uniqueness of the best sequence does not matter: neither method looks for it in earnest.
# - [ ] The beam compares total scores, so it may find the better sequence
#   > With one place in the beam there is only one prefix, so comparing totals means comparing last tokens.
# - [x] They keep the same prefix at each step, and agree up to their `eos`
#   > All extensions share their prefix's score, so the best extension is the best next token (up to ties).
# - [ ] The beam's result is shorter, since a longer one has a lower score
#   > Only a beam with several hypotheses of different length can prefer one by its length.

# %% [markdown]
# ## Quiz
#
# The questions `q1`, `q2` and `q3` earn points. Work each one out, on paper or with the functions that you wrote, and
# put the answer into the cell at the end, as text. A number may be written as "0.5", "1/2" or "5e-1"; the check
# below the cell looks at the form of the answers, and grading says which are right.

# %% [markdown]
# #### q1
# The first token of an output is `a` with probability 0.5, `b` with 0.4, `eos` with 0.1. After an `a` the next one is
# `a` with 0.3, `b` with 0.3, `eos` with 0.4; after a `b` it is `a` with 0.05, `b` with 0.05, `eos` with 0.9. What does a
# beam of width 2 return?
#
# - **a** `a` `eos`
# - **b** `b` `eos`
# - **c** `a` `b` `eos`
# - **d** `b` `b` `eos`
#
# *Answer: a letter.*

# %% [markdown]
# #### q2
# The true tokens of one target have probabilities $\tfrac12, \tfrac14$ and are followed by one `pad`; those of another
# have $\tfrac12, \tfrac12, \tfrac18$. What is the loss (7.7)?
#
# *Answer: a number, to within 0.003.*

# %% [markdown]
# #### q3
# The four encoder states hold $4, 1, -2, 9$ in their first entry, and their scores (7.8) are $1, 2, 0, 3$; the mask
# hides the last one. What is the first entry of the context (7.9)?
#
# *Answer: a number, to within 0.005.*

# %% nbgrader={"grade": false, "grade_id": "quiz_answers", "locked": false, "schema_version": 3, "solution": true, "task": false}
quiz_answers = {
    "q1": "",  # a letter
    "q2": "",  # a number
    "q3": "",  # a number
}
### BEGIN SOLUTION
quiz_answers = {"q1": "b", "q2": "1.109", "q3": "1.464"}
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_quiz_answers", "locked": true, "points": 10, "schema_version": 3, "solution": false, "task": false}
# %check quiz_answers
