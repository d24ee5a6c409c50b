"""Tests of the tests: the hidden suites, and what certification finds about a suite that is not good enough."""

from __future__ import annotations

import ast
import csv
import importlib.util
import itertools
import math
import re

import numpy as np
import pytest

import autograder.certification.certify as certify_module
import autograder.course.source as source_module
import autograder.grading.engine as engine_module
from autograder.certification.certify import (
    Certificate,
    Margin,
    as_submission,
    certify,
    certify_where_changed,
    course_findings,
    margins_csv,
    mistakes_csv,
)
from autograder.certification.errors import largest_error
from autograder.course.catalogue import Mistake, alternatives, mistaken_source, mistakes
from autograder.course.settings import Grading
from autograder.course.source import QUIZ, SUITES, chapters, module_source
from autograder.grading import toolkit
from autograder.grading.engine import Grader
from autograder.grading.hints import Hints
from autograder.grading.trace_store import TraceStore
from autograder.grading.traces import same_values
from autograder.sandbox.inprocess import InProcessZygote, load_session
from autograder.sandbox.terms import Limits
from tests import miniature, needs

COURSE = chapters()
NAMES = sorted(COURSE)


# --- the hidden suites ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def grader():
    """A grader whose workers are no processes: everything here is our own code."""
    if importlib.util.find_spec("torch"):
        importlib.import_module("torch").set_num_threads(1)
    grader = Grader(COURSE)
    for kind in itertools.product(("numpy", "torch"), (False, True)):
        grader._zygotes[(*kind, ())] = InProcessZygote(kind[0])
    # Names are not what is tested here, and looking for one takes longer than all the tests.
    grader.hints = lambda _name: Hints([], lambda _entry: {}, TraceStore("", ""))
    yield grader
    grader.close()


def parameter_names(chapter):
    tree = ast.parse(module_source(chapter))
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    return sorted({argument.arg for node in functions for argument in node.args.args})


def replaced(chapter, body):
    """A submission in which every function is something else."""
    names = [function.name for function in chapter.functions if function.name != QUIZ]
    return as_submission(chapter, [f"def {name}(*a, **k):\n    {body}\n" for name in names])


@pytest.mark.parametrize("name", needs.each(NAMES))
@pytest.mark.parametrize("error", ["ValueError", "KeyError", "TypeError"])
def test_a_function_that_only_raises_earns_nothing(grader, name, error):
    words = " ".join(parameter_names(COURSE[name]))
    result, _ = grader.grade(replaced(COURSE[name], f"raise {error}({words!r})"))
    assert result.status == "graded"
    assert {f.name: f.score for f in result.functions if f.score} == {}
    assert not [
        (f.name, t.name) for f in result.functions for t in f.tests if t.verdict == "passed"
    ]


@pytest.mark.parametrize("name", needs.each(NAMES))
@pytest.mark.parametrize("body", ["return None", "return a[0] if a else None"])
def test_a_function_that_computes_nothing_never_earns_all(grader, name, body):
    result, _ = grader.grade(replaced(COURSE[name], body))
    assert {f.name for f in result.functions if f.score == f.max_score} == set()
    if body == "return None":  # which is the right answer to a few questions
        assert result.score < 5.0


@pytest.mark.parametrize("name", NAMES)
def test_suites_read_no_clock(name):
    """The processor and its load judge otherwise; `count=True` counts what is run."""
    tree = ast.parse((SUITES / name / f"test_{name}.py").read_text())
    modules = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    } | {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not modules & {"time", "timeit", "datetime", "resource"}


@pytest.mark.parametrize("name", NAMES)
def test_suites_compare_with_nothing_that_broadcasts(name):
    """Only `compare`, `require`, `raises` and `unchanged` judge; their strictness has its own tests."""
    tree = ast.parse((SUITES / name / f"test_{name}.py").read_text())
    loose = ("allclose", "isclose", "approx", "assert_allclose", "assert_array_equal", "testing")
    used = {
        node.attr if isinstance(node, ast.Attribute) else node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute | ast.Name)
    }
    assert used.isdisjoint(loose)
    asserted = [node.test for node in ast.walk(tree) if isinstance(node, ast.Assert)]
    assert {ast.unparse(test).partition("(")[0] for test in asserted} <= {"isinstance"}


# Two results for the same seed can only be compared with each other; and of large gradients only the first right part
# is compared, so one submission may be the only one of which another part is.
SELF_CONSISTENT = {
    "ch04_lstm": {"test_init_depends_on_the_seed"},
    "ch05_gru": {"test_step_gradients_of_many_weights"},
    "ch06_bidirectional": {"test_deep_gradients_of_many_weights"},
}


