import ctypes


def sample(*_arguments):
    return ctypes.string_at(1)
