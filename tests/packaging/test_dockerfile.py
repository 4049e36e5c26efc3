"""What the Dockerfile says, and what is sent to be built."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from service.web.version import __version__
from tests.support.dockerfile import Instruction, context_files, instructions

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
IGNORE = (ROOT / ".dockerignore").read_text()
STEPS = list(instructions(DOCKERFILE))
LAST = STEPS[max(number for number, step in enumerate(STEPS) if step.name == "FROM") :]


def steps(name: str, among: list[Instruction] = STEPS) -> list[str]:
    """The values of the instructions of a name."""
    return [step.value for step in among if step.name == name]


def test_hadolint_has_nothing_to_say():
    """Not even about style."""
    hadolint = Path(sys.executable).parent / "hadolint"
    done = subprocess.run(
        [hadolint, "--failure-threshold=style", ROOT / "Dockerfile"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_hadolint_would_have_something_to_say(tmp_path):
    """About a Dockerfile with a mistake."""
    (tmp_path / "Dockerfile").write_text(DOCKERFILE + "\nRUN cd /tmp && sudo pip install flask\n")
    hadolint = Path(sys.executable).parent / "hadolint"
    done = subprocess.run(
        [hadolint, tmp_path / "Dockerfile"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode != 0
    assert "DL3004" in done.stdout


def test_dependencies_are_installed_before_sources_come():
    """So that a change of the sources doesn't install them again."""
    locked = next(
        number
        for number, step in enumerate(STEPS)
        if step.name == "RUN" and "requirements.lock" in step.value
    )
    sources = next(
        number
        for number, step in enumerate(STEPS)
        if step.name == "COPY" and step.value.startswith("service")
    )
    assert locked < sources


def test_everything_installed_from_an_index_is_locked_by_hashes():
    """pip takes nothing from outside but what a lock file names, and only wheels."""
    installs = [
        command
        for run in steps("RUN")
        for command in run.split("&&")
        if re.search(r"\bpip\b.*\b(install|wheel|download)\b", command)
    ]
    assert len(installs) == 4
    for command in installs:
        locked = "--require-hashes" in command and "--only-binary=:all:" in command
        assert (
            locked
            or "--no-index" in command
            or ("--no-deps" in command and "--no-build-isolation" in command)
        ), command


def test_the_result_takes_nothing_but_the_environment_from_the_first_stage():
    """Neither sources nor lock files, and nothing of the context."""
    copies = [step for step in LAST if step.name == "COPY"]
    assert [(step.flags.get("from"), step.value) for step in copies] == [
        ("build", "/opt/podsplit /opt/podsplit")
    ]


def test_the_result_runs_as_a_number_that_is_not_root():
    """Which Kubernetes can check."""
    assert steps("USER", LAST) == ["10001:10001"]


def test_the_service_is_process_one():
    """Exec form: a shell in between would swallow SIGTERM. Nothing else stops it."""
    (entrypoint,) = steps("ENTRYPOINT")
    assert entrypoint.startswith('["/opt/podsplit/bin/python", "-m", "gunicorn"')
    assert steps("CMD") == []
    assert steps("STOPSIGNAL") == ["SIGTERM"]


def test_the_chart_and_the_image_agree():
    """On the user, the port and the place of Python."""
    values = yaml.safe_load((ROOT / "helm" / "values.yaml").read_text())
    context = values["podSecurityContext"]
    assert steps("USER", LAST) == [f"{context['runAsUser']}:{context['runAsGroup']}"]
    assert (
        f"containerPort: {steps('EXPOSE')[0]}"
        in (ROOT / "helm/templates/deployment.yaml").read_text()
    )


def test_the_version_is_an_argument_that_knows_the_release():
    """Whoever forgets it gets the right one all the same."""
    assert f"VERSION={__version__}" in steps("ARG", LAST)


def test_the_locked_wheels_are_there_for_the_images_python_on_both_architectures(tmp_path):
    """pip finds every one of them, by hash, without building anything."""
    (base,) = {
        value.partition("=")[2] for value in steps("ARG") if value.startswith("PYTHON_IMAGE=")
    }
    version = re.fullmatch(r"python:(3\.\d+)\.\d+-slim-\w+@sha256:[0-9a-f]{64}", base)
    assert version, base
    for architecture in ("x86_64", "aarch64"):
        platforms = [
            f"--platform=manylinux{each}_{architecture}" for each in ("2014", "_2_17", "_2_28")
        ]
        command = [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--dry-run",
            "--ignore-installed",
            "--target",
            tmp_path,
        ]
        command += [
            "--no-deps",  # as the Dockerfile has it: the locks are whole
            "--only-binary=:all:",
            "--require-hashes",
            "--python-version",
            version[1],
            "--implementation=cp",
            *platforms,
        ]
        command += ["-r", ROOT / "requirements.lock", "-r", ROOT / "requirements-build.lock"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
        assert done.returncode == 0, done.stderr


def test_the_build_lock_is_for_what_builds_the_wheel():
    """The backend that pyproject.toml asks for."""
    assert re.search(r"^hatchling==", (ROOT / "requirements-build.lock").read_text(), re.MULTILINE)
    assert 'requires = ["hatchling>=' in (ROOT / "pyproject.toml").read_text()


def tracked(*paths: str) -> set[str]:
    """The files of the repository below some paths, those that are new included."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *paths]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    if done.returncode != 0:
        pytest.skip("this is no git checkout: there is nothing to compare with")
    return {path for path in done.stdout.splitlines() if (ROOT / path).exists()}


def test_the_context_is_what_is_copied_and_nothing_else():
    """The files that COPY names, and the package as it is in the repository."""
    named = {
        word
        for step in STEPS
        if step.name == "COPY" and "from" not in step.flags
        for word in step.value.split()[:-1]
    }
    assert named == {
        "LICENSE",
        "README.md",
        "pyproject.toml",
        "requirements.lock",
        "requirements-build.lock",
        "service",
        "clients",
    }
    assert context_files(ROOT, IGNORE) == tracked(*named)


def test_strays_are_not_sent(tmp_path):
    """What editors, tools and people leave beside the sources stays here."""
    strays = [
        ".env", "service/.env", "service/web/.secrets/key", "service/web/__pycache__/app.pyc",
        "service/app.pyc", "service/a.py~",
        "service/web/a.py.orig", "id_rsa", "tests/a.py", ".git/config", ".venv/bin/python",
        "helm/values.yaml", "README.md.bak",
    ]  # fmt: skip
    sent = [
        "README.md",
        "service/__init__.py",
        "service/web/templates/a.html",
        "service/classification/knowledge/images/a.yaml",
    ]
    for name in strays + sent:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert context_files(tmp_path, IGNORE) == set(sent)


@pytest.mark.parametrize(
    ("ignore", "sent"),
    [
        ("", {"a", "b/a", "b/c/a"}),
        ("a", {"b/a", "b/c/a"}),
        ("**/a", set()),
        ("*/a", {"a", "b/c/a"}),
        ("b", {"a"}),
        ("*\n!b/c", {"b/c/a"}),
        ("*\n!b\nb/c/", {"b/a"}),
        ("# a\nb/*", {"a"}),
    ],
)
def test_the_rules_are_read_as_the_engine_reads_them(tmp_path, ignore, sent):
    """The small reader of these tests, on cases from the reference of .dockerignore."""
    for name in ("a", "b/a", "b/c/a"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert context_files(tmp_path, ignore) == sent
