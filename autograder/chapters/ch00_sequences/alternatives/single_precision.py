"""Float32 wherever the contract names no dtype; einsum for the mean."""

import numpy as np


def encode(text, vocabulary):
    tokens = np.zeros(len(text), np.int64)
    for t in range(len(text)):
        tokens[t] = vocabulary[text[t]]
    return tokens


def one_hot(tokens, V):
    if np.min(tokens) < 0 or np.max(tokens) >= V:
        raise ValueError("tokens outside the vocabulary")
    vectors = np.zeros((*tokens.shape, V), dtype=np.float32)
    np.put_along_axis(vectors, tokens[..., None], 1, axis=-1)
    return vectors.astype(np.float64)


def masked_mean(x, mask):
    clean = x.astype(np.float32)
    clean[~mask] = 0
    weights = mask / np.maximum(mask.sum(axis=1, keepdims=True), 1)
    return np.einsum("ntd,nt->nd", clean, weights.astype(np.float32))


def sequence_to_vector(step, h0, xs):
    h = np.float32(h0)
    for x in np.float32(xs):
        h = np.float32(step(h, x))
    return h


def sequence_to_sequence(step, readout, h0, xs):
    h = h0.astype(np.float32)
    ys = []
    for x in xs.astype(np.float32):
        h = step(h, x).astype(np.float32)
        ys.append(np.asarray(readout(h), dtype=np.float32))
    return np.stack(ys)


def vector_to_sequence(step, readout, context, start, length):
    h, y = context.astype(np.float32), start.astype(np.float32)
    ys = np.empty((length, *y.shape), dtype=np.float32)
    for t in range(length):
        h = step(h, y).astype(np.float32)
        ys[t] = y = readout(h).astype(np.float32)
    return ys
