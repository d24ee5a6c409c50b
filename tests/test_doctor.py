"""`seqlab doctor`: what the grader would say of the form of a file, before it is handed in."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from autograder.course.source import QUIZ, ROOT, chapters, solution_source
from seqlab import cli, doctor

NAME = "ch02_vanilla_rnn"
CHAPTER = chapters()[NAME]
STEP = "rnn_step_forward"


def released():
    return json.loads((ROOT / "assignments" / NAME / f"{NAME}.ipynb").read_text(encoding="utf-8"))


def solved():
    """The notebook as somebody hands it in who has done everything."""
    made = released()
    for cell in made["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if cell["metadata"].get("nbgrader", {}).get("solution"):
            cell["source"] = solution_source(CHAPTER, name)
    return made


def cell_of(made, name):
    return next(
        cell
        for cell in made["cells"]
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == name
    )


def added(made, source, place=None):
    """Add a code cell at the end, or where it is said."""
    cell = {"cell_type": "code", "metadata": {}, "source": source, "outputs": []}
    made["cells"].insert(len(made["cells"]) if place is None else place, cell)
    return made


def text_of(cell):
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)


def examined(tmp_path, made, name=f"{NAME}.ipynb"):
    folder = tmp_path / NAME
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_bytes(made if isinstance(made, bytes) else json.dumps(made).encode())
    return doctor.examine(path, NAME, seconds=3.0)


def wrong(findings):
    return [str(finding) for finding in findings if not finding.harmless]


def test_a_notebook_with_all_solutions_is_fit(tmp_path):
    findings = examined(tmp_path, solved())
    assert wrong(findings) == [] and doctor.is_fit(findings)


def test_a_notebook_as_it_is_given_out_is_not(tmp_path):
    said = wrong(examined(tmp_path, released()))
    functions = [function.name for function in CHAPTER.functions if function.name != QUIZ]
    for name in functions:
        assert any(f"{name} is not written yet" in line for line in said)
    assert any("q1: no answer yet" in line for line in said)
    assert len(said) == len(functions) + len(doctor.forms(NAME))


def breaking(change):
    """A way to break the solved notebook, by what is done to it."""

    def make():
        made = solved()
        return change(made) or made

    return make


def _replace(name, old, new):
    def change(made):
        cell = cell_of(made, name)
        assert old in text_of(cell)
        cell["source"] = text_of(cell).replace(old, new, 1)

    return change


def _set(name, **fields):
    return lambda made: cell_of(made, name).update(fields)


def _markdown(made):
    cell = cell_of(made, STEP)
    cell["cell_type"] = "markdown"


def _stub_left(made):
    cell = cell_of(made, STEP)
    before, found, after = text_of(cell).rpartition("    return ")
    cell["source"] = f"{before}    raise NotImplementedError()\n{found}{after}"


def _without(made):
    made["cells"].remove(cell_of(made, STEP))


BROKEN = {
    "a file that is written": (
        lambda made: added(made, "open('a.txt', 'w')"),
        "nothing can be written",
    ),
    "a folder": (lambda made: added(made, "import os\nos.makedirs('a')"), "nothing can be written"),
    "numpy's own file": (
        lambda made: added(made, "np.save('a', np.ones(2))"),
        "nothing can be written",
    ),
    "the network": (
        lambda made: added(made, "import urllib.request as r\nr.urlopen('http://localhost:9')"),
        "there is no network",
    ),
    "a program": (
        lambda made: added(made, "import subprocess\nsubprocess.run(['true'])"),
        "no other program",
    ),
    "a library": (lambda made: added(made, "import seaborn"), "the grader does not have `seaborn`"),
    "torch": (
        lambda made: added(made, "import torch.nn as nn"),
        "the grader does not have `torch`",
    ),
    "a library in a function": (
        lambda made: added(made, "def f():\n    from sklearn import svm"),
        "f imports `sklearn`: the grader does not have `sklearn`",
    ),
    "a library by a call": (
        lambda made: added(made, "import importlib\nimportlib.import_module('sklearn.svm')"),
        "the grader does not have `sklearn`",
    ),
    "what the course brings": (
        lambda made: added(made, "from mycourse import lstm_forward"),
        "`mycourse` is not there when your work is graded",
    ),
    "a package around it": (lambda made: added(made, "from . import x"), "no package around it"),
    "numpy bound again": (
        lambda made: added(made, "np = 5"),
        "binds np again, which cell 2, line 1",
    ),
    "sum bound again": (
        lambda made: added(made, "def f(x):\n    return sum(x)\nsum = 0"),
        "binds sum again, which is Python's own",
    ),
    "bound by a loop": (
        lambda made: added(made, "for np in range(3):\n    pass"),
        "binds np again",
    ),
    "a function bound again": (lambda made: added(made, f"{STEP} = 3"), f"binds {STEP} again"),
    "a stub's line left": (_stub_left, "still raises NotImplementedError; delete it"),
    "a function deleted": (_without, f"there is no function {STEP}"),
    "a cell that does not parse": (
        lambda made: added(made, "x = 1\nfor i in range(3:\n    pass\ny = 2"),
        "line 2: ",
    ),
    "return": (lambda made: added(made, "return 3"), "'return' outside function"),
    "an exception": (lambda made: added(made, "1 / 0"), "line 1: ZeroDivisionError"),
    "no end": (lambda made: added(made, "while True:\n    pass"), "had not finished"),
    "solution made text": (_markdown, "its type is markdown"),
    "under a cell magic": (
        _replace(STEP, "def ", "%%writefile f.py\ndef "),
        f"%%writefile f.py keeps {STEP} from being run",
    ),
    "an answer that is none": (_set(QUIZ, source="quiz_answers = {'q1': 'zz?'}"), "q1: "),
    "an answer that is a number": (_set(QUIZ, source="quiz_answers = 3"), "not assigned as a dict"),
    "a name that numpy lost": (lambda made: added(made, "np.float_(3)"), "has no `numpy.float_`"),
    "imported from numpy": (
        lambda made: added(made, "from numpy import in1d"),
        "has no `numpy.in1d`",
    ),
    "of a part of numpy": (
        lambda made: added(made, "import numpy.linalg as la\nla.nothing"),
        "has no `numpy.linalg.nothing`",
    ),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_what_the_grader_would_say(tmp_path, kind):
    change, words = BROKEN[kind]
    findings = examined(tmp_path, breaking(change)())
    said = wrong(findings)
    assert any(words in line for line in said), said
    assert not doctor.is_fit(findings)
    assert not any((tmp_path / NAME / name).exists() for name in ("a.txt", "a", "a.npy", "f.py"))


HARMLESS = {
    "an import that may fail": "try:\n    import seaborn\nexcept ImportError:\n    seaborn = None",
    "suppressed": "import contextlib\nwith contextlib.suppress(ImportError):\n    import seaborn",
    "asked before": "import sys\nif 'google.colab' in sys.modules:\n    from google.colab import drive",
    "for types": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import seaborn",
    "a list of the course": "import scipy.special, pandas as pd, tqdm, einops, os, json",
    "matplotlib's others": "import pylab\nfrom mpl_toolkits import mplot3d",
    "IPython": "from IPython.display import display\ndisplay(3)",
    "magics": "%matplotlib inline\n!ls",
    "a name of its own": "def f(sum, np):\n    return sum\nmy_np = np",
    "a plot that is saved": "import matplotlib.pyplot as plt\nplt.plot([1, 2])",
    "another name for numpy": "import numpy as xp\nxp.linalg.norm(xp.ones(3))",
    "a submodule": "from numpy import linalg\nlinalg.norm(np.ones(3))",
    "numpy's name in words": "# np.float_ was dropped\na = 'np.float_'",
    "asks for a name": "trapezoid = np.trapezoid if hasattr(np, 'trapezoid') else np.trapz",
    "an abstract method": "class Base:\n    def f(self):\n        raise NotImplementedError()",
    "nothing written": "open('/dev/null', 'w').write('x')",
    "a file that is read": "open('ch02_vanilla_rnn.ipynb').read(9)",
    "await": "import asyncio\nawait asyncio.sleep(0)",
}


@pytest.mark.parametrize("kind", HARMLESS)
def test_what_costs_nothing(tmp_path, kind):
    assert wrong(examined(tmp_path, added(solved(), HARMLESS[kind]))) == []


def test_an_experiment_may_do_anything(tmp_path):
    made = added(solved(), "import seqdata\nopen('a.txt', 'w')")
    made["cells"][-1]["metadata"]["tags"] = ["experiment"]
    assert wrong(examined(tmp_path, made)) == []


def test_a_file_beside_the_notebook(tmp_path):
    (tmp_path / NAME).mkdir()
    (tmp_path / NAME / "helpers.py").write_text("def f(): pass")
    said = wrong(examined(tmp_path, added(solved(), "from helpers import f")))
    assert len(said) == 1 and "it gets the notebook alone" in said[0] and "helpers.py" in said[0]


@pytest.mark.parametrize("name", ["work.ipynb", f"{NAME} (1).ipynb", f"{NAME}-Copy1.ipynb"])
def test_another_name(tmp_path, name):
    [said] = wrong(examined(tmp_path, solved(), name))
    assert f"call it {NAME}.ipynb" in said
    assert doctor.chapter_of(tmp_path / NAME / name) == NAME
    elsewhere = tmp_path / "work.ipynb"
    elsewhere.write_text(json.dumps(solved()), encoding="utf-8")
    assert doctor.chapter_of(elsewhere) == NAME


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b"{", "is no notebook"),
        (b'{"nbformat": 4, "cells": 3}', "cells are no list"),
        (b" " * (101 << 20), ""),
        (json.dumps({"nbformat": 4, "cells": [{}] * 5001}).encode(), "5000 are allowed"),
    ],
)
def test_files_that_are_no_notebooks(tmp_path, data, words):
    said = wrong(examined(tmp_path, data))
    assert len(said) == 1 and words in said[0]


def test_lost_metadata_is_said_and_costs_nothing(tmp_path):
    made = solved()
    cell_of(made, STEP)["metadata"].clear()
    findings = examined(tmp_path, made)
    assert doctor.is_fit(findings)
    assert any(f"the cell of {STEP} has lost" in str(finding) for finding in findings)


def test_two_definitions_are_said(tmp_path):
    made = added(solved(), "def sample(*args):\n    return 3")
    findings = examined(tmp_path, made)
    assert any("sample is defined at cell" in str(finding) for finding in findings)


def test_a_newer_python_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(doctor.grader, "python", lambda: (3, 10))
    said = wrong(examined(tmp_path, solved()))
    assert len(said) == 1 and "newer than the grader's" in said[0]


# --- the command


def command(folder, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "seqlab", "doctor", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_the_status_says_whether_it_is_fit(tmp_path):
    folder = tmp_path / NAME
    folder.mkdir()
    path = folder / f"{NAME}.ipynb"
    path.write_text(json.dumps(solved()), encoding="utf-8")
    done = command(folder, path.name)
    assert done.returncode == 0 and "is fit to be handed in" in done.stdout
    path.write_text(json.dumps(released()), encoding="utf-8")
    done = command(folder)
    assert done.returncode == 1 and "is not fit" in " ".join(done.stdout.split())
    assert command(folder, "nothing.ipynb").returncode == 2


def test_a_file_of_no_chapter(tmp_path, capsys, monkeypatch):
    (tmp_path / "x.ipynb").write_text('{"nbformat": 4, "cells": []}')
    monkeypatch.chdir(tmp_path)
    assert cli.main(["doctor", "x.ipynb"]) == 1
    assert "which chapter" in " ".join(capsys.readouterr().out.split())
    assert cli.main(["doctor", "x.ipynb", "--chapter", "4"]) == 1
    assert cli.main(["doctor", "x.ipynb", "--chapter", "99"]) == 2
