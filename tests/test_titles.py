"""Hidden tests have titles for readers, and no page that a student sees names a test or a parameter of one."""

from __future__ import annotations

from collections import Counter

import pytest

from autograder.course.source import chapters
from autograder.course.titles import title, titles
from autograder.grading.collect import collect
from autograder.platforms.gradebook.rows import gradebook_rows
from autograder.reports import class_html, feedback_html, gradescope, junit
from autograder.reports.statistics import Run
from autograder.results import FunctionResult, SubmissionResult, TestResult
from tests import needs

COURSE = chapters()
EVERY = [pytest.param(name, marks=needs.graded(name)) for name in COURSE]
RUN = Run("A")


@pytest.fixture(scope="module")
def suites():
    """Hidden tests of a chapter, collected once."""
    known = {}

    def get(name):
        if name not in known:
            known[name] = collect(COURSE[name])
        return known[name]

    return get


@pytest.mark.parametrize("chapter", EVERY)
def test_every_hidden_test_has_a_title_of_its_own(suites, chapter):
    by_function = {}
    for test in suites(chapter):
        base = test.name.partition("[")[0]
        assert titles(chapter).get(base), f"{chapter}: {base} has no title"
        by_function.setdefault(test.function, set()).add(base)
    for function, names in by_function.items():
        shared = [
            said for said, n in Counter(title(chapter, name) for name in names).items() if n > 1
        ]
        assert not shared, f"{chapter}: {function} has two tests called {shared}"


@pytest.mark.parametrize("chapter", EVERY)
def test_titles_read_as_words(chapter):
    for name, said in titles(chapter).items():
        assert 3 <= len(said) <= 60 and "_" not in said and "[" not in said, (chapter, name)
        assert not said.endswith(".") and said.strip() == said, (chapter, name)


@pytest.mark.parametrize("chapter", EVERY)
def test_no_page_for_students_names_a_test(suites, chapter):
    """Every hidden test of the chapter is lost, with a message that names nothing."""
    lost = {}
    for test in suites(chapter):
        lost.setdefault(test.function, []).append(
            TestResult(test.name, "failed", test.weight, "the result is wrong")
        )
    functions = tuple(
        FunctionResult(each.name, 0.0, each.points, tuple(lost.get(each.name, ())))
        for each in COURSE[chapter].functions
    )
    result = SubmissionResult(
        1, "ada", chapter, "graded", 0.0, 100.0, functions, (), "0" * 64, "1" * 64
    )
    rows = gradebook_rows(result)
    pages = {
        "feedback": feedback_html.render(result, RUN, COURSE[chapter]).decode(),
        "gradescope": gradescope.render(result, RUN).decode(),
        "gradebook": repr(rows),
        "junit": junit.render([result], RUN).decode(),
    }
    for tests in lost.values():
        for test in tests:
            base, bracket, _ = test.name.partition("[")
            for page, text in pages.items():
                if bracket:
                    assert test.name not in text, (page, test.name)
                if "_" in base and base not in {each.name for each in COURSE[chapter].functions}:
                    assert f"{base}:" not in text and f">{base}<" not in text, (page, base)
    some = title(chapter, functions[0].tests[0].name)
    assert some in pages["feedback"] and some in pages["gradescope"] and some in pages["gradebook"]
    # The class report has the tests that are lost most often.
    report = class_html.render([result], RUN).decode()
    assert any(f"{said} <small>" in report for said in titles(chapter).values())


def test_without_a_title_the_name_is_respelt_without_its_parameters():
    assert title("no_such_chapter", "large_inputs[400-0.99]") == "large inputs"
