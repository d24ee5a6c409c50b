"""`python -m autograder.platforms.gradescope.grade /autograder`: grade the one submission there, write `results/results.json`."""

from __future__ import annotations

import argparse
import json
import shutil
import stat
import sys
import tempfile
from pathlib import Path

from autograder.classroom.local import LocalProcesses
from autograder.classroom.run import Selection, grade_class
from autograder.classroom.scheduler import Conditions
from autograder.course import settings
from autograder.course.settings import Grading, SettingsError
from autograder.course.source import Chapter, chapters
from autograder.files import write_file
from autograder.reports import gradescope
from autograder.reports.gradescope import Visibility
from autograder.reports.statistics import Run
from autograder.results import SubmissionResult
from autograder.sandbox.doctor import available
from autograder.sandbox.terms import SAFE_LEVELS

OK, NOT_GRADED, NOT_SET = 0, 1, 2
STUDENT = "submission"
VISIBILITY = Path("visibility.txt")
_REFUSED = (
    "This was not graded: the machine that Gradescope chose cannot hold code of others. That is no fault of yours; the "
    "instructor has to act."
)
_UNSET = "This was not graded: the settings of the course cannot be read. That is no fault of yours; the instructor has to act."


class NotOneChapter(Exception):
    """Which chapter a submission is of cannot be told."""


def grade(root: Path) -> int:
    """Grade the submission below Gradescope's folder.

    Args:
        root: holds `submission/`, and gets `results/results.json`.

    Returns:
        The exit status: 0 where there is a score, 2 where the settings cannot be read.
    """
    results = root / "results" / "results.json"
    course = chapters()
    try:
        grading = settings.load().grading
    except SettingsError as error:
        write_file(results, _without_score(_UNSET))
        print(error, file=sys.stderr)
        return NOT_SET
    try:
        chapter = _chapter(course, root / "submission")
    except NotOneChapter as error:
        write_file(results, _without_score(str(error)))
        print(error, file=sys.stderr)
        return NOT_GRADED
    level = available().level
    if level not in SAFE_LEVELS:
        write_file(results, _without_score(_REFUSED))
        print(f"The sandbox reaches only level {level} here; see docs/ci.md", file=sys.stderr)
        return NOT_GRADED
    result = _result(root / "submission", course, chapter, grading, level)
    write_file(results, gradescope.render(result, Run(level=level), _visibility()))
    print(f"{chapter}: {result.status}, score {result.score}, sandbox level {level}")
    return NOT_GRADED if result.status == "grader_error" else OK


def _chapter(course: dict[str, Chapter], submission: Path) -> str:
    """The chapter that the archive was made for, or, with the whole course in it, the one that a file is named after."""
    named = [name for name in course if _handed_in(submission, name)]
    if len(course) == 1:
        return next(iter(course))
    if len(named) == 1:
        return named[0]
    what = "several chapters: " + ", ".join(named) if named else "no chapter"
    raise NotOneChapter(f"Hand in one notebook under its own name. There are files of {what}.")


def _handed_in(submission: Path, chapter: str) -> bool:
    return any((submission / f"{chapter}{suffix}").is_file() for suffix in (".ipynb", ".py"))


def _result(
    submission: Path, course: dict[str, Chapter], chapter: str, grading: Grading, level: str
) -> SubmissionResult:
    with tempfile.TemporaryDirectory(prefix="gradescope-") as folder:
        work = Path(folder)
        _lay_out(submission, work / "submitted" / STUDENT / chapter)
        summary = grade_class(
            Selection(work / "submitted", [chapter]),
            work / "graded",
            course,
            LocalProcesses(1),
            Conditions(grading, level),
            use_cache=False,
        )
        [result] = summary.results
        return result


def _lay_out(submission: Path, folder: Path) -> None:
    """Copy the files that were handed in. Links stay links, which the grader refuses; folders and devices do not count."""
    folder.mkdir(parents=True)
    for entry in sorted(submission.iterdir()):
        if stat.S_IFMT(entry.lstat().st_mode) in (stat.S_IFREG, stat.S_IFLNK):
            shutil.copyfile(entry, folder / entry.name, follow_symlinks=False)


def _visibility() -> Visibility:
    """From when on students see scores: as the archive was made."""
    if not VISIBILITY.is_file():
        return "visible"
    said = VISIBILITY.read_text(encoding="utf-8").strip()
    if said not in ("visible", "hidden", "after_due_date", "after_published"):
        raise ValueError(f"{VISIBILITY}: {said!r} is no visibility")
    return said  # type: ignore[return-value]


def _without_score(output: str) -> bytes:
    """A file without a score, which Gradescope takes for a run that failed: no zero that nobody earned."""
    content = {"output": output, "output_format": "text", "stdout_visibility": "hidden"}
    return json.dumps(content, ensure_ascii=False, indent=1).encode() + b"\n"


def main() -> int:
    """Grade below the folder that is named; return the exit status."""
    parser = argparse.ArgumentParser(prog="autograder.platforms.gradescope.grade")
    parser.add_argument("root", type=Path, help="Gradescope's folder, /autograder there")
    return grade(parser.parse_args().root)


if __name__ == "__main__":
    sys.exit(main())
