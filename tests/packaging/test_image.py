"""The image's steps, run in order in empty folders, and what comes of them: started, probed and
stopped as an engine would.

No engine is needed, so what is the engine's own stays unseen: its layers, its namespaces, the real
base image.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from service.web.version import __version__
from tests.conftest import _free_port
from tests.support.dockerfile import Stage, build, context_files

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = (ROOT / "examples" / "web-with-logger.yaml").read_bytes()
pytestmark = [
    pytest.mark.xdist_group("image"),  # it is built once
    pytest.mark.skipif(sys.platform != "linux", reason="the image is for Linux"),
]


@dataclass(frozen=True)
class Image:
    """The last stage, its root read-only."""

    stage: Stage
    user: dict[str, Any]
    """What makes a process run as the image's user, where we may: a test that isn't root already
    is somebody without rights.
    """

    @property
    def packages(self) -> Path:
        (folder,) = (self.stage.root / "opt/podsplit/lib").glob("python3.*/site-packages")
        return folder

    def command(self, words: list[str]) -> list[str]:
        program, *rest = words
        return [self.stage.below(program), *rest]


def base_python(user: dict[str, Any]) -> Path:
    """An interpreter that the image's user may run: a developer's own often stands in a home
    that is closed to others.
    """
    candidates = [
        getattr(sys, "_base_executable", None),  # only CPython has it
        *(
            shutil.which(f"python3.{minor}", path="/usr/local/bin:/usr/bin")
            for minor in (13, 12, 11)
        ),
    ]
    for each in candidates:
        if each is None:
            continue
        try:
            done = subprocess.run(
                [each, "-c", "import ssl, venv, ctypes"],
                capture_output=True,
                check=False,
                timeout=60,
                **user,
            )
        except PermissionError:
            continue
        if done.returncode == 0:
            return Path(each)
    pytest.skip("no Python here may be run by another user")


@pytest.fixture(scope="module")
def image() -> Iterator[Image]:
    with tempfile.TemporaryDirectory(prefix="podsplit-image-") as folder:
        work = Path(folder)
        work.chmod(0o755)
        user: dict[str, Any] = {}
        if os.geteuid() == 0:
            user = {"user": 10001, "group": 10001, "extra_groups": []}
        python = base_python(user)
        context = work / "context"
        for name in context_files(ROOT, (ROOT / ".dockerignore").read_text()):
            (context / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, context / name)
        stages = build((ROOT / "Dockerfile").read_text(), context, work, python, REVISION="0123abc")
        *before, last = stages
        # What the result needs of the context or of an earlier stage is missed from here on.
        for gone in [context, *(stage.root for stage in before)]:
            shutil.rmtree(gone)
        for path in [last.root, *last.root.rglob("*")]:
            if not path.is_symlink():
                path.chmod(path.stat().st_mode & ~(stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH))
        yield Image(last, user)
        for path in [last.root, *last.root.rglob("*")]:
            if path.is_dir() and not path.is_symlink():
                path.chmod(path.stat().st_mode | stat.S_IWUSR)


@dataclass(frozen=True)
class Running:
    """A started image."""

    image: Image
    process: subprocess.Popen[bytes]
    environment: dict[str, str]
    temporary: Path
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.environment['PORT']}"

    def healthy(self) -> bool:
        """Runs the HEALTHCHECK's command, as the image's user."""
        done = subprocess.run(
            self.image.command(self.image.stage.healthcheck),
            cwd=self.image.stage.path("."), env=self.environment, capture_output=True,
            check=False, timeout=30, **self.image.user,
        )  # fmt: skip
        return done.returncode == 0


@contextmanager
def started(image: Image, tmp: Path, **settings: str) -> Iterator[Running]:
    """The image, started with nothing but its own environment; on loopback, since these tests
    reach no further.
    """
    temporary = Path(tempfile.mkdtemp(prefix="podsplit-tmp-"))
    temporary.chmod(0o1777)
    environment = (
        image.stage.environment
        | {"HOST": "127.0.0.1", "PORT": str(_free_port()), "TMPDIR": str(temporary)}
        | settings
    )
    log = tmp / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            image.command(image.stage.entrypoint),
            cwd=image.stage.path("."), env=environment, stdin=subprocess.DEVNULL, stdout=output,
            stderr=output, **image.user,
        )  # fmt: skip
    running = Running(image, process, environment, temporary, log)
    try:
        until = time.monotonic() + 60
        while not running.healthy():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.1)
        yield running
    finally:
        if process.poll() is None:
            process.kill()
            process.wait(20)
        shutil.rmtree(temporary, ignore_errors=True)


def family(pid: int) -> list[int]:
    """A process and its children."""
    return [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]


def open_for_writing(pid: int) -> Iterator[str]:
    """The paths that a process may write to at the moment."""
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        # A connection may be closed while we look.
        with suppress(FileNotFoundError):
            [flags_text] = re.findall(
                r"flags:\s+(\d+)", Path(f"/proc/{pid}/fdinfo/{entry.name}").read_text()
            )
            flags = int(flags_text, 8)
            target = str(entry.readlink())
            if flags & (os.O_WRONLY | os.O_RDWR) and target.startswith("/"):
                yield target


def test_the_package_is_whole(image):
    """Every file of the sources is installed, data and templates too, and nothing else."""
    there = {
        str(path.relative_to(image.packages))
        for package in ("service", "clients")
        for path in (image.packages / package).rglob("*")
        if path.is_file()
    }
    sources = {
        name
        for name in context_files(ROOT, (ROOT / ".dockerignore").read_text())
        if name.startswith(("service/", "clients/"))
    }
    assert {name for name in there if not name.endswith(".pyc")} == sources
    assert {Path(name).suffix for name in sources} == {
        ".py",
        ".json",
        ".yaml",
        ".html",
        ".css",
        ".js",
        ".svg",
    }


def test_the_commands_are_there(image):
    """The bot in both forms, and the server under its own name."""
    folder = image.stage.root / "opt/podsplit/bin"
    names = ("podsplit-bot", "podsplit-bot-server", "podsplit-server")
    assert all((folder / name).is_file() for name in names)
    done = subprocess.run(
        image.command(["/opt/podsplit/bin/python", "-m", "clients.bot", "--help"]),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert "--paths" in done.stdout
    hosted = subprocess.run(
        image.command(["/opt/podsplit/bin/python", "-m", "clients.bot.hosted"]),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert "podsplit-bot-server: PODSPLIT_BOT_CONFIG is not set" in hosted.stderr


def test_byte_code_is_there_for_all_and_is_never_checked_against_times(image):
    """It can't be written later; and layers may change the times of files."""
    for source in image.packages.rglob("*.py"):
        (compiled,) = (source.parent / "__pycache__").glob(f"{source.stem}.cpython-3*.pyc")
        flags = compiled.read_bytes()[4:8]
        assert flags == b"\x01\0\0\0", source


