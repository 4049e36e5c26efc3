"""What `make test` runs."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def pytest_command(tmp_path: Path, *arguments: str) -> list[str]:
    """The words after `pytest` that `make test` would run, in an environment that is there."""
    (tmp_path / "bin").mkdir()
    for name in ("bin/python", ".dev"):
        (tmp_path / name).touch()
    done = subprocess.run(
        ["make", "--dry-run", "test", f"VENV={tmp_path}", *arguments],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith("MAKE")},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    (line,) = re.findall(r"^\S*/pytest (.*)$", done.stdout, re.MULTILINE)
    return shlex.split(line)


def test_the_whole_suite_is_held_to_a_floor(tmp_path):
    """Of branches too, and of nothing but the service."""
    assert "--cov" in pytest_command(tmp_path)
    coverage = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["coverage"]
    assert coverage["run"]["branch"] is True
    assert coverage["run"]["source"] == ["service"]
    assert coverage["report"]["fail_under"] >= 93


def test_some_tests_run_without_the_floor(tmp_path):
    """`make test TESTS=...` runs just those, with the arguments that are given."""
    words = pytest_command(tmp_path, "TESTS=tests/unit/web tests/cases", "PYTEST_ARGS=-k 'a or b'")
    assert words[-4:] == ["-k", "a or b", "tests/unit/web", "tests/cases"]
    assert not [word for word in words if word.startswith("--cov")]


@pytest.mark.parametrize("setting", ["TESTS=tests/unit", "PYTEST_ARGS=-x"])
def test_either_of_them_is_enough(tmp_path, setting):
    """Both make a part of the suite."""
    assert "--cov" not in pytest_command(tmp_path, setting)
