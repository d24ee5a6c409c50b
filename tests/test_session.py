"""One submission in real workers: calls, handles, callbacks, gradients, limits."""

from __future__ import annotations

import signal
import textwrap

import numpy as np
import pytest

from autograder.sandbox import client, entry, timer
from autograder.sandbox.client import Zygote
from autograder.sandbox.confine import libraries
from autograder.sandbox.doctor import available
from autograder.sandbox.session import FunctionMissing, Session, StudentRaised
from autograder.sandbox.terms import Cell, GraderFault, Limits, Opaque, Unsent, WorkerEnded
from tests import needs


@pytest.fixture(scope="module")
def zygotes():
    started = {}

    def get(libraries):
        if libraries not in started:
            started[libraries] = Zygote(libraries)
        return started[libraries]

    yield get
    for zygote in started.values():
        zygote.close()


@pytest.fixture
def start(zygotes):
    sessions = []

    def make(*sources, libraries="numpy", is_notebook=True, **limits):
        cells = [
            Cell(number, textwrap.dedent(source)) for number, source in enumerate(sources, start=1)
        ]
        session = Session(
            zygotes(libraries), cells, is_notebook=is_notebook, limits=Limits(**limits)
        )
        sessions.append(session)
        session.load()
        return session

    yield make
    for session in sessions:
        session.close()


def ended(session, name, *args, **kwargs):
    with pytest.raises(WorkerEnded) as caught:
        session.call(name, args, **kwargs)
    return caught.value.verdict


# --- cells


def test_each_cell_counts_for_itself(start):
    session = start(
        "a = 1",
        "def broken(:",
        "b = a + 1\n1 / 0\nc = 3",
        "def f():\n    return b\ndef g(): return c",
    )
    assert session.call("f", []).result == 2
    assert session.problems == [
        ("cell 2, line 1", "SyntaxError: invalid syntax"),
        ("cell 3, line 2", "ZeroDivisionError"),
    ]
    assert session.call("g", []).result == 3
    with pytest.raises(FunctionMissing):
        session.call("broken", [])


@pytest.mark.parametrize("source", ["while True: pass", "import os; os._exit(0)"])
def test_a_cell_that_ends_the_worker_is_left_out(start, source):
    session = start("def f(): return 1", source, "def g(): return 2", cells=0.5)
    assert session.call("f", []).result == 1
    assert session.call("g", []).result == 2
    assert [where for where, _ in session.problems] == ["cell 2, line 1"]


def test_a_future_import_holds_for_the_cells_below(start):
    session = start(
        "from __future__ import annotations",
        "from dataclasses import dataclass\n@dataclass\nclass A:\n    x: Undefined = 1",
        "def f(): return A().x",
    )
    assert session.problems == []
    assert session.call("f", []).result == 1


def test_a_main_block_runs_in_a_notebook_only(start):
    source = "found = False\nif __name__ == '__main__':\n    found = True\ndef f(): return found"
    assert start(source).call("f", []).result is True
    assert start(source, is_notebook=False).call("f", []).result is False


def test_input_has_nobody_to_ask_and_display_does_nothing(start):
    session = start("input('name?')", "display(3)", "def f(): return 1")
    assert session.problems == [("cell 1, line 1", "EOFError")]


@pytest.mark.parametrize(
    ("libraries", "module", "allowed"),
    [
        ("numpy", "scipy.special", True),
        ("numpy", "json", True),
        ("numpy", "torch", False),
        ("numpy", "pytest", False),
        ("numpy", "autograder", False),
        pytest.param("torch", "torch.nn", True, marks=needs.torch),
        pytest.param("torch", "pytest", False, marks=needs.torch),
    ],
)
def test_imports_end_where_the_chapter_says(start, libraries, module, allowed):
    session = start(f"def f():\n    import {module}", libraries=libraries)
    if allowed:
        session.call("f", [])
    else:
        with pytest.raises(StudentRaised) as caught:
            session.call("f", [])
        assert "ImportError" in caught.value.bases


# --- calls


def test_any_callable_will_do(start):
    session = start(
        """
        import functools
        class Plus:
            def __call__(self, x): return x + 1
        class Pair(tuple):
            def __new__(cls, x): return super().__new__(cls, (x, x))
        a, b, c, d = (lambda x: x + 1), functools.partial(max, 3), Plus(), Pair
        """
    )
    results = [session.call(name, [1]).result for name in "abcd"]
    assert results == [2, 3, 2, (1, 1)]


def test_handles_stay_in_the_worker_and_come_back(start):
    session = start(
        """
        class Cache:
            def __bool__(self): raise RuntimeError
            def __eq__(self, other): raise RuntimeError
        def forward(x):
            cache = Cache(); cache.x = x
            return 2 * x, cache
        def backward(d, cache): return d * cache.x
        """
    )
    first = session.call("forward", [np.ones(2)], hold=[False, True]).result
    second = session.call("forward", [3 * np.ones(2)], hold=[False, True]).result
    assert np.array_equal(session.call("backward", [2.0, second[1]]).result, [6, 6])
    assert np.array_equal(session.call("backward", [2.0, first[1]]).result, [2, 2])


