# ---
# jupyter:
#   course:
#     libraries: numpy
#     title: Why sequences?
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
# # Chapter 0 · Why sequences?
#
# A photograph can be resized to 224 by 224 pixels. A sentence cannot be resized to seven words. Share
# prices go on arriving, a melody ends when it ends, and in each of these the *order* of the elements
# carries meaning: "the dog bit the man" and "the man bit the dog" consist of the same words. This
# chapter is about data of that kind and about the smallest change to a network that lets it cope.
#
# You will write the plumbing that every later chapter silently assumes: text to numbers, sequences of
# unequal length in one array, means that do not count padding. Then come the three shapes in which a
# recurrence is used, each a few lines long. At the end they run on real data: who is speaking,
# is this review praise or blame, and what would one call this colour.
#
# At the end of the chapter you can
#
# - turn text and sequences of unequal length into arrays, with masks that keep padding out;
# - run one recurrence in three shapes: to a vector, step by step, and from a vector;
# - say what sharing weights through time saves, and when.
#
# Assumed:
#
# - linear algebra: product of a matrix and a vector, shapes;
# - backpropagation: none is needed yet;
# - optimisation: none; a readout is fitted by least squares, which is given.
#
# Time: about two hours. No other chapter is needed.

# %%
import numpy as np

# %% nbgrader={"grade": false, "grade_id": "load_seqlab", "locked": true, "schema_version": 3, "solution": false, "task": false}
# No module named 'seqlab'? In a cell of its own: %pip install ../seqlab ../../datasets
# Then choose "Restart Kernel" and begin again from the top.
# %load_ext seqlab

# %% [markdown]
# ## What a feed-forward network lacks
#
# A dense layer is a matrix of fixed shape. It takes a vector of one size and gives a vector of one
# size. A sequence $x_1, \dots, x_T$ of vectors $x_t \in \mathbb{R}^D$ can be forced into it: choose a
# window of $T$ steps, cut off what is longer, fill up what is shorter, and flatten,
#
# $$h = \tanh\!\left(W\,[x_1;\, x_2;\, \dots;\, x_T] + b\right), \qquad W \in \mathbb{R}^{H \times TD}. \tag{0.1}$$
#
# For short sequences of similar length this may work very well; the first experiment below is honest
# about that. But three things are wrong with it as a principle.
#
# 1. **The length is built in.** A window of 20 steps has nothing to say about step 21.
# 2. **Nothing is shared.** Each position owns its own $D$ columns of $W$. What the layer has learnt
#    about a word at position 3 it does not know at position 4.
# 3. **Order is no order.** The network can tell its inputs apart, but no input comes *before* another:
#    shuffle the positions the same way in all data and the training problem is the same as ever.
#
# A **recurrent network** reads one element at a time and keeps a **hidden state** $h_t$, which it
# replaces at every step by a function of itself and the new element:
#
# $$h_t = f(h_{t-1}, x_t), \qquad t = 1, \dots, T, \tag{0.2}$$
#
# with a given start $h_0$. The simplest choice of $f$, the subject of Chapter 2, is
#
# $$f(h, x) = \tanh\!\left(W_{hh}\, h + W_{xh}\, x + b_h\right), \qquad
# W_{hh} \in \mathbb{R}^{H \times H},\ W_{xh} \in \mathbb{R}^{H \times D},\ b_h \in \mathbb{R}^{H}. \tag{0.3}$$
#
# The weights are **the same at every step**. So their number does not depend on $T$, one network reads
# sequences of any length, and whatever it learns about an element it knows wherever the element stands.
# The state is the network's memory, a summary of everything read so far in $H$ numbers.
#
# See where the weights stand: one block per place on the left, one set for all steps on the right.
#
# ![Left, a dense layer with weights of its own for each of three inputs and none for a fourth; right, a recurrence that reads one set of weights at every step.](figures/window_or_recurrence.svg)
#
# Two honest remarks. The summary is *lossy*: a state of fixed size cannot hold a sequence of any length,
# and a network that has room for an early element need not have learnt to keep it (Chapters 3 and 4).
# And that (0.2) can be *evaluated* at lengths never seen in training does not make it *right* there.

# %% [markdown]
# ## A worked example
#
# Take numbers instead of vectors, no $\tanh$, and the step $f(h, x) = \tfrac12 h + x$: an old value
# counts half as much with every step. Start from $h_0 = 0$ and read $x = (4, 2, 8)$:
#
# $$h_1 = 0 + 4 = 4, \qquad h_2 = 2 + 2 = 4, \qquad h_3 = 2 + 8 = 10 .$$
#
# Read the same numbers backwards, $(8, 2, 4)$, and the states are $8, 6, 7$. The mean of the inputs is
# the same both times; the last state, $10$ or $7$, is not. That is what it means to have a notion of
# "before".
#
# The same recurrence serves in three ways. Let $g(h) = h - 1$ read a result off a state.
#
# | shape | what is returned | here |
# |---|---|---|
# | sequence to vector | the last state | $10$ |
# | sequence to sequence | $g(h_t)$ at every step | $3, 3, 9$ |
# | vector to sequence | start in the state $8$, feed each result back as the next input | $3, 4, 5.5$ |
#
# The last row in detail: $h = \tfrac12 \cdot 8 + 0 = 4$, $y = 3$; $h = \tfrac12 \cdot 4 + 3 = 5$, $y = 4$;
# $h = \tfrac12 \cdot 5 + 4 = 6.5$, $y = 5.5$. The zero that is added first is the *start* input, given
# because there is no earlier result yet.

