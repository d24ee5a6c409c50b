"""The visible checks, one module a chapter. A module is imported when one of its checks is asked for."""
