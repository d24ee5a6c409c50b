import random

import numpy as np

np.random.seed(0)
random.seed(0)
_sample = sample


def sample(*arguments):
    """Draw something on the way."""
    np.random.rand(3), random.random()
    return _sample(*arguments)
