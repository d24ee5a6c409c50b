"""Mutants of right code: what the operators make, what survives, and what a judgement does."""

from __future__ import annotations

import ast

import pytest

import autograder.certification.mutants as mutants_module
import autograder.course.source as source_module
from autograder.certification.mutants import (
    EQUIVALENT,
    REFERENCE,
    mutants_of,
    mutated,
    survives,
    survivors,
)
from autograder.course.settings import Grading
from autograder.course.source import chapters
from autograder.grading.judge import Suite
from tests import miniature

CODE = '''
def f(x, p):
    """Not this text."""
    total = np.zeros(3)
    for t in range(1, len(x)):
        total += x[t] @ p["W"].T - p["b"] * 2.0
    if total.sum(axis=0) > 1 and x.ndim == 2:
        total[0] = -1
    return total, x
'''


def test_the_operators_make_each_kind_of_change_and_only_python():
    made = list(mutated(CODE))
    assert {
        "operands swapped",
        "second term dropped",
        "one more",
        "one less",
        "doubled",
        "not transposed",
        "another key",
        "another operator",
        "another comparison",
        "another connective",
        "branch always",
        "branch never",
        "left out",
        "not accumulated",
        "backwards",
        "one round less",
        "first two exchanged",
        "without axis",
        "mean for sum",
        "without the sign",
    } <= {change for change, *_ in made}
    sources = [source for *_, source in made]
    right = ast.unparse(ast.parse(CODE))
    assert right not in sources
    for source in sources:
        ast.parse(source)
        assert "Not this text." in source


def test_one_change_at_a_time():
    for _change, before, after, _line, source in mutated("def f(a, b):\n    return a - b + 1\n"):
        assert before in "a - b + 1" and after in source
        assert source.count("def f") == 1


@pytest.fixture
def chapter(tmp_path, monkeypatch):
    sources, suites = miniature.write(tmp_path)
    monkeypatch.setattr(source_module, "SUITES", suites)
    style = "def twice(x):\n    return 2.0 * x + x * 2\n"
    monkeypatch.setattr(mutants_module, "alternatives", lambda _name: {"sum": style})
    return chapters(sources)[miniature.NAME]


def test_mutants_come_from_the_reference_and_from_alternatives(chapter):
    origins = {(mutant.function, mutant.origin) for mutant in mutants_of(chapter)}
    assert origins == {("step", REFERENCE), ("twice", "sum")}
    assert len({mutant.key for mutant in mutants_of(chapter)}) == len(list(mutants_of(chapter)))


def test_a_mutant_survives_where_no_test_sees_it(chapter):
    suite = Suite(chapter)
    ended = {(m.change, m.before): survives(suite, m) for m in mutants_of(chapter)}
    assert not ended["doubled", "2.0"]
    assert not ended["one more", "2"]
    assert not ended["another operator", "2.0 * x + x * 2"]


def test_a_judgement_takes_a_survivor_off_the_list_and_is_found_where_it_is_stale(chapter):
    everything = survivors(chapter, 1, Grading())
    assert everything.holes == []
    assert everything.mutants == len(list(mutants_of(chapter)))
    file = source_module.SUITES / miniature.NAME / EQUIVALENT
    file.write_text('"step 0123456789ab" = "of an older version"\n')
    assert survivors(chapter, 1, Grading()).stale == ["step 0123456789ab"]
