"""Parts of gunicorn's worker; how it treats clients is in tests/integration."""

from __future__ import annotations

import json
import socket
from contextlib import closing
from http import HTTPStatus
from types import SimpleNamespace

import gevent.pool
import gevent.socket
import pytest

from service.web.schemas.answers import ProblemSchema
from service.web.worker import Worker, _take_what_is_left, malformed_request_answer


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (HTTPStatus.BAD_REQUEST, "bad-request"),
        (HTTPStatus.REQUEST_URI_TOO_LONG, "bad-request"),
        (HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "bad-request"),
        (HTTPStatus.INTERNAL_SERVER_ERROR, "internal-error"),
        (HTTPStatus.NOT_IMPLEMENTED, "internal-error"),
    ],
)
def test_the_answer_to_a_malformed_request(status, code):
    """A whole HTTP answer with a problem document, after which the connection closes."""
    head, _, body = malformed_request_answer(status).partition(b"\r\n\r\n")
    first, *rest = head.decode().split("\r\n")
    fields = dict(line.split(": ") for line in rest)
    problem = json.loads(body)

    assert first == f"HTTP/1.1 {status.value} {status.phrase}"
    assert fields == {
        "Connection": "close",
        "Content-Type": "application/problem+json",
        "Content-Length": str(len(body)),
    }
    assert ProblemSchema().validate(problem) == {}
    assert (problem["status"], problem["code"]) == (status, code)


def test_every_such_answer_has_an_id_of_its_own():
    """There was no request to take one from."""
    instances = {
        json.loads(malformed_request_answer(HTTPStatus.BAD_REQUEST).partition(b"\r\n\r\n")[2])[
            "instance"
        ]
        for _ in range(2)
    }

    assert len(instances) == 2


def test_a_client_gets_its_whole_answer_before_the_close():
    """Also when it has sent more than was read, which would reset the connection."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        client = socket.create_connection(listener.getsockname())
        connection, _ = listener.accept()
        client.sendall(b"x" * 100_000)
        connection.sendall(b"answer")
        _take_what_is_left(connection)
        connection.close()
        received = b""
        while part := client.recv(100):
            received += part
        client.close()

    assert received == b"answer"


def test_a_connection_that_was_accepted_before_the_listener_closed():
    """It is handled all the same: the name of the listener is known by then."""
    handled = []

    class Own(Worker):
        def __init__(self):
            """Without gunicorn's own set-up."""
            self.cfg = SimpleNamespace(is_ssl=False, keepalive=15)

        def handle(self, listener, client, addr):
            handled.append(listener.getsockname())

    listener = gevent.socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    name = listener.getsockname()
    server = Own()._make_server(listener, spawn=gevent.pool.Pool(2))
    server.start()
    with closing(socket.create_connection(name)):
        server.do_handle(*server.do_read())
        server.close()
        gevent.sleep(0.05)

    assert handled == [name]
