"""Habits of people and tools around one right function: what was green in the notebook is graded as that.

Each row is handed in to the grader and to `seqlab check`: the share of the function's points, the share of its visible
check, and the remark that names the statement at fault.
"""

from __future__ import annotations

import json

import pytest

from autograder.course.settings import Grading
from autograder.course.source import chapters
from autograder.grading.engine import Grader
from autograder.grading.submissions import parse
from autograder.sandbox.terms import Limits
from seqlab import runner
from tests import needs

CHAPTER = "ch02_vanilla_rnn"
pytestmark = needs.graded(CHAPTER)
NAME = "rnn_step_forward"
F = (
    "def rnn_step_forward(x, h_prev, params):\n"
    '    h = np.tanh(x @ params["Wxh"].T + h_prev @ params["Whh"].T + params["bh"])\n'
    "    return h, (x, h_prev, h, params)\n"
)
NP = "import numpy as np\n"
SOLUTION = {"nbgrader": {"grade_id": NAME, "solution": True, "grade": False, "cell_type": "code"}}
COLAB = "# Commented out IPython magic to ensure Python compatibility.\n"


def notebook(*cells):
    made = [cell if isinstance(cell, dict) else {"source": cell} for cell in cells]
    made = [{"cell_type": "code", "metadata": {}, **cell} for cell in made]
    return "ipynb", json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": made})


def above(line):
    """A notebook with a line above the import of numpy, in the cell of that."""
    return notebook(f"{line}\n{NP}", F)


def script(text):
    return "py", text


