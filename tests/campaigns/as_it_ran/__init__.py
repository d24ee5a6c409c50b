"""Notebooks as people make them: what is green in the notebook, in `seqlab check` and in the grader, in one table."""
