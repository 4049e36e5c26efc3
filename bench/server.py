"""A service to measure, started and stopped by the benchmark."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

_ROOT = Path(__file__).resolve().parents[1]
_COMMAND = (
    sys.executable,
    "-m",
    "gunicorn",
    "--config",
    "python:service.gunicorn_conf",
    "service.wsgi:app",
)


@dataclass(frozen=True, slots=True)
class Running:
    """A running service."""

    port: int
    process: int
    """The process id of gunicorn, whose children are the workers."""
    startup: float
    """Seconds from the start until it was ready."""


@contextmanager
def running_service(workers: int) -> Iterator[Running]:
    """Run a service with the default settings on a free port."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PODSPLIT_", "PROMETHEUS_"))
    }
    environ = inherited | {
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "WORKERS": str(workers),
        "PODSPLIT_DRAIN_SECONDS": "0",
    }
    started = time.perf_counter()
    process = subprocess.Popen(
        _COMMAND, cwd=_ROOT, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        startup = _wait_until_ready(process, port, started)
        if workers > 1:
            time.sleep(2)  # the service counts as ready as soon as one worker is
        yield Running(port, process.pid, startup)
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


def _wait_until_ready(process: subprocess.Popen[bytes], port: int, started: float) -> float:
    while time.perf_counter() < started + 60 and process.poll() is None:
        try:
            with urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5):
                return time.perf_counter() - started
        except URLError:
            time.sleep(0.002)
    sys.exit("the service did not start")