def test_a_modified_argument_is_seen(start):
    session = start("def f(x, p):\n    x += 1\n    p['new'] = 1\n    return 0")
    x = np.zeros(3)
    after = session.call("f", [x, {}], echo=True).args_after
    assert np.array_equal(after[0], np.ones(3))
    assert after[1] == {"new": 1}
    assert not x.any()


def test_callbacks_run_on_our_side_and_objects_keep_their_identity(start):
    session = start(
        """
        import copy
        def roll(step, xs, theta):
            return [step(x, theta) for x in xs]
        def copied(step, theta): return step(1.0, copy.copy(theta))
        """
    )
    theta = Opaque()
    seen = []

    def step(x, t):
        seen.append(t)
        return x * 2

    assert session.call("roll", [step, [1.0, 2.0], theta]).result == [2.0, 4.0]
    assert all(t is theta for t in seen)
    session.call("copied", [step, theta])
    assert isinstance(seen[-1], Unsent)


def test_a_callback_that_fails_raises_in_the_students_code(start):
    session = start(
        "def f(g):\n    try:\n        g(1)\n    except ZeroDivisionError:\n        return 'seen'"
    )
    assert session.call("f", [lambda x: x / 0]).result == "seen"


def test_an_exception_tells_class_and_place_and_not_its_text(start):
    session = start(
        "class Mine(ValueError): pass", "def f(secret):\n    raise Mine(f'secret {secret}')"
    )
    with pytest.raises(StudentRaised) as caught:
        session.call("f", [1234])
    assert caught.value.bases[0] == "ValueError"
    assert caught.value.text == "secret 1234"
    assert caught.value.describe() == "ValueError (cell 2, line 2)"


def test_the_global_generators_are_seeded(start):
    source = "import numpy as np, random\ndef f(): return [random.random(), np.random.rand()]"
    results = [start(source).call("f", [], seed=3).result for _ in range(2)]
    assert results[0] == results[1]


def test_names_can_be_bound_to_callables_of_ours(start):
    session = start("def step(x): return 0\ndef twice(x): return step(step(x))")
    for _ in range(2):
        session.settle(["step"])
        session.bind({"step": lambda x: x + 1})
        assert session.call("twice", [1]).result == 3
        session.settle()
        assert session.call("twice", [1]).result == 0


def test_tests_that_bind_the_same_names_share_a_worker_and_no_others_do(start):
    session = start(
        "import os\ndef step(x): return 0\ndef other(): return 0\ndef pid(): return os.getpid()"
    )

    def worker(*names):
        session.settle(names)
        session.bind(dict.fromkeys(names, lambda: 1))
        return session.call("pid", []).result

    plain, bound = worker(), worker("step")
    assert plain != bound
    assert [worker(), worker("step"), worker()] == [plain, bound, plain]
    assert worker("step", "other") not in (plain, bound)
    assert session.call("other", []).result == 1
    assert worker() == plain
    assert session.call("other", []).result == 0
    assert worker("step") != bound  # one at most waits


def test_what_a_test_lent_cannot_be_called_in_the_next_that_shares_its_worker(start):
    session = start(
        "kept = []\ndef step(x): return 0\n"
        "def keep(): kept.append(step)\ndef use(): return kept[0](1)"
    )
    session.settle(["step"])
    session.bind({"step": lambda x: x + 1})
    session.call("keep", [])
    assert session.call("use", []).result == 2
    session.settle(["step"])
    session.bind({"step": lambda x: x + 1})
    with pytest.raises(WorkerEnded) as ended:
        session.call("use", [])
    assert ended.value.verdict == "crashed"


def test_a_result_of_one_worker_is_none_in_another(start):
    session = start(
        "def step(x): return 0\ndef make(): return object()\ndef same(x): return x is not None"
    )
    handle = session.call("make", [], hold=True).result
    assert session.call("same", [handle]).result is True
    session.settle(["step"])
    session.bind({"step": abs})
    with pytest.raises(WorkerEnded):
        session.call("same", [handle])


# --- torch


def test_gradients_come_back_in_the_shape_of_the_arguments(start, torch):
    session = start(
        "def f(x, p): return x @ p['W'], x.sum(), p['unused'] * 0 + 1.0", libraries="torch"
    )
    x = torch.randn(2, 3, dtype=torch.float64)
    p = {
        "W": torch.randn(3, 4, dtype=torch.float64, requires_grad=True),
        "unused": torch.zeros(2, requires_grad=True),
    }
    cotangent = torch.randn(2, 4, dtype=torch.float64)
    outcome = session.call("f", [x, p], cotangents=[cotangent, None, None])
    assert outcome.gradients[0] is None
    assert torch.allclose(outcome.gradients[1]["W"], x.T @ cotangent)
    assert outcome.gradients[1]["unused"] is None


