"""What a zygote does to its memory before it forks."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.sandbox.inside import hugepages

SETTING = Path("/sys/kernel/mm/transparent_hugepage/enabled")
PROGRAM = """
import hashlib, os, sys
sys.path.insert(0, sys.argv[1])
import hugepages
kept = [os.urandom(1 << 20) for _ in range(16)]
before = [hashlib.sha256(block).digest() for block in kept]
joined = hugepages.join_memory()
assert [hashlib.sha256(block).digest() for block in kept] == before
child = os.fork()
if child == 0:
    kept[0] = b""
    os._exit([hashlib.sha256(block).digest() for block in kept[1:]] != before[1:])
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
with open("/proc/self/smaps_rollup") as file:
    kib = next(int(line.split()[1]) for line in file if line.startswith("AnonHugePages"))
print(joined, kib)
"""


def can_join():
    """Whether this kernel joins pages when asked: Linux 6.1, and not switched off."""
    if sys.platform != "linux" or not SETTING.exists():
        return False
    version = re.match(r"(\d+)\.(\d+)", Path("/proc/sys/kernel/osrelease").read_text())
    return (
        version is not None
        and (int(version[1]), int(version[2])) >= (6, 1)
        and "[never]" not in SETTING.read_text()
    )


@pytest.mark.skipif(not can_join(), reason="this kernel does not join pages when asked")
def test_memory_is_joined_and_holds_what_it_held():
    folder = str(Path(hugepages.__file__).parent)
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, folder], capture_output=True, text=True, timeout=60
    )
    assert ran.returncode == 0, ran.stderr
    joined, kib = map(int, ran.stdout.split())
    assert joined >= 4
    assert kib >= 4 * 2048
