"""From sources to what students get, through nbgrader's own `generate_assignment`.

nbgrader copies every file of a source folder into the release, so the notebooks it reads lie in a generated folder of
their own, never beside the sources; a chapter's figures are put there too. What it releases is put into `assignments/`, byte for byte the same for the same
sources. Beside the notebooks goes what seqlab has to know of the quizzes: the form of the answers to the graded
questions, without the key, and the practice questions with their explanations.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.apps import NbGraderAPI
from nbgrader.converters import GenerateAssignment
from nbgrader.preprocessors import ClearSolutions, NbGraderPreprocessor
from traitlets.config import Config

from autograder.course import settings, told
from autograder.course.quiz import as_released, graded_questions, practice_questions
from autograder.course.source import QUIZ, ROOT, Chapter, read_notebook
from autograder.files import TEMPORARY, write_file
from seqlab import grader
from seqlab.quizzes import PRACTICE

SOURCE_FOLDER = ROOT / ".nbgrader_source"
ASSIGNMENTS = ROOT / "assignments"
FIGURES = "figures"
"""The folder beside a chapter's source, and beside its notebook, that holds its figures."""
QUIZ_FORMS = Path("seqlab/src/seqlab/quiz.json")
QUIZ_PRACTICE = QUIZ_FORMS.with_name(PRACTICE)
GRADER = QUIZ_FORMS.with_name(grader.FILE)
README = "README.md"

_LOAD_CELL = "load_seqlab"
_STUB = ("# YOUR CODE HERE", "raise NotImplementedError()")


class ReleaseError(Exception):
    """nbgrader refused to generate an assignment."""


class KeepQuizPlain(NbGraderPreprocessor):
    """Takes the stub out of the quiz cell: its line with empty answers is all that a student needs there."""

    def preprocess_cell(self, cell: Any, resources: Any, index: int) -> tuple[Any, Any]:
        """Drop the lines of the stub from the quiz cell."""
        if cell.metadata.get("nbgrader", {}).get("grade_id") == QUIZ:
            lines = cell.source.split("\n")
            kept = (line for line in lines if line.strip() not in _STUB)
            cell.source = "\n".join(kept).rstrip("\n")
        return cell, resources


def release(
    chapters: Sequence[Chapter], assignments: Path = ASSIGNMENTS, sources: Path = SOURCE_FOLDER
) -> None:
    """Generate the assignments of these chapters.

    Args:
        chapters: what to release.
        assignments: the folder that gets `<chapter>/<chapter>.ipynb` and `<chapter>/figures/`.
        sources: the folder that gets nbgrader's source notebooks and figures.

    Raises:
        ReleaseError: nbgrader refused; its log says why.
    """
    write_sources(chapters, sources)
    with tempfile.TemporaryDirectory(prefix="release-") as scratch:
        generate(chapters, sources, Path(scratch))
        for chapter in chapters:
            target = assignments / chapter.name
            target.mkdir(parents=True, exist_ok=True)
            released = Path(scratch) / "release" / chapter.name / f"{chapter.name}.ipynb"
            notebook = nbformat.read(str(released), as_version=4)
            _tidy(notebook)
            text = nbformat.writes(notebook) + "\n"
            (target / released.name).write_text(text, encoding="utf-8")
            _put_figures(released.parent, target)
    asked = [
        chapter
        for chapter in chapters
        if any(function.name == QUIZ for function in chapter.functions)
    ]
    _add_to(assignments / QUIZ_FORMS, {chapter.name: _forms(chapter) for chapter in asked})
    _add_to(assignments / QUIZ_PRACTICE, {chapter.name: _practice(chapter) for chapter in asked})
    grading = settings.load().grading
    _write_json(assignments / GRADER, told.as_data(grading))
    page = assignments / README
    if page.is_file():
        text = page.read_text(encoding="utf-8")
        page.write_text(told.readme(text, grading.libraries), encoding="utf-8")


