"""The course's figures, drawn: one module a chapter, on one canvas, written as SVG files beside the chapters' sources."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from autograder.drawings import (
    ch00_sequences,
    ch01_unfolding,
    ch02_vanilla_rnn,
    ch03_gradients,
    ch04_lstm,
    ch05_gru,
    ch06_bidirectional,
    ch07_seq2seq,
    ch08_memory,
    ch09_connections,
)
from autograder.drawings.canvas import Figure
from autograder.files import write_file

_MODULES = (
    ch00_sequences,
    ch01_unfolding,
    ch02_vanilla_rnn,
    ch03_gradients,
    ch04_lstm,
    ch05_gru,
    ch06_bidirectional,
    ch07_seq2seq,
    ch08_memory,
    ch09_connections,
)


def figures() -> Iterator[tuple[str, Figure]]:
    """Yield every figure with the name of its chapter, in the order of the course."""
    for module in _MODULES:
        chapter = module.__name__.rpartition(".")[2]
        for draw in module.FIGURES:
            yield chapter, draw()


def write(solutions: Path) -> list[Path]:
    """Write every figure into `<chapter>/figures/` below a folder, and return the files."""
    written = []
    for chapter, figure in figures():
        path = solutions / chapter / "figures" / f"{figure.name}.svg"
        write_file(path, figure.svg().encode())
        written.append(path)
    return written
