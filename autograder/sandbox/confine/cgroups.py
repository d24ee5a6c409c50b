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
MOST_TASKS = 512
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


def group(parent: Path, memory: int) -> Group | None:
    """Make a group below the delegated one, with bounds on memory in bytes and on tasks; None where that is refused."""
    made = Group(parent / f"zygote-{os.getpid()}-{next(_numbers)}")
    try:
        _make_room(parent)
        made.folder.mkdir()
        (made.folder / "memory.max").write_text(str(memory))
        (made.folder / "pids.max").write_text(str(MOST_TASKS))
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
