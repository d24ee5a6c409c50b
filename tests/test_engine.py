"""The engine on miniature chapters of its own: scoring, fairness between functions, our own faults."""

from __future__ import annotations

import sys
import textwrap
from fractions import Fraction

import pytest

import autograder.course.source as source_module
import autograder.grading.engine as engine_module
from autograder.course.quiz import GradedQuestion
from autograder.course.settings import Grading, Libraries
from autograder.course.source import chapters
from autograder.grading.collect import SuiteError
from autograder.grading.engine import Grader, grade_quiz
from autograder.grading.judge import Suite
from autograder.grading.submissions import parse
from autograder.results import from_json, to_json
from autograder.sandbox.terms import GraderFault, Limits
from seqlab.answers import Form
from tests.miniature import QUIZ, STEP, TWICE, write


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A grader for a course of one miniature chapter."""
    root = tmp_path_factory.mktemp("course")
    sources, suites = write(root)
    patch = pytest.MonkeyPatch()
    patch.setattr(source_module, "SUITES", suites)
    course = chapters(sources)
    grader = Grader(course, grading=Grading(limits=Limits(call=1.0, cells=2.0, chapter=4.0)))
    yield grader, course["ch00_mini"], suites
    grader.close()
    patch.undo()


@pytest.fixture
def grade(world):
    grader, chapter, _ = world

    def run(*sources):
        text = "\n# %%\n".join(["", *map(textwrap.dedent, sources)])
        return grader.grade(parse("ada", chapter.name, "x.py", text.encode()))[0]

    return run


def scores_of(result):
    return {function.name: function.score for function in result.functions}


def verdicts(result, name):
    function = next(function for function in result.functions if function.name == name)
    return {test.name: test.verdict for test in function.tests}


def test_everything_right_earns_everything(grade):
    result = grade(STEP, TWICE, QUIZ)
    assert (result.status, result.score, result.max_score) == ("graded", 100.0, 100.0)
    assert scores_of(result) == {"step": 40.0, "twice": 50.0, "quiz_answers": 10.0}


def test_nothing_earns_nothing(grade):
    result = grade("x = 1")
    assert result.score == 0.0
    assert set(verdicts(result, "step").values()) == {"missing"}
    assert set(verdicts(result, "quiz_answers").values()) == {"missing"}


def test_a_score_is_the_share_of_the_weights_that_passed(grade):
    wrong_for_one = "def step(x):\n    return (2 * x if len(x) > 1 else x), None\n"
    assert scores_of(grade(wrong_for_one, TWICE, QUIZ))["step"] == 40 * 5 / 8


@pytest.mark.parametrize(
    "step",
    [
        "def step(x): return 3 * x, None",
        "def step(x): raise NotImplementedError",
        "def step(x): return 2 * x",
        "def step(x):\n    while True: pass",
        "def step(x):\n    import os; os._exit(0)",
        "",
    ],
)
def test_a_broken_step_costs_only_its_own_points(grade, step):
    result = grade(step, TWICE, QUIZ)
    assert scores_of(result) == {"step": 0.0, "twice": 50.0, "quiz_answers": 10.0}


def test_a_sequence_function_that_does_not_use_its_step_keeps_its_points(grade):
    result = grade("def step(x): return x, None", "def twice(x): return 4 * x", QUIZ)
    assert scores_of(result)["twice"] == 50.0


def test_a_wrong_sequence_function_is_not_excused_by_its_step(grade):
    wrong = "def twice(x):\n    return 2 * step(x)[0] + 1\n"
    result = grade("def step(x): return 3 * x, None", wrong, QUIZ)
    assert scores_of(result) == {"step": 0.0, "twice": 0.0, "quiz_answers": 10.0}


def test_the_lent_step_cannot_be_kept_for_later(grade):
    thief = """
        kept = []
        def step(x):
            return kept[0](x) if kept else (x, None)
        """
    steal = """
        def twice(x):
            kept.append(globals()["step"])
            return step(step(x)[0])[0]
        """
    assert scores_of(grade(thief, steal, QUIZ))["step"] == 0.0


def test_the_form_of_a_result_is_the_students_and_no_fault_of_ours(grade):
    result = grade(STEP, "def twice(x): return object()", QUIZ)
    assert verdicts(result, "twice") == {"twice": "failed", "twice_once_more": "failed"}


@pytest.mark.parametrize(
    ("body", "verdict"),
    [
        ("return 1 / 0", "error"),
        ("raise KeyboardInterrupt", "error"),
        ("while True: pass", "timeout"),
        ("import os; os.abort()", "crashed"),
        ("return x * float('nan'), None", "failed"),
        ("return [2.0], None", "failed"),
    ],
)
def test_verdicts(grade, body, verdict):
    result = grade(f"def step(x):\n    {body}\n", TWICE)
    assert set(verdicts(result, "step").values()) <= {verdict, "passed"}
    assert verdicts(result, "step")["value[3]"] == verdict


def test_an_argument_that_is_modified_costs_its_test(grade):
    result = grade("def step(x):\n    x *= 2\n    return x, None", TWICE)
    assert verdicts(result, "step") == {
        "value[1]": "passed",
        "value[3]": "passed",
        "pure": "failed",
    }


def test_to_leave_arguments_alone_is_worth_nothing_without_a_right_result(grade):
    result = grade("def step(*arguments): return None, None", TWICE)
    assert verdicts(result, "step")["pure"] == "failed"


def test_messages_hold_no_text_of_an_exception_and_no_value(grade):
    result = grade("def step(x): raise ValueError(repr(x))", TWICE)
    messages = {t.message for f in result.functions for t in f.tests if f.name == "step"}
    assert messages == {"step raised ValueError (cell 2, line 1)"}


def test_exceptions_of_a_function_show_one_place_and_a_line_of_a_statement(grade):
    source = "calls = []\ndef step(x):\n    calls.append(1)\n    if len(calls) % 2:\n        raise ValueError\n    raise ValueError(\n        1 / 0,\n    )"
    result = grade(source, TWICE)
    messages = [t.message for f in result.functions for t in f.tests if f.name == "step"]
    places = {message.partition("(")[2] for message in messages} - {""}
    assert len(messages) > 1 and len(places) == 1
    assert places <= {"cell 2, line 5)", "cell 2, line 6)"}


def test_cases_are_made_once_for_all_submissions(world, grade):
    grade(STEP)
    grade(TWICE)
    suite = world[0].suite("ch00_mini")
    assert sorted(suite.tests[0].run.__globals__["MADE"]) == [1, 3]


def test_results_survive_their_json(grade):
    result = grade(STEP, "1 / 0", QUIZ)
    assert from_json(to_json(result)) == result
    assert to_json(result) == to_json(grade(STEP, "1 / 0", QUIZ))


def test_our_own_faults_publish_no_score(world, monkeypatch):
    grader, chapter, _ = world

    def fail(*_arguments, **_options):
        raise GraderFault("no zygote today")

    monkeypatch.setattr(engine_module, "Session", fail)
    result = grader.grade(parse("ada", chapter.name, "x.py", STEP.encode()))[0]
    assert (result.status, result.score) == ("grader_error", None)
    assert "no zygote today" in result.problems[-1].what


def test_a_suite_that_leaves_a_function_untested_is_refused(world):
    _, chapter, suites = world

    def collect():
        for name in [name for name in sys.modules if name.endswith("test_ch00_mini")]:
            del sys.modules[name]  # pytest imports a test file once a process
        return Suite(chapter)

    path = suites / "ch00_mini" / "test_ch00_mini.py"
    kept = path.read_text()
    try:
        path.write_text(kept.split('@scores("twice"')[0])
        with pytest.raises(SuiteError, match="untested: twice"):
            collect()
        path.write_text("import no_such_module")
        with pytest.raises(SuiteError, match="cannot be collected"):
            collect()
    finally:
        path.write_text(kept)


def test_the_quiz_is_judged_answer_by_answer():
    letters, orders, number = Form("letter", "abcd"), Form("order", "ABC"), Form("number")
    questions = {
        "q1": GradedQuestion("q1", "", letters, "a"),
        "q2": GradedQuestion("q2", "", letters, "b"),
        "q3": GradedQuestion("q3", "", orders, "CAB"),
        "q4": GradedQuestion("q4", "", number, "0.5", Fraction(1, 100)),
    }
    result = grade_quiz(10.0, questions, {"q1": "a", "q2": " B ", "q3": "BAC"})
    assert result.score == 5.0
    assert [test.verdict for test in result.tests] == ["passed", "passed", "failed", "missing"]
    assert result.tests[2].message == "another order is right"
    result = grade_quiz(10.0, questions, {"q1": "z", "q2": "c", "q3": "c, a, b", "q4": "0,505"})
    assert [test.verdict for test in result.tests] == ["failed", "failed", "passed", "passed"]
    assert [test.message for test in result.tests[:2]] == [
        "the answer is none of the options",
        "another option fits better",
    ]
    assert grade_quiz(10.0, questions, None).score == 0.0
    assert grade_quiz(10.0, questions, {"q4": "1" * 10**6, "q9": "a"}).score == 0.0


@pytest.mark.parametrize(
    "source",
    [
        "from scipy.special import expit",
        "import importlib\nexpit = importlib.import_module('sci' + 'py.special').expit",
    ],
)
def test_scipy_is_there_whether_or_not_it_was_imported_in_advance(world, grade, source):
    grader, _, _ = world
    right = f"{source}\n\ndef twice(x):\n    return step(step(x)[0])[0] * (2 * float(expit(0.0)))"
    assert scores_of(grade(STEP, right, QUIZ))["twice"] == 50.0
    prepared = ("numpy", "scipy" in source, ())
    assert prepared in grader._zygotes


def test_a_library_that_the_settings_add_can_be_imported(world):
    """PyYAML, whose module has another name than what is installed; nbgrader brings it along."""
    _, chapter, _ = world
    right = "def twice(x):\n    import yaml\n    return step(step(x)[0])[0] * yaml.safe_load('1')"
    text = "\n# %%\n".join(["", *map(textwrap.dedent, (STEP, right, QUIZ))])
    submission = parse("ada", chapter.name, "x.py", text.encode())
    for libraries, score in (
        (Libraries(), 0.0),
        (Libraries(chapters={chapter.name: ("yaml",)}), 50.0),
    ):
        grader = Grader({chapter.name: chapter}, grading=Grading(libraries=libraries))
        try:
            result, _ = grader.grade(submission)
        finally:
            grader.close()
        assert scores_of(result)["twice"] == score
