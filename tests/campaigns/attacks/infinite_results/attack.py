import numpy as np


def softmax_cross_entropy(logits, *_arguments):
    return np.inf, np.full(logits.shape, -np.inf)


def readout_forward(h, readout):
    return np.full((*h.shape[:2], len(readout["by"])), np.inf), (h, readout)
