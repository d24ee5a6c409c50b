PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER, PR_SET_MM, PR_SET_SECCOMP = (
    1,
    4,
    36,
    35,
    22,
)
attempt(
    lambda: system_call((157, 167), PR_SET_PDEATHSIG, 0, 0, 0, 0),
    lambda: system_call((157, 167), PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0),
    lambda: system_call((157, 167), PR_SET_MM, 1, 0, 0, 0),
    lambda: system_call((157, 167), PR_SET_SECCOMP, 0, 0, 0, 0),
    lambda: system_call((157, 167), PR_SET_DUMPABLE, 1, 0, 0, 0),
    lambda: os.setsid(),
    lambda: os.setpgid(0, os.getppid()) or True,
)
