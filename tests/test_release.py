"""What students get: made from the sources by nbgrader, the same bytes every time, and nothing that answers a question."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from autograder.course import release as release_module
from autograder.course.quiz import practice_questions, quiz_key
from autograder.course.release import GRADER, QUIZ_FORMS, ReleaseError, release
from autograder.course.source import (
    BEGIN_SOLUTION,
    END_SOLUTION,
    QUIZ,
    ROOT,
    SOLUTIONS,
    chapters,
    solution_source,
)
from seqlab import grader

# A line of a solution up to this length, such as `return h`, may stand anywhere.
TRIVIAL = 12
# Up to this length a line of a hidden suite may be what anybody writes: `rng = np.random.default_rng(seed)`.
IDIOM = 36


@pytest.fixture(scope="session")
def course():
    return chapters()


@pytest.fixture(scope="session")
def released(course, tmp_path_factory, request):
    """All chapters, released once into a folder of this test."""
    folder = tmp_path_factory.mktemp("release")
    release(list(course.values()), folder / "assignments", folder / "sources")
    return folder


def notebooks(released, course):
    for chapter in course.values():
        path = released / "assignments" / chapter.name / f"{chapter.name}.ipynb"
        yield chapter, nbformat.read(str(path), as_version=4)


def cells_by_id(notebook):
    return {
        cell["metadata"]["nbgrader"]["grade_id"]: cell
        for cell in notebook["cells"]
        if "nbgrader" in cell["metadata"]
    }


def test_assignments_are_what_the_sources_give(released, course):
    fresh = released / "assignments"
    for path in sorted(fresh.rglob("*")):
        if path.is_file():
            inside = path.relative_to(fresh)
            there = ROOT / "assignments" / inside
            assert there.is_file(), f"{inside} is missing: run make release"
            if inside == GRADER and grader.python() != sys.version_info[:2]:
                continue  # made by the Python that grades; tests/test_grader_told.py compares the rest
            assert there.read_bytes() == path.read_bytes(), (
                f"{inside} is out of date: run make release"
            )
    kept = {path.name for path in (ROOT / "assignments").glob("ch*")}
    assert kept == set(course), "assignments/ holds a chapter that has no source"
    for name in kept:
        files = [path.name for path in (ROOT / "assignments" / name).iterdir() if path.is_file()]
        assert files == [f"{name}.ipynb"], "students get exactly the notebook and its figures"
    figures = {
        path.relative_to(ROOT / "assignments")
        for path in (ROOT / "assignments").glob("ch*/figures/*")
    }
    assert figures == {path.relative_to(fresh) for path in fresh.glob("ch*/figures/*")}


def test_a_second_release_gives_the_same_bytes(released, course, tmp_path):
    chapter = next(iter(course.values()))
    copy = tmp_path / "assignments"
    shutil.copytree(released / "assignments", copy)
    changed = copy / chapter.name / f"{chapter.name}.ipynb"
    changed.write_text("{}", encoding="utf-8")
    release([chapter], copy, tmp_path / "sources")

    def contents(folder):
        paths = (path for path in folder.rglob("*") if path.is_file())
        return {path.relative_to(folder): path.read_bytes() for path in paths}

    assert contents(copy) == contents(released / "assignments")


def test_notebooks_are_valid_and_without_traces_of_a_run(released, course):
    for chapter, notebook in notebooks(released, course):
        nbformat.validate(notebook)
        assert set(notebook["metadata"]) == {"kernelspec"}, chapter.name
        ids = [cell["id"] for cell in notebook["cells"]]
        assert len(set(ids)) == len(ids)
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code":
                assert cell["outputs"] == [] and cell["execution_count"] is None


def test_every_function_is_left_to_the_student(released, course):
    for chapter, notebook in notebooks(released, course):
        cells = cells_by_id(notebook)
        for function in chapter.functions:
            cell, test = cells[function.name], cells[f"test_{function.name}"]
            assert test["source"] == f"%check {function.name}"
            assert test["metadata"]["nbgrader"]["points"] == function.points
            assert test["metadata"]["nbgrader"]["locked"] and test["metadata"]["nbgrader"]["grade"]
            assert not cell["metadata"]["nbgrader"]["locked"]
            if function.name != QUIZ:
                _assert_stub(cell["source"], function.name)


def _assert_stub(source, name):
    tree = ast.parse(source)
    [stub] = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name]
    assert ast.get_docstring(stub), f"{name} has no docstring"
    *docstring, last = stub.body
    assert len(docstring) == 1, f"{name}: more than docstring and stub is released"
    assert ast.unparse(last) == "raise NotImplementedError()"


def test_the_quiz_is_empty(released, course):
    for chapter, notebook in notebooks(released, course):
        source = cells_by_id(notebook)[QUIZ]["source"]
        namespace: dict[str, object] = {}
        exec(source, namespace)
        assert namespace[QUIZ] == dict.fromkeys(quiz_key(chapter), ""), chapter.name
        assert "NotImplementedError" not in source and "YOUR CODE HERE" not in source


def test_students_know_the_form_of_the_answers(released, course):
    forms = json.loads((released / "assignments" / QUIZ_FORMS).read_text(encoding="utf-8"))
    assert {name: list(asked) for name, asked in forms.items()} == {
        chapter.name: list(quiz_key(chapter)) for chapter in course.values()
    }


def test_practice_is_released_as_cards(released, course):
    for chapter, notebook in notebooks(released, course):
        text = "\n".join(cell["source"] for cell in notebook["cells"])
        for question in practice_questions(chapter):
            assert f"#### {question.heading()}\n\n{question.text}\n\n{question.cards()}" in text
        assert "- [x]" not in text


def test_the_chapter_is_told_to_the_check(released, course):
    for chapter, notebook in notebooks(released, course):
        source = cells_by_id(notebook)["load_seqlab"]["source"].split("\n")
        assert source[-2:] == ["%load_ext seqlab", f"%chapter {chapter.name}"]
        # Without seqlab the cell fails; what stands above says what to do then.
        assert source[0].startswith("# No module named 'seqlab'?") and "%pip install" in source[0]
        assert all(line.startswith("# ") for line in source[:-2])


def test_a_chapter_of_torch_says_how_to_install_it(released, course):
    for chapter, notebook in notebooks(released, course):
        importing = [
            cell["source"] for cell in notebook["cells"] if "\nimport torch" in cell["source"]
        ]
        assert bool(importing) == (chapter.name in ("ch07_seq2seq", "ch08_memory"))
        assert all("%pip install torch==" in source for source in importing)


# --- no answer is given away


def solution_lines(chapters):
    """Line to chapter, of lines between solution markers that are neither trivial nor outside markers of any source."""
    inside, outside = {}, set()
    for chapter in chapters:
        solving = False
        for line in Path(chapter.path).read_text(encoding="utf-8").split("\n"):
            stripped = line.strip()
            if stripped in (BEGIN_SOLUTION, END_SOLUTION):
                solving = stripped == BEGIN_SOLUTION
            elif not solving:
                outside |= {stripped, stripped.removeprefix("# ")}
            elif len(stripped) > TRIVIAL:
                inside[stripped] = chapter.name
    return {line: name for line, name in inside.items() if line not in outside}


def released_text(assignments):
    """Path and lines of everything that students get."""
    for path in sorted(assignments.rglob("*")):
        if path.suffix == ".ipynb":
            notebook = nbformat.read(str(path), as_version=4)
            text = "\n".join(cell["source"] for cell in notebook["cells"])
        elif path.is_file() and path.suffix in (".py", ".json", ".md", ".toml", ".js", ".html"):
            text = path.read_text(encoding="utf-8")
        else:
            continue
        yield path.relative_to(assignments), {line.strip() for line in text.split("\n")}


def test_no_line_of_a_solution_is_released(released, course):
    secret = solution_lines(course.values())
    assert len(secret) > 20 * len(course)
    for path, lines in released_text(released / "assignments"):
        for line in lines & set(secret):
            pytest.fail(f"{path} holds a line of the solutions of {secret[line]}: {line}")


def suite_passages(length, count):
    """Passages of that many lines of code of the hidden suites that are longer than `length` altogether."""
    declaration = re.compile(r"(from|import|class|def)\b|[\W_]*$")
    passages = set()
    for path in (ROOT / "autograder" / "chapters").glob("*/test_*.py"):
        lines = [line.strip() for line in path.read_text(encoding="utf-8").split("\n")]
        lines = [line for line in lines if not declaration.match(line)]
        for first in range(len(lines) - count + 1):
            passage = "\n".join(lines[first : first + count])
            if len(passage) > length:
                passages.add(passage)
    return passages


def test_no_line_of_a_hidden_suite_is_released(released):
    secret = suite_passages(IDIOM, 1)
    assert len(secret) > 100
    for path, lines in released_text(released / "assignments"):
        for line in lines & secret:
            pytest.fail(f"{path} holds a line of the hidden tests: {line}")


def test_what_students_import_holds_no_passage_of_a_hidden_suite():
    # Single lines name the same parameters here as there; two in a row would be a test that moved.
    secret = suite_passages(2 * IDIOM, 2)
    assert len(secret) > 100
    for path in sorted((ROOT / "assignments" / "seqlab").rglob("*.py")):
        text = "\n".join(line.strip() for line in path.read_text(encoding="utf-8").split("\n"))
        for passage in secret:
            assert passage not in text, f"{path.name} holds lines of the hidden tests"


def test_a_line_that_leaks_would_be_found(released, course, tmp_path):
    chapter = next(iter(course.values()))
    copy = tmp_path / "assignments"
    shutil.copytree(released / "assignments", copy)
    path = copy / chapter.name / f"{chapter.name}.ipynb"
    notebook = nbformat.read(str(path), as_version=4)
    name = next(function.name for function in chapter.functions if function.name != QUIZ)
    cells_by_id(notebook)[name]["source"] = solution_source(chapter, name)
    nbformat.write(notebook, str(path))
    found = set().union(*(lines for _, lines in released_text(copy)))
    assert found & set(solution_lines([chapter]))


# --- nbgrader


def test_only_notebooks_and_figures_lie_in_nbgraders_source_folder(released, course):
    files = {path.relative_to(released / "sources") for path in (released / "sources").rglob("*.*")}
    figures = {
        path.relative_to(SOLUTIONS)
        for name in course
        for path in (SOLUTIONS / name / "figures").glob("*.svg")
    }
    assert figures
    assert files == {Path(name) / f"{name}.ipynb" for name in course} | figures


def test_a_figure_that_was_taken_away_is_not_released_any_more(course, tmp_path):
    chapter = next(iter(course.values()))
    old = tmp_path / "assignments" / chapter.name / "figures" / "old.svg"
    old.parent.mkdir(parents=True)
    old.write_text("<svg/>", encoding="utf-8")
    release([chapter], tmp_path / "assignments", tmp_path / "sources")
    assert not old.exists() and list(old.parent.glob("*.svg"))


def test_the_environment_need_not_be_activated(monkeypatch, course, tmp_path):
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    chapter = next(iter(course.values()))
    release([chapter], tmp_path / "assignments", tmp_path / "sources")
    assert (tmp_path / "assignments" / chapter.name / f"{chapter.name}.ipynb").is_file()


def test_what_nbgrader_refuses_is_an_error(monkeypatch, course, tmp_path):
    def with_two_equal_ids(chapter):
        notebook = read_notebook(chapter)
        for cell in notebook["cells"]:
            if "nbgrader" in cell["metadata"]:
                cell["metadata"]["nbgrader"]["grade_id"] = "same"
        return notebook

    read_notebook = release_module.read_notebook
    monkeypatch.setattr(release_module, "read_notebook", with_two_equal_ids)
    chapter = next(iter(course.values()))
    with pytest.raises(ReleaseError, match=chapter.name):
        release([chapter], tmp_path / "assignments", tmp_path / "sources")
    assert not (tmp_path / "assignments" / chapter.name).exists()


def test_nbgraders_own_command_gives_the_same_cells(released, course, tmp_path):
    """The settings of the course serve who works with nbgrader's commands, without an activated environment."""
    chapter = next(iter(course.values()))
    command = [
        str(Path(sys.executable).with_name("nbgrader")),
        "generate_assignment",
        chapter.name,
        "--create",
        f"--CourseDirectory.db_url=sqlite:///{tmp_path / 'gradebook.db'}",
        f"--CourseDirectory.source_directory={released / 'sources'}",
        f"--CourseDirectory.release_directory={tmp_path / 'release'}",
    ]
    environment = {**os.environ, "PATH": "/usr/bin:/bin"}
    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    theirs = nbformat.read(
        str(tmp_path / "release" / chapter.name / f"{chapter.name}.ipynb"), as_version=4
    )
    ours = next(notebook for named, notebook in notebooks(released, course) if named == chapter)
    assert theirs["cells"] == ours["cells"]
