"""gunicorn's threaded worker with seven weaknesses fixed: slow heads, bodies, readers and hang-ups,
connections in the backlog at a stop, answers and log lines that quote malformed requests, and
connections that are shared out unevenly.

It relies on the internals of gunicorn 27, hence the narrow range of versions in pyproject.toml.
tests/integration holds it to what it promises.
"""

from __future__ import annotations

import contextlib
import json
import logging
import mmap
import os
import select
import socket
import time
import uuid
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from gunicorn.http.errors import (
    ExpectationFailed,
    InvalidResponseHeader,
    InvalidResponseHeaderName,
    LimitRequestHeaders,
    LimitRequestLine,
    ParseException,
    UnsupportedTransferCoding,
)
from gunicorn.workers.gthread import ThreadWorker

from service.web.problems import CODES, MEDIA_TYPE, Problem, problem_document
from service.web.settings import ServerSettings, Settings

_SLOTS = 256
_YIELD = 0.002
"""Seconds for which a worker leaves a new connection to workers that have fewer."""
_CONNECTIONS = memoryview(mmap.mmap(-1, 2 * _SLOTS)).cast("H")
"""How many connections each worker has, plus 1; 0 where there is no such worker. The arbiter makes
it before it forks, so the workers share it.
"""


class DrainingWorker(ThreadWorker):  # type: ignore[misc]
    """A threaded worker.

    gunicorn reads a request's head in a thread without a timeout, so a few clients that send a byte
    now and then would take every thread. This worker shuts such connections from its main loop.
    """

    def __init__(self, *args: Any, **keywords: Any) -> None:
        super().__init__(*args, **keywords)
        settings = Settings.from_environment(os.environ)
        server_settings = ServerSettings.from_environment(os.environ, settings)
        self._body_timeout = settings.body_timeout
        self._head_timeout = server_settings.header_timeout
        self._head_deadlines: dict[Any, float] = {}
        self._slot = self.age % _SLOTS
        self._notified = 0.0

    def notify(self) -> None:
        """Publish the number of connections and, once a second, gunicorn's own heartbeat. The main
        loop calls this.
        """
        _CONNECTIONS[self._slot] = self.nr_conns + 1
        if self._notified < time.monotonic() - 1:
            super().notify()
            self._notified = time.monotonic()

    def forget_connections(self) -> None:
        """Take the number of connections back. The arbiter calls this once the worker is dead."""
        _CONNECTIONS[self._slot] = 0

    def accept(self, listener: Any) -> None:
        """Accept a connection, unless a worker that has fewer takes it first.

        All workers wait for the same listener, and the system mostly wakes the same one first.
        Clients keep their connections, so one worker would get most of the work.
        """
        if self.alive and self.nr_conns > min(filter(None, _CONNECTIONS), default=_SLOTS):
            time.sleep(_YIELD)
        super().accept(listener)

    def handle(self, conn: Any) -> Any:
        """Read a request and answer it, in a thread."""
        self._head_deadlines[conn] = time.monotonic() + self._head_timeout
        try:
            return super().handle(conn)
        finally:
            self._head_deadlines.pop(conn, None)

    def handle_request(self, req: Any, conn: Any) -> Any:
        """Answer a request whose head is complete.

        gunicorn waits forever for a client to take its answer, so a few that never read would hold
        every thread. So would a body of which a byte arrives now and then: a timeout of a socket
        starts anew with each of them.
        """
        self._head_deadlines.pop(conn, None)
        conn.sock.settimeout(self._body_timeout)
        unreader = conn.parser.unreader
        unreader.sock = _Arrival(conn.sock, time.monotonic() + self._body_timeout)
        try:
            return super().handle_request(req, conn)
        finally:
            unreader.sock = conn.sock

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

    def finish_request(self, conn: Any, fs: Any) -> None:
        """Close a finished connection.

        gunicorn would wait up to two seconds, in the main loop, for the client to hang up too.
        """
        if not fs.cancelled() and fs.exception() is None and fs.result() is False:
            self.nr_conns -= 1
            _close(conn.sock)
        else:
            super().finish_request(conn, fs)

    def murder_keepalived(self, force: bool = False) -> None:
        """Shut overdue connections. The main loop calls this about once a second."""
        super().murder_keepalived(force)
        now = time.monotonic()
        for conn, deadline in list(self._head_deadlines.items()):
            if deadline < now:
                with contextlib.suppress(OSError):
                    conn.sock.shutdown(socket.SHUT_RDWR)

    def set_accept_enabled(self, enabled: bool) -> None:
        """Start or stop accepting connections. Those made before a stop are still served."""
        if not enabled and self._accepting and not self.alive:
            for listener in self.sockets:
                while select.select([listener], [], [], 0)[0]:
                    before = self.nr_conns
                    self.accept(listener)
                    if self.nr_conns == before:  # another worker took it
                        break
        super().set_accept_enabled(enabled)


class _Arrival:
    """A connection that is read until a moment, however little arrives at a time."""

    def __init__(self, connection: socket.socket, deadline: float) -> None:
        self._connection = connection
        self._deadline = deadline

    def recv(self, size: int) -> bytes:
        """Read what is there, or wait for it.

        Raises:
            TimeoutError: at the deadline of this object, or after the connection's own timeout.
        """
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        timeout = self._connection.gettimeout()
        if timeout is None or left < timeout:
            self._connection.settimeout(left)
        return self._connection.recv(size)


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


def _close(connection: socket.socket) -> None:
    """Close a connection so that the client gets the whole answer.

    A close with unread input resets the connection, and the client could lose what it has not read
    yet. So read what is there: little, as every body is read to its end or its limit before.
    """
    with contextlib.suppress(OSError), connection:
        connection.shutdown(socket.SHUT_WR)
        connection.settimeout(0)
        for _ in range(16):
            if not connection.recv(65536):
                break
