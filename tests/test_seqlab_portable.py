"""`seqlab` and `seqdata` where the modules and calls of Unix are not there, as on Windows.

A stand-in for such a machine: what seqlab itself imports of these modules is missing, and so are the functions that only
Unix has. What it uses of others (numpy, IPython, the standard library) is portable by itself.
"""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys

import pytest

from autograder.course.source import ROOT, chapters, solution_source
from seqlab.chapters import chapters_with_checks

SOURCES = [
    path
    for folder in ("assignments/seqlab/src", "datasets/seqdata")
    for path in sorted((ROOT / folder).rglob("*.py"))
]
UNIX_MODULES = frozenset(
    {
        *("resource", "fcntl", "termios", "tty", "pty", "pwd", "grp", "spwd", "crypt", "nis"),
        *("syslog", "posix", "readline", "curses", "_posixsubprocess", "ossaudiodev"),
    }
)
# As `sitecustomize`, which every Python that starts imports first.
HIDING = f"""
import builtins, os, signal
UNIX = {sorted(UNIX_MODULES)!r}
ordinary = builtins.__import__
def portable(name, globals=None, locals=None, fromlist=(), level=0):
    importer = (globals or {{}}).get("__name__") or ""
    if importer.partition(".")[0] in ("seqlab", "seqdata", "pytest_seqlab", "__main__"):
        if level == 0 and name.partition(".")[0] in UNIX:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
    return ordinary(name, globals, locals, fromlist, level)
builtins.__import__ = portable
for name in ("fork", "getuid", "geteuid", "getgid", "killpg", "getpgid", "setsid",
             "nice", "mkfifo", "getloadavg", "memfd_create", "pidfd_open"):
    if hasattr(os, name):
        delattr(os, name)
for name in ("SIGALRM", "setitimer", "ITIMER_REAL", "alarm", "pause", "SIGHUP", "SIGUSR1", "SIGWINCH",
             "pthread_kill", "sigwait"):
    delattr(signal, name)
"""


@pytest.fixture
def elsewhere(tmp_path):
    """Run Python as on such a machine; its pipes are in the encoding of western Windows."""
    if not sys.prefix.isascii():
        pytest.skip("Python starts with an ASCII locale only where its environment's path is ASCII")
    (tmp_path / "hiding").mkdir()
    (tmp_path / "hiding" / "sitecustomize.py").write_text(HIDING)

    def run(*arguments, folder=tmp_path):
        variables = {**os.environ, "PYTHONPATH": str(tmp_path / "hiding"), "COLUMNS": "100"}
        variables |= {"PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0", "LC_ALL": "C"}
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=folder,
            env=variables,
            capture_output=True,
            timeout=120,
        )

    return run


def test_the_stand_in_hides_what_it_says(elsewhere):
    done = elsewhere("-c", "import os, signal\nprint(hasattr(os, 'fork'))\nimport fcntl")
    assert done.stdout.split() == [b"False"] and b"No module named 'fcntl'" in done.stderr


def test_every_module_can_be_imported(elsewhere):
    code = """
import importlib, pkgutil, pathlib, seqdata, seqlab
names = [m.name for p in (seqlab, seqdata) for m in pkgutil.walk_packages(p.__path__, p.__name__ + ".")]
assert len(names) > 30
for name in names:
    if not name.endswith("__main__"):
        importlib.import_module(name)
import pytest_seqlab
print(len(names))
"""
    done = elsewhere("-c", code)
    assert done.returncode == 0, done.stderr.decode()


@pytest.mark.parametrize("name", [chapters_with_checks()[0], "ch04_lstm"])
def test_a_chapter_is_checked(elsewhere, tmp_path, name):
    chapter = chapters()[name]
    made = json.loads((ROOT / "assignments" / name / f"{name}.ipynb").read_text(encoding="utf-8"))
    for cell in made["cells"]:
        nbgrader = cell["metadata"].get("nbgrader", {})
        if nbgrader.get("solution"):
            cell["source"] = solution_source(chapter, nbgrader["grade_id"])
    folder = tmp_path / "Übungen für alle" / name
    folder.mkdir(parents=True)
    (folder / f"{name}.ipynb").write_text(json.dumps(made), encoding="utf-8")
    done = elsewhere("-m", "seqlab", "check", folder=folder)
    assert done.returncode == 0, done.stdout.decode("cp1252") + done.stderr.decode("cp1252")
    said = done.stdout.decode("cp1252").splitlines()
    assert sum(line.startswith("+ ") for line in said) >= len(chapter.functions) - 1
    assert not any(line.startswith("x ") for line in said)
    for command in (["quiz"], ["hint", chapter.functions[0].name], ["--help"]):
        done = elsewhere("-m", "seqlab", *command, folder=folder)
        assert done.returncode == 0, (command, done.stderr.decode("cp1252"))


def test_what_fails_is_told_as_well(elsewhere, tmp_path):
    name = chapters_with_checks()[0]
    (tmp_path / name).mkdir()
    made = (ROOT / "assignments" / name / f"{name}.ipynb").read_text(encoding="utf-8")
    wrong = "return 'é ✔ \\u0394'"
    broken = made.replace("raise NotImplementedError()", wrong)
    (tmp_path / name / f"{name}.ipynb").write_text(broken, encoding="utf-8")
    done = elsewhere("-m", "seqlab", "check", folder=tmp_path / name)
    assert done.returncode == 1, done.stderr.decode("cp1252")
    assert any(line.startswith("x ") for line in done.stdout.decode("cp1252").splitlines())


def test_files_are_opened_as_utf8():
    """Elsewhere the encoding is not UTF-8 unless that is said."""
    careless = []
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_bytes())):
            if not isinstance(node, ast.Call):
                continue
            name = ast.unparse(node.func)
            if name.startswith("webbrowser.") or name == "read_text":  # one of seqdata's own
                continue
            name = name.rpartition(".")[2]
            given = {keyword.arg for keyword in node.keywords}
            binary = any(isinstance(a, ast.Constant) and "b" in str(a.value) for a in node.args[1:])
            text = name in ("open", "read_text", "write_text", "fdopen") and not binary
            said = "encoding" in given or any(
                isinstance(a, ast.Constant) and str(a.value).lower() in ("utf-8", "ascii")
                for a in node.args
            )
            nothing = any("devnull" in ast.dump(a) for a in node.args)
            if text and not said and not nothing:
                careless.append(f"{path.name}:{node.lineno}")
    assert careless == []


def test_modules_of_unix_are_imported_where_their_absence_is_caught():
    for path in SOURCES:
        tree = ast.parse(path.read_bytes())
        guarded = {
            id(inner)
            for node in ast.walk(tree)
            if isinstance(node, ast.Try)
            for inner in ast.walk(node)
        }
        for node in ast.walk(tree):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            if UNIX_MODULES & {name.partition(".")[0] for name in names}:
                assert id(node) in guarded, f"{path}:{node.lineno}"
