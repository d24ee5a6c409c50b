"""Attacks on the pages that an instructor opens, in a real browser: `python -m tests.campaigns.sanitiser`."""
