"""A class of 300 in which every tenth submission is hostile, and a grader killed at random moments: `make load`.

Measured over the run: descriptors and memory of the grader processes, what is left behind, what is lost.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from autograder.course.source import ROOT, chapters, module_source
from autograder.results import from_json

CHAPTER = "ch02_vanilla_rnn"
MIB = 1 << 20

# What stands at the end of every tenth submission; each costs `sample` its points, and nobody else anything.
HOSTILE = {
    "exits": "def sample(*a):\n    import os; os._exit(0)\n",
    "kills itself": "def sample(*a):\n    import os, signal; os.kill(os.getpid(), signal.SIGKILL)\n",
    "shouts": "def sample(*a):\n    while True: print('x' * 10000)\n",
    "hogs memory": "def sample(*a):\n    return [np.zeros(1 << 24) for _ in range(10**6)]\n",
    "forks": "def sample(*a):\n    import os\n    while True: os.fork()\n",
    "leaves threads": (
        "import threading\ndef sample(*a):\n"
        "    for _ in range(8): threading.Thread(target=lambda: [None for _ in iter(int, 1)]).start()\n"
        "    return None\n"
    ),
    "scribbles": (
        "def sample(*a):\n    import os\n    for fd in range(3, 64):\n"
        "        try: os.write(fd, b'junk' * 1000)\n        except OSError: pass\n"
    ),
    "swallows": "def sample(*a):\n    while True:\n        try: 1 / 0\n        except BaseException: pass\n",
}


def hand_in(root: Path, count: int) -> dict[str, bool]:
    """Write the class; return student to whether they are hostile."""
    source = module_source(chapters()[CHAPTER])
    kinds = list(HOSTILE.values())
    people = {}
    for number in range(count):
        hostile = number % 10 == 9
        name = f"student{number:04d}"
        folder = root / name / CHAPTER
        folder.mkdir(parents=True)
        text = source + (kinds[number // 10 % len(kinds)] if hostile else f"\n# {number}\n")
        (folder / f"{CHAPTER}.py").write_text(text)
        people[name] = hostile
    return people


def command(root: Path, output: Path) -> list[str]:
    """The command that grades the class."""
    arguments = ["--submissions", str(root), "--output", str(output), "--no-gradebook"]
    return [sys.executable, "-m", "autograder", "grade", "--jobs", "2", *arguments]


def family(pid: int) -> Iterator[int]:
    """A process and all its descendants."""
    yield pid
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return
    for child in children:
        yield from family(int(child))


def graders(pid: int) -> list[int]:
    """The grader and its processes, without zygotes and workers."""
    found = [pid]
    for other in list(family(pid))[1:]:
        try:
            line = Path(f"/proc/{other}/cmdline").read_bytes()
        except OSError:
            continue
        if b"autograder.classroom.grader_process" in line:
            found.append(other)
    return found


def footprint(pid: int) -> tuple[int, int] | None:
    """Open descriptors and resident bytes of a process; None where it has ended."""
    try:
        descriptors = len(os.listdir(f"/proc/{pid}/fd"))
        resident = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:
        return None
    return descriptors, resident * os.sysconf("SC_PAGE_SIZE")


def ours(root: Path) -> list[str]:
    """Processes that still have the class's folder or a zygote on their command line."""
    left = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(root) in line:
            left.append(line)
    return left


def check(output: Path, people: dict[str, bool]) -> list[str]:
    """What is wrong with the results."""
    wrong = []
    for name, hostile in people.items():
        path = output / "results" / name / f"{CHAPTER}.json"
        if not path.is_file():
            wrong.append(f"{name} has no result")
            continue
        result = from_json(path.read_bytes())
        lost = {
            function.name for function in result.functions if function.score < function.max_score
        }
        if result.status != "graded" or lost != ({"sample"} if hostile else set()):
            wrong.append(f"{name}: {result.status}, lost {sorted(lost)}")
    wrong += [f"left behind: {path}" for path in output.rglob(".*")]
    return wrong


def run_class(root: Path, output: Path, people: dict[str, bool]) -> list[str]:
    """Grade the class once, and watch the grader processes."""
    started = time.perf_counter()
    process = subprocess.Popen(command(root, output), cwd=ROOT, stderr=subprocess.DEVNULL)
    early: dict[int, tuple[int, int]] = {}
    late: dict[int, tuple[int, int]] = {}
    while process.poll() is None:
        done = len(list(output.glob("**/results/*")))
        for pid in graders(process.pid):
            found = footprint(pid)
            if found and done >= len(people) // 2:
                early.setdefault(pid, found)
                late[pid] = found
        try:
            process.wait(timeout=0.5)
        except subprocess.TimeoutExpired:
            continue
    seconds = time.perf_counter() - started
    print(f"{len(people)} submissions in {seconds:.0f} s, {len(people) / seconds:.1f} a second")
    wrong = check(output, people)
    for pid, (descriptors, resident) in late.items():
        before = early[pid]
        grown = (resident - before[1]) / MIB
        print(
            f"second half, process {pid}: descriptors {before[0]} to {descriptors}, "
            f"{before[1] / MIB:.0f} to {resident / MIB:.0f} MiB"
        )
        if descriptors > before[0] + 8 or grown > 64:
            wrong.append(
                f"process {pid} grew: {descriptors - before[0]} descriptors, {grown:.0f} MiB"
            )
    return wrong


def kill_at_random(root: Path, output: Path, kills: int, seed: int) -> None:
    """Kill the grader, one of its processes or a worker, again and again, and start anew where it had ended."""
    generator = random.Random(seed)
    for number in range(kills):
        process = subprocess.Popen(command(root, output), cwd=ROOT, stderr=subprocess.DEVNULL)
        try:
            process.wait(timeout=generator.uniform(0.5, 6.0))
        except subprocess.TimeoutExpired:
            victim = generator.choice(list(family(process.pid)))
            try:
                os.kill(victim, signal.SIGKILL)
            except ProcessLookupError:
                continue
            finally:
                if generator.random() < 0.7 or number == kills - 1:
                    process.kill()
                process.wait()


def main() -> int:
    """Run the campaign; the exit status says whether all held."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=300)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    scratch = Path(tempfile.mkdtemp(prefix="load-"))
    try:
        people = hand_in(scratch / "submitted", options.students)
        wrong = run_class(scratch / "submitted", scratch / "graded", people)
        print(f"killing it at {options.kills} random moments")
        kill_at_random(scratch / "submitted", scratch / "killed", options.kills, options.seed)
        subprocess.run(
            command(scratch / "submitted", scratch / "killed"),
            cwd=ROOT,
            stderr=subprocess.DEVNULL,
            check=True,
        )
        wrong += check(scratch / "killed", people)
        for name in people:
            one, other = (
                (scratch / folder / "results" / name / f"{CHAPTER}.json").read_bytes()
                for folder in ("graded", "killed")
            )
            if one != other:
                wrong.append(f"{name}: other bytes after the kills")
        deadline = time.monotonic() + 10
        while (left := ours(scratch)) and time.monotonic() < deadline:
            continue
        wrong += [f"still running: {line}" for line in left]
    finally:
        shutil.rmtree(scratch)
    for line in wrong:
        print(line)
    print("all held" if not wrong else f"{len(wrong)} things did not hold")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
