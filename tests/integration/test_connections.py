"""Slow, lazy and broken connections: they cost no other client its answer."""

from __future__ import annotations

import gzip
import json
import os
import random
import resource
import select
import signal
import socket
import time
from pathlib import Path

import pytest
import requests

from tests.conftest import Server, StartServer, needs_proc
from tests.support.sockets import POD, read_all, request_head

HALF_A_HEAD = b"POST /v1/analyze HTTP/1.1\r\nHost:"


def drip(connection: socket.socket, piece: bytes) -> None:
    """Send a piece now and then, until the other side answers or hangs up."""
    for _ in range(40):
        if select.select([connection], [], [], 0.2)[0]:
            return
        connection.sendall(piece)
    pytest.fail("it is read for as long as bytes come")


def test_a_body_that_does_not_arrive(start_server: StartServer) -> None:
    """A body that doesn't arrive in time is answered with 408."""
    impatient = start_server(PODSPLIT_BODY_TIMEOUT="0.5")
    with impatient.connect() as connection:
        connection.sendall(request_head(100) + b"kind:")
        answer = read_all(connection)

    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"request-timeout" in answer


def test_a_body_that_drips(start_server: StartServer) -> None:
    """Its time is that of the whole body, not of each byte."""
    impatient = start_server(PODSPLIT_BODY_TIMEOUT="1")
    with impatient.connect() as connection:
        connection.sendall(request_head(1000))
        drip(connection, b"#")
        answer = read_all(connection)

    assert answer.startswith(b"HTTP/1.1 408 ")


def test_a_body_without_a_token(start_server: StartServer, tmp_path: Path) -> None:
    """It isn't waited for."""
    (tmp_path / "tokens").write_text("example-token\n")
    closed = start_server(
        PODSPLIT_TOKENS_FILE=str(tmp_path / "tokens"), PODSPLIT_BODY_TIMEOUT="120"
    )
    with closed.connect(8) as connection:
        connection.sendall(request_head(1000) + b"kind:")
        answer = read_all(connection)

    assert answer.startswith(b"HTTP/1.1 401 ")


def test_a_client_that_gives_up(server: Server) -> None:
    """Connections that are cut in mid-body keep no other client from its answer."""
    for _ in range(50):
        with server.connect() as connection:
            connection.sendall(request_head(100_000) + b"kind: Pod\n")

    assert requests.post(server.url + "/v1/analyze", data=POD, timeout=30).ok


def test_half_a_body(server: Server) -> None:
    """A client that closes its side in mid-body gets 400."""
    with server.connect() as connection:
        connection.sendall(request_head(1000) + b"kind: Pod\n")
        connection.shutdown(socket.SHUT_WR)
        answer = read_all(connection)

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"body-truncated" in answer


@pytest.mark.parametrize("start", [HALF_A_HEAD, request_head(1000) + b"kind: Pod\n"])
def test_slow_clients_do_not_block(start_server: StartServer, start: bytes) -> None:
    """Hundreds of clients that stop within their heads or bodies keep no other client from its
    answer, and each meets its end.
    """
    small = start_server(
        WORKERS="1", PODSPLIT_HEADER_TIMEOUT="5", PODSPLIT_BODY_TIMEOUT="5", PODSPLIT_MAX_RUNS="1"
    )
    slow = [small.connect() for _ in range(300)]
    for connection in slow:
        connection.sendall(start)
    answers = [
        requests.post(small.url + "/v1/analyze", data=POD, timeout=20).status_code,
        requests.get(small.url + "/healthz", timeout=20).status_code,
    ]
    still_open = not any(select.select(slow[:100], [], [], 0))
    endings = {read_all(connection)[:13] for connection in slow}
    for connection in slow:
        connection.close()

    assert answers == [200, 200]
    assert still_open
    assert endings == ({b""} if start == HALF_A_HEAD else {b"HTTP/1.1 408 "})


def test_a_head_that_drips(start_server: StartServer) -> None:
    """Its time is that of the whole head, not of each byte."""
    impatient = start_server(PODSPLIT_HEADER_TIMEOUT="1")
    with impatient.connect() as connection:
        connection.sendall(HALF_A_HEAD)
        drip(connection, b"x")


