import itertools


def sample(*_arguments):
    return sum(itertools.repeat(0))
