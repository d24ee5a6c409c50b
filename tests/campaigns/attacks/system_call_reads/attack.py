import ctypes


def opened(numbers, *arguments):
    number = system_call(numbers, *arguments)
    return os.read(number, 4096)


def by_library():
    library = ctypes.CDLL(None)
    library.fopen.restype = library.fgets.restype = ctypes.c_void_p
    library.fgets.argtypes = (ctypes.c_char_p, ctypes.c_int, ctypes.c_void_p)
    line, file = ctypes.create_string_buffer(99), library.fopen(path, b"r")
    return line.value if file and library.fgets(line, 99, file) else 1 / 0


path = b"@SECRET_BESIDE_SUITE@\0"
how = ctypes.create_string_buffer(24)
steal(
    lambda: opened((257, 56), -100, path, 0, 0),
    lambda: opened((437, 437), -100, path, how, 24),
    lambda: opened((2, 56), path, 0, 0),
    lambda: opened((304, 265), -100, path, 0),
    by_library,
)
