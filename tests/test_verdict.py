"""The doctor's verdict in one line."""

from __future__ import annotations

import os
import tempfile

import pytest

from autograder.cli import main
from autograder.sandbox import client, doctor, verdict
from autograder.sandbox.client import Zygote
from autograder.sandbox.confine import cgroups, identity, libraries
from autograder.sandbox.doctor import Available, Row, available
from autograder.sandbox.terms import SAFE_LEVELS, GraderFault
from tests import needs

HELD = Row("list /", "refused", "EACCES", True)
BROKEN = Row("fork", "refused", "done", False)


def test_all_is_well():
    assert verdict.verdict(Available("A"), [HELD], []) == (
        "level A: graded code is held; nothing is weaker"
    )


def test_things_are_weaker():
    found = Available("B", {"namespaces": "bubblewrap (bwrap) is not installed"})
    said = verdict.verdict(found, [HELD], ["no namespaces (…)", "no cgroup"])
    assert said == (
        "level B: graded code is held; 2 things are weaker: no namespaces (…); no cgroup"
    )
    assert "1 thing is weaker: no cgroup" in verdict.verdict(found, [HELD], ["no cgroup"])


def test_what_is_broken_comes_first():
    said = verdict.verdict(Available("B"), [HELD, BROKEN], ["no cgroup"])
    assert said.startswith("level B: graded code is NOT HELD: 1 of 2 attempts")
    assert said.endswith("; fork; no cgroup")


def test_too_low_a_level_is_refused():
    found = Available("C", {"landlock": "there is none"})
    said = verdict.verdict(found, [], verdict.weaker(found))
    assert said.startswith("level C: graded code is not held, so grading is refused; ")
    assert "no landlock (there is none)" in said


def test_what_is_weaker(monkeypatch):
    monkeypatch.setattr(cgroups, "delegated", lambda: None)
    monkeypatch.setattr(identity, "can_change_user", lambda: False)
    monkeypatch.setattr(verdict, "is_own_folder", lambda _folder: True)
    monkeypatch.setattr(verdict.os, "geteuid", lambda: 0)
    monkeypatch.setattr(libraries, "importable", lambda torch: frozenset({"numpy"}))
    monkeypatch.setattr(verdict, "tells_waiting", lambda: False)
    lines = verdict.weaker(Available("B", {"namespaces": "refused"}))
    assert len(lines) == 6 and lines[0] == "no namespaces (refused)"
    assert "the threads of a submission cannot be counted, so it may start none" in lines
    assert verdict.NO_DELAY in lines
    assert lines[-1] == verdict.NO_TORCH
    assert not any("\n" in line for line in lines)
    monkeypatch.setattr(verdict, "tells_waiting", lambda: True)
    monkeypatch.setattr(cgroups, "delegated", lambda: "/sys/fs/cgroup/own")
    monkeypatch.setattr(verdict.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(libraries, "importable", lambda torch: frozenset({"torch"}))
    assert verdict.weaker(Available("A")) == []


def test_a_home_that_is_read_only(monkeypatch, tmp_path):
    """A folder that is there and cannot be written to, that others may write to, or that is a link, is not used."""
    closed, opened, link = tmp_path / "closed", tmp_path / "open", tmp_path / "link"
    for folder, mode in ((closed, 0o500), (opened, 0o777)):
        folder.mkdir()
        folder.chmod(mode)
    link.symlink_to(tmp_path / "good")
    assert client.is_own_folder(tmp_path / "good")
    assert not client.is_own_folder(opened) and not client.is_own_folder(link)
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: path != closed and access(path, mode))
    assert not client.is_own_folder(closed)
    monkeypatch.setattr(client, "usual_cache_folder", lambda: closed)
    monkeypatch.setattr(verdict, "usual_cache_folder", lambda: closed)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    client._cache_folder.cache_clear()
    try:
        assert client._cache_folder() == str(tmp_path / f"seqlab-grader-{os.geteuid()}")
        assert any("slower" in line for line in verdict.weaker(Available("A")))
    finally:
        client._cache_folder.cache_clear()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("123 456 7\n", True),
        ("0 0 1", True),
        ("0 0 0", False),  # what a kernel says that does not count
        ("", False),
        ("a b c", False),
        (None, False),
    ],
)
def test_a_kernel_that_tells_no_delays_is_noticed(tmp_path, text, wanted):
    path = tmp_path / "schedstat"
    if text is not None:
        path.write_text(text)
    assert verdict.tells_waiting(str(path)) == wanted


@needs.torch
def test_torch_is_tried(monkeypatch):
    level = available().level
    if level not in SAFE_LEVELS:
        pytest.skip("no sandbox here")
    row = verdict.torch_row(level)
    assert row is not None and (row.outcome, row.held) == ("done", True)
    monkeypatch.setattr(verdict, "_TRAINING", "def train():\n    raise OSError")
    assert not verdict.torch_row(level).held


def test_torch_that_does_not_start(monkeypatch):
    monkeypatch.setattr(libraries, "importable", lambda torch: frozenset({"torch"}))

    def failing(_zygote, _limits):
        raise GraderFault("the sandbox does not start: OSError: libcublasLt.so.13")

    monkeypatch.setattr(Zygote, "fork", failing)
    row = verdict.torch_row("B")
    assert not row.held and row.outcome.endswith("libcublasLt.so.13")


def test_torch_that_is_not_there(monkeypatch):
    monkeypatch.setattr(libraries, "importable", lambda torch: frozenset({"numpy"}))
    assert verdict.torch_row("B") is None


def test_the_command_begins_with_the_verdict(capsys):
    if available().level not in SAFE_LEVELS:
        pytest.skip("no sandbox here")
    assert main(["doctor"]) == 0
    first, *table = capsys.readouterr().out.splitlines()
    assert first.startswith(f"level {available().level}: graded code is held; ")
    assert len(table) > 40 and all(line.startswith("held ") for line in table)
    trained = any("PyTorch" in line for line in table)
    assert trained or "PyTorch is not installed" in first


def test_python_in_a_folder_that_only_root_may_enter(monkeypatch):
    """A worker with a user of its own could not read it; at level A it is mounted elsewhere."""
    monkeypatch.setattr(identity, "possible", lambda: True)
    monkeypatch.setattr(identity, "prepare", lambda _paths: identity.Identity(None, False))
    monkeypatch.setattr(cgroups, "delegated", lambda: None)
    assert doctor.has_own_user("A") and not doctor.has_own_user("B")
    lines = verdict.weaker(Available("B"))
    assert any(
        line.startswith("Python lies in a folder that only root may enter") for line in lines
    )
    assert "the threads of a submission cannot be counted, so it may start none" in lines
    monkeypatch.setattr(identity, "prepare", lambda _paths: identity.Identity(2_000_000_000, False))
    assert doctor.has_own_user("B")
    assert not any("only root" in line for line in verdict.weaker(Available("B")))
