"""What GitHub reads: workflows, Dependabot's configuration, forms of issues."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
FOR_USERS = [
    ROOT / "action.yml",
    ROOT / "examples" / "ci" / "github-actions.yml",
    ROOT / "examples" / "ci" / "reviewdog.yml",
]
FORMS = sorted(path for path in (GITHUB / "ISSUE_TEMPLATE").glob("*.yml") if path.stem != "config")
JOBS = [
    pytest.param(job, id=f"{path.stem}-{name}")
    for path in WORKFLOWS
    for name, job in yaml.safe_load(path.read_text())["jobs"].items()
]
BIN = Path(sys.executable).parent
PINNED = re.compile(r"@[0-9a-f]{40} # v\d+\.\d+\.\d+$")


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )


@pytest.mark.parametrize(
    ("schema", "files"),
    [
        ("vendor.github-workflows", WORKFLOWS),
        ("custom.github-workflows-require-timeout", WORKFLOWS),
        ("vendor.github-actions", [ROOT / "action.yml"]),
        ("vendor.dependabot", [GITHUB / "dependabot.yml"]),
        ("vendor.github-issue-forms", FORMS),
        ("vendor.github-issue-config", [GITHUB / "ISSUE_TEMPLATE" / "config.yml"]),
    ],
)
def test_the_files_are_what_github_reads(schema, files):
    """By GitHub's own schemas, and no job runs for ever."""
    assert files
    done = run(BIN / "check-jsonschema", "--builtin-schema", schema, *files)
    assert done.returncode == 0, done.stdout + done.stderr


def test_zizmor_has_nothing_to_say():
    """Not even about style: rights, pins, credentials, injection."""
    done = run(BIN / "zizmor", "--offline", "--persona=pedantic", "--strict-collection", GITHUB)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", FOR_USERS, ids=lambda path: path.name)
def test_zizmor_has_nothing_to_say_of_what_users_get(path):
    """The action, and the workflows to copy."""
    done = run(BIN / "zizmor", "--offline", "--persona=pedantic", "--strict-collection", path)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", FOR_USERS, ids=lambda path: path.name)
def test_no_text_of_others_is_expanded_in_a_shell(path):
    """Secrets, inputs and names of branches reach it as variables."""
    data = yaml.safe_load(path.read_text())
    parts = data["jobs"].values() if "jobs" in data else [data["runs"]]
    scripts = [step["run"] for part in parts for step in part["steps"] if "run" in step]
    assert scripts
    assert [script for script in scripts if "${{" in script] == []


def test_zizmor_would_have_something_to_say(tmp_path):
    """About an action that is pinned by a tag, and one that keeps its credentials."""
    text = WORKFLOWS[0].read_text()
    text = re.sub(r"@[0-9a-f]{40} # (v\S+)", r"@\1", text, count=1)
    (tmp_path / "ci.yml").write_text(text.replace("persist-credentials: false", "fetch-depth: 1"))
    done = run(BIN / "zizmor", "--offline", tmp_path / "ci.yml")
    assert done.returncode != 0
    assert "unpinned-uses" in done.stdout
    assert "artipacked" in done.stdout


def test_actionlint_has_nothing_to_say():
    """Where it is on PATH: no wheel has it. The lint job runs it too."""
    actionlint = shutil.which("actionlint")
    if actionlint is None:
        pytest.skip("actionlint is not on PATH")
    done = run(actionlint, *WORKFLOWS, *(path for path in FOR_USERS if path.name != "action.yml"))
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_starts_without_rights(path):
    """Each job then asks for what it needs."""
    assert yaml.safe_load(path.read_text())["permissions"] == {}


@pytest.mark.parametrize("job", JOBS)
def test_a_job_may_read_and_no_more(job):
    """What publishes does so with credentials of its own, and signs as the workflow that it is."""
    signs = {"id-token": "write"} if job["name"] == "Publish and sign" else {}
    assert job["permissions"] == {"contents": "read"} | signs


def test_what_publishes_waits_for_the_environment():
    """Whose secrets no other job gets."""
    for path in WORKFLOWS:
        for job in yaml.safe_load(path.read_text())["jobs"].values():
            uses_secrets = "secrets." in str(job["steps"])
            assert uses_secrets == (job.get("environment") == "release")
            assert not uses_secrets or path.stem == "release"


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_actions_are_pinned_by_commit(path):
    """With the version behind it, for people and for Dependabot."""
    uses = re.findall(r"uses: (.*)", path.read_text())
    assert uses
    assert [action for action in uses if not PINNED.search(action)] == []


def test_every_python_that_is_promised_is_tested():
    """The matrix is the list of pyproject.toml's classifiers."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    promised = re.findall(r"Python :: (3\.\d+)$", "\n".join(project["classifiers"]), re.MULTILINE)
    tested = [
        version
        for path in WORKFLOWS
        for job in yaml.safe_load(path.read_text())["jobs"].values()
        for version in job.get("strategy", {}).get("matrix", {}).get("python", [])
    ]
    assert tested == promised
    assert project["requires-python"] == f">={promised[0]}"


def test_make_targets_of_workflows_are_there():
    """As in the pages."""
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    used = {
        target
        for path in WORKFLOWS
        for target in re.findall(r"\bmake (?:--silent )?([a-z]+)", path.read_text())
    }
    assert used >= {"lint", "test", "image"}
    assert used - targets == set()
