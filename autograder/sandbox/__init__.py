"""Code that nobody trusts, run behind a pipe. Imports nothing else of the grader."""
