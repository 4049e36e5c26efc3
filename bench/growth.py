"""`python -m bench.growth DOCUMENTS SPLIT_EVERY`: one run, as a line of JSON.

It runs in a process of its own, so that its memory can be measured.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import yaml

from bench.samples import synthetic_stream
from service.options import Options
from service.pipeline import run
from service.web.garbage_collection import tune_garbage_collector


def measure_in_child(documents: int, split_every: int) -> dict[str, float]:
    """The figures that `main` prints, from a child process."""
    arguments = [sys.executable, "-m", "bench.growth", str(documents), str(split_every)]
    output = subprocess.run(arguments, check=True, capture_output=True, text=True).stdout
    figures: dict[str, float] = json.loads(output)
    return figures


def _peak_memory() -> int:
    """The most memory that this process ever had, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():
        # On Linux `ru_maxrss` includes what the parent had when it forked.
        return (
            next(
                int(line.split()[1])
                for line in status.read_text().splitlines()
                if line.startswith("VmHWM:")
            )
            * 1024
        )
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main() -> None:
    """Warm up, measure one rewrite, then libyaml's loader on the same text; print the figures."""
    documents, split_every = map(int, sys.argv[1:])
    text = synthetic_stream(documents, split_every)
    options = Options(max_documents=documents + 1)
    run([("warm.yaml", synthetic_stream(30).encode())], options, rewrite=True)
    tune_garbage_collector()  # as a worker does, once everything is loaded
    before = _peak_memory()
    start = time.process_time()
    report = run([("bench.yaml", text.encode())], options, rewrite=True)
    seconds = time.process_time() - start
    memory = _peak_memory() - before
    start = time.process_time()
    for _ in yaml.load_all(text, Loader=yaml.CSafeLoader):
        pass
    load = time.process_time() - start
    changes = len(report.rewrite.changes) if report.rewrite else 0
    figures = {
        "documents": documents,
        "size": len(text),
        "seconds": seconds,
        "load": load,
        "memory": memory,
        "changes": changes,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
