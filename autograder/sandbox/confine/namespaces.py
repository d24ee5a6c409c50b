"""bubblewrap around a zygote: its own network, process, IPC and mount namespaces, with nothing in them but libraries.

Outermost layer and the only one that stands around the zygote rather than in the worker, so it costs a worker nothing.
"""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from . import identity, libraries
from .kernel import ConfinementError

LAYER = "namespaces"

# Those that `command` makes anew. The user namespace is left out: root does not need one.
_KINDS = ("ipc", "mnt", "net", "pid", "uts")
_CROWD = 300  # files of one folder
_START_SECONDS = 30.0


def identifiers() -> tuple[str, ...]:
    """Return the namespaces of this process. The grader hands its own to the policy of a zygote at level A."""
    return tuple(os.readlink(f"/proc/self/ns/{kind}") for kind in _KINDS)


def require_own(outside: Iterable[str]) -> None:
    """Make sure that this process shares no namespace with the grader.

    Args:
        outside: what `identifiers` said there.

    Raises:
        ConfinementError: one is shared, or nothing was handed over to compare with.
    """
    outside = set(outside)
    if len(outside) != len(_KINDS):
        raise ConfinementError(LAYER, "level A needs the grader's namespaces to compare with")
    try:
        shared = outside & set(identifiers())
    except OSError as error:
        raise ConfinementError(LAYER, str(error)) from error
    if shared:
        raise ConfinementError(LAYER, f"shared with the grader: {', '.join(sorted(shared))}")


def command(readable: Iterable[str], writable: Iterable[str] = ()) -> list[str]:
    """Return the prefix that runs a command of this interpreter in namespaces of its own.

    The process gets no other file than these, a /proc of its own, and the harmless devices. Descriptors are inherited.
    bubblewrap and all within are killed when the thread that started it ends.

    Args:
        readable: files and folders, bound read-only at their own place; the interpreter and its standard library
            are added.
        writable: folders bound as they are.

    Raises:
        ConfinementError: bubblewrap is not installed.
    """
    program = shutil.which("bwrap")
    if program is None:
        raise ConfinementError(LAYER, "bubblewrap (bwrap) is not installed")
    arguments = [program, "--die-with-parent"]
    arguments += [
        "--unshare-ipc",
        "--unshare-net",
        "--unshare-pid",
        "--unshare-uts",
        "--unshare-cgroup-try",
    ]
    if os.geteuid() != 0:
        arguments.append("--unshare-user")
    arguments += ["--cap-drop", "ALL"]
    if identity.can_change_user():
        # Used and dropped by each worker on its way to a user id of its own; the last one only where an installation
        # is closed to other users than root.
        for capability in ("CAP_SETUID", "CAP_SETGID", "CAP_KILL", "CAP_DAC_READ_SEARCH"):
            arguments += ["--cap-add", capability]
    arguments += ["--proc", "/proc", "--dev", "/dev"]
    for link in ("/bin", "/lib", "/lib32", "/lib64", "/usr/lib64"):
        if os.path.islink(link):
            arguments += ["--symlink", os.readlink(link), link]
    # The standard library as a whole, for each mount is slower than the one before; less what else lies in it.
    standard = libraries.standard_folders()
    paths = _without_nested({*readable, *_interpreter()})
    whole = _without_nested([*standard, *_crowded(paths)])
    hidden = [os.path.join(folder, name) for folder in standard for name in libraries.SITE_FOLDERS]
    hidden = [path for path in hidden if os.path.isdir(path)]
    beside = [path for path in paths if not _within(path, whole)]
    # bubblewrap makes the folders above a mount so that only root can pass through them; workers are other users.
    for folder in _folders_above([*whole, *beside, *writable]):
        arguments += ["--dir", folder]
    for path in whole:
        arguments += ["--ro-bind", path, path]
    for path in _without_nested(hidden):
        arguments += ["--tmpfs", path]
        # The mount hides the folders that were made above.
        for folder in _folders_above(inner for inner in paths if _within(inner, [path])):
            if _within(folder, [path]):
                arguments += ["--dir", folder]
    for path in paths:
        if not _within(path, whole) or _within(path, hidden):
            arguments += ["--ro-bind", path, path]
    for path in writable:
        arguments += ["--bind", path, path]
    for path in ("/", *_without_nested(hidden)):
        arguments += ["--remount-ro", path]
    return [*arguments, "--chdir", "/", "--"]


