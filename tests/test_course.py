"""Reading sources: functions, points, code and quiz, and what is refused."""

from __future__ import annotations

import ast
import itertools
import os
import sys
from fractions import Fraction
from pathlib import Path

import pytest

import autograder.course.source as course_module
from autograder.course.quiz import graded_questions, practice_questions, quiz_key
from autograder.course.source import (
    CourseError,
    chapters,
    load_reference,
    module_source,
    read_notebook,
    solution_source,
    unwrap_main,
)
from seqlab.answers import Form
from tests import needs

HEADER = """\
# ---
# jupyter:
#   course:
#     libraries: numpy
#     title: Sums
#   jupytext:
#     notebook_metadata_filter: course
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # Chapter 0 · Sums

# %%
import math

# %% nbgrader={"grade": false, "grade_id": "load_seqlab", "locked": true, "schema_version": 3, "solution": false, "task": false}
# %load_ext seqlab
"""

ADD = '''
# %% nbgrader={"grade": false, "grade_id": "add", "locked": false, "schema_version": 3, "solution": true, "task": false}
def add(a, b):
    """Add."""
    ### BEGIN SOLUTION
    return math.fsum([a, b])
    ### END SOLUTION
'''

TEST_ADD = """
# %% nbgrader={"grade": true, "grade_id": "test_add", "locked": true, "points": 62.5, "schema_version": 3, "solution": false, "task": false}
# %check add
"""

EXPERIMENT = '''
# %% tags=["experiment"]
import no_such_module_anywhere


def shown(value):
    return f"<{value}>"


if __name__ == "__main__":
    # Look.
    text = """one
    two"""
    if text:
        print(shown(text))
'''

QUIZ = """
# %% [markdown]
# #### Practice 1
# Is zero a number?
#
# - [x] yes
#   > It is.
# - [ ] no
#   > Why not?

# %% [markdown]
# #### q1
# What is $1 + 1$?
#
# - **a** one
# - **b** two
# - **c** three
#
# #### q2
# And half of it?
#
# *Answer: a number, to within 0.1.*

# %% [markdown]
# #### q3
# Sort them.
#
# - **A** two
# - **B** one

# %% nbgrader={"grade": false, "grade_id": "quiz_answers", "locked": false, "schema_version": 3, "solution": true, "task": false}
quiz_answers = {"q1": "", "q2": "", "q3": ""}
### BEGIN SOLUTION
quiz_answers = {"q1": "b", "q2": "1.0", "q3": "BA"}
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_quiz_answers", "locked": true, "points": 37.5, "schema_version": 3, "solution": false, "task": false}
# %check quiz_answers
"""

SOURCE = HEADER + ADD + TEST_ADD + EXPERIMENT + QUIZ


_stamps = itertools.count(1)


def write(folder: Path, source: str, name: str = "ch00_sums") -> Path:
    path = folder / name / f"{name}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source, encoding="utf-8")
    stamp = next(_stamps) * 10**9  # two writes of a test may fall into one tick of the clock
    os.utime(path, ns=(stamp, stamp))
    return path


@pytest.fixture
def chapter(tmp_path):
    write(tmp_path, SOURCE)
    return chapters(tmp_path)["ch00_sums"]


def test_functions_come_in_order_with_their_points(chapter):
    assert [(f.name, f.points) for f in chapter.functions] == [
        ("add", 62.5),
        ("quiz_answers", 37.5),
    ]
    assert (chapter.title, chapter.libraries) == ("Sums", "numpy")


def test_chapters_are_sorted_and_other_folders_are_no_chapters(tmp_path):
    for name in ("ch02_b", "ch01_a"):
        write(tmp_path, SOURCE, name)
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "plot.svg").write_text("<svg/>")
    assert list(chapters(tmp_path)) == ["ch01_a", "ch02_b"]


