import threading
import time


def sample(*_arguments):
    while True:
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
