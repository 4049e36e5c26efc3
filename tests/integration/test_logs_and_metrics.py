"""The log and the metrics of a running service."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import requests

from tests.conftest import StartServer, needs_proc
from tests.support.sockets import POD


def test_metrics_of_all_workers(start_server: StartServer) -> None:
    """Whichever worker answers, the metrics are the sum over all workers, as of a second ago."""
    running = start_server(WORKERS="2")
    for _ in range(40):
        requests.post(running.url + "/v1/analyze", data=POD, timeout=30)
    time.sleep(2)
    line = 'podsplit_requests_total{method="POST",route="/v1/analyze",status="200"} 40.0'

    assert all(line in requests.get(running.url + "/metrics", timeout=30).text for _ in range(6))


@needs_proc
def test_metrics_of_a_killed_worker(start_server: StartServer, tmp_path: Path) -> None:
    """What it had counted until a second before stays counted. Nothing is on a disk."""
    (tmp_path / "own").mkdir()
    running = start_server(WORKERS="1", TMPDIR=str(tmp_path / "own"))
    for _ in range(5):
        requests.post(running.url + "/v1/analyze", data=POD, timeout=30)
    time.sleep(2)
    os.kill(running.workers()[0], signal.SIGKILL)
    until = time.monotonic() + 20
    text = ""
    while time.monotonic() < until and not text:
        try:
            text = requests.get(running.url + "/metrics", timeout=5).text
        except requests.RequestException:
            time.sleep(0.1)

    assert 'podsplit_requests_total{method="POST",route="/v1/analyze",status="200"} 5.0' in text
    assert [path for path in (tmp_path / "own").rglob("*") if path.is_file()] == []


def test_logs_are_json_without_content(start_server: StartServer) -> None:
    """Every line of the log is a JSON object, and no line holds text of a manifest or a query."""
    running = start_server()
    secret = b"hunter2"
    requests.post(
        running.url + "/v1/rewrite?path=hunter2.yaml", data=POD + b"# " + secret, timeout=30
    )
    requests.post(running.url + "/v1/rewrite", data=b"a: [" + secret, timeout=30)
    requests.post(
        running.url + "/v1/rewrite",
        data=b"{" + secret,
        headers={"Content-Type": "application/json"},
        timeout=30,
    )
    log = running.log.read_text()

    assert secret.decode() not in log
    lines = [json.loads(line) for line in log.splitlines()]
    assert [line["status"] for line in lines if line["message"] == "request"] == [200, 200, 400]
