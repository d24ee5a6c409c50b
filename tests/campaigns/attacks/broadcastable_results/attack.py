import numpy as np

_loss, _readout = softmax_cross_entropy, readout_forward


def softmax_cross_entropy(*arguments):
    loss, gradient = _loss(*arguments)
    return np.full((1,), loss), gradient[None]


def readout_forward(h, readout):
    y, cache = _readout(h, readout)
    return y[..., None], cache
