for path in ("@GRADEBOOK@", "@SUITES@", sys.executable, os.__file__):
    attempt(
        lambda: os.chmod(path, 0o777) or True,
        lambda: os.chown(path, 1, 1) or True,
        lambda: os.utime(path, (1, 1)) or True,
        lambda: os.setxattr(path, "user.loot", b"1") or True,
        lambda: system_call((452, 452), -100, path.encode() + b"\0", 0o777, 0),
    )
