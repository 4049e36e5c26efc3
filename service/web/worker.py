"""gunicorn's gevent worker, which serves thousands of slow clients at no cost, with what it lacks:
an end for answers that nobody takes, connections that the workers share evenly, and answers and log
lines that don't quote malformed requests.

It relies on the internals of gunicorn 27, hence the narrow range of versions in pyproject.toml.
tests/integration holds it to what it promises.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import socket
import uuid
from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus
from math import log2
from pathlib import Path
from typing import Any

from gevent.server import StreamServer
from gunicorn.http.errors import (
    ExpectationFailed,
    InvalidResponseHeader,
    InvalidResponseHeaderName,
    LimitRequestHeaders,
    LimitRequestLine,
    ParseException,
    UnsupportedTransferCoding,
)
from gunicorn.workers.ggevent import GeventWorker

from service.web.certificate import Certificate
from service.web.problems import CODES, MEDIA_TYPE, Problem, problem_document
from service.web.settings import Settings

_WAIT = 0.0003
"""Seconds that a worker with one connection leaves a new one to others; one with a thousand leaves
it ten times as long.
"""
_MANY = 1024
"""Connections of a worker, for each of which it accepts one more at a time."""


class Worker(GeventWorker):  # type: ignore[misc]
    """A worker that serves each connection in a greenlet; the pipeline runs in threads
    (`service/web/threads.py`).
    """

    def __init__(self, *args: Any, **keywords: Any) -> None:
        super().__init__(*args, **keywords)
        self._answer_timeout = Settings.from_environment(os.environ).body_timeout
        # gunicorn's hook for servers of other kinds.
        self.server_class = self._make_server
        self._certificate: Certificate | None = None
        self.each_second: Callable[[], None] = lambda: None
        """Is called once a second."""

    def notify(self) -> None:
        """Tell gunicorn that this worker is alive. The main loop calls this once a second."""
        super().notify()
        if self._certificate is not None:
            self._certificate.refresh()
        self.each_second()

    def _make_server(self, listener: Any, *, spawn: Any, **_unused: Any) -> _Server:
        # The listener itself may be closed before a connection that it accepted is looked at.
        named = _Named(listener.getsockname())
        tls: dict[str, Any] = {}
        if self.cfg.is_ssl:
            # In place of gunicorn's own context, which keeps the certificate that it began with.
            self._certificate = Certificate(Path(self.cfg.certfile), Path(self.cfg.keyfile))
            tls["ssl_context"] = self._certificate.context
        server = _Server(listener, handle=partial(self.handle, named), spawn=spawn, **tls)
        server.handshake_timeout = self.cfg.keepalive
        # Else it takes all that wait, and leaves the other workers none.
        server.max_accept = 1
        return server

    def handle_request(self, listener_name: Any, req: Any, sock: Any, addr: Any) -> Any:
        """Answer a request whose head is complete."""
        # Else a client that never takes its answer would keep it here for ever.
        sock.settimeout(self._answer_timeout)
        try:
            return super().handle_request(listener_name, req, sock, addr)
        except StopIteration:  # the connection is to be closed
            _take_what_is_left(sock)
            raise

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Any) -> None:  # noqa: ARG002 - gunicorn's signature
        """Answer a malformed request with a problem document.

        gunicorn's own answer and log line quote what was sent, and that may be the rest of a
        manifest after a wrong Content-Length.
        """
        is_malformed = isinstance(exc, ParseException) and not isinstance(
            exc, InvalidResponseHeader | InvalidResponseHeaderName
        )
        status = (
            _STATUSES.get(type(exc), HTTPStatus.BAD_REQUEST)
            if is_malformed
            else HTTPStatus.INTERNAL_SERVER_ERROR
        )
        level = logging.INFO if is_malformed else logging.ERROR
        logging.getLogger("podsplit").log(
            level,
            "malformed request",
            extra={"fields": {"error": type(exc).__name__, "status": status.value}},
        )
        with contextlib.suppress(OSError):
            client.sendall(malformed_request_answer(status))
            _take_what_is_left(client)


class _Named:
    """What gunicorn asks of a listener when it handles a connection: its name."""

    def __init__(self, name: Any) -> None:
        self._name = name

    def getsockname(self) -> Any:
        """The address that it listens on."""
        return self._name


class _Server(StreamServer):
    """The listener of a worker, which shares it with others."""

    handshake_timeout = 15.0
    """Seconds that a client of HTTPS may take until a request can begin."""

    def wrap_socket_and_handle(self, client_socket: Any, address: Any) -> Any:
        """Serve a connection of HTTPS."""
        client_socket.settimeout(self.handshake_timeout)
        with contextlib.suppress(OSError):  # no TLS, or nobody there any more
            return super().wrap_socket_and_handle(client_socket, address)
        return None

    def do_read(self) -> Any:
        """Accept a connection, a little later the more there are already.

        The system tells all workers of a new connection, and mostly the same one first. Clients
        keep their connections, so that one would get most of the work.
        """
        connections = len(self.pool or ())
        if not connections:
            return super().do_read()
        self.stop_accepting()
        self._timer = self.loop.timer(_WAIT * log2(1 + connections))
        self._timer.start(self._accept_waiting)
        return None

    def _accept_waiting(self) -> None:
        # One, but for a worker that has very many.
        for _ in range(1 + len(self.pool or ()) // _MANY):
            if self.full() or not (accepted := super().do_read()):
                break
            self.do_handle(*accepted)
        if self.started:
            self.start_accepting()


_STATUSES: Mapping[type[Exception], HTTPStatus] = {
    LimitRequestLine: HTTPStatus.REQUEST_URI_TOO_LONG,
    LimitRequestHeaders: HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    ExpectationFailed: HTTPStatus.EXPECTATION_FAILED,
    UnsupportedTransferCoding: HTTPStatus.NOT_IMPLEMENTED,
}


def malformed_request_answer(status: HTTPStatus) -> bytes:
    """The whole answer, head and problem document, to what could not be read as a request."""
    code = CODES[400] if status < HTTPStatus.INTERNAL_SERVER_ERROR else CODES[500]
    problem = Problem(status.value, "the HTTP request is malformed or not supported", code=code)
    body = (json.dumps(problem_document(problem, uuid.uuid4().hex)) + "\n").encode()
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\nConnection: close\r\nContent-Type:"
        f" {MEDIA_TYPE}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _take_what_is_left(connection: socket.socket) -> None:
    """Make an end to a connection so that the client gets the whole answer.

    A close with unread input resets the connection, and the client could lose what it has not read
    yet. So read what is there: little, as every body is read to its end or its limit before.
    """
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_WR)
        connection.settimeout(0)
        for _ in range(16):
            if not connection.recv(65536):
                break
