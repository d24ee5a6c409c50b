"""A notebook of format 1, 5 or a negative one."""

import json


def make(folder, source, places):
    """Fill the submission's folder."""
    text = json.dumps({"nbformat": -7, "nbformat_minor": {}, "cells": [], "worksheets": 3})
    (folder / "ch02_vanilla_rnn.ipynb").write_text(text)
