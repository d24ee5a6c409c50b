"""Threads and processes: what a submission may start, what its neighbours keep, forks that the system refuses for a while."""

from __future__ import annotations

import errno
import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

if sys.platform != "linux":
    pytest.skip("tasks are counted on Linux", allow_module_level=True)

from autograder.course.source import ROOT, chapters, module_source
from autograder.results import from_json
from autograder.sandbox import client, confine
from autograder.sandbox.confine import cgroups, libraries, limits
from autograder.sandbox.doctor import available
from autograder.sandbox.inside import threads, worker, zygote
from autograder.sandbox.session import Session, StudentRaised
from autograder.sandbox.terms import Cell, GraderFault, Limits

CHAPTER = "ch02_vanilla_rnn"
needs_sandbox = pytest.mark.skipif(available().level not in "AB", reason="no sandbox here")

# --- what the groups of a machine leave


@pytest.fixture
def groups(tmp_path):
    """Both versions mounted, each with a group of this process; returns a function that sets a limit."""
    own, mounts = tmp_path / "cgroup", tmp_path / "mountinfo"
    one, two = tmp_path / "pids", tmp_path / "unified"
    (one / "a" / "b").mkdir(parents=True)
    (two / "c").mkdir(parents=True)
    own.write_text("8:pids:/a/b\n4:memory:/m\n0::/c\n")
    mounts.write_text(
        f"39 31 0:36 / {one} rw,relatime - cgroup cgroup rw,pids\n"
        f"41 31 0:38 / {two} rw,relatime - cgroup2 cgroup2 rw\n"
        "22 1 0:20 / / rw - ext4 /dev/vda rw\n"
    )

    def limit(group, most, now):
        (tmp_path / group / "pids.max").write_text(f"{most}\n")
        (tmp_path / group / "pids.current").write_text(f"{now}\n")

    return limit, lambda: cgroups.free_tasks(own, mounts), own


def test_no_limit_is_none(groups):
    limit, free, own = groups
    assert free() is None
    limit("pids/a/b", "max", 3)
    assert free() is None
    own.unlink()
    assert free() is None


def test_the_tightest_group_above_counts_in_either_version(groups):
    limit, free, own = groups
    limit("pids/a", 500, 120)
    assert free() == 380
    limit("unified/c", 200, 50)
    assert free() == 150
    limit("pids", 100, 70)  # the mount itself, as in a container
    assert free() == 30
    limit("pids/a/b", 9, 12)
    assert free() == 0
    own.write_text("8:pids:/of/the/host\n")
    assert free() == 30  # where the name leads nowhere the mount is the group


@pytest.mark.parametrize(
    ("free", "jobs", "wanted"),
    [(None, 8, 16), (5000, 2, 16), (72, 2, 16), (64, 2, 12), (64, 3, 1), (30, 2, 0), (0, 1, 0)],
)
def test_submissions_share_what_is_left(monkeypatch, free, jobs, wanted):
    monkeypatch.setattr(cgroups, "free_tasks", lambda: free)
    monkeypatch.setattr(limits, "free_tasks", lambda: None)
    assert confine.threads_for(jobs) == wanted
    monkeypatch.setattr(limits, "free_tasks", lambda: 0)
    assert confine.threads_for(jobs) == 0


# --- a submission that starts threads

_THREADS = """
import threading
go = threading.Event()
def start(n):
    for _ in range(n):
        threading.Thread(target=go.wait, daemon=True).start()
    return n
"""


def _session(level="B", *sources, **policy):
    zygote = client.Zygote("numpy", {"level": level, **policy})
    cells = [Cell(number, textwrap.dedent(text)) for number, text in enumerate(sources, 1)]
    session = Session(zygote, cells, is_notebook=True, limits=Limits())
    session.load()
    return zygote, session


@needs_sandbox
def test_more_threads_than_allowed_are_told_in_words():
    zygote, session = _session("B", _THREADS, "start(1)", threads=5)
    try:
        if not zygote.threads:
            pytest.skip("nothing counts threads here")
        assert session.problems == []
        with pytest.raises(StudentRaised) as caught:
            session.call("start", [9])
        assert caught.value.describe() == (
            "RuntimeError (cell 1, line 6): threads cannot be started here: no more than 5 at a time"
        )
        assert session.problems[0][1].endswith("no more than 5 at a time")
        session.settle()
        assert session.call("start", [3]).result == 3  # in a worker without those of before
    finally:
        session.close()
        zygote.close()


