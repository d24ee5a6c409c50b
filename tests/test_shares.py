"""What mistakes keep and what trivial bodies earn, measured on a chapter in miniature."""

from __future__ import annotations

import pytest

import autograder.course.source as source_module
from autograder.certification.kinds import (
    CONDUCT,
    EDGE,
    MAIN,
    REFUSAL,
    TERM,
    Seen,
    calls_of,
    kind_of,
)
from autograder.certification.shares import (
    PLAIN_BODIES,
    SHAPED_BODIES,
    Kept,
    earned_by,
    error_shares,
    judged,
    kept_by,
    page,
    share_of,
    shares_of,
)
from autograder.course.catalogue import Mistake
from autograder.course.source import chapters, module_source
from autograder.grading.judge import Suite
from tests import miniature

REFUSES = """
@scores("twice", weight=2.0)
def test_refuses(student):
    with raises(TypeError, naming=None):
        student.twice(None)
"""
TRIVIAL = """
@scores("twice", weight=3.0)
def test_trivial(student):
    compare("y", student.twice(np.asarray({0})), 4 * np.asarray({0}))
"""
GIFT = """
@scores("twice", weight=3.0)
def test_property(student):
    from autograder.grading.toolkit import require
    y = np.asarray(student.twice(np.zeros(2)))
    require(y.dtype == float and not y.any(), "zeros are not doubled to zeros")
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


@pytest.mark.parametrize("given", ["[0.0, 0.0]", "[0.25, 0.25]"])
def test_a_trivial_result_counts_beside_a_telling_one_only(suite, given):
    collected = suite(TRIVIAL.format(given))
    for body in (*PLAIN_BODIES, *SHAPED_BODIES):
        assert earned_by(collected, body).points == 0.0
    there_only = f"def twice(x):\n    return 4.0 * x if np.array_equal(x, {given}) else x\n"
    mistake = Mistake("twice", "there_only", "?", code=there_only)
    assert kept_by(collected, mistake).share == 0.0
    for_one_too = there_only.replace(" if ", " if len(x) == 1 or ")
    mistake = Mistake("twice", "for_one_too", "?", code=for_one_too)
    assert kept_by(collected, mistake).share == pytest.approx(0.8)


def test_a_property_is_evidence(suite):
    earned = earned_by(suite(GIFT), "zeros of the right shape")
    assert earned.points == 30.0  # weight 3 of 5, of 50 points
    assert earned.worst == ("twice", pytest.approx(0.6))
    assert earned_by(suite(GIFT), "True").points == 0.0


def test_error_cases_are_what_is_lost_where_nothing_is_refused(suite):
    collected = suite(REFUSES)
    whole = judged(collected, [module_source(collected.chapter)], ["twice"])["twice"]
    assert share_of(whole) == 1.0
    assert error_shares(suite()) == {}
    assert error_shares(collected) == {"twice": pytest.approx(0.5)}


def test_what_is_out_of_bounds_is_told(suite):
    measured = shares_of(suite(GIFT + REFUSES), [])
    told = [f"{subject}: {what}" for subject, what in measured.out_of_bounds({})]
    assert "trivial body zeros of the right shape: earns 43% of twice" in told
    assert "twice: its error cases are 29% of its points" in told
    assert not [line for line in told if "body None" in line]


STEP_KINDS = [
    ("2 * x,", "3 * x,", MAIN),
    ("2 * x,", "(2 + (len(x) == 9)) * x,", EDGE),
    ("return 2 * x,", "x += 1\n    return 2 * (x - 1),", EDGE),
    ("2 * x,", "2 * x.astype(np.float16),", MAIN),
]
NINE = """
@scores("step")
@pytest.mark.parametrize("N", [9, 5, 6, 7, 8])
def test_others(student, reference, N):
    x, y, _ = case(reference, N)
    compare("y", student.step(x)[0], y, axes="N")
"""
KEEPING = """
def step(x):
    past = step.__dict__.setdefault("past", [])
    past.append(x)
    return 2 * x + (len(past) == 3), {"x": x}
"""


@pytest.mark.parametrize(("old", "new", "kind"), STEP_KINDS)
def test_the_kind_follows_from_where_results_are_wrong(suite, old, new, kind):
    collected = suite(NINE)
    assert kind_of(calls_of(collected, Mistake("step", "m", "?", old=old, new=new))) == kind


def test_what_no_single_call_shows_is_conduct(suite):
    calls = calls_of(suite(NINE), Mistake("step", "keeps", "?", code=KEEPING))
    assert [bool(call.wrong) for call in calls].count(True) == 1
    assert kind_of(calls) == CONDUCT


def test_a_result_of_several_is_a_term_and_refusals_are_their_own_kind():
    term = [Seen(1, 5), Seen(2, 5), Seen(0, 5)]
    assert kind_of(term) == TERM
    assert kind_of([Seen(0, 1), Seen(1, 1, refused=True), Seen(1, 1, refused=True)]) == REFUSAL


def test_a_share_out_of_the_bounds_of_its_kind_is_found_or_excused():
    low = Kept("step", "m", share=0.8, kind=MAIN)
    assert low.finding() == "loses 20%; as main point it should lose 50% to 100%"
    assert low.finding("a reason") is None
    fine = Kept("step", "m", share=0.2, kind=MAIN)
    assert fine.finding() is None
    assert fine.finding("a reason") == "has an exception and needs none"


def test_the_page_holds_every_mistake(suite):
    measured = shares_of(suite(NINE), [Mistake("step", "m", "?", old="2 * x,", new="3 * x,")])
    text = page([measured])
    assert "| ch00_mini | 1 | 1 | 0 | 0 | 0.00 of 100 | 0% |" in text
    assert "| step | m | main point | 100% |  |" in text
