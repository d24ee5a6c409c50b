"""What a worker has to read: the interpreter's library, the packages of its chapter, the shared objects they need.

Which packages these are is read from the metadata of what is installed: the distributions of the chapter and, through
their requirements, those that they need. So any build of PyTorch brings its own libraries along. What its metadata
does not tell shows in a process that has imported it (`imported`).

Not whole folders where more lies in them: neither all of site-packages (a course may have installed its own grader
there) nor torch in a chapter that writes its gradients by hand.
"""

from __future__ import annotations

import csv
import functools
import glob
import importlib.machinery
import importlib.metadata
import importlib.util
import json
import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

# What a chapter may import; what these need follows from their metadata. One that is not installed is left out.
NUMPY_DISTRIBUTIONS = ("numpy", "scipy", "matplotlib", "tqdm", "pandas", "einops")
TORCH_DISTRIBUTIONS = ("torch",)
SITE_FOLDERS = ("site-packages", "dist-packages")
# Libraries for accelerators load with them as without, and then find none: every machine computes the same.
NO_ACCELERATORS = dict.fromkeys(
    ("CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES"), ""
)
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
_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][\w.-]*)\s*(?:\[([^\]]*)\])?")
_EXTRA = re.compile(r"""\bextra\s*==\s*['"]([^'"]*)['"]""")
_MODULE_ENDS = (".py", ".so")
_PROBE_SECONDS = 300.0
_PROBE = """
import importlib, json, sys
before = set(sys.modules)
for name in sys.argv[1:]:
    importlib.import_module(name)
packages = set()
for name, module in list(sys.modules.items()):
    if "." not in name and name not in before:
        packages.update(getattr(module, "__path__", None) or [getattr(module, "__file__", None) or ""])
with open("/proc/self/maps", encoding="utf-8", errors="surrogateescape") as file:
    print(json.dumps([file.read(), sorted(packages)]))
"""


class CannotImport(Exception):
    """The libraries of a chapter cannot be imported; the message says why in a line."""


@dataclass(frozen=True)
class Libraries:
    """Absolute paths that exist.

    Attributes:
        readable: files, and folders with all that is in them.
        listable: folders of which only the names are to be seen; the import system lists them.
    """

    readable: tuple[str, ...]
    listable: tuple[str, ...]


@dataclass(frozen=True)
class _Installed:
    """What a distribution has put into a folder of packages.

    Attributes:
        paths: files and folders, absolute.
        modules: the names by which it is imported.
        requirements: lines of its metadata.
    """

    paths: frozenset[str]
    modules: frozenset[str]
    requirements: tuple[str, ...]


def find(torch: bool, added: tuple[str, ...] = (), *, loaded: bool = False) -> Libraries:
    """Return what a chapter's worker reads, for the interpreter that runs this.

    Args:
        torch: the chapter uses it.
        added: modules that may be imported beside the usual ones.
        loaded: this process has imported the libraries of the chapter and little else, so what it has mapped from
            among the packages is needed too.
    """
    packages = {path for each in _closure(_roots(torch, added)) for path in each.paths}
    standard = list(_standard_library())
    reached = [*packages, *standard] if loaded else [*_sites(), *standard_folders()]
    with open("/proc/self/maps", encoding="utf-8", errors="surrogateescape") as file:
        objects = _shared_objects(file.read(), reached)
    named = {*standard, *packages, *objects, _LOADER_CACHE}
    # Where a link leads is needed as well as the link: distributions link parts of the library to /etc.
    readable = {
        path for name in named for path in (name, os.path.realpath(name)) if os.path.exists(path)
    }
    folders = {path for path in sys.path if os.path.isdir(path)} & {*_sites(), *standard_folders()}
    return Libraries(tuple(sorted(readable)), tuple(sorted(folders)))


@functools.cache
def importable(torch: bool, added: tuple[str, ...] = ()) -> frozenset[str]:
    """Return the names of the modules that a chapter may import beside the standard library."""
    return frozenset(name for each in _closure(_roots(torch, added)) for name in each.modules)


