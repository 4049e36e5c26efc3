"""gunicorn's threaded worker, with six holes closed: slow request heads, slow readers, slow
hang-ups, connections in the backlog at a stop, answers and log lines that quote what is no request,
and connections that are shared out unevenly.

It relies on how gunicorn 27 works inside, hence the narrow range of versions in pyproject.toml; the
tests in tests/integration hold it.
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

from service.web.problems import CODES, MEDIA_TYPE

_SLOTS = 256
_YIELD = 0.002
"""Seconds for which a worker leaves a new connection to others that have fewer."""
_CONNECTIONS = memoryview(mmap.mmap(-1, 2 * _SLOTS)).cast("H")
"""How many connections each worker has, plus 1; 0 where there is no such worker. The workers
share it: it is made before they are.
"""


class DrainingWorker(ThreadWorker):  # type: ignore[misc]
    """A threaded worker.

    gunicorn reads a request's head in a thread without a limit of time, so a few clients that send
    a byte now and then would take every thread. Connections whose head isn't there in time are shut
    here, from the main loop.
    """

    def __init__(self, *args: Any, **keywords: Any) -> None:
        super().__init__(*args, **keywords)
        self._heads: dict[Any, float] = {}
        self._answer_timeout = float(os.environ.get("PODSPLIT_BODY_TIMEOUT") or "30")
        self._head_timeout = float(os.environ.get("PODSPLIT_HEADER_TIMEOUT") or "10")
        self._slot = self.age % _SLOTS
        self._notified = 0.0

    def notify(self) -> None:
        """Tell the others how many connections there are, and, once a second, gunicorn that all
        is well; the main loop calls this.
        """
        _CONNECTIONS[self._slot] = self.nr_conns + 1
        if self._notified < time.monotonic() - 1:
            super().notify()
            self._notified = time.monotonic()

    def is_gone(self) -> None:
        """Take back what was told the others; for the process that outlives this one."""
        _CONNECTIONS[self._slot] = 0

    def accept(self, listener: Any) -> None:
        """Accept a connection, unless somebody who has fewer is quick enough.

        All workers wait for the same listener, and the system wakes mostly the same one first. As
        clients keep their connections, one worker would have most of the work.
        """
        if self.alive and self.nr_conns > min(filter(None, _CONNECTIONS), default=_SLOTS):
            time.sleep(_YIELD)
        super().accept(listener)

    def handle(self, conn: Any) -> Any:
        """Read a request and answer it, in a thread."""
        self._heads[conn] = time.monotonic() + self._head_timeout
        try:
            return super().handle(conn)
        finally:
            self._heads.pop(conn, None)

    def handle_request(self, req: Any, conn: Any) -> Any:
        """Answer a request whose head is complete.

        gunicorn waits without end for a client to take its answer; a few that never read would hold
        every thread.
        """
        self._heads.pop(conn, None)
        conn.sock.settimeout(self._answer_timeout)
        return super().handle_request(req, conn)

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Any) -> None:  # noqa: ARG002 - gunicorn's signature
        """Refuse what is no request, as a problem document.

        gunicorn's own answer and log line quote it, and it may be the rest of a manifest behind a
        wrong Content-Length.
        """
        refused = isinstance(exc, ParseException) and not isinstance(
            exc, InvalidResponseHeader | InvalidResponseHeaderName
        )
        status = (
            _STATUSES.get(type(exc), HTTPStatus.BAD_REQUEST)
            if refused
            else HTTPStatus.INTERNAL_SERVER_ERROR
        )
        level = logging.INFO if refused else logging.ERROR
        logging.getLogger("podsplit").log(
            level,
            "no request",
            extra={"fields": {"error": type(exc).__name__, "status": status.value}},
        )
        with contextlib.suppress(OSError):
            client.sendall(no_request(status))

    def finish_request(self, conn: Any, fs: Any) -> None:
        """Close what is finished, without gunicorn's wait of up to two seconds, in the main
        loop, for the client to hang up too.
        """
        if not fs.cancelled() and fs.exception() is None and fs.result() is False:
            self.nr_conns -= 1
            _hang_up(conn.sock)
        else:
            super().finish_request(conn, fs)

    def murder_keepalived(self, force: bool = False) -> None:
        """Shut what is overdue; the main loop calls this about once a second."""
        super().murder_keepalived(force)
        now = time.monotonic()
        for conn, until in list(self._heads.items()):
            if until < now:
                with contextlib.suppress(OSError):
                    conn.sock.shutdown(socket.SHUT_RDWR)

    def set_accept_enabled(self, enabled: bool) -> None:
        """Start or stop accepting; what connected before a stop is still served."""
        if not enabled and self._accepting and not self.alive:
            for listener in self.sockets:
                while select.select([listener], [], [], 0)[0]:
                    waiting = self.nr_conns
                    self.accept(listener)
                    if self.nr_conns == waiting:  # another worker was quicker
                        break
        super().set_accept_enabled(enabled)


_STATUSES: Mapping[type[Exception], HTTPStatus] = {
    LimitRequestLine: HTTPStatus.REQUEST_URI_TOO_LONG,
    LimitRequestHeaders: HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    ExpectationFailed: HTTPStatus.EXPECTATION_FAILED,
    UnsupportedTransferCoding: HTTPStatus.NOT_IMPLEMENTED,
}


def no_request(status: HTTPStatus) -> bytes:
    """The answer to what could not be read as a request."""
    code = "bad-request" if status < HTTPStatus.INTERNAL_SERVER_ERROR else CODES[500]
    problem = {
        "type": f"urn:podsplit:problem:{code}",
        "title": status.phrase,
        "status": status.value,
        "detail": "this is no HTTP request that the service can read",
        "code": code,
        "instance": f"urn:podsplit:request:{uuid.uuid4().hex}",
    }
    body = (json.dumps(problem) + "\n").encode()
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\nConnection: close\r\nContent-Type:"
        f" {MEDIA_TYPE}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _hang_up(connection: socket.socket) -> None:
    """Close a connection so that the client gets the whole answer.

    A close with unread input would reset the connection, and the client could lose what it has not
    read yet; so take what is there. Views read every body to its end or its limit, so there is
    little.
    """
    with contextlib.suppress(OSError), connection:
        connection.shutdown(socket.SHUT_WR)
        connection.settimeout(0)
        for _ in range(16):
            if not connection.recv(65536):
                break
