"""Bytes that are no HTTP request: they are refused, and not repeated in answers and logs."""

from __future__ import annotations

import json
import socket

import pytest
import requests

from tests.conftest import Server
from tests.support.sockets import read_all


@pytest.mark.parametrize(
    "raw",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00",
    ],
)
def test_invalid_requests_are_refused(server: Server, raw: bytes) -> None:
    """Bytes that are no request are refused or the connection is closed; the next request is
    answered.
    """
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
def test_invalid_requests_are_not_quoted(server: Server, raw: bytes, status: int) -> None:
    """Neither answer nor log repeats the bytes. They may be private: behind a wrong Content-Length
    the rest of a body is read as the next request's head.
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
