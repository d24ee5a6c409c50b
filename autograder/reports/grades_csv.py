"""`grades.csv`: one line for each student and chapter, for spreadsheets and scripts."""

from __future__ import annotations

from collections.abc import Sequence

from autograder.files import csv_bytes
from autograder.results import SubmissionResult


def render(results: Sequence[SubmissionResult]) -> bytes:
    """Return the file's bytes, sorted by student, then chapter. A grader error has no score."""
    rows = [
        (result.student, result.chapter, result.status, result.score, result.max_score)
        for result in sorted(results, key=lambda result: (result.student, result.chapter))
    ]
    return csv_bytes([("student", "chapter", "status", "score", "max_score"), *rows])
