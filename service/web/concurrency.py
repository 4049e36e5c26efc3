"""What requests may take at once in one process: runs of the pipeline, and bytes of memory. So
expensive requests leave room for others.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar

from service.errors import DeadlineExceeded
from service.web.problems import RETRY_AFTER, Problem
from service.web.settings import Settings

_T = TypeVar("_T")


class Execute(Protocol):
    """Runs work until a moment of `time.monotonic()`, as long as somebody waits for it."""

    def __call__(
        self, work: Callable[[], _T], deadline: float, is_wanted: Callable[[], bool], /
    ) -> _T:
        """What the work returns or raises; DeadlineExceeded if it was stopped."""


def execute_here(work: Callable[[], _T], _deadline: float, _is_wanted: Callable[[], bool]) -> _T:
    """Run work where it is called. Its deadline is looked at by the work itself."""
    return work()


class Runs:
    """Slots for runs of the pipeline. Large runs also share a single slot of their own."""

    def __init__(self, settings: Settings, execute: Execute = execute_here) -> None:
        self._slots = threading.BoundedSemaphore(settings.max_runs)
        self._large_slot = threading.BoundedSemaphore(1)
        self._large_bytes = settings.large_body_bytes
        self._execute = execute

    def do(
        self,
        work: Callable[[], _T],
        *,
        size: int,
        deadline: float,
        is_wanted: Callable[[], bool] = lambda: True,
    ) -> _T:
        """Run work in a slot; wait for one if none is free.

        Args:
            work: what to do.
            size: bytes that it is about.
            deadline: the moment of `time.monotonic()` at which it ends, in seconds.
            is_wanted: whether anybody still waits for it.

        Raises:
            Problem: 503 with Retry-After; no slot was free before the deadline, or it took longer.
                Or 408, which nobody sees: the client has hung up.
            Exception: whatever the work raises.
        """
        with self._slot(size, deadline):
            try:
                return self._execute(work, deadline, is_wanted)
            except DeadlineExceeded:
                if not is_wanted():
                    raise Problem(408, "the client has hung up", code="hung-up") from None
                detail = (
                    "the request took longer than this service allows: send fewer documents at once"
                )
                raise Problem(503, detail, code="deadline-exceeded", headers=RETRY_AFTER) from None

    @contextmanager
    def _slot(self, size: int, deadline: float) -> Iterator[None]:
        is_large = size >= self._large_bytes
        wanted = [self._large_slot, self._slots] if is_large else [self._slots]
        held: list[threading.BoundedSemaphore] = []
        try:
            for semaphore in wanted:
                if not semaphore.acquire(timeout=max(0.0, deadline - time.monotonic())):
                    raise _overloaded()
                held.append(semaphore)
            yield
        finally:
            for semaphore in held:
                semaphore.release()


class Turns:
    """How many requests each token has under way in this process."""

    def __init__(self, most: int) -> None:
        """Take the most of each; 0 for no limit."""
        self._most = most
        self._under_way: Counter[bytes] = Counter()
        self._lock = threading.Lock()

    def enter(self, token: bytes) -> bool:
        """Count a request in, by the digest of its token, unless that has the most already."""
        with self._lock:
            if self._most and self._under_way[token] >= self._most:
                return False
            self._under_way[token] += 1
            return True

    def leave(self, token: bytes) -> None:
        """Count a request out."""
        with self._lock:
            self._under_way[token] -= 1


class Memory:
    """The bytes of all bodies that a process holds, those that still arrive included."""

    def __init__(self, most: int) -> None:
        self._left = most
        self._lock = threading.Lock()

    @contextmanager
    def share(self) -> Iterator[Callable[[int], None]]:
        """A function that takes more bytes for one request; all come back at the end of the block.

        It raises a Problem, 503 with Retry-After, if there is no room for them.
        """
        taken = 0

        def take(size: int) -> None:
            nonlocal taken
            with self._lock:
                if size > self._left:
                    raise _overloaded()
                self._left -= size
                taken += size

        try:
            yield take
        finally:
            with self._lock:
                self._left += taken


def _overloaded() -> Problem:
    detail = "the service is busy: try again later"
    return Problem(503, detail, code="overloaded", headers=RETRY_AFTER)
