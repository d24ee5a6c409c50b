"""`make setup`, with a folder of small wheels for a package index: which build of PyTorch, and what is said of it."""

from __future__ import annotations

import collections
import os
import subprocess
import sys

import pytest

import install
from autograder.course.source import ROOT
from tests.small_wheels import wheel

LOCK = "# a comment\nsmall==1.0\ntorch==2.13.0\n"


@pytest.fixture
def index(tmp_path):
    folder = tmp_path / "wheels"
    folder.mkdir()
    wheel(folder, "small", "1.0")
    wheel(folder, "torch", "2.13.0", ["nvidia-cublas"], size=3_000_000)
    wheel(folder, "nvidia-cublas", "13.1", size=2_000_000)
    return folder


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """One for all tests: a path with spaces and umlauts, as students' folders have."""
    return tmp_path_factory.mktemp("Kurs für alle") / ".venv"


@pytest.fixture
def setup(environment, index, tmp_path):
    (tmp_path / "lock").write_text(LOCK)

    def run(torch="", executable=sys.executable):
        command = [executable, str(ROOT / "install.py"), "--venv", str(environment)]
        command += ["--lock", str(tmp_path / "lock"), "--torch", torch]
        variables = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PIP_")},
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(index),
        }
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=300, env=variables, cwd=tmp_path
        )
        return done.returncode, done.stdout.splitlines(), done.stderr

    yield run
    if environment.exists():
        subprocess.run(
            [environment / "bin" / "python", "-m", "pip", "uninstall", "-qy", "torch", "small"],
            check=True,
            capture_output=True,
        )
        (environment / ".torch").unlink(missing_ok=True)


def _installed(environment):
    found = install._installed(environment / "bin" / "python")
    return {name: found[name] for name in ("small", "torch") if name in found}


def test_the_build_for_the_processor_is_preferred(setup, index, environment):
    # By version alone pip would take the one for CUDA, whose local label sorts last.
    wheel(index, "torch", "2.13.0+cpu", size=1_500_000)
    wheel(index, "torch", "2.13.0+cu130", ["nvidia-cublas"], size=3_000_000)
    status, lines, errors = setup()
    assert (status, errors) == (0, "")
    assert _installed(environment) == {"small": "1.0", "torch": "2.13.0+cpu"}
    assert "Downloading and installing 2 packages, 2 MB (2 MB of them PyTorch 2.13.0+cpu)" in lines
    assert lines[-1] == "Ready, with PyTorch 2.13.0+cpu"
    assert len(lines) <= 6, lines  # with two on an old pip that cannot be renewed here
    # Again: nothing is asked of an index, and the build stays.
    for path in index.iterdir():
        path.unlink()
    status, lines, errors = setup()
    assert (status, errors) == (0, "") and "All packages are installed" in lines


def test_the_build_for_cuda_is_announced_with_its_size(setup, environment):
    status, lines, errors = setup()
    assert (status, errors) == (0, "")
    assert _installed(environment) == {"small": "1.0", "torch": "2.13.0"}
    wanted = "installing 3 packages, 5 MB (5 MB of them PyTorch 2.13.0 for CUDA)"
    (said,) = [line for line in lines if wanted in line]
    assert install.TORCH_PAGE in lines[lines.index(said) + 1]


def test_the_build_for_cuda_is_taken_where_it_is_asked_for(setup, index, environment):
    """Beside the small one, in whose place it comes, and back: then nothing of it stays."""
    wheel(index, "torch", "2.13.0+cpu", size=1_500_000)
    assert setup()[0] == 0 and _installed(environment)["torch"] == "2.13.0+cpu"
    status, lines, errors = setup("cuda")
    assert (status, errors) == (0, "") and _installed(environment)["torch"] == "2.13.0"
    assert any("PyTorch 2.13.0 for CUDA" in line for line in lines)
    assert setup()[0] == 0 and _installed(environment)["torch"] == "2.13.0"  # the last choice holds
    assert setup("cpu")[0] == 0 and _installed(environment)["torch"] == "2.13.0+cpu"
    assert "nvidia-cublas" not in install._installed(environment / "bin" / "python")
    # PyTorch's own index labels that build too.
    wheel(index, "torch", "2.13.0+cu130", ["nvidia-cublas"], size=3_000_000)
    assert setup("cuda")[0] == 0 and _installed(environment)["torch"] == "2.13.0+cu130"
    for path in index.glob("torch-*"):
        if "+cpu" not in path.name:
            path.unlink()
    assert setup("cpu")[0] == 0
    status, _lines, errors = setup("cuda")
    assert status == 1 and errors.count("\n") == 1 and "cuda" in errors.lower()
    assert _installed(environment)["torch"] == "2.13.0+cpu"  # what worked is still there


