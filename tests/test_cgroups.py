"""The cgroup layer on an imitated tree: a machine that delegates a group is not always at hand."""

from __future__ import annotations

import os

import pytest

from autograder.sandbox import client
from autograder.sandbox.confine import cgroups
from autograder.sandbox.terms import Limits

NAME = "user.slice/run-1.scope"


@pytest.fixture
def tree(tmp_path):
    """A delegated group with two processes in it."""
    own = tmp_path / "self"
    own.write_text(f"4:memory:/x\n0::/{NAME}\n")
    folder = tmp_path / "root" / NAME
    folder.mkdir(parents=True)
    (folder / "cgroup.controllers").write_text("cpu memory pids\n")
    (folder / "cgroup.procs").write_text("11\n12\n")
    (folder / "cgroup.subtree_control").write_text("")
    return own, tmp_path / "root", folder


def test_a_delegated_group_is_found(tree):
    own, root, folder = tree
    assert cgroups.delegated(own, root) == folder
    # A process of ours that was moved down finds the same one.
    own.write_text(f"0::/{NAME}/graders\n")
    assert cgroups.delegated(own, root) == folder


@pytest.mark.parametrize("line", ["0::/", "4:memory:/user.slice", "0::/elsewhere", ""])
def test_no_other_is_taken(tree, line):
    own, root, _ = tree
    own.write_text(line + "\n")
    assert cgroups.delegated(own, root) is None


def test_a_group_without_the_controllers_is_none(tree):
    own, root, folder = tree
    (folder / "cgroup.controllers").write_text("cpu pids\n")
    assert cgroups.delegated(own, root) is None
    assert cgroups.delegated(own / "missing", root) is None


def test_a_group_has_bounds_and_room(tree):
    _, _, folder = tree
    made = cgroups.group(folder, 5 << 20, 16)
    assert made is not None and made.folder.parent == folder
    assert (made.folder / "memory.max").read_text() == str(5 << 20)
    assert (made.folder / "memory.swap.max").read_text() == "0"
    assert int((made.folder / "pids.max").read_text()) == cgroups.OTHER_TASKS + 16
    assert (folder / "graders" / "cgroup.procs").read_text() == "12"  # the last that was moved
    assert (folder / "cgroup.subtree_control").read_text() == "+memory +pids"
    made.add(77)
    assert (made.folder / "cgroup.procs").read_text() == "77"


def test_a_refused_group_is_none_and_leaves_nothing(tree):
    _, _, folder = tree
    (folder / "graders").write_text("in the way")
    before = sorted(os.listdir(folder))
    assert cgroups.group(folder, 1, 1) is None
    assert sorted(os.listdir(folder)) == before


def test_a_zygote_enters_its_group_and_grades_on(tree, monkeypatch):
    _, _, folder = tree
    monkeypatch.setattr(cgroups, "delegated", lambda: folder)
    zygote = client.Zygote("numpy")
    try:
        [group] = folder.glob("zygote-*")
        assert (group / "cgroup.procs").read_text() == str(zygote._process.pid)
        assert int((group / "memory.max").read_text()) > Limits().memory
        worker = zygote.fork(Limits())
        worker.greet(client.START_SECONDS)
        worker.close()
    finally:
        zygote.close()


def test_a_group_that_cannot_be_entered_is_a_fault_of_ours(tree, monkeypatch):
    _, _, folder = tree
    monkeypatch.setattr(cgroups, "delegated", lambda: folder)

    def refuse(_group, _pid):
        raise PermissionError("no")

    monkeypatch.setattr(cgroups.Group, "add", refuse)
    with pytest.raises(client.GraderFault, match="cannot enter its cgroup"):
        client.Zygote("numpy")
