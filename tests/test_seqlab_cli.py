"""The command `seqlab`: what it finds, runs, stops, says and remembers; `seqlab watch`; plain pytest."""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from autograder.course.source import QUIZ, ROOT, chapters, solution_source
from seqlab import cli, memory, notebook, runner
from seqlab.chapters import chapters_with_checks, function_names, resolve
from seqlab.cli import UsageProblem, targets
from seqlab.quizzes import practice
from seqlab.registry import checks_of
from seqlab.report import progress_line
from seqlab.results import CheckResult, GradientRow, as_data, from_data
from seqlab.terminal import fit, lines_of, wrapped
from seqlab.watch import State, Watch, screen

NAME = "ch04_lstm"
SHORT = 1.0  # limit in seconds for code that is meant not to end


def write(path: Path, replace: dict[str, str] | None = None) -> Path:
    """A solved notebook, with other code for some cells."""
    chapter = chapters()[NAME]
    made = json.loads((ROOT / "assignments" / NAME / f"{NAME}.ipynb").read_text(encoding="utf-8"))
    for cell in made["cells"]:
        nbgrader = cell["metadata"].get("nbgrader", {})
        if nbgrader.get("solution"):
            name = nbgrader["grade_id"]
            cell["source"] = (replace or {}).get(name) or solution_source(chapter, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(made), encoding="utf-8")
    return path


@pytest.fixture
def solved(tmp_path):
    return write(tmp_path / NAME / f"{NAME}.ipynb")


def seqlab(*arguments: str, folder: Path, **options):
    return subprocess.run(
        [sys.executable, "-m", "seqlab", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "COLUMNS": "100"},
        **options,
    )


# --- chapters and words


@pytest.mark.parametrize("name", chapters_with_checks())
def test_functions_are_known_without_an_import(name):
    assert function_names(name) == list(checks_of(name))


@pytest.mark.parametrize("word", ["ch04_lstm", "ch04", "4", "04", "ch4", "CH04", "ch04_l"])
def test_a_chapter_has_many_names(word):
    assert resolve(word) == NAME


@pytest.mark.parametrize("word", ["", "ch", "44", "lstm", "lstm_step_forward"])
def test_what_is_no_chapter_is_none(word):
    assert resolve(word) is None


def test_the_command_line_needs_no_numpy_until_it_runs_something():
    program = (
        "import sys, seqlab.cli\nprint({'numpy', 'torch', 'IPython', 'pytest'} & set(sys.modules))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "set()"


# --- notebooks and scripts


def notebook_of(*cells):
    made = [
        {"cell_type": "code", "source": source, "metadata": metadata} for source, metadata in cells
    ]
    return json.dumps({"cells": made, "nbformat": 4})


def test_experiments_and_locked_cells_are_left_out(tmp_path):
    path = tmp_path / "a.ipynb"
    path.write_text(
        notebook_of(
            ("a = 1", {}),
            (["b = 2\n", "c = 3"], {"nbgrader": {"solution": True, "locked": False}}),
            ("train()", {"tags": ["experiment"]}),
            ("%check f", {"nbgrader": {"grade": True, "locked": True}}),
            ("%load_ext seqlab", {"nbgrader": {"locked": True}}),
            ("", {}),
        )
    )
    cells = notebook.read(path).cells
    assert [(cell.number, cell.source) for cell in cells] == [(1, "a = 1"), (2, "b = 2\nc = 3")]


def test_scripts_have_cells_too(tmp_path):
    path = tmp_path / f"{NAME}.py"
    path.write_text(
        "import os\n# %% [markdown]\n# text\n# %%\na = 1\n"
        '# %% tags=["experiment"]\ntrain()\n# %% nbgrader={"grade": true, "solution": false}\n1/0\n'
        '# %% nbgrader={"locked": true, "solution": true}\nb = 2\n'
    )
    assert [cell.source.strip() for cell in notebook.read(path).cells] == [
        "import os",
        "a = 1",
        "b = 2",
    ]


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"cells": 3, "nbformat": 4}', '{"cells": [{"cell_type": "code"}]}']
)
def test_what_is_no_notebook_is_said(tmp_path, text):
    path = tmp_path / f"{NAME}.ipynb"
    path.write_text(text)
    with pytest.raises(notebook.NotebookError, match=path.name):
        notebook.read(path)
    ran = seqlab("check", folder=tmp_path)
    assert ran.returncode == 2 and "not readable" in ran.stderr and "Traceback" not in ran.stderr


