def sample(*_arguments):
    for path in (sys.executable, "/bin/sh", "/usr/bin/env", "/lib64/ld-linux-x86-64.so.2"):
        for run in (os.execv, lambda p, a: os.execve(p, a, {})):
            attempt(lambda run=run, path=path: run(path, [path, "-c", "touch @PLANT@"]))
    attempt(lambda: os.execv("/proc/self/exe", ["python", "-c", "open('@PLANT@', 'w')"]))
    return ESCAPED
