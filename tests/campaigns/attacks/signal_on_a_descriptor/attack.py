import fcntl

F_SETOWN, F_SETSIG, F_SETOWN_EX, O_ASYNC = 8, 10, 15, 0o20000
for number in (0, 1, 2, 3, 4, 5):
    attempt(
        lambda: fcntl.fcntl(number, F_SETOWN, os.getppid()) or True,
        lambda: fcntl.fcntl(number, F_SETSIG, 9) or True,
        lambda: fcntl.fcntl(number, F_SETOWN_EX, bytes(8)),
        lambda: fcntl.fcntl(number, fcntl.F_NOTIFY, 1),
        lambda: fcntl.ioctl(number, 0x8901, bytes(8)),
        lambda: fcntl.ioctl(number, 0x5412, b"x"),
        lambda: fcntl.fcntl(number, 1031, 1 << 20) or True,
    )