FULL, NONE = 1.0, 0.0
# What is handed in, the share in the grader and in the check, remarks of the grader ("" for none but skipped magics).
KINDS = {
    "nothing odd": (above("a = 1"), FULL, FULL, ""),
    "display": (above("from IPython.display import HTML, clear_output, display"), FULL, FULL, ""),
    "display of old": (above("from IPython.core.display import display, HTML"), FULL, FULL, ""),
    "options of the shell": (
        above(
            "from IPython.core.interactiveshell import InteractiveShell\n"
            'InteractiveShell.ast_node_interactivity = "all"'
        ),
        FULL,
        FULL,
        "",
    ),
    "is this Colab": (
        above('IN_COLAB = "google.colab" in str(get_ipython())\nassert not IN_COLAB'),
        FULL,
        FULL,
        "",
    ),
    "Colab's drive": (
        above("from google.colab import drive"),
        FULL,
        FULL,
        "cell 1, line 1: ModuleNotFoundError: No module named 'google'",
    ),
    "a library that is not there": (
        above("from no_such_library import tqdm"),
        FULL,
        FULL,
        "cell 1, line 1: ModuleNotFoundError: No module named 'no_such_library'",
    ),
    "a shell's magic by name": (
        above("get_ipython().run_line_magic('matplotlib', 'inline')"),
        FULL,
        FULL,
        "",
    ),
    "shown results": (
        notebook(f"{NP}np.ones(3)", f"assert _.sum() == 3 and Out[1] is _\n{F}", "assert In[1]"),
        FULL,
        FULL,
        "",
    ),
    "await": (above("import asyncio\nawait asyncio.sleep(0)"), FULL, FULL, ""),
    "gather": (
        above(
            "import asyncio\na = await asyncio.gather(asyncio.sleep(0.05, 1), asyncio.sleep(0, 2))\nassert a == [1, 2]"
        ),
        FULL,
        FULL,
        "",
    ),
    "tasks and time limits": (
        above(
            "import asyncio\ntask = asyncio.create_task(asyncio.sleep(0, 3))\n"
            "assert await asyncio.wait_for(task, 1) == 3"
        ),
        FULL,
        FULL,
        "",
    ),
    "a future below a magic": (
        notebook(
            f"%matplotlib inline\nfrom __future__ import annotations\n{NP}",
            F.replace("(x,", "(x: Undefined,", 1),
        ),
        FULL,
        FULL,
        "",
    ),
    "a future in a later cell": (
        notebook(
            NP,
            f"a = 1\nfrom __future__ import annotations\n{F.replace('(x,', '(x: Undefined,', 1)}",
        ),
        FULL,
        FULL,
        "",
    ),
    "return at the top level": (
        above("seed = 1\nreturn seed"),
        FULL,
        FULL,
        "cell 1, line 2: SyntaxError: 'return' outside function",
    ),
    "break at the top level": (
        above("break"),
        FULL,
        FULL,
        "cell 1, line 1: SyntaxError: 'break' outside loop",
    ),
    "a failed assertion": (
        above("assert 1 == 2, 'not yet'"),
        FULL,
        FULL,
        "cell 1, line 1: AssertionError",
    ),
    "an end of the program": (
        above("import sys\nsys.exit(0)"),
        FULL,
        FULL,
        "cell 1, line 2: SystemExit",
    ),
    "a question to the user": (
        above("name = input('name?')"),
        FULL,
        FULL,
        "cell 1, line 1: EOFError",
    ),
    "an end of the process": (
        above("import os\nos._exit(0)"),
        FULL,
        FULL,
        "cell 1, line 2: stopped",
    ),
    "an endless loop": (above("while True:\n    pass"), FULL, FULL, "cell 1, line"),
    "a line that does not parse": (
        notebook(f"{NP}\nplt.plot(1 2)\n{F}"),
        FULL,
        FULL,
        "cell 1, line 3: SyntaxError",
    ),
    "a bracket that is never closed": (
        notebook(f"{NP}print(\n{F}"),
        FULL,
        FULL,
        "cell 1, line 2: SyntaxError",
    ),
    "half a function above": (
        notebook(f"{NP}\ndef g(x:\n    return x\n\n{F}"),
        FULL,
        FULL,
        "cell 1, line 3: SyntaxError",
    ),
    "a docstring that is never closed": (
        notebook(NP, f'def g(x):\n    """Do.\n    return x\n\n{F}'),
        FULL,
        FULL,
        "cell 2, line 2: SyntaxError",
    ),
    "merge marks": (
        notebook(f"{NP}<<<<<<< HEAD\n{F}=======\nx = 1\n>>>>>>> other"),
        FULL,
        FULL,
        "cell 1, line 2: SyntaxError",
    ),
    "a null byte": (notebook(f"{NP}a = '\0'\n{F}"), FULL, FULL, "cell 1, line 2"),
    "a half character": (notebook(f"{NP}# \ud83d\n{F}"), FULL, FULL, ""),
    "timed": (notebook(NP, f"%%time\n{F}"), FULL, FULL, ""),
    "captured": (notebook(NP, f"%%capture out\n{F}"), FULL, FULL, ""),
    "measured": (notebook(NP, f"%%memit\n{F}"), FULL, FULL, ""),
    "bound by a timed line": (
        notebook(NP, f"def g(a, b, c): pass\n{F.replace(NAME, 'h')}%time {NAME} = h"),
        FULL,
        FULL,
        "",
    ),
    "written to a file": (
        notebook(NP, f"%%writefile f.py\n{F}"),
        NONE,
        NONE,
        "skipped: %%writefile",
    ),
    "a comment that asks": (
        notebook(
            NP, f"%pylab inline\n{F.replace('h, (', 'h, (  # right?' + chr(10) + '        ')}"
        ),
        FULL,
        FULL,
        "",
    ),
    "pasted with prompts": (
        notebook(NP, ">>> " + F.strip().replace("\n", "\n... ")),
        FULL,
        FULL,
        "",
    ),
    "an indented cell": (
        notebook(f"  {NP}", "".join(f"  {line}\n" for line in F.splitlines())),
        FULL,
        FULL,
        "",
    ),
    "solution made text": (
        notebook(NP, {"cell_type": "markdown", "source": F, "metadata": SOLUTION}),
        FULL,
        FULL,
        "cell 2: its type is markdown",
    ),
    "solution made raw": (
        notebook(NP, {"cell_type": "raw", "source": F, "metadata": SOLUTION}),
        FULL,
        FULL,
        "cell 2: its type is raw",
    ),
    "numpy bound again": (
        notebook(NP, F, "np = 38_000"),
        NONE,
        NONE,
        "`np` was bound again here",
    ),
    "a stub's last line left": (
        notebook(NP, F.replace("    return", "    raise NotImplementedError()\n    return")),
        NONE,
        NONE,
        "",
    ),
    "plain module": (script(f"{NP}\n\n{F}"), FULL, FULL, ""),
    "percent script": (
        script(f"# %%\nfrom IPython.display import display\n{NP}\n# %%\n{F}"),
        FULL,
        FULL,
        "",
    ),
    "nbconvert": (
        script(
            f"#!/usr/bin/env python\n# coding: utf-8\n\n# In[1]:\n\n\n{NP}\n\n# In[2]:\n\n\nget_ipython().run_cell_magic('time', '', {F!r})\n"
        ),
        FULL,
        FULL,
        "",
    ),
    "Colab's script": (
        script(
            f"{COLAB}# %matplotlib inline\n{NP}!pip install x\n\n{COLAB}# %%time\n"
            + "".join(f"# {line}\n" for line in F.splitlines())
        ),
        FULL,
        FULL,
        "rnn_step_forward commented out by Colab",
    ),
    "Databricks": (
        script(
            f"# Databricks notebook source\n{NP}\n# COMMAND ----------\n\n# MAGIC %sh ls\n\n# COMMAND ----------\n\n{F}"
        ),
        FULL,
        FULL,
        "",
    ),
    "light": (
        script(
            f"# ---\n# jupyter:\n#   jupytext:\n#     text_representation:\n#       format_name: light\n# ---\n\n{NP}\n# %load_ext seqlab\n\n{F}"
        ),
        FULL,
        FULL,
        "",
    ),
    "a bad line in a script": (
        script(f"{NP}!ls\nprint 3\n{F}"),
        FULL,
        FULL,
        "cell 1, line 3: SyntaxError",
    ),
}
# In the sandbox these fail, in the notebook and at home they do not.
CONFINED = {
    "a folder": ("import os\nos.makedirs('checkpoints', exist_ok=True)", "cell 1, line 2: "),
    "a file": ("open('log.txt', 'w').write('a')", "cell 1, line 1: "),
    "a download": (
        "import urllib.request as r\nr.urlopen('http://localhost:9')",
        "cell 1, line 2: ",
    ),
}


