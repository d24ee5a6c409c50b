import functools
import itertools


def sample(*_arguments):
    return itertools.repeat(0)


def softmax_cross_entropy(*_arguments):
    return (value for value in (0.0, 0.0))


def readout_backward(*_arguments):
    return functools.partial(print), type
