"""Cells run statement by statement: what fails, with its line, and what goes on."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.sandbox.client import Zygote
from autograder.sandbox.inside import statements as inside
from autograder.sandbox.session import Session
from autograder.sandbox.terms import Cell, Limits
from seqlab import lines, statements
from seqlab.statements import Cells
from tests import needs


class Notebook:
    """Cells that share a namespace, with what failed as (line, class)."""

    def __init__(self, notebook=True):
        self.names = {}
        self._cells = Cells(self.names, notebook)
        self._count = 0

    def run(self, source, **options):
        self._count += 1
        failures = self._cells.run(source, f"<cell {self._count}>", **options)
        return [(failure.line, type(failure.error).__name__) for failure in failures]


def test_both_sides_run_cells_by_the_same_file():
    assert Path(inside.__file__).read_bytes() == Path(statements.__file__).read_bytes()


def test_a_statement_that_raises_does_not_stop_the_next():
    notebook = Notebook()
    source = "a = 1\n1 / 0\nb = [\n  nope,\n]\nc = 3\nreturn c\nd = 4"
    assert notebook.run(source) == [
        (2, "ZeroDivisionError"),
        (4, "NameError"),
        (7, "SyntaxError"),
    ]
    assert (notebook.names["a"], notebook.names["c"], notebook.names["d"]) == (1, 3, 4)


def test_a_failure_is_told_by_the_line_of_the_cell_that_ran():
    notebook = Notebook()
    assert notebook.run("def f():\n\n    raise OSError") == []
    assert notebook.run("a = 1\nf()") == [(2, "OSError")]


@pytest.mark.parametrize(
    ("source", "failed", "bound"),
    [
        ("def f(:\n    return 1\ndef g(): pass", [1], "g"),
        ("x = (1,\nimport math\ny = 2", [1], "math y"),
        ("@nope\ndef f(): pass\ny = 2", [1], "y"),
        ("if True:\n    a = 1\nelse:\n    a = = 2\nb = 1", [4], "b"),
        ("try:\n    a = 1\nexcept OSError:\n    pass\nb = = 1\nc = 1", [5], "a c"),
        ("s = '''\ndef f(): pass\n'''\nb = = 1", [4], "s"),
        ('def f():\n    """Do.\n    return 1\n\ndef g():\n    """Do."""\n    return 2', [2], "g"),
        ("a = 'it's'\nb = 1", [1], "b"),
        ("a = \\\n  1 1\nb = 1", [2], "b"),
        ("class A:\n  x = 1\n\n  y = 2\nclass B:\n x = 1\n  y = 2\nc = 1", [7], "A c"),
        ("a = '\0'\nb = 1", [1], "b"),
        ("a = " + "(" * 300 + "\ndef f(): pass", [1], "f"),
        ("a = " + "-" * 50_000 + "1\nb = 1", [1], "b"),
    ],
)
def test_only_the_block_that_does_not_parse_fails(source, failed, bound):
    notebook = Notebook()
    assert [line for line, _ in notebook.run(source)] == failed
    assert set(bound.split()) <= set(notebook.names)
    if "'''" in source:
        assert "f" not in notebook.names


@pytest.mark.parametrize(
    "import_", ["from __future__ import annotations", "a = 1\nfrom __future__ import annotations"]
)
def test_a_future_import_holds_from_its_line_on_and_in_later_cells(import_):
    notebook = Notebook()
    assert notebook.run(f"{import_}\ndef f(x: Undefined): pass") == []
    assert notebook.run("def g(x: Undefined): pass") == []


def test_results_are_kept_as_in_a_kernel():
    notebook = Notebook()
    assert notebook.run("1\n2") == notebook.run("3") == notebook.run("a = _ + __") == []
    assert notebook.names["a"] == 5
    assert notebook.names["Out"] == {1: 2, 2: 3} and notebook.names["_2"] == 3
    assert notebook.names["In"][2] == "3"
    assert notebook.run("for _ in range(3): pass\n7") == []
    assert notebook.names["_"] == 2  # the student's own


def test_await_needs_no_main():
    notebook = Notebook()
    source = (
        "import asyncio\n"
        "await asyncio.sleep(0.01)\n"
        "a = await asyncio.gather(asyncio.sleep(0.01, 1), asyncio.sleep(0, 2))\n"
        "task = asyncio.create_task(asyncio.sleep(0, 3))\n"
        "async def numbers():\n    yield 1\n    yield 2\n"
        "b = [n async for n in numbers()]\n"
        "async with asyncio.timeout(5):\n    c = await asyncio.to_thread(lambda: 4)\n"
        "await asyncio.wait_for(asyncio.sleep(60), 0.01)\n"
        "await task"
    )
    assert notebook.run(source) == [(11, "TimeoutError")]
    assert [notebook.names[name] for name in "abc"] == [[1, 2], [1, 2], 4]
    assert notebook.names["_"] == 3
    assert notebook.run("later = asyncio.create_task(asyncio.sleep(0, 5))") == []
    assert notebook.run("d = later.result()") == [] and notebook.names["d"] == 5


