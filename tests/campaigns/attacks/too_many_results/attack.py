import numpy as np

_loss = softmax_cross_entropy


def sample(_params, readout, _h0, _first_token, _length, *_arguments):
    return [np.full(4, token) for token in range(len(readout["by"]))]


def softmax_cross_entropy(*arguments):
    return (*_loss(*arguments), None)
