"""Tests of the tests: every mistake must lose points, no sound alternative may."""