def test_a_word_is_a_chapter_a_function_or_a_file(solved):
    folder = solved.parent
    whole = (*function_names(NAME), QUIZ)
    for what, where in [
        (None, folder),
        (None, folder.parent),
        ("ch04", folder),
        ("4", folder.parent),
        (str(solved), folder.parent),
        (NAME, folder.parent),
    ]:
        [target] = targets(what, where)
        assert target.path.samefile(solved) and target.functions == whole, what
    [target] = targets("cell_highway", folder)
    assert target.functions == ("cell_highway",)
    [target] = targets(QUIZ, folder)
    assert target.functions == (QUIZ,)


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("cell_higway", "did you mean cell_highway"),
        ("zzzzzz", "neither a chapter nor a function"),
        ("ch05", "there is no ch05_gru.ipynb"),
        (QUIZ, "there is no notebook"),
        (None, "there is no notebook"),
    ],
)
def test_what_is_not_there_is_said(tmp_path, what, words):
    with pytest.raises(UsageProblem, match=words):
        targets(what, tmp_path)


# --- running


def test_a_solved_chapter_passes(solved):
    ran = seqlab("check", folder=solved.parent)
    count = len(function_names(NAME)) + 1
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.count("✔") == count and f"{count} of {count}" in ran.stdout


def test_an_untouched_chapter_fails_and_says_what_waits_for_what(tmp_path):
    source = ROOT / "assignments" / NAME
    shutil.copytree(source, tmp_path / NAME)
    ran = seqlab("check", folder=tmp_path / NAME)
    assert ran.returncode == 1
    assert "· lstm_step_forward: not written yet" in ran.stdout
    assert "· lstm_step_backward: waits for lstm_step_forward" in ran.stdout
    assert "✔" not in ran.stdout


def test_several_chapters_are_summed_up(solved):
    shutil.copytree(ROOT / "assignments" / "ch05_gru", solved.parent.parent / "ch05_gru")
    ran = seqlab("check", folder=solved.parent.parent)
    first, second = ran.stdout.splitlines()
    assert ran.returncode == 1
    assert first.startswith(NAME) and "8 of 8" in first
    assert second.startswith("ch05_gru") and "0 of 7" in second


def check(path, *functions, **options):
    return runner.run(path, NAME, functions, **options)


FOREVER = "def cell_highway(f):\n    while True:\n        try:\n            f = f + 0\n        except:\n            pass\n"


def test_an_endless_loop_ends_with_a_sentence_and_the_rest_is_checked(tmp_path):
    path = write(tmp_path / f"{NAME}.ipynb", {"cell_highway": FOREVER})
    start = time.monotonic()
    done = check(path, "cell_highway", "init_lstm", seconds=SHORT)
    assert time.monotonic() - start < 30
    assert "had not finished after 1 s" in done.results["cell_highway"].findings[0]
    assert done.results["init_lstm"].ok and not done.problem


def test_what_cannot_be_interrupted_is_killed(tmp_path):
    stuck = (
        "def cell_highway(f):\n    import signal\n"
        "    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM, signal.SIGPROF})\n    while True:\n        pass\n"
    )
    path = write(tmp_path / f"{NAME}.ipynb", {"cell_highway": stuck})
    done = check(path, "cell_highway", "init_lstm", seconds=SHORT)
    assert "had not finished after 1 s" in done.results["cell_highway"].findings[0]
    assert done.results["init_lstm"].ok


def test_a_cell_that_never_ends_is_left_out(tmp_path):
    path = write(tmp_path / f"{NAME}.ipynb", {"cell_highway": "while True:\n    pass"})
    done = check(path, "cell_highway", "init_lstm", seconds=SHORT)
    assert done.results["init_lstm"].ok
    assert "had not finished" in " ".join(done.notes.values())
    assert "there is no cell_highway" in done.results["cell_highway"].findings[0]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("def cell_highway(f:\n    return f", "line 1"),
        ("@nothing_of_that_name\ndef cell_highway(f):\n    return f", "line 1: NameError"),
    ],
)
def test_a_definition_that_fails_is_said_with_its_function(tmp_path, code, words):
    path = write(tmp_path / f"{NAME}.ipynb", {"cell_highway": code})
    done = check(path, "cell_highway", "init_lstm")
    [said] = done.results["cell_highway"].findings
    assert words in said and "(cell_highway)" in said
    assert done.results["init_lstm"].ok


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("import nothing_of_that_name", "line 1: ModuleNotFoundError"),
        ("raise SystemExit('bye')", "line 1: SystemExit: bye"),
        ("import os; os._exit(3)", "line 1: it ended the Python process"),
        ("while True: pass", "line 1: it had not finished"),
    ],
)
def test_a_statement_that_fails_is_said_and_the_next_ones_run(tmp_path, line, words):
    code = f"{line}\ndef cell_highway(f):\n    return f.prod(axis=0)"
    path = write(tmp_path / f"{NAME}.ipynb", {"cell_highway": code})
    done = check(path, "cell_highway", "init_lstm", seconds=SHORT)
    [said] = done.notes.values()
    assert words in said and "(cell_highway)" in said
    assert done.results["cell_highway"].ok and done.results["init_lstm"].ok