def wanted(suite, chapter, sources):
    """What every comparison wants, of a submission: the test and the value, by the value's form."""
    zygote = InProcessZygote(chapter.libraries, 1.0)
    session = load_session(zygote, sources, suite.limits)
    seen: dict[str, list] = {}
    wants: list = []

    def end(test, _verdict):
        for want in wants:
            seen.setdefault(form(want), []).append((test.run.__name__, want))
        wants.clear()

    with toolkit.observed(lambda _got, want, _tolerance, _passed: wants.append(want)):
        suite.run(session, lambda test: not suite.takes_long(test), after=end)
    return seen


def form(value):
    return f"{type(value)} {getattr(value, 'shape', '')}"


# Chapter 8 judges models of the student's own by what the weights in them should give.
@pytest.mark.parametrize("name", needs.each(name for name in NAMES if name != "ch08_memory"))
def test_no_expected_value_depends_on_the_submission(grader, name):
    """Whatever a submission is compared with is something that another one is compared with as well."""
    chapter = COURSE[name]
    suite = grader.suite(name)
    whole = module_source(chapter)
    by_function: dict[str, list] = {}
    for entry in mistakes(name):
        by_function.setdefault(entry.function, []).append(entry)
    chosen = [entry for entries in by_function.values() for entry in entries[:2]]
    submissions = [[whole], *([mistaken_source(chapter, entry)] for entry in chosen)]
    submissions += [[whole, source] for source in list(alternatives(name).values())[:2]]
    seen = [wanted(suite, chapter, sources) for sources in submissions]
    alone = set()
    for place, mine in enumerate(seen):
        for kind, values in mine.items():
            others = [w for o in seen[:place] + seen[place + 1 :] for _, w in o.get(kind, ())]
            for test, value in values:
                if not any(same_values(value, want) for want in others):
                    alone.add(test)
    assert len(seen) > 2
    assert alone == SELF_CONSISTENT.get(name, set())


# --- what certification finds ---------------------------------------------------------------------

WRONG_STEP = Mistake("step", "tripled", "Which factor?", old="2 * x,", new="3 * x,")
WRONG_FOR_ONE = Mistake(
    "step",
    "one_is_special",
    "And for one number?",
    old="return 2 * x,",
    new="return (2 + (len(x) == 1)) * x,",
)
NEARLY = Mistake("step", "rounded", "How exact?", old="2 * x,", new="2.00005 * x,")
NO_CHANGE = Mistake("step", "harmless", "Nothing", old="2 * x,", new="x * 2,")
STEP_REPLACED = Mistake(
    "twice",
    "step_replaced",
    "Whose step is it?",
    code="def twice(x):\n    return 4 * x\n\ndef step(x):\n    return x, None\n",
)
SOUND = miniature.STEP + miniature.TWICE
WEAK = miniature.SUITE.replace('"N", [1, 3]', '"N", [3]')
UNLUCKY = miniature.SUITE.replace(
    "x = rng.normal(size=N)", "x = rng.normal(size=N) * (rng.random() < 0.5)"
)


@pytest.fixture
def certified(tmp_path, monkeypatch):
    """Certify the miniature chapter with a suite, a catalogue and alternatives of a test."""

    def run(suite=miniature.SUITE, catalogue=(), styles=None, seeds=3) -> Certificate:
        sources, suites = miniature.write(tmp_path, suite)
        monkeypatch.setattr(source_module, "SUITES", suites)
        for module in (certify_module, engine_module):
            monkeypatch.setattr(module, "mistakes", lambda _name: list(catalogue))
        monkeypatch.setattr(certify_module, "alternatives", lambda _name: dict(styles or {}))
        course = chapters(sources)
        grader = Grader(course, grading=Grading(limits=Limits(call=1.0, cells=2.0, chapter=4.0)))
        try:
            return certify(course[miniature.NAME], grader, seeds)
        finally:
            grader.close()

    return run


def told(certificate):
    """All findings but those on shares, which have tests of their own."""
    findings = [f for f in certificate.findings if "it should lose" not in f.what]
    return [f"{finding.subject}: {finding.what}" for finding in findings]


def test_a_good_suite_is_certified(certified):
    certificate = certified(catalogue=[WRONG_STEP, WRONG_FOR_ONE], styles={"brief": SOUND})
    assert told(certificate) == []
    assert (certificate.mistakes, certificate.caught, certificate.named) == (2, 2, 2)
    assert (certificate.alternatives, certificate.seeds) == (1, 3)
    value = next(m for m in certificate.margins if m.test == "value[3]")
    assert value.sound < 1e-15 and value.wrong == pytest.approx(0.5) and value.ratio > 1e14
    assert value.nearest == "step/tripled"


def test_a_mistake_that_survives_is_found(certified):
    certificate = certified(WEAK, [WRONG_FOR_ONE])
    assert (
        told(certificate)[0]
        == "mistake step/one_is_special: survives: its function keeps every point"
    )


def test_a_mistake_that_is_none_is_found(certified):
    assert "survives" in told(certified(catalogue=[NO_CHANGE]))[0]


