"""Write requirements.lock and requirements-cluster.lock; `make lock` calls this. Standard library only.

pip resolves what pyproject.toml and the course's own packages ask for, with the Python that this runs on: the oldest
that the course supports, so that every version has a release for it. Versions that are locked stay as long as they fit,
unless all are to be renewed. `tests/test_locks.py` checks the result for the other Pythons.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import venv
from collections.abc import Sequence
from pathlib import Path

MAIN, CLUSTER = Path("requirements.lock"), Path("requirements-cluster.lock")
_LOCAL = ("./assignments/seqlab[notebooks]", "./datasets")
# pip adds those of the build of PyTorch that it chooses.
_ACCELERATOR = re.compile(r"nvidia|cuda|triton")
# Packages that are built from source in the environment need it there.
_BUILD = "setuptools"
_HEADERS = {
    MAIN: """\
# Exact versions for Python 3.11.0 to 3.14, which tests/test_locks.py checks. After a change in pyproject.toml:
# make lock PYTHON=/usr/bin/python3.11, or the oldest Python there is (UPGRADE=1 renews all versions).
""",
    CLUSTER: """\
# The extra `cluster`: what `--cluster` needs beside requirements.lock, here and on every worker.
""",
}


def main() -> None:
    """Resolve and write both locks, and say what changed; end with 1 where pip finds no solution."""
    parser = argparse.ArgumentParser(description="Write the locks.")
    parser.add_argument("--upgrade", action="store_true", help="keep no version that is locked")
    options = parser.parse_args()
    before = {path: pins(path) for path in (MAIN, CLUSTER)}
    kept = {} if options.upgrade else before[CLUSTER] | before[MAIN]
    with tempfile.TemporaryDirectory() as scratch:
        python = _environment(Path(scratch))
        course = resolve(python, kept, [".[dev]", *_LOCAL, _BUILD])
        everything = resolve(python, course | kept, [".[dev,cluster]", *_LOCAL, _BUILD])
    if moved := sorted(name for name in course if everything.get(name) != course[name]):
        sys.exit(f"make lock: the extra cluster wants other versions of {', '.join(moved)}")
    beside = {name: version for name, version in everything.items() if name not in course}
    for path, after in ((MAIN, course), (CLUSTER, beside)):
        lines = [f"{name}=={version}\n" for name, version in after.items()]
        path.write_text(_HEADERS[path] + "".join(sorted(lines, key=str.lower)), encoding="utf-8")
        for line in changes(before[path], after):
            print(f"{path}: {line}")


def pins(lock: Path) -> dict[str, str]:
    """Return versions by name of package."""
    lines = lock.read_text(encoding="utf-8").splitlines() if lock.exists() else []
    found = (line.partition("==") for line in lines if line.strip() and not line.startswith("#"))
    return {name: version for name, _, version in found}


def changes(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Return what differs, a line for each package."""
    names = sorted(before.keys() | after.keys(), key=str.lower)
    return [
        f"{name} {before.get(name, 'new')} → {after.get(name, 'gone')}"
        for name in names
        if before.get(name) != after.get(name)
    ]


def _environment(folder: Path) -> Path:
    """Make an empty environment with a pip that can plan, and return its Python."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    _pip(python, "install", "--upgrade", "pip")
    return python


def _pip(python: Path, *arguments: str) -> None:
    """Run pip, whose warnings are of interest only where it fails."""
    command = [str(python), "-m", "pip", *arguments, "--quiet", "--disable-pip-version-check"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        sys.exit(f"{done.stdout}make lock: pip failed, above is why")


def resolve(python: Path, kept: dict[str, str], wanted: Sequence[str]) -> dict[str, str]:
    """Return the versions that pip chooses for requirements; `kept` are held to where they are needed."""
    with tempfile.TemporaryDirectory() as scratch:
        constraints, report = Path(scratch, "kept.txt"), Path(scratch, "report.json")
        constraints.write_text("".join(f"{name}=={version}\n" for name, version in kept.items()))
        options = ["--dry-run", "--ignore-installed", "--report", str(report)]
        _pip(python, "install", *options, "--constraint", str(constraints), *wanted)
        plan = json.loads(report.read_text(encoding="utf-8"))["install"]
    found = {}
    for entry in plan:
        name, version = entry["metadata"]["name"], entry["metadata"]["version"]
        if "dir_info" not in entry["download_info"] and not _ACCELERATOR.match(name):
            found[name] = version.partition("+")[0]
    return found


if __name__ == "__main__":
    main()
