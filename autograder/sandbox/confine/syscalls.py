"""The system call policy as data: what a worker may ask of the kernel, and why.

An allow-list. What is not named here does not exist for a worker (ENOSYS), so that the C library falls back as it does
on an older kernel; what is named as dangerous is refused (EPERM), which Python shows as a PermissionError.

Only the low 32 bits of an argument are judged where the kernel itself takes the argument for 32 bits wide.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path

NUMBERS_FILE = Path(__file__).with_name("syscall_numbers.json")


class Action(Enum):
    """What the kernel answers."""

    ALLOW = "allowed"
    REFUSE = "refused with EPERM"
    NO_ACCESS = "refused with EACCES"
    UNKNOWN = "answered with ENOSYS"
    KILL = "killed"


@dataclass(frozen=True)
class OneOf:
    """The argument is one of these values."""

    argument: int
    values: tuple[int, ...]


@dataclass(frozen=True)
class OwnPid:
    """The argument is the worker's process id or one of these values."""

    argument: int
    values: tuple[int, ...] = ()


@dataclass(frozen=True)
class NoBits:
    """The argument has none of these bits."""

    argument: int
    bits: int


@dataclass(frozen=True)
class AllBits:
    """The argument has all of these bits."""

    argument: int
    bits: int


@dataclass(frozen=True)
class Below:
    """The argument is smaller than this."""

    argument: int
    limit: int


@dataclass(frozen=True)
class Null:
    """The argument is a null pointer, all 64 bits of it."""

    argument: int


Condition = OneOf | OwnPid | NoBits | AllBits | Below | Null


@dataclass(frozen=True)
class Rule:
    """An action, or where there are conditions: allowed when all of them hold, else the action."""

    action: Action
    conditions: tuple[Condition, ...] = ()


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


# --- allowed whatever the arguments

MEMORY = _words(
    "brk mmap munmap mremap mprotect msync "
    # the barriers of garbage collectors and thread libraries
    "membarrier "
)

DESCRIPTORS = _words(
    # replies, output, and files that were opened under the path rules
    "read write readv writev pread64 pwrite64 preadv pwritev lseek close close_range fstat "
    "fstatfs dup dup2 dup3 "
    # pipes within the worker; `pipe2` is conditional
    "pipe poll ppoll select pselect6 epoll_create epoll_create1 epoll_ctl epoll_wait "
    "epoll_pwait epoll_pwait2 eventfd eventfd2 "
    # directory listings go through a descriptor
    "getdents getdents64 getcwd fadvise64 "
)

TIME = _words(
    "clock_gettime clock_getres clock_nanosleep nanosleep gettimeofday time times getrusage "
    # a submission may time itself out; these signals reach nobody else
    "getitimer setitimer alarm "
)

SIGNALS = _words(
    "rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending rt_sigsuspend rt_sigtimedwait "
    "sigaltstack pause restart_syscall "
)

THREADS = _words(
    "futex futex_waitv set_robust_list set_tid_address rseq gettid exit exit_group sched_yield "
    # x86_64: thread pointer, and the request to use matrix registers that oneDNN makes
    "arch_prctl "
)

QUERIES = _words(
    # about the worker itself and the machine; nothing of other users
    "getpid getppid getuid geteuid getgid getegid getresuid getresgid getgroups getpgid getpgrp "
    "getsid getrlimit uname sysinfo getcpu sched_getaffinity sched_getparam sched_getscheduler "
    "sched_getattr sched_get_priority_max sched_get_priority_min getpriority umask getrandom "
)

READ_PATHS = _words(
    # importing what is not loaded yet; Landlock says from where
    "open openat openat2 stat lstat newfstatat statx access faccessat faccessat2 readlink "
    "readlinkat statfs "
    # harmless, and honest notebooks change folders
    "chdir fchdir "
)

WRITE_PATHS = _words(
    "creat mkdir mkdirat rmdir unlink unlinkat rename renameat renameat2 truncate ftruncate "
    "fsync fdatasync fallocate flock utimensat futimesat utime utimes chmod fchmod fchmodat "
)

# --- refused: each would reach beyond the worker, or outlive it

REFUSED = _words(
    # other machines, other processes
    "socket socketpair bind listen accept accept4 connect shutdown getsockname getpeername "
    "getsockopt setsockopt sendto sendmsg sendmmsg recvfrom recvmsg recvmmsg "
    # processes: one worker is one process, so that killing it is complete
    "fork vfork execve execveat wait4 waitid setsid setpgid "
    # signals to anybody (kill and tgkill to itself are conditional)
    "tkill rt_sigqueueinfo rt_tgsigqueueinfo pidfd_open pidfd_send_signal pidfd_getfd "
    # memory and state of other processes
    "ptrace process_vm_readv process_vm_writev process_madvise process_mrelease kcmp "
    "perf_event_open move_pages migrate_pages get_robust_list "
    # memory that no limit counts, or that has a name
    "memfd_create memfd_secret userfaultfd shmget shmat shmctl shmdt semget semop semtimedop "
    "semctl msgget msgsnd msgrcv msgctl mq_open mq_unlink mq_timedsend mq_timedreceive "
    "mq_notify mq_getsetattr mlock mlock2 mlockall "
    # a second way to nearly every call, around this filter
    "io_uring_setup io_uring_enter io_uring_register io_setup io_submit io_destroy io_getevents "
    "io_pgetevents "
    # namespaces and mounts
    "unshare setns mount umount2 pivot_root chroot move_mount open_tree fsopen fsconfig fsmount "
    "fspick mount_setattr name_to_handle_at open_by_handle_at quotactl quotactl_fd "
    # more files than names: links, devices, attributes, watches
    "link linkat symlink symlinkat mknod mknodat chown fchown lchown fchownat setxattr "
    "lsetxattr fsetxattr removexattr lremovexattr fremovexattr inotify_init inotify_init1 "
    "inotify_add_watch fanotify_init fanotify_mark lookup_dcookie "
    # pipes into other descriptors, past the counting of output
    "splice tee vmsplice sendfile copy_file_range "
    # who it is and what it may
    "setuid setgid setreuid setregid setresuid setresgid setgroups setfsuid setfsgid capset "
    "personality keyctl add_key request_key landlock_create_ruleset landlock_add_rule "
    "landlock_restrict_self seccomp "
    # its limits and its share of the machine
    "setrlimit setpriority sched_setaffinity sched_setscheduler sched_setparam sched_setattr "
    "ioprio_set mbind set_mempolicy "
    # signals and timers by other means
    "timer_create timerfd_create signalfd signalfd4 "
    # the machine
    "bpf reboot kexec_load kexec_file_load init_module finit_module delete_module iopl ioperm "
    "modify_ldt acct swapon swapoff sethostname setdomainname settimeofday clock_settime "
    "clock_adjtime adjtimex syslog vhangup sync syncfs sync_file_range "
)

