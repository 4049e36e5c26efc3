"""The limit of runs at once in one process, so that expensive requests leave room for others."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from service.web.problems import RETRY_AFTER, Problem
from service.web.settings import Settings


class RunLimiter:
    """Slots for runs of the pipeline. Large runs also share a single slot of their own."""

    def __init__(self, settings: Settings) -> None:
        self._slots = threading.BoundedSemaphore(settings.max_runs)
        self._large_slot = threading.BoundedSemaphore(1)
        self._large_bytes = settings.large_body_bytes

    @contextmanager
    def slot(self, size: int, deadline: float) -> Iterator[None]:
        """Hold a slot while the block runs; wait for one if none is free.

        Args:
            size: bytes of all files of the run.
            deadline: the moment of `time.monotonic()` until which it waits, in seconds.

        Raises:
            Problem: 503 with Retry-After; no slot was free before the deadline.
        """
        is_large = size >= self._large_bytes
        wanted = [self._large_slot, self._slots] if is_large else [self._slots]
        held: list[threading.BoundedSemaphore] = []
        try:
            for semaphore in wanted:
                if not semaphore.acquire(timeout=max(0.0, deadline - time.monotonic())):
                    raise Problem(
                        503,
                        "the service is busy: try again later",
                        code="overloaded",
                        headers=RETRY_AFTER,
                    )
                held.append(semaphore)
            yield
        finally:
            for semaphore in held:
                semaphore.release()
