# ---
# jupyter:
#   course:
#     libraries: numpy
#     title: Bidirectional RNNs
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
# # Chapter 6 · Bidirectional RNNs
#
# *He said the bank of the river was muddy.* When a recurrent network reaches the fourth word,
# "bank", it has to commit itself: river or savings? The word that settles the matter stands three
# places further on, and a network that reads from left to right has not seen it yet. No gate and no wider
# state can help. The information is not forgotten; it has not arrived.
#
# If the whole sequence is there before an answer is due, the cure is simple. A second network reads it
# from the other end, and at every position the two views are put side by side. In this chapter you
# build that network for padded batches, where the reversal is the part that everybody gets wrong
# once; you stack recurrent layers; and you write a detector for the opposite vice, a model that
# sees a future it should not see.
#
# At the end of the chapter you can
#
# - build and differentiate a bidirectional network for padded batches;
# - stack layers, and send gradients down the stack;
# - test any model for a look into the future.
#
# Assumed:
#
# - linear algebra: joined vectors, index arithmetic;
# - backpropagation: BPTT as in Chapter 2;
# - optimisation: Adam, as a tool.
#
# Time: about two and a half hours. The functions of other chapters are not needed.

# %%
import numpy as np

# %% nbgrader={"grade": false, "grade_id": "load_seqlab", "locked": true, "schema_version": 3, "solution": false, "task": false}
# No module named 'seqlab'? In a cell of its own: %pip install ../seqlab ../../datasets
# Then choose "Restart Kernel" and begin again from the top.
# %load_ext seqlab

# %% [markdown]
# ## Two readers
#
# Let a sequence have $\ell$ steps. The forward reader is the vanilla RNN of Chapter 2, started at
# $\overrightarrow h_0 = 0$:
#
# $$\overrightarrow h_t = \tanh\bigl(\overrightarrow W_{hh}\, \overrightarrow h_{t-1}
# + \overrightarrow W_{xh}\, x_t + \overrightarrow b_h\bigr) \tag{6.1}$$
#
# The backward reader has weights of its own and runs towards smaller $t$, started at
# $\overleftarrow h_{\ell+1} = 0$, that is, behind the last step:
#
# $$\overleftarrow h_t = \tanh\bigl(\overleftarrow W_{hh}\, \overleftarrow h_{t+1}
# + \overleftarrow W_{xh}\, x_t + \overleftarrow b_h\bigr) \tag{6.2}$$
#
# $$h_t = \bigl[\overrightarrow h_t \,;\, \overleftarrow h_t\bigr] \tag{6.3}$$
#
# So $\overrightarrow h_t$ sums up $x_1, \dots, x_t$, and $\overleftarrow h_t$ sums up $x_t, \dots, x_\ell$.
# Row $t$ of the result holds both views *of the same position*; both have seen $x_t$ itself. At the
# first step the forward half knows one input and the backward half all of them, at the last step it is the
# other way round.
#
# The strips above and below say which inputs each half has seen.
#
# ![Inputs x1 to x4 between a forward reader and a backward reader; strips of four cells show that the forward half at position t has seen 1 to t, the backward half t to 4.](figures/two_readers.svg)
#
# "Backward" is an unlucky word here. The backward *reader* has a forward pass and a backward pass of its
# own, and in its backward pass gradients travel from small $t$ to large.
#
# ### Two steps by hand
#
# Let $N = D = H = 1$, $\ell = 2$, $x = (\ln 2,\ \ln 3 - 0.3) \approx (0.693, 0.799)$. Recall that
# $\tanh(\ln 2) = 0.6$, $\tanh(\ln 3) = 0.8$, $\tanh(\tfrac12\ln 2) = \tfrac13$ and $\tanh(\tfrac12 \ln 3) = \tfrac12$.
#
# | | `Wxh` | `Whh` | `bh` | first computed | then |
# |---|---|---|---|---|---|
# | forward | $1$ | $0.5$ | $0$ | $\overrightarrow h_1 = \tanh(\ln 2) = 0.6$ | $\overrightarrow h_2 = \tanh(\ln 3 - 0.3 + 0.3) = 0.8$ |
# | backward | $0.5$ | $-0.3$ | $0.15$ | $\overleftarrow h_2 = \tanh(\tfrac12\ln 3) = \tfrac12$ | $\overleftarrow h_1 = \tanh(\tfrac12\ln 2 + 0.15 - 0.15) = \tfrac13$ |
#
# Hence $h_1 = [0.6;\ \tfrac13]$ and $h_2 = [0.8;\ \tfrac12]$.
#
# Now let the loss be the last entry of $h_1$, the $\tfrac13$. Its pre-activation receives $1 - \tfrac19 =
# \tfrac89$, so $x_1$ receives $0.5 \cdot \tfrac89 = \tfrac49$. Through $-0.3$ it goes on to $\overleftarrow h_2$,
# which gets $-\tfrac{4}{15}$, its pre-activation $-\tfrac{4}{15} \cdot \tfrac34 = -0.2$, and $x_2$ gets $-0.1$. A
# loss at step 1 has sent a gradient to the input of step 2. In a network that reads in one direction only, this
# entry would be zero.