@needs_sandbox
def test_where_threads_are_refused_the_student_reads_why():
    zygote, session = _session("B", _THREADS, "start(1)\nx = 1", threads=0)
    try:
        why = "RuntimeError: threads cannot be started here: this machine cannot count those of a submission"
        assert session.problems == [("cell 2, line 1", why)]
        with pytest.raises(StudentRaised, match="threads cannot be started here"):
            session.call("start", [1])
        assert session.problems[1:] == [("cell 1, line 6", why)]
    finally:
        session.close()
        zygote.close()


def _prepared(policy, before=""):
    """What a zygote of a policy prepares, in a process of its own."""
    script = f"""
        import json, os, sys
        sys.path.insert(0, {str(Path(confine.__file__).resolve().parents[1])!r})
        import confine
        {before}
        prepared = confine.prepare(confine.Policy(**json.loads(sys.argv[1])))
        print(prepared.threads)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), json.dumps(policy)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


@needs_sandbox
def test_where_nothing_counts_none_may_start():
    uncounted = "confine.identity.possible = lambda: False"
    assert _prepared({"level": "B"}, uncounted) == 0
    assert _prepared({"level": "B", "grouped": True}, uncounted) == confine.MOST_THREADS


@needs_sandbox
def test_threads_do_not_go_aside_with_their_worker():
    zygote, session = _session("B", _THREADS)
    try:
        if not zygote.threads:
            pytest.skip("nothing counts threads here")
        session.call("start", [3])
        session.settle(["other"])
        assert session._aside.worker is None
    finally:
        session.close()
        zygote.close()


# --- libraries that start threads

_BARS = """
import threading, warnings
class TMonitor(threading.Thread):
    def __init__(self):
        super().__init__(daemon=True)
        self.start()
class tqdm:
    monitor_interval = 10
    monitor = None
    def __new__(cls, items):
        if cls.monitor_interval and cls.monitor is None:
            try:
                cls.monitor = TMonitor()
            except Exception as error:
                warnings.warn(str(error), RuntimeWarning)
        return items
"""


def test_progress_bars_have_no_monitor(tmp_path, monkeypatch):
    """The library itself where it is installed, else one that is built as it is."""
    if importlib.util.find_spec("tqdm") is None:
        (tmp_path / "tqdm").mkdir()
        (tmp_path / "tqdm" / "__init__.py").write_text("from .std import tqdm\n")
        (tmp_path / "tqdm" / "std.py").write_text(_BARS)
        monkeypatch.syspath_prepend(tmp_path)
    for name in [name for name in sys.modules if name.partition(".")[0] == "tqdm"]:
        monkeypatch.delitem(sys.modules, name)
    finder = worker.ImportLimit(libraries.importable(torch=False))
    finder.allowed.add("tqdm")
    monkeypatch.setattr(sys, "meta_path", [finder, *sys.meta_path])
    import tqdm

    assert tqdm.tqdm.monitor_interval == 0
    assert list(tqdm.tqdm([1, 2])) == [1, 2]
    assert tqdm.tqdm.monitor is None


def test_torch_keeps_to_one_thread():
    asked = []

    class Torch:
        set_num_threads = staticmethod(asked.append)

    threads.keep_torch_to_one(Torch)
    Torch.set_num_threads(64)
    assert asked == [1]
    for wrong, error in ((0, RuntimeError), ("4", TypeError)):
        with pytest.raises(error):
            Torch.set_num_threads(wrong)


# --- forks that the system refuses


class _Refusing:
    """Stands for os.fork: refuses some times, then makes a process that is none of ours to confine."""

    def __init__(self, *errors):
        self.errors = list(errors)
        self.children = []

    def __call__(self):
        if self.errors:
            number = self.errors.pop(0)
            raise OSError(number, os.strerror(number))
        self.children.append(subprocess.Popen(["sleep", "60"]))
        return self.children[-1].pid

    def close(self):
        for child in self.children:
            child.kill()
            child.wait()


@pytest.fixture
def asked(monkeypatch):
    """A zygote's forks with one request, and what the grader reads of it."""
    made = []

    def make(*errors):
        fork = _Refusing(*errors)
        made.append(fork)
        monkeypatch.setattr(os, "fork", fork)
        grader, control = socket.socketpair()
        forks = zygote._Forks(control, None, "numpy")
        with open(os.devnull) as one:
            socket.send_fds(grader, [b"{}\n"], [one.fileno()] * 3)
        forks.request()
        return forks, grader, fork

    yield make
    for fork in made:
        fork.close()


