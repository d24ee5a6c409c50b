"""Submissions that are alike; never runs them."""
