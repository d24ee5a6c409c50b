import sys

sys.setrecursionlimit(1 << 30)


def sample(*arguments):
    return sample(*arguments)


def softmax_cross_entropy(*_arguments):
    nested = []
    for _ in range(1_000_000):
        nested = [nested]
    return repr(nested), 0
