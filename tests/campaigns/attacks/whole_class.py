"""All attacks in one class, beside honest students: the command itself, gradebook, reports and two jobs included.

`python -m tests.campaigns.attacks.whole_class`. Whatever the others hand in, honest students keep every point and every
report, each hostile submission has a typed result, and the same command once more works and changes nothing.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import msgspec

from autograder.course.source import ROOT
from autograder.results import SubmissionResult, from_json

from . import machines
from .runner import HERE, Expected, Range, bank

HONEST = ("ada", "grace", "zoë")
LONGEST = 3600.0
_MEMORY_KIB = (2 + 1) << 20  # the largest process: 2 GiB, and 1 GiB for each job


class Everyone(Range):
    """A class folder that holds every attack, and honest students in each of their chapters."""

    def hand_in_all(self, attacks: Mapping[str, Expected]) -> dict[str, Expected]:
        """Write all submissions; return the expectations by student."""
        students: dict[str, Expected] = {}
        for name, expected in attacks.items():
            student = expected.student if expected.student != "mallory" else name
            student = student if student not in students else f"{student} {name}"
            students[student] = expected
            renamed = msgspec.structs.replace(expected, student=student)
            self._hand_in(HERE / name, renamed, self._course[expected.chapter])
        for chapter in {expected.chapter for expected in attacks.values()}:
            for student in HONEST:
                folder = self._empty_folder(student, self._course[chapter])
                source = self._source(self._course[chapter])
                (folder / f"{chapter}.py").write_text(source, encoding="utf-8")
        return students

    @property
    def scratch(self) -> Path:
        """The course folder."""
        return self._scratch


def command(everyone: Everyone) -> tuple[int, float, str]:
    """Run `make grade`'s command on the class; return its status, seconds, and what it complained of."""
    began = time.perf_counter()
    done = subprocess.run(
        [
            *(sys.executable, "-m", "autograder", "grade", "--jobs", "2"),
            *("--submissions", str(everyone.scratch / "submitted")),
            *("--output", str(everyone.scratch / "graded")),
        ],
        env={**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"},
        cwd=everyone.scratch,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=LONGEST,
    )
    return done.returncode, time.perf_counter() - began, done.stderr[-2000:]


def results(folder: Path) -> Iterator[tuple[Path, SubmissionResult]]:
    """Yield every result of a run."""
    for path in sorted((folder / "graded" / "results").rglob("*.json")):
        yield path, from_json(path.read_bytes())


def deviations(everyone: Everyone, students: Mapping[str, Expected]) -> Iterator[str]:
    """Yield what is not as it must be."""
    found = {(r.student, r.chapter): r for _path, r in results(everyone.scratch)}
    for chapter in {expected.chapter for expected in students.values()}:
        for student in HONEST:
            result = found.get((student, chapter))
            if result is None:
                yield f"{student} {chapter} has no result"
            # The source holds a key of the quiz but no answers of a student.
            elif any(f.score != f.max_score for f in result.functions if f.name != "quiz_answers"):
                yield f"{student} {chapter}: {result.status}, {result.score}"
            page = everyone.scratch / "graded" / "feedback" / student / f"{chapter}.html"
            if not page.is_file():
                yield f"{student} {chapter} has no feedback"
    for student, expected in students.items():
        result = found.get((student, expected.chapter))
        if result is None:
            yield f"{student!r} has no result"
        elif result.status != expected.status:
            reasons = "; ".join(problem.what for problem in result.problems)
            yield f"{student!r} is {result.status}, not {expected.status}: {reasons}"


def tried(attacks: Mapping[str, Expected], level: str) -> list[str]:
    """Grade the class twice; return what went wrong."""
    with Everyone(level) as everyone:
        students = everyone.hand_in_all(attacks)
        # The bank's own secret lies where the class will have its gradebook.
        Path(everyone.places.gradebook).unlink()
        status, seconds, said = command(everyone)
        largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        print(
            f"{len(students)} hostile and {len(HONEST)} honest students: status {status}, "
            f"{seconds:.0f} s, largest process {largest >> 10} MiB",
            flush=True,
        )
        wrong = [] if status == 0 else [f"status {status}: {said}"]
        wrong += deviations(everyone, students)
        if largest > _MEMORY_KIB:
            wrong.append(f"a process took {largest >> 10} MiB")
        before = {path: path.read_bytes() for path, _ in results(everyone.scratch)}
        status, seconds, said = command(everyone)
        print(f"once more: status {status}, {seconds:.0f} s", flush=True)
        wrong += [] if status == 0 else [f"once more: status {status}: {said}"]
        honest = {path: data for path, data in before.items() if path.parent.name in HONEST}
        wrong += [
            f"{path.name} changed" for path, data in honest.items() if path.read_bytes() != data
        ]
        return wrong


def report(wrong: Iterable[str]) -> int:
    """Print what went wrong; return the exit status."""
    lines = list(wrong)
    for line in lines:
        print(f"NOT HELD: {line}")
    print(f"the whole class: {len(lines)} deviations")
    return 1 if lines else 0


def main() -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.campaigns.attacks.whole_class", description=__doc__
    )
    parser.add_argument("--as-user", action="store_true", help="as root: become an ordinary user")
    parser.add_argument("names", nargs="*", metavar="NAME")
    options = parser.parse_args()
    if options.as_user:
        rest = [each for each in sys.argv[1:] if each not in machines.OPTIONS]
        module = "tests.campaigns.attacks.whole_class"
        line = [*machines.as_ordinary_user(), sys.executable, "-B", "-m", module, *rest]
        os.execvp(line[0], line)
    attacks = {
        name: expected
        for name, expected in bank().items()
        if not options.names or name in options.names
    }
    return report(tried(attacks, "B"))


if __name__ == "__main__":
    sys.exit(main())
