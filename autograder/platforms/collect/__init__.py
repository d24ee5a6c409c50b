"""Bulk downloads of learning platforms, put into nbgrader's layout: who becomes whom is shown before anything is written."""
