import numpy as np


def softmax_cross_entropy(*_arguments):
    return np.zeros(0), np.zeros((0, 0, 0))


def sample(*_arguments):
    return np.zeros(0, np.int64)


def readout_backward(*_arguments):
    return np.zeros((0, 5)), {}
