"""A class of made-up students: every way to hand in that a grader meets, with what each should earn.

Nothing is stored. Submissions are made from the released notebooks, the sources, the alternatives and the catalogue
of mistakes, the same bytes every time, in nbgrader's layout: `<student>/<chapter>/<chapter>.ipynb`.
"""

from __future__ import annotations

import ast
import copy
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import nbformat

from autograder.course.catalogue import Mistake, alternatives, mistakes
from autograder.course.quiz import quiz_key
from autograder.course.source import (
    BEGIN_SOLUTION,
    END_SOLUTION,
    QUIZ,
    ROOT,
    SUITES,
    Chapter,
    chapters,
    module_source,
    solution_source,
)

ASSIGNMENTS = ROOT / "assignments"

Share = Literal["all", "some", "none"]


@dataclass(frozen=True)
class HandedIn:
    """A submission: one file, and what its author should get for it.

    `earns` has an entry per function: all of its points, none of them, or some ("some": not all, perhaps none).
    `problem` is a word that stands in one of the result's problems; "" where there should be none.
    """

    file_name: str
    content: bytes
    status: str = "graded"
    earns: Mapping[str, Share] = field(default_factory=dict)
    problem: str = ""


@dataclass(frozen=True)
class Student:
    """A made-up student: the folder's name, what is the matter, and how their submission of a chapter is made."""

    name: str
    case: str
    make: Callable[[Chapter], HandedIn]


def finished(course: Mapping[str, Chapter] | None = None) -> dict[str, Chapter]:
    """Return the chapters for which there is everything that a submission is made from and graded with."""
    return {
        name: chapter
        for name, chapter in (course or chapters()).items()
        if released_path(chapter).is_file()
        and (SUITES / name / f"test_{name}.py").is_file()
        and mistakes(name)
        and alternatives(name)
    }


def write(output: Path, course: Mapping[str, Chapter] | None = None) -> None:
    """Write the submissions of the class to these chapters, or to all that are finished."""
    for student in STUDENTS:
        shutil.rmtree(output / student.name, ignore_errors=True)
        for chapter in (finished() if course is None else course).values():
            handed_in = student.make(chapter)
            folder = output / student.name / chapter.name
            folder.mkdir(parents=True)
            (folder / handed_in.file_name).write_bytes(handed_in.content)


def expected(chapter: Chapter) -> dict[str, HandedIn]:
    """Return student to what they hand in and should get."""
    return {student.name: student.make(chapter) for student in STUDENTS}


# --- making notebooks -----------------------------------------------------------------------------------------------


def released_path(chapter: Chapter) -> Path:
    """Where the released notebook of a chapter lies."""
    return ASSIGNMENTS / chapter.name / f"{chapter.name}.ipynb"


def released(chapter: Chapter) -> Any:
    """Read the released notebook."""
    return nbformat.read(str(released_path(chapter)), as_version=4)


def functions_of(chapter: Chapter) -> list[str]:
    """Names of the functions, the quiz aside, in the order of the text."""
    return [function.name for function in chapter.functions if function.name != QUIZ]


def answer(chapter: Chapter, function: str) -> str:
    """What a perfect student leaves in the cell of a function, or of the quiz."""
    if function == QUIZ:
        return f"{QUIZ} = {quiz_key(chapter)!r}"
    lines = solution_source(chapter, function).split("\n")
    return "\n".join(line for line in lines if line.strip() not in (BEGIN_SOLUTION, END_SOLUTION))


def fill(chapter: Chapter, answers: Mapping[str, str]) -> Any:
    """Return the released notebook with these answers in the cells of their functions."""
    notebook = released(chapter)
    cells = {cell["metadata"].get("nbgrader", {}).get("grade_id"): cell for cell in notebook.cells}
    for function, source in answers.items():
        cells[function]["source"] = source
    return notebook


def everything(chapter: Chapter) -> dict[str, str]:
    """All right answers."""
    return {function.name: answer(chapter, function.name) for function in chapter.functions}


def all_of(chapter: Chapter, different: Mapping[str, Share] = {}) -> dict[str, Share]:
    """Full points for everything, but for some functions."""
    full: dict[str, Share] = {function.name: "all" for function in chapter.functions}
    return {**full, **different}


def as_notebook(
    chapter: Chapter, notebook: Any, earns: Mapping[str, Share], problem: str = ""
) -> HandedIn:
    """Hand in a notebook under its proper name."""
    text = nbformat.writes(notebook) + "\n"
    return HandedIn(f"{chapter.name}.ipynb", text.encode(), earns=earns, problem=problem)


def last(chapter: Chapter) -> str:
    """The last function of a chapter: no other one is built on it."""
    return functions_of(chapter)[-1]


def with_body(chapter: Chapter, function: str, body: str) -> str:
    """The `def` line and docstring of a function with another body, given as text without indentation."""
    source = answer(chapter, function)
    [stub] = [
        node
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef) and node.name == function
    ]
    replaced = copy.deepcopy(stub)
    replaced.body = [stub.body[0], *ast.parse(body).body]
    return ast.unparse(replaced)


# --- the students ---------------------------------------------------------------------------------------------------


