import atexit
import threading
import time


def _tick():
    while True:
        time.sleep(0.01)


threading.Thread(target=_tick, daemon=True).start()
atexit.register(time.sleep, 30)
