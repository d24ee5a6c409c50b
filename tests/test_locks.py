"""The locked packages can be installed on every Python that the course names, oldest patch releases included."""

from __future__ import annotations

import os
import re
import sys
import tomllib
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

import lock as locks
from tests import needs
from tests.small_wheels import wheel

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ("requirements.lock", "requirements-cluster.lock")
PROJECTS = ("pyproject.toml", "assignments/seqlab/pyproject.toml", "datasets/pyproject.toml")
# The first release of each and those that distributions ship; networkx rules 3.14.1 out.
PYTHONS = ("3.11.0", "3.11.2", "3.11.14", "3.12.0", "3.12.3", "3.13.0", "3.13.5", "3.14.0")


def _pins(lock):
    lines = (ROOT / lock).read_text().splitlines()
    return [line for line in lines if line.strip() and not line.startswith("#")]


def _admits(specifiers, python):
    return SpecifierSet(specifiers or "").contains(python)


@needs.torch  # what it asks for is read from its package
@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_admits_every_python(lock):
    pins = _pins(lock)
    assert len(pins) > 10
    for pin in pins:
        name, version = re.fullmatch(r"([\w.-]+)==([\w.]+)", pin).groups()
        installed = distribution(name)
        assert installed.version.partition("+")[0] == version, f"{pin}: make setup"
        refusing = [
            p for p in PYTHONS if not _admits(installed.metadata.get("Requires-Python", ""), p)
        ]
        assert not refusing, f"{pin} does not admit {', '.join(refusing)}"


@needs.torch  # what it asks for is read from its package
def test_what_the_locks_name_is_enough_for_every_python():
    """A requirement that only some of the Pythons have would be missing on the others."""
    locked = {
        canonicalize_name(pin.partition("==")[0]): pin.partition("==")[2]
        for lock in LOCKS
        for pin in _pins(lock)
    }
    missing = []
    for name in locked:
        for line in distribution(name).requires or ():
            requirement = Requirement(line)
            for python in PYTHONS:
                environment = {
                    "python_full_version": python,
                    "python_version": ".".join(python.split(".")[:2]),
                    "sys_platform": "linux",
                    "platform_system": "Linux",
                    "extra": "",
                }
                wanted = canonicalize_name(requirement.name)
                marker = requirement.marker
                if marker is not None and not marker.evaluate(environment):
                    continue
                version = locked.get(wanted)
                if version is None or not requirement.specifier.contains(version):
                    missing.append(f"{name} on {python}: {line}")
    # Accelerators are no part of the locks: pip adds those of the build of PyTorch that it chooses.
    assert not [line for line in missing if not re.search(r"nvidia|cuda|triton", line)]


@pytest.mark.parametrize("project", PROJECTS)
def test_the_projects_name_these_pythons(project):
    wanted = tomllib.loads((ROOT / project).read_text())["project"]["requires-python"]
    assert all(_admits(wanted, python) for python in PYTHONS)
    assert not any(_admits(wanted, python) for python in ("3.10.18", "3.15.0"))


def test_the_makefile_names_these_pythons():
    text = (ROOT / "Makefile").read_text()
    assert "(3, 11) <= sys.version_info[:2] < (3, 15)" in text


def test_versions_that_fit_stay_when_a_lock_is_written(tmp_path, monkeypatch):
    """A new requirement moves nothing else; a build's label and what belongs to accelerators are left out."""
    for version in ("1.0", "1.1"):
        wheel(tmp_path, "small", version)
    wheel(tmp_path, "beside", "2.0", ["small"])
    wheel(tmp_path, "torch", "2.13.0+cu130", ["nvidia-cublas"])
    wheel(tmp_path, "nvidia-cublas", "13.1")
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    python = Path(sys.executable)
    kept = {"small": "1.0", "gone": "3.0"}
    found = locks.resolve(python, kept, ["beside", "torch"])
    assert found == {"beside": "2.0", "small": "1.0", "torch": "2.13.0"}
    assert locks.resolve(python, {}, ["beside"])["small"] == "1.1"
    assert locks.changes(kept, found) == [
        "beside new → 2.0",
        "gone 3.0 → gone",
        "torch new → 2.13.0",
    ]
    with pytest.raises(SystemExit, match="make lock: pip failed"):
        locks.resolve(python, {"small": "9"}, ["beside"])


def test_what_is_asked_for_is_locked():
    asked = []
    for project in PROJECTS:
        known = tomllib.loads((ROOT / project).read_text())["project"]
        asked += known["dependencies"]
        for extra in known.get("optional-dependencies", {}).values():
            asked += extra
    locked = {
        canonicalize_name(name): version
        for lock in LOCKS
        for name, version in locks.pins(ROOT / lock).items()
    }
    for requirement in map(Requirement, asked):
        version = locked.get(canonicalize_name(requirement.name))
        assert version and requirement.specifier.contains(version), f"{requirement}: make lock"
