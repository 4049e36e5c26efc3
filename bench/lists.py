"""`python -m bench.lists`: a rewrite of a long list and of one twice as long, for each list of the
input model.

`tests/property/test_growth.py` counts lines of Python for the same sets. What C does in one step, a
search in a long text say, only shows here.
"""

from __future__ import annotations

import time

from service.options import Options
from service.pipeline import run
from service.web.garbage_collection import tune_garbage_collector
from tests.support.growing import GROWERS, Grower

CHARACTERS = 150_000
"""About the length of the shorter set."""


def seconds_of(grow: Grower, count: int) -> float:
    """Seconds of processor time that a rewrite takes."""
    files = [(path, text.encode()) for path, text in grow(count).items()]
    start = time.process_time()
    run(files, Options(max_documents=1_000_000), rewrite=True)
    return time.process_time() - start


def main() -> None:
    """Print a line for each list."""
    tune_garbage_collector()  # as a worker does
    print(f"A rewrite, seconds of processor time: about {CHARACTERS} characters, and twice as many")
    for name, grow in GROWERS.items():
        each = sum(map(len, grow(1000).values())) / 1000
        count = int(CHARACTERS / each)
        seconds_of(grow, 10)
        once, twice = seconds_of(grow, count), seconds_of(grow, 2 * count)
        print(f"  {name:<36} {count:7d} {once:8.2f} s {twice:8.2f} s {twice / once:6.2f} x")


if __name__ == "__main__":
    main()
