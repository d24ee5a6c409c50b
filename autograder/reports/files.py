"""Which report lies where, and what it is made from: the result files below `graded/results/`, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from autograder.course.source import Chapter
from autograder.reports import (
    class_html,
    feedback_html,
    final_grades,
    grades_csv,
    gradescope,
    junit,
)
from autograder.reports.final_grades import FINAL_GRADES, Finals, published
from autograder.reports.statistics import Run
from autograder.results import SubmissionResult, from_json

RESULTS = "results"


class Filed(NamedTuple):
    """A result and the name of the folder in which it lies. A name that is no UTF-8 is told otherwise in the result."""

    folder: str
    result: SubmissionResult


class Place(NamedTuple):
    """A student and chapter, and the folder under which their result is filed."""

    folder: str
    student: str
    chapter: str


def read_results(output: Path, places: Iterable[Place]) -> list[Filed]:
    """Return the results at these places, sorted by student and chapter.

    What was never graded has no file and is left out, and so is a file that no grader wrote or that is of somebody
    else: the next run that includes it writes it anew.
    """
    filed = []
    for place in places:
        try:
            data = (output / RESULTS / place.folder / f"{place.chapter}.json").read_bytes()
            result = from_json(data)
        except (FileNotFoundError, NotADirectoryError, msgspec.DecodeError):
            continue
        if (result.student, result.chapter) == (place.student, place.chapter):
            filed.append(Filed(place.folder, result))
    return sorted(filed, key=lambda each: (each.result.student, each.result.chapter, each.folder))


def write_reports(
    output: Path,
    filed: Sequence[Filed],
    run: Run,
    course: Mapping[str, Chapter],
    write: Callable[[Path, bytes], None],
    finals: Finals | None = None,
) -> None:
    """Write the reports on these results. A file that would not change is left alone."""
    for path, data in rendered(filed, run, course, finals):
        if _content(output / path) != data:
            write(output / path, data)


def rendered(
    filed: Sequence[Filed],
    run: Run,
    course: Mapping[str, Chapter],
    finals: Finals | None = None,
) -> Iterator[tuple[Path, bytes]]:
    """Yield each report: its path below `graded/` and its bytes.

    Every page shows the totals of `finals`, what the gradebook has; where there is none, what the tests gave.
    """
    told = []
    for folder, result in filed:
        name = result.chapter
        final = finals.get((result.student, name)) if finals else None
        total = published(result, final)
        told.append(total)
        made_of = final.made_of if final else ""
        feedback = feedback_html.render(total, run, course.get(name), made_of)
        yield Path("feedback", folder, f"{name}.html"), feedback
        yield (
            Path("gradescope", folder, f"{name}.json"),
            gradescope.render(total, run, made_of=made_of),
        )
    results = [each.result for each in filed]
    yield Path("grades.csv"), grades_csv.render(results)
    if finals is not None:
        yield Path(FINAL_GRADES), final_grades.render(finals, results)
    yield Path("junit.xml"), junit.render(results, run)
    yield Path("report.html"), class_html.render(told, run)


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
