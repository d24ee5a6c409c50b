class Sticky:
    def __del__(self):
        while True:
            pass


class Slow(Exception):
    def __str__(self):
        while True:
            pass


def sample(*_arguments):
    Sticky()
    return None


def softmax_cross_entropy(*_arguments):
    raise Slow