# %% [markdown]
# ## From text to numbers
#
# ### Exercise 0.1 · `build_vocabulary`
# **5 min · ●○○**
#
# A network reads numbers, so every symbol gets one, its *token*. Here a symbol is a character. Number 0
# is reserved for padding, under the name `"<pad>"`; the distinct characters of all texts follow from 1
# in the order of their code points, the order in which Python compares characters. Capitals, blanks and line
# ends are characters like any other. A fixed order matters more than which one it is: a model is
# worthless with another numbering than the one it was trained with.


# %% nbgrader={"grade": false, "grade_id": "build_vocabulary", "locked": false, "schema_version": 3, "solution": true, "task": false}
def build_vocabulary(texts):
    """Number the characters of some texts.

    Args:
        texts: list of str.

    Returns:
        dict of str to int: `"<pad>"` is 0, then every distinct character of all texts in
        code-point order from 1.
    """
    ### BEGIN SOLUTION
    characters = sorted(set().union(*texts))
    vocabulary = {"<pad>": 0}
    for token, character in enumerate(characters, start=1):
        vocabulary[character] = token
    return vocabulary
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_build_vocabulary", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
# %check build_vocabulary

# %% [markdown]
# ### Exercise 0.2 · `encode`
# **5 min · ●○○**
#
# The tokens of one text. A character that is not in the vocabulary is an error and not a zero, since
# zero is padding and would vanish without a trace. The `KeyError` carries the first such character. A
# text may be empty; its tokens are then an empty array, of integers like every other.


# %% nbgrader={"grade": false, "grade_id": "encode", "locked": false, "schema_version": 3, "solution": true, "task": false}
def encode(text, vocabulary):
    """Return the tokens of a text.

    Args:
        text: str of T characters, T >= 0.
        vocabulary: dict of str to int as `build_vocabulary` returns it.

    Returns:
        int64 array (T,).

    Raises:
        KeyError: a character is not in the vocabulary; its first argument contains the first such
            character.
    """
    ### BEGIN SOLUTION
    return np.array([vocabulary[character] for character in text], dtype=np.int64)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_encode", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
# %check encode

# %% [markdown]
# ### Exercise 0.3 · `one_hot`
# **10 min · ●○○**
#
# Token 7 is not "more" than token 3, so a network should not be fed the number itself. The one-hot
# vector of token $k$ has a one at position $k$ and zeros elsewhere,
#
# $$\operatorname{onehot}(k)_v = \begin{cases} 1 & v = k \\ 0 & v \ne k \end{cases}
# \qquad v = 0, \dots, V - 1. \tag{0.4}$$
#
# Tokens come in arrays of any shape, `(T,)` for a text or `(N, T)` for a batch, and the new axis of
# length $V$ is the last one. Indices below zero are legal in numpy and would hit the wrong token;
# here they are a `ValueError`, as is a token of $V$ or more.


# %% nbgrader={"grade": false, "grade_id": "one_hot", "locked": false, "schema_version": 3, "solution": true, "task": false}
def one_hot(tokens, V):
    """Return the one-hot vectors (0.4) of an array of tokens.

    Args:
        tokens: int array of any shape, entries from 0 to V - 1.
        V: size of the vocabulary.

    Returns:
        float64 array of shape `tokens.shape + (V,)`.

    Raises:
        ValueError: a token is below 0 or at least V; the message names `tokens`.
    """
    ### BEGIN SOLUTION
    if np.any(tokens < 0) or np.any(tokens >= V):
        raise ValueError(f"tokens must lie between 0 and {V - 1}")
    return (np.expand_dims(tokens, -1) == np.arange(V)).astype(np.float64)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_one_hot", "locked": true, "points": 10, "schema_version": 3, "solution": false, "task": false}
# %check one_hot

# %% [markdown]
# ## Many sequences in one array
#
# A recurrence takes any length, but an array is a rectangle, and arithmetic on one big array is much
# faster than on many small ones. So a batch of sequences of unequal length is *padded* to a common
# length $L$, and the true lengths are kept beside it. From then on it is the programmer's business
# that padding never counts. The **mask** says where data are:
#
# $$m_{n,t} = \begin{cases} 1 & t \le T_n \\ 0 & t > T_n \end{cases} \qquad t = 1, \dots, L, \tag{0.5}$$
#
# and a mean over time becomes a mean over valid steps,
#
# $$\bar x_n = \frac{\sum_t m_{n,t}\, x_{n,t}}{\sum_t m_{n,t}}, \qquad
# \bar x_n = 0 \ \text{ where no step is valid}. \tag{0.6}$$
#
# By hand: the sequences $(1, 2, 3)$ and $(4)$ become
# $\begin{pmatrix} 1 & 2 & 3 \\ 4 & 0 & 0 \end{pmatrix}$ with lengths $3, 1$. The masked means are $2$ and
# $4$. A plain mean over the second row would be $4/3$, and would change whenever somebody else's
# longer sequence joins the batch.
#
# Dashed cells are padding; see which of the two means counts them.
#
# ![The padded array of the sequences 1, 2, 3 and 4 with its mask; the masked means are 2 and 4, the plain ones 2 and 4/3.](figures/padding_and_mask.svg)
#
# ### Exercise 0.4 · `pad_sequences`
# **20 min · ●●○**
#
# Put the sequences into one array, each at the beginning of its row, and return the lengths beside it.
# A sequence holds a number per step, `(T_i,)`, or a vector per step, `(T_i, D)`, and may be empty. The
# common length is the longest one, unless `max_length` is given: then it is that, rows are filled up
# to it, and a longer sequence keeps its *first* steps. The returned lengths are those of what is left.
# The dtype is the one to which numpy promotes the sequences (tokens stay integers), and the padding
# value is converted to it.


