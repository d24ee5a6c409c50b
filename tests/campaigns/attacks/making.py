"""For `make.py`: notebooks as dictionaries, without any library's opinion of what a notebook may hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from autograder.course.source import QUIZ

CHAPTER = "ch02_vanilla_rnn"


def code(source: str | list[str], **metadata: Any) -> dict[str, Any]:
    """A code cell."""
    return {
        "cell_type": "code",
        "execution_count": None,
        "metadata": metadata,
        "outputs": [],
        "source": source,
    }


def notebook(*cells: dict[str, Any] | str, **changes: Any) -> dict[str, Any]:
    """A notebook of code cells; `changes` replace its other entries."""
    whole = [code(cell) if isinstance(cell, str) else cell for cell in cells]
    return {"cells": whole, "metadata": {}, "nbformat": 4, "nbformat_minor": 5, **changes}


def write_notebook(
    folder: Path, *cells: dict[str, Any] | str, name: str = f"{CHAPTER}.ipynb", **changes: Any
) -> None:
    """Write one where the submission lies."""
    text = json.dumps(notebook(*cells, **changes), ensure_ascii=False)
    (folder / name).write_text(text, encoding="utf-8", errors="surrogatepass")


def write_module(folder: Path, text: str, name: str = f"{CHAPTER}.py") -> None:
    """Write a module, its line ends as they are."""
    (folder / name).write_bytes(text.encode())


def functions(source: str) -> list[str]:
    """The reference solutions, cut before each top-level function or class, and before the quiz."""
    pieces: list[list[str]] = [[]]
    for line in source.splitlines(keepends=True):
        starts = line.startswith(("def ", "class ", "@")) or (
            line.startswith(QUIZ) and not pieces[-1][0].startswith(QUIZ)
        )
        if starts and pieces[-1]:
            pieces.append([])
        pieces[-1].append(line)
    return ["".join(piece) for piece in pieces]
