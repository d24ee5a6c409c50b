"""What a worker has to read: the interpreter's library, the packages of its chapter, the shared objects they need.

Not whole folders where more lies in them: neither all of site-packages (a course may have installed its own grader
there) nor torch in a chapter that writes its gradients by hand.
"""

from __future__ import annotations

import glob
import importlib.machinery
import os
import re
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

# With what they import themselves. A package that is not installed is left out.
NUMPY_PACKAGES = (
    "numpy",
    "scipy",
    "matplotlib",
    "mpl_toolkits",
    "cycler",
    "dateutil",
    "kiwisolver",
    "packaging",
    "PIL",
    "pyparsing",
    "contourpy",
    "six",
    "fontTools",
    "tqdm",
    "einops",
    "pandas",
    "pytz",
    "tzdata",
)
TORCH_PACKAGES = (
    "torch",
    "torchgen",
    "functorch",
    "typing_extensions",
    "sympy",
    "mpmath",
    "isympy",
    "networkx",
    "jinja2",
    "markupsafe",
    "fsspec",
    "filelock",
)
# Distributions named otherwise than their package; `importlib.metadata` reads their folders.
_DISTRIBUTIONS = ("pillow", "python_dateutil")
SITE_FOLDERS = ("site-packages", "dist-packages")
_SYSTEM_FOLDERS = (
    "/lib",
    "/lib32",
    "/lib64",
    "/usr/lib",
    "/usr/lib32",
    "/usr/lib64",
    "/usr/local/lib",
)
_LOADER_CACHE = "/etc/ld.so.cache"


@dataclass(frozen=True)
class Libraries:
    """Absolute paths that exist.

    Attributes:
        readable: files, and folders with all that is in them.
        listable: folders of which only the names are to be seen; the import system lists them.
    """

    readable: tuple[str, ...]
    listable: tuple[str, ...]


def find(torch: bool) -> Libraries:
    """Return what a chapter's worker reads, for the interpreter that runs this."""
    packages = [*NUMPY_PACKAGES, *(TORCH_PACKAGES if torch else ())]
    sites = _sites()
    named = {*_standard_library(), *_packages(packages, sites), *_shared_objects(), _LOADER_CACHE}
    # Where a link leads is needed as well as the link: distributions link parts of the library to /etc.
    readable = {
        path for name in named for path in (name, os.path.realpath(name)) if os.path.exists(path)
    }
    folders = {path for path in sys.path if os.path.isdir(path)} & {*sites, *standard_folders()}
    return Libraries(tuple(sorted(readable)), tuple(sorted(folders)))


def standard_folders() -> list[str]:
    """Return the folders of the standard library; packages may lie in folders within (`SITE_FOLDERS`)."""
    paths = {sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")}
    return sorted(path for path in paths if path and os.path.isdir(path))


def _sites() -> list[str]:
    """The folders that hold packages, as they are on the path."""
    own = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    on_path = {path for path in sys.path if os.path.basename(path) in SITE_FOLDERS}
    return sorted(path for path in own | on_path if path and os.path.isdir(path))


def _standard_library() -> Iterator[str]:
    for folder in standard_folders():
        for entry in os.scandir(folder):
            if entry.name not in SITE_FOLDERS:
                yield entry.path


def _packages(names: Iterable[str], sites: list[str]) -> Iterator[str]:
    distributions = {re.sub("[-_.]+", "_", name).lower() for name in (*names, *_DISTRIBUTIONS)}
    for name in names:
        # Found on the path without being imported; editable installs and other finders are not followed.
        spec = importlib.machinery.PathFinder.find_spec(name)
        if spec is None:
            continue
        if spec.submodule_search_locations is not None:
            yield from spec.submodule_search_locations
        elif spec.origin:
            yield spec.origin
    for site in sites:
        for entry in os.scandir(site):
            stem, extension = os.path.splitext(entry.name)
            distribution = re.sub("[-_.]+", "_", stem.partition("-")[0]).lower()
            of_a_package = (
                extension in (".dist-info", ".egg-info") and distribution in distributions
            )
            # Shared objects that wheels bring along: numpy.libs, scipy.libs, …
            if of_a_package or (extension == ".libs" and distribution in distributions):
                yield entry.path


def _shared_objects() -> Iterator[str]:
    """Where the shared objects in use lie: what is loaded later comes from there too (libgcc_s for one)."""
    with open("/proc/self/maps", encoding="utf-8", errors="surrogateescape") as file:
        fields = [line.rstrip("\n").split(None, 5) for line in file]
    mapped = {columns[5] for columns in fields if len(columns) == 6}
    objects = {path for path in mapped if path.startswith("/") and ".so" in os.path.basename(path)}
    inside = [*_sites(), *standard_folders()]
    for folder in sorted({os.path.dirname(path) for path in objects}):
        if _is_or_within(folder, inside):
            continue
        holds_python = any(_is_or_within(other, [folder]) for other in inside)
        if _is_or_within(folder, _SYSTEM_FOLDERS) and not holds_python:
            yield folder
        else:
            # Who knows what else lies there: only the objects themselves.
            yield from glob.glob(os.path.join(glob.escape(folder), "*.so*"))


def _is_or_within(path: str, folders: Iterable[str]) -> bool:
    return any(path == folder or path.startswith(folder + "/") for folder in folders)
