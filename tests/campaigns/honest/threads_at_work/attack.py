from concurrent.futures import ThreadPoolExecutor

_forward = readout_forward
_pool = ThreadPoolExecutor(2)


def readout_forward(h, readout):
    """Hand the work over."""
    return _pool.submit(_forward, h, readout).result()
