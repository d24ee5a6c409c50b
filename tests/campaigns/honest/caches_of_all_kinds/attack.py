import dataclasses

_forward, _backward = readout_forward, readout_backward


@dataclasses.dataclass(slots=True)
class Cache:
    """What the way back needs."""

    inner: object
    close: object

    def __eq__(self, other):
        raise TypeError("never compare caches")

    def __bool__(self):
        raise TypeError("nor ask for their truth")


def readout_forward(h, readout):
    """Keep a closure."""
    y, cache = _forward(h, readout)
    return y, Cache(cache, lambda dy: _backward(dy, cache))


def readout_backward(dy, cache):
    """Call it."""
    return cache.close(dy)
