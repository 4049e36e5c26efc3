"""How Python's cyclic garbage collector is set in a worker."""

from __future__ import annotations

import gc

THRESHOLDS = (500_000, 20, 100)
"""How many more objects are made than freed until the collector looks at the young ones; and how
many such looks there are until it looks at older ones, twice.

A run makes up to a million objects and no cycles. At Python's own 700 the collector walks them
hundreds of times for nothing. A higher threshold than this gains nothing more, and costs memory:
answering a request leaves some kilobytes in cycles, which stay until the collector looks.
"""


def tune_garbage_collector() -> None:
    """Keep the collector away from what is loaded by now, and from runs of the usual size.

    Call it once in a process, after everything is loaded.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
