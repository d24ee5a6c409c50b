"""All attacks in one class, beside honest students: the command itself, gradebook, reports and two jobs included.

`python -m tests.campaigns.attacks.whole_class`. Whatever the others hand in, honest students keep every point and every
report, each hostile submission has a typed result, and the same command once more works and changes nothing. A run takes
at most the time of its honest part and 1.2 times the deadlines of the hostile ones, divided by the jobs; all of its
processes together hold at most 2 GiB and 1 GiB for each job.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import msgspec

from autograder.course.source import ROOT
from autograder.results import SubmissionResult, from_json
from autograder.sandbox.terms import Limits

from . import machines, measured
from .measured import Measured
from .runner import HERE, Expected, Range, bank

HONEST = ("ada", "grace", "zoë")
LONGEST = 3600.0


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
        return students

    def hand_in_honest(self, chapters: Iterable[str]) -> None:
        """Write what honest students hand in."""
        for chapter in chapters:
            for student in HONEST:
                folder = self._empty_folder(student, self._course[chapter])
                source = self._source(self._course[chapter])
                (folder / f"{chapter}.py").write_text(source, encoding="utf-8")

    @property
    def scratch(self) -> Path:
        """The course folder."""
        return self._scratch


def command(everyone: Everyone, graded: str, jobs: int) -> Measured:
    """Run `make grade`'s command on a class, and watch it."""
    return measured.run(
        [
            *(sys.executable, "-m", "autograder", "grade", "--jobs", str(jobs)),
            *("--submissions", str(everyone.scratch / "submitted")),
            *("--output", str(everyone.scratch / graded)),
        ],
        environment={**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"},
        folder=everyone.scratch,
        most=LONGEST,
    )


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


def tried(attacks: Mapping[str, Expected], level: str, jobs: int) -> list[str]:
    """Grade the honest alone, and the class twice; return what went wrong."""
    with Everyone(level) as everyone:
        chapters = {expected.chapter for expected in attacks.values()}
        everyone.hand_in_honest(chapters)
        # The bank's own secrets lie where the class will have its gradebook, its results and a student's folder.
        Path(everyone.places.gradebook).unlink()
        shutil.rmtree(everyone.places.graded)
        shutil.rmtree(Path(everyone.places.neighbour).parent)
        honest = command(everyone, "graded_honest", jobs)
        print(
            f"{jobs} jobs: {told(f'the {len(HONEST)} honest students alone', honest)}", flush=True
        )
        students = everyone.hand_in_all(attacks)
        whole = command(everyone, "graded", jobs)
        bound = honest.seconds + 1.2 * len(students) * Limits().submission / jobs
        print(f"{jobs} jobs: {told(f'with {len(students)} hostile submissions', whole)}")
        print(
            f"  a deadline is {Limits().submission:g} s, so at most {bound:.0f} s are allowed, and {_memory(jobs)} MiB"
        )
        for name, seconds in slowest(everyone.scratch):
            print(f"  {seconds:6.1f} s  {name}")
        wrong = [
            f"status {done.status}: {done.said}" for done in (honest, whole) if done.status != 0
        ]
        wrong += deviations(everyone, students)
        if whole.seconds > bound:
            wrong.append(f"took {whole.seconds:.0f} s, more than {bound:.0f}")
        if whole.memory >> 20 > _memory(jobs):
            wrong.append(f"took {whole.memory >> 20} MiB, more than {_memory(jobs)}")
        before = {path: path.read_bytes() for path, _ in results(everyone.scratch)}
        again = command(everyone, "graded", jobs)
        print(f"{jobs} jobs: {told('once more', again)}", flush=True)
        wrong += [] if again.status == 0 else [f"once more: status {again.status}: {again.said}"]
        kept = {path: data for path, data in before.items() if path.parent.name in HONEST}
        wrong += [
            f"{path.name} changed" for path, data in kept.items() if path.read_bytes() != data
        ]
        return wrong


def _memory(jobs: int) -> int:
    """MiB that all processes of a run may hold at a time."""
    return (2 + jobs) << 10


def told(what: str, done: Measured) -> str:
    """Say in a line what a run did."""
    return f"{what}: status {done.status}, {done.seconds:.0f} s, {done.memory >> 20} MiB at most"


def slowest(folder: Path, most: int = 3) -> list[tuple[str, float]]:
    """Return the submissions that took longest and their seconds, as `run.json` has them."""
    record = json.loads((folder / "graded" / "run.json").read_bytes())
    seconds = {name: times["total"] for name, times in record["submissions"].items()}
    return sorted(seconds.items(), key=lambda each: -each[1])[:most]


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
    parser.add_argument(
        "--jobs",
        type=int,
        action="append",
        metavar="N",
        help="1 and 2, one after the other, if none",
    )
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
    wrong = [each for jobs in options.jobs or (1, 2) for each in tried(attacks, "B", jobs)]
    return report(wrong)


if __name__ == "__main__":
    sys.exit(main())
