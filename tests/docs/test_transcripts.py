"""Every command that the pages show is run, and prints what they say.

A `console` block is run against a real gunicorn, in a folder that holds what a clone holds. Words
behind `console` say what it needs:

- `NAME=value`: a service with these settings, and a file `tokens` where one is named;
- `make`: the Makefile. The target must exist; it is not run;
- `helm`: the real helm, on PATH;
- `cluster`: a cluster. `helm install` and `upgrade` are rendered with the same arguments, `kubectl
  create` stays on the client, and of other commands every flag must exist;
- `pip`: an installation. What is installed and what is run must exist; tests/packaging does both;
- `docker`: a Docker engine. The file that a command is about must exist, and where there is a
  client it must read the file.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from service.web.settings import Settings
from tests.conftest import Server
from tests.support.pages import ROOT, Block, Step, blocks, matches_output, pages, prose, steps

CONSOLE = [block for page in pages() for block in blocks(page) if block.language == "console"]
NEEDS = {"make", "pip", "helm", "cluster", "docker"}
every_page = pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
SHOWN_URL = "http://127.0.0.1:8080"
"""Where the service is, as the pages write it."""
INSTALL_ONLY_FLAGS = {
    "--install",
    "--create-namespace",
    "--wait",
    "--atomic",
    "--reuse-values",
    "--reset-then-reuse-values",
}


def blocks_that_need(need: str | None) -> list[Any]:
    """Test parameters: the console blocks that need something; None for those that need nothing."""
    matching = [
        block
        for block in CONSOLE
        if next((word for word in block.words if word in NEEDS), None) == need
    ]
    return [pytest.param(block, id=str(block)) for block in matching]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A repository that holds what a clone holds, in which commands may write."""
    for entry in ROOT.iterdir():
        if entry.name == "examples":
            shutil.copytree(entry, tmp_path / entry.name)
        elif not entry.name.startswith("."):
            (tmp_path / entry.name).symlink_to(entry)
    # git works in a repository in another way than beside one.
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    return tmp_path


def run(command: str, folder: Path, *programs: Path) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder, with the folders of some programs first on PATH."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    environ = inherited | {
        "PATH": os.pathsep.join([*map(str, programs), os.environ["PATH"]]),
        "NO_COLOR": "1",
    }
    return subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def words_of(command: str) -> list[str]:
    """The words of a command, as a shell splits them."""
    return shlex.split(command.replace("\\\n", " "))


def check_output(step: Step, done: subprocess.CompletedProcess[str]) -> None:
    """A command has succeeded, and printed what the page says."""
    assert matches_output(step.expected, done.stdout.splitlines()), (
        f"{step.command}\n{done.stdout}{done.stderr}"
    )
    assert done.returncode == 0, f"{step.command}\n{done.stderr}"


@pytest.mark.parametrize("block", blocks_that_need(None))
def test_a_transcript_is_what_happens(
    block: Block, clone: Path, request: pytest.FixtureRequest
) -> None:
    """Each command succeeds and prints the lines below it; three dots stand for any lines."""
    settings = dict(word.split("=", 1) for word in block.words)
    if "PODSPLIT_TOKENS_FILE" in settings:
        (clone / settings["PODSPLIT_TOKENS_FILE"]).write_text("example-token\n")
    files = {name: str(clone / value) for name, value in settings.items() if name.endswith("_FILE")}
    server = (
        request.getfixturevalue("start_server")(**settings | files)
        if settings
        else request.getfixturevalue("server")
    )
    for step in steps(block):
        done = run(step.command.replace(SHOWN_URL, server.url), clone)
        done.stdout = done.stdout.replace(server.url, SHOWN_URL)
        check_output(step, done)


@pytest.mark.parametrize("block", blocks_that_need("helm"))
def test_what_helm_prints(block: Block, clone: Path, helm: Path) -> None:
    """The same holds of commands of the real helm."""
    for step in steps(block):
        check_output(step, run(step.command, clone, helm.parent))


@pytest.mark.parametrize("block", blocks_that_need("cluster"))
def test_commands_for_a_cluster_are_valid(
    block: Block, clone: Path, helm: Path, kubectl: Path
) -> None:
    """Commands that need a cluster run as far as they can without one."""
    for name in ("tokens", "github.secret", "github.key"):
        (clone / name).write_text("example-token\n")
    (values,) = re.findall(
        r"```yaml\n(bot:\n.*?)```", (ROOT / "docs/bot.md").read_text(), re.DOTALL
    )
    (clone / "bot-values.yaml").write_text(values)
    commands = [command for step in steps(block) for command in step.command.split(" | ")]
    for command in commands:
        words = words_of(command)
        assert words[0] in ("helm", "kubectl"), command
        rehearsal = _without_cluster(words)
        done = run(rehearsal, clone, helm.parent, kubectl.parent)
        assert done.returncode == 0, f"{rehearsal}\n{done.stderr}"
        for flag in (
            re.findall(r"^--[a-z-]+", "\n".join(words), re.MULTILINE)
            if rehearsal.endswith("--help")
            else ()
        ):
            assert f"{flag} " in done.stdout or f"{flag}=" in done.stdout, (command, flag)


