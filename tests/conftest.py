"""Fixtures that all tests share: `--golden`, the real kubectl and helm, and a running service."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import hypothesis
import pytest
import requests
from flask.testing import FlaskClient

from service.web.app import create_app
from service.web.settings import Settings

ROOT = Path(__file__).resolve().parent.parent


# CI looks at the same examples every time, so that a rare failure does not hit a change that has
# nothing to do with it. Developers' machines look at others each time.
hypothesis.settings.register_profile("ci", derandomize=True, deadline=None)
hypothesis.settings.register_profile("here", deadline=None)
hypothesis.settings.register_profile("hunt", deadline=None, max_examples=5000)
hypothesis.settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "here")
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--golden", action="store_true", help="rewrite the expected outputs of cases that exist"
    )


MEASURED = tuple(ROOT / "tests" / name for name in ("unit", "cases", "contract"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Measure coverage in the tests that say what each part does, and in no others: properties,
    corpora and simulations would take twice the time, and reach lines that nothing looks at.
    """
    for item in items:
        if not any(item.path.is_relative_to(folder) for folder in MEASURED):
            item.add_marker(pytest.mark.no_cover)


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> bool:
    """Whether to rewrite the expected outputs."""
    return bool(request.config.getoption("--golden"))


def _program(name: str) -> Path:
    """Where a program is: the one that `make test` fetched, else the one on PATH."""
    for path in (str(ROOT / ".tools" / "bin" / name), shutil.which(name)):
        if path and Path(path).exists():
            return Path(path)
    pytest.fail(f"{name} is missing: run tools/fetch_kubectl.py, as `make test` does")


@pytest.fixture(scope="session")
def kubectl() -> Path:
    """A real kubectl."""
    return _program("kubectl")


@pytest.fixture(scope="session")
def helm() -> Path:
    """A real helm."""
    return _program("helm")


@pytest.fixture
def client() -> FlaskClient:
    """A client of the application, without a server."""
    return create_app(Settings()).test_client()


needs_proc = pytest.mark.skipif(
    not Path(f"/proc/self/task/{os.getpid()}/children").exists(),
    reason="it reads /proc, which only Linux has",
)


@dataclass(frozen=True)
class Server:
    """A gunicorn that a test started."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path
    """The file with its output."""
    certificate: str | None = None
    """The file with its certificate, if it is a server of HTTPS."""

    @property
    def url(self) -> str:
        return f"http{'s' if self.certificate else ''}://127.0.0.1:{self.port}"

    def terminate(self) -> None:
        """Ask it to drain and end."""
        self.process.send_signal(signal.SIGTERM)

    def workers(self) -> list[int]:
        """The process ids of its workers; only Linux says them."""
        process = self.process.pid
        children = Path(f"/proc/{process}/task/{process}/children").read_text()
        return [int(word) for word in children.split()]

    def connect(self, timeout: float = 30) -> socket.socket:
        """Open a connection; the timeout is in seconds, for each operation on it."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=timeout)


class StartServer(Protocol):
    """What the fixture `start_server` is."""

    def __call__(self, **settings: str) -> Server:
        """Start a service with some environment variables."""


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


_GUNICORN = (
    sys.executable,
    "-m",
    "gunicorn",
    "--config",
    "python:service.gunicorn_conf",
    "service.wsgi:app",
)


def _start(log: Path, settings: dict[str, str], command: Sequence[str] = _GUNICORN) -> Server:
    port = int(settings.get("PORT", _free_port()))
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PODSPLIT_", "PROMETHEUS_", "MAKE"))
    }
    environ = inherited | {"PORT": str(port), "HOST": "127.0.0.1", "WORKERS": "2"} | settings
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=output, stderr=output)
    server = Server(process, port, log, settings.get("PODSPLIT_TLS_CERT_FILE"))
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        try:
            trusted = server.certificate or True
            if requests.get(server.url + "/readyz", timeout=5, verify=trusted).ok:
                return server
        except requests.RequestException:
            time.sleep(0.05)
    _stop(server)
    pytest.fail(f"the service did not start:\n{log.read_text(errors='replace')[-4000:]}")


def _stop(server: Server) -> None:
    """End a server by its own process id; a second SIGTERM cuts the drain short."""
    for _ in range(2):
        if server.process.poll() is None:
            server.process.send_signal(signal.SIGTERM)
            time.sleep(0.3)
    try:
        server.process.wait(20)
    except subprocess.TimeoutExpired:
        server.process.kill()
        server.process.wait(10)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A running service with the default settings, one for each test process."""
    with tempfile.TemporaryDirectory() as folder:
        running = _start(Path(folder) / "log", {})
        yield running
        _stop(running)


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[StartServer]:
    """Starts services with their own settings: `start_server(PODSPLIT_MAX_FILES="3")`."""
    with _starting(tmp_path, "log", _GUNICORN) as start:
        yield start


@pytest.fixture
def start_bot(tmp_path: Path) -> Iterator[StartServer]:
    """Starts hosted bots with their own settings."""
    with _starting(tmp_path, "bot-log", (sys.executable, "-m", "clients.bot.hosted")) as start:
        yield start


@contextmanager
def _starting(folder: Path, name: str, command: Sequence[str]) -> Iterator[StartServer]:
    started: list[Server] = []

    def start(**settings: str) -> Server:
        started.append(_start(folder / f"{name}{len(started)}", settings, command))
        return started[-1]

    try:
        yield start
    finally:
        for running in started:
            _stop(running)


@pytest.fixture
def make_run(tmp_path: Path) -> Iterator[Server]:
    """The service as `make run` starts it.

    It would install an environment first; here that is the one that the tests run in.
    """
    (tmp_path / "venv" / "bin").mkdir(parents=True)
    for target in ("venv/bin/python", "venv/.runtime"):
        (tmp_path / target).touch()
    command = ("make", "run", f"VENV={tmp_path / 'venv'}", f"BIN={Path(sys.executable).parent}")
    running = _start(tmp_path / "log", {"PODSPLIT_DRAIN_SECONDS": "0"}, command)
    yield running
    _stop(running)