@pytest.mark.parametrize("where", ["function", "cell"])
def test_code_that_ends_the_process_is_said(tmp_path, where):
    code = "import os\nos._exit(3)"
    if where == "function":
        code = "def cell_highway(f):\n    import os\n    os._exit(3)"
    path = write(tmp_path / f"{NAME}.ipynb", {"cell_highway": code})
    done = check(path, "cell_highway", "init_lstm")
    said = " ".join([*done.results["cell_highway"].findings, *done.notes.values()])
    assert "ended the Python process" in said
    assert done.results["init_lstm"].ok


def test_what_is_printed_does_not_disturb_and_input_does_not_wait(tmp_path):
    code = (
        'def cell_highway(f):\n    import os\n    print(\'{"event": "done"}\', flush=True)\n'
        "    os.write(1, b'garbage')\n    try:\n        input()\n    except EOFError:\n        pass\n"
        "    return f.prod(axis=0)\n"
    )
    path = write(tmp_path / f"{NAME}.ipynb", {"cell_highway": code})
    ran = seqlab("check", "cell_highway", folder=tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert "✔ cell_highway" in ran.stdout and "garbage" in ran.stderr
    assert check(path, "cell_highway", log=subprocess.DEVNULL).results["cell_highway"].ok


def test_a_wrong_backward_shows_a_table_and_a_wrong_forward_goes_first(tmp_path):
    chapter = chapters()[NAME]
    backward = solution_source(chapter, "lstm_step_backward")
    forward = solution_source(chapter, "lstm_step_forward")
    dropped = backward.replace("dc_total = dc + dh", "dc_total = dh")
    assert dropped != backward
    path = write(tmp_path / f"{NAME}.ipynb", {"lstm_step_backward": dropped})
    result = check(path, "lstm_step_backward").results["lstm_step_backward"]
    rows = {row.name: row for row in result.gradients}
    assert rows['grads["Wo"]'].ok and not rows["dc_prev"].ok
    assert rows["dc_prev"].own != rows["dc_prev"].estimate and rows["dc_prev"].error > 0.01
    assert "row" in rows["dc_prev"].place and "unit" in rows["dc_prev"].place
    assert not result.mend_first

    wrong = forward.replace("return ", "return 1.5 * ", 1)
    assert wrong != forward
    path = write(path, {"lstm_step_backward": dropped, "lstm_step_forward": wrong})
    result = check(path, "lstm_step_backward").results["lstm_step_backward"]
    assert result.mend_first == ("lstm_step_forward",) and not result.gradients


def test_the_likely_mistake_is_told_when_a_check_fails_again(tmp_path):
    write(tmp_path / f"{NAME}.ipynb", {"cell_highway": "def cell_highway(f):\n    return f[0]\n"})
    likely = checks_of(NAME)["cell_highway"].likely
    first, second = (seqlab("check", "cell_highway", folder=tmp_path) for _ in range(2))
    assert likely not in first.stdout and likely in " ".join(second.stdout.split())
    write(tmp_path / f"{NAME}.ipynb")
    assert seqlab("check", "cell_highway", folder=tmp_path).returncode == 0
    assert memory.load(tmp_path).failed == {"cell_highway": 0}


def test_hints_go_from_the_question_to_the_likely_mistake(tmp_path):
    write(tmp_path / f"{NAME}.ipynb")
    check_of = checks_of(NAME)["cell_highway"]
    for count, told in enumerate([False, True, True]):
        said = " ".join(seqlab("hint", "cell_highway", folder=tmp_path).stdout.split())
        assert check_of.question in said and (check_of.likely in said) == told, count
    assert "lstm_step_forward" in seqlab("hint", folder=tmp_path).stdout
    seqlab("check", "lstm_step_forward", folder=tmp_path)
    assert "lstm_step_backward" in seqlab("hint", folder=tmp_path).stdout


def test_practice_questions_are_asked_and_explained(solved):
    questions = practice(NAME)
    [right] = [letter for letter in "abcd" if "✔" in questions[1].explained(letter)]
    for arguments in (["quiz"], ["quiz", NAME], ["quiz", solved.name]):
        said = " ".join(seqlab(*arguments, folder=solved.parent).stdout.split())
        for question in questions:
            assert question.options[0].text in said
            assert question.options[0].says not in said
    for arguments in (["quiz", "p2", right], ["quiz", NAME[:4], "p2", right]):
        ran = seqlab(*arguments, folder=solved.parent)
        said = " ".join(ran.stdout.split())
        assert ran.returncode == 0 and said == questions[1].explained(right)
    alone = " ".join(seqlab("quiz", "p2", folder=solved.parent).stdout.split())
    assert questions[1].options[0].text in alone and questions[0].options[0].text not in alone


def test_practice_needs_no_notebook(tmp_path):
    assert "p1" in seqlab("quiz", "ch00", folder=tmp_path).stdout
    for wrong in (["p9"], ["p1", "z"], ["p1", "a", "b"], ["x1"]):
        ran = seqlab("quiz", "ch00", *wrong, folder=tmp_path)
        assert ran.returncode == 2 and ran.stderr and "Traceback" not in ran.stderr


def test_wrong_uses_end_with_status_2(tmp_path):
    for arguments in (["check", "zzz"], ["watch"], ["hint", "ch99"], ["nonsense"], []):
        ran = seqlab(*arguments, folder=tmp_path)
        assert ran.returncode == 2 and ran.stderr and "Traceback" not in ran.stderr


def test_a_library_that_is_not_there_is_said(tmp_path):
    shutil.copytree(ROOT / "assignments" / "ch08_memory", tmp_path / "ch08_memory")
    (tmp_path / "ch08_memory" / "torch.py").write_text("raise ImportError('no torch here')\n")
    ran = seqlab("check", folder=tmp_path / "ch08_memory")
    assert "no torch here" in ran.stdout and ran.returncode == 1
    assert "· build_memory_model: waits for torch" in ran.stdout


def test_a_reader_that_goes_away_is_no_error(solved):
    pipe = subprocess.Popen(
        [sys.executable, "-m", "seqlab", "check"],
        cwd=solved.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert pipe.stdout is not None and pipe.stderr is not None
    pipe.stdout.close()
    assert pipe.stderr.read() == ""
    pipe.stderr.close()
    assert pipe.wait(30) == 1


# --- memory


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"failed": 3, "hints": {}}', '{"failed": {"f": "x"}}']
)
def test_a_broken_memory_is_an_empty_one(tmp_path, text):
    (tmp_path / memory.NAME).write_text(text)
    assert memory.load(tmp_path) == memory.Memory()


