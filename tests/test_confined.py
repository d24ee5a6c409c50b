"""What breaks the reader of a file breaks the child that reads it, and nothing else."""

from __future__ import annotations

import os
import time
from pathlib import Path

import msgspec
import pytest

import seqlab.cells
from autograder.grading import reader
from autograder.grading.choice import Found
from autograder.grading.submissions import read
from autograder.sandbox.confined import CallFailed, Confined
from autograder.sandbox.doctor import available

LEVEL = available().level
needs_sandbox = pytest.mark.skipif(LEVEL == "D", reason="no sandbox can be entered on this machine")


@pytest.fixture
def child():
    made = Confined(["builtins:eval", "time:sleep"], level=LEVEL, seconds=1.0, memory=1 << 28)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("'a' * 10**10", "too much memory"),
        ("sum(range(10**12))", "too long"),
        ("1 / 0", "ZeroDivisionError"),
        ("__import__('os')._exit(0)", "more than its reader bears"),
        ("object()", "TypeError"),
    ],
)
def test_a_call_that_fails_says_why_and_the_next_one_works(child, text, reason):
    with pytest.raises(CallFailed, match=reason):
        child.call("builtins:eval", text)
    assert msgspec.msgpack.decode(child.call("builtins:eval", "6 * 7")) == 42


def test_a_call_that_sleeps_is_ended(child):
    began = time.monotonic()
    with pytest.raises(CallFailed, match="too long"):
        child.call("time:sleep", 600)
    assert time.monotonic() - began < 60


@needs_sandbox
@pytest.mark.parametrize(
    "text",
    [
        "open('/etc/passwd').read()",
        "__import__('socket').socket()",
        "__import__('os').fork()",
        "open('/tmp/planted', 'w')",
    ],
)
def test_the_child_reaches_nothing(child, text):
    with pytest.raises(CallFailed, match="Error"):
        child.call("builtins:eval", text)
    assert not os.path.exists("/tmp/planted")


def test_a_file_that_breaks_its_reader_is_unreadable_and_the_next_is_read(tmp_path, monkeypatch):
    path = [str(Path(seqlab.cells.__file__).parents[1])]
    narrow = Confined([reader._READ], level=LEVEL, path=path, memory=8 << 20)
    monkeypatch.setattr(reader, "_child", lambda _process: narrow)
    for name, text in (("eve", "x = 1\n" * 10**6), ("ada", "x = 1\n")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "ch04_lstm.py").write_text(text)
    hit, spared = (read(Found(name, "ch04_lstm", str(tmp_path / name))) for name in ("eve", "ada"))
    narrow.close()
    assert (hit.status, hit.cells) == ("unreadable", ())
    assert "memory" in hit.problems[-1].what
    assert (spared.status, spared.cells[0].source.strip()) == ("graded", "x = 1")
