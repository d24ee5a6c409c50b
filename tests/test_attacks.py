"""The fast part of the attacks and all odd but honest submissions; `make attacks` runs everything at every level."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

import pytest

from autograder.course.source import ROOT
from autograder.reports import feedback_html, grades_csv
from autograder.results import Problem, SubmissionResult
from autograder.sandbox.doctor import available
from tests import needs
from tests.campaigns.attacks.pages import harm_of_reports
from tests.campaigns.attacks.runner import FAMILIES, HERE, HONEST, Range, bank, threads_can_start

ATTACKS, ODD = bank(HERE), bank(HONEST)
FAST = [HERE / name for name, expected in ATTACKS.items() if expected.fast]
LEVEL = available().level

needs_sandbox = pytest.mark.skipif(LEVEL not in ("A", "B"), reason="no sandbox here")


@pytest.fixture(scope="module")
def attacked():
    with Range(LEVEL) as range_:
        yield range_


@pytest.fixture(scope="module")
def defenceless():
    """A range in which nothing but the limits holds."""
    with Range("D") as range_:
        yield range_


def skip_where_threads_are_refused(expected):
    if expected.threads and not threads_can_start(LEVEL):
        pytest.skip("a submission may start no threads on a machine that cannot count them")


@needs_sandbox
@pytest.mark.parametrize("folder", FAST, ids=lambda folder: folder.name)
def test_attack(attacked, folder):
    skip_where_threads_are_refused(ATTACKS[folder.name])
    needs.or_skip(ATTACKS[folder.name].chapter)
    assert attacked.run(folder).wrong == []


@needs_sandbox
@pytest.mark.parametrize("name", ODD)
def test_honest(attacked, name):
    skip_where_threads_are_refused(ODD[name])
    needs.or_skip(ODD[name].chapter)
    outcome = attacked.run(HONEST / name)
    assert outcome.wrong == []
    assert outcome.result.score == outcome.result.max_score


def test_the_bank_is_complete():
    assert len(ATTACKS) >= 80
    assert len(ODD) >= 25
    families = Counter(expected.family for expected in ATTACKS.values())
    fast = Counter(expected.family for expected in ATTACKS.values() if expected.fast)
    assert set(families) == set(FAMILIES)
    assert min(families.values()) >= 10 and min(fast[family] for family in FAMILIES) >= 2
    for expected in ODD.values():
        assert not (expected.lost or expected.kept or expected.may_lose)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("read_neighbour", "a secret was read"),
        ("read_hidden_tests", "a hidden suite was read"),
        ("read_reference", "a reference was read"),
        ("import_reference", "sample gained 14.0"),
        ("fork", "sample gained 14.0"),
        ("sockets", "sample gained 14.0"),
    ],
)
def test_an_attack_that_succeeds_is_seen(defenceless, name, found):
    """Without the sandbox these do, or the bank would prove nothing."""
    needs.or_skip(ATTACKS[name].chapter)
    assert found in defenceless.run(HERE / name).wrong


def test_harm_to_reports_is_seen(monkeypatch):
    """A report that forgot to quote is found out."""
    problem = Problem("cell 1", "<img src=x onerror=alert(1)> \x1b[2J")
    result = SubmissionResult(
        1, "=1+1", "ch02_vanilla_rnn", "graded", 0.0, 1.0, (), (problem,), "sha256:", "1"
    )
    assert harm_of_reports(result, {}) == []

    def careless(*_arguments):
        return problem.what.encode()

    monkeypatch.setattr(feedback_html, "render", careless)
    monkeypatch.setattr(grades_csv, "render", lambda _results: b"student\n=1+1\n")
    assert harm_of_reports(result, {}) == [
        "the feedback holds a <img>",
        "the feedback holds a handler onerror",
        "the feedback holds a terminal's command",
        "the table holds the formula =1+1",
    ]


def test_unknown_names_are_told():
    done = subprocess.run(
        [sys.executable, "-m", "tests.campaigns.attacks", "no_such_attack"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (2, "there is no no_such_attack\n")