def _without_cluster(words: list[str]) -> str:
    """The command that shows as much of another one as is possible without a cluster."""
    program, verb, *rest = words
    if program == "helm" and verb in ("install", "upgrade"):
        arguments = [word for word in rest if word not in INSTALL_ONLY_FLAGS]
        return shlex.join(["helm", "template", *arguments])
    if program == "kubectl" and verb == "create":
        return shlex.join([*words, "--dry-run=client", "--output=yaml"])
    has_subcommands = program == "kubectl" and verb in ("rollout", "config", "auth", "set", "top")
    return shlex.join([program, verb, *(rest[:1] if has_subcommands else []), "--help"])


@pytest.mark.parametrize("block", blocks_that_need("docker"))
def test_docker_commands_name_existing_files(block: Block, clone: Path) -> None:
    """The file of the command exists; compose reads its file, where there is a client."""
    for step in steps(block):
        words = words_of(step.command)
        assert words[0] == "docker", step.command
        if words[1] == "build":
            assert (ROOT / "Dockerfile").is_file()
            assert words[-1] == "."
        elif words[1] == "compose":
            assert (ROOT / "docker-compose.yml").is_file()
            _compose(words, clone)
        else:
            assert words[1] in ("push", "run"), step.command
            shown = "".join(console_block.text for console_block in CONSOLE)
            assert f"build --tag {words[-1]} ." in shown, "no page says how this image is built"


def _compose(words: list[str], clone: Path) -> None:
    if shutil.which("docker") is None or run("docker compose version", clone).returncode:
        pytest.skip("there is no Docker client with compose")
    options = [word for word in words[2:] if word.startswith("--profile")]
    done = run(shlex.join(["docker", "compose", *options, "config", "--quiet"]), clone)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("block", blocks_that_need("pip"))
def test_what_is_installed_is_there(block: Block) -> None:
    """A project where pip looks for it, and commands that it brings."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    install, *others = [words_of(step.command) for step in steps(block)]
    assert install == ["pip", "install", "."]
    assert {words[0] for words in others} <= project["scripts"].keys()


@pytest.mark.parametrize("block", blocks_that_need("make"))
def test_make_targets_are_there(block: Block, clone: Path) -> None:
    """The target exists, and variables before the command are settings."""
    for step in steps(block):
        words = words_of(step.command)
        settings = dict(word.split("=", 1) for word in words[: words.index("make")])
        Settings.from_environment(settings)
        done = run(shlex.join(["make", "--dry-run", *words[words.index("make") + 1 :]]), clone)
        assert done.returncode == 0, done.stderr


def test_make_run_serves(make_run: Server) -> None:
    """The first command of the README starts the service."""
    assert run(f"curl -sf {make_run.url}/readyz", ROOT).stdout == '{"status":"ok"}\n'


@every_page
def test_shell_commands_are_in_console_blocks(page: Path) -> None:
    """All shell commands are in console blocks, and the tests above know each word behind
    `console`.
    """
    assert [
        str(block) for block in blocks(page) if block.language in ("sh", "bash", "shell", "zsh")
    ] == []
    assert (
        re.findall(
            r"^(?: {4}|\t)(?:curl|docker|git|helm|kubectl|make|python3?) .*",
            prose(page),
            re.MULTILINE,
        )
        == []
    )
    consoles = [block for block in blocks(page) if block.language == "console"]
    assert [
        str(block)
        for block in consoles
        if any(word not in NEEDS and "=" not in word for word in block.words)
    ] == []
    assert all(steps(block) for block in consoles)


@every_page
def test_make_targets_in_the_text_are_there(page: Path) -> None:
    """Each `make <target>` in the text names a target of the Makefile."""
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z]+)", page.read_text())) - targets == set()


def test_ci_in_ten_lines(clone: Path, server: Server) -> None:
    """The README's workflow has at most ten lines. It fails on a finding, passes a clean folder,
    and fills the summary in both cases.
    """
    [block] = [
        block
        for block in blocks(ROOT / "README.md")
        if block.language == "yaml" and "runs-on" in block.text
    ]
    assert block.text.count("\n") <= 10
    [command] = [
        step["run"]
        for step in yaml.safe_load(block.text)["jobs"]["podsplit"]["steps"]
        if "run" in step
    ]
    command = command.replace("https://podsplit.example.com", server.url).replace(
        "${{ secrets.PODSPLIT_TOKEN }}", "example-token"
    )
    results = []
    for name in ("one-shot.yaml", "app-with-sidecars.yaml"):
        folder = clone / name.partition(".")[0]
        (folder / "manifests").mkdir(parents=True)
        shutil.copy(ROOT / "examples" / name, folder / "manifests")
        # GitHub's own shell stops when a command of a pipe fails.
        done = run(f"set -eo pipefail; export GITHUB_STEP_SUMMARY=summary.md\n{command}", folder)
        results.append((done.returncode, (folder / "summary.md").read_text().splitlines()[0]))
    assert results == [
        (22, "### Podsplit: 1 warning in 1 workload"),
        (0, "### Podsplit: nothing to change in 1 workload"),
    ]


def test_there_are_transcripts() -> None:
    """The patterns above find blocks of each sort."""
    assert len(blocks_that_need(None)) >= 20
    assert all(blocks_that_need(need) for need in NEEDS)
