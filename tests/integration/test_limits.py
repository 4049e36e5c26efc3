"""Limits and faults over real sockets."""

from __future__ import annotations

import gzip
import io
import json
import os
import random
import resource
import signal
import socket
import subprocess
import time
import zipfile

import pytest
import requests

POD = (
    b"apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n  containers:\n    - name: web\n   "
    b"   image: nginx\n"
)


def read_all(connection: socket.socket) -> bytes:
    parts = []
    while part := connection.recv(65536):
        parts.append(part)
    return b"".join(parts)


def head(length: int, path: str = "/v1/analyze") -> bytes:
    return (
        f"POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
    ).encode()


def test_a_body_of_100_megabytes(server: Server) -> None:
    """Refused with 413 and a problem document, not with a cut connection."""
    answer = requests.post(server.url + "/v1/analyze", data=b"#" * 100_000_000, timeout=60)

    assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")


def test_a_chunked_body_over_the_limit(start_server: StartServer) -> None:
    """The length isn't told beforehand; the limit holds all the same."""
    small = start_server(PODSPLIT_MAX_BODY_BYTES="5000")
    answer = requests.post(small.url + "/v1/analyze", data=iter([b"#" * 1000] * 50), timeout=60)

    assert answer.status_code == 413


def test_a_zip_bomb(server: Server) -> None:
    """A small archive that unpacks to a gigabyte is refused at once."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(100):
            archive.writestr(f"{number}.yaml", b"#" * 10_000_000)
    started = time.monotonic()
    answer = requests.post(
        server.url + "/v1/rewrite",
        data=buffer.getvalue(),
        headers={"Content-Type": "application/zip"},
        timeout=60,
    )

    assert (answer.status_code, answer.json()["code"]) == (413, "archive-too-large")
    assert time.monotonic() - started < 5


def test_too_many_documents(start_server: StartServer) -> None:
    """413, and the detail says the limit."""
    small = start_server(PODSPLIT_MAX_DOCUMENTS="3")
    answer = requests.post(small.url + "/v1/analyze", data=b"---\n".join([POD] * 4), timeout=60)

    assert (answer.status_code, answer.json()["code"]) == (413, "documents")
    assert "3 documents" in answer.json()["detail"]


def test_out_of_time(start_server: StartServer) -> None:
    """503 with Retry-After."""
    hasty = start_server(PODSPLIT_REQUEST_TIMEOUT="0.1")
    answer = requests.post(hasty.url + "/v1/rewrite", data=b"---\n".join([POD] * 5_000), timeout=60)

    assert (answer.status_code, answer.json()["code"]) == (503, "deadline-exceeded")
    assert answer.headers["Retry-After"]


def test_a_body_that_does_not_arrive(start_server: StartServer) -> None:
    """408 after the time that a body may take."""
    hasty = start_server(PODSPLIT_BODY_TIMEOUT="0.5")
    with hasty.connect() as connection:
        connection.sendall(head(100) + b"kind:")
        answer = read_all(connection)

    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"request-timeout" in answer


def test_a_client_that_gives_up(server: Server) -> None:
    """A connection cut in mid-body costs nobody else anything."""
    for _ in range(50):
        with server.connect() as connection:
            connection.sendall(head(100_000) + b"kind: Pod\n")

    assert requests.post(server.url + "/v1/analyze", data=POD, timeout=30).ok


def test_half_a_body(server: Server) -> None:
    """A client that closes its side early is told so."""
    with server.connect() as connection:
        connection.sendall(head(1000) + b"kind: Pod\n")
        connection.shutdown(socket.SHUT_WR)
        answer = read_all(connection)

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"body-truncated" in answer


def test_slow_clients_do_not_block(start_server: StartServer) -> None:
    """More clients that dribble their heads than there are threads: others are still answered
    soon.
    """
    small = start_server(WORKERS="1", PODSPLIT_THREADS="4", PODSPLIT_HEADER_TIMEOUT="1")
    slow = [small.connect() for _ in range(20)]
    for connection in slow:
        connection.sendall(b"POST /v1/analyze HTTP/1.1\r\nHost:")
    started = time.monotonic()
    answer = requests.post(small.url + "/v1/analyze", data=POD, timeout=30)
    took = time.monotonic() - started
    for connection in slow:
        connection.close()

    assert answer.ok
    assert took < 20


def test_slow_bodies_do_not_block_for_ever(start_server: StartServer) -> None:
    """More clients stop in mid-body than there are threads: each is told so after the time that
    a body may take, then others get on.
    """
    small = start_server(WORKERS="1", PODSPLIT_THREADS="4", PODSPLIT_BODY_TIMEOUT="1")
    slow = [small.connect() for _ in range(12)]
    for connection in slow:
        connection.sendall(head(1000) + b"kind: Pod\n")
    answer = requests.post(small.url + "/v1/analyze", data=POD, timeout=30)
    told = {read_all(connection)[:13] for connection in slow}
    for connection in slow:
        connection.close()

    assert answer.ok
    assert told == {b"HTTP/1.1 408 "}


def test_clients_that_never_read_do_not_block_for_ever(start_server: StartServer) -> None:
    """More clients that ask for a large answer and don't take it than there are threads: they
    are cut off, and others get on.
    """
    small = start_server(WORKERS="1", PODSPLIT_THREADS="4", PODSPLIT_BODY_TIMEOUT="1")
    large = gzip.compress(
        b"# " + random.Random(1).randbytes(60_000).hex().encode() + b"x" * 8_000_000
    )
    start = head(len(large), "/v1/rewrite?format=yaml").replace(
        b"Host: x\r\n", b"Host: x\r\nContent-Encoding: gzip\r\n"
    )
    lazy = []
    for _ in range(8):
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(30)
        connection.connect(("127.0.0.1", small.port))
        connection.sendall(start + large)
        lazy.append(connection)
    answer = requests.post(small.url + "/v1/analyze", data=POD, timeout=60)
    first = lazy[0].recv(12)
    for connection in lazy:
        connection.close()

    assert answer.ok
    assert first == b"HTTP/1.1 200"


def test_clients_that_hang_up_before_the_answer(server: Server) -> None:
    """What they asked for is dropped, and the next request is answered."""
    for _ in range(30):
        with server.connect() as connection:
            connection.sendall(head(len(POD)) + POD)

    assert requests.post(server.url + "/v1/analyze", data=POD, timeout=30).ok


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
    """As real archivers make them: each is refused whole, with its own code."""
    (tmp_path / "web.yaml").write_bytes(POD)
    made = subprocess.run(
        ["bash", "-ec", command], cwd=tmp_path, capture_output=True, check=True
    ).stdout
    answer = requests.post(server.url + "/v1/rewrite", data=made, timeout=30)

    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_a_thousand_requests_at_once(server: Server) -> None:
    """A thousand connections are open before the first answer is read; all are answered, and
    each with its own Pod.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, 4096), hard), hard))
    connections = [server.connect(120) for _ in range(1000)]
    for number, connection in enumerate(connections):
        data = POD.replace(b"name: web\nspec", b"name: web-%d\nspec" % number)
        connection.sendall(head(len(data)) + data)
    answers = [read_all(connection).partition(b"\r\n\r\n") for connection in connections]
    for connection in connections:
        connection.close()

    assert {start.split(b" ")[1] for start, _, _ in answers} == {b"200"}
    assert [json.loads(body)["workloads"][0]["name"] for _, _, body in answers] == [
        f"web-{number}" for number in range(1000)
    ]