def locked_for_linux() -> set[str]:
    """The names and versions of requirements.lock that are installed here."""
    return {
        line.split()[0]
        for line in (ROOT / "requirements.lock").read_text().splitlines()
        if re.match("[a-z0-9]", line) and "sys_platform == 'win32'" not in line
    }


def test_nothing_is_installed_but_what_is_locked(image):
    """At the locked versions; no pip, no build backend."""
    command = [image.stage.below("/opt/podsplit/bin/python"), "-c"]
    command.append(
        "import importlib.metadata as m; print(*(f'{d.name}=={d.version}'.lower()"
        " for d in m.distributions()))"
    )
    installed = set(
        subprocess.run(
            command, capture_output=True, text=True, check=True, timeout=60
        ).stdout.split()
    )
    # Names are compared without regard to their separators (PyPA, "Names and normalization").
    names = {re.sub("[._](?=.*==)", "-", each) for each in installed}
    assert names == locked_for_linux() | {f"podsplit=={__version__}"}
    programs = [path.name for path in (image.stage.root / "opt/podsplit/bin").iterdir()]
    assert not [name for name in programs if "pip" in name or "hatch" in name]
    assert not list((image.stage.root / "usr/local").rglob("site-packages/pip*"))
    assert not (image.stage.root / "build").exists()


def test_it_lists_what_it_holds(image):
    """In CycloneDX, at the versions that are installed."""
    text = (image.stage.root / "opt/podsplit/sbom.cdx.json").read_text()
    bill = json.loads(text)
    listed = {f"{each['name'].lower()}=={each['version']}" for each in bill["components"]}

    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    assert {re.sub("[._](?=.*==)", "-", each) for each in listed} == locked_for_linux() | {
        f"podsplit=={__version__}"
    }
    assert text.count('"purl": "pkg:pypi/') == len(listed) - 1, "all but podsplit are published"


def test_the_labels_tell_what_it_is(image):
    """By the names of OCI, with the arguments of the build."""
    labels = {
        name.removeprefix("org.opencontainers.image."): value
        for name, value in image.stage.labels.items()
    }
    assert labels["version"] == __version__
    assert labels["revision"] == "0123abc"
    assert labels["licenses"] == "Apache-2.0"
    assert labels["base.name"].startswith("python:3.13.")
    assert "@sha256:" in labels["base.name"]
    assert labels.keys() >= {"title", "description"}


