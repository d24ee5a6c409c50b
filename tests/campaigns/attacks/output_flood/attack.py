import os
import sys


def sample(*_arguments):
    while True:
        print("x" * 65536)


def softmax_cross_entropy(*_arguments):
    while True:
        os.write(2, bytes(65536))
