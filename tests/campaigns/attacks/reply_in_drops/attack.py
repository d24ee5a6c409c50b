def sample(*_arguments):
    for byte in raw(b"\x92" + bytes(1000)):
        write(bytes([byte]))
        time.sleep(0.05)
