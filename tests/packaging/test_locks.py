"""The locks hold what pyproject.toml asks for."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
RUNTIME = PROJECT["project"]["dependencies"]
DEVELOPMENT = PROJECT["project"]["optional-dependencies"]["dev"]
LOCKS = {
    "requirements.lock": RUNTIME,
    "requirements-dev.lock": RUNTIME + DEVELOPMENT,
    "requirements-build.lock": [
        *PROJECT["build-system"]["requires"],
        *PROJECT["dependency-groups"]["image"],
    ],
}


def locked(name: str) -> dict[str, str]:
    """Each package of a lock, with its version."""
    pins = re.findall(r"^([^\s=]+)==(\S+)", (ROOT / name).read_text(), re.MULTILINE)
    return {canonicalize_name(package): version for package, version in pins}


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_has_what_is_asked_for(name):
    """A version in the range of each, or `make lock` was forgotten."""
    pins = locked(name)
    for requirement in map(Requirement, LOCKS[name]):
        version = pins.get(canonicalize_name(requirement.name))
        assert version is not None, requirement
        assert requirement.specifier.contains(version), (requirement, version)


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_works_with_any_index(name):
    """It names no host: a mirror serves as well."""
    assert "://" not in (ROOT / name).read_text()


def test_tests_run_with_what_is_released():
    """The lock for development has the versions of the lock for the image."""
    development = locked("requirements-dev.lock")
    assert locked("requirements.lock").items() <= development.items()
