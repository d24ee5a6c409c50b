"""Make the environment that everything runs in; `make setup` calls this. Standard library only.

PyTorch comes in builds that differ in size by a factor of ten. Of those that pip can find the one for the processor
alone is preferred, and what is to be downloaded is said, with its size, before it is.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request
import venv
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

TORCH_PAGE = "https://pytorch.org/get-started/locally/"
CHOICES = ("auto", "cpu", "cuda", "none")
_CHOICE_FILE = ".torch"
# Older ones download what they are only asked about.
_LEAST_PIP = (23, 3)
_SIZE_SECONDS = 10.0
# On the disk: wheels unpacked are 2 to 2.5 times as large, and pip keeps what it downloaded.
_UNPACKED = 2.5
_COMPLAINT_LINES = 12
# What the build of PyTorch for CUDA brings along, and no other package of the course does.
_ACCELERATORS = ("cuda-", "nvidia-", "triton")


class CannotInstall(Exception):
    """The environment cannot be made; the message says why and what to do."""


def main() -> None:
    """Install into the environment that the command line names, and end with 1 where that fails."""
    parser = argparse.ArgumentParser(description="Make the environment of the course.")
    parser.add_argument("--venv", type=Path, default=Path(".venv"))
    parser.add_argument("--lock", type=Path, action="append", default=[])
    parser.add_argument("--local", action="append", default=[], help="a package to use in place")
    parser.add_argument("--torch", default="", metavar="|".join(CHOICES))
    options = parser.parse_args()
    try:
        if options.torch not in ("", *CHOICES):
            raise CannotInstall(f"TORCH is one of {', '.join(CHOICES)}, not {options.torch}")
        _install(options.venv, options.lock, options.local, options.torch)
    except CannotInstall as error:
        sys.exit(f"make setup: {error}")
    except OSError as error:
        sys.exit(f"make setup: {error}")


def _install(folder: Path, locks: Sequence[Path], local: Sequence[str], choice: str) -> None:
    python = _environment(folder)
    remembered = folder / _CHOICE_FILE
    if not choice:
        choice = remembered.read_text().strip() if remembered.exists() else "auto"
    pins = [line for lock in locks for line in _pins(lock)]
    torch = next((pin for pin in pins if pin.startswith("torch==")), None)
    pins = sorted({pin for pin in pins if pin != torch})
    installed = _installed(python)
    if choice == "none":
        torch = None
    keep_torch = torch is not None and _fits(installed.get("torch", ""), torch, choice)
    complete = (torch is None or keep_torch) and all(_is_installed(pin, installed) for pin in pins)
    if complete:
        _say("All packages are installed")
    else:
        _renew_pip(python)
        if torch and not keep_torch:
            torch = _build(python, torch, choice)
    if "torch" in installed and not keep_torch:
        _remove_torch(python, installed)
    if not complete:
        with tempfile.TemporaryDirectory() as scratch:
            wanted = Path(scratch, "wanted.txt")
            wanted.write_text("\n".join([*pins, *([torch] if torch else [])]) + "\n")
            _announce(python, folder, pins, torch, wanted)
            _pip(python, "install", "--requirement", str(wanted))
    if local:
        _say("Installing the course's own packages in place")
        editable = [part for path in local for part in ("--editable", path)]
        _pip(python, "install", "--no-deps", "--no-build-isolation", *editable)
    remembered.write_text(f"{choice}\n")
    if choice == "none":
        _say(
            "Ready, without PyTorch: chapters whose tests need it are refused (make setup TORCH=auto adds it)"
        )
    else:
        _say(f"Ready, with PyTorch {_installed(python).get('torch', '')}")


def _is_installed(pin: str, installed: dict[str, str]) -> bool:
    name, _, version = pin.partition("==")
    return installed.get(_canonical(name), "").partition("+")[0] == version


def _fits(version: str, pin: str, choice: str) -> bool:
    """Whether a version of PyTorch that is installed is the locked one, in the build that is chosen."""
    if version.partition("+")[0] != pin.partition("==")[2]:
        return False
    if sys.platform != "linux" or choice == "auto":
        return True
    return version.endswith("+cpu") == (choice == "cpu")


def _remove_torch(python: Path, installed: Iterable[str]) -> None:
    _say("Removing PyTorch, and what its build for CUDA brought along")
    accelerators = [name for name in installed if name.startswith(_ACCELERATORS)]
    _pip(python, "uninstall", "--yes", "torch", *accelerators)


def _say(line: str) -> None:
    print(line, flush=True)


def _environment(folder: Path) -> Path:
    """Make the environment where it is not there, and return its Python."""
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if version := _works(python):
        _say(f"Using {folder} with Python {version}")
        return python.absolute()
    _say(f"Making {folder} with Python {sys.version.split()[0]}")
    try:
        venv.create(folder, with_pip=True, symlinks=os.name != "nt", clear=folder.exists())
    except subprocess.CalledProcessError as error:
        name = "python{}.{}".format(*sys.version_info[:2])
        raise CannotInstall(
            f"{sys.executable} cannot make an environment with pip; on Debian and Ubuntu "
            f"`apt install {name}-venv` mends that"
        ) from error
    return python.absolute()


def _works(python: Path) -> str:
    """The version of an environment's Python; empty where it is gone or has no pip, as one that was cut off half-way."""
    code = "import platform, pip; print(platform.python_version())"
    try:
        return subprocess.run([python, "-c", code], capture_output=True, text=True).stdout.strip()
    except OSError:
        return ""


