"""The CI examples: their schemas, and their shell commands run as CI systems run them, against a
real service.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Protocol

import pytest
import yaml
from junitparser import JUnitXml

from tests.conftest import Server
from tests.support.forges import bot_environment, running_forge

ROOT = Path(__file__).resolve().parents[2]
CI = ROOT / "examples" / "ci"
WORKFLOW = yaml.safe_load((CI / "github-actions.yml").read_text())
PIPELINE = yaml.safe_load((CI / "gitlab-ci.yml").read_text())
GOOD = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
        - name: web
          image: nginx:1.27
"""
BARE = (
    "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n  labels: {app: web}\nspec:\n "
    " containers:\n    - name: web\n      image: nginx\n"
)


class Shell(Protocol):
    """What the fixture `shell` is."""

    def __call__(
        self, script: str, *words: str, program: str = "bash", **more: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a script with some arguments and additional variables."""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A checkout with a folder of manifests in which nothing is wrong."""
    folder = tmp_path / "checkout"
    (folder / "manifests" / "deep").mkdir(parents=True)
    (folder / "manifests" / "web.yaml").write_text(GOOD)
    (folder / "manifests" / "again.yaml").symlink_to("web.yaml")
    (folder / "manifests" / "README.md").write_text("# not a manifest\n")
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main", folder], check=True)
    return folder


@pytest.fixture(params=[True, False], ids=["clean", "failing"])
def clean(request: pytest.FixtureRequest, repository: Path) -> bool:
    """Whether nothing is wrong with the manifests; else there is a bare Pod."""
    if not request.param:
        (repository / "manifests" / "deep" / "bare pod.yml").write_text(BARE)
    return bool(request.param)


@pytest.fixture
def shell(repository: Path, server: Server, tmp_path: Path) -> Shell:
    """Runs a script as a CI system does: in the checkout, with a variable for each setting, and
    stopping at the first failure.
    """

    def run(
        script: str, *words: str, program: str = "bash", **more: str
    ) -> subprocess.CompletedProcess[str]:
        environ = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("GIT", "CI", "PODSPLIT"))
        }
        environ |= {
            "PODSPLIT_URL": server.url,
            "PODSPLIT_TOKEN": "",
            "MANIFESTS": "manifests",
            "RUNNER_TEMP": str(tmp_path),
        }
        environ |= {"GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md")} | more
        flags = ["--noprofile", "--norc", "-eo", "pipefail"] if program == "bash" else ["-e"]
        command = [program, *flags, "-c", script, *words]
        return subprocess.run(
            command,
            cwd=repository,
            env=environ,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


@pytest.mark.parametrize(
    ("file", "schema"),
    [
        ("github-actions.yml", "github-workflows"),
        ("reviewdog.yml", "github-workflows"),
        ("gitea-actions.yml", "github-workflows"),
        ("gitlab-ci.yml", "gitlab-ci"),
        ("bitbucket-pipelines.yml", "bitbucket-pipelines"),
    ],
)
def test_files_fit_the_schema_of_their_system(file: str, schema: str) -> None:
    """The files fit the schemas that editors use for them."""
    command = [
        sys.executable,
        "-m",
        "check_jsonschema",
        "--builtin-schema",
        f"vendor.{schema}",
        str(CI / file),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


def test_a_workflow_may_do_no_more_than_it_needs() -> None:
    """The workflow has no permission by default, and each job may write what it needs. The checkout
    keeps no token, and actions are pinned.
    """
    assert WORKFLOW["permissions"] == {}
    writes = {
        name: [right for right, how in job["permissions"].items() if how == "write"]
        for name, job in WORKFLOW["jobs"].items()
    }
    assert writes == {
        "findings": ["security-events"],
        "suggestions": ["pull-requests", "statuses"],
    }
    steps = [step for job in WORKFLOW["jobs"].values() for step in job["steps"]]
    for step in steps:
        assert re.fullmatch(r"[\w-]+(/[\w-]+)+@[0-9a-f]{40}", step.get("uses", f"a/b@{40 * 'a'}"))
        assert (
            not step.get("uses", "").startswith("actions/checkout@")
            or step["with"]["persist-credentials"] is False
        )
        # Text of others, such as the name of a branch, reaches the shell only as a variable.
        assert "${{" not in step.get("run", "")


def test_github_actions(shell: Shell, repository: Path, clean: bool, tmp_path: Path) -> None:
    """The job fails on a finding. In both cases it writes SARIF and the summary."""
    steps = [step["run"] for step in WORKFLOW["jobs"]["findings"]["steps"] if "run" in step]
    codes = [shell(step).returncode for step in steps]

    assert codes == [0, 0, 0 if clean else 1]
    results = json.loads((repository / "podsplit.sarif").read_text())["runs"][0]["results"]
    assert {result["ruleId"] for result in results} == (set() if clean else {"bare-pod"})
    assert ("nothing to change" in (tmp_path / "summary.md").read_text()) == clean


def test_github_actions_without_an_answer(shell: Shell, repository: Path, clean: bool) -> None:
    """An error of the service is printed, and nothing is left to upload."""
    pack, _, judge = [
        step["run"] for step in WORKFLOW["jobs"]["findings"]["steps"] if "run" in step
    ]
    shell(pack)
    done = shell(judge.replace("fail_on=warning", "fail_on=never"))

    assert done.returncode == 1
    assert "must be one of info, warning, error" in done.stdout
    assert not (repository / "podsplit.sarif").exists()


def test_gitlab_ci(shell: Shell, repository: Path, clean: bool) -> None:
    """The job fails on a finding. In both cases it writes a Code Quality and a test report."""
    done = shell("\n".join(PIPELINE["podsplit"]["script"]))
    reports = PIPELINE["podsplit"]["artifacts"]["reports"]
    quality = json.loads((repository / reports["codequality"]).read_text())
    tests = JUnitXml.fromfile(str(repository / reports["junit"]))

    assert done.returncode == (0 if clean else 22), done.stderr
    assert [entry["location"]["path"] for entry in quality] == (
        [] if clean else ["manifests/deep/bare pod.yml"]
    )
    assert (tests.tests, tests.failures) == ((1, 0) if clean else (2, 1))


def test_jenkins(shell: Shell, repository: Path, clean: bool) -> None:
    """The pipeline's brackets and quotes close. Its shell step fails on a finding, and writes a
    test report and a summary in both cases.
    """
    text = (CI / "Jenkinsfile").read_text()
    (script,) = re.findall(r"sh '''(.*?)'''", text, re.DOTALL)
    rest = re.sub(r"//[^\n]*|'''.*?'''|'[^'\n]*'", "", text, flags=re.DOTALL)
    assert all(rest.count(opens) == rest.count(closes) for opens, closes in ("{}", "()", "[]"))
    assert not set("'\"") & set(rest)
    # Groovy takes one of two backslashes.
    done = shell(script.replace("\\\\", "\\"), program="sh")
    tests = JUnitXml.fromfile(str(repository / "podsplit.xml"))

    assert done.returncode == (0 if clean else 22), done.stderr
    assert tests.failures == (0 if clean else 1)
    assert (repository / "podsplit.md").read_text().startswith("### Podsplit: ")


def test_plain_shell(shell: Shell, clean: bool) -> None:
    """The script ends with 0 or 1, and prints the report."""
    done = shell('sh "$0" "$@"', str(CI / "check.sh"), "manifests")

    assert done.returncode == (0 if clean else 1), done.stderr
    assert ("kind: Deployment" in done.stdout) != clean


HOSTILE = (
    BARE
    + """# ##vso[task.setvariable]x
  # ::set-output name=a::b
::add-mask::x: y
"""
)


@pytest.mark.parametrize("system", ["GITHUB_ACTIONS", "OTHER"])
def test_commands_in_manifests(shell: Shell, repository: Path, system: str) -> None:
    """A line of the report is never a command to the CI system whose log it stands in."""
    (repository / "manifests" / "hostile.yaml").write_text(HOSTILE)
    done = shell('sh "$0" manifests', str(CI / "check.sh"), **{system: "true"})
    lines = done.stdout.splitlines()

    assert done.returncode == 1
    assert "##vso[" not in done.stdout
    if system == "GITHUB_ACTIONS":
        token = lines[0].removeprefix("::stop-commands::")
        assert re.fullmatch("[0-9a-f]{32}", token)
        assert [number for number, line in enumerate(lines) if token in line] == [
            0,
            len(lines) - 1,
        ]
        assert lines[-1] == f"::{token}::"
    else:
        assert "::stop-commands::" not in done.stdout


def test_plain_shell_by_another_limit(shell: Shell, repository: Path) -> None:
    """FAIL_ON sets the least severity that fails."""
    (repository / "manifests" / "bare.yaml").write_text(BARE)

    assert shell('sh "$0" "$@"', str(CI / "check.sh"), "manifests", FAIL_ON="error").returncode == 0


@pytest.mark.parametrize(
    "trouble", [{"FAIL_ON": "never"}, {"PODSPLIT_URL": "http://127.0.0.1:9"}, {"PODSPLIT_URL": ""}]
)
def test_plain_shell_without_an_answer(shell: Shell, trouble: dict[str, str]) -> None:
    """The script ends with 2 where the service gives no report."""
    done = shell('sh "$0" manifests', str(CI / "check.sh"), **trouble)

    assert done.returncode == 2
    assert done.stdout + done.stderr


def script_of(platform: str) -> tuple[str, str]:
    """The commands that run the bot, and the folder that clients is copied to."""
    if platform == "github":
        return named_step(
            WORKFLOW["jobs"]["suggestions"]["steps"], "Post suggestions"
        ), ".github/podsplit"
    if platform == "gitlab":
        return "\n".join(PIPELINE["podsplit-suggestions"]["script"]), ".gitlab/podsplit"
    if platform == "gitea":
        workflow = yaml.safe_load((CI / "gitea-actions.yml").read_text())
        return named_step(workflow["jobs"]["suggestions"]["steps"], "Post suggestions"), ".podsplit"
    pipelines = yaml.safe_load((CI / "bitbucket-pipelines.yml").read_text())["pipelines"]
    script = pipelines["pull-requests"]["**"][0]["step"]["script"]
    return "\n".join(line for line in script if not line.startswith("pip ")), ".podsplit"


def named_step(steps: list[dict[str, str]], name: str) -> str:
    """The commands of a step."""
    return next(step["run"] for step in steps if step.get("name") == name)


@pytest.fixture
def branch(shell: Shell, repository: Path) -> tuple[str, str]:
    """A branch that adds a bare Pod: the commit that it leaves, and its head."""
    author = ("-c", "user.name=t", "-c", "user.email=t@example.com")
    commit = 'git add --all manifests && git "$@" commit --quiet --message x'
    assert shell(commit, "sh", *author).returncode == 0
    base = shell("git switch --quiet --create branch && git rev-parse HEAD").stdout.strip()
    (repository / "manifests" / "bare.yaml").write_text(BARE)
    return base, shell(f"{commit} && git rev-parse HEAD", "sh", *author).stdout.strip()


@pytest.mark.parametrize("platform", ["github", "gitlab", "gitea", "bitbucket"])
def test_the_jobs_that_post_suggestions(
    shell: Shell, repository: Path, branch: tuple[str, str], platform: str
) -> None:
    """The step that runs the bot posts on a pull request."""
    base, head = branch
    script, folder = script_of(platform)
    (repository / folder).mkdir(parents=True)
    (repository / folder / "clients").symlink_to(ROOT / "clients")
    shell(f"git remote add origin . && git branch trunk {base}")
    with running_forge() as (url, pull_request):
        pull_request.head = head
        pull_request.hunks = {"manifests/bare.yaml": [range(1, 100)]}
        environ = bot_environment(url, pull_request) | {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "BASE": base,
            "CI_MERGE_REQUEST_DIFF_BASE_SHA": base,
            "BITBUCKET_PR_DESTINATION_BRANCH": "trunk",
            "PYTHONPATH": folder,
        }
        done = shell(script, **environ)

        assert done.returncode == 0, done.stderr
        assert len(pull_request.comments_of_kind("line")) == 1


ACTION = yaml.safe_load((ROOT / "action.yml").read_text())


def action_step(name: str) -> str:
    """The commands of a step of the action, which start no installation."""
    script = named_step(ACTION["runs"]["steps"], name)
    return re.sub(r"^.*-m venv .*\n.*pip. install.*\n", "", script, flags=re.MULTILINE).replace(
        '"$RUNNER_TEMP/podsplit/venv/bin/python"', "python3"
    )


def test_the_action(shell: Shell, repository: Path, tmp_path: Path, clean: bool) -> None:
    """It writes the summary and SARIF in both cases, and fails where there is a finding."""
    outputs = tmp_path / "outputs"
    outputs.touch()
    variables = {"PATHS": " manifests \n\n", "FAIL_ON": "warning", "GITHUB_OUTPUT": str(outputs)}
    for name in ("Pack the manifests", "Summarise", "Look for findings"):
        done = shell(action_step(name), **variables)
        assert done.returncode == 0, done.stdout + done.stderr

    assert outputs.read_text() == f"gate={'passed' if clean else 'failed'}\n"
    results = json.loads((repository / "podsplit.sarif").read_text())["runs"][0]["results"]
    assert {result["ruleId"] for result in results} == (set() if clean else {"bare-pod"})
    assert ("nothing to change" in (tmp_path / "summary.md").read_text()) == clean
    assert shell(action_step("Fail on findings")).returncode == 1


@pytest.mark.parametrize(
    ("step", "variables", "says"),
    [
        ("Pack the manifests", {"PATHS": "manifest"}, "::error::there is no manifest"),
        ("Look for findings", {"FAIL_ON": "always"}, "must be one of info, warning, error"),
        ("Summarise", {"PODSPLIT_URL": "http://127.0.0.1:9"}, ""),
    ],
)
def test_the_action_without_an_answer(
    shell: Shell, repository: Path, tmp_path: Path, step: str, variables: dict[str, str], says: str
) -> None:
    """It fails, says why, and leaves nothing to upload."""
    usual = {"PATHS": "manifests", "FAIL_ON": "warning", "GITHUB_OUTPUT": str(tmp_path / "o")}
    shell(action_step("Pack the manifests"), **usual)
    done = shell(action_step(step), **usual | variables)

    assert done.returncode != 0
    assert says in done.stdout
    assert not (repository / "podsplit.sarif").exists()


def test_the_action_never_fails_for_findings_if_told_so(
    shell: Shell, repository: Path, tmp_path: Path
) -> None:
    """`fail-on: never` is for a first look."""
    (repository / "manifests" / "bare.yaml").write_text(BARE)
    outputs = tmp_path / "outputs"
    variables = {"PATHS": "manifests", "FAIL_ON": "never", "GITHUB_OUTPUT": str(outputs)}
    shell(action_step("Pack the manifests"), **variables)
    assert shell(action_step("Look for findings"), **variables).returncode == 0
    assert outputs.read_text() == "gate=passed\n"


def test_the_action_posts_suggestions(
    shell: Shell, branch: tuple[str, str], tmp_path: Path
) -> None:
    """On the pull request, by the bot that comes with it."""
    base, head = branch
    with running_forge() as (url, pull_request):
        pull_request.head = head
        pull_request.hunks = {"manifests/bare.yaml": [range(1, 100)]}
        environ = bot_environment(url, pull_request) | {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "BASE": base,
            "NAME": "",
            "PATHS": "manifests",
            "PYTHONPATH": str(ROOT),
        }
        done = shell(action_step("Post suggestions"), **environ)

        assert done.returncode == 0, done.stderr
        assert len(pull_request.comments_of_kind("line")) == 1


COMPONENT = (ROOT / "templates" / "podsplit.yml").read_text()


def test_the_component(shell: Shell, repository: Path, clean: bool, tmp_path: Path) -> None:
    """Its inputs are all used and all declared; with them filled in it fits GitLab's schema, and
    its job does what the example's does.
    """
    head, body = COMPONENT.split("\n---\n")
    inputs = yaml.safe_load(head)["spec"]["inputs"]
    values = {name: str(given.get("default", "x")) for name, given in inputs.items()}
    assert set(re.findall(r"\$\[\[ inputs\.([a-z-]+) \]\]", body)) == inputs.keys()
    filled = re.sub(r"\$\[\[ inputs\.([a-z-]+) \]\]", lambda match: values[match[1]], body)
    (tmp_path / "filled.yml").write_text(filled)
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.gitlab-ci"]
    checked = subprocess.run([*command, tmp_path / "filled.yml"], capture_output=True, check=False)
    assert checked.returncode == 0, checked.stdout

    script = "\n".join(yaml.safe_load(filled)["podsplit"]["script"])
    done = shell(script, FAIL_ON="warning")
    assert done.returncode == (0 if clean else 22), done.stderr
    assert json.loads((repository / "gl-code-quality.json").read_text()) == [] or not clean


def test_reviewdog_is_given_what_it_reads(
    shell: Shell, repository: Path, tmp_path: Path, clean: bool
) -> None:
    """Diagnostics with suggestions."""
    workflow = yaml.safe_load((CI / "reviewdog.yml").read_text())
    steps = workflow["jobs"]["podsplit"]["steps"]
    done = shell(named_step(steps, "Ask Podsplit"))
    diagnostics = json.loads((tmp_path / "podsplit.json").read_text())["diagnostics"]

    assert done.returncode == 0, done.stderr
    assert [item["code"]["value"] for item in diagnostics] == ([] if clean else ["bare-pod"])
    assert all(item["suggestions"] for item in diagnostics)


def test_the_pre_commit_hook(shell: Shell, repository: Path, clean: bool, tmp_path: Path) -> None:
    """As pre-commit runs it: it fails on a finding, and shows it."""
    author = ("-c", "user.name=t", "-c", "user.email=t@example.com")
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for name in (".pre-commit-hooks.yaml", "examples/ci/check.sh"):
        (hooks / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, hooks / name)
    for folder, words in (
        (hooks, "git init --quiet && git add --all"),
        (repository, "git add --all"),
    ):
        command = f'cd "$0" && {words} && git "$@" commit --quiet --message x'
        assert shell(command, str(folder), *author).returncode == 0
    revision = shell('git -C "$0" rev-parse HEAD', str(hooks)).stdout.strip()
    config = {
        "repos": [
            {
                "repo": str(hooks),
                "rev": revision,
                "hooks": [{"id": "podsplit", "args": ["manifests"]}],
            }
        ]
    }
    (repository / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
    environ = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PRE_COMMIT_HOME": str(tmp_path / "home"),
    }
    shell("git add .pre-commit-config.yaml")
    done = shell("pre-commit run --all-files", **environ)

    assert done.returncode == (0 if clean else 1), done.stdout + done.stderr
    assert ("kind: Deployment" in done.stdout) != clean


def test_a_folder_that_is_misspelt(shell: Shell) -> None:
    """No example takes it for clean manifests."""
    done = shell('sh "$0" manifest', str(CI / "check.sh"))

    assert done.returncode == 2
    assert "there is no folder manifest" in done.stderr


def test_a_folder_without_manifests(shell: Shell, repository: Path) -> None:
    """Values alone are none."""
    (repository / "chart").mkdir()
    (repository / "chart" / "values.yaml").write_text("replicas: 2\n")
    done = shell('sh "$0" chart', str(CI / "check.sh"))

    assert done.returncode == 2
    assert "render the chart first" in done.stdout
