"""How many runs one process has at once: a request that costs much must not take every place."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from service.web.problems import Problem
from service.web.settings import Settings


class Admission:
    """Places for runs; large ones share a single place of their own besides."""

    def __init__(self, settings: Settings) -> None:
        self._places = threading.BoundedSemaphore(settings.max_runs)
        self._large = threading.BoundedSemaphore(1)
        self._large_bytes = settings.large_body_bytes

    @contextmanager
    def place(self, size: int, deadline: float) -> Iterator[None]:
        """Hold a place for a run over `size` bytes.

        Raises:
            Problem: 503 with Retry-After; none was free before the deadline, a moment of
                `time.monotonic()`.
        """
        wanted = [self._large, self._places] if size >= self._large_bytes else [self._places]
        held: list[threading.BoundedSemaphore] = []
        try:
            for semaphore in wanted:
                if not semaphore.acquire(timeout=max(0.0, deadline - time.monotonic())):
                    raise Problem(
                        503,
                        "the service is busy: try again later",
                        code="overloaded",
                        headers={"Retry-After": "5"},
                    )
                held.append(semaphore)
            yield
        finally:
            for semaphore in held:
                semaphore.release()
