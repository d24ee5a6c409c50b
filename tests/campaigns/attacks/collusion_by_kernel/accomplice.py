import ctypes
import os

library = ctypes.CDLL(None)
library.syscall(29 if os.uname().machine == "x86_64" else 194, 77, 4096, 0o1666)
library.sem_open(b"/loot", 0o100, 0o666, 1)
try:
    os.setpriority(os.PRIO_PROCESS, os.getppid(), 7)
except OSError:
    pass