# %% [markdown]
# ## Reversing a padded batch
#
# In practice one does not program (6.2) as a loop of its own. One turns the sequence round, runs an ordinary RNN,
# and turns its states back. For one sequence that is a slice. A batch, however, holds sequences of different
# lengths $\ell_n \le T$, filled up with padding at the end. Turning the whole row round would put the padding
# first, and the backward reader would begin with it. What is needed is
#
# $$\operatorname{rev}(x)_{n,t} = \begin{cases} x_{n,\,\ell_n + 1 - t} & t \le \ell_n, \\
# x_{n,t} & t > \ell_n. \end{cases} \tag{6.4}$$
#
# Doing it twice gives the original back, so the same function serves before and after.
#
# See what a reader of the second row would begin with.
#
# ![A row x1, x2, x3, pad, pad; turned whole it begins with padding; turned by (6.4) it is x3, x2, x1, pad, pad.](figures/reversed_up_to_lengths.svg)
#
# One habit of this course matters here more than elsewhere: *padding may hold anything*. Zeros are usual, but a
# batch that was cut out of a larger buffer has old data there, and some put NaN there on purpose, so that
# whoever reads it gets caught. Note that $0 \cdot \text{NaN}$ is NaN: multiplying by a mask does not remove it.

# %% [markdown]
# ### Exercise 6.1 · `reverse_padded`
# **10 min · ●●○**
#
# Equation (6.4) for a batch. A length may be 0, and $T$ may exceed the longest length.


# %% nbgrader={"grade": false, "grade_id": "reverse_padded", "locked": false, "schema_version": 3, "solution": true, "task": false}
def reverse_padded(x, lengths):
    """Reverse the valid steps of each row, equation (6.4).

    Args:
        x: shape (N, T, D). Not modified.
        lengths: int array (N,), each from 0 to T.

    Returns:
        Shape (N, T, D): the first lengths[n] steps of row n in reverse order, the padding as it was.
    """
    ### BEGIN SOLUTION
    steps = np.arange(x.shape[1])
    last = np.asarray(lengths)[:, None] - 1
    source = np.where(steps <= last, last - steps, steps)
    return np.take_along_axis(x, source[:, :, None], axis=1)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_reverse_padded", "locked": true, "points": 9, "schema_version": 3, "solution": false, "task": false}
# %check reverse_padded

# %% [markdown]
# ### Exercise 6.2 · `birnn_forward`
# **20 min · ●●○**
#
# Equations (6.1) to (6.3) for a padded batch. Results are zero at padded steps, and nothing that stands
# in the padding may reach a valid step or the cache's later use. Write the small RNN loop once, as a
# helper inside the function, and use it for both readers.


# %% nbgrader={"grade": false, "grade_id": "birnn_forward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def birnn_forward(x, lengths, params):
    """Run a bidirectional vanilla RNN over a padded batch, equations (6.1) to (6.3).

    Args:
        x: shape (N, T, D); at padded steps it may hold anything, NaN too.
        lengths: int array (N,), each from 0 to T.
        params: {"forward": {...}, "backward": {...}}, each a dict with `Wxh` (H, D), `Whh` (H, H)
            and `bh` (H,). No argument is modified.

    Returns:
        (h, cache): h of shape (N, T, 2H), the forward reader's half first, zero at padded steps,
        and whatever `birnn_backward` will need. Both readers start from a state of zero.
    """

    ### BEGIN SOLUTION
    def read(x, params):
        states = np.zeros((x.shape[0], x.shape[1] + 1, params["bh"].size))
        for t in range(x.shape[1]):
            a = x[:, t] @ params["Wxh"].T + states[:, t] @ params["Whh"].T + params["bh"]
            states[:, t + 1] = np.tanh(a)
        return states

    lengths = np.array(lengths)
    valid = (np.arange(x.shape[1]) < lengths[:, None])[:, :, None]
    clean = np.where(valid, x, 0.0)
    turned = reverse_padded(clean, lengths)
    # Padding follows the valid steps in both orders, so that it cannot reach any of them.
    ahead = read(clean, params["forward"])
    back = read(turned, params["backward"])
    h = np.concatenate([ahead[:, 1:], reverse_padded(back[:, 1:], lengths)], axis=2)
    return np.where(valid, h, 0.0), (clean, turned, ahead, back, valid, lengths, params)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_birnn_forward", "locked": true, "points": 18, "schema_version": 3, "solution": false, "task": false}
# %check birnn_forward

