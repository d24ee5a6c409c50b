def sample(*_arguments):
    for token in (0, -1, 1 << 40):
        forge(WIRE.CallBack(SERVER.current_id, token, WIRE.Large("z" * 9000), None))
    time.sleep(60)
