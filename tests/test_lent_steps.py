"""Steps of the reference in place of a submission's own: only of what lost points, and with caches one can look into."""

from __future__ import annotations

import pytest

from autograder.course.catalogue import mistaken_source, mistakes
from autograder.course.source import chapters, module_source
from autograder.grading.judge import Suite
from autograder.sandbox.inprocess import InProcessZygote, load_session
from tests import needs

torch = pytest.importorskip("torch", reason=needs.NO_TORCH)

COURSE = chapters()
NAMES = {"ch02_vanilla_rnn": "rnn", "ch04_lstm": "lstm", "ch05_gru": "gru"}

# Right sequence functions that read the batch size out of a cache of their step before they pass it on.
LOOKING = """
_sequence_backward = {stem}_backward
_step_of_mine = {stem}_step_backward


def {stem}_backward(*a):
    def looked(value):
        if isinstance(value, (list, tuple)):
            return any(looked(one) for one in value)
        if isinstance(value, dict):
            return any(looked(one) for one in value.values())
        return hasattr(value, "shape") and len(value.shape) == 2

    if not looked(a[-1]):
        raise TypeError("a cache without any arrays")
    return _sequence_backward(*a)
"""
ZEROS = "def {stem}_step_backward(*a):\n    return ()\n"


@pytest.fixture(scope="module", params=NAMES)
def suite(request):
    torch.set_num_threads(1)
    return Suite(COURSE[request.param])


def verdicts(suite, *sources):
    stem = NAMES[suite.chapter.name]
    session = load_session(InProcessZygote(suite.chapter.libraries), sources, suite.limits)
    mine = (f"{stem}_step_forward", f"{stem}_step_backward", f"{stem}_forward", f"{stem}_backward")
    outcomes = suite.run(session, lambda test: test.function in mine).outcomes
    return {name: {test.verdict for test in tests.values()} for name, tests in outcomes.items()}


def test_a_right_backward_may_look_into_its_own_cache_where_its_step_backward_is_wrong(suite):
    stem = NAMES[suite.chapter.name]
    looking, wrong = LOOKING.format(stem=stem), ZEROS.format(stem=stem)
    ended = verdicts(suite, module_source(suite.chapter), looking, wrong)
    assert "passed" not in ended[f"{stem}_step_backward"]
    for right in ("step_forward", "forward", "backward"):
        assert ended[f"{stem}_{right}"] == {"passed"}


def test_it_may_where_the_forward_is_wrong_too(suite):
    stem = NAMES[suite.chapter.name]
    entry = next(
        m for m in mistakes(suite.chapter.name) if m.function == f"{stem}_step_forward" and m.also
    )
    source = mistaken_source(suite.chapter, entry)
    ended = verdicts(suite, source, LOOKING.format(stem=stem))
    assert ended[f"{stem}_step_forward"] != {"passed"}
    assert ended[f"{stem}_backward"] == {"passed"}


def test_a_wrong_backward_is_not_made_right_by_its_step(suite):
    stem = NAMES[suite.chapter.name]
    nothing = f"def {stem}_backward(*a):\n    return {stem}_step_backward(*a)\n"
    ended = verdicts(suite, module_source(suite.chapter), ZEROS.format(stem=stem), nothing)
    assert "passed" not in ended[f"{stem}_backward"]


def test_the_message_says_that_right_steps_did_not_help(suite):
    stem = NAMES[suite.chapter.name]
    source = module_source(suite.chapter)
    nothing = f"def {stem}_backward(*a):\n    return 1\n"
    session = load_session(
        InProcessZygote(suite.chapter.libraries),
        [source, ZEROS.format(stem=stem), nothing],
        suite.limits,
    )
    chosen = (f"{stem}_step_backward", f"{stem}_backward")
    outcomes = suite.run(session, lambda test: test.function in chosen).outcomes
    for test in outcomes[f"{stem}_backward"].values():
        assert test.message.endswith(f"; so it is with a right {stem}_step_backward")
