"""A moment of each target of the fuzzing campaign (`make fuzz`), with the same examples each time."""

from __future__ import annotations

import mmap

import pytest

from tests.campaigns import fuzz
from tests.campaigns.guided import Corpus, Steps


@pytest.mark.parametrize("name", fuzz.TARGETS)
def test_only_our_own_exceptions_and_no_hang(name):
    fuzz.fuzz(name, 60)


def test_a_hang_is_seen(monkeypatch):
    monkeypatch.setattr(fuzz, "HANG_SECONDS", 1)
    with pytest.raises(fuzz.Hang), fuzz.in_time():
        while True:
            pass


def test_examples_follow_the_code_that_earlier_ones_reached():
    def run(data):
        # Bytes at random would have all three right once in sixteen million times.
        if data[:1] != b"f":
            return data
        if data[1:2] != b"u":
            return data
        if data[2:3] != b"z":
            return data
        raise ZeroDivisionError

    corpus = Corpus(run, Steps([__file__]), start=0)
    with pytest.raises(ZeroDivisionError) as found:
        corpus.go_on(400_000)
    assert "66757a" in found.value.__notes__[0]
    assert 3 <= len(corpus.kept) < 20


def test_memory_that_is_kept_is_a_finding(monkeypatch, capsys):
    kept = []

    def keep(_data):
        page = mmap.mmap(-1, 1 << 20)  # fresh, whatever has been freed before
        page.write(b"x" * len(page))
        kept.append(page)

    monkeypatch.setattr(fuzz, "bound_memory", lambda: None)
    monkeypatch.setattr(fuzz, "fuzz", lambda *_: None)
    monkeypatch.setattr(fuzz, "one_input", lambda _name: keep)
    monkeypatch.setattr(fuzz, "MOST_GROWTH", 64 << 20)
    monkeypatch.setattr(fuzz, "EXAMPLES", 100)
    assert fuzz.campaign(["magics"], 0, 0.0) == 1
    assert "memory has grown by" in capsys.readouterr().out
