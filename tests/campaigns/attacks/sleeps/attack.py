import sys
import threading


def sample(*_arguments):
    lock = threading.Lock()
    with lock:
        lock.acquire()


def softmax_cross_entropy(*_arguments):
    while True:
        sys.stdin.readline()