def test_a_client_that_hangs_up_while_its_answer_is_made(start_server: StartServer) -> None:
    """Its run ends, so that others get its slot."""
    small = start_server(WORKERS="1", PODSPLIT_MAX_RUNS="1", PODSPLIT_REQUEST_TIMEOUT="300")
    long = b"---\n".join([POD] * 19_000)
    with small.connect() as connection:
        connection.sendall(request_head(len(long), "/v1/rewrite") + long)
        time.sleep(0.5)
    until = time.monotonic() + 30
    while b"hung-up" not in small.log.read_bytes() and time.monotonic() < until:
        time.sleep(0.1)

    (line,) = [line for line in small.log.read_text().splitlines() if "hung-up" in line]
    assert json.loads(line)["status"] == 408
    assert requests.post(small.url + "/v1/analyze", data=POD, timeout=30).ok


def test_more_bodies_than_there_is_room_for(start_server: StartServer) -> None:
    """A body that would be too much beside others is refused at once; small ones still fit."""
    small = start_server(
        WORKERS="1", PODSPLIT_MAX_BODY_BYTES="1000000", PODSPLIT_MAX_HELD_BYTES="1500000"
    )
    with small.connect() as connection:
        connection.sendall(request_head(1_000_000) + b"#" * 900_000)
        until = time.monotonic() + 20
        answers: list[requests.Response] = []
        # The first one may not be read yet.
        while not (answers and answers[-1].status_code != 200) and time.monotonic() < until:
            answers.append(
                requests.post(small.url + "/v1/analyze", data=b"#" * 900_000, timeout=30)
            )
        assert requests.post(small.url + "/v1/analyze", data=POD, timeout=30).ok

    assert (answers[-1].status_code, answers[-1].json()["code"]) == (503, "overloaded")


def test_clients_that_never_read_do_not_block_for_ever(start_server: StartServer) -> None:
    """Clients that don't read their large answers are cut off. Others are answered meanwhile."""
    small = start_server(WORKERS="1", PODSPLIT_BODY_TIMEOUT="1")
    large = gzip.compress(
        b"# " + random.Random(1).randbytes(60_000).hex().encode() + b"x" * 8_000_000
    )
    start = request_head(len(large), "/v1/rewrite?format=yaml").replace(
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
    """Answers to clients that have gone are dropped, and the next request is answered."""
    for _ in range(30):
        with server.connect() as connection:
            connection.sendall(request_head(len(POD)) + POD)

    assert requests.post(server.url + "/v1/analyze", data=POD, timeout=30).ok


def test_clients_that_do_not_hang_up(server: Server) -> None:
    """Clients that leave their side open after the answer keep no other client waiting."""
    lazy = [server.connect() for _ in range(20)]
    for connection in lazy:
        connection.sendall(request_head(len(POD)) + POD)
        assert read_all(connection).startswith(b"HTTP/1.1 200")
    assert requests.post(server.url + "/v1/analyze", data=POD, timeout=2).ok
    for connection in lazy:
        connection.close()


@pytest.mark.parametrize(
    "path", ["/v1/analyze?format=none", "/v1/analyze?nope=1", "/nothing", "/healthz"]
)
def test_an_answer_before_the_body(server: Server, path: str) -> None:
    """A client that is still sending its body when the answer is known gets the answer, not a reset
    connection.
    """
    for _ in range(5):
        answer = requests.post(server.url + path, data=b"#" * 12_000_000, timeout=60)
        assert answer.status_code in (404, 405, 406, 422)


def test_a_thousand_requests_at_once(server: Server) -> None:
    """A thousand connections are open before the first answer is read. Each gets the answer about
    its own Pod.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, 4096), hard), hard))
    connections = [server.connect(120) for _ in range(1000)]
    for number, connection in enumerate(connections):
        data = POD.replace(b"name: web\nspec", b"name: web-%d\nspec" % number)
        connection.sendall(request_head(len(data)) + data)
    answers = [read_all(connection).partition(b"\r\n\r\n") for connection in connections]
    for connection in connections:
        connection.close()

    assert {start.split(b" ")[1] for start, _, _ in answers} == {b"200"}
    assert [json.loads(body)["workloads"][0]["name"] for _, _, body in answers] == [
        f"web-{number}" for number in range(1000)
    ]


@needs_proc
def test_a_worker_killed_in_mid_request(start_server: StartServer) -> None:
    """The requests of a killed worker are lost; a new worker answers the next ones."""
    running = start_server(WORKERS="1")
    with running.connect() as connection:
        connection.sendall(request_head(100) + b"kind:")
        time.sleep(0.3)
        os.kill(running.workers()[0], signal.SIGKILL)
        assert read_all(connection) == b""

    until = time.monotonic() + 20
    status = 0
    while time.monotonic() < until and status != 200:
        try:
            status = requests.post(running.url + "/v1/analyze", data=POD, timeout=5).status_code
        except requests.RequestException:
            time.sleep(0.1)
    assert status == 200
