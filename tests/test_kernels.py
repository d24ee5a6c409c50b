"""Single precision under several kernels of OpenBLAS, in child processes."""

from __future__ import annotations

import pytest

import autograder.certification.kernels as kernels
from autograder.certification.kernels import (
    KERNELS,
    loaded_kernel,
    run_all,
    run_under,
    single_precision,
)
from autograder.course.source import chapters

COURSE = chapters()


@pytest.mark.parametrize("name", COURSE)
def test_every_chapter_runs_something_in_single_precision(name):
    ran = single_precision(COURSE[name])
    assert ran and all("float32" in source or style == "reference" for style, source in ran.items())


def test_each_kernel_that_is_there_is_used_and_the_nearest_comparison_told():
    ran, left_out = run_all(COURSE["ch01_unfolding"], seeds=1)
    assert len(ran) + len(left_out) == len(KERNELS)
    for one in ran:
        assert one.loaded in ("", one.kernel)
        assert one.lost == []
        assert one.nearest.ratio is not None and one.nearest.ratio > 1.0
        function = one.nearest.test.partition(":")[0]
        assert function in {each.name for each in COURSE["ch01_unfolding"].functions}


def test_a_kernel_that_is_not_there_is_said():
    if not loaded_kernel():
        pytest.skip("this numpy comes without an OpenBLAS that can be asked")
    assert "nonesuch: OpenBLAS took" in str(run_under("ch01_unfolding", "nonesuch", 1, 1))


def test_wrong_code_in_single_precision_is_lost_under_every_kernel(monkeypatch):
    wrong = "def linear_rnn_forward(*a):\n    return 0.0  # float32\n"
    monkeypatch.setattr(kernels, "alternatives", lambda _name: {"wrong": wrong})
    _nearest, lost = kernels.run_here(COURSE["ch01_unfolding"], [0])
    assert any(line.startswith("wrong: linear_rnn_forward: ") for line in lost)
