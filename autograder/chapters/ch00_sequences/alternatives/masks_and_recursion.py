"""Masked arrays, boolean indexing, folds and recursion; buffers that are filled in place."""

from functools import reduce

import numpy as np


def build_vocabulary(texts):
    characters = np.unique(np.array([ord(c) for text in texts for c in text], dtype=np.int64))
    return dict(zip(["<pad>", *map(chr, characters.tolist())], range(len(characters) + 1)))


def encode(text, vocabulary):
    return np.fromiter(map(vocabulary.__getitem__, text), dtype=np.int64, count=len(text))


def one_hot(tokens, V):
    if tokens.size and not (tokens.min() >= 0 and tokens.max() < V):
        raise ValueError("tokens: out of range")
    flat = np.zeros(tokens.size * V)
    flat[np.arange(tokens.size) * V + tokens.ravel()] = 1.0
    return flat.reshape(*tokens.shape, V)


def pad_sequences(sequences, pad_value=0.0, max_length=None):
    if len(sequences) == 0:
        raise ValueError("sequences is empty")
    cut = [s if max_length is None else s[:max_length] for s in sequences]
    lengths = np.array([*map(len, cut)], dtype=np.int64)
    L = int(lengths.max()) if max_length is None else max_length
    filled = np.arange(L) < lengths.reshape(-1, 1)
    padded = np.empty((len(cut), L, *sequences[0].shape[1:]), dtype=np.result_type(*sequences))
    padded[~filled] = np.asarray(pad_value).astype(padded.dtype)
    padded[filled] = np.concatenate(cut)
    return padded, lengths


def sequence_mask(lengths, max_length):
    mask = np.zeros((len(lengths), max_length), dtype=bool)
    for row, length in zip(mask, lengths.tolist()):
        row[:length] = True
    return mask


def masked_mean(x, mask):
    hidden = np.broadcast_to(~mask[:, :, None], x.shape)
    return np.ma.array(np.where(hidden, 0.0, x), mask=hidden).mean(axis=1).filled(0.0)


def sequence_to_vector(step, h0, xs):
    return reduce(step, xs, h0)


def sequence_to_sequence(step, readout, h0, xs):
    def outputs(h, rest):
        if len(rest) == 0:
            return []
        h = step(h, rest[0])
        return [readout(h), *outputs(h, rest[1:])]

    return np.stack(outputs(h0, xs))


def vector_to_sequence(step, readout, context, start, length):
    h, ys = context, [start]
    while len(ys) <= length:
        h = step(h, ys[-1])
        ys.append(readout(h))
    del ys[0]
    return np.array(ys)


def feedforward_parameter_count(T, D, H):
    return sum((T * D + 1) for _ in range(H))


def rnn_parameter_count(D, H):
    return int(np.prod((H, D)) + np.square(H) + H)
