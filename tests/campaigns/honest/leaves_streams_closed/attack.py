import sys


class Loud:
    """Complains at its end."""

    def __del__(self):
        raise RuntimeError("not in the mood")


for _ in range(100):
    Loud()
sys.stdout.close()
sys.stderr = None
