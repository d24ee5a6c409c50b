"""`grades.csv`: one line for each student and chapter, for spreadsheets and scripts."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from autograder.files import defuse
from autograder.results import SubmissionResult


def render(results: Sequence[SubmissionResult]) -> bytes:
    """Return the file's bytes, sorted by student, then chapter. A grader error has no score."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["student", "chapter", "status", "score", "max_score"])
    for result in sorted(results, key=lambda result: (result.student, result.chapter)):
        score = "" if result.score is None else result.score
        row = [defuse(result.student), result.chapter, result.status, score, result.max_score]
        writer.writerow(row)
    return text.getvalue().encode()
