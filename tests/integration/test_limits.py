"""Limits of the service over HTTP: what is too large, too many or too slow, each with its code."""

from __future__ import annotations

import io
import subprocess
import zipfile
from pathlib import Path

import pytest
import requests

from tests.conftest import Server, StartServer
from tests.support.sockets import POD


def test_a_body_of_100_megabytes(server: Server) -> None:
    """A body of 100 megabytes is refused with 413 and a problem, not with a reset connection."""
    answer = requests.post(server.url + "/v1/analyze", data=b"#" * 100_000_000, timeout=60)

    assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")


def test_a_chunked_body_over_the_limit(start_server: StartServer) -> None:
    """The limit holds where the length is not announced."""
    small = start_server(PODSPLIT_MAX_BODY_BYTES="5000")
    answer = requests.post(small.url + "/v1/analyze", data=iter([b"#" * 1000] * 50), timeout=60)

    assert answer.status_code == 413


def test_a_zip_bomb(server: Server) -> None:
    """A small archive that unpacks to a gigabyte is refused long before it is unpacked."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(100):
            archive.writestr(f"{number}.yaml", b"#" * 10_000_000)
    answer = requests.post(
        server.url + "/v1/rewrite",
        data=buffer.getvalue(),
        headers={"Content-Type": "application/zip"},
        timeout=5,
    )

    assert (answer.status_code, answer.json()["code"]) == (413, "archive-too-large")


def test_too_many_documents(start_server: StartServer) -> None:
    """Too many documents are refused with 413 and with the limit in the detail."""
    small = start_server(PODSPLIT_MAX_DOCUMENTS="3")
    answer = requests.post(small.url + "/v1/analyze", data=b"---\n".join([POD] * 4), timeout=60)

    assert (answer.status_code, answer.json()["code"]) == (413, "documents")
    assert "3 documents" in answer.json()["detail"]


def test_out_of_time(start_server: StartServer) -> None:
    """A request that takes too long is answered with 503 and Retry-After."""
    impatient = start_server(PODSPLIT_REQUEST_TIMEOUT="0.1")
    answer = requests.post(
        impatient.url + "/v1/rewrite", data=b"---\n".join([POD] * 5_000), timeout=60
    )

    assert (answer.status_code, answer.json()["code"]) == (503, "deadline-exceeded")
    assert answer.headers["Retry-After"]


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("ln -s /etc/passwd link.yaml && tar -cf - link.yaml", "archive-link"),
        ("ln web.yaml hard.yaml && tar -czf - hard.yaml web.yaml", "archive-link"),
        ("mkfifo pipe.yaml && tar -cf - pipe.yaml", "archive-special-file"),
        ("mkdir deep && cd deep && tar -cPf - ../web.yaml", "archive-path"),
        ('tar -cPf - "$PWD/web.yaml"', "archive-path"),
        ("tar -cf - --transform 's,^,a/../../,' web.yaml", "archive-path"),
        (
            (
                "python3 -c 'import sys, zipfile; zipfile.ZipFile(sys.stdout.buffer,"
                ' "w").writestr("../up.yaml", "a: 1")\''
            ),
            "archive-path",
        ),
    ],
)
def test_archives_that_lead_out(server: Server, tmp_path: Path, command: str, code: str) -> None:
    """An archive of a real archiver with links, special files or paths that lead out is refused,
    with a code for each.
    """
    (tmp_path / "web.yaml").write_bytes(POD)
    archive = subprocess.run(
        ["bash", "-ec", command], cwd=tmp_path, capture_output=True, check=True
    ).stdout
    answer = requests.post(server.url + "/v1/rewrite", data=archive, timeout=30)

    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_a_start_with_a_wrong_setting(start_server: StartServer) -> None:
    """The start fails with a sentence that names the wrong variable."""
    with pytest.raises(pytest.fail.Exception, match="PODSPLIT_MAX_FILES: must be a whole number"):
        start_server(PODSPLIT_MAX_FILES="many")
