"""Runs hostile and odd submissions through the real engine and says where one ends otherwise than it must.

A folder holds `expected.toml` and one of:

- `attack.py`: is put after the chapter's reference solutions, so that it holds the hostile part alone;
- `<chapter>.py` or `<chapter>.ipynb`: the whole submission;
- `make.py`: `make(folder, source, places)` fills the submission's folder with what a repository cannot store.

`accomplice.py` is put after the reference solutions of another student, who is graded just before. In Python files,
`@NAME@` stands for a place (`Places`): an attacker may as well know where everything is.

Each attack is followed by an honest submission in the same grader, which has to keep every point.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import secrets
import shutil
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import msgspec

from autograder.classroom.hiding import hidden
from autograder.course.settings import Grading
from autograder.course.source import ROOT, SUITES, Chapter, chapters, module_source
from autograder.grading.choice import Found
from autograder.grading.engine import Grader
from autograder.grading.submissions import read
from autograder.results import SubmissionResult, to_json
from autograder.sandbox import client
from autograder.sandbox.confine import cgroups, identity
from autograder.sandbox.terms import Limits

from .pages import harm_of_reports

HERE = Path(__file__).parent
HONEST = HERE.parent / "honest"
CHAPTER = "ch02_vanilla_rnn"
FAMILIES = (
    "secrets",
    "comparison",
    "forging",
    "escaping",
    "exhausting",
    "packaging",
    "state",
)
# Shorter than those of a class, so that what has to run into them does so soon.
LIMITS = Limits(call=1.5, cells=3.0, chapter=14.0, output=4 << 20)
SECONDS = 60.0
_VARIABLE = "COURSE_CANARY"
# What stands in every hidden suite, compiled or not, and in every source.
_TEXT_OF_A_SUITE = b"autograder.grading.toolkit"
_TEXT_OF_A_SOURCE = b"### BEGIN SOLUTION"


class Expected(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `expected.toml` says.

    Attributes:
        about: what the submission tries.
        family: one of `FAMILIES`; "honest" for an odd submission.
        chapter: the chapter it is handed in for.
        status: of the result.
        lost: function to the verdicts that its tests may have; it gets no point.
        kept: function to the points it gets, where that is neither none nor all.
        may_lose: functions of which it is left to chance whether they lose points.
        problems: texts that the remarks of the result have to hold.
        never: texts that must stand nowhere in the result.
        student: name of the student's folder.
        preludes: names of the files `prelude_….py` put before the attack.
        levels: the levels at which it is tried.
        fast: whether it belongs to the subset that the ordinary tests run.
        seconds: how long it may take.
        threads: whether it starts some, which machines that cannot count them refuse.
    """

    about: str
    family: str
    chapter: str = CHAPTER
    status: str = "graded"
    lost: dict[str, list[str]] = {}
    kept: dict[str, float] = {}
    may_lose: list[str] = []
    problems: list[str] = []
    never: list[str] = []
    student: str = "mallory"
    preludes: list[str] = []
    levels: str = "AB"
    fast: bool = False
    seconds: float = SECONDS
    threads: bool = False


def threads_can_start(level: str) -> bool:
    """Tell whether a submission may start threads at a level of this machine."""
    return level == "A" or identity.possible() or cgroups.delegated() is not None


@dataclass(frozen=True)
class Places:
    """What an attack may want to reach. Each secret file holds the canary."""

    canary: str
    root: str
    suites: str
    secret_beside_suite: str
    neighbour: str
    gradebook: str
    plant: str
    grader_pid: str
    graded: str

    def fill(self, text: str) -> str:
        """Put the places in for `@NAME@`; the canary itself is not given away."""
        for place in fields(self):
            if place.name != "canary":
                text = text.replace(f"@{place.name.upper()}@", getattr(self, place.name))
        return text


@dataclass
class Attempt:
    """How a submission ended.

    Attributes:
        harm: what an attack got that it must never get; a busy machine is no excuse for it.
        otherwise: where else the result is not what is expected, such as points lost for lack of time.
    """

    name: str
    level: str
    seconds: float
    result: SubmissionResult
    harm: list[str] = field(default_factory=list)
    otherwise: list[str] = field(default_factory=list)

    @property
    def wrong(self) -> list[str]:
        """Everything that is not as expected."""
        return self.harm + self.otherwise


