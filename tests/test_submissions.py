"""Reading submissions as data: which file counts, which cells, what is said of the rest."""

from __future__ import annotations

import json
import os

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.grading.layouts import find
from autograder.grading.one_file import MAX_BYTES, printable
from autograder.grading.submissions import parse, read
from seqlab import quiz_text
from seqlab.magics import strip as strip_magics

CHAPTER = "ch02_vanilla_rnn"


def read_quiz(sources):
    return quiz_text.read(sources, "quiz_answers")


def notebook(*cells, version=4):
    """Bytes of a notebook; a cell is a source or (source, metadata)."""
    made = []
    for cell in cells:
        source, metadata = cell if isinstance(cell, tuple) else (cell, {})
        made.append(nbformat.v4.new_code_cell(source, metadata=metadata))
    return nbformat.writes(nbformat.v4.new_notebook(cells=made)).encode()


def sources(submission):
    return [cell.source for cell in submission.cells]


def hand_in(root, files, student="ada", chapter=CHAPTER):
    folder = root / student / chapter
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    found, _ = find(root, [chapter])
    return next(read(place) for place in found if printable(place.student) == student)


# --- which file


def test_the_notebook_counts_before_the_module(tmp_path):
    got = hand_in(tmp_path, {f"{CHAPTER}.ipynb": notebook("a = 1"), f"{CHAPTER}.py": b"a = 2"})
    assert sources(got) == ["a = 1"]
    assert [problem.where for problem in got.problems] == [f"{CHAPTER}.py"]


def test_one_other_notebook_counts_and_is_reported(tmp_path):
    got = hand_in(tmp_path, {"final (2).ipynb": notebook("a = 1")})
    assert got.status == "graded"
    assert got.problems[0].where == "final (2).ipynb"


def test_of_two_other_notebooks_none_counts(tmp_path):
    got = hand_in(tmp_path, {"a.ipynb": notebook("a = 1"), "b.ipynb": notebook("a = 2")})
    assert got.status == "unreadable"
    assert "a.ipynb, b.ipynb" in got.problems[0].what


def test_other_files_are_reported_and_nbgraders_time_stamp_is_not(tmp_path):
    files = {f"{CHAPTER}.ipynb": notebook("a"), "numpy.py": b"", "timestamp.txt": b""}
    got = hand_in(tmp_path, files)
    assert [(problem.where, problem.what) for problem in got.problems] == [("numpy.py", "ignored")]


def test_who_handed_in_nothing_is_missing_where_others_did(tmp_path):
    hand_in(tmp_path, {f"{CHAPTER}.py": b"a = 1"})
    (tmp_path / "bob").mkdir()
    (tmp_path / "readme.txt").write_text("no student")
    found, passed_over = find(tmp_path, [CHAPTER, "ch04_lstm"])
    assert [(place.student, place.chapter) for place in found] == [
        ("ada", CHAPTER),
        ("bob", CHAPTER),
    ]
    assert read(found[1]).status == "missing"
    assert [problem.where for problem in passed_over] == ["readme.txt"]


@pytest.mark.parametrize("kind", ["link", "fifo", "folder", "huge", "linked folder"])
def test_what_is_no_regular_file_of_a_hundred_mebibytes_is_refused(tmp_path, kind):
    folder = tmp_path / "class" / "eve" / CHAPTER
    folder.mkdir(parents=True)
    path = folder / f"{CHAPTER}.ipynb"
    target = tmp_path / "target.ipynb"
    target.write_bytes(notebook("a = 1"))
    if kind == "link":
        path.symlink_to(target)
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "huge":
        with path.open("wb") as file:
            file.truncate(MAX_BYTES + 1)
    else:
        folder.rmdir()
        folder.symlink_to(tmp_path, target_is_directory=True)
    found, _ = find(tmp_path / "class", [CHAPTER])
    got = read(found[0])
    assert got.status == "refused"
    assert got.problems


@pytest.mark.parametrize("student", ["Žofie O'Neil", "a b", "=cmd()", "..x", "名前", "new\nline"])
def test_names_may_hold_any_character(tmp_path, student):
    got = hand_in(tmp_path, {f"{CHAPTER}.py": b"a = 1"}, student=student)
    assert got.student == student
    assert got.status == "graded"


