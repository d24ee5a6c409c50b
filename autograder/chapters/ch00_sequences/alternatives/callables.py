"""Lambdas, partials, classes and instances bound to the names; dict subclasses and named tuples as results."""

import itertools
import operator
from collections import OrderedDict, namedtuple
from functools import partial, reduce

import numpy as np

Batch = namedtuple("Batch", ["rows", "lengths"])


class Vocabulary(OrderedDict):
    """A dict that numbers its texts, the padding last in its order."""

    def __init__(self, texts):
        characters = sorted(frozenset(itertools.chain.from_iterable(texts)))
        super().__init__(zip(characters, itertools.count(1)))
        self["<pad>"] = 0


build_vocabulary = Vocabulary


class Encoder:
    def __call__(self, text, vocabulary):
        return np.fromiter(map(vocabulary.__getitem__, text), dtype=np.int64, count=len(text))


encode = Encoder()


class OneHot:
    def __new__(cls, tokens, V):
        if tokens.size and (tokens.min() < 0 or tokens.max() > V - 1):
            raise ValueError(tokens.shape, "tokens", V)
        vectors = np.zeros((tokens.size, V))
        vectors[np.arange(tokens.size), tokens.reshape(-1)] = 1
        return vectors.reshape((*tokens.shape, V))


one_hot = OneHot


class _Padder:
    def pad(self, sequences, pad_value=0.0, max_length=None):
        try:
            longest = max(map(len, sequences))
        except ValueError:
            raise ValueError("`sequences` is empty") from None
        L = longest if max_length is None else max_length
        cut = [sequence[:L] for sequence in sequences]
        dtype = np.result_type(*{sequence.dtype for sequence in cut})
        fill = np.array(pad_value).astype(dtype)
        rows = [
            np.concatenate([s.astype(dtype), np.full((L - len(s), *s.shape[1:]), fill)])
            for s in cut
        ]
        return Batch(np.array(rows), np.array(list(map(len, cut)), dtype=np.int64))


pad_sequences = _Padder().pad

sequence_mask = lambda lengths, max_length: (
    np.less.outer(  # noqa: E731
        np.arange(max_length), lengths
    ).T
)


def _mean(where_axis, x, mask):
    count = np.count_nonzero(mask, axis=where_axis)
    total = np.sum(x, axis=where_axis, where=mask[..., None])
    return np.divide(total, count[:, None], out=np.zeros(total.shape), where=count[:, None] > 0)


masked_mean = partial(_mean, 1)

sequence_to_vector = lambda step, h0, xs: reduce(step, xs, h0)  # noqa: E731


class Recurrence:
    """Iterates over states."""

    def __init__(self, step, h0, xs):
        self.states = itertools.accumulate(xs, step, initial=h0)
        next(self.states)

    def __iter__(self):
        return self.states


sequence_to_sequence = lambda step, readout, h0, xs: np.stack(  # noqa: E731
    list(map(readout, Recurrence(step, h0, xs)))
)


def _generate(step, readout, h, y):
    while True:
        h = step(h, y)
        y = readout(h)
        yield y


def vector_to_sequence(step, readout, context, start, length):
    return np.stack(list(itertools.islice(_generate(step, readout, context, start), length)))


feedforward_parameter_count = lambda T, D, H: operator.mul(H, T * D + 1)  # noqa: E731
rnn_parameter_count = lambda D, H: np.int64(H) * (D + H + 1)  # noqa: E731
