import os
import signal

for number in (signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD, signal.SIGTERM):
    for pid in (os.getppid(), int("@GRADER_PID@")):
        try:
            os.kill(pid, number)
        except OSError:
            continue
for number in range(3, 64):
    try:
        os.close(number)
    except OSError:
        continue