# %% [markdown]
# ## Gradients of both readers
#
# The two readers share nothing but the input, so their gradients are computed apart and meet at $x$. Split
# $\bar h_t$, the gradient that arrives at $h_t$, into its halves. The forward reader is an ordinary RNN:
#
# $$\overrightarrow\delta_t = \bigl(\overrightarrow{\bar h}_t + \overrightarrow W_{hh}^{\top} \overrightarrow\delta_{t+1}\bigr)
# \odot \bigl(1 - \overrightarrow h_t^{\,2}\bigr), \qquad \overleftarrow\delta_t = \bigl(\overleftarrow{\bar h}_t +
# \overleftarrow W_{hh}^{\top} \overleftarrow\delta_{t-1}\bigr) \odot \bigl(1 - \overleftarrow h_t^{\,2}\bigr),
# \tag{6.5}$$
#
# with $\overrightarrow\delta_{\ell+1} = 0$ and $\overleftarrow\delta_0 = 0$, and
#
# $$\bar x_t = \overrightarrow W_{xh}^{\top}\, \overrightarrow\delta_t + \overleftarrow W_{xh}^{\top}\, \overleftarrow\delta_t. \tag{6.6}$$
#
# Weight gradients are sums over time as in (2.7), for each reader with the state that *it* read before, which
# for the backward reader is $\overleftarrow h_{t+1}$. At padded steps the outputs are constants. Whatever
# upstream gradient arrives there has nothing to act on.

# %% [markdown]
# ### Exercise 6.3 · `birnn_backward`
# **25 min · ●●●**
#
# Equations (6.5) and (6.6) for a padded batch. If you turned the sequence round in the forward pass, decide for
# every array on which side of that turn it lives.


# %% nbgrader={"grade": false, "grade_id": "birnn_backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def birnn_backward(dh, cache):
    """Backpropagate through the bidirectional RNN, equations (6.5) and (6.6).

    Args:
        dh: gradient of the loss with respect to the states, shape (N, T, 2H); what stands at
            padded steps, NaN too, has no influence.
        cache: second result of your `birnn_forward`. It may be used more than once.

    Returns:
        (dx, grads): dx of shape (N, T, D), zero at padded steps, and gradients nested like
        `params`: {"forward": {...}, "backward": {...}}.
    """
    ### BEGIN SOLUTION
    clean, turned, ahead, back, valid, lengths, params = cache

    def unread(dh, x, states, params):
        grads = {name: np.zeros(value.shape) for name, value in params.items()}
        dx = np.zeros(x.shape)
        d_state = np.zeros(states[:, 0].shape)
        for t in reversed(range(x.shape[1])):
            da = (dh[:, t] + d_state) * (1 - states[:, t + 1] ** 2)
            grads["Wxh"] += da.T @ x[:, t]
            grads["Whh"] += da.T @ states[:, t]
            grads["bh"] += da.sum(axis=0)
            dx[:, t] = da @ params["Wxh"]
            d_state = da @ params["Whh"]
        return dx, grads

    dh_ahead, dh_back = np.split(np.where(valid, dh, 0.0), 2, axis=2)
    dx, grads_ahead = unread(dh_ahead, clean, ahead, params["forward"])
    dh_turned = reverse_padded(dh_back, lengths)
    dx_turned, grads_back = unread(dh_turned, turned, back, params["backward"])
    dx = dx + reverse_padded(dx_turned, lengths)
    return dx, {"forward": grads_ahead, "backward": grads_back}
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_birnn_backward", "locked": true, "points": 26, "schema_version": 3, "solution": false, "task": false}
# %check birnn_backward

# %% [markdown]
# ## When the future is allowed
#
# Two readers need the whole input before the first output. Tagging words, recognising names, judging a
# review, encoding a sentence for a translator: all of that is fine, the input lies there complete. For
# named entities, parts of speech and sentiment, bidirectional LSTMs were the standard until transformers took over,
# and the encoder of a translation system was often bidirectional while its decoder was not.
#
# Generation from left to right is the opposite case. A language model is to give $p(x_{t+1} \mid x_1, \dots, x_t)$,
# and when it is used, $x_{t+1}$ does not exist yet. There is nothing for a backward reader to read. In *training*,
# where the text is complete, it could be run, and that is the trap: the backward half of $h_t$ has read $x_{t+1}$,
# so the network only needs to copy its answer. The loss looks wonderful and the model is worthless. The same holds
# for forecasts, and for anything that must answer while the input is still coming in, as live captions do.
#
# Two remarks to keep this honest. The ban is on autoregressive generation; filling gaps in a given text, or drafting
# a whole text and revising it, may look both ways. And BERT (2018), often called the same idea with attention in
# place of recurrence, needed another training task just for this reason: it hides some words and predicts them from
# both sides, since predicting the next word would be copying. It also mixes the two sides in every layer, while the
# readers of (6.1) and (6.2) know nothing of each other until (6.3).
#
# ### A test for leaks
#
# Future information slips into models by accident: an attention mask off by one, a normalisation over
# the time axis, a shift in the wrong direction, a "same" convolution. So it pays to test for it. Call
# a model that maps $x_1, \dots, x_T$ to outputs $y_1, \dots, y_T$ *causal* if for every later change $\Delta$,
#
# $$y_t(x_1, \dots, x_s + \Delta, \dots, x_T) = y_t(x_1, \dots, x_s, \dots, x_T)
# \qquad \text{for all } t < s. \tag{6.7}$$
#
# A test can only try some changes: single steps, by amounts like 1. Equality up to $10^{-9}$ is
# asked for, because a causal model may still *compute* with everything at once (a Fourier transform does) and
# differ in its last digits. Not finding a leak proves nothing for a model built to deceive; for honest
# mistakes the test is very good.

