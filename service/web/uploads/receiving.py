"""Reads a request's body from the connection, within its limits of size and time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from flask import Request, g
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


def receive(request: Request, settings: Settings) -> bytes:
    """The raw body, read once.

    Raises:
        Problem: 400 `body-truncated`, 408, or 413.
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
        deadline: the moment of `time.monotonic()` at which it gives up, in seconds.

    Raises:
        Problem: 400 `body-truncated`, or 408.
    """
    stream = (
        request.environ["wsgi.input"]
        if request.environ.get("wsgi.input_terminated")
        else request.stream
    )
    # gunicorn passes its socket on; other servers have timeouts of their own.
    socket = request.environ.get("gunicorn.socket")
    set_timeout: Callable[[float | None], None] = (
        socket.settimeout if socket is not None else lambda _seconds: None
    )
    previous_timeout = socket.gettimeout() if socket is not None else None
    try:
        while True:
            # A timeout of 0 would mean: don't block.
            set_timeout(max(deadline - time.monotonic(), 0.001))
            if not (part := stream.read(_CHUNK)):
                return
            yield part
    except TimeoutError:
        detail = "the body took too long to arrive"
        raise Problem(408, detail, headers={"Connection": "close"}) from None
    except (OSError, ClientDisconnected, ParseException, ValueError):
        raise _truncated() from None
    finally:
        if socket is not None and socket.fileno() >= 0:
            socket.settimeout(previous_timeout)


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
