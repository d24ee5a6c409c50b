import numpy as np

try:
    import multiprocessing

    with multiprocessing.Pool(2) as pool:
        pool.map(abs, [1, 2])
except (OSError, ImportError, AttributeError):
    pool = None
try:
    with open("log.txt", "w") as log:
        log.write("started")
except OSError:
    log = None
try:
    import urllib.request

    urllib.request.urlopen("http://127.0.0.1:9", timeout=1)
except (OSError, ImportError, AttributeError):
    pass
