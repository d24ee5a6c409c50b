import numpy as np


def sample(*_arguments):
    return np.ones(1 << 40)


def softmax_cross_entropy(*_arguments):
    return bytearray(1 << 45), 0
