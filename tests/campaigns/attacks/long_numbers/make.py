"""A notebook whose numbers have a million digits."""


def make(folder, source, places):
    """Fill the submission's folder."""
    text = '{"nbformat": 4, "nbformat_minor": ' + "9" * 1_000_000 + ', "cells": []}'
    (folder / "ch02_vanilla_rnn.ipynb").write_text(text)
