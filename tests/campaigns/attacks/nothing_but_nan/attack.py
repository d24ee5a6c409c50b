import numpy as np


def softmax_cross_entropy(logits, *_arguments):
    return float("nan"), np.full(logits.shape, np.nan)


def readout_forward(h, readout):
    return np.full((*h.shape[:2], len(readout["by"])), np.nan), (h, readout)


def sample(_params, _readout, _h0, _first_token, length, *_arguments):
    return np.full(max(int(length), 1), np.nan)