def test_models_can_be_called_read_and_written(start, torch):
    session = start(
        """
        import torch
        def build():
            model = torch.nn.Linear(2, 1).double(); model.kind = "linear"
            model.bias.requires_grad_(False)
            return model
        """,
        libraries="torch",
    )
    model = session.call("build", [], hold=True).result
    assert session.call(model, [], method="kind", attribute=True).result == "linear"
    state = session.model_state(model)
    assert {name: trained for name, (_, trained) in state.items()} == {
        "weight": True,
        "bias": False,
    }
    session.load_model_state(model, {"weight": np.array([[2.0, 3.0]]), "bias": np.array([1.0])})
    result = session.call(model, [torch.ones(1, 2, dtype=torch.float64)]).result
    assert result.item() == 6.0


# --- limits: every end costs its own call


HOSTILE = """
import os, signal, sys, threading
import numpy as np
def loop():
    while True: pass
def c_loop(): sum(range(10**12))
def die(): os._exit(0)
def confess(): os._exit(70)
def kill(): os.kill(os.getpid(), signal.SIGKILL)
def fault():
    import ctypes; ctypes.string_at(0)
def hog():
    return [np.zeros(1 << 24) for _ in range(10**6)]
def shout():
    while True: print("x" * 10000)
def deep(): return deep()
def leave(): sys.exit(0)
def scribble():
    for fd in range(3, 64):
        try: os.write(fd, b"SQ" + b"junk" * 100)
        except OSError: pass
    return 1
def linger():
    def busy():
        while True: print("noise", flush=True)
    threading.Thread(target=busy, daemon=True).start()
    return 1
def good(): return 42
"""


@pytest.mark.parametrize(
    ("name", "verdict"),
    [
        ("loop", "timeout"),
        ("c_loop", "timeout"),
        ("die", "crashed"),
        ("confess", "crashed"),
        ("kill", "crashed"),
        ("fault", "crashed"),
        ("hog", "memory"),
        ("shout", "output"),
        ("scribble", "crashed"),
    ],
)
def test_an_end_has_its_verdict_and_the_next_call_works(start, name, verdict):
    session = start(HOSTILE, call=3.0, output=1 << 20)
    assert ended(session, name) == verdict
    assert session.call("good", []).result == 42


@pytest.mark.parametrize(("name", "base"), [("deep", "RecursionError"), ("leave", "SystemExit")])
def test_what_python_can_raise_is_an_exception(start, name, base):
    session = start(HOSTILE)
    with pytest.raises(StudentRaised) as caught:
        session.call(name, [])
    assert caught.value.bases[0] == base
    assert session.call("good", []).result == 42


def test_a_thread_left_behind_costs_nothing(start):
    session = start(HOSTILE)
    assert session.call("linger", []).result == 1
    assert [session.call("good", []).result for _ in range(5)] == [42] * 5


def test_busy_threads_are_left_behind_between_tests(start):
    session = start(HOSTILE)
    session.call("linger", [])
    session.settle()
    started = session.seconds
    assert [session.call("good", []).result for _ in range(20)] == [42] * 20
    assert session.seconds - started < 1.0  # with the thread, each call waits for its turn


@needs.torch
def test_torch_alone_leaves_no_threads(start):
    session = start(
        """
        import torch
        def train():
            model = torch.nn.LSTM(4, 8); optimizer = torch.optim.Adam(model.parameters())
            for _ in range(3):
                optimizer.zero_grad(); model(torch.randn(5, 2, 4))[0].sum().backward(); optimizer.step()
            return True
        """,
        libraries="torch",
    )
    assert session.call("train", [], hold=False).result is True
    assert session._worker.threads() == {}


def test_a_result_too_large_is_an_error(start):
    session = start("import numpy as np\ndef f(): return np.zeros(1 << 24)\ndef good(): return 1")
    with pytest.raises(StudentRaised):
        session.call("f", [])
    assert session.call("good", []).result == 1


def test_a_worker_that_cannot_confine_itself_is_our_fault_and_runs_nothing():
    zygote = Zygote("numpy", {"cpu_seconds": 1 << 64})  # more than the kernel's limit can say
    session = Session(zygote, [Cell(1, "x = 1")], is_notebook=True, limits=Limits())
    try:
        with pytest.raises(GraderFault, match="confine itself"):
            session.load()
        assert session.problems == []
    finally:
        session.close()
        zygote.close()