def _interpreter() -> list[str]:
    """What it takes to start the interpreter itself: the file by each name it goes by, and the dynamic loader."""
    names = {sys.executable, os.path.realpath(sys.executable), *_link_chain(sys.executable)}
    settings = Path(sys.prefix, "pyvenv.cfg")
    if settings.exists():
        names.add(str(settings))
    with open(os.path.realpath(sys.executable), "rb") as file:
        head = file.read(8192)
    # The program header that names the loader lies at the start of the file, the name with it.
    if found := re.search(rb"/[\w./-]*/ld-[\w.-]+\.so[.\d]*", head):
        names.add(found[0].decode())
    return sorted(name for name in names if os.path.exists(name))


def _link_chain(path: str) -> list[str]:
    chain: list[str] = []
    while os.path.islink(path) and len(chain) < 40:
        path = os.path.normpath(os.path.join(os.path.dirname(path), os.readlink(path)))
        chain.append(path)
    return chain


def _without_nested(paths: Iterable[str]) -> list[str]:
    """Sort, resolve folders of links that are made anew, and drop what another path brings along."""
    kept: list[str] = []
    for path in sorted({_through_links(path) for path in paths}):
        if not _within(path, kept):
            kept.append(path)
    return kept


def _folders_above(paths: Iterable[str]) -> list[str]:
    """Every folder above one of the paths, each before those that lie in it; links are made elsewhere."""
    folders = {str(folder) for path in paths for folder in Path(path).parents} - {"/"}
    return sorted(folder for folder in folders if not os.path.islink(folder))


def _crowded(paths: Iterable[str]) -> list[str]:
    """Folders from which so many files are bound that the folder itself has to be; Landlock goes by the file."""
    files = Counter(os.path.dirname(path) for path in paths if os.path.isfile(path))
    return [folder for folder, count in files.items() if count > _CROWD]


def _within(path: str, folders: Iterable[str]) -> bool:
    return any(path.startswith(_through_links(folder) + "/") for folder in folders)


def _through_links(path: str) -> str:
    """A path below /lib is bound below /usr/lib, where /lib is a link to it."""
    top = "/" + path.split("/")[1]
    return _target(top) + path[len(top) :]


@functools.lru_cache(maxsize=64)
def _target(top: str) -> str:
    """Where a folder at the top leads. Asked once a process: a list of paths asks for each pair."""
    return os.path.realpath(top) if os.path.islink(top) else top


def why_not(readable: Sequence[str]) -> str:
    """Return why the namespaces cannot be had here, in a line; empty when they can, which was tried.

    Args:
        readable: the paths of a zygote.
    """
    code = f"import os\nfor kind in {_KINDS!r}: print(os.readlink('/proc/self/ns/' + kind))"
    try:
        done = subprocess.run(
            [*command(readable), sys.executable, "-P", "-s", "-B", "-c", code],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_START_SECONDS,
        )
    except ConfinementError as error:
        return error.reason
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"bubblewrap does not start: {error}"
    inside = done.stdout.split()
    if done.returncode != 0 or len(inside) != len(_KINDS):
        complaint = done.stderr.strip().splitlines() or ["no answer"]
        return f"bubblewrap fails: {complaint[-1][:200]}"
    shared = set(inside) & set(identifiers())
    return f"bubblewrap leaves {', '.join(sorted(shared))} shared" if shared else ""


def outer_pid(pidfd: int) -> int:
    """Return the process id, in this process's own namespace, of a process in another one; -1 when it has ended."""
    with open(f"/proc/self/fdinfo/{pidfd}", encoding="ascii") as file:
        for line in file:
            if line.startswith("Pid:"):
                return int(line.split()[1])
    raise ConfinementError(LAYER, "not the descriptor of a process")
