SPECS = [
    [("<f8", (1 << 40, 1 << 40))],
    [("<f8", (-1, -8))],
    [("<i8", (100,))],
    [("|O8", (1,))],
    [("<M8[ns]", (1,))],
    [("<f8", (1,) * 40)],
    [("<f8", (1 << 62, 0, 1 << 62))],
    [("|b1", (8,))],
]


def sample(*_arguments):
    spec = SPECS[SERVER.current_id % len(SPECS)]
    forge(WIRE.Done(id=SERVER.current_id, value=WIRE.Array("a", 0)), spec, b"\x07" * 8)
    time.sleep(60)
