"""Both sides are held against what is written by hand: the reader, and the tools that know the formats."""

from __future__ import annotations

import json
import time
import warnings

import jupytext
import msgspec
import nbformat
import pytest

from autograder.grading.submissions import parse
from autograder.platforms.gradebook.handed_in import given_cells, read_cells
from seqlab import cells, notebook
from tests.reader.cases import CASES, code, document

CHAPTER = "ch02_vanilla_rnn"


def by_name(case):
    return case.name


@pytest.mark.parametrize("case", CASES, ids=by_name)
def test_the_cells_are_those_written_by_hand(case):
    got = cells.read(f"{CHAPTER}{case.suffix}", case.data)
    assert got.status == "graded"
    expected = case.raw if case.cells is None else case.cells
    assert {cell.number: cell.source for cell in got.cells} == {
        number: source for number, source in expected.items() if source.strip()
    }
    said = "\n".join(remark.what for remark in got.remarks)
    assert all(word in said for word in case.remarks)
    assert got.quiz == case.quiz


@pytest.mark.parametrize("case", [case for case in CASES if case.peer], ids=by_name)
def test_nbformat_and_jupytext_give_the_same_cells(case):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if case.peer == "nbformat":
            made = nbformat.from_dict(json.loads(case.data))
            made = nbformat.convert(made, 4)
        else:
            made = jupytext.reads(case.data.decode(), fmt=case.peer)
    theirs = {
        number: cell.source.strip("\n") if case.suffix == ".py" else cell.source
        for number, cell in enumerate(made.cells, start=1)
        if cell.cell_type == "code"
    }
    own = {
        part.number: part.source
        for part in cells.read(f"x{case.suffix}", case.data).parts
        if part.cell_type == "code"
    }
    if case.suffix == ".ipynb":
        assert {n: "".join(source) for n, source in theirs.items()} == case.raw
    else:
        assert theirs == case.raw
        assert own == case.raw


@pytest.mark.parametrize("case", CASES, ids=by_name)
def test_grader_gradebook_and_command_line_see_the_same(case, tmp_path):
    name = f"{CHAPTER}{case.suffix}"
    path = tmp_path / name
    path.write_bytes(case.data)
    reading = notebook.read(path)
    submission = parse("ada", CHAPTER, name, case.data)
    assert [(cell.number, cell.source) for cell in reading.cells] == [
        (cell.number, cell.source) for cell in submission.cells
    ]
    assert reading.quiz == submission.quiz
    assert reading.is_notebook == submission.is_notebook
    assert given_cells(reading.parts) == read_cells(name, case.data)


@pytest.mark.parametrize("case", CASES[:20], ids=by_name)
def test_a_reading_crosses_a_pipe(case):
    got = cells.read(f"x{case.suffix}", case.data)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(got), type=cells.Reading) == got


# --- no input takes long or brings it down ---------------------------------------------------------------------------

