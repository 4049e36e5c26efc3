"""How a body is read from its connection."""

from __future__ import annotations

import io
import time

import pytest
from flask import Flask

from service.web.problems import Problem
from service.web.settings import Settings
from service.web.uploads.receiving import discard_unread_body, receive

LIMIT = 1000
SETTINGS = Settings(max_body_bytes=LIMIT, body_timeout=20)


class Stream(io.BytesIO):
    """A body that notes how much of it was read, and may fail at its end."""

    def __init__(self, data: bytes, failure: Exception | None = None) -> None:
        super().__init__(data)
        self.failure = failure
        self.taken = 0

    def read(self, size: int | None = -1, /) -> bytes:
        part = super().read(min(size or 0, 300))
        self.taken += len(part)
        if not part and self.failure is not None:
            raise self.failure
        return part


class Socket:
    """A connection that notes its timeouts."""

    def __init__(self, *, is_open: bool = True) -> None:
        self.timeouts: list[float | None] = []
        self.is_open = is_open

    def gettimeout(self) -> float | None:
        return 7.0

    def settimeout(self, seconds: float | None) -> None:
        self.timeouts.append(seconds)

    def fileno(self) -> int:
        return 5 if self.is_open else -1


def asked(stream: Stream, length: int | None = None, method: str = "POST", **environ):
    """A request with a body; without a length it comes in chunks."""
    known = {"wsgi.input": stream, "wsgi.input_terminated": True} | environ
    if length is not None:
        known["CONTENT_LENGTH"] = str(length)
    return Flask("test").test_request_context("/", method=method, environ_overrides=known)


def refused(stream: Stream, length: int | None = None, **environ) -> tuple[int, str]:
    with asked(stream, length, **environ) as context, pytest.raises(Problem) as caught:
        receive(context.request, SETTINGS)
    return caught.value.status, caught.value.code


@pytest.mark.parametrize("length", [None, LIMIT])
def test_a_body_of_just_the_limit(length):
    """It is received whole, however many pieces it comes in."""
    with asked(Stream(b"x" * LIMIT), length) as context:
        assert receive(context.request, SETTINGS) == b"x" * LIMIT


@pytest.mark.parametrize("length", [None, LIMIT + 1])
def test_a_body_over_the_limit(length):
    """It is refused, and the rest is read, so that the client gets its answer."""
    stream = Stream(b"x" * (LIMIT + 1))

    assert refused(stream, length) == (413, "body-too-large")
    assert stream.taken == LIMIT + 1


def test_not_all_of_a_very_long_body_is_read():
    """Sixteen times what is allowed, and the piece that goes beyond."""
    stream = Stream(b"x" * 100 * LIMIT)

    assert refused(stream, 100 * LIMIT) == (413, "body-too-large")
    assert 16 * LIMIT < stream.taken <= 16 * LIMIT + 300


@pytest.mark.parametrize(("sent", "ends_early"), [(100, False), (99, True)])
def test_a_body_that_ends_early(sent, ends_early):
    """Fewer bytes than Content-Length says are not the whole body."""
    stream = Stream(b"x" * sent)
    if ends_early:
        assert refused(stream, 100) == (400, "body-truncated")
    else:
        with asked(stream, 100) as context:
            assert len(receive(context.request, SETTINGS)) == sent


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (TimeoutError(), (408, "request-timeout")),
        (ConnectionResetError(), (400, "body-truncated")),
        (ValueError("chunk"), (400, "body-truncated")),
    ],
)
def test_a_body_that_can_not_be_read_to_its_end(failure, expected):
    """Too slow, cut off, or in malformed chunks."""
    assert refused(Stream(b"x" * 100, failure)) == expected


def test_a_slow_body_closes_the_connection():
    """What is still to come would be taken for the next request."""
    stream = Stream(b"", TimeoutError())
    with asked(stream) as context, pytest.raises(Problem) as caught:
        receive(context.request, SETTINGS)

    assert caught.value.headers == {"Connection": "close"}


def test_gunicorns_socket_waits_no_longer_than_the_body_may_take():
    """Each piece has what is left of the time; afterwards the timeout is the one before."""
    socket = Socket()
    with asked(Stream(b"x" * 500), **{"gunicorn.socket": socket}) as context:
        receive(context.request, SETTINGS)

    *during, after = socket.timeouts
    assert after == 7.0
    assert len(during) == 3
    assert during == sorted(during, reverse=True)
    assert 0 < min(during) <= max(during) <= SETTINGS.body_timeout


def test_a_socket_that_is_closed_is_left_alone():
    """Its timeout can't be set."""
    socket = Socket(is_open=False)
    failing = Stream(b"", ConnectionResetError())

    assert refused(failing, **{"gunicorn.socket": socket}) == (400, "body-truncated")
    assert 7.0 not in socket.timeouts


def test_a_body_that_is_late_already():
    """A timeout of zero would mean not to wait at all, so it is a little more."""
    socket = Socket()
    with asked(Stream(b"x"), **{"gunicorn.socket": socket}) as context:
        receive(context.request, Settings(body_timeout=-1))

    assert socket.timeouts[0] == 0.001


@pytest.mark.parametrize(
    ("method", "is_read"),
    [("POST", True), ("PUT", True), ("PATCH", True), ("DELETE", True), ("GET", False)],
)
def test_a_body_that_no_view_read(method, is_read):
    """It is read and dropped where a method has one."""
    stream = Stream(b"x" * 500)
    with asked(stream, method=method) as context:
        discard_unread_body(context.request, SETTINGS, is_welcome=True)

    assert stream.taken == (500 if is_read else 0)


def test_a_body_that_was_received_is_not_read_again():
    """There is nothing behind it but the next request."""
    stream = Stream(b"x" * 500)
    with asked(stream) as context:
        receive(context.request, SETTINGS)
        stream.seek(0)
        discard_unread_body(context.request, SETTINGS, is_welcome=True)

    assert stream.taken == 500


def test_a_body_that_fails_while_it_is_dropped():
    """Nobody needs to know."""
    with asked(Stream(b"x", TimeoutError())) as context:
        discard_unread_body(context.request, SETTINGS, is_welcome=True)


@pytest.mark.parametrize(("is_welcome", "seconds"), [(True, 10), (False, 0.5)])
def test_dropping_a_body_takes_little_time(is_welcome, seconds):
    """Whatever a body may take otherwise, and next to none for who may not ask at all."""
    socket = Socket()
    long = Settings(max_body_bytes=LIMIT, body_timeout=1000)
    started = time.monotonic()
    with asked(Stream(b"x"), **{"gunicorn.socket": socket}) as context:
        discard_unread_body(context.request, long, is_welcome=is_welcome)

    assert socket.timeouts[0] <= seconds
    assert socket.timeouts[0] + time.monotonic() - started > seconds - 0.1
