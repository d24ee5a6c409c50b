"""The table of limits in SECURITY.md says what the code does."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import get_args

import pytest

from autograder import cli
from autograder.classroom import limit_table
from autograder.results import Status, Verdict
from autograder.sandbox import wire
from autograder.sandbox.confine import Policy
from autograder.sandbox.terms import Limits

PAGE = Path(__file__).resolve().parent.parent / "SECURITY.md"


def test_the_table_is_up_to_date():
    text = PAGE.read_text(encoding="utf-8")
    assert text == limit_table.page(text), "make limits-page"


def test_every_limit_is_in_it(capsys):
    assert cli.main(["limits"]) == 0
    table = capsys.readouterr().out
    for name in Limits.__struct_fields__:
        assert f"(`limits.{name}`)" in table
    sizes = [value for name, value in vars(wire).items() if name.startswith("MAX_")]
    assert len(sizes) >= 12
    for value in (*sizes, Policy().open_files, Policy().threads):
        assert f"| {limit_table._size(value)} |" in table
    for words in ("10 s of processor time", "20 s of trying again", "20 s of processor time"):
        assert words in table


@pytest.mark.parametrize(
    ("table", "name"),
    [(limit_table._SUBMISSION, "call"), (limit_table._WIRE, "MAX_NODES"), (limit_table._POLICY, "threads")],
)  # fmt: skip
def test_a_limit_without_a_description_is_an_error(monkeypatch, table, name):
    monkeypatch.delitem(table, name)
    with pytest.raises(KeyError, match=name):
        limit_table.table()


def test_a_changed_limit_changes_the_table(monkeypatch):
    before = limit_table.table()
    monkeypatch.setattr(wire, "MAX_NODES", 77)
    assert "| 77 |" in limit_table.table() != before


def test_how_a_limit_ends_is_a_verdict_that_there_is():
    known = {*get_args(Verdict), *get_args(Status)}
    named = [row.looks.split(":")[0] for row in limit_table.rows() if ": `" in row.looks]
    assert len(named) >= 12
    assert {word for word in named if " " not in word} - {"remark"} <= known


def test_what_no_limit_is_is_a_field():
    assert {field.name for field in dataclasses.fields(Policy)} >= limit_table._NO_LIMITS


def test_a_page_without_marks_is_refused(tmp_path):
    with pytest.raises(ValueError, match="limits: begin"):
        limit_table.page("# Security")
