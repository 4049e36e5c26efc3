"""The memory in which workers show their metrics."""

from __future__ import annotations

import os
import signal
import time

import pytest

from service.web.metrics_board import Board

_MOST = 512 * 1024 - 8


def test_slots_are_apart():
    """Each shows what was written to it last."""
    board = Board(3)
    board.write(0, b"a" * _MOST)
    board.write(2, b"c")
    assert [board.read(slot) for slot in range(board.slots)] == [b"a" * _MOST, None, b"c"]
    for text in (b"longer than before", b"", b"x"):
        board.write(2, text)
        assert board.read(2) == text
    board.clear(0)
    assert [board.read(slot) for slot in range(board.slots)] == [None, None, b"x"]


def test_a_snapshot_that_does_not_fit():
    """It is refused, and what was there stays."""
    board = Board(1)
    board.write(0, b"before")
    with pytest.raises(ValueError, match="doesn't fit"):
        board.write(0, b"x" * (_MOST + 1))

    assert board.read(0) == b"before"


def test_another_process_reads_it_while_it_is_written():
    """Whole each time, also when the writer is killed."""
    board = Board(1)
    board.write(0, b"0" * 1000)
    writer = os.fork()
    if not writer:
        try:
            number = 0
            while True:
                number += 1
                board.write(0, str(number % 10).encode() * (1000 + number % 5000))
                # A million times a second, a reader would find it replaced each time.
                time.sleep(0.00001)
        finally:
            os._exit(1)
    try:
        seen: set[bytes | None] = set()
        until = time.monotonic() + 20
        while len(seen) < 100 and time.monotonic() < until:
            seen.add(board.read(0))
    finally:
        os.kill(writer, signal.SIGKILL)
        os.waitpid(writer, 0)
    seen.add(board.read(0))

    assert len(seen) >= 100
    assert all(text is not None and len(set(text)) == 1 for text in seen)
