"""The fits behind `docs/scale.md`, on numbers whose answer is known; the synthetic class is made from the catalogue."""

from __future__ import annotations

import random

import numpy as np
import pytest

from autograder.course.source import chapters
from autograder.grading.engine import Grader
from autograder.grading.submissions import parse
from benchmarks.scale_fit import (
    BEGIN,
    END,
    Footprint,
    Grading,
    Measured,
    growth,
    put_into,
    rates,
    render,
    slope,
)
from benchmarks.synthetic_class import hand_in, material, submission
from tests import needs

CHAPTER = "ch02_vanilla_rnn"


def measured(count=400, drift=0.0, mib_each=0.0):
    """A run of which everything is known: 40 ms a grading without the student's 60."""
    gradings = [
        Grading(CHAPTER, 0.01, 0.06, 0.06 + 0.04 * (1 + drift * n / 1000)) for n in range(count)
    ]
    sizes = (300 + min(n, 50) + mib_each * n for n in range(count))  # warm after 50
    footprints = [
        Footprint("grader 1", CHAPTER, n, int(size * (1 << 20))) for n, size in enumerate(sizes)
    ]
    return Measured(
        students=count,
        seed=1,
        jobs=1,
        cores=2,
        level="A",
        libraries={CHAPTER: "numpy"},
        seconds=40.0,
        cpu=50.0,
        main_cpu=2.0,
        gradings=gradings,
        footprints=footprints,
        handed_in_bytes=count * 2048,
        result_files=count,
        result_bytes=count * 1024,
        message_bytes=count * 512,
        load_average=0.1,
    )


def test_a_slope_is_found_beside_a_constant_for_each_group():
    x = np.arange(40)
    groups = ["a"] * 20 + ["b"] * 20
    noise = np.random.default_rng(0).normal(scale=0.01, size=40)
    y = 0.5 * x + np.where(x < 20, 3.0, 100.0) + noise
    found, error = slope(x, y, groups)
    assert found == pytest.approx(0.5, abs=4 * error)
    assert 0 < error < 0.01


def test_too_few_points_give_no_slope():
    assert slope(np.arange(3), np.arange(3.0), [0, 0, 0]) is None
    assert slope(np.zeros(9), np.arange(9.0), [0] * 9) is None


def test_rates_leave_student_functions_aside_and_see_drift():
    [rate] = rates(measured())
    assert rate.per_second == pytest.approx(25.0)
    assert rate.drift == pytest.approx(0.0, abs=1e-6)
    [rate] = rates(measured(drift=0.5))
    assert 30 < rate.drift < 60  # percent of the mean, which the drift itself has raised


def test_what_a_grader_takes_until_it_is_warm_is_no_growth():
    assert growth(measured(), "grader")[0] == pytest.approx(0.0, abs=1e-6)
    assert growth(measured(mib_each=0.02), "grader")[0] == pytest.approx(20.0, rel=1e-3)
    assert growth(measured(), "zygote") is None


def test_the_page_says_what_follows_for_more_students(tmp_path):
    page = tmp_path / "scale.md"
    page.write_text(f"before\n{BEGIN}\nyesterday\n{END}\nafter\n")
    put_into(page, render(measured(), students=36_000))
    text = page.read_text()
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "yesterday" not in text
    assert "25.0 | 20: reached" in text
    assert "| one core, everything | count × mean time of each chapter | 1.0 h |" in text
    page.write_text("nothing to replace")
    with pytest.raises(ValueError, match="lacks"):
        put_into(page, "new")


def test_a_synthetic_class_is_the_same_every_time_and_no_two_are_alike(tmp_path):
    course = {CHAPTER: chapters()[CHAPTER]}
    for folder in ("one", "other"):
        hand_in(tmp_path / folder, course, 30, seed=1)
    one, other = (
        {path.parent.parent.name: path.read_bytes() for path in (tmp_path / f).rglob("*.ipynb")}
        for f in ("one", "other")
    )
    assert len(one) == 30
    assert one == other
    assert len(set(one.values())) == 30


@needs.graded(CHAPTER)
def test_a_synthetic_class_has_every_kind_of_student():
    chapter = chapters()[CHAPTER]
    made_of = material(chapter)
    grader = Grader({CHAPTER: chapter})
    scores = []
    try:
        for number in range(12):
            text = submission(made_of, random.Random(number))
            handed_in = parse("s", CHAPTER, f"{CHAPTER}.ipynb", text.encode())
            result, _usage = grader.grade(handed_in)
            assert result.status == "graded"
            assert not result.problems
            scores.append(sum(f.score for f in result.functions if f.name != "quiz_answers"))
    finally:
        grader.close()
    assert max(scores) == 90
    assert min(scores) < 80
    assert len(set(scores)) > 4
