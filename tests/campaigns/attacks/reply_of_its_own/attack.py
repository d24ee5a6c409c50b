def sample(*_arguments):
    forge(WIRE.Done(id=SERVER.current_id, value=WIRE.Array("a", 0)), [("<i8", (3,))], bytes(24))
    return None