@pytest.fixture(scope="module")
def grader():
    made = Grader({CHAPTER: chapters()[CHAPTER]}, grading=Grading(limits=Limits(cells=4.0)))
    yield made
    made.close()


def graded(grader, suffix, text):
    """Share of the function's points, and the remarks."""
    data = text.encode("utf-8", "surrogatepass")
    result, _ = grader.grade(parse("ada", CHAPTER, f"{CHAPTER}.{suffix}", data))
    assert result.status == "graded"
    function = next(function for function in result.functions if function.name == NAME)
    said = [f"{problem.where}: {problem.what}" for problem in result.problems]
    return function.score / function.max_score, said


@pytest.mark.parametrize("kind", KINDS)
def test_the_grader_gives_what_the_notebook_showed(grader, kind):
    (suffix, text), share, _, remark = KINDS[kind]
    got, said = graded(grader, suffix, text)
    assert got == share, said
    if remark:
        assert any(remark in line for line in said), said
    else:
        assert [line for line in said if "skipped: " not in line] == []


@pytest.mark.parametrize("kind", CONFINED)
def test_a_statement_that_the_sandbox_refuses_fails_alone(grader, kind):
    line, remark = CONFINED[kind]
    got, said = graded(grader, *above(line))
    assert got == FULL
    assert len(said) == 1 and said[0].startswith(remark)


@pytest.mark.parametrize("kind", KINDS)
def test_the_check_says_what_the_grader_says(tmp_path, kind):
    (suffix, text), _, share, _ = KINDS[kind]
    path = tmp_path / f"{CHAPTER}.{suffix}"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    done = runner.run(path, CHAPTER, (NAME,), seconds=2.0)
    assert not done.problem
    assert done.results[NAME].ok == (share == FULL), done.results[NAME].findings