def test_a_build_that_is_asked_for_and_not_there(setup, environment):
    status, _lines, errors = setup("cpu")
    assert status == 1 and "Traceback" not in errors
    assert errors.startswith("make setup: pip finds no torch==2.13.0+cpu")
    assert install.TORCH_PAGE in errors and "torch" not in _installed(environment)


def test_without_torch_and_back(setup, index, environment):
    status, lines, errors = setup("none")
    assert (status, errors) == (0, "") and _installed(environment) == {"small": "1.0"}
    assert "without PyTorch" in lines[-1]
    # The choice holds when the lock has changed, until another is named.
    assert setup()[0] == 0 and "torch" not in _installed(environment)
    wheel(index, "torch", "2.13.0+cpu")
    assert setup("auto")[0] == 0 and _installed(environment)["torch"] == "2.13.0+cpu"
    assert setup("none")[0] == 0 and "torch" not in _installed(environment)


def test_a_choice_that_is_none(setup):
    status, _lines, errors = setup("gpu")
    assert status == 1 and errors == "make setup: TORCH is one of auto, cpu, cuda, none, not gpu\n"


def test_a_package_that_is_not_to_be_had(setup, index):
    (index / "small-1.0-py3-none-any.whl").unlink()
    status, lines, errors = setup("none")
    assert status == 1 and "Traceback" not in errors and errors.count("\n") == 1
    assert any("small==1.0" in line for line in lines)  # pip's own word
    assert "HTTPS_PROXY" in errors


def test_an_environment_that_was_cut_off_is_made_anew(tmp_path):
    folder = tmp_path / ".venv"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").symlink_to(tmp_path / "gone")
    python = install._environment(folder)
    assert install._works(python).count(".") == 2


def test_a_disk_that_is_too_small(tmp_path, monkeypatch, capsys):
    plan = [{"metadata": {"name": "torch", "version": "2.13.0"}, "download_info": {"url": "x"}}]
    usage = collections.namedtuple("usage", "total used free")
    monkeypatch.setattr(install, "_planned", lambda *_: plan)
    monkeypatch.setattr(install, "_size", lambda _: 2_000_000_000)
    monkeypatch.setattr(install.shutil, "disk_usage", lambda _: usage(9e9, 3e9, 6e9))
    install._announce(tmp_path / "python", tmp_path, ["torch==2.13.0"], None, tmp_path)
    said = capsys.readouterr().out
    assert "Warning: it takes about 7.0 GB" in said and "6.0 GB are free" in said
    monkeypatch.setattr(install.shutil, "disk_usage", lambda _: usage(9e9, 0, 9e9))
    install._announce(tmp_path / "python", tmp_path, ["torch==2.13.0"], None, tmp_path)
    assert "Warning" not in capsys.readouterr().out


def test_a_size_that_is_not_told():
    assert install._size({"download_info": {"url": "file:///not/there"}}) is None


def test_a_python_that_makes_no_environments(tmp_path, monkeypatch):
    """Debian's own, as long as its package for environments is not installed."""

    def create(*_arguments, **_options):
        raise subprocess.CalledProcessError(1, ["ensurepip"])

    monkeypatch.setattr(install.venv, "create", create)
    with pytest.raises(install.CannotInstall, match=r"apt install python3\.\d+-venv"):
        install._environment(tmp_path / ".venv")


@pytest.mark.parametrize("command", ["setup", "student"])
def test_a_python_that_is_too_old(tmp_path, command):
    old = tmp_path / "python"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    done = subprocess.run(
        # As if what students install had changed, so that an installation that is there is renewed.
        [
            "make",
            "-W",
            "datasets/pyproject.toml",
            command,
            f"PYTHON={old}",
            f"VENV={tmp_path / 'venv'}",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    assert f"make {command}: {old} is not Python 3.11 to 3.14; name one" in done.stderr
