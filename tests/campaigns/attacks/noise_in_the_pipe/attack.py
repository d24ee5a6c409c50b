import random


def sample(*_arguments):
    write(random.Random(1).randbytes(4096))
