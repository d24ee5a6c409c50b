"""No files, no network, no other programs: what the grader's sandbox refuses a cell, a check at home refuses as well.

This is no sandbox. It tells a student early what would fail later, by Python's own audit events, in a process that runs
nothing else.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

FILES = "nothing can be written to disk where your work is graded"
NETWORK = "there is no network where your work is graded"
PROGRAMS = "no other program can be started where your work is graded"

_CHANGES = {
    *("os.mkdir", "os.rmdir", "os.remove", "os.rename", "os.link", "os.symlink", "os.truncate"),
    *("os.chmod", "os.chown", "os.utime", "shutil.rmtree", "shutil.move", "tempfile.mkstemp"),
    "tempfile.mkdtemp",
}
_NETWORK = {
    "socket.__new__",
    "socket.connect",
    "socket.bind",
    "socket.getaddrinfo",
    "socket.gethostbyname",
}
_PROGRAMS = {
    "subprocess.Popen",
    "os.system",
    "os.exec",
    "os.fork",
    "os.forkpty",
    "os.posix_spawn",
    "os.spawn",
}
_PROGRAMS |= {"os.startfile"}
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_LOADS = "<frozen importlib"
# Keeps a cache of fonts, which the grader has filled before; and there, a plot that is saved goes nowhere.
_PLOTS = "matplotlib"


def forbid(is_students: Callable[[str], bool]) -> None:
    """Refuse these from now on, for the rest of the process, where the student's code asks for them.

    Args:
        is_students: whether code that was compiled under this name is the student's.
    """

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        said = _forbidden(event, arguments)
        if said and _asked_by(sys._getframe(1), is_students):
            raise PermissionError(said)

    sys.addaudithook(hook)
    torch = sys.modules.get("torch")
    if torch is not None:  # it opens files by itself, and Python hears nothing of it
        torch.save = _saving_nowhere(torch.save)  # type: ignore[attr-defined]


def _saving_nowhere(save: Callable[..., None]) -> Callable[..., None]:
    def refuse(obj: Any, f: Any, *args: Any, **kwargs: Any) -> None:
        if isinstance(f, str | os.PathLike):
            raise PermissionError(FILES)
        save(obj, f, *args, **kwargs)

    return refuse


def _forbidden(event: str, arguments: tuple[Any, ...]) -> str:
    if event == "open":
        return FILES if _writes(*arguments) else ""
    if event in _CHANGES or (event == "sqlite3.connect" and arguments[0] != ":memory:"):
        return FILES
    if event in _NETWORK:
        return NETWORK
    return PROGRAMS if event in _PROGRAMS else ""


def _writes(path: Any, mode: Any, flags: Any) -> bool:
    if path == os.devnull or isinstance(path, int):
        return False
    if isinstance(mode, str):
        return any(sign in mode for sign in "wax+")
    return isinstance(flags, int) and bool(flags & _WRITING)


def _asked_by(frame: FrameType | None, is_students: Callable[[str], bool]) -> bool:
    """Whether the student's code is what asks: neither the import of a library nor a plot."""
    while frame is not None:
        name = frame.f_code.co_filename
        if is_students(name):
            return True
        module = str(frame.f_globals.get("__name__", ""))
        if name.startswith(_LOADS) or module.partition(".")[0] == _PLOTS:
            return False
        frame = frame.f_back
    return False
