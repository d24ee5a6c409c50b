"""The guard sees a point that moves, a verdict that changes, and a function that is gone or new."""

from tests.campaigns.guard import TABLE, differences, read_table

ROW = ("ada", "ch04_lstm", "graded", "cell_highway", "6", "passed:7")


def test_equal_tables_differ_in_nothing():
    table = read_table()
    assert len(table) > 1000
    assert differences(table, list(table)) == []


def test_a_point_a_verdict_and_a_function_are_seen():
    scored = (*ROW[:4], "5.14", "passed:6 failed:1")
    stopped = (*ROW[:4], "6", "passed:6 timeout:1")
    assert differences([ROW], [scored]) == [
        "ada ch04_lstm cell_highway: graded 6 (passed:7) -> graded 5.14 (passed:6 failed:1)"
    ]
    assert len(differences([ROW], [stopped])) == 1
    assert len(differences([ROW], [])) == len(differences([], [ROW])) == 1


def test_the_table_says_that_references_and_alternatives_lose_nothing():
    scores = {}
    for student, chapter, _status, _function, score, verdicts in read_table(TABLE):
        if student == "reference":
            assert set(verdicts.split(":")[0::2]) <= {"passed", ""}
            scores[chapter] = scores.get(chapter, 0.0) + float(score)
    assert len(scores) == 10 and all(abs(score - 85) <= 15 for score in scores.values())