def imported(torch: bool, added: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Import a chapter's libraries in a process of its own, unconfined, and return what `find` does not.

    It takes seconds, so it is for a zygote that does not start otherwise: its packages have no metadata, or need a
    library from a folder that only the dynamic loader knows.

    Raises:
        CannotImport: they cannot be imported at all.
    """
    usual = _roots(torch, ())
    names = [name for name in (*usual, *added) if importlib.util.find_spec(name)]
    command = [sys.executable, "-P", "-s", "-B", "-c", _PROBE, *names]
    what = f"{', '.join(names)} cannot be imported"
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
            timeout=_PROBE_SECONDS,
            env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", **NO_ACCELERATORS},
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CannotImport(f"{what}: {error}") from error
    if done.returncode != 0:
        complaint = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        raise CannotImport(f"{what}: {complaint[-1][:300]}")
    maps, packages = json.loads(done.stdout)
    known = find(torch, added).readable  # the standard library too
    found = {*_shared_objects(maps, known), *packages}
    found.update(os.path.realpath(path) for path in list(found) if path)
    return tuple(
        sorted(path for path in found if os.path.exists(path) and not _is_or_within(path, known))
    )


def standard_folders() -> list[str]:
    """Return the folders of the standard library; packages may lie in folders within (`SITE_FOLDERS`)."""
    paths = {sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")}
    return sorted(path for path in paths if path and os.path.isdir(path))


def _roots(torch: bool, added: tuple[str, ...]) -> tuple[str, ...]:
    usual = (*NUMPY_DISTRIBUTIONS, *(TORCH_DISTRIBUTIONS if torch else ()))
    further = [name for name in added if name not in usual]
    if not further:
        return usual
    # Read only where it is needed: the list goes through everything that is installed.
    by_module = importlib.metadata.packages_distributions()
    return (*usual, *(each for name in further for each in by_module.get(name, (name,))))


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


# --- packages, by their metadata


def _closure(names: Iterable[str]) -> list[_Installed]:
    """What is installed of these distributions and of all that they need; the rest is left out."""
    found: dict[str, _Installed] = {}
    seen: set[tuple[str, str]] = set()
    waiting = [(_normal(name), "") for name in names]
    while waiting:
        name, extra = waiting.pop()
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        if name not in found:
            found[name] = _installed(name)
        waiting += _needed(found[name].requirements, extra)
    return list(found.values())


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _needed(requirements: Iterable[str], extra: str) -> Iterator[tuple[str, str]]:
    """Names and extras that a distribution with this extra ("" for none) requires.

    Other conditions than extras are not judged: what they rule out is not installed, or does no harm.
    """
    for line in requirements:
        requirement, _, condition = line.partition(";")
        extras = {_normal(name) for name in _EXTRA.findall(condition)}
        found = _REQUIREMENT.match(requirement)
        if found is None or (extra not in extras if extras or extra else False):
            continue
        yield _normal(found[1]), ""
        for name in (found[2] or "").split(","):
            if name.strip():
                yield _normal(found[1]), _normal(name.strip())


@functools.cache
def _installed(name: str) -> _Installed:
    try:
        distribution = importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return _as_found(name, [name.replace("-", "_")])
    record = distribution.read_text("RECORD")
    requirements = tuple(distribution.requires or ())
    if not record:  # as some systems' own packages
        modules = (distribution.read_text("top_level.txt") or name.replace("-", "_")).split()
        found = _as_found(name, modules)
        return _Installed(found.paths, found.modules, requirements)
    site = str(distribution.locate_file(""))
    return _recorded(site, [row[0] for row in csv.reader(record.splitlines()) if row], requirements)


def _recorded(site: str, files: Iterable[str], requirements: tuple[str, ...]) -> _Installed:
    """What stands in the list of a distribution's files: whole packages, and single files beside others'."""
    site = os.path.normpath(site)
    folders: dict[str, str] = {}  # with one of its files, as all lie in the same way
    paths: set[str] = set()
    modules: set[str] = set()
    for file in files:
        folder, _, name = file.rpartition("/")
        top = file.partition("/")[0]
        if top in ("", "..", "__pycache__") or os.path.isabs(file):
            continue  # scripts and manual pages
        if folder:
            folders.setdefault(folder, file)
        elif name.endswith(_MODULE_ENDS):
            paths.add(os.path.join(site, name))
        if folder or name.endswith(_MODULE_ENDS):
            module = top.partition(".")[0]
            if module.isidentifier() and not top.endswith((".dist-info", ".libs")):
                modules.add(module)
    kept: set[str] = set()
    for folder, file in sorted(folders.items()):
        parts = folder.split("/")
        # Down to the first folder that is this distribution's: several share one without an __init__.py.
        for depth in range(1, len(parts) + 1):
            part = "/".join(parts[:depth])
            if part in kept:
                break
            whole = os.path.join(site, part)
            if depth == len(parts) or os.path.exists(os.path.join(whole, "__init__.py")):
                kept.add(part)
                paths.add(whole)
                break
        # Some installers fill the folder with links into a store of theirs.
        place = os.path.join(site, file)
        if os.path.islink(place):
            paths.add(os.path.dirname(os.path.realpath(place)))
    return _Installed(frozenset(filter(os.path.exists, paths)), frozenset(modules), requirements)


def _as_found(name: str, modules: Iterable[str]) -> _Installed:
    """What can be told of a distribution without a list of its files."""
    paths: set[str] = set()
    found: set[str] = set()
    for module in modules:
        # Found on the path without being imported; editable installs and other finders are not followed.
        spec = importlib.machinery.PathFinder.find_spec(module)
        if spec is None:
            continue
        found.add(module)
        if spec.submodule_search_locations is not None:
            paths.update(spec.submodule_search_locations)
        elif spec.origin:
            paths.add(spec.origin)
    for site in _sites() if found else ():
        for entry in os.scandir(site):
            stem, extension = os.path.splitext(entry.name)
            named = _normal(stem.partition("-")[0]) == name
            if named and extension in (".dist-info", ".egg-info", ".libs"):
                paths.add(entry.path)
    return _Installed(frozenset(paths), frozenset(found), ())


# --- shared objects, by the memory map


def _shared_objects(maps: str, reached: Iterable[str]) -> Iterator[str]:
    """Where the mapped shared objects lie: what is loaded later comes from there too (libgcc_s for one).

    Args:
        maps: the text of /proc/<pid>/maps.
        reached: folders and files that need no mention.
    """
    reached = list(reached)
    fields = [line.split(None, 5) for line in maps.splitlines()]
    mapped = {columns[5] for columns in fields if len(columns) == 6}
    objects = {path for path in mapped if path.startswith("/") and ".so" in os.path.basename(path)}
    inside = [*_sites(), *standard_folders()]
    for folder in sorted({os.path.dirname(path) for path in objects}):
        if _is_or_within(folder, reached):
            continue
        holds_python = any(_is_or_within(other, [folder]) for other in inside)
        if _is_or_within(folder, _SYSTEM_FOLDERS) and not (
            holds_python or _is_or_within(folder, inside)
        ):
            yield folder
        else:
            # Who knows what else lies there: only the objects themselves.
            yield from glob.glob(os.path.join(glob.escape(folder), "*.so*"))


def _is_or_within(path: str, folders: Iterable[str]) -> bool:
    return any(path == folder or path.startswith(folder + "/") for folder in folders)