def test_a_module_has_no_running_loop():
    module = Notebook(notebook=False)
    source = "import asyncio\nasync def f(): return 5\na = asyncio.run(f())"
    assert module.run(source) == [] and module.names["a"] == 5


def test_steps_can_be_left_out():
    notebook = Notebook()
    seen = []
    source = "a = 1\nb = 2\nc = 3\nd = 4"
    notebook.run(source, started=lambda *step: seen.append(step), skip=[1], until=3)
    assert seen == [(0, 1), (2, 3)]
    assert {"a", "c"} == {"a", "b", "c", "d"} & set(notebook.names)


def test_steps_are_no_more_than_can_be_told():
    seen = []
    Notebook().run("a = 1\n" * 5_000, started=lambda *step: seen.append(step))
    assert len(seen) == 500


def test_a_large_cell_is_no_slower_than_its_length():
    started = time.process_time()
    notebook = Notebook()
    assert notebook.run("a = [" + "1,\n" * 300_000 + "]\nb = (1\nc = 3\ndef f(): pass") != []
    assert len(notebook.names["a"]) == 300_000 and "f" in notebook.names
    assert time.process_time() - started < 10


@given(st.text(alphabet="ab=()[]{}'\"\\\n #:@.%", max_size=60))
def test_any_text_is_cut_into_blocks_that_make_it_up(source):
    blocks = lines.blocks(source)
    assert "".join(text for _, text in blocks).split() == source.split()
    for number, text in blocks:
        assert source.split("\n")[number - 1] == text.split("\n")[0]


# --- in a worker


@pytest.fixture(scope="module", params=["A", "B"])
def zygote(request):
    started = Zygote("numpy", {"level": request.param})
    yield started
    started.close()


def session(zygote, *sources, **limits):
    cells = [Cell(number, source) for number, source in enumerate(sources, start=1)]
    made = Session(zygote, cells, is_notebook=True, limits=Limits(**limits))
    made.load()
    return made


def test_a_worker_waits_without_sockets(zygote):
    source = (
        "import asyncio\nawait asyncio.sleep(0.1)\n"
        "a = await asyncio.gather(asyncio.sleep(0.05, 1), asyncio.to_thread(lambda: 2))\n"
        "async def g(): return a\ndef f(): return asyncio.run(g())"
    )
    made = session(zygote, source)
    assert made.problems == []
    assert made.call("f", []).result == [1, 2]
    made.close()


def test_what_ends_a_worker_is_left_out_and_nothing_else(zygote):
    source = "a = 1\nwhile True: pass\nb = 2\nimport os; os._exit(0)\nc = 3\n1 / 0"
    made = session(zygote, source, "def f(): return a, b, c", cells=1.0)
    assert made.call("f", []).result == (1, 2, 3)
    assert made.problems == [
        ("cell 1, line 2", "stopped: it took too long"),
        ("cell 1, line 4", "stopped: it ended the process that ran it"),
        ("cell 1, line 6", "ZeroDivisionError"),
    ]
    made.close()


def test_what_never_ends_again_and_again_leaves_out_the_rest(zygote):
    made = session(zygote, "a = 1\n" + "while True: pass\n" * 9, "b = 1", cells=0.3)
    assert made.problems[-1][0] == "cell 2" and "not run" in made.problems[-1][1]
    made.close()


def test_a_worker_that_makes_up_its_steps_spoils_its_own_cell_only(zygote):
    hostile = (
        "import sys\nserver = None\nframe = sys._getframe()\n"
        "while server is None:\n"
        "    frame = frame.f_back\n"
        "    server = next((v for v in frame.f_locals.values() if type(v).__name__ == 'Server'), None)\n"
        "Running = sys.modules[type(server).__module__].wire.Running\n"
        "for n in range(5_000): server._send(Running(server.current_id, n, -n))\n"
    )
    made = session(zygote, "def f(): return 1", hostile, "def g(): return 2")
    assert made.call("f", []).result == 1
    assert made.call("g", []).result == 2
    assert [where.partition(",")[0] for where, _ in made.problems] == ["cell 2"]
    made.close()


@needs.torch
def test_nothing_is_compiled_by_torch():
    zygote = Zygote("torch")
    source = (
        "import torch\n@torch.compile\ndef f(x): return 2 * x\n"
        "@torch.compile(dynamic=True)\ndef g(x): return f(x)\n"
        "model = torch.compile(torch.nn.Identity())\nmodel.compile()\ndef h(x): return model(g(x))"
    )
    made = session(zygote, source)
    assert made.problems == [] and made.call("h", [3.0]).result == 6.0
    made.close()
    zygote.close()