def _pins(lock: Path) -> list[str]:
    lines = lock.read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def _installed(python: Path) -> dict[str, str]:
    done = subprocess.run(
        [python, "-m", "pip", "list", "--format=json", "--disable-pip-version-check"],
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        raise CannotInstall(f"pip does not work in {python.parents[1]}: remove that folder")
    return {_canonical(entry["name"]): entry["version"] for entry in json.loads(done.stdout)}


def _canonical(name: str) -> str:
    """A package's name as pip compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _pip(python: Path, *arguments: str) -> None:
    """Run pip, whose warnings are of interest only where it fails."""
    options = ["--quiet", "--disable-pip-version-check", "--no-input"]
    command = [str(python), "-m", "pip", arguments[0], *options, *arguments[1:]]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        lines = [line for line in done.stdout.splitlines() if line.strip()]
        _say("\n".join(lines[-_COMPLAINT_LINES:]))
        raise CannotInstall(
            "pip failed, above is why; the same command goes on from here. The package index is reached through a "
            "proxy where HTTPS_PROXY names one"
        )


def _renew_pip(python: Path) -> None:
    done = subprocess.run(
        [python, "-c", "import pip; print(pip.__version__)"], capture_output=True, text=True
    )
    version = tuple(int(part) for part in done.stdout.strip().split(".")[:2] if part.isdigit())
    if version >= _LEAST_PIP:
        return
    _say("Renewing pip, which can then tell sizes before it downloads")
    newest = ".".join(map(str, _LEAST_PIP))
    command = ["install", "--quiet", "--disable-pip-version-check", f"pip>={newest}"]
    if subprocess.run([python, "-m", "pip", *command], capture_output=True).returncode != 0:
        _say("It cannot be renewed, so sizes are not known")


# --- what is to be downloaded


def _build(python: Path, pin: str, choice: str) -> str:
    """The build of PyTorch to install, as a requirement."""
    if sys.platform != "linux":
        return pin  # elsewhere the usual build is for the processor
    small = f"{pin}+cpu"
    if choice == "cuda":
        # A label sorts after none, so by version alone pip would take the small build where one is at hand.
        large = f"{pin},!={pin.partition('==')[2]}+cpu"
        plan = _planned(python, "--ignore-installed", large) or []
        if not any(_accelerated(entry) for entry in plan):
            raise CannotInstall(
                f"pip finds no build of {pin} for CUDA; {TORCH_PAGE} says where one is"
            )
        return large
    if _planned(python, "--no-deps", small) is not None:
        return small
    if choice == "cpu":
        raise CannotInstall(
            f"pip finds no {small}: set PIP_EXTRA_INDEX_URL to the index that {TORCH_PAGE} gives for "
            "CPU, or PIP_FIND_LINKS to a folder with the wheel"
        )
    return pin


def _planned(python: Path, *arguments: str) -> list[dict[str, Any]] | None:
    """What pip would install, None where it cannot tell."""
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch, "report.json")
        command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        command += ["--dry-run", "--report", str(report)]
        done = subprocess.run([*command, *arguments], capture_output=True)
        if done.returncode != 0:
            return None
        plan: list[dict[str, Any]] = json.loads(report.read_text(encoding="utf-8"))["install"]
        return plan


def _announce(
    python: Path, folder: Path, pins: Iterable[str], torch: str | None, constraints: Path
) -> None:
    """Say what is going to be downloaded and how large it is, and where the disk may be too small."""
    _say("Looking up what is to be downloaded")
    packages = _planned(python, "--no-deps", *pins)
    if packages is None:
        _say("Installing the locked packages")
        return
    builds: list[dict[str, Any]] = []
    if torch:
        known = {_name(entry) for entry in packages}
        found = _planned(python, "--constraint", str(constraints), torch)
        builds = [entry for entry in found or [] if _name(entry) not in known]
    if not packages and not builds:
        _say("All packages are installed")
        return
    with ThreadPoolExecutor(8) as pool:
        sizes = list(pool.map(_size, [*packages, *builds]))
    download = sum(size for size in sizes if size)
    unknown = sizes.count(None)
    packaged = f"{len(sizes)} packages" if len(sizes) > 1 else "1 package"
    line = f"Downloading and installing {packaged}, {_human(download)}"
    if builds:
        share = sum(size for size in sizes[len(packages) :] if size)
        line += f" ({_human(share)} of them PyTorch {_build_name(builds)})"
    if unknown:
        line += f", and {unknown} of unknown size"
    _say(line)
    if any(map(_accelerated, builds)):
        _say(f"A build for the processor alone is a tenth of that; {TORCH_PAGE} says where it is")
    needed = int(download * (1 + _UNPACKED))
    # Wheels pass through the folder for temporary files; where that is on the same disk, it is part of the estimate.
    scratch = Path(tempfile.gettempdir())
    places = {_device(scratch): (scratch, download), _device(folder): (folder, needed)}
    for where, least in places.values():
        free = shutil.disk_usage(where).free
        if free < least:
            _say(
                f"Warning: it takes about {_human(least)} in {where.absolute()}, and {_human(free)} are free there"
            )


def _build_name(builds: Iterable[dict[str, Any]]) -> str:
    version = next(entry["metadata"]["version"] for entry in builds if _name(entry) == "torch")
    return f"{version} for CUDA" if any(map(_accelerated, builds)) else str(version)


def _accelerated(entry: dict[str, Any]) -> bool:
    """Whether a package, or a build of PyTorch by its label, is for CUDA."""
    label = str(entry["metadata"]["version"]).partition("+")[2]
    return _name(entry).startswith("nvidia-") or label.startswith("cu")


def _name(entry: dict[str, Any]) -> str:
    return str(entry["metadata"]["name"]).lower()


def _device(path: Path) -> int:
    return path.stat().st_dev


def _size(entry: dict[str, Any]) -> int | None:
    """Bytes of a package's file, None where its server does not say."""
    url = entry["download_info"]["url"]
    parts = urllib.parse.urlsplit(url)
    try:
        if parts.scheme == "file":
            return os.stat(urllib.request.url2pathname(parts.path)).st_size
        request = urllib.request.Request(url, method="HEAD")
        with urllib.request.urlopen(request, timeout=_SIZE_SECONDS) as answer:
            length = answer.headers.get("Content-Length")
            return int(length) if length else None
    except (OSError, ValueError):
        return None


def _human(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{max(1, round(size / 1e6))} MB"


if __name__ == "__main__":
    main()