# --- decided by their arguments

_F_DUPFD, _F_GETFD, _F_SETFD, _F_GETFL, _F_SETFL = range(5)
_F_DUPFD_CLOEXEC, _F_GETPIPE_SZ = 1030, 1032
_O_CLOEXEC, _O_NONBLOCK = 0o2000000, 0o4000
_CLONE_VM, _CLONE_SIGHAND, _CLONE_THREAD = 0x100, 0x800, 0x10000
_CLONE_OF_THREADS = (
    _CLONE_VM
    | _CLONE_SIGHAND
    | _CLONE_THREAD
    | 0x200  # FS
    | 0x400  # FILES
    | 0x40000  # SYSVSEM
    | 0x80000  # SETTLS
    | 0x100000  # PARENT_SETTID
    | 0x200000  # CHILD_CLEARTID
    | 0x400000  # DETACHED: ignored by the kernel, set by musl
    | 0x1000000  # CHILD_SETTID
)
_ALL_32 = 0xFFFFFFFF

CLONE_OF_A_THREAD = (
    AllBits(0, _CLONE_VM | _CLONE_SIGHAND | _CLONE_THREAD),
    # namespaces, a parent of choice, an exit signal, ptrace, vfork: none of them
    NoBits(0, _ALL_32 & ~_CLONE_OF_THREADS),
)

CONDITIONAL: dict[str, Rule] = {
    # F_SETOWN and F_SETSIG deliver signals, F_NOTIFY and leases watch, seals and locks tie others down
    "fcntl": Rule(
        Action.REFUSE,
        (
            OneOf(
                1,
                (_F_DUPFD, _F_DUPFD_CLOEXEC, _F_GETFD, _F_SETFD, _F_GETFL, _F_SETFL, _F_GETPIPE_SZ),
            ),
        ),
    ),
    # TCGETS (isatty), TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX
    "ioctl": Rule(Action.REFUSE, (OneOf(1, (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)),)),
    # thread names, dumpable (read), no_new_privs (read), names of memory areas; not the parent-death signal
    "prctl": Rule(Action.REFUSE, (OneOf(0, (15, 16, 3, 39, 0x53564D41)),)),
    # reading limits, not setting them
    "prlimit64": Rule(Action.REFUSE, (OwnPid(0, (0,)), Null(2))),
    # abort() and raise()
    "tgkill": Rule(Action.REFUSE, (OwnPid(0),)),
    "kill": Rule(Action.REFUSE, (OwnPid(0),)),
    # 100 and 101 inject memory errors
    "madvise": Rule(Action.REFUSE, (Below(2, 100),)),
    # O_EXCL would make it a watch queue
    "pipe2": Rule(Action.REFUSE, (NoBits(1, _ALL_32 & ~(_O_CLOEXEC | _O_NONBLOCK)),)),
}


def profile(threads: bool) -> dict[str, Rule]:
    """Return the rule of every call that has one.

    Args:
        threads: whether threads may be started.
    """
    rules: dict[str, Rule] = {}

    def add(names: Iterable[str], action: Action) -> None:
        for name in names:
            if name in rules:
                raise ValueError(f"{name} is in two groups")
            rules[name] = Rule(action)

    for group in (MEMORY, DESCRIPTORS, TIME, SIGNALS, THREADS, QUERIES, READ_PATHS):
        add(group, Action.ALLOW)
    add(WRITE_PATHS, Action.NO_ACCESS)
    add(REFUSED, Action.REFUSE)
    rules.update(CONDITIONAL)
    rules["clone"] = Rule(Action.REFUSE, CLONE_OF_A_THREAD if threads else ())
    # Its flags lie behind a pointer, which a filter cannot follow. Without it the C library uses `clone`.
    rules["clone3"] = Rule(Action.UNKNOWN)
    return rules


def names() -> list[str]:
    """Return every call that the policy names, sorted."""
    return sorted(profile(threads=True))


@cache
def numbers() -> dict[str, dict[str, int]]:
    """Return the number of each named call by architecture; a call that an architecture lacks is not in its table."""
    tables: dict[str, dict[str, int]] = json.loads(NUMBERS_FILE.read_text(encoding="ascii"))
    return tables
