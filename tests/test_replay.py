"""Past submissions under the tests as they are now: what would change, test by test, and that nothing does."""

from __future__ import annotations

import csv

import msgspec
import pytest

from autograder import cli
from autograder.course.source import chapters, module_source
from autograder.reports.replay import GAINS, LOSES, SAME, compare_runs, lines
from autograder.results import FunctionResult, SubmissionResult, TestResult, from_json, to_json

CHAPTER = "ch02_vanilla_rnn"


def result(student, *tests, score=0.0, submission="sha256:1"):
    function = FunctionResult("step", score, 10.0, tests)
    return SubmissionResult(
        1, student, "ch", "graded", score, 10.0, (function,), (), submission, "grader"
    )


def test(name, verdict, message="", weight=1.0):
    return TestResult(name, verdict, weight, message)


test.__test__ = False


def test_what_moves_is_told_test_by_test_with_the_reason():
    before = [
        result("ada", test("a", "passed"), test("b", "failed", "b is wrong"), score=5.0),
        result("bob", test("a", "passed"), test("b", "passed"), score=10.0),
        result("cy", test("a", "passed"), test("b", "passed"), score=10.0),
    ]
    after = [
        result("ada", test("a", "passed"), test("b", "passed"), score=10.0),
        result("bob", test("a", "failed", "a is wrong"), test("c", "passed"), score=5.0),
        result("cy", test("a", "passed"), test("b", "passed", weight=2.0), score=10.0),
    ]
    replayed = compare_runs(before, after)
    assert [(m.test, m.student, m.moved, m.old, m.new, m.why) for m in replayed.moved] == [
        ("a", "bob", LOSES, "passed", "failed", "a is wrong"),
        ("b", "ada", GAINS, "failed", "passed", "before: b is wrong"),
        ("b", "bob", LOSES, "passed", "no such test", "the test is gone"),
        ("b", "cy", SAME, "passed", "passed", "its weight was 1 and is 2"),
        ("c", "bob", LOSES, "no such test", "passed", "a new test"),
    ]
    assert replayed.totals == {("ada", "ch"): (5.0, 10.0), ("bob", "ch"): (10.0, 5.0)}
    told = list(lines(replayed))
    assert "ch step: b: 1 gain, 1 lose, 3 changed" in told
    assert "  loses: bob: passed → failed: a is wrong" in told
    assert "ada, ch: 5 → 10" in told


def test_other_bytes_and_what_was_never_graded_are_not_compared():
    before = [result("ada", test("a", "passed"), score=10.0)]
    after = [
        result("ada", test("a", "failed"), submission="sha256:2"),
        result("new", test("a", "failed")),
    ]
    replayed = compare_runs(before, after)
    assert (replayed.moved, replayed.totals, replayed.compared) == ([], {}, 0)
    assert replayed.passed_over == [
        ("ada", "ch", "is not the submission that was graded"),
        ("new", "ch", "was not graded before"),
    ]


@pytest.fixture
def course(tmp_path, monkeypatch):
    """Two graded submissions, in a folder of their own."""
    source = module_source(chapters()[CHAPTER])
    texts = {"ada": source, "bob": source.replace("np.tanh", "np.sin")}
    for student, text in texts.items():
        folder = tmp_path / "submitted" / student / CHAPTER
        folder.mkdir(parents=True)
        (folder / f"{CHAPTER}.py").write_text(text)
    monkeypatch.chdir(tmp_path)
    assert cli.main(["grade", "--no-gradebook", "--jobs", "1"]) == 0
    return tmp_path


def bytes_of(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_replay_writes_its_table_and_nothing_else(course, capsys):
    path = course / "graded" / "results" / "bob" / f"{CHAPTER}.json"
    filed = from_json(path.read_bytes())
    function = filed.functions[0]
    earlier = tuple(msgspec.structs.replace(one, verdict="passed") for one in function.tests)
    other = msgspec.structs.replace(function, tests=earlier, score=function.max_score)
    kinder = msgspec.structs.replace(filed, functions=(other, *filed.functions[1:]), score=50.0)
    path.write_bytes(to_json(kinder))
    before = bytes_of(course)
    assert cli.main(["replay", "--jobs", "1"]) == 0
    said = capsys.readouterr().out
    assert "2 submissions compared" in said and "scores that would change: 1." in said
    table = course / "build" / "replay.csv"
    rows = list(csv.DictReader(table.read_text().splitlines()))
    assert {(row["student"], row["moved"], row["new_verdict"]) for row in rows} == {
        ("bob", "loses", "failed")
    }
    after = bytes_of(course)
    assert after.pop(table)
    assert after == before
