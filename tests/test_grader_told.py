"""What students are told of the grader: one list of libraries, its Python, its numpy; and that a check holds them to it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import types
import warnings

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell

from autograder.course import settings, told
from autograder.course.settings import Grading, Libraries, importable
from autograder.course.source import ROOT, chapters
from autograder.sandbox.confine import libraries as sandbox
from seqlab import asgraded, grader, live, magic, registry, runner
from seqlab.chapters import chapters_with_checks
from seqlab.imports import imports
from seqlab.magic import CheckFailed, CheckMagics
from seqlab.registry import VisibleCheck, run_check
from tests import needs

CHAPTER = "ch02_vanilla_rnn"
SAME_PYTHON = grader.python() == sys.version_info[:2]


# --- one list


@pytest.mark.parametrize("chapter", chapters())
def test_students_and_settings_have_the_same_list(chapter):
    released = grader.importable(chapter) - {"IPython"}
    listed = importable(settings.load().grading, chapter) - settings.OUR_PACKAGES
    if not SAME_PYTHON:  # the standard library of the Python that released it
        released, listed = (names - sys.stdlib_module_names for names in (released, listed))
        released -= set(grader.data()["standard"])
    assert released == listed


@pytest.mark.parametrize("torch", [False, True])
def test_the_sandbox_has_what_is_promised(torch):
    chapter = "ch07_seq2seq" if torch else CHAPTER
    names = set(grader.libraries(chapter))
    assert names == {*sandbox.NUMPY_DISTRIBUTIONS, *(sandbox.TORCH_DISTRIBUTIONS if torch else ())}
    there = sandbox.importable(torch)
    promised = {m for n in names for m in settings.MODULES.get(n, (n,)) if n in there}
    assert promised <= there


def test_a_library_that_the_sandbox_lacks_is_said_at_the_release():
    course = chapters()
    libraries = Libraries(common=("numpy", "jax", "json"))
    assert told.not_in_sandbox(libraries, [course[CHAPTER]]) == {CHAPTER: ["jax"]}
    if "torch" in sandbox.importable(True):
        assert told.not_in_sandbox(Libraries(), course.values()) == {}


def test_the_released_data_are_those_of_this_environment():
    made = told.as_data(settings.load().grading)
    kept = grader.data()
    assert kept["libraries"] == made["libraries"] and kept["modules"] == made["modules"]
    if SAME_PYTHON and kept["numpy"]["version"] == np.__version__:
        assert kept == made, "run make release"


def test_another_list_is_told_everywhere():
    libraries = Libraries(common=("numpy", "jax"), chapters={CHAPTER: ("torch",)})
    made = told.as_data(Grading(libraries=libraries))
    assert made["libraries"] == {"common": ["numpy", "jax"], "chapters": {CHAPTER: ["torch"]}}
    assert "`numpy`, `jax`, `torch`: the grader has no others" in told.sentence(libraries, CHAPTER)
    page = told.readme("a\n<!-- the grader -->\nold\n<!-- end -->\nb", libraries)
    assert "`numpy`, `jax`; in Chapter 2 `torch` as well" in page and "old" not in page
    assert page.startswith("a\n<!-- the grader -->\n") and page.endswith("<!-- end -->\nb")


def test_every_notebook_and_the_readme_say_it():
    libraries = settings.load().grading.libraries
    for name in chapters():
        path = ROOT / "assignments" / name / f"{name}.ipynb"
        first = json.loads(path.read_text(encoding="utf-8"))["cells"][0]
        assert told.sentence(libraries, name) in "".join(first["source"])
    page = (ROOT / "assignments" / "README.md").read_text(encoding="utf-8")
    for library in libraries.common:
        assert f"`{library}`" in page.partition("<!-- the grader -->")[2]


@pytest.mark.parametrize(
    ("version", "words"),
    [((3, 11), ""), ((3, 12), ""), ((3, 13), "newer than the grader's"), ((3, 10), "too old")],
)
def test_pythons(monkeypatch, version, words):
    monkeypatch.setattr(grader, "python", lambda: (3, 12))
    said = grader.python_remark(version)
    assert words in said and bool(said) == bool(words)
    assert not words or "use 3.11 to 3.12" in said


# --- imports of a cell


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import a.b as c", [("a.b", 1, ("c",), "", False)]),
        ("import a, b.c", [("a", 1, ("a",), "", False), ("b.c", 1, ("b",), "", False)]),
        ("x = 1\nfrom a.b import c as d, e", [("a.b", 2, ("d", "e"), "", False)]),
        ("def f():\n    import a", [("a", 2, ("a",), "f", False)]),
        ("class C:\n    def f(self):\n        import a", [("a", 3, ("a",), "f", False)]),
        ("import importlib\nm = importlib.import_module('a.b')", [("a.b", 2, ("m",), "", False)]),
        ("__import__('a').f()", [("a", 1, (), "", False)]),
        ("importlib.import_module(name)", []),
        (
            "try:\n    import a\nexcept ImportError:\n    import b",
            [("a", 2, ("a",), "", True), ("b", 4, ("b",), "", False)],
        ),
        ("try:\n    import a\nexcept ValueError:\n    pass", [("a", 2, ("a",), "", False)]),
        ("try:\n    import a\nexcept:\n    pass", [("a", 2, ("a",), "", True)]),
        ("try:\n    import a\nfinally:\n    pass", [("a", 2, ("a",), "", False)]),
        ("if IN_COLAB:\n    import a", [("a", 2, ("a",), "", True)]),
        ("if not IN_COLAB:\n    import a", [("a", 2, ("a",), "", False)]),
        ("if False:\n    import a", [("a", 2, ("a",), "", True)]),
        (
            "import a\nfor i in (1:\n    pass\nimport b",
            [("a", 1, ("a",), "", False), ("b", 4, ("b",), "", False)],
        ),
        ("s = 'import a'  # import b", []),
    ],
)
def test_imports(source, found):
    got = [(o.module, o.line, o.names, o.function, o.provided) for o in imports(source)]
    got = [one for one in got if one[0] != "importlib"]
    assert got == found


def test_imports_in_a_formula_without_end():
    assert imports("x = " + "+".join(["1"] * 3000) + "\nimport a")[0].module == "a"


# --- a check applies the rules


def checked(code, calls=lambda c: c.call("f"), chapter=CHAPTER):
    namespace = {}
    exec(compile(code, "<x cell 1>", "exec"), namespace)
    return run_check(VisibleCheck("f", calls, "?", ".", chapter), namespace)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (
            "def f():\n    import sklearn",
            "f needs `sklearn`, which the grader does not have (line 2",
        ),
        ("def f():\n    from PIL import Image", "f needs `PIL`"),
        ("def f():\n    import torch", "f needs `torch`"),
        (
            "import importlib\ndef f():\n    importlib.import_module('seaborn.x')",
            "f needs `seaborn`",
        ),
        ("def f():\n    import seqdata", "f needs `seqdata`"),
    ],
)
def test_an_import_that_the_grader_refuses_is_refused(code, words):
    result = checked(code)
    assert not result.ok and words in result.findings[0]


@pytest.mark.parametrize(
    "code",
    [
        "def f():\n    import math, numpy.linalg, scipy.special",
        "def f():\n    import matplotlib.pyplot as plt",  # which imports what is not on the list
        "def f():\n    try:\n        import sklearn\n    except ImportError:\n        return 1",
        "def f():\n    from IPython.display import display",
    ],
)
def test_what_the_grader_has_is_imported(code):
    assert checked(code).ok


def test_torch_is_there_in_its_chapters():
    assert not grader.lacks("torch.nn", "ch07_seq2seq") and grader.lacks("torch.nn", CHAPTER)
    assert "torch" in grader.listed("ch08_memory") and "torch" not in grader.listed(CHAPTER)


def test_imports_are_as_before_afterwards():
    before = __import__
    checked("def f():\n    import sklearn")
    assert __builtins__["__import__"] is before if isinstance(__builtins__, dict) else True


# What an older numpy says first, as its own words, and the rule by which the grader's refuses.
WARNED = [
    (
        "Conversion of an array with ndim > 0 to a scalar is deprecated, and will error in future.",
        "an array of one entry is no number",
    ),
    ("The truth value of an empty array is ambiguous. Returning False", "neither true nor false"),
    ("`newshape` keyword argument is deprecated, use `shape=...`", "takes `shape`"),
    ("Calling np.sum(generator) is deprecated, and in the future", "takes no generator"),
]


@pytest.mark.parametrize(("warning", "rule"), WARNED)
def test_what_an_older_numpy_warns_of_is_refused(warning, rule):
    code = f"import warnings\ndef f():\n    warnings.warn({warning!r}, DeprecationWarning)"
    result = checked(code)
    [said] = result.findings
    assert f"numpy {grader.numpy_version()}, which the grader has, refuses this" in said
    assert rule in said and "line 3" in said


def test_other_warnings_are_none_of_our_business():
    assert checked("import warnings\ndef f():\n    warnings.warn('x', DeprecationWarning)").ok


def test_the_rules_are_those_of_this_numpy():
    """Each rule is told only where numpy breaks on it: here is what breaks it."""
    for beginning, _rule, breaks in told._EXPIRED:
        assert any(
            beginning.startswith(words[:30]) or words.startswith(beginning) for words, _ in WARNED
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if beginning in grader.numpy_refuses() and np.__version__ == grader.numpy_version():
                with pytest.raises((TypeError, ValueError)):
                    breaks()


def test_a_name_that_only_an_older_numpy_has(monkeypatch, tmp_path):
    path = tmp_path / "m.py"
    path.write_text(
        "import numpy as np\ndef f():\n    return np.ones(2)\ndef g():\n    return np.in1d\n"
    )
    module = types.ModuleType("m")
    exec(compile(path.read_text(), str(path), "exec"), module.__dict__)
    check = VisibleCheck("f", lambda c: c.call("f"), "?", ".", CHAPTER)
    monkeypatch.setattr(np, "__version__", "2.1.0")
    assert run_check(check, module.__dict__).ok
    module.__dict__["f"] = module.__dict__["g"]
    [said] = run_check(check, module.__dict__).findings[-1:]
    assert "numpy.in1d" in said and "does not have" in said


# --- in a live notebook


@pytest.fixture
def shell(monkeypatch, tmp_path):
    """A shell with `%check` in a chapter of its own, in a folder of its own; what is shown is kept."""
    monkeypatch.chdir(tmp_path)
    shell = InteractiveShell()
    shell.user_ns["In"] = [""]
    magics = CheckMagics(shell)
    shell.register_magics(magics)
    checks = {
        name: VisibleCheck(name, lambda c, name=name: c.call(name), "?", ".", "ch99_toy")
        for name in ("f", "g")
    }
    monkeypatch.setitem(registry._registry, "ch99_toy", checks)
    monkeypatch.setattr(magic, "chapters_with_checks", lambda: ["ch99_toy"])
    monkeypatch.setattr(magic, "forms", lambda _chapter: {})
    shell.shown = []
    monkeypatch.setattr(magic, "display", shell.shown.append)
    shell.run_line_magic("chapter", "ch99_toy")

    def run(source):
        shell.user_ns["In"].append(source)
        exec(compile(source, "<x cell 1>", "exec"), shell.user_ns)

    shell.run_source = run
    return shell


def test_a_check_says_which_import_the_grader_refuses(shell):
    shell.run_source("import numpy as np\nimport hypothesis as hp\nimport seqlab")
    shell.run_source("def helper():\n    return hp.__name__\ndef f():\n    return helper()")
    shell.run_source("def g():\n    return np.ones(2)\nquiz_answers = {}")
    with pytest.raises(CheckFailed, match="f"):
        shell.run_line_magic("check", "f")
    [result] = shell.shown[-1].results
    assert result.findings == (
        "f needs `hypothesis`, which the grader does not have (In [1], line 2)",
    )
    assert shell.shown[-1].notes == ()
    shell.run_line_magic("check", "g")
    with pytest.raises(CheckFailed):
        shell.run_line_magic("check", "")
    [note] = shell.shown[-1].notes
    assert note.startswith(
        "In [1], line 2: the grader does not have `hypothesis`; it has the standard"
    )
    for shown in (shell.shown[-1].text(), shell.shown[-1].html()):
        assert "In [1], line 2" in shown and "seqlab" not in shown


def test_a_name_that_was_imported_from_elsewhere_later(shell, tmp_path):
    (tmp_path / "own.py").write_text("def ones(n):\n    return [1] * n\n")
    refused = live.refused_imports(
        ["", "from own import ones", "%time import own as o", "from numpy import ones"],
        CHAPTER,
        tmp_path,
    )
    assert list(refused) == ["o"]
    assert "it gets the notebook alone" in str(refused["o"]) and "In [2]" in str(refused["o"])


def test_a_newer_python_is_reported_at_the_check(shell, monkeypatch):
    monkeypatch.setattr(grader, "python", lambda: (3, 10))
    shell.run_source("def f():\n    return 1")
    shell.run_line_magic("check", "f")
    assert "newer than the grader's" in shell.shown[-1].notes[0]


def test_before_handing_in(shell, tmp_path, monkeypatch, capsys):
    source = ROOT / "assignments" / CHAPTER / f"{CHAPTER}.ipynb"
    monkeypatch.setattr(magic, "chapters_with_checks", chapters_with_checks)
    shell.run_line_magic("chapter", CHAPTER)
    (tmp_path / f"{CHAPTER}.ipynb").write_bytes(source.read_bytes())
    with pytest.raises(CheckFailed):
        shell.run_line_magic("check", "--before-handing-in")
    said = capsys.readouterr().out
    assert "rnn_forward is not written yet" in said and "is not fit to be handed in" in said
    assert "what you ran" not in said
    path = tmp_path / "cell.py"
    path.write_text("def rnn_forward(x, h0, params):\n    return 3\n")
    exec(compile(path.read_text(), str(path), "exec"), shell.user_ns)
    with pytest.raises(CheckFailed):
        shell.run_line_magic("check", "--before-handing-in")
    assert "rnn_forward in the file is not what you ran" in capsys.readouterr().out


# --- every command, on a terminal of western Windows without colours


def notebook(*sources):
    cells = [{"cell_type": "code", "metadata": {}, "source": source} for source in sources]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells})


COMMANDS = [
    ["check"],
    ["check", "rnn_step_forward"],
    ["doctor"],
    ["doctor", "Übung ✔ λ.ipynb"],
    ["hint", "rnn_step_forward"],
    ["quiz", CHAPTER],
    ["sim"],
    ["sim", "lstm_cell", "--output", "page.html"],
    ["watch"],
    ["--help"],
    ["doctor", "--help"],
    ["check", "λ"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "cp437"])
def test_output_survives_old_encodings_and_has_no_colour(tmp_path, command, encoding):
    folder = tmp_path / CHAPTER
    folder.mkdir()
    odd = "λ = 1\nraise ValueError('Δ ✘ é \\U0001f600')"
    text = notebook(
        "import numpy as np", odd, "def rnn_step_forward(*a):\n    raise ValueError('Δ ✔ 中')"
    )
    for name in (f"{CHAPTER}.ipynb", "Übung ✔ λ.ipynb"):
        (folder / name).write_text(text, encoding="utf-8")
    variables = {**os.environ, "PYTHONIOENCODING": encoding, "NO_COLOR": "1", "PYTHONUTF8": "0"}
    done = subprocess.run(
        [sys.executable, "-m", "seqlab", *command],
        cwd=folder,
        env=variables,
        input=b"lq",  # what `watch` gets as keys
        capture_output=True,
        timeout=120,
    )
    assert done.returncode in (0, 1, 2)
    for stream in (done.stdout, done.stderr):
        assert b"Traceback" not in stream and b"\033" not in stream
        stream.decode(encoding)
    assert done.stdout or done.stderr


def test_seqlab_check_refuses_writing_as_the_grader_does(tmp_path):
    path = tmp_path / f"{CHAPTER}.ipynb"
    path.write_text(
        notebook("import os\nos.makedirs('x')\nopen('y', 'w')\na = 1"), encoding="utf-8"
    )
    done = runner.run(path, CHAPTER, ())
    assert list(done.notes) == [(1, 2), (1, 3)]
    assert all("nothing can be written to disk" in note for note in done.notes.values())
    assert sorted(one.name for one in tmp_path.iterdir()) == [path.name]


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("import torch\ntorch.save({}, 'x')", marks=needs.torch),
        "import numpy as np\nnp.savez('x', a=1)",
        "import numpy as np\nnp.ones(3).tofile('x')",
        "import pathlib\npathlib.Path('x').write_text('a')",
        "import sqlite3\nsqlite3.connect('x')",
        "import tempfile\ntempfile.mkdtemp(dir='.')",
        "import socket\nsocket.socket()",
        "import os\nos.system('true')",
        "import pandas as pd\npd.DataFrame([1]).to_csv('x')",
        "exec(\"open('x', 'w')\")",
        "import shutil\nshutil.copy('ch07_seq2seq.ipynb', 'x')",
    ],
)
def test_no_way_of_writing_works(tmp_path, line):
    path = tmp_path / "ch07_seq2seq.ipynb"
    path.write_text(notebook(line), encoding="utf-8")
    [note] = runner.run(path, "ch07_seq2seq", ()).notes.values()
    assert "where your work is graded" in note
    assert sorted(one.name for one in tmp_path.iterdir()) == [path.name]


@pytest.mark.parametrize(
    "line",
    [
        "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.savefig('x.png')",
        pytest.param("import torch\nimport io\ntorch.save({}, io.BytesIO())", marks=needs.torch),
        "import sqlite3\nsqlite3.connect(':memory:')",
        "import threading\nthreading.Thread(target=print).start()",
    ],
)
def test_what_the_grader_lets_pass(tmp_path, line):
    path = tmp_path / "ch07_seq2seq.ipynb"
    path.write_text(notebook(line), encoding="utf-8")
    assert runner.run(path, "ch07_seq2seq", ()).notes == {}


def test_a_module_beside_the_notebook_is_the_students_own(tmp_path):
    (tmp_path / "own.py").write_text("")
    assert asgraded.is_own("own", tmp_path) and not asgraded.is_own("other", tmp_path)
    path = tmp_path / f"{CHAPTER}.ipynb"
    path.write_text(notebook("import own"), encoding="utf-8")
    [note] = runner.run(path, CHAPTER, ()).notes.values()
    assert "put into it what you need of own.py" in note
