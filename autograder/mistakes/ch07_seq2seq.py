"""Catalogued mistakes of Chapter 7."""

from __future__ import annotations

from autograder.mistakes.catalogue import mistake


def _entry(function: str, name: str, says: str, old: str, new: str, count: int = 1) -> None:
    mistake(function, name, says=says, old=old, new=new, count=count)