def test_a_worker_killed_in_mid_request(start_server: StartServer) -> None:
    """Its own requests are lost; the next ones are answered by a new worker."""
    running = start_server(WORKERS="1")
    with running.connect() as connection:
        connection.sendall(head(100) + b"kind:")
        time.sleep(0.3)
        children = f"/proc/{running.process.pid}/task/{running.process.pid}/children"
        with open(children, encoding="ascii") as file:  # noqa: PTH123 - a file of the kernel's
            (worker,) = (int(word) for word in file.read().split())
        os.kill(worker, signal.SIGKILL)
        assert read_all(connection) == b""

    until = time.monotonic() + 20
    status = 0
    while time.monotonic() < until and status != 200:
        try:
            status = requests.post(running.url + "/v1/analyze", data=POD, timeout=5).status_code
        except requests.RequestException:
            time.sleep(0.1)
    assert status == 200


@pytest.mark.parametrize(
    "raw",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00",
    ],
)
def test_what_is_no_request(server: Server, raw: bytes) -> None:
    """It is refused or cut, and the next request is answered."""
    with server.connect() as connection:
        connection.sendall(raw)
        connection.shutdown(socket.SHUT_WR)
        answer = read_all(connection)

    assert not answer or answer.startswith((b"HTTP/1.1 4", b"HTTP/1.1 5"))
    assert requests.get(server.url + "/healthz", timeout=10).ok


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (
            (
                b"POST /v1/analyze HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\nkind:"
                b" Pod\r\npassword: hunter2\r\nmore: hunter2\r\n\r\n"
            ),
            400,
        ),
        (b"POST /v1/analyze HTTP/1.1\r\nHost: x\r\npassword hunter2: x\r\n\r\n", 400),
        (b"GET /?hunter2 HTTP/hunter2\r\nHost: x\r\n\r\n", 400),
        (b"GET /" + b"hunter2" * 1000 + b" HTTP/1.1\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"hunter2" * 10_000 + b"\r\n\r\n", 431),
        (b"POST /v1/analyze HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: hunter2\r\n\r\n", 501),
        (
            (
                b"POST /v1/analyze HTTP/1.1\r\nHost: x\r\nExpect: hunter2\r\nContent-Length:"
                b" 2\r\n\r\na:"
            ),
            417,
        ),
        (
            (
                b"POST /v1/analyze HTTP/1.1\r\nHost: x\r\nTransfer-Encoding:"
                b" chunked\r\n\r\nhunter2\r\n"
            ),
            400,
        ),
        (
            (
                b"POST /v1/analyze?hunter2=1 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding:"
                b" chunked\r\n\r\n3\r\nhunter2\r\n"
            ),
            422,
        ),
    ],
)
def test_what_is_no_request_is_not_quoted(server: Server, raw: bytes, status: int) -> None:
    """The rest of a body behind a wrong length would be the next request's head: neither answer
    nor log says what is in it.
    """
    with server.connect() as connection:
        connection.sendall(raw)
        connection.shutdown(socket.SHUT_WR)
        *_, (head_of_last, _, body) = [
            part.partition(b"\r\n\r\n") for part in read_all(connection).split(b"HTTP/1.1 ")
        ]

    assert int(head_of_last[:3]) == status
    assert json.loads(body)["status"] == status
    assert b"hunter2" not in body.replace(b'"hunter2"', b"") or status == 422
    assert "hunter2" not in server.log.read_text()


