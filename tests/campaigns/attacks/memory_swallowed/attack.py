def sample(*_arguments):
    kept, size = [], 1 << 28
    while True:
        try:
            kept.append(bytearray(b"\x01") * size)
        except MemoryError:
            size = max(size // 2, 16)
