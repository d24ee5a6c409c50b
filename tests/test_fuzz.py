"""A moment of each target of the fuzzing campaign (`make fuzz`), with the same examples each time."""

from __future__ import annotations

import pytest

from tests.campaigns import fuzz


@pytest.mark.parametrize("name", fuzz.TARGETS)
def test_only_our_own_exceptions_and_no_hang(name):
    fuzz.fuzz(name, 60)


def test_a_hang_is_seen(monkeypatch):
    monkeypatch.setattr(fuzz, "HANG_SECONDS", 1)
    with pytest.raises(fuzz.Hang), fuzz.in_time():
        while True:
            pass