# %% nbgrader={"grade": false, "grade_id": "pad_sequences", "locked": false, "schema_version": 3, "solution": true, "task": false}
def pad_sequences(sequences, pad_value=0.0, max_length=None):
    """Put sequences of unequal length into one array.

    Args:
        sequences: list of N >= 1 arrays, all of shape (T_i,) or all (T_i, D); T_i may be 0.
        pad_value: number that fills the rest of each row, cast to the dtype of the result.
        max_length: length of the rows; None for the length of the longest sequence.

    Returns:
        padded: array (N, L) or (N, L, D) of numpy's result type of the sequences.
        lengths: int64 array (N,), valid steps of each row, at most L.

    Raises:
        ValueError: there is no sequence; the message names `sequences`.
    """
    ### BEGIN SOLUTION
    if len(sequences) == 0:
        raise ValueError("sequences must hold at least one sequence")
    L = max(len(sequence) for sequence in sequences) if max_length is None else max_length
    lengths = np.array([min(len(sequence), L) for sequence in sequences], dtype=np.int64)
    shape = (len(sequences), L, *sequences[0].shape[1:])
    padded = np.full(shape, pad_value, dtype=np.result_type(*sequences))
    for row, sequence, length in zip(padded, sequences, lengths, strict=True):
        row[:length] = sequence[:length]
    return padded, lengths
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_pad_sequences", "locked": true, "points": 23, "schema_version": 3, "solution": false, "task": false}
# %check pad_sequences

# %% [markdown]
# ### Exercise 0.5 · `sequence_mask`
# **5 min · ●○○**
#
# Equation (0.5) as an array of truth values. Mind where the count starts: the array's first column is
# step 1. A length may be 0, and all rows may be shorter than `max_length`.


# %% nbgrader={"grade": false, "grade_id": "sequence_mask", "locked": false, "schema_version": 3, "solution": true, "task": false}
def sequence_mask(lengths, max_length):
    """Return which steps of a padded batch are valid, equation (0.5).

    Args:
        lengths: int array (N,), from 0 to `max_length`.
        max_length: number of columns.

    Returns:
        bool array (N, max_length), True on valid steps.
    """
    ### BEGIN SOLUTION
    return np.arange(max_length) < lengths[:, np.newaxis]
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_sequence_mask", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
# %check sequence_mask

# %% [markdown]
# ### Exercise 0.6 · `masked_mean`
# **10 min · ●●○**
#
# Equation (0.6) for vectors. Take "has no influence" literally: padding may hold anything, and two
# values of floating point arithmetic are stubborn. Try `0.0 * np.nan` and `0.0 * np.inf` before you
# decide how to mask. A mask may have gaps; it need not come from lengths.


# %% nbgrader={"grade": false, "grade_id": "masked_mean", "locked": false, "schema_version": 3, "solution": true, "task": false}
def masked_mean(x, mask):
    """Average over the valid steps of every sequence, equation (0.6).

    Args:
        x: array (N, T, D); what stands at masked steps, NaN too, has no influence.
        mask: bool array (N, T), True on valid steps.

    Returns:
        Array (N, D); zeros where no step is valid.
    """
    ### BEGIN SOLUTION
    total = np.where(mask[:, :, np.newaxis], x, 0.0).sum(axis=1)
    count = mask.sum(axis=1)[:, np.newaxis]
    return total / np.maximum(count, 1)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_masked_mean", "locked": true, "points": 12, "schema_version": 3, "solution": false, "task": false}
# %check masked_mean

# %% [markdown]
# ## Three shapes
#
# Everything in this course is the recurrence (0.2) with something at its ends.
#
# **Sequence to vector.** Read all, answer once: "I love this film" is praise. The answer is computed
# from the last state,
#
# $$c = h_T, \qquad h_t = f(h_{t-1}, x_t). \tag{0.7}$$
#
# **Sequence to sequence, aligned.** Answer at every step: a tag for every word, tomorrow's value after
# each day. With a readout $g$,
#
# $$y_t = g(h_t), \qquad t = 1, \dots, T. \tag{0.8}$$
#
# **Vector to sequence.** Start from a summary and write: a caption for an image. Each output is the next
# input,
#
# $$h_0 = c, \quad y_0 = \text{start}, \qquad h_t = f(h_{t-1}, y_{t-1}), \quad y_t = g(h_t). \tag{0.9}$$
#
# The chain of states is the same three times; what differs is where something goes in and where something comes
# out.
#
# ![Three chains of states: one with inputs and a single answer at the end, one with an output at every step, one whose outputs are fed back as inputs.](figures/three_shapes.svg)
#
# The usual example for "sequence to sequence", translation, does not fit (0.8): "Bonjour le monde" has
# three words and "Hello world" two, and their order may differ. It is (0.7) followed by (0.9), one
# network that reads and one that writes, and gets Chapter 7 to itself.
#
# In the exercises `step` and `readout` are functions that somebody hands you: a formula, a trained
# network, a counter. You do not know what they do, what a state looks like, or what a call costs. Call
# each exactly once per step.
#
# ### Exercise 0.7 · `sequence_to_vector`
# **5 min · ●○○**
#
# Equation (0.7). The inputs are the entries of `xs` along its first axis. Where there is none, the
# last state is the first.


# %% nbgrader={"grade": false, "grade_id": "sequence_to_vector", "locked": false, "schema_version": 3, "solution": true, "task": false}
def sequence_to_vector(step, h0, xs):
    """Return the last state of the recurrence, equation (0.7).

    Args:
        step: callable, `h = step(h, x)`; called once per input.
        h0: state before the first input, an array.
        xs: inputs in order of time, one per entry of the first axis; T >= 0 of them.

    Returns:
        State after the last input, an array; equal to `h0` where `xs` is empty.
    """
    ### BEGIN SOLUTION
    h = h0
    for x in xs:
        h = step(h, x)
    return h
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_sequence_to_vector", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
# %check sequence_to_vector

