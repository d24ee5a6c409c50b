"""Grade a class on a disk that is full, make room, and go on: `python -m tests.campaigns.full_disk SUBMITTED DISK KEPT FREE`.

To be run where DISK is a small file system of its own, of which FREE bytes are left. Prints JSON: how each of the two runs
ended, and what lay there. KEPT becomes a copy of the results. Further options go to the command.
"""

from __future__ import annotations

import contextlib
import errno
import io
import json
import shutil
import sys
from pathlib import Path
from typing import Any

from autograder import cli
from autograder.course.source import chapters
from autograder.results import from_json

PAGE = 4096
_OURS = (".json", ".html", ".csv", ".xml", ".tmp")


def fill(disk: Path, leave: int) -> Path:
    """Write a file that leaves so many bytes free."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(PAGE))
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
        file.truncate(max(0, file.tell() - leave))
    return filler


def grade(submitted: Path, disk: Path, *options: str) -> dict[str, Any]:
    """Run the command; how it ended, and every file that is there afterwards."""
    told = io.StringIO()
    with contextlib.redirect_stderr(told), contextlib.redirect_stdout(told):
        status = cli.main(
            ["grade", "--submissions", str(submitted), "--output", str(disk / "graded"), *options]
        )
    found = {}
    for path in sorted((disk / "graded").rglob("*")):
        if path.is_file() and "autograded" not in path.parts and path.suffix in _OURS:
            found[str(path.relative_to(disk))] = whole(path)
    return {"status": status, "told": told.getvalue(), "files": found}


def whole(path: Path) -> bool:
    """Whether a file has its end."""
    data = path.read_bytes()
    if path.suffix == ".json":
        json.loads(data)
    if path.parent.parent.name == "results":
        from_json(data)
    return not path.name.endswith(".tmp") and data.endswith((b"\n", b">"))


def main() -> None:
    """Fill, grade, make room, grade."""
    submitted, disk, kept = map(Path, sys.argv[1:4])
    chapters()
    filler = fill(disk, int(sys.argv[4]))
    options = sys.argv[5:]
    full = grade(submitted, disk, *options)
    filler.unlink()
    again = grade(submitted, disk, *options)
    shutil.copytree(disk / "graded", kept)
    json.dump({"full": full, "again": again}, sys.stdout)


if __name__ == "__main__":
    main()