def test_a_changed_source_is_read_anew(tmp_path):
    write(tmp_path, SOURCE)
    chapters(tmp_path)
    write(tmp_path, SOURCE.replace("title: Sums", "title: More"))
    assert chapters(tmp_path)["ch00_sums"].title == "More"


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (SOURCE.replace("62.5", "60"), ["97.5", "100"]),
        (HEADER + ADD + QUIZ.replace("37.5", "100"), ["add", "no test cell test_add"]),
        (HEADER + TEST_ADD + QUIZ, ["test_add", "without a solution"]),
        (SOURCE + ADD, ["cell 12 (add)", "used twice"]),
        (SOURCE.replace("    ### END SOLUTION\n", ""), ["cell 4 (add)", "pair up"]),
        (SOURCE.replace("def add", "def plus"), ["cell 4 (add)", "defines no add"]),
        (SOURCE.replace("return math", "return return math"), ["cell 4 (add)", "line 4"]),
        (SOURCE.replace("# %check add", "# %check plus"), ["cell 5 (test_add)", "%check add"]),
        (SOURCE.replace('"points": 62.5, ', ""), ["cell 5 (test_add)", "points"]),
        (SOURCE.replace("62.5", "0"), ["cell 5 (test_add)", "points"]),
        (SOURCE.replace("numpy", "tensorflow"), ["course.libraries"]),
        (SOURCE.replace("title: Sums", "subject: Sums"), ["course.title"]),
        (SOURCE.replace("#   course:", "#   course: ["), ["cannot be read"]),
    ],
)
def test_a_source_that_breaks_a_rule_is_refused_by_file_cell_and_cause(tmp_path, source, words):
    path = write(tmp_path, source)
    with pytest.raises(CourseError) as raised:
        chapters(tmp_path)
    assert str(path) in str(raised.value)
    for word in words:
        assert word in str(raised.value)


def test_a_file_that_is_no_text_is_refused(tmp_path):
    write(tmp_path, SOURCE).write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(CourseError, match=r"ch00_sums\.py: cannot be read"):
        chapters(tmp_path)


def test_a_folder_with_another_name_than_its_file_is_refused(tmp_path):
    write(tmp_path, SOURCE).rename(tmp_path / "ch00_sums" / "sums.py")
    with pytest.raises(CourseError, match=r"no ch00_sums\.py"):
        chapters(tmp_path)


def test_no_chapter_at_all_is_refused(tmp_path):
    with pytest.raises(CourseError, match="no chapter"):
        chapters(tmp_path)


# --- code


def test_the_reference_runs_without_magics_and_experiments(chapter):
    reference = load_reference(chapter)
    assert reference.add(0.1, 0.2) == 0.30000000000000004
    assert reference.__name__ != "__main__"
    assert sys.modules[reference.__name__] is reference
    assert load_reference(chapter) is not reference
    assert not hasattr(reference, "shown")


def test_replaced_solutions_change_their_function_only(chapter):
    wrong = solution_source(chapter, "add").replace("[a, b]", "[a, -b]")
    assert load_reference(chapter, {"add": wrong}).add(3, 2) == 1
    assert load_reference(chapter).add(3, 2) == 5
    assert load_reference(chapter, {"add": wrong}).quiz_answers == {
        "q1": "b",
        "q2": "1.0",
        "q3": "BA",
    }
    with pytest.raises(CourseError, match="subtract"):
        module_source(chapter, {"subtract": wrong})


def test_a_reference_that_raises_leaves_no_module_behind(chapter):
    before = set(sys.modules)
    with pytest.raises(ZeroDivisionError):
        load_reference(chapter, {"add": "1 / 0"})
    assert set(sys.modules) == before


def test_a_solution_is_the_text_of_its_cell(chapter):
    assert solution_source(chapter, "add") == ADD.split("\n", 2)[2].rstrip("\n")
    with pytest.raises(CourseError, match="load_seqlab"):
        solution_source(chapter, "load_seqlab")


