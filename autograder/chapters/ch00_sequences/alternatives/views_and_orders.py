"""Results that are views, read-only, Fortran-ordered or broadcast; an argument handed back as it is."""

import numpy as np
from numpy.lib.stride_tricks import as_strided


def _frozen(array):
    array.flags.writeable = False
    return array


def encode(text, vocabulary):
    pairs = np.array([[vocabulary[c], -1] for c in text], dtype=np.int64).reshape(-1, 2)
    return pairs[:, 0]


def one_hot(tokens, V):
    if not np.all((tokens >= 0) & (tokens < V)):
        raise ValueError("the tokens must be below V and not negative")
    band = np.zeros(2 * V - 1)  # a window that is moved over a single one
    band[V - 1] = 1.0
    table = as_strided(band[V - 1 :], (V, V), (-band.strides[0], band.strides[0]))
    return _frozen(table[tokens])


def pad_sequences(sequences, pad_value=0.0, max_length=None):
    if len(sequences) == 0:
        raise ValueError("len(sequences) == 0")
    L = max_length if max_length is not None else np.max([len(s) for s in sequences])
    shape = (L, len(sequences), *sequences[0].shape[1:])  # time first inside, a view outside
    padded = np.full(shape, pad_value, dtype=np.result_type(*sequences))
    lengths = np.zeros((len(sequences), 2), dtype=np.int64)
    for n, sequence in enumerate(sequences):
        kept = sequence[:L]
        padded[: len(kept), n] = kept
        lengths[n] = len(kept)
    return padded.swapaxes(0, 1), _frozen(lengths[:, 1])


def sequence_mask(lengths, max_length):
    steps = np.broadcast_to(np.arange(max_length), (len(lengths), max_length))
    return np.asfortranarray(~(steps >= lengths.reshape(-1, 1)))


def masked_mean(x, mask):
    filled = np.array(x.T, order="F")  # D T N
    filled[:, ~mask.T] = 0.0
    count = mask.sum(1)
    count[count == 0] = 1
    return _frozen((filled.sum(1) / count).T)


def sequence_to_vector(step, h0, xs):
    if not len(xs):
        return h0
    return step(sequence_to_vector(step, h0, xs[:-1]), xs[-1])


def sequence_to_sequence(step, readout, h0, xs):
    h, reverse = h0, []
    for x in xs:
        h = step(h, x)
        reverse.insert(0, readout(h))
    return _frozen(np.array(reverse))[::-1]


def vector_to_sequence(step, readout, context, start, length):
    ys = np.empty((*np.shape(start), length), order="F")
    h, y = context, start
    for t in range(length):
        h = step(h, y)
        y = readout(h)
        ys[..., t] = y
    return np.moveaxis(ys, -1, 0)