def test_a_rejected_alternative_is_found(certified):
    slightly = "def step(x): return 2.1 * x, None\n"
    findings = told(certified(styles={"other": slightly}))
    assert any(f.startswith("alternative other: step loses value[1]: failed") for f in findings)


def test_a_mistake_that_costs_another_function_is_found(certified):
    findings = told(certified(catalogue=[STEP_REPLACED]))
    assert any("costs step points" in finding for finding in findings)


def test_an_entry_that_fits_nothing_is_found(certified):
    stale = Mistake("step", "stale", "Which?", old="7 * x", new="x")
    assert "'7 * x' stands 0 times" in told(certified(catalogue=[stale]))[0]


def test_a_margin_that_is_too_small_is_found(certified):
    loose = "def step(x): return 2.000001 * x, None\n"
    findings = told(certified(catalogue=[NEARLY], styles={"single": loose}))
    assert len(findings) == 2  # in both tests of its value
    assert all(
        re.search(r"the margin is \d+(\.\d+)?: 2.5e-05 of step/rounded", f) for f in findings
    )


def test_a_verdict_that_depends_on_the_seed_is_found(certified):
    findings = told(certified(UNLUCKY, [WRONG_STEP], seeds=12))
    assert any("its verdict changes with seed" in finding for finding in findings)


def test_a_stub_that_earns_is_found(certified):
    generous = miniature.SUITE + (
        "\n@scores('step')\ndef test_gift(student):\n"
        "    from autograder.grading.toolkit import require\n    require(True, 'never')\n"
    )
    assert any(finding.startswith("stub: step earns gift") for finding in told(certified(generous)))


def test_the_course_needs_enough_of_everything_and_names_for_it():
    poor = Certificate("ch", mistakes=100, caught=100, alternatives=5, named=89)
    whole = [finding.what for finding in course_findings([poor], whole=True)]
    assert whole == ["89 of 100 mistakes are named right", "100, not 500", "5, not 60"]
    assert len(course_findings([poor], whole=False)) == 1
    rich = Certificate("ch", mistakes=500, caught=500, alternatives=60, named=450)
    assert course_findings([rich], whole=True) == []


def test_the_tables_hold_every_test_and_every_mistake(certified):
    certificate = certified(catalogue=[WRONG_STEP, WRONG_FOR_ONE])
    margins = list(csv.DictReader(margins_csv([certificate]).decode().splitlines()))
    assert [row["test"] for row in margins] == [
        "value[1]", "value[3]", "pure", "twice", "twice_once_more",
    ]  # fmt: skip
    assert float(margins[0]["margin"]) > 100 and margins[2]["margin"] == "inf"
    records = list(csv.DictReader(mistakes_csv([certificate]).decode().splitlines()))
    assert [(row["mistake"], row["named"], row["right"]) for row in records] == [
        ("tripled", "tripled", "yes"),
        ("one_is_special", "one_is_special", "yes"),
    ]
    assert records[1]["caught_by"] == "value[1]"


def test_a_certificate_is_kept_while_nothing_changes(tmp_path, monkeypatch):
    sources, suites = miniature.write(tmp_path)
    monkeypatch.setattr(source_module, "SUITES", suites)
    monkeypatch.setattr(certify_module, "CERTIFICATES", tmp_path / "kept")
    chapter = chapters(sources)[miniature.NAME]
    made = []

    def certified(chapter, seeds, _grading):
        made.append(seeds)
        return Certificate(chapter.name, mistakes=len(made), margins=[Margin("step", "value")])

    monkeypatch.setattr(certify_module, "_certified", certified)

    def again(seeds=3):
        return certify_where_changed(chapter, seeds, Grading())

    assert again() == again()
    assert made == [3]
    assert again().margins[0].wrong == math.inf
    (suites / miniature.NAME / "exceptions.toml").write_text('"step/m" = "a reason"')
    assert again().mistakes == 1  # a reason changes nothing that was measured
    (suites / miniature.NAME / "more.py").write_text("")
    assert again().mistakes == 2
    again(seeds=4)
    assert made == [3, 3, 4]
    [file] = (tmp_path / "kept").iterdir()
    file.write_bytes(b"damaged")
    again(seeds=4)
    assert made == [3, 3, 4, 4]


def test_the_largest_error_is_infinite_for_another_form():
    error = largest_error
    assert error(np.ones(3), np.ones(3)) == 0.0
    assert error(np.ones(3) * 1.5, np.ones(3)) == pytest.approx(0.5)
    assert error([np.ones(2), 2.2], [np.ones(2), 2.0]) == pytest.approx(0.1)
    for got, want in [
        (np.ones((1, 3)), np.ones(3)),
        ([1.0], [1.0, 2.0]),
        ({"a": 1.0}, {"b": 1.0}),
        ("a", "b"),
        (None, 1.0),
        (np.array([1, 2]), np.array([1, 3])),
    ]:
        assert error(got, want) == math.inf
