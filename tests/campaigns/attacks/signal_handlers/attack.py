import signal


def _handler(*_arguments):
    forge(WIRE.Done(id=SERVER.current_id, value=None))


for number in range(1, 65):
    try:
        signal.signal(number, _handler)
    except (OSError, ValueError):
        continue


def sample(*_arguments):
    signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
    while True:
        time.sleep(1)