def test_metrics_of_all_workers(start_server: StartServer) -> None:
    """Whichever worker is asked, the sum over all is told."""
    running = start_server(WORKERS="2")
    for _ in range(40):
        requests.post(running.url + "/v1/analyze", data=POD, timeout=30)
    line = 'podsplit_requests_total{method="POST",route="/v1/analyze",status="200"} 40.0'

    assert all(line in requests.get(running.url + "/metrics", timeout=30).text for _ in range(6))


def test_logs_are_json_without_content(start_server: StartServer) -> None:
    """Every line is an object; nothing of a manifest or a query is in any."""
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


def test_a_start_with_a_wrong_setting(start_server: StartServer) -> None:
    """It fails at once, with a sentence that names the variable."""
    with pytest.raises(pytest.fail.Exception, match="PODSPLIT_MAX_FILES: must be a whole number"):
        start_server(PODSPLIT_MAX_FILES="many")


@pytest.mark.parametrize(
    "path", ["/v1/analyze?format=none", "/v1/analyze?nope=1", "/nothing", "/healthz"]
)
def test_an_answer_before_the_body(server: Server, path: str) -> None:
    """The client is still sending when the answer is known: it gets the answer, not a reset
    connection.
    """
    for _ in range(5):
        answer = requests.post(server.url + path, data=b"#" * 12_000_000, timeout=60)
        assert answer.status_code in (404, 405, 406, 422)


def test_clients_that_do_not_hang_up(server: Server) -> None:
    """A client that leaves its side open keeps nobody waiting."""
    lazy = [server.connect() for _ in range(20)]
    for connection in lazy:
        connection.sendall(head(len(POD)) + POD)
        assert read_all(connection).startswith(b"HTTP/1.1 200")
    started = time.monotonic()
    assert requests.post(server.url + "/v1/analyze", data=POD, timeout=60).ok
    took = time.monotonic() - started
    for connection in lazy:
        connection.close()

    assert took < 2
