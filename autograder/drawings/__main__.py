"""`make figures`: draw the chapters' figures into `solutions/`."""

from __future__ import annotations

from pathlib import Path

from autograder.drawings import write

if __name__ == "__main__":
    for path in write(Path(__file__).resolve().parents[2] / "solutions"):
        print(path)
