"""The grader of the course: submissions in, results out."""

__version__ = "1.0.0"
