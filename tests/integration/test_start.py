"""The ways to start it, beside those of the other tests."""

from __future__ import annotations

import sys
from pathlib import Path

import requests

from tests.conftest import _start, _stop


def test_python_m_service(tmp_path: Path) -> None:
    """It serves with our configuration, and takes gunicorn's further arguments."""
    log = tmp_path / "gunicorn.log"
    words = ("--error-logfile", str(log))
    running = _start(tmp_path / "log", {}, (sys.executable, "-m", "service", *words))
    try:
        answer = requests.get(running.url + "/version", timeout=10)
    finally:
        _stop(running)

    assert answer.json()["name"] == "podsplit"
    assert '"level": "error"' not in running.log.read_text()
    assert log.exists()