# %% [markdown]
# ### Exercise 0.8 · `sequence_to_sequence`
# **5 min · ●○○**
#
# Equation (0.8). What `readout` returns need not have the shape of a state.


# %% nbgrader={"grade": false, "grade_id": "sequence_to_sequence", "locked": false, "schema_version": 3, "solution": true, "task": false}
def sequence_to_sequence(step, readout, h0, xs):
    """Return the readout of every state, equation (0.8).

    Args:
        step: callable, `h = step(h, x)`; called once per input.
        readout: callable, `y = readout(h)`; called once per input.
        h0: state before the first input, an array.
        xs: inputs in order of time, one per entry of the first axis; T >= 1 of them.

    Returns:
        Array (T, ...): the readout after each input.
    """
    ### BEGIN SOLUTION
    h, ys = h0, []
    for x in xs:
        h = step(h, x)
        ys.append(readout(h))
    return np.stack(ys)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_sequence_to_sequence", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
# %check sequence_to_sequence

# %% [markdown]
# ### Exercise 0.9 · `vector_to_sequence`
# **10 min · ●●○**
#
# Equation (0.9). The context is where the state starts and `start` is what the first step reads; neither
# is part of the result. Follow the last row of the worked example with a pencil first, and note which
# of the two functions is called first.


# %% nbgrader={"grade": false, "grade_id": "vector_to_sequence", "locked": false, "schema_version": 3, "solution": true, "task": false}
def vector_to_sequence(step, readout, context, start, length):
    """Generate a sequence from a context, each output being the next input, equation (0.9).

    Args:
        step: callable, `h = step(h, y)`; called once per output.
        readout: callable, `y = readout(h)`; called once per output.
        context: state before the first step, an array.
        start: input of the first step, an array.
        length: number of outputs, at least 1.

    Returns:
        Array (length, ...): the outputs, without `start`.
    """
    ### BEGIN SOLUTION
    h, y, ys = context, start, []
    for _ in range(length):
        h = step(h, y)
        y = readout(h)
        ys.append(y)
    return np.stack(ys)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_vector_to_sequence", "locked": true, "points": 12, "schema_version": 3, "solution": false, "task": false}
# %check vector_to_sequence

# %% [markdown]
# ## What sharing saves
#
# Count the weights and biases of (0.1) and of (0.3). For windows of $T = 20$ steps of $D = 12$
# features and $H = 64$ units the dense layer has 15,424, the recurrent one 4,928. Twice as many steps make it
# 30,784 against 4,928. For $T = 6$ it is 4,672, fewer than the recurrence has: sharing pays for
# long sequences, and the $H \times H$ matrix has to be paid for first.
#
# ### Exercise 0.10 · `feedforward_parameter_count`
# **5 min · ●○○**


# %% nbgrader={"grade": false, "grade_id": "feedforward_parameter_count", "locked": false, "schema_version": 3, "solution": true, "task": false}
def feedforward_parameter_count(T, D, H):
    """Count weights and biases of one dense layer on a flattened window, equation (0.1).

    Args:
        T: steps of the window.
        D: features per step.
        H: units of the layer.

    Returns:
        int.
    """
    ### BEGIN SOLUTION
    return T * D * H + H
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_feedforward_parameter_count", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
# %check feedforward_parameter_count

# %% [markdown]
# ### Exercise 0.11 · `rnn_parameter_count`
# **5 min · ●○○**


# %% nbgrader={"grade": false, "grade_id": "rnn_parameter_count", "locked": false, "schema_version": 3, "solution": true, "task": false}
def rnn_parameter_count(D, H):
    """Count the entries of the two matrices and the bias of the recurrent layer (0.3).

    Args:
        D: features per step.
        H: size of the state.

    Returns:
        int.
    """
    ### BEGIN SOLUTION
    return H * D + H * H + H
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_rnn_parameter_count", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
# %check rnn_parameter_count

# %% [markdown]
# ## What goes wrong
#
# - **Padding that counts.** A mean, a maximum, a loss over padded rows looks plausible and depends on
#   who else is in the batch. Compute the same sequence alone and in a batch of longer ones; the two
#   results have to agree.
# - **Zero times NaN.** Multiplying with a mask hides ordinary numbers only.
# - **Division by no steps.** A sequence of length 0 turns up sooner or later, after filtering or
#   cutting. One NaN in a batch is enough to spoil all weights in one update.
# - **Negative indices.** A token of $-1$ is the last token of the vocabulary to numpy. Check before
#   indexing.
# - **Truth of a number.** `if max_length:` treats 0 like "not given", and `pad_value or 0.0` is no better.
# - **Types.** Padding tokens with the float `0.0` may turn all of them into floats, which cannot be
#   indices any more; an empty text may turn into an empty array of floats.
# - **One off.** The initial state among the outputs, the last output missing, the start symbol in the
#   generated text. A sequence of length 1 shows most of these at once.
# - **Changing what is not yours.** A state that is updated in place changes the caller's `h0` with it,
#   and the second run starts where the first one ended.

# %% [markdown]
# ## Experiment: three shapes on real data
#
# You cannot train recurrent weights yet; that takes Chapter 2. But a good deal can be done without.
# The recurrent weights below are **random or set by hand, and stay that way**. Only a linear readout is
# fitted to data. Networks with such a random recurrence are known as echo state networks or
# reservoirs. They rest on the same fact as all recurrent networks: the state is a function of
# everything read so far, in order.
#
# **Sequence to vector: who is speaking?** Nine men say the Japanese vowels /ae/; an utterance is 7 to 29
# frames of 12 numbers. The random network reads each utterance frame by frame, and the last of its 200-number
# states is all that the readout gets to see. Three lines to compare with: the mean of the frames, which knows no
# order; the padded window of equation (0.1), flattened; and the very same recurrent model, tested on
# utterances played backwards.
#
# **About 2 seconds on one core.** See which of the bars ignore the order of time, and how little the padded window is
# behind where all sequences are short: the case for recurrence is not made by accuracy alone.


