import os
import signal


def sample(*_arguments):
    os.kill(os.getpid(), signal.SIGSTOP)
