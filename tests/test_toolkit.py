"""Cases are drawn so that no processor's order of summation decides whether sound code passes."""

import numpy as np

from autograder.grading import toolkit
from autograder.grading.toolkit import once, well_conditioned
from seqlab.compare import TOLERANCE, relative_error


def _sum(parts):
    return parts.sum(keepdims=True)


def test_a_case_whose_result_nearly_cancels_is_drawn_again():
    drawn = []

    @once
    def case(rng):
        parts = rng.normal(size=8)
        if not drawn:
            parts[-1] = 1e-6 - parts[:-1].sum()  # single precision has no digits left here
        drawn.append(parts)
        return parts, well_conditioned(_sum, parts)

    toolkit.state.seed = 3
    parts, total = case()
    assert len(drawn) == 2
    assert np.array_equal(parts, drawn[1])
    single = parts.astype(np.float32).sum(keepdims=True)
    assert relative_error(single.astype(np.float64), total) < TOLERANCE


def test_a_case_that_is_well_conditioned_is_the_first_draw():
    @once
    def plain(rng):
        return rng.normal(size=5) + 3.0

    @once
    def checked(rng):
        parts = rng.normal(size=5) + 3.0
        well_conditioned(lambda tree: (tree["parts"] * 2.0,), {"parts": parts})
        return parts

    checked.__wrapped__.__qualname__ = plain.__wrapped__.__qualname__  # the same generator
    toolkit.state.seed = 3
    assert np.array_equal(plain(), checked())