# %% [markdown]
# ### Exercise 6.4 · `leaks_future`
# **15 min · ●●○**
#
# Test a model for violations of (6.7) around a given input. The model is any function from $(T, D)$ to $(T, K)$.
# Some leaks connect just one pair of steps, so look at all of them.


# %% nbgrader={"grade": false, "grade_id": "leaks_future", "locked": false, "schema_version": 3, "solution": true, "task": false}
def leaks_future(model, x):
    """Tell whether an output of a model depends on a later input, equation (6.7).

    Args:
        model: callable that maps an array (T, D) to an array (T, K). It is deterministic, computes
            in float64 and does not modify its argument. Where it leaks, there is a single step at
            which each of three changes moves an earlier output by more than 1e-9: 1 added to all D
            entries, 1 subtracted from them, standard normal numbers added. Any one of the three
            will do. Where it does not leak, rounding moves earlier outputs by less than 1e-9.
        x: input around which to test, shape (T, D), T >= 1. Not modified.

    Returns:
        bool: True if some output depends on a later input.
    """
    ### BEGIN SOLUTION
    rng = np.random.default_rng(0)
    before = np.array(model(x.copy()))
    for step in range(1, len(x)):
        for change in (1.0, -1.0, rng.normal(size=x.shape[1])):
            changed = x.astype(np.float64)
            changed[step] += change
            after = np.asarray(model(changed))
            if np.abs(after[:step] - before[:step]).max() > 1e-9:
                return True
    return False
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_leaks_future", "locked": true, "points": 13, "schema_version": 3, "solution": false, "task": false}
# %check leaks_future

# %% [markdown]
# ## Depth
#
# A recurrent layer maps a sequence to a sequence, so layers can be stacked: layer $l$ reads at step $t$ what layer
# $l - 1$ has produced at step $t$. With $h^{(0)}_t = x_t$,
#
# $$h^{(l)}_t = \tanh\bigl(W^{(l)}_{hh}\, h^{(l)}_{t-1} + W^{(l)}_{xh}\, h^{(l-1)}_t + b^{(l)}_h\bigr), \qquad h^{(l)}_0 = 0. \tag{6.8}$$
#
# Widths may differ; $W^{(l)}_{xh}$ has as many columns as the layer below has units. The gradient goes
# down the stack as in a feed-forward network, with time unrolled inside each layer: what layer $l + 1$ computes as the
# gradient of *its input* is the gradient of the states of layer $l$,
#
# $$\bar h^{(l)}_t = \bar x^{(l+1)}_t. \tag{6.9}$$
#
# Two to four layers are typical. That more seldom helps is an observation about plain stacks: unrolled over time
# they are already deep, and every layer adds one more squashing function to each path. With residual connections
# between layers eight and more have been trained with profit. If the stacked layers are bidirectional, each reader
# of the second layer sees both halves of the first, so there the directions do mix.
#
# Depth by itself shows no future: compare the strips of the one layer and the three.
#
# ![Three layers over four steps; strips show that position 2 has seen x1 and x2 in one forward layer and in three, that the halves of a bidirectional layer see a part each, and those of a second one all four.](figures/deep_stack.svg)
#
# By hand, with $N = D = H = 1$: let layer 1 have `Wxh` 1, `Whh` 0 and layer 2 have `Wxh` $\tfrac53 \ln 2$, `Whh` 1,
# no biases. For $x = (\ln 2, 0)$ layer 1 gives $(0.6, 0)$. Layer 2 gives $\tanh(\ln 2) = 0.6$ and then $\tanh(0.6)
# = 0.537$: the second output remembers what the first layer has forgotten.

# %% [markdown]
# ### Exercise 6.5 · `deep_rnn_forward`
# **10 min · ●○○**
#
# Equation (6.8) for a batch without padding, for any number of layers. The result is the last layer's states.


# %% nbgrader={"grade": false, "grade_id": "deep_rnn_forward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def deep_rnn_forward(x, layers):
    """Run a stack of vanilla RNNs, equation (6.8).

    Args:
        x: inputs, shape (N, T, D), T >= 1.
        layers: list of at least one dict with `Wxh` (H_l, width of the layer below), `Whh`
            (H_l, H_l) and `bh` (H_l,), the lowest layer first. No argument is modified.

    Returns:
        (h, cache): states of the last layer, shape (N, T, H_last), and whatever
        `deep_rnn_backward` will need. Every layer starts from a state of zero.
    """
    ### BEGIN SOLUTION
    N, T, _ = x.shape
    below, cache = x, []
    for params in layers:
        states = np.zeros((N, T + 1, params["bh"].size))
        for t in range(T):
            a = below[:, t] @ params["Wxh"].T + states[:, t] @ params["Whh"].T + params["bh"]
            states[:, t + 1] = np.tanh(a)
        cache.append((below, states, params))
        below = states[:, 1:]
    return below.copy(), cache
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_deep_rnn_forward", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false}
# %check deep_rnn_forward