def chapter_notebook(chapter: Chapter) -> Any:
    """Return the notebook of a chapter with its solutions, in which `%check` knows the chapter and options can be clicked.

    A kernel does not know its notebook, and a function's name may be there in two chapters.
    """
    notebook = read_notebook(chapter)
    libraries = settings.load().grading.libraries
    first = notebook["cells"][0]
    if first["cell_type"] == "markdown":
        first["source"] += f"\n\n{told.sentence(libraries, chapter.name)}"
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == _LOAD_CELL:
            cell["source"] += f"\n%chapter {chapter.name}"
        elif cell["cell_type"] == "markdown":
            cell["source"] = as_released(cell["source"])
    return notebook


def write_sources(chapters: Sequence[Chapter], folder: Path = SOURCE_FOLDER) -> None:
    """Write nbgrader's source notebooks."""
    for chapter in chapters:
        target = folder / chapter.name
        notebook = chapter_notebook(chapter)
        notebook["metadata"] = {
            key: notebook["metadata"][key] for key in ("kernelspec",) if key in notebook["metadata"]
        }
        for cell in notebook["cells"]:
            cell["metadata"].pop("lines_to_next_cell", None)  # jupytext's note about the script
        # Nothing is removed that is written again: several commands may do this at a time, and write the same.
        path = target / f"{chapter.name}.ipynb"
        write_file(path, nbformat.writes(notebook).encode())
        _put_figures(Path(chapter.path).parent, target)
        for stray in set(target.iterdir()) - {path, target / FIGURES}:
            if not TEMPORARY.fullmatch(stray.name):
                _remove(stray)


def generate(chapters: Sequence[Chapter], sources: Path, folder: Path) -> None:
    """Run nbgrader's `generate_assignment --force` into `folder`, with a gradebook of its own there."""
    config = Config()
    config.CourseDirectory.root = str(folder)
    config.CourseDirectory.source_directory = str(sources.absolute())
    config.CourseDirectory.course_id = "course"
    config.CourseDirectory.db_url = f"sqlite:///{folder / 'gradebook.db'}"
    stock = GenerateAssignment.class_traits()["preprocessors"].default_args[0]
    place = stock.index(ClearSolutions) + 1
    config.GenerateAssignment.preprocessors = [*stock[:place], KeepQuizPlain, *stock[place:]]
    with commands_found():
        api = NbGraderAPI(config=config)
        for chapter in chapters:
            outcome = api.generate_assignment(chapter.name, force=True, create=True)
            if not outcome["success"]:
                log = outcome.get("log") or outcome.get("error") or ""
                raise ReleaseError(f"{chapter.name}: nbgrader refused to generate it:\n{log}")


@contextmanager
def commands_found() -> Iterator[None]:
    """Let nbgrader find `alembic`, which it calls by name, where the environment is not activated."""
    before = os.environ.get("PATH", os.defpath)
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), before])
    try:
        yield
    finally:
        os.environ["PATH"] = before


def _forms(chapter: Chapter) -> dict[str, Any]:
    """What `%check` has to know of the graded questions; of the right answers, nothing."""
    return {name: question.form.as_data() for name, question in graded_questions(chapter).items()}


def _practice(chapter: Chapter) -> dict[str, Any]:
    return {question.name: question.as_data() for question in practice_questions(chapter)}


def _add_to(path: Path, chapters: dict[str, dict[str, Any]]) -> None:
    """Write these chapters into a file that may hold others."""
    _write_json(path, dict(sorted((_read_json(path) | chapters).items())))


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _read_json(path: Path) -> dict[str, dict[str, Any]]:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _put_figures(source: Path, target: Path) -> None:
    """Let `target` have the figures of `source` and no others."""
    figures = {path.name: path.read_bytes() for path in (source / FIGURES).glob("*.svg")}
    for name, data in sorted(figures.items()):
        write_file(target / FIGURES / name, data)
    if not figures:
        _remove(target / FIGURES)
        return
    for stray in (target / FIGURES).iterdir():
        if stray.name not in figures and not TEMPORARY.fullmatch(stray.name):
            _remove(stray)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _tidy(notebook: Any) -> None:
    """Leave out what differs from run to run or from machine to machine."""
    notebook["metadata"].pop("language_info", None)
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["execution_count"] = None
            cell["outputs"] = []
