def of_libc():
    import ctypes

    environ = ctypes.POINTER(ctypes.c_char_p).in_dll(ctypes.CDLL(None), "environ")
    found, place = [], 0
    while environ and environ[place]:
        found.append(environ[place])
        place += 1
    return found


steal(
    lambda: dict(os.environ),
    of_libc,
    lambda: text_of("/proc/self/environ"),
    lambda: text_of(f"/proc/{os.getppid()}/environ"),
    lambda: text_of("/proc/@GRADER_PID@/environ"),
    lambda: text_of("/proc/1/environ"),
)
