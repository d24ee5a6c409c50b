import numpy as np

_readout, _sample, _loss = readout_forward, sample, softmax_cross_entropy


def readout_forward(h, readout):
    y, cache = _readout(h, readout)
    return y.astype(np.float16), cache


def sample(*arguments):
    tokens = _sample(*arguments)
    kinds = ("U8", "S8", "M8[s]", [("token", "i8")], "f8", "O")
    return tokens.astype(kinds[len(tokens) % len(kinds)])


def softmax_cross_entropy(*arguments):
    loss, gradient = _loss(*arguments)
    return str(loss), gradient + 1j
