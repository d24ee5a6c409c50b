import resource


def lifted(which):
    _, hard = resource.getrlimit(which)
    wanted = resource.RLIM_INFINITY if hard != resource.RLIM_INFINITY else None
    if wanted is None:
        raise OSError("it has no limit")
    resource.setrlimit(which, (wanted, wanted))
    return which


attempt(
    *[
        lambda which=which: lifted(which)
        for which in (resource.RLIMIT_DATA, resource.RLIMIT_FSIZE, resource.RLIMIT_CPU)
    ],
    lambda: resource.prlimit(os.getppid(), resource.RLIMIT_NOFILE, (3, 3)),
    lambda: resource.prlimit(int("@GRADER_PID@"), resource.RLIMIT_NOFILE, (3, 3)),
    lambda: os.setpriority(os.PRIO_PROCESS, os.getppid(), 19) or True,
    lambda: os.setpriority(os.PRIO_USER, os.getuid(), 19) or os.getuid() == 0 or 1 / 0,
    lambda: os.sched_setaffinity(os.getppid(), {0}) or True,
    lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)) or True,
)