# %% [markdown]
# ### Exercise 6.6 · `deep_rnn_backward`
# **20 min · ●●○**
#
# Backpropagate through the stack, (6.9), and through time within each layer. The result's gradients are a list in
# the order of `layers`.


# %% nbgrader={"grade": false, "grade_id": "deep_rnn_backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def deep_rnn_backward(dh, cache):
    """Backpropagate through a stack of vanilla RNNs, equation (6.9).

    Args:
        dh: gradient of the loss with respect to the last layer's states, shape (N, T, H_last).
        cache: second result of your `deep_rnn_forward`. It may be used more than once.

    Returns:
        (dx, grads): dx of shape (N, T, D), and a list with one dict per layer, with the keys and
        shapes of that layer's parameters, in the order of `layers`.
    """
    ### BEGIN SOLUTION
    all_grads = []
    for below, states, params in reversed(cache):
        grads = {name: np.zeros(value.shape) for name, value in params.items()}
        d_below = np.zeros(below.shape)
        d_state = np.zeros(states[:, 0].shape)
        for t in reversed(range(below.shape[1])):
            da = (dh[:, t] + d_state) * (1 - states[:, t + 1] ** 2)
            grads["Wxh"] += da.T @ below[:, t]
            grads["Whh"] += da.T @ states[:, t]
            grads["bh"] += da.sum(axis=0)
            d_below[:, t] = da @ params["Wxh"]
            d_state = da @ params["Whh"]
        all_grads.append(grads)
        dh = d_below
    return dh, all_grads[::-1]
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_deep_rnn_backward", "locked": true, "points": 18, "schema_version": 3, "solution": false, "task": false}
# %check deep_rnn_backward

# %% [markdown]
# ## What goes wrong typically
#
# - Sequences of equal length hide most errors of this chapter. Use ragged lengths, a 0 among them, in every test of
#   your own.
# - After running the backward reader, its states are in *its* order. Row $t$ of the result needs the view of
#   position $t$.
# - A mask that multiplies does not remove NaN, neither in the forward pass nor in the gradient of a weight.
# - The last valid step is at $\ell_n$, not at $T$. A backward reader that starts at $T$ works on padding first, and
#   its bias alone is enough to move its state away from zero.
# - One dict of parameters used for both readers trains, after a fashion, and is a smaller model than you think.
# - In a stack, a zero state starts *every* layer. Handing the last state of one layer to the next one is another
#   architecture.
# - For the classification of a whole sequence, take $\overrightarrow h_\ell$ and $\overleftarrow h_1$. At
#   step $\ell$ the backward reader has seen a single input.

# %% [markdown]
# ## Experiment: which word is it?
#
# `wordnet_pos` has 16,000 short usage examples. In each of them one word is marked that can be more than
# one of noun, verb, adjective and adverb; the network is to say which one it is *here*. (Telling a
# river bank from a savings bank would be a finer question. Both are nouns.) Three answers compete:
#
# - the tag that the word had most often in training, without a look at the sentence;
# - a forward reader, whose state at the marked word goes into a softmax;
# - your bidirectional network with an output of the same width, 32 units per reader in place of 64, and
#   therefore with a third fewer recurrent parameters.
#
# Where the marked word is the first of its sentence, a forward reader has seen that word and nothing else: what it
# knows more than the tag counts is that nothing stands before. Those sentences are scored apart, and those where it
# is one of the first two. Guess how far that takes it. Before anything is trained, `leaks_future` judges both
# models.
#
# Embeddings and readers learn from scratch with Adam, four passes over 13,000 sentences, two seeds each.
# What to see: the loss of both readers together is below that of the forward reader almost from the start, and on test
# sentences the lead of some points is there at nearly every place of the marked word.
#
# This takes about 10 s on one core.

# %% tags=["experiment"]
import time
from collections import Counter

import matplotlib.pyplot as plt

from seqdata import wordnet_pos
from seqlab import plots, progress

LONGEST = 25


def number_sentences(sentences, vocabulary):
    """Tokens (N, LONGEST) with 0 in the padding and 1 for unknown words, and the lengths (N,)."""
    tokens = np.zeros((len(sentences), LONGEST), dtype=np.int64)
    for row, sentence in enumerate(sentences):
        words = [vocabulary.get(word.lower(), 1) for word in sentence[:LONGEST]]
        tokens[row, : len(words)] = words
    return tokens, np.array([min(len(sentence), LONGEST) for sentence in sentences])


