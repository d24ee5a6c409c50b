def sample(*_arguments):
    forge(WIRE.Done(id=SERVER.current_id, value=None))
    forge(WIRE.Done(id=SERVER.current_id + 1, value=None))
    forge(WIRE.Done(id=SERVER.current_id, value=None))
    return None