N = 300_000
HARD = {
    "brackets": "(" * N,
    "closing brackets": ")" * N,
    "quotes": '"""a' * N,
    "single quotes": "x='a\n" * (N // 3),
    "backslashes": "\\\n" * N,
    "marks": "# %%\n" * 4_000,
    "marks and quotes": "# %%\n'''\n" * 4_000,
    "options": "# %% " + "a=[" * N,
    "braces": "# %% {" * 4_000 + '{"a":' * N,
    "signs": "%" * N + "\n" + "!" * N + "\n?" * N,
    "assignments": "a = " * N + "!ls",
    "operators": "quiz_answers = " + "-" * N + "1",
    "nested answers": "quiz_answers = " + "{'a': " * N,
    "brackets around answers": "quiz_answers = " + "(" * N + "1" + ")" * N,
    "answers": "\n".join(f"quiz_answers['q{n}'] = 'a'" for n in range(40_000)),
    "copies of answers": "\n".join(
        f"quiz_answers = {{**quiz_answers, 'q{n}': 'a'}}" for n in range(20_000)
    ),
    "chained answers": "quiz_answers = " * 20_000 + "{" + "'a': 'b'," * 20_000 + "}",
    "a huge number": "quiz_answers = {'q1': 0x" + "f" * 3_600 + ", 'q2': 'b'}",
    "prompts": "# In[1]:\n" * 4_000 + "\n\n\n# a" * 4_000,
    "shell calls": "get_ipython().system('a')\n" * 20_000,
    "commands": "# COMMAND ----------\n" * 4_000,
    "light": "# +\n# -\n\n" * 2_000,
    "paragraphs": "# jupyter\n# +\n# -\n" + "a\n\n" * 4_000,
    "blank lines": "\n" * N + "# %%\n",
    "headers": "# ---\n" + "# a\n" * N,
}


@pytest.mark.parametrize("name", HARD)
@pytest.mark.parametrize("kind", ["cell", "script"])
def test_what_is_hard_to_read_is_read_at_once(name, kind):
    source = HARD[name]
    if kind == "cell":
        data, file = json.dumps(document(code(source))).encode(), "x.ipynb"
    else:
        data, file = source.encode(), "x.py"
    started = time.process_time()
    got = cells.read(file, data)
    assert time.process_time() - started < 5
    assert got.status in ("graded", "refused")


def test_a_huge_number_among_the_answers_costs_itself_only():
    got = cells.read("x.py", HARD["a huge number"].encode())
    assert got.quiz == {"q2": "b"}


def test_forty_thousand_answers_are_no_more_than_a_quiz_can_have():
    answers = cells.read("x.py", HARD["answers"].encode()).quiz
    assert answers is not None and answers["q0"] == "a" and len(answers) == 1_000


@pytest.mark.parametrize(
    ("name", "data", "status", "word"),
    [
        ("x.ipynb", b"", "unreadable", "empty"),
        ("x.ipynb", b"{", "unreadable", "no notebook"),
        ("x.ipynb", b"[" * 200_000, "unreadable", "deep"),
        ("x.ipynb", b'{"nbformat": 4, "cells": ' + b"9" * 5_000 + b"}", "unreadable", "digits"),
        ("x.ipynb", b'{"nbformat": 3, "worksheets": [1]}', "unreadable", "list"),
        ("x.ipynb", json.dumps(document(*[code("a")] * 5_001)).encode(), "refused", "5001 cells"),
        ("x.py", b"a = 1\0", "unreadable", "null"),
        ("x.py", b"# coding: punycode\na", "unreadable", "no encoding of source"),
        ("x.py", b"# coding: no-such\na", "unreadable", "no module"),
        ("x.py", b"\xff\xfea", "unreadable", "no module"),
        ("x.py", b"# %%\n" * 5_001, "refused", "5001 cells"),
        ("x.py", b"#" * ((10 << 20) + 1), "refused", "10 MiB"),
    ],
)
def test_what_cannot_be_read_has_a_status_and_a_reason(name, data, status, word):
    got = cells.read(name, data)
    assert got.status == status
    assert got.cells == () and word in got.remarks[-1].what


def test_outputs_do_not_count_and_five_thousand_cells_are_read():
    picture = {
        "output_type": "display_data",
        "data": {"image/png": "a" * (11 << 20)},
        "metadata": {},
    }
    shown = code("a = 1") | {"outputs": [picture]}
    assert cells.read("x.ipynb", json.dumps(document(shown)).encode()).status == "graded"
    pasted = text_with_a_picture("b" * (11 << 20))
    assert cells.read("x.ipynb", json.dumps(document(pasted)).encode()).status == "refused"
    many = cells.read("x.ipynb", json.dumps(document(*[code("a = 1")] * 5_000)).encode())
    assert len(many.cells) == 5_000


def text_with_a_picture(data):
    return {
        "cell_type": "markdown",
        "source": "",
        "metadata": {},
        "attachments": {"a.png": {"image/png": data}},
    }
