"""Reads a request's body from the connection, within its limits of size and time."""

from __future__ import annotations

import select
import time
from collections.abc import Callable, Iterator
from typing import IO

from flask import Request, g
from gevent import Timeout
from gevent.monkey import get_original
from gunicorn.http.errors import ParseException
from werkzeug.exceptions import ClientDisconnected

from service.web.problems import Problem
from service.web.settings import Settings

_CHUNK = 64 * 1024
_DISCARD_SECONDS = 10
"""Seconds for which a body that nobody wants is read at most, so that the client, which is still
sending, gets its answer rather than a reset connection.
"""
_UNWELCOME_SECONDS = 0.5
"""Likewise, for a client without a valid token."""
_DISCARD_BODIES = 16
"""Likewise: how many times the longest body is read at most."""

# Of the system: gevent's own would wait.
_new_poll = get_original("select", "poll")
# What macOS calls POLLHUP covers it.
_HUNG_UP = getattr(select, "POLLRDHUP", 0) | select.POLLHUP


def receive(request: Request, settings: Settings, take: Callable[[int], None]) -> bytes:
    """The raw body, read once.

    Args:
        request: the request.
        settings: the limits of size and time.
        take: called with the bytes of each piece; it raises a Problem if there is no room.

    Raises:
        Problem: 400 `body-truncated`, 408, 413, or 503.
    """
    g.body_begun = True
    deadline = time.monotonic() + settings.body_timeout
    if (request.content_length or 0) > settings.max_body_bytes:
        _discard(request, settings, deadline)
        raise _too_large(settings)
    parts: list[bytes] = []
    total = 0
    for part in _chunks(request, deadline):
        total += len(part)
        if total > settings.max_body_bytes:
            _discard(request, settings, deadline)
            raise _too_large(settings)
        try:
            take(len(part))
        except Problem:
            _discard(request, settings, deadline)
            raise
        parts.append(part)
    if request.content_length is not None and total < request.content_length:
        raise _truncated()
    return b"".join(parts)


def discard_unread_body(request: Request, settings: Settings, *, is_welcome: bool) -> None:
    """Read and drop a body that no view read, where there may be one.

    Args:
        request: the request.
        settings: its limits.
        is_welcome: whether to wait for what has not arrived; not for one who may not ask at all.
    """
    if "body_begun" not in g and request.method in ("POST", "PUT", "PATCH", "DELETE"):
        patience = settings.body_timeout if is_welcome else _UNWELCOME_SECONDS
        _discard(request, settings, time.monotonic() + patience)


def _discard(request: Request, settings: Settings, deadline: float) -> None:
    """Read and drop the rest of a body."""
    left = _DISCARD_BODIES * settings.max_body_bytes
    try:
        for part in _chunks(request, min(deadline, time.monotonic() + _DISCARD_SECONDS)):
            left -= len(part)
            if left < 0:
                return
    except Problem:
        return


def _chunks(request: Request, deadline: float) -> Iterator[bytes]:
    """The pieces of the body as they arrive.

    Args:
        request: the request.
        deadline: the moment of `time.monotonic()` at which it gives up, in seconds, however little
            arrives at a time.

    Raises:
        Problem: 400 `body-truncated`, or 408.
    """
    stream = (
        request.environ["wsgi.input"]
        if request.environ.get("wsgi.input_terminated")
        else request.stream
    )
    try:
        while part := _read_until(deadline, stream):
            yield part
    except TimeoutError:
        detail = "the body took too long to arrive"
        raise Problem(408, detail, headers={"Connection": "close"}) from None
    except (OSError, ClientDisconnected, ParseException, ValueError):
        raise _truncated() from None


def _read_until(deadline: float, stream: IO[bytes]) -> bytes:
    """The next piece of a body; empty at its end.

    Raises:
        TimeoutError: at the deadline.
    """
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    with Timeout(left, TimeoutError):
        return stream.read(_CHUNK)


def is_connected(request: Request) -> bool:
    """Whether the client has not hung up, as far as one can tell without waiting.

    One that has closed its side for writing counts as gone, as a proxy would count it.
    """
    connection = request.environ.get("gunicorn.socket")
    if connection is None:
        return True
    looked_at = _new_poll()
    looked_at.register(connection.fileno(), _HUNG_UP)
    return not looked_at.poll(0)


def _too_large(settings: Settings) -> Problem:
    return Problem(
        413,
        f"the body is longer than {settings.max_body_bytes} bytes: send fewer files at once",
    )


def _truncated() -> Problem:
    return Problem(
        400,
        "the body ended early, or its chunks are malformed",
        code="body-truncated",
        headers={"Connection": "close"},
    )