def load(folder: Path) -> Expected:
    """Read `expected.toml`."""
    expected = msgspec.convert(tomllib.loads((folder / "expected.toml").read_text()), Expected)
    if expected.family not in (*FAMILIES, "honest"):
        raise ValueError(f"{folder.name}: unknown family {expected.family}")
    return expected


def bank(root: Path = HERE) -> dict[str, Expected]:
    """Every submission below a folder, by name."""
    return {path.parent.name: load(path.parent) for path in sorted(root.glob("*/expected.toml"))}


@contextlib.contextmanager
def listening() -> Iterator[list[bytes]]:
    """Collect every byte that workers send: replies and output."""
    heard: list[bytes] = []
    readv, plain_read = os.readv, os.read

    def heard_readv(descriptor: int, buffers: Any) -> int:
        count = readv(descriptor, buffers)
        heard.append(bytes(buffers[0][:count]))
        return count

    def heard_read(descriptor: int, length: int) -> bytes:
        data = plain_read(descriptor, length)
        heard.append(data)
        return data

    class Listening:
        readv = staticmethod(heard_readv)
        read = staticmethod(heard_read)

        def __getattr__(self, name: str) -> Any:
            return getattr(os, name)

    client.os = Listening()  # type: ignore[attr-defined]
    try:
        yield heard
    finally:
        client.os = os  # type: ignore[attr-defined]