def test_a_memory_comes_back_as_it_was(tmp_path):
    kept = memory.Memory()
    wrong, stub = (
        CheckResult("f", False, ("bad",)),
        CheckResult("f", False, ("f is not written yet",)),
    )
    kept.add([wrong, wrong])
    assert kept.repeated == {"f"} and kept.ask("f") == 1
    memory.save(kept, tmp_path)
    assert memory.load(tmp_path) == kept
    kept.add([stub])
    assert not kept.repeated
    kept.add([CheckResult("f", True)])
    assert kept.hints == {} and kept.failed == {"f": 0}
    memory.save(kept, tmp_path / "missing")  # nowhere to write: no error


# --- rendering

ROWS = (
    GradientRow("dx", True, 1e-9),
    GradientRow("dW", False, 0.5, "row 1, unit 2", 1.25, -3.0),
    GradientRow("db", False, remark="has shape (1, 2) instead of (2,)"),
)
FAILED = CheckResult("f", False, ("dW is wrong", "db is wrong"), "Why?", "A slip.", ROWS, ("g",))


def test_a_result_survives_the_way_to_another_process():
    assert from_data(json.loads(json.dumps(as_data(FAILED)))) == FAILED


def test_a_failure_is_rendered_with_its_table():
    text = "\n".join(lines_of(FAILED, True, 100, False))
    for words in (
        "✘ f",
        "- dW is wrong",
        "5.0e-01",
        "row 1, unit 2",
        "1.25",
        "-3",
        "has shape (1, 2)",
    ):
        assert words in text
    for words in ("Begin with: g", "Ask yourself: Why?", "A likely mistake: A slip."):
        assert words in text
    assert "A slip." not in "\n".join(lines_of(FAILED, False, 100, False))
    assert "\033[" not in text and "\033[" in "\n".join(lines_of(FAILED, False, 100, True))


def test_lines_fit_the_terminal():
    lines = wrapped("word " * 40, 50, "  - ")
    assert all(len(line) <= 50 for line in lines) and lines[1].startswith("    word")
    assert fit(list("abcdef"), 4) == ["a", "b", "c", "…"]
    assert progress_line([True, False, True]).endswith("2 of 3")


