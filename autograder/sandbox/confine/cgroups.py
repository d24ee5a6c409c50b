"""A cgroup (version 2) for a zygote and its workers together, where the system has delegated one to the grader.

It bounds what the limits of single processes do not: memory that several workers share, and all tasks at once. It is
there when the grader is started in a delegated group, as by `systemd-run --user --scope -p Delegate=yes make grade`;
elsewhere the other limits do without.
"""

from __future__ import annotations

import contextlib
import itertools
import os
from dataclasses import dataclass
from pathlib import Path

CONTROLLERS = ("memory", "pids")
OTHER_TASKS = 8
"""Tasks of a group beside the threads of a submission: the zygote, bubblewrap's two, workers at work and in waiting."""
_GRADERS = "graders"  # version 2 allows no processes beside groups, so the grader's own go into a group as well
_numbers = itertools.count()


@dataclass(frozen=True)
class Group:
    """A group of ours below the delegated one."""

    folder: Path

    def add(self, pid: int) -> None:
        """Move a process into it; what it forks from then on is born there."""
        (self.folder / "cgroup.procs").write_text(str(pid))

    def remove(self) -> None:
        """Remove it; its processes have ended. One that has not been reaped yet leaves an empty group behind."""
        with contextlib.suppress(OSError):
            self.folder.rmdir()


def delegated(
    own: Path = Path("/proc/self/cgroup"), root: Path = Path("/sys/fs/cgroup")
) -> Path | None:
    """Return the folder of the group that was delegated to this process, None where none was.

    Args:
        own: names the groups of this process.
        root: where version 2 is mounted.
    """
    try:
        lines = own.read_text().splitlines()
    except OSError:
        return None
    names = [line.removeprefix("0::/") for line in lines if line.startswith("0::/")]
    if not names or not names[0]:
        return None  # version 1, or the group of the whole system
    folder = root / names[0]
    if folder.name == _GRADERS:
        folder = folder.parent
    try:
        controllers = (folder / "cgroup.controllers").read_text().split()
    except OSError:
        return None
    needed = (folder, folder / "cgroup.procs", folder / "cgroup.subtree_control")
    if not all(os.access(path, os.W_OK) for path in needed):
        return None
    return folder if set(CONTROLLERS) <= set(controllers) else None


def group(parent: Path, memory: int, threads: int) -> Group | None:
    """Make a group below the delegated one; None where that is refused.

    Args:
        parent: the delegated one.
        memory: bound for all processes of the group together, in bytes.
        threads: that a submission may start.
    """
    made = Group(parent / f"zygote-{os.getpid()}-{next(_numbers)}")
    try:
        _make_room(parent)
        made.folder.mkdir()
        (made.folder / "memory.max").write_text(str(memory))
        (made.folder / "pids.max").write_text(str(OTHER_TASKS + threads))
    except OSError:
        made.remove()
        return None
    with contextlib.suppress(OSError):  # a system without swap has no such file
        (made.folder / "memory.swap.max").write_text("0")
    return made


def _make_room(parent: Path) -> None:
    """Move the processes of the delegated group one level down and hand its controllers on."""
    graders = parent / _GRADERS
    graders.mkdir(exist_ok=True)
    for pid in (parent / "cgroup.procs").read_text().split():
        with contextlib.suppress(ProcessLookupError):  # it has ended meanwhile
            (graders / "cgroup.procs").write_text(pid)
    (parent / "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in CONTROLLERS))


def free_tasks(
    own: Path = Path("/proc/self/cgroup"), mounts: Path = Path("/proc/self/mountinfo")
) -> int | None:
    """Return how many more tasks the groups of this process allow, of version 1 or 2; None where none of them limits.

    A limit of any group above this process counts, so the tightest is what is left.

    Args:
        own: names the groups of this process.
        mounts: tells where the hierarchies are mounted.
    """
    try:
        groups = own.read_text().splitlines()
        mounted = mounts.read_text().splitlines()
    except OSError:
        return None
    left = [
        most - now
        for line in groups
        if (top := _mounted(line, mounted)) is not None
        for folder in _up_to(*top)
        if (most := _number(folder / "pids.max")) is not None
        and (now := _number(folder / "pids.current")) is not None
    ]
    return max(0, min(left)) if left else None


def _mounted(line: str, mounts: list[str]) -> tuple[Path, Path] | None:
    """Return where a hierarchy that counts tasks is mounted, and the folder of this process's group in it.

    Args:
        line: of /proc/self/cgroup.
        mounts: lines of /proc/self/mountinfo.
    """
    number, controllers, name = line.split(":", 2)
    if number != "0" and "pids" not in controllers.split(","):
        return None
    for mount in mounts:
        fields, _, rest = mount.partition(" - ")
        kind, _source, options = rest.split(" ", 2)
        root, point = fields.split()[3:5]
        if kind != ("cgroup2" if number == "0" else "cgroup"):
            continue
        if number == "0" or "pids" in options.split(","):
            # In a container the name may be that of the host, of which only the last part is mounted.
            inner = name.removeprefix(root.rstrip("/")).strip("/")
            folder = Path(point, inner)
            return Path(point), folder if folder.is_dir() else Path(point)
    return None


def _up_to(top: Path, folder: Path) -> list[Path]:
    """A folder and those above it up to the mount itself."""
    return [folder, *(above for above in folder.parents if above.is_relative_to(top))]


def _number(path: Path) -> int | None:
    """The number in a file; None where it says "max", or is not there."""
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None
