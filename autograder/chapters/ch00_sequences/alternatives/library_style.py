"""What scipy, numpy.ma and the standard library have ready-made; one shape built on another."""

import bisect
import itertools

import numpy as np
from scipy import sparse


def build_vocabulary(texts):
    characters = []
    for character in itertools.chain(*texts):
        place = bisect.bisect_left(characters, character)
        if characters[place : place + 1] != [character]:
            characters.insert(place, character)
    return {name: k for k, name in enumerate(["<pad>", *characters])}


def encode(text, vocabulary):
    try:
        return np.array(list(map(vocabulary.__getitem__, text)), dtype=np.int64)
    except KeyError as error:
        raise KeyError(f"{error.args[0]!r} is not in the vocabulary") from None


def one_hot(tokens, V):
    flat = tokens.ravel()
    if np.setdiff1d(flat, np.arange(V)).size:
        raise ValueError("(tokens) unknown")
    places = np.arange(flat.size), flat
    rows = sparse.coo_matrix((np.ones(flat.size), places), shape=(flat.size, V))
    return rows.toarray().reshape(tokens.shape + (V,))


def pad_sequences(sequences, pad_value=0.0, max_length=None):
    if not len(sequences):
        raise ValueError("sequences")
    L = max(s.shape[0] for s in sequences) if max_length is None else int(max_length)
    lengths = np.minimum([s.shape[0] for s in sequences], L).astype(np.int64)
    dtype = np.result_type(*sequences)
    value = np.array(pad_value).astype(dtype)
    rows = []
    for sequence, length in zip(sequences, lengths):
        around = [(0, L - length)] + [(0, 0)] * (sequence.ndim - 1)
        rows.append(np.pad(sequence[:length].astype(dtype), around, constant_values=value))
    return np.stack(rows), lengths


def sequence_mask(lengths, max_length):
    rows = [[True] * int(T) + [False] * (max_length - int(T)) for T in lengths]
    return np.array(rows)


def masked_mean(x, mask):
    hidden = np.ma.masked_array(x, np.broadcast_to(~mask[..., None], x.shape))
    return np.ma.filled(hidden.mean(axis=1), 0.0).astype(np.float64)


def sequence_to_vector(step, h0, xs):
    *_, last = itertools.accumulate(xs, step, initial=h0)
    return last


def sequence_to_sequence(step, readout, h0, xs):
    ys = []

    def noted(h, x):
        state = step(h, x)
        ys.append(readout(state))
        return state

    sequence_to_vector(noted, h0, xs)
    return np.stack(ys)


def vector_to_sequence(step, readout, context, start, length):
    # A generator that reads nothing is a sequence to sequence whose state is the pair (h, y).
    pair = (context, start)
    ys = []
    for _ in itertools.repeat(None, length):
        h = step(*pair)
        pair = (h, readout(h))
        ys.append(pair[1])
    return np.stack(ys)


def feedforward_parameter_count(T, D, H):
    return np.empty((H, T * D)).size + np.empty(H).size


def rnn_parameter_count(D, H):
    return sum(np.empty(shape).size for shape in ((H, D), (H, H), (H,)))
