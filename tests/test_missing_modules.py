"""A function that needs a library which the grader does not have is told so, by the name in its own import."""

from __future__ import annotations

import json
import time

import pytest

from autograder.course.settings import Grading
from autograder.course.source import chapters
from autograder.grading.engine import Grader
from autograder.grading.submissions import parse
from autograder.sandbox.missing import MissingModules
from autograder.sandbox.terms import Cell
from seqlab import runner

CHAPTER = "ch02_vanilla_rnn"
NAME = "rnn_step_forward"
NP = "import numpy as np\n"
RIGHT = (
    f"def {NAME}(x, h_prev, params):\n"
    "    {0}\n"
    '    h = np.tanh(x @ params["Wxh"].T + h_prev @ params["Whh"].T + params["bh"])\n'
    "    return h, (x, h_prev, h, params)\n"
)
# The import cell, what the function does first, the module that is told.
KINDS = {
    "a module": (f"{NP}import foo", "foo.f(x)", "foo"),
    "under another name": (f"{NP}import foo.bar as fb", "fb.f(x)", "foo"),
    "a function of it": (f"{NP}from foo.bar import f as g, k", "k(x)", "foo"),
    "in brackets": (f"{NP}from foo import (a,\n    b as c,\n)", "c(x)", "foo"),
    "among others": (f"{NP}import math, foo, json", "foo.f(x)", "foo"),
    "behind a semicolon": (f"{NP}a = 1; import foo", "foo.f(x)", "foo"),
    "under a condition": (f"{NP}if True:\n    import foo", "foo.f(x)", "foo"),
    "by a call": (f"{NP}import importlib\nfoo = importlib.import_module('foo')", "foo.f(x)", "foo"),
    "in the function": (NP, "import foo", "foo"),
    "from, in the function": (NP, "from foo.bar import f", "foo"),
    "by a call in the function": (f"{NP}import importlib", "importlib.import_module('foo')", "foo"),
    "torch where gradients are written by hand": (NP, "import torch", "torch"),
    "torch for all functions": (f"{NP}import torch", "torch.ones(1)", "torch"),
}


def notebook(*sources):
    cells = [{"cell_type": "code", "metadata": {}, "source": source} for source in sources]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells})


@pytest.fixture(scope="module")
def grader():
    made = Grader({CHAPTER: chapters()[CHAPTER]}, grading=Grading())
    yield made
    made.close()


def messages(grader, *sources):
    data = notebook(*sources).encode()
    result, _ = grader.grade(parse("ada", CHAPTER, f"{CHAPTER}.ipynb", data))
    [function] = [one for one in result.functions if one.name == NAME]
    return {test.message for test in function.tests}, function


@pytest.mark.parametrize("kind", KINDS)
def test_the_grader_names_what_a_function_needs(grader, kind):
    first, line, module = KINDS[kind]
    said, function = messages(grader, first, RIGHT.format(line))
    assert function.score == 0.0
    wanted = f"{NAME} needs `{module}`, which the grader does not have (cell 2, line 2)"
    assert wanted in said and all(test.verdict == "error" for test in function.tests)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if "torch" not in kind])
def test_the_check_at_home_says_the_same(tmp_path, kind):
    first, line, module = KINDS[kind]
    path = tmp_path / f"{CHAPTER}.ipynb"
    path.write_text(notebook(first, RIGHT.format(line)), encoding="utf-8")
    done = runner.run(path, CHAPTER, (NAME,))
    assert not done.results[NAME].ok
    said = done.results[NAME].findings[0]
    assert said.startswith(f"{NAME} needs `{module}`, which the grader does not have (line 2")


@pytest.mark.parametrize(
    "line", ["try:\n        import foo\n    except ImportError:\n        pass"]
)
def test_an_import_that_may_fail_costs_nothing(grader, tmp_path, line):
    said, function = messages(grader, NP, RIGHT.format(line))
    assert function.score == function.max_score and said == {""}
    path = tmp_path / f"{CHAPTER}.ipynb"
    path.write_text(notebook(NP, RIGHT.format(line)), encoding="utf-8")
    assert runner.run(path, CHAPTER, (NAME,)).results[NAME].ok


@pytest.mark.parametrize(
    "line",
    [
        "raise ModuleNotFoundError(\"No module named 'secret'\")",
        "raise NameError(\"name 'secret' is not defined\")",
        "raise ImportError(\"No module named 'numpy' and 0.123\")",
    ],
)
def test_the_text_of_an_exception_is_not_passed_on(grader, line):
    said, _function = messages(grader, NP, RIGHT.format(line))
    assert not any("secret" in text or "0.123" in text for text in said)


def test_one_module_is_told_for_a_function(grader):
    """Which of many it is could carry what a test is about."""
    names = [f"m{number}" for number in range(8)]
    first = NP + "".join(f"import {name}\n" for name in names)
    line = "[" + ", ".join(f"lambda: {name}" for name in names) + "][abs(hash(x.tobytes())) % 8]()"
    said, _function = messages(grader, first, RIGHT.format(line))
    assert len({text for text in said if "needs `" in text}) == 1


def test_names_are_those_of_the_statement_that_failed():
    source = "import a, b as c\nfrom d import (e,\n  f as g)\nh = import_module('i.j')\nimport a.k"
    missing = MissingModules([Cell(1, source)])
    missing.note(missing._cells[0], 1, "No module named 'a'")
    missing.note(missing._cells[0], 3, "No module named 'd'")
    missing.note(missing._cells[0], 4, "No module named 'i'")
    missing.note(missing._cells[0], 4, "anything else")

    def needed(name):
        return missing.needed("NameError", f"name '{name}' is not defined")

    assert [needed(name) for name in "acegh"] == ["a", "a", "d", "d", "i"]
    assert [needed(name) for name in "bdfk"] == [""] * 4
    assert missing.needed("ModuleNotFoundError", "No module named 'd.x'") == "d"
    assert missing.needed("ModuleNotFoundError", "No module named 'k'") == ""
    assert missing.needed("ValueError", "No module named 'd'") == ""


@pytest.mark.parametrize(
    "source",
    [
        "import " + "a," * 500_000,
        "import a;" * 200_000,
        "from a import " + "(" * 200_000,
        "import a\n" * 200_000,
        "import_module('" * 100_000,
        "import a\\\n" * 200_000,
    ],
)
def test_hostile_source_takes_no_long_time(source):
    missing = MissingModules([Cell(1, source)])
    begun = time.process_time()
    for _ in range(3):
        missing.note(missing._cells[0], 199_999, "No module named 'a'")
    missing.needed("ImportError", "No module named 'a'")
    assert time.process_time() - begun < 10
