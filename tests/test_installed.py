"""Where PyTorch is left out: which chapters need it, and what becomes of their submissions."""

from __future__ import annotations

import importlib.util

import pytest

from autograder.course.source import chapters
from autograder.grading import installed, version
from autograder.grading.engine import Grader
from autograder.grading.submissions import parse

COURSE = chapters()


@pytest.fixture
def without_torch(monkeypatch):
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "torch" else find_spec(name)
    )


def test_what_needs_torch_is_read_from_the_suites(tmp_path, monkeypatch):
    assert installed.needs_torch(COURSE["ch07_seq2seq"])  # what students use it in
    assert not installed.needs_torch(COURSE["ch00_sequences"])
    monkeypatch.setattr(installed, "SUITES", tmp_path)
    (tmp_path / "ch04_lstm").mkdir()
    for source, needed in {
        "import numpy\n": False,
        "import torchlike\nimport os.torch\n": False,
        "def f():\n    from torch.nn import LSTM\n": True,
        "import numpy, torch.nn as nn\n": True,
    }.items():
        (tmp_path / "ch04_lstm" / "test_ch04_lstm.py").write_text(source)
        installed.needs_torch.cache_clear()
        assert installed.needs_torch(COURSE["ch04_lstm"]) == needed, source
    installed.needs_torch.cache_clear()


def test_a_chapter_that_needs_torch_is_refused_with_a_sentence(
    without_torch, tmp_path, monkeypatch
):
    monkeypatch.setattr(installed, "SUITES", tmp_path)
    (tmp_path / "ch04_lstm").mkdir()
    (tmp_path / "ch04_lstm" / "test_ch04_lstm.py").write_text("import torch\n")
    installed.needs_torch.cache_clear()
    grader = Grader(COURSE)
    try:
        for name, use in (("ch07_seq2seq", "is written"), ("ch04_lstm", "is tested")):
            result, _ = grader.grade(parse("ada", name, "x.py", b"x = 1\n"))
            assert (result.status, result.score) == ("grader_error", None)
            assert result.problems[-1].what == (
                f"{name} {use} with PyTorch, which is not installed here: make setup TORCH=auto adds it"
            )
        result, _ = grader.grade(parse("ada", "ch00_sequences", "x.py", b"x = 1\n"))
        assert result.status == "graded"
    finally:
        grader.close()
        installed.needs_torch.cache_clear()


def test_results_say_whether_torch_was_there(monkeypatch):
    def missing(name):
        raise version.PackageNotFoundError(name)

    monkeypatch.setattr(version, "version", lambda _name: "1.0")
    assert {"torch 1.0", "autograd 1.0"} <= set(version.versions())
    monkeypatch.setattr(version, "version", missing)
    assert "torch none" in version.versions()