def perfect(chapter: Chapter) -> HandedIn:
    """Every answer is right."""
    return as_notebook(chapter, fill(chapter, everything(chapter)), all_of(chapter))


def perfect_in_another_style(chapter: Chapter) -> HandedIn:
    """Right code of another style in one cell of its own, in place of the cells of its functions."""
    source = next(iter(alternatives(chapter.name).values()))
    notebook = fill(chapter, everything(chapter))
    written = _bound(source)
    kept = [
        cell
        for cell in notebook.cells
        if cell["metadata"].get("nbgrader", {}).get("grade_id") not in written
    ]
    notebook.cells = [*kept, nbformat.v4.new_code_cell(source, id="own-style")]
    return as_notebook(chapter, notebook, all_of(chapter))


def _bound(source: str) -> set[str]:
    names = set()
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {
                n.id for target in node.targets for n in ast.walk(target) if isinstance(n, ast.Name)
            }
    return names


def untouched(chapter: Chapter) -> HandedIn:
    """The notebook as it was handed out."""
    nothing: dict[str, Share] = {function.name: "none" for function in chapter.functions}
    return as_notebook(chapter, released(chapter), nothing)


def half_done(chapter: Chapter) -> HandedIn:
    """The first half of the functions; the rest and the quiz are untouched."""
    names = functions_of(chapter)
    done = names[: (len(names) + 1) // 2]
    earns: dict[str, Share] = {
        function.name: "all" if function.name in done else "none" for function in chapter.functions
    }
    notebook = fill(chapter, {name: answer(chapter, name) for name in done})
    return as_notebook(chapter, notebook, earns)


def chosen_mistake(chapter: Chapter) -> Mistake:
    """A mistake of one function alone: in a gradient where the chapter has one."""
    alone = [mistake for mistake in mistakes(chapter.name) if not mistake.also]
    in_gradients = [mistake for mistake in alone if "backward" in mistake.function]
    return (in_gradients or alone)[0]


def one_path_wrong(chapter: Chapter) -> HandedIn:
    """One catalogued mistake, all else right."""
    mistake = chosen_mistake(chapter)
    wrong = mistake.apply(solution_source(chapter, mistake.function))
    notebook = fill(chapter, everything(chapter) | {mistake.function: wrong})
    return as_notebook(chapter, notebook, all_of(chapter, {mistake.function: "some"}))


def syntax_error(chapter: Chapter) -> HandedIn:
    """The last function's cell does not compile."""
    name = last(chapter)
    broken = answer(chapter, name).replace("):", ")", 1)
    notebook = fill(chapter, everything(chapter) | {name: broken})
    return as_notebook(chapter, notebook, all_of(chapter, {name: "none"}), "SyntaxError")


def _last_function_does(body: str) -> Callable[[Chapter], HandedIn]:
    def make(chapter: Chapter) -> HandedIn:
        name = last(chapter)
        answers = everything(chapter) | {name: with_body(chapter, name, body)}
        return as_notebook(chapter, fill(chapter, answers), all_of(chapter, {name: "none"}))

    return make


def endless_cell(chapter: Chapter) -> HandedIn:
    """A loop without end in a cell between the right answers, which still count."""
    notebook = fill(chapter, everything(chapter))
    loop = nbformat.v4.new_code_cell("counter = 0\nwhile True:\n    counter += 1", id="waiting")
    notebook.cells.insert(len(notebook.cells) // 2, loop)
    return as_notebook(chapter, notebook, all_of(chapter), "stopped")


def no_notebook(chapter: Chapter) -> HandedIn:
    """A word processor's file with the right name."""
    nothing: dict[str, Share] = {function.name: "none" for function in chapter.functions}
    content = b"PK\x03\x04\x14\x00\x06\x00my homework\xff\xfe\x00"
    return HandedIn(f"{chapter.name}.ipynb", content, "unreadable", nothing, "notebook")


def plain_module(chapter: Chapter) -> HandedIn:
    """Right answers in a Python file, without any cell mark."""
    lines = module_source(chapter).split("\n")
    kept = [line for line in lines if line.strip() not in (BEGIN_SOLUTION, END_SOLUTION)]
    return HandedIn(f"{chapter.name}.py", "\n".join(kept).encode(), earns=all_of(chapter))


STUDENTS = (
    Student("ada", "everything right", perfect),
    Student("grace hopper", "everything right, in another style", perfect_in_another_style),
    Student("Žofie", "untouched", untouched),
    Student("Linus 'Lin' O'Neil", "half done", half_done),
    Student("Мария", "one path of a gradient wrong", one_path_wrong),
    Student("josé", "a cell that does not compile", syntax_error),
    Student(
        "endless emil", "a function that never returns", _last_function_does("while True: pass")
    ),
    Student("王小明", "a cell that never ends", endless_cell),
    Student(
        'Rosa "exit" Klein',
        "a function that ends the worker",
        _last_function_does("import os\nos._exit(0)"),
    ),
    Student(
        "sigurd",
        "a function that kills the worker",
        _last_function_does("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"),
    ),
    Student("tim", "no notebook at all", no_notebook),
    Student("hedy", "a plain module", plain_module),
)