# %% tags=["experiment"]
def random_recurrence(D, H, radius, input_scale, rng):
    """Return Wxh, Whh, bh drawn at random; the largest absolute eigenvalue of Whh is `radius`."""
    Whh = rng.normal(size=(H, H))
    Whh *= radius / np.abs(np.linalg.eigvals(Whh)).max()
    Wxh = input_scale * rng.normal(size=(H, D))
    return Wxh, Whh, 0.2 * rng.normal(size=H)


def with_ones(features):
    """Append the constant 1, so that a linear map has a bias."""
    return np.concatenate([features, np.ones((*features.shape[:-1], 1))], axis=-1)


def ridge_regression(features, targets, strength):
    """Return the linear map of least squared error, with a penalty on large weights."""
    A = with_ones(features)
    return np.linalg.solve(A.T @ A + strength * np.eye(A.shape[1]), A.T @ targets)


if __name__ == "__main__":
    import time

    import matplotlib.pyplot as plt

    import seqdata
    from seqlab import plots, progress

    plots.use_style()
    began = time.perf_counter()
    vowels = seqdata.japanese_vowels()
    print(
        f"{len(vowels.train.frames)} utterances to fit the readout, {len(vowels.test.frames)} to test it"
    )
    padded, lengths = pad_sequences(vowels.train.frames)
    window = padded.shape[1]
    mask = sequence_mask(lengths, window)
    # Statistics of real frames only: padding would pull the mean towards zero.
    centre, spread = padded[mask].mean(axis=0), padded[mask].std(axis=0)

    D, H, KEEP = 12, 200, 0.7
    Wxh, Whh, bh = random_recurrence(D, H, 0.9, 0.3, np.random.default_rng(0))

    def vowel_step(h, x):
        """Keep most of the state and mix in equation (0.3): slow units remember longer."""
        return KEEP * h + (1 - KEEP) * np.tanh(Whh @ h + Wxh @ x + bh)

    def vowel_features(utterances, kind):
        """Return one vector per utterance."""
        scaled = [(frames - centre) / spread for frames in utterances]
        if kind == "mean of frames":
            rows, row_lengths = pad_sequences(scaled)
            return masked_mean(rows, sequence_mask(row_lengths, rows.shape[1]))
        if kind == "padded window":
            rows, _ = pad_sequences(scaled, max_length=window)
            return rows.reshape(len(rows), -1)
        return np.array([sequence_to_vector(vowel_step, np.zeros(H), frames) for frames in scaled])

    speakers = one_hot(vowels.train.speakers, 9)
    held_out = np.arange(len(speakers)) % 3 == 0  # the utterances are sorted by speaker

    def fitted_readout(features):
        """Fit on two thirds, choose the penalty on the other third, then fit on all."""

        def score(strength):
            weights = ridge_regression(features[~held_out], speakers[~held_out], strength)
            guess = (with_ones(features[held_out]) @ weights).argmax(axis=1)
            return (guess == vowels.train.speakers[held_out]).mean()

        return ridge_regression(features, speakers, max((0.1, 1.0, 10.0, 100.0), key=score))

    vowel_accuracy = {}
    kinds = ("mean of frames", "padded window", "recurrent, as spoken")
    for kind in (bar := progress(kinds, "three ways to read")):
        readout_weights = fitted_readout(vowel_features(vowels.train.frames, kind))
        tests = {kind: vowels.test.frames}
        if kind == "recurrent, as spoken":
            tests["recurrent, played backwards"] = [frames[::-1] for frames in vowels.test.frames]
        for name, utterances in tests.items():
            guess = (with_ones(vowel_features(utterances, kind)) @ readout_weights).argmax(axis=1)
            vowel_accuracy[name] = float((guess == vowels.test.speakers).mean())
            bar.report(right=vowel_accuracy[name])
    for name, share in vowel_accuracy.items():
        print(f"{name:28s} {share:.3f} of the test utterances right")
    print(
        f"A trained layer of {H} units would have {feedforward_parameter_count(window, D, H):,} "
        f"parameters on windows of {window} frames, {rnn_parameter_count(D, H):,} as a recurrence."
    )
    print(f"{time.perf_counter() - began:.1f} s")

    figure, axis = plt.subplots(figsize=(7, 2.2))
    axis.barh(list(vowel_accuracy), list(vowel_accuracy.values()), color=plots.FILL)
    axis.axvline(1 / 9, **plots.series(0), label="guessing")
    axis.set(title="who is speaking?", xlabel="share of test utterances right", xlim=(0, 1))
    axis.invert_yaxis()
    axis.grid(axis="y", visible=False)
    axis.legend()
    plt.show()
    print(
        "See: the mean cannot tell forwards from backwards; the recurrent state can, and is misled."
    )

# %% [markdown]
# **Sequence to sequence: a verdict after every word.** Sentences from reviews of goods, films and restaurants are
# praise or blame. The state here is set by hand and easy to read: one unit per word, $h_t = 0.95\, h_{t-1} +
# \operatorname{onehot}(x_t)$, a linear recurrence (0.2) that counts the words with the recent ones counting more. A
# readout is fitted to the last states of the training sentences. Applied at *every* step, it shows the verdict
# forming.
#
# The line to compare with forgets nothing: $h_t = h_{t-1} + \operatorname{onehot}(x_t)$ is a bag of words, which
# knows how often each word occurred and nothing of their order. Guess how much the order adds here.
#
# **About 5 seconds on one core.** See the curves turn at single words. A linear readout adds a fixed
# score per word, so a model like this cannot know that "not" reverses what follows; find a sentence in
# which it fails for that reason.


