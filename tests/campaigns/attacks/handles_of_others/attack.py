def readout_forward(*_arguments):
    values = [WIRE.Held(-1), WIRE.Held(1 << 40), WIRE.Lent(0, True), WIRE.Unsendable("LOOT")]
    value = values[SERVER.current_id % 4]
    forge(WIRE.Done(id=SERVER.current_id, value=WIRE.Items([value, value], True)))
    time.sleep(60)
