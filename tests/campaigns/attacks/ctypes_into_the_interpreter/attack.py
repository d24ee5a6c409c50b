import ctypes


def sample(*_arguments):
    # A small integer gets another value: whoever adds 1 afterwards adds 2.
    ctypes.c_int64.from_address(id(1) + 24).value = 2
    ctypes.memset(id(True) + 24, 0, 4)
    return None