# --- the notebook


def test_cell_ids_are_stable_and_named_after_what_is_graded(chapter):
    ids = [cell["id"] for cell in read_notebook(chapter)["cells"]]
    assert ids == [cell["id"] for cell in read_notebook(chapter)["cells"]]
    assert len(set(ids)) == len(ids)
    assert {"load_seqlab", "add", "test_add", "quiz_answers", "test_quiz_answers"} < set(ids)
    assert ids[0] == "ch00_sums-001"


def test_magics_are_live_in_the_notebook(chapter):
    cells = {cell["id"]: cell["source"] for cell in read_notebook(chapter)["cells"]}
    assert cells["load_seqlab"] == "%load_ext seqlab"
    assert cells["test_add"] == "%check add"


def test_experiments_are_unwrapped_and_strings_keep_their_indentation(chapter):
    [cell] = [
        c for c in read_notebook(chapter)["cells"] if "experiment" in c["metadata"].get("tags", [])
    ]
    assert cell["source"].endswith(
        '# Look.\ntext = """one\n    two"""\nif text:\n    print(shown(text))'
    )
    assert "__name__" not in cell["source"]


def test_a_notebook_can_be_changed_without_harm(chapter):
    read_notebook(chapter)["cells"].clear()
    assert read_notebook(chapter)["cells"]


GUARD = 'if __name__ == "__main__":\n'


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x = 1", "x = 1"),
        (GUARD + "    x = 1", "x = 1"),
        ("if '__main__' == __name__:\n    x = 1", "if '__main__' == __name__:\n    x = 1"),
        (
            GUARD + "    x = [\n        1,\n    ]\n\n    y = 2\nz = 3",
            "x = [\n    1,\n]\n\ny = 2\nz = 3",
        ),
        (
            GUARD + "    x = f'''{1}\n    a {2}\n      b'''\n    y = 1",
            "x = f'''{1}\n    a {2}\n      b'''\ny = 1",
        ),
        (GUARD + "    x = (\n        'a'\n        'b'\n    )", "x = (\n    'a'\n    'b'\n)"),
        (GUARD + "  x = 1\n  # end\ny = 2", "x = 1\n# end\ny = 2"),
    ],
)
def test_unwrapping_keeps_the_meaning(before, after):
    assert unwrap_main(before) == after
    ast.parse(after)


@pytest.mark.parametrize(
    "source",
    [
        GUARD + "    x = 1\nelse:\n    x = 2",
        (GUARD + "    x = 1\n") * 2,
        'if __name__ == "__main__": x = 1',
    ],
)
def test_a_guard_of_another_form_is_refused(source):
    with pytest.raises(ValueError, match="__main__"):
        unwrap_main(source)


# --- the quiz


KEY = '{"q1": "b", "q2": "1.0", "q3": "BA"}'


def test_the_graded_questions_are_read_from_text_and_key(chapter):
    assert quiz_key(chapter) == {"q1": "b", "q2": "1.0", "q3": "BA"}
    first, second, third = graded_questions(chapter).values()
    assert first.form == Form("letter", "abc") and first.text.startswith("What is $1 + 1$?")
    assert second.form == Form("number") and second.tolerance == Fraction(1, 10)
    assert third.form == Form("order", "AB")
    assert second.accepts("0,9") and not second.accepts("0.89")


