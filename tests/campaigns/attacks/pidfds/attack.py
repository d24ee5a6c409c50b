for pid in (os.getppid(), int("@GRADER_PID@")):
    attempt(
        lambda: os.pidfd_open(pid),
        lambda: system_call((434, 434), pid, 0),
        lambda: system_call((438, 438), system_call((434, 434), pid, 0), 0, 0),
        lambda: system_call((424, 424), 3, 0, 0, 0),
        lambda: system_call((440, 440), 3, bytes(16), 1, 4, 0),
    )
