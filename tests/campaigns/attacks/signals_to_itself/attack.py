import os
import signal
import time


def sample(*_arguments):
    os.kill(os.getpid(), signal.SIGKILL)


def softmax_cross_entropy(*_arguments):
    signal.raise_signal(signal.SIGSEGV)
