"""A class of any size, made from the catalogue: right answers, other styles, mistakes, functions nobody began.

The same seed gives the same bytes. No two submissions are the same, so no cache can help.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.course.catalogue import alternatives, mistakes
from autograder.course.quiz import quiz_key
from autograder.course.source import Chapter, solution_source
from autograder.sample_class import QUIZ, answer, functions_of, released_path

PERFECT, OTHER_STYLE, UNFINISHED = 0.2, 0.2, 0.1
"""Shares of the class; all others have one to four mistakes."""


@dataclass(frozen=True)
class Material:
    """What the submissions to a chapter are put together from."""

    chapter: Chapter
    released: str  # JSON of the notebook as students get it
    answers: dict[str, str]
    wrong: dict[str, list[str]]  # function to wrong cells
    styles: list[str]


def material(chapter: Chapter) -> Material:
    """Collect it."""
    wrong: dict[str, list[str]] = {}
    for entry in mistakes(chapter.name):
        cell = entry.apply(solution_source(chapter, entry.function))
        wrong.setdefault(entry.function, []).append(cell)
    return Material(
        chapter=chapter,
        released=released_path(chapter).read_text(),
        answers={name: answer(chapter, name) for name in functions_of(chapter)},
        wrong=wrong,
        styles=list(alternatives(chapter.name).values()),
    )


def submission(made_of: Material, generator: random.Random) -> str:
    """Put together the notebook of one student."""
    cells = dict(made_of.answers)
    extra = ""
    kind = generator.random()
    if kind < PERFECT:
        pass
    elif kind < PERFECT + OTHER_STYLE:
        extra = generator.choice(
            made_of.styles
        )  # runs last, so its functions are the ones that count
    elif kind < PERFECT + OTHER_STYLE + UNFINISHED:
        names = list(cells)
        for name in names[generator.randrange(len(names)) :]:
            del cells[name]
    else:
        count = min(generator.randint(1, 4), len(made_of.wrong))
        for name in generator.sample(sorted(made_of.wrong), count):
            cells[name] = generator.choice(made_of.wrong[name])
    key = quiz_key(made_of.chapter)
    right = generator.random()
    answers = {q: a if generator.random() < right else "a" for q, a in key.items()}
    return _notebook(made_of, {**cells, QUIZ: f"{QUIZ} = {answers!r}"}, extra, generator)


def _notebook(
    made_of: Material, cells: dict[str, str], extra: str, generator: random.Random
) -> str:
    notebook: dict[str, Any] = json.loads(made_of.released)
    for cell in notebook["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if name in cells:
            cell["source"] = cells[name]
    own = f"# {generator.getrandbits(64):016x}\n{extra}"
    notebook["cells"].append(
        {
            "cell_type": "code",
            "execution_count": None,
            "id": "own-cell",
            "metadata": {},
            "outputs": [],
            "source": own,
        }
    )
    return json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"


def hand_in(root: Path, course: dict[str, Chapter], students: int, seed: int) -> None:
    """Write the submissions of the class in nbgrader's layout."""
    for made_of in map(material, course.values()):
        name = made_of.chapter.name
        for student, generator in _people(students, f"{seed} {name}"):
            folder = root / student / name
            folder.mkdir(parents=True)
            (folder / f"{name}.ipynb").write_text(submission(made_of, generator))


def _people(count: int, seed: str) -> Iterator[tuple[str, random.Random]]:
    for number in range(count):
        yield f"student{number:05d}", random.Random(f"{seed} {number}")
