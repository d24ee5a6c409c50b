def sample(*_arguments):
    write(raw(b"\x92" + b"\x91" * 100_000 + b"\xc0" + b"\x90"))
    time.sleep(60)