def test_a_name_that_is_no_utf8_is_escaped(tmp_path):
    folder = os.path.join(os.fsencode(tmp_path), b"bad\xff", CHAPTER.encode())
    os.makedirs(folder)
    with open(os.path.join(folder, CHAPTER.encode() + b".py"), "wb") as file:
        file.write(b"a = 1")
    found, _ = find(tmp_path, [CHAPTER])
    assert read(found[0]).student == "bad\\xff"


# --- notebooks


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"   \n",
        b"{broken",
        b"[]",
        b"null",
        b'{"cells": []}',
        b'{"nbformat": 4}',
        b'{"nbformat": 4, "cells": 3}',
        b'{"nbformat": 3, "worksheets": [{"cells": 1}]}',
        b"\xff\xfe\x00",
        b"PK\x03\x04zip",
        b'{"nbformat": 4, "cells": ' + b"[" * 100_000,
    ],
)
def test_what_is_no_notebook_is_unreadable_with_a_reason(data):
    got = parse("ada", CHAPTER, f"{CHAPTER}.ipynb", data)
    assert got.status == "unreadable"
    assert got.problems[-1].where == f"{CHAPTER}.ipynb"
    assert "\n" not in got.problems[-1].what


def test_experiments_tests_and_locked_cells_are_left_out():
    def graded(**flags):
        return {"nbgrader": {"grade_id": "x", "schema_version": 3, **flags}}

    data = notebook(
        "ordinary = 1",
        ("experiment = 1", {"tags": ["experiment"]}),
        ("solution = 1", graded(grade=False, solution=True, locked=False)),
        ("by_hand = 1", graded(grade=True, solution=True, locked=False)),
        ("test = 1", graded(grade=True, solution=False, locked=True)),
        ("locked = 1", graded(grade=False, solution=False, locked=True)),
    )
    got = parse("ada", CHAPTER, "x.ipynb", data)
    assert sources(got) == ["ordinary = 1", "solution = 1", "by_hand = 1"]
    assert [cell.number for cell in got.cells] == [1, 3, 4]


