import ctypes


def forked(call):
    pid = call()
    if pid == 0:
        os._exit(0)
    return pid


SIGCHLD = 17
ARGUMENTS = ctypes.create_string_buffer(88)
attempt(
    lambda: forked(lambda: system_call((57, -1))),
    lambda: forked(lambda: system_call((56, 220), SIGCHLD, 0, 0, 0, 0)),
    lambda: forked(lambda: system_call((56, 220), SIGCHLD | 0x8000, 0, 0, 0, 0)),
    lambda: forked(lambda: system_call((435, 435), ARGUMENTS, 88)),
    lambda: forked(lambda: ctypes.CDLL(None).fork()) if ctypes.CDLL(None).fork() >= 0 else 1 / 0,
)
