"""Naming a mistake: when two results count as the same, and what is kept of those of the catalogue."""

from __future__ import annotations

import os
import sqlite3

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.course.catalogue import Mistake
from autograder.grading import traces as naming
from autograder.grading.hints import Hints
from autograder.grading.trace_store import TraceStore
from autograder.grading.traces import Call, same_values, trace
from autograder.results import HINT, TestResult

ENTRY = Mistake(function="f", name="wrong", says="it is wrong", old="a", new="b")


# --- the same values ------------------------------------------------------------------------------------------------


@given(
    shape=st.sampled_from([(), (3,), (4, 4), (5, 7), (40, 50)]),
    seed=st.integers(0, 1000),
    magnitude=st.floats(-200, 200),
    share=st.sampled_from([0.1, 10.0]),
    complex_numbers=st.booleans(),
)
@settings(deadline=None)
def test_arrays_are_told_apart_by_their_distance(shape, seed, magnitude, share, complex_numbers):
    generator = np.random.default_rng(seed)
    one = np.asarray(generator.normal(size=shape))
    noise = np.asarray(generator.normal(size=shape))
    if complex_numbers:
        one, noise = one + 1j * generator.normal(size=shape), noise + 0j
    noise *= share * naming.SAME * np.linalg.norm(one) / np.linalg.norm(noise)
    # Reductions of an array keep its distances to within a factor of three.
    assert same_values(10.0**magnitude * one, 10.0**magnitude * (one + noise)) == (share < 1)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (np.zeros(3), np.zeros(3), True),
        (np.zeros(40), np.full(40, 1e-14), True),
        (np.zeros(40), np.full(40, 1e-3), False),
        (np.full(40, 1e-3), np.zeros(40), False),
        (np.array([1, 2]), np.array([1, 2], dtype=np.uint8), True),
        (np.array([1, 2]), np.array([1, 3]), False),
        (np.array([1.0, 2.0]), np.array([1, 2]), False),
        (np.ones(3), np.ones((3, 1)), False),
        (np.array([np.nan, 1.0]), np.array([np.nan, 1.0]), True),
        (np.array([np.nan, 1.0]), np.array([1.0, np.nan]), False),
        (np.array([np.inf, 1.0]), np.array([-np.inf, 1.0]), False),
        (np.ones(3, np.float32), np.ones(3), True),
        (np.ones(3, np.float16), np.ones(3), False),
        ([1.0, (2.0, "a")], (1.0, [2.0, "a"]), True),
        ([1.0, 2.0], [1.0, [2.0]], False),
        ({"a": 1.0}, {"b": 1.0}, False),
        (None, 0.0, False),
    ],
)
def test_the_same_values(one, other, same):
    assert same_values(one, other) == same


def test_one_element_that_differs_is_seen_in_a_large_array():
    one = np.random.default_rng(0).normal(size=(100, 100))
    other = one.copy()
    other[17, 3] += 0.01
    assert not same_values(one, other)


# --- what is kept ---------------------------------------------------------------------------------------------------


class Catalogue:
    """Runs a mistake as the grader does, and counts how often."""

    def __init__(self, verdict="failed"):
        self.asked: list[str] = []
        self.found = {"values": [trace(verdict, "wrong", [Call("f", np.arange(40.0))])]}

    def __call__(self, entry):
        self.asked.append(entry.name)
        return self.found


def hinted(namer, found):
    outcomes = {"f": {"values": TestResult("values", "failed", 1.0, "wrong")}}
    return namer.add(outcomes, {"f": found})["f"]["values"].message


def test_a_second_grader_asks_nothing(tmp_path):
    path = tmp_path / "below" / "known.sqlite"
    first, second = Catalogue(), Catalogue()
    one = hinted(Hints([ENTRY], first, TraceStore("ch", "1", path)), first.found)
    other = hinted(Hints([ENTRY], second, TraceStore("ch", "1", path)), first.found)
    assert one == other == "wrong" + HINT + "it is wrong"
    assert first.asked == ["wrong"]
    assert second.asked == []


def test_another_version_of_the_grader_asks_again(tmp_path):
    path = tmp_path / "known.sqlite"
    first, second = Catalogue(), Catalogue()
    hinted(Hints([ENTRY], first, TraceStore("ch", "1", path)), first.found)
    hinted(Hints([ENTRY], second, TraceStore("ch", "2", path)), second.found)
    assert second.asked == first.asked


def test_what_ran_out_of_time_is_no_name(tmp_path):
    path = tmp_path / "known.sqlite"
    found = Catalogue().found
    slow = Catalogue("timeout")
    namer = Hints([ENTRY], slow, TraceStore("ch", "1", path))
    assert hinted(namer, found) == hinted(namer, slow.found) == "wrong"
    assert slow.asked == ["wrong"]


def broken(path):
    path.write_bytes(b"no database" * 1000)


def of_another_form(path):
    with sqlite3.connect(path) as database:
        database.execute("create table traces (other text)")


def a_folder(path):
    path.mkdir()


def below_a_file(path):
    path.parent.rmdir()
    path.parent.write_text("")


@pytest.mark.parametrize("harm", [broken, of_another_form, a_folder, below_a_file])
def test_where_nothing_can_be_kept_naming_goes_on(tmp_path, harm):
    path = tmp_path / "cache" / "known.sqlite"
    path.parent.mkdir()
    harm(path)
    catalogue = Catalogue()
    namer = Hints([ENTRY], catalogue, TraceStore("ch", "1", path))
    assert hinted(namer, catalogue.found).endswith("it is wrong")
    assert hinted(namer, catalogue.found).endswith("it is wrong")
    assert catalogue.asked == ["wrong"]


def test_two_graders_write_side_by_side(tmp_path):
    path = tmp_path / "known.sqlite"
    children = []
    for number in range(4):
        pid = os.fork()
        if pid == 0:
            known = TraceStore("ch", "1", path)
            for entry in range(50):
                known.put("f", f"{number} {entry}", b"%d" % entry)
            os._exit(0)
        children.append(pid)
    assert [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children] == [0] * 4
    known = TraceStore("ch", "1", path)
    for number in range(4):
        for entry in range(50):
            assert known.get("f", f"{number} {entry}") == b"%d" % entry