def test_an_old_notebook_is_read_as_it_is_upgraded():
    old = {
        "nbformat": 3,
        "nbformat_minor": 0,
        "metadata": {},
        "worksheets": [
            {
                "cells": [
                    {"cell_type": "code", "input": ["a = 1\n", "b = 2"], "outputs": []},
                    {"cell_type": "markdown", "source": "text"},
                ]
            }
        ],
    }
    got = parse("ada", CHAPTER, "x.ipynb", json.dumps(old).encode())
    assert sources(got) == ["a = 1\nb = 2"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_byte_order_marks_and_line_ends_do_not_matter(encoding):
    data = notebook("a = 'ž'\r\nb = 2").decode().encode(encoding)
    assert sources(parse("ada", CHAPTER, "x.ipynb", data)) == ["a = 'ž'\nb = 2"]


# --- scripts


def test_a_plain_module_is_one_cell():
    got = parse("ada", CHAPTER, "x.py", b"a = 1\r\nif __name__ == '__main__':\r\n    a = 2\r\n")
    assert len(got.cells) == 1
    assert not got.is_notebook


def test_a_percent_script_has_cells_and_tags():
    text = '# %%\na = 1\n\n# %% tags=["experiment"]\nb = 1\n\n# %% [markdown]\n# c = 1\n'
    got = parse("ada", CHAPTER, "x.py", text.encode())
    assert sources(got) == ["a = 1"]


def test_a_declared_encoding_is_followed_and_a_wrong_one_reported():
    text = "# -*- coding: latin-1 -*-\na = 'é'\n"
    assert "é" in sources(parse("ada", CHAPTER, "x.py", text.encode("latin-1")))[0]
    wrong = parse("ada", CHAPTER, "x.py", b"# coding: no-such-code\na = 1\n")
    assert wrong.status == "unreadable"
    assert parse("ada", CHAPTER, "x.py", b"a = 1\0").status == "unreadable"


# --- magics


@pytest.mark.parametrize(
    ("source", "plain"),
    [
        ("%matplotlib inline\na = 1", "pass\na = 1"),
        ("!pip install x\na = 1", "pass\na = 1"),
        ("if True:\n    %time a\nb = 1", "if True:\n    a\nb = 1"),
        ("x = !ls\na = 1", "pass\na = 1"),
        ("x = %time 3\na = 1", "x = 3\na = 1"),
        ("numpy.array?\na = 1", "pass\na = 1"),
        ("!ls \\\n  -l\na = 1", "pass\n\na = 1"),
        ("%%time\na = 1", "\na = 1"),
        ("%%bash\nls", ""),
        ("a = (7\n     % 4)", "a = (7\n     % 4)"),
        ('a = """\n%magic\n!shell\n"""', 'a = """\n%magic\n!shell\n"""'),
    ],
)
def test_magics_are_taken_out_and_line_numbers_stay(source, plain):
    assert strip_magics(source)[0].rstrip("\n") == plain.rstrip("\n")


def test_magics_are_reported():
    got = parse("ada", CHAPTER, "x.ipynb", notebook("a = 1", "%cd /tmp\nb = 2"))
    assert [(problem.where, problem.what) for problem in got.problems] == [
        ("cell 2", "skipped: %cd /tmp")
    ]


# --- the quiz


def test_the_quiz_is_read_from_text():
    assert read_quiz(['quiz_answers = {"q1": "a", "q2": ""}']) == {"q1": "a", "q2": ""}
    assert read_quiz(['quiz_answers = dict(q1="a")']) == {"q1": "a"}
    assert read_quiz(['quiz_answers: dict[str, str] = {"q1": "a"}']) == {"q1": "a"}
    later = ['quiz_answers = {"q1": "a"}', 'quiz_answers["q2"] = "c"', "1/0"]
    assert read_quiz(later) == {"q1": "a", "q2": "c"}
    assert read_quiz(['quiz_answers = {"q1": "a"}', 'quiz_answers = {"q1": "b"}']) == {"q1": "b"}


@pytest.mark.parametrize(
    "source", ["", "quiz_answers = load()", "quiz_answers = 3", "quiz_answers = {", "raise X"]
)
def test_a_malformed_quiz_is_none(source):
    assert read_quiz([source]) is None


def test_other_entries_of_a_quiz_are_passed_over():
    assert read_quiz(['quiz_answers = {"q1": open("x"), **y, "q2": "b"}']) == {"q2": "b"}


def test_cell_magics_on_cell_magics():
    plain, skipped = strip_magics("\n%%capture\n\n%%time\nx = 1\n!ls\n")
    assert (plain, skipped) == ("\n\n\n\nx = 1\npass\n", ["%%capture", "%%time", "!ls"])


def test_a_thousand_cell_magics_cost_their_own_cell_only():
    got = parse("ada", CHAPTER, "x.ipynb", notebook("%%time\n" * 2000, "x = 1"))
    assert got.status == "graded"
    assert sources(got)[-1] == "x = 1"


def test_half_characters_are_told_as_text():
    """JSON's escapes can say what no result file can hold."""
    cell = {"cell_type": "code", "source": "%run \ud800"}
    data = json.dumps({"nbformat": 4, "cells": [cell]}).encode()
    [problem] = parse("ada", CHAPTER, "x.ipynb", data).problems
    assert problem.what == "skipped: %run \\ud800"


# --- no input brings the reader down


@given(st.binary(max_size=300), st.sampled_from(["x.ipynb", "x.py"]))
def test_any_bytes_have_a_status(data, name):
    assert parse("ada", CHAPTER, name, data).status in ("graded", "unreadable")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=10,
)
cell_like = st.fixed_dictionaries(
    {},
    optional={
        "cell_type": st.sampled_from(["code", "markdown", 3]),
        "source": st.text(max_size=30)
        | st.lists(st.text(max_size=9) | st.none(), max_size=3)
        | json_values,
        "metadata": json_values
        | st.fixed_dictionaries({"nbgrader": json_values, "tags": json_values}),
    },
)


@given(st.lists(cell_like | json_values, max_size=4), st.sampled_from([1, 2, 3, 4, 5]))
def test_any_document_of_the_shape_of_a_notebook_has_a_status(cells, version):
    document = {"nbformat": version, "cells": cells, "worksheets": [{"cells": cells}]}
    data = json.dumps(document).encode()
    assert parse("ada", CHAPTER, "x.ipynb", data).status in ("graded", "unreadable")


@given(st.text(alphabet="%!? \n\\ab=()'\"#{}:\t", max_size=40))
def test_any_text_survives_the_removal_of_magics(source):
    plain, skipped = strip_magics(source)
    assert isinstance(plain, str)
    assert all(isinstance(line, str) for line in skipped)
