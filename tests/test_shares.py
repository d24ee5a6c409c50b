"""What mistakes keep and what trivial bodies earn, measured on a chapter in miniature."""

from __future__ import annotations

import pytest

import autograder.course.source as source_module
from autograder.certification.shares import (
    PLAIN_BODIES,
    SHAPED_BODIES,
    earned_by,
    error_shares,
    judged,
    share_of,
    shares_of,
)
from autograder.course.catalogue import Mistake
from autograder.course.source import chapters, module_source
from autograder.grading.judge import Suite
from tests import miniature

REFUSAL = """
@scores("twice", weight=2.0)
def test_refuses(student):
    with raises(TypeError, naming=None):
        student.twice(None)
"""
GIFT = """
@scores("twice", weight=3.0)
def test_of_nothing(student):
    compare("y", student.twice(np.zeros(2)), np.zeros(2))
"""


@pytest.fixture
def suite(tmp_path, monkeypatch):
    """Collect the miniature chapter with more tests at its end."""

    def collected(more=""):
        root = tmp_path / str(len(list(tmp_path.iterdir())))
        root.mkdir()
        sources, suites = miniature.write(root, miniature.SUITE + more)
        monkeypatch.setattr(source_module, "SUITES", suites)
        return Suite(chapters(sources)[miniature.NAME])

    return collected


def test_the_share_that_a_mistake_keeps_is_that_of_the_weights_it_passes(suite):
    tripled = Mistake("step", "tripled", "Which?", old="2 * x,", new="3 * x,")
    one_special = Mistake("step", "one", "Which?", old="2 * x,", new="(2 + (len(x) == 1)) * x,")
    kept = {one.mistake: one.share for one in shares_of(suite(), [tripled, one_special]).kept}
    assert kept == {"tripled": 0.0, "one": pytest.approx(5 / 8)}  # of weights 3, 3 and 2


@pytest.mark.parametrize("body", [*PLAIN_BODIES, *SHAPED_BODIES])
def test_what_computes_nothing_earns_nothing_of_a_good_suite(suite, body):
    earned = earned_by(suite(), body)
    assert earned.points == 0.0
    assert earned.shares == {"step": 0.0, "twice": 0.0}


def test_zeros_of_the_right_shape_earn_what_wants_zeros(suite):
    earned = earned_by(suite(GIFT), "zeros of the right shape")
    assert earned.points == 30.0  # weight 3 of 5, of 50 points
    assert earned.worst == ("twice", pytest.approx(0.6))
    assert earned_by(suite(GIFT), "ones of the right shape").points == 0.0


def test_error_cases_are_what_is_lost_where_nothing_is_refused(suite):
    collected = suite(REFUSAL)
    whole = judged(collected, [module_source(collected.chapter)], ["twice"])["twice"]
    assert share_of(whole) == 1.0
    assert error_shares(suite()) == {}
    assert error_shares(collected) == {"twice": pytest.approx(0.5)}


def test_what_is_out_of_bounds_is_told(suite):
    measured = shares_of(suite(GIFT + REFUSAL), [])
    told = [f"{subject}: {what}" for subject, what in measured.out_of_bounds()]
    assert "trivial body zeros of the right shape: earns 43% of twice" in told
    assert "twice: its error cases are 29% of its points" in told
    assert not [line for line in told if "body None" in line]