def _lines(grader, count):
    data = b""
    grader.settimeout(10)
    while data.count(b"\n") < count:
        more, descriptors, _, _ = socket.recv_fds(grader, 65536, 4)
        data += more
        for descriptor in descriptors:
            os.close(descriptor)
    return [json.loads(line) for line in data.splitlines()]


def test_a_refused_fork_is_tried_again_ever_more_slowly(asked):
    forks, grader, fork = asked(*[errno.EAGAIN, errno.ENOMEM] * 5)
    pauses = []
    while not fork.children:
        forks.attempt()
        if not fork.children:
            pauses.append(forks.pause())
    assert len(pauses) == 10
    assert pauses == sorted(pauses) and pauses[0] == 10 and pauses[-1] == 500
    said = _lines(grader, 2)
    assert [list(line) for line in said] == [["waiting"], ["pid"]]
    assert said[1]["pid"] == fork.children[0].pid
    assert forks.pause() is None


def test_any_other_error_of_a_fork_is_not_waited_out(asked):
    forks, _, _ = asked(errno.ENOSYS)
    with pytest.raises(OSError, match=os.strerror(errno.ENOSYS)):
        forks.attempt()


@needs_sandbox
def test_patience_with_forks_ends(monkeypatch):
    monkeypatch.setattr(client, "FORK_SECONDS", 0.5)
    zygote = client.Zygote("numpy")
    try:
        zygote._get_ready()
        monkeypatch.setattr(zygote, "_request_fork", lambda: None)
        zygote._refused = "BlockingIOError: no process"
        started = time.monotonic()
        with pytest.raises(GraderFault, match=r"refused for .* seconds: BlockingIOError"):
            zygote.fork(Limits())
        assert time.monotonic() - started >= 0.5
    finally:
        zygote.close()


# --- neighbours

_HOG = """

import threading

def _take_all():
    threading.stack_size(65536)
    stay = threading.Event()
    while True:
        try:
            threading.Thread(target=stay.wait, daemon=True).start()
        except RuntimeError:
            stay.wait(0.01)

threading.Thread(target=_take_all, daemon=True).start()

def sample(*arguments):
    _take_all()
"""


@pytest.fixture
def small_group():
    """A group of 70 tasks to run a grader in."""
    parents = ["/sys/fs/cgroup/pids"]  # version 1
    if (found := cgroups.delegated()) is not None:
        parents.insert(0, str(found))
    for parent in parents:
        folder = Path(parent, f"tasks-of-a-test-{os.getpid()}")
        try:
            folder.mkdir()
        except OSError:
            continue
        if (folder / "pids.max").exists():
            break
        folder.rmdir()
    else:
        pytest.skip("no group can be made here that limits tasks")
    (folder / "pids.max").write_text("70")
    yield folder
    for _ in range(100):
        try:
            folder.rmdir()
            return
        except OSError:
            time.sleep(0.1)  # its last processes are on their way out
    raise AssertionError("something lives on in the group")


@needs_sandbox
def test_a_zygote_forks_as_soon_as_the_system_lets_it(small_group):
    zygote = client.Zygote("numpy")
    try:
        zygote._get_ready()
        (small_group / "cgroup.procs").write_text(str(zygote._process.pid))
        (small_group / "pids.max").write_text("1")
        zygote._request_fork()
        zygote._note(zygote._message())
        assert zygote._refused.startswith("BlockingIOError")
        (small_group / "pids.max").write_text("10")
        worker = zygote.fork(Limits())
        worker.greet(client.START_SECONDS)
        assert zygote._refused == ""
        worker.close()
    finally:
        zygote.close()


@needs_sandbox
def test_who_takes_all_tasks_takes_none_from_others(small_group, tmp_path):
    source = module_source(chapters()[CHAPTER])
    for number in range(6):
        folder = tmp_path / "submitted" / f"student{number}" / CHAPTER
        folder.mkdir(parents=True)
        (folder / f"{CHAPTER}.py").write_text(source + (_HOG if number == 0 else ""))
    enter = f'echo $$ > {small_group}/cgroup.procs && exec "$@"'
    command = [sys.executable, "-m", "autograder", "grade", "--jobs", "2", "--no-gradebook"]
    command += ["--submissions", str(tmp_path / "submitted"), "--output", str(tmp_path / "graded")]
    done = subprocess.run(
        [shutil.which("sh"), "-c", enter, "sh", *command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    results = [
        from_json(
            (tmp_path / "graded" / "results" / f"student{n}" / f"{CHAPTER}.json").read_bytes()
        )
        for n in range(6)
    ]
    assert [result.score for result in results[1:]] == [result.max_score for result in results[1:]]
    assert results[0].status == "graded" and results[0].score < results[0].max_score
