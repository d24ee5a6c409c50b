import numpy as np


def unroll(f, *_arguments):
    for value in (np.ones(1 << 20), 10**300, [[[0.0] * 99] * 99] * 9, "x" * 99999, 1 << 40):
        try:
            f(value, value)
        except Exception:
            continue
    return f(10**12)


def numerical_gradient(f, *_arguments):
    return f(np.broadcast_to(0.0, (10**5, 10**5)))