class Range:
    """A class to attack: a grader of one level, an honest neighbour, secrets in the places where they would lie."""

    def __init__(self, level: str, limits: Limits = LIMITS):
        self.level = level
        self._course = chapters()
        self._grader = Grader(self._course, grading=Grading(limits=limits), policy={"level": level})
        self._scratch = Path(tempfile.mkdtemp(prefix="attacks-"))
        os.chmod(self._scratch, 0o755)
        self._sources: dict[str, str] = {}
        canary = secrets.token_hex(16)
        beside = SUITES if os.access(SUITES, os.W_OK) else self._scratch
        self.places = Places(
            canary=canary,
            root=str(ROOT),
            suites=str(SUITES),
            secret_beside_suite=str(beside / f".canary-{os.getpid()}-{level}.txt"),
            neighbour=str(self._scratch / "submitted" / "neighbour" / "diary.txt"),
            gradebook=str(self._scratch / "gradebook.db"),
            plant=str(self._scratch / "planted"),
            grader_pid=str(os.getpid()),
            graded=str(self._scratch / "graded"),
        )
        self._secret_files = [
            Path(path)
            for path in (
                self.places.secret_beside_suite,
                self.places.neighbour,
                self.places.gradebook,
            )
        ]
        for path in self._secret_files:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(canary)
        os.environ[_VARIABLE] = canary
        # Of an earlier run, in which the neighbour did well.
        for name in ("results/neighbour/{}.json", "feedback/neighbour/{}.html", "grades.csv"):
            path = self._scratch / "graded" / name.format(CHAPTER)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(canary)
            self._secret_files.append(path)

    def close(self) -> None:
        """End the grader; take the secrets away."""
        os.environ.pop(_VARIABLE, None)
        self._grader.close()
        Path(self.places.secret_beside_suite).unlink(missing_ok=True)
        shutil.rmtree(self._scratch, ignore_errors=True)

    def __enter__(self) -> Range:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def run(self, folder: Path) -> Attempt:
        """Hand a submission in, grade it and its neighbour, and compare with what is expected."""
        expected = load(folder)
        chapter = self._course[expected.chapter]
        with listening() as heard:
            if (folder / "accomplice.py").is_file():
                source = self._source(chapter) + "\n\n" + (folder / "accomplice.py").read_text()
                self._grade_source("accomplice", chapter, self.places.fill(source))
            found = self._hand_in(folder, expected, chapter)
            started = time.perf_counter()
            submission = read(found)
            with hidden(Path(self.places.graded), self.level):
                result, _ = self._grader.grade(submission)
            seconds = time.perf_counter() - started
            outcome = Attempt(folder.name, self.level, seconds, result)
            outcome.harm += gains(result, expected)
            outcome.otherwise += deviations(result, expected, chapter)
            if expected.seconds < seconds:
                outcome.otherwise.append(f"took {seconds:.1f} s")
            if expected.family != "honest":
                neighbour = self._grade_source("neighbour", chapter, self._source(chapter))
                if neighbour.score != neighbour.max_score:
                    outcome.otherwise.append(f"the neighbour has {neighbour.score}")
        outcome.harm += self._harm(result, b"".join(heard))
        shutil.rmtree(found.folder, ignore_errors=True)
        return outcome

    def _source(self, chapter: Chapter) -> str:
        if chapter.name not in self._sources:
            self._sources[chapter.name] = module_source(chapter)
        return self._sources[chapter.name]

    def _grade_source(self, student: str, chapter: Chapter, source: str) -> SubmissionResult:
        folder = self._empty_folder(student, chapter)
        (folder / f"{chapter.name}.py").write_text(source)
        return self._grader.grade(read(Found(student, chapter.name, str(folder))))[0]

    def _empty_folder(self, student: str, chapter: Chapter) -> Path:
        folder = self._scratch / "submitted" / student / chapter.name
        if folder.is_symlink() or folder.is_file():
            folder.unlink()
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder

    def _hand_in(self, folder: Path, expected: Expected, chapter: Chapter) -> Found:
        target = self._empty_folder(expected.student, chapter)
        source = self._source(chapter)
        if (folder / "make.py").is_file():
            make = _function(folder / "make.py", "make")
            make(target, source, self.places)
        elif (folder / "attack.py").is_file():
            preludes = [(HERE / f"prelude_{one}.py").read_text() for one in expected.preludes]
            parts = [source, *preludes, (folder / "attack.py").read_text()]
            text = self.places.fill("\n\n".join(parts))
            (target / f"{chapter.name}.py").write_text(text, encoding="utf-8")
        else:
            for path in folder.glob(f"{chapter.name}.*"):
                shutil.copy(path, target)
        return Found(expected.student, chapter.name, str(target))

    def _harm(self, result: SubmissionResult, heard: bytes) -> list[str]:
        canary = self.places.canary.encode()
        wrong = []
        if canary in to_json(result) or canary in heard:
            wrong.append("a secret was read")
        if _TEXT_OF_A_SUITE in heard:
            wrong.append("a hidden suite was read")
        if _TEXT_OF_A_SOURCE in heard:
            wrong.append("a reference was read")
        for path in self._secret_files:
            if path.read_bytes() != canary:
                wrong.append(f"{path.name} was changed")
        if os.path.lexists(self.places.plant):
            wrong.append("a file was planted")
            _remove(Path(self.places.plant))
        return wrong + harm_of_reports(result, self._course)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def _function(path: Path, name: str) -> Callable[..., None]:
    spec = importlib.util.spec_from_file_location(f"{path.parent.name}_{path.stem}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, name)


def gains(result: SubmissionResult, expected: Expected) -> list[str]:
    """What a result gives or says that this submission must never get."""
    text = to_json(result).decode()
    found = [f"the result holds {word!r}" for word in expected.never if word in text]
    if expected.status != "graded":
        return found + ([f"score {result.score}"] if result.score else [])
    for function in result.functions:
        if function.name in expected.may_lose:
            continue
        due = 0.0 if function.name in expected.lost else expected.kept.get(function.name)
        if due is not None and function.score > due:
            found.append(f"{function.name} gained {function.score}" + f", not {due:g}" * (due > 0))
    return found


def deviations(result: SubmissionResult, expected: Expected, chapter: Chapter) -> list[str]:
    """Where a result is not what it should be, points that it gained aside."""
    wrong = []
    if result.status != expected.status:
        wrong.append(f"status {result.status}, not {expected.status}")
    remarks = "\n".join(f"{problem.where}: {problem.what}" for problem in result.problems)
    wrong += [f"no remark says {word!r}" for word in expected.problems if word not in remarks]
    if result.status not in ("graded", expected.status):
        return [*wrong, *remarks.split("\n")[:3]]
    if expected.status != "graded":
        return wrong
    unknown = {*expected.lost, *expected.kept} - {function.name for function in chapter.functions}
    wrong += [f"expected.toml names {name}, which is no function" for name in sorted(unknown)]
    for function in result.functions:
        verdicts = {test.verdict for test in function.tests}
        if function.name in expected.may_lose:
            continue
        if function.name in expected.lost:
            others = verdicts - {*expected.lost[function.name], "passed"}
            if others:
                wrong.append(f"{function.name} ended in {', '.join(sorted(others))}")
        else:
            due = expected.kept.get(function.name, function.max_score)
            if function.score < due:
                first = next((t for t in function.tests if t.verdict != "passed"), None)
                why = f": {first.name} {first.verdict} {first.message}" if first else ""
                wrong.append(f"{function.name} has {function.score}, not {due}{why}")
    return wrong
