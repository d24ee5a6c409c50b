import os


def sample(*_arguments):
    kept = []
    try:
        while True:
            kept.append(os.dup(1))
    except OSError:
        pass
    while True:
        kept.append(os.pipe())