class Tagger:
    """Embedding, one or two readers, softmax at the marked word; trained with Adam."""

    def __init__(self, V, D, H, K, both, seed):
        rng = np.random.default_rng(seed)
        width = H // 2 if both else H

        def reader():
            return {
                "Wxh": rng.normal(size=(width, D)) / np.sqrt(D),
                "Whh": 0.9 * np.linalg.qr(rng.normal(size=(width, width)))[0],
                "bh": np.zeros(width),
            }

        self.readers = {"forward": reader(), "backward": reader()} if both else [reader()]
        self.both, self.steps, self.moments = both, 0, {}
        self.embedding = 0.5 * rng.normal(size=(V, D))
        self.readout = {"Why": rng.normal(size=(K, H)) / np.sqrt(H), "by": np.zeros(K)}

    def states(self, tokens, lengths):
        """States (N, T, H) and the cache of the network that is used."""
        x = self.embedding[tokens]
        if self.both:
            return birnn_forward(x, lengths, self.readers)
        return deep_rnn_forward(x, self.readers)

    def logits(self, tokens, lengths, positions):
        """Scores (N, K) of the tags of the marked words."""
        h, _ = self.states(tokens, lengths)
        return h[np.arange(len(h)), positions] @ self.readout["Why"].T + self.readout["by"]

    def train_batch(self, tokens, lengths, positions, tags, rate):
        """One step of Adam; returns the loss before it."""
        rows = np.arange(len(tokens))
        h, cache = self.states(tokens, lengths)
        marked = h[rows, positions]
        logits = marked @ self.readout["Why"].T + self.readout["by"]
        logits = logits - logits.max(axis=1, keepdims=True)
        log_p = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        d_logits = np.exp(log_p)
        d_logits[rows, tags] -= 1.0
        d_logits /= len(rows)
        dh = np.zeros(h.shape)
        dh[rows, positions] = d_logits @ self.readout["Why"]
        dx, grads = birnn_backward(dh, cache) if self.both else deep_rnn_backward(dh, cache)
        d_embedding = np.zeros(self.embedding.shape)
        np.add.at(d_embedding, tokens, dx)
        self.steps += 1
        self.update("embedding", self.embedding, d_embedding, rate)
        self.update("Why", self.readout["Why"], d_logits.T @ marked, rate)
        self.update("by", self.readout["by"], d_logits.sum(axis=0), rate)
        for key in self.readers if self.both else range(1):
            for name, value in self.readers[key].items():
                self.update((key, name), value, grads[key][name], rate)
        return -log_p[rows, tags].mean()

    def update(self, key, value, g, rate):
        """Change one array in place by a step of Adam."""
        mean, square = self.moments.get(key, (0.0, 0.0))
        mean, square = 0.9 * mean + 0.1 * g, 0.999 * square + 0.001 * g**2
        self.moments[key] = mean, square
        scale = np.sqrt(square / (1 - 0.999**self.steps)) + 1e-8
        value -= rate * mean / (1 - 0.9**self.steps) / scale


def train_tagger(tagger, data, vocabulary, label, epochs=4, size=64):
    """Train on all sentences, short ones with short ones; returns the loss of every update."""
    tokens, lengths = number_sentences(data.tokens, vocabulary)
    rng = np.random.default_rng(1)
    losses, per_epoch = [], len(lengths) // size
    with progress(epochs * per_epoch, label) as bar:
        for epoch in range(epochs):
            order = np.argsort(lengths + 2 * rng.random(len(lengths)))
            batches = np.array_split(order, per_epoch)
            for k in rng.permutation(per_epoch):
                rows = batches[k]
                cut = tokens[rows, : lengths[rows].max()]
                rate = 3e-3 * (1 - epoch / epochs)
                losses.append(
                    tagger.train_batch(
                        cut, lengths[rows], data.positions[rows], data.tags[rows], rate
                    )
                )
                bar.advance(loss=np.mean(losses[-50:]))
    return losses


