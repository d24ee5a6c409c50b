"""A class: what is graded, by which processes or cluster workers, in one run."""