def test_practice_is_read_from_the_text(chapter):
    [question] = practice_questions(chapter)
    assert question.text == "Is zero a number?" and question.letters == "ab"
    assert question.explained("b") == "✘ b is not right. Why not?"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (KEY, KEY.replace('"b"', '"d"'), "key of q1"),
        (KEY, KEY.replace('"b"', '"B"'), "key of q1"),
        (KEY, KEY.replace('"1.0"', '"one"'), "key of q2"),
        (KEY, KEY.replace('"1.0"', '"1,000"'), "key of q2"),
        (KEY, KEY.replace('"1.0"', "1.0"), "key of q2"),
        (KEY, KEY.replace('"BA"', '"BB"'), "key of q3"),
        (KEY, '{"q1": "b"}', "questions of the text"),
        (KEY, 'dict(q1=open("/dev/null").read())', "no literal"),
        (KEY, KEY.replace("{", "[").replace("}", "]").replace(":", ","), "sets no quiz_answers"),
        ("within 0.1.", "within nothing.", "no tolerance"),
        ("within 0.1.", "within 0.", "no tolerance"),
        ("*Answer: a number, to within 0.1.*", "What is it?", "neither options nor"),
        ("# - **c** three", "# *Answer: a whole number.*", "options as well"),
        ("#### q3", "#### q4", "questions of the text"),
    ],
)
def test_a_quiz_that_does_not_fit_its_text_is_refused(tmp_path, old, new, words):
    assert old in SOURCE
    write(tmp_path, SOURCE.replace(old, new))
    with pytest.raises(CourseError, match=words):
        graded_questions(chapters(tmp_path)["ch00_sums"])


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("- [x] yes", "- [ ] yes", "exactly one right option"),
        ("#   > Why not?\n", "", "without an explanation"),
        ("#### Practice 1", "#### Practice 2", "numbered p2"),
    ],
)
def test_practice_that_breaks_a_rule_is_refused(tmp_path, old, new, words):
    assert old in SOURCE
    write(tmp_path, SOURCE.replace(old, new))
    with pytest.raises(CourseError, match=words):
        practice_questions(chapters(tmp_path)["ch00_sums"])


@pytest.mark.parametrize("name", needs.each_reference(chapters()))
def test_the_real_sources_are_sound(name):
    chapter = chapters()[name]
    reference = load_reference(chapter)
    for function in chapter.functions:
        assert hasattr(reference, function.name)
    for cell in read_notebook(chapter)["cells"]:
        assert "__main__" not in cell["source"]


def test_a_parser_that_was_confused_once_is_asked_again(monkeypatch):
    parse, answers = course_module.ast.parse, iter([SystemError("recursion depth mismatch")])

    def confused(source):
        for error in answers:
            raise error
        return parse(source)

    monkeypatch.setattr(course_module.ast, "parse", confused)
    source = 'if __name__ == "__main__":\n    x = "only here"\n'
    assert course_module.unwrap_main(source).strip() == 'x = "only here"'


def test_a_source_is_read_by_jupytext_once_for_its_bytes(tmp_path, monkeypatch):
    monkeypatch.setattr(course_module, "_READ_SOURCES", tmp_path / "cache")
    folder = tmp_path / "solutions" / "sums"
    folder.mkdir(parents=True)
    path = folder / "sums.py"
    path.write_text(HEADER + ADD + TEST_ADD.replace("62.5", "100"))
    fresh = chapters(tmp_path / "solutions")
    [stored] = (tmp_path / "cache").iterdir()

    def read_again():
        course_module._parse_version.cache_clear()
        return chapters(tmp_path / "solutions")

    with monkeypatch.context() as unread:
        unread.setattr(course_module, "_jupytext", lambda: pytest.fail("read again"))
        assert read_again() == fresh
    stored.write_bytes(b"{")  # cut short
    assert read_again() == fresh
    path.write_text(path.read_text().replace("Sums", "More sums"))
    assert read_again()["sums"].title == "More sums"
    assert len(list((tmp_path / "cache").iterdir())) == 2


def test_a_cache_that_cannot_be_written_costs_nothing_but_time(tmp_path, monkeypatch):
    blocked = tmp_path / "cache"
    blocked.write_text("a file where the folder would be")
    monkeypatch.setattr(course_module, "_READ_SOURCES", blocked)
    course_module._parse_version.cache_clear()
    assert chapters()["ch04_lstm"].functions
