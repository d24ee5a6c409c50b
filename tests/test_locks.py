"""The locked packages can be installed on every Python that the course names, oldest patch releases included."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

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
