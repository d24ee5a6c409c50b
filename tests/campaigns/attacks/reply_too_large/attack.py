import numpy as np


def sample(*_arguments):
    return np.ones(1 << 24)


def softmax_cross_entropy(*_arguments):
    return [np.ones(1)] * 100_000, {n: None for n in range(200_000)}
