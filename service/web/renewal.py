"""When a worker is to be replaced by a new one, as it holds more memory than it needs.

Python gives memory back in pieces of 1 MiB that nothing is left in, and after large requests a few
objects are left in most of them. What a worker holds is in use again with the next large request,
but not by anybody else.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

_LEAST_WINDOW = 60.0
"""Seconds of a turn, at least; then it is the next worker's."""
_START = 15.0
"""Seconds of a turn in which a worker may begin to end."""
_LEAST_AGE = 60.0
"""Seconds that a worker serves at least."""
_STATM = Path("/proc/self/statm")


def resident_bytes() -> int:
    """Bytes of memory that this process has; 0 where the system doesn't say."""
    try:
        return int(_STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0


class Renewal:
    """Says when one of several workers is to end. They take turns, so that the others serve."""

    def __init__(
        self,
        most: int,
        *,
        turn: int,
        turns: int,
        grace: float = 0.0,
        resident: Callable[[], int] = resident_bytes,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Start counting the worker's age.

        Args:
            most: bytes from which on it is to end; 0 for never.
            turn: its own place among the workers, from 0.
            grace: seconds that its end may take: nobody else's turn comes before.
            turns: how many workers there are; a single one never ends, as nobody would serve.
            resident: how much memory it has, in bytes.
            clock: the time, in seconds, the same for all workers.
        """
        self._most = most if turns > 1 else 0
        self._turn = turn % turns
        self._turns = turns
        self._window = max(_LEAST_WINDOW, grace + 2 * _START)
        self._resident = resident
        self._clock = clock
        self._started = clock()

    def is_due(self) -> bool:
        """Whether the worker is to end now."""
        now = self._clock()
        return (
            self._most > 0
            and now - self._started >= _LEAST_AGE
            and int(now // self._window) % self._turns == self._turn
            and now % self._window < _START
            and self._resident() >= self._most
        )