if __name__ == "__main__":
    plots.use_style()
    pos, started, curves = wordnet_pos(), time.perf_counter(), {}
    seen = Counter(word.lower() for sentence in pos.train.tokens for word in sentence)
    frequent = sorted(word for word, times in seen.items() if times >= 3)
    vocabulary = {word: number for number, word in enumerate(frequent, start=2)}
    print(f"{len(pos.train.tokens)} sentences to learn from, {len(vocabulary)} words")

    by_word = {}
    for sentence, position, tag in zip(
        pos.train.tokens, pos.train.positions, pos.train.tags, strict=True
    ):
        by_word.setdefault(sentence[position].lower(), []).append(tag)
    usual = np.bincount(pos.train.tags).argmax()
    guesses = [
        np.bincount(by_word.get(sentence[position].lower(), [usual])).argmax()
        for sentence, position in zip(pos.test.tokens, pos.test.positions, strict=True)
    ]
    right = {"most frequent tag": np.array(guesses) == pos.test.tags}

    test_tokens, test_lengths = number_sentences(pos.test.tokens, vocabulary)
    for name, both in (("forward reader", False), ("both readers", True)):
        right[name] = np.zeros(len(guesses))
        for seed in (0, 1):
            tagger = Tagger(len(vocabulary) + 2, 32, 64, len(pos.tag_names), both, seed)

            def per_step(x, tagger=tagger):
                """States (T, H) of a single sequence of vectors (T, D)."""
                if tagger.both:
                    return birnn_forward(x[None], np.array([len(x)]), tagger.readers)[0][0]
                return deep_rnn_forward(x[None], tagger.readers)[0][0]

            leaks = leaks_future(per_step, np.zeros((6, 32)))
            print(f"leaks the future? {name}, seed {seed}: {leaks}")
            curves[name] = train_tagger(tagger, pos.train, vocabulary, f"{name}, seed {seed}")
            logits = tagger.logits(test_tokens, test_lengths, pos.test.positions)
            right[name] += (logits.argmax(axis=1) == pos.test.tags) / 2

    print(f"trained and tested in {time.perf_counter() - started:.0f} s")
    early = pos.test.positions < 2
    first = pos.test.positions == 0
    print(
        f"{'share right':18} all {len(early)}   first two words {early.sum()}   first word {first.sum()}"
    )
    for name, hits in right.items():
        shares = (hits.mean(), hits[early].mean(), hits[first].mean())
        print(f"{name:18}", "   ".join(f"{share:.3f}" for share in shares))
    figure, (left, axis) = plt.subplots(1, 2, figsize=(12, 3.6), width_ratios=[2, 3])
    uniform = np.log(len(pos.tag_names))
    plots.loss_curves(left, curves, guessing=uniform, window=50)
    left.set(title="loss while training, second seed")
    groups = [pos.test.positions == k for k in range(6)] + [pos.test.positions >= 6]
    # The two networks look as they do on the left, so the tag without a network comes last.
    for k, name in enumerate([*curves, "most frequent tag"]):
        shares = [right[name][group].mean() for group in groups]
        axis.plot(shares, **plots.series(k, marker=True), label=name)
    axis.set_xticks(range(7), [*map(str, range(1, 7)), "later"])
    axis.set(
        title="test sentences, mean of two seeds",
        xlabel="place of the marked word in its sentence",
        ylabel="share right",
        ylim=(0.3, 1),
    )
    axis.legend()
    plt.show()
    print(
        "See: both readers lead at nearly every place, by some five points in all. A place has some 80"
    )
    print("to 490 words, so that steps of a few points from one place to the next are chance.")

# %% [markdown]
# Being first says a good deal. On the first words of sentences the tag counts are right in 0.68<!-- ±0.02 printed:
# most frequent tag [3] --> of the cases and the forward reader, with no context at all, in 0.81<!-- ±0.05 printed:
# forward reader [3] -->: who stands at the head of a usage example is rarely a noun when it could be a verb. Both
# readers together reach 0.88<!-- ±0.05 printed: both readers [3] --> there, and this step can come from nothing but
# the words behind. Over all test sentences they are right in 0.87<!-- ±0.03 printed: both readers [1] -->, the
# forward reader in 0.82<!-- ±0.03 printed: forward reader [1] -->.

# %% [markdown]
# ## What to take away
#
# - A bidirectional layer is two independent RNNs and a concatenation, (6.3). Every position sees the whole input,
#   as long as the whole input exists.
# - It cannot generate from left to right. Training it to do so teaches it to copy.
# - Padded batches are reversed up to their lengths, (6.4), and padding is kept out by selection, not by multiplication.
# - Stacking works like depth elsewhere, (6.8). A few layers are usual.
# - Causality can be tested from outside, (6.7). Do so for every model that will have to run without a future.

# %% [markdown]
# ## Papers
#
# - Schuster, M., Paliwal, K. K. (1997). *Bidirectional Recurrent Neural Networks*. IEEE Transactions on Signal
#   Processing 45 (11), 2673–2681. [doi:10.1109/78.650093](https://doi.org/10.1109/78.650093). Two readers trained as
#   one network, beside two that were trained apart and merged.
# - Graves, A., Schmidhuber, J. (2005). *Framewise Phoneme Classification with Bidirectional LSTM and Other Neural
#   Network Architectures*. Neural Networks 18 (5–6), 602–610.
#   [doi:10.1016/j.neunet.2005.06.042](https://doi.org/10.1016/j.neunet.2005.06.042). Bidirectional LSTMs label speech
#   frame by frame; a careful comparison with one direction.
# - Devlin, J., Chang, M.-W., Lee, K., Toutanova, K. (2018). *BERT: Pre-training of Deep Bidirectional Transformers
#   for Language Understanding*. [arXiv:1810.04805](https://arxiv.org/abs/1810.04805). Both directions in every layer,
#   and the training task which that makes necessary.
#
# **Up next:** Chapter 7, for outputs whose length is their own.

