def sample(*_arguments):
    forge(WIRE.Done(id=SERVER.current_id, value=None))
    while True:
        os.read(SERVER.incoming, 1 << 16)
