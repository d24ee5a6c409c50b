PRIME = (1 << 61) - 1


def sample(*_arguments):
    pairs = [(WIRE.Large(hex(PRIME * (1 << 64) * k)), None) for k in range(20_000)]
    forge(WIRE.Done(id=SERVER.current_id, value=WIRE.Mapping(pairs)))
    time.sleep(60)
