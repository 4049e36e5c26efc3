"""What pre-commit runs before each commit."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
HOOKS = [
    hook
    for repository in yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    for hook in repository["hooks"]
]


def test_hooks_do_what_lint_does():
    """With the same programs of the same environment, so that no version stands twice."""
    makefile = (ROOT / "Makefile").read_text()
    recipe = makefile.partition("\nlint:")[2].partition("\n\n")[0]
    linted = re.findall(r"\$\(BIN\)/(\S+)", recipe)
    hooked = [hook["entry"].split()[0] for hook in HOOKS]
    assert [entry.removeprefix(".venv/bin/") for entry in hooked] == [
        program for program in linted if program not in ("mypy", "lint-imports")
    ]
    assert all(entry.startswith(".venv/bin/") for entry in hooked)


def test_hooks_run(tmp_path):
    """On files that have nothing wrong."""
    if not ((ROOT / ".git").exists() and (ROOT / ".venv" / "bin" / "ruff").exists()):
        pytest.skip("hooks are for a git checkout with its environment in .venv")
    done = subprocess.run(
        [
            Path(sys.executable).parent / "pre-commit",
            "run",
            "--files",
            ".pre-commit-config.yaml",
            "tools/mutants.py",
        ],
        cwd=ROOT,
        env=os.environ | {"PRE_COMMIT_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("Passed") == len(HOOKS)