# --- watch


def state_of(**results):
    return State(
        Path("n.ipynb"),
        ["f", "g", "h"],
        {
            name: CheckResult(name, ok, () if ok else (f"{name} is off",))
            for name, ok in results.items()
        },
    )


def test_the_current_exercise_is_the_first_that_does_not_pass():
    state = state_of(f=True, g=False)
    state.move_on()
    assert state.current == "g"
    state.choose_next()
    assert state.current == "h"
    state.choose_next()
    assert state.current == "g", "passed ones are skipped"
    state.results["g"] = CheckResult("g", True)
    state.move_on()
    assert state.current == "h"
    state.results["h"] = CheckResult("h", True)
    state.move_on()
    assert state.current == "" and "Every check passes" in "\n".join(
        screen(state, frozenset(), 80, 24, False)
    )


def test_the_screen_shows_progress_exercise_list_and_keys():
    state = state_of(f=True, g=False)
    state.move_on()
    state.printed = "\n".join(f"line {k}" for k in range(20))
    text = "\n".join(screen(state, frozenset(), 80, 24, False))
    assert "1 of 3" in text and "g is off" in text and "q quit" in text
    assert "line 19" in text and "line 3" not in text
    state.listing = True
    text = "\n".join(screen(state, frozenset(), 80, 24, False))
    assert "✔ f" in text and "✘ g  ← current" in text and "· h" in text
    assert len(screen(state, frozenset(), 80, 6, False)) <= 6


def test_watch_checks_again_after_a_save(tmp_path, capsys):
    wrong = {"cell_highway": "def cell_highway(f):\n    print('seen')\n    return f[0]\n"}
    path = write(tmp_path / f"{NAME}.ipynb", wrong)
    inbox: queue.Queue[object] = queue.Queue()
    watch = Watch(path, NAME, inbox)

    def until(condition):
        end = time.monotonic() + 60
        while not condition():
            assert watch.step() and time.monotonic() < end

    def settled():
        return watch.state.took is not None and not watch.state.running

    try:
        until(settled)
        assert watch.state.current == "cell_highway"
        assert "seen" in watch.state.printed
        assert "7 of 8" in capsys.readouterr().out
        for key in "hhl":
            inbox.put(key)
        until(lambda: watch.state.listing)
        assert checks_of(NAME)["cell_highway"].likely in " ".join(watch.state.hints)
        watch.state.took = None
        fresh = write(tmp_path / "other.ipynb")
        fresh.replace(path)  # as Jupyter saves
        until(settled)
        assert watch.state.current == "" and watch.state.results["cell_highway"].ok
        assert memory.load(tmp_path).failed["cell_highway"] == 0
        inbox.put("q")
        end = time.monotonic() + 10
        while watch.step():
            assert time.monotonic() < end
    finally:
        watch.close()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
def test_keys_in_a_real_terminal(solved):
    import pty

    ours, theirs = pty.openpty()
    watching = subprocess.Popen(
        [sys.executable, "-m", "seqlab", "watch"],
        cwd=solved.parent,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm"},
    )
    os.close(theirs)
    shown = b""
    try:
        while b"8 of 8" not in shown or b" ms" not in shown:
            shown += os.read(ours, 4096)
        os.write(ours, b"l")
        while b"init_lstm" not in shown:
            shown += os.read(ours, 4096)
        os.write(ours, b"q")
        assert watching.wait(10) == 0
    finally:
        watching.kill()
        watching.wait()
        os.close(ours)


# --- plain pytest


def test_plain_pytest_checks_the_notebook(tmp_path):
    write(tmp_path / f"{NAME}.ipynb", {"cell_highway": "def cell_highway(f):\n    return f[0]\n"})
    shutil.copy(tmp_path / f"{NAME}.ipynb", tmp_path / "notes.ipynb")
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "pytest_seqlab", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={
            **os.environ,
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "PYTHONPATH": str(ROOT / "assignments" / "seqlab" / "src"),
        },
    )
    assert ran.returncode == 1
    assert "1 failed, 7 passed" in ran.stdout, ran.stdout + ran.stderr
    assert "the highway is wrong" in " ".join(ran.stdout.split()) and "Traceback" not in ran.stdout


def test_main_returns_the_status(solved, monkeypatch, capsys):
    monkeypatch.chdir(solved.parent)
    assert cli.main(["check", "cell_highway"]) == 0
    assert cli.main(["check", "zzz"]) == 2
    assert "neither" in capsys.readouterr().err
