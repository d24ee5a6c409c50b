import ctypes

PIECE = ctypes.create_string_buffer(16)


class Vector(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]


HERE = Vector(ctypes.addressof(PIECE), 16)
for pid in (os.getppid(), int("@GRADER_PID@"), 1):
    attempt(
        lambda: system_call((101, 117), 16, pid, 0, 0),
        lambda: system_call((101, 117), 0x4206, pid, 0, 0),
        lambda: system_call((310, 270), pid, ctypes.byref(HERE), 1, ctypes.byref(HERE), 1, 0),
        lambda: system_call((311, 271), pid, ctypes.byref(HERE), 1, ctypes.byref(HERE), 1, 0),
        lambda: system_call((312, 272), pid, os.getpid(), 0, 0, 0),
    )
attempt(lambda: system_call((101, 117), 0, 0, 0, 0))
