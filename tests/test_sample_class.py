"""The made-up class gets what it deserves: every style all points, every mistake its own function's, nobody else's."""

from __future__ import annotations

import pytest

from autograder.classroom.local import LocalProcesses
from autograder.classroom.run import Selection, grade_class
from autograder.classroom.scheduler import Conditions
from autograder.course.settings import Grading
from autograder.course.source import chapters
from autograder.results import from_json
from autograder.sample_class import STUDENTS, expected, write
from autograder.sandbox.terms import Limits
from tests import needs

# The others are certified with all their mistakes by `make certify`.
CHAPTERS = ("ch02_vanilla_rnn", "ch04_lstm")
# An endless loop need not be waited for as long as a real one. Far above what a call takes on a loaded machine.
GRADING = Grading(limits=Limits(cells=4.0, call=2.0, chapter=20.0))


@pytest.fixture(scope="module")
def course():
    return {name: chapter for name, chapter in chapters().items() if name in CHAPTERS}


@pytest.fixture(scope="module")
def graded(course, tmp_path_factory):
    folder = tmp_path_factory.mktemp("class")
    write(folder / "submitted", course)
    output = folder / "graded"
    selection = Selection(folder / "submitted", list(course))
    grade_class(selection, output, course, LocalProcesses(2), Conditions(GRADING))
    return output


@pytest.mark.parametrize("chapter", needs.each(CHAPTERS))
@pytest.mark.parametrize("student", [student.name for student in STUDENTS])
def test_everybody_gets_what_they_deserve(course, graded, student, chapter):
    handed_in = expected(course[chapter])[student]
    result = from_json((graded / "results" / student / f"{chapter}.json").read_bytes())
    assert result.status == handed_in.status
    assert any(handed_in.problem in problem.what for problem in result.problems) or not (
        handed_in.problem
    )
    if result.status != "graded":
        assert result.score == 0.0
        return
    assert {function.name for function in result.functions} == set(handed_in.earns)
    for function in result.functions:
        share = handed_in.earns[function.name]
        if share == "all":
            assert function.score == function.max_score, function
        elif share == "none":
            assert function.score == 0.0, function
        else:
            assert function.score < function.max_score, function


def test_the_class_has_everything_that_can_happen(course):
    assert len(STUDENTS) >= 9
    for chapter in course.values():
        shares = [
            tuple(sorted(handed_in.earns.items())) for handed_in in expected(chapter).values()
        ]
        assert any(all(share == "all" for _, share in earned) for earned in shares if earned)
        assert any(all(share == "none" for _, share in earned) for earned in shares if earned)
