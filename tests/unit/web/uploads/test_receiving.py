"""How a body is read from its connection."""

from __future__ import annotations

import io
import socket
import time
from contextlib import nullcontext

import gevent
import pytest
from flask import Flask

from service.web.problems import Problem
from service.web.settings import Settings
from service.web.uploads import receiving
from service.web.uploads.receiving import discard_unread_body, is_connected, receive

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


def unlimited(_size: int) -> None:
    """There is room for everything."""


class Drip(io.RawIOBase):
    """A body of which a byte arrives now and then, for as long as anybody waits."""

    def read(self, _size: int = -1, /) -> bytes:
        gevent.sleep(0.02)
        return b"#"


def asked(stream: Stream, length: int | None = None, method: str = "POST", **environ):
    """A request with a body; without a length it comes in chunks."""
    known = {"wsgi.input": stream, "wsgi.input_terminated": True} | environ
    if length is not None:
        known["CONTENT_LENGTH"] = str(length)
    return Flask("test").test_request_context("/", method=method, environ_overrides=known)


def refused(stream: Stream, length: int | None = None, **environ) -> tuple[int, str]:
    with asked(stream, length, **environ) as context, pytest.raises(Problem) as caught:
        receive(context.request, SETTINGS, unlimited)
    return caught.value.status, caught.value.code


@pytest.mark.parametrize("length", [None, LIMIT])
def test_a_body_of_just_the_limit(length):
    """It is received whole, however many pieces it comes in."""
    with asked(Stream(b"x" * LIMIT), length) as context:
        assert receive(context.request, SETTINGS, unlimited) == b"x" * LIMIT


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
            assert len(receive(context.request, SETTINGS, unlimited)) == sent


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
        receive(context.request, SETTINGS, unlimited)

    assert caught.value.headers == {"Connection": "close"}


def test_a_body_that_drips():
    """Its time is that of the whole body, not of each byte."""
    hasty = Settings(max_body_bytes=LIMIT, body_timeout=0.1)
    with (
        asked(Stream(b""), **{"wsgi.input": Drip()}) as context,
        pytest.raises(Problem) as caught,
    ):
        receive(context.request, hasty, unlimited)

    assert (caught.value.status, caught.value.code) == (408, "request-timeout")


def test_a_piece_that_does_not_arrive():
    """It isn't waited for any longer than the body may take."""

    class Silent(io.RawIOBase):
        def read(self, _size: int = -1, /) -> bytes:
            gevent.sleep(3600)
            return b""

    hasty = Settings(max_body_bytes=LIMIT, body_timeout=0.1)
    with (
        asked(Stream(b""), **{"wsgi.input": Silent()}) as context,
        pytest.raises(Problem) as caught,
    ):
        receive(context.request, hasty, unlimited)

    assert caught.value.status == 408


def test_a_body_for_which_there_is_no_room():
    """It is refused, and the rest is read, so that the client gets its answer."""
    stream = Stream(b"x" * LIMIT)
    taken: list[int] = []

    def take(size: int) -> None:
        taken.append(size)
        if sum(taken) > 500:
            raise Problem(503, "no room")

    with asked(stream, LIMIT) as context, pytest.raises(Problem) as caught:
        receive(context.request, SETTINGS, take)

    assert caught.value.status == 503
    assert taken == [300, 300]
    assert stream.taken == LIMIT


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
        receive(context.request, SETTINGS, unlimited)
        stream.seek(0)
        discard_unread_body(context.request, SETTINGS, is_welcome=True)

    assert stream.taken == 500


def test_a_body_that_fails_while_it_is_dropped():
    """Nobody needs to know."""
    with asked(Stream(b"x", TimeoutError())) as context:
        discard_unread_body(context.request, SETTINGS, is_welcome=True)


@pytest.mark.parametrize(("is_welcome", "is_waited_for"), [(True, True), (False, False)])
def test_dropping_a_body_of_who_may_not_ask(is_welcome, is_waited_for):
    """It takes next to no time."""

    class Noted(Stream):
        def read(self, size: int | None = -1, /) -> bytes:
            gevent.sleep(0.3 if not self.taken else 0.4)
            return super().read(size)

    stream = Noted(b"x" * 600)
    with asked(stream) as context:
        discard_unread_body(context.request, SETTINGS, is_welcome=is_welcome)

    assert (stream.taken == 600) == is_waited_for


@pytest.fixture
def waits(monkeypatch) -> list[float]:
    """The seconds for which pieces of bodies are waited for."""
    noted: list[float] = []

    def note(seconds: float, _error: type[Exception]):
        noted.append(seconds)
        return nullcontext()

    monkeypatch.setattr(receiving, "Timeout", note)
    return noted


def test_each_piece_has_what_is_left_of_the_time(waits):
    """It never begins anew."""
    with asked(Stream(b"x" * 500)) as context:
        receive(context.request, SETTINGS, unlimited)

    assert len(waits) == 3
    assert waits == sorted(waits, reverse=True)
    assert 0 < min(waits) <= max(waits) <= SETTINGS.body_timeout


@pytest.mark.parametrize(("is_welcome", "seconds"), [(True, 10), (False, 0.5)])
def test_dropping_a_body_takes_little_time(waits, is_welcome, seconds):
    """Whatever a body may take otherwise, and next to none for who may not ask at all."""
    long = Settings(max_body_bytes=LIMIT, body_timeout=1000)
    started = time.monotonic()
    with asked(Stream(b"x")) as context:
        discard_unread_body(context.request, long, is_welcome=is_welcome)

    assert waits[0] <= seconds
    assert waits[0] + time.monotonic() - started > seconds - 0.1


def test_a_body_that_is_late_already():
    """Nothing of it is waited for."""
    stream = Stream(b"x")
    with asked(stream) as context, pytest.raises(Problem) as caught:
        receive(context.request, Settings(body_timeout=-1), unlimited)

    assert caught.value.status == 408
    assert stream.taken == 0


def connected_to(connection: object):
    return Flask("test").test_request_context(
        "/", environ_overrides={"gunicorn.socket": connection}
    )


def test_a_client_that_hangs_up():
    """It is seen without reading from it, also behind what it has sent."""
    ours, theirs = socket.socketpair()
    with ours, connected_to(ours) as context:
        assert is_connected(context.request)
        theirs.sendall(b"another request")
        assert is_connected(context.request)
        theirs.close()
        assert not is_connected(context.request)
        assert ours.recv(100) == b"another request"


def test_a_server_that_does_not_show_its_connections():
    """Its clients count as connected."""
    with Flask("test").test_request_context("/") as context:
        assert is_connected(context.request)
