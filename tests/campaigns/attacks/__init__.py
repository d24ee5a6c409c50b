"""Hostile submissions, each with the verdicts it has to end in: `python -m tests.campaigns.attacks`."""
