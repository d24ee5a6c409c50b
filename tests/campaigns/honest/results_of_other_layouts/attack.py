import numpy as np

_forward, _loss, _step = readout_forward, softmax_cross_entropy, rnn_step_backward


def readout_forward(h, readout):
    """Read-only, in Fortran's order."""
    y, cache = _forward(h, readout)
    y = np.asfortranarray(y)
    y.setflags(write=False)
    return [y, cache]


def softmax_cross_entropy(logits, targets, mask):
    """A view with negative strides, a scalar of numpy."""
    loss, gradient = _loss(logits, targets, mask)
    turned = np.ascontiguousarray(gradient[::-1, ::-1, ::-1])
    return np.float64(loss), turned[::-1, ::-1, ::-1]


def rnn_step_backward(dh, cache):
    """A dict of another class, in another order."""
    from collections import OrderedDict

    dx, dh_prev, grads = _step(dh, cache)
    return dx, dh_prev, OrderedDict(sorted(grads.items(), reverse=True))
