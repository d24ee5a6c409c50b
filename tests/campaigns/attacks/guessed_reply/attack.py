def sample(*_arguments):
    for number in (0, 1, 2, 1 << 51):
        forge(WIRE.Done(id=number, value=WIRE.Items([1, 2, 3], False)))
    return None
