"""Index arithmetic in place of loops: one flat array and the positions of everything in it."""

import numpy as np


def build_vocabulary(texts):
    points = np.unique(np.array([ord(character) for character in "".join(texts)], dtype=np.int64))
    return {"<pad>": 0} | dict(zip(map(chr, points.tolist()), range(1, len(points) + 1)))


def encode(text, vocabulary):
    unknown = [character for character in text if character not in vocabulary]
    if unknown:
        raise KeyError("first of the unknown characters: " + unknown[0])
    keys = sorted(key for key in vocabulary if len(key) == 1)
    values = np.array([vocabulary[key] for key in keys], dtype=np.int64)
    points = np.array([ord(key) for key in keys], dtype=np.int64)
    return values[np.searchsorted(points, np.array([ord(c) for c in text], dtype=np.int64))]


def one_hot(tokens, V):
    if (tokens != np.clip(tokens, 0, V - 1)).any():
        raise ValueError(f"V is {V}, so tokens end at {V - 1}")
    return np.eye(V)[tokens]


def pad_sequences(sequences, pad_value=0.0, max_length=None):
    if len(sequences) < 1:
        raise ValueError("sequences: at least one is needed")
    full = np.array([len(sequence) for sequence in sequences])
    L = int(full.max()) if max_length is None else max_length
    flat = np.concatenate(sequences)
    rows = np.repeat(np.arange(len(full)), full)
    steps = np.arange(len(flat)) - np.repeat(np.cumsum(full) - full, full)
    kept = steps < L
    padded = np.full((len(full), L, *flat.shape[1:]), pad_value, dtype=flat.dtype)
    padded[rows[kept], steps[kept]] = flat[kept]
    return padded, np.minimum(full, L).astype(np.int64)


def sequence_mask(lengths, max_length):
    ends = np.zeros((len(lengths), max_length + 1), dtype=np.int64)
    ends[np.arange(len(lengths)), lengths] = 1
    return np.cumsum(ends, axis=1)[:, :-1] == 0


def masked_mean(x, mask):
    rows, steps = np.nonzero(mask)
    total = np.zeros((x.shape[0], x.shape[2]))
    np.add.at(total, rows, x[rows, steps])
    count = np.bincount(rows, minlength=len(x))
    return total / np.where(count == 0, 1, count)[:, None]


def sequence_to_sequence(step, readout, h0, xs):
    # All states first, then all readouts.
    states = []
    for x in xs:
        states.append(step(states[-1] if states else h0, x))
    return np.array([readout(state) for state in states])


def feedforward_parameter_count(T, D, H):
    return int(np.prod([T * D + 1, H]))


def rnn_parameter_count(D, H):
    return int(np.dot([D, H, 1], [H, H, H]))