# %% [markdown]
# ## Practice
#
# Click on an option: it says why it is right or wrong. These questions earn no points, so try as many options as
# you like; `seqlab quiz` asks them in a terminal.

# %% [markdown]
# #### Practice 1
# Why is a bidirectional RNN of no use for generating text token by token?
#
# - [ ] It has twice the parameters, which makes every sample twice as slow
#   > Speed is not the obstacle; there is no second half to compute.
# - [x] Its backward reader needs the tokens that are still to be generated
#   > When token t + 1 is due, nothing to the right of t exists.
# - [ ] The gradients of its two readers cancel each other at every position
#   > The readers have separate weights; their gradients meet at the input only, as a sum.
# - [ ] Its outputs have twice as many entries as any vocabulary has
#   > A readout maps any number of entries to a vocabulary.

# %% [markdown]
# #### Practice 2
# A row has length 3 in a batch with $T = 5$. Which input does the backward reader of (6.2) read first?
#
# - [ ] $x_5$, at the end of the batch
#   > That is padding. Reading it would move the state before the first real input.
# - [ ] $x_1$, where every reader begins
#   > That is where the forward reader begins.
# - [x] $x_3$, the last one of the row
#   > It starts at the last valid step, at position 3.
# - [ ] $x_4$, if it holds no zeros
#   > What is padding is decided by the length, never by the values.

# %% [markdown]
# #### Practice 3
# Somebody trains a bidirectional network to predict the next word at every position and reports a training loss
# near 0. What is the likely reason?
#
# - [ ] The network is large, and it has learnt the language by heart
#   > No language is predictable to that degree; a loss near 0 is a reason for suspicion.
# - [ ] The gradients have vanished, and so has the loss along with them
#   > Without gradients the loss would have stayed where it started.
# - [ ] The two readers have seen twice as much data as one would have
#   > Both readers see the same data.
# - [x] The state $h_t$ has read the next word, so that it is copied
#   > The backward half of the state has read the word that is to be predicted.

# %% [markdown]
# #### Practice 4
# You classify whole sequences with a bidirectional RNN and use only the concatenated output of the last valid
# step. What is wrong with that?
#
# - [ ] Nothing is, as both of its halves have read the whole sequence
#   > At the last step only one of them has.
# - [ ] Its forward half has read the last input and none before that
#   > The forward half has come all the way from the first input.
# - [x] Its backward half has read the last input and none before that
#   > It starts there. Its summary of the whole sequence stands at step 1.
# - [ ] Its backward half has read nothing, as no input comes after it
#   > Each half of a step has read that step's own input.

# %% [markdown]
# #### Practice 5
# A stack has two one-directional layers. Which inputs can influence the second layer's state at step $t$?
#
# - [x] All from the first one up to step $t$
#   > Each layer looks back through its state, and neither looks ahead.
# - [ ] The input at step $t$, and no other
#   > Both layers carry a state from step to step.
# - [ ] All from the first one up to step $2t$
#   > Depth adds paths from the past, it does not reach into the future.
# - [ ] All of the sequence, as depth adds up
#   > That would need a reader in the other direction.

# %% [markdown]
# ## Quiz
#
# The questions `q1`, `q2` and `q3` earn points. Work each one out, on paper or with the functions that you wrote, and
# put the answer into the cell at the end, as text. A number may be written as "0.5", "1/2" or "5e-1"; the check
# below the cell looks at the form of the answers, and grading says which are right.

# %% [markdown]
# #### q1
# Both readers of a bidirectional RNN have $D = H = 1$, weights 1 and no bias. A row of length 2 holds $0.5, -1$, and
# the batch pads it with $0.2$. What is the backward half of its state at step 1?
#
# *Answer: a number, to within 0.001.*

# %% [markdown]
# #### q2
# A bidirectional layer with $H = 10$ units in each direction reads $D = 8$ features. On it stands a one-directional
# layer of 12 units that reads both halves. How many parameters, biases included, have the two layers together?
#
# *Answer: a whole number.*

# %% [markdown]
# #### q3
# Each of these models turns $x_1, \dots, x_T$ into $y_1, \dots, y_T$. Try changing a later input: for which one does
# the answer of `leaks_future` have to be true?
#
# - **a** $y_t = x_t - \max(x_1, \dots, x_t)$
# - **b** $y_t = x_t\, x_1 - \min(x_1, x_t)$
# - **c** $y_t = (x_1 + \dots + x_t)/T$
# - **d** $y_t = \sum_s x_s - \sum_{s \lt t} x_s$
#
# *Answer: a letter.*

# %% nbgrader={"grade": false, "grade_id": "quiz_answers", "locked": false, "schema_version": 3, "solution": true, "task": false}
quiz_answers = {
    "q1": "",  # a number
    "q2": "",  # a whole number
    "q3": "",  # a letter
}
### BEGIN SOLUTION
quiz_answers = {"q1": "-0.2558", "q2": "776", "q3": "d"}
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_quiz_answers", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false}
# %check quiz_answers
