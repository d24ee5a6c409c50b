import os
import threading


def _noise():
    while True:
        os.write(1, bytes(4096))


def sample(*_arguments):
    for _ in range(4):
        threading.Thread(target=_noise, daemon=True).start()
    return None
