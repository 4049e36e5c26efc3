"""The admission webhook over HTTPS, as the API server calls it."""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
import sys
import time
from contextlib import closing, suppress
from pathlib import Path

import pytest
import requests

from tests.conftest import Server, StartServer

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not on PATH")

REVIEW = {
    "apiVersion": "admission.k8s.io/v1",
    "kind": "AdmissionReview",
    "request": {
        "uid": "1",
        "operation": "CREATE",
        "namespace": "shop",
        "object": {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "web"},
            "spec": {"containers": [{"name": "web", "image": "nginx"}]},
        },
    },
}


def make_certificate(folder: Path, name: str) -> None:
    names = "subjectAltName=DNS:localhost,IP:127.0.0.1"
    files = ("-out", str(folder / "tls.crt"), "-keyout", str(folder / "tls.key"))
    kind = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1")
    command = ["openssl", "req", "-x509", *kind, "-subj", f"/CN={name}", "-addext", names, *files]
    subprocess.run(command, check=True, capture_output=True, timeout=60)


@pytest.fixture
def webhook(tmp_path: Path, start_server: StartServer) -> Server:
    """A process that serves admission alone, over HTTPS."""
    make_certificate(tmp_path, "first")
    return start_server(
        PODSPLIT_SERVES="admission",
        PODSPLIT_TLS_CERT_FILE=str(tmp_path / "tls.crt"),
        PODSPLIT_TLS_KEY_FILE=str(tmp_path / "tls.key"),
        PODSPLIT_HEADER_TIMEOUT="2",
        PODSPLIT_DRAIN_SECONDS="0",
        WORKERS="1",
    )


def shown(server: Server) -> str:
    """The certificate that a new connection is shown."""
    return ssl.get_server_certificate(("127.0.0.1", server.port), timeout=10)


def test_a_review_over_https(webhook: Server) -> None:
    """On one connection after another, and many on one."""
    with requests.Session() as session:
        for _ in range(20):
            answer = session.post(
                f"{webhook.url}/v1/admission",
                json=REVIEW,
                timeout=10,
                verify=webhook.certificate,
            )
            assert answer.json()["response"]["allowed"] is True
            assert len(answer.json()["response"]["warnings"]) == 1
    answer = requests.get(f"{webhook.url}/v1/rules", timeout=10, verify=webhook.certificate)
    assert answer.status_code == 404


def test_a_renewed_certificate_is_shown_without_a_restart(webhook: Server, tmp_path: Path) -> None:
    """Within seconds; what is under way goes on."""
    with requests.Session() as session:
        kept = session.get(f"{webhook.url}/healthz", timeout=10, verify=webhook.certificate)
        before, workers = shown(webhook), webhook.workers()
        make_certificate(tmp_path, "second")
        until = time.monotonic() + 20
        while shown(webhook) == before:
            assert time.monotonic() < until
            time.sleep(0.2)

        assert shown(webhook).strip() == (tmp_path / "tls.crt").read_text().strip()
        # On the same connection: the certificate of a new one isn't the one that was trusted.
        again = session.get(f"{webhook.url}/healthz", timeout=10, verify=webhook.certificate)
        assert again.status_code == kept.status_code
        assert webhook.workers() == workers


def test_who_speaks_no_tls_or_nothing_holds_nobody_up(webhook: Server) -> None:
    """They are let go after a while, and others are served meanwhile."""
    silent = [webhook.connect() for _ in range(50)]
    with closing(webhook.connect()) as plain:
        plain.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        with suppress(ConnectionResetError):
            assert b"ok" not in plain.recv(1000)
        answer = requests.get(f"{webhook.url}/readyz", timeout=10, verify=webhook.certificate)
        assert answer.status_code == 200
    for connection in silent:
        with closing(connection):
            connection.settimeout(20)
            with suppress(ConnectionResetError):
                assert connection.recv(1) == b""
    assert "Traceback" not in webhook.log.read_text()


def test_files_that_can_not_be_used_are_said_at_the_start(tmp_path: Path) -> None:
    """In one line, with the variables."""
    environ = {
        "PODSPLIT_TLS_CERT_FILE": str(tmp_path / "none.crt"),
        "PODSPLIT_TLS_KEY_FILE": str(tmp_path / "none.key"),
    }
    done = subprocess.run(
        [sys.executable, "-m", "service"],
        env=os.environ | environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode != 0
    assert done.stderr.strip().splitlines()[-1].startswith("podsplit: PODSPLIT_TLS_CERT_FILE")
