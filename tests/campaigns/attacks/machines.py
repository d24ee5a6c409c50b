"""Commands that run another one as on other machines: as an ordinary user, and with user namespaces refused."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from autograder.course.source import ROOT

OPTIONS = ("--as-user", "--no-user-namespaces")
_USER = "54321"
# Goes with the process that uses it.
_HOME = ("--perms", "0777", "--tmpfs", "/mnt", "--setenv", "HOME", "/mnt")


def as_ordinary_user() -> list[str]:
    """The prefix by which root runs a command as somebody without any right; nothing for who is that already.

    Folders that only root may pass through, such as /root, are replaced by empty ones in which what the command needs
    is mounted at its own place.
    """
    if os.geteuid() != 0:
        return []
    needed = sorted({str(ROOT), sys.prefix, sys.base_prefix})
    command = ["bwrap", "--cap-add", "ALL", "--dev-bind", "/", "/"]
    covered: dict[str, list[str]] = {}
    for path in needed:
        closed = [str(p) for p in Path(path).parents if not p.stat().st_mode & 0o001]
        if closed:
            covered.setdefault(closed[-1], []).append(path)
    for folder, paths in covered.items():
        command += ["--tmpfs", folder]
        for path in paths:
            between = [str(p) for p in Path(path).parents if str(p).startswith(folder + "/")]
            for one in reversed(between):
                command += ["--perms", "0755", "--dir", one]
            command += ["--bind", path, path]
    command += [*_HOME, "--die-with-parent", "--"]
    drop = ["setpriv", "--reuid", _USER, "--regid", _USER, "--clear-groups", "--bounding-set=-all"]
    return [*command, *drop, "--inh-caps=-all", "--"]


def without_user_namespaces() -> list[str]:
    """The prefix that runs a command as a user who may make no user namespace."""
    return [
        *("bwrap", "--dev-bind", "/", "/", "--proc", "/proc", "--unshare-pid", "--die-with-parent"),
        *("--unshare-user", "--uid", "1000", "--gid", "1000", "--disable-userns"),
        *_HOME,
        "--",
    ]
