"""Grading on a Dask cluster of this machine: the bytes of a local run, whoever dies, and nobody grades who should not."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from contextlib import closing

import msgspec
import pytest

from autograder import cli
from autograder.classroom import cluster, dask_worker
from autograder.classroom.dask_worker import Delivered, GraderPool, Order, Refused
from autograder.classroom.grader_process import GraderProcess
from autograder.classroom.local import LocalProcesses
from autograder.classroom.run import Selection, grade_class
from autograder.classroom.scheduler import Conditions, SchedulerError, Task
from autograder.course.settings import Grading
from autograder.course.source import ROOT, chapters, module_source
from autograder.grading.choice import Found
from autograder.grading.submissions import parse
from autograder.grading.version import digest, fingerprint
from autograder.results import to_json
from autograder.sample_class import STUDENTS
from tests import needs
from tests.campaigns import cluster_demo

CHAPTER = "ch02_vanilla_rnn"
pytestmark = needs.graded(CHAPTER)
CONDITIONS = Conditions(Grading(limits=cluster_demo.LIMITS))
NOWHERE = "tcp://127.0.0.1:1"  # a port on which nothing listens

dask = pytest.mark.skipif(
    cluster.missing() is not None, reason="the extra `cluster` is not installed: no distributed"
)


@pytest.fixture(scope="module")
def course():
    return {CHAPTER: chapters()[CHAPTER]}


@pytest.fixture(scope="module")
def source(course):
    return module_source(course[CHAPTER])


@pytest.fixture(scope="module")
def submission(source):
    return parse("ada", CHAPTER, f"{CHAPTER}.py", source.encode())


@pytest.fixture
def handed_in(tmp_path, source):
    """A class of eight."""
    for number in range(8):
        folder = tmp_path / "submitted" / f"student{number}" / CHAPTER
        folder.mkdir(parents=True)
        (folder / f"{CHAPTER}.py").write_text(source + f"\n# {number}\n")
    return tmp_path / "submitted"


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory):
    """A Dask scheduler without workers."""
    folder = tmp_path_factory.mktemp("dask")
    with cluster_demo.scheduler(folder) as address:
        yield address


@pytest.fixture(scope="module")
def address(scheduler, tmp_path_factory):
    """The same scheduler with a worker."""
    with cluster_demo.worker(scheduler, tmp_path_factory.mktemp("worker")):
        cluster_demo.wait_for_workers(scheduler, 1)
        yield scheduler


def tasks(submission, count):
    """So many tasks; no two have the same place."""
    return [Task(Found(f"s{number}", CHAPTER, ""), submission) for number in range(count)]


# --- a whole class --------------------------------------------------------------------------------------------------


@dask
def test_a_killed_worker_changes_no_byte_and_leaves_nothing(tmp_path, course):
    # Without those who have to be waited for; `make cluster-demo` has everybody.
    students = [s.name for s in STUDENTS if s.name not in ("endless emil", "王小明")]
    seen = cluster_demo.compare(tmp_path, course, students)
    assert seen.submissions == len(students)
    assert 0 < seen.killed_after < seen.submissions
    assert not seen.differing
    assert not seen.left_behind


@dask
def test_nobody_grades_where_there_is_no_worker(scheduler, handed_in, tmp_path, capsys):
    # Before the fixture `address` brings the worker.
    assert grade(handed_in, tmp_path / "graded", scheduler) == 2
    assert "has no workers" in capsys.readouterr().err


@dask
def test_a_run_that_is_interrupted_goes_on(address, handed_in, tmp_path, course):
    output = tmp_path / "graded"
    # One that computes for long: however fast the others are, the run is not over when it is interrupted.
    long = handed_in / "student7" / CHAPTER / f"{CHAPTER}.py"
    right = long.read_text()
    long.write_text("while True:\n    pass\n" + right)
    command = [sys.executable, "-m", "autograder", "grade", "--cluster", address]
    command += ["--submissions", str(handed_in), "--output", str(output), "--no-gradebook"]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "NO_COLOR": "1"},
        preexec_fn=needs.listen_to_interrupts,
    )
    assert process.stderr is not None
    wait_for_results(output, process, 2)
    process.send_signal(signal.SIGINT)
    _out, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "Traceback" not in said
    before = len(cluster_demo.results_of(output / "results"))
    assert 2 <= before < 8
    long.write_text(right)
    with closing(cluster.Cluster(address)) as again:
        summary = grade_class(
            Selection(handed_in, [CHAPTER]), output, course, again, Conditions(level=again.level)
        )
    assert (summary.reused, summary.graded) == (before, 8 - before)
    assert all(result.status == "graded" for result in summary.results)


def wait_for_results(output, process, count):
    """Return when so many results are there."""
    while len(list(output.glob("**/results/*/*.json"))) < count:
        try:
            process.wait(timeout=0.02)
        except subprocess.TimeoutExpired:
            continue
        raise AssertionError(f"it ended: {process.stderr.read()}")


@dask
def test_what_was_given_up_is_not_graded_later(address, course, submission):
    import distributed

    with closing(cluster.Cluster(address)) as connected:
        outcomes = connected.grade(tasks(submission, 6), course, CONDITIONS)
        first = next(outcomes)
        assert first.result.status == "graded"
        outcomes.close()
    with distributed.Client(address, set_as_default=False) as client:
        assert not [key for key in client.run_on_scheduler(known_tasks) if key.startswith("grade")]


def known_tasks(dask_scheduler):
    return [str(key) for key in dask_scheduler.tasks]


@dask
def test_tasks_are_taken_only_when_somebody_can_grade_them(address, course, submission):
    taken = []

    def source():
        for task in tasks(submission, 50):
            taken.append(task)
            yield task

    with closing(cluster.Cluster(address)) as connected:
        outcomes = connected.grade(source(), course, CONDITIONS)
        next(outcomes)
        assert len(taken) < 10
        outcomes.close()


@dask
def test_a_worker_of_another_version_is_refused(address, handed_in, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(cluster, "fingerprint", lambda: "0123456789abcdef")
    assert grade(handed_in, tmp_path / "graded", address) == 2
    said = capsys.readouterr().err
    assert "another version" in said
    assert said.count("\n") == 1
    assert not (tmp_path / "graded").exists()


@dask
def test_a_task_refused_by_its_worker_ends_where_there_is_no_other(
    address, course, submission, monkeypatch
):
    with closing(cluster.Cluster(address)) as connected:
        # The checkout of the submitter changes after the workers were met.
        monkeypatch.setattr(cluster, "fingerprint", lambda: "0123456789abcdef")
        with pytest.raises(SchedulerError, match="another version"):
            list(connected.grade(tasks(submission, 2), course, CONDITIONS))


@dask
def test_what_a_worker_refuses_goes_to_another_one(address, tmp_path, course, submission):
    changed = tmp_path / "changed"
    for part in ("autograder", "solutions"):
        shutil.copytree(ROOT / part, changed / part)
    (changed / "autograder" / "added.py").write_text("")
    with (
        closing(cluster.Cluster(address)) as connected,
        cluster_demo.worker(address, tmp_path, path=changed),
    ):
        assert not connected.refused
        cluster_demo.wait_for_workers(address, 2)
        assert connected.threads == 2
        outcomes = list(connected.grade(tasks(submission, 8), course, CONDITIONS))
        assert {outcome.task.found.student for outcome in outcomes} == {f"s{n}" for n in range(8)}
        assert all(outcome.result.status == "graded" for outcome in outcomes)
        [reason] = connected.refused.values()
        assert "another version" in reason


@dask
def test_a_worker_without_the_grader_is_not_used(address, tmp_path):
    bare = tmp_path / "bare"
    bare.mkdir()
    with cluster_demo.worker(address, bare, path=bare):
        cluster_demo.wait_for_workers(address, 2)
        with closing(cluster.Cluster(address)) as connected:
            [reason] = connected.refused.values()
            assert "cannot import the grader" in reason
            assert connected.threads == 1


@dask
def test_a_run_ends_when_the_scheduler_or_all_workers_are_gone(tmp_path, course, submission):
    for gone, words in (("worker", "no workers"), ("scheduler", "lost|not answer")):
        folder = tmp_path / gone
        folder.mkdir()
        with (
            cluster_demo.scheduler_process(folder) as (process, address),
            cluster_demo.worker(address, folder) as worker,
        ):
            cluster_demo.wait_for_workers(address, 1)
            with closing(cluster.Cluster(address, patience=0.5)) as connected:
                outcomes = connected.grade(tasks(submission, 20), course, CONDITIONS)
                next(outcomes)
                {"worker": worker, "scheduler": process}[gone].kill()
                with pytest.raises(SchedulerError, match=words):
                    list(outcomes)


@dask
@pytest.mark.parametrize("where", [NOWHERE, "pigeon://somewhere", "tcp://"])
def test_no_cluster_is_said_in_one_line(where, handed_in, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 1)
    assert grade(handed_in, tmp_path / "graded", where) == 2
    said = capsys.readouterr().err
    assert where in said
    assert said.count("\n") == 1


def test_without_the_extra_it_says_what_to_install(handed_in, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert grade(handed_in, tmp_path / "graded", NOWHERE) == 2
    assert "requirements-cluster.lock" in capsys.readouterr().err


def test_jobs_are_for_this_machine(handed_in, tmp_path, capsys):
    assert grade(handed_in, tmp_path / "graded", NOWHERE, "--jobs", "2") == 2
    assert "--jobs" in capsys.readouterr().err


def grade(folder, output, address, *options):
    arguments = ["grade", "--submissions", str(folder), "--output", str(output), "--no-gradebook"]
    return cli.main([*arguments, "--cluster", address, *options])


# --- what runs in a worker ------------------------------------------------------------------------------------------


def order(submission, **different):
    fields = {"fingerprint": fingerprint(), "conditions": CONDITIONS, "least_level": "B"}
    return Order(**{**fields, "submission": submission, **different})


def test_a_worker_answers_an_order_with_the_result_of_a_local_run(course, submission):
    try:
        reply = dask_worker.answer(order(submission), "here")
    finally:
        dask_worker.POOL.close()
    assert isinstance(reply, Delivered)
    crossed = msgspec.msgpack.decode(msgspec.msgpack.encode(reply), type=dask_worker.Reply)
    [local] = LocalProcesses(1).grade(tasks(submission, 1), course, CONDITIONS)
    assert to_json(crossed.result) == to_json(local.result)
    assert local.result.score == pytest.approx(100.0)


def test_a_worker_refuses_another_version_and_a_weaker_sandbox(submission, monkeypatch):
    reply = dask_worker.answer(order(submission, fingerprint="other"), "here")
    assert isinstance(reply, Refused)
    assert reply.worker == "here"
    assert "another version" in reply.reason
    monkeypatch.setattr(dask_worker, "_level", lambda: "D")
    reply = dask_worker.answer(order(submission), "here")
    assert isinstance(reply, Refused)
    assert "level D" in reply.reason


def test_a_worker_that_cannot_run_a_grader_refuses(submission, monkeypatch):
    def no_process(*_arguments):
        raise OSError(12, "Cannot allocate memory")

    monkeypatch.setattr(dask_worker, "GraderProcess", no_process)
    reply = dask_worker.answer(order(submission), "here")
    assert isinstance(reply, Refused)
    assert "Cannot allocate memory" in reply.reason


@pytest.mark.parametrize("data", [b"", b"\x80", b"\xc1", msgspec.msgpack.encode({"type": "Order"})])
def test_what_is_no_order_is_not_graded(data):
    with pytest.raises(msgspec.DecodeError):
        dask_worker.read_order(data)


def test_a_grader_stays_warm_for_the_same_conditions():
    pool = GraderPool()
    other = msgspec.structs.replace(CONDITIONS, grading=Grading(seed=7))
    try:
        with pool.lend(CONDITIONS) as first, pool.lend(CONDITIONS) as second:
            assert first is not second
        with pool.lend(CONDITIONS) as third:
            assert third in (first, second)
            kept = first if third is second else second
            with pool.lend(other) as fourth:
                assert fourth.conditions == other
                assert fourth is not kept
        with pytest.raises(KeyError), pool.lend(other) as fifth:
            raise KeyError
        with pool.lend(other) as sixth:
            assert sixth is not fifth
    finally:
        pool.close()


def test_a_grader_that_died_is_replaced(course, submission):
    grader = GraderProcess(course, CONDITIONS)
    try:
        result, _usage = grader.grade(submission)
        os.kill(grader.pid, signal.SIGKILL)
        again, _usage = grader.grade(submission)
        assert to_json(again) == to_json(result)
        assert result.status == "graded"
    finally:
        grader.close()


def test_a_submission_that_takes_its_grader_along_twice_is_a_fault_of_ours(course, submission):
    class Dying(GraderProcess):
        def give(self, given, losses):
            os.kill(self.pid, signal.SIGKILL)
            super().give(given, losses)

    grader = Dying(course, CONDITIONS)
    try:
        result, _usage = grader.grade(submission)
    finally:
        grader.close()
    assert result.status == "grader_error"
    assert result.score is None


def test_the_fingerprint_follows_code_and_libraries(tmp_path):
    code = tmp_path / "autograder" / "sandbox" / "wire.py"
    code.parent.mkdir(parents=True)
    code.write_text("one = 1\n")
    seen = {digest(tmp_path, [], ["numpy 2.4.0"]), digest(tmp_path, [], ["numpy 2.4.1"])}
    code.write_text("one = 2\n")
    seen.add(digest(tmp_path, [], ["numpy 2.4.0"]))
    code.rename(code.with_name("wires.py"))
    seen.add(digest(tmp_path, [], ["numpy 2.4.0"]))
    assert len(seen) == 4
    (code.parent / "notes.txt").write_text("no code")
    assert digest(tmp_path, [], ["numpy 2.4.0"]) in seen