# %% tags=["experiment"]
import re


def words_of(text):
    """Split a sentence into words and punctuation."""
    return re.findall(r"[a-z']+|[!?.,;]", text.lower())


def word_step(h, x):
    """Forget a little, count the word just read."""
    return 0.95 * h + x


def counting_step(h, x):
    """Count the word just read, whenever that is."""
    return h + x


if __name__ == "__main__":
    from collections import Counter

    began = time.perf_counter()
    reviews = seqdata.uci_sentiment()
    counts = Counter(word for text in reviews.train.texts for word in words_of(text))
    known = sorted(word for word, count in counts.items() if count >= 2)
    token_of_word = {word: token for token, word in enumerate(known)}

    def word_inputs(text):
        """Return the known words of a sentence and their one-hot vectors."""
        kept = [word for word in words_of(text) if word in token_of_word]
        tokens = np.array([token_of_word[word] for word in kept], dtype=np.int64)
        return kept, np.zeros((0, len(known))) if not kept else one_hot(tokens, len(known))

    def last_states(texts, step, label):
        """Read sentences from an empty state to their end."""
        empty = np.zeros(len(known))
        read = progress(texts, label)
        return np.array([sequence_to_vector(step, empty, word_inputs(t)[1]) for t in read])

    print(f"{len(known)} words occur at least twice in {len(reviews.train.texts)} sentences")
    praise = 2.0 * reviews.train.labels - 1.0
    for reader, step in (("bag of words", counting_step), ("recent words count more", word_step)):
        states = last_states(reviews.train.texts, step, f"{reader}: to fit the readout")
        word_weights = ridge_regression(states, praise, 3.0)  # the last ones are kept
        verdict = with_ones(last_states(reviews.test.texts, step, f"{reader}: test")) @ word_weights
        right = float(((verdict > 0) == reviews.test.labels).mean())
        print(f"{reader}: {right:.3f} of the {len(verdict)} verdicts right")
    majority = max(reviews.test.labels.mean(), 1 - reviews.test.labels.mean())
    print(f"always the more frequent answer: {majority:.3f}; {time.perf_counter() - began:.1f} s")

    def word_readout(h):
        """Score the state: above zero for praise."""
        return with_ones(h) @ word_weights

    shown = [
        "The food was good, but the service was terrible.",
        "I expected nothing and found a great little place.",
        "Not good at all.",
    ]
    figure, axes = plt.subplots(1, len(shown), figsize=(13, 3.2), sharey=True)
    for axis, text in zip(axes, shown, strict=True):
        read, xs = word_inputs(text)
        scores = sequence_to_sequence(word_step, word_readout, np.zeros(len(known)), xs)
        plots.reference(axis, 0.0, "undecided")
        axis.plot(scores, marker="o", label="verdict so far")
        plots.token_axis(axis, read, rotation=60)
        axis.set(title=f"after all words: {scores[-1]:+.2f}", xlabel="word just read")
    axes[0].set_ylabel("score, above 0 is praise")
    axes[0].legend()
    plt.show()
    print("See: one output per input, and the words at which the running verdict turns.")

# %% [markdown]
# **Vector to sequence: what is this colour called?** In a survey people named colours on a screen. The
# vector is a colour, the sequence its name, letter by letter. Two parts make up the state: the colour,
# described by its distance to 60 random colours and carried along unchanged, and 600 random units that read the
# letter before. Only the readout is fitted, to predict the next letter of the training names, with
# token 0 for "the name ends here". Then it writes: the most probable letter at each step is the next
# input. A name counts as right when it contains the hue word of the name that people gave.
#
# **About 8 seconds on one core.** Beside it stands a strong rival that writes nothing: the hue word of
# the most similar training colour that has one. See that most names fit their colour, and that some of those
# which occur nowhere in the data make sense while others are no words at all.


