"""The process's cyclic garbage collector, and how eager it is while trees are built."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class _Collector:
    """The process's cyclic garbage collector, a thousand times less eager while any run is under
    way.

    A stream makes millions of objects and no cycles; at the usual threshold the collector walks all
    of them again and again, which doubles the time of a large run (`bench/`). The setting is the
    process's own, hence the one state outside of a run.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._runs = 0
        self._usual = (0, 0, 0)

    @contextmanager
    def less_eager(self) -> Iterator[None]:
        """Change the threshold for as long as the block runs, other threads' blocks included."""
        with self._lock:
            if self._runs == 0:
                self._usual = gc.get_threshold()
                gc.set_threshold(1_000_000, 20, 100)
            self._runs += 1
        try:
            yield
        finally:
            with self._lock:
                self._runs -= 1
                if self._runs == 0:
                    gc.set_threshold(*self._usual)


COLLECTOR = _Collector()
"""The one that there is."""