def test_it_serves_as_a_user_without_rights_from_a_tree_that_nobody_may_write(image, tmp_path):
    """Manifests, pages and metrics, with a clean log."""
    with started(image, tmp_path) as running:
        owner = {Path(f"/proc/{pid}").stat().st_uid for pid in family(running.process.pid)}
        assert owner == {image.user.get("user", os.geteuid())} - {0}
        analysis = requests.post(running.url + "/v1/analyze", data=EXAMPLE, timeout=30)
        assert [each["role"] for each in analysis.json()["workloads"][0]["containers"]] == [
            "main",
            "sidecar",
        ]
        rewrite = requests.post(running.url + "/v1/rewrite?format=yaml", data=EXAMPLE, timeout=30)
        assert "kind: Deployment" in rewrite.text
        for path in ("/docs", "/openapi.yaml", "/v1/catalog"):
            assert requests.get(running.url + path, timeout=30).status_code == 200
        assert requests.get(running.url + "/version", timeout=30).json()["version"] == __version__
        time.sleep(2)  # a worker knows what others counted until a second ago
        metrics = requests.get(running.url + "/metrics", timeout=30).text
        assert re.search(
            r'podsplit_requests_total\{method="POST",route="/v1/analyze",status="200"\} 1\.0',
            metrics,
        )
        assert len(family(running.process.pid)) == 3, "one process and two workers"
        assert '"level": "error"' not in running.log.read_text()


def test_it_writes_in_the_temporary_folder_alone(image, tmp_path):
    """What its processes hold open for writing is there, in shared memory without a name, or a
    pipe.
    """
    with started(image, tmp_path) as running:
        requests.post(running.url + "/v1/analyze", data=EXAMPLE, timeout=30)
        written = {path for pid in family(running.process.pid) for path in open_for_writing(pid)}
        folders = (str(running.temporary), "/dev/shm/wgunicorn", str(running.log))
        assert written
        assert not [
            each for each in written if not each.startswith(folders) and each != "/dev/null"
        ]


def test_the_health_check_fails_where_nobody_answers(image, tmp_path):
    """And where something else than our own does."""
    with started(image, tmp_path) as running:
        assert running.healthy()
        environment = running.environment | {
            "http_proxy": "http://127.0.0.1:9",
            "HTTP_PROXY": "http://127.0.0.1:9",
        }
        assert Running(
            image, running.process, environment, running.temporary, running.log
        ).healthy(), "a proxy is not asked"
        nobody = Running(
            image,
            running.process,
            running.environment | {"PORT": str(_free_port())},
            running.temporary,
            running.log,
        )
        assert not nobody.healthy()


def test_its_stop_signal_drains_it(image, tmp_path):
    """Readiness goes down, requests are still answered, then it ends by itself with 0 and leaves
    nothing behind.
    """
    with started(image, tmp_path, PODSPLIT_DRAIN_SECONDS="3") as running:
        running.process.send_signal(signal.Signals[image.stage.stop_signal])
        until = time.monotonic() + 20
        while requests.get(running.url + "/readyz", timeout=10).status_code != 503:
            assert time.monotonic() < until
        assert (
            requests.post(running.url + "/v1/analyze", data=EXAMPLE, timeout=10).status_code == 200
        )
        assert running.healthy(), "it lives while it drains"
        assert running.process.wait(30) == 0
        assert list(running.temporary.iterdir()) == []


def test_any_other_user_will_do(image, tmp_path):
    """OpenShift chooses a high number, with the group root."""
    if os.geteuid() != 0:
        pytest.skip("only root may start a process as somebody else")
    other = Image(image.stage, {"user": 1_000_680_000, "group": 0, "extra_groups": []})
    with started(other, tmp_path) as running:
        assert Path(f"/proc/{running.process.pid}").stat().st_uid == 1_000_680_000
        assert requests.post(running.url + "/v1/analyze", data=EXAMPLE, timeout=30).ok


def test_a_mistake_in_the_settings_ends_it_with_a_message(image, tmp_path):
    """And a status that an engine takes for a failure."""
    environment = image.stage.environment | {
        "HOST": "127.0.0.1",
        "TMPDIR": str(tmp_path),
        "PODSPLIT_MAX_FILES": "many",
    }
    command = image.command(image.stage.entrypoint)
    done = subprocess.run(
        command,
        cwd=image.stage.path("."),
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode != 0
    assert "PODSPLIT_MAX_FILES: must be a whole number, 1 or more" in done.stderr
