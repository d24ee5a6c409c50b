import numpy as np

_KEPT = []


def _spoil(*values):
    for value in values:
        if isinstance(value, dict):
            _spoil(*value.values())
        elif isinstance(value, np.ndarray) and value.dtype.kind == "f":
            value[...] = np.nan


def softmax_cross_entropy(*arguments):
    _KEPT.extend(arguments)
    return 1.0, arguments[0] + 1.0


def sample(*arguments):
    _spoil(*_KEPT)
    _KEPT.extend(arguments)
    return None