def test_nothing_of_the_grader_is_in_the_worker(start, monkeypatch):
    monkeypatch.setenv("A_SECRET_OF_THE_INSTRUCTOR", "hunter2")
    session = start(
        """
        import os, sys
        def look(): return sorted(sys.modules), dict(os.environ), sys.path
        """
    )
    modules, environment, path = session.call("look", []).result
    assert not [name for name in modules if name.startswith(("autograder", "pytest", "_pytest"))]
    assert "A_SECRET_OF_THE_INSTRUCTOR" not in environment
    assert "" not in path


def test_a_result_that_did_not_come_is_the_submissions_fault_where_it_is_passed_on(start):
    """It is no plain data, or stands for a handle that somebody forged: never a fault of the grader's."""
    session = start("def f(): return object()\ndef g(x): return 1")
    stand_in = session.call("f", []).result
    assert isinstance(stand_in, Unsent)
    assert ended(session, "g", stand_in) == "failed"
    assert session.call("g", [1]).result == 1


@pytest.mark.parametrize("clock", [timer.WALL_CLOCK, timer.PROCESSOR_TIME])
def test_either_clock_interrupts_and_is_put_back(clock):
    before = signal.getsignal(signal.SIGALRM), signal.getsignal(signal.SIGPROF)
    with pytest.raises(TimeoutError), timer.limited(clock, 0.05, TimeoutError):
        while True:
            pass
    with timer.limited(clock, 60.0, TimeoutError):
        pass
    assert signal.getitimer(clock) == (0.0, 0.0)
    assert (signal.getsignal(signal.SIGALRM), signal.getsignal(signal.SIGPROF)) == before


# --- a zygote that does not start


def _reason(zygote):
    try:
        with pytest.raises(GraderFault) as caught:
            zygote.fork(Limits())
    finally:
        zygote.close()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_zygote_says_in_a_line_why_it_cannot_start():
    said = _reason(Zygote("numpy", {"memory": -1}))
    assert said == "the sandbox does not start: ValueError: memory must be positive"


def test_a_zygote_that_is_killed_while_it_starts():
    zygote = Zygote("numpy")
    zygote._process.kill()
    assert "signal 9" in _reason(zygote)


def test_a_zygote_without_its_package_says_which_is_missing(monkeypatch):
    monkeypatch.setattr(entry, "_CODE", "import there_is_no_such_package")
    said = _reason(Zygote("numpy"))
    assert "exit status 1" in said and "No module named 'there_is_no_such_package'" in said


def test_what_metadata_do_not_tell_is_searched_for(monkeypatch):
    """At level A a library that is not bound is missing; then the libraries are imported once outside."""
    if available().level != "A":
        pytest.skip("no level A here")
    find = libraries.find

    def forgetful(torch, added=(), **options):
        found = find(torch, added, **options)
        known = [path for path in found.readable if not path.endswith(("numpy.libs", "cycler"))]
        return libraries.Libraries(tuple(known), found.listable)

    monkeypatch.setattr(libraries, "find", forgetful)
    zygote = Zygote("numpy", {"level": "A"})
    session = Session(zygote, [Cell(1, "def f(): return 1")], is_notebook=False, limits=Limits())
    try:
        session.load()
        assert session.call("f", []).result == 1 and zygote._searched
    finally:
        session.close()
        zygote.close()


@needs.torch
def test_no_accelerator_is_seen(start):
    source = """
    import torch
    def seen(): return [torch.cuda.is_available(), torch.cuda.device_count()]
    """
    assert start(source, libraries="torch").call("seen", []).result == [False, 0]
    assert client._environment()["CUDA_VISIBLE_DEVICES"] == ""


@pytest.mark.parametrize(
    ("body", "least", "most"),
    [
        ("for value in range(n): total += value", 1000, 3000),
        ("total = sum(value for value in range(n))", 1000, 3000),
        ("total = functools.reduce(lambda one, two: one + two, range(n))", 1000, 3000),
        ("total = int(np.arange(n).sum())", 1, 100),
    ],
)
def test_lines_of_python_are_counted_whatever_writes_the_loop(start, body, least, most):
    source = f"import functools\nimport numpy as np\ndef f(n):\n    total = 0\n    {body}\n    return total"
    session = start(source)
    counted = session.call("f", [1000], count=True)
    assert counted.result == 499_500
    assert least <= counted.lines <= most
    assert session.call("f", [1000]).lines == 0


def test_a_zygote_may_leave_scipy_and_matplotlib_to_those_who_import_them():
    seen = "import sys\ndef loaded():\n    return ['scipy' in sys.modules, 'matplotlib' in sys.modules]"
    for scientific in (False, True):
        zygote = Zygote("numpy", scientific=scientific)
        session = Session(zygote, [Cell(1, seen)], is_notebook=True, limits=Limits())
        try:
            session.load()
            assert session.call("loaded", []).result == [scientific, scientific]
        finally:
            session.close()
            zygote.close()