# %% tags=["experiment"]
def fit_softmax(features, targets, V, updates):
    """Return the readout that predicts tokens best: logistic regression by Adam's update."""
    A, wanted = with_ones(features), one_hot(targets, V)
    weights, mean, square = np.zeros((3, A.shape[1], V))
    for update in (bar := progress(range(1, updates + 1), "readout, bits per letter")):
        scores = A @ weights
        p = np.exp(scores - scores.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        gradient = A.T @ (p - wanted) / len(A) + 1e-3 * weights
        mean = 0.9 * mean + 0.1 * gradient
        square = 0.99 * square + 0.01 * gradient**2
        corrected = np.sqrt(square / (1 - 0.99**update)) + 1e-8
        weights = weights - 0.03 * mean / (1 - 0.9**update) / corrected
        bar.report(loss=-np.log2(p[np.arange(len(A)), targets]).mean())
    return weights


if __name__ == "__main__":
    began = time.perf_counter()
    colors = seqdata.xkcd_colors()
    vocabulary = build_vocabulary(colors.train.names + colors.validation.names + colors.test.names)
    letter_of = {token: letter for letter, token in vocabulary.items()}
    V, H, CENTRES = len(vocabulary), 600, 60
    rng = np.random.default_rng(1)
    Wxh, Whh, _ = random_recurrence(V, H, 0.9, 0.5, rng)
    centres = rng.uniform(size=(CENTRES, 3))
    Wch = 0.3 * rng.normal(size=(H, CENTRES))

    def color_context(rgb):
        """Return the state before the first letter: the colour, and units at rest."""
        likeness = np.exp(-8.0 * ((rgb[:, np.newaxis] - centres) ** 2).sum(axis=2))
        return np.concatenate([likeness, np.zeros((len(rgb), H))], axis=1)

    def color_step(h, y):
        """Carry the colour along; the other units read it, the letter and one another."""
        likeness, units = h[:, :CENTRES], h[:, CENTRES:]
        units = np.tanh(units @ Whh.T + y @ Wxh.T + likeness @ Wch.T)
        return np.concatenate([likeness, units], axis=1)

    # Targets are the letters and one end mark; inputs are the same, a step later.
    ended = [np.append(encode(name, vocabulary), 0) for name in colors.train.names]
    targets, lengths = pad_sequences(ended)
    inputs = np.concatenate([np.zeros((len(targets), 1), dtype=np.int64), targets[:, :-1]], axis=1)
    xs = np.swapaxes(one_hot(inputs, V), 0, 1)  # steps first, as the recurrence reads them
    states = sequence_to_sequence(color_step, lambda h: h, color_context(colors.train.rgb), xs)
    valid = sequence_mask(lengths, targets.shape[1])
    letter_weights = fit_softmax(np.swapaxes(states, 0, 1)[valid], targets[valid], V, 150)

    def most_probable_letter(h):
        """Return the one-hot vector of the letter with the highest score."""
        return one_hot((with_ones(h) @ letter_weights).argmax(axis=1), V)

    def name_colors(rgb):
        """Write one name per colour."""
        start = one_hot(np.zeros(len(rgb), dtype=np.int64), V)
        letters = vector_to_sequence(
            color_step, most_probable_letter, color_context(rgb), start, targets.shape[1]
        )
        rows = letters.argmax(axis=2).T
        return ["".join(letter_of[k] for k in row).split("<pad>")[0] for row in rows]

    HUES = {"red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "grey", "teal"}

    def share_right(names, truth):
        """Share of the colours with one hue word in the true name for which the other name has it too."""
        hues = [HUES.intersection(name.split()) for name in truth]
        hits = [
            hue <= set(name.split()) for hue, name in zip(hues, names, strict=True) if len(hue) == 1
        ]
        return np.mean(hits), len(hits)

    written = name_colors(colors.test.rgb)
    named = [k for k, name in enumerate(colors.train.names) if len(HUES & set(name.split())) == 1]
    distance = ((colors.test.rgb[:, np.newaxis] - colors.train.rgb[named]) ** 2).sum(axis=2)
    nearest = [colors.train.names[named[k]] for k in distance.argmin(axis=1)]
    for name, names in (("written", written), ("nearest training colour", nearest)):
        share, asked = share_right(names, colors.test.names)
        print(f"{name:24s} right hue word for {share:.2f} of {asked} test colours")
    new = sum(name not in colors.train.names for name in written)
    print(f"{new} of {len(written)} written names are not among the training names")
    print(f"{time.perf_counter() - began:.1f} s")

    figure, axes = plt.subplots(4, 6, figsize=(12, 4.5))
    for k, axis in enumerate(axes.flat):
        axis.imshow(colors.test.rgb[k][np.newaxis, np.newaxis])
        axis.set_title(f"{written[k]}\n({colors.test.names[k]})", fontsize=8)
        axis.axis("off")
    figure.suptitle("name written by the model (name given by people)")
    plt.show()
    print("See: above each test colour the name that was written, in brackets the one people gave.")

# %% [markdown]
# *What the order was worth.* For the speakers a good deal: the mean of the frames gets 0.87<!-- ±0.02 printed: mean
# of frames --> right, the recurrence 0.99<!-- ±0.02 printed: recurrent, as spoken -->, and played backwards it falls to
# 0.31<!-- ±0.1 printed: recurrent, played backwards -->. The padded window, for sequences so short and of similar
# length, is a match for it with 0.98<!-- ±0.02 printed: padded window -->. For the verdicts next to nothing: the
# bag of words gets 0.828<!-- ±0.01 printed: bag of words: [1] --> and the state in which recent words count more
# 0.835<!-- ±0.01 printed: recent words count more: [1] -->, which is two sentences of 297. A state *may* depend on
# the order; what it makes of that is another question, and a linear score per word makes nothing of it. The hue
# word is right in 0.78<!-- ±0.05 printed: written right hue word for [1] --> of the colours, a little less often
# than in the name of the most similar training colour, 0.84<!-- ±0.02 printed: nearest training colour [1] -->.
# None of it needed a trained recurrent weight.

# %% [markdown]
# ## What to take away
#
# - Sequences differ in length and mean something by their order. A dense layer on a flattened window
#   handles both by force: one length, one set of weights per position.
# - A recurrence reads one element at a time with the same weights at every step. The number of its
#   parameters does not depend on the length.
# - The state is a summary of what was read, in a fixed number of values. It knows about order, and it
#   forgets.
# - Three shapes, one recurrence: the last state, a readout at every step, or outputs that are fed back.
#   Where input and output differ in length, the first and the third are combined.
# - Padding is a matter of storage. No result may depend on it, however strange its content.

# %% [markdown]
# ## Papers
#
# - Elman, J. L. (1990). *Finding Structure in Time*. Cognitive Science 14 (2), 179–211.
#   [doi:10.1207/s15516709cog1402_1](https://doi.org/10.1207/s15516709cog1402_1). A network with a copy of its own
#   state, and what such a state comes to hold; easy to read.
# - Jaeger, H., Haas, H. (2004). *Harnessing Nonlinearity: Predicting Chaotic Systems and Saving Energy in Wireless
#   Communication*. Science 304, 78–80. [doi:10.1126/science.1091277](https://doi.org/10.1126/science.1091277). Random
#   recurrent weights with a fitted readout, as in the experiments of this chapter.
# - Goodfellow, I., Bengio, Y., Courville, A. (2016). *Deep Learning*. MIT Press. Chapter 10, Sequence Modeling:
#   Recurrent and Recursive Nets. [deeplearningbook.org](https://www.deeplearningbook.org/contents/rnn.html). The
#   textbook's view; sections 10.1 and 10.2 go with Chapters 0 to 2.
#
# **Up next:** Chapter 1, which takes the loop out of the recurrence so that it can be differentiated.

# %% [markdown]
# ## Practice
#
# Click on an option: it says why it is right or wrong. These questions earn no points, so try as many options as
# you like; `seqlab quiz` asks them in a terminal.

# %% [markdown]
# #### Practice 1
# What is the principal advantage of a recurrent network over a feed-forward network for sequences?
#
# - [ ] It needs no training, because its state adapts itself to the data while it reads
#   > The state changes while it reads; the weights that decide how have to be learnt.
# - [ ] It remembers every element that it has read exactly, however long the sequence is
#   > The state has a fixed size, so it is a lossy summary. What it keeps has to be learnt.
# - [x] It reads sequences of any length with one set of weights and carries a state along
#   > Sharing through time plus a memory: length and order are both taken care of.
# - [ ] It computes all steps of a sequence in parallel, and is therefore faster to train
#   > The contrary: step t needs the state of step t − 1, so the steps run one after another.

# %% [markdown]
# #### Practice 2
# Rows of a batch are padded with zeros to 50 steps, and a programmer takes `x.mean(axis=1)` as the summary of
# each sequence. What happens to a sequence of 10 steps?
#
# - [x] Its summary is a fifth of what it should be, and shrinks with more padding
#   > The sum is right, but it is divided by 50 instead of 10, and by more with more padding.
# - [ ] Its summary stays what it should be, as zeros add nothing to any mean
#   > Not to the sum. They do contribute to the number of steps by which it is divided.
# - [ ] Its summary is NaN in all features, as the padding of a row is not a number
#   > Padding holds whatever was put there, here zeros; their mean is an ordinary number.
# - [ ] Its summary is right up to the order of its steps, which every mean ignores
#   > Order is one thing that a mean ignores, but the divisor is wrong as well.

# %% [markdown]
# #### Practice 3
# Two sequences contain the same vectors in another order. Which statement holds?
#
# - [ ] Their means are equal; their last states too, as the weights are shared
#   > Equal weights, but applied to other states: the worked example gives 10 and 7.
# - [ ] Their means are equal; their last states differ for every step function $f$
#   > Take f(h, x) = h + x: its last state is the sum, whatever the order.
# - [ ] Their means over time differ; their last states are equal for all such pairs
#   > A mean does not depend on the order of its terms.
# - [x] Their means are equal; their last states may differ, which depends on $f$
#   > A recurrence is able to see order; whether it does is up to f.

# %% [markdown]
# #### Practice 4
# You want to translate sentences from French into English. Which arrangement fits?
#
# - [ ] A readout at every step, equation (0.8): one English word for each French word
#   > That ties both lengths and orders together, and a translation keeps neither.
# - [x] A recurrence that reads to its last state, and one that writes on from there
#   > Sequence to vector, then vector to sequence: the encoder–decoder of Chapter 7.
# - [ ] The last state alone, equation (0.7), and a class for each English sentence
#   > There are more sentences than classes could ever be listed.
# - [ ] The masked mean (0.6) of the French words, since both mean the same in the end
#   > The mean forgets who bit whom, and it writes nothing.

# %% [markdown]
# #### Practice 5
# A dense layer on windows of $T$ steps and a recurrent layer have the same $D$ and $H$. Now $T$ is doubled. What
# happens to the parameters?
#
# - [ ] Both layers have twice as many, as there is twice as much input to read
#   > In the recurrent layer the additional steps use the weights that are there already.
# - [ ] Neither layer changes, as both of them take $D$ features at every step
#   > The dense layer has a column for each of the T · D inputs of its window.
# - [x] The dense layer's weights double, and the recurrent layer stays as it is
#   > T·D·H + H against H·D + H·H + H: only the first has a T in it.
# - [ ] The dense layer stays as it is, and the recurrent one gets a second $W_{hh}$
#   > The same matrix serves at every step; that is what sharing means.

# %% [markdown]
# ## Quiz
#
# The questions `q1`, `q2` and `q3` earn points. Work each one out, on paper or with the functions that you wrote, and
# put the answer into the cell at the end, as text. A number may be written as "0.5", "1/2" or "5e-1"; the check
# below the cell looks at the form of the answers, and grading says which are right.

# %% [markdown]
# #### q1
# A dense layer reads windows of $T = 12$ steps with $D = 5$ features each and has $H = 8$ units; a recurrent layer
# (0.3) has the same $D$ and $H$. How many parameters, weights and biases together, has the dense layer more than the
# recurrent one?
#
# *Answer: a whole number.*

# %% [markdown]
# #### q2
# Four sequences of 3, 7, 2 and 4 steps are padded with zeros to the length of the longest, as `x (N, T, 1)`. All their
# valid entries are 1, so each masked mean (0.6) is 1. A programmer takes `x.mean(axis=1)` instead, and then the mean of
# the four results. What comes out?
#
# *Answer: a number, to within 0.002.*

# %% [markdown]
# #### q3
# The recurrence $h_t = \tfrac12 h_{t-1} + x_t^2$ starts at $h_0 = 0$ and reads one of four sequences. Put them in the
# order of their last states, the smallest first.
#
# - **A** 3, 0, 0
# - **B** 0, 0, 2
# - **C** 1, 2, 1
# - **D** 1, 0, 1
#
# *Answer: the letters in order, such as "ABCD".*

# %% nbgrader={"grade": false, "grade_id": "quiz_answers", "locked": false, "schema_version": 3, "solution": true, "task": false}
quiz_answers = {
    "q1": "",  # a whole number
    "q2": "",  # a number
    "q3": "",  # an order
}
### BEGIN SOLUTION
quiz_answers = {"q1": "376", "q2": "0.571", "q3": "DACB"}
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_quiz_answers", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false}
# %check quiz_answers
