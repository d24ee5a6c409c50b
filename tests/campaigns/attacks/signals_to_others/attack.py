# Signal 0 kills nobody, and tells as well whether one of another number could be sent.
attempt(
    lambda: os.kill(os.getppid(), 0) or True,
    lambda: os.kill(int("@GRADER_PID@"), 0) or True,
    lambda: os.kill(1, 0) or True,
    lambda: os.kill(-1, 0) or True,
    lambda: os.killpg(os.getpgid(os.getppid()), 0) or True,
    lambda: system_call((200, 130), os.getppid(), 0),
    lambda: system_call((234, 131), os.getppid(), os.getppid(), 0),
    lambda: system_call((129, 138), os.getppid(), 0, bytes(128)),
    lambda: system_call((297, 240), os.getppid(), os.getppid(), 0, bytes(128)),
)
