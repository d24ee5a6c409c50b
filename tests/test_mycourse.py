"""`from mycourse import …`: a function of an earlier chapter, or a message that says which one is waited for."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from autograder.course.source import chapters
from seqlab import earlier

RIGHT = """
def global_norm(grads):
    entries = np.concatenate([np.zeros(1), *(np.ravel(g) for g in grads.values())])
    largest = max(np.abs(entries).max(), 1e-300)
    return float(largest * np.linalg.norm(entries / largest))

def clip_by_value(grads, limit):
    if not limit > 0:
        raise ValueError(f"limit must be above 0, not {limit}")
    return {name: np.clip(g, -limit, limit) for name, g in grads.items()}
"""


def write(folder, *sources, tags=()):
    """Write a student's notebook of Chapter 3 with these cells."""
    cells = [
        {"cell_type": "code", "metadata": {"tags": list(tags)}, "outputs": [], "source": source}
        for source in ("import numpy as np", *sources)
    ]
    path = folder / "ch03_gradients" / "ch03_gradients.ipynb"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4}))
    beside = folder / "ch04_lstm"
    beside.mkdir(exist_ok=True)
    return beside


def waits(name, folder):
    """Return the message of an experiment that cannot have a function."""
    with pytest.raises(earlier.Waiting) as caught:
        earlier.function(name, folder)
    [line] = caught.value._render_traceback_()  # all that a notebook shows
    assert line == str(caught.value)
    return line


def test_a_right_function_comes_from_the_notebook_beside(tmp_path):
    beside = write(tmp_path, RIGHT)
    clip = earlier.function("clip_by_value", beside)
    assert np.array_equal(clip({"a": np.array([3.0, 0.5])}, 1.0)["a"], [1.0, 0.5])


def test_imports_as_a_notebook_does(tmp_path, monkeypatch):
    monkeypatch.chdir(write(tmp_path, RIGHT))
    from mycourse import global_norm

    assert global_norm({"a": np.array([3.0]), "b": np.array([4.0])}) == 5.0


def test_a_stub_is_waited_for(tmp_path):
    beside = write(tmp_path, "def clip_by_value(grads, limit):\n    raise NotImplementedError()")
    said = waits("clip_by_value", beside)
    assert "waits for `clip_by_value` of Chapter 3" in said and "not written yet" in said


def test_a_function_that_is_not_there_is_waited_for(tmp_path):
    assert "`global_norm` of Chapter 3" in waits("global_norm", write(tmp_path, "x = 1"))


def test_a_cell_that_fails_is_named(tmp_path):
    beside = write(tmp_path, "def global_norm(grads:\n    return 0.0")
    said = waits("global_norm", beside)
    assert "cell 2, line 1" in said and "never closed" in said


def test_a_red_function_is_waited_for(tmp_path):
    beside = write(tmp_path, "def global_norm(grads):\n    return 1.0")
    said = waits("global_norm", beside)
    assert "its check fails" in said and "%check global_norm" in said


def test_a_saved_repair_counts_at_once(tmp_path):
    beside = write(tmp_path, "def global_norm(grads):\n    return 1.0")
    waits("global_norm", beside)
    write(tmp_path, RIGHT)
    assert earlier.function("global_norm", beside)({"a": np.array([-2.0])}) == 2.0


def test_experiments_of_the_other_notebook_are_not_run(tmp_path):
    beside = write(tmp_path, RIGHT + "\nraise SystemExit", tags=("experiment",))
    assert "`global_norm`" in waits("global_norm", beside)


def test_a_missing_notebook_is_named(tmp_path):
    assert "no ch03_gradients.ipynb" in waits("global_norm", tmp_path)


def test_what_no_chapter_has_is_said(tmp_path):
    assert "none has it" in waits("attention_is_all_you_need", tmp_path)
    assert "several chapters" in waits("encode", tmp_path)


def test_what_python_looks_for_in_a_module_is_no_function():
    import mycourse

    assert not hasattr(mycourse, "__path__") and not hasattr(mycourse, "_private")


def test_an_experiment_shows_the_message_alone(tmp_path):
    """In IPython, from the folder of a chapter, without a traceback."""
    code = "from IPython.core.interactiveshell import InteractiveShell\n"
    code += "InteractiveShell.instance().run_cell('from mycourse import global_norm')"
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=write(tmp_path, "x = 1"),
        capture_output=True,
        text=True,
        check=True,
    )
    assert "This experiment waits for `global_norm` of Chapter 3" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_only_experiments_use_other_chapters():
    """A graded cell stays independent of them."""
    from autograder.course.source import read_notebook

    for chapter in chapters().values():
        for cell in read_notebook(chapter)["cells"]:
            if cell["cell_type"] == "code" and "mycourse" in cell["source"]:
                assert "experiment" in cell["metadata"].get("tags", []), chapter.name
