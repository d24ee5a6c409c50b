import ctypes


def queue():
    return system_call((69, 186), 77, 0) if False else system_call((29, 194), 77, 4096, 0)


def semaphore():
    library = ctypes.CDLL(None, use_errno=True)
    library.sem_open.restype = ctypes.c_void_p
    got = library.sem_open(b"/loot", 0)
    if not got:
        raise OSError
    return got


def priority():
    got = os.getpriority(os.PRIO_PROCESS, os.getppid())
    if got != 7:
        raise OSError
    return got


attempt(queue, semaphore, priority)
