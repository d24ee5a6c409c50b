"""Plain Python: one number at a time, numpy only where a result has to be an array."""

import numpy as np


def build_vocabulary(texts):
    vocabulary = {"<pad>": 0}
    found = []
    for text in texts:
        for character in text:
            if character not in found:
                found.append(character)
    found.sort(key=ord)
    for character in found:
        vocabulary[character] = len(vocabulary)
    return vocabulary


def encode(text, vocabulary):
    tokens = []
    for character in text:
        if character not in vocabulary:
            raise KeyError(f"no token for the character {character}")
        tokens.append(vocabulary[character])
    if not tokens:
        return np.empty((0,), dtype="int64")
    return np.asarray(tokens, dtype="int64")


def one_hot(tokens, V):
    for token in tokens.flat:
        if not 0 <= token < V:
            raise ValueError("one of the tokens, %d, is no token" % token)
    rows = [[1.0 if v == token else 0.0 for v in range(V)] for token in tokens.ravel().tolist()]
    return np.array(rows).reshape(*tokens.shape, V)


def pad_sequences(sequences, pad_value=0.0, max_length=None):
    if not sequences:
        raise ValueError("no sequences")
    longest = 0
    for sequence in sequences:
        if sequence.shape[0] > longest:
            longest = sequence.shape[0]
    if max_length is not None:
        longest = max_length
    dtype = sequences[0].dtype
    for sequence in sequences[1:]:
        dtype = np.promote_types(dtype, sequence.dtype)
    padded = np.empty((len(sequences), longest) + sequences[0].shape[1:], dtype)
    lengths = []
    for n, sequence in enumerate(sequences):
        steps = 0
        for t in range(longest):
            if t < len(sequence):
                padded[n, t] = sequence[t]
                steps += 1
            else:
                padded[n, t] = np.array(pad_value).astype(dtype)
        lengths.append(steps)
    return [padded, np.array(lengths, np.int64)]


def sequence_mask(lengths, max_length):
    return np.array([[t < T for t in range(max_length)] for T in lengths.tolist()], dtype=bool)


def masked_mean(x, mask):
    N, T, D = x.shape
    means = np.zeros((N, D))
    for n in range(N):
        steps = [t for t in range(T) if mask[n, t]]
        for d in range(D):
            if steps:
                means[n, d] = sum(float(x[n, t, d]) for t in steps) / len(steps)
    return means


def sequence_to_vector(step, h0, xs):
    t = 0
    while t < len(xs):
        h0 = step(h0, xs[t])
        t += 1
    return h0


def sequence_to_sequence(step, readout, h0, xs):
    result = None
    for t in range(len(xs)):
        h0 = step(h0, xs[t])
        y = np.asarray(readout(h0))
        if result is None:
            result = np.empty((len(xs), *y.shape))
        result[t] = y
    return result


def vector_to_sequence(step, readout, context, start, length):
    hs, ys = [context], [start]
    while len(ys) <= length:
        hs.append(step(hs[-1], ys[-1]))
        ys.append(readout(hs[-1]))
    return np.array(ys[1:])


def feedforward_parameter_count(T, D, H):
    count = 0
    for _ in range(H):
        count += T * D + 1
    return count


def rnn_parameter_count(D, H):
    count = 0
    for _ in range(H):
        count += D + H + 1
    return count
